//! Addresses in a page: made absolute, or none.

use url::Url;

use super::archive;

/// The absolute http or https address that `href` means on the page at `base`; none when it cannot be told.
///
/// An address within the page itself (`#top`) is none: it leads nowhere but to the list. One of a web archive's copy is
/// that of its original.
pub(super) fn absolute(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    if href.is_empty() || href.starts_with('#') || href.len() > LONGEST {
        return None;
    }
    let url = match Url::parse(href) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => match base {
            Some(base) => base.join(href).ok()?,
            None => archive::copied(href)?,
        },
        Err(_) => return None,
    };
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= LONGEST;
    is_web.then(|| archive::original(&url).unwrap_or(url).into())
}

/// As [`absolute`]; but when the page's own address is unknown, a relative `href` is passed on as printed, because a
/// linked headline is a headline wherever it leads. [`is_known`] tells the two apart.
pub(super) fn link(href: &str, base: Option<&Url>) -> Option<String> {
    absolute(href, base).or_else(|| {
        let href = href.trim();
        let relative = matches!(Url::parse(href), Err(url::ParseError::RelativeUrlWithoutBase));
        let leads = base.is_none() && relative && !href.is_empty() && !href.starts_with('#') && href.len() <= LONGEST;
        leads.then(|| href.to_owned())
    })
}

/// Whether a [`link`] is an absolute address.
pub(super) fn is_known(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// The address of the page, as the operator states it.
pub(super) fn base(url: Option<&str>) -> Option<Url> {
    Url::parse(url?).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The address that a page states for its links to be relative to; none when it is very long, for each of half a
/// million links may repeat it.
pub(super) fn stated_base(href: &str, base: Option<&Url>) -> Option<Url> {
    const LONGEST_BASE: usize = 1024;
    absolute(href, base).filter(|base| base.len() <= LONGEST_BASE).and_then(|base| Url::parse(&base).ok())
}

/// No server takes a longer address.
const LONGEST: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_absolute_or_none() {
        let page = base(Some("https://example.org/news/index.html"));
        for (href, wanted) in [
            ("https://a.example/x?y#z", Some("https://a.example/x?y#z")),
            (" 1.html ", Some("https://example.org/news/1.html")),
            ("/a b", Some("https://example.org/a%20b")),
            ("//b.example/é", Some("https://b.example/%C3%A9")),
            ("#top", None),
            ("javascript:alert(1)", None),
            ("mailto:a@example.org", None),
            ("data:text/html,x", None),
            ("http://", None),
            ("", None),
        ] {
            assert_eq!(absolute(href, page.as_ref()).as_deref(), wanted, "{href}");
        }
        assert_eq!(absolute("1.html", None), None);
        // An archive leads to copies relative to itself.
        for href in
            ["/web/20210412083311/http://a.example/x", "//web.archive.org/web/20210412083311/http://a.example/x"]
        {
            assert_eq!(absolute(href, None).as_deref(), Some("http://a.example/x"), "{href}");
        }
        assert_eq!(absolute("/share/http://a.example/x", None), None);
    }

    #[test]
    fn a_base_that_would_fill_the_memory_is_none() {
        for (length, is_base) in [(1_000, true), (2_000, false)] {
            let stated = stated_base(&format!("https://example.org/{}/", "a".repeat(length)), None);
            assert_eq!(stated.is_some(), is_base, "{length}");
        }
    }
}
