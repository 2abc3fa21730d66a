//! Which files belong to a source: its patterns, the folders where they begin, and the names that are never read.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use super::values::{self, Wrong};

/// The files of a source.
#[derive(Clone)]
pub struct Files {
    roots: Vec<Root>,
    /// Patterns without a `/`: they mean a file or folder of that name, anywhere.
    exclude_names: GlobSet,
    /// Patterns with a `/`: they mean a path as it is written in the config.
    exclude_paths: GlobSet,
}

/// A folder to walk: the part of one or more globs before the first wildcard.
#[derive(Clone)]
pub struct Root {
    /// The folder to open.
    pub folder: PathBuf,
    /// How the names of its files begin: the folder as the config writes it, and relative to the config's own folder
    /// where it lies inside that. Empty, or without a `/` at its end.
    pub label: String,
    /// The rest of each of its globs, as written.
    rests: Vec<String>,
    globs: GlobSet,
    /// What every path that they match begins with.
    literal: String,
    /// The name of a file that the last pattern could match.
    sample: String,
    /// How many names a path below the folder can have at most.
    depth: usize,
}

// Compiled patterns would fill pages.
impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("roots", &self.roots).finish_non_exhaustive()
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").field("folder", &self.folder).field("label", &self.label).finish_non_exhaustive()
    }
}

/// Why a name is never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverRead {
    /// It starts with a full stop.
    Hidden,
    /// Programs give such names to unfinished files and to copies.
    Temporary,
}

/// Whether a file or folder of this name is never read: hidden ones, and those that editors, browsers and copying
/// programs use for unfinished files and backups.
#[must_use]
pub fn never_read(name: &[u8]) -> Option<NeverRead> {
    if name.starts_with(b".") {
        return Some(NeverRead::Hidden);
    }
    let is_temporary = match name {
        [.., b'~'] | [b'#', .., b'#'] => true,
        // By a file of this name vim tries whether it can write to a folder.
        b"4913" => true,
        _ => {
            let ending = name.iter().rposition(|byte| *byte == b'.').and_then(|stop| name.get(stop + 1..));
            ending.is_some_and(|ending| TEMPORARY.iter().any(|one| one.eq_ignore_ascii_case(ending)))
        }
    };
    is_temporary.then_some(NeverRead::Temporary)
}

/// What such names end with, behind their last full stop.
const TEMPORARY: [&[u8]; 12] =
    [b"tmp", b"temp", b"swp", b"swo", b"swx", b"part", b"partial", b"crdownload", b"download", b"new", b"bak", b"orig"];

/// What does not stand for itself in a pattern.
const WILD: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A pattern in its two parts.
struct Split {
    /// The folders before the first wildcard, as raw text.
    fixed: String,
    /// The rest: at least the name of the file.
    rest: String,
}

fn split(pattern: &str) -> Result<Split, Wrong> {
    if pattern.trim().is_empty() {
        return Err(Wrong::new("an empty pattern names no file", "write a pattern such as \"scrapes/**/*.txt\""));
    }
    values::without_shell(pattern)?;
    if pattern.ends_with('/') {
        return Err(Wrong::new(
            format!("{pattern:?} names a folder, not files"),
            format!("write {:?} for the text files below it", format!("{pattern}**/*.txt")),
        ));
    }
    let mut fixed = String::from(if pattern.starts_with('/') { "/" } else { "" });
    let mut rest = String::new();
    let mut names = pattern.split('/').filter(|name| !name.is_empty() && *name != ".").peekable();
    while let Some(name) = names.next() {
        let wild = name.contains(WILD);
        if rest.is_empty() && !wild && names.peek().is_some() {
            if !fixed.is_empty() && !fixed.ends_with('/') {
                fixed.push('/');
            }
            fixed.push_str(name);
            continue;
        }
        if name == ".." {
            return Err(Wrong::new(
                format!("`..` leads nowhere in {pattern:?}"),
                "it can stand at the beginning of a pattern, before the first wildcard",
            ));
        }
        if name.starts_with('.') {
            return Err(Wrong::new(
                format!("{pattern:?} asks for hidden names, which are never read"),
                "hidden files and folders are where other programs keep their own; give the files another name",
            ));
        }
        if !rest.is_empty() {
            rest.push('/');
        }
        rest.push_str(name);
    }
    if rest.is_empty() {
        return Err(Wrong::new(
            format!("{pattern:?} names a folder, not files"),
            "write a pattern such as \"scrapes/**/*.txt\"",
        ));
    }
    Ok(Split { fixed, rest })
}

