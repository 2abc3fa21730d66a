//! Single values of a config: each is what it should be, or complained about, and the reading goes on.

use super::*;

/// What a table can't do without. Names of sources and feeds are looked at by themselves.
const NEEDED: [(&str, &str); 4] =
    [("[[category]]", "name"), ("[source.fields]", "title"), ("[source.select]", "item"), ("[source.select]", "title")];

impl Reader<'_> {
    pub(super) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    pub(super) fn wrong(&mut self, key: &str, span: &Range<usize>, wrong: Wrong) {
        let mut complaint = Complaint::at(span.clone(), format!("`{key}`: {}", wrong.what));
        complaint.hints.extend(wrong.hint);
        self.complain(complaint);
    }

    /// Passes a value on, or complains about it.
    pub(super) fn take<T>(&mut self, key: &str, span: &Range<usize>, value: Result<T, Wrong>) -> Option<T> {
        value.map_err(|wrong| self.wrong(key, span, wrong)).ok()
    }

    pub(super) fn wrong_kind(&mut self, key: &str, value: &Value<'_>, wanted: &str, example: &str) {
        let what = format!("`{key}` must be {wanted}, not {}", kind(value.get_ref()));
        self.complain(Complaint::at(value.span(), what).hint(format!("write {example}")));
    }

    pub(super) fn unknown_keys(&mut self, table: &Table<'_>) {
        let known = keys_of(table.name);
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) || table.name.is_empty() && name == "layout" {
                continue;
            }
            let place = if table.name.is_empty() { "at the top" } else { table.name };
            let complaint = Complaint::at(
                key.span(),
                format!("unknown key `{name}` {}{place}", if place == table.name { "in " } else { "" }),
            );
            let elsewhere = KEYS.iter().find(|(other, keys)| *other != table.name && keys.contains(&name));
            let hint = match (nearest(name, known.iter().copied()), elsewhere) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Some(("", _))) => format!("`{name}` belongs at the top of the file, before the first table"),
                (None, Some((other, _))) => format!("`{name}` belongs to {other}"),
                (None, None) => format!("the keys here are {}", listed(known)),
            };
            self.complain(complaint.hint(hint));
        }
    }

    pub(super) fn text<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Text<'t>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                let complaint = Complaint::at(value.span(), format!("`{key}` is empty"));
                self.complain(complaint.hint(if NEEDED.contains(&(table.name, key)) {
                    "it has no default: say what it is"
                } else {
                    "leave the key out to have its default"
                }));
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
    pub(super) fn title<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<String> {
        let text = self.text(table, key)?;
        match crate::mill::item::Text::new(text.text) {
            Some(clean) if clean.as_str() == text.text.trim() => Some(clean.into()),
            _ => {
                let complaint = Complaint::at(text.span, format!("`{key}` holds a line break or a control character"));
                self.complain(complaint.hint("write it on one line"));
                None
            }
        }
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

    /// A list of strings that says something.
    pub(super) fn texts_but_none<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Text<'t>>> {
        let texts = self.texts(table, key)?;
        if let Some(value) = table.get(key)
            && matches!(value.get_ref(), DeValue::Array(array) if array.is_empty())
        {
            let complaint = Complaint::at(value.span(), format!("`{key}` is empty: nothing is named"));
            self.complain(complaint.hint("name something, or leave the key out"));
        }
        Some(texts)
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
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = match nearest(text.text, all.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                format!("it can be {}", all.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "))
            }
        };
        self.complain(Complaint::at(text.span, format!("`{key}` can't be {:?}", text.text)).hint(hint));
        None
    }

    pub(super) fn duration(
        &mut self,
        table: &Table<'_>,
        key: &str,
        default: std::time::Duration,
        limits: (std::time::Duration, std::time::Duration),
    ) -> std::time::Duration {
        let Some(value) = table.get(key) else { return default };
        if let DeValue::Integer(number) = value.get_ref() {
            let what = format!("`{key}` must be a string with a unit, not a number");
            self.complain(Complaint::at(value.span(), what).hint(format!("write {key} = \"{number}s\" for seconds")));
            return default;
        }
        let Some(text) = self.text(table, key) else { return default };
        let Some(duration) = self.take(key, &text.span, values::duration(text.text)) else { return default };
        if duration < limits.0 || duration > limits.1 {
            let what = format!("`{key}` can't be {:?}", text.text);
            self.complain(Complaint::at(text.span, what).hint(format!("it can be {:?} to {:?}", limits.0, limits.1)));
        }
        duration
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
            let complaint = Complaint::at(value.span(), format!("`{key}` must be a day"));
            self.complain(complaint.hint(format!("write {key} = 2020-06-01: year, month and day")));
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
            self.complain(Complaint::at(value.span(), format!("`{key}` is out of range")).hint(help));
        }
        number
    }

    pub(super) fn no_such(&mut self, what: &str, text: &Text<'_>, known: &[&str]) {
        let hint = match nearest(text.text, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None if known.is_empty() => format!("there is no {what} in this config"),
            None => format!("the {what}s are {}", listed(known)),
        };
        self.complain(Complaint::at(text.span.clone(), format!("there is no {what} {:?}", text.text)).hint(hint));
    }

    pub(super) fn listen(&mut self, table: &Table<'_>) -> Option<std::net::SocketAddr> {
        let text = self.text(table, "listen")?;
        self.take("listen", &text.span, values::listen(text.text))
    }

    /// The single table under `key` at the top.
    pub(super) fn table<'t>(&mut self, top: &Table<'t>, key: &str, name: &'static str) -> Option<Table<'t>> {
        let value = top.get(key)?;
        if let DeValue::Table(table) = value.get_ref() {
            let table = Table { name, span: value.span(), table };
            self.unknown_keys(&table);
            return Some(table);
        }
        let what = format!("`{key}` must be one table, not {}", kind(value.get_ref()));
        self.complain(Complaint::at(top.key_span(key), what).hint(format!("write {name} on a line of its own")));
        None
    }

    /// The tables under `key` at the top.
    pub(super) fn tables<'t>(&mut self, top: &Table<'t>, key: &str, name: &'static str) -> Vec<Table<'t>> {
        let Some(value) = top.get(key) else { return Vec::new() };
        let mut tables = Vec::new();
        if let DeValue::Array(array) = value.get_ref() {
            for value in array.iter() {
                if let DeValue::Table(table) = value.get_ref() {
                    let table = Table { name, span: value.span(), table };
                    self.unknown_keys(&table);
                    tables.push(table);
                } else {
                    self.complain(not_tables(value.span(), key, name, value.get_ref()));
                }
            }
        } else {
            self.complain(not_tables(top.key_span(key), key, name, value.get_ref()));
        }
        tables
    }
}
