//! Pages for people: what there is to subscribe to, what is new, and the place that each item has for life.
//!
//! HTML without scripts, styles in attributes or anything from elsewhere, so that the strictest content security policy
//! holds. All text goes through the template's escaping. Links between pages are relative: they hold wherever the
//! folder is served, and from the disk. The words of the pages themselves are English and say so; texts of items bear
//! the language of their feed, and run in its direction.

mod chart;
mod direction;
mod item;

use std::borrow::Cow;

use maud::{DOCTYPE, Markup, Render, display, html};
use memchr::memchr2;
use serde::{Deserialize, Serialize};

use super::pieces::{Format, Kind, Line, Pieces, assemble};
use super::{Shown, language, language_tag};
use crate::mill::feed::{Address, Feed, path_escaped};
use crate::mill::item::Text;
use crate::mill::month::Month;

/// Where the style sheet lies below the output folder.
pub(super) const STYLE: &str = "style.css";
pub(super) const STYLE_SHEET: &str = include_str!("page/style.css");
/// Where the icon lies below the output folder.
pub(super) const ICON: &str = "icon.svg";
pub(super) const ICON_IMAGE: &str = include_str!("page/icon.svg");

/// The most items that the page of a feed shows; the month pages have them all.
const SHOWN: usize = 30;

/// Escaped like any text. Most have nothing to escape, which is seen many bytes at a time: these are taken as they are.
impl Render for Text {
    fn render_to(&self, page: &mut String) {
        let (text, bytes) = (self.as_str(), self.as_str().as_bytes());
        if memchr2(b'&', b'<', bytes).or_else(|| memchr2(b'>', b'"', bytes)).is_some() {
            text.render_to(page);
        } else {
            page.push_str(text);
        }
    }
}

/// A feed, as the index shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Summary {
    /// Its folder below the output.
    pub name: String,
    /// Shown as the name of the subscription.
    pub title: Text,
    /// One sentence on what it carries.
    pub description: Text,
    /// A BCP 47 tag; anything else is left out.
    pub language: Option<String>,
    /// How many items its pages show.
    pub items: usize,
    /// The headline of its newest item, and that item's date as it is shown.
    pub newest: Option<(Text, Option<String>)>,
}

impl Summary {
    /// Whether there is a page of the feed: one whose items were all taken out has none.
    pub(super) fn has_page(&self) -> bool {
        self.items > 0
    }

    /// What is to be told of a feed whose head is `feed`.
    #[must_use]
    pub fn of(feed: &Feed) -> Self {
        let newest = feed
            .entries
            .first()
            .map(|entry| (entry.item.title.clone(), super::html::day(&entry.item).map(Cow::into_owned)));
        Self {
            name: feed.name.clone(),
            title: feed.title.clone(),
            description: feed.description.clone(),
            language: feed.language.clone(),
            items: on_pages(feed),
            newest,
        }
    }
}

/// How many items the month pages of a feed show.
fn on_pages(feed: &Feed) -> usize {
    feed.months.iter().map(|(_, items)| items).sum()
}

/// The documents of a feed, as readers call them: RSS first, for what looks for a feed takes the first.
const FORMATS: [(&str, &str, &str); 3] = [
    ("RSS", "rss.xml", "application/rss+xml"),
    ("Atom", "atom.xml", "application/atom+xml"),
    ("JSON Feed", "feed.json", "application/feed+json"),
];

/// What all pages have in common.
struct Page<'a> {
    title: &'a str,
    /// The language of what the page shows, where it is known.
    language: Option<&'a str>,
    /// From the page to the output folder: as many `../` as it lies deep.
    up: &'a str,
    /// Its own address, where that is known.
    own: Option<Address>,
    /// The feeds that it announces: title and folder, as an address from the page.
    feeds: Vec<(&'a str, String)>,
}

impl Page<'_> {
    fn write(&self, body: &Markup) -> Vec<u8> {
        let whole = html! {
            (DOCTYPE)
            html lang=(self.language.unwrap_or("en")) dir=[self.language.map(direction::of)] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    meta name="color-scheme" content="light dark";
                    link rel="stylesheet" href={ (self.up) (STYLE) };
                    link rel="icon" type="image/svg+xml" href={ (self.up) (ICON) };
                    @if let Some(own) = &self.own { link rel="canonical" href=(own.as_str()); }
                    @for (title, folder) in &self.feeds {
                        @for (format, document, media_type) in FORMATS {
                            link rel="alternate" type=(media_type) title={ (title) " (" (format) ")" }
                                href={ (folder) (document) };
                        }
                    }
                }
                body { (body) }
            }
        };
        let mut bytes = whole.into_string().into_bytes();
        bytes.push(b'\n');
        bytes
    }
}

