//! What sources call the fields of an item: the members of their objects, the columns of their tables.
//!
//! A name is compared without case, signs and accents: who writes `baslik` for `başlık` means the same. Where no field
//! has its name alone, it may bear that of the thing before it: `news_title`, `articleUrl`, `新闻标题`.
//!
//! The day on which an item was published comes before the day on which somebody's program made or changed its record,
//! in whatever language either is named. When a page was fetched is no name of a day at all.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::record::Part;
use crate::mill::scrape::language::fold;

/// The fields that a name may stand for, and how sure that is for each: the less, the surer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known([usize; Part::ALL.len()]);

impl Known {
    const NOTHING: Self = Self([usize::MAX; Part::ALL.len()]);

    /// What is known of `name`.
    pub(super) fn of(name: &str) -> Self {
        let bare = bare(name);
        let alone = NAMES.get(&bare).copied().unwrap_or(Self::NOTHING);
        let rest = THINGS_BARE.iter().find_map(|thing| NAMES.get(bare.strip_prefix(thing.as_str())?));
        rest.map_or(alone, |rest| alone.or_behind(*rest))
    }

    /// How sure it is that the name holds this field; `None` when nothing says so.
    pub(super) fn rank(&self, part: Part) -> Option<usize> {
        self.0.get(part as usize).copied().filter(|rank| *rank < usize::MAX)
    }

    /// Whether it names a day, and that on which an item was published: the names of those stand before the others.
    pub(super) fn is_day_of_publication(&self) -> bool {
        static OTHERS: LazyLock<Option<usize>> = LazyLock::new(|| NAMES.get("received")?.rank(Part::Date));
        self.rank(Part::Date).zip(*OTHERS).is_some_and(|(rank, others)| rank < others)
    }

    /// This, and where it says nothing what is known of the name behind that of a thing.
    fn or_behind(mut self, rest: Self) -> Self {
        const BEHIND: usize = 1 << 16;
        for (_, part) in Part::ALL {
            // What is called `post_id` in a comment is the id of another thing.
            if let (None, Some(rank)) = (self.rank(part), rest.rank(part))
                && part != Part::Id
            {
                self.set(part, rank + BEHIND);
            }
        }
        self
    }

    fn set(&mut self, part: Part, rank: usize) {
        if let Some(place) = self.0.get_mut(part as usize) {
            *place = rank;
        }
    }
}

/// What is known of each name as [`bare`] leaves it.
static NAMES: LazyLock<FxHashMap<String, Known>> = LazyLock::new(|| {
    let table = |part| match part {
        Part::Title => TITLE,
        Part::Date => DATE,
        Part::Summary => SUMMARY,
        Part::Credit => CREDIT,
        Part::Kicker => KICKER,
        Part::Link => LINK,
        Part::Id => ID,
        Part::Section => SECTION,
    };
    let mut names: FxHashMap<String, Known> = FxHashMap::default();
    for (_, part) in Part::ALL {
        for (name, rank) in table(part).split('|').zip(0..) {
            let known = names.entry(bare(name)).or_insert(Known::NOTHING);
            // Of two that are the same without their accents, the first counts.
            known.set(part, known.rank(part).unwrap_or(rank));
        }
    }
    names
});

static THINGS_BARE: LazyLock<Vec<String>> = LazyLock::new(|| THINGS.split('|').map(bare).collect());

/// A name without what its writers differ in: `Publish-Date`, `publish_date` and `publishDate` are one.
pub(super) fn bare(name: &str) -> String {
    // The vowel signs of Indic and Thai scripts are no letters in themselves.
    let counts = |c: &char| c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{E7F}');
    let plain = |c| match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        c => c,
    };
    fold(name).chars().filter(counts).map(plain).collect()
}

const THINGS: &str = "\
    news|article|post|story|notice|announcement|pressrelease|release|entry|item|bulletin|event|noticia|actualité|aviso|\
    comunicado|haber|duyuru|berita|novost|新闻|新聞|公告|文章|通知|资讯|資訊|消息|ニュース|記事|お知らせ|기사|공지|뉴스";
