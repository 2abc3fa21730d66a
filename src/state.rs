//! The state folder: one writer, the store, the decisions.
//!
//! Promised: what is broken is set aside here, never thrown away; and that a store was made after what is published is
//! noted in its own file before it counts as a store. Refused: waiting for another writer, and touching what is not
//! ours, be it a later feedmill's or another program's.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::decided::Decided;
use crate::stat::identity;
use crate::store::{Sqlite, Store as _, StoreError};
use crate::trouble::{Exit, Trouble};

/// The store's file in the state folder.
pub const STORE: &str = "feedmill.db";

/// The file whose lock makes one process the writer.
pub const LOCK: &str = "lock";

/// The state folder, held by one writer.
pub struct State {
    /// The store.
    pub store: Sqlite,
    /// The decisions beside it.
    pub decided: Decided,
    /// What was found broken and made anew, until somebody takes it to tell.
    pub mended: Option<String>,
    // Held as long as the state is: the system gives it back when the process ends, however it ends.
    lock: File,
}

impl State {
    /// Takes hold of the state folder, making it where there is none.
    ///
    /// A damaged store is set aside as `.corrupt-N`, and a new one begun with whatever rows can still be read.
    ///
    /// # Errors
    /// Another process holds it (exit 4), it can't be used, or it was written by a later feedmill (exit 3).
    pub fn hold(folder: &Path) -> Result<Self, Trouble> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let decided = Decided::read(folder)?;
        let file = folder.join(STORE);
        // To SQLite a file without a byte is a new one. Here it is one that was emptied.
        let emptied = fs::metadata(&file).is_ok_and(|found| found.is_file() && found.len() == 0);
        let mut mended = None;
        let store = match Sqlite::open(&file) {
            Ok(mut store) if emptied => {
                warn!(store = %file.display(), "the store was empty: it is made anew of the inbox");
                let noted = store.note_recovery().and_then(|()| store.secure());
                noted.map_err(|error| unusable(folder, error))?;
                mended = Some("the store was empty: it is made anew of the inbox".to_owned());
                store
            }
            Ok(store) => store,
            Err(error) => {
                let how = Sqlite::confirm(&file, error).map_err(|error| unusable(folder, error))?;
                recover(folder, &how, &mut mended)?
            }
        };
        Ok(Self { store, decided, mended, lock })
    }

    /// Takes hold as [`hold`](Self::hold) does, where something `is_published`, or is to be.
    ///
    /// A store that is begun where something is published was deleted, or is looked for in another place. What it knew
    /// may be in the inbox no more: the feeds are not to shrink for that.
    ///
    /// # Errors
    /// As of [`hold`](Self::hold).
    pub fn hold_beside(folder: &Path, is_published: impl FnOnce() -> bool) -> Result<Self, Trouble> {
        let mut state = Self::hold(folder)?;
        if state.store.is_being_filled() && is_published() {
            warn!(
                store = %folder.join(STORE).display(),
                "there was no store of what is published: it is made anew of the inbox (whoever keeps the output from run \
                 to run must keep the state folder as well)"
            );
            // It counts from when the store does: cut short before, this is met again.
            state.store.note_recovery().map_err(|error| unusable(folder, error))?;
            state.mended = Some(format!(
                "there was no store of what is published in \"{}\": it is made anew of the inbox; what {} said is in force \
                 as far as it is still there",
                folder.display(),
                crate::decided::FILE_NAME
            ));
        }
        Ok(state)
    }

    /// Whether the state folder still holds the lock and the store that were opened: nobody removed or replaced them.
    #[must_use]
    pub fn stands(&self, folder: &Path) -> bool {
        let (held, there) = (self.lock.metadata(), fs::metadata(folder.join(LOCK)));
        held.is_ok_and(|held| there.is_ok_and(|there| identity(&held) == identity(&there)))
            && folder.join(STORE).exists()
    }

    /// Sets the store aside and goes on with what can be read of it: damage that only showed at work.
    ///
    /// # Errors
    /// `error` is no sign of damage, or the new store can't be made.
    pub fn recover(self, folder: &Path, error: StoreError) -> Result<Self, Trouble> {
        let Self { store, decided, mut mended, lock } = self;
        let file = folder.join(STORE);
        if store.is_being_filled() {
            let was_noted = store.is_recovered().unwrap_or(true);
            drop(store);
            // All that it held is in the inbox still.
            let mut store = Sqlite::open(&file).map_err(|error| unusable(folder, error))?;
            if was_noted {
                store.note_recovery().map_err(|error| unusable(folder, error))?;
            }
            return Ok(Self { store, decided, mended, lock });
        }
        drop(store);
        let how = Sqlite::confirm(&file, error).map_err(|error| unusable(folder, error))?;
        Ok(Self { store: recover(folder, &how, &mut mended)?, decided, mended, lock })
    }

    /// The store of the state folder `folder`, to read beside a writer.
    ///
    /// # Errors
    /// There is none yet, or it can't be read.
    pub fn look(folder: &Path) -> Result<Sqlite, Trouble> {
        let file = folder.join(STORE);
        // Whoever may not enter the folder can't tell that there is none.
        if let Err(error) = fs::metadata(&file)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(Trouble::unusable(format!("cannot look into the state folder \"{}\"", folder.display()))
                .because(error)
                .help("run it as the user that runs feedmill, or name the state folder with --state"));
        }
        if !Sqlite::is_there(&file) {
            return Err(Trouble::unusable(format!("there is no store in \"{}\" yet", folder.display()))
                .help("run `feedmill --once` first, or name the state folder with --state"));
        }
        Sqlite::open_to_read(&file).map_err(|error| unusable(folder, error))
    }
}

