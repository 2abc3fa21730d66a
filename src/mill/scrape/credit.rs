//! Photo lines, which say whose a picture is; and the sign of them that the foot of a page has, too.
//!
//! Promised: a line is told by its own letters. Refused: words of photo lines in the middle of a text, and, below a
//! list, whose the page is: a year stands behind that sign.

use super::language::Lexicon;

/// What stands before the name of an owner.
pub(crate) const SIGN: char = '©';

/// The text of a photo line without what makes it one; `None` when it is no photo line.
pub(crate) fn credit<'t>(text: &'t str, lexicon: &Lexicon) -> Option<&'t str> {
    let bare = |rest: &'t str| rest.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
    if let Some(rest) = text.strip_prefix(SIGN) {
        return Some(bare(rest));
    }
    let rest = bare(text.get(lexicon.credit(text)?..)?);
    // `Photo: © Ann Field` has two signs; the name follows the second.
    Some(rest.strip_prefix(SIGN).map_or(rest, bare))
}

/// Whether a line is a photo line wherever it stands: no text goes on with it, and it with none. The sign of a foot has
/// a year behind it, and words without a colon may stand at the beginning of any line of a text.
pub(crate) fn stands_alone(text: &str, lexicon: &Lexicon) -> bool {
    let behind = |at: usize| text.get(at..).unwrap_or_default().trim_start();
    match text.strip_prefix(SIGN) {
        Some(name) => !name.trim_start().starts_with(|c: char| c.is_ascii_digit()),
        None => lexicon.credit(text).is_some_and(|at| behind(at).starts_with([':', SIGN])),
    }
}

/// Whether a photo line says since when something is somebody's: `© 1996-2021 Harbour Press`.
pub(crate) fn begins_with_year(text: &str) -> bool {
    let year = text.trim_start_matches([SIGN, ' ']).get(..4);
    year.is_some_and(|year| year.bytes().all(|b| b.is_ascii_digit()))
}
