//! Addresses as feeds give them.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is escaped in a path: all but the unreserved characters of RFC 3986 (section 2.3) and the `/` between segments.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What is escaped in a whole address: all that a URI may not contain (section 2), but for `%`, which may be an escape.
const IN_ADDRESS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// An absolute `http` or `https` address with a host, spelled as RFC 3986 wants it: ASCII, without blanks.
///
/// RSS and Atom readers refuse or mangle relative addresses, other schemes and unescaped characters, so none gets past
/// this type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Box<str>);

impl Address {
    /// Takes an address as people write it, and escapes what a URI may not contain (RFC 3986 section 2). What is
    /// escaped already stays. `None` for anything but `http://host…` and `https://host…`.
    #[must_use]
    pub fn new(raw: &str) -> Option<Self> {
        let (scheme, rest) = raw.trim().split_once("://")?;
        let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') || host.contains(char::is_whitespace) {
            return None;
        }
        let mut spelled = format!("{scheme}://");
        for (i, part) in rest.split('%').enumerate() {
            // What is escaped already stays.
            if i > 0 {
                let is_escape = part.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
                spelled.push_str(if is_escape { "%" } else { "%25" });
            }
            spelled.extend(utf8_percent_encode(part, IN_ADDRESS));
        }
        Some(Self(spelled.into()))
    }

    /// The address of `path` (segments separated by `/`, not escaped) in this folder.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let mut joined = String::from(self.as_str());
        if !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(&path_escaped(path));
        Self(joined.into())
    }

    /// The place called `name` in this page.
    pub(super) fn place(&self, name: impl fmt::Display) -> Self {
        Self(format!("{self}#{name}").into())
    }

    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path (segments separated by `/`) as it stands in an address (RFC 3986 section 3.3).
#[must_use]
pub fn path_escaped(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(raw: &str) -> Option<String> {
        Address::new(raw).map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_absolute_and_ascii() {
        assert_eq!(address("https://www.ilo.org/moscow/").as_deref(), Some("https://www.ilo.org/moscow/"));
        assert_eq!(
            address(" HTTP://a.example/b c?x=1&y=%41%4").as_deref(),
            Some("http://a.example/b%20c?x=1&y=%41%254")
        );
        assert_eq!(
            address("https://a.example/новости/\"<x>\"").as_deref(),
            Some("https://a.example/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/%22%3Cx%3E%22")
        );
        for not_one in [
            "",
            "/news/1",
            "//a.example/",
            "javascript:alert(1)",
            "mailto:a@b",
            "ftp://a/",
            "https://",
            "http:///x",
            "http://u@/",
        ] {
            assert_eq!(address(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_feed_is_found_below_the_base_address_with_or_without_a_final_slash() {
        for base in ["https://feeds.example.org/x", "https://feeds.example.org/x/"] {
            let joined = Address::new(base).unwrap().join("новости/rss.xml");
            assert_eq!(
                joined.as_str(),
                "https://feeds.example.org/x/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/rss.xml"
            );
        }
    }
}
