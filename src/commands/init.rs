//! `init`: from samples to the smallest config that reads them.
//!
//! The layout is chosen once, here, by looking at all samples together, and written down: a layout chosen anew for each
//! file would hide that the page has changed. What is drafted is read by the config's own reader before it is told or
//! written, and the samples are read by what came of that, so what `init` shows is what a pass will do.
//!
//! Refused: to draft what yields fewer than two items (that is no list), to touch a config that is there, and to
//! invent. Where a date of three numbers can be two days and no sample says which, the operator is asked on a terminal;
//! in a pipe the draft holds the question as a comment, which says what those items are published under: the day in
//! the names of their files, or none.

mod draft;
mod learn;

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::BufRead;
use std::path::PathBuf;

use self::learn::{Doubt, Learnt, Sample};
use super::explain::{bytes_of, harmless};
use super::*;
use crate::config::{Empty, FILE_NAME, Source};
use crate::drift;
use crate::mill::item::{Account, Captured, SourceNo};
use crate::mill::page::Page;
use crate::mill::scrape::DateOrder;
use crate::mill::settle::{self, Sighting};
use crate::report::Count;

/// With fewer items than this the samples are no list, or are not understood.
const FEWEST: usize = 2;
/// So many items of a sample are shown.
const SHOWN: usize = 3;

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
    let mut learnt = Learnt::of(&samples);
    if let Some(doubt) = &learnt.doubt
        && io::stdin().is_terminal()
        && io::stderr().is_terminal()
        && let Some(order) = ask(doubt, &mut io::stdin().lock(), &mut io::stderr())?
    {
        learnt.settle(order);
    }
    let Drafted { text, config, others } = drafted(cli, &target, &samples, &learnt)?;
    let Some(source) = config.sources.first() else {
        return Err(Trouble::usage("no config that reads these files could be drafted").into());
    };
    if let Some(unread) = samples.iter().find(|sample| source.name_below(&sample.real).is_none()) {
        return Err(Trouble::usage(format!("the sample \"{}\" would never be read", unread.given.display()))
            .help(
                "hidden, temporary and backup names are never read, and no pattern can hold a folder's name that is not \
                 UTF-8: give it another name",
            )
            .into());
    }
    let pages: Vec<Page<'_>> = samples.iter().map(|sample| sample.page_of(source)).collect::<Result<_, _>>()?;
    let yields: Vec<Yield<'_>> =
        samples.iter().zip(&pages).map(|(sample, page)| Yield { sample, scrape: page.parse() }).collect();
    let items = distinct(source, &yields);
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
    tell(cli, &target, (&text, others), items, &yields)
}

/// A draft, read by the config's own reader.
struct Drafted {
    text: String,
    config: Config,
    /// How many files it reads that are no samples.
    others: usize,
}

/// The draft that reads the samples: by the ending of their names, or, where files that are no samples lie there, and
/// fewer of them are called alike, by what their names have in common.
fn drafted(cli: &Cli, target: &Path, samples: &[Sample], learnt: &Learnt) -> Result<Drafted, Trouble> {
    let draft = |by| {
        let text = draft::text(target, samples, learnt, &cli.given(), by);
        let config = config::parse(target, text.clone(), &cli.given(), &Surroundings::of_process())?;
        let others = others(&config, samples);
        Ok::<_, config::Refusal>(Drafted { text, config, others })
    };
    let by_ending = draft(draft::By::Ending).map_err(|refusal| {
        complain(refusal.render(cli.global.color.wanted(io::stderr().is_terminal())).trim_end());
        Trouble::usage("no config that reads these files could be drafted")
            .help("keep saved pages in a folder of their own")
    })?;
    if by_ending.others == 0 {
        return Ok(by_ending);
    }
    let reads_all = |Drafted { config, .. }: &Drafted| {
        let reads = |sample: &Sample| config.sources.iter().any(|source| source.name_below(&sample.real).is_some());
        samples.iter().all(reads)
    };
    let by_name = draft(draft::By::Name).ok().filter(|by_name| by_name.others < by_ending.others && reads_all(by_name));
    Ok(by_name.unwrap_or(by_ending))
}

/// How many files a config reads that are no samples.
fn others(config: &Config, samples: &[Sample]) -> usize {
    let known: BTreeSet<&Path> = samples.iter().map(|sample| sample.real.as_path()).collect();
    let listings = inbox::list_all(config.sources.iter().map(|source| &source.files), &pass::keep_out(config));
    let listed = config.sources.iter().zip(&listings).flat_map(|(source, listing)| {
        listing.files.iter().filter_map(|seen| source.files.path(&seen.name)?.canonicalize().ok())
    });
    listed.filter(|file| !known.contains(file.as_path())).count()
}

fn sample(file: &Path) -> Result<Sample, Trouble> {
    let unreadable =
        |error: io::Error| Trouble::usage(format!("cannot read the sample \"{}\"", file.display())).because(error);
    if file.is_dir() {
        return Err(Trouble::usage(format!("\"{}\" is a folder, not a sample", file.display()))
            .help(format!("name some of its files: feedmill init {}", file.join("*.txt").display())));
    }
    let bytes = bytes_of(file).map_err(unreadable)?;
    let sample = Sample { given: file.to_owned(), real: file.canonicalize().map_err(unreadable)?, bytes };
    sample.page(scrape::Terms::default())?;
    Ok(sample)
}