/// The trouble that an error of the store in the state folder `folder` means for the operator.
#[must_use]
pub fn unusable(folder: &Path, error: StoreError) -> Trouble {
    let file = folder.join(STORE);
    let help = match &error {
        StoreError::Newer { .. } => {
            "use the feedmill that wrote it or a later one, or take a backup of before into another state folder (--state)"
        }
        StoreError::Foreign => "name another state folder with --state, or move the file away",
        StoreError::Refused(_) | StoreError::Unfit(_) => "this is a fault in feedmill: please report it",
        StoreError::Damaged(_) => "the next pass sets it aside and recovers what it can",
        StoreError::Unusable(cause) if cause.to_string().contains("full") => {
            "make room on the disk of the state folder"
        }
        StoreError::Unusable(_) if file.is_dir() => "a folder stands there: move it away",
        StoreError::Unusable(_) => "the user that runs feedmill must be able to write in the state folder",
    };
    Trouble::unusable(format!("cannot use the store \"{}\"", file.display()))
        .because(error)
        .still("the published feeds stay as they are, and no items were lost")
        .help(help)
}

fn make_folder(folder: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(|error| {
        Trouble::unusable(format!("cannot make the state folder \"{}\"", folder.display()))
            .because(error)
            .still("nothing was read or published")
            .help("name another one with --state, or let the user that runs feedmill write there")
    })
}

/// Makes this process the one that writes in the state folder, for as long as what it gives is kept.
///
/// # Errors
/// Another process holds it (exit 4), or it can't be used.
pub fn lock(folder: &Path) -> Result<File, Trouble> {
    let path = folder.join(LOCK);
    let failed = |error: std::io::Error| {
        Trouble::unusable(format!("cannot lock \"{}\"", path.display()))
            .unwritten(error)
            .still("nothing was read or published")
    };
    let mut file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // The holder writes its pid after it has the lock: it may not be there yet.
            let _ = file.read_to_string(&mut pid);
            let pid = pid.trim();
            let holder = if pid.is_empty() { String::new() } else { format!(" (pid {pid})") };
            return Err(Trouble::new(
                Exit::Held,
                format!("another feedmill{holder} holds the store in \"{}\"", folder.display()),
            )
            .still("it goes on undisturbed")
            .help("stop it, or give this one a state folder and an output of its own with --state and --output"));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    // The pid only helps people: a lock without one is still a lock (a full disk must not keep us from serving).
    if let Err(error) = noted {
        warn!(%error, "could not write the pid into the lock file");
    }
    Ok(file)
}

