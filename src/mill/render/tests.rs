use std::hash::BuildHasher as _;

use chrono::NaiveDate;
use rustc_hash::FxBuildHasher;
use uuid::Uuid;

use super::pieces::RUN;
use super::*;
use crate::mill::feed::Address;
use crate::mill::item::tests::item_of;
use crate::mill::item::{Item, Key, Text};

pub(super) fn text(raw: &str) -> Text {
    Text::new(raw).unwrap()
}

/// An item named as scheme 1 names it, so that ids and stamps below can be recomputed by anyone.
pub(super) fn item(title: &str, date: &str) -> Item {
    let site = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"feedmill:ilo-moscow");
    let day: NaiveDate = date.parse().unwrap();
    let folded: String = title.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let id = Key(Uuid::new_v5(&site, format!("1\n{date}\n{folded}").as_bytes()));
    item_of(id, title, Some(day))
}

fn entry(item: Item) -> Entry {
    Entry::new(item, text("ILO Moscow"))
}

pub(super) fn feed(entries: Vec<Entry>) -> Feed {
    Feed {
        name: "ilo-moscow".to_owned(),
        title: text("ILO Moscow: news"),
        description: text("News of ILO Moscow"),
        language: Some("en".to_owned()),
        base_url: Address::new("https://feeds.example.org/"),
        hubs: Vec::new(),
        home: Address::new("https://www.ilo.org/moscow/"),
        author: text("ILO Moscow"),
        entries,
        taken_out: Vec::new(),
        months: Vec::new(),
    }
}

fn two() -> Feed {
    let mut first = item("ILO achieves carbon neutrality", "2021-02-08");
    first.summary = Some(text("R&D: is 3 < 5 <b>always</b>? ]]> “yes”"));
    first.credit = Some(text("Yuri Degtyarev/Sputnik & AFP"));
    first.date_raw = Some(text("08 February 2021"));
    first.link = Some(text("https://www.ilo.org/a?b=1&c=2"));
    let second = item("COVID-19 disrupts education of more than 70 per cent of youth", "2020-08-11");
    feed(vec![entry(first), entry(second)])
}

fn shown(feed: &Feed, path: &str) -> String {
    String::from_utf8(render(feed).get(path).unwrap().bytes.clone()).unwrap()
}

#[test]
fn a_feed_as_rss() {
    assert_eq!(
        shown(&two(), "ilo-moscow/rss.xml"),
        r#"<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
  <channel>
    <title>ILO Moscow: news</title>
    <link>https://www.ilo.org/moscow/</link>
    <description>News of ILO Moscow</description>
    <language>en</language>
    <lastBuildDate>Mon, 08 Feb 2021 10:05:18 +0000</lastBuildDate>
    <generator>feedmill</generator>
    <docs>https://www.rssboard.org/rss-specification</docs>
    <ttl>60</ttl>
    <atom:link href="https://feeds.example.org/ilo-moscow/rss.xml" rel="self" type="application/rss+xml"/>
    <item>
      <title>ILO achieves carbon neutrality</title>
      <link>https://www.ilo.org/a?b=1&amp;c=2</link>
      <description><![CDATA[<p>R&amp;D: is 3 &lt; 5 &lt;b&gt;always&lt;/b&gt;? ]]&gt; “yes”</p><p>Photo: © Yuri Degtyarev/Sputnik &amp; AFP</p><p>ILO Moscow, 08 February 2021</p>]]></description>
      <guid isPermaLink="false">urn:uuid:f90fd1be-c98e-5829-9df9-e18945c3f525</guid>
      <pubDate>Mon, 08 Feb 2021 10:05:18 +0000</pubDate>
      <media:credit role="photographer" scheme="urn:ebu">Yuri Degtyarev/Sputnik &amp; AFP</media:credit>
    </item>
    <item>
      <title>COVID-19 disrupts education of more than 70 per cent of youth</title>
      <description><![CDATA[<p>ILO Moscow, 11 August 2020</p>]]></description>
      <guid isPermaLink="false">urn:uuid:989ac276-e457-55fc-89e6-fad198a4b56b</guid>
      <pubDate>Tue, 11 Aug 2020 10:09:18 +0000</pubDate>
    </item>
  </channel>
