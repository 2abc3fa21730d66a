//! How many items each month has, at a glance.

use maud::{Markup, display, html};

use crate::mill::month::Month;

/// The most months the chart shows, the newest: more bars than this are narrower than a dot on a phone.
const MONTHS: u32 = 120;
/// The least it has room for: two bars alone would be walls.
const ROOM: u32 = 24;
const HEIGHT: usize = 48;

/// Bars from the oldest month to the newest, of `months` by descending time. The list of months says the same in words.
pub(super) fn chart(months: &[(Month, usize)]) -> Markup {
    let Some((last, _)) = months.first().filter(|(month, _)| *month != Month::UNDATED) else { return html! {} };
    let bars: Vec<(u32, usize, Month)> = months
        .iter()
        .filter_map(|(month, items)| Some((last.since(*month)?, *items, *month)))
        .take_while(|(ago, ..)| *ago < MONTHS)
        .collect();
    let (Some((ago, _, first)), Some((_, most, busiest))) =
        (bars.last(), bars.iter().max_by_key(|(_, items, _)| items))
    else {
        return html! {};
    };
    let slots = (ago + 1).max(ROOM);
    let height = |items: usize| (items * HEIGHT).div_ceil((*most).max(1)).max(1);
    html! {
        figure.chart dir="ltr" {
            svg role="img" aria-labelledby="chart" viewBox={ "0 0 " (slots * 10) " " (HEIGHT) } preserveAspectRatio="none" {
                title #chart {
                    "Items per month, " (display(first)) " to " (display(last)) ": at most " (most) ", in " (display(busiest))
                }
                @for (ago, items, _) in bars.iter().rev() {
                    rect x=((slots - 1 - ago) * 10 + 1) y=(HEIGHT - height(*items)) width="8" height=(height(*items)) {}
                }
            }
            figcaption aria-hidden="true" {
                span { (display(last.back(slots - 1))) } span { "at most " (most) " a month" } span { (display(last)) }
            }
        }
    }
}
