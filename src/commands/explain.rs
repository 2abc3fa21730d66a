//! `explain`: which line became which field, and why another was not used.

use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;

use serde::Serialize;
use serde_json::Value;

use super::look::{item_json, view};
use super::*;
use crate::config::escaped;
use crate::mill::item::Text;
use crate::mill::page::Page;
use crate::report::Count;

/// A page and what was made of it, as both formats tell it.
struct Told<'a> {
    /// The file's name, as it is shown.
    file: &'a str,
    page: &'a Page<'a>,
    explained: &'a scrape::Explained<'a>,
    captured: Option<Moment>,
    site: Site,
}

/// `explain FILE`.
pub(super) fn file(cli: &Cli, file: &Path) -> Result<Exit, Ended> {
    // The file may belong to a source of the config, which then says how it is read.
    let config = configured_if_any(cli)?;
    let listed = listed(config.as_ref(), file);
    let file = listed.as_deref().unwrap_or(file);
    let shown = escaped(file.as_os_str().as_bytes());
    let bytes = bytes_of(file).map_err(|error| {
        let trouble = Trouble::usage(format!("cannot read \"{shown}\"")).because(error);
        match shown.parse::<Key>() {
            Ok(id) => trouble.help(format!("a stored item is explained by feedmill explain --item {id}")),
            Err(_) if file.is_dir() => trouble.help("name a file in it"),
            Err(_) => trouble,
        }
    })?;
    let canonical = std::fs::canonicalize(file).ok();
    let sources = config.iter().flat_map(|config| &config.sources);
    let belongs = sources.into_iter().find_map(|source| Some((source, source.name_below(canonical.as_ref()?)?)));
    // Without a source the file is read as `feedmill --once FOLDER` would: the path as it was given stands for the one
    // below a folder, and the folder's name for the site.
    let given = file.to_string_lossy();
    let (page, site) = match &belongs {
        Some((source, below)) => (source.page(below, &bytes), Site::new(source.namespace_site())),
        None => {
            let folder = canonical.as_ref().and_then(|file| file.parent());
            let site = Site::new(&folder.map(config::source_of_folder).unwrap_or_default());
            (Page::open(&bytes, &given, None, scrape::Terms::default()), site)
        }
    };
    let page =
        page.map_err(|why| Trouble::new(Exit::Attention, format!("\"{shown}\" can't be read as a page: {why}")))?;
    let explained = page.explain();
    let captured = page.stated.or(explained.scrape.newest.map(Moment::Day));
    let told = Told { file: &shown, page: &page, explained: &explained, captured, site };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let told = match cli.global.format {
        Format::Json => told.json(&mut out),
        Format::Text => told.lines(&mut out, cli.global.color.wanted(io::stdout().is_terminal())),
    };
    let told = told.and_then(|()| out.flush());
    let scrape = &explained.scrape;
    let is_doubtful = scrape.refused.is_some() || scrape.confidence < scrape::DRIFT_BELOW;
    found(if is_doubtful { Exit::Attention } else { Exit::Done }, told.map_err(Ended::from))
}

/// Where a file lies that is not there under the name that was given, which may be the one that reports give it.
fn listed(config: Option<&Config>, file: &Path) -> Option<std::path::PathBuf> {
    let name = file.to_str().filter(|_| !file.exists())?;
    let mut sources = config?.sources.iter();
    sources.find_map(|source| source.files.path(name).filter(|path| path.exists()))
}

impl Told<'_> {
    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let scrape = &self.explained.scrape;
        let fault = |fault: &scrape::Fault| json!({"line": fault.line, "reason": fault.reason, "text": fault.text});
        let whole = Explanation {
            schema: 1,
            file: self.file,
            layout: &scrape.layout,
            confidence: scrape.confidence,
            rival: scrape.rival.as_ref(),
            language: scrape.language,
            captured: self.captured.map(Moment::instant),
            refused: scrape.refused.as_deref(),
            encoding: self.page.decoded.encoding,
            items: Each(|| scrape.drafts.iter().filter_map(|draft| told_item(draft, self.site))),
            faults: Each(|| scrape.faults.iter().map(fault)),
            blocks: &self.explained.blocks,
        };
        serde_json::to_writer(&mut *out, &whole)?;
        writeln!(out)
    }

    fn lines(&self, out: &mut dyn Write, colour: bool) -> io::Result<()> {
        let (file, scrape) = (self.file, &self.explained.scrape);
        let (layout, encoding) = (harmless(&scrape.layout), self.page.decoded.encoding);
        let language = scrape.language.map_or_else(String::new, |tag| format!(", language {tag}"));
        let captured = self.captured.map_or_else(|| "unknown".to_owned(), |moment| moment.instant().to_rfc3339());
        let confidence = scrape.confidence;
        writeln!(
            out,
            "{file}: layout {layout}, confidence {confidence:.2}, {encoding}{language}, captured {captured}"
        )?;
        for block in &self.explained.blocks {
            writeln!(out, "{}", told(block, colour))?;
        }
        for fault in &scrape.faults {
            writeln!(out, "line {}: {}: {}", fault.line, fault.reason, harmless(&fault.text))?;
        }
        if let Some(rival) = &scrape.rival {
            writeln!(
                out,
                "layout {} explains the file nearly as well ({:.3} behind) and reads {} other items: set `layout`",
                harmless(&rival.layout),
                rival.behind,
                rival.items
            )?;
        }
        match &scrape.refused {
            Some(reason) => writeln!(out, "no items: {reason}"),
            None => writeln!(out, "{}", Count(scrape.drafts.len(), "item")),
        }
    }
}

