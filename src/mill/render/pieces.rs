//! Documents out of pieces.
//!
//! A document is a frame around its entries, and an entry looks the same in every document of its kind until the item
//! is another one. What is published again and again remembers its entries as they were written: only those that are
//! new are rendered, and a month page of thousands takes in one more without a look at the others. The bytes are those
//! that would come of rendering all of it; what is remembered only saves the work.

use std::hash::BuildHasher;
use std::mem;

use chrono::{DateTime, Utc};
use memchr::memmem;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Shown;
use crate::mill::item::Key;

/// The crates for RSS and Atom want a thousand bytes for each entry before they write the first one: of a long document
/// they are given so many at a time.
pub(super) const RUN: usize = 1_000;

/// The kinds of documents: an entry looks otherwise in each.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Rss,
    Atom,
    Json,
    Page,
}

/// An item in a document: as it is to be shown, or known to the pieces.
pub(super) struct Line<'a> {
    pub(super) id: Key,
    /// A fingerprint of the item: what was written under another one shows it otherwise.
    pub(super) print: u64,
    /// `None`: the pieces remember what was made of it.
    pub(super) shown: Option<Box<Shown<'a>>>,
}

impl<'a> Line<'a> {
    /// An item in the head of its feed.
    pub(super) fn of_head(shown: Shown<'a>) -> Self {
        Self { id: shown.entry.item.id, print: FxBuildHasher.hash_one(shown.entry), shown: Some(Box::new(shown)) }
    }
}

/// What the frame of a document has to know of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) updated: DateTime<Utc>,
    pub(super) is_credited: bool,
}

impl From<&Shown<'_>> for Facts {
    fn from(shown: &Shown<'_>) -> Self {
        Self { updated: shown.updated, is_credited: shown.entry.item.credit.is_some() }
    }
}

/// An item, as it was written.
#[derive(Debug)]
struct Piece {
    print: u64,
    facts: Facts,
    /// By [`Format`].
    written: [Option<Box<[u8]>>; 4],
}

impl Piece {
    fn bytes(&self) -> usize {
        let of_each = mem::size_of::<(Key, Self)>() * self.written.iter().flatten().count();
        of_each + self.written.iter().flatten().map(|written| written.len()).sum::<usize>()
    }
}

/// What is remembered of the documents of a head, or of a month.
#[derive(Debug)]
pub struct Pieces {
    by_id: FxHashMap<Key, Piece>,
    bytes: usize,
    /// No more is remembered than fits into so many bytes; 0: nothing is.
    most: usize,
}

impl Pieces {
    /// Pieces of documents that are made once: nothing is remembered.
    #[must_use]
    pub fn forgotten() -> Self {
        Self::within(0)
    }

    /// None yet, and never more than fits into so many bytes.
    #[must_use]
    pub fn within(most: usize) -> Self {
        Self { by_id: FxHashMap::default(), bytes: 0, most }
    }

    /// Whether they are of documents that are made once.
    #[must_use]
    pub fn are_forgotten(&self) -> bool {
        self.most == 0
    }

    /// How much memory they take, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a month can be rendered without this item: its page and its archive remember what was made of it.
    #[must_use]
    pub fn know(&self, id: Key, print: u64) -> bool {
        let piece = self.by_id.get(&id).filter(|piece| piece.print == print);
        piece.is_some_and(|piece| matches!(piece.written, [_, Some(_), _, Some(_)]))
    }