/// Whether a document is such a page as lists all feeds: no other page in that place links to both of its companions.
#[must_use]
pub fn is_index(document: &[u8]) -> bool {
    let text = String::from_utf8_lossy(document);
    text.starts_with("<!DOCTYPE html><html ")
        && [STYLE, ICON].iter().all(|name| text.contains(&format!("href=\"{name}\"")))
}

/// The page that lists all feeds.
pub(super) fn index(feeds: &[Summary], base_url: Option<&Address>) -> Vec<u8> {
    let folder = |feed: &Summary| format!("{}/", path_escaped(&feed.name));
    let page = Page {
        title: "Feeds",
        language: None,
        up: "",
        own: base_url.map(|base| base.join("")),
        feeds: feeds.iter().map(|feed| (feed.title.as_str(), folder(feed))).collect(),
    };
    page.write(&html! {
        header.page {
            h1 { "Feeds" }
            p.lead { (counted(feeds.len(), "feed")) " to subscribe to with any reader." }
        }
        main {
            @for feed in feeds { (card(feed, &folder(feed))) }
        }
        footer.page {
            p { a href="feeds.opml" { "All feeds as OPML" } ", to take over into a reader at once." }
        }
    })
}

fn card(feed: &Summary, folder: &str) -> Markup {
    let language = feed.language.as_deref().and_then(language_tag);
    let (lang, dir) = told_in(language.as_deref());
    html! {
        section.card {
            h2 lang=(lang) dir=(dir) {
                @if feed.has_page() {
                    a href={ (folder) "index.html" } { (feed.title.as_str()) }
                } @else {
                    (feed.title.as_str())
                }
            }
            p.about { bdi { (feed.description.as_str()) } }
            @if let Some((title, day)) = &feed.newest {
                p.newest {
                    span.label { "Newest" } " "
                    span.title lang=(lang) dir=(dir) { (title.as_str()) }
                    @if let Some(day) = day { " " span.day dir="auto" { (day) } }
                }
            }
            div.row {
                (subscribe(folder, feed.title.as_str()))
                p.count { (counted(feed.items, "item")) }
            }
        }
    }
}

/// The links that readers subscribe by. `folder` leads from the page to the feed's.
fn subscribe(folder: &str, title: &str) -> Markup {
    html! {
        ul.subscribe lang="en" {
            @for (format, document, media_type) in FORMATS {
                li {
                    a href={ (folder) (document) } type=(media_type) aria-label={ "Subscribe to " (title) " as " (format) } {
                        (format)
                    }
                }
            }
        }
    }
}

