//! What Python prints of a dict, or of a list of them.
//!
//! ```text
//! {'title': 'A ferry for the outer isles', 'date': '2020-06-28'}
//! ```
//!
//! It is JSON but for the marks around texts, `None`, and how days are written. Lines stay lines, so that what is told
//! of it has the numbers of the file's. A text that is anything else is none.

use std::fmt::Write as _;

/// The JSON for `text`; `None` where that does not begin as such a dict, with a name between single marks.
pub(super) fn as_json(text: &str) -> Option<String> {
    let inner = text.trim_start();
    let inner = inner.strip_prefix('[').map_or(inner, str::trim_start);
    if !inner.strip_prefix('{')?.trim_start().starts_with('\'') {
        return None;
    }
    let mut json = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    // Texts that stand side by side are one. What stands between them comes behind the last.
    let mut ends_with_text = false;
    let mut between = String::new();
    while let Some(sign) = rest.chars().next() {
        if sign.is_whitespace() {
            between.push(sign);
            rest = rest.get(sign.len_utf8()..)?;
            continue;
        }
        let is_text = matches!(sign, '\'' | '"');
        let goes_on = std::mem::replace(&mut ends_with_text, is_text) && is_text;
        if !goes_on {
            json.push_str(&between);
            between.clear();
        }
        rest = match sign {
            '\'' | '"' => {
                if goes_on {
                    json.pop();
                } else {
                    json.push('"');
                }
                quoted(rest.get(1..)?, sign, &mut json)?
            }
            '{' | '}' | '[' | ']' | ',' | ':' | '-' | '.' | '0'..='9' => {
                json.push(sign);
                rest.get(1..)?
            }
            // A tuple is a list.
            '(' | ')' => {
                json.push(if sign == '(' { '[' } else { ']' });
                rest.get(1..)?
            }
            _ => word(rest, &mut json)?,
        };
    }
    json.push_str(&between);
    Some(json)
}

/// Writes the text up to the mark that ends it, and gives what is behind. A text that the file's end cuts stays open.
fn quoted<'t>(text: &'t str, mark: char, json: &mut String) -> Option<&'t str> {
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            _ if sign == mark => {
                json.push('"');
                return text.get(at + 1..);
            }
            '"' => json.push_str("\\\""),
            '\n' | '\r' => return None,
            '\\' => match signs.next() {
                Some((_, escaped @ ('n' | 't' | 'r' | '\\' | '"' | 'u'))) => json.extend(['\\', escaped]),
                Some((_, '\'')) => json.push('\''),
                Some((from, kind @ ('x' | 'U'))) => {
                    let digits = if kind == 'x' { 2 } else { 8 };
                    let code = u32::from_str_radix(text.get(from + 1..=from + digits)?, 16).ok()?;
                    written(char::from_u32(code)?, json);
                    signs.nth(digits - 1)?;
                }
                Some(_) => return None,
                None => {}
            },
            _ => json.push(sign),
        }
    }
    Some("")
}

/// A letter as it may stand in a text.
fn written(letter: char, json: &mut String) {
    match letter {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        _ if letter.is_control() => {
            let _ = write!(json, "\\u{:04x}", u32::from(letter));
        }
        _ => json.push(letter),
    }
}

/// Writes what stands for nothing, for a truth, or for a day, and gives what is behind.
fn word<'t>(text: &'t str, json: &mut String) -> Option<&'t str> {
    const WORDS: [(&str, &str); 4] = [("None", "null"), ("True", "true"), ("False", "false"), ("nan", "null")];
    if let Some((rest, value)) = WORDS.iter().find_map(|(word, value)| Some((text.strip_prefix(word)?, value))) {
        json.push_str(value);
        return Some(rest);
    }
    let call = text.strip_prefix("datetime.").unwrap_or(text);
    let call = call.strip_prefix("date(").or_else(|| call.strip_prefix("datetime("))?;
    let (numbers, rest) = call.split_once(')')?;
    let numbers: Vec<u32> = numbers.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>().ok()?;
    let (&[year, month, day], time) = numbers.split_first_chunk()?;
    write!(json, "\"{year:04}-{month:02}-{day:02}").ok()?;
    if let [hour, minute, ..] = time {
        write!(json, "T{hour:02}:{minute:02}").ok()?;
    }
    json.push('"');
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::as_json;

    #[test]
    fn a_dict_is_an_object() {
        let json = as_json(r#"{'title': "The heron's \"nest\"", 'by': 'O\'Hara said "no"', 'old': None, 'new': True}"#);
        assert_eq!(
            json.as_deref(),
            Some(r#"{"title": "The heron's \"nest\"", "by": "O'Hara said \"no\"", "old": null, "new": true}"#)
        );
        let json = as_json(
            "[{'title': 'Long texts '\n  'are parted',\n  'day': datetime.datetime(2024, 3, 1, 9, 5)},\n {'n': (1, -2.5)}]",
        );
        let told =
            "[{\"title\": \"Long texts are parted\"\n  ,\n  \"day\": \"2024-03-01T09:05\"},\n {\"n\": [1, -2.5]}]";
        assert_eq!(json.as_deref(), Some(told));
        assert_eq!(as_json(r"{'t': 'caf\xe9 \U0001f41f \x07'}").as_deref(), Some(r#"{"t": "café 🐟 \u0007"}"#));
    }

    #[test]
    fn what_the_file_cuts_stays_open() {
        assert_eq!(as_json("{'title': 'The lam").as_deref(), Some("{\"title\": \"The lam"));
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "{", "{title}", "{\"title\": \"x\"}", "{'title': 'x'} and more", "{'title': 'a\nb'}", "['x', 'y']"]
        {
            assert_eq!(as_json(text), None, "{text}");
        }
    }
}