/// How many items the samples give: one that stands in several of them is one, twins are two.
fn distinct(source: &Source, yields: &[Yield<'_>]) -> usize {
    let site = Site::new(source.namespace_site());
    let told = yields.iter().zip(0..).flat_map(|(read, content)| {
        read.scrape.drafts.iter().filter_map(move |draft| Some((content, identify::account(draft)?)))
    });
    let accounts: Vec<(i64, Account)> = told.collect();
    let mut keys: BTreeMap<Key, Vec<Sighting<'_>>> = BTreeMap::new();
    for (content, account) in &accounts {
        let (captured, version) = (Captured::default(), 0);
        let (language, disregarded) = (None, false);
        let sighting =
            Sighting { source: SourceNo(0), account, captured, version, content: *content, language, disregarded };
        keys.entry(site.key(account)).or_default().push(sighting);
    }
    keys.into_iter().map(|(key, sightings)| settle::split(site, key, sightings).len()).sum()
}

/// Asks which of two days a date means. `None`: neither was said, and nothing is invented.
fn ask(doubt: &Doubt, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Option<DateOrder>> {
    let Doubt { raw, file, dmy, mdy } = doubt;
    writeln!(out, "{file} has the date {}, and no sample says which number is the day.", harmless(raw))?;
    loop {
        let (dmy, mdy) = (learn::in_words(*dmy), learn::in_words(*mdy));
        write!(out, "Is it d) {dmy} or m) {mdy}? [d/m, empty: leave it open] ")?;
        out.flush()?;
        let mut answer = String::new();
        // Whoever mistypes is asked again; where nothing more can be typed, it stays open.
        let ended = input.read_line(&mut answer)? == 0;
        match answer.trim().to_lowercase().as_str() {
            "d" | "dmy" => return Ok(Some(DateOrder::Dmy)),
            "m" | "mdy" => return Ok(Some(DateOrder::Mdy)),
            "" => return Ok(None),
            _ if ended => return Ok(None),
            _ => {}
        }
    }
}

/// Writes a file that must not be there yet.
fn write_new(target: &Path, text: &str) -> Result<(), Trouble> {
    let made = OpenOptions::new().write(true).create_new(true).open(target);
    let written = made.and_then(|mut file| {
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        // Half a config would be in the way of the next try, and be used until then.
        written.inspect_err(|_| _ = fs::remove_file(target))
    });
    written.map_err(|error| {
        Trouble::usage(format!("cannot write the config \"{}\"", target.display()))
            .because(error)
            .help("name another place with -c FILE")
    })
}

fn tell(
    cli: &Cli,
    target: &Path,
    (text, others): (&str, usize),
    items: usize,
    yields: &[Yield<'_>],
) -> Result<Exit, Ended> {
    let mut out = io::stdout().lock();
    // A sample that is not read, or not well, is why somebody looks at this: a pass would call it drift.
    let drift = |scrape: &scrape::Scrape<'_>| drift::of_page(scrape, Empty::Drift);
    let all_read = yields.iter().all(|read| drift(&read.scrape).is_none());
    let exit = if all_read { Exit::Done } else { Exit::Attention };
    if cli.global.format == Format::Json {
        let files: Vec<_> = yields
            .iter()
            .map(|Yield { sample, scrape }| {
                json!({"file": sample.name(), "layout": scrape.layout, "confidence": scrape.confidence,
                       "items": scrape.drafts.len(), "refused": scrape.refused, "drift": drift(scrape)})
            })
            .collect();
        let whole = json!({"schema": 1, "written": target.to_string_lossy(), "config": text, "items": items, "files": files,
                   "others": others});
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
        if let Some(drift) = drift(scrape) {
            writeln!(out, "  a pass would report drift: {drift}; `feedmill explain` shows what is in doubt")?;
        }
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
    if others > 0 {
        writeln!(
            out,
            "its pattern also reads {} that no sample is: see whether that is the same page",
            Count(others, "file")
        )?;
    }
    writeln!(out, "next: feedmill check, then feedmill --once")?;
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_say_which_number_is_the_day_is_not_answered_for() {
        let day = |month, day| chrono::NaiveDate::from_ymd_opt(2020, month, day).unwrap();
        let doubt = Doubt { raw: "04/07/2020".into(), file: "a.txt".into(), dmy: day(7, 4), mdy: day(4, 7) };
        let answered = |said: &str| {
            let mut out = Vec::new();
            let order = ask(&doubt, &mut said.as_bytes(), &mut out).unwrap();
            (order, String::from_utf8(out).unwrap())
        };
        assert_eq!(answered("d\n").0, Some(DateOrder::Dmy));
        assert_eq!(answered("1\n4 July\nd\n").0, Some(DateOrder::Dmy), "whoever mistypes is asked again");
        assert_eq!(answered(" MDY\n").0, Some(DateOrder::Mdy));
        for open in ["\n", "", "yes\n"] {
            assert_eq!(answered(open).0, None, "{open:?}");
        }
        let asked = answered("").1;
        assert!(asked.contains("04/07/2020") && asked.contains("d) 4 July 2020 or m) 7 April 2020"), "{asked}");
    }
}