/// How many names a path must have at most to match; unlimited where a wildcard crosses folders.
fn depth(rest: &str) -> usize {
    let mut level = 0_i32;
    let crosses = rest.contains("**")
        || rest.chars().any(|c| {
            level += i32::from(matches!(c, '{' | '[')) - i32::from(matches!(c, '}' | ']'));
            level != 0 && c == '/'
        });
    if crosses { usize::MAX } else { rest.split('/').count() }
}

fn glob(pattern: &str) -> Result<globset::Glob, Wrong> {
    GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().map_err(|error| {
        Wrong::new(
            format!("{pattern:?} is no pattern: {}", error.kind()),
            "`*` is any run of characters, `**` any folders, `?` one character, `{a,b}` one or the other, `[0-9]` a range",
        )
    })
}

/// A root whose patterns are still being collected.
struct Growing {
    fixed: String,
    rests: Vec<String>,
    globs: GlobSetBuilder,
    literal: String,
    depth: usize,
    sample: String,
}

/// The beginning of a pattern that stands for itself.
fn literal(rest: &str) -> &str {
    rest.split(WILD).next().unwrap_or_default()
}

/// How many bytes two texts have in common at their beginning, in whole characters.
fn common(a: &str, b: &str) -> usize {
    a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b).map_or(a.len().min(b.len()), |((at, _), _)| at)
}

/// The name of a file that the last part of the pattern `rest` matches, or nearly: a letter stands for a wildcard, and
/// the first of alternatives for all.
fn sample(rest: &str) -> String {
    let mut sample = String::new();
    let mut chars = rest.rsplit('/').next().unwrap_or(rest).chars();
    let mut alternative = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' if sample.ends_with('x') => {}
            '*' | '?' => sample.push('x'),
            '\\' => sample.extend(chars.next()),
            '[' => {
                let class: String = chars.by_ref().take_while(|c| *c != ']').collect();
                sample.push(class.chars().next().filter(|c| !matches!(c, '!' | '^')).unwrap_or('x'));
            }
            '{' => alternative += 1,
            '}' => alternative -= 1,
            ',' if alternative > 0 => while chars.next().is_some_and(|c| c != '}') {},
            c => sample.push(c),
        }
    }
    sample
}

/// Collects the patterns of one source.
pub(super) struct FilesBuilder<'f> {
    /// The folder that relative patterns start from, and its absolute form.
    folder: &'f Path,
    absolute: String,
    roots: Vec<Growing>,
    exclude_names: GlobSetBuilder,
    exclude_paths: GlobSetBuilder,
}

