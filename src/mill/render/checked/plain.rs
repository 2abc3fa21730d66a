//! A quick reader of plain XML.
//!
//! Feeds need little of XML: elements, attributes in double quotes, text, the five named references. A document of
//! these alone is found well-formed (XML 1.0 section 2.1, Namespaces in XML 1.0 section 7) by one look at its bytes,
//! without a tree of it. Of anything else (a comment, a section, an instruction, a numeric reference, a namespace that
//! is declared below the root) this reader does not say that it is wrong: it says nothing, and the one that knows all
//! of XML is asked. Characters that no document may contain have been looked for before.

use memchr::{memchr, memchr2_iter};

/// Elements within each other, at most; feeds have five.
const DEPTH: usize = 64;
/// Attributes of an element, at most.
const ATTRIBUTES: usize = 16;

/// How many elements have this name in this namespace. `None`: the text is not well-formed, or not plain.
pub(super) fn count(text: &str, name: &str, namespace: Option<&str>) -> Option<usize> {
    let mut reader = Reader { rest: declared(text), ..Reader::default() };
    let (mut count, mut has_root) = (0, false);
    while !reader.rest.is_empty() {
        let at = memchr(b'<', reader.rest.as_bytes()).unwrap_or(reader.rest.len());
        let between = reader.take(at)?;
        if !(if reader.open.is_empty() { between.bytes().all(is_blank) } else { is_plain(between) }) {
            return None;
        }
        if reader.rest.is_empty() {
            break;
        }
        if let Some(rest) = reader.rest.strip_prefix("</") {
            reader.rest = rest.strip_prefix(reader.open.pop()?)?.strip_prefix('>')?;
            continue;
        }
        if reader.open.is_empty() && std::mem::replace(&mut has_root, true) || reader.open.len() == DEPTH {
            return None;
        }
        reader.rest = reader.rest.strip_prefix('<')?;
        let found = reader.start(namespace)?;
        count += usize::from(found == name && reader.default == namespace);
    }
    (has_root && reader.open.is_empty()).then_some(count)
}

/// What follows the declaration, in the forms that the writers have.
pub(super) fn declared(text: &str) -> &str {
    const DECLARATIONS: [&str; 2] = ["<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"utf-8\"?>"];
    DECLARATIONS.iter().find_map(|declaration| text.strip_prefix(declaration)).unwrap_or(text)
}

#[derive(Default)]
struct Reader<'t> {
    rest: &'t str,
    /// The names of the elements around the place.
    open: Vec<&'t str>,
    /// The names of the attributes of the newest element.
    attributes: Vec<&'t str>,
    /// Declared by the root.
    prefixes: Vec<(&'t str, &'t str)>,
    default: Option<&'t str>,
}

impl<'t> Reader<'t> {
    fn take(&mut self, bytes: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }

    /// A start tag behind its `<`. Returns the element's name, with its prefix; no prefix may stand for `namespace`.
    fn start(&mut self, namespace: Option<&str>) -> Option<&'t str> {
        let is_root = self.open.is_empty();
        let element = self.name()?;
        self.attributes.clear();
        loop {
            let blanks = self.rest.bytes().take_while(|b| is_blank(*b)).count();
            self.take(blanks)?;
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                self.open.push(element);
                break;
            }
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                break;
            }
            let name = if blanks > 0 { self.name()? } else { return None };
            self.rest = self.rest.strip_prefix("=\"")?;
            let value = self.take(memchr(b'"', self.rest.as_bytes())?)?;
            self.rest = self.rest.strip_prefix('"')?;
            let is_new = self.attributes.len() < ATTRIBUTES && !self.attributes.contains(&name);
            if !is_new || memchr(b'<', value.as_bytes()).is_some() || !is_plain(value) {
                return None;
            }
            self.attributes.push(name);
            // Some readers take any name with this in it for a declaration.
            if name.contains("xmlns") {
                self.declare(name, if is_root { value } else { return None }, namespace)?;
            }
        }
        let is_bound = |name: &str| match apart(name) {
            Some((prefix, _)) => {
                matches!(prefix, "xml" | "xmlns") || self.prefixes.iter().any(|(known, _)| *known == prefix)
            }
            None => true,
        };
        let is_element = !matches!(apart(element), Some(("xml" | "xmlns", _)));
        let are_bound = is_bound(element) && self.attributes.iter().all(|name| is_bound(name));
        (is_element && are_bound).then_some(element)
    }

    /// A namespace that the root declares: each by one name at most, so that no two names mean the same.
    fn declare(&mut self, name: &'t str, value: &'t str, namespace: Option<&str>) -> Option<()> {
        let is_reserved = value.starts_with("http://www.w3.org/XML/") || value.starts_with("http://www.w3.org/2000/");
        if value.is_empty() || value.contains('&') || value.contains('\n') || is_reserved {
            return None;
        }
        match apart(name) {
            None if name == "xmlns" => self.default = Some(value),
            Some(("xmlns", prefix))
                if !prefix.starts_with("xml")
                    && namespace != Some(value)
                    && self.prefixes.iter().all(|(_, known)| *known != value) =>
            {
                self.prefixes.push((prefix, value));
            }
            _ => return None,
        }
        Some(())
    }

    /// A name of ASCII letters, with a prefix or without.
    fn name(&mut self) -> Option<&'t str> {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let length = self.rest.bytes().take_while(|b| is_part(*b) || *b == b':').count();
        let name = self.take(length)?;
        let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let (first, second) = apart(name).unwrap_or((name, "a"));
        (begins(first) && begins(second) && !second.contains(':')).then_some(name)
    }
}

