//! Inputs besides plain text: the same announcements in every form are the same items.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may say so loudly"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use feedmill::mill::identify::account;
use feedmill::mill::page::Page;
use feedmill::mill::scrape::{
    At, Cut, Draft, Explained, Fields, Form, Part, Scrape, Select, Terms, explain, parse, too_large,
};
use proptest::prelude::*;
use support::assert_linear;

fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs")
}

fn input(name: &str) -> String {
    fs::read_to_string(inputs().join(name)).unwrap()
}

fn form(form: Form) -> Terms {
    Terms { form: Some(form), ..Terms::default() }
}

/// Title, date, summary and credit.
fn told(draft: &Draft<'_>) -> [String; 4] {
    let day = draft.date.as_ref().and_then(|date| date.day).map(|day| day.to_string()).unwrap_or_default();
    let credit = draft.credit.as_deref().unwrap_or_default();
    // A photo line on a page has the year of the capture behind the name.
    let credit = credit.strip_suffix(" 2020").unwrap_or(credit);
    [draft.title.to_string(), day, draft.summary.clone().unwrap_or_default().into_owned(), credit.to_owned()]
}

fn all_told(scrape: &Scrape<'_>) -> Vec<[String; 4]> {
    scrape.drafts.iter().map(told).collect()
}

/// Title, date and summary of all.
fn without_credits(scrape: &Scrape<'_>) -> Vec<[String; 3]> {
    all_told(scrape).into_iter().map(|[title, day, summary, _]| [title, day, summary]).collect()
}

fn titles<'s>(scrape: &'s Scrape<'_>) -> Vec<&'s str> {
    scrape.drafts.iter().map(|draft| draft.title.as_ref()).collect()
}

fn days(scrape: &Scrape<'_>) -> Vec<String> {
    scrape.drafts.iter().map(|draft| told(draft)[1].clone()).collect()
}

/// The files of `tests/inputs` that hold the newsroom.
fn newsroom() -> Vec<(String, String)> {
    let files = fs::read_dir(inputs()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = files.filter(|name| name.starts_with("newsroom.")).collect();
    files.sort();
    files.into_iter().map(|name| (name.clone(), input(&name))).collect()
}

/// The day on which a tool saved the page is no item's day, and what it says of the page is no item.
#[test]
fn what_a_clipper_says_of_a_page_is_no_item() {
    let list = "News\n====\n\n## [New pier opens](/n/1)\n\n12 March 2024\n\nThe first boat left at noon.\n\n\
                ## [Storm damage on the mole](/n/2)\n\n3 March 2024\n\nEngineers look at the piles.\n\n\
                ## [Library moves](/n/3)\n\n1 February 2024\n\nThe old building is closed.\n";
    let clipped = "---\ntitle: \"News | Port\"\nsource: \"https://a.example/n\"\nauthor:\n  - \"[[Port Linden]]\"\n\
                   published: 2024-05-01\ncreated: 2024-05-02\ndescription: \"All news.\"\n---\n";
    let served = "Title: News | Port\n\nURL Source: https://a.example/n\n\n\
                  Published Time: 2024-05-02T10:11:12+00:00\n\nMarkdown Content:\n";
    let fields = "\nid: 0a1b2c3d4e5f60718293a4b5c6d7e8f9\ncreated_time: 2024-05-02T10:11:12.000Z\ntype_: 1\n";
    let wanted = without_credits(&parse(list, &form(Form::Markdown)));
    assert_eq!(wanted.len(), 3);
    for text in [format!("{clipped}{list}"), format!("{served}{list}"), format!("{list}{fields}")] {
        let scrape = parse(&text, &form(Form::Markdown));
        assert_eq!(without_credits(&scrape), wanted, "{text}");
    }
}

#[test]
fn one_newsroom_in_every_form_gives_the_same_items() {
    let wanted = all_told(&parse(&input("newsroom.txt"), &Terms::default()));
    assert_eq!(wanted.len(), 4);
    assert_eq!(wanted[1][3], "Jon Reed");
    let files = newsroom();
    assert_eq!(files.len(), 11);
    for (name, text) in files {
        let terms = Terms { form: Form::of_name(&name), ..Terms::default() };
        let scrape = parse(&text, &terms);
        assert_eq!(all_told(&scrape), wanted, "{name}: {:?} {:?}", scrape.refused, scrape.faults);
        assert!(scrape.faults.is_empty(), "{name}: {:?}", scrape.faults);
        assert!(scrape.confidence > 0.9, "{name}: {}", scrape.confidence);
        assert_eq!(scrape.newest.map(|day| day.to_string()).as_deref(), Some("2020-06-28"), "{name}");
        let links: Vec<_> = scrape.drafts.iter().filter_map(|draft| draft.link.as_deref()).collect();
        if name != "newsroom.txt" {
            assert_eq!(links.len(), 4, "{name}");
            assert_eq!(links[0], "https://news.example.org/2020/ferry", "{name}");
        }
    }
}

/// What Lynx, `ELinks` and w3m made of the pages that are here as HTML, and what Firefox saved of them as text.
#[test]
fn a_page_that_a_browser_dumped_reads_as_the_page() {
    for (dump, page) in [
        ("newsroom-lynx.txt", "newsroom.html"),
        ("newsroom-w3m.txt", "newsroom.html"),
        ("blog-lynx.txt", "blog.html"),
        ("blog-elinks.txt", "blog.html"),
        ("cards-lynx.txt", "cards.html"),
        ("newsroom-firefox.txt", "newsroom.html"),
        ("blog-firefox.txt", "blog.html"),
    ] {
        let (text, html) = (input(dump), input(page));
        let (dumped, page) = (parse(&text, &Terms::default()), parse(&html, &form(Form::Html)));
        assert_eq!(all_told(&dumped), all_told(&page), "{dump}: {:?} {:?}", dumped.refused, dumped.faults);
        let links = |scrape: &Scrape<'_>| -> Vec<_> {
            let of_web = |link: &&str| link.starts_with("https://");
            scrape.drafts.iter().map(|draft| draft.link.as_deref().filter(of_web).map(str::to_owned)).collect()
        };
        assert_eq!(links(&dumped), links(&page), "{dump}");
    }
}

/// What Chromium saved of the page that is here as HTML, in one file.
#[test]
fn a_page_that_a_browser_saved_in_one_file_reads_as_the_page() {
    let (bytes, html) = (fs::read(inputs().join("newsroom-chromium.mhtml")).unwrap(), input("newsroom.html"));
    let saved = Page::open(&bytes, "newsroom-chromium.mhtml", None, Terms::default()).unwrap();
    let (read, page) = (saved.parse(), parse(&html, &form(Form::Html)));
    assert_eq!(all_told(&read), all_told(&page), "{:?} {:?}", read.refused, read.faults);
    let links = |scrape: &Scrape<'_>| -> Vec<_> {
        scrape.drafts.iter().map(|draft| draft.link.as_deref().map(str::to_owned)).collect()
    };
    assert_eq!(links(&read), links(&page));
    let text = String::from_utf8(bytes.clone()).unwrap();
    for draft in &read.drafts {
        let own = text.lines().nth(draft.line as usize - 1).unwrap();
        assert!(own.contains("class=3D\"photo\"") || own.contains("<h2>"), "{own}");
    }
    // Whatever the file is called.
    let unnamed = Page::open(&bytes, "newsroom", None, Terms::default()).unwrap();
    assert_eq!(all_told(&unnamed.parse()), all_told(&page));
}

/// The bar that the Wayback Machine puts above a page has days of its own, and its links are others with each copy.
#[test]
fn a_page_from_a_web_archive_reads_as_the_page_that_was_copied() {
    let page = input("archived.html");
    let read = parse(&page, &form(Form::Html));
    let wanted = [
        ("2021-04-10", "Old pier reopens to walkers", "http://harbour.example.org/news/pier"),
        ("2021-04-06", "Count of gulls begins on Monday", "http://harbour.example.org/news/gulls"),
        ("2021-03-29", "The lamp of the lighthouse is replaced", "http://harbour.example.org/news/lamp"),
    ];
    let links =
        |scrape: &Scrape<'_>| scrape.drafts.iter().map(|draft| draft.link.as_deref().map(str::to_owned)).collect();
    assert_eq!(titles(&read), wanted.map(|(_, title, _)| title));
    assert_eq!(days(&read), wanted.map(|(day, ..)| day));
    let leads: Vec<Option<String>> = links(&read);
    assert_eq!(leads, wanted.map(|(.., link)| Some(link.to_owned())));
    let later = page.replace("20210412083311", "20220106120000");
    assert_eq!(links(&parse(&later, &form(Form::Html))), leads);
    for (name, form, has_links) in [
        ("archived-lynx.txt", Form::Text, true),
        ("archived-w3m.txt", Form::Text, false),
        ("archived-html2text.txt", Form::Text, false),
        ("archived.md", Form::Markdown, true),
    ] {
        let text = input(name);
        let scrape = parse(&text, &self::form(form));
        assert_eq!((titles(&scrape), days(&scrape)), (titles(&read), days(&read)), "{name}: {:?}", scrape.refused);
        if has_links {
            assert_eq!(links(&scrape), leads, "{name}");
        }
    }
}

/// Lynx sets in all but headings. Those of items have many words, those of parts of the page few.
#[test]
fn headings_at_the_margin_of_a_dump_are_titles_where_they_are_no_names() {
    let page = "   22. September 2026Hafen\n\nHafenmeisterin Lorenz eröffnet das neue Forum der Lotsinnen und\nLotsen\n\n   \
        Tagung in Brunsstrand widmet sich den Fragen der Zeit und der\n   Zukunft der Schifffahrt\n\n   \
        9. Juli 2026Hafen\n\nNeue Studie zeigt die Wirkung der Fähren\n\n   19. Juni 2026Hafen\n\n\
        Die Leiterin der Werft Brunsstrand wird in ihr Amt\neingeführt\n\n   Vorstellung der neuen Werft und Einführung von \
        Frau\n   Henriette Moll\n\n   16. Mai 2026\n\nSeegericht unter neuer Leitung\n\n   Einführung der neuen Präsidentin\n   \
        Wiebke Harms\n";
    let read = parse(page, &Terms::default());
    let expected = [
        [
            "Hafenmeisterin Lorenz eröffnet das neue Forum der Lotsinnen und Lotsen",
            "2026-09-22",
            "Tagung in Brunsstrand widmet sich den Fragen der Zeit und der Zukunft der Schifffahrt",
        ],
        ["Neue Studie zeigt die Wirkung der Fähren", "2026-07-09", ""],
        [
            "Die Leiterin der Werft Brunsstrand wird in ihr Amt eingeführt",
            "2026-06-19",
            "Vorstellung der neuen Werft und Einführung von Frau Henriette Moll",
        ],
        ["Seegericht unter neuer Leitung", "2026-05-16", "Einführung der neuen Präsidentin Wiebke Harms"],
    ];
    assert_eq!(without_credits(&read), expected.map(|item| item.map(str::to_owned)));
    for names in [["June 2021", "May 2021", "April 2021"], ["Transport", "Culture and sports", "Trade"]] {
        let items = [
            "   New bridge over the northern canal\n   15 June 2021\n   It opens in spring with a parade.\n\n",
            "   Old pier is closed for repairs\n   12 May 2021\n   Closed for the whole of the summer.\n\n",
            "   Ferry fares rise from autumn\n   3 April 2021\n   The council has agreed on it.\n\n",
        ];
        let page: String = names.iter().zip(items).map(|(name, item)| format!("{name}\n\n{item}")).collect();
        let read = parse(&page, &Terms::default());
        let expected =
            ["New bridge over the northern canal", "Old pier is closed for repairs", "Ferry fares rise from autumn"];
        assert_eq!(titles(&read), expected);
        let sections = read.drafts.iter().map(|draft| draft.section.as_deref());
        assert_eq!(sections.skip(1).collect::<Vec<_>>(), [Some(names[1]), Some(names[2])]);
    }
}

/// A list in Lynx whose entries have a picture, a day, a heading and a text: the heading stands at the margin within
/// it.
#[test]
fn a_heading_within_an_entry_of_a_dump_is_its_title() {
    let page = "    (BUTTON) Menü\n\n                               Meldungen\n\n   Hier stehen die Meldungen des Amts für Fähren.\n\n    \
        1. Veröffentlicht am 01.10.2026, Meldung\n\nNeue Fähre: Zweite Fahrt beginnt mit 17 Gästen und 38 Rädern\n       \
        Mehr Gäste als bei der ersten Fahrt / Moll: „Das zeigt, dass\n       wir weiter auf Kurs sind“\n    \
        2. Drei Lotsen stehen auf der Mole von Brunsstrand, einer winkt\n       mit der Mütze.\n       \
        Veröffentlicht am 16.09.2026, Meldung\n\nBrunsstrand und Norderhafen bauen an einer neuen Mole für große\nSegler\n       \
        Die Arbeiten beginnen im Frühling.\n    3. Veröffentlicht am 03.09.2026, Meldung\n\n67.000 Gäste in Brunsstrand\n       \
        Das Amt fördert den Hafen.\n    4. Veröffentlicht am 31.08.2026, Meldung\n\nDas Amt für Fähren hat nun Räume am Kai\n       \
        Die Arbeit\n       beginnt\n";
    let read = parse(page, &Terms::default());
    let expected = [
        [
            "Neue Fähre: Zweite Fahrt beginnt mit 17 Gästen und 38 Rädern",
            "2026-10-01",
            "Mehr Gäste als bei der ersten Fahrt / Moll: „Das zeigt, dass wir weiter auf Kurs sind“",
        ],
        [
            "Brunsstrand und Norderhafen bauen an einer neuen Mole für große Segler",
            "2026-09-16",
            "Die Arbeiten beginnen im Frühling.",
        ],
        ["67.000 Gäste in Brunsstrand", "2026-09-03", "Das Amt fördert den Hafen."],
        ["Das Amt für Fähren hat nun Räume am Kai", "2026-08-31", "Die Arbeit beginnt"],
    ];
    assert_eq!(without_credits(&read), expected.map(|item| item.map(str::to_owned)));
    assert_eq!(
        read.drafts.iter().map(|draft| (draft.line, draft.number)).collect::<Vec<_>>(),
        [(7, Some(1)), (14, Some(2)), (19, Some(3)), (23, Some(4))]
    );
}

/// html2text prints headings between stars and without blank lines, and sets what follows a break in a line in by one
/// column.
#[test]
fn a_heading_between_stars_is_no_part_of_the_text_above_it() {
    let page = "****** 潮見研究室 ******\nCoastal Data Group, Shiomi University\n\n    * ホーム\n    * ニュース\n\n\
        ***** 2021年度の見学会を開きました！ *****\n 2021-06-28\nこんにちは。\n博士課程の浜田です。\nまたお会いしましょう\n\
        ***** 港湾学会に参加しました *****\n 2021-05-17\nみなさん、こんにちは。\n港湾学会は5/15から5/16に開かれました。\n\
        ***** 研究室で海苔を作りました！ *****\n 2021-03-02\n海苔がたくさんとれました．\n";
    let read = parse(page, &Terms::default());
    let expected = [
        ("2021年度の見学会を開きました！", "2021-06-28", "こんにちは。 博士課程の浜田です。 またお会いしましょう"),
        ("港湾学会に参加しました", "2021-05-17", "みなさん、こんにちは。 港湾学会は5/15から5/16に開かれました。"),
        ("研究室で海苔を作りました！", "2021-03-02", "海苔がたくさんとれました．"),
    ];
    let expected = expected.map(|(title, day, summary)| [title, day, summary, ""].map(str::to_owned));
    assert_eq!(all_told(&read), expected);
    assert_eq!(
        read.drafts.iter().map(|draft| (draft.line, draft.last_line)).collect::<Vec<_>>(),
        [(7, 11), (12, 15), (16, 18)]
    );
}

/// Without its address an item of a dump would be another one: nothing is taken in of which that is cut off.
#[test]
fn a_dump_cut_in_a_line_gives_no_item_under_another_name() {
    for name in ["newsroom-lynx.txt", "newsroom-w3m.txt", "blog-elinks.txt"] {
        let text = input(name);
        let accounts = |scrape: &Scrape<'_>| -> Vec<_> {
            // What has no day is in no feed.
            let dated = scrape.drafts.iter().filter_map(account).filter(|account| account.date.is_some());
            dated.map(|account| (account.title, account.link)).collect()
        };
        let whole = accounts(&parse(&text, &Terms::default()));
        let (mut most, mut withheld) = (0, 0);
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut) && !text[..*cut].ends_with('\n')) {
            let scrape = parse(&text[..cut], &Terms::default());
            let left = accounts(&scrape);
            assert!(left.iter().all(|item| whole.contains(item)), "{name} cut at {cut}: {left:?}");
            most = most.max(left.len());
            withheld += usize::from(scrape.faults.iter().any(|fault| fault.reason.contains("before the address")));
        }
        // The last address may be cut as well.
        assert!(most + 1 >= whole.len() && withheld > 100, "{name}: {most}, {withheld}");
    }
}

