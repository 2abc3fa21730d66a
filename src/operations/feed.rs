//! The ledger as an Atom feed (RFC 4287), for the operator's reader.

use atom_syndication::{Category, Content, Entry, Feed, Generator, Link, Person, Text as Title, WriteConfig};

use super::ledger::{Condition, Kind, Ledger};
use crate::mill::item::Text;
use crate::mill::render::Document;

/// The document; `own`: where it can be had.
pub(super) fn document(ledger: &Ledger, own: Option<&str>) -> Document {
    let conditions = ledger.conditions();
    let feed = Feed {
        id: format!("urn:uuid:{}", ledger.id()),
        title: Title::plain("feedmill: operations"),
        updated: ledger.updated().fixed_offset(),
        authors: vec![Person { name: "feedmill".to_owned(), ..Person::default() }],
        generator: Some(Generator { value: "feedmill".to_owned(), ..Generator::default() }),
        links: own.into_iter().map(itself).collect(),
        entries: conditions.iter().map(|condition| entry(ledger, condition)).collect(),
        ..Feed::default()
    };
    let config = WriteConfig { write_document_declaration: true, indent_size: Some(2) };
    // Writing to memory can't fail; an empty document would be refused before it is published.
    let mut bytes = feed.write_with_config(Vec::new(), config).unwrap_or_default();
    bytes.push(b'\n');
    Document { bytes, entries: conditions.len() }
}

fn itself(address: &str) -> Link {
    Link {
        href: address.to_owned(),
        rel: "self".to_owned(),
        mime_type: Some("application/atom+xml".to_owned()),
        ..Link::default()
    }
}

fn entry(ledger: &Ledger, condition: &Condition) -> Entry {
    let term = |term: &str| Category { term: term.to_owned(), ..Category::default() };
    Entry {
        id: format!("urn:uuid:{}", ledger.id_of(condition)),
        title: Title::plain(printable(&title(condition))),
        updated: condition.updated.fixed_offset(),
        categories: vec![term(condition.kind.name()), term(if condition.is_open() { "open" } else { "healed" })],
        // Plain text: nothing here is markup, whatever a file is called.
        content: Some(Content {
            content_type: Some("text".to_owned()),
            value: Some(printable(&text(condition))),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn title(condition: &Condition) -> String {
    let subject = &condition.subject;
    let title = match condition.kind {
        Kind::Skipped if condition.is_rest() => "more files are skipped".to_owned(),
        Kind::Drift if condition.is_rest() => "the pages of more sources changed: drift".to_owned(),
        kind if condition.is_rest() => format!("there is more of the kind {:?}", kind.name()),
        Kind::Trouble => subject.clone(),
        Kind::Store => "the store was damaged".to_owned(),
        Kind::Config => "the config can't be used".to_owned(),
        Kind::Watch => "changes are not told by the system".to_owned(),
        Kind::Hub => format!("the hub {subject} can't be told of changes"),
        Kind::Drift => format!("the page of {subject:?} changed: drift"),
        Kind::Skipped => format!("skipped: {subject}"),
    };
    if condition.is_open() { title } else { format!("healed: {title}") }
}

fn text(condition: &Condition) -> String {
    let Condition { kind, detail, since, healed, .. } = condition;
    let help = match kind {
        Kind::Drift => " (feedmill explain FILE tells how it is read; the feeds keep what they have)",
        Kind::Skipped => " (mend or exclude it)",
        _ => "",
    };
    let over = healed.map(|healed| format!(", healed {}", healed.format("%Y-%m-%d %H:%M:%S UTC")));
    format!("{detail}{help}. Since {}{}.", since.format("%Y-%m-%d %H:%M:%S UTC"), over.unwrap_or_default())
}

/// Names of files and what the system says may hold what no XML can.
fn printable(text: &str) -> String {
    Text::new(text).map_or_else(|| "(nothing printable)".to_owned(), |text| text.to_string())
}
