//! `check`: what is wrong with config and surroundings, where, and what would help. It never takes the lock.

use std::collections::BTreeMap;

use super::samples::{Compared, Comparison};
use super::*;
use crate::report::Count;
use crate::store::ReadPath;

/// Something that `check` found.
struct Finding {
    what: String,
    help: &'static str,
    /// A pass would end with more than 0 for it; the rest is advice.
    wrong: bool,
}

/// `check`: config and surroundings; with `samples` also what would be read otherwise than it is stored.
pub(super) fn check(cli: &Cli, samples: bool) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let advice =
        |what: &String| Finding { what: what.clone(), help: "say it in the config, or leave it so", wrong: false };
    let mut findings: Vec<Finding> = config.warnings.iter().map(advice).collect();
    let keep_out = KeepOut::of([config.state.as_path(), config.output.as_path()]);
    // What the store knows need not be read again, unless it is what is asked.
    let mut comparison = if samples { Some(Comparison::of(cli)?) } else { None };
    let known = if samples { BTreeMap::new() } else { known(&config)? };
    let mut sources = Vec::new();
    for source in &config.sources {
        let known = known.get(&source.name);
        sources.push(look_over(source, &keep_out, known, comparison.as_mut(), &mut findings)?);
    }
    for (what, folder) in [("state", &config.state), ("output", &config.output)] {
        if let Err(error) = writable(folder) {
            let what = format!("the {what} folder \"{}\" can't be written: {error}", folder.display());
            findings.push(Finding { what, help: "let the user that runs feedmill write there", wrong: true });
        }
    }
    let compared = comparison.map(|comparison| comparison.compared);
    if compared.as_ref().is_some_and(Compared::loses) {
        let what = "items of the store are read no more from pages that are still there".to_owned();
        findings.push(Finding {
            what,
            help: "a pass keeps the old reading; feedmill explain FILE tells why",
            wrong: true,
        });
    }
    tell(cli, &config, &sources, compared.as_ref(), &findings)
}

fn tell(
    cli: &Cli,
    config: &Config,
    sources: &[serde_json::Value],
    compared: Option<&Compared>,
    findings: &[Finding],
) -> Result<Exit, Ended> {
    let wrong = findings.iter().any(|finding| finding.wrong);
    let exit = if wrong { Exit::Attention } else { Exit::Done };
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        let findings: Vec<_> = findings
            .iter()
            .map(|Finding { what, help, wrong }| json!({"what": what, "help": help, "wrong": wrong}))
            .collect();
        let mut whole = json!({"schema": 1, "sources": sources, "findings": findings});
        if let (Some(compared), Some(whole)) = (compared, whole.as_object_mut()) {
            whole.insert("samples".to_owned(), compared.json());
        }
        writeln!(out, "{whole}")?;
        return Ok(exit);
    }
    let file = config.file.as_ref().map_or_else(|| "no config".to_owned(), |file| file.display().to_string());
    let (sources_count, feeds) = (Count(config.sources.len(), "source"), Count(config.feeds.len(), "feed"));
    writeln!(out, "{file}: {sources_count}, {feeds}")?;
    for source in sources {
        let files = source["files"].as_u64().and_then(|files| usize::try_from(files).ok()).unwrap_or_default();
        writeln!(out, "source {}: {}", source["name"].as_str().unwrap_or_default(), Count(files, "file"))?;
    }
    if let Some(compared) = compared {
        compared.tell(&mut out)?;
    }
    for Finding { what, help, .. } in findings {
        writeln!(out, "{what}\n  help: {help}")?;
    }
    if !wrong {
        writeln!(out, "nothing wrong")?;
    }
    Ok(exit)
}

/// What the store knows of the files of each source, by path.
type Read = BTreeMap<String, ReadPath>;

/// What was read of the config's sources; nothing where there is no store yet.
fn known(config: &Config) -> Result<BTreeMap<String, Read>, Ended> {
    let file = config.state.join(state::STORE);
    if !Sqlite::is_there(&file) {
        return Ok(BTreeMap::new());
    }
    let store = State::look(&config.state)?;
    let failed = |error| Ended::from(state::unusable(&file, error));
    let sources = store.known_sources().map_err(failed)?;
    sources.into_iter().map(|known| Ok((known.name, store.read_paths(known.no).map_err(failed)?))).collect()
}

/// Looks over the files of one source. Each is read at most once, and not at all where the store knows what a pass would
/// make of it.
fn look_over(
    source: &config::Source,
    keep_out: &KeepOut,
    known: Option<&Read>,
    mut comparison: Option<&mut Comparison>,
    findings: &mut Vec<Finding>,
) -> Result<serde_json::Value, Ended> {
    let name = &source.name;
    let mut find = |what: String, help, wrong| {
        findings.push(Finding { what: format!("source {name:?}{what}"), help, wrong });
    };
    let listing = inbox::list(&source.files, keep_out);
    for skipped in &listing.skipped {
        find(format!(": {}: {}", skipped.name, skipped.reason), "mend or exclude it", true);
    }
    if listing.files.is_empty() {
        find(": no file matches".to_owned(), "look at its `files`", false);
    }
    let mut layouts: BTreeMap<String, usize> = BTreeMap::new();
    let mut buffer = Vec::new();
    let (mut silent, mut refused) = (0, 0);
    let revision = pass::revision(source);
    for seen in &listing.files {
        let read = known.and_then(|known| known.get(&*seen.name));
        if let Some(ReadPath { row, layout }) = read
            && (row.stat, row.revision, row.racy) == (seen.stat, revision, false)
        {
            silent += usize::from(source.stated(seen.below()).is_none());
            refused += usize::from(row.items == 0);
            if let Some(layout) = layout {
                *layouts.entry(layout.to_string()).or_default() += 1;
            }
            continue;
        }
        match inbox::read(&source.files, &seen.name, keep_out, inbox::MAX_BYTES, &mut buffer) {
            Ok(_) => {}
            Err(inbox::SkipReason::Gone) => continue,
            Err(reason) => {
                find(format!(": {}: {reason}", seen.name), "mend or exclude it", true);
                continue;
            }
        }
        let page = match source.page(seen.below(), &buffer) {
            Ok(page) => page,
            Err(why) => {
                find(format!(": {}: {why}", seen.name), "mend or exclude it", true);
                continue;
            }
        };
        silent += usize::from(page.stated.is_none());
        let scrape = page.parse();
        if let Some(comparison) = &mut comparison {
            comparison.with(source, &seen.name, &buffer, &scrape)?;
        }
        match scrape.refused {
            Some(_) => refused += 1,
            None => *layouts.entry(scrape.layout.into_owned()).or_default() += 1,
        }
    }
    let files = listing.files.len();
    if silent > 0 {
        find(
            format!(
                ": {silent} of {files} file names do not say when they were captured, so the newest date that each \
                 lists stands in"
            ),
            "put the day into the names (news-2021-04-28.txt), or set `captured`",
            false,
        );
    }
    if refused > 0 {
        find(format!(": {refused} of {files} files give no items"), "feedmill explain FILE tells why", false);
    }
    if layouts.len() > 1 {
        let told: Vec<String> = layouts.iter().map(|(name, files)| format!("{name} ({files})")).collect();
        let told = told.join(", ");
        find(format!(" is read with {} layouts: {told}", layouts.len()), "set `layout`", false);
    }
    Ok(json!({"name": name, "files": files, "refused": refused, "layouts": layouts}))
}

/// Whether files can be made in `folder`, or in the nearest one above it that exists.
fn writable(folder: &Path) -> io::Result<()> {
    let mut there = folder;
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(io::Error::from)
}
