//! Single values of a config: each is what it should be, or is complained about while the reading goes on.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use chrono::NaiveDate;
use toml::de::DeValue;

use super::{KEYS, Reader, Table, Text, Value, keys_of, kind, listed};
use crate::config::Complaint;
use crate::config::values::{self, Wrong, nearest};
use crate::mill::item;

/// What a table cannot do without. The names of sources and feeds are seen to by themselves.
const NEEDED: [(&str, &str); 4] =
    [("[[category]]", "name"), ("[source.fields]", "title"), ("[source.select]", "item"), ("[source.select]", "title")];

impl Reader<'_> {
    /// Says what is wrong at a place of the config, and what would help.
    pub(super) fn complain(&mut self, span: Range<usize>, what: impl Into<String>, hint: impl Into<String>) {
        self.complaints.push(Complaint::at(span, what).hint(hint));
    }

    pub(super) fn wrong(&mut self, key: &str, span: &Range<usize>, wrong: Wrong) {
        self.complain(span.clone(), format!("`{key}`: {}", wrong.what), wrong.hint);
    }

    /// Passes a value on, or complains about it.
    pub(super) fn take<T>(&mut self, key: &str, span: &Range<usize>, value: Result<T, Wrong>) -> Option<T> {
        value.map_err(|wrong| self.wrong(key, span, wrong)).ok()
    }

    /// The string under `key`, passed on as `read` understands it.
    pub(super) fn parsed<T>(
        &mut self,
        table: &Table<'_>,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.text(table, key)?;
        self.take(key, &text.span, read(text.text))
    }

    /// The path of a folder or file.
    pub(super) fn place<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Text<'t>> {
        let text = self.text(table, key)?;
        self.take(key, &text.span, values::without_shell(text.text)).map(|()| text)
    }

    pub(super) fn wrong_kind(&mut self, key: &str, value: &Value<'_>, wanted: &str, example: &str) {
        let what = format!("`{key}` must be {wanted}, not {}", kind(value.get_ref()));
        self.complain(value.span(), what, format!("write {example}"));
    }

    pub(super) fn unknown_keys(&mut self, table: &Table<'_>) {
        let known: Vec<&str> = keys_of(table.name).collect();
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) || table.name.is_empty() && name == "layout" {
                continue;
            }
            let place = match table.name {
                "" => "at the top".to_owned(),
                name => format!("in {name}"),
            };
            let elsewhere =
                KEYS.iter().find(|(other, _)| *other != table.name && keys_of(other).any(|key| key == name));
            let hint = match (nearest(name, known.iter().copied()), elsewhere) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(("", _))) => format!("`{name}` belongs at the top of the file, before the first table"),
                (None, Some((other, _))) => format!("`{name}` belongs to {other}"),
                (None, None) => format!("the keys here are {}", listed(&known)),
            };
            self.complain(key.span(), format!("unknown key `{name}` {place}"), hint);
        }
    }

    pub(super) fn text<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Text<'t>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                let hint = match NEEDED.contains(&(table.name, key)) {
                    true => "it has no default: say what it is",
                    false => "leave the key out to have its default",
                };
                self.complain(value.span(), format!("`{key}` is empty"), hint);
                None
            }
            DeValue::String(text) => Some(Text { text, span: value.span() }),
            other => {
                let example = match other {
                    DeValue::Integer(number) => format!("{key} = \"{number}\""),
                    DeValue::Boolean(truth) => format!("{key} = \"{truth}\""),
                    _ => format!("{key} = \"…\""),
                };
                self.wrong_kind(key, value, "a string", &example);
                None
            }
        }
    }

    /// A string that is shown to people.
    pub(super) fn title(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let text = self.text(table, key)?;
        let shown = on_one_line(text.text);
        if shown.is_none() {
            let what = format!("`{key}` holds a line break or a control character");
            self.complain(text.span, what, "write it on one line");
        }
        shown.map(String::from)
    }

    pub(super) fn texts<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Text<'t>>> {
        let value = table.get(key)?;
        let DeValue::Array(array) = value.get_ref() else {
            let example = match value.get_ref() {
                DeValue::String(text) => format!("{key} = [{text:?}]"),
                _ => format!("{key} = [\"…\"]"),
            };
            self.wrong_kind(key, value, "a list of strings", &example);
            return None;
        };
        let mut texts = Vec::new();
        for value in array.iter() {
            match value.get_ref() {
                DeValue::String(text) => texts.push(Text { text, span: value.span() }),
                _ => self.wrong_kind(key, value, "a list of strings", &format!("{key} = [\"…\"]")),
            }
        }
        Some(texts)
    }

    /// A list of strings that must not be empty.
    pub(super) fn some_texts<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Text<'t>>> {
        if let Some(span) = table.empty_list(key) {
            let what = format!("`{key}` is empty: nothing is named");
            self.complain(span, what, "name something, or leave the key out");
        }
        self.texts(table, key)
    }

    pub(super) fn truth(&mut self, table: &Table<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            _ => {
                self.wrong_kind(key, value, "true or false", &format!("{key} = true"));
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, table: &Table<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(table, key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.text) {
            return Some(*value);
        }
        let hint = match nearest(text.text, words.iter().map(|(word, _)| *word)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("it can be {}", all.join(" or "))
            }
        };
        self.complain(text.span, format!("`{key}` can't be {:?}", text.text), hint);
        None
    }

    /// A length of time between `least` and `most`, both of them allowed.
    pub(super) fn duration(
        &mut self,
        table: &Table<'_>,
        key: &str,
        (least, most): (Duration, Duration),
    ) -> Option<Duration> {
        let value = table.get(key)?;
        if let DeValue::Integer(number) = value.get_ref() {
            let what = format!("`{key}` must be a string with a unit, not a number");
            self.complain(value.span(), what, format!("write {key} = \"{number}s\" for seconds"));
            return None;
        }
        let text = self.text(table, key)?;
        let duration = self.take(key, &text.span, values::duration(text.text))?;
        if duration < least || duration > most {
            let what = format!("`{key}` can't be {:?}", text.text);
            self.complain(text.span, what, format!("it can be {least:?} to {most:?}"));
        }
        Some(duration)
    }

    /// A day, as a TOML date or as a string.
    pub(super) fn day(&mut self, table: &Table<'_>, key: &str) -> Option<NaiveDate> {
        let value = table.get(key)?;
        let day = match value.get_ref() {
            DeValue::Datetime(moment) if moment.time.is_none() => moment.date.and_then(|date| {
                NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
            }),
            DeValue::String(text) if text.len() == 10 => text.parse().ok(),
            _ => None,
        };
        if day.is_none() {
            let hint = format!("write {key} = 2020-06-01: year, month and day");
            self.complain(value.span(), format!("`{key}` must be a day"), hint);
        }
        day
    }

    pub(super) fn number(&mut self, table: &Table<'_>, key: &str, help: &str) -> Option<usize> {
        let value = table.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_kind(key, value, "a number", &format!("{key} = 50"));
            return None;
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as usize);
        if number.is_none() {
            self.complain(value.span(), format!("`{key}` is out of range"), help);
        }
        number
    }

    pub(super) fn no_such(&mut self, what: &str, text: &Text<'_>, known: &[&str]) {
        let hint = match nearest(text.text, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if known.is_empty() => format!("there is no {what} in this config"),
            None => format!("the {what}s are {}", listed(known)),
        };
        self.complain(text.span.clone(), format!("there is no {what} {:?}", text.text), hint);
    }

    pub(super) fn listen(&mut self, table: &Table<'_>) -> Option<SocketAddr> {
        self.parsed(table, "listen", values::listen)
    }

    /// The single table under `key`.
    pub(super) fn table<'t>(&mut self, outer: &Table<'t>, key: &str, name: &'static str) -> Option<Table<'t>> {
        let value = outer.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            let table = Table { name, span: value.span(), table };
            self.unknown_keys(&table);
            return Some(table);
        }
        let what = format!("`{key}` must be one table, not {}", kind(value.get_ref()));
        self.complain(outer.key_span(key), what, format!("write {name} on a line of its own"));
        None
    }

    /// The tables under `key` at the top.
    pub(super) fn tables<'t>(&mut self, top: &Table<'t>, key: &str, name: &'static str) -> Vec<Table<'t>> {
        let Some(value) = top.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.not_tables(top.key_span(key), key, name, value.get_ref());
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in array.iter() {
            if let DeValue::Table(table) = value.get_ref() {
                let table = Table { name, span: value.span(), table };
                self.unknown_keys(&table);
                tables.push(table);
            } else {
                self.not_tables(value.span(), key, name, value.get_ref());
            }
        }
        tables
    }

    fn not_tables(&mut self, span: Range<usize>, key: &str, name: &str, value: &DeValue<'_>) {
        let what = format!("`{key}` must be a list of tables, not {}", kind(value));
        self.complain(span, what, format!("write {name}, in double brackets, above each of them"));
    }
}

/// `text` as it is shown; `None` when a line break or control character would be lost.
pub(super) fn on_one_line(text: &str) -> Option<item::Text> {
    item::Text::new(text).filter(|shown| shown.as_str() == text.trim())
}
