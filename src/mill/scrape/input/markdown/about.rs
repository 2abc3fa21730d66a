//! What a tool that saves pages as Markdown says of the page, before the page and behind it.
//!
//! Three forms are known: front matter between two rules, as web clippers and generators of sites write it; the head of
//! reader services, from `Title:` and `URL Source:` to `Markdown Content:`; and the fields that Joplin puts behind a
//! note. They tell when the page was saved, and its name: the reading would make an item of them, new with each
//! capture.
//!
//! Each is known by its first lines and by its last, and by every line in between: a list whose items are told in
//! such lines (`title: …`, `date: …`, with rules between them) is no word about a page, and stays.

use std::ops::Range;

/// More lines than this are not about a page.
const MOST_LINES: usize = 200;
/// Names of front matter that tell of a page: one of them must be there.
const OF_A_PAGE: [&str; 9] =
    ["title", "source", "url", "created", "published", "date", "description", "layout", "tags"];
/// The rule above TOML and below it.
const TOML_RULE: &str = "+++";
/// What reader services say between the title and the page.
const OF_A_READER: [&str; 5] = ["Title", "URL Source", "Published Time", "Warning", "Number of Pages"];

/// Where the page stands in `text`, without what is said about it.
pub(super) fn page(text: &str) -> Range<usize> {
    let start = front_matter(text).or_else(|| toml(text)).or_else(|| reader_head(text)).unwrap_or(0);
    let end = text.get(start..).and_then(fields_behind).map_or(text.len(), |at| start + at);
    start..end
}

/// The end of front matter in TOML: a rule of its own, `name = value` and `[name]`, the rule.
fn toml(text: &str) -> Option<usize> {
    let mut lines = lines(text).take(MOST_LINES);
    lines.next().filter(|(_, line)| *line == TOML_RULE)?;
    let (mut values, mut in_list) = (0, false);
    loop {
        let (end, line) = lines.next()?;
        if in_list {
            in_list = line != "]";
        } else if line == TOML_RULE {
            return (values >= 2).then_some(end);
        } else if let Some((name, value)) = line.split_once(" = ") {
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
            values += usize::from(is_name);
            in_list = value == "[";
        } else if !(line.is_empty() || line.starts_with('#') || (line.starts_with('[') && line.ends_with(']'))) {
            return None;
        }
    }
}

/// The end of front matter: a rule, `name: value` in YAML, a rule.
fn front_matter(text: &str) -> Option<usize> {
    let mut lines = lines(text).take(MOST_LINES);
    lines.next().filter(|(_, line)| *line == "---")?;
    let (mut first, mut values, mut of_a_page) = (None, 0, false);
    let end = loop {
        let (end, line) = lines.next()?;
        if matches!(line, "---" | "...") {
            break end;
        }
        if let Some((name, value)) = field(line) {
            first.get_or_insert(name);
            values += usize::from(!value.is_empty());
            of_a_page |= OF_A_PAGE.contains(&name);
        } else if first.is_none() || !(line.is_empty() || line.starts_with([' ', '\t', '#']) || line.starts_with("- "))
        {
            return None;
        }
    };
    let first = first.filter(|_| of_a_page && values >= 2)?;
    // Where another rule is followed by the same name, there are several of what this is one of.
    let rest = text.get(end..)?;
    let mut before = "---";
    let again = self::lines(rest).filter(|(_, line)| !line.is_empty()).any(|(_, line)| {
        let again = before == "---" && field(line).is_some_and(|(name, _)| name == first);
        before = line;
        again
    });
    (!again).then_some(end)
}

