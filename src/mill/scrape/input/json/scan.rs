//! Where the objects and lists of a JSON text stand, and where one that is cut can be closed.
//!
//! serde_json keeps no places, and gives nothing of a text that is cut. The scan reads no values: it looks at brackets,
//! commas and the names of members.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::LineCounter;

/// A text with more values than this is no list of announcements.
const MOST_VALUES: usize = 2_000_000;
/// Nor is one with more objects and lists: even the smallest item takes 1.5 KB once it is read.
const MOST_NESTED: usize = 300_000;
/// serde_json goes no deeper.
const DEEPEST: usize = 127;
const TOO_DEEP: &str = "it is nested too deep";
const TOO_MANY_VALUES: &str = "it has too many values for a list of announcements";

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'t> {
    Name(Cow<'t, str>),
    Index(usize),
}

impl Step<'_> {
    /// Whether both lead to the same place from one value. Names are compared by where they are kept, not letter by
    /// letter: a name can be half of the file.
    fn is_same(&self, other: &Step<'_>) -> bool {
        match (self, other) {
            (Step::Name(one), Step::Name(other)) => std::ptr::eq::<str>(&**one, &**other),
            (Step::Index(one), Step::Index(other)) => one == other,
            _ => false,
        }
    }
}

/// The way last taken into a value, and the objects and lists that it passes, as far as they were found.
///
/// Most items stand in one list or in neighbouring ones, so the next way is looked up only from where it leaves this
/// one.
pub(super) struct Trail<'w> {
    way: &'w [Step<'w>],
    /// By number, the value itself first.
    passed: Vec<usize>,
}

impl Trail<'_> {
    pub(super) fn new() -> Self {
        Self { way: &[], passed: vec![0] }
    }
}

/// Where one object or list of the text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) line: u32,
    pub(super) last_line: u32,
    /// It ends before the text does.
    pub(super) whole: bool,
}

/// Where the objects and lists of a text stand.
pub(super) struct Scan<'t> {
    /// By the number of each: they are counted as they begin.
    spots: Vec<Spot>,
    /// From the number of one, and a step into it, to the number of what stands there.
    inside: BTreeMap<(usize, Step<'t>), usize>,
    /// Up to here, and with these brackets behind it, a text that is cut is whole.
    end: usize,
    closing: String,
}

impl<'t> Scan<'t> {
    /// # Errors
    /// The line at which the text turns out to be more than is read, and why.
    pub(super) fn of(text: &'t str) -> Result<Self, (u32, &'static str)> {
        let mut scanner = Scanner::new(text);
        let mut at = 0;
        while let Some(byte) = text.as_bytes().get(at) {
            match byte {
                b'"' => at = scanner.string(at + 1),
                b'{' | b'[' => scanner.begin(at, *byte == b'{')?,
                b'}' | b']' if scanner.open.is_empty() => break,
                b'}' | b']' => scanner.finish(at),
                b',' => scanner.next(at)?,
                _ => {}
            }
            at += 1;
        }
        Ok(scanner.scan())
    }

    /// The text as it would be had it ended before what is cut.
    pub(super) fn closed(&self, text: &str) -> String {
        format!("{}{}", text.get(..self.end).unwrap_or_default(), self.closing)
    }

    /// Where the object or list at the end of `way` stands.
    pub(super) fn follow<'w>(&self, way: &'w [Step<'w>], trail: &mut Trail<'w>) -> Option<&Spot> {
        let same = trail.way.iter().zip(way).take_while(|(one, other)| one.is_same(other)).count();
        trail.passed.truncate(same + 1);
        trail.way = way;
        for step in way.get(trail.passed.len() - 1..)? {
            trail.passed.push(self.within(*trail.passed.last()?, step)?);
        }
        self.spots.get(*trail.passed.last()?)
    }

