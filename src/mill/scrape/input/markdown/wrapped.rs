//! Links of Markdown whose addresses were wrapped, as `html2text` prints them.
//!
//! ```text
//! [ A ferry for the outer isles ](/en/news/2020/A-ferry-for-the-outer-
//! isles.html "A ferry for the outer isles")
//! ```
//!
//! Nobody who reads Markdown takes that for a link. The lines of such an address are joined, and those of the title
//! behind it. Joined is only what breaks behind a dash or before or within a title, and closes a few lines below with
//! no blank line between: a text in brackets behind brackets stays as it is.

/// An address and its title have at most so many lines more.
const MOST_LINES: usize = 8;

/// The text with each such link on one line, and of each of its lines the one of the file that it begins with; `None`
/// where there is no such link.
pub(super) fn joined(text: &str) -> Option<(String, Vec<u32>)> {
    memchr::memmem::find(text.as_bytes(), b"](")?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (mut whole, mut from) = (String::with_capacity(text.len()), Vec::with_capacity(lines.len()));
    let (mut at, mut number) = (0, 1_u32);
    while let Some(line) = lines.get(at) {
        // What the link shows may fill its line, and the address begin the next.
        let leads_on = line.trim_start().starts_with("](/") || line.trim_start().starts_with("](http");
        if leads_on && !whole.trim_end_matches([' ', '\r', '\n']).is_empty() && !whole.ends_with("\n\n") {
            whole.truncate(whole.trim_end().len());
        } else {
            from.push(number);
        }
        let more = lines.get(at + 1..).and_then(|behind| rest(line, behind)).unwrap_or(0);
        for (one, next) in lines.iter().skip(at).zip(lines.iter().skip(at + 1)).take(more) {
            whole.push_str(one.trim_end());
            whole.push_str(if is_title(one) || next.trim_start().starts_with('"') { " " } else { "" });
        }
        whole.push_str(lines.get(at + more).copied().unwrap_or_default());
        at += more + 1;
        number = number.saturating_add(u32::try_from(more + 1).unwrap_or(u32::MAX));
    }
    (from.len() < lines.len()).then_some((whole, from))
}

/// How many of the lines behind `line` belong to the address that it ends with, and its title.
fn rest(line: &str, behind: &[&str]) -> Option<usize> {
    let (name, target) = line.trim_end().rsplit_once("](")?;
    let address = target.split_once(" \"").map_or(target, |(address, _)| address);
    let is_address = ["/", "./", "../", "http://", "https://"].iter().any(|start| address.starts_with(start));
    if !is_address || address.contains(|c: char| c.is_whitespace() || c == ')') || name.ends_with('\\') {
        return None;
    }
    let mut in_title = is_title(target);
    let mut above = target;
    for (more, line) in (1..=MOST_LINES).zip(behind) {
        let line = line.trim();
        let begins_title = !in_title && line.starts_with('"');
        let goes_on = in_title || begins_title || (above.ends_with(['-', '/']) && !line.starts_with('['));
        if line.is_empty() || !goes_on {
            return None;
        }
        let close = if in_title || begins_title || is_title(line) { line.find("\")") } else { line.find(')') };
        if let Some(close) = close {
            let within = line.get(..close).unwrap_or_default();
            let is_whole = in_title || begins_title || is_title(line) || !within.contains(char::is_whitespace);
            return is_whole.then_some(more);
        }
        in_title |= begins_title || is_title(line);
        if !in_title && line.contains(char::is_whitespace) {
            return None;
        }
        above = line;
    }
    None
}

/// Whether a title begins behind the address in `line`, and does not end there.
fn is_title(line: &str) -> bool {
    line.contains(" \"") || line.trim_start().starts_with('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_address_are_one() {
        for (text, whole, from) in [
            (
                "News\n\n[ A ferry ](/news/A-\nferry.html)\n28 June\n",
                "News\n\n[ A ferry ](/news/A-ferry.html)\n28 June\n",
                &[1, 2, 3, 5][..],
            ),
            (
                "[ A ferry\n](/news/A-\nferry-for-\nall.html \"A\nferry for all\")\n",
                "[ A ferry](/news/A-ferry-for-all.html \"A ferry for all\")\n",
                &[1],
            ),
            ("[A ferry](/news/ferry.html\n\"A ferry\")", "[A ferry](/news/ferry.html \"A ferry\")", &[1]),
        ] {
            assert_eq!(joined(text), Some((whole.to_owned(), from.to_vec())), "{text}");
        }
    }

    #[test]
    fn other_brackets_stay_as_they_are() {
        for text in [
            "[a](/b)\n",
            "[a](/b-\n\nc)\n",
            "[a](b-\nc)\n",
            "[a](/b\nc)\n",
            "[a](/b-\nc d)\n",
            "[a](/b-\n[c](/d)\n",
            "[a](/b-\nc",
            "a\n\n](/b)",
            "a (b-\nc)\n",
        ] {
            assert_eq!(joined(text), None, "{text}");
        }
    }
}