#[test]
fn the_versions_of_a_changelog_are_its_items() {
    let text = input("changelog.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let wanted = [
        ["[1.2.0]", "2023-04-12", "A flag for dry runs A crash with empty input"],
        ["[1.1.0]", "2023-02-20", "Faster start"],
        ["[1.0.0]", "2023-01-31", "First release"],
        ["[0.9.0]", "2023-01-02", "Too early"],
    ];
    assert_eq!(without_credits(&scrape), wanted);
}

#[test]
fn what_pandoc_says_of_classes_is_no_text() {
    let text = input("spans.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let wanted = [
        [
            "Studierende bauen Solarboot",
            "2023-06-28",
            "Beim Rennen auf dem Bodensee erreichte das Team den dritten Platz.",
        ],
        ["Forschungsverbund verlängert", "2023-06-23", "Der Verbund bekommt weitere elf Millionen Euro."],
        [
            "Bibliothek sonntags länger geöffnet",
            "2023-06-19",
            "Während der Prüfungszeit schließt das Haus erst um Mitternacht.",
        ],
    ];
    assert_eq!(without_credits(&scrape), wanted);
    let list = "## 2020\n\n- [Jun 15]{.date} [The market opens](/1)\n- [Jun 14]{.date} [The bridge is shut](/2){.l}\n- [Jun 2]{.date} [Rain](/3)\n";
    let scrape = parse(list, &form(Form::Markdown));
    assert_eq!(titles(&scrape), ["The market opens", "The bridge is shut", "Rain"]);
}

#[test]
fn a_release_without_a_name_is_called_by_its_tag() {
    let text = r#"[{"tag_name":"v3.2.0","name":"Faster parsing","published_at":"2024-03-01T09:12:00Z"},
        {"tag_name":"v3.1.1","name":"","published_at":"2024-01-15T11:00:00Z"}]"#;
    let scrape = parse(text, &form(Form::Json));
    assert_eq!(titles(&scrape), ["Faster parsing", "v3.1.1"]);
}

#[test]
fn what_links_to_an_unknown_address_is_still_a_headline() {
    let text = input("ago.html");
    let scrape = parse(&text, &form(Form::Html));
    assert_eq!(titles(&scrape), ["Crane three works again", "Fair postponed", "Two new tugs"]);
    assert_eq!(scrape.drafts[0].link.as_deref(), Some("/n/44"), "as printed");
    let accounts = scrape.drafts.iter().filter_map(account);
    assert!(accounts.into_iter().all(|account| account.link.is_none() && account.date.is_some()));
    let terms = Terms { url: Some("https://harbour.example/news/".to_owned()), ..form(Form::Html) };
    let linked = parse(&text, &terms).drafts.into_iter().map(|draft| draft.link.unwrap_or_default().into_owned());
    assert_eq!(linked.collect::<Vec<_>>()[0], "https://harbour.example/n/44");
}

#[test]
fn a_sitemap_of_news_lists_its_items() {
    let text = input("sitemap.xml");
    let scrape = parse(&text, &Terms::default());
    assert_eq!(scrape.layout, "feed");
    let told: Vec<_> = scrape.drafts.iter().map(|draft| (told(draft), draft.link.as_deref())).collect();
    let item = |title: &str, day: &str| [title.to_owned(), day.to_owned(), String::new(), String::new()];
    let wanted = [
        (item("A ferry for the outer isles & Ossel", "2020-06-28"), Some("https://thrum.example/ferry")),
        (item("Lamps on every quay", "2020-06-21"), Some("https://thrum.example/lamps")),
    ];
    assert_eq!(told, wanted, "its last item is cut");
    // A sitemap of pages says where they are, and nothing about them.
    let bare = "<urlset><url><loc>https://thrum.example/</loc><lastmod>2020-06-28</lastmod></url></urlset>";
    let scrape = parse(bare, &Terms::default());
    assert!(scrape.drafts.is_empty() && scrape.refused.is_some());
}

#[test]
fn what_stands_around_headings_and_days_is_no_title() {
    let items = [
        (
            "Boats return to the old quay",
            "15",
            "The work took three weeks and cost less than planned.",
            "Quays and boats",
        ),
        ("Market opens in the old hall", "14", "Visitors are welcome from Monday at ten.", "Markets"),
        ("Museum night returns to the town", "12", "More than ninety people came on the first day.", "Museums and art"),
    ];
    for item in [
        // A day that leads somewhere is a day.
        "TITLE\n\n[DAY June 2021](/n/DAY)\n\nTEXT\n\n",
        // The name of a field and what it names, below a heading.
        "## TITLE\n\nDAY June 2021\n\nTEXT\n\nTopics:\n\nNAME\n\n",
        "## TITLE\n\nTopics:\n\nDAY June 2021\n\nTEXT\n\n",
        // Headings that all say the same, and entries that have none.
        "## Topics:\n\n### TITLE\n\nDAY June 2021\n\nTEXT\n\n",
        "- TITLE\n\n  DAY June 2021\n\n  TEXT\n\n",
    ] {
        let filled = items.map(|(title, day, text, name)| {
            item.replace("TITLE", title).replace("DAY", day).replace("TEXT", text).replace("NAME", name)
        });
        let page = format!("# Harbour News\n\n{}", filled.concat());
        let scrape = parse(&page, &form(Form::Markdown));
        let wanted = items
            .map(|(title, day, text, _)| [title.to_owned(), format!("2021-06-{day}"), text.to_owned(), String::new()]);
        assert_eq!(all_told(&scrape), wanted, "{item}");
    }
}

#[test]
fn what_is_linked_above_a_line_with_a_day_is_its_title_whatever_stands_below_the_list() {
    let item =
        |title: &str, day: u32| format!("[{title}](/n/{day})\n\nPosted in News on {day} June 2021\n\nA text.\n\n");
    let list = [item("Boats return", 15), item("Market opens", 14), item("Museum night returns", 12)].concat();
    let page = format!("# Harbour News\n\n{list}About us\n\nContact\n\nPrivacy\n\nImprint\n");
    let scrape = parse(&page, &form(Form::Markdown));
    assert_eq!(titles(&scrape), ["Boats return", "Market opens", "Museum night returns"]);
    assert_eq!(days(&scrape), ["2021-06-15", "2021-06-14", "2021-06-12"]);
}

#[test]
fn headings_are_titles_within_entries_and_without() {
    let item = |begin: &str, title: &str, day: u32| format!("{begin}{title}\n\n  {day} June 2021\n\n");
    let (boats, market, night) = ("Boats return to the quay", "Market opens in the hall", "Museum night returns");
    let above = [item("- ### ", boats, 15), item("- ### ", market, 14), item("- ### ", night, 12)].concat();
    // An entry may have a category above its heading.
    let page = format!("# Harbour News\n\n{above}{}", item("- Culture\n\n  ### ", "Ferry sails twice a day", 10));
    let read = parse(&page, &form(Form::Markdown));
    assert_eq!(titles(&read), [boats, market, night, "Ferry sails twice a day"]);
    // Headings that hold their days are items though the lists are interrupted.
    let entry = |title: &str, day: u32| format!("<ul><li><h2>{day} June 2021: {title}</h2><p>A text.</p></li></ul>");
    let alone = "<h2>12 June 2021: Museum night returns</h2><p>A text.</p>";
    let page = [entry(boats, 15), entry(market, 14), alone.to_owned(), entry("Ferry sails", 10), entry("Ice", 9)];
    let page = format!("<html><body><h1>Harbour News</h1>{}</body></html>", page.concat());
    let read = parse(&page, &form(Form::Html));
    assert_eq!(titles(&read), [boats, market, night, "Ferry sails", "Ice"]);
}

#[test]
fn a_line_in_bold_is_a_heading() {
    let text = input("bold.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let wanted = [
        ["Two hides rebuilt at Ossel Water", "2021-06-14", "Both have ramps now.", ""],
        ["Volunteers count the grebes", "2021-06-10", "", ""],
        ["The reed cutters are back", "2021-06-02", "They stay until the ice is gone.", ""],
    ];
    assert_eq!(all_told(&scrape), wanted, "{:?}", scrape.refused);
}

#[test]
fn a_heading_that_is_a_day_dates_the_text_below_it() {
    let text = input("days-above-texts.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let hides = "The two hides at Ossel Water were rebuilt last week. Both of them have ramps now.";
    let reed = "The reed cutters are back, and they stay until the ice is gone.";
    let wanted = [[hides, "2021-06-14", "", ""], [reed, "2021-06-02", "", ""]];
    assert_eq!(all_told(&scrape), wanted, "{:?}", scrape.refused);
}

#[test]
fn a_heading_that_names_the_list_shifts_no_day() {
    let page = "<span>From the lakes</span><h2>News</h2><span>23 May 2021</span>\
                <p>Thanks to all who came to Ossel Water to count the grebes, at dawn. <a href=\"#\">Event ↗</a></p>\
                <span>Jul 5–11, 2021</span>\
                <p><strong>Night Sailing Week (Ossel 2021)</strong> — Little Thrum, the jetty.</p>";
    let scrape = parse(page, &form(Form::Html));
    assert_eq!(days(&scrape), ["2021-05-23", "2021-07-05"], "{:?}", titles(&scrape));
    assert!(titles(&scrape).iter().zip(["Thanks", "Night"]).all(|(title, begin)| title.starts_with(begin)));
}

#[test]
fn what_a_link_leads_to_is_no_part_of_the_title() {
    let text = input("documents.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let told: Vec<_> = scrape.drafts.iter().map(|draft| (draft.title.as_ref(), draft.link.as_deref())).collect();
    let wanted = [
        ("Annual meeting of the board", Some("/docs/annual.pdf")),
        ("Sluice committee", Some("/docs/sluice.docx")),
        ("Meeting of all millers (open to guests)", Some("/docs/millers.pdf")),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn the_one_link_of_a_row_is_that_of_its_item() {
    let text = input("topics.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let links: Vec<_> = scrape.drafts.iter().map(|draft| draft.link.as_deref()).collect();
    assert_eq!(links, [Some("/t/12"), Some("/t/11"), None]);
}

#[test]
fn columns_are_known_by_what_offices_call_them() {
    let text = input("proposals.csv");
    let scrape = parse(&text, &form(Form::Csv));
    let told: Vec<_> = scrape.drafts.iter().map(|draft| (told(draft), draft.link.as_deref())).collect();
    let item = |title: &str, day: &str| [title.to_owned(), day.to_owned(), String::new(), String::new()];
    let wanted = [
        (item("A barn at Weir Farm, to be lived in", "2022-05-27"), Some("https://weir.example/12")),
        (item("Fell one ash", "2022-05-20"), Some("https://weir.example/9")),
    ];
    assert_eq!(told, wanted, "{:?}", scrape.refused);
}

#[test]
fn a_day_before_a_sign_begins_no_way_through_the_site() {
    let text = "# wheel/log\n\n- 12 Mar 2020 » [Sorting](/s)\n- 28 Feb 2020 » [Why I left](/l)\n\
                - 15 Dec 2019 » [A parser in an evening](/p)\n";
    let scrape = parse(text, &form(Form::Markdown));
    assert_eq!(titles(&scrape), ["Sorting", "Why I left", "A parser in an evening"]);
}

#[test]
fn a_draft_stands_on_the_lines_of_the_file() {
    for (name, text) in newsroom() {
        let lines: Vec<_> = text.lines().collect();
        let scrape = parse(&text, &Terms { form: Form::of_name(&name), ..Terms::default() });
        let mut before = 0;
        for draft in &scrape.drafts {
            let (first, last) = (draft.line as usize, draft.last_line as usize);
            assert!(before <= first && first <= last && last <= lines.len(), "{name}: {first} to {last}");
            let own = lines[first - 1..last].join("\n");
            let word = draft.title.split(' ').next().unwrap();
            assert!(own.contains(word), "{name}: {word} in {own}");
            assert!(!own.contains("Contact") && own.matches("2020-0").count() <= 2, "{name}: {own}");
            before = last;
        }
    }
}

#[test]
fn explain_says_of_each_field_where_it_stood() {
    for (name, text) in newsroom() {
        let terms = Terms { form: Form::of_name(&name), ..Terms::default() };
        let explained = explain(&text, &terms);
        let plain = parse(&text, &terms);
        assert_eq!(explained.scrape.drafts, plain.drafts, "{name}");
        let titles: Vec<_> = explained.blocks.iter().filter(|block| block.label == "title").collect();
        assert_eq!(titles.len(), plain.drafts.len(), "{name}");
        for (block, draft) in titles.iter().zip(&plain.drafts) {
            assert_eq!(block.text, draft.title, "{name}");
            assert!((draft.line..=draft.last_line).contains(&block.line), "{name}");
        }
        let from: Option<&str> = titles[0].from.as_deref();
        let wanted = match name.rsplit('.').next().unwrap() {
            "txt" | "md" | "html" => None,
            "json" if name.contains("feed") => Some("$[\"items\"][*].title"),
            "json" => Some("$[\"results\"][*].headline"),
            "jsonl" => Some("$.headline"),
            "csv" | "tsv" => Some("column 1 Title"),
            _ => Some("<title>"),
        };
        assert_eq!(from, wanted, "{name}");
    }
}

#[test]
fn where_a_field_stood_is_told_in_few_words() {
    // Each record says it, and a name can be half of the file.
    let long = "!".repeat(10_000);
    let csv = format!("title{long},date\nFerries return,2021-06-14\n");
    let list = r#"[{"title": "Ferries return", "date": "2021-06-14"}]"#;
    let outer = format!(r#"{{"{long}": {list}}}"#);
    let inner = list.replace("title", &format!("title{long}"));
    for (of, text) in [(Form::Csv, &csv), (Form::Json, &outer), (Form::Json, &inner)] {
        let explained = explain(text, &form(of));
        assert_eq!(titles(&explained.scrape), ["Ferries return"], "{of:?}");
        for from in explained.blocks.iter().filter_map(|block| block.from.as_deref()) {
            assert!(
                from.len() < 300 && (from.contains("!!!") || from.contains("date")),
                "{of:?}: {} bytes",
                from.len()
            );
        }
    }
    // So does the complaint that several lists could be meant.
    let two = format!(r#"{{"a{long}": {list}, "b{long}": {list}}}"#);
    let refused = parse(&two, &form(Form::Json)).refused.unwrap();
    assert!(refused.contains("several lists") && refused.len() < 1000, "{} bytes", refused.len());
}

#[test]
fn the_objects_of_several_lists_stand_on_their_lines() {
    let text = r#"{"a": [
        {"title": "One"},
        {"title": "Two"}],
    "b": [
        {"title": "Three"}], "c": {
            "d": [{"title": "Four"},
        {"title": "Five"}]}}"#;
    let terms = |items: &str| Terms { fields: fields(Some(items), &[]), ..form(Form::Json) };
    let lines = |items: &str| -> Vec<u32> { parse(text, &terms(items)).drafts.iter().map(|it| it.line).collect() };
    assert_eq!(lines("$.*[?@.title]"), [2, 3, 5]);
    assert_eq!(lines("$..[?@.title]"), [2, 3, 5, 6, 7]);
    assert_eq!(lines("$.c.d[*]"), [6, 7]);
}

#[test]
fn a_text_that_is_said_to_be_a_heading_names_no_part_of_the_page() {
    for (words, is_section) in [(3, true), (300, false)] {
        let heading = "Words ".repeat(words);
        let items = "<p>14 June 2021<p><a href=/a>Ferries return to the lake</a><p>12 June 2021<p><a href=/b>The school \
                     gets a new roof</a><p>11 June 2021<p><a href=/c>Market moves to the old quay</a>";
        let page = format!("<!DOCTYPE html><h2>{heading}</h2>{items}");
        let scrape = parse(&page, &form(Form::Html));
        assert_eq!(scrape.drafts.len(), 3, "{words}");
        assert!(scrape.drafts.iter().all(|draft| draft.section.is_some() == is_section), "{words}");
    }
}

#[test]
fn a_feed_keeps_its_ids_and_the_day_as_printed() {
    for (name, id) in [("newsroom.rss", "tag:ferry"), ("newsroom.atom", "urn:ferry"), ("newsroom.json", "n-400")] {
        let text = input(name);
        let scrape = parse(&text, &Terms { form: Form::of_name(name), ..Terms::default() });
        assert_eq!(scrape.drafts[0].id.as_deref(), Some(id), "{name}");
        // In UTC the day would be the one before.
        let date = scrape.drafts[0].date.as_ref().unwrap();
        assert_eq!(date.day.unwrap().to_string(), "2020-06-28", "{name}");
    }
    // An independent reader finds the same.
    for name in ["newsroom.rss", "newsroom.atom", "newsroom.rdf", "newsroom.feed.json"] {
        let text = input(name);
        let scrape = parse(&text, &Terms { form: Form::of_name(name), ..Terms::default() });
        let judge = feed_rs::parser::parse(text.as_bytes()).unwrap();
        for (draft, entry) in scrape.drafts.iter().zip(&judge.entries) {
            assert_eq!(draft.title, entry.title.as_ref().unwrap().content.replace("&amp;", "&"), "{name}");
            assert_eq!(draft.link.as_deref(), Some(entry.links[0].href.as_str()), "{name}");
            if name != "newsroom.rdf" {
                assert_eq!(draft.id.as_deref(), Some(entry.id.as_str()), "{name}");
            }
        }
    }
}

#[test]
fn a_feed_without_ids_gets_none_made_up() {
    let text = "<rss><channel><item><title>One &nbsp;thing & more</title></item><item><title>Two</title></item></channel></rss>";
    let scrape = parse(text, &Terms::default());
    assert_eq!(titles(&scrape), ["One thing & more", "Two"]);
    assert!(scrape.drafts.iter().all(|draft| draft.id.is_none() && draft.link.is_none() && draft.date.is_none()));
}

#[test]
fn the_seeds_saved_as_markdown_read_as_text() {
    let shared = std::env::var_os("FEEDMILL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let mut texts = vec![input("newsroom.txt")];
    for folder in ["seeds", "samples"] {
        let Ok(files) = fs::read_dir(shared.join(folder)) else {
            eprintln!("skipped: {folder} is not there");
            continue;
        };
        let files =
            files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "txt"));
        texts.extend(files.map(|path| fs::read_to_string(path).unwrap()));
    }
    for folder in ["tests/scrapes", "samples/lakes"] {
        let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        texts.extend(files.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok()));
    }
    // The addresses behind a dump are not Markdown's, and a page with Markdown's headings is no text.
    texts.retain(|text| !text.contains("\nReferences\n") && !text.starts_with("# "));
    assert!(texts.len() > 30);
    for text in texts {
        let plain = explain(&text, &form(Form::Text));
        let marked = explain(&text, &form(Form::Markdown));
        assert_eq!(marked.scrape.drafts, plain.scrape.drafts, "{text}");
        assert_eq!(marked.scrape.faults, plain.scrape.faults);
    }
}

/// What a file cut at any byte gives is among what the whole file gives: nothing false is left behind.
#[test]
fn a_file_cut_anywhere_gives_no_item_that_the_whole_does_not_have() {
    for (name, text) in newsroom() {
        let terms = Terms { form: Form::of_name(&name), ..Terms::default() };
        let whole = parse(&text, &terms);
        let key = |draft: &Draft<'_>| {
            let text = |field: &Option<std::borrow::Cow<'_, str>>| field.as_deref().map(str::to_owned);
            (draft.title.to_string(), told(draft)[1].clone(), text(&draft.id), text(&draft.link))
        };
        let known: Vec<_> = whole.drafts.iter().map(key).collect();
        let mut most = 0;
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let scrape = parse(&text[..cut], &terms);
            for draft in scrape.drafts.iter().filter(|draft| !draft.truncated.is_some_and(Cut::takes_identity)) {
                let own = known.iter().find(|known| known.0 == draft.title);
                let own = own.unwrap_or_else(|| panic!("{name} cut at {cut}: {draft:?}"));
                assert!(
                    draft.id.is_none() || draft.id.as_deref() == own.2.as_deref(),
                    "{name} cut at {cut}: {draft:?}"
                );
                // A cut may take the date of a last item, never change it.
                let day = &told(draft)[1];
                assert!(day.is_empty() || *day == own.1, "{name} cut at {cut}: {draft:?}");
                assert!(
                    draft.link.is_none() || draft.link.as_deref() == own.3.as_deref(),
                    "{name} cut at {cut}: {draft:?}"
                );
            }
            most = most.max(scrape.drafts.len());
        }
        assert!(most >= 3, "{name}: {most}");
    }
}

#[test]
fn half_of_a_file_of_fields_gives_its_whole_items() {
    for name in ["newsroom.json", "newsroom.jsonl", "newsroom.csv", "newsroom.rss", "newsroom.atom", "newsroom.rdf"] {
        let text = input(name);
        let third = text.find("Orchards").unwrap();
        let terms = Terms { form: Form::of_name(name), ..Terms::default() };
        let scrape = parse(&text[..third], &terms);
        assert_eq!(scrape.drafts.len(), 2, "{name}: {:?} {:?}", scrape.refused, scrape.faults);
    }
}

fn fields(items: Option<&str>, parts: &[(Part, &str)]) -> Option<Arc<Fields>> {
    let items = items.map(|path| At::new(path).unwrap());
    let parts = parts.iter().map(|(part, at)| (*part, At::new(at).unwrap())).collect();
    Some(Arc::new(Fields { items, parts }))
}

#[test]
fn paths_say_where_the_fields_of_json_stand() {
    let text = r#"{"data": {"pinned": [], "news": [
        {"attributes": {"title": {"rendered": "Lamps &amp; quays"}, "when": "2020-06-21T10:00:00Z"}, "deep": [{"u": "/1"}]},
        {"attributes": {"title": {"rendered": "Mills"}, "when": 1590796800}, "deep": [{"u": "/2"}]}]}}"#;
    let terms = Terms {
        form: Some(Form::Json),
        url: Some("https://a.example/news/".to_owned()),
        fields: fields(
            Some("$.data.news[*]"),
            &[
                (Part::Title, "$.attributes.title.rendered"),
                (Part::Date, "$.attributes.when"),
                (Part::Link, "$.deep[0].u"),
            ],
        ),
        ..Terms::default()
    };
    let scrape = parse(text, &terms);
    assert_eq!(titles(&scrape), ["Lamps & quays", "Mills"]);
    assert_eq!(told(&scrape.drafts[1])[1], "2020-05-30");
    assert_eq!(scrape.drafts[0].link.as_deref(), Some("https://a.example/1"));
    assert_eq!((scrape.drafts[0].line, scrape.drafts[1].line), (2, 3));
}