impl<'f> FilesBuilder<'f> {
    pub(super) fn new(folder: &'f Path) -> Self {
        let absolute = std::path::absolute(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        Self {
            folder,
            absolute: absolute.ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_default(),
            roots: Vec::new(),
            exclude_names: GlobSetBuilder::new(),
            exclude_paths: GlobSetBuilder::new(),
        }
    }

    /// A pattern without the config's own folder, if that is written out: a file has the same name either way.
    fn relative<'p>(&self, pattern: &'p str) -> &'p str {
        match pattern.strip_prefix(self.absolute.as_str()).and_then(|rest| rest.strip_prefix('/')) {
            Some(rest) if !self.absolute.is_empty() && !rest.is_empty() => rest,
            _ => pattern,
        }
    }

    pub(super) fn add(&mut self, pattern: &str) -> Result<(), Wrong> {
        let Split { fixed, rest } = split(self.relative(pattern))?;
        let whole = self.folder.join(&fixed).join(&rest);
        if !rest.contains(WILD) && whole.is_dir() {
            return Err(Wrong::new(
                format!("{pattern:?} is a folder, not a file"),
                format!("write {:?} for the text files below it", format!("{pattern}/**/*.txt")),
            ));
        }
        let matcher = glob(&rest)?;
        let depth = depth(&rest);
        let sample = sample(&rest);
        match self.roots.iter_mut().find(|root| root.fixed == fixed) {
            Some(root) => {
                root.globs.add(matcher);
                root.rests.push(rest.clone());
                root.literal.truncate(common(&root.literal, literal(&rest)));
                root.depth = depth.max(root.depth);
                root.sample = sample;
            }
            None => {
                let mut globs = GlobSetBuilder::new();
                globs.add(matcher);
                let literal = literal(&rest).to_owned();
                self.roots.push(Growing { fixed, rests: vec![rest], globs, literal, depth, sample });
            }
        }
        Ok(())
    }

    pub(super) fn exclude(&mut self, pattern: &str) -> Result<(), Wrong> {
        values::without_shell(pattern)?;
        let pattern = self.relative(pattern.trim_end_matches('/'));
        if pattern.is_empty() {
            return Err(Wrong::new("an empty pattern excludes nothing", "leave it out"));
        }
        if pattern.contains('/') {
            let plain: Vec<&str> = pattern.split('/').filter(|name| *name != ".").collect();
            self.exclude_paths.add(glob(&plain.join("/"))?);
        } else {
            self.exclude_names.add(glob(pattern)?);
        }
        Ok(())
    }

    pub(super) fn build(self) -> Result<Files, Wrong> {
        let build = |set: GlobSetBuilder| {
            set.build()
                .map_err(|error| Wrong::new(format!("the patterns are too much: {error}"), "use fewer or simpler ones"))
        };
        let mut roots = Vec::new();
        for Growing { fixed, rests, globs, literal, depth, sample } in self.roots {
            let folder = self.folder.join(&fixed);
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            let label = escaped(fixed.as_bytes()).into_owned();
            roots.push(Root { folder, label, rests, globs: build(globs)?, literal, sample, depth });
        }
        Ok(Files { roots, exclude_names: build(self.exclude_names)?, exclude_paths: build(self.exclude_paths)? })
    }
}

impl Files {
    /// The text files below `folder`, named relative to it, as a folder on the command line means them.
    pub(super) fn below(folder: &Path) -> Result<Self, Wrong> {
        let mut builder = FilesBuilder::new(folder);
        for pattern in ["**/*.txt", "**/*.text", "**/*.md"] {
            builder.add(pattern)?;
        }
        builder.build()
    }

    /// The folders to walk. Two of them may hold the same file, under the same name.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Whether `name` is that of one of these files, or of a folder where they are looked for.
    #[must_use]
    pub fn concerns(&self, name: &str) -> bool {
        let is_folder = |root: &Root| root.label.trim_end_matches('/') == name;
        self.roots.iter().any(is_folder) || self.within(name).any(|(root, below)| self.would_list(root, below))
    }

    /// The roots below which a file of this name can lie, each with the part of the name below it.
    pub(crate) fn within<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = (&'f Root, &'n str)> {
        self.roots.iter().filter_map(move |root| Some((root, root.below(name)?)))
    }

