//! `init`: from samples to the smallest config that reads them.
//!
//! The layout is chosen once, here, by looking at all samples together, and written down: a layout chosen anew for each
//! file would hide that the page has changed. What is drafted is read by the config's own reader before it is told or
//! written, and the samples are read by what came of that, so what `init` shows is what a pass will do.
//!
//! Refused: to draft what yields fewer than two items (that is no list), and to touch a config that is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::path::PathBuf;

use super::explain::{bytes_of, harmless};
use super::*;
use crate::config::{FILE_NAME, Source};
use crate::report::Count;

/// With fewer items than this the samples are no list, or are not understood.
const FEWEST: usize = 2;
/// So many items of a sample are shown.
const SHOWN: usize = 3;

/// A file to learn from.
struct Sample {
    /// As it was given.
    given: PathBuf,
    /// Where it lies, without links.
    real: PathBuf,
    text: String,
}

/// What the drafted source reads of a sample.
struct Yield<'s> {
    sample: &'s Sample,
    scrape: scrape::Scrape<'s>,
}

/// Drafts a config from `files` and writes it where none is.
pub(super) fn init(cli: &Cli, files: &[PathBuf]) -> Result<Exit, Ended> {
    let target = cli.given().config.unwrap_or_else(|| PathBuf::from(FILE_NAME));
    if target.symlink_metadata().is_ok() {
        return Err(Trouble::usage(format!("there is a config already: \"{}\"", target.display()))
            .still("it stays as it is")
            .help("name another one with -c FILE, or edit it; `feedmill explain FILE` shows how a page is read")
            .into());
    }
    let samples: Vec<Sample> = files.iter().map(|file| sample(file)).collect::<Result<_, _>>()?;
    let layout = layout_for(&samples);
    let text = draft(&target, &samples, layout.as_deref());
    let config = config::parse(&target, text.clone(), &cli.given(), &Surroundings::of_process());
    let config = config.map_err(|refusal| {
        complain(refusal.render(cli.global.color.wanted(io::stderr().is_terminal())).trim_end());
        Trouble::usage("no config that reads these files could be drafted")
            .help("keep saved pages in a folder of their own")
    })?;
    let Some(source) = config.sources.first() else {
        return Err(Trouble::usage("no config that reads these files could be drafted").into());
    };
    let yields: Vec<Yield<'_>> =
        samples.iter().map(|sample| Yield { sample, scrape: read_by(source, sample) }).collect();
    let items: usize = yields.iter().map(|read| read.scrape.drafts.len()).sum();
    if items < FEWEST {
        let why = yields.iter().find_map(|read| read.scrape.refused.clone());
        let mut trouble = Trouble::new(
            Exit::Attention,
            format!("{} in {}: too few to draft a config", Count(items, "item"), Count(samples.len(), "sample")),
        )
        .still("no config was written")
        .help("`feedmill explain FILE` shows how each line is read; a [layout.NAME] of your own may be needed");
        if let Some(why) = why {
            trouble = trouble.because(why);
        }
        return Err(trouble.into());
    }
    write_new(&target, &text)?;
    tell(cli, &target, &text, &yields)
}

fn sample(file: &Path) -> Result<Sample, Trouble> {
    let unreadable =
        |error: io::Error| Trouble::usage(format!("cannot read the sample \"{}\"", file.display())).because(error);
    if file.is_dir() {
        return Err(Trouble::usage(format!("\"{}\" is a folder, not a sample", file.display()))
            .help(format!("name some of its files: feedmill init {}", file.join("*.txt").display())));
    }
    let bytes = bytes_of(file).map_err(unreadable)?;
    let decoded = decode::decode(&bytes)
        .map_err(|why| Trouble::usage(format!("the sample \"{}\" is no text: {}", file.display(), why.reason)))?;
    let real = file.canonicalize().map_err(unreadable)?;
    Ok(Sample { given: file.to_owned(), real, text: decoded.text.into_owned() })
}

