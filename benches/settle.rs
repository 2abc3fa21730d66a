//! Sightings of one key to the item that subscribers see: what every changed key costs.
#![expect(clippy::unwrap_used, reason = "a benchmark is no interface")]

use chrono::{Days, NaiveDate};
use divan::{Bencher, black_box};
use feedmill::mill::identify::Site;
use feedmill::mill::item::{Account, Captured, DateBasis, Moment, SourceNo, Text};
use feedmill::mill::settle::{Rules, Sighting, SourceRule, settle, split};

fn main() {
    divan::main();
}

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 2, 8).unwrap() + Days::new(n)
}

/// An announcement in some wordings: as it stays, cut, and revised.
fn accounts(wordings: usize) -> Vec<Account> {
    let whole =
        "The ILO’s efforts are part of a broader UN strategy – Greening the Blue – to erase the carbon footprint.";
    let account = |n: usize| Account {
        title: Text::new("ILO achieves carbon neutrality").unwrap(),
        summary: match n % 3 {
            0 => Text::new(whole),
            1 => Text::new(whole.get(..60).unwrap()),
            _ => Text::new(&format!("{whole} Edition {n}.")),
        },
        date: Some(day(0)),
        date_end: None,
        time: None,
        offset: None,
        date_raw: Text::new("08 February 2021"),
        basis: DateBasis::Own,
        credit: Text::new("ILO 2021"),
        kicker: None,
        place: None,
        link: None,
        explicit_id: None,
        topic: None,
    };
    (0..wordings).map(account).collect()
}

/// As many sightings, in as many wordings.
#[divan::bench(args = [(1, 1), (3, 1), (3, 3), (50, 1), (50, 5), (50, 50)])]
fn settled(bencher: Bencher<'_, '_>, (sightings, wordings): (usize, usize)) {
    let site = Site::new("ilo-moscow");
    let accounts = accounts(wordings);
    let key = site.key(accounts.first().unwrap());
    let name = || "ilo-moscow".to_owned();
    let source = SourceRule {
        name: name(),
        place: name(),
        site,
        zone: feedmill::mill::zone::Zone::UTC,
        language: None,
        first_seen: false,
    };
    let rules = Rules { sources: [(SourceNo(1), source)].into(), ..Rules::default() };
    let sightings: Vec<_> = accounts
        .iter()
        .cycle()
        .take(sightings)
        .zip(1..)
        .map(|(account, content)| Sighting {
            source: SourceNo(1),
            account,
            captured: Captured { when: Some(Moment::Day(day(content))), stated: true },
            version: 0,
            content: content.cast_signed(),
            language: Some("en"),
            disregarded: false,
        })
        .collect();
    bencher.bench(|| {
        let groups = split(site, key, black_box(sightings.clone()));
        groups.iter().filter_map(|group| settle(group.id, key, &group.sightings, &rules)).count()
    });
}