    /// The part of the name of a listed file that may state when it was captured: below the fixed part of the pattern
    /// that lists it, of several the shortest.
    #[must_use]
    pub fn may_state<'n>(&self, name: &'n str) -> Option<&'n str> {
        let mut within = self.within(name).peekable();
        let (first, below) = within.next()?;
        if within.peek().is_none() {
            return Some(below);
        }
        let lists = |(root, below): &(&Root, &str)| root.matches(&unescaped(below));
        let listed = std::iter::once((first, below)).chain(within).filter(lists).map(|(_, below)| below);
        // A name that no pattern lists any more was listed by another one.
        listed.max_by_key(|below| below.len()).or(Some(below))
    }

    /// The patterns, where what [`may_state`](Self::may_state) says depends on them: where one begins in a folder below
    /// that of another. Else there is none.
    pub(crate) fn telling_apart(&self) -> impl Iterator<Item = (&str, &[String])> {
        let is_within = |root: &Root| self.within(&root.label).any(|(other, _)| other.label != root.label);
        let roots = if self.roots.iter().any(is_within) { self.roots.as_slice() } else { &[] };
        roots.iter().map(|root| (root.label.as_str(), root.rests.as_slice()))
    }

    /// The path to open for a file that was listed as `name`; `None` for a name that no root begins.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.within(name).find_map(|(root, below)| {
            if below.split('/').any(|name| matches!(name, "" | "." | "..")) {
                return None;
            }
            Some(root.folder.join(path_from(unescaped(below))))
        })
    }

    /// Whether the operator excluded anything.
    #[must_use]
    pub fn has_exceptions(&self) -> bool {
        !self.exclude_names.is_empty() || !self.exclude_paths.is_empty()
    }

    /// Whether the operator excluded a file or folder. `path` is its raw path from the raw label of its root on, `name`
    /// the range of the last name in it.
    #[must_use]
    pub(crate) fn excluded(&self, path: &[u8], name: Range<usize>) -> bool {
        (!self.exclude_names.is_empty()
            && path.get(name).is_some_and(|name| self.exclude_names.is_match_candidate(&Candidate::from_bytes(name))))
            || (!self.exclude_paths.is_empty() && self.exclude_paths.is_match_candidate(&Candidate::from_bytes(path)))
    }

    /// Whether a file at `below`, a path below `root`, would be listed: the patterns match, nothing excludes it, no
    /// part of it is a name that is never read.
    #[must_use]
    pub(crate) fn would_list(&self, root: &Root, below: &str) -> bool {
        let mut path = root.prefix();
        if below.split('/').count() > root.depth || !root.matches(below.as_bytes()) {
            return false;
        }
        below.split('/').all(|name| {
            let start = path.len();
            path.extend(name.bytes());
            let excluded = self.excluded(&path, start..path.len());
            path.push(b'/');
            never_read(name.as_bytes()).is_none() && !excluded
        })
    }
}

impl Root {
    /// The raw path that the files of this root begin with: empty, or with a `/` at its end.
    #[must_use]
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let mut path = unescaped(&self.label).into_owned();
        if !path.is_empty() && !path.ends_with(b"/") {
            path.push(b'/');
        }
        path
    }

    /// Whether the raw path `below` this root is one of the source's files.
    #[must_use]
    pub(crate) fn matches(&self, below: &[u8]) -> bool {
        // Of the files of a folder that many sources share nearly all are another's.
        below.starts_with(self.literal.as_bytes()) && self.globs.is_match_candidate(&Candidate::from_bytes(below))
    }

    /// The name of a file that the root's last pattern could match.
    pub(super) fn sample(&self) -> &str {
        &self.sample
    }

    /// How many names a path below the folder can have at most.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The part of `name` below this root.
    #[must_use]
    pub fn below<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.label.is_empty() {
            return (!name.starts_with('/')).then_some(name);
        }
        let rest = name.strip_prefix(self.label.as_str())?;
        if self.label.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') }
    }
}

