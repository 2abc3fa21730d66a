use super::super::tests::{feed, item, of_pieces, text};
use super::*;
use crate::mill::feed::Entry;

/// A feed of one item in this language, and its page of that month.
fn shown(language: Option<&str>, title: &str) -> (String, String) {
    let item = item(title, "2021-02-08");
    let month = item.month();
    let mut feed = feed(vec![Entry::new(item, text("Office <b>& sons</b>"))]);
    feed.language = language.map(str::to_owned);
    feed.months = vec![(month, 1)];
    let page =
        |tree: &super::super::Tree, path: &str| String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap();
    (
        page(&super::super::render(&feed), "ilo-moscow/index.html"),
        page(&of_pieces(&feed, Some(month), &mut Pieces::forgotten()), "ilo-moscow/2021/02.html"),
    )
}

#[test]
fn texts_are_in_the_language_of_their_page_and_run_its_way_or_their_own() {
    for (language, root, headline) in [
        (Some("ar"), "<html lang=\"ar\" dir=\"rtl\">", ""),
        (Some("ru"), "<html lang=\"ru\" dir=\"ltr\">", ""),
        (None, "<html lang=\"en\">", " lang=\"\" dir=\"auto\""),
        (Some("e\"n"), "<html lang=\"en\">", " lang=\"\" dir=\"auto\""),
    ] {
        let (of_feed, of_month) = shown(language, "a title");
        for page in [of_feed, of_month] {
            assert!(page.contains(root), "{page}");
            assert!(page.contains(&format!("class=\"headline\"{headline}>")), "{page}");
        }
    }
}

/// What stands between the parts of a line runs as the page does, whichever way their texts run.
#[test]
fn each_text_of_the_line_below_a_headline_is_isolated_within_its_part() {
    let (_, of_month) = shown(None, "عنوان");
    let line = of_month.split("<p class=\"meta\">").nth(1).unwrap().split("</p>").next().unwrap();
    assert!(line.contains("><bdi>8 February 2021</bdi></time>"), "{line}");
    assert!(line.contains("<bdi itemprop=\"name\">"), "{line}");
    assert!(!line.contains("dir="), "{line}");
}

#[test]
fn nothing_of_a_text_becomes_markup() {
    let hostile = "</h2><script>alert(1)</script> \" onload='x' &lt;";
    let (of_feed, of_month) = shown(None, hostile);
    for page in [of_feed, of_month] {
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;/h2&gt;&lt;script&gt;alert(1)&lt;/script&gt; &quot; onload='x' &amp;lt;"), "{page}");
    }
}

#[test]
fn an_item_stands_under_its_bare_id_and_only_on_its_month_page() {
    let (of_feed, of_month) = shown(None, "a title");
    assert_eq!(of_month.matches("<article class=\"item\" id=\"").count(), 1, "{of_month}");
    assert_eq!(of_feed.matches("<article class=\"item\" itemscope").count(), 1, "{of_feed}");
    let anchor = of_month.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(of_feed.contains(&format!("href=\"2021/02.html#{anchor}\"")), "{of_feed}");
}

#[test]
fn the_chart_has_a_bar_a_month_and_leaves_out_what_is_undated_or_long_ago() {
    let month = |day: &str| Month::of(day.parse().ok());
    let months = [(month("2021-05-01"), 4), (month("2021-03-01"), 1), (month("2011-05-01"), 9), (Month::UNDATED, 100)];
    let chart = chart::chart(&months).into_string();
    assert_eq!(chart.matches("<rect").count(), 2, "{chart}");
    assert!(chart.contains("Items per month, March 2021 to May 2021: at most 4, in May 2021"), "{chart}");
    assert_eq!(chart::chart(&[(Month::UNDATED, 3)]).into_string(), "");
}

#[test]
fn counts_are_grouped_and_agree_with_their_noun() {
    let told = [0, 1, 999, 1000, 1_234_567].map(|count| counted(count, "item"));
    assert_eq!(told, ["0 items", "1 item", "999 items", "1,000 items", "1,234,567 items"]);
}
