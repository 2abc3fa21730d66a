//! The values that an operator writes: each is either understood, or refused with a word on what would help.

use std::net::SocketAddr;
use std::time::Duration;

use percent_encoding::{CONTROLS, utf8_percent_encode};
use strsim::osa_distance;

use crate::mill::feed::Address;
use crate::mill::identify::is_kept;
use crate::mill::render::{BESIDE_FEEDS, document_of};
use crate::operations;

/// Why a value can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    /// What would help.
    pub(super) hint: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

/// Refuses a path that begins with `~`, `~user` or `$NAME`, as only shells know it: a folder of that name would be
/// made, or looked for.
pub(super) fn without_shell(path: &str) -> Result<(), Wrong> {
    let (first, is_folder) = path.split_once('/').map_or((path, false), |(first, _)| (first, true));
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-{}".contains(&byte));
    let named = |mark: char| first.strip_prefix(mark).is_some_and(|name| !name.is_empty() && is_name(name));
    // Without a slash it may as well be a file: programs mark those that they keep so.
    let stands_for = match first {
        "~" => "no home",
        _ if is_folder && named('~') => "no home",
        _ if is_folder && named('$') => "no variable",
        _ => return Ok(()),
    };
    Err(Wrong::new(
        format!("`{first}` stands for {stands_for} in {path:?}"),
        format!("write the whole path; a folder that is called {first} is written ./{first}"),
    ))
}

/// A length of time: numbers with units, `500ms`, `1s`, `10m`, `1h30m`, `1d`.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let refused =
        || Wrong::new(format!("{text:?} is no length of time"), "write a number with its unit: 500ms, 1s, 10m, 1h");
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(refused());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits).ok_or_else(refused)?;
        let number: u64 = number.parse().map_err(|_| refused())?;
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at_checked(letters).ok_or_else(refused)?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(refused()),
        };
        let part = number.checked_mul(millis).map(Duration::from_millis).ok_or_else(refused)?;
        total = total.checked_add(part).ok_or_else(refused)?;
        rest = after;
    }
    Ok(total)
}

/// An age has at most so many of its unit: far more than any feed needs, and few enough to count days with.
const MOST_OF_AN_AGE: u32 = 10_000;

/// An age, as months and days: `90d`, `12w`, `18m`, `5y`.
pub(super) fn age(text: &str) -> Result<(u32, u32), Wrong> {
    let refused =
        || Wrong::new(format!("{text:?} is no age"), "write a number with its unit: 90d, 12w, 18m (months), 5y");
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    // `parse` takes a sign.
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused());
    }
    let unit = text.strip_prefix(number).filter(|unit| matches!(*unit, "d" | "w" | "m" | "y"));
    let unit = unit.filter(|_| !number.is_empty()).ok_or_else(refused)?;
    let Some(count) = number.parse::<u32>().ok().filter(|count| (1..=MOST_OF_AN_AGE).contains(count)) else {
        let hint = format!("write a number from 1 to {MOST_OF_AN_AGE}, or leave the key out to keep everything");
        return Err(Wrong::new(format!("{text:?} is out of range"), hint));
    };
    Ok(match unit {
        "d" => (0, count),
        "w" => (0, count * 7),
        "m" => (count, 0),
        _ => (count * 12, 0),
    })
}

/// How long a name may be, in bytes: it becomes a folder, and some file systems stop at 255.
const MAX_NAME: usize = 100;

/// What names of feeds and sources may hold.
pub(super) const ALLOWED: &str =
    "a name holds letters and digits of any script, and between them `-`, `_`, `.`, `+` and single blanks";

fn may_stand(c: char) -> bool {
    is_kept(c) || matches!(c, '-' | '_' | '.' | '+' | ' ')
}