const TITLE: &str = "\
    title|headline|posttitle|articletitle|newstitle|name|heading|subject|titel|überschrift|ueberschrift|titre|título|titolo|titular|denominación|\
    rubrik|tittel|overskrift|otsikko|tytuł|název|nadpis|titulek|názov|naslov|naziv|cím|titlu|titlul|заголовок|название|\
    тема|назва|заглавие|наслов|τίτλος|titlos|başlık|başlıq|judul|tajuk|tiêuđề|pealkiri|virsraksts|pavadinimas|títol|标题|\
    標題|题名|主题|タイトル|件名|題名|見出し|제목|글제목|العنوان|عنوان|כותרת|शीर्षक|หัวข้อ|ชื่อเรื่อง|bezeichnung|betreff|betreft|onderwerp|\
    asunto|assunto|oggetto|objet|ämne|webtitle|titleen|proposal|announcement|notice|event|bekanntmachung|\
    meldung|veranstaltung|vorhaben|intitulé|événement|evento|anuncio|anúncio|avviso|aankondiging|bericht|ärende|\
    předmět|predmet|przedmiot|tárgy|konu|tagname";
const DATE: &str = "\
    date|published|publishedat|publishedon|datepublished|pubdate|publishdate|publicationdate|releasedate|\
    dateposted|postedat|publisheddate|publishtime|publishedtime|publishdatetime|publisheddatetime|publicationtime|pubtime|\
    publishat|webpublicationdate|providerpublishtime|isodate|firstpublished|firstpublishedat|dateofpublication|releasetime|\
    releasedat|posted|postedon|posteddate|postdate|posttime|issued|issuedate|issuedon|dateissued|dateofissue|anndate|\
    announceddate|announcedat|day|datum|fecha|data|\
    dato|päivämäärä|pvm|päiväys|kuupäev|datums|dátum|дата|датум|ημερομηνία|imerominia|tarih|tarix|tanggal|tarikh|ngày|日期|\
    発表日|公開日|公開日時|日付|投稿日|投稿日時|날짜|작성일|작성일자|등록일|등록일자|등록일시|التاريخ|تاريخ|تاریخ|تاريخالنشر|תאריך|\
    תאריךפרסום|दिनांक|तारीख|วันที่|publicado|publicadoem|publicadoel|publicación|pubblicato|pubblicatoil|\
    veröffentlicht|veröffentlichtam|veroeffentlicht|veroeffentlichtam|gepubliceerd|publicatiedatum|datepublication|\
    datedepublication|dateparution|datedeparution|publiéle|\
    fechapublicación|fechadepublicación|datadepublicación|датапубликации|опубликовано|датапублікації|erscheinungsdatum|publié|\
    publicerad|publicerat|publisert|udgivet|offentliggjort|julkaistu|opublikowano|publikováno|zveřejněno|zverejnené|objavljeno|\
    veröffentlichungsdatum|veroeffentlichungsdatum|datadepublicação|datapublicação|datapublicării|\
    datadipubblicazione|datapubblicazione|publiceringsdatum|publiceringsdato|publiseringsdato|julkaisupäivä|datapublikacji|\
    datadodania|datumzveřejnění|datumobjave|yayıntarihi|yayınlanmatarihi|tanggalterbit|ngàyđăng|发布日期|发布时间|發布日期|\
    發布時間|發佈日期|發佈時間|发表时间|发表日期|公布日期|掲載日|掲載日時|게시일|발행일|공고일|\
    received|datereceived|\
    created|createdat|datecreated|createdon|createddate|creationdate|createtime|createdtime|createdutc|ctime|dateadded|addedat|\
    uploaddate|uploadedat|erstelltam|time|timestamp|datetime|ts|时间|時間|waktu|tag|\
    startdate|datestart|startdatetime|startsat|start|\
    updated|updatedat|modified|lastmodified|datemodified|更新日";