/// The end of the head of a reader service: its last line, or the end of a file that was cut before.
fn reader_head(text: &str) -> Option<usize> {
    let mut told = lines(text).take(MOST_LINES).filter(|(_, line)| !line.is_empty());
    told.next().filter(|(_, line)| line.starts_with("Title: "))?;
    told.next().filter(|(_, line)| line.starts_with("URL Source: "))?;
    for (end, line) in told {
        if line == "Markdown Content:" {
            return Some(end);
        }
        if !line.split_once(": ").is_some_and(|(name, _)| OF_A_READER.contains(&name)) {
            return None;
        }
    }
    Some(text.len())
}

/// Where the fields begin that Joplin puts behind a note: its id first, its type last.
fn fields_behind(text: &str) -> Option<usize> {
    let body = text.trim_end();
    let mut start = body.len();
    let mut last = true;
    for line in body.rsplit('\n').take(MOST_LINES) {
        let (name, value) = field(line.trim_end_matches('\r'))?;
        if last && name != "type_" {
            return None;
        }
        last = false;
        start = start.saturating_sub(line.len());
        if name == "id" {
            let is_id = value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
            return is_id.then_some(start);
        }
        start = start.saturating_sub(1);
    }
    None
}

/// `name: value` at the margin; the value may be empty.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (is_name && (value.is_empty() || value.starts_with(' '))).then(|| (name, value.trim()))
}

/// The lines of `text` without blanks at their ends, and where each ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at, line.trim_end()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_says_of_a_page_is_not_the_page() {
        let clipped =
            "---\ntitle: \"News\"\nsource: \"https://a.example/\"\nauthor:\n  - \"A\"\ncreated: 2024-05-02\n---\n";
        let served = "Title: News\n\nURL Source: https://a.example/\n\nPublished Time: 2024-05-02\n\n";
        let whole_head = format!("{served}Markdown Content:\n");
        let fields =
            "id: 0a1b2c3d4e5f60718293a4b5c6d7e8f9\ncreated_time: 2024-05-02T10:11:12.000Z\naltitude:\ntype_: 1";
        for (before, listed, behind) in [
            (clipped, "News\n====\n\n- a: b\n", ""),
            ("---\r\nlayout: page\r\ntitle: News\r\n---\r\n", "News\r\n", ""),
            (&whole_head, "News\n====\n", ""),
            (served, "", ""),
            ("", "News\n\nid: 1\n\n", fields),
        ] {
            let text = format!("{before}{listed}{behind}");
            assert_eq!(page(&text), before.len()..before.len() + listed.len(), "{text}");
        }
    }

    #[test]
    fn a_list_that_is_told_in_fields_is_the_page() {
        for text in [
            "---\ntitle: A\ndate: 2024-05-02\n---\ntitle: B\ndate: 2024-05-01\n---\n",
            "---\ntitle: A\ndate: 2024-05-02\n---\ntext\n\n---\n\ntitle: B\ndate: 2024-05-01\n---\ntext\n",
            "---\nNews:\n- 12 June 2021: a title\n- 3 May 2021: a title\n---\n",
            "---\n12 June 2021\nA title: of a page\n---\n",
            "---\ntitle: News\nsource: https://a.example/\n",
            "Title: A\nURL Source: https://a.example/\nDate: 2024-05-02\nTitle: B\n",
            "Title: A\nDate: 2024-05-02\n\nMarkdown Content:\n",
            "News\n\nid: 12\ntype_: 1\n",
        ] {
            assert_eq!(page(text), 0..text.len(), "{text}");
        }
    }

    #[test]
    fn front_matter_in_toml_is_not_the_page() {
        let head = "+++\ntitle = \"News\"\nupdated = 2024-05-02\ntags = [\n  \"port\",\n]\n\n[extra]\n# shown\ntop = false\n+++\n";
        assert_eq!(page(&format!("{head}## 2024-05-01\n")), head.len()..head.len() + 14);
        for other in ["+++\ntitle = 1\nNews\n+++\n", "+++\ntitle = 1\n", "+++\nNews\n+++\n", "+++\n\n+++\n"] {
            assert_eq!(page(other), 0..other.len(), "{other}");
        }
    }
}
