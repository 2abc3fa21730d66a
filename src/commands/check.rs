//! `check`: what is wrong with config and surroundings, where, and what would help. It never takes the lock.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::pairs;
use super::samples::{Compared, Comparison};
use super::*;
use crate::decided;
use crate::drift;
use crate::http::Listener;
use crate::mill::decisions::Decisions;
use crate::mill::page::Page;
use crate::operations::Kind;
use crate::pass::{InTheWay, NewIds};
use crate::report::Count;
use crate::store::{KnownSource, LedgerRow, ReadPath};

/// So many days before what a page lists its name is likely wrong: few pages announce things so far ahead.
const EARLY: i64 = 300;

/// Something that `check` found.
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) help: Cow<'static, str>,
    /// A pass would end with more than 0 for it, or subscribers be told what is not true; the rest is advice.
    pub(super) wrong: bool,
}

/// `check`: config and surroundings; with `samples` also what would be read otherwise than it is stored.
pub(super) fn check(cli: &Cli, samples: bool) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    let advice = |what: &String| Finding {
        what: what.clone(),
        help: "say it in the config, or leave it so".into(),
        wrong: false,
    };
    let keep_out = pass::keep_out(&config);
    let called = called(cli);
    // What the store knows need not be read again, unless it is what is asked.
    let mut comparison = if samples { Some(Comparison::of(cli)?) } else { None };
    let known = if samples { None } else { Known::of(&config)? };
    let mut findings = Vec::new();
    if let Some(known) = &known {
        otherwise_known(&config, known, &keep_out, &mut findings)?;
        kept(&config, known, &mut findings)?;
    }
    findings.extend(config.warnings.iter().map(advice));
    let mut sources = Vec::new();
    let listings = inbox::list_all(config.sources.iter().map(|source| &source.files), &keep_out);
    for (source, listing) in config.sources.iter().zip(&listings) {
        if listing.is_empty() {
            let (what, help) = pass::nothing_to_read(&config, source, listing);
            let what = format!("source {:?}: {what}", source.name);
            findings.push(Finding { what, help: help.into(), wrong: false });
        }
        sources.push(look_over(
            (source, listing),
            (&keep_out, &called),
            known.as_ref(),
            comparison.as_mut(),
            &mut findings,
        )?);
    }
    unwritable(&config, &mut findings);
    not_ours(&config, known.as_ref(), &mut findings)?;
    if let Some(socket) = config.serve.as_ref().and_then(|serve| serve.socket.as_ref())
        && let Some((why, help)) = no_place_for(socket)
    {
        let what = format!("the socket \"{}\" can't be made: {why}", socket.display());
        findings.push(Finding { what, help: help.into(), wrong: true });
    }
    if let Some(known) = &known {
        let all = cli.global.format == Format::Json;
        pairs::tell(&known.store, &known.decisions, (&called, all), &mut findings)
            .map_err(|error| known.failed(error))?;
        let told = unseen::tell(&config, &known.store, &known.names, &known.decisions, &mut findings);
        told.map_err(|error| known.failed(error))?;
    }
    let compared = comparison.map(|comparison| comparison.compared);
    if compared.as_ref().is_some_and(Compared::loses) {
        let what = "items of the store are read no more from pages that are still there".to_owned();
        findings.push(Finding {
            what,
            help: "a pass keeps the old reading; feedmill explain FILE tells why".into(),
            wrong: true,
        });
    }
    let exit = if findings.iter().any(|finding| finding.wrong) { Exit::Attention } else { Exit::Done };
    found(exit, tell(cli, &config, &sources, compared.as_ref(), &findings))
}

fn tell(
    cli: &Cli,
    config: &Config,
    sources: &[Surveyed<'_>],
    compared: Option<&Compared>,
    findings: &[Finding],
) -> Result<(), Ended> {
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
        return Ok(());
    }
    let file = config.file.as_ref().map_or_else(|| "no config".to_owned(), |file| file.display().to_string());
    let (sources_count, feeds) = (Count(config.sources.len(), "source"), Count(config.feeds.len(), "feed"));
    writeln!(out, "{file}: {sources_count}, {feeds}")?;
    for Surveyed { name, files, .. } in sources {
        writeln!(out, "source {name}: {}", Count(*files, "file"))?;
    }
    if let Some(compared) = compared {
        compared.tell(&mut out)?;
    }
    for Finding { what, help, .. } in findings {
        writeln!(out, "{what}\n  help: {help}")?;
    }
    if findings.is_empty() {
        writeln!(out, "nothing wrong")?;
    } else if !findings.iter().any(|finding| finding.wrong) {
        writeln!(out, "nothing wrong otherwise")?;
    }
    Ok(())
}

