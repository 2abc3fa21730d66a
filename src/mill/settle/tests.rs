use super::super::identify::tests::account_of;
use super::*;
use crate::mill::decisions::Decision;
use crate::mill::item::{DateBasis, Moment};
use chrono::{NaiveDate, NaiveTime};
use proptest::prelude::*;

const SITE: &str = "x";
const LANGUAGES: [Option<&str>; 3] = [None, Some("en"), Some("de")];

fn rules() -> Rules {
    let rule = |name: &str, zone: &str| SourceRule {
        name: name.into(),
        place: SITE.into(),
        site: Site::new(SITE),
        zone: Zone::named(zone).unwrap(),
        language: None,
        first_seen: true,
    };
    let sources = [(SourceNo(1), rule("a", "Europe/Moscow")), (SourceNo(2), rule("b", "Asia/Tokyo"))].into();
    Rules { sources, ..Rules::default() }
}

fn stated(day: &str) -> Captured {
    Captured { when: day.parse().ok().map(Moment::Day), stated: true }
}

fn inferred(day: &str) -> Captured {
    Captured { when: day.parse().ok().map(Moment::Day), stated: false }
}

fn sighting(account: &Account, captured: Captured, version: u32) -> Sighting<'_> {
    Sighting { source: SourceNo(1), account, captured, version, content: 0, language: None, disregarded: false }
}

fn said(summary: &str) -> Account {
    account_of("Title", Some("2021-03-01"), Some(summary))
}

fn key() -> Key {
    Site::new(SITE).key(&said(""))
}

