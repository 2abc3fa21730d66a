//! JSON and JSON Lines, JSON Feed among them.
//!
//! serde_json reads values and serde_json_path finds the items. A scan beside it, which reads no values, tells on which
//! lines each object stands, and where a file that is cut can be closed so that what stands before the cut is read; an
//! object that the cut goes through is not taken.
//!
//! Without paths the items are the one list of objects that have titles, and fields go by their common names. Where two
//! lists could be meant, nothing is guessed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use serde_json_path::PathElement;

use super::record::{At, Fields, MOST, Part, Record, TOO_MANY, refuse, tell, unreadable};
use super::{LineCounter, html};
use crate::mill::scrape::reading::shortened;
use crate::mill::scrape::{BlockUse, REFUSED_BELOW, Scrape, Terms};

const LAYOUT: &str = "json";
const LINES: &str = "jsonl";

/// More values than these are no list of announcements.
const MOST_VALUES: usize = 2_000_000;
/// Nor more objects and lists: the least item of them fills 1.5 KB when it is read.
const MOST_NESTED: usize = 300_000;
/// serde_json goes no deeper.
const DEEPEST: usize = 127;

/// Whether `start` is JSON, perhaps cut.
pub(super) fn is_document(start: &str) -> bool {
    let inner = start.get(1..).unwrap_or_default().trim_start();
    let begins = match start.as_bytes().first() {
        Some(b'{') => inner.starts_with(['"', '}']),
        _ => inner.starts_with(['{', '[', ']']),
    };
    begins && serde_json::from_str::<IgnoredAny>(start).map_or_else(|error| error.is_eof(), |_| true)
}

/// Whether `start` is lines of JSON: the first two are.
pub(super) fn is_lines(start: &str) -> bool {
    let mut lines = start.lines().filter(|line| !line.trim().is_empty());
    let is_object = |line: &str| line.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
    lines.next().is_some_and(is_object) && lines.next().is_some_and(|line| line.trim_start().starts_with('{'))
}

/// Reads one JSON value.
pub(super) fn read(text: &str, terms: &Terms, explaining: bool) -> (Scrape<'static>, Vec<BlockUse<'static>>) {
    let scan = match Scan::of(text) {
        Ok(scan) => scan,
        Err((line, why)) => return unreadable(LAYOUT, line, why, ""),
    };
    let parsed = match value_of(text) {
        Err(error) if error.is_eof() => value_of(&scan.closed(text)),
        parsed => parsed,
    };
    let value = match parsed {
        Ok(value) => value,
        Err(_) if is_lines(text.trim_start()) => return read_lines(text, terms, explaining),
        Err(error) => {
            let why = format!("this is no JSON: {error}");
            return unreadable(LAYOUT, u32::try_from(error.line()).unwrap_or(1).max(1), &why, "");
        }
    };
    let fields = terms.fields.as_deref();
    let found = match fields.and_then(|fields| fields.items.as_ref()) {
        Some(at) => stated(at, &value),
        None => guessed(&value, fields),
    };
    let (place, items) = match found {
        Ok(found) => found,
        Err(why) => return unreadable(LAYOUT, 1, &why, ""),
    };
    if items.len() > MOST {
        return unreadable(LAYOUT, 1, TOO_MANY, "");
    }
    let mut records = Vec::with_capacity(items.len());
    let mut trail = Trail { way: &[], places: vec![0] };
    for (path, item) in &items {
        let spot = scan.follow(path, &mut trail).and_then(|spot| scan.spots.get(spot));
        let (line, last_line, whole) = spot.map_or((1, 1, true), |spot| (spot.line, spot.last_line, spot.whole));
        let mut record = Record::new(line, last_line);
        record.cut = !whole;
        fill(&mut record, item, fields, &place);
        records.push(record);
    }
    tell(LAYOUT, &records, terms, explaining)
}

