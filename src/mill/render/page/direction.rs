//! Which way a language is written.

/// Scripts that run from right to left (Unicode's bidirectional class R or AL), by their codes of ISO 15924.
const SCRIPTS: [&str; 9] = ["adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"];

/// Languages that are written in one of those unless their tag names another script (CLDR, likely subtags).
const LANGUAGES: [&str; 25] = [
    "ar", "arc", "arz", "azb", "bal", "ckb", "dv", "fa", "glk", "he", "iw", "khw", "ks", "lrc", "mzn", "nqo", "pnb",
    "prs", "ji", "ps", "sd", "syr", "ug", "ur", "yi",
];

/// `rtl` or `ltr`, of a BCP 47 tag: the script decides where the tag names one (RFC 5646 section 2.2.3).
pub(super) fn of(tag: &str) -> &'static str {
    let tag = tag.to_ascii_lowercase();
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let script = subtags.find(|subtag| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_alphabetic()));
    let rtl = match script {
        Some(script) => SCRIPTS.contains(&script),
        None => LANGUAGES.contains(&language),
    };
    if rtl { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_script_decides_else_the_language() {
        for (tag, direction) in [
            ("ar", "rtl"),
            ("AR-EG", "rtl"),
            ("he", "rtl"),
            ("yi", "rtl"),
            ("ur-Latn", "ltr"),
            ("az-Arab-IR", "rtl"),
            ("en", "ltr"),
            ("zh-Hant-TW", "ltr"),
            ("", "ltr"),
        ] {
            assert_eq!(of(tag), direction, "{tag}");
        }
    }
}