fn settled(sightings: &[Sighting<'_>]) -> Item {
    settle(key(), key(), sightings, &rules()).unwrap().item
}

#[test]
fn a_cut_summary_is_no_correction() {
    let (whole, cut, none) =
        (said("The whole of the text."), said("The whole of…"), account_of("Title", Some("2021-03-01"), None));
    let item = settled(&[
        sighting(&whole, stated("2021-03-02"), 0),
        sighting(&cut, stated("2021-03-03"), 0),
        sighting(&none, stated("2021-03-04"), 0),
    ]);
    assert_eq!(item.summary, whole.summary);
    assert_eq!(item.updated, item.published, "a completed cut moves nothing");
}

#[test]
fn a_revised_text_moves_updated_to_its_first_capture() {
    let (old, new) = (said("Ten came."), said("Twelve came."));
    let sightings = [
        sighting(&old, stated("2021-03-02"), 0),
        sighting(&new, stated("2021-03-05"), 0),
        sighting(&new, stated("2021-03-09"), 0),
    ];
    let item = settled(&sightings);
    assert_eq!(item.summary, new.summary);
    assert_eq!(item.updated, Moment::Day("2021-03-05".parse().unwrap()).instant_for(key()).into());
}

#[test]
fn what_a_revised_item_said_before_is_kept_the_newest_first_and_each_text_once() {
    let (ten, again, eleven) = (said("Ten came."), said("“Ten came”."), said("Eleven came."));
    let (new, cut) = (said("Twelve came."), said("Twelve ca…"));
    let sightings = [
        sighting(&again, stated("2021-03-04"), 0),
        sighting(&ten, stated("2021-03-02"), 0),
        sighting(&eleven, stated("2021-03-03"), 0),
        sighting(&new, stated("2021-03-05"), 0),
        sighting(&cut, stated("2021-03-06"), 0),
    ];
    let told: Vec<_> = settled(&sightings)
        .earlier
        .into_iter()
        .map(|text| (text.summary.unwrap().to_string(), text.since.unwrap().to_string()))
        .collect();
    let text = |summary: &str, since: &str| (summary.to_owned(), since.to_owned());
    assert_eq!(told, [text("“Ten came”.", "2021-03-02"), text("Eleven came.", "2021-03-03")]);
}

#[test]
fn an_item_stands_in_the_month_of_the_earliest_day_that_it_was_given() {
    let [march, april] = ["2021-03-31", "2021-04-01"].map(|day| account_of("Title", Some(day), None));
    let item = settled(&[sighting(&march, stated("2021-03-02"), 0), sighting(&april, stated("2021-03-05"), 0)]);
    assert_eq!((item.date, item.month().path().as_str()), (april.date, "2021/03"));
    let undated = account_of("Title", None, None);
    let item = settled(&[sighting(&undated, stated("2021-03-05"), 0)]);
    assert_eq!((item.month().path().as_str(), item.date.is_some()), ("undated", true));
}

/// What was seen for years is not new because it is joined to what was never noted.
#[test]
fn an_undated_item_that_goes_under_another_id_keeps_the_day_it_was_first_seen() {
    let undated = account_of("Fair", None, None);
    let [own, other, older] = [1, 2, 3].map(|name| Key(uuid::Uuid::from_u128(name)));
    let mut rules = rules();
    let day = |day: &str| day.parse::<NaiveDate>().unwrap();
    let dated =
        |rules: &Rules| settle(older, own, &[sighting(&undated, Captured::default(), 0)], rules).unwrap().item.date;
    let mut decide = |decision| {
        rules.decisions.apply(decision).unwrap();
        dated(&rules)
    };
    assert_eq!(decide(Decision::FirstSeen { first_seen: own, date: day("2019-05-06") }), None);
    assert_eq!(decide(Decision::Alias { alias: own, of: older }), Some(day("2019-05-06")));
    decide(Decision::FirstSeen { first_seen: other, date: day("2018-01-01") });
    assert_eq!(decide(Decision::Alias { alias: other, of: older }), Some(day("2018-01-01")));
    // What was noted for the id that it goes under comes before all.
    let noted = Decision::FirstSeen { first_seen: older, date: day("2020-02-02") };
    assert_eq!(decide(noted), Some(day("2020-02-02")));
}

#[test]
fn a_reverted_text_is_updated_when_it_came_back() {
    let (a, b) = (said("Ten came."), said("Twelve came."));
    let sightings = [
        sighting(&a, stated("2021-03-02"), 0),
        sighting(&b, stated("2021-03-05"), 0),
        sighting(&a, stated("2021-03-07"), 0),
    ];
    let item = settled(&sightings);
    assert_eq!(item.summary, a.summary);
    assert_eq!(item.updated.unwrap().date_naive().to_string(), "2021-03-07");
}

#[test]
fn a_changed_credit_or_quote_mark_is_no_revision() {
    let plain = said("It's done.");
    let mended = Account { credit: Text::new("Ann 2021"), ..said("It’s done.") };
    let item = settled(&[sighting(&plain, stated("2021-03-02"), 0), sighting(&mended, stated("2021-03-05"), 0)]);
    assert_eq!(item.updated, item.published);
    assert_eq!(item.credit, mended.credit);
    assert_eq!(item.summary, mended.summary, "shown as the newest capture prints it");
}

#[test]
fn an_announced_date_is_published_at_most_the_day_after_its_first_capture() {
    let future = account_of("Fair", Some("2021-12-01"), None);
    let item = settled(&[sighting(&future, stated("2021-03-02"), 0)]);
    assert_eq!(item.published, Some(key().stamp("2021-03-03".parse().unwrap())));
    assert_eq!(item.date.unwrap().to_string(), "2021-12-01");
    let item = settled(&[sighting(&future, inferred("2021-12-01"), 0)]);
    assert_eq!(item.published, Some(key().stamp("2021-12-01".parse().unwrap())));
}

#[test]
fn a_time_is_read_in_the_zone_of_the_source() {
    let timed = Account { time: NaiveTime::from_hms_opt(2, 0, 0), ..said("At night.") };
    let item = settled(&[sighting(&timed, inferred("2021-03-01"), 0)]);
    assert_eq!(item.published.unwrap().to_rfc3339(), "2021-02-28T23:00:00+00:00");
}

/// The date, and with it the id, stays the day that is printed; only the moment is that of the offset.
#[test]
fn an_offset_that_is_printed_goes_before_the_zone_of_the_source() {
    for (time, offset, published) in [
        ("23:30:00", 180, "2021-03-01T20:30:00+00:00"),
        ("23:30:00", 0, "2021-03-01T23:30:00+00:00"),
        ("23:30:00", -300, "2021-03-02T04:30:00+00:00"),
        ("00:15:00", 345, "2021-02-28T18:30:00+00:00"),
    ] {
        let (time, offset) = (time.parse().ok(), Some(offset));
        let timed = Account { time, offset, ..said("At night.") };
        let item = settled(&[sighting(&timed, inferred("2021-03-01"), 0)]);
        assert_eq!(item.published.unwrap().to_rfc3339(), published);
        assert_eq!((item.date.unwrap().to_string().as_str(), item.id), ("2021-03-01", key()));
    }
}

#[test]
fn the_language_is_what_the_operator_says_else_that_of_the_newest_page_that_leaves_no_doubt() {
    let account = said("Text.");
    let on =
        |day, source, language| Sighting { source: SourceNo(source), language, ..sighting(&account, stated(day), 0) };
    let pages = [on("2021-03-02", 1, Some("en")), on("2021-03-03", 2, Some("sv")), on("2021-03-04", 1, None)];
    let language = |rules: &Rules| settle(key(), key(), &pages, rules).unwrap().item.language.map(String::from);
    assert_eq!(language(&rules()).as_deref(), Some("sv"));
    let mut said = rules();
    said.sources.get_mut(&SourceNo(1)).unwrap().language = Some("en-IE".into());
    assert_eq!(language(&said).as_deref(), Some("en-IE"));
}

#[test]
fn an_item_without_a_date_takes_that_of_its_earliest_stated_capture_or_none() {
    let undated = account_of("Title", None, Some("Text."));
    let item = settled(&[sighting(&undated, stated("2021-03-05"), 0), sighting(&undated, stated("2021-03-02"), 0)]);
    assert_eq!((item.date.unwrap().to_string().as_str(), item.basis), ("2021-03-02", DateBasis::Captured));
    assert_eq!(settled(&[sighting(&undated, inferred("2021-03-05"), 0)]).published, None);
}

#[test]
fn one_page_that_lists_a_key_twice_tells_twins_apart() {
    let (a, b) = (said("The lake rises."), said("The lake falls."));
    let none = account_of("Title", Some("2021-03-01"), None);
    let one = |account, captured, content| Sighting { content, ..sighting(account, captured, 0) };
    let apart =
        [one(&a, stated("2021-03-05"), 1), one(&b, stated("2021-03-03"), 2), one(&none, stated("2021-03-02"), 3)];
    assert_eq!(split(Site::new(SITE), key(), apart.to_vec()).len(), 1, "two pages: a revision");
    let together = [apart[0], apart[1], apart[2], one(&b, stated("2021-03-05"), 1)];
    let groups = split(Site::new(SITE), key(), together.to_vec());
    let plain = groups.iter().find(|group| group.id == key()).unwrap();
    assert_eq!(plain.sightings.len(), 3, "the text of the earliest capture keeps the key, and those without");
    let twin = groups.iter().find(|group| group.id != key()).unwrap();
    assert_eq!(twin.id, Site::new(SITE).twin_key(&a, "thelakerises"));
}

#[test]
fn a_cut_account_goes_to_the_first_text_that_goes_on_from_it() {
    let all = ["A boat.", "The lake", "The lake falls.", "The lake rises.", "The lakeside.", "Then"].map(said);
    let content = |told| Sighting { content: 1, ..sighting(told, stated("2021-03-05"), 0) };
    let groups = split(Site::new(SITE), key(), all.iter().map(content).collect());
    let told = |group: &Group<'_>| -> Vec<String> {
        group.sightings.iter().filter_map(|one| one.account.summary.as_ref().map(Text::to_string)).collect()
    };
    let told: Vec<_> = groups.iter().map(told).collect();
    let texts: [&[&str]; 5] =
        [&["A boat."], &["The lake", "The lake falls."], &["The lake rises."], &["The lakeside."], &["Then"]];
    assert_eq!(told, texts);
}