/// What the store knows of the files of each source, by path.
type Read = BTreeMap<String, ReadPath>;

/// What was read of the config's sources, and the store that knows it.
struct Known {
    store: Sqlite,
    state: std::path::PathBuf,
    names: Vec<KnownSource>,
    sources: BTreeMap<String, Read>,
    decisions: Decisions,
}

impl Known {
    /// `None` where there is no store yet.
    fn of(config: &Config) -> Result<Option<Self>, Ended> {
        let state = config.state.clone();
        if !Sqlite::is_there(&state.join(state::STORE)) {
            return Ok(None);
        }
        let store = State::look(&state)?;
        let failed = |error| Ended::from(state::unusable(&state, error));
        let names = store.known_sources().map_err(failed)?;
        let read = |known: &KnownSource| Ok((known.name.clone(), store.read_paths(known.no).map_err(failed)?));
        let sources = names.iter().map(read).collect::<Result<_, Ended>>()?;
        let decisions = Decided::read(&state)?.decisions;
        Ok(Some(Self { store, state, names, sources, decisions }))
    }

    fn path(&self, source: &str, file: &str) -> Option<&ReadPath> {
        self.sources.get(source)?.get(file)
    }

    /// The time of capture and the version of what was read last.
    fn capture(&self, row: &LedgerRow) -> Result<(Option<Moment>, u32), Ended> {
        let found = self.store.capture_of(row.source, &row.path).map_err(|error| self.failed(error))?;
        Ok((found.0.when, found.1))
    }

    fn failed(&self, error: StoreError) -> Ended {
        state::unusable(&self.state, error).into()
    }
}

/// A file that a pass would look at, as far as drift is concerned.
struct Looked<'a> {
    file: &'a str,
    /// As the store knows it.
    row: Option<&'a LedgerRow>,
    /// It holds something else than what the store knows of it.
    is_other: bool,
    /// When it was captured, if it was read here.
    when: Option<Moment>,
    /// Why it is drift, should it be the newest.
    drift: Option<String>,
}

/// Those files that the next pass reports as drift.
fn drifted<'a>(looked: &'a [Looked<'_>], known: Option<&Known>) -> Result<Vec<&'a Looked<'a>>, Ended> {
    if looked.iter().all(|looked| looked.drift.is_none()) {
        return Ok(Vec::new());
    }
    let mut captures = Vec::with_capacity(looked.len());
    for Looked { row, is_other, when, .. } in looked {
        captures.push(match (known, row) {
            // What takes the place of another content is no older than that, and of a later version.
            (Some(known), Some(row)) => {
                let (before, version) = known.capture(row)?;
                let when = before.into_iter().chain(*when).max_by_key(|when| when.instant());
                (when, version.saturating_add(u32::from(*is_other)))
            }
            _ => (*when, 0),
        });
    }
    let newest = looked.iter().zip(drift::newest(&captures));
    Ok(newest.filter(|(looked, is_newest)| *is_newest && looked.drift.is_some()).map(|(looked, _)| looked).collect())
}

/// What is told of a source.
#[derive(Serialize)]
struct Surveyed<'s> {
    name: &'s str,
    files: usize,
    refused: usize,
    layouts: BTreeMap<String, usize>,
}

/// What the files of a source gave.
struct Survey<'a> {
    source: &'a config::Source,
    known: Option<&'a Known>,
    /// How many names do not say when they were captured.
    silent: usize,
    /// How many names the source's own pattern fits.
    fitting: usize,
    /// The files whose names state a day long before one that they list: the name, that day, and the listed one. Those
    /// that are disregarded are left out.
    early: Vec<(&'a str, NaiveDate, NaiveDate)>,
    /// How many files give no items.
    refused: usize,
    /// How many files are read with which layout.
    layouts: BTreeMap<String, usize>,
    looked: Vec<Looked<'a>>,
    /// Of the files read here, how many items have a date that may be two days, and one such date.
    doubtful: Option<(usize, String)>,
}