/// The page of a feed: what is new, and the way to all the rest.
pub(super) fn feed(feed: &Feed, lines: &[Line<'_>], pieces: &mut Pieces) -> Vec<u8> {
    let language = language(feed);
    let up = "../";
    let page = Page {
        title: feed.title.as_str(),
        language: language.as_deref(),
        up,
        own: feed.address(""),
        feeds: vec![(feed.title.as_str(), String::new())],
    };
    let lang = told_in(language.as_deref());
    let items = on_pages(feed);
    let home = |shown: &Shown<'_>| format!("{}.html", shown.entry.item.month().path());
    let whole = |shown: &[&Shown<'_>]| {
        page.write(&html! {
            (way(&[(&format!("{up}index.html"), "Feeds", ("en", "ltr"))]))
            header.page {
                h1 lang=(lang.0) dir=(lang.1) { (feed.title.as_str()) }
                p.lead lang="en" dir="ltr" {
                    bdi { (feed.description.as_str()) } ". " (counted(items, "item"))
                    @if let Some((since, _)) = feed.months.iter().rev().find(|(month, _)| *month != Month::UNDATED) {
                        " since " (display(since))
                    }
                    "."
                    @if let Some(home) = &feed.home {
                        " Read from " a href=(home.as_str()) rel="external" { (host(home)) } "."
                    }
                }
                div.row {
                    (subscribe("", feed.title.as_str()))
                    p.jump lang="en" { a href="#archive" { "All items by month" } }
                }
            }
            main {
                section.items aria-labelledby="newest" {
                    h2 #newest lang="en" { "Newest" }
                    @for shown in shown { (item::article(shown, language.as_deref(), &home(shown))) }
                }
                nav.archive aria-labelledby="archive" lang="en" {
                    h2 #archive { "All items by month" }
                    (chart::chart(&feed.months))
                    (months(&feed.months))
                }
            }
            (colophon())
        })
    };
    let newest = lines.get(..SHOWN).unwrap_or(lines);
    assemble(&Kind { closes: b"</section>", ..ARTICLES }, "", newest, pieces, whole)
}

const ARTICLES: Kind = Kind { format: Format::Page, opens: b"<article ", closes: b"</main>", between: b"" };

/// The months of a feed, by year.
fn months(months: &[(Month, usize)]) -> Markup {
    html! {
        @for year in months.chunk_by(|(a, _), (b, _)| a.year() == b.year()) {
            @let heading = year.first().and_then(|(month, _)| month.year());
            div.year {
                @if let Some(heading) = heading { h3 { (heading) } }
                ul.months {
                    @for (month, items) in year {
                        li {
                            a href={ (month.path()) ".html" } {
                                (month.name())
                                @if let Some(year) = month.year() { span.hidden { " " (year) } }
                            }
                            " " span.count { (items) span.hidden { (if *items == 1 { " item" } else { " items" }) } }
                        }
                    }
                }
            }
        }
    }
}

/// The page of a month, or of what is undated.
pub(super) fn month(feed: &Feed, lines: &[Line<'_>], month: Month, pieces: &mut Pieces) -> Vec<u8> {
    let language = language(feed);
    let (to_feed, up) = if month == Month::UNDATED { ("", "../") } else { ("../", "../../") };
    let title = format!("{month}: {}", feed.title);
    let page = Page {
        title: &title,
        language: language.as_deref(),
        up,
        own: feed.address(&format!("{}.html", month.path())),
        feeds: vec![(feed.title.as_str(), to_feed.to_owned())],
    };
    let lang = told_in(language.as_deref());
    let index = format!("{to_feed}index.html");
    let whole = |shown: &[&Shown<'_>]| {
        page.write(&html! {
            (way(&[(&format!("{up}index.html"), "Feeds", ("en", "ltr")), (&index, feed.title.as_str(), lang)]))
            header.page {
                h1 lang="en" { (display(month)) }
                p.lead lang="en" dir="ltr" { (counted(lines.len(), "item")) "." }
                (neighbours(feed, month, to_feed, "Months"))
            }
            main {
                @for shown in shown { (item::article(shown, language.as_deref(), "")) }
            }
            (neighbours(feed, month, to_feed, "On to other months"))
            (colophon())
        })
    };
    assemble(&ARTICLES, "", lines, pieces, whole)
}

fn neighbours(feed: &Feed, month: Month, to_feed: &str, label: &str) -> Markup {
    let (before, after) = (feed.before(month), feed.after(month));
    html! {
        @if before.is_some() || after.is_some() {
            nav.neighbours aria-label=(label) lang="en" {
                @if let Some(before) = before {
                    a rel="prev" href={ (to_feed) (before.path()) ".html" } { "← " (display(before)) }
                }
                @if let Some(after) = after {
                    a.after rel="next" href={ (to_feed) (after.path()) ".html" } { (display(after)) " →" }
                }
            }
        }
    }
}

/// The way from the index to the page: address, name and language of each step.
fn way(steps: &[(&str, &str, (&str, &str))]) -> Markup {
    html! {
        nav.way aria-label="Breadcrumb" lang="en" {
            ol {
                @for (address, name, (lang, dir)) in steps {
                    li { a href=(address) lang=(lang) dir=(dir) { (name) } }
                }
            }
        }
    }
}

fn colophon() -> Markup {
    html! {
        footer.page lang="en" dir="ltr" { p { "Made by feedmill from saved pages." } }
    }
}

/// `lang` and `dir` of a text in this language. An unknown one is said to be unknown, and the text's own letters tell
/// which way it runs.
fn told_in(language: Option<&str>) -> (&str, &str) {
    language.map_or(("", "auto"), |tag| (tag, direction::of(tag)))
}

fn host(address: &Address) -> &str {
    let rest = address.as_str().split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// `1 item`, `12,345 items`.
fn counted(count: usize, what: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
