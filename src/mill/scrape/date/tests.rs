use proptest::prelude::*;

use super::*;
use crate::mill::scrape::language::{choose, month_names, tags};

fn shown(line: &str, settled: Settled) -> String {
    shown_in("en", line, settled)
}

fn shown_in(tag: &str, line: &str, settled: Settled) -> String {
    let Some(printed) = whole(line, Lexicon::of(Some(tag))) else { return "text".to_owned() };
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
        ("15 June 2020, updated 28 June 2020", "2020-06-15"),
        ("15 June 2020 (last updated: 28 June 2020)", "2020-06-15"),
        ("Published: 15 June 2020 14:30 | Updated: 28 June 2020", "2020-06-15 14:30:00"),
        ("Updated: 28 June 2020 | Published: 15 June 2020", "2020-06-15"),
        ("Posted on June 15, 2020June 28, 2020 by Ann", "2020-06-15"),
        ("Posted on 15 June 2020 by admin in News", "2020-06-15"),
        ("15 June 2020 in News", "text"),
        ("Updated: 28 June 2020", "text"),
        ("Published 15 June 2020 · Council names mayor, Dun", "text"),
        ("Published 15 June 2020 · The mole is shut, and the ferry waits", "text"),
        ("15 June 2020 · Press release from Ann Field, Tom Aske, Harbour Office", "text"),
        ("15 June 2020 · 3 min read", "2020-06-15"),
        ("June 15, 2020 · 7 min · Ann Field", "2020-06-15"),
        ("June 15, 2020 · 7 min · how ropes are made", "text"),
        ("109-06-15", "2020-06-15"),
        ("109/06/15", "2020-06-15"),
        ("109-6-15", "text"),
        ("109.06.15", "text"),
        ("Mon 15 June 2020, 18.30", "2020-06-15 18:30:00"),
        ("Mon 15 June 2020, 13.15–14.00", "2020-06-15 13:15:00"),
        ("15 June 2020, 11.00 and 14.00", "2020-06-15 11:00:00"),
        ("Today, 15 June 2020", "2020-06-15"),
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
        ("September 8/9, 2008", "2008-09-08..2008-09-09"),
        ("September 9/8, 2008", "text"),
        ("September 8/9", "text"),
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
        // Words that lead on are neither.
        ("29 May 2020 Read more", "2020-05-29"),
        ("29 May 2020 Read more →", "2020-05-29"),
        ("29 May 2020 More »", "2020-05-29"),
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

/// 15 June 2020, a Monday, as each language prints it: in words of either case, with its weekday, short, in numbers.
#[rustfmt::skip]
const THE_DAY: &[(&str, &[&str])] = &[
    ("en", &["15 June 2020", "June 15, 2020", "15 Jun 2020", "Monday, 15th of June, 2020", "15 JUNE 2020"]),
    ("de", &["15. Juni 2020", "Montag, 15. Juni 2020", "15.06.2020", "15. Jun. 2020", "Mo., 15.6.2020", "Am 15. Juni 2020"]),
    ("fr", &["15 juin 2020", "lundi 15 juin 2020", "le 15 juin 2020", "15/06/2020", "15 JUIN 2020"]),
    ("es", &["15 de junio de 2020", "lunes, 15 de junio de 2020", "15 jun. 2020", "15/06/2020", "El 15 de junio del 2020", "Junio 15, 2020"]),
    ("pt", &["15 de junho de 2020", "segunda-feira, 15 de junho de 2020", "15 jun 2020", "15/06/2020", "15 de Junho, 2020"]),
    ("it", &["15 giugno 2020", "lunedì 15 giugno 2020", "15 giu 2020", "15/06/2020", "il 15 giugno 2020"]),
    ("nl", &["15 juni 2020", "maandag 15 juni 2020", "15 jun. 2020", "15-06-2020"]),
    ("ru", &["15 июня 2020 г.", "понедельник, 15 июня 2020", "Июнь 15, 2020", "15 июн 2020", "15.06.2020", "15 июня 2020 года", "15-го июня 2020"]),
    ("tr", &["15 Haziran 2020", "15 Haziran 2020 Pazartesi", "15 Haz 2020", "15.06.2020", "15 HAZİRAN 2020"]),
    ("pl", &["15 czerwca 2020", "poniedziałek, 15 czerwca 2020 r.", "15 cze 2020", "15.06.2020", "15 czerwiec 2020", "dnia 15 czerwca 2020 roku"]),
    ("uk", &["15 червня 2020", "понеділок, 15 червня 2020 р.", "15 чер 2020", "15.06.2020", "15 червень 2020"]),
    ("cs", &["15. června 2020", "pondělí 15. června 2020", "15. 6. 2020", "15.06.2020", "15. červen 2020"]),
    ("sk", &["15. júna 2020", "pondelok 15. júna 2020", "15. 6. 2020", "15. jún 2020"]),
    ("sl", &["15. junija 2020", "ponedeljek, 15. junij 2020", "15. 6. 2020", "15. jun. 2020"]),
    ("hr", &["15. lipnja 2020.", "ponedjeljak, 15. lipnja 2020.", "15. 6. 2020.", "15. lip 2020.", "15. lipanj 2020."]),
    ("bs", &["15. juna 2020.", "ponedjeljak, 15. juni 2020.", "15.06.2020.", "15. jun 2020."]),
    ("sr", &["15. јуна 2020.", "понедељак, 15. јун 2020. године", "15.06.2020.", "15. juna 2020.", "15. jun 2020. god."]),
    ("mk", &["15 јуни 2020", "понеделник, 15 јуни 2020 г.", "15.06.2020", "15 јун 2020"]),
    ("bg", &["15 юни 2020 г.", "понеделник, 15 юни 2020", "15.06.2020 г.", "15 юни 2020 година"]),
    ("be", &["15 чэрвеня 2020", "панядзелак, 15 чэрвеня 2020 г.", "15 чэр 2020", "15.06.2020", "15 чэрвень 2020"]),
    ("ro", &["15 iunie 2020", "luni, 15 iunie 2020", "15 iun. 2020", "15.06.2020"]),
    ("el", &["15 Ιουνίου 2020", "Δευτέρα, 15 Ιουνίου 2020", "15 Ιουν 2020", "15/06/2020", "15 Ιούνιος 2020", "15 ΙΟΥΝΙΟΥ 2020"]),
    ("hu", &["2020. június 15.", "2020. június 15., hétfő", "2020. jún. 15.", "2020.06.15.", "2020. 06. 15.", "2020. június 15-én"]),
    ("sv", &["15 juni 2020", "måndag 15 juni 2020", "den 15 juni 2020", "2020-06-15", "15 jun 2020", "den 15:e juni 2020"]),
    ("nb", &["15. juni 2020", "mandag 15. juni 2020", "15.06.2020", "15. jun. 2020"]),
    ("nn", &["15. juni 2020", "måndag 15. juni 2020", "15.06.2020", "15. jun. 2020"]),
    ("da", &["15. juni 2020", "mandag den 15. juni 2020", "15.06.2020", "15. jun 2020", "den 15. juni 2020"]),
    ("fi", &["15. kesäkuuta 2020", "maanantai 15. kesäkuuta 2020", "15.6.2020", "15. kesäkuu 2020", "ma 15.6.2020"]),
    ("et", &["15. juuni 2020", "esmaspäev, 15. juuni 2020", "15.06.2020", "E, 15. juuni 2020"]),
    ("lv", &["2020. gada 15. jūnijs", "pirmdiena, 2020. gada 15. jūnijs", "15.06.2020", "15. jūnijs, 2020", "2020. gada 15. jūnijā"]),
    ("lt", &["2020 m. birželio 15 d.", "2020 m. birželio 15 d., pirmadienis", "2020-06-15", "birželio 15, 2020", "2020 birželio 15"]),
    ("is", &["15. júní 2020", "mánudagur, 15. júní 2020", "15.06.2020", "15. jún. 2020"]),
    ("ca", &["15 de juny de 2020", "dilluns, 15 de juny de 2020", "15/06/2020", "15 juny 2020", "15 de juny del 2020"]),
    ("gl", &["15 de xuño de 2020", "luns, 15 de xuño de 2020", "15/06/2020", "15 xuñ 2020"]),
    ("eu", &["2020ko ekainaren 15a", "2020ko ekainak 15", "2020/06/15", "astelehena, 2020ko ekainaren 15a", "2020 eka 15"]),
    ("sq", &["15 qershor 2020", "e hënë, 15 qershor 2020", "15.06.2020", "15 Qer 2020"]),
    ("ga", &["15 Meitheamh 2020", "Dé Luain 15 Meitheamh 2020", "15/06/2020", "15 Meith 2020"]),
    ("cy", &["15 Mehefin 2020", "Dydd Llun 15 Mehefin 2020", "15/06/2020", "15 Meh 2020"]),
    ("mt", &["15 ta' Ġunju 2020", "It-Tnejn, 15 ta’ Ġunju 2020", "15/06/2020", "15 Ġun 2020"]),
    ("lb", &["15. Juni 2020", "Méindeg, 15. Juni 2020", "15.06.2020", "15. Jun 2020"]),
    ("af", &["15 Junie 2020", "Maandag 15 Junie 2020", "2020-06-15", "15 Jun 2020"]),
    ("eo", &["15-a de junio 2020", "lundo, 15-a de junio 2020", "2020-06-15", "15 Jun 2020"]),
    ("ja", &["2020年6月15日", "2020年6月15日（月）", "2020年6月15日月曜日", "2020/06/15", "2020.6.15", "令和2年6月15日", "２０２０年６月１５日"]),
    ("zh", &["2020年6月15日", "2020年06月15日 星期一", "2020-06-15", "二〇二〇年六月十五日", "2020年6月15日（週一）", "民國109年6月15日"]),
    ("ko", &["2020년 6월 15일", "2020년 6월 15일 월요일", "2020. 6. 15.", "2020.06.15", "2020년 6월 15일 (월)", "2020. 06. 15. (월)"]),
    ("ar", &["15 يونيو 2020", "الاثنين 15 يونيو 2020", "15/06/2020", "١٥ يونيو ٢٠٢٠", "15 حزيران 2020", "الاثنين، 15 حزيران 2020", "15 جوان 2020"]),
    ("fa", &["15 ژوئن 2020", "دوشنبه ۱۵ ژوئن ۲۰۲۰", "2020/06/15", "۱۵ ژوئن ۲۰۲۰"]),
    ("he", &["15 ביוני 2020", "יום שני, 15 ביוני 2020", "15/06/2020", "15 יוני 2020", "15.06.2020"]),
    ("ur", &["15 جون 2020", "پیر 15 جون 2020", "15/06/2020", "۱۵ جون ۲۰۲۰ء"]),
    ("hi", &["15 जून 2020", "सोमवार, 15 जून 2020", "15/06/2020", "१५ जून २०२०"]),
    ("bn", &["15 জুন 2020", "সোমবার, ১৫ জুন ২০২০", "১৫ জুন, ২০২০", "15/06/2020"]),
    ("mr", &["15 जून 2020", "सोमवार, १५ जून २०२०", "15/06/2020"]),
    ("ne", &["15 जुन 2020", "सोमबार, १५ जुन २०२०", "2020-06-15"]),
    ("gu", &["15 જૂન 2020", "સોમવાર, 15 જૂન 2020", "૧૫ જૂન ૨૦૨૦"]),
    ("ta", &["15 ஜூன் 2020", "திங்கள், 15 ஜூன் 2020", "15/06/2020"]),
    ("te", &["15 జూన్ 2020", "సోమవారం, 15 జూన్ 2020", "15/06/2020"]),
    ("th", &["15 มิถุนายน 2563", "วันจันทร์ที่ 15 มิถุนายน 2563", "15 มิ.ย. 2563", "15/06/2563", "๑๕ มิถุนายน ๒๕๖๓", "15 มิถุนายน พ.ศ. 2563", "15 June 2020"]),
    ("vi", &["15 tháng 6, 2020", "Thứ hai, 15/06/2020", "ngày 15 tháng 6 năm 2020", "15/06/2020", "15 tháng Sáu 2020", "Thứ Hai, ngày 15 tháng 6 năm 2020"]),
    ("id", &["15 Juni 2020", "Senin, 15 Juni 2020", "15/06/2020", "15 Jun 2020"]),
    ("ms", &["15 Jun 2020", "Isnin, 15 Jun 2020", "15/06/2020", "15 JUN 2020"]),
    ("fil", &["Hunyo 15, 2020", "Lunes, Hunyo 15, 2020", "15 Hun 2020", "ika-15 ng Hunyo 2020", "ika-15 ng Hunyo, 2020"]),
    ("sw", &["15 Juni 2020", "Jumatatu, 15 Juni 2020", "15/06/2020", "15 Jun 2020", "Tarehe 15 Juni 2020"]),
    ("kk", &["2020 жылғы 15 маусым", "15 маусым 2020 ж.", "15.06.2020", "15 мау 2020", "дүйсенбі, 15 маусым 2020"]),
    ("ky", &["2020-жыл, 15-июнь", "15-июнь, 2020", "15.06.2020", "2020-жылдын 15-июнь", "15 июн 2020"]),
    ("uz", &["2020-yil 15-iyun", "15 iyun 2020", "15.06.2020", "15-iyun, 2020", "15 июн 2020", "2020 йил 15 июн"]),
    ("az", &["15 iyun 2020", "15 iyun 2020-ci il", "15.06.2020", "bazar ertəsi, 15 iyun 2020", "15 İYUN 2020"]),
    ("tk", &["15 iýun 2020", "duşenbe, 15 iýun 2020", "15.06.2020", "2020-nji ýylyň 15-nji iýuny"]),
    ("tg", &["15 июни 2020", "душанбе, 15 июни соли 2020", "15.06.2020", "15 июн 2020"]),
    ("tt", &["15 июнь 2020", "дүшәмбе, 15 июнь 2020 ел", "15.06.2020", "2020 елның 15 июнь"]),
    ("mn", &["2020 оны 6-р сарын 15", "2020 оны 06 сарын 15", "2020-06-15", "2020 оны зургаадугаар сарын 15", "2020 оны 6-р сарын 15-ны өдөр"]),
    ("ka", &["15 ივნისი 2020", "ორშაბათი, 15 ივნისი, 2020", "15.06.2020", "15 ივნ 2020", "2020 წლის 15 ივნისი"]),
    ("hy", &["15 հունիսի 2020", "երկուշաբթի, 15 հունիսի, 2020", "15.06.2020", "15 հունիս 2020", "2020 թ. հունիսի 15", "հունիսի 15, 2020"]),
];

#[test]
fn every_language_prints_the_day_in_its_own_ways() {
    let mut wrong = Vec::new();
    for (tag, lines) in THE_DAY {
        for line in *lines {
            let read = whole(line, Lexicon::of(Some(tag))).map(|printed| printed.settle(Settled::default()).0);
            let day = read.and_then(|read| read.day.filter(|_| read.place.is_none()));
            if day != NaiveDate::from_ymd_opt(2020, 6, 15) {
                wrong.push(format!("{tag}: {line}: {day:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(THE_DAY.len(), tags().count());
}

/// What pages print: the language, the line, and how it reads. `Partial` has no day yet, `Broken` never will.
#[rustfmt::skip]
const ODD: &[(&str, &str, &str)] = &[
    ("en", "Published: 15 June 2020", "2020-06-15"),
    ("en", "Posted on June 15, 2020", "2020-06-15"),
    ("en", "Posted on June 15, 2020 at 2:30 pm", "2020-06-15 14:30:00"),
    ("fr", "Publié le 12 mai 2021 - Voirie", "2021-05-12 / Voirie"),
    ("en", "Date: 15 June 2020", "2020-06-15"),
    ("en", "(15 June 2020)", "2020-06-15"),
    ("en", "[June 15, 2020]", "2020-06-15"),
    ("en", "15 June 2020 (Monday)", "2020-06-15"),
    ("en", "Mon., June 15, 2020", "2020-06-15"),
    ("en", "Jun-15-2020", "2020-06-15"),
    ("en", "15/Jun/2020", "2020-06-15"),
    ("en", "15.Jun.2020", "2020-06-15"),
    ("en", "2020 June 15", "2020-06-15"),
    ("en", "2020-Jun-15", "2020-06-15"),
    ("en", "From 8 to 10 June 2020", "2020-06-08..2020-06-10"),
    ("en", "June 8th - June 10th, 2020", "2020-06-08..2020-06-10"),
    ("en", "8 June–10 July 2020", "2020-06-08..2020-07-10"),
    ("en", "Mon 8 - Wed 10 June 2020", "2020-06-08..2020-06-10"),
    ("en", "15 June 2020, 14.30", "2020-06-15 14:30:00"),
    ("en", "15 June 2020, 2.30pm", "2020-06-15 14:30:00"),
    ("en", "15 June 2020 | 14:30", "2020-06-15 14:30:00"),
    ("en", "15 June 2020 • 14:30", "2020-06-15 14:30:00"),
    ("en", "15 June 2020 14:30:05 EST", "2020-06-15 14:30:05"),
    ("en", "15 June 2020 14:30 (UTC+03:00)", "text"),
    ("en", "15 June 2020, 14h30", "2020-06-15 14:30:00"),
    ("en", "15 June 2020, 13:00 am", "Broken"),
    ("en", "15 June '20", "Broken"),
    ("en", "15 Jun 20", "Broken"),
    ("en", "06/15/20", "Partial"),
    ("en", "15/06/20", "Partial"),
    ("en", "99/12/31", "Partial"),
    ("en", "15 / 06 / 2020", "2020-06-15"),
    ("en", "15-06-2020", "2020-06-15"),
    ("en", "2020.06.15", "2020-06-15"),
    ("en", "2020-6-5", "2020-06-05"),
    ("en", "20200615", "text"),
    ("en", "15.06.2020 14:30", "2020-06-15 14:30:00"),
    ("en", "15 June 2020, Sun Valley", "2020-06-15 in Sun Valley"),
    ("en", "15 June 2020 Sun", "2020-06-15"),
    ("en", "15 June, Monday", "Partial"),
    ("en", "15th", "text"),
    ("en", "June", "text"),
    ("en", "Monday", "text"),
    ("en", "June 2020 - July 2020", "text"),
    ("en", "5 to 7 people were there in May 2020", "text"),
    ("en", "10 March of the machines 2020", "text"),
    ("en", "1 May be late", "text"),
    ("en", "2 Sat on a wall", "text"),
    ("en", "12 Days of Christmas", "text"),
    ("en", "10 Dec 2020 5 comments", "2020-12-10"),
    ("en", "2020 in review", "text"),
    ("en", "2020: a year", "text"),
    ("en", "24/7", "text"),
    ("en", "3-4-5", "text"),
    ("en", "1.2.3", "text"),
    ("en", "10:30", "text"),
    ("en", "15 June 2020 to date", "text"),
    ("en", "May 15 2020 be a better year", "text"),
    ("en", "March 8: International Day", "text"),
    ("en", "On 15 June 2020", "text"),
    ("en", "June 31, 2020", "Broken"),
    ("en", "0 June 2020", "Broken"),
    ("en", "15 June 1066", "Broken"),
    ("en", "15 June 2020 25:00", "Broken"),
    ("en", "15 Juni 2020", "text"),
    ("en", "15 juin 2020", "text"),
    ("en", "２０２０－０６－１５", "2020-06-15"),
    ("en", "2020年6月15日", "2020-06-15"),
    ("en", "2020년 6월 15일", "2020-06-15"),
    ("en", "١٥/٠٦/٢٠٢٠", "2020-06-15"),
    ("en", "\u{200f}15/06/2020", "2020-06-15"),
    ("en", "15\u{200e}/06\u{200e}/2020", "2020-06-15"),
    ("en", "15 June 2020", "2020-06-15"),
    ("de", "1. Mai 2020", "2020-05-01"),
    ("de", "1. Jänner 2020", "2020-01-01"),
    ("de", "3. Mrz. 2020", "2020-03-03"),
    ("de", "3. MÄRZ 2020", "2020-03-03"),
    ("de", "3. März 2020", "2020-03-03"),
    ("de", "8. bis 10. Juni 2020", "2020-06-08..2020-06-10"),
    ("de", "vom 8. bis 10. Juni 2020", "2020-06-08..2020-06-10"),
    ("de", "8.–10. Juni 2020", "2020-06-08..2020-06-10"),
    ("de", "08.06. – 10.06.2020", "2020-06-08..2020-06-10"),
    ("de", "08.–10.06.2020", "2020-06-08..2020-06-10"),
    ("de", "30. Dezember 2019 bis 2. Januar 2020", "2019-12-30..2020-01-02"),
    ("de", "15. Juni 2020, 14.30 Uhr", "2020-06-15 14:30:00"),
    ("de", "15. Juni 2020 um 14:30 Uhr", "2020-06-15 14:30:00"),
    ("de", "15. Juni 2020, 14 Uhr", "2020-06-15 14:00:00"),
    ("de", "Montag, den 15. Juni 2020", "2020-06-15"),
    ("de", "Mo, 15.06.2020", "2020-06-15"),
    ("de", "15. Juni 2020, Frankfurt am Main", "2020-06-15 in Frankfurt am Main"),
    ("de", "15. Juni", "Partial"),
    ("de", "15. Juni 2020 Pressemitteilung", "2020-06-15 / Pressemitteilung"),
    ("de", "Veröffentlicht am 15. Juni 2020", "2020-06-15"),
    ("de", "Am 15. Juni wird gefeiert", "text"),
    ("de", "15. Jahrestag 2020", "text"),
    ("de", "June 15, 2020", "2020-06-15"),
    ("fr", "1er juin 2020", "2020-06-01"),
    ("fr", "Le 1er mai 2020", "2020-05-01"),
    ("fr", "1ᵉʳ juin 2020", "2020-06-01"),
    ("fr", "15 fevrier 2020", "2020-02-15"),
    ("fr", "15 AOUT 2020", "2020-08-15"),
    ("fr", "15 déc. 2020", "2020-12-15"),
    ("fr", "mar. 15 juin 2020", "2020-06-15"),
    ("fr", "du 8 au 10 juin 2020", "2020-06-08..2020-06-10"),
    ("fr", "8-10 juin 2020", "2020-06-08..2020-06-10"),
    ("fr", "8 juin au 10 juillet 2020", "2020-06-08..2020-07-10"),
    ("fr", "15 juin 2020 à 14h30", "2020-06-15 14:30:00"),
    ("fr", "15 juin 2020, 14 h 30", "2020-06-15 14:30:00"),
    ("fr", "15 juin 2020 14h", "2020-06-15 14:00:00"),
    ("fr", "Publié le 15 juin 2020", "2020-06-15"),
    ("fr", "Publié le : 15/06/2020", "2020-06-15"),
    ("fr", "15 juin 2020, Aix-en-Provence", "2020-06-15 in Aix-en-Provence"),
    ("fr", "15 juin", "Partial"),
    ("fr", "31 juin 2020", "Broken"),
    ("fr", "2 mars et demi", "text"),
    ("fr", "14 juillet, fête nationale", "text"),
    ("es", "1º de junio de 2020", "2020-06-01"),
    ("es", "15 de Junio, 2020", "2020-06-15"),
    ("es", "martes, 16 de junio de 2020", "2020-06-16"),
    ("es", "mar, 16 jun 2020", "2020-06-16"),
    ("es", "mar 16, 2020", "2020-03-16"),
    ("es", "16 mar 2020", "2020-03-16"),
    ("es", "del 8 al 10 de junio de 2020", "2020-06-08..2020-06-10"),
    ("es", "8 y 9 de junio de 2020", "2020-06-08..2020-06-09"),
    ("es", "30 de diciembre de 2019 al 2 de enero de 2020", "2019-12-30..2020-01-02"),
    ("es", "15 de setiembre de 2020", "2020-09-15"),
    ("es", "15 de junio de 2020 a las 14:30", "2020-06-15 14:30:00"),
    ("es", "15 de junio de 2020, 2:30 p. m.", "2020-06-15 14:30:00"),
    ("es", "15 de junio de 2020 - 14:30 h", "2020-06-15 14:30:00"),
    ("es", "15 de junio de 2020 - 14:30 hrs.", "2020-06-15 14:30:00"),
    ("es", "15 de junio", "Partial"),
    ("ca", "de gener 15, 2020", "2020-01-15"),
    ("pt", "1.º de junho de 2020", "2020-06-01"),
    ("pt", "1º de março de 2020", "2020-03-01"),
    ("pt", "15 de junho de 2020 às 14h30", "2020-06-15 14:30:00"),
    ("pt", "8 a 10 de junho de 2020", "2020-06-08..2020-06-10"),
    ("pt", "ter, 16 de jun de 2020", "2020-06-16"),
    ("it", "1° giugno 2020", "2020-06-01"),
    ("it", "dall'8 al 10 giugno 2020", "2020-06-08..2020-06-10"),
    ("it", "15 giugno 2020, ore 14.30", "2020-06-15 14:30:00"),
    ("it", "15 giugno 2020 alle 14:30", "2020-06-15 14:30:00"),
    ("nl", "8 t/m 10 juni 2020", "2020-06-08..2020-06-10"),
    ("nl", "8 tot 10 juni 2020", "2020-06-08..2020-06-10"),
    ("nl", "15 juni 2020 om 14.30 uur", "2020-06-15 14:30:00"),
    ("ru", "15 июня 2020 г., 14:30", "2020-06-15 14:30:00"),
    ("ru", "15 июня 2020 в 14:30", "2020-06-15 14:30:00"),
    ("ru", "15 июня, 14:30", "Partial 14:30:00"),
    ("ru", "15 ИЮНЯ 2020", "2020-06-15"),
    ("ru", "с 8 по 10 июня 2020 года", "2020-06-08..2020-06-10"),
    ("ru", "8—10 июня 2020 г.", "2020-06-08..2020-06-10"),
    ("ru", "30 декабря 2019 – 2 января 2020", "2019-12-30..2020-01-02"),
    ("ru", "пн, 15 июн. 2020", "2020-06-15"),
    ("ru", "15.06.2020 г.", "2020-06-15"),
    ("ru", "15 июня 2020 г., Москва", "2020-06-15 in Москва"),
    ("ru", "Опубликовано: 15.06.2020", "2020-06-15"),
    ("ru", "15 июня 2020 г. прошла встреча", "text"),
    ("ru", "8 марта — праздник", "text"),
    ("ru", "31 июня 2020", "Broken"),
    ("uk", "15 червня 2020 р., 14:30", "2020-06-15 14:30:00"),
    ("pl", "15 czerwca 2020 r., godz. 14:30", "2020-06-15 14:30:00"),
    ("pl", "8-10 czerwca 2020", "2020-06-08..2020-06-10"),
    ("pl", "od 8 do 10 czerwca 2020", "2020-06-08..2020-06-10"),
    ("pl", "3 listopada 2020", "2020-11-03"),
    ("hr", "3. listopada 2020.", "2020-10-03"),
    ("cs", "8.–10. června 2020", "2020-06-08..2020-06-10"),
    ("cs", "3. září 2020 v 14.30", "2020-09-03 14:30:00"),
    ("tr", "8-10 Haziran 2020", "2020-06-08..2020-06-10"),
    ("tr", "15 Kasım 2020", "2020-11-15"),
    ("tr", "15 KASIM 2020", "2020-11-15"),
    ("tr", "15 Agustos 2020", "2020-08-15"),
    ("tr", "15 Haziran 2020, saat 14:30", "2020-06-15 14:30:00"),
    ("hu", "2020. június 8–10.", "2020-06-08..2020-06-10"),
    ("hu", "2020. június 15. 14:30", "2020-06-15 14:30:00"),
    ("sv", "8–10 juni 2020", "2020-06-08..2020-06-10"),
    ("sv", "15 juni 2020 kl. 14.30", "2020-06-15 14:30:00"),
    ("fi", "15.6.2020 klo 14.30", "2020-06-15 14:30:00"),
    ("fi", "8.–10.6.2020", "2020-06-08..2020-06-10"),
    ("da", "1. maj 2020", "2020-05-01"),
    ("lt", "2020 m. birželio 8–10 d.", "2020-06-08..2020-06-10"),
    ("ja", "2020年6月8日～10日", "2020-06-08..2020-06-10"),
    ("ja", "2020年6月30日～7月2日", "2020-06-30..2020-07-02"),
    ("ja", "2020年6月15日 14時30分", "2020-06-15 14:30:00"),
    ("ja", "2020年6月15日(月) 午後2時30分", "2020-06-15 14:30:00"),
    ("ja", "6月15日", "Partial"),
    ("ja", "平成31年4月30日", "2019-04-30"),
    ("ja", "令和元年5月1日", "2019-05-01"),
    ("ja", "令和99999999年5月1日", "text"),
    ("ja", "2020年13月1日", "Broken"),
    ("ja", "20年6月15日", "Broken"),
    ("zh", "2020年6月15日 14:30", "2020-06-15 14:30:00"),
    ("zh", "2020年6月15日 下午2:30", "2020-06-15 14:30:00"),
    ("zh", "发布时间：2020-06-15", "2020-06-15"),
    ("zh", "2020年6月8日至10日", "2020-06-08..2020-06-10"),
    ("ko", "2020년 6월 15일 오후 2시 30분", "2020-06-15 14:30:00"),
    ("ko", "2020.06.15 14:30", "2020-06-15 14:30:00"),
    ("ko", "등록일 2020.06.15", "2020-06-15"),
    ("ar", "15 كانون الثاني 2020", "2020-01-15"),
    ("ar", "15 تشرين الأول 2020", "2020-10-15"),
    ("ar", "15 ابريل 2020", "2020-04-15"),
    ("ar", "١٥ رمضان ١٤٤١", "Partial"),
    ("fa", "۲۶ خرداد ۱۳۹۹", "Partial"),
    ("he", "י\"ד בסיוון תש\"פ", "text"),
    ("he", "15 בסיוון 5780", "Partial"),
    ("th", "15 มิถุนายน 2563 เวลา 14.30 น.", "2020-06-15 14:30:00"),
    ("th", "15 มิถุนายน 63", "Broken"),
    ("th", "15 มิถุนายน 2400", "Broken"),
    ("vi", "Thứ sáu, 15/6/2020, 14:30", "2020-06-15 14:30:00"),
    ("en", "15/06/2563", "Broken"),
];

/// What browsers and publishing systems print (CLDR, the formats `medium`, `long` and `full`), where it differs from
/// what people write.
#[test]
fn days_as_the_locale_data_of_browsers_prints_them() {
    for (tag, line, expected) in [
        ("cs", "15. čvn 2020", "2020-06-15"),
        ("lv", "2020. gada 25. janv.", "2020-01-25"),
        ("lv", "2021. gada 8. febr.", "2021-02-08"),
        ("sq", "23 korr 2020", "2020-07-23"),
        ("sq", "9 gush 2020", "2020-08-09"),
        ("cy", "3 Chwef 2020", "2020-02-03"),
        ("cy", "3 Gorff 2020", "2020-07-03"),
        ("cy", "3 Rhag 2020", "2020-12-03"),
        ("ms", "14 Ogo 2020", "2020-08-14"),
        ("hy", "2020 թ. փտվ 10", "2020-02-10"),
        ("hy", "2021 թ. մրտ 2", "2021-03-02"),
        ("hy", "2020 թ. մյս 5", "2020-05-05"),
        ("hi", "18 जन॰ 2021", "2021-01-18"),
        ("hi", "28 फ़र॰ 2020", "2020-02-28"),
        ("hi", "4 अक्टू॰ 2020", "2020-10-04"),
        ("bn", "18 এপ্রি, 2020", "2020-04-18"),
        ("bn", "11 নভে, 2020", "2020-11-11"),
        ("he", "27 בפבר׳ 2021", "2021-02-27"),
        ("he", "16 בדצמ' 2020", "2020-12-16"),
        ("he", "2 ספט׳ 2020", "2020-09-02"),
        ("nn", "søndag 24. januar 2021", "2021-01-24"),
        ("az", "Bazar, 20 sentyabr 2020", "2020-09-20"),
        ("ky", "2020-ж., 26-окт., дүй.", "2020-10-26"),
        ("eu", "2021(e)ko maiatzaren 13(a)", "2021-05-13"),
        ("eu", "2020(e)ko aza. 15(a)", "2020-11-15"),
        ("eu", "2020(e)ko urriaren 25(a), igandea", "2020-10-25"),
        ("te", "16, మార్చి 2021, మంగళవారం", "2021-03-16"),
        ("mn", "2020 оны арван хоёрдугаар сарын 17, пүрэв гараг", "2020-12-17"),
        ("en", "25, March 2021", "text"),
        ("fr", "12, juin 2020", "text"),
        ("hr", "12. ožujka 2024. 10:12", "2024-03-12 10:12:00"),
        ("bs", "13. maj 2021., 09:10", "2021-05-13 09:10:00"),
        ("hr", "12. ožujka 2024. 10:12 sati i više", "text"),
        ("da", "28. apr. 2021 00.05.52", "2021-04-28 00:05:52"),
        ("da", "08.03.2021 07.49", "2021-03-08 07:49:00"),
        ("fi", "1.4.2021 7.11", "2021-04-01 07:11:00"),
        ("id", "26 Mar 2021 20.34.43", "2021-03-26 20:34:43"),
        ("en", "26 Mar 2021 20.34.43", "text"),
        ("en", "26 March 2021 1.10", "text"),
        ("eu", "2021(e)ko ots. 27(a) (11:26:01)", "2021-02-27 11:26:01"),
        ("en", "15 June 2020 (14:30)", "2020-06-15 14:30:00"),
        ("en", "15 June 2020 (14)", "text"),
        ("eu", "21/5/2 (03:41)", "text"),
        ("eu", "20/12/23 (22:35)", "text"),
        ("da", "15.01.2021 – 10.12", "text"),
        ("da", "15.01.2021 7.30 åbner broen", "text"),
        ("sq", "29 pri 2021, 6:25:56 p.d.", "2021-04-29 06:25:56"),
        ("sq", "2 mar 2021, 12:35 m.d.", "2021-03-02 12:35:00"),
        // A month that is a word as well, `letter`, is not read.
        ("uk", "Лист 2020", "text"),
        ("en", "2020(a) June", "text"),
        ("en", "12, rue de Mars 2020", "text"),
    ] {
        assert_eq!(shown_in(tag, line, Settled::default()), expected, "{tag}: {line}");
    }
}

#[test]
fn odd_dates_are_read_or_refused_and_never_guessed() {
    let mut wrong = Vec::new();
    for (tag, line, wanted) in ODD {
        let read = shown_in(tag, line, Settled::default());
        if read != *wanted {
            wrong.push(format!("{tag}: {line}: {read}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_digits_are_a_year_where_the_file_makes_a_habit_of_it() {
    let read = |order: Option<DateOrder>, lines: &[&str]| {
        let lexicon = Lexicon::of(None);
        let dates: Vec<_> = lines.iter().map(|line| whole(line, lexicon).unwrap()).collect();
        let settled = Settled::of(&dates, &Terms { date_order: order, ..Terms::default() });
        let day = |date: &Printed<'_>| date.settle(settled).0.day.map_or("-".to_owned(), |day| day.to_string());
        dates.iter().map(day).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(read(None, &["15 Jun 20", "14 Jun 20"]), "2020-06-15 2020-06-14");
    assert_eq!(read(None, &["15 Jun 20", "14 Jun 2020", "13 Jun 2020"]), "- 2020-06-14 2020-06-13");
    assert_eq!(read(None, &["15 Jun 69", "14 Jun 70"]), "2069-06-15 1970-06-14");
    assert_eq!(read(None, &["15/06/20", "14/06/20", "1/06/20"]), "2020-06-15 2020-06-14 2020-06-01");
    assert_eq!(read(None, &["6/15/20", "6/14/20", "6/1/20"]), "- - -");
    assert_eq!(read(None, &["06/15/20", "06/14/20", "12/01/19"]), "2020-06-15 2020-06-14 2019-12-01");
    assert_eq!(read(None, &["20.06.15", "20.06.14", "20.06.01"]), "2020-06-15 2020-06-14 2020-06-01");
    assert_eq!(read(None, &["15.06.20", "14.06.20", "03.06.20"]), "2020-06-15 2020-06-14 2020-06-03");
    assert_eq!(read(None, &["15.06.20", "14.06.20"]), "- -");
    assert_eq!(read(None, &["04/07/20", "05/07/20", "06/07/20"]), "- - -");
    assert_eq!(read(None, &["04/07/20", "15/06/2020"]), "2020-07-04 2020-06-15");
    assert_eq!(read(Some(DateOrder::Mdy), &["04/07/20"]), "2020-04-07");
    assert_eq!(read(Some(DateOrder::Ymd), &["20/07/04"]), "2020-07-04");
    assert_eq!(read(Some(DateOrder::Mdy), &["15/06/20"]), "-");
    assert_eq!(read(None, &["99/12/31"]), "1999-12-31");
}

#[test]
fn what_languages_disagree_about_has_no_day() {
    let read = |text: &str| {
        let choice = choose(None, text);
        let mut dates: Vec<_> = text.lines().filter_map(|line| whole(line, choice.lexicon)).collect();
        dispute(&mut dates, &choice);
        let settled = Settled::of(&dates, &Terms::default());
        let told = |date: &Printed<'_>| {
            let (read, reason) = date.settle(settled);
            read.day.map_or(reason.unwrap_or_default().to_owned(), |day| day.to_string())
        };
        dates.iter().map(told).collect::<Vec<_>>().join(" ")
    };
    assert!(read("3 listopada 2020\n").starts_with("the month of the date differs"), "{}", read("3 listopada 2020\n"));
    assert_eq!(read("3 listopada 2020\n5 września 2020\n"), "2020-11-03 2020-09-05");
    assert_eq!(read("3. listopada 2020.\n5. rujna 2020.\n"), "2020-10-03 2020-09-05");
    // Half of Europe reads these, and alike.
    assert_eq!(read("3. april 2020\n"), "2020-04-03");
}

#[test]
fn a_date_in_no_known_language_is_shaped_like_one() {
    for line in [
        "15 Phupu 2020",
        "Phupu 15, 2020",
        "2020 Phupu 15",
        "15 رمضان 1441 هـ",
        "15 de phupu 2020",
        "Tue 15 Phupu 2020",
    ] {
        assert!(is_shaped_like_one(line), "{line}");
    }
    for line in [
        "187 member states",
        "The plan for 2020",
        "2020",
        "Agenda 2030 in a nutshell",
        "15 of 2020 people said yes to it",
    ] {
        assert!(!is_shaped_like_one(line), "{line}");
    }
}

#[test]
fn a_date_written_by_the_tables_reads_as_itself() {
    let mut wrong = Vec::new();
    for tag in tags().filter(|tag| !matches!(*tag, "ja" | "zh" | "ko")) {
        let lexicon = Lexicon::of(Some(tag));
        let names = month_names(tag)
            .into_iter()
            .zip(1..)
            .flat_map(|(names, month)| names.into_iter().map(move |name| (name, month)));
        for (name, month) in names {
            for (name, day) in [(name.to_owned(), 1), (name.to_uppercase(), 28)] {
                for line in [
                    format!("{day} {name} 2020"),
                    format!("{day:02} {name} 2020"),
                    format!("{day}. {name}. 2020"),
                    format!("{name} {day}, 2020"),
                    format!("2020 {name} {day}"),
                    format!("{day}\u{a0}{name}\u{a0}2020"),
                    format!("({day} {name} 2020, 14:30)"),
                    format!("{day} - {} {name} 2020", day + 1),
                ] {
                    let read = whole(&line, lexicon).and_then(|printed| printed.settle(Settled::default()).0.day);
                    if read != NaiveDate::from_ymd_opt(2020, month, day) {
                        wrong.push(format!("{tag}: {line}: {read:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_short_way_to_the_commonest_form_leads_where_the_grammar_does() {
    let mut read = 0;
    for tag in tags() {
        let lexicon = Lexicon::of(Some(tag));
        for name in month_names(tag).into_iter().flatten() {
            for line in [
                format!("15 {name} 2020"),
                format!("1 {name} 0099"),
                format!("99 {} 2563", name.to_uppercase()),
                format!("15 {name} 20201"),
                format!("15  {name} 2020"),
                format!("{name} 15 2020"),
            ] {
                let short = plain(&line, lexicon);
                read += usize::from(short.is_some());
                assert!(short.is_none() || short == by_grammar(&line, lexicon), "{tag}: {line}");
            }
        }
    }
    assert!(read > 1000, "{read} lines were of that form");
}

proptest! {
    #[test]
    fn no_line_makes_a_language_panic(
        tag in proptest::sample::select(tags().collect::<Vec<_>>()),
        line in prop_oneof![
            any::<String>(),
            "[0-9]{0,4}[ ./年月日-]{0,2}(Juni|июня|mar|à|h|de|г|'|－|\u{200f}|é){0,3}[ ,.:-]{0,2}[0-9]{0,4}[ .:]{0,2}[0-9]{0,5}",
        ],
    ) {
        let lexicon = Lexicon::of(Some(tag));
        let _ = whole(&line, lexicon).map(|printed| printed.settle(Settled::default()).0.day);
        let _ = (begins(&line, lexicon), is_month(&line, lexicon), is_shaped_like_one(&line), field(&line, lexicon).is_some());
        let _ = choose(None, &line).tag;
    }
}

#[test]
fn a_heading_may_state_the_year_of_an_era() {
    for (line, holds) in [
        ("令和6年3月", true),
        ("令和6年", true),
        ("民國113年3月", true),
        ("2024年3月", true),
        ("令和6年度", false),
        ("令和6年3月7日", false),
        ("令和3月", false),
    ] {
        assert_eq!(is_month(line, Lexicon::of(Some("ja"))), holds, "{line}");
    }
    let lexicon = Lexicon::of(Some("ja"));
    let span = Span::of("令和6年2月", lexicon).unwrap();
    let day = whole("2月29日", lexicon).unwrap().below(span).unwrap().settle(Settled::default()).0.day;
    assert_eq!(day, NaiveDate::from_ymd_opt(2024, 2, 29));
}

#[test]
fn a_month_and_a_day_in_numbers_are_two_digits_each() {
    for (line, holds) in [
        ("03-12", true),
        ("02-29", true),
        ("13-01", false),
        ("3-12", false),
        ("03/12", false),
        ("02-30", false),
        ("16.12.", true),
        ("12.16.", false),
        ("16.12", false),
    ] {
        assert_eq!(day_of_year(line).is_some(), holds, "{line}");
    }
}

#[test]
fn the_counter_of_a_year_in_a_menu_is_no_date() {
    assert!(is_shaped_like_one("15 Phupu 2020") && is_shaped_like_one("Phupu 15, 2020"));
    assert!(!is_shaped_like_one("▼  2024 (3)") && !is_shaped_like_one("► 2023 (14)"));
}