</rss>
"#
    );
}

#[test]
fn a_feed_as_atom() {
    assert_eq!(
        shown(&two(), "ilo-moscow/atom.xml"),
        r#"<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xml:lang="en">
  <title>ILO Moscow: news</title>
  <id>urn:uuid:0aab9866-e4a3-5cb4-9d49-ef7505c958f2</id>
  <updated>2021-02-08T10:05:18+00:00</updated>
  <author>
    <name>ILO Moscow</name>
  </author>
  <generator>feedmill</generator>
  <link href="https://feeds.example.org/ilo-moscow/atom.xml" rel="self" type="application/atom+xml"/>
  <link href="https://www.ilo.org/moscow/" rel="alternate" type="text/html"/>
  <entry>
    <title>ILO achieves carbon neutrality</title>
    <id>urn:uuid:f90fd1be-c98e-5829-9df9-e18945c3f525</id>
    <updated>2021-02-08T10:05:18+00:00</updated>
    <link href="https://www.ilo.org/a?b=1&amp;c=2" rel="alternate" type="text/html"/>
    <published>2021-02-08T10:05:18+00:00</published>
    <content type="html">&lt;p&gt;R&amp;amp;D: is 3 &amp;lt; 5 &amp;lt;b&amp;gt;always&amp;lt;/b&amp;gt;? ]]&amp;gt; “yes”&lt;/p&gt;&lt;p&gt;Photo: © Yuri Degtyarev/Sputnik &amp;amp; AFP&lt;/p&gt;&lt;p&gt;ILO Moscow, 08 February 2021&lt;/p&gt;</content>
    <media:credit role="photographer" scheme="urn:ebu">Yuri Degtyarev/Sputnik &amp; AFP</media:credit>
  </entry>
  <entry>
    <title>COVID-19 disrupts education of more than 70 per cent of youth</title>
    <id>urn:uuid:989ac276-e457-55fc-89e6-fad198a4b56b</id>
    <updated>2020-08-11T10:09:18+00:00</updated>
    <published>2020-08-11T10:09:18+00:00</published>
    <content type="html">&lt;p&gt;ILO Moscow, 11 August 2020&lt;/p&gt;</content>
  </entry>
</feed>
"#
    );
}

#[test]
fn a_feed_as_json() {
    assert_eq!(
        shown(&two(), "ilo-moscow/feed.json"),
        r#"{
  "version": "https://jsonfeed.org/version/1.1",
  "title": "ILO Moscow: news",
  "home_page_url": "https://www.ilo.org/moscow/",
  "feed_url": "https://feeds.example.org/ilo-moscow/feed.json",
  "description": "News of ILO Moscow",
  "language": "en",
  "authors": [
    {
      "name": "ILO Moscow"
    }
  ],
  "items": [
    {
      "id": "urn:uuid:f90fd1be-c98e-5829-9df9-e18945c3f525",
      "url": "https://www.ilo.org/a?b=1&c=2",
      "title": "ILO achieves carbon neutrality",
      "content_html": "<p>R&amp;D: is 3 &lt; 5 &lt;b&gt;always&lt;/b&gt;? ]]&gt; “yes”</p><p>Photo: © Yuri Degtyarev/Sputnik &amp; AFP</p><p>ILO Moscow, 08 February 2021</p>",
      "summary": "R&D: is 3 < 5 <b>always</b>? ]]> “yes”",
      "date_published": "2021-02-08T10:05:18+00:00",
      "date_modified": "2021-02-08T10:05:18+00:00",
      "_feedmill": {
        "photo_credit": "Yuri Degtyarev/Sputnik & AFP"
      }
    },
    {
      "id": "urn:uuid:989ac276-e457-55fc-89e6-fad198a4b56b",
      "title": "COVID-19 disrupts education of more than 70 per cent of youth",
      "content_html": "<p>ILO Moscow, 11 August 2020</p>",
      "date_published": "2020-08-11T10:09:18+00:00",
      "date_modified": "2020-08-11T10:09:18+00:00"
    }
  ]
}
"#
    );
}