/// Reads a value on each line.
pub(super) fn read_lines(text: &str, terms: &Terms, explaining: bool) -> (Scrape<'static>, Vec<BlockUse<'static>>) {
    let fields = terms.fields.as_deref();
    let mut records = Vec::new();
    let mut faults = Vec::new();
    let mut lines = 0_usize;
    for (line, number) in text.split('\n').zip(1..) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if records.len().max(faults.len()) > MOST {
            return unreadable(LINES, number, TOO_MANY, "");
        }
        lines += 1;
        match value_of(line) {
            Ok(value) => {
                let items = match fields.and_then(|fields| fields.items.as_ref()) {
                    Some(at) => stated(at, &value).map(|(_, items)| items).unwrap_or_default(),
                    None => vec![(Vec::new(), &value)],
                };
                for (_, item) in items {
                    let mut record = Record::new(number, number);
                    fill(&mut record, item, fields, "$");
                    records.push(record);
                }
            }
            Err(error) if error.is_eof() => {
                faults.push((number, "the file is cut in this line, or it is no JSON", line))
            }
            Err(_) => faults.push((number, "this line is no JSON", line)),
        }
    }
    let (mut scrape, mut blocks) = tell(LINES, &records, terms, explaining);
    // A line that is no JSON is a doubt like an item without a title.
    let read = lines.saturating_sub(faults.len().saturating_sub(1));
    if lines > 0 {
        #[expect(clippy::cast_precision_loss, reason = "no file has so many lines")]
        let share = read as f64 / lines as f64;
        scrape.confidence *= share;
    }
    if scrape.refused.is_none() && scrape.confidence < REFUSED_BELOW {
        let why = format!("too few lines are JSON with a title (confidence {:.2})", scrape.confidence);
        refuse(&mut scrape, &mut blocks, why);
    }
    let faults = faults.into_iter().map(|(line, why, text)| crate::mill::scrape::reading::fault(line, why, text));
    scrape.faults.extend(faults);
    scrape.faults.sort_by_key(|fault| fault.line);
    (scrape, blocks)
}

/// The value that `text` is. Programs that shorten a text cut through letters beyond the first 65,536, and write the half
/// of one: it is taken for a letter that could not be read, and nothing else is lost for it.
fn value_of(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| match halves_mended(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// `text` with the sign for what can't be read in place of each half of a letter; `None`: it has none.
fn halves_mended(text: &str) -> Option<String> {
    const LENGTH: usize = "\\ud800".len();
    let half_at = |at: usize| -> Option<u16> {
        let escape = text.as_bytes().get(at..at + LENGTH)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok().filter(|half| (0xD800..0xE000).contains(half))
    };
    let mut mended = String::new();
    let (mut at, mut kept) = (0, 0);
    while let Some(next) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        match (half_at(at), half_at(at + LENGTH)) {
            (Some(0xD800..0xDC00), Some(0xDC00..)) => at += 2 * LENGTH,
            (Some(_), _) => {
                mended.push_str(text.get(kept..at)?);
                mended.push_str("\\ufffd");
                at += LENGTH;
                kept = at;
            }
            // Another escape, and that of a backslash is two.
            (None, _) => at += 2,
        }
    }
    mended.push_str(text.get(kept..)?);
    (kept > 0).then_some(mended)
}

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'t> {
    Name(Cow<'t, str>),
    Index(usize),
}

/// Where the items stand, as a path, and each of them with the way to it.
type Found<'v> = (String, Vec<(Vec<Step<'v>>, &'v Value)>);

/// A way into a value, and the numbers of the objects and lists on it as far as they are known, from the value itself on.
/// Most items stand in one list, or in neighbours: only where their ways part is there anything to look up.
struct Trail<'w> {
    way: &'w [Step<'w>],
    places: Vec<usize>,
}

/// Whether two steps into a value are the same name of it. Equal names of different objects are not looked at: a name can
/// be half of the file.
fn is_same_step(one: &Step<'_>, other: &Step<'_>) -> bool {
    match (one, other) {
        (Step::Name(one), Step::Name(other)) => std::ptr::eq::<str>(&**one, &**other),
        (Step::Index(one), Step::Index(other)) => one == other,
        _ => false,
    }
}

/// A way into a value as it is shown.
fn shown(steps: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Name(name) => format!("[{:?}]", shortened(name)),
        Step::Index(index) => format!("[{index}]"),
    };
    std::iter::once("$".to_owned()).chain(steps.iter().map(step)).collect()
}

