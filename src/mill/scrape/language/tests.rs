use std::collections::BTreeSet;
use std::fmt::Write;
use std::str::FromStr;

use pure_rust_locales::{Locale, locale_match};

use super::*;

/// The locales from which the names of each language come.
const LOCALES: [(&str, &str); 72] = [
    (
        "en",
        "en_AG|en_AU|en_BW|en_CA|en_DK|en_GB|en_HK|en_IE|en_IL|en_IN|en_NG|en_NZ|en_PH|en_SC|en_SG|en_US|en_ZA|en_ZM|en_ZW",
    ),
    ("de", "de_AT|de_BE|de_CH|de_DE|de_IT|de_LI|de_LU"),
    ("fr", "fr_BE|fr_CA|fr_CH|fr_FR|fr_LU"),
    (
        "es",
        "es_AR|es_BO|es_CL|es_CO|es_CR|es_CU|es_DO|es_EC|es_ES|es_GT|es_HN|es_MX|es_NI|es_PA|es_PE|es_PR|es_PY|es_SV|es_US|es_UY|es_VE",
    ),
    ("pt", "pt_BR|pt_PT"),
    ("it", "it_CH|it_IT"),
    ("nl", "nl_AW|nl_BE|nl_NL"),
    ("ru", "ru_RU|ru_UA"),
    ("tr", "tr_CY|tr_TR"),
    ("pl", "pl_PL"),
    ("uk", "uk_UA"),
    ("cs", "cs_CZ"),
    ("sk", "sk_SK"),
    ("sl", "sl_SI"),
    ("hr", "hr_HR"),
    ("bs", "bs_BA"),
    ("sr", "sr_RS|sr_RS@latin|sr_ME"),
    ("mk", "mk_MK"),
    ("bg", "bg_BG"),
    ("be", "be_BY"),
    ("ro", "ro_RO"),
    ("el", "el_CY|el_GR"),
    ("hu", "hu_HU"),
    ("sv", "sv_FI|sv_SE"),
    ("nb", "nb_NO"),
    ("nn", "nn_NO"),
    ("da", "da_DK"),
    ("fi", "fi_FI"),
    ("et", "et_EE"),
    ("lv", "lv_LV"),
    ("lt", "lt_LT"),
    ("is", "is_IS"),
    ("ca", "ca_AD|ca_ES|ca_FR|ca_IT"),
    ("gl", "gl_ES"),
    ("eu", "eu_ES"),
    ("sq", "sq_AL|sq_MK"),
    ("ga", "ga_IE"),
    ("cy", "cy_GB"),
    ("mt", "mt_MT"),
    ("lb", "lb_LU"),
    ("af", "af_ZA"),
    ("eo", "eo"),
    ("ja", "ja_JP"),
    ("zh", "zh_CN|zh_HK|zh_SG|zh_TW"),
    ("ko", "ko_KR"),
    (
        "ar",
        "ar_AE|ar_BH|ar_DZ|ar_EG|ar_IN|ar_IQ|ar_JO|ar_KW|ar_LB|ar_LY|ar_MA|ar_OM|ar_QA|ar_SA|ar_SD|ar_SS|ar_SY|ar_TN|ar_YE",
    ),
    ("fa", "fa_IR"),
    ("he", "he_IL"),
    ("ur", "ur_IN|ur_PK"),
    ("hi", "hi_IN"),
    ("bn", "bn_BD|bn_IN"),
    ("mr", "mr_IN"),
    ("ne", "ne_NP"),
    ("gu", "gu_IN"),
    ("ta", "ta_IN|ta_LK"),
    ("te", "te_IN"),
    ("th", "th_TH"),
    ("vi", "vi_VN"),
    ("id", "id_ID"),
    ("ms", "ms_MY"),
    ("fil", "fil_PH|tl_PH"),
    ("sw", "sw_KE|sw_TZ"),
    ("kk", "kk_KZ"),
    ("ky", "ky_KG"),
    ("uz", "uz_UZ|uz_UZ@cyrillic"),
    ("az", "az_AZ"),
    ("tk", "tk_TM"),
    ("tg", "tg_TJ"),
    ("tt", "tt_RU"),
    ("mn", "mn_MN"),
    ("ka", "ka_GE"),
    ("hy", "hy_AM"),
];

const HEAD: &str = "\
//! The names of months and weekdays in the locale data: generated, see `tests.rs`.
//!
//! `cargo test --lib write_the_names_of_the_locale_data -- --ignored` writes this file anew.

/// What the locales of one language call months, weekdays and the halves of the day: in lower case, divided by `|`.
pub(super) struct Names {
    pub(super) tag: &'static str,
    pub(super) months: [&'static str; 12],
    pub(super) weekdays: &'static str,
    pub(super) am: &'static str,
    pub(super) pm: &'static str,
}

";

/// As the tables have it: in lower case, without blanks and full stops around it.
fn bare(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '॰')).to_lowercase()
}