#[test]
fn all_feeds_as_opml() {
    let mut feed = two();
    (feed.name, feed.title) = ("новости".to_owned(), text("\"News\" <&> more"));
    feed.months = feed.entries.iter().map(|entry| (entry.item.month(), 1)).collect();
    let opml = |base: Option<&Address>| {
        let tree = index(&[Summary::of(&feed)], base, true);
        assert!(tree.keys().all(|path| BESIDE_FEEDS.contains(&path.as_str())), "no feed may have such a name");
        assert_eq!(check("feeds.opml", tree.get("feeds.opml").unwrap()), Ok(()));
        String::from_utf8(tree.get("feeds.opml").unwrap().bytes.clone()).unwrap()
    };
    let name = "%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8";
    let outline = |base: &str| {
        format!(
            "<outline type=\"rss\" text=\"&quot;News&quot; &lt;&amp;&gt; more\" title=\"&quot;News&quot; &lt;&amp;&gt; more\" \
             xmlUrl=\"{base}{name}/rss.xml\" htmlUrl=\"{base}{name}/\"/>"
        )
    };
    let told = opml(feed.base_url.as_ref());
    assert!(told.contains(&outline("https://feeds.example.org/")), "{told}");
    let told = opml(None);
    assert!(told.contains(&outline("")), "{told}");
}