/// Checks a name that becomes a folder below the output, a part of addresses, and a word in scripts.
pub(super) fn name(text: &str) -> Result<(), Wrong> {
    let because = |what: String| Err(Wrong::new(what, ALLOWED));
    if text.is_empty() {
        return because("a name can't be empty".into());
    }
    if let Some(c) = text.chars().find(|c| !may_stand(*c)) {
        return because(format!("the name {text:?} holds {c:?}"));
    }
    if text.starts_with('.') {
        return because(format!("the name {text:?} starts with a full stop: that hides it"));
    }
    if text.ends_with('.') || text.ends_with(' ') || text.starts_with(' ') || text.contains("  ") {
        return because(format!("the name {text:?} has a blank or full stop where it would get lost"));
    }
    if text.len() > MAX_NAME {
        return because(format!("the name is longer than {MAX_NAME} bytes"));
    }
    let stem = text.split('.').next().unwrap_or(text).to_ascii_uppercase();
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    let numbered = port.is_some_and(|n| matches!(n.as_bytes(), [b'0'..=b'9']));
    if numbered || matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") {
        return because(format!("the name {text:?} means a device on Windows"));
    }
    let mut published = BESIDE_FEEDS.into_iter().chain([operations::FEED]);
    if published.any(|own| document_of(text).eq_ignore_ascii_case(own)) {
        let what = format!("{text:?} is a file that feedmill publishes itself");
        return Err(Wrong::new(
            what,
            "choose another name: the folder of a feed, which has its name, lies beside that file",
        ));
    }
    Ok(())
}

/// A name like `text` that [`name`] lets pass.
pub(super) fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if may_stand(c) { c } else { '-' };
        if !(matches!(c, '-' | ' ') && mended.ends_with(c)) {
            mended.push(c);
        }
    }
    let end = mended.floor_char_boundary(MAX_NAME - 10);
    mended.truncate(end);
    let kept = mended.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ', '-']);
    if kept.is_empty() {
        return "feed".into();
    }
    if name(kept).is_ok() { kept.into() } else { format!("feed-{kept}") }
}

/// The address of a folder to publish under: absolute, http or https, with a `/` at its end.
pub(super) fn base_url(text: &str) -> Result<Address, Wrong> {
    let mut address = url(text)?;
    if address.contains(['?', '#']) {
        return Err(Wrong::new(
            format!("{text:?} holds a query or a fragment, so nothing can follow it"),
            "write the address of the folder that the output is served as: https://feeds.example.org/",
        ));
    }
    if !address.ends_with('/') {
        address.push('/');
    }
    Address::new(&address).ok_or_else(|| no_address(text))
}

/// How many hubs a config can name. Each is told of changes by a thread of its own.
pub(super) const MAX_HUBS: usize = 8;

/// The address of a hub. It stands in every feed, for everybody to read.
pub(super) fn hub(text: &str) -> Result<Address, Wrong> {
    let address = url(text)?;
    if address.contains('#') {
        return Err(Wrong::new(
            format!("{text:?} holds a fragment, which can't be asked for"),
            "write it as the hub gives it: https://hub.example.org/",
        ));
    }
    Address::new(&address).ok_or_else(|| no_address(text))
}

const WHOLE: &str = "write it whole: https://www.example.org/news/";

fn no_address(text: &str) -> Wrong {
    Wrong::new(format!("{text:?} is no absolute address"), WHOLE)
}

/// An absolute address, http or https; characters outside ASCII come out percent-encoded.
pub(super) fn url(text: &str) -> Result<String, Wrong> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(no_address(text));
    };
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(Wrong::new(format!("{text:?} is neither http nor https"), WHOLE));
    }
    if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(*c)) {
        return Err(Wrong::new(
            format!("{text:?} holds {c:?}, which no address can"),
            "percent-encode it, or leave it out",
        ));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(Wrong::new(format!("{text:?} holds a user name"), "leave it out: addresses in feeds are public"));
    }
    authority_of(text, authority)?;
    // Control characters were refused: only what is not ASCII is left to be encoded.
    Ok(format!("{scheme}://{}{}", authority.to_ascii_lowercase(), utf8_percent_encode(path, CONTROLS)))
}

