//! `[[source]]`: what is read, and how.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::value::on_one_line;
use super::{Named, Reader, Table, Text, Written, keys_of, part};
use crate::config::files::{Files, FilesBuilder};
use crate::config::values::{self, Wrong, nearest};
use crate::config::{Complaint, Empty, Source, Undated};
use crate::mill::captured::CapturedPattern;
use crate::mill::scrape::{At, DateOrder, Fields, Form, Layout, Select, layouts};
use crate::mill::zone::Zone;

impl Reader<'_> {
    /// The name of a source or feed. One that cannot be used is complained about, and told, for others may refer to it.
    pub(super) fn name<'t>(&mut self, table: &Table<'t>) -> Option<Text<'t>> {
        let Some(value) = table.get("name") else {
            let hint = "add name = \"…\": short, and for good, because addresses are made of it";
            self.complain(table.span.clone(), format!("{} without a `name`", table.name), hint);
            return None;
        };
        let DeValue::String(text) = value.get_ref() else {
            let _ = self.text(table, "name");
            return None;
        };
        let _ = self.take("name", &value.span(), values::name(text));
        Some(Text { text, span: value.span() })
    }

    /// What the tables `[[source]]` say, each with its name. One that cannot be read leaves its place empty, so that
    /// feeds and categories can go by the numbers of the others.
    pub(super) fn source_tables<'t>(&mut self, top: &Table<'t>) -> Vec<Named<'t>> {
        let tables = self.tables(top, "source", "[[source]]");
        if tables.is_empty() && (top.get("source").is_none() || top.empty_list("source").is_some()) {
            let hint = "add a [[source]] with a name and files, as in name = \"news\", files = [\"scrapes/**/*.txt\"]";
            self.complaints.push(Complaint::whole("no [[source]]: there is nothing to read").hint(hint));
        }
        let mut sources: Vec<Named<'t>> = Vec::new();
        for (number, table) in tables.iter().enumerate() {
            let name = self.name(table);
            let source = self.source(table, number, name.as_ref().map(|name| name.text));
            if let Some(name) = &name
                && let Some(before) =
                    sources.iter().filter_map(|(name, _)| name.as_ref()).find(|it| it.text == name.text)
            {
                let what = format!("two sources are named {:?}", name.text);
                let complaint = Complaint::at(name.span.clone(), what).see(before.span.clone(), "the first");
                self.complaints.push(complaint.hint("give each its own name, or put all patterns into one source"));
            }
            sources.push((name, source));
        }
        self.sites(&tables, &sources);
        sources
    }

    fn source(&mut self, table: &Table<'_>, number: usize, name: Option<&str>) -> Option<Source> {
        let files = self.files(table, number);
        let shown = name.unwrap_or("?");
        let (form, fields, select) = (self.form(table), self.fields(table), self.select(table));
        if let Some(form) = form {
            self.form_fits(table, form, "fields");
            self.form_fits(table, form, "select");
        }
        Some(Source {
            site: self.site(table, shown),
            site_was: self.site_was(table),
            title: self.title(table, "title").unwrap_or_else(|| shown.to_owned()),
            url: self.parsed(table, "url", values::url),
            language: self.parsed(table, "language", values::language).flatten(),
            timezone: self.timezone(table).unwrap_or(Zone::UTC),
            form,
            fields,
            select,
            layout: self.layout(table),
            layouts: Arc::clone(&self.own),
            captured: self.captured(table),
            undated: self
                .word(table, "undated", &[("skip", Undated::Skip), ("first-seen", Undated::FirstSeen)])
                .unwrap_or_default(),
            date_order: self.word(
                table,
                "date_order",
                &[("dmy", DateOrder::Dmy), ("mdy", DateOrder::Mdy), ("ymd", DateOrder::Ymd)],
            ),
            empty: self.word(table, "empty", &[("drift", Empty::Drift), ("fine", Empty::Fine)]).unwrap_or_default(),
            keep: self.keep(table),
            // What is missing comes last, so that all else has been looked at.
            name: name?.to_owned(),
            files: files?,
        })
    }

    fn files(&mut self, table: &Table<'_>, source: usize) -> Option<Files> {
        if table.get("files").is_none() {
            let hint = "add files = [\"scrapes/**/*.txt\"], relative to the folder of this config";
            self.complain(table.span.clone(), "[[source]] without `files`", hint);
        }
        if let Some(span) = table.empty_list("files") {
            let hint = "name its files: files = [\"scrapes/**/*.txt\"]";
            self.complain(span, "`files` is empty: the source has nothing to read", hint);
        }
        let patterns = self.texts(table, "files")?;
        let excluded = self.texts(table, "exclude").unwrap_or_default();
        let mut all = FilesBuilder::new(self.folder);
        let mut good = true;
        for text in &excluded {
            good &= self.take("exclude", &text.span, all.exclude(text.text)).is_some();
        }
        for text in &patterns {
            good &= self.take("files", &text.span, all.add(text.text)).is_some();
            // Each pattern once more by itself, so that a complaint about it can point at it.
            let mut one = FilesBuilder::new(self.folder);
            let added = one.add(text.text).and_then(|()| excluded.iter().try_for_each(|text| one.exclude(text.text)));
            if let Ok(files) = added.and_then(|()| one.build()) {
                self.written.push(Written { source, span: text.span.clone(), files });
            }
        }
        let files = self.take("files", &table.key_span("files"), all.build())?;
        (good && !patterns.is_empty()).then_some(files)
    }

    fn site(&mut self, table: &Table<'_>, shown: &str) -> String {
        if table.get("site").is_none() {
            self.without_site.push(shown.to_owned());
        }
        self.title(table, "site").unwrap_or_else(|| shown.to_owned())
    }

    fn site_was(&mut self, table: &Table<'_>) -> Vec<String> {
        let mut site_was = Vec::new();
        for text in self.texts(table, "site_was").unwrap_or_default() {
            if let Some(name) = on_one_line(text.text) {
                site_was.push(name.into());
            } else {
                let hint = "write the names the site had before, as they stood in `site`, the oldest first";
                self.complain(text.span, format!("`site_was` can't hold {:?}", text.text), hint);
            }
        }
        site_was
    }

    fn timezone(&mut self, table: &Table<'_>) -> Option<Zone> {
        let text = self.text(table, "timezone")?;
        if let Some(zone) = Zone::named(text.text) {
            return Some(zone);
        }
        let city = text.text.rsplit('/').next().unwrap_or(text.text).replace(' ', "_");
        let is_there = |name: &&str| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
        let hint = match nearest(text.text, Zone::names()).or_else(|| Zone::names().find(is_there)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write the name of a zone, such as \"Europe/Moscow\" or \"UTC\"".to_owned(),
        };
        self.complain(text.span, format!("`timezone`: there is no zone {:?}", text.text), hint);
        None
    }

    /// The form of the files; `None` is `auto`.
    fn form(&mut self, table: &Table<'_>) -> Option<Form> {
        let forms = Form::ALL.map(|(name, form)| (name, Some(form)));
        let forms: Vec<(&str, Option<Form>)> = std::iter::once(("auto", None)).chain(forms).collect();
        self.word(table, "format", &forms).flatten()
    }

    /// Complains when the table `key` is not for files of the form that is stated: it would be passed over in silence.
    fn form_fits(&mut self, source: &Table<'_>, form: Form, key: &str) {
        if source.get(key).is_none() {
            return;
        }
        let (fits, forms, other) = match key {
            "select" => (form == Form::Html, "HTML", "JSON and columns are taken apart by [source.fields]"),
            _ => (
                matches!(form, Form::Json | Form::JsonLines | Form::Csv | Form::Tsv),
                "JSON, JSON Lines, CSV and TSV",
                "HTML is taken apart by [source.select]",
            ),
        };
        if !fits {
            let named = Form::ALL.iter().find(|(_, known)| *known == form).map_or("", |(name, _)| name);
            let what = format!("[source.{key}], but `format` is {named:?}: it says nothing of such files");
            let complaint = Complaint::at(source.key_span(key), what).see(source.key_span("format"), "the form");
            self.complaints.push(complaint.hint(format!("[source.{key}] is for {forms}; {other}")));
        }
    }

    /// Where the fields of JSON and CSV stand.
    fn fields(&mut self, source: &Table<'_>) -> Option<Arc<Fields>> {
        let table = self.table(source, "fields", "[source.fields]")?;
        let mut fields = Fields::default();
        for key in keys_of(table.name) {
            let Some(value) = table.get(key) else { continue };
            // The number of a column may be written as one.
            let (text, span) = match value.get_ref() {
                DeValue::Integer(number) if matches!(number.as_str().as_bytes(), [b'0'] | [b'-', ..]) => {
                    let what = format!("`{key}` can't be {number}: columns are counted from 1");
                    self.complain(value.span(), what, "write the column's number, or its name");
                    continue;
                }
                DeValue::Integer(number) => (number.as_str().to_owned(), value.span()),
                _ => match self.text(&table, key) {
                    Some(text) => (text.text.to_owned(), text.span),
                    None => continue,
                },
            };
            let hint = "write a path as in \"$.results[*]\", or the name or number of a column";
            let at = At::new(&text).map_err(|what| Wrong::new(what, hint));
            let Some(at) = self.take(key, &span, at) else { continue };
            match part(key) {
                Some(part) => fields.parts.push((part, at)),
                None if text.starts_with('$') => fields.items = Some(at),
                None => {
                    let hint = "a path begins with `$`, as in items = \"$.results[*]\"";
                    self.complain(span, format!("`items` is no path: {text:?}"), hint);
                }
            }
        }
        if !fields.parts.is_empty() && table.get("title").is_none() {
            let hint = "where one field is said, no other is guessed: add title = \"…\"";
            self.complain(table.span.clone(), "[source.fields] without `title`: an item needs one", hint);
        }
        Some(Arc::new(fields))
    }

    /// Which elements of a page are the fields.
    fn select(&mut self, source: &Table<'_>) -> Option<Arc<Select>> {
        let table = self.table(source, "select", "[source.select]")?;
        for key in ["item", "title"] {
            if table.get(key).is_none() {
                let hint = format!("add {key} = \"…\": a CSS selector, as in \"article\" or \"h2 a\"");
                self.complain(table.span.clone(), format!("[source.select] without `{key}`"), hint);
            }
        }
        let mut item = None;
        let mut parts = Vec::new();
        for key in keys_of(table.name) {
            let Some(text) = self.text(&table, key) else { continue };
            if let Err(bad) = Select::check(text.text) {
                // A string without escapes stands in the file letter by letter, so the very sign can be shown.
                let at = text.span.start + 1 + bad.at;
                let is_plain = text.span.len() == text.text.len() + 2;
                let span = if is_plain { at..at + 1 } else { text.span };
                let hint = "write a CSS selector, as in \"ul.news > li\" or \"time[datetime]\"";
                self.complain(span, format!("`{key}` is no selector: {}", bad.what), hint);
                continue;
            }
            match part(key) {
                Some(part) => parts.push((part, text.text)),
                None => item = Some(text.text),
            }
        }
        Select::new(item?, &parts).ok().map(Arc::new)
    }

    /// A layout by its name, or two for a file with a list in each: `undated + newsroom`. `None` is `auto`.
    fn layout(&mut self, table: &Table<'_>) -> Option<String> {
        let own = self.own_names.clone();
        let known: Vec<&str> = layouts().iter().copied().chain(own.iter().map(String::as_str)).collect();
        if let Some(DeValue::String(text)) = table.get("layout").map(Spanned::get_ref)
            && let Some((one, next)) = text.split_once(Layout::THEN)
            && known.contains(&one)
            && known.contains(&next)
        {
            return Some(text.to_string());
        }
        let words: Vec<(&str, Option<&str>)> =
            std::iter::once(("auto", None)).chain(known.iter().map(|name| (*name, Some(*name)))).collect();
        self.word(table, "layout", &words).flatten().map(str::to_owned)
    }

    fn captured(&mut self, table: &Table<'_>) -> Option<CapturedPattern> {
        let hint = "write it like the names of the files: captured = \"news-%Y%m%d-%H%M.txt\"";
        self.parsed(table, "captured", |text| CapturedPattern::parse(text).map_err(|what| Wrong::new(what, hint)))
    }

    /// Complains when sources contradict each other about a site, for ids depend on it.
    fn sites(&mut self, tables: &[Table<'_>], sources: &[Named<'_>]) {
        let known: Vec<(&Table<'_>, &Source)> =
            tables.iter().zip(sources).filter_map(|(table, (_, source))| Some((table, source.as_ref()?))).collect();
        let span = |table: &Table<'_>| {
            let value = ["site_was", "site", "name"].into_iter().find_map(|key| table.get(key));
            value.map_or_else(|| table.span.clone(), Spanned::span)
        };
        for (i, (table, source)) in known.iter().enumerate() {
            let before = known.get(..i).unwrap_or_default();
            let find = |differs: &dyn Fn(&Source) -> bool| before.iter().find(|(_, other)| differs(other));
            let (other, what, hint) = if let Some((other, _)) =
                find(&|other| other.site == source.site && other.site_was != source.site_was)
            {
                let what = format!("two sources show the site {:?} but differ in `site_was`", source.site);
                (other, what, "write the same `site_was` in both: it decides the ids of the site's items")
            } else if let Some((other, _)) =
                find(&|other| other.site != source.site && other.namespace_site() == source.namespace_site())
            {
                let what = format!("two sites make their ids under one name, {:?}", source.namespace_site());
                (other, what, "if they are the same place, give both the same `site` and `site_was`")
            } else {
                continue;
            };
            self.complaints.push(Complaint::at(span(table), what).see(span(other), "the other").hint(hint));
        }
    }
}