#[test]
fn what_a_document_is_says_its_path() {
    for (path, told) in [
        ("x/rss.xml", "application/rss+xml; charset=utf-8"),
        ("x/atom.xml", "application/atom+xml; charset=utf-8"),
        ("x/2020/06.atom", "application/atom+xml; charset=utf-8"),
        ("x/feed.json", "application/feed+json"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("x/2020/06.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("atom.xml.d/x", "application/octet-stream"),
    ] {
        assert_eq!(media_type(path), told, "{path}");
    }
}

/// A feed without month pages has no page of its own: where it would be there is nothing to open.
#[test]
fn a_feed_links_to_its_own_page_where_it_has_one_else_to_what_was_scraped() {
    let mut feed = two();
    let channel = |feed: &Feed| shown(feed, "ilo-moscow/rss.xml").lines().nth(4).unwrap().trim().to_owned();
    assert_eq!(channel(&feed), "<link>https://www.ilo.org/moscow/</link>");
    feed.months = feed.entries.iter().map(|entry| (entry.item.month(), 1)).collect();
    assert_eq!(channel(&feed), "<link>https://feeds.example.org/ilo-moscow/</link>");
    (feed.months, feed.home) = (Vec::new(), None);
    assert_eq!(channel(&feed), "<link>https://feeds.example.org/ilo-moscow/rss.xml</link>");
    for path in ["ilo-moscow/atom.xml", "ilo-moscow/feed.json"] {
        assert!(!shown(&feed, path).contains("\"https://feeds.example.org/ilo-moscow/\""), "{path}");
    }
}

#[test]
fn without_a_base_address_nothing_pretends_to_know_where_it_is_served() {
    let mut feed = two();
    feed.base_url = None;
    assert!(shown(&feed, "ilo-moscow/rss.xml").contains("<link>https://www.ilo.org/moscow/</link>"));
    feed.home = None;
    let (rss, atom) = (shown(&feed, "ilo-moscow/rss.xml"), shown(&feed, "ilo-moscow/atom.xml"));
    assert!(rss.contains("<link>http://localhost/</link>"), "{rss}");
    assert!(!rss.contains("xmlns:atom") && !rss.contains("self"), "{rss}");
    // The item's own link is the only one left.
    assert_eq!(atom.matches("<link ").count(), 1, "{atom}");
}

#[test]
fn a_namespace_is_declared_only_when_used() {
    let feed = feed(vec![entry(item("no credit", "2021-04-28"))]);
    for path in ["ilo-moscow/rss.xml", "ilo-moscow/atom.xml"] {
        assert!(!shown(&feed, path).contains("media"));
    }
}

#[test]
fn a_feed_without_items_is_no_document() {
    assert!(render(&feed(Vec::new())).is_empty());
}

#[test]
fn a_language_that_is_none_is_left_out() {
    for (tag, taken) in
        [("en", true), ("zh-Hant-TW", true), ("auto?", false), ("", false), ("e n", false), ("-", false)]
    {
        let mut feed = two();
        feed.language = Some(tag.to_owned());
        assert_eq!(shown(&feed, "ilo-moscow/atom.xml").contains("xml:lang"), taken, "{tag}");
        assert_eq!(shown(&feed, "ilo-moscow/rss.xml").contains("<language>"), taken, "{tag}");
    }
}

#[test]
fn only_a_web_address_becomes_a_link() {
    for link in ["javascript:alert(1)", "/news/1", "mailto:a@b.example"] {
        let mut item = item("a title", "2021-04-28");
        item.link = Some(text(link));
        let feed = feed(vec![entry(item)]);
        for path in ["ilo-moscow/rss.xml", "ilo-moscow/atom.xml"] {
            assert!(!shown(&feed, path).contains(link));
        }
    }
}

#[test]
fn the_last_line_says_where_and_when_as_far_as_that_is_known() {
    let mut item = item("a title", "2021-04-28");
    let line = |item: &Item| html::content(&entry(item.clone()));
    assert_eq!(line(&item), "<p>ILO Moscow, 28 April 2021</p>");
    item.place = Some(text("Ankara <TR>"));
    assert_eq!(line(&item), "<p>ILO Moscow, 28 April 2021, Ankara &lt;TR&gt;</p>");
    item.date_end = "2021-05-02".parse().ok();
    assert_eq!(line(&item), "<p>ILO Moscow, 28 April 2021 – 2 May 2021, Ankara &lt;TR&gt;</p>");
    item.date_raw = Some(text("28.04.–02.05.2021, Ankara <TR>"));
    assert_eq!(line(&item), "<p>ILO Moscow, 28.04.–02.05.2021, Ankara &lt;TR&gt;</p>");
    // What a program counts is no day to a reader; what merely consists of digits may be one.
    (item.date_end, item.place) = (None, None);
    for raw in ["1619604000", "1619604000.25", "1619604000000"] {
        item.date_raw = Some(text(raw));
        assert_eq!(line(&item), "<p>ILO Moscow, 28 April 2021</p>");
    }
    item.date_raw = Some(text("20210428"));
    assert_eq!(line(&item), "<p>ILO Moscow, 20210428</p>");
    (item.date_raw, item.date) = (None, None);
    assert_eq!(line(&item), "<p>ILO Moscow</p>");
}

#[test]
fn a_year_no_feed_can_write_is_moved_to_the_nearest_one_it_can() {
    let mut early = item("before the calendar", "2021-04-28");
    (early.published, early.updated) = (Some(DateTime::<Utc>::MIN_UTC), None);
    let mut late = item("after it", "2021-04-28");
    (late.published, late.updated) = (Some(DateTime::<Utc>::MAX_UTC), Some(DateTime::<Utc>::MAX_UTC));
    let feed = feed(vec![entry(late), entry(early)]);
    let (rss, atom) = (shown(&feed, "ilo-moscow/rss.xml"), shown(&feed, "ilo-moscow/atom.xml"));
    assert!(rss.contains("<pubDate>Fri, 31 Dec 9999 23:59:59 +0000</pubDate>"), "{rss}");
    assert!(rss.contains("<pubDate>Sat, 01 Jan 0000 00:00:00 +0000</pubDate>"), "{rss}");
    assert!(atom.contains("<published>9999-12-31T23:59:59+00:00</published>"), "{atom}");
    assert!(atom.contains("<published>0000-01-01T00:00:00+00:00</published>"), "{atom}");
}

#[test]
fn a_revision_moves_updated_and_leaves_published() {
    let mut revised = item("ILO achieves carbon neutrality", "2021-02-08");
    revised.updated = revised.published.map(|published| published + chrono::TimeDelta::days(3));
    let feed = feed(vec![entry(revised)]);
    assert_eq!(feed.updated().unwrap().to_rfc3339(), "2021-02-11T10:05:18+00:00");
    assert!(shown(&feed, "ilo-moscow/atom.xml").contains("<updated>2021-02-11T10:05:18+00:00</updated>"));
    let rss = shown(&feed, "ilo-moscow/rss.xml");
    assert!(rss.contains("<lastBuildDate>Thu, 11 Feb 2021 10:05:18 +0000</lastBuildDate>"), "{rss}");
    assert!(rss.contains("<pubDate>Mon, 08 Feb 2021 10:05:18 +0000</pubDate>"), "{rss}");
}

#[test]
fn what_is_rendered_passes_the_check() {
    for (path, document) in render(&two()).iter() {
        assert_eq!(check(path, document), Ok(()), "{path}");
        let piece_by_piece = Checked::default();
        assert_eq!(piece_by_piece.check(path, document), Ok(()), "{path}");
        assert_eq!(piece_by_piece.remembered(), if is_head(path) { 2 } else { 0 }, "{path}");
        assert_eq!(document.entries, 2);
    }
}

#[test]
fn hubs_stand_beside_the_address_that_they_are_asked_for() {
    let mut feed = two();
    feed.hubs =
        vec![Address::new("https://hub.example/?a=1&b=2").unwrap(), Address::new("http://other.example").unwrap()];
    let rss = shown(&feed, "ilo-moscow/rss.xml");
    assert!(rss.contains("<atom:link href=\"https://hub.example/?a=1&amp;b=2\" rel=\"hub\""), "{rss}");
    assert!(rss.contains("<atom:link href=\"http://other.example\" rel=\"hub\""), "{rss}");
    let atom = shown(&feed, "ilo-moscow/atom.xml");
    assert!(atom.contains("<link href=\"https://hub.example/?a=1&amp;b=2\" rel=\"hub\"/>"), "{atom}");
    assert!(atom.contains("<link href=\"http://other.example\" rel=\"hub\"/>"), "{atom}");
    let json: serde_json::Value = serde_json::from_str(&shown(&feed, "ilo-moscow/feed.json")).unwrap();
    assert_eq!(json["hubs"][0], serde_json::json!({ "type": "WebSub", "url": "https://hub.example/?a=1&b=2" }));
    assert_eq!(json["hubs"].as_array().unwrap().len(), 2);
    feed.base_url = None;
    for path in ["ilo-moscow/rss.xml", "ilo-moscow/atom.xml", "ilo-moscow/feed.json"] {
        assert!(!shown(&feed, path).contains("hub"), "{path}");
    }
}

#[test]
fn a_long_document_is_written_in_runs_as_it_would_be_at_once() {
    let day = |n: usize| NaiveDate::from_ymd_opt(2021, 4, 28).unwrap() - chrono::TimeDelta::days(n as i64);
    let mut entries: Vec<Entry> =
        (0..2 * RUN + 1).map(|n| entry(item(&format!("title {n}"), &day(n).to_string()))).collect();
    // The name space of the credit is declared for all, wherever it is used.
    entries[RUN + 1].item.credit = Some(text("Yuri Degtyarev"));
    let feed = feed(entries);
    let shown: Vec<Shown<'_>> = feed.entries.iter().filter_map(|entry| show(&feed, entry)).collect();
    let (shown, updated): (Vec<&Shown<'_>>, _) = (shown.iter().collect(), feed.updated().unwrap());
    let tree = render(&feed);
    let document = |name: &str| tree.get(&format!("ilo-moscow/{name}")).unwrap().bytes.clone();
    assert!(document("rss.xml") == rss::write_whole(&feed, &shown, updated, true));
    assert!(document("atom.xml") == atom::write_whole(&feed, &shown, updated, None, &[(true, "media", MEDIA)]));
    assert!(document("feed.json") == json_feed::write_whole(&feed, &shown));
}

/// The documents of a head, or of a month, made of what is remembered.
pub(super) fn of_pieces(feed: &Feed, of: Option<Month>, pieces: &mut Pieces) -> Tree {
    let Some(of) = of else {
        let head = Head::of(feed).unwrap();
        head.trim(pieces);
        return head.paths().map(|path| head.document(path, pieces)).collect();
    };
    let stand = |entry: &Entry| {
        let (id, print) = (entry.item.id, FxBuildHasher.hash_one(&entry.item));
        Stand { id, print, entry: (!pieces.know(id, print)).then(|| Box::new(entry.clone())) }
    };
    let stands: Vec<Stand> = feed.entries.iter().map(stand).collect();
    month(feed, of, &stands, pieces)
}

#[test]
fn what_is_remembered_comes_out_as_if_it_were_rendered() {
    let day = |n: usize| format!("2021-04-{:02}", 28 - n % 28);
    let mut items: Vec<Item> = (0..40).map(|n| item(&format!("title {n}"), &day(n))).collect();
    let april = Month::of("2021-04-01".parse().ok());
    for of in [None, Some(april)] {
        let mut pieces = Pieces::within(1 << 20);
        for round in 0..6 {
            // One is revised, one gets a credit, which declares a name space, one goes, one comes.
            items[round].title = text(&format!("title {round}, revised"));
            items[round + 10].credit = Some(text(&format!("credit {round}")));
            items.remove(20 + round);
            items.push(item(&format!("late {round}"), &day(round)));
            items.sort_by(feed::newest_first);
            let mut feed = feed(items.iter().cloned().map(entry).collect());
            feed.months = vec![(april, items.len())];
            let documents = of_pieces(&feed, of, &mut pieces);
            assert_eq!(documents, of_pieces(&feed, of, &mut Pieces::forgotten()));
            assert!(documents.iter().all(|(path, document)| check(path, document) == Ok(())));
            let known = items.iter().filter(|item| pieces.know(item.id, FxBuildHasher.hash_one(item))).count();
            assert_eq!(known, if of.is_some() { items.len() } else { 0 });
        }
        // What is in a document no more is not remembered.
        items.truncate(1);
        let feed = feed(items.iter().cloned().map(entry).collect());
        let before = pieces.bytes();
        of_pieces(&feed, of, &mut pieces);
        assert!(pieces.bytes() < before / 10, "{} of {before}", pieces.bytes());
        items = (0..40).map(|n| item(&format!("title {n}"), &day(n))).collect();
    }
}

#[test]
fn no_more_is_remembered_than_there_is_room_for() {
    let day = |n: usize| format!("2021-04-{:02}", 28 - n % 28);
    let mut feed = feed((0..40).map(|n| entry(item(&format!("title {n}"), &day(n)))).collect());
    feed.entries.sort_by(|a, b| feed::newest_first(&a.item, &b.item));
    let mut pieces = Pieces::within(10_000);
    assert_eq!(of_pieces(&feed, None, &mut pieces), render(&feed));
    assert!((5_000..=10_000).contains(&pieces.bytes()), "{}", pieces.bytes());
}