fn stated<'v>(at: &At, value: &'v Value) -> Result<Found<'v>, String> {
    let Some(path) = at.path() else {
        return Err(format!("items = {:?} is no path: a path begins with `$`, as in \"$.results[*]\"", at.text()));
    };
    let mut items = Vec::new();
    for node in path.query_located(value) {
        let steps = node.location().iter().map(|step| match step {
            PathElement::Name(name) => Step::Name(Cow::Borrowed(*name)),
            PathElement::Index(index) => Step::Index(*index),
        });
        items.push((steps.collect(), node.node()));
    }
    match items.is_empty() {
        true => Err(format!("nothing stands at items = {:?}", at.text())),
        false => Ok((at.text().to_owned(), items)),
    }
}

/// How deep a list of items is looked for.
const GUESS_DEPTH: usize = 3;

/// The one list of objects that have titles.
fn guessed<'v>(value: &'v Value, fields: Option<&Fields>) -> Result<Found<'v>, String> {
    let mut lists: Vec<(Vec<Step<'v>>, &'v Vec<Value>)> = Vec::new();
    let mut around = vec![(Vec::new(), value)];
    for _ in 0..=GUESS_DEPTH {
        let mut deeper = Vec::new();
        for (steps, value) in around {
            match value {
                Value::Array(list) => {
                    let items = list.iter().filter(|item| looks_like_item(item, fields)).count();
                    if items * 2 >= list.len() && items > 0 {
                        lists.push((steps, list));
                    }
                }
                Value::Object(members) => deeper.extend(members.iter().map(|(name, value)| {
                    let mut steps = steps.clone();
                    steps.push(Step::Name(Cow::Borrowed(name)));
                    (steps, value)
                })),
                _ => {}
            }
        }
        around = deeper;
    }
    // A list of dated things before lists of things that only have names: authors, tags, pages.
    let dated = |list: &&(Vec<Step<'v>>, &'v Vec<Value>)| {
        list.1.iter().any(|item| item.as_object().is_some_and(|item| common(item, Part::Date).is_some()))
    };
    let preferred = lists.iter().filter(dated).count();
    let path = |steps: &[Step<'v>]| shown(steps) + "[*]";
    let (steps, list) = match (lists.len(), preferred) {
        (0, _) => return Err("no list of objects with titles is found; [source.fields] can say where".to_owned()),
        (1, _) => lists.remove(0),
        (_, 1) => lists.into_iter().find(|list| dated(&list)).ok_or_else(String::new)?,
        _ => {
            let all: Vec<String> = lists.iter().take(4).map(|(steps, _)| path(steps)).collect();
            return Err(format!("several lists could be meant ({}): say which in [source.fields]", all.join(", ")));
        }
    };
    let items = list.iter().enumerate().map(|(index, item)| {
        let mut steps = steps.clone();
        steps.push(Step::Index(index));
        (steps, item)
    });
    Ok((path(&steps), items.collect()))
}

fn looks_like_item(item: &Value, fields: Option<&Fields>) -> bool {
    let Some(members) = item.as_object() else { return false };
    let title = fields.and_then(|fields| fields.parts.iter().find(|(part, _)| *part == Part::Title));
    match title {
        Some((_, at)) => at.path().map_or_else(|| item.get(at.text()), |path| path.query(item).first()).is_some(),
        None => common(members, Part::Title).is_some(),
    }
}

