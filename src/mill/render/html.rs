//! What a subscriber reads below the title, the same in every format.

use std::borrow::Cow;

use crate::mill::feed::Entry;
use crate::mill::item::Item;

/// The content of an entry: summary and photo credit where there are any, and always a last line that says where and
/// when, so that no entry is empty (readers and validators mind) and the printed date survives every time zone.
pub(super) fn content(entry: &Entry) -> String {
    let item = &entry.item;
    let mut html = String::with_capacity(item.summary.as_ref().map_or(0, |summary| summary.as_str().len()) + 128);
    if let Some(summary) = &item.summary {
        paragraph(&mut html, &[summary.as_str()]);
    }
    if let Some(credit) = &item.credit {
        paragraph(&mut html, &["Photo: © ", credit.as_str()]);
    }
    let day = day(item);
    let mut line = vec![entry.origin.as_str()];
    if let Some(day) = &day {
        line.extend([", ", day]);
    }
    // Some pages print the place within the date; twice would be once too often.
    if let Some(place) = &item.place
        && !day.as_ref().is_some_and(|day| day.contains(place.as_str()))
    {
        line.extend([", ", place.as_str()]);
    }
    paragraph(&mut html, &line);
    html
}

/// The date as the page printed it, else in the form that the pages we know use: so, too, where a program printed a
/// count of seconds, which no reader takes for a day.
pub(super) fn day(item: &Item) -> Option<Cow<'_, str>> {
    const FORM: &str = "%-d %B %Y";
    if let Some(raw) = item.date_raw.as_ref().filter(|raw| !is_instant(raw.as_str())) {
        return Some(raw.as_str().into());
    }
    let first = item.date?.format(FORM);
    Some(match item.date_end.filter(|last| Some(*last) != item.date) {
        Some(last) => format!("{first} – {}", last.format(FORM)).into(),
        None => first.to_string().into(),
    })
}

/// Whether a date is a number of seconds since 1970, or of thousandths or millionths.
fn is_instant(raw: &str) -> bool {
    let (whole, fraction) = raw.split_once('.').unwrap_or((raw, ""));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    matches!(whole.len(), 9 | 10 | 13 | 16) && are_digits(whole) && are_digits(fraction)
}

fn paragraph(html: &mut String, parts: &[&str]) {
    html.push_str("<p>");
    for part in parts {
        escape(html, part);
    }
    html.push_str("</p>");
}

/// Appends a text as markup that shows it. Not for attributes.
pub(super) fn escape(markup: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'&', b'<', b'>', rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        markup.push_str(before);
        markup.push_str(match from.as_bytes().first() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            _ => "&gt;",
        });
        rest = from.get(1..).unwrap_or_default();
    }
    markup.push_str(rest);
}
