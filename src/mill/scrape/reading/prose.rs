//! Whether what was read is a list of announcements at all, or an enumeration in a running text: an article, a licence,
//! a page that says what to do when something went wrong.
//!
//! Promised: only readings in which items have no day of their own are doubted, for days are what an enumeration lacks;
//! and only where nobody named the layout. Refused: knowing the words of such pages. Their form tells.

use super::look::Look;
use crate::mill::scrape::blocks::Mark;
use crate::mill::scrape::layout::{Field, Layout};
use crate::mill::scrape::path::{Move, Step};
use crate::mill::scrape::shape::ends_sentence;
use crate::mill::scrape::tidy::SEVERAL;

/// So many words in front of a colon, below a sentence, announce an enumeration. Fewer may head a list.
const ANNOUNCES: usize = 4;

/// Why what these steps read may be no list of announcements.
pub(super) fn doubt(look: &Look<'_, '_>, layout: &Layout, steps: &[Step]) -> Option<&'static str> {
    let blocks = || look.page.blocks.iter().zip(&look.labels).zip(steps);
    let is_undated = !layout.is_dated() && !layout.headings.day;
    let is_day = |at: usize| look.labels.get(at).is_some_and(|label| label.is_date());
    let is = |at: usize, act: Move| steps.get(at).is_some_and(|step| step.act == act);
    let all = 0..steps.len();
    let heading_days = all.clone().filter(|at| is(*at, Move::Heading) && is_day(*at)).take(2).count();
    let has_one_day = layout.headings.day && heading_days < 2;
    if !is_undated && !has_one_day {
        return None;
    }
    let starts: Vec<usize> = all.filter(|at| is(*at, Move::Start)).collect();
    let is_marked = |at: &usize| look.page.blocks.get(*at).is_some_and(|block| block.mark != Mark::None);
    if starts.first().is_some_and(|first| is_marked(first) && is_announced(look, *first)) {
        return Some("a sentence announces the items");
    }
    if has_one_day {
        let (first, others) = starts.split_first()?;
        if !is_marked(first) || !others.iter().all(is_marked) {
            // A list that lost one of its marks lost it anywhere; above an enumeration stands the title of an article.
            let is_article = others.len() > 1 && !is_marked(first) && others.iter().all(is_marked);
            return is_article.then_some("the items have marks, and the title above them has none");
        }
        // Right below the day stands a list of that day. Below a title of its own stand the points of an article.
        if first.checked_sub(1).is_some_and(is_day) {
            return None;
        }
    }
    if is_undated {
        let is_title = |step: &Step| step.field(layout) == Some(Field::Title);
        let titles: Vec<&str> = blocks().filter(|(_, step)| is_title(step)).map(|((block, _), _)| block.text).collect();
        if titles.len() < SEVERAL {
            return Some("there are fewer than three items, and none has a day");
        }
        if titles.iter().filter(|title| is_clause(title)).count() * 2 >= titles.len() {
            return Some("the items are parts of sentences");
        }
    }
    // Where no other item has a text, the one below the last is what goes on behind the enumeration.
    let last = starts.last().copied().unwrap_or_default();
    let is_text = |at: usize| steps.get(at).is_some_and(|step| step.field(layout) == Some(Field::Summary));
    let goes_on = !(0..last).any(is_text);
    let (mut around, mut within) = (0, 0);
    for (at, ((block, label), step)) in blocks().enumerate() {
        match step.act {
            Move::Start | Move::In if !(goes_on && is_text(at)) => within += block.text.len(),
            Move::Heading => {}
            _ if label.reads_like_text() => around += block.text.len(),
            _ => {}
        }
    }
    // Where each leads to a page of its own it is no point of this one.
    let are_links = starts.iter().all(|at| look.page.blocks.get(*at).is_some_and(|block| block.link().is_some()));
    (around > within && !are_links).then_some("there is more text around the items than in them")
}

/// Whether the block above `at` ends with a colon, and is a sentence, or goes on from one: `Sorry. You can try the
/// following:`. What stands by itself may head a list: `Latest news from the four lakes:`.
fn is_announced(look: &Look<'_, '_>, at: usize) -> bool {
    let block = |back: usize| at.checked_sub(back).and_then(|at| look.page.blocks.get(at));
    let Some(above) = block(1).map(|above| above.text.trim_end()).filter(|text| text.ends_with([':', '：'])) else {
        return false;
    };
    let goes_on = block(2).is_some_and(|block| ends_sentence(block.text, &['.', '!', '?', '…', '。']));
    let is_several = [". ", "! ", "? ", "。"].iter().any(|end| above.contains(end));
    is_several || goes_on && above.split_whitespace().count() >= ANNOUNCES
}