#[test]
fn what_is_disregarded_says_nothing_while_another_page_tells_of_the_item() {
    let (glued, good) = (said("Text. And that of its neighbour."), said("Text."));
    let wrong = Account { date: "1921-03-01".parse().ok(), topic: Text::new("Fish"), ..glued };
    let out = Sighting { disregarded: true, source: SourceNo(2), ..sighting(&wrong, stated("1921-03-02"), 1) };
    let stays = sighting(&good, stated("2021-03-05"), 0);
    let both = settled(&[out, stays]);
    let alone = settled(&[stays]);
    assert_eq!((&both.summary, both.published, both.updated), (&alone.summary, alone.published, alone.updated));
    assert_eq!(both.earlier, []);
    // Where it stands it stays: in the feeds of both sources and of its categories, and on the page that it has an
    // address on.
    assert_eq!(both.sources, [SourceNo(1), SourceNo(2)]);
    assert_eq!(both.categories, settled(&[out]).categories);
    assert_eq!(both.categories.len(), 1);
    assert_eq!(both.earliest, wrong.date);
    assert_eq!(settle(key(), key(), &[out, stays], &rules()).unwrap().shown_by, 1);
    // Nothing else tells of it, and it stays as well.
    assert_eq!(settled(&[out]), settled(&[Sighting { disregarded: false, ..out }]));
}