/// The common names of a field, the surest first; letters only, in lower case.
pub(super) fn names(part: Part) -> &'static [&'static str] {
    match part {
        Part::Title => &[
            "title",
            "headline",
            "name",
            "heading",
            "subject",
            "titel",
            "überschrift",
            "titre",
            "título",
            "titulo",
            "titolo",
            "titular",
            "denominación",
            "rubrik",
            "tittel",
            "overskrift",
            "otsikko",
            "tytuł",
            "název",
            "nadpis",
            "názov",
            "naslov",
            "naziv",
            "cím",
            "titlu",
            "titlul",
            "заголовок",
            "название",
            "тема",
            "назва",
            "заглавие",
            "наслов",
            "τίτλος",
            "başlık",
            "judul",
            "tajuk",
            "tiêuđề",
            "tytul",
            "pealkiri",
            "virsraksts",
            "pavadinimas",
            "títol",
            "标题",
            "標題",
            "题名",
            "主题",
            "タイトル",
            "件名",
            "題名",
            "제목",
            "العنوان",
            "عنوان",
            "כותרת",
            "शीर्षक",
            "หัวข้อ",
            "ชื่อเรื่อง",
            "bezeichnung",
            "betreff",
            "betreft",
            "onderwerp",
            "asunto",
            "assunto",
            "oggetto",
            "objet",
            "ämne",
            "posttitle",
            "articletitle",
            "proposal",
            "announcement",
            "notice",
            "event",
            "bekanntmachung",
            "meldung",
            "veranstaltung",
            "vorhaben",
            "intitulé",
            "événement",
            "evento",
            "anuncio",
            "anúncio",
            "avviso",
            "aankondiging",
            "bericht",
            "ärende",
            "předmět",
            "predmet",
            "przedmiot",
            "tárgy",
            "konu",
            "tagname",
        ],
        Part::Date => &[
            "date",
            "published",
            "publishedat",
            "publishedon",
            "datepublished",
            "pubdate",
            "publishdate",
            "publicationdate",
            "releasedate",
            "dateposted",
            "postedat",
            "day",
            "created",
            "createdat",
            "datecreated",
            "time",
            "timestamp",
            "updated",
            "updatedat",
            "datum",
            "fecha",
            "data",
            "dato",
            "päivämäärä",
            "pvm",
            "päiväys",
            "kuupäev",
            "datums",
            "dátum",
            "дата",
            "датум",
            "ημερομηνία",
            "tarih",
            "tanggal",
            "tarikh",
            "ngày",
            "日期",
            "时间",
            "時間",
            "発表日",
            "公開日",
            "日付",
            "날짜",
            "작성일",
            "등록일",
            "التاريخ",
            "تاريخ",
            "تاریخ",
            "תאריך",
            "दिनांक",
            "तारीख",
            "วันที่",
            "tag",
            "publicado",
            "publicación",
            "veröffentlicht",
            "veröffentlichtam",
            "gepubliceerd",
            "publicatiedatum",
            "datepublication",
            "datedepublication",
            "fechapublicación",
            "fechadepublicación",
            "datadepublicação",
            "датапубликации",
            "erscheinungsdatum",
            "publié",
            "publicerad",
            "veröffentlichungsdatum",
            "fechadepublicacion",
            "fechapublicacion",
            "datadepublicacao",
            "datapublicação",
            "datadipubblicazione",
            "datapubblicazione",
            "publiceringsdatum",
            "publiceringsdato",
            "julkaisupäivä",
            "datapublikacji",
            "datumzveřejnění",
            "datumobjave",
            "yayıntarihi",
            "发布日期",
            "发布时间",
            "掲載日",
            "更新日",
            "게시일",
            "firstpublished",
            "firstpublishedat",
            "publishedtime",
            "publicationtime",
            "publishdatetime",
            "posted",
            "postedon",
            "postdate",
            "issued",
            "issuedate",
            "dateissued",
            "received",
            "datereceived",
            "datetime",
            "modified",
            "lastmodified",
            "datemodified",
        ],
        Part::Summary => &[
            "summary",
            "description",
            "excerpt",
            "contenttext",
            "abstract",
            "teaser",
            "lead",
            "intro",
            "standfirst",
            "dek",
            "subtitle",
            "subheadline",
            "shortdescription",
            "text",
            "body",
            "content",
            "contenthtml",
            "zusammenfassung",
            "beschreibung",
            "resumen",
            "descripción",
            "descripcion",
            "resumo",
            "descrição",
            "descricao",
            "résumé",
            "resume",
            "descriptif",
            "chapô",
            "riassunto",
            "sommario",
            "descrizione",
            "samenvatting",
            "omschrijving",
            "beschrijving",
            "inhalt",
            "texte",
            "texto",
            "testo",
            "tekst",
            "sammanfattning",
            "beskrivning",
            "resumé",
            "beskrivelse",
            "sammendrag",
            "kuvaus",
            "tiivistelmä",
            "opis",
            "streszczenie",
            "popis",
            "shrnutí",
            "zhrnutie",
            "leírás",
            "összefoglaló",
            "rezumat",
            "descriere",
            "описание",
            "анонс",
            "краткоеописание",
            "текст",
            "опис",
            "περιγραφή",
            "περίληψη",
            "özet",
            "açıklama",
            "ringkasan",
            "deskripsi",
            "tómtắt",
            "môtả",
            "摘要",
            "简介",
            "概要",
            "内容",
            "本文",
            "요약",
            "내용",
            "الملخص",
            "الوصف",
            "خلاصه",
            "תקציר",
            "תיאור",
            "सारांश",
            "विवरण",
        ],
        Part::Link => &[
            "url",
            "link",
            "href",
            "permalink",
            "shareurl",
            "pageurl",
            "articleurl",
            "detailurl",
            "uri",
            "weburl",
            "htmlurl",
            "externalurl",
            "canonicalurl",
            "enlace",
            "lien",
            "adresse",
            "ссылка",
            "länk",
            "lenke",
            "odkaz",
            "bağlantı",
            "链接",
            "リンク",
            "링크",
        ],
        Part::Id => &["id", "guid", "uuid", "identifier"],
        Part::Credit => &["credit", "photocredit", "imagecredit", "photographer"],
        Part::Kicker => &["kicker", "eyebrow", "overline"],
        Part::Section => &[
            "section",
            "category",
            "categories",
            "topic",
            "tags",
            "kategorie",
            "rubrik",
            "categoría",
            "catégorie",
            "rubrique",
            "categoria",
            "kategoria",
            "kategori",
            "категория",
            "рубрика",
            "раздел",
            "分类",
            "カテゴリ",
            "분류",
        ],
    }
}