/// Whether a title begins or ends in the middle of a sentence, or is a sentence.
fn is_clause(title: &str) -> bool {
    let begins_amid = title.chars().next().is_some_and(char::is_lowercase);
    begins_amid || ends_sentence(title, &['.', ',', ';', ':', '。', '，', '；', '：'])
}

#[cfg(test)]
mod tests {
    use crate::mill::scrape::{Scrape, Terms, parse};

    const ARTICLE: &str = "Lakes Authority\n\n14 June 2021\n\nSwimming season opens at four lakes\n\nWith the new jetty at Little \
                           Thrum all four beaches are guarded again, every day from ten in the morning.\n\n\
                           What to bring:\n\n1. A towel and something warm\n2. Your season ticket, or two crowns\n\
                           3. Shoes for the path\n\nThe authority asks all visitors to take their litter home.\n";
    const RELEASE: &str = "Press release\n\n14 June 2021\n\nSwimming season opens at four lakes\n\n\
                           - Four beaches guarded every day\n- New jetty at Little Thrum\n- Tickets at two crowns\n\n\
                           Thrum. The season opens today. With the new jetty at Little Thrum all beaches are guarded.\n\n\
                           For further information:\nAda Holm, press officer\n\n\
                           The Lakes Authority looks after four lakes and two rivers.\n";
    const LOST: &str = "Lakes Authority\n\nPage not found\n\nSorry, there is nothing at this address. You can try the \
                        following:\n\n• Check that the address is spelled correctly\n• Go to our home page\n\
                        • Use the search at the top of this page\n\n© 2021 Lakes Authority\n";
    const ACCOUNT: &str = "Sign in to continue\n\nForgot your password?\n\nWith an account\n\n\
                           - follow the topics that matter to you\n- save articles and read them later\n\
                           - comment on our stories\n\nCreate an account\n";
    const DUTIES: &str = "Licence\n\n* Notices in the source are kept;\n* Copies show who made them;\n\
                          * Names of makers endorse nothing;\n";
    const PAIR: &str = "Licence\n\n* Apache Licence, second version\n* MIT licence\n";
    const PROSE: &str = "About the lakes\n\nThe four lakes lie between the hills and the plain, and were dug by hand when the \
                         mines closed, so that the villages around them had water in dry summers.\n\nToday most visitors \
                         come by train, and walk the last mile along the old towing path, which floods in March.\n\n\
                         * Little Thrum and the jetty\n* Ossel Water and the sluice\n* Grebe Pond\n";
    const DIGEST: &str = "Lakes today\n\nThe lakes and what happens on them, told every morning by those who \
                          live there, since the year in which the sluice was built.\n\n14 June 2021\n\n\
                          * Swimming season opens at four lakes\n* Night sailing returns\n\
                          * Volunteers count the grebes\n\nWhat happens on the lakes, every day.\n";
    const NEWS: &str = "Lakes Authority\n\nLatest news from the four lakes:\n\n* Swimming season opens at four lakes\n\
                        * Night sailing returns to Ossel Water\n\
                        * Volunteers count on three lakes:\n* New lamps along the towing path\n";

    fn read<'p>(page: &'p str, layout: Option<&str>) -> Scrape<'p> {
        parse(page, &Terms { layout: layout.map(str::to_owned), ..Terms::default() })
    }

    #[test]
    fn an_enumeration_in_a_text_is_no_list() {
        for (page, why) in [
            (ARTICLE, "the items have marks"),
            (RELEASE, "there is more text"),
            (LOST, "a sentence announces"),
            (ACCOUNT, "the items are parts"),
            (DUTIES, "the items are parts"),
            (PAIR, "there are fewer than three"),
            (PROSE, "there is more text"),
        ] {
            let refused = read(page, None).refused.unwrap_or_default();
            assert!(refused.starts_with(why), "{page}{refused}");
        }
    }

    #[test]
    fn titles_in_a_list_are_a_list_and_so_is_what_the_operator_calls_one() {
        let titles =
            |scrape: &Scrape<'_>| scrape.drafts.iter().map(|draft| draft.title.to_string()).collect::<Vec<_>>();
        let news = titles(&read(NEWS, None));
        assert_eq!(news.len(), 4, "{news:?}");
        let digest = titles(&read(DIGEST, None));
        assert_eq!(digest.len(), 3, "{digest:?}");
        for (page, items) in [(LOST, 3), (DUTIES, 3), (PAIR, 2)] {
            let named = read(page, Some("undated"));
            assert_eq!(titles(&named).len(), items, "{page}{:?}", named.refused);
        }
    }
}