fn recover(folder: &Path, how: &str, mended: &mut Option<String>) -> Result<Sqlite, Trouble> {
    let file = folder.join(STORE);
    let aside = set_aside(&file)?;
    warn!(store = %file.display(), aside = %aside.display(), how, "the store is damaged and was set aside");
    let mut store = Sqlite::open(&file).map_err(|error| unusable(folder, error))?;
    // Once the file counts as a store it has the note, wherever this is cut short: feeds stay as they are then.
    let noted = store.note_recovery().and_then(|()| store.keep());
    // What is salvaged is not in the inbox, maybe: it lasts from the first row on.
    let salvaged = noted.and_then(|()| store.salvage(&aside));
    let secured = salvaged.and_then(|contents| store.secure().map(|()| contents));
    let contents = secured.map_err(|error| unusable(folder, error))?;
    warn!(contents, "salvaged what could still be read of the damaged store; the inbox is read for the rest");
    *mended = Some(format!(
        "the store is damaged ({how}) and was set aside as \"{}\"; {contents} contents could still be read of it, and the \
         inbox is read for the rest",
        aside.display()
    ));
    Ok(store)
}

/// Moves a damaged store, and what belongs to it, out of the way.
fn set_aside(file: &Path) -> Result<PathBuf, Trouble> {
    let named = |ending: &str, n: usize| PathBuf::from(format!("{}.corrupt-{n}{ending}", file.display()));
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    let n = (1..).find(|n| !named("", *n).exists()).unwrap_or_default();
    let aside = named("", n);
    fs::rename(file, &aside).map_err(|error| {
        Trouble::unusable(format!("cannot set the damaged store \"{}\" aside", file.display()))
            .unwritten(error)
            .still("the published feeds stay as they are")
    })?;
    for ending in ["-wal", "-shm"] {
        match fs::rename(beside(ending), named(ending, n)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                // What is left of the old log would be taken for the new store's.
                fs::remove_file(beside(ending)).map_err(|_| {
                    Trouble::unusable(format!("cannot move \"{}\" out of the way", beside(ending).display()))
                        .because(error)
                })?;
            }
            _ => {}
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mill::decisions::Decisions;

    /// The store as it is in its file alone: what a power cut leaves that takes an unsynced log away.
    fn without_its_log(folder: &Path) -> Sqlite {
        let cut = folder.join("cut.db");
        fs::copy(folder.join(STORE), &cut).unwrap();
        Sqlite::open(&cut).unwrap()
    }

    fn contents(store: &Sqlite) -> usize {
        let mut contents = 0;
        store.export(&mut |_| contents += 1).unwrap();
        contents
    }

    #[test]
    fn what_is_salvaged_and_the_note_of_it_are_in_the_file_before_it_is_taken_for_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::hold(folder.path()).unwrap();
        let terms = state.store.stored_terms(&Decisions::default()).unwrap();
        let content = r#"{"schema":1,"source":"a","path":"a.txt","n":0,"digest":"07","length":7,"reading":{"revision":1,
            "confidence":1000,"newest":null,"drift":null,"sections":[],"lines":[]}}"#;
        state.store.import(vec![serde_json::from_str(content).unwrap()], &terms).unwrap();
        assert_eq!(contents(&without_its_log(folder.path())), 1);
        let recovered = state.recover(folder.path(), StoreError::Damaged("so it seems".into())).unwrap();
        let cut = without_its_log(folder.path());
        assert!(cut.is_recovered().unwrap(), "or the feeds would shrink to what is still in the inbox");
        assert_eq!((contents(&cut), contents(&recovered.store)), (1, 1));
    }

    #[test]
    fn that_a_store_was_emptied_is_noted_in_the_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(STORE), "").unwrap();
        let _state = State::hold(folder.path()).unwrap();
        assert!(without_its_log(folder.path()).is_recovered().unwrap());
    }
}
