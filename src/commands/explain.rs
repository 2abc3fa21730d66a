//! `explain`: which line became which field, and why another was not used.

use std::borrow::Cow;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;

use serde::Serialize;
use serde_json::Value;

use super::look::{item_json, view};
use super::*;
use crate::config::escaped;
use crate::mill::item::Text;
use crate::mill::page::Page;

/// `explain FILE`.
pub(super) fn file(cli: &Cli, file: &Path) -> Result<Exit, Ended> {
    let shown = escaped(file.as_os_str().as_bytes());
    let bytes = bytes_of(file).map_err(|error| Trouble::usage(format!("cannot read \"{shown}\"")).because(error))?;
    // The file may belong to a source of the config, which then says how it is read.
    let config = match config::find(&cli.given(), &Surroundings::of_process()) {
        Some(_) => Some(configured(cli)?),
        None => None,
    };
    let canonical = std::fs::canonicalize(file).ok();
    let belongs = config
        .iter()
        .flat_map(|config| &config.sources)
        .find_map(|source| Some((source, source.name_below(canonical.as_ref()?)?)));
    // Without a source the path as it was given stands for the one below a folder.
    let given = file.to_string_lossy();
    let page = match &belongs {
        Some((source, below)) => source.page(below, &bytes),
        None => Page::open(&bytes, &given, None, scrape::Terms::default()),
    };
    let page =
        page.map_err(|why| Trouble::new(Exit::Attention, format!("\"{shown}\" can't be read as a page: {why}")))?;
    let explained = page.explain();
    let scrape = &explained.scrape;
    let captured = page.stated.or(scrape.newest.map(Moment::Day));
    // Without a source the file is read as `feedmill --once FOLDER` would.
    let site = belongs.as_ref().map_or_else(
        || {
            canonical
                .as_ref()
                .and_then(|file| Some(file.parent()?.file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_default()
        },
        |(source, _)| source.namespace_site().to_owned(),
    );
    let exit = match scrape.refused.is_some() || scrape.confidence < scrape::DRIFT_BELOW {
        true => Exit::Attention,
        false => Exit::Done,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    if cli.global.format == Format::Json {
        let whole = Explanation {
            schema: 1,
            file: shown,
            layout: &scrape.layout,
            confidence: scrape.confidence,
            rival: scrape.rival.as_ref(),
            language: scrape.language,
            captured: captured.map(Moment::instant),
            refused: scrape.refused.as_deref(),
            encoding: page.decoded.encoding,
            items: Each(|| scrape.drafts.iter().filter_map(|draft| told_item(draft, Site::new(&site)))),
            faults: Each(|| {
                let told =
                    |fault: &scrape::Fault| json!({"line": fault.line, "reason": fault.reason, "text": fault.text});
                scrape.faults.iter().map(told)
            }),
            blocks: &explained.blocks,
        };
        serde_json::to_writer(&mut out, &whole).map_err(io::Error::from)?;
        writeln!(out)?;
        out.flush()?;
        return Ok(exit);
    }
    let colour = cli.global.color.wanted(io::stdout().is_terminal());
    write!(
        out,
        "{shown}: layout {}, confidence {:.2}, {}",
        harmless(&scrape.layout),
        scrape.confidence,
        page.decoded.encoding
    )?;
    writeln!(
        out,
        "{}, captured {}",
        scrape.language.map_or_else(String::new, |tag| format!(", language {tag}")),
        captured.map_or_else(|| "unknown".to_owned(), |moment| moment.instant().to_rfc3339())
    )?;
    for block in &explained.blocks {
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
        Some(reason) => writeln!(out, "no items: {reason}")?,
        None => writeln!(out, "{} items", scrape.drafts.len())?,
    }
    out.flush()?;
    Ok(exit)
}

/// All that is told for programs, written as it is made: a file of a million blocks is not held a second time.
#[derive(Serialize)]
struct Explanation<'a, I, F> {
    schema: u32,
    file: Cow<'a, str>,
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
    let account = identify::said(draft)?;
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
    for SightedAt { source, file, n, line, captured, .. } in &sighted {
        let captured = captured.map_or_else(|| "unknown".to_owned(), |when| when.to_rfc3339());
        writeln!(out, "sighted in {file}:{line} (source {source}, content {n}, captured {captured})")?;
    }
    Ok(Exit::Done)
}