    /// Forgets all items but these.
    pub(super) fn only(&mut self, lines: &[Line<'_>]) {
        if lines.iter().filter(|line| self.of(line).is_some()).count() == self.by_id.len() {
            return;
        }
        let mut before = mem::take(&mut self.by_id);
        for line in lines {
            if let Some((id, piece)) = before.remove_entry(&line.id).filter(|(_, piece)| piece.print == line.print) {
                self.by_id.insert(id, piece);
            }
        }
        self.bytes = self.by_id.values().map(Piece::bytes).sum();
    }

    /// `None`: neither shown nor known.
    pub(super) fn facts(&self, line: &Line<'_>) -> Option<Facts> {
        line.shown.as_deref().map(Facts::from).or_else(|| self.of(line).map(|piece| piece.facts))
    }

    /// Whether one of these bears a credit.
    pub(super) fn credit_any(&self, lines: &[Line<'_>]) -> bool {
        lines.iter().filter_map(|line| self.facts(line)).any(|facts| facts.is_credited)
    }

    fn of(&self, line: &Line<'_>) -> Option<&Piece> {
        self.by_id.get(&line.id).filter(|piece| piece.print == line.print)
    }

    fn written(&self, line: &Line<'_>, format: Format) -> Option<&[u8]> {
        self.of(line)?.written.get(format as usize)?.as_deref()
    }

    fn keep(&mut self, line: &Line<'_>, shown: &Shown<'_>, format: Format, written: &[u8]) {
        let more = mem::size_of::<(Key, Piece)>() + written.len();
        if self.bytes + more > self.most {
            return;
        }
        let new = || Piece { print: line.print, facts: shown.into(), written: [const { None }; 4] };
        let piece = self.by_id.entry(line.id).or_insert_with(new);
        if piece.print != line.print {
            *piece = new();
        }
        if let Some(place) = piece.written.get_mut(format as usize) {
            *place = Some(written.into());
            self.bytes += more;
        }
    }
}

/// How the entries stand in the documents of a kind. No text holds a bare `<`, nor a string of JSON a line feed, so
/// that these are found where they are meant.
pub(super) struct Kind {
    pub(super) format: Format,
    /// How each entry begins.
    pub(super) opens: &'static [u8],
    /// What comes behind the last one.
    pub(super) closes: &'static [u8],
    /// What stands between two.
    pub(super) between: &'static [u8],
}

/// The document of these lines. `write` writes a whole document of some of them, and always the same around them, but
/// for what comes `ahead` of the entries.
pub(super) fn assemble(
    Kind { format, opens, closes, between }: &Kind,
    ahead: &str,
    lines: &[Line<'_>],
    pieces: &mut Pieces,
    write: impl Fn(&[&Shown<'_>]) -> Vec<u8>,
) -> Vec<u8> {
    if pieces.most == 0 && lines.len() <= RUN {
        // Nothing is known, and nothing is to be: it is written as it is.
        let mut whole = write(&lines.iter().filter_map(|line| line.shown.as_deref()).collect::<Vec<_>>());
        let start = memmem::find(&whole, opens).or_else(|| memmem::rfind(&whole, closes)).unwrap_or(whole.len());
        whole.splice(start..start, ahead.bytes());
        return whole;
    }
    // Long documents would be copied again and again while they grow.
    let known = lines.iter().filter_map(|line| pieces.written(line, *format)).map(|entry| entry.len() + between.len());
    let mut document = Vec::with_capacity(known.sum());
    let mut after = Vec::new();
    let (first, others) = lines.split_at_checked(RUN).unwrap_or((lines, &[]));
    for (at, lines) in [first].into_iter().chain(others.chunks(RUN)).enumerate() {
        let is_new = |line: &&Line<'_>| pieces.written(line, *format).is_none();
        let new: Vec<&Shown<'_>> = lines.iter().filter(is_new).filter_map(|line| line.shown.as_deref()).collect();
        let written = if at == 0 || !new.is_empty() { write(&new) } else { Vec::new() };
        // What closes a document is there, or its writer failed: then there are no entries, and `check` refuses it.
        let end = if new.is_empty() { memmem::find(&written, closes) } else { memmem::rfind(&written, closes) };
        let end = end.unwrap_or(written.len());
        let start = if new.is_empty() { end } else { memmem::find(&written, opens).unwrap_or(end) };
        if at == 0 {
            document.extend_from_slice(written.get(..start).unwrap_or_default());
            document.extend_from_slice(ahead.as_bytes());
            after = written.get(end..).unwrap_or_default().to_vec();
        }
        let mut entries = cut(written.get(start..end).unwrap_or_default(), opens);
        for (nth, line) in lines.iter().enumerate() {
            if (at, nth) > (0, 0) {
                document.extend_from_slice(between);
            }
            if let Some(known) = pieces.written(line, *format) {
                document.extend_from_slice(known);
            } else if let Some(shown) = &line.shown {
                let entry = entries.next().unwrap_or_default();
                let entry = entry.strip_suffix(*between).unwrap_or(entry);
                document.extend_from_slice(entry);
                pieces.keep(line, shown, *format, entry);
            }
        }
    }
    document.extend_from_slice(&after);
    document
}

/// The single entries, each of which begins with `opens`.
fn cut<'w>(written: &'w [u8], opens: &[u8]) -> impl Iterator<Item = &'w [u8]> {
    let starts: Vec<usize> = memmem::find_iter(written, opens).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([written.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| written.get(start..end))
}
