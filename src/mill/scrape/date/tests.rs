use super::*;

fn shown(line: &str, settled: Settled) -> String {
    let Some(printed) = whole(line, Lexicon::of(None)) else { return "text".to_owned() };
    let grade = printed.grade(settled);
    let (read, reason) = printed.settle(settled);
    let mut shown = read.day.map_or_else(|| format!("{grade:?}"), |day| day.to_string());
    if let Some(end) = read.end {
        shown += &format!("..{end}");
    }
    if let Some(time) = read.time {
        shown += &format!(" {time}");
    }
    if let Some(place) = read.place {
        shown += &format!(" in {place}");
    }
    if let Some(kicker) = printed.kicker {
        shown += &format!(" / {kicker}");
    }
    assert!(read.day.is_some() || reason.is_some(), "{line}: a missing day has a reason");
    shown
}

#[test]
fn dates_are_read_as_pages_print_them() {
    for (line, wanted) in [
        ("15 June 2020", "2020-06-15"),
        ("05 June 2020", "2020-06-05"),
        ("15 JUNE 2020", "2020-06-15"),
        ("15\u{A0}June\u{A0}2020", "2020-06-15"),
        ("June 15, 2020", "2020-06-15"),
        ("June 15 2020", "2020-06-15"),
        ("15 Jun. 2020", "2020-06-15"),
        ("Sept. 3, 2020", "2020-09-03"),
        ("15-Jun-2020", "2020-06-15"),
        ("15th June 2020", "2020-06-15"),
        ("15th of June, 2020", "2020-06-15"),
        ("June 1st, 2020", "2020-06-01"),
        ("12. June 2018", "2018-06-12"),
        ("15 June 2020.", "2020-06-15"),
        ("Monday, 15 June 2020", "2020-06-15"),
        ("Mon 15 Jun 2020", "2020-06-15"),
        ("Wednesday, December 29, 2010", "2010-12-29"),
        ("15 June 2020, Monday", "2020-06-15"),
        ("2020-06-15", "2020-06-15"),
        ("2020/06/15", "2020-06-15"),
        ("2020.6.15", "2020-06-15"),
        ("15.06.2020", "2020-06-15"),
        ("15/06/2020", "2020-06-15"),
        ("06/15/2020", "2020-06-15"),
        ("05/05/2020", "2020-05-05"),
        ("１５ June ２０２０", "2020-06-15"),
        ("١٥ June 2020", "2020-06-15"),
        // Ranges: the first day, and the end.
        ("8 - 10 September 2008", "2008-09-08..2008-09-10"),
        ("8-10 September 2008", "2008-09-08..2008-09-10"),
        ("8 to 10 September 2008", "2008-09-08..2008-09-10"),
        ("8th – 10th September 2008", "2008-09-08..2008-09-10"),
        ("September 8 - 10, 2008", "2008-09-08..2008-09-10"),
        ("September 28 – October 2, 2008", "2008-09-28..2008-10-02"),
        ("28 September - 2 October 2008", "2008-09-28..2008-10-02"),
        ("30 December - 2 January 2020", "2019-12-30..2020-01-02"),
        ("30 December 2019 - 2 January 2020", "2019-12-30..2020-01-02"),
        ("2008-09-08 - 2008-09-10", "2008-09-08..2008-09-10"),
        ("15 June 2020 – 15 June 2020", "2020-06-15"),
        ("10 - 8 September 2008", "Broken"),
        // Times and zones.
        ("15 June 2020, 14:30", "2020-06-15 14:30:00"),
        ("15 June 2020 at 2:30 pm", "2020-06-15 14:30:00"),
        ("15 June 2020 - 12:05 a.m.", "2020-06-15 00:05:00"),
        ("15 June 2020 2 pm (MSK)", "2020-06-15 14:00:00"),
        ("14:30, 15 June 2020", "2020-06-15 14:30:00"),
        ("2020-06-15T14:30:05Z", "2020-06-15 14:30:05"),
        ("2020-06-15T14:30:05.123+03:00", "2020-06-15 14:30:05"),
        ("15 June 2020 14:30 GMT+3", "2020-06-15 14:30:00"),
        ("2020-06-30T23:59:60Z", "2020-06-30 23:59:59"),
        ("2020-06-15T25:61:61Z", "Broken"),
        ("15 June 2020 00:00 -2359", "Broken"),
        // A place or a kicker behind it.
        ("15 June 2020, Geneva", "2020-06-15 in Geneva"),
        ("15 June 2020, Isle of Man", "2020-06-15 in Isle of Man"),
        ("8 - 10 June 2020, New York, USA", "2020-06-08..2020-06-10 in New York, USA"),
        ("29 May 2020 News release", "2020-05-29 / News release"),
        // No calendar has these, or not in our time.
        ("31 February 2020", "Broken"),
        ("29 February 2021", "Broken"),
        ("29 February 2020", "2020-02-29"),
        ("00 January 2020", "Broken"),
        ("32 January 2020", "Broken"),
        ("30 February", "Broken"),
        ("1 January 0001", "Broken"),
        ("31 December 9999", "Broken"),
        ("1 January 10000", "Broken"),
        ("1 January 1899", "Broken"),
        ("31 December 2199", "2199-12-31"),
        ("99999999999999999999 June 2020", "Broken"),
        ("15 June 99999999999999999999", "Broken"),
        ("15 June 20", "Broken"),
        ("2020-13-01", "Broken"),
        // What the file has to say first.
        ("16 November, 02:00", "Partial 02:00:00"),
        ("November 16", "Partial"),
        ("04/07/2020", "Partial"),
        // Text.
        ("On 15 June 2020", "text"),
        ("15 June 2020, the ministers met", "text"),
        ("15 June 2020 the ministers met", "text"),
        ("15 June 2020, Ministers met in Moscow", "text"),
        ("15 June 2020 // The school is under review", "text"),
        ("15 Smarch 2020", "text"),
        ("May 9, Victory Day", "text"),
        ("June 2020", "text"),
        ("2020", "text"),
        ("187 member states", "text"),
        ("1. June in the village", "text"),
        ("3 to 5 of the members", "text"),
        ("March of the weavers 2020", "text"),
        ("14:30", "text"),
        ("1/2", "text"),
        ("", "text"),
    ] {
        assert_eq!(shown(line, Settled::default()), wanted, "{line}");
    }
}