/// Looks over the files of one source. Each is read at most once, and not at all where the store knows what a pass
/// would make of it.
fn look_over<'s>(
    (source, listing): (&'s config::Source, &inbox::Listing),
    (keep_out, called): (&KeepOut, &str),
    known: Option<&Known>,
    mut comparison: Option<&mut Comparison>,
    findings: &mut Vec<Finding>,
) -> Result<Surveyed<'s>, Ended> {
    let mut find = |what: String, help, wrong| {
        findings.push(Finding { what: format!("source {:?}{what}", source.name), help, wrong });
    };
    for skipped in &listing.skipped {
        let help = match skipped.reason {
            inbox::SkipReason::NoFolder => "make it, or look at `files`".into(),
            _ => "mend or exclude it".into(),
        };
        find(format!(": {}: {}", skipped.name, skipped.reason), help, true);
    }
    let (layouts, looked) = (BTreeMap::new(), Vec::new());
    let mut survey =
        Survey { source, known, silent: 0, fitting: 0, early: Vec::new(), refused: 0, layouts, looked, doubtful: None };
    let revision = pass::revision(source);
    let mut buffer = Vec::new();
    for seen in &listing.files {
        let read = known.and_then(|known| known.path(&source.name, &seen.name));
        let stands = |of: &&ReadPath| (of.row.stat, of.row.revision, of.row.racy) == (seen.stat, revision, false);
        if let Some(read) = read.filter(stands) {
            survey.stored(seen, read);
            continue;
        }
        let found = inbox::read(&source.files, &seen.name, keep_out, inbox::MAX_BYTES, &mut buffer);
        let page = match found {
            Ok(_) => source.page(seen.below(), &buffer).map_err(|why| why.to_string()),
            Err(inbox::SkipReason::Gone) => continue,
            Err(reason) => Err(reason.to_string()),
        };
        match page {
            Ok(page) => survey.read(seen, read, &page, &buffer, comparison.as_deref_mut())?,
            Err(why) => find(format!(": {}: {why}", seen.name), "mend or exclude it".into(), true),
        }
    }
    let files = listing.files.len();
    survey.conclude(files, &mut find)?;
    survey.conclude_drift(called, &mut find)?;
    Ok(Surveyed { name: &source.name, files, refused: survey.refused, layouts: survey.layouts })
}

impl<'a> Survey<'a> {
    /// A file as the store knows it.
    fn stored(&mut self, seen: &'a inbox::Seen, ReadPath { row, layout, newest }: &'a ReadPath) {
        self.state(seen, row.digest, self.source.stated(seen.below()), *newest);
        self.refused += usize::from(row.items == 0);
        let drift = row.drift.clone();
        self.looked.push(Looked { file: &seen.name, row: Some(row), is_other: false, when: None, drift });
        if let Some(layout) = layout {
            *self.layouts.entry(layout.to_string()).or_default() += 1;
        }
    }

    /// A file that was read here, of which the store may know what was in it before.
    fn read(
        &mut self,
        seen: &'a inbox::Seen,
        before: Option<&'a ReadPath>,
        page: &Page<'_>,
        bytes: &[u8],
        comparison: Option<&mut Comparison>,
    ) -> Result<(), Ended> {
        let scrape = page.parse();
        let digest = inbox::digest(bytes);
        self.state(seen, digest, page.stated, scrape.newest);
        if let Some(comparison) = comparison {
            comparison.with(self.source, &seen.name, bytes, &scrape)?;
        }
        let row = before.map(|before| &before.row);
        self.looked.push(Looked {
            file: &seen.name,
            row,
            is_other: row.is_none_or(|row| row.digest != digest),
            when: page.stated.or(scrape.newest.map(Moment::Day)),
            drift: drift::of_page(&scrape, self.source.empty),
        });
        let unread = scrape.drafts.iter().filter_map(|draft| draft.date.as_ref()).filter(|date| date.day.is_none());
        for date in unread.filter(|date| unseen::may_be_two_days(&date.raw)) {
            self.doubtful.get_or_insert_with(|| (0, date.raw.to_string())).0 += 1;
        }
        match scrape.refused {
            Some(_) => self.refused += 1,
            None => *self.layouts.entry(scrape.layout.into_owned()).or_default() += 1,
        }
        Ok(())
    }