/// The prefix of a name and what stands behind it. Names are of few bytes, and asked for often.
fn apart(name: &str) -> Option<(&str, &str)> {
    let colon = name.bytes().position(|b| b == b':')?;
    Some((name.get(..colon)?, name.get(colon + 1..)?))
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\n')
}

/// Whether each `&` of a text begins one of the five references, and no `>` ends a section that there is not.
fn is_plain(text: &str) -> bool {
    const NAMED: [&str; 5] = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
    memchr2_iter(b'&', b'>', text.as_bytes()).all(|at| match text.split_at_checked(at) {
        Some((before, rest)) if rest.starts_with('>') => !before.ends_with("]]"),
        Some((_, rest)) => NAMED.iter().any(|named| rest.starts_with(named)),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::count;

    const ATOM: &str = "http://www.w3.org/2005/Atom";

    fn thoroughly(text: &str, name: &str, namespace: Option<&str>) -> Option<usize> {
        let xml = roxmltree::Document::parse(text).ok()?;
        let is_it = |node: &roxmltree::Node<'_, '_>| {
            node.is_element() && (node.tag_name().name(), node.tag_name().namespace()) == (name, namespace)
        };
        Some(xml.descendants().filter(is_it).count())
    }

    const PLAIN: [(&str, usize); 3] = [
        (
            "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:m=\"urn:m\" xml:lang=\"en\">\n  \
          <entry><title type=\"a&amp;b\">x &lt;y&gt; ]] > é</title><m:credit a=\"1\" m:a=\"2\"/></entry><entry/>\n</feed>\n",
            2,
        ),
        ("<feed xmlns=\"http://www.w3.org/2005/Atom\" ><entry ><e:entry xmlns:e=\"u\"/></entry></feed>", 0),
        ("<feed xmlns=\"urn:other\"><entry></entry></feed>", 0),
    ];

    #[test]
    fn what_is_plain_is_counted() {
        assert_eq!(count(PLAIN[0].0, "entry", Some(ATOM)), Some(2));
        assert_eq!(count(PLAIN[1].0, "entry", Some(ATOM)), None);
        assert_eq!(count(PLAIN[2].0, "entry", Some(ATOM)), Some(0));
        assert_eq!(count("<rss><item/><item>a</item></rss>", "item", None), Some(2));
        assert_eq!(count("<rss xmlns=\"a\"><item/></rss>", "item", None), Some(0));
    }

    #[test]
    fn of_what_is_wrong_or_not_plain_nothing_is_said() {
        for text in [
            "",
            " ",
            "a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a>&b;</a>",
            "<a>&#65;</a>",
            "<a>&</a>",
            "<a>]]></a>",
            "<a b=\"<\"/>",
            "<a b='c'/>",
            "<a b=\"c\"d=\"e\"/>",
            "<a b=\"c\" b=\"d\"/>",
            "<a b/>",
            "<a b=\"/>",
            "<a><!-- --></a>",
            "<a><![CDATA[]]></a>",
            "<?a?><a/>",
            "<!DOCTYPE a><a/>",
            "<m:a/>",
            "<a m:b=\"c\"/>",
            "<a:b:c/>",
            "<:a/>",
            "<a:/>",
            "<1/>",
            "<a xmlns:m=\"\"/>",
            "<a xmlns:xml=\"b\"/>",
            "<a xmlns:m=\"u\" xmlns:n=\"u\"/>",
            "<a><b xmlns=\"c\"/></a>",
            "<a",
            "<a/",
            "< a/>",
            "<xml:a/>",
            "<a ></a >",
        ] {
            assert_eq!(count(text, "item", None), None, "{text}");
        }
        let deep = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!((count(&deep(64), "a", None), count(&deep(65), "a", None)), (Some(64), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn what_is_said_is_what_a_reader_of_all_xml_says(
            base in prop::sample::select(PLAIN.iter().map(|(text, _)| *text).collect::<Vec<_>>()),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, prop::sample::select(vec![
                "", "<", ">", "/", "\"", "=", " ", "\n", "&", "&amp;", ":", "a", "m:", "]]>", "<entry>", "</entry>",
                "<entry/>", " a=\"\"", " xmlns=\"u\"", " xmlns:n=\"urn:m\"", "<!---->", "entry", "xml:", "é",
            ])), 1..4),
        ) {
            let mut text = base.to_owned();
            for (at, length, by) in edits {
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let from = at.index(places.len());
                text.replace_range(places[from]..places[(from + length).min(places.len() - 1)], by);
            }
            for (name, namespace) in [("entry", Some(ATOM)), ("entry", None)] {
                if let Some(count) = count(&text, name, namespace) {
                    prop_assert_eq!(thoroughly(&text, name, namespace), Some(count), "{}", text);
                }
            }
        }
    }
}