#[test]
fn an_order_of_numbers_settles_what_is_ambiguous_and_nothing_else() {
    let settled = |order| Settled { order: Some(order), ..Settled::default() };
    assert_eq!(shown("04/07/2020", settled(DateOrder::Dmy)), "2020-07-04");
    assert_eq!(shown("04/07/2020", settled(DateOrder::Mdy)), "2020-04-07");
    assert_eq!(shown("15/06/2020", settled(DateOrder::Mdy)), "2020-06-15");
    assert_eq!(shown("04/07/2020", settled(DateOrder::Ymd)), "Partial");
}

#[test]
fn a_missing_year_is_the_one_nearest_to_the_capture() {
    let captured =
        |year, month, day| Settled { captured: NaiveDate::from_ymd_opt(year, month, day), ..Settled::default() };
    assert_eq!(shown("30 December", captured(2021, 1, 3)), "2020-12-30");
    assert_eq!(shown("3 January", captured(2020, 12, 30)), "2021-01-03");
    assert_eq!(shown("16 November, 02:00", captured(2020, 11, 20)), "2020-11-16 02:00:00");
    // More than half a year ahead is the year before, and a leap day comes when it comes.
    assert_eq!(shown("1 December", captured(2020, 5, 1)), "2019-12-01");
    assert_eq!(shown("29 February", captured(2022, 6, 1)), "Partial");
    assert_eq!(shown("30 December - 2 January", captured(2021, 1, 10)), "2020-12-30..2021-01-02");
    let read = whole("3 January", Lexicon::of(None)).unwrap().settle(captured(2020, 12, 30)).0;
    assert!(read.year_inferred);
}