fn authority_of(text: &str, authority: &str) -> Result<(), Wrong> {
    if !authority.is_ascii() {
        let hint = "write the host in its ASCII form, which begins with xn--";
        return Err(Wrong::new(format!("the host of {text:?} holds letters outside ASCII"), hint));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let good = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let label =
                |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            !host.is_empty() && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
        }
    };
    if !good {
        return Err(Wrong::new(format!("{text:?} names no host"), WHOLE));
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        _ => Err(Wrong::new(format!("the port of {text:?} is not between 1 and 65535"), "correct it or leave it out")),
    }
}

/// An address to listen on: an IP address and a port.
pub(super) fn listen(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let port = text.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok()).unwrap_or("8080");
        let host = text.strip_suffix(port).and_then(|rest| rest.strip_suffix(':')).unwrap_or_default();
        let hint = match host {
            "" | "localhost" => format!("write \"127.0.0.1:{port}\" for this machine only, \"[::]:{port}\" for all"),
            _ => format!("write an IP address and a port, as in \"127.0.0.1:{port}\""),
        };
        Wrong::new(format!("{text:?} is no address to listen on"), hint)
    })
}

/// A language: `auto` (`None`) or a BCP 47 tag, in its customary case.
pub(super) fn language(text: &str) -> Result<Option<String>, Wrong> {
    if text == "auto" {
        return Ok(None);
    }
    const FORM: &str = "write a BCP 47 tag such as \"en\", \"pt-BR\" or \"sr-Latn\", or \"auto\"";
    let refused = |hint: String| Err(Wrong::new(format!("{text:?} is no language tag"), hint));
    if text.contains('_') {
        let dashed = text.split('.').next().unwrap_or(text).replace('_', "-");
        return match language(&dashed) {
            Ok(Some(tag)) => refused(format!("write {tag:?}")),
            _ => refused(FORM.into()),
        };
    }
    // A single letter opens what belongs to it, an extension, or behind an x what is agreed on privately, and is
    // nothing by itself.
    let public = text.split("-x-").next().unwrap_or(text);
    let is_lone = |pair: &[&str]| matches!(pair, [opener, next] if opener.len() == 1 && next.len() < 2);
    let parts: Vec<&str> = public.split('-').chain([""]).collect();
    if parts.windows(2).any(is_lone) {
        return refused(FORM.into());
    }
    let mut tag = String::new();
    for (i, part) in text.split('-').enumerate() {
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        let fits = match i {
            0 => matches!(part.len(), 2 | 3) && letters,
            _ => matches!(part.len(), 1..=8) && part.bytes().all(|b| b.is_ascii_alphanumeric()),
        };
        if !fits {
            return refused(FORM.into());
        }
        if i > 0 {
            tag.push('-');
        }
        match (i, part.len()) {
            (1.., 2) => tag.push_str(&part.to_ascii_uppercase()),
            (1.., 4) if letters => {
                let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
                tag.push_str(&first.to_ascii_uppercase());
                tag.push_str(&rest.to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Ok(Some(tag))
}

/// The candidate nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let far = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (osa_distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_numbers_with_units() {
        for (text, millis) in [
            ("500ms", 500),
            ("1s", 1000),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("0s", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "10", "m", "10 m", "1.5h", "-1s", "1x", "99999999999999999999s", "18446744073709551615d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_are_a_number_with_a_unit() {
        for (text, expected) in [("90d", (0, 90)), ("12w", (0, 84)), ("18m", (18, 0)), ("5y", (60, 0))] {
            assert_eq!(age(text), Ok(expected), "{text}");
        }
        for text in ["", "5", "y", "0d", "-1d", "5 y", "1y6m", "5years", "99999y", "+5y"] {
            assert!(age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_safe_folders_on_any_system() {
        for good in
            ["ilo-moscow", "новости", "काला", "日本語", "a", "news.2020", "ILO Moscow", "c++", "Ёлка_1", "console"]
        {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in [
            "",
            ".",
            "..",
            ".git",
            "a/b",
            "a\\b",
            "a:b",
            "a*b",
            "a?b",
            "a\"b",
            "a<b",
            "a|b",
            "a\nb",
            "a\0b",
            "a\u{202e}b",
            "a.",
            "a ",
            " a",
            "a  b",
            "con",
            "NUL.txt",
            "com1",
            "index.html",
            "Feeds.OPML",
            "style.css",
            "icon.svg",
            "operations.atom",
            "index.html.gz",
            "a%b",
            "a#b",
            "★",
            &long,
        ] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_mended_name_is_a_name() {
        for (given, expected) in [
            ("scrapes", "scrapes"),
            (".hidden", "hidden"),
            ("a/b: c", "a-b- c"),
            ("★★★", "feed"),
            ("con", "feed-con"),
            ("..", "feed"),
            ("a\u{fffd}\u{fffd}b", "a-b"),
            ("index.html", "feed-index.html"),
        ] {
            assert_eq!(mended(given), expected);
            assert_eq!(name(&mended(given)), Ok(()), "{given}");
        }
        assert_eq!(name(&mended(&"ж".repeat(300))), Ok(()));
    }

    #[test]
    fn addresses_are_absolute_and_ascii() {
        for (text, expected) in [
            ("https://feeds.example.org", "https://feeds.example.org/"),
            ("HTTPS://Feeds.Example.org/News", "https://feeds.example.org/News/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://localhost:80/a/", "http://localhost:80/a/"),
            ("https://example.org/Новости", "https://example.org/%D0%9D%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/"),
        ] {
            assert_eq!(base_url(text).unwrap().as_str(), expected);
        }
        for text in [
            "",
            "example.org",
            "//example.org/",
            "ftp://example.org/",
            "https://",
            "https:///x",
            "https://exa mple.org/",
            "https://example.org:0/",
            "https://example.org:99999/",
            "https://user@example.org/",
            "https://пример.рф/",
            "https://example.org/?a=b",
            "https://example.org/#x",
            "https://example.org/<x>",
            "https://a..b/",
            "https://[::1",
            "javascript:alert(1)",
        ] {
            assert!(base_url(text).is_err(), "{text}");
        }
        assert_eq!(url("https://example.org/?page=2#top"), Ok("https://example.org/?page=2#top".into()));
    }

    #[test]
    fn an_address_to_listen_on_is_an_ip_address_and_a_port() {
        assert!(listen("127.0.0.1:8080").is_ok() && listen("[::1]:80").is_ok());
        for (text, hint) in [
            ("localhost:8080", "127.0.0.1:8080"),
            (":9000", "127.0.0.1:9000"),
            ("9000", "127.0.0.1:9000"),
            ("feeds.example.org:80", "127.0.0.1:80"),
            ("127.0.0.1", "127.0.0.1:8080"),
        ] {
            assert!(listen(text).expect_err(text).hint.contains(hint), "{text}");
        }
    }

    #[test]
    fn languages_are_tags_in_their_customary_case() {
        for (text, expected) in
            [("en", "en"), ("PT-br", "pt-BR"), ("sr-latn-rs", "sr-Latn-RS"), ("haw", "haw"), ("es-419", "es-419")]
        {
            assert_eq!(language(text), Ok(Some(expected.into())));
        }
        assert_eq!(language("auto"), Ok(None));
        assert_eq!(language("en-x-a"), Ok(Some("en-x-a".into())));
        for text in ["", "russian", "e", "en-", "en-x", "en-u-x-a", "ru_RU.UTF-8", "en us", "Русский"] {
            assert!(language(text).is_err(), "{text}");
        }
        assert_eq!(language("ru_RU.UTF-8").expect_err("refused").hint, "write \"ru-RU\"");
    }

    #[test]
    fn the_nearest_word_is_the_one_that_was_meant() {
        let keys = ["name", "files", "exclude", "site", "site_was", "timezone"];
        for (word, expected) in [
            ("nmae", Some("name")),
            ("file", Some("files")),
            ("Name", Some("name")),
            ("timezon", Some("timezone")),
            ("time_zone", Some("timezone")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, keys), expected, "{word}");
        }
    }
}
