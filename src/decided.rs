//! The decisions file: read whole, appended to line by line.
//!
//! Promised: but in a dry run, what is in force was written and synced before, and what could not be written is not in
//! force; a line that was cut by a crash spoils no other, and while a program runs an editor at work takes no retraction
//! back. Refused: passing over any other line that is no decision, for it may retract something.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::mill::decisions::{Decision, Decisions, whole};
use crate::stat::Stat;
use crate::trouble::Trouble;

/// Where decisions are kept: beside the store, for people to read.
pub const FILE_NAME: &str = "decisions.jsonl";

/// The decisions in force, and the file that holds them.
#[derive(Debug)]
pub struct Decided {
    file: PathBuf,
    /// All lines applied.
    pub decisions: Decisions,
    /// Decisions go into force without being written.
    dry_run: bool,
    /// The file as it was read; `None`: there was none.
    seen: Option<Stat>,
}

/// Who writes the file anew is done within this time, as a rule.
const MOMENT: Duration = Duration::from_millis(200);
/// A file that does not hold still is waited for so often.
const MOMENTS: usize = 5;

fn look(file: &Path) -> Option<Stat> {
    fs::metadata(file).ok().as_ref().map(Stat::of)
}

impl Decided {
    /// Reads the decisions of the state folder `state`; none where there is no file.
    ///
    /// # Errors
    /// A line that is no decision (exit 2), or a file that can't be read.
    pub fn read(state: &Path) -> Result<Self, Trouble> {
        let file = state.join(FILE_NAME);
        // Before the reading: a line that comes in between is read again.
        let seen = look(&file);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Trouble::unusable(format!("cannot read {}", file.display()))
                    .because(error)
                    .still("nothing was read or published: a retraction might be among the decisions")
                    .help("let the user that runs feedmill read it"));
            }
        };
        let decisions = parsed(&file, &text)?;
        Ok(Self { file, decisions, dry_run: false, seen })
    }

    /// Reads the file again if it changed since: commands add to it beside a daemon, and people edit it.
    ///
    /// Editors empty a file, or move it away, before they write it anew. So what says of something retracted no more
    /// that it is counts when the file has held still for a moment.
    ///
    /// # Errors
    /// As those of [`Decided::read`], or the file does not hold still; what was decided before stays in force.
    pub fn refresh(&mut self, state: &Path) -> Result<(), Trouble> {
        if look(&self.file) == self.seen {
            return Ok(());
        }
        let mut read = Self::read(state)?;
        let mut moments = 0..MOMENTS;
        while read.decisions.lost_a_retraction(&self.decisions) {
            if moments.next().is_none() {
                return Err(Trouble::unusable(format!("cannot read {}", self.file.display()))
                    .because("it says no more that something is retracted, and is still being written")
                    .still("nothing was read or published, and what was retracted stays so")
                    .help("the next pass reads it again"));
            }
            thread::sleep(MOMENT);
            if look(&self.file) == read.seen {
                break;
            }
            read = Self::read(state)?;
        }
        *self = read;
        Ok(())
    }

    /// The same for a dry run: what is decided from now on is in force, and not written.
    #[must_use]
    pub fn noted_only(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// Adds a decision: written, synced, and only then in force.
    ///
    /// # Errors
    /// A circle of aliases (exit 2), a line of the file that is no decision (exit 2), or a file that can't be written.
    /// Nothing was decided then.
    pub fn add(&mut self, decision: Decision) -> Result<(), Trouble> {
        self.add_those(vec![decision], |_, _| true).map(|_| ())
    }

    /// Puts the lines of a backup in force, where nothing else was decided.
    ///
    /// # Errors
    /// The state folder `state` has other decisions, a line is none (exit 2), or the file can't be written.
    pub fn restore(&mut self, state: &Path, lines: &str) -> Result<(), Trouble> {
        let failed =
            |error: io::Error| Trouble::unusable(format!("cannot write {}", self.file.display())).unwritten(error);
        let there = self::lines(state).map_err(failed)?;
        if there == lines {
            return Ok(());
        }
        if !there.is_empty() {
            return Err(Trouble::usage(format!("{} holds other decisions than the backup", self.file.display()))
                .still("nothing was taken in")
                .help("move it away, or import into a state folder of its own: --state DIR"));
        }
        Decisions::parse(lines)
            .map_err(|bad| Trouble::usage(format!("line {} of the backup's decisions: {}", bad.line, bad.reason)))?;
        let aside = state.join(format!(".{FILE_NAME}.tmp"));
        let write = || -> io::Result<()> {
            let _ = fs::remove_file(&aside);
            let mut made = make(&aside)?;
            made.write_all(lines.as_bytes())?;
            made.sync_all()?;
            fs::rename(&aside, &self.file)?;
            fs::File::open(state)?.sync_all()
        };
        write().map_err(failed)?;
        *self = Self::read(state)?;
        Ok(())
    }

    /// Adds those decisions that say something new, with one look at the file and one sync: there may be very many.
    /// Says whether there were any.
    ///
    /// # Errors
    /// As those of [`Decided::add`]; a crash may leave the first of them in the file.
    pub fn add_all(&mut self, decisions: Vec<Decision>) -> Result<bool, Trouble> {
        self.add_those(decisions, Decisions::is_news)
    }

    fn add_those(
        &mut self,
        decisions: Vec<Decision>,
        is_due: impl Fn(&Decisions, &Decision) -> bool,
    ) -> Result<bool, Trouble> {
        if !decisions.iter().any(|decision| is_due(&self.decisions, decision)) {
            return Ok(false);
        }
        if self.dry_run {
            let mut noted = self.decisions.clone();
            let lines = applied(&mut noted, decisions, is_due)?;
            self.decisions = noted;
            return Ok(!lines.is_empty());
        }
        let refused =
            |error: io::Error| Trouble::unusable(format!("cannot add to {}", self.file.display())).unwritten(error);
        let open = || -> io::Result<(fs::File, String)> {
            let mut file = match make(&self.file) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    OpenOptions::new().read(true).append(true).open(&self.file)?
                }
                made => made?,
            };
            // Two commands, or a command and a pass, may add at the same time.
            file.lock()?;
            let text = cut_off_unfinished(&mut file)?;
            Ok((file, text))
        };
        let (mut file, text) = open().map_err(refused)?;
        // What another added since the last look holds as well, and must not make a circle with what comes now.
        let mut decided = parsed(&self.file, &text)?;
        if decided.lost_a_retraction(&self.decisions) {
            return Err(Trouble::unusable(format!("cannot add to {}", self.file.display()))
                .because("retractions are there no more: it is being edited")
                .still("nothing was decided, and what was retracted stays so")
                .help("the next pass reads it again"));
        }
        let lines = applied(&mut decided, decisions, is_due)?;
        let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // What was not decided must not come into force with the next look.
            let _ = file.set_len(text.len() as u64);
            return Err(refused(error));
        }
        self.decisions = decided;
        Ok(!lines.is_empty())
    }
}

