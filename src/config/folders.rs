//! Folders on the command line, in the place of a config.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Files;
use super::{
    Complaint, Config, Empty, Given, Operations, Refusal, Source, Surroundings, Undated, Watch, WebSub,
    default_folders, reading, source_of_folder,
};
use crate::mill::zone::Zone;

/// One source and one feed for each folder, named after it.
pub(super) fn config(given: &Given, around: &Surroundings) -> Result<Config, Refusal> {
    let (state, output) = default_folders(given, around);
    let mut folders = Folders {
        state: &state,
        output: &output,
        known: Vec::new(),
        sources: Vec::new(),
        warnings: Vec::new(),
        complaints: Vec::new(),
    };
    for dir in &given.dirs {
        folders.take(dir, around.current.join(dir));
    }
    let Folders { sources, warnings, mut complaints, .. } = folders;
    let mut config = Config {
        file: None,
        base_url: None,
        pages: true,
        precompress: false,
        watch: Watch::default(),
        serve: None,
        websub: WebSub::default(),
        operations: Operations::default(),
        feeds: reading::a_feed_per_source(&sources),
        sources,
        categories: Vec::new(),
        warnings,
        state,
        output,
    };
    complaints.extend(reading::command_line(given, &mut config));
    complaints.extend(reading::places_apart(&config, None, None));
    if complaints.is_empty() { Ok(config) } else { Err(Refusal { file: None, text: String::new(), complaints }) }
}

/// The folders of a command line as they are taken, one after the other.
struct Folders<'p> {
    state: &'p Path,
    output: &'p Path,
    /// Those taken, without links.
    known: Vec<PathBuf>,
    sources: Vec<Source>,
    warnings: Vec<String>,
    complaints: Vec<Complaint>,
}

impl Folders<'_> {
    /// Makes a source of `folder`, which was written as `dir`.
    fn take(&mut self, dir: &Path, folder: PathBuf) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let canonical = match folder.canonicalize() {
            Ok(canonical) if canonical.is_dir() => canonical,
            Ok(_) => {
                let what = format!("{} is a file, not a folder", dir.display());
                let hint = match super::is_config(dir) {
                    true => format!("name a config with -c: -c {}", dir.display()),
                    false => "name the folder that the scrapes are saved in".to_owned(),
                };
                return self.complain(what, hint);
            }
            Err(error) => {
                let what = format!("cannot read the folder {}: {error}", dir.display());
                return self.complain(
                    what,
                    "name a folder of saved pages; a command is put first, and feedmill --help lists them",
                );
            }
        };
        if self.known.contains(&canonical) {
            self.warnings.push(format!("{} is named twice; it is read once", dir.display()));
            return;
        }
        for (place, what) in [(self.output, "output"), (self.state, "state")] {
            if canonical.starts_with(reading::real(place)) {
                let wrong = format!("{} lies in the {what} folder {}", dir.display(), place.display());
                let hint = format!("feedmill never reads what it writes: choose another folder with --{what}");
                self.complain(wrong, hint);
            }
        }
        let name = source_of_folder(&canonical);
        // Ids are made of the name. With a number in it they would hang on the order of the arguments, or on which
        // others there are, and subscribers of one folder would get the items of another.
        let folded = reading::folded(&name);
        if let Some(other) = self.sources.iter().find(|source| reading::folded(&source.name) == folded) {
            let wrong =
                format!("{} would make a feed {name:?}, and another folder makes {:?}", dir.display(), other.name);
            let hint = "feeds and ids are named after the folders: give the folders different names, or write a config \
                        that names each [[source]] and its `site`";
            return self.complain(wrong, hint);
        }
        self.known.push(canonical);
        match Files::below(&folder) {
            Ok(files) => self.sources.push(Source::plain(name, files)),
            Err(wrong) => self.complaints.push(Complaint::outside(wrong.what)),
        }
    }

    fn complain(&mut self, what: String, hint: impl Into<String>) {
        self.complaints.push(Complaint::outside(what).hint(hint));
    }
}

impl Source {
    /// A source of which only the name and the files are known.
    fn plain(name: String, files: Files) -> Self {
        Self {
            site: name.clone(),
            title: name.clone(),
            name,
            files,
            site_was: Vec::new(),
            url: None,
            language: None,
            timezone: Zone::UTC,
            form: None,
            fields: None,
            select: None,
            layout: None,
            layouts: Arc::default(),
            captured: None,
            undated: Undated::default(),
            date_order: None,
            empty: Empty::default(),
            keep: None,
        }
    }
}