/// The layout that reads most items of all samples together; of equals the one that doubts least, then the first of the
/// list. `None` where none reads anything.
fn layout_for(samples: &[Sample]) -> Option<String> {
    let told = |layout: String| {
        let (mut items, mut doubt) = (0, 0.0);
        for scrape in read_with(samples, Some(&layout)) {
            items += scrape.drafts.len();
            doubt += if scrape.refused.is_some() { 1.0 } else { 1.0 - scrape.confidence };
        }
        (layout, items, doubt)
    };
    // What no sample is read with by itself is no candidate: a layout that is forced on a page can find items in it.
    // The two layouts of a file with two lists are one name.
    let place = |name: &str| scrape::layouts().iter().position(|known| *known == name);
    let chosen: BTreeSet<(Option<usize>, Option<usize>, String)> = read_with(samples, None)
        .filter(|scrape| scrape.refused.is_none())
        .filter_map(|scrape| {
            let name = scrape.layout.into_owned();
            match name.split_once(scrape::Layout::THEN) {
                Some((one, next)) => Some((Some(place(one)?), Some(place(next)?), name)),
                None => Some((Some(place(&name)?), None, name)),
            }
        })
        .collect();
    let candidates = chosen.into_iter().map(|(_, _, name)| told(name));
    candidates
        .fold(None, |best: Option<(String, usize, f64)>, next| match best {
            Some(best) if (next.1, -next.2) <= (best.1, -best.2) => Some(best),
            _ => Some(next),
        })
        .map(|(layout, ..)| layout)
}

/// The language of all samples that are read, where none leaves a doubt; left open it would be chosen anew for each file.
fn language_of(samples: &[Sample], layout: Option<&str>) -> Option<&'static str> {
    let mut languages =
        read_with(samples, layout).filter(|scrape| scrape.refused.is_none()).map(|scrape| scrape.language);
    let first = languages.next()??;
    languages.all(|language| language == Some(first)).then_some(first)
}

/// The samples as they are read with this layout, or with the one that explains each best, and nothing else said.
fn read_with<'s>(samples: &'s [Sample], layout: Option<&str>) -> impl Iterator<Item = scrape::Scrape<'s>> {
    samples.iter().map(move |sample| {
        let name = sample.given.to_string_lossy();
        let terms = scrape::Terms {
            layout: layout.map(str::to_owned),
            captured: captured::captured(None, &name).map(Moment::day),
            form: scrape::Form::of_name(&name),
            ..scrape::Terms::default()
        };
        scrape::parse(&sample.text, &terms)
    })
}

fn read_by<'s>(source: &Source, sample: &'s Sample) -> scrape::Scrape<'s> {
    let name = sample.given.to_string_lossy();
    let stated = captured::captured(source.captured.as_ref(), &name);
    scrape::parse(&sample.text, &source.terms(stated.map(Moment::day), &name))
}

// ---- the draft -------------------------------------------------------------------------------------------------------

fn draft(target: &Path, samples: &[Sample], layout: Option<&str>) -> String {
    let home = folder_of(target);
    let common = common_folder(samples);
    let below = common.strip_prefix(&home).map_or_else(|_| common.clone(), Path::to_owned);
    let name = common.file_name().map_or_else(|| "news".into(), |name| config::source_name(&name.to_string_lossy()));
    let flat = samples.iter().all(|sample| sample.real.parent() == Some(common.as_path()));
    let endings: BTreeSet<String> = samples.iter().map(|sample| ending(&sample.real)).collect();
    let patterns: Vec<String> = endings
        .iter()
        .map(|ending| {
            let mut pattern = escaped_for_glob(&below.to_string_lossy());
            if !pattern.is_empty() && !pattern.ends_with('/') {
                pattern.push('/');
            }
            pattern + if flat { "*" } else { "**/*" } + ending
        })
        .map(|pattern| toml_string(&pattern))
        .collect();
    let mut text = String::new();
    let mut line = |key: &str, value: &str, why: &str| {
        let _ = match why {
            "" => writeln!(text, "{key:<8} = {value}"),
            why => writeln!(text, "{:<40}{why}", format!("{key:<8} = {value}")),
        };
    };
    line("name", &toml_string(&name), "");
    line("files", &format!("[{}]", patterns.join(", ")), "");
    if below.as_os_str().is_empty() && !flat {
        line("exclude", "[\"public\"]", "# what feedmill writes is no news");
    }
    line("site", &toml_string(&name), "# ids are made of it: choose it for good");
    if let Some(layout) = layout {
        line("layout", &toml_string(layout), "");
    }
    if let Some(language) = language_of(samples, layout) {
        line("language", &toml_string(language), "");
    }
    format!("# `config/feedmill.toml` in feedmill's sources has every key there is.\n\n[[source]]\n{text}")
}

