//! `[[source]]`: what is read, and how.

use super::*;
use crate::mill::scrape;

impl Reader<'_> {
    pub(super) fn name<'t>(&mut self, table: &Table<'t>) -> Option<Text<'t>> {
        let Some(value) = table.get("name") else {
            let complaint = Complaint::at(table.span.clone(), format!("{} without a `name`", table.name));
            self.complain(complaint.hint("add name = \"…\": short, and for good, because addresses are made of it"));
            return None;
        };
        let DeValue::String(text) = value.get_ref() else {
            let _ = self.text(table, "name");
            return None;
        };
        let _ = self.take("name", &value.span(), values::name(text));
        Some(Text { text, span: value.span() })
    }

    /// What the tables `[[source]]` say, each with its name. What can't be read has left its place empty: feeds and
    /// categories count on the numbers of the others.
    pub(super) fn source_tables<'t>(
        &mut self,
        top: &Table<'t>,
        written: &mut Vec<Written>,
        warnings: &mut Vec<String>,
    ) -> (Vec<Option<Text<'t>>>, Vec<Option<Source>>) {
        let tables = self.tables(top, "source", "[[source]]");
        let is_none = |value: &Value<'_>| matches!(value.get_ref(), DeValue::Array(list) if list.is_empty());
        if tables.is_empty() && top.get("source").is_none_or(is_none) {
            let hint = "add a [[source]] with a name and files, as in name = \"news\", files = [\"scrapes/**/*.txt\"]";
            self.complain(Complaint::whole("no [[source]]: there is nothing to read").hint(hint));
        }
        let mut names: Vec<Option<Text<'t>>> = Vec::new();
        let mut sources = Vec::new();
        for (number, table) in tables.iter().enumerate() {
            let (name, source) = self.source(table, number, written, warnings);
            if let Some(name) = &name
                && let Some(before) = names.iter().flatten().find(|before| before.text == name.text)
            {
                let what = format!("two sources are named {:?}", name.text);
                let complaint = Complaint::at(name.span.clone(), what).see(before.span.clone(), "the first");
                self.complain(complaint.hint("give each its own name, or put all patterns into one source"));
            }
            names.push(name);
            sources.push(source);
        }
        self.sites(&tables, &sources);
        (names, sources)
    }

    fn source<'t>(
        &mut self,
        table: &Table<'t>,
        number: usize,
        written: &mut Vec<Written>,
        warnings: &mut Vec<String>,
    ) -> (Option<Text<'t>>, Option<Source>) {
        let name = self.name(table);
        let files = self.files(table, number, written);
        let shown = name.as_ref().map_or("?", |name| name.text).to_owned();
        let site = self.title(table, "site");
        if site.is_none() && table.get("site").is_none() {
            warnings.push(format!(
                "source {shown:?} has no `site`, so its name stands in: ids are made of it, and change if it changes; \
                 write site = {shown:?} to keep it whatever the source is called"
            ));
        }
        let mut site_was = Vec::new();
        for text in self.texts(table, "site_was").unwrap_or_default() {
            match crate::mill::item::Text::new(text.text) {
                Some(clean) if clean.as_str() == text.text.trim() => site_was.push(clean.into()),
                _ => self.complain(
                    Complaint::at(text.span, format!("`site_was` can't hold {:?}", text.text))
                        .hint("write the names the site had before, as they stood in `site`, the oldest first"),
                ),
            }
        }
        let title = self.title(table, "title");
        let url = self.text(table, "url").and_then(|text| self.take("url", &text.span, values::url(text.text)));
        let language = self.text(table, "language");
        let language =
            language.and_then(|text| self.take("language", &text.span, values::language(text.text))).flatten();
        let timezone = self.timezone(table).unwrap_or(Zone::UTC);
        let forms: Vec<(&str, Option<Form>)> =
            std::iter::once(("auto", None)).chain(Form::ALL.map(|(name, form)| (name, Some(form)))).collect();
        let form = self.word(table, "format", &forms).flatten();
        let fields = self.fields(table);
        let select = self.select(table);
        for key in ["fields", "select"] {
            self.form_fits(table, form, key);
        }
        let own = std::sync::Arc::clone(&self.own);
        let built_in = scrape::layouts().iter().copied();
        let own_names = self.own_names.clone();
        let layouts = std::iter::once("auto").chain(built_in).chain(own_names.iter().map(String::as_str));
        let layouts: Vec<(&str, &str)> = layouts.map(|name| (name, name)).collect();
        // `undated + newsroom`: a file with a list in each.
        let known = |name: &str| name != "auto" && layouts.iter().any(|(word, _)| *word == name);
        let pair = match table.get("layout").map(|value| value.get_ref()) {
            Some(DeValue::String(text)) => text
                .split_once(Layout::THEN)
                .is_some_and(|(one, next)| known(one) && known(next))
                .then(|| text.to_string()),
            _ => None,
        };
        let layout = match pair {
            Some(pair) => Some(pair),
            None => self.word(table, "layout", &layouts).filter(|name| *name != "auto").map(str::to_owned),
        };
        let captured = self.text(table, "captured").and_then(|text| {
            let pattern = CapturedPattern::parse(text.text);
            let hint = "write it like the names of the files: captured = \"news-%Y%m%d-%H%M.txt\"".to_owned();
            self.take("captured", &text.span, pattern.map_err(|what| Wrong { what, hint: Some(hint) }))
        });
        let undated = [("skip", Undated::Skip), ("first-seen", Undated::FirstSeen)];
        let undated = self.word(table, "undated", &undated).unwrap_or_default();
        let orders = [("dmy", DateOrder::Dmy), ("mdy", DateOrder::Mdy), ("ymd", DateOrder::Ymd)];
        let date_order = self.word(table, "date_order", &orders);
        let empty = self.word(table, "empty", &[("drift", Empty::Drift), ("fine", Empty::Fine)]).unwrap_or_default();
        let keep = self.keep(table);
        let source = files.map(|files| Source {
            site: site.unwrap_or_else(|| shown.clone()),
            title: title.unwrap_or_else(|| shown.clone()),
            name: shown,
            files,
            site_was,
            url,
            language,
            timezone,
            form,
            fields,
            select,
            layout,
            layouts: own,
            captured,
            undated,
            date_order,
            empty,
            keep,
        });
        let source = if name.is_some() { source } else { None };
        (name, source)
    }

    /// Where the fields of JSON and CSV stand.
    pub(super) fn fields(&mut self, source: &Table<'_>) -> Option<Arc<Fields>> {
        let table = self.table(source, "fields", "[source.fields]")?;
        let mut fields = Fields::default();
        for key in keys_of(table.name) {
            let Some(value) = table.get(key) else { continue };
            // The number of a column may be written as one.
            let (text, span) = match value.get_ref() {
                DeValue::Integer(number) if matches!(number.as_str().as_bytes(), [b'0'] | [b'-', ..]) => {
                    let what = format!("`{key}` can't be {number}: columns are counted from 1");
                    self.complain(Complaint::at(value.span(), what).hint("write the column's number, or its name"));
                    continue;
                }
                DeValue::Integer(number) => (number.as_str().to_owned(), value.span()),
                _ => match self.text(&table, key) {
                    Some(text) => (text.text.to_owned(), text.span),
                    None => continue,
                },
            };
            let hint = "write a path as in \"$.results[*]\", or the name or number of a column".to_owned();
            let at = At::new(&text).map_err(|what| Wrong { what, hint: Some(hint) });
            let Some(at) = self.take(key, &span, at) else { continue };
            match part(key) {
                Some(part) => fields.parts.push((part, at)),
                None if text.starts_with('$') => fields.items = Some(at),
                None => {
                    let complaint = Complaint::at(span, format!("`items` is no path: {text:?}"));
                    self.complain(complaint.hint("a path begins with `$`, as in items = \"$.results[*]\""));
                }
            }
        }
        if !fields.parts.is_empty() && table.get("title").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[source.fields] without `title`: an item needs one");
            self.complain(complaint.hint("where one field is said, no other is guessed: add title = \"…\""));
        }
        Some(Arc::new(fields))
    }

    /// A form that is stated has to be one that the table `key` speaks of: else the table would be passed over in
    /// silence.
    fn form_fits(&mut self, source: &Table<'_>, form: Option<Form>, key: &str) {
        let Some(form) = form.filter(|_| source.get(key).is_some()) else { return };
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
            self.complain(complaint.hint(format!("[source.{key}] is for {forms}; {other}")));
        }
    }

    /// Which elements of a page are the fields.
    pub(super) fn select(&mut self, source: &Table<'_>) -> Option<Arc<Select>> {
        let table = self.table(source, "select", "[source.select]")?;
        for key in ["item", "title"] {
            if table.get(key).is_none() {
                let complaint = Complaint::at(table.span.clone(), format!("[source.select] without `{key}`"));
                self.complain(
                    complaint.hint(format!("add {key} = \"…\": a CSS selector, as in \"article\" or \"h2 a\"")),
                );
            }
        }
        let mut item = None;
        let mut parts = Vec::new();
        for key in keys_of(table.name) {
            let Some(text) = self.text(&table, key) else { continue };
            if let Err(bad) = Select::check(text.text) {
                // A string of one line in simple quotes stands in the file letter by letter.
                let at = text.span.start + 1 + bad.at;
                let plain = text.span.len() == text.text.len() + 2;
                let span = if plain { at..at + 1 } else { text.span };
                let complaint = Complaint::at(span, format!("`{key}` is no selector: {}", bad.what));
                self.complain(complaint.hint("write a CSS selector, as in \"ul.news > li\" or \"time[datetime]\""));
                continue;
            }
            match part(key) {
                Some(part) => parts.push((part, text.text)),
                None => item = Some(text.text),
            }
        }
        Select::new(item?, &parts).ok().map(Arc::new)
    }

    pub(super) fn files(&mut self, table: &Table<'_>, source: usize, written: &mut Vec<Written>) -> Option<Files> {
        if table.get("files").is_none() {
            let complaint = Complaint::at(table.span.clone(), "[[source]] without `files`");
            self.complain(complaint.hint("add files = [\"scrapes/**/*.txt\"], relative to the folder of this config"));
        }
        let patterns = self.texts(table, "files")?;
        if patterns.is_empty()
            && let Some(value) = table.get("files")
            && matches!(value.get_ref(), DeValue::Array(array) if array.is_empty())
        {
            let complaint = Complaint::at(value.span(), "`files` is empty: the source has nothing to read");
            self.complain(complaint.hint("name its files: files = [\"scrapes/**/*.txt\"]"));
        }
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
                written.push(Written { source, span: text.span.clone(), files });
            }
        }
        let files = self.take("files", &table.key_span("files"), all.build())?;
        (good && !patterns.is_empty()).then_some(files)
    }

    pub(super) fn timezone(&mut self, table: &Table<'_>) -> Option<Zone> {
        let text = self.text(table, "timezone")?;
        if let Some(zone) = Zone::named(text.text) {
            return Some(zone);
        }
        let complaint = Complaint::at(text.span, format!("`timezone`: there is no zone {:?}", text.text));
        let near = nearest(text.text, Zone::names());
        let city = text.text.rsplit('/').next().unwrap_or(text.text).replace(' ', "_");
        let near = near.or_else(|| {
            Zone::names().find(|name| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city)))
        });
        self.complain(match near {
            Some(near) => complaint.hint(format!("did you mean \"{near}\"?")),
            None => complaint.hint("write the name of a zone, such as \"Europe/Moscow\" or \"UTC\""),
        });
        None
    }

    /// What one source says of a site the others may not contradict: ids depend on it.
    pub(super) fn sites(&mut self, tables: &[Table<'_>], sources: &[Option<Source>]) {
        let known: Vec<(&Table<'_>, &Source)> =
            tables.iter().zip(sources).filter_map(|(table, source)| Some((table, source.as_ref()?))).collect();
        for (i, (table, source)) in known.iter().enumerate() {
            let before = known.get(..i).unwrap_or_default();
            let span = |table: &Table<'_>, key: &str| {
                [key, "site", "name"]
                    .into_iter()
                    .find_map(|key| table.get(key))
                    .map_or_else(|| table.span.clone(), Spanned::span)
            };
            if let Some((other, _)) =
                before.iter().find(|(_, other)| other.site == source.site && other.site_was != source.site_was)
            {
                let what = format!("two sources show the site {:?} but differ in `site_was`", source.site);
                let complaint = Complaint::at(span(table, "site_was"), what).see(span(other, "site_was"), "the other");
                self.complain(
                    complaint.hint("write the same `site_was` in both: it decides the ids of the site's items"),
                );
            } else if let Some((other, _)) = before
                .iter()
                .find(|(_, other)| other.site != source.site && other.namespace_site() == source.namespace_site())
            {
                let what = format!("two sites make their ids under one name, {:?}", source.namespace_site());
                let complaint = Complaint::at(span(table, "site_was"), what).see(span(other, "site_was"), "the other");
                self.complain(complaint.hint("if they are the same place, give both the same `site` and `site_was`"));
            }
        }
    }
}
