//! The text of a drafted config.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::learn::{Doubt, in_words};
use super::*;
use crate::config::quoted;

/// A key with its value, and behind it why it is there.
fn line(text: &mut String, key: &str, value: &str, why: &str) {
    let _ = match why {
        "" => writeln!(text, "{key:<8} = {value}"),
        why => writeln!(text, "{:<40}{why}", format!("{key:<8} = {value}")),
    };
}

/// The smallest config that reads the samples by what was learnt of them, for a file at `target`.
pub(super) fn text(target: &Path, samples: &[Sample], learnt: &Learnt) -> String {
    let home = folder_of(target);
    let common = common_folder(samples);
    let below = common.strip_prefix(&home).map_or_else(|_| common.clone(), Path::to_owned);
    let name = common.file_name().map_or_else(|| "news".into(), |name| config::source_name(&name.to_string_lossy()));
    let flat = samples.iter().all(|sample| sample.real.parent() == Some(common.as_path()));
    let mut text = "# `config/feedmill.toml` in feedmill's sources has every key there is.\n\n[[source]]\n".to_owned();
    line(&mut text, "name", &quoted(&name), "");
    line(&mut text, "files", &format!("[{}]", patterns(samples, &below, flat).join(", ")), "");
    if below.as_os_str().is_empty() && !flat {
        line(&mut text, "exclude", "[\"public\"]", "# what feedmill writes is no news");
    }
    line(&mut text, "site", &quoted(&name), "# ids are made of it: choose it for good");
    if let Some(layout) = &learnt.layout {
        line(&mut text, "layout", &quoted(layout), "");
    }
    if let Some(language) = learnt.language {
        line(&mut text, "language", &quoted(language), "");
    }
    if let Some(order) = learnt.order {
        let value = if order == DateOrder::Mdy { "\"mdy\"" } else { "\"dmy\"" };
        line(&mut text, "date_order", value, "");
    }
    if let Some(Doubt { raw, file, dmy, mdy }) = &learnt.doubt {
        let (dmy, mdy) = (in_words(*dmy), in_words(*mdy));
        let (raw, file) = (harmless(raw), harmless(file));
        let _ = writeln!(
            text,
            "# date_order = \"dmy\"  # or \"mdy\": {raw} in {file} is {dmy} or {mdy}, and nothing there"
        );
        let _ = writeln!(text, "#                     # says which; until it is said, such items have no day");
    }
    if let Some(captured) = &learnt.captured {
        line(&mut text, "captured", &quoted(captured), "");
    }
    text
}

/// A pattern for each ending that the samples' names have.
fn patterns(samples: &[Sample], below: &Path, flat: bool) -> Vec<String> {
    let endings: BTreeSet<String> = samples.iter().map(|sample| ending(&sample.real)).collect();
    let pattern = |ending: &String| {
        let mut pattern = escaped_for_glob(&below.to_string_lossy());
        if !pattern.is_empty() && !pattern.ends_with('/') {
            pattern.push('/');
        }
        quoted(&(pattern + if flat { "*" } else { "**/*" } + ending))
    };
    endings.iter().map(pattern).collect()
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