/// Makes a file that is not there, to be added to. What root makes it gives to whom the folder belongs, as SQLite does
/// with its own: the service that runs under another name adds to it, too.
fn make(path: &Path) -> io::Result<fs::File> {
    let file = OpenOptions::new().create_new(true).read(true).append(true).open(path)?;
    if rustix::process::geteuid().is_root() {
        let folder = fs::metadata(path.parent().unwrap_or(Path::new(".")))?;
        // Where that is refused, as some network file systems do, it is root's, and still a file of decisions.
        let _ = fchown(&file, Some(folder.uid()), Some(folder.gid()));
    }
    Ok(file)
}

/// The lines of the decisions file, all of them applied.
fn parsed(file: &Path, text: &str) -> Result<Decisions, Trouble> {
    Decisions::parse(text).map_err(|bad| {
        Trouble::usage(format!("{}:{}: {}", file.display(), bad.line, bad.reason))
            .still("nothing was read or published: a retraction might be among the decisions")
            .help("mend or remove the line")
    })
}

/// Applies those that are due when their turn comes, and gives their lines.
fn applied(
    to: &mut Decisions,
    decisions: Vec<Decision>,
    is_due: impl Fn(&Decisions, &Decision) -> bool,
) -> Result<String, Trouble> {
    let mut lines = String::new();
    for decision in decisions {
        if !is_due(to, &decision) {
            continue;
        }
        let line = serde_json::to_string(&decision)
            .map_err(|error| Trouble::unusable("cannot put a decision into words").because(error))?;
        to.apply(decision).map_err(Trouble::usage)?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

/// The lines of the decisions file of the state folder `state` that count; none where there is no file.
///
/// # Errors
/// It can't be read.
pub fn lines(state: &Path) -> io::Result<String> {
    match fs::read_to_string(state.join(FILE_NAME)) {
        Ok(text) => Ok(ended(&text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The lines of a decisions file that count, each with its end.
fn ended(text: &str) -> String {
    let mut lines = whole(text).to_owned();
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

/// Ends the last line, or removes it where a crash cut it short: what was no decision must not spoil the next one.
/// Gives back what the file holds then.
fn cut_off_unfinished(file: &mut fs::File) -> io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let lines = ended(&text);
    match lines.strip_prefix(&text) {
        Some(end) => file.write_all(end.as_bytes())?,
        None => file.set_len(lines.len() as u64)?,
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> crate::mill::item::Key {
        text.parse().unwrap()
    }

    const A: &str = "f90fd1be-c98e-5829-9df9-e18945c3f525";
    const B: &str = "989ac276-e457-55fc-89e6-fad198a4b56b";

    #[test]
    fn a_line_cut_by_a_crash_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let id = key(A);
        let file = folder.path().join(FILE_NAME);
        fs::write(&file, format!("{{\"retract\":\"{id}\",\"undo\":true}}\n{{\"retr",)).unwrap();
        let mut decided = Decided::read(folder.path()).unwrap();
        decided.add(Decision::Retract { retract: id, undo: false, when: None }).unwrap();
        let again = Decided::read(folder.path()).unwrap();
        assert_eq!(again.decisions, decided.decisions);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
    }

    /// Who adds a line by hand may leave it without an end. It is in force, so a backup must hold it.
    #[test]
    fn a_last_line_without_an_end_is_among_the_lines_unless_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let line = format!("{{\"retract\":\"{A}\"}}");
        for (text, lines) in [
            (format!("{line}\n{line}"), format!("{line}\n{line}\n")),
            (line.clone(), format!("{line}\n")),
            (format!("{line}\n{{\"retr"), format!("{line}\n")),
            ("{\"retr".to_owned(), String::new()),
        ] {
            fs::write(folder.path().join(FILE_NAME), &text).unwrap();
            assert_eq!(super::lines(folder.path()).unwrap(), lines, "{text:?}");
            let in_force = Decided::read(folder.path()).unwrap().decisions;
            assert_eq!(Decisions::parse(&lines).unwrap(), in_force, "{text:?}");
        }
    }

    /// Editors empty a file, or move it away, before they write it anew.
    #[test]
    fn what_is_being_written_anew_takes_no_retraction_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE_NAME);
        let lines = format!("{{\"retract\":\"{A}\"}}\n{{\"retract\":\"{B}\"}}\n");
        fs::write(&file, &lines).unwrap();
        let mut decided = Decided::read(folder.path()).unwrap();
        let mut refresh = |before: &dyn Fn(), then: &str| {
            before();
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(MOMENT / 4);
                    fs::write(&file, then).unwrap();
                });
                decided.refresh(folder.path()).unwrap();
            });
            [A, B].map(|id| decided.decisions.is_retracted(key(id)))
        };
        assert_eq!(refresh(&|| fs::remove_file(&file).unwrap(), &lines), [true, true]);
        assert_eq!(refresh(&|| fs::write(&file, "").unwrap(), &lines), [true, true]);
        // What is left out of what is there then, the operator took out.
        let one = format!("{{\"retract\":\"{A}\"}}\n");
        assert_eq!(refresh(&|| fs::write(&file, &one).unwrap(), &one), [true, false]);
        // Nor is anything added to what may only be a part: it would count as all there is.
        fs::write(&file, "").unwrap();
        let seen = Decision::FirstSeen { first_seen: key(B), date: "2026-11-22".parse().unwrap() };
        assert!(decided.add(seen.clone()).is_err());
        assert!(decided.decisions.is_retracted(key(A)));
        decided.refresh(folder.path()).unwrap();
        assert_eq!(decided.decisions, Decisions::default());
        decided.add(seen).unwrap();
    }

    #[test]
    fn a_file_that_does_not_hold_still_takes_no_retraction_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE_NAME);
        fs::write(&file, format!("{{\"retract\":\"{A}\"}}\n")).unwrap();
        let mut decided = Decided::read(folder.path()).unwrap();
        fs::write(&file, "").unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for length in (1..).take_while(|_| !is_over.load(std::sync::atomic::Ordering::Relaxed)) {
                    thread::sleep(MOMENT / 20);
                    fs::write(&file, "\n".repeat(length)).unwrap();
                }
            });
            assert!(decided.refresh(folder.path()).is_err());
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(decided.decisions.is_retracted(key(A)));
        decided.refresh(folder.path()).unwrap();
        assert!(!decided.decisions.is_retracted(key(A)));
    }

    #[test]
    fn what_could_not_be_written_is_not_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let mut decided = Decided::read(folder.path()).unwrap();
        let decision = Decision::FirstSeen { first_seen: key(A), date: "2026-11-22".parse().unwrap() };
        fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
        assert!(decided.add(decision.clone()).is_err());
        assert_eq!(decided.decisions, Decisions::default());
        fs::remove_dir(folder.path().join(FILE_NAME)).unwrap();
        decided.add_all(vec![decision]).unwrap();
        assert!(decided.decisions.day_first_seen(key(A)).is_some());
        assert_eq!(Decided::read(folder.path()).unwrap().decisions, decided.decisions);
    }

    #[test]
    fn a_circle_that_two_close_together_is_refused_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Decided::read(folder.path()).unwrap();
        let (mut one, mut two) = (read(), read());
        one.add(Decision::Alias { alias: key(A), of: key(B) }).unwrap();
        let back = Decision::Alias { alias: key(B), of: key(A) };
        assert_eq!(two.add(back.clone()).unwrap_err().exit, crate::trouble::Exit::Usage);
        assert_eq!(read().decisions, one.decisions);
        // To a pass the two are one already, and there is nothing to add.
        two.add_all(vec![back]).unwrap();
        assert_eq!((read().decisions, &two.decisions), (one.decisions.clone(), &one.decisions));
    }
}