#[test]
fn a_text_that_stays_is_no_newer_when_the_first_page_that_said_it_is_disregarded() {
    let (before, after) = (said("The lake rises."), said("The lake falls."));
    let first = sighting(&after, stated("2021-03-14"), 0);
    let all = [sighting(&before, stated("2021-03-10"), 0), first, sighting(&after, stated("2021-03-20"), 0)];
    let less = [all[0], Sighting { disregarded: true, ..first }, all[2]];
    assert!(settled(&all).updated > settled(&all).published);
    assert_eq!(settled(&less), settled(&all));
}

proptest! {
    #[test]
    fn an_item_that_stays_is_the_item_that_would_be_settled(
        days in prop::collection::vec((0u8..6, any::<bool>(), 1u32..3), 2..8),
        date in prop_oneof![Just("2021-03-01"), Just("2021-12-01")],
        time in any::<bool>(),
    ) {
        let time = NaiveTime::from_hms_opt(2, 0, 0).filter(|_| time);
        let account = Account { time, ..account_of("Title", Some(date), Some("Text.")) };
        let make = |&(day, stated, source): &(u8, bool, u32)| Sighting {
            source: SourceNo(source),
            account: &account,
            captured: Captured {
                when: NaiveDate::from_ymd_opt(2021, 3, u32::from(day)).map(Moment::Day),
                stated: stated && day > 0,
            },
            version: 0,
            content: i64::from(day),
            language: LANGUAGES[usize::from(day) % 3],
            disregarded: false,
        };
        let all: Vec<_> = days.iter().map(make).collect();
        let (last, before) = all.split_last().unwrap();
        let item = settled(before);
        let (sources, language) = (item.sources.clone(), item.language.clone());
        let is_local = time.is_some();
        let agreed = Agreed { published: item.published.unwrap(), sources, language, is_local };
        if agreed.stays(key(), last.source, last.captured, last.language) {
            prop_assert_eq!(settled(&all), item);
        }
    }
}

fn any_sightings() -> impl Strategy<Value = Vec<(usize, u8, bool, u32, u32, i64)>> {
    prop::collection::vec((0usize..7, 0u8..6, any::<bool>(), 0u32..3, 1u32..3, 0i64..4), 1..12)
}

proptest! {
    /// Law 2.
    #[test]
    fn order_and_repetition_of_sightings_can_not_matter(recipe in any_sightings(), again in any_sightings()) {
        let accounts = [
            said("Ten came."), said("Twelve came."), said("Twelve came, and more"), said("Twelve came, and more."),
            account_of("“Title”", Some("2021-03-01"), Some("Ten came")), account_of("Title", Some("2021-03-01"), None),
            Account { credit: Text::new("Ann"), ..said("Ten came!") },
        ];
        let make = |&(account, day, stated, version, source, content): &(usize, u8, bool, u32, u32, i64)| Sighting {
            source: SourceNo(source),
            account: &accounts[account],
            captured: Captured {
                when: NaiveDate::from_ymd_opt(2021, 3, u32::from(day)).map(Moment::Day),
                stated: stated && day > 0,
            },
            version,
            content,
            language: LANGUAGES[content as usize % 3],
            disregarded: content == 3,
        };
        let forward: Vec<_> = recipe.iter().map(make).collect();
        let mut shuffled: Vec<_> = forward.iter().rev().copied().collect();
        shuffled.extend(again.iter().filter(|one| recipe.contains(one)).map(make));
        let items = |sightings: &[Sighting<'_>]| {
            let mut items: Vec<_> = split(Site::new(SITE), key(), sightings.to_vec())
                .iter()
                .map(|group| settle(group.id, key(), &group.sightings, &rules()).unwrap().item)
                .collect();
            items.sort_by_key(|item| item.id);
            items
        };
        prop_assert_eq!(items(&forward), items(&shuffled));
    }
}
