//! Slips of whoever typed the markup: everybody who reads the file sees what was meant, and the parser does not.
//!
//! Mended is a day alone on its line with more signs of emphasis on one side than on the other, `*July 18, 2023**`, and a
//! heading of several words without the blank behind its signs, `##The heading`, in a file that has others of its level.
//! A single `#` may be that of a topic, and so may those before a single word; what stands between fences is none of
//! either.

use crate::mill::scrape::date::whole;
use crate::mill::scrape::language::Lexicon;

/// `text` with such lines mended, if it has any.
pub(super) fn mended(text: &str) -> Option<String> {
    let outside = || {
        let mut fence: Option<&str> = None;
        text.split_inclusive('\n').map(move |line| {
            let sign = ["```", "~~~"].into_iter().find(|sign| line.trim_start().starts_with(sign));
            let is_within = fence.is_some() || sign.is_some();
            // Only its own sign closes a fence (CommonMark, section 4.5).
            fence = if fence.is_none() { sign } else { fence.filter(|fence| sign != Some(*fence)) };
            (line, !is_within)
        })
    };
    let mut levels = [false; 7];
    for level in outside().filter_map(|(line, is_outside)| heading(line, " ").filter(|_| is_outside)) {
        levels.iter_mut().skip(level).take(1).for_each(|has| *has = true);
    }
    let (mut all, mut is_mended) = (String::new(), false);
    for (line, is_outside) in outside() {
        let mended = if is_outside { bold_day(line).or_else(|| parted_heading(line, levels)) } else { None };
        is_mended |= mended.is_some();
        all.push_str(mended.as_deref().unwrap_or(line));
    }
    is_mended.then_some(all)
}

/// The level of a heading, behind whose signs `behind` stands.
fn heading(line: &str, behind: &str) -> Option<usize> {
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    ((2..=6).contains(&level) && words.starts_with(behind)).then_some(level)
}

fn parted_heading(line: &str, levels: [bool; 7]) -> Option<String> {
    let level = heading(line, "").filter(|level| levels.get(*level) == Some(&true))?;
    let (signs, words) = line.split_at_checked(level)?;
    let are_several = words.trim().contains(' ') && !words.contains('#');
    (words.starts_with(char::is_alphabetic) && are_several).then(|| format!("{signs} {words}"))
}

fn bold_day(line: &str) -> Option<String> {
    let text = line.trim_end();
    let bare = text.trim_matches('*');
    let before = text.len() - text.trim_start_matches('*').len();
    let behind = text.len() - text.trim_end_matches('*').len();
    if before == behind || before.max(behind) != 2 || bare.trim() != bare {
        return None;
    }
    let is_day = whole(bare, Lexicon::of(None)).is_some_and(|printed| !printed.lacks_year());
    is_day.then(|| format!("**{bare}**{}", line.get(text.len()..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_broken_bold_and_a_heading_without_its_blank_are_mended() {
        for (text, wanted) in [
            ("*July 18th, 2023**\n", Some("**July 18th, 2023**\n")),
            ("July 18, 2023**", Some("**July 18, 2023**")),
            ("**July 18, 2023*  \n", Some("**July 18, 2023**  \n")),
            ("* July 18, 2023**\n", None),
            ("*July 18, 2023*\n", None),
            ("*A day in July**\n", None),
            ("## Grebes\n\n##Herons at home\n", Some("## Grebes\n\n## Herons at home\n")),
            ("## Grebes\n\n###Herons at home\n", None),
            ("# Grebes\n\n#Herons at home\n", None),
            ("## Grebes\n\n```\n##Herons at home\n```\n", None),
            ("## Grebes\n\n~~~\n```\n##Herons at home\n~~~\n", None),
            ("```\n## Grebes\n```\n\n##Herons at home\n", None),
            // Topics.
            ("## Grebes\n\n##herons\n", None),
            ("## Grebes\n\n##herons ##ducks\n", None),
            ("## Grebes\n\n##1 is no heading\n", None),
        ] {
            assert_eq!(mended(text).as_deref(), wanted, "{text}");
        }
    }
}