/// All that is told for programs, written as it is made: a file of a million blocks is not held a second time.
#[derive(Serialize)]
struct Explanation<'a, I, F> {
    schema: u32,
    file: &'a str,
    layout: &'a str,
    confidence: f64,
    rival: Option<&'a scrape::Rival>,
    language: Option<&'a str>,
    captured: Option<chrono::DateTime<chrono::Utc>>,
    refused: Option<&'a str>,
    encoding: &'a str,
    items: I,
    faults: F,
    blocks: &'a [scrape::BlockUse<'a>],
}

/// A list whose members are made one by one.
struct Each<F>(F);

impl<I: Iterator<Item = Value>, F: Fn() -> I> Serialize for Each<F> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

fn told_item(draft: &scrape::Draft<'_>, site: Site) -> Option<Value> {
    let account = identify::preview(draft)?;
    Some(json!({
        "id": site.key(&account), "title": account.title, "date": account.date, "date_end": account.date_end,
        "date_raw": account.date_raw, "time": account.time, "date_basis": account.basis,
        "summary": account.summary, "credit": account.credit, "kicker": account.kicker,
        "place": account.place, "section": draft.section, "number": draft.number, "link": draft.link,
        "line": draft.line, "truncated": draft.truncated.is_some(),
    }))
}

/// The bytes of a file, or of a pipe (`explain <(curl …)`), which may be endless.
pub(super) fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(inbox::MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > inbox::MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {} MiB, which no pass reads", inbox::MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

/// One block on one line: where, what it became, at what cost, and the beginning of its text.
fn told(block: &scrape::BlockUse<'_>, colour: bool) -> String {
    let style = match (colour, block.label, block.item) {
        (false, ..) => ("", ""),
        (_, "title", _) => ("\x1b[1m", "\x1b[0m"),
        (_, "date", _) => ("\x1b[36m", "\x1b[0m"),
        (_, "heading", _) => ("\x1b[35m", "\x1b[0m"),
        (_, _, None) => ("\x1b[2m", "\x1b[0m"),
        _ => ("", ""),
    };
    let item = block.item.map_or_else(String::new, |item| (item + 1).to_string());
    let text: String = harmless(&block.text).chars().take(90).collect();
    let reason = block.reason.map_or_else(String::new, |reason| format!("  [{reason}]"));
    let (on, off) = style;
    // A field is where it stands, at no price; a block costs what it costs.
    let price =
        block.from.as_deref().map_or_else(|| format!("{:>4.1}", block.cost), |from| format!("<- {}", harmless(from)));
    format!("{:>6} {:>4} {on}{:<8}{off} {price}  {on}{text}{off}{reason}", block.line, item, block.label)
}

/// What a page says must not steer a terminal.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `explain --item ID`: where a stored item comes from.
pub(super) fn item(cli: &Cli, id: Option<&Key>) -> Result<Exit, Ended> {
    let Some(id) = id else { return Err(Trouble::usage("explain needs a FILE or --item ID").into()) };
    let view = view(cli)?;
    let id = view.decided.decisions.root(*id);
    let mut found = None;
    view.each(&mut |item, sighted| {
        if item.id == id {
            found = Some((item, sighted));
        }
    })?;
    let Some((item, sighted)) = found else {
        return Err(Trouble::usage(format!("no item has the id {id}")).help("feedmill items lists them").into());
    };
    let retracted = view.decided.decisions.is_retracted(id);
    let feeds = view.store.feeds_of(&item).map_err(|error| view.failed(error))?;
    let known = view.store.known_sources().map_err(|error| view.failed(error))?;
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        writeln!(out, "{}", item_json(&item, &sighted, retracted, &feeds, &known))?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{}\n{}", item.title, item.id)?;
    let date = item.date.map_or_else(|| "none".to_owned(), |date| date.to_string());
    writeln!(out, "date {date} ({})", json!(item.basis).as_str().unwrap_or_default())?;
    for (what, value) in
        [("credit", &item.credit), ("kicker", &item.kicker), ("place", &item.place), ("summary", &item.summary)]
    {
        if let Some(value) = value {
            writeln!(out, "{what}: {value}")?;
        }
    }
    if !item.categories.is_empty() {
        let names: Vec<_> = item.categories.iter().map(Text::as_str).collect();
        writeln!(out, "categories: {}", names.join(", "))?;
    }
    match (retracted, feeds.as_slice()) {
        (true, _) => writeln!(out, "retracted, and in no feed")?,
        (false, []) => writeln!(out, "in no feed")?,
        (false, feeds) => writeln!(out, "in feeds: {}", feeds.join(", "))?,
    }
    for SightedAt { source, file, n, line, captured, disregarded, .. } in &sighted {
        let captured = captured.map_or_else(|| "unknown".to_owned(), |when| when.to_rfc3339());
        let is_out = if *disregarded { ", disregarded" } else { "" };
        writeln!(out, "sighted in {file}:{line} (source {source}, content {n}, captured {captured}{is_out})")?;
    }
    Ok(Exit::Done)
}
