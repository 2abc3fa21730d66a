//! What sources call the fields of an item: the members of their objects, the columns of their tables.

use super::record::Part;

/// The common names of a field as [`bare`] leaves them, the surest first.
pub(super) fn names(part: Part) -> impl Iterator<Item = &'static str> {
    let names = match part {
        Part::Title => TITLE,
        Part::Date => DATE,
        Part::Summary => SUMMARY,
        Part::Credit => CREDIT,
        Part::Kicker => KICKER,
        Part::Link => LINK,
        Part::Id => ID,
        Part::Section => SECTION,
    };
    names.split('|')
}

/// A name without what its writers differ in: `Publish-Date`, `publish_date` and `publishDate` are one.
pub(super) fn bare(name: &str) -> String {
    // The vowel signs of Indic and Thai scripts are no letters in themselves.
    let counts = |c: &char| c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{E7F}');
    name.chars().filter(counts).flat_map(char::to_lowercase).collect()
}

const TITLE: &str = "\
    title|headline|name|heading|subject|titel|überschrift|titre|título|titulo|titolo|titular|denominación|\
    rubrik|tittel|overskrift|otsikko|tytuł|název|nadpis|názov|naslov|naziv|cím|titlu|titlul|заголовок|название|\
    тема|назва|заглавие|наслов|τίτλος|başlık|judul|tajuk|tiêuđề|tytul|pealkiri|virsraksts|pavadinimas|títol|标题|\
    標題|题名|主题|タイトル|件名|題名|제목|العنوان|عنوان|כותרת|शीर्षक|หัวข้อ|ชื่อเรื่อง|bezeichnung|betreff|betreft|onderwerp|\
    asunto|assunto|oggetto|objet|ämne|posttitle|articletitle|proposal|announcement|notice|event|bekanntmachung|\
    meldung|veranstaltung|vorhaben|intitulé|événement|evento|anuncio|anúncio|avviso|aankondiging|bericht|ärende|\
    předmět|predmet|przedmiot|tárgy|konu|tagname";
const DATE: &str = "\
    date|published|publishedat|publishedon|datepublished|pubdate|publishdate|publicationdate|releasedate|\
    dateposted|postedat|day|created|createdat|datecreated|time|timestamp|updated|updatedat|datum|fecha|data|\
    dato|päivämäärä|pvm|päiväys|kuupäev|datums|dátum|дата|датум|ημερομηνία|tarih|tanggal|tarikh|ngày|日期|时间|時間|\
    発表日|公開日|日付|날짜|작성일|등록일|التاريخ|تاريخ|تاریخ|תאריך|दिनांक|तारीख|วันที่|tag|publicado|publicación|\
    veröffentlicht|veröffentlichtam|gepubliceerd|publicatiedatum|datepublication|datedepublication|\
    fechapublicación|fechadepublicación|datadepublicação|датапубликации|erscheinungsdatum|publié|publicerad|\
    veröffentlichungsdatum|fechadepublicacion|fechapublicacion|datadepublicacao|datapublicação|\
    datadipubblicazione|datapubblicazione|publiceringsdatum|publiceringsdato|julkaisupäivä|datapublikacji|\
    datumzveřejnění|datumobjave|yayıntarihi|发布日期|发布时间|掲載日|更新日|게시일|firstpublished|firstpublishedat|publishedtime|\
    publicationtime|publishdatetime|posted|postedon|postdate|issued|issuedate|dateissued|received|datereceived|\
    datetime|modified|lastmodified|datemodified";
const SUMMARY: &str = "\
    summary|description|excerpt|contenttext|abstract|teaser|lead|intro|standfirst|dek|subtitle|subheadline|\
    shortdescription|text|body|content|contenthtml|zusammenfassung|beschreibung|resumen|descripción|descripcion|\
    resumo|descrição|descricao|résumé|resume|descriptif|chapô|riassunto|sommario|descrizione|samenvatting|\
    omschrijving|beschrijving|inhalt|texte|texto|testo|tekst|sammanfattning|beskrivning|resumé|beskrivelse|\
    sammendrag|kuvaus|tiivistelmä|opis|streszczenie|popis|shrnutí|zhrnutie|leírás|összefoglaló|rezumat|\
    descriere|описание|анонс|краткоеописание|текст|опис|περιγραφή|περίληψη|özet|açıklama|ringkasan|deskripsi|\
    tómtắt|môtả|摘要|简介|概要|内容|本文|요약|내용|الملخص|الوصف|خلاصه|תקציר|תיאור|सारांश|विवरण";
const LINK: &str = "\
    url|link|href|permalink|shareurl|pageurl|articleurl|detailurl|uri|weburl|htmlurl|externalurl|canonicalurl|\
    enlace|lien|adresse|ссылка|länk|lenke|odkaz|bağlantı|链接|リンク|링크";
const ID: &str = "id|guid|uuid|identifier";
const CREDIT: &str = "credit|photocredit|imagecredit|photographer";
const KICKER: &str = "kicker|eyebrow|overline";
const SECTION: &str = "\
    section|category|categories|topic|tags|kategorie|rubrik|categoría|catégorie|rubrique|categoria|kategoria|\
    kategori|категория|рубрика|раздел|分类|カテゴリ|분류";