/// A raw path as a name: UTF-8 and on one line whatever the file system holds, and never the same for two paths.
///
/// A backslash is doubled; a byte that is not UTF-8 becomes `\xFF`, a control character `\u{7F}`. All else stands for
/// itself, so nearly every name is its path.
#[must_use]
pub fn escaped(path: &[u8]) -> Cow<'_, str> {
    let stands_for_itself = |text: &str| {
        if text.is_ascii() {
            // All of it is looked at, without a branch: that is what takes many bytes at once.
            !text.bytes().fold(false, |found, byte| found | (byte == b'\\') | byte.is_ascii_control())
        } else {
            !text.chars().any(|c| c == '\\' || c.is_control())
        }
    };
    if let Ok(text) = str::from_utf8(path)
        && stands_for_itself(text)
    {
        return Cow::Borrowed(text);
    }
    let mut name = String::with_capacity(path.len() + 8);
    for chunk in path.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => name.push_str("\\\\"),
                c if c.is_control() => name.extend(c.escape_unicode()),
                c => name.push(c),
            }
        }
        for byte in chunk.invalid() {
            name.push_str(&format!("\\x{byte:02X}"));
        }
    }
    Cow::Owned(name)
}

/// The raw path that [`escaped`] made `name` of. A backslash that begins none of its escapes stands for itself.
#[must_use]
pub fn unescaped(name: &str) -> Cow<'_, [u8]> {
    if !name.contains('\\') {
        return Cow::Borrowed(name.as_bytes());
    }
    let mut path = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, after)) = rest.split_once('\\') {
        path.extend(plain.bytes());
        rest = after;
        if let Some(after) = rest.strip_prefix('\\') {
            path.push(b'\\');
            rest = after;
        } else if let Some((byte, after)) = rest.strip_prefix('x').and_then(|rest| rest.split_at_checked(2))
            && let Ok(byte) = u8::from_str_radix(byte, 16)
        {
            path.push(byte);
            rest = after;
        } else if let Some((code, after)) = rest.strip_prefix("u{").and_then(|rest| rest.split_once('}'))
            && let Some(c) = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)
        {
            path.extend(c.encode_utf8(&mut [0; 4]).bytes());
            rest = after;
        } else {
            path.push(b'\\');
        }
    }
    path.extend(rest.bytes());
    Cow::Owned(path)
}