/// A name without what its writers differ in.
pub(super) fn bare(name: &str) -> String {
    // Signs of vowels are no letters in themselves.
    let counts = |c: &char| c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{E7F}');
    name.chars().filter(counts).flat_map(char::to_lowercase).collect()
}

fn common(members: &Map<String, Value>, part: Part) -> Option<(&str, &Value)> {
    let bare: Vec<(String, &str, &Value)> =
        members.iter().take(256).map(|(name, value)| (bare(name), name.as_str(), value)).collect();
    names(part).iter().find_map(|wanted| {
        let found = bare.iter().find(|(bare, _, value)| bare == wanted && says_something(value));
        found.map(|(_, name, value)| (*name, *value))
    })
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(_) => true,
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn fill(record: &mut Record, item: &Value, fields: Option<&Fields>, place: &str) {
    let line = record.line;
    if let Some(fields) = fields.filter(|fields| !fields.parts.is_empty()) {
        for (part, at) in &fields.parts {
            let found: Vec<&Value> = match at.path() {
                Some(path) => path.query(item).all(),
                None => item.get(at.text()).into_iter().collect(),
            };
            let texts: Vec<Cow<'_, str>> = found.into_iter().filter_map(|value| printed(value, at.text())).collect();
            let most = if *part == Part::Summary { texts.len() } else { 1 };
            let text = texts.into_iter().take(most).collect::<Vec<_>>().join(" ");
            record.set(*part, &text, line, at.text().to_owned());
        }
        return;
    }
    let Some(members) = item.as_object() else { return };
    for (_, part) in Part::ALL {
        if let Some((name, value)) = common(members, part)
            && let Some(text) = printed(value, name)
        {
            record.set(part, &text, line, format!("{place}.{}", shortened(name)));
        }
    }
}

/// The text of a value; of an object the member that holds it, of a list the first.
fn printed<'v>(value: &'v Value, name: &str) -> Option<Cow<'v, str>> {
    let is_html = matches!(bare(name).as_str(), "contenthtml" | "rendered" | "html") || name.ends_with(".rendered");
    match value {
        Value::String(text) if is_html => Some(html::plain(text).into()),
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Array(list) => printed(list.first()?, name),
        Value::Object(members) => {
            let inner = ["rendered", "value", "text", "#text", "_text", "en", "title", "name", "label", "href", "url"];
            inner.iter().find_map(|name| match members.get(*name)? {
                inner @ (Value::String(_) | Value::Number(_)) => printed(inner, name),
                _ => None,
            })
        }
        Value::Null | Value::Bool(_) => None,
    }
}

/// Where one object or list of the file stands.
#[derive(Debug, Clone, Copy)]
struct Spot {
    line: u32,
    last_line: u32,
    /// It ends before the file does.
    whole: bool,
}

