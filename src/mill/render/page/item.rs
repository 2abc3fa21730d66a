//! One item on a page, told to people and, as schema.org microdata, to machines.

use maud::{Markup, PreEscaped, display, html};

use super::super::{Shown, html as content};
use super::host;
use crate::mill::item::{Earlier, Item};

/// An item whose texts are in the language of the page, where that is `known`: of others each tells by its own letters
/// which way it runs. `page` leads to the page where the item stands for life; empty: that is this page, and the item's
/// anchor, and what it said before, are here.
///
/// Ids are of letters, digits and marks that mean nothing in HTML.
pub(super) fn article(shown: &Shown<'_>, known: Option<&str>, page: &str) -> Markup {
    let (lang, dir) = if known.is_some() { (None, None) } else { (Some(""), Some("auto")) };
    let (entry, item) = (shown.entry, &shown.entry.item);
    let at_home = page.is_empty();
    let headline = html! {
        a href={ (page) "#" (PreEscaped(shown.anchor())) } { span itemprop="headline" { (item.title) } }
    };
    html! {
        article.item id=[at_home.then(|| PreEscaped(shown.anchor()))] itemscope itemtype="https://schema.org/NewsArticle" itemid=(PreEscaped(&shown.id)) {
            @if let Some(kicker) = &item.kicker { p.kicker lang=[lang] dir=[dir] { (kicker) } }
            @if at_home { h2.headline lang=[lang] dir=[dir] { (headline) } }
            @else { h3.headline lang=[lang] dir=[dir] { (headline) } }
            // Each text is isolated within its part: what the style sheet puts between parts runs as the page does.
            p.meta {
                @if let Some(day) = content::day(item) {
                    time datetime=(machine_day(shown)) { bdi { (day) } }
                }
                span.origin itemprop="publisher author" itemscope itemtype="https://schema.org/Organization" {
                    bdi itemprop="name" { (entry.origin) }
                }
                @if let Some(place) = &item.place { span { bdi { (place) } } }
                @for category in &item.categories {
                    span.category itemprop="articleSection" { bdi { (category) } }
                }
            }
            meta itemprop="datePublished" content=(shown.published.to_rfc3339());
            @if shown.updated != shown.published {
                meta itemprop="dateModified" content=(shown.updated.to_rfc3339());
            }
            @if let Some(language) = known { meta itemprop="inLanguage" content=(language); }
            @if let Some(summary) = &item.summary {
                p.summary lang=[lang] dir=[dir] itemprop="description" { (summary) }
            }
            @if let Some(credit) = &item.credit {
                p.credit lang="en" dir="ltr" { "Photo: © " bdi { (credit) } }
            }
            @if let Some(source) = &entry.link {
                p.source lang="en" dir="ltr" {
                    a href=(source.as_str()) rel="external" itemprop="url" aria-label={ "Read at " (host(source)) ": " (item.title) } {
                        "Read at " (host(source))
                    }
                }
            } @else if let Some(link) = &shown.link {
                link itemprop="url" href=(link.as_str());
            }
            @if at_home { (earlier(item, lang, dir)) }
        }
    }
}

/// The day for machines: as dated, else the one on which the item is published.
fn machine_day(shown: &Shown<'_>) -> String {
    shown.entry.item.date.unwrap_or(shown.published.date_naive()).to_string()
}

/// What the item said before it was revised.
fn earlier(item: &Item, lang: Option<&str>, dir: Option<&str>) -> Markup {
    html! {
        @for Earlier { title, summary, since } in &item.earlier {
            details.earlier {
                summary lang="en" {
                    "Earlier text"
                    @if let Some(since) = since {
                        ", first captured on " time datetime=(display(since)) { (display(since.format("%-d %B %Y"))) }
                    }
                }
                div lang=[lang] dir=[dir] {
                    @if *title != item.title { p.title { (title) } }
                    @if let Some(summary) = summary { p { (summary) } }
                }
            }
        }
    }
}