/// A month as a number and 月: the grammar reads these.
fn is_numbered(name: &str) -> bool {
    name.ends_with(['月', '월']) && name.starts_with(|c: char| c.is_ascii_digit())
}

/// The lists of month names, and those of weekdays, of `locale`.
fn lists(locale: Locale) -> (Vec<&'static [&'static str]>, Vec<&'static [&'static str]>) {
    let mut months = vec![locale_match!(locale => LC_TIME::MON), locale_match!(locale => LC_TIME::ABMON)];
    months.extend(locale_match!(locale => LC_TIME::ALT_MON));
    months.extend(locale_match!(locale => LC_TIME::AB_ALT_MON));
    (months, vec![locale_match!(locale => LC_TIME::DAY), locale_match!(locale => LC_TIME::ABDAY)])
}

fn locales(names: &str) -> impl Iterator<Item = Locale> {
    names.split('|').map(|name| Locale::from_str(name).unwrap_or_else(|_| panic!("{name} is no locale")))
}

/// The file of names as the locale data would have it.
fn generated() -> String {
    let mut file = HEAD.to_owned();
    writeln!(file, "#[rustfmt::skip]\npub(super) static NAMES: [Names; {}] = [", LOCALES.len()).unwrap();
    for (tag, names) in LOCALES {
        let mut months: [BTreeSet<String>; 12] = Default::default();
        let (mut weekdays, mut am, mut pm) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for locale in locales(names) {
            let (lists, days) = lists(locale);
            for list in lists {
                for (name, month) in list.iter().zip(&mut months) {
                    month.extend(Some(bare(name)).filter(|name| !is_numbered(name)));
                }
            }
            weekdays.extend(days.into_iter().flatten().map(|day| bare(day)));
            let halves = locale_match!(locale => LC_TIME::AM_PM);
            am.extend(halves.first().map(|name| bare(name)));
            pm.extend(halves.get(1).map(|name| bare(name)));
        }
        let joined = |names: &BTreeSet<String>| {
            names.iter().filter(|name| !name.is_empty()).cloned().collect::<Vec<_>>().join("|")
        };
        writeln!(file, "    Names {{\n        tag: \"{tag}\",\n        months: [").unwrap();
        for month in &months {
            writeln!(file, "            {:?},", joined(month)).unwrap();
        }
        let (weekdays, am, pm) = (joined(&weekdays), joined(&am), joined(&pm));
        writeln!(
            file,
            "        ],\n        weekdays: {weekdays:?},\n        am: {am:?},\n        pm: {pm:?},\n    }},"
        )
        .unwrap();
    }
    file + "];\n"
}

#[test]
#[ignore = "writes into the source tree"]
#[expect(clippy::disallowed_methods, reason = "a file of the source tree is written on purpose")]
fn write_the_names_of_the_locale_data() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mill/scrape/language/names.rs");
    std::fs::write(path, generated()).unwrap();
}

#[test]
fn the_names_are_those_of_the_locale_data() {
    assert!(
        include_str!("names.rs") == generated(),
        "run write_the_names_of_the_locale_data, and look at what changed"
    );
    let tags: Vec<_> = LOCALES.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, LANGUAGES.iter().map(|language| language.tag).collect::<Vec<_>>());
}

/// What a name of one or several words means.
fn meaning(lexicon: &Lexicon, name: &str) -> Word {
    let name = bare(name);
    match lexicon.phrase(&name) {
        Some((meaning, length)) if length == name.len() => meaning,
        _ => lexicon.word(&name),
    }
}

#[test]
fn everything_in_the_locale_data_is_understood() {
    for (tag, names) in LOCALES {
        let lexicon = Lexicon::of(Some(tag));
        for locale in locales(names) {
            let (months, days) = lists(locale);
            for (name, month) in months.into_iter().flat_map(|list| list.iter().zip(1..)) {
                let meaning = meaning(lexicon, name);
                let understood = meaning == Word::Month(month) || meaning == Word::MonthOrWeekday(month);
                assert!(understood || is_numbered(&bare(name)), "{tag} {name}: {meaning:?}");
            }
            for day in days.into_iter().flatten() {
                let meaning = meaning(lexicon, day);
                assert!(matches!(meaning, Word::Weekday | Word::MonthOrWeekday(_)), "{tag} {day}: {meaning:?}");
            }
        }
    }
}

#[test]
fn within_a_language_no_name_is_two_months() {
    for language in &LANGUAGES {
        let mut seen: Vec<(String, usize)> = Vec::new();
        for (month, names) in months_of(language).iter().enumerate() {
            for name in names {
                let name = fold(name);
                let other = seen.iter().find(|(seen, other)| *seen == name && *other != month);
                assert!(other.is_none(), "{}: {name} is two months", language.tag);
                seen.push((name, month));
            }
        }
    }
}