const SUMMARY: &str = "\
    summary|description|excerpt|contenttext|abstract|teaser|lead|intro|standfirst|dek|subtitle|subheadline|\
    shortdescription|contentsnippet|snippet|brief|customexcerpt|blurb|synopsis|trailtext|ingress|perex|\
    zusammenfassung|kurztext|kurzbeschreibung|untertitel|resumen|extracto|entradilla|bajada|subtítulo|resumo|\
    résumé|chapô|extrait|riassunto|sommario|sottotitolo|samenvatting|introductie|inleiding|sammanfattning|\
    sammendrag|tiivistelmä|streszczenie|zajawka|shrnutí|zhrnutie|sažetak|összefoglaló|rezumat|анонс|краткоеописание|περίληψη|\
    perilipsi|özet|ringkasan|tómtắt|摘要|简介|簡介|概要|导语|導語|요약|الملخص|خلاصه|תקציר|सारांश|\
    text|body|content|contenthtml|contentencoded|contents|bodyhtml|selftext|message|html|details|beschreibung|descripción|\
    descrição|descriptif|descrizione|omschrijving|beschrijving|inhalt|inhoud|innehåll|innhold|indhold|sisältö|contenido|\
    cuerpo|conteúdo|corpo|contenu|corps|contenuto|texte|texto|testo|tekst|beskrivning|beskrivelse|kuvaus|opis|treść|popis|\
    obsah|sadržaj|leírás|tartalom|descriere|conținut|summaryen|descriptionen|contenten|описание|текст|содержание|опис|зміст|περιγραφή|περιεχόμενο|açıklama|\
    içerik|metin|deskripsi|konten|isi|môtả|nộidung|内容|內容|正文|本文|내용|본문|الوصف|المحتوى|النص|متن|תיאור|תוכן|विवरण";
const LINK: &str = "\
    htmlurl|weburl|url|link|href|permalink|shareurl|pageurl|articleurl|detailurl|uri|externalurl|canonicalurl|\
    externallink|linkurl|detaillink|pdfurl|pdflink|fileurl|documenturl|adjuncturl|\
    enlace|enlaceurl|lien|adresse|collegamento|ссылка|посилання|länk|lenke|linkki|odkaz|poveznica|bağlantı|tautan|liênkết|\
    σύνδεσμος|الرابط|رابط|קישור|链接|連結|网址|網址|原文链接|リンク|링크";
const ID: &str = "id|guid|uuid|identifier";
const CREDIT: &str = "credit|photocredit|imagecredit|photographer";
const KICKER: &str = "kicker|eyebrow|overline";
const SECTION: &str = "\
    section|category|categories|topic|tags|kategorie|rubrik|categoría|catégorie|rubrique|categoria|kategoria|\
    kategori|категория|рубрика|раздел|分类|カテゴリ|분류";

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of these names holds a field.
    fn surest<'n>(part: Part, names: &[&'n str]) -> Option<&'n str> {
        let ranked = names.iter().filter_map(|name| Some((Known::of(name).rank(part)?, *name)));
        ranked.min().map(|(_, name)| name)
    }

    #[test]
    fn names_are_known_without_case_signs_and_accents() {
        for (part, name) in [
            (Part::Title, "başlık"),
            (Part::Title, "BAŞLIK"),
            (Part::Title, "baslik"),
            (Part::Title, "tytul"),
            (Part::Title, "u\u{308}berschrift"),
            (Part::Title, "タイトル"),
            (Part::Title, "제목"),
            (Part::Title, "शीर्षक"),
            (Part::Date, "Publish-Date"),
            (Part::Date, "fecha de publicacion"),
            (Part::Date, "TARİH"),
            (Part::Summary, "treść"),
            (Part::Summary, "tresc"),
            (Part::Title, "news_title"),
            (Part::Title, "新闻标题"),
            (Part::Date, "noticeDate"),
            (Part::Link, "Article URL"),
        ] {
            assert_eq!(surest(part, &[name]), Some(name), "{part:?}");
        }
        for (part, name) in [(Part::Id, "post_id"), (Part::Date, "scraped_at"), (Part::Date, "last_seen_at")] {
            assert_eq!(surest(part, &[name]), None, "{part:?}");
        }
    }

    #[test]
    fn the_day_of_publication_comes_before_that_of_the_record() {
        for (names, wanted) in [
            (["created_at", "published_date"], "published_date"),
            (["timestamp", "publish_time"], "publish_time"),
            (["updated_at", "release_time"], "release_time"),
            (["created_at", "fecha_publicacion"], "fecha_publicacion"),
            (["created_at", "posted"], "posted"),
            (["created_at", "发布时间"], "发布时间"),
            (["updated", "created"], "created"),
            (["last_modified", "news_date"], "last_modified"),
        ] {
            assert_eq!(surest(Part::Date, &names), Some(wanted), "{names:?}");
        }
    }
}