    /// The number of the object or list that `step` leads to from number `at`.
    fn within(&self, at: usize, step: &Step<'_>) -> Option<usize> {
        let inside: &BTreeMap<(usize, Step<'_>), usize> = &self.inside;
        inside.get(&(at, step.clone())).copied()
    }
}

/// An object or list that has begun and not ended.
struct Open {
    number: usize,
    is_object: bool,
    /// The index of the member that is being read.
    index: usize,
}

/// A scan under way.
struct Scanner<'t> {
    text: &'t str,
    counter: LineCounter<'t>,
    spots: Vec<Spot>,
    inside: BTreeMap<(usize, Step<'t>), usize>,
    /// The outermost first.
    open: Vec<Open>,
    /// The name of the member that is being read, in an object.
    key: &'t str,
    /// The next string is such a name.
    expects_key: bool,
    values: usize,
    /// Where the last whole value ended, and how many objects and lists were open there.
    whole_to: usize,
    open_there: usize,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            counter: LineCounter::new(text),
            spots: Vec::new(),
            inside: BTreeMap::new(),
            open: Vec::new(),
            key: "",
            expects_key: false,
            values: 0,
            whole_to: 0,
            open_there: 0,
        }
    }

    /// Passes a string that begins at `start`, and tells where it ends.
    fn string(&mut self, start: usize) -> usize {
        let end = end_of_string(self.text.as_bytes(), start);
        if std::mem::take(&mut self.expects_key) {
            self.key = self.text.get(start..end).unwrap_or_default();
        }
        end
    }

    fn begin(&mut self, at: usize, is_object: bool) -> Result<(), (u32, &'static str)> {
        let line = self.counter.line_at(at);
        if self.open.len() >= DEEPEST {
            return Err((line, TOO_DEEP));
        }
        let number = self.spots.len();
        if let Some(outer) = self.open.last() {
            let step = if outer.is_object { Step::Name(unescaped(self.key)) } else { Step::Index(outer.index) };
            // Of members of one name the last counts, as it does for serde_json.
            self.inside.insert((outer.number, step), number);
        }
        self.spots.push(Spot { line, last_line: line, whole: false });
        self.open.push(Open { number, is_object, index: 0 });
        self.expects_key = is_object;
        self.count_value(at)
    }

    fn finish(&mut self, at: usize) {
        if let Some(open) = self.open.pop()
            && let Some(spot) = self.spots.get_mut(open.number)
        {
            (spot.last_line, spot.whole) = (self.counter.line_at(at), true);
        }
        self.expects_key = false;
        (self.whole_to, self.open_there) = (at + 1, self.open.len());
    }

    fn next(&mut self, at: usize) -> Result<(), (u32, &'static str)> {
        if let Some(open) = self.open.last_mut() {
            open.index += 1;
            self.expects_key = open.is_object;
        }
        (self.whole_to, self.open_there) = (at, self.open.len());
        self.count_value(at)
    }

    fn count_value(&mut self, at: usize) -> Result<(), (u32, &'static str)> {
        self.values += 1;
        if self.values > MOST_VALUES || self.spots.len() > MOST_NESTED {
            return Err((self.counter.line_at(at), TOO_MANY_VALUES));
        }
        Ok(())
    }

    fn scan(mut self) -> Scan<'t> {
        let last_line = self.counter.line_at(self.text.trim_end().len());
        for open in &self.open {
            if let Some(spot) = self.spots.get_mut(open.number) {
                spot.last_line = last_line.max(spot.line);
            }
        }
        let closing = |open: &Open| if open.is_object { '}' } else { ']' };
        let closing = self.open.iter().take(self.open_there).rev().map(closing).collect();
        Scan { spots: self.spots, inside: self.inside, end: self.whole_to, closing }
    }
}

/// Where the string that begins at `at` ends: at its quotation mark, or with the text.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// A member's name as it is meant.
fn unescaped(key: &str) -> Cow<'_, str> {
    if !key.contains('\\') {
        return Cow::Borrowed(key);
    }
    serde_json::from_str(&format!("\"{key}\"")).map_or(Cow::Borrowed(key), Cow::Owned)
}