/// The folder that paths in the config start from, without links.
fn folder_of(target: &Path) -> PathBuf {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// The folder nearest to all samples that holds them all.
fn common_folder(samples: &[Sample]) -> PathBuf {
    let mut folders = samples.iter().filter_map(|sample| sample.real.parent());
    let Some(first) = folders.next() else { return PathBuf::new() };
    folders.fold(first.to_owned(), |common, folder| {
        let same = common.components().zip(folder.components()).take_while(|(a, b)| a == b);
        same.map(|(part, _)| part).collect()
    })
}

/// The ending of a name with its full stop; empty when it has none.
fn ending(file: &Path) -> String {
    file.extension().map_or_else(String::new, |ending| format!(".{}", escaped_for_glob(&ending.to_string_lossy())))
}

fn escaped_for_glob(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn toml_string(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Writes a file that must not be there yet.
fn write_new(target: &Path, text: &str) -> Result<(), Trouble> {
    let written = OpenOptions::new().write(true).create_new(true).open(target);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        Trouble::usage(format!("cannot write the config \"{}\"", target.display()))
            .because(error)
            .help("name another place with -c FILE")
    })
}

// ---- what it yields --------------------------------------------------------------------------------------------------

fn tell(cli: &Cli, target: &Path, text: &str, yields: &[Yield<'_>]) -> Result<Exit, Ended> {
    let mut out = io::stdout().lock();
    // A sample that is not read is why somebody looks at this.
    let all_read = yields.iter().all(|read| read.scrape.refused.is_none());
    let exit = if all_read { Exit::Done } else { Exit::Attention };
    if cli.global.format == Format::Json {
        let files: Vec<_> = yields
            .iter()
            .map(|Yield { sample, scrape }| {
                json!({"file": sample.given.to_string_lossy(), "layout": scrape.layout,
                       "confidence": scrape.confidence, "items": scrape.drafts.len(), "refused": scrape.refused})
            })
            .collect();
        let whole = json!({"schema": 1, "written": target.to_string_lossy(), "config": text, "files": files});
        writeln!(out, "{whole}")?;
        return Ok(exit);
    }
    if cli.global.quiet {
        return Ok(exit);
    }
    for Yield { sample, scrape } in yields {
        let file = sample.given.display();
        if let Some(why) = &scrape.refused {
            writeln!(out, "{file}: no items: {why}")?;
            continue;
        }
        let items = Count(scrape.drafts.len(), "item");
        writeln!(out, "{file}: {items}, layout {}, confidence {:.2}", scrape.layout, scrape.confidence)?;
        for draft in scrape.drafts.iter().take(SHOWN) {
            let day = draft.date.as_ref().and_then(|date| date.day);
            let day = day.map_or_else(|| "undated   ".to_owned(), |day| day.to_string());
            writeln!(out, "  {day}  {}", harmless(&draft.title))?;
        }
        if let Some(more) = scrape.drafts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            writeln!(out, "  … and {more} more")?;
        }
    }
    writeln!(out, "\nwritten to {}:\n\n{text}", target.display())?;
    writeln!(out, "next: feedmill check, then feedmill --once")?;
    Ok(exit)
}
