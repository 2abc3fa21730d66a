//! CSS selectors that say which elements of a page are the fields of its items.
//!
//! Understood are names, `*`, `#id`, `.class`, `[attribute]` with `=`, `~=`, `|=`, `^=`, `$=` and `*=`, `:first-child`,
//! `:nth-child(N)`, `:not(…)` of one simple selector, the combinators blank, `>`, `+` and `~`, and lists with `,`.
//! Behind a selector, `@name` asks for an attribute instead of the text: `img@alt`.
//!
//! All selectors are matched while the page is walked, and each element is looked at once: a few bits beside it say how
//! much of each selector its ancestors and siblings have matched. So no page, however deep or wide, costs more than its
//! length.

use super::record::Part;

/// Which elements of a page are its items, and which elements within those are the fields.
#[derive(Debug, Clone)]
pub struct Select {
    pub(super) item: Selector,
    pub(super) parts: Vec<(Part, Selector)>,
}

impl Select {
    /// Reads the selectors as the operator writes them.
    ///
    /// # Errors
    ///
    /// The first of them that cannot be read.
    pub fn new(item: &str, parts: &[(Part, &str)]) -> Result<Self, BadSelector> {
        let parts = parts.iter().map(|(part, text)| Ok((*part, Selector::new(text)?)));
        Ok(Self { item: Selector::new(item)?, parts: parts.collect::<Result<_, BadSelector>>()? })
    }

    /// Whether `text` can be read as a selector.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(text: &str) -> Result<(), BadSelector> {
        Selector::new(text).map(|_| ())
    }

    /// All selectors in one order: that of the items first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.item).chain(self.parts.iter().map(|(_, selector)| selector))
    }
}

/// A selector that cannot be read: what is wrong, and at which byte of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSelector {
    /// In the words of the config.
    pub what: String,
    /// Where in the selector.
    pub at: usize,
}

/// A list of selectors, and the attribute that is asked for.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    text: String,
    chains: Vec<Chain>,
    pub(super) attribute: Option<String>,
}

