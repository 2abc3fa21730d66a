//! What every target asks of a reader: that it never panics, and that what it tells is true of the text.

use feedmill::mill::decode;
use feedmill::mill::identify;
use feedmill::mill::scrape::{Form, Terms, explain, parse};

/// Reads bytes as a file of this form, twice, and holds the reader to its promises.
pub fn read(bytes: &[u8], form: Option<Form>) {
    let Ok(decoded) = decode::decode(bytes) else { return };
    let text = &*decoded.text;
    let captured = "2021-06-15".parse().ok();
    let terms = Terms { form, captured, url: Some("https://example.org/news/".to_owned()), ..Terms::default() };
    let scrape = parse(text, &terms);
    // CR and CR LF end lines, too.
    let lines = text.lines().count().max(text.split(['\r', '\n']).count()) + 1;
    for draft in &scrape.drafts {
        assert!(draft.line >= 1 && draft.line <= draft.last_line, "{draft:?}");
        assert!(usize::try_from(draft.last_line).is_ok_and(|last| last <= lines), "{draft:?} of {lines} lines");
        if let Some(account) = identify::account(draft) {
            assert!(!account.title.as_str().is_empty());
        }
    }
    assert!((0.0..=1.0).contains(&scrape.confidence.max(0.0)), "{}", scrape.confidence);
    assert!(scrape.refused.is_none() || scrape.drafts.is_empty());
    let explained = explain(text, &terms);
    assert_eq!(explained.scrape.drafts, scrape.drafts, "explaining changes nothing");
}