/// Where the objects and lists of a file stand.
struct Scan<'t> {
    spots: Vec<Spot>,
    inside: BTreeMap<(usize, Step<'t>), usize>,
    /// Up to here, and closed with these signs, a cut file is whole.
    end: usize,
    closing: String,
}

impl<'t> Scan<'t> {
    fn of(text: &'t str) -> Result<Self, (u32, &'static str)> {
        let bytes = text.as_bytes();
        let mut scan = Scan { spots: Vec::new(), inside: BTreeMap::new(), end: 0, closing: String::new() };
        let mut counter = LineCounter::new(text);
        // Each object or list that is open: its spot, its closing sign, the index of its next member.
        let mut open: Vec<(usize, u8, usize)> = Vec::new();
        let mut kept = 0;
        let (mut key, mut wants_key) = ("", false);
        let (mut at, mut values) = (0, 0_usize);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let start = at + 1;
                    at = end_of_string(bytes, start);
                    if wants_key {
                        key = text.get(start..at).unwrap_or_default();
                        wants_key = false;
                    }
                }
                b'{' | b'[' => {
                    let line = counter.line_at(at);
                    if open.len() >= DEEPEST {
                        return Err((line, "it is nested too deep"));
                    }
                    let spot = scan.spots.len();
                    if let Some((parent, sign, index)) = open.last() {
                        let step = if *sign == b'}' { Step::Name(unescaped(key)) } else { Step::Index(*index) };
                        // Of members of one name the last counts, as it does for serde_json.
                        scan.inside.insert((*parent, step), spot);
                    }
                    scan.spots.push(Spot { line, last_line: line, whole: false });
                    open.push((spot, if *byte == b'{' { b'}' } else { b']' }, 0));
                    wants_key = *byte == b'{';
                    values += 1;
                }
                b'}' | b']' => {
                    let Some((spot, ..)) = open.pop() else { break };
                    if let Some(spot) = scan.spots.get_mut(spot) {
                        (spot.last_line, spot.whole) = (counter.line_at(at), true);
                    }
                    wants_key = false;
                    (scan.end, kept) = (at + 1, open.len());
                }
                b',' => {
                    if let Some((_, sign, index)) = open.last_mut() {
                        *index += 1;
                        wants_key = *sign == b'}';
                    }
                    values += 1;
                    (scan.end, kept) = (at, open.len());
                }
                _ => {}
            }
            if values > MOST_VALUES || scan.spots.len() > MOST_NESTED {
                return Err((counter.line_at(at), "it has too many values for a list of announcements"));
            }
            at += 1;
        }
        let last_line = counter.line_at(text.trim_end().len());
        for (spot, ..) in &open {
            if let Some(spot) = scan.spots.get_mut(*spot) {
                spot.last_line = last_line.max(spot.line);
            }
        }
        scan.closing = open.iter().take(kept).rev().map(|(_, sign, _)| char::from(*sign)).collect();
        Ok(scan)
    }

    /// The file as it would have been, had it ended before what is cut.
    fn closed(&self, text: &str) -> String {
        format!("{}{}", text.get(..self.end).unwrap_or_default(), self.closing)
    }

    /// The number of the object or list at the end of `way`, of which `trail` went the beginning.
    fn follow<'w>(&self, way: &'w [Step<'w>], trail: &mut Trail<'w>) -> Option<usize> {
        let same = trail.way.iter().zip(way).take_while(|(one, other)| is_same_step(one, other)).count();
        trail.places.truncate(same + 1);
        trail.way = way;
        for step in way.get(trail.places.len() - 1..)? {
            trail.places.push(self.within(*trail.places.last()?, step)?);
        }
        trail.places.last().copied()
    }

    /// The number of the object or list that `step` leads to from number `at`.
    fn within(&self, at: usize, step: &Step<'_>) -> Option<usize> {
        let inside: &BTreeMap<(usize, Step<'_>), usize> = &self.inside;
        inside.get(&(at, step.clone())).copied()
    }
}

/// Where the string that begins at `at` ends: at its quotation mark, or with the file.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if bytes.get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// A member's name as it is meant.
fn unescaped(key: &str) -> Cow<'_, str> {
    if !key.contains('\\') {
        return Cow::Borrowed(key);
    }
    serde_json::from_str(&format!("\"{key}\"")).map_or(Cow::Borrowed(key), Cow::Owned)
}