#[test]
fn where_two_lists_could_be_meant_nothing_is_guessed() {
    let list = r#"[{"title": "A", "date": "2020-06-01"}, {"title": "B", "date": "2020-06-02"}]"#;
    let two = format!(r#"{{"news": {list}, "events": {list}}}"#);
    let scrape = parse(&two, &form(Form::Json));
    assert!(scrape.drafts.is_empty() && scrape.refused.unwrap().contains("several lists could be meant"));
    // Names without dates are no rival of dated titles.
    let both = format!(r#"{{"authors": [{{"name": "Ann"}}], "news": {list}}}"#);
    assert_eq!(titles(&parse(&both, &form(Form::Json))), ["A", "B"]);
}

#[test]
fn ids_that_only_count_the_lines_are_numbers() {
    let lines = |first: u32| {
        (0..3)
            .map(|i| format!("{{\"id\": {}, \"title\": \"T{i}\", \"date\": \"2020-06-01\"}}\n", i + first))
            .collect::<String>()
    };
    let text = lines(1);
    let counted = parse(&text, &form(Form::JsonLines));
    assert!(counted.drafts.iter().all(|draft| draft.id.is_none()));
    assert_eq!(counted.drafts[2].number, Some(3));
    let named = fields(None, &[(Part::Title, "title"), (Part::Id, "id")]);
    let named = parse(&text, &Terms { fields: named, ..form(Form::JsonLines) });
    assert_eq!(named.drafts[2].id.as_deref(), Some("3"), "the operator says that it is an id");
    let text = lines(812);
    let told = parse(&text, &form(Form::JsonLines));
    assert_eq!(told.drafts[0].id.as_deref(), Some("812"));
}

#[test]
fn what_is_wrapped_up_in_an_item_is_its_content() {
    let fields =
        r#""title": "TITLE", "created": "2024-05-14T09:30:00Z", "teaser": "<p>The pier is <b>open</b>.</p>\n""#;
    for (list, from) in [
        (r#"{"data": [{"type": "news", "id": "n-1", "attributes": {ITEM}}]}"#, "attributes"),
        (r#"{"data": {"posts": {"edges": [{"id": "n-1", "node": {ITEM}}]}}}"#, "node"),
        (r#"{"records": [{"id": "n-1", "fields": {ITEM}}]}"#, "fields"),
        (r#"{"hits": {"hits": [{"id": "n-1", "_source": {ITEM}}]}}"#, "_source"),
        (r#"{"data": {"children": [{"id": "n-1", "data": {ITEM}}]}}"#, "data"),
    ] {
        let text = list.replace("ITEM", &fields.replace("TITLE", "The pier opens"));
        let Explained { scrape, blocks } = explain(&text, &form(Form::Json));
        let wanted = ["The pier opens", "2024-05-14", "The pier is open.", ""];
        assert_eq!(all_told(&scrape), [wanted], "{from}: {:?}", scrape.refused);
        assert_eq!(scrape.drafts[0].id.as_deref(), Some("n-1"), "{from}");
        let titles = blocks.iter().find(|block| block.label == "title").and_then(|block| block.from.as_deref());
        assert!(titles.unwrap().ends_with(&format!("[*].{from}.title")), "{titles:?}");
        let ids = blocks.iter().find(|block| block.label == "id").and_then(|block| block.from.as_deref());
        assert!(ids.unwrap().ends_with("[*].id"), "{ids:?}");
    }
    // What has a title of its own is no wrapping.
    let own = r#"{"items": [{"title": "The pier opens", "fields": {"title": "Pier"}}, {"title": "The mill turns"}]}"#;
    assert_eq!(titles(&parse(own, &form(Form::Json))), ["The pier opens", "The mill turns"]);
}

/// Title, day and summary of each item of a JSON value.
fn of_json(text: &str) -> Vec<[String; 3]> {
    without_credits(&parse(text, &form(Form::Json)))
}

#[test]
fn names_without_accents_are_those_of_their_languages() {
    let wanted = [["The pier opens", "2024-06-14", "At noon."], ["The mill turns", "2024-06-03", "Again."]];
    for (title, day, summary) in [
        ("baslik", "tarih", "ozet"),
        ("titulek", "datum", "perex"),
        ("tytul", "data", "tresc"),
        ("naslov", "datum", "sazetak"),
        ("ueberschrift", "veroeffentlicht_am", "kurztext"),
        ("news_title", "news_date", "news_content"),
        ("announcementTitle", "ann_date", "snippet"),
    ] {
        let item = |[a, b, c]: [&str; 3]| format!(r#"{{"{title}": "{a}", "{day}": "{b}", "{summary}": "{c}"}}"#);
        let [json, lines] = [", ", "\n"].map(|between| wanted.map(item).join(between));
        assert_eq!(of_json(&format!("[{json}]")), wanted, "{title}");
        assert_eq!(without_credits(&parse(&lines, &form(Form::JsonLines))), wanted, "{title}");
        let rows = wanted.map(|row| row.join(",")).join("\n");
        let table = format!("{title},{day},{summary}\n{rows}\n");
        assert_eq!(without_credits(&parse(&table, &form(Form::Csv))), wanted, "{title}");
    }
}

#[test]
fn the_day_on_which_a_program_made_its_record_is_not_the_items() {
    for (day, of_record) in [
        ("published_date", "timestamp"),
        ("publish_time", "created_at"),
        ("release_time", "updated_at"),
        ("fecha_publicacion", "created_at"),
        ("posted", "updated"),
    ] {
        let text =
            format!(r#"[{{"title": "The pier opens", "{of_record}": "2024-06-20T03:00:00Z", "{day}": "2024-06-14"}}]"#);
        assert_eq!(of_json(&text), [["The pier opens", "2024-06-14", ""]], "{day}");
        let table = format!("title,{of_record},{day}\nThe pier opens,2024-06-20 03:00,2024-06-14\n");
        assert_eq!(days(&parse(&table, &form(Form::Csv))), ["2024-06-14"], "{day}");
    }
    // What says when the page was fetched says nothing of the item.
    assert_eq!(of_json(r#"[{"title": "The pier opens", "fetched_at": "2024-06-20"}]"#), [["The pier opens", "", ""]]);
}

#[test]
fn a_day_that_a_database_keeps_is_a_day() {
    for day in [
        r#"{"$date": "2024-06-14T12:00:00Z"}"#,
        r#"{"$date": {"$numberLong": "1718366400000"}}"#,
        r#"{"_seconds": 1718366400, "_nanoseconds": 0}"#,
        r#"{"seconds": 1718366400, "nanoseconds": 5}"#,
        r#"[{"value": "2024-06-14T12:00:00+00:00", "format": "c"}]"#,
        "1718366400.0",
    ] {
        let text = format!(r#"[{{"title": "The pier opens", "date": {day}}}]"#);
        assert_eq!(of_json(&text), [["The pier opens", "2024-06-14", ""]], "{day}");
    }
    // A number of seconds alone may be how long it takes.
    for none in [r#"{"seconds": 1718366400}"#, r#"{"title": "2024-06-14"}"#] {
        let text = format!(r#"[{{"title": "The pier opens", "date": {none}}}]"#);
        assert_eq!(of_json(&text), [["The pier opens", "", ""]], "{none}");
    }
}

#[test]
fn items_may_be_kept_under_their_days_or_ids() {
    let by_day = r#"{"2024-06-14": [{"title": "The pier opens"}, {"title": "Rain"}],
        "2024-06-03": [{"title": "The mill turns", "date": "2024-06-02"}]}"#;
    let wanted =
        [["The pier opens", "2024-06-14", ""], ["Rain", "2024-06-14", ""], ["The mill turns", "2024-06-02", ""]];
    assert_eq!(of_json(by_day), wanted);
    let within = format!(r#"{{"updated": "2024-06-20", "news": {by_day}, "authors": [{{"name": "Ann"}}]}}"#);
    assert_eq!(of_json(&within), wanted);
    let by_id = r#"{"n-9": {"title": "The pier opens", "date": "2024-06-14"},
        "n-10": {"title": "The mill turns", "date": "2024-06-03"}}"#;
    let scrape = parse(by_id, &form(Form::Json));
    assert_eq!(titles(&scrape), ["The pier opens", "The mill turns"], "in the order of the file");
    assert_eq!(scrape.drafts.iter().map(|draft| draft.line).collect::<Vec<_>>(), [1, 2]);
    let cut = by_id.replace("\"2024-06-03\"}}", "\"2024-0");
    assert!(parse(&cut, &form(Form::Json)).drafts.len() <= 1);
    // The parts of a page and its languages are called by words; what has no day is no news.
    for page in [
        r#"{"hero": {"title": "Welcome", "date": "2024-06-14"}, "about": {"title": "Us", "date": "2024-06-03"}}"#,
        r#"{"box-1": {"title": "Welcome"}, "box-2": {"title": "Us"}}"#,
        r#"{"2024-06-14": {"count": 3}, "2024-06-03": {"count": 5}}"#,
    ] {
        let scrape = parse(page, &form(Form::Json));
        assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{page}: {:?}", scrape.drafts);
    }
}

#[test]
fn a_list_is_looked_for_deeper_where_none_is_near() {
    let edges = r#"{"edges": [{"node": {"title": "The pier opens", "publishedAt": "2024-06-14"}}]}"#;
    let deep = format!(r#"{{"data": {{"publication": {{"posts": {edges}}}}}}}"#);
    assert_eq!(of_json(&deep), [["The pier opens", "2024-06-14", ""]]);
    // A list that is near has no rival far away.
    let near = format!(r#"{{"items": [{{"title": "Rain", "date": "2024-06-03"}}], "x": {deep}}}"#);
    assert_eq!(of_json(&near), [["Rain", "2024-06-03", ""]]);
    // What programs make of XML keeps each element in a list of its own.
    let xml = r#"{"rss": {"channel": [{"title": ["Port"], "item": [
        {"title": ["The pier opens"], "pubDate": ["Fri, 14 Jun 2024 12:00:00 GMT"]}]}]}}"#;
    assert_eq!(of_json(xml), [["The pier opens", "2024-06-14", ""]]);
    let schema = r#"{"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "position": 1,
        "item": {"headline": "The pier opens", "datePublished": "2024-06-14"}}]}"#;
    assert_eq!(of_json(schema), [["The pier opens", "2024-06-14", ""]]);
}

#[test]
fn what_only_has_a_name_is_no_item() {
    for text in [
        r#"{"table": {"columns": [{"name": "Datum"}, {"name": "Cim"}], "rows": [{"values": [{"value": "2024-06-14"}]}]}}"#,
        r#"{"authors": [{"name": "Ann"}, {"name": "Bo"}]}"#,
    ] {
        let scrape = parse(text, &form(Form::Json));
        assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{text}: {:?}", scrape.drafts);
    }
    assert_eq!(of_json(r#"[{"name": "Fair", "date": "2024-06-14"}]"#), [["Fair", "2024-06-14", ""]]);
}

#[test]
fn fields_may_be_written_as_html() {
    for (written, text) in [
        ("Lamps &amp; quays", "Lamps & quays"),
        ("Harbour&#39;s fair &#8211; day two", "Harbour's fair – day two"),
        ("<a href='/n/1'>The pier opens</a>", "The pier opens"),
        ("Welcome to <b>Dr. Brandt</b>, who came<br/>by boat", "Welcome to Dr. Brandt, who came by boat"),
        // Text that speaks of signs and tags is text.
        ("R&D; a < b &amp; c", "R&D; a < b &amp; c"),
        ("How to write <b> and &lt;i>", "How to write <b> and &lt;i>"),
        ("Fix <Button></Button>", "Fix <Button></Button>"),
        ("AT & T; B&O", "AT & T; B&O"),
    ] {
        let item = serde_json::json!({"title": written, "date": "2024-06-14", "summary": written});
        let wanted = [[text, "2024-06-14", text]];
        assert_eq!(of_json(&format!("[{item}]")), wanted);
        let table = format!("title,date,summary\n\"{written}\",2024-06-14,\"{written}\"\n");
        assert_eq!(without_credits(&parse(&table, &form(Form::Csv))), wanted);
    }
    // An address is none.
    let link = r#"[{"title": "The pier opens", "link": "https://a.example/?a=1&amp;b=2"}]"#;
    assert_eq!(parse(link, &form(Form::Json)).drafts[0].link.as_deref(), Some("https://a.example/?a=1&amp;b=2"));
}

#[test]
fn a_page_for_people_comes_before_that_for_programs() {
    let text = r#"[{"url": "https://api.a.example/1", "html_url": "https://a.example/1", "name": "Lamps", "created_at": "2024-06-14"}]"#;
    assert_eq!(parse(text, &form(Form::Json)).drafts[0].link.as_deref(), Some("https://a.example/1"));
}

#[test]
fn a_line_that_is_no_json_is_a_fault_and_the_others_are_read() {
    let text =
        "{\"title\": \"A\"}\nnot json\n{\"title\": \"B\"}\n{\"title\": \"C\"}\n{\"title\": \"D\"}\n{\"title\": \"E";
    let scrape = parse(text, &form(Form::JsonLines));
    assert_eq!(titles(&scrape), ["A", "B", "C", "D"]);
    assert_eq!(scrape.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [2, 6]);
}

#[test]
fn a_file_of_which_most_lines_are_no_json_gives_no_items() {
    let log = "GET / 200\n".repeat(8);
    let text = format!("{log}{{\"title\": \"One\", \"date\": \"2020-06-01\"}}\n{log}");
    let scrape = parse(&text, &form(Form::JsonLines));
    assert!(scrape.confidence < 0.5 && scrape.refused.is_some(), "{scrape:?}");
    assert_eq!((scrape.drafts.len(), scrape.newest), (0, None));
    assert_eq!(scrape.faults.len(), 16);
    let blocks = explain(&text, &form(Form::JsonLines)).blocks;
    assert!(!blocks.is_empty() && blocks.iter().all(|block| block.item.is_none()));
}

#[test]
fn half_a_letter_costs_no_item() {
    // As a program writes it that cut a text within a letter: `JSON.stringify(title.slice(0, 60))`.
    let first = r#"{"title": "Ferries \\ud800", "date": "2021-06-14", "summary": "\ud83d\ude00 \ud83d"}"#;
    let second = r#"{"title": "Mills \udc00\ud83d\ude00\ud83d", "date": "2021-06-12"}"#;
    for (of, text) in [(Form::Json, format!("[{first},\n{second}]")), (Form::JsonLines, format!("{first}\n{second}\n"))]
    {
        let scrape = parse(&text, &form(of));
        assert_eq!(titles(&scrape), [r"Ferries \ud800", "Mills \u{FFFD}😀\u{FFFD}"], "{of:?}: {:?}", scrape.refused);
        assert_eq!(scrape.drafts[0].summary.as_deref(), Some("😀 \u{FFFD}"), "{of:?}");
    }
    // What is broken besides is no JSON still.
    let broken = format!("[{first},\n{second},, ]");
    assert!(parse(&broken, &form(Form::Json)).refused.is_some());
    let cut = format!("[{first},\n{}", second.trim_end_matches('}'));
    assert_eq!(titles(&parse(&cut, &form(Form::Json))), [r"Ferries \ud800"]);
}

#[test]
fn columns_go_by_name_or_number() {
    let text = "when,what,where\n02/03/2020,\"A \"\"big\"\"\nthing\",x\n13/03/2020,Small,y\n";
    for (date, title) in [("when", "what"), ("1", "2")] {
        let parts = fields(None, &[(Part::Title, title), (Part::Date, date)]);
        let scrape = parse(text, &Terms { form: Some(Form::Csv), fields: parts, ..Terms::default() });
        assert_eq!(titles(&scrape), ["A \"big\" thing", "Small"]);
        // The second date settles the first.
        assert_eq!(told(&scrape.drafts[0])[1], "2020-03-02");
        let lines: Vec<_> = scrape.drafts.iter().map(|draft| (draft.line, draft.last_line)).collect();
        assert_eq!(lines, [(2, 3), (4, 4)]);
    }
    let parts = fields(None, &[(Part::Title, "headline")]);
    let scrape = parse(text, &Terms { form: Some(Form::Csv), fields: parts, ..Terms::default() });
    assert!(scrape.refused.unwrap().contains("no column is called \"headline\""));
}

fn select(item: &str, parts: &[(Part, &str)]) -> Terms {
    let select = Select::new(item, parts).unwrap();
    Terms { form: Some(Form::Html), select: Some(Arc::new(select)), ..Terms::default() }
}

#[test]
fn selectors_say_which_elements_are_the_fields() {
    let text = input("newsroom.html");
    let parts = [(Part::Title, "h2"), (Part::Date, "time"), (Part::Summary, "p.text"), (Part::Credit, ".photo")];
    for item in ["ol.news > li", "main li", "li:not(.x)", "ol[class^=new] li"] {
        let scrape = parse(&text, &select(item, &parts));
        let drafts: Vec<_> = scrape.drafts.iter().collect();
        assert_eq!(drafts.len(), 4, "{item}: {:?}", titles(&scrape));
        assert_eq!(drafts[1].title, "Lamps on every quay & pier");
        assert_eq!(drafts[1].link.as_deref(), Some("https://news.example.org/2020/lamps"));
        assert_eq!(drafts[1].credit.as_deref(), Some("© Jon Reed 2020"));
        assert_eq!(told(drafts[3])[1], "2020-05-30");
    }
    let first = parse(&text, &select("li:first-child", &[(Part::Title, "h2 a")]));
    assert_eq!(first.drafts.len(), 1);
    let none = parse(&text, &select("article", &parts));
    assert!(none.refused.unwrap().contains("no element matches item = \"article\""));
    let attributes = "<div class=n><img alt='By Ann'><a title='T' href=/x>t</a></div><div class='n m'><a title=U href=/y>t</a></div>";
    let scrape = parse(attributes, &select("div.n", &[(Part::Title, "a@title"), (Part::Credit, "img@alt")]));
    assert_eq!(titles(&scrape), ["T", "U"]);
    assert_eq!(scrape.drafts[0].credit.as_deref(), Some("By Ann"));
}

#[test]
fn an_address_that_items_share_is_the_address_of_none() {
    let item = |title: &str, day: u32, link: &str| {
        format!(
            "<h3><a href=\"{link}\">{title}</a></h3><p>{day} June 2020</p><p>{title} is told of here at length.</p>"
        )
    };
    let page = |link: &str| {
        format!(
            "<!doctype html>{}{}{}",
            item("One thing of note", 3, "https://a.example/list"),
            item("Another thing", 2, "https://a.example/list"),
            item("A third", 1, link)
        )
    };
    let text = page("https://a.example/3");
    let scrape = parse(&text, &Terms::default());
    let links: Vec<_> = scrape.drafts.iter().map(|draft| draft.link.as_deref()).collect();
    assert_eq!(links, [None, None, Some("https://a.example/3")]);
    assert_eq!(scrape.faults.len(), 2);
}

#[test]
fn a_time_that_a_page_states_for_programs_is_the_date() {
    let text = "<!doctype html><article><h2>One thing</h2><time datetime='2020-06-15T10:00:00+02:00'>3 days ago</time>\
                <p>It is told here.</p></article><article><h2>Another thing</h2><p>Published: <time datetime=2020-06-14>\
                14. 6. 20</time></p><p>It is told there.</p></article>";
    let scrape = parse(text, &Terms::default());
    assert_eq!(titles(&scrape), ["One thing", "Another thing"], "{scrape:#?}");
    assert_eq!(told(&scrape.drafts[0])[1], "2020-06-15");
    assert_eq!(told(&scrape.drafts[1])[1], "2020-06-14");
}

/// Where a language writes "6. Oktober", the day is no number of a list, and the day of each item is its own.
#[test]
fn the_words_that_a_stated_time_shows_bear_no_mark() {
    let titles = ["Two bridges are closed", "Night buses return", "The market opens", "A jury of weavers meets"];
    let page = |shown: &dyn Fn(u32) -> String| {
        let items = titles.into_iter().zip([23, 17, 9, 6]).map(|(title, day)| {
            let time = format!("<time datetime='2021-10-{day:02}'>{}</time>", shown(day));
            format!(
                "<article><h3><a href='/{day}'>{title}</a></h3><p>{time}</p><p>It was told by the port.</p></article>"
            )
        });
        format!("<!doctype html><h1>News</h1>{}", items.collect::<String>())
    };
    for page in [
        page(&|day| format!("{day:02}. Oktober 2021")),
        page(&|day| format!("{day}. lokakuuta 2021")),
        page(&|day| format!("{day}. Okt. von Ann Field")),
        // In words that are none of ours.
        page(&|day| format!("{day}. Weinmonat")),
    ] {
        let scrape = parse(&page, &Terms::default());
        assert_eq!(self::titles(&scrape), titles, "{page}");
        assert_eq!(days(&scrape), ["2021-10-23", "2021-10-17", "2021-10-09", "2021-10-06"], "{page}");
        assert!(scrape.drafts.iter().all(|draft| draft.number.is_none()), "{page}");
    }
    // The numbers of a list stay what they are.
    let items = titles.into_iter().zip([23, 17, 9, 6]).map(|(title, day)| {
        format!("<li><time datetime='2021-10-{day:02}'>{day}. Oktober 2021</time> <a href='/{day}'>{title}</a></li>")
    });
    let page = format!("<!doctype html><h1>News</h1><ol>{}</ol>", items.collect::<String>());
    let scrape = parse(&page, &Terms::default());
    assert_eq!(self::titles(&scrape), titles);
    assert_eq!(days(&scrape), ["2021-10-23", "2021-10-17", "2021-10-09", "2021-10-06"]);
    assert_eq!(scrape.drafts.iter().filter_map(|draft| draft.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn a_page_cut_in_a_tag_has_no_part_of_it_in_a_text() {
    let items = ["Two bridges are closed", "Night buses return", "The market opens"].into_iter().zip(1..).map(
        |(title, day)| {
            format!("<article><h3>{title}</h3><p>{day} June 2021</p><p>It was told by the port.</p></article>")
        },
    );
    let text = format!("<!doctype html><h1>News</h1>{}", items.collect::<String>());
    for at in text.find("The market").unwrap()..text.len() {
        let scrape = parse(&text[..at], &Terms::default());
        let told = scrape.drafts.iter().flat_map(|draft| [Some(&draft.title), draft.summary.as_ref()]).flatten();
        assert!(told.into_iter().all(|text| !text.contains(['<', '/'])), "{scrape:#?} of {}", &text[..at]);
    }
}

#[test]
fn of_the_times_of_a_microformat_that_of_publication_is_the_date() {
    let abbr = |class: &str, day: u32| {
        format!("<abbr class='{class}' title='2021-06-{day}T22:10:00Z'>{}.06.2021 00:10</abbr>", day + 1)
    };
    let time = |class: &str, day: u32| {
        format!("<time class='dt-{class}' datetime='2021-06-{}'>{}.06.2021</time>", day + 1, day + 1)
    };
    let page = |times: &dyn Fn(u32) -> String| {
        let items = ["Two bridges are closed", "Night buses return", "The market opens"].into_iter().zip(11..);
        let item = |(title, day): (&str, u32)| {
            let title = format!("<h3 class='entry-title'><a href='/{day}'>{title}</a></h3>");
            format!("<li class='hentry'>{title}<div class='entry-content'></div><div>{}</div></li>", times(day))
        };
        format!("<!doctype html><h1>News</h1><ul class='hfeed'>{}</ul>", items.map(item).collect::<String>())
    };
    for page in [
        page(&|day| format!("{}\n{}", abbr("published", day), abbr("updated", 27))),
        page(&|day| format!("{}\n{}", abbr("updated", 27), abbr("published", day))),
        page(&|day| format!("{} {}", time("published", day), time("updated", 27))),
        // As long as no other tells it.
        page(&|day| abbr("updated", day)),
    ] {
        let scrape = parse(&page, &Terms::default());
        assert_eq!(titles(&scrape), ["Two bridges are closed", "Night buses return", "The market opens"], "{page}");
        // The day that is shown, and not that of Greenwich.
        assert_eq!(days(&scrape), ["2021-06-12", "2021-06-13", "2021-06-14"], "{page}");
    }
    // Other abbreviations are words.
    let words = "<abbr class='published' title='port office'>p.o.</abbr> tells it here.";
    let other = page(&|day| format!("{day} June 2021<p>{words}</p>"));
    let scrape = parse(&other, &Terms::default());
    assert_eq!(scrape.drafts.iter().map(told).next().unwrap()[1..3], ["2021-06-11", "p.o. tells it here."]);
    // Where days and months may be either, what is stated settles it.
    let stated =
        |day: u32| format!("<abbr class='published' title='2021-06-0{}'>06/0{}/2021</abbr>", day % 10, day % 10);
    assert_eq!(days(&parse(&page(&stated), &Terms::default())), ["2021-06-01", "2021-06-02", "2021-06-03"]);
}

#[test]
fn the_index_of_a_gemini_capsule_lists_its_dated_links() {
    let index = "# Ada's capsule\n\n```\n=> no.gmi 2021-01-01 Preformatted\n```\n\n## 2021\n\n\
                 => ferry.gmi 2021-06-14 - A ferry for the isles\n=>\tgemini://ada.example/fares 2021-05-03\u{2014}Fares stay\n\
                 => https://ada.example/n 2021-04-09: [Re] Night boats\n=> /old.gmi older posts from 2019-01-01\n";
    let url = Some("https://proxy.example/ada/".to_owned());
    let terms = |name: &str| Terms { form: Form::of_name(name), url: url.clone(), ..Terms::default() };
    for name in ["index.gmi", "gemlog/INDEX.GEMINI", "index.txt"] {
        let scrape = parse(index, &terms(name));
        assert_eq!(titles(&scrape), ["A ferry for the isles", "Fares stay", "[Re] Night boats"], "{name}");
        assert_eq!(days(&scrape), ["2021-06-14", "2021-05-03", "2021-04-09"], "{name}");
        assert_eq!(scrape.drafts.iter().map(|draft| draft.line).collect::<Vec<_>>(), [9, 10, 11]);
        let kept: Vec<_> = scrape.drafts.iter().map(|draft| draft.link.as_deref()).collect();
        assert_eq!(kept, [Some("https://proxy.example/ada/ferry.gmi"), None, Some("https://ada.example/n")]);
    }
    // Two such lines are an index only where the name says so.
    let two = index.replace("2021-04-09: ", "");
    assert_eq!(parse(&two, &terms("index.gmi")).drafts.len(), 2);
    assert_ne!(parse(&two, &terms("index.txt")).layout, "gemini");
    // The last title may be half of one.
    let cut = index.split(" boats").next().unwrap();
    let scrape = parse(cut, &terms("index.gmi"));
    assert_eq!((titles(&scrape).len(), scrape.faults.len()), (2, 1));
    // A capsule's page without such lines is text, and so is what the operator has a layout for.
    let listing = "Ferry to the isles\n14 June 2021\n\nFares stay\n3 May 2021\n\nNight boats\n9 April 2021\n";
    assert_eq!(parse(listing, &terms("index.gmi")).drafts.len(), 3);
    let by_lines = Terms { layout: Some("date-title".to_owned()), ..terms("index.txt") };
    assert_ne!(parse(index, &by_lines).layout, "gemini");
}

#[test]
fn pages_whose_headlines_are_headings_are_read_by_them() {
    let url = Some("https://site.example/news/".to_owned());
    for (file, items) in [
        (
            "blog.html",
            [
                ("Our new widget ships today", "2023-05-04", "https://acme.example/blog/one"),
                ("A look at the numbers", "2023-04-20", "https://acme.example/blog/two"),
                ("Why we moved to the river", "2023-03-11", "https://acme.example/blog/three"),
            ],
        ),
        (
            "tiles.html",
            [
                ("Whales sing in dialects", "2022-02-03", "https://site.example/n/1"),
                ("Library opens at night", "2022-02-01", "https://site.example/n/2"),
                ("Old maps found in attic", "2022-01-28", "https://site.example/n/3"),
            ],
        ),
        (
            "headings.md",
            [
                ("Ministry opens three schools", "2021-03-12", "https://m.example/1"),
                ("Budget passes", "2021-03-01", "https://m.example/2"),
                ("Roads are mended", "2021-02-27", "https://m.example/3"),
            ],
        ),
    ] {
        let text = input(file);
        let terms = Terms { form: Form::of_name(file), url: url.clone(), ..Terms::default() };
        let scrape = parse(&text, &terms);
        let found: Vec<_> = scrape.drafts.iter().map(|draft| (told(draft), draft.link.as_deref())).collect();
        assert_eq!(found.len(), 3, "{file}: {found:?}");
        for ((told, link), (title, day, wanted)) in found.iter().zip(items) {
            assert_eq!((told[0].as_str(), told[1].as_str(), *link), (title, day, Some(wanted)), "{file}");
            assert!(!told[2].is_empty(), "{file}");
        }
        assert!(scrape.confidence > 0.9, "{file}: {}", scrape.confidence);
    }
}

#[test]
fn links_with_their_days_below_several_headings_are_items() {
    let text = input("sections.md");
    let scrape = parse(&text, &form(Form::Markdown));
    let found: Vec<_> =
        scrape.drafts.iter().map(|it| (&*it.title, it.section.as_deref(), it.link.as_deref())).collect();
    let item = |title, section, link| (title, Some(section), Some(link));
    assert_eq!(
        found,
        [
            item("Flour prices fall", "Newest", "https://mill.example/n/12"),
            item("New stones laid", "Newest", "https://mill.example/n/11"),
            item("Winter report", "Archive", "https://mill.example/n/9"),
            item("Autumn report", "Archive", "https://mill.example/n/8"),
        ]
    );
}

#[test]
fn the_headline_of_the_page_is_no_item() {
    let entry = |day: &str, title: &str| format!("<dt>{day}</dt><dd><a href='/n'>{title}</a></dd>\n");
    let entries = [
        entry("15 December 2022", "Waste is fetched on other days"),
        entry("8 December 2022", "The board looks for snow clearers"),
        entry("30 November 2022", "Who won the lake run"),
    ];
    let page = format!("<ul><li>Home</li></ul><h1>News</h1><dl>{}</dl><p>Town hall of Lind</p>", entries.concat());
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(
        titles(&scrape),
        ["Waste is fetched on other days", "The board looks for snow clearers", "Who won the lake run"]
    );
    let days: Vec<_> = scrape.drafts.iter().filter_map(|draft| Some(draft.date.as_ref()?.day?.to_string())).collect();
    assert_eq!(days, ["2022-12-15", "2022-12-08", "2022-11-30"]);
}

/// A list of links, as pages have them around their news.
fn links(texts: &[&str]) -> String {
    let entry = |text: &&str| format!("<li><a href='/{}'>{text}</a></li>\n", text.len());
    format!("<ul>\n{}</ul>\n", texts.iter().map(entry).collect::<String>())
}

#[test]
fn a_menu_is_no_part_of_the_list() {
    let menu = ["About us", "The council", "Committees", "How to reach us", "Our history", "Maps"];
    let services = ["Passports", "Permits and licences", "Waste and recycling", "Schools", "Grants", "Tours"];
    let topics = ["Agriculture", "Housing", "Roads and bridges", "Water", "Culture", "Sport and leisure"];
    let menus = [menu, services, topics].map(|texts| links(&texts)).concat();
    let items = ["The market opens on Sunday", "Two bridges are closed", "Night buses return", "Council meets in Lind"]
        .iter()
        .zip(14..)
        .map(|(title, day)| {
            format!("<h3><a href='/n/{day}'>{title}</a></h3><p>June {day}, 2021</p><p>The council.</p>")
        });
    let page = format!("<div>{menus}</div><h1>News</h1>{}", items.collect::<String>());
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(scrape.drafts.len(), 4, "{:?}", titles(&scrape));
    assert!(scrape.confidence > 0.8, "{}", scrape.confidence);
}

#[test]
fn what_only_looks_like_a_menu_a_category_or_a_field_is_read() {
    let titles_of = |page: &str, form: Form| -> Vec<String> {
        let scrape = parse(page, &Terms { form: Some(form), ..Terms::default() });
        scrape.drafts.iter().map(|draft| draft.title.to_string()).collect()
    };
    let news = [
        ("New crane arrives", "14 June 2021"),
        ("Pier 4 is closed", "11 June 2021"),
        ("Ferry fares rise", "4 June 2021"),
        ("Dredging begins", "1 June 2021"),
    ];
    let list = |entry: fn(&(&str, &str)) -> String| format!("<ul>{}</ul>", news.iter().map(entry).collect::<String>());
    // The next entry's link is no headline of this one, nor is the heading below the list.
    let beside = list(|(title, day)| format!("<li><a href='/n'>{title}</a><time>{day}</time></li>"));
    // A card may be a link of two short lines.
    let cards = list(|(title, day)| format!("<li><a href='/n'><div>{title}</div><div>{day}</div></a></li>"));
    // A single day on the page dates none of them.
    let undated = list(|(title, _)| format!("<li><a href='/n'>{title}</a></li>"));
    assert_eq!(
        titles_of(&format!("<h1>Latest</h1><p>Last updated 14 June 2021</p>{undated}"), Form::Html),
        news.map(|(title, _)| title)
    );
    let wanted: Vec<&str> = news.iter().map(|(title, _)| *title).collect();
    for body in [beside, cards] {
        let page = format!("<h1>Harbour</h1>{body}<h2>Contact</h2><p>Town hall of Lind</p>");
        assert_eq!(titles_of(&page, Form::Html), wanted, "{page}");
    }
    let entries = ["14 June: Harbour day", "16 June: Open day", "20 June: Regatta", "21 June: Ball"];
    let events = format!("<h1>Events</h1><h2>June 2021</h2>{}", links(&entries));
    assert_eq!(titles_of(&events, Form::Html), ["Harbour day", "Open day", "Regatta", "Ball"]);
    let record = |(title, day): &(&str, &str)| {
        format!("Title:\n{title}\nDate:\n{day}\nSummary:\nThe harbour board met on the pier and decided it.\n\n")
    };
    let records: String = news.iter().map(record).collect();
    assert_eq!(titles_of(&format!("Press releases of the harbour\n\n{records}"), Form::Text), wanted);
    let version = |number: &str, day: &str| format!("## {number} - {day}\n\n### Fixed\n\n- Reads {number} again\n\n");
    let changes =
        [("1.11.1", "2021-11-06"), ("1.10.0", "2021-10-23"), ("0.4.2", "2021-03-03"), ("0.4.1", "2020-12-31")];
    let changes: String = changes.iter().map(|(number, day)| version(number, day)).collect();
    assert_eq!(titles_of(&format!("# Changelog\n\n{changes}"), Form::Markdown), ["1.11.1", "1.10.0", "0.4.2", "0.4.1"]);
}

#[test]
fn lists_below_headings_that_are_days_are_items() {
    // As short as menus are, and as many below each day.
    let short = [
        ["The bridge is closed", "Night buses run late", "Fair is put off again"],
        ["Boats for hire in Lind", "Rain for a whole week", "The old mill burns"],
        ["Two new tugs arrive", "Council meets in May", "The market moves on"],
    ];
    let bare = |texts: &[&str]| {
        let entries: String = texts.iter().map(|text| format!("<li>{text}</li>\n")).collect();
        format!("<ul>{entries}</ul>")
    };
    for list in [links, bare] {
        let days = ["14 June 2021", "12 June 2021", "10 June 2021"];
        let lists = days.iter().zip(&short).map(|(day, texts)| format!("<h2>{day}</h2>{}", list(texts)));
        let page = format!("<h1>News</h1>{}", lists.collect::<String>());
        let scrape = parse(&page, &form(Form::Html));
        assert_eq!(titles(&scrape), short.concat());
        assert_eq!(told(&scrape.drafts[4])[1], "2021-06-12");
    }
}

#[test]
fn the_signs_of_a_heading_within_a_link_are_no_part_of_the_title() {
    let entry =
        |day: u32, title: &str| format!("June {day}, 2021\n\n[### {title}](/n/{day})\n\nIt was told by the port.\n\n");
    let list = [entry(28, "Night walk on the quay"), entry(14, "Rope fair opens"), entry(3, "#12 is mended")].concat();
    let scrape = parse(&list, &form(Form::Markdown));
    assert_eq!(titles(&scrape), ["Night walk on the quay", "Rope fair opens", "#12 is mended"]);
    assert_eq!(scrape.drafts[0].link.as_deref(), Some("/n/28"));
    // Within a line, or without a blank, they are the writer's.
    let others =
        "* June 4, 2021: [#12 is mended](/n/12)\n* June 3, 2021: [# is a sign](/n/13)\n* June 2, 2021: [Rain](/n/14)\n";
    assert_eq!(titles(&parse(others, &form(Form::Markdown))), ["#12 is mended", "# is a sign", "Rain"]);
}

#[test]
fn a_version_and_its_day_in_small_letters_are_two_numbers() {
    let entry = |version: &str, day: &str| {
        format!(
            "<div><h2>knots {version}<small>{day}</small></h2><p>A function was added.</p><ul><li>it ties</li></ul></div>"
        )
    };
    let list = [entry("0.0.5", "2021-06-14"), entry("0.0.4", "2021-05-24"), entry("0.0.3", "2021-05-03")].concat();
    let page = format!("<!doctype html><h1>Changelog</h1>{list}");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(titles(&scrape), ["knots 0.0.5", "knots 0.0.4", "knots 0.0.3"]);
    assert_eq!(days(&scrape), ["2021-06-14", "2021-05-24", "2021-05-03"]);
}

/// Three cards, each made of its headline, the words above it, its day and its text.
fn cards(card: impl Fn(usize, &str, &str, &str) -> String) -> String {
    let all = [
        ("The board opens a new quay", "Report", "The quay by the old mill was opened on Friday."),
        ("Rope makers meet on the isle", "Fair and market", "Forty of them showed what they make by hand."),
        ("Ann Field is given a medal", "Award", "The board thanked her for thirty years of work."),
    ];
    let cards = all.iter().enumerate().map(|(at, (title, kind, text))| card(at, title, kind, text));
    format!("<!doctype html><h1>Port of Thrum</h1>{}", cards.collect::<String>())
}

#[test]
fn a_category_and_a_day_on_one_line_above_the_headline_of_a_card_are_no_title() {
    const DAYS: [&str; 3] = ["14 June 2021", "24 May 2021", "3 May 2021"];
    let wanted = ["The board opens a new quay", "Rope makers meet on the isle", "Ann Field is given a medal"];
    let told = |page: &str| {
        let scrape = parse(page, &form(Form::Html));
        let titles = scrape.drafts.iter().map(|draft| draft.title.to_string()).collect::<Vec<_>>();
        (titles, days(&scrape))
    };
    let right =
        (wanted.map(str::to_owned).to_vec(), ["2021-06-14", "2021-05-24", "2021-05-03"].map(str::to_owned).to_vec());
    for (open, close) in [("<article>", "</article>"), ("<ul><li>", "</li></ul>"), ("<a href='/n/#'>", "</a>")] {
        for sign in [" · ", " • ", " – ", ", ", " / ", " "] {
            let page = cards(|at, title, kind, text| {
                let (open, day) = (open.replace('#', &at.to_string()), DAYS[at]);
                format!("{open}<p>{kind}{sign}{day}</p><h2>{title}</h2><p>{text}</p>{close}\n")
            });
            assert_eq!(told(&page), right, "{open} {sign:?}");
        }
    }
    let by = cards(|at, title, _, text| {
        let day = DAYS[at];
        format!("<article><p>By Tom Reed, {day}</p><h3><a href='/{at}'>{title}</a></h3><p>{text}</p></article>")
    });
    assert_eq!(told(&by), right);
    // Each card tells it by itself: a sign may stand above the line, and the language has its own months.
    let magyar = ["2021. június 14.", "2021. május 24.", "2021. május 3."];
    let other = cards(|at, title, kind, text| {
        let day = magyar[at];
        format!("<a href='/{at}'><i>📰</i><div>{kind} · {day}</div><h3>{title}</h3><p>{text}</p></a>")
    });
    assert_eq!(told(&other), right);
}

#[test]
fn a_title_with_its_day_above_a_heading_is_still_one() {
    // The heading stands below the list and not in its last entry.
    let entry = |day: &str, title: &str| format!("<li>{title} · {day} May 2021</li>");
    let list = [entry("28", "Night walk"), entry("14", "Rope fair"), entry("3", "Open quay")].concat();
    let page = format!("<!doctype html><ul>{list}</ul><h2>How to get here</h2>");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(titles(&scrape), ["Night walk", "Rope fair", "Open quay"]);
    // So many words are a headline, and the heading one within its text.
    let page = cards(|at, title, _, text| {
        format!("<li><p>{title}, {} May 2021</p><h4>In short</h4><p>{text}</p></li>", 28 - at * 7)
    });
    let wanted = ["The board opens a new quay", "Rope makers meet on the isle", "Ann Field is given a medal"];
    assert_eq!(titles(&parse(&page, &form(Form::Html))), wanted);
}

#[test]
fn lists_in_the_texts_of_posts_do_not_keep_them_from_being_read() {
    let post = |day: u32, title: &str, list: &str| {
        format!(
            "<article><ul><li><time datetime='2021-06-{day}'>{day} June 2021</time></li><li>2 min read</li></ul>\
             <h2><a href='/n/{day}'>{title}</a></h2><p>Dear neighbours. This is what the board has to tell.</p>\
             <h3><a href='/n/{day}#a'>Prices</a></h3><p>From July on more is asked for these:</p><ul>{list}</ul>\
             <p>Yours</p><p>The board</p></article>\n"
        )
    };
    let points =
        ["Water: +19%", "Heat: +12%", "Doors are kept shut", "Measure one metre up", "Taps are mended", "Gardens"];
    let list = |month: &str| points.iter().map(|point| format!("<li>{point} in {month}</li>\n")).collect::<String>();
    let page = [
        post(25, "Letter of the summer", &list("July")),
        post(18, "What the meter counts", &list("June")),
        post(11, "It is still spring", &list("May")),
        post(10, "Warm days", &list("April")),
    ]
    .concat();
    let page = format!("<h1>News</h1>{page}");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(
        titles(&scrape),
        ["Letter of the summer", "What the meter counts", "It is still spring", "Warm days"],
        "{:?}",
        scrape.refused
    );
    assert_eq!(days(&scrape), ["2021-06-25", "2021-06-18", "2021-06-11", "2021-06-10"]);
}

#[test]
fn what_all_lines_say_around_their_days_is_no_title() {
    let entry = |title: &str, day: u32, tags: &str| {
        format!(
            "<li><a href='/n/{day}'>{title}</a><br>\nPosted in Releases on April {day}, 2021 |\n<a rel='/p/{day}'>Preview \
             <span>rr</span></a><br>{tags}</li>\n"
        )
    };
    let page = [
        entry("The market opens on Sunday", 17, ""),
        entry("April 15th: two bridges are closed", 14, "Tags: <a href='/t'>Roads</a>"),
        entry("The council writes to all who own a boat:", 14, ""),
        entry("Night buses return to the lakes", 12, "Tags: <a href='/t'>Roads</a>"),
    ]
    .concat();
    let page = format!("<h1>Releases</h1><ul>{page}</ul>");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(days(&scrape), ["2021-04-17", "2021-04-14", "2021-04-14", "2021-04-12"], "{:?}", titles(&scrape));
    assert_eq!(titles(&scrape)[1], "April 15th: two bridges are closed");
}

#[test]
fn what_opens_a_card_above_its_day_is_no_title() {
    let card = |group: &str, day: u32, title: &str| {
        format!(
            "<article><p>{group}</p><p>Published <time datetime='2021-06-{day}'>{day}.06.2021</time></p>\
             <h3><a href='/n/{day}'>{title}</a></h3><p>The council. All of it.</p><a href='/n/{day}'>Read more →</a></article>\n"
        )
    };
    let page = [
        card("Lind · From the council", 28, "The bar in the town hall is open again"),
        card("District / Council · Our work", 25, "Who is responsible for what"),
        card("District / Council · Website & service", 22, "Which office is in charge?"),
    ]
    .concat();
    let page = format!("<h1>What moves us</h1>{page}");
    let scrape = parse(&page, &form(Form::Html));
    let found: Vec<_> = scrape.drafts.iter().map(told).map(|[title, day, ..]| (title, day)).collect();
    assert_eq!(
        found,
        [
            ("The bar in the town hall is open again".to_owned(), "2021-06-28".to_owned()),
            ("Who is responsible for what".to_owned(), "2021-06-25".to_owned()),
            ("Which office is in charge?".to_owned(), "2021-06-22".to_owned()),
        ]
    );
}

#[test]
fn a_second_date_behind_that_of_a_card_does_not_hide_it() {
    let card = |day: u32, beside: &str| {
        format!(
            "<li><span><time datetime='2021-08-{day}'>{day}. August 2021</time>{beside}</span>\
             <h3><a href='/n/{day}'>Das Fest am See {day}</a></h3><p>Mit Musik und Tanz am Ufer.</p></li>\n"
        )
    };
    let page = [
        card(17, "<span>Feste</span><span>Termin: 11. Oktober 2021</span>"),
        card(15, "<span>Verein</span>"),
        card(12, "<span>Verein</span>"),
    ]
    .concat();
    let page = format!("<h1>Aktuelles</h1><ul>{page}</ul>");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(days(&scrape), ["2021-08-17", "2021-08-15", "2021-08-12"]);
}

#[test]
fn what_is_named_on_the_line_above_is_neither_text_nor_title() {
    let item = |title: &str, day: u32, topics: &str| {
        format!(
            "<h3><a href='/n/{day}'>{title}</a></h3><span>Mar {day}, 2021</span><div><p>The council met and decided.</p></div>\
             <span>Topics: </span><div><a href='/t'>{topics}</a></div>"
        )
    };
    let page = [
        item("The market opens on Sunday", 24, "Education"),
        item("Two bridges are closed", 22, "Roads, Water"),
        item("Night buses return to the lakes", 20, "Roads"),
    ]
    .concat();
    let page = format!("<h1>News</h1>{page}");
    let scrape = parse(&page, &form(Form::Html));
    for draft in &scrape.drafts {
        assert_eq!(told(draft)[2], "The council met and decided.", "{}", draft.title);
        assert!(draft.kicker.is_none(), "{:?}", draft.kicker);
    }
    assert_eq!(scrape.drafts.len(), 3);
}

#[test]
fn a_day_that_a_page_tells_twice_is_one() {
    // As themes of WordPress print it: the styles hide the second. The one above is a picture of a sheet of a calendar.
    let changed = "<a href='/n'><time class='entry-date published' datetime='2022-05-13'>May 13, 2022</time>\
                   <time class='updated' datetime='2022-05-19'>May 19, 2022</time></a>";
    let before = "<time class='updated'>May 20, 2022</time> <time class='entry-date published'>May 9, 2022</time>";
    let item = |above: &str, title: &str, day: &str| {
        format!(
            "{above}<h2><a href='/{title}'>{title}</a></h2><div>Posted on {day} by Ann</div><p>It is told here.</p>"
        )
    };
    let one_day = "<time datetime='2022-05-02'>May 2, 2022</time>";
    let sheet = "<div><time aria-hidden='true' datetime='2022-05-02'><span>Mon</span> <span>2</span></time></div>";
    let page = [
        item("", "Two bridges are closed", changed),
        item("", "Night buses return", &changed.replace("13", "11")),
        item("", "The school is mended", before),
        item(sheet, "The market opens", one_day),
    ]
    .concat();
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(
        titles(&scrape),
        ["Two bridges are closed", "Night buses return", "The school is mended", "The market opens"]
    );
    assert_eq!(days(&scrape), ["2022-05-13", "2022-05-11", "2022-05-09", "2022-05-02"]);
}

#[test]
fn what_is_there_for_those_who_have_the_page_read_to_them_is_not_shown() {
    let item = |title: &str, day: u32| {
        format!(
            "<h2><a href='/{day}'>{title}</a></h2><p>{day} June 2021</p><p>It is told here. <a href='/{day}'>Read more\
             <span class='screen-reader-text'> about {title}</span></a></p>"
        )
    };
    let page =
        [item("Two bridges are closed", 14), item("Night buses return", 12), item("The market opens", 11)].concat();
    let page = format!("<a class='skip sr-only' href='#c'>Skip</a>{page}");
    let scrape = parse(&page, &form(Form::Html));
    let texts: Vec<_> = scrape.drafts.iter().map(|draft| told(draft)[2].clone()).collect();
    assert_eq!(texts, ["It is told here."; 3]);
}

#[test]
fn a_list_of_what_is_known_of_an_item_holds_no_items() {
    let item = |title: &str, day: u32, kind: &str| {
        format!(
            "<li><div><a href='/{day}'>{title}</a></div><p>The council met, and all of it is told here.</p><ul><li>Kind: {kind}\
             </li><li>Office: Harbour</li><li><span>Updated:</span> <time>{day} June 2021</time></li></ul></li>"
        )
    };
    let items = [
        item("Two bridges are closed for a week", 14, "Notice"),
        item("Night buses return to the lakes", 12, "News"),
        item("The market opens on Sunday", 11, "Notice"),
    ];
    let page = format!("<h1>News</h1><ul>{}</ul>", items.concat());
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(
        titles(&scrape),
        ["Two bridges are closed for a week", "Night buses return to the lakes", "The market opens on Sunday"]
    );
    assert_eq!(days(&scrape), ["2021-06-14", "2021-06-12", "2021-06-11"]);
    assert!(scrape.drafts.iter().all(|draft| told(draft)[2] == "The council met, and all of it is told here."));
}

#[test]
fn a_day_beside_a_link_has_the_year_above_both() {
    for [first, second, third] in [
        [
            "<span>Dec 03</span> <a href=/1>Counting geese</a>",
            "Oct 21 <a href=/2>A map of ditches</a>",
            "Jul 09: <a href=/3>On scythes</a>",
        ],
        [
            "<i>03.12.</i> — <a href=/1>Counting geese</a>",
            "21.10. — <a href=/2>A map of ditches</a>",
            "09.07. — <a href=/3>On scythes</a>",
        ],
        [
            "<a href=/1>Counting geese</a> (Dec 03)",
            "<a href=/2>A map of ditches</a> Oct 21",
            "<a href=/3>On scythes</a>, Jul 09",
        ],
    ] {
        let page = format!(
            "<h1>Archive</h1><h2>2020</h2><ul><li>{first}</li><li>{second}</li></ul><h2>2019</h2><ul><li>{third}</li></ul>"
        );
        let scrape = parse(&page, &form(Form::Html));
        assert_eq!(titles(&scrape), ["Counting geese", "A map of ditches", "On scythes"], "{first}");
        assert_eq!(days(&scrape), ["2020-12-03", "2020-10-21", "2019-07-09"], "{first}");
    }
}

#[test]
fn the_text_of_an_item_that_is_one_link_is_no_headline() {
    let item = |day: u32, title: &str, text: &str| {
        format!("<a href='/{day}'><div>{day} février 2024</div><div>{title}</div><div>{text}</div></a>")
    };
    let page = [
        item(
            14,
            "Le numéro 57 est paru",
            "Le semestriel des milieux naturels de la région vient de paraître, et il ...",
        ),
        item(12, "Trois acquisitions", "Sur la commune de Lind, trois parcelles de bois humide ont été acquises."),
        item(2, "Aux arbres, citoyens !", "Trente-neuf projets ont été soutenus grâce à la générosité de tous."),
    ]
    .concat();
    let page = format!("<h1>Actualités</h1>{page}");
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(titles(&scrape), ["Le numéro 57 est paru", "Trois acquisitions", "Aux arbres, citoyens !"]);
    assert!(scrape.drafts.iter().all(|draft| draft.summary.is_some()), "{scrape:#?}");
}

#[test]
fn headings_that_are_links_are_items_where_nothing_has_a_day() {
    let post = |at: u32, title: &str, text: &str| {
        format!("<div><h2><a href='/{at}'>{title}</a></h2><p>{text}</p><a href='/{at}'>Read more</a></div>")
    };
    let posts = [
        post(1, "How to prune an old apple tree", "Old trees need patience: take a third of the wood each winter."),
        post(2, "Choosing a ladder", "A good ladder is light, but not too light."),
        post(3, "Five pears for cold gardens", "These five have borne fruit in the hills for a century."),
    ];
    let menu = links(&["Shop", "Tools", "Blog"]);
    let page = format!("{menu}<h1>Our blog</h1>{}<p>Orchard Tools</p>", posts.concat());
    let scrape = parse(&page, &form(Form::Html));
    assert_eq!(titles(&scrape), ["How to prune an old apple tree", "Choosing a ladder", "Five pears for cold gardens"]);
    assert!(scrape.drafts.iter().all(|draft| draft.summary.is_some() && draft.date.is_none()), "{scrape:#?}");
    // Headings of an article lead nowhere.
    let article = page.replace("<h2><a href", "<h2><a name");
    assert!(parse(&article, &form(Form::Html)).drafts.is_empty());
}

#[test]
fn words_that_are_not_shown_are_read_where_they_alone_say_it() {
    let page = |item: fn(u32, &str) -> String| {
        let items = ["Two bridges are closed", "Night buses return", "The market opens"].into_iter().zip(11..);
        let items: String = items
            .map(|(title, day)| format!("<article>{}<p>It is told here.</p></article>", item(day, title)))
            .collect();
        format!("<h1>News</h1>{items}")
    };
    for item in [
        |day, title: &str| {
            format!("<h2><a href='/{day}'><span class='visually-hidden'>{title}</span></a></h2><p>{day} June 2021</p>")
        },
        |day, title: &str| {
            format!("<a href='/{day}'><img src='i.png'><span class='sr-only'>{title}</span></a><p>{day} June 2021</p>")
        },
        |day, title: &str| {
            format!("<h2><a href='/{day}'>{title}</a></h2><p><time class='sr-only'>{day} June 2021</time></p>")
        },
        |day, title: &str| {
            format!("<h2><a href='/{day}'>{title}</a></h2><p><time aria-hidden='true'>{day} June 2021</time></p>")
        },
        |day, title: &str| {
            format!(
                "<h2><a href='/{day}'>{title}</a></h2><p><time>3 min</time> · <time itemprop='dateModified'>{day} June 2021</time></p>"
            )
        },
    ] {
        let page = page(item);
        let scrape = parse(&page, &form(Form::Html));
        assert_eq!(titles(&scrape), ["Two bridges are closed", "Night buses return", "The market opens"], "{page}");
        assert_eq!(days(&scrape), ["2021-06-11", "2021-06-12", "2021-06-13"], "{page}");
    }
}

#[test]
fn a_list_within_another_may_be_that_of_one_month() {
    let page = "<h1>Archive</h1><ul><li>May 2021<ul><li><a href='/1'>Ferry to the isles</a> <time>3 May 2021</time></li></ul></li>\
                <li>April 2021<ul><li><a href='/2'>Fares stay</a> <time>21 April 2021</time></li></ul></li>\
                <li>March 2021<ul><li><a href='/3'>Night boats</a> <time>4 March 2021</time></li></ul></li></ul>";
    let scrape = parse(page, &form(Form::Html));
    assert_eq!(titles(&scrape), ["Ferry to the isles", "Fares stay", "Night boats"]);
    assert_eq!(days(&scrape), ["2021-05-03", "2021-04-21", "2021-03-04"]);
}

#[test]
fn headings_that_lead_to_the_parts_of_a_site_are_no_items() {
    let page = |parts: [&str; 3], text: &str| -> String {
        parts.iter().zip(1..).map(|(part, at)| format!("<h2><a href='/{at}'>{part}</a></h2><p>{text}</p>")).collect()
    };
    let text = "We mend tools of every kind, in your garden and in ours.";
    let goods = ["A scythe with a handle of ash", "A ladder of twelve steps", "A saw for old apple trees"];
    for page in [page(["Our services", "Products", "Contact"], text), page(goods, "10.00 EUR")] {
        assert!(parse(&page, &form(Form::Html)).drafts.is_empty(), "{page}");
    }
    assert_eq!(parse(&page(goods, text), &form(Form::Html)).drafts.len(), 3);
    // Nor do they take the place of items.
    let list = ["The ferry returns to the isles", "Fares stay as they are", "Night boats leave at ten"];
    let entries: String = list.iter().map(|title| format!("<li>{title}</li>")).collect();
    let page = format!("<h1>News</h1><ul>{entries}</ul>{}", page(["About", "Work", "Contact"], ""));
    assert_eq!(titles(&parse(&page, &form(Form::Html))), list);
}

#[test]
fn items_may_be_called_as_pages_call_their_lists() {
    let item = |day: u32| {
        format!("<article><h2><a href='/{day}'>News</a></h2><p>{day} June 2021</p><p>It is told here.</p></article>")
    };
    let page = format!("<h1>Parish</h1>{}{}{}", item(14), item(12), item(11));
    assert_eq!(titles(&parse(&page, &form(Form::Html))), ["News"; 3]);
}

#[test]
fn a_date_before_its_headline_is_not_lent_to_the_headline_before() {
    let text = input("cards.html");
    // In a layout that does not fit, the page is refused rather than misread.
    let terms = Terms { layout: Some("newsroom".to_owned()), ..Terms::default() };
    assert!(parse(&text, &terms).drafts.is_empty());
    let right = [
        ("Ministry opens three schools in the north", "2021-03-12"),
        ("Women's day: a call for equal pay", "2021-03-08"),
        ("Budget passes second reading", "2021-03-01"),
    ];
    for draft in parse(&text, &Terms::default()).drafts {
        let told = told(&draft);
        assert!(right.contains(&(told[0].as_str(), told[1].as_str())), "{told:?}");
    }
}

/// Bytes that each reader might stumble over.
fn soup() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "<",
        ">",
        "</",
        "<li>",
        "</li>",
        "<ul>",
        "<table><tr><td>",
        "</td></tr>",
        "<a href='/x'>",
        "</a>",
        "<h2>",
        "<p>",
        "<time datetime='2020-06-15'>",
        "</time>",
        "<br>",
        "<!--",
        "-->",
        "&amp;",
        "&#0;",
        "<base href='http://a.b/'>",
        "<script>",
        "</script>",
        "<rss>",
        "<channel>",
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<![CDATA[",
        "]]>",
        "<feed>",
        "<entry>",
        "</entry>",
        "<!doctype html>",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\\"",
        "title",
        "\"title\"",
        "\"title\":\"x\"",
        "date",
        "2020-06-15",
        "15 June 2020",
        "1.",
        "-",
        "#",
        "# ",
        "*",
        "**",
        "_",
        "`",
        "```",
        "~~",
        "> ",
        "[x](y)",
        "![",
        "](",
        "[1]: http://a.b/",
        "|",
        "---",
        "===",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        " ",
        "    ",
        ";",
        "é",
        "日本",
        "\u{feff}",
        "\u{0}",
        "Title of it",
        "\"a\nb\"",
        "true",
        "1e9",
        "null",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let lines = u32::try_from(text.split(['\n', '\r']).count()).unwrap();
    let picking = select("li, item, p", &[(Part::Title, "h2, title"), (Part::Link, "a"), (Part::Summary, "p > *, b")]);
    let mapped = Terms { fields: fields(Some("$..*"), &[(Part::Title, "$.title")]), ..form(Form::Json) };
    let forms = Form::ALL.into_iter().map(|(_, it)| form(it)).chain([Terms::default(), picking, mapped]);
    for terms in forms {
        let explained = explain(text, &terms);
        let scrape = &explained.scrape;
        prop_assert!(scrape.refused.is_some() == scrape.drafts.is_empty(), "{:?}", terms);
        prop_assert!((0.0..=1.0).contains(&scrape.confidence), "{:?}", terms);
        for draft in &scrape.drafts {
            prop_assert!(1 <= draft.line && draft.line <= draft.last_line && draft.last_line <= lines, "{:?}", terms);
            prop_assert!(!draft.title.trim().is_empty());
        }
        prop_assert!(scrape.faults.iter().all(|fault| (1..=lines).contains(&fault.line)), "{:?}", terms);
        prop_assert!(explained.blocks.iter().all(|block| (1..=lines).contains(&block.line)), "{:?}", terms);
        prop_assert!(
            explained
                .blocks
                .iter()
                .all(|block| block.item.is_none_or(|item| item < scrape.drafts.len()) || scrape.refused.is_some())
        );
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_reader_panics_on_any_text(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn no_reader_panics_on_a_soup_of_markup(text in soup()) {
        check(&text)?;
    }

    #[test]
    fn a_selector_is_read_or_refused_within_itself(text in "[a-z.#\\[\\]=:()>+~, *'\"@^$|-]{0,30}") {
        if let Err(bad) = Select::check(&text) {
            prop_assert!(bad.at <= text.len());
        }
    }
}

/// A name, the form it is read as, and a text of about so many bytes.
type Shape = (&'static str, Form, fn(usize) -> String);

const HOSTILE: [Shape; 34] = [
    ("endless line", Form::Html, |n| format!("<!doctype html><p>{}", "word ".repeat(n / 5))),
    ("elements", Form::Html, |n| "<p>a".repeat(n / 4)),
    ("deep", Form::Html, |n| "<div>".repeat(n / 5)),
    ("deep spans", Form::Html, |n| "<span>".repeat(n / 6)),
    ("deep lists", Form::Html, |n| "<ul><li>a".repeat(n / 9)),
    ("deep tables", Form::Html, |n| "<table><tr><td>a".repeat(n / 16)),
    ("one row", Form::Html, |n| format!("<table><tr>{}", "<td>a".repeat(n / 5))),
    ("ends", Form::Html, |n| format!("{}{}", "<div>".repeat(600), "</b>".repeat(n / 4))),
    ("formatting", Form::Html, |n| (0..n / 12).map(|i| format!("<b x={i}><p>")).collect()),
    ("links", Form::Html, |n| (0..n / 20).map(|i| format!("<a href=/{i}>a")).collect()),
    ("times", Form::Html, |n| "<time datetime=2020-01-01>x".repeat(n / 27)),
    ("attributes", Form::Html, |n| format!("<p {}>", (0..n / 8).map(|i| format!("a{i}=1 ")).collect::<String>())),
    ("entities", Form::Html, |n| "&amp;".repeat(n / 5)),
    ("quotes", Form::Markdown, |n| ">".repeat(n)),
    ("emphasis", Form::Markdown, |n| "*a_ ".repeat(n / 4)),
    ("brackets", Form::Markdown, |n| "[".repeat(n)),
    ("links", Form::Markdown, |n| "[a](b) ".repeat(n / 7)),
    ("lists", Form::Markdown, |n| "- a\n".repeat(n / 4)),
    ("definitions", Form::Markdown, |n| (0..n / 16).map(|i| format!("[{i}]: /a\n[{i}]\n\n")).collect()),
    ("ticks", Form::Markdown, |n| {
        (1..)
            .map(|i| "`".repeat(i) + " ")
            .scan(0, |sum, s| {
                *sum += s.len();
                Some((*sum, s))
            })
            .take_while(|(sum, _)| *sum < n)
            .map(|(_, s)| s)
            .collect()
    }),
    ("deep", Form::Json, |n| "[".repeat(n)),
    ("lists", Form::Json, |n| format!("[{}1]", "[],".repeat(n / 3))),
    ("members", Form::Json, |n| {
        format!("{{{}\"x\":1}}", (0..n / 10).map(|i| format!("\"k{i}\":[],")).collect::<String>())
    }),
    ("objects", Form::Json, |n| format!("[{}{{}}]", "{\"title\":\"a\"},".repeat(n / 14))),
    ("begun tags", Form::Json, |n| format!("[{{\"title\":\"{}\"}}]", "<b".repeat(n / 2))),
    ("texts side by side", Form::Text, |n| format!("{{'title': {}", "'a' ".repeat(n / 4))),
    ("addresses", Form::Text, |n| format!("{}{}", " ".repeat(n / 2), "<http:1> ".repeat(n / 18))),
    ("begun addresses", Form::Text, |n| format!("{}{}", "<http:1> ".repeat(3), "<https://a".repeat(n / 10))),
    ("signs", Form::Text, |n| format!("{}{}", "<http:1> ".repeat(3), " *a/a".repeat(n / 5))),
    ("a title said again", Form::Text, |n| {
        let said = "a <http:1>\n".repeat(n / 24);
        format!("{said}\n\n  {}\n\n", said.trim_end().replace('\n', "\n  "))
    }),
    ("quotes", Form::Csv, |n| format!("title,b\n{}", "\"a\"\"\n".repeat(n / 6))),
    ("commas", Form::Csv, |n| format!("title{}", ",".repeat(n))),
    ("deep", Form::Feed, |n| format!("<rss>{}", "<a>".repeat(n / 3))),
    ("items", Form::Feed, |n| format!("<rss><channel>{}", "<item><title>a</title></item>".repeat(n / 29))),
];

#[test]
fn ten_times_the_input_costs_about_ten_times_as_much() {
    for (name, of, shape) in HOSTILE {
        assert_linear(&format!("{of:?} {name}"), shape, 10_000, |text| {
            std::hint::black_box(parse(text, &form(of)).faults.len());
        });
    }
}

#[test]
fn more_items_than_a_list_can_have_are_refused_before_they_fill_the_memory() {
    // A value is an item, if one that says nothing.
    let lines = "1\n".repeat(400_001);
    let rows = format!("title\n{}", "a\n".repeat(400_001));
    let columns = format!("title{}\n", ",".repeat(5000));
    let objects = format!("[{}{{}}]", "{},".repeat(400_000));
    for (of, text, why) in [
        (Form::Json, &objects, "too many values"),
        (Form::JsonLines, &lines, "too many items"),
        (Form::Csv, &rows, "too many items"),
        (Form::Csv, &columns, "too many columns"),
    ] {
        let scrape = parse(text, &form(of));
        assert!(scrape.drafts.is_empty() && scrape.refused.unwrap().contains(why), "{of:?}");
    }
}

#[test]
fn a_feed_that_would_cost_more_than_its_length_is_refused() {
    let attributes: String = (0..1000).map(|n| format!(" a{n}=\">\"")).collect();
    let spaces: String = (0..40).map(|n| format!(" xmlns:a{n}='{n}'")).collect();
    for (inside, why) in [
        (format!("<item{attributes}/>"), "too many attributes"),
        (format!("<item{spaces}><a{spaces}><title>x</title></a></item>"), "too many name spaces"),
        ((0..2000).map(|n| format!("<a xmlns:b='{n}'/>")).collect(), "too many name spaces"),
        ("<a>".repeat(1000), "nested too deep"),
    ] {
        let text = format!("<rss><channel>{inside}</channel></rss>");
        let scrape = parse(&text, &form(Form::Feed));
        assert!(scrape.refused.as_ref().is_some_and(|refused| refused.contains(why)), "{why}: {:?}", scrape.refused);
    }
    // What one entry declares is not added to the next one's.
    let entries = "<item xmlns:a='1' xmlns:b='2'><title>Ferries return</title><b:c/></item>".repeat(100);
    let text = format!("<rss><channel>{entries}</channel></rss>");
    let scrape = parse(&text, &form(Form::Feed));
    assert_eq!(scrape.drafts.len(), 100);
}

#[test]
fn a_page_that_is_read_as_less_than_it_is_says_so() {
    let stars = "*".repeat(3_000_001);
    // The lines of cells are counted before they become one of a row, which is read sooner.
    let lines = format!("<!DOCTYPE html><table><tr>{}", "<td>a".repeat(500_001));
    for (of, text, why) in [(Form::Markdown, &stars, "so much markup"), (Form::Html, &lines, "so many lines")] {
        let scrape = parse(text, &form(of));
        assert!(scrape.faults.iter().any(|fault| fault.reason.contains(why)), "{of:?}: {:?}", scrape.faults.first());
    }
}

#[test]
fn what_is_too_large_for_its_form_is_known_before_it_is_read() {
    let lines = "a\n".repeat(1_000_001);
    let long = "a".repeat(17 << 20);
    for (text, of, why) in [
        (&lines, Form::Text, Some("1000001 lines")),
        (&lines.replace('\n', "\r"), Form::Html, Some("1000001 lines")),
        (&long, Form::Json, Some("17 MiB")),
        (&long, Form::Text, None),
        (&"a\r\n".repeat(1_000_000), Form::Csv, None),
    ] {
        let found = too_large(text, Some(of));
        assert_eq!(found.is_some(), why.is_some(), "{of:?}: {found:?}");
        assert!(found.unwrap_or_default().contains(why.unwrap_or_default()), "{of:?}");
    }
}

#[test]
fn a_document_type_is_refused_so_that_no_entity_expands() {
    let text = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><rss><channel><item><title>&b;</title></item></channel></rss>";
    let scrape = parse(text, &form(Form::Feed));
    assert!(scrape.drafts.is_empty() && scrape.refused.is_some());
}

const PRINTED: [(&str, &str, &str); 4] = [
    ("A ferry for the outer isles", "2020-06-28", "https://a.example/n/1"),
    ("Night boats", "2020-06-20", "https://a.example/n/2"),
    ("The keeper's lamp", "2020-06-11", "https://a.example/n/3"),
    ("Piles under the mole are counted", "2020-05-30", "https://a.example/n/4"),
];

/// The four items as a script prints them, each in its own way.
fn printed(one: impl Fn(&str, &str, &str) -> String) -> String {
    PRINTED.iter().map(|(title, day, link)| one(title, day, link)).collect()
}

fn with_links(scrape: &Scrape<'_>) -> Vec<[String; 3]> {
    let link = |draft: &Draft<'_>| draft.link.as_deref().unwrap_or_default().to_owned();
    scrape.drafts.iter().map(|draft| [told(draft)[0].clone(), told(draft)[1].clone(), link(draft)]).collect()
}

#[test]
fn what_a_script_prints_of_its_items_are_its_items() {
    let quoted = |text: &str| if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") };
    let dict =
        |t: &str, d: &str, l: &str| format!("{{'title': {}, 'date': '{d}', 'url': '{l}', 'old': None}}", quoted(t));
    let dicts = printed(|t, d, l| dict(t, d, l) + ",\n ");
    let texts = [
        printed(|t, d, l| dict(t, d, l) + "\n"),
        format!("[{}]\n", dicts.trim_end_matches([',', '\n', ' '])),
        printed(|t, d, l| format!("Title: {t}\nDate: {d}\nLink: {l}\n\n")),
        printed(|t, d, l| format!("Published: {d}\nHeadline: {t}\nURL: {l}\nAuthor: Ann Field\n")),
        printed(|t, d, l| format!("{t} ({l})\n{d}\n\n")),
        printed(|t, d, l| format!("{d} | {t} | {l}\n")),
        printed(|t, d, l| format!("{d} - {t} - {l}\n")),
        printed(|t, d, l| format!("[{d}] {t} <{l}>\n")),
        printed(|t, d, l| format!("- [{t}]({l}) ({d})\n")),
        printed(|t, d, l| format!("## [{t}]({l})\n\n{d}\n\n")),
    ];
    let expected: Vec<[String; 3]> = PRINTED.iter().map(|(t, d, l)| [t, d, l].map(|it| (*it).to_owned())).collect();
    for text in texts {
        assert_eq!(with_links(&parse(&text, &Terms::default())), expected, "{text}");
    }
    let rows = printed(|t, d, l| format!("{d},{t},{l}\n"));
    assert_eq!(with_links(&parse(&rows, &form(Form::Csv))), expected, "a table without names");
}

#[test]
fn a_script_that_is_cut_gives_no_item_under_another_name() {
    let forms: [fn(&str, &str, &str) -> String; 5] = [
        |t, d, l| format!("{{'title': \"{t}\", 'date': '{d}', 'url': '{l}'}}\n"),
        |t, d, l| format!("Title: {t}\nDate: {d}\nLink: {l}\n\n"),
        |t, d, l| format!("{t} ({l})\n{d}\n\n"),
        |t, d, l| format!("{d} | {t} | {l}\n"),
        |t, d, l| format!("{d}\n{t} -> {l}\n\n"),
    ];
    for text in forms.map(printed) {
        let whole = with_links(&parse(&text, &Terms::default()));
        assert_eq!(whole.len(), PRINTED.len(), "{text}");
        let third = text.find("n/3").unwrap() + "n/3')}\n".len();
        for at in third..text.len() {
            let scrape = parse(&text[..at], &Terms::default());
            let kept = scrape.drafts.iter().filter(|draft| !draft.truncated.is_some_and(Cut::takes_identity));
            for draft in kept {
                let known = whole.iter().find(|item| item[0] == draft.title);
                let known = known.unwrap_or_else(|| panic!("{:?} of {:?}", draft.title, &text[..at]));
                assert!(draft.link.as_deref().is_some_and(|link| link == known[2]), "{draft:?} of {:?}", &text[..at]);
            }
        }
    }
}

#[test]
fn what_points_to_a_document_behind_an_item_takes_no_title_from_it() {
    let told = "The council has said so after a long talk, and thanked all who had come to hear it.";
    for line in ["Full text of", "More", "Paper of the board on"] {
        let pages = [(" (", ")"), (" | ", ""), (" - ", "")].map(|(open, close)| {
            printed(|t, d, l| {
                let of = if line == "More" { "" } else { t };
                format!("{t}\n{d}\n{told}\n{line} {of}{open}{l}{close}\n\n")
            })
        });
        for page in pages {
            let scrape = parse(&page, &Terms::default());
            let titles: Vec<&str> = scrape.drafts.iter().map(|draft| &*draft.title).collect();
            assert_eq!(titles, PRINTED.map(|(title, ..)| title), "{page}");
            assert_eq!(days(&scrape), PRINTED.map(|(_, day, _)| day.to_owned()), "{page}");
        }
    }
}

#[test]
fn what_a_page_says_of_itself_is_no_print_of_a_script() {
    // Two columns of texts: nobody can tell which one holds the titles.
    let rows = printed(|t, d, _| format!("{d},News of {d},{t}\n"));
    assert!(parse(&rows, &form(Form::Csv)).drafts.is_empty());
    // Fields below headlines of their own are no records.
    let page = printed(|t, d, _| format!("{t}\nEvent: talk\nDate: {d}\nWe meet in the hall, and tea is served.\n\n"));
    assert_ne!(parse(&page, &Terms::default()).layout, "fields");
    // Nor are those that have their own day below the last of them.
    let page = printed(|t, d, _| format!("Event: {t}\nStart: 1 July 2021\nPlace: hall\nPosted on {d}\n\n"));
    assert_eq!(days(&parse(&page, &Terms::default())), PRINTED.map(|(_, day, _)| day.to_owned()));
    // A layout that is named reads lines.
    let named = Terms { layout: Some("newsroom".to_owned()), ..Terms::default() };
    let text = printed(|t, d, l| format!("Title: {t}\nDate: {d}\nLink: {l}\n\n"));
    assert_eq!(parse(&text, &named).layout, "newsroom");
}

/// What a name is, records tell that have it in the same place: a line of a text that only looks like one goes on with
/// it.
#[test]
fn a_name_that_each_record_has_ends_the_summary_above_it() {
    let said = "The council has said so.";
    let record = |t: &str, d: &str, l: &str, more: &str| {
        format!("Title: {t}\nDate: {d}\nText: {said}{more}\nDetails: hall of the guild\nOpen to: all\nLink: {l}\n\n")
    };
    let summaries = |scrape: &Scrape<'_>| -> Vec<String> {
        scrape.drafts.iter().map(|draft| draft.summary.clone().unwrap_or_default().into_owned()).collect()
    };
    let plain = printed(|t, d, l| record(t, d, l, ""));
    assert_eq!(summaries(&parse(&plain, &Terms::default())), [said; PRINTED.len()]);
    let longer = plain.replace("guild\n", "guild,\nfirst floor\n");
    assert_eq!(summaries(&parse(&longer, &Terms::default())), [said; PRINTED.len()]);
    // Once, in most records now here and now there, or twice in one: it is what somebody wrote.
    let once = printed(|t, d, l| record(t, d, l, if l.ends_with('2') { "\nNote: bring a lamp." } else { "" }));
    assert_eq!(summaries(&parse(&once, &Terms::default()))[1], format!("{said} Note: bring a lamp."));
    let note = "\nNote: bring a lamp.";
    let about = printed(|t, d, l| {
        let (before, behind) = if l.ends_with(['1', '3']) { (note, "") } else { ("", note) };
        format!("Title: {t}\nDate: {d}\nText: {said}{before}\nGuests: all who like{behind}\nLink: {l}\n\n")
    });
    for summary in summaries(&parse(&about, &Terms::default())) {
        assert!(summary.contains("Note: bring a lamp."), "{summary}");
    }
    let twice = printed(|t, d, l| format!("Title: {t}\nDate: {d}\nText: {said}{note}{note}\nLink: {l}\n\n"));
    for summary in summaries(&parse(&twice, &Terms::default())) {
        assert!(summary.ends_with("Note: bring a lamp. Note: bring a lamp."), "{summary}");
    }
}

/// What Firefox saves of a list whose entries hold lists: the day of each stands last in it, and the next title right
/// below.
#[test]
fn the_day_in_a_list_within_an_entry_is_that_of_its_item() {
    let told = "All who live by the water have waited for it, and for long.";
    let page = |known: &str| {
        let entries = printed(|t, d, l| {
            let known = known.replace("DAY", d).replace('^', "      o ");
            format!("  *\n    {t} <{l}>\n\n    {told}\n\n{known}")
        });
        format!("Port Linden <https://a.example/>\n\n\n  News\n\n{entries}\n\nWrite to us <https://a.example/w>\n")
    };
    for known in ["^Kind: paper\n^By: Ann Field\n^Updated: DAY\n", "^Ann Field\n^DAY\n^Port\n"] {
        let text = page(known);
        let scrape = parse(&text, &Terms::default());
        let items: Vec<_> = scrape.drafts.iter().map(self::told).map(|[t, d, s, _]| [t, d, s]).collect();
        let wanted = PRINTED.map(|(title, day, _)| [title, day, told].map(str::to_owned));
        assert_eq!(items, wanted, "{text}");
    }
}

#[test]
fn a_first_line_that_states_the_separator_is_no_row() {
    for (first, sign) in [("sep=;", ';'), ("\"sep=;\"", ';'), ("sep=|", '|'), ("SEP=,", ','), ("sep=\t", '\t')] {
        let rows = printed(|t, d, l| format!("{d}{sign}\"{t}, as told; in full | at length\"{sign}{l}\r\n"));
        for names in [format!("date{sign}title{sign}url\r\n"), String::new()] {
            let text = format!("{first}\r\n{names}{rows}");
            let scrape = parse(&text, &form(Form::Csv));
            assert_eq!(days(&scrape), PRINTED.map(|(_, day, _)| day.to_owned()), "{text}");
            let line = if names.is_empty() { 2 } else { 3 };
            assert_eq!(scrape.drafts[0].line, line, "{text}");
        }
    }
}

/// Titles and texts differ in their length and in how they end; where they don't, nobody can tell which is which.
#[test]
fn of_two_columns_of_texts_that_of_the_sentences_holds_the_summaries() {
    let told =
        |t: &str| format!("It is said of \"\"{t}\"\" that all who live by the water have waited for it, and for long.");
    let wanted: Vec<_> =
        PRINTED.iter().map(|(t, d, _)| [(*t).to_owned(), (*d).to_owned(), told(t).replace("\"\"", "\"")]).collect();
    for rows in [
        printed(|t, d, l| format!("{d},{t},\"{}\",{l}\n", told(t))),
        printed(|t, d, l| format!("\"{}\",{t},{l},{d}\n", told(t))),
        printed(|t, d, _| format!("Port,{d},{t},\"{}\"\n", told(t))),
    ] {
        assert_eq!(without_credits(&parse(&rows, &form(Form::Csv))), wanted, "{rows}");
    }
    for rows in [
        printed(|t, d, _| format!("{d},{t},\"A line, about {t}, that is long and yet no sentence of a text\"\n")),
        // What comes again may be what each is called, and the other where it is.
        printed(|t, d, _| format!("{d},Meeting,{t}\n")),
        printed(|t, d, _| format!("{d},{t}.,\"{}\"\n", told(t))),
        printed(|t, d, _| format!("{d},{t},\"{}\",\"{}\"\n", told(t), told(d))),
        printed(|t, d, _| {
            format!("{d},\"{t}, and what else is said and done at the harbour in these days of rain\",{t}!\n")
        }),
    ] {
        assert!(parse(&rows, &form(Form::Csv)).drafts.is_empty(), "{rows}");
    }
}

/// Posts and bookings have a day and a text, and no name that is theirs. What the first words of a text are is no
/// title: it changes with the text, and with it who the item is.
#[test]
fn what_has_a_day_and_a_text_alone_is_no_item_unless_the_operator_names_its_title() {
    let posts =
        printed(|t, d, l| format!("{{\"created_at\": \"{d}\", \"url\": \"{l}\", \"content\": \"<p>{t}.</p>\"}}\n"));
    let messages = printed(|t, d, _| format!("{{\"type\": \"message\", \"date\": \"{d}\", \"text\": \"{t}.\"}},"));
    let messages = format!("{{\"name\": \"Port\", \"messages\": [{}]}}", messages.trim_end_matches(','));
    let bookings = "date,text,amount\n".to_owned() + &printed(|t, d, _| format!("{d},{t},12.40\n"));
    for (text, form_of) in [(&posts, Form::JsonLines), (&messages, Form::Json), (&bookings, Form::Csv)] {
        let scrape = parse(text, &form(form_of));
        assert!(scrape.drafts.is_empty() && scrape.refused.is_some(), "{text}");
    }
    let named = fields(None, &[(Part::Title, "content"), (Part::Date, "created_at"), (Part::Link, "url")]);
    let terms = Terms { fields: named, ..form(Form::JsonLines) };
    let scrape = parse(&posts, &terms);
    assert_eq!(titles(&scrape), PRINTED.map(|(title, ..)| format!("{title}.")));
}

#[test]
fn a_day_among_other_facts_is_that_of_its_item_unless_all_share_it() {
    let about = |day: &str, title: &str| {
        format!("{{\"title\":\"{title}\",\"meta\":{{\"topic\":\"Sea\",\"date\":\"{day}\"}}}}\n")
    };
    let own = printed(|t, d, _| about(d, t));
    assert_eq!(days(&parse(&own, &form(Form::JsonLines))), PRINTED.map(|(_, day, _)| day.to_owned()));
    let captured = printed(|t, _, _| about("2020-07-01", t));
    assert_eq!(days(&parse(&captured, &form(Form::JsonLines))), vec![""; PRINTED.len()]);
    let fetched = printed(|t, d, _| about(d, t).replace("\"date\"", "\"timestamp\""));
    assert_eq!(days(&parse(&fetched, &form(Form::JsonLines))), vec![""; PRINTED.len()]);
}

#[test]
fn a_day_with_a_mark_below_its_text_begins_no_item() {
    let texts =
        ["The hands were bent by the storm.", "Twelve children slept here.", "She kept the key.", "It ran dry in May."];
    let items = PRINTED.iter().zip(texts);
    let items =
        items.map(|((title, day, link), text)| format!("## [{title}]({link})\n\n{text}\n\n* {day}\n* Repairs\n\n"));
    let page = format!("# Tower museum\n\n{}Tower museum, Point Road\n", items.collect::<String>());
    assert_eq!(days(&parse(&page, &form(Form::Markdown))), PRINTED.map(|(_, day, _)| day.to_owned()));
}

#[test]
fn a_rule_between_items_parts_each_day_from_the_next_headline() {
    let names = ["Ida Marsh", "Owen Pike", "Owen Pike", "Ida Marsh"].into_iter();
    let cards: Vec<String> = PRINTED.iter().zip(names).map(|((t, d, _), name)| format!("{t}\n{name}\n{d}\n")).collect();
    let page = |text: &str| all_told(&parse(text, &Terms::default()));
    let told = page(&cards.join("--------------------\n"));
    let expected: Vec<_> = PRINTED.iter().map(|(t, d, _)| [t.to_string(), d.to_string()]).collect();
    assert_eq!(told.into_iter().map(|[title, day, ..]| [title, day]).collect::<Vec<_>>(), expected);
}

#[test]
fn what_stands_below_each_text_gives_a_page_no_other_form() {
    let items = [
        ("Harbour board opens new quay", 12),
        ("Council approves winter plan", 9),
        ("Library extends opening hours", 7),
        ("Museum shows old sea maps", 3),
    ];
    for below in
        ["# port", "Source: Paper # <https://news.example.org/p#>", "[Photo: Ann #](https://news.example.org/#)"]
    {
        let item = |(title, day): &(&str, u32)| {
            let below = if below.contains('<') || below.contains('(') {
                below.replace('#', &day.to_string())
            } else {
                below.to_owned()
            };
            format!(
                "{title}\n{day} May 2021\nAll who had waited for it were thanked on Monday, in the old station house.\n\
                 {below}\n\n"
            )
        };
        let text = format!("News\n\n{}", items.iter().map(item).collect::<String>());
        let scrape = parse(&text, &Terms::default());
        let days: Vec<String> = items.iter().map(|(_, day)| format!("2021-05-{day:02}")).collect();
        assert_eq!(self::days(&scrape), days, "{below}: {:?}", scrape.refused);
        if !below.contains("Photo") {
            assert_eq!(titles(&scrape), items.map(|(title, _)| title), "{below}");
        }
    }
}

#[test]
fn a_title_that_is_the_same_for_all_names_no_item() {
    let item = |(name, day): &(&str, u32)| format!("Tag: Sea\nName: {name}\nDate: {day} May 2021\nTitle: Dr\n\n");
    let items = [("Ann opens the quay", 12), ("Bo plans the winter", 9), ("Cy shows maps", 7)];
    let text = format!("News\n\n{}", items.iter().map(item).collect::<String>());
    let scrape = parse(&text, &Terms::default());
    assert!(!titles(&scrape).contains(&"Dr"), "{:?}", titles(&scrape));
}

/// What `html2text` prints of links, with addresses over several lines: titles without them, and where they lead.
#[test]
fn addresses_over_several_lines_are_no_part_of_titles() {
    let text = input("wrapped-html2text.txt");
    let scrape = parse(&text, &Terms::default());
    assert_eq!(
        titles(&scrape),
        [
            "Día del farero",
            "Un nuevo transbordador para las islas",
            "Noche de los museos",
            "El puerto reafirma su compromiso con la reparación de los muelles viejos"
        ]
    );
    assert_eq!(days(&scrape), ["2026-09-27", "2026-09-25", "2026-09-21", "2026-08-12"]);
    let first = &scrape.drafts[0];
    assert_eq!(first.link.as_deref(), Some("/es/Puerto/Noticias/Paginas/Noticias/Dia-del-farero.aspx"));
    assert_eq!((scrape.drafts[1].line, scrape.drafts[1].last_line), (8, 14));
}

/// What `ELinks` prints of a page without the list of its links: a picture that is one stands below each day, and is
/// not the first line of the next item.
#[test]
fn a_picture_that_is_a_link_shifts_no_day() {
    let text = input("pictures-elinks.txt");
    let scrape = parse(&text, &Terms::default());
    let began = scrape.drafts.iter().map(|draft| draft.title.split(' ').next().unwrap()).collect::<Vec<_>>();
    assert_eq!(began, ["Nový", "Oprava", "Maják", "Výroční", "Nejen", "Přístav"]);
    assert_eq!(days(&scrape), ["2026-10-01", "2026-09-28", "2026-09-21", "2026-09-14", "2026-09-11", "2026-09-09"]);
    assert!(scrape.drafts.iter().all(|draft| draft.summary.is_none() && draft.kicker.is_none()));
}

/// The name by which a font finds a sign is not what a page shows.
#[test]
fn the_name_of_a_sign_is_no_part_of_a_title() {
    let item = |sign: &str, title: &str, day: u32| {
        let day = format!("<p><time datetime='2021-10-{day:02}'>{day} October 2021</time></p>");
        format!("<div><h3>{sign} <a href='/{title}'>{title}</a></h3>{day}<p>It was told by the port.</p></div>")
    };
    let [pin, star] = [
        "<span aria-hidden='true' class='material-icons pin'>push_pin</span>",
        "<i class='material-symbols-outlined'>star</i>",
    ];
    let items = item(pin, "New ferry", 23) + &item(star, "Old pier shut", 17) + &item("", "Lamps lit again", 9);
    let page = format!("<!doctype html><h1>News</h1>{items}");
    assert_eq!(titles(&parse(&page, &Terms::default())), ["New ferry", "Old pier shut", "Lamps lit again"]);
}

/// What begins as the other items do is one, though it has no link of its own.
#[test]
fn a_dated_line_that_goes_on_behind_its_link_is_an_item() {
    let page = "# Notices of the harbour

- 28 October 2026: [Bridge closed](https://harbour.example/1), traffic alternates until March.
- 21 October 2026: [Blood donation at the town hall](https://harbour.example/2)
- 14 October 2026: [The ferry runs again every day](https://harbour.example/3)
- 7 October 2026: [The quay is open to all](https://harbour.example/4)
";
    let scrape = parse(page, &form(Form::Markdown));
    assert_eq!(days(&scrape), ["2026-10-28", "2026-10-21", "2026-10-14", "2026-10-07"]);
    assert_eq!(scrape.drafts.iter().filter(|draft| draft.link.is_some()).count(), 3);
}

/// Where the titles are no links, those that lead on are not the titles for that.
#[test]
fn links_that_lead_on_are_no_titles() {
    let titles = ["Two bridges are closed for the winter", "Night buses return to the old harbour", "The market opens"];
    let page = |more: &str, below: bool| {
        let items = titles.into_iter().zip([23, 17, 9]).map(|(title, day)| {
            let day = format!("<p class='day'>{day} October 2021</p>");
            let text = format!("<p>It was told by the port.</p><p><a href='https://a.example/{title}'>{more}</a></p>");
            match below {
                true => format!("<div><div>{title}</div>{text}{day}</div>"),
                false => format!("<div><div>{title}</div>{day}{text}</div>"),
            }
        });
        format!("<!doctype html><h1>News</h1>{}", items.collect::<String>())
    };
    for page in [page("Read more", true), page("Read more", false), page("To the quay", true)] {
        let scrape = parse(&page, &Terms::default());
        assert_eq!(self::titles(&scrape), titles, "{page}");
        assert_eq!(days(&scrape), ["2021-10-23", "2021-10-17", "2021-10-09"], "{page}");
    }
}

/// A link that leads on behind each text is no title of the item below it, whose day shares its line with the title.
#[test]
fn a_link_that_leads_on_in_russian_is_no_title() {
    let items = [
        ("01.03.2017", "Весна пришла!", "Мы повесили несколько снимков первых цветов."),
        ("09.02.2017", "Всем соседям", "В мае будет собрание. День сообщат позже."),
        ("09.02.2017", "Устав нашего порта", "Наш устав устарел."),
        ("05.02.2017", "О границах", "С января нельзя продать причал, границ которого никто не провёл."),
        ("01.02.2017", "Закон о лодках", "Проект закона лежит в совете."),
    ];
    let item = |(day, title, text): &(&str, &str, &str)| {
        format!("<div><div>{day} {title}</div><p>{text}</p><div><a href='/{day}'>Подробности >></a></div></div>")
    };
    let page = format!(
        "<!doctype html><html lang='ru'><div>Новости нашего <b>порта</b></div><p>Дорогие соседи! Это теперь наша \
         страница. Здесь мы пишем, что нового.</p><div><a href='/'>На главную</a> <a href='/b'>Наш журнал >></a></div>{}",
        items.iter().map(item).collect::<String>()
    );
    let scrape = parse(&page, &Terms::default());
    assert_eq!(titles(&scrape), items.map(|(_, title, _)| title));
    assert_eq!(days(&scrape), ["2017-03-01", "2017-02-09", "2017-02-09", "2017-02-05", "2017-02-01"]);
}

/// What a page asks in a dialog over it, with a heading of its own, is said of no item.
#[test]
fn a_dialog_of_each_item_is_no_part_of_it() {
    let titles = ["Two bridges are closed for the winter", "Night buses return to the old harbour", "The market opens"];
    let items = titles.into_iter().zip([23, 17, 9]).map(|(title, day)| {
        let dialog = "<div role='dialog' aria-modal='true' class='hidden'><h2>Share this by way of</h2></div>";
        let day = format!("<time datetime='2021-10-{day:02}'>{day} October 2021</time>");
        format!(
            "<article>{day}{dialog}<h2><a href='/{title}'>{title}</a></h2><p>It was told by the port.</p></article>"
        )
    });
    let page = format!("<!doctype html><h1>News</h1>{}", items.collect::<String>());
    let scrape = parse(&page, &Terms::default());
    assert_eq!(self::titles(&scrape), titles);
    assert_eq!(days(&scrape), ["2021-10-23", "2021-10-17", "2021-10-09"]);
}

/// A title that is shorter than its day is no link by its length, and an item all the same.
#[test]
fn a_dated_line_with_a_short_link_is_an_item() {
    let titles =
        ["The ferry runs again every day of the week", "Blood donation", "The quay is open to all of the town"];
    let lines = (1..).zip(titles).map(|(at, title)| format!("<li>{at} October 2026: <a href='/{at}'>{title}</a></li>"));
    let page = format!("<!doctype html><h1>Notices of the harbour</h1><ul>{}</ul>", lines.collect::<String>());
    assert_eq!(self::titles(&parse(&page, &Terms::default())), titles);
}

/// What has a mark that the texts around the list do not have, or is a link, is an item with the day beside it.
#[test]
fn texts_that_the_page_sets_apart_from_those_around_them_are_items() {
    let texts =
        ["The market opens again after the long winter.", "The ferry waits for the tide.", "The bridge is shut."];
    let page = |item: &dyn Fn(&str, u32) -> String| {
        let items: String = texts.iter().zip([15, 12, 9]).map(|(text, day)| item(text, day)).collect();
        format!(
            "<!doctype html><p>All that the port wants the town to know.</p>{items}<p>Whoever wants may reprint it.</p>"
        )
    };
    let entries = page(&|text, day| format!("<li><p>{text}</p><p>{day} June 2020</p></li>"));
    let links = page(&|text, day| format!("<div>{day} June 2020<p><a href='/{day}'>{text}</a></p></div>"));
    for page in [entries, links] {
        assert_eq!(titles(&parse(&page, &form(Form::Html))), texts, "{page}");
    }
}