/// Raw bytes as a path.
#[must_use]
pub(crate) fn path_from(raw: Cow<'_, [u8]>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    PathBuf::from(std::ffi::OsString::from_vec(raw.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(patterns: &[&str], exclude: &[&str]) -> Files {
        let mut builder = FilesBuilder::new(Path::new("/conf"));
        for pattern in patterns {
            builder.add(pattern).expect(pattern);
        }
        for pattern in exclude {
            builder.exclude(pattern).expect(pattern);
        }
        builder.build().expect("patterns")
    }

    #[test]
    fn what_all_patterns_of_a_folder_begin_with_is_looked_at_first() {
        for (patterns, literal, matched) in [
            (&["s/news-*.txt", "s/new?.md"][..], "new", "newt.md"),
            (&["s/жук-*", "s/жар*.txt"], "ж", "жара.txt"),
            (&["s/a\\*b*", "s/a{1,2}"], "a", "a*bc"),
            (&["s/x.txt", "s/[x]y*"], "", "xyz"),
            (&["s/x.txt", "s/x.txt.html"], "x.txt", "x.txt"),
        ] {
            let files = files(patterns, &[]);
            let [root] = files.roots() else { panic!("one root: {patterns:?}") };
            assert_eq!(root.literal, literal, "{patterns:?}");
            assert!(root.matches(matched.as_bytes()), "{patterns:?}");
        }
    }

    #[test]
    fn a_pattern_is_a_fixed_folder_and_the_rest() {
        for (pattern, label, depth) in [
            ("scrapes/ilo/**/*.txt", "scrapes/ilo", usize::MAX),
            ("./scrapes//ilo/./*.txt", "scrapes/ilo", 1),
            ("*.txt", "", 1),
            ("one.txt", "", 1),
            ("../scrapes/*/new/*.txt", "../scrapes", 3),
            ("/var/spool/*.txt", "/var/spool", 1),
            ("/*.txt", "/", 1),
            ("/conf/scrapes/*.txt", "scrapes", 1),
            ("/conf/*.txt", "", 1),
            ("{a,b/c}/*.txt", "", usize::MAX),
            ("новости/*.txt", "новости", 1),
        ] {
            let files = files(&[pattern], &[]);
            let root = &files.roots()[0];
            assert_eq!((root.label.as_str(), root.depth()), (label, depth), "{pattern}");
        }
        for pattern in
            ["", " ", "scrapes/", "a/*/../b.txt", "a/**/.hidden/*.txt", "a/.x.txt", "a/..", "a/[z.txt", "a/{b", "/"]
        {
            assert!(FilesBuilder::new(Path::new("/conf")).add(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn matching_keeps_to_the_pattern_its_depth_and_its_exclusions() {
        let source = files(&["scrapes/**/*.txt"], &["old", "*.bak.txt", "scrapes/2019/**", "/conf/scrapes/x/y.txt"]);
        for (below, expected) in [
            ("a.txt", true),
            ("deep/er/a.txt", true),
            ("a.md", false),
            (".a.txt", false),
            (".git/a.txt", false),
            ("a.txt~", false),
            ("#a.txt", true),
            ("old/a.txt", false),
            ("x/old/a.txt", false),
            ("old.txt", true),
            ("a.bak.txt", false),
            ("2019/a.txt", false),
            ("2019.txt", true),
            ("x/y.txt", false),
            ("x/z.txt", true),
        ] {
            assert_eq!(source.would_list(&source.roots()[0], below), expected, "{below}");
        }
        let flat = files(&["*/x-?.{txt,md}"], &[]);
        for (below, expected) in [("a/x-1.txt", true), ("a/x-1.md", true), ("x-1.txt", false), ("a/b/x-1.txt", false)] {
            assert_eq!(flat.would_list(&flat.roots()[0], below), expected, "{below}");
        }
    }

    #[test]
    fn names_that_are_never_read() {
        for name in
            ["x~", "#x#", ".#x", ".x", "x.swp", "x.TMP", "x.part", "x.crdownload", "x.new", "4913", ".x.txt.AbCdEf"]
        {
            assert!(never_read(name.as_bytes()).is_some(), "{name}");
        }
        for name in
            ["x.txt", "#x.txt", "x#", "#", "14913", "tmp", "news.txt", "part", "x.md", "renew", "x.tmp.txt", "x."]
        {
            assert_eq!(never_read(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn any_path_survives_being_a_name() {
        let paths: [&[u8]; 9] = [
            b"scrapes/a.txt",
            "новости/Ёлка.txt".as_bytes(),
            b"bad\xFF\xFEname.txt",
            b"new\nline.txt",
            b"back\\slash",
            b"\\xFF",
            b"\\u{7F}",
            b"\x7F\x1B[1m",
            b"cut\xE2\x82",
        ];
        for path in paths {
            let name = escaped(path);
            assert_eq!(unescaped(&name), path, "{name}");
            assert!(!name.chars().any(char::is_control), "{name:?}");
        }
        assert_eq!(escaped(b"bad\xFF\nname"), "bad\\xFF\\u{a}name");
    }

    #[test]
    fn a_name_leads_back_to_its_path() {
        let source = files(&["scrapes/*.txt", "*.md", "/var/spool/*.txt"], &[]);
        for (name, path) in
            [("scrapes/a.txt", "/conf/scrapes/a.txt"), ("a.md", "/conf/a.md"), ("/var/spool/a.txt", "/var/spool/a.txt")]
        {
            assert_eq!(source.path(name), Some(PathBuf::from(path)), "{name}");
        }
        for name in ["/etc/passwd", "scrapes/../../etc/passwd", "../x.txt", "scrapes/", ""] {
            assert_eq!(source.path(name), None, "{name}");
        }
    }
}