/// Compounds from the outermost to the element itself, each with the combinator before it.
#[derive(Debug, Clone, PartialEq)]
struct Chain(Vec<(Leads, Compound)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leads {
    Inside,
    Child,
    Next,
    Later,
}

type Compound = Vec<Simple>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Simple {
    Any,
    Name(String),
    Id(String),
    Class(String),
    Attribute(String, Test, String),
    Nth(u32),
    Not(Box<Simple>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Present,
    Is,
    HasWord,
    Dashed,
    Starts,
    Ends,
    Holds,
}

/// What a selector asks an element.
pub(super) trait Asked {
    fn name(&self) -> &str;
    fn attribute(&self, name: &str) -> Option<&str>;
    /// Its place among its siblings, counted from 1.
    fn place(&self) -> u32;
}

/// How far the chains of a selector are matched at one element, or at any of several: a number for each chain, with a
/// bit for each of its compounds.
pub(super) type Marks = Vec<u32>;

/// What a selector has matched around an element.
pub(super) struct Around<'m> {
    pub(super) parent: &'m [u32],
    /// At the parent and all that it stands in.
    pub(super) above: &'m [u32],
    /// At the sibling just before.
    pub(super) before: &'m [u32],
    /// At all siblings before.
    pub(super) earlier: &'m [u32],
}

/// A chain has at most so many compounds, for there is a bit for each.
const LONGEST: usize = 32;
/// A selector has at most so many chains.
const MOST_CHAINS: usize = 32;

impl Selector {
    fn new(text: &str) -> Result<Self, BadSelector> {
        let (css, attribute) = match text.rsplit_once('@') {
            Some((css, name)) if !name.contains([']', '"', '\'']) => {
                if name.is_empty()
                    || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
                {
                    let what = "the `@` asks for an attribute, and what follows is no name of one".to_owned();
                    return Err(BadSelector { what, at: css.len() });
                }
                (css, Some(name.to_ascii_lowercase()))
            }
            _ => (text, None),
        };
        let chains = Reader { text: css, at: 0 }.list()?;
        Ok(Self { text: text.to_owned(), chains, attribute })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What is matched at an element, and whether that is one of the elements selected.
    pub(super) fn matches(&self, asked: &impl Asked, around: Around<'_>) -> (Marks, bool) {
        let mut own = Vec::with_capacity(self.chains.len());
        let mut selected = false;
        for (i, Chain(chain)) in self.chains.iter().enumerate() {
            let mark = |marks: &[u32]| marks.get(i).copied().unwrap_or(0);
            let mut bits = 0_u32;
            for (k, (leads, compound)) in chain.iter().enumerate() {
                let led = k == 0 || {
                    let led_to = match leads {
                        Leads::Inside => mark(around.above),
                        Leads::Child => mark(around.parent),
                        Leads::Next => mark(around.before),
                        Leads::Later => mark(around.earlier),
                    };
                    led_to >> (k - 1) & 1 == 1
                };
                if led && compound.iter().all(|simple| simple.fits(asked)) {
                    bits |= 1 << k;
                    selected |= k + 1 == chain.len();
                }
            }
            own.push(bits);
        }
        (own, selected)
    }
}

/// Adds to `marks` those of one more element.
pub(super) fn add(marks: &mut Marks, more: &[u32]) {
    marks.resize(marks.len().max(more.len()), 0);
    for (mark, more) in marks.iter_mut().zip(more) {
        *mark |= more;
    }
}

impl Simple {
    fn fits(&self, asked: &impl Asked) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => asked.name() == name,
            Self::Id(id) => asked.attribute("id") == Some(id),
            Self::Class(class) => {
                asked.attribute("class").is_some_and(|all| all.split_ascii_whitespace().any(|one| one == class))
            }
            Self::Attribute(name, test, wanted) => asked.attribute(name).is_some_and(|value| match test {
                Test::Present => true,
                Test::Is => value == wanted,
                Test::HasWord => value.split_ascii_whitespace().any(|word| word == wanted),
                Test::Dashed => value.strip_prefix(wanted.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('-')),
                Test::Starts => !wanted.is_empty() && value.starts_with(wanted.as_str()),
                Test::Ends => !wanted.is_empty() && value.ends_with(wanted.as_str()),
                Test::Holds => !wanted.is_empty() && value.contains(wanted.as_str()),
            }),
            Self::Nth(place) => asked.place() == *place,
            Self::Not(simple) => !simple.fits(asked),
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, BadSelector> {
        Err(BadSelector { what: what.into(), at: self.at.min(self.text.len()) })
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += if there { c.len_utf8() } else { 0 };
        there
    }

    fn blanks(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
        self.at > start
    }

    fn name(&mut self) -> Option<String> {
        let start = self.at;
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii()) {
            self.at += c.len_utf8();
        }
        self.text.get(start..self.at).filter(|name| !name.is_empty()).map(str::to_owned)
    }

    fn list(mut self) -> Result<Vec<Chain>, BadSelector> {
        let mut chains = vec![self.chain()?];
        while self.take(',') {
            chains.push(self.chain()?);
        }
        match self.peek() {
            None if chains.len() <= MOST_CHAINS => Ok(chains),
            None => self.wrong(format!("the list has more than {MOST_CHAINS} selectors")),
            Some(c) => self.wrong(format!("{c:?} is not understood here")),
        }
    }

    fn chain(&mut self) -> Result<Chain, BadSelector> {
        self.blanks();
        let mut chain = vec![(Leads::Inside, self.compound()?)];
        loop {
            let apart = self.blanks();
            let leads = match self.peek() {
                None | Some(',') => break,
                Some('>') => Leads::Child,
                Some('+') => Leads::Next,
                Some('~') => Leads::Later,
                Some(_) if apart => Leads::Inside,
                Some(c) => return self.wrong(format!("{c:?} is not understood here")),
            };
            if leads != Leads::Inside {
                self.at += 1;
                self.blanks();
            }
            chain.push((leads, self.compound()?));
        }
        if chain.len() > LONGEST {
            return self.wrong(format!("the selector has more than {LONGEST} parts"));
        }
        Ok(Chain(chain))
    }

    fn compound(&mut self) -> Result<Compound, BadSelector> {
        let mut compound = Vec::new();
        if self.take('*') {
            compound.push(Simple::Any);
        } else if let Some(name) = self.name() {
            compound.push(Simple::Name(name.to_ascii_lowercase()));
        }
        while let Some(c) = self.peek().filter(|c| matches!(c, '#' | '.' | '[' | ':')) {
            compound.push(self.simple(c)?);
        }
        match compound.is_empty() {
            true => self.wrong("a name, `.class`, `#id` or `[attribute]` is expected"),
            false => Ok(compound),
        }
    }

    fn simple(&mut self, first: char) -> Result<Simple, BadSelector> {
        self.at += 1;
        match first {
            '#' | '.' => match self.name() {
                Some(name) if first == '#' => Ok(Simple::Id(name)),
                Some(name) => Ok(Simple::Class(name)),
                None => self.wrong(format!("a name is expected after `{first}`")),
            },
            '[' => self.attribute(),
            _ => {
                let start = self.at;
                match self.name().as_deref() {
                    Some("first-child") => Ok(Simple::Nth(1)),
                    Some("nth-child") => self.nth(),
                    Some("not") => self.not(),
                    _ => {
                        self.at = start;
                        self.wrong("only `:first-child`, `:nth-child(N)` and `:not(…)` are understood")
                    }
                }
            }
        }
    }

    fn nth(&mut self) -> Result<Simple, BadSelector> {
        let opened = self.take('(');
        let number = self.name().and_then(|name| name.parse().ok()).filter(|place| *place > 0);
        match number {
            Some(place) if opened && self.take(')') => Ok(Simple::Nth(place)),
            _ => self.wrong("a number from 1 on is expected in `:nth-child(…)`"),
        }
    }

    fn not(&mut self) -> Result<Simple, BadSelector> {
        if !self.take('(') {
            return self.wrong("`(` is expected after `:not`");
        }
        let simple = match self.peek() {
            Some(':') => return self.wrong("one name, class, id or attribute is expected in `:not(…)`"),
            Some(c @ ('#' | '.' | '[')) => self.simple(c)?,
            _ => match self.name() {
                Some(name) => Simple::Name(name.to_ascii_lowercase()),
                None => return self.wrong("one name, class, id or attribute is expected in `:not(…)`"),
            },
        };
        if self.take(')') { Ok(Simple::Not(Box::new(simple))) } else { self.wrong("`)` is expected") }
    }

    fn attribute(&mut self) -> Result<Simple, BadSelector> {
        self.blanks();
        let Some(name) = self.name() else { return self.wrong("the name of an attribute is expected after `[`") };
        let name = name.to_ascii_lowercase();
        self.blanks();
        if self.take(']') {
            return Ok(Simple::Attribute(name, Test::Present, String::new()));
        }
        let test = match self.peek() {
            Some('~') => Test::HasWord,
            Some('|') => Test::Dashed,
            Some('^') => Test::Starts,
            Some('$') => Test::Ends,
            Some('*') => Test::Holds,
            _ => Test::Is,
        };
        self.at += usize::from(test != Test::Is);
        if !self.take('=') {
            return self.wrong("`=` or `]` is expected");
        }
        self.blanks();
        let value = match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                let rest = self.text.get(self.at..).unwrap_or_default();
                let Some(end) = rest.find(quote) else { return self.wrong("the quotation mark is not closed") };
                self.at += end + 1;
                rest.get(..end).unwrap_or_default().to_owned()
            }
            _ => match self.name() {
                Some(value) => value,
                None => return self.wrong("a value is expected after `=`"),
            },
        };
        self.blanks();
        if self.take(']') { Ok(Simple::Attribute(name, test, value)) } else { self.wrong("`]` is expected") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_that_cannot_be_read_says_where() {
        for (text, at) in [
            ("", 0),
            ("div >", 5),
            ("li:hover", 3),
            ("a[href", 6),
            ("a[href='x]", 8),
            ("p..x", 2),
            (".news !", 6),
            ("li:nth-child(odd)", 16),
            ("a@", 1),
            ("a, ", 3),
        ] {
            assert_eq!(Selector::new(text).map(|_| ()).unwrap_err().at, at, "{text}");
        }
    }

    #[test]
    fn an_attribute_is_asked_for_behind_an_at_sign() {
        assert_eq!(Selector::new("img.x@Alt").unwrap().attribute.as_deref(), Some("alt"));
        assert_eq!(Selector::new("a[href='x@y']").unwrap().attribute, None);
    }
}