    /// Notes when a file was captured, as its name states it, beside the newest day that it lists.
    fn state(&mut self, seen: &'a inbox::Seen, digest: u128, stated: Option<Moment>, newest: Option<NaiveDate>) {
        let name = seen.below().rsplit('/').next().unwrap_or_default();
        self.fitting += usize::from(self.source.captured.as_ref().is_some_and(|form| form.read(name).is_some()));
        let is_out = self.known.is_some_and(|known| known.decisions.disregards(digest));
        match stated {
            None => self.silent += 1,
            Some(stated) => {
                let day = stated.day();
                let is_early = |newest: &NaiveDate| newest.signed_duration_since(day).num_days() > EARLY;
                let early = newest.filter(|newest| !is_out && is_early(newest));
                self.early.extend(early.map(|newest| (&*seen.name, day, newest)));
            }
        }
    }

    /// What is to be said of all the `files` together.
    fn conclude(&self, files: usize, find: &mut dyn FnMut(String, Cow<'static, str>, bool)) -> Result<(), Ended> {
        let mut find = |what: String, help: &'static str, wrong| find(what, Cow::Borrowed(help), wrong);
        let Self { silent, early, refused, layouts, .. } = self;
        let is_of_no_use = self.source.captured.is_some() && self.fitting == 0 && files > 0;
        if is_of_no_use {
            let names = Count(files, "file name");
            find(format!(": `captured` fits none of its {names}"), "write it as the names of the files are", false);
        }
        if *silent > 0 && !is_of_no_use {
            find(
                format!(
                    ": {silent} of {files} file names do not say when they were captured, so the newest date that each \
                     lists stands in"
                ),
                "put the day into the names (news-2021-04-28.txt), or set `captured`",
                false,
            );
        }
        if let Some((file, day, newest)) = early.first() {
            let more = match early.len() - 1 {
                0 => String::new(),
                more => format!("; and {more} more names are like it"),
            };
            find(
                format!(
                    ": the name of {file} says {day}, and the page lists {newest}: what it lists is published as if known then{more}"
                ),
                "if the name is wrong, feedmill disregard FILE lets the other pages that list the same items tell when",
                false,
            );
        }
        // Of what was read before the store tells more.
        if let Some((count, raw)) = self.doubtful.as_ref().filter(|_| self.known.is_none()) {
            find(format!(": the date of {} may be two days ({raw})", Count(*count, "item")), unseen::ORDER, false);
        }
        if *refused > 0 {
            find(format!(": {refused} of {files} files give no items"), "feedmill explain FILE tells why", false);
        }
        // JSON, CSV and feeds have none.
        let chosen: Vec<_> = layouts.iter().filter(|(name, _)| self.is_layout(name)).collect();
        if chosen.len() > 1 {
            let told: Vec<String> = chosen.iter().map(|(name, files)| format!("{name} ({files})")).collect();
            let told = told.join(", ");
            find(format!(" is read with {} layouts: {told}", chosen.len()), "set `layout`", false);
        }
        Ok(())
    }

    /// What is to be said of the newest page.
    fn conclude_drift(&self, called: &str, find: &mut dyn FnMut(String, Cow<'static, str>, bool)) -> Result<(), Ended> {
        for Looked { file, drift, .. } in drifted(&self.looked, self.known)? {
            let why = drift.as_deref().unwrap_or_default();
            let path = self.source.files.path(file).map_or_else(|| (*file).to_owned(), |path| from_here(&path));
            find(
                format!(": {file} is the newest page, and drift: {why}"),
                format!("{called} explain {path} tells why; the feeds keep what they have").into(),
                true,
            );
        }
        Ok(())
    }

    /// Whether that which a file was read with is one of the layouts that a source can name.
    fn is_layout(&self, name: &str) -> bool {
        let is_known = |one: &str| {
            scrape::layouts().contains(&one) || self.source.layouts.iter().any(|layout| layout.name() == one)
        };
        name.split(scrape::Layout::THEN).all(is_known)
    }
}

/// Why a socket file can't be made at `path`, and what would help. One that is there may be a running feedmill's.
fn no_place_for(path: &Path) -> Option<(String, &'static str)> {
    const FOLDER: &str = "make its folder (under systemd: RuntimeDirectory=), or let [serve] socket be another path";
    const FILE: &str = "move it away, or let [serve] socket be another path";
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_socket = |path: &Path| {
        use std::os::unix::fs::FileTypeExt as _;
        path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket())
    };
    if is_socket(path) {
        return None;
    }
    if let Some(what) = Listener::in_the_way(path) {
        return Some((what.to_owned(), FILE));
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    let why = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Some(format!("\"{}\" is no folder", folder.display())),
        Ok(_) => rustix::fs::access(folder, access).err().map(|error| io::Error::from(error).to_string()),
        Err(error) => Some(format!("the folder \"{}\": {error}", folder.display())),
    };
    why.map(|why| (why, FOLDER))
}

/// Tells what would be lost by sources that the store knows otherwise than the config names them. It comes first: with
/// the next pass it is done.
fn otherwise_known(
    config: &Config,
    known: &Known,
    keep_out: &KeepOut,
    findings: &mut Vec<Finding>,
) -> Result<(), Ended> {
    let new_ids = pass::new_ids(config, &known.store, &known.names, keep_out).map_err(|error| known.failed(error))?;
    let told = new_ids.into_iter().map(|NewIds { what, help }| Finding { what, help: help.into(), wrong: true });
    findings.extend(told);
    let help = "give the source its old name, or leave it so";
    let renamed = pass::renamed(config, &known.names);
    findings.extend(renamed.into_iter().map(|what| Finding { what, help: help.into(), wrong: false }));
    Ok(())
}

/// Tells which feeds stay as they were published, as the last pass told it: the store was made after them.
fn kept(config: &Config, known: &Known, findings: &mut Vec<Finding>) -> Result<(), Ended> {
    if !known.store.is_recovered().map_err(|error| known.failed(error))? {
        return Ok(());
    }
    let ledger = operations::kept(&config.state);
    let stay = ledger.iter().flat_map(operations::Ledger::open).filter(|condition| condition.kind == Kind::Store);
    findings.extend(stay.map(|condition| Finding {
        what: condition.detail.clone(),
        help: "feedmill status tells since when".into(),
        wrong: true,
    }));
    Ok(())
}

/// Tells which files that feedmill did not write stand where it is to publish.
fn not_ours(config: &Config, known: Option<&Known>, findings: &mut Vec<Finding>) -> Result<(), Ended> {
    // A comparison with all samples left the store aside.
    let (looked, known) = if known.is_some() { (None, known) } else { (Known::of(config)?, None) };
    let known = known.or(looked.as_ref());
    let in_the_way = pass::in_the_way(config, &RealDisk, known.map(|known| &known.store as _));
    let in_the_way = in_the_way.map_err(|error| state::unusable(&config.state, error))?;
    let told = in_the_way.into_iter().map(|InTheWay { what, help }| Finding { what, help: help.into(), wrong: true });
    findings.extend(told);
    Ok(())
}

/// Tells which of the folders and files can't be written that a pass writes.
fn unwritable(config: &Config, findings: &mut Vec<Finding>) {
    let of_state = [state::STORE, state::LOCK, decided::FILE_NAME].map(|name| config.state.join(name));
    let of_output = config.feeds.iter().map(|feed| config.output.join(&feed.name)).collect();
    let decides = config.sources.iter().any(|source| source.undated == config::Undated::FirstSeen);
    let places = [("state", &config.state, of_state.to_vec()), ("output", &config.output, of_output)];
    for (name, folder, below) in places {
        let mut find = |what: String, error: io::Error, wrong| {
            let help = match error.kind() {
                io::ErrorKind::NotFound => "make that folder, or remove the link",
                _ => cure(&error),
            };
            let what = format!("{what} can't be written: {error}");
            findings.push(Finding { what, help: help.into(), wrong });
        };
        if let Err(error) = writable(folder) {
            find(format!("the {name} folder \"{}\"", folder.display()), error, true);
            continue;
        }
        // Another user may have made these: whoever ran feedmill last.
        for path in below {
            let Ok(found) = path.metadata() else { continue };
            let enter = if found.is_dir() { rustix::fs::Access::EXEC_OK } else { rustix::fs::Access::empty() };
            if let Err(error) = rustix::fs::access(&path, rustix::fs::Access::WRITE_OK | enter) {
                // Decisions are written by commands; by a pass only where it decides the days of items.
                let wrong = !path.ends_with(decided::FILE_NAME) || decides;
                find(format!("in the {name} folder, \"{}\"", path.display()), error.into(), wrong);
            }
        }
    }
}

/// Whether files can be made in `folder`, or in the nearest one above it that exists.
fn writable(folder: &Path) -> io::Result<()> {
    let mut there = folder;
    while !there.exists() {
        if let Ok(to) = there.read_link() {
            let why = format!("\"{}\" is a link to \"{}\", which is not there", there.display(), to.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(io::Error::from)
}