#[test]
fn words_are_found_in_any_case() {
    let lexicon = Lexicon::of(None);
    assert_eq!(lexicon.word("June"), Word::Month(6));
    assert_eq!(lexicon.word("JUNE"), Word::Month(6));
    assert_eq!(lexicon.word("sept"), Word::Month(9));
    assert_eq!(lexicon.word("Wed"), Word::Weekday);
    assert_eq!(lexicon.word("Smarch"), Word::Other);
    assert_eq!(lexicon.word("июня"), Word::Other);
    assert!(lexicon.may_begin(b'J') && lexicon.may_begin(b'j') && !lexicon.may_begin(b'K'));
    assert_eq!(Lexicon::of(Some("ru")).word("ИЮНЯ"), Word::Month(6));
    assert_eq!(Lexicon::of(Some("fr")).word("FEVRIER"), Word::Month(2));
    assert_eq!(Lexicon::of(Some("tr")).word("KASIM"), Word::Month(11));
    assert_eq!(Lexicon::of(Some("es")).word("mar"), Word::MonthOrWeekday(3));
    assert_eq!(Lexicon::of(Some("pl")).word("listopada"), Word::Month(11));
    assert_eq!(Lexicon::of(Some("hr")).word("listopada"), Word::Month(10));
}

#[test]
fn a_regional_or_unknown_tag_still_reads() {
    assert_eq!(Lexicon::of(Some("en-GB")).word("may"), Word::Month(5));
    assert_eq!(Lexicon::of(Some("sr-Latn-RS")).word("juna"), Word::Month(6));
    assert_eq!(Lexicon::of(Some("no")).word("juni"), Word::Month(6));
    assert_eq!(Lexicon::of(Some("tlh")).word("may"), Word::Month(5));
}

#[test]
fn every_word_of_the_tables_is_in_lower_case_and_every_language_has_the_words_that_matter() {
    for language in &LANGUAGES {
        let lists = [language.weekdays, language.until, language.small, language.credits, language.furniture];
        for word in lists.into_iter().chain(language.months).flat_map(list) {
            assert_eq!(word, word.to_lowercase(), "{}", language.tag);
        }
        assert!(!language.credits.is_empty() && !language.furniture.is_empty(), "{}", language.tag);
    }
}

fn chosen(text: &str) -> Option<&'static str> {
    choose(None, text).tag
}

#[test]
fn a_file_is_in_the_language_that_reads_its_dates() {
    for (tag, text) in [
        ("en", "15 June 2020\n3 April 2020\n"),
        ("de", "12. Juni 2018\n29. März 2018\n"),
        ("fr", "15 juin 2020\n"),
        ("es", "14 de febrero de 2002\n25 de enero de 2002\n"),
        ("hr", "10. listopada 2020.\n3. rujna 2020.\n"),
        ("pl", "10 listopada 2020\n3 września 2020\n"),
        ("cs", "10. listopadu 2020\n"),
        ("ru", "16 ноября, 02:00\n\n09 декабря, 14:30\n\nЧто не было и как это было на Волге\n"),
        ("ja", "プレスリリース\n\n2020年6月30日\n不確実な回復を警告する事務所\n"),
        ("zh", "2020年6月30日\n国际劳工组织发布新报告\n"),
        ("ko", "2020년 6월 15일\n새로운 보고서를 발표했다\n"),
        ("th", "15 มิถุนายน 2563\n"),
        ("ar", "١٥ يونيو ٢٠٢٠\n"),
        ("vi", "15 tháng 6, 2020\n"),
        ("mn", "2020 оны 5-р сарын 16\n2020 оны арван хоёрдугаар сарын 17\n"),
        // Words decide where dates are shared, or are numbers.
        (
            "nl",
            "3 april 2020\nHet nieuws van de dag en een bericht over het weer, dat zijn de foto's voor de lezers.\n",
        ),
        ("pl", "3 listopada 2020\nJest to raport o tym, że nie ma pracy dla wszystkich, oraz o tym, jak jest.\n"),
        ("de", "15.06.2020\nDie Leute sind nicht mit dem Zug gefahren, und das ist auch gut für die Bahn.\n"),
    ] {
        assert_eq!(chosen(text), Some(tag), "{text}");
    }
}

#[test]
fn a_month_is_not_counted_once_more_as_a_word() {
    // `may` and `at` are words of Filipino.
    let page = "May 2021\n\nFerry timetable\n01 May 2021\nThe ferry leaves at eight.\n\nPier\n01 May 2021\n";
    assert_ne!(chosen(page), Some("fil"));
}

#[test]
fn languages_that_read_a_file_alike_are_all_kept() {
    let choice = choose(None, "3 listopada 2020\n");
    assert!(choice.tag.is_none() && !choice.rivals.is_empty());
    assert_eq!(choose(Some("pl"), "3 listopada 2020\n").tag, Some("pl"));
}
