//! Compressed siblings, for servers of static files: `rss.xml.gz` beside `rss.xml` (gzip, RFC 1952).
//!
//! A sibling tells neither a time nor a name, so that equal documents have equal ones. It is replaced right behind its
//! document. Between the two, and until the next pass where that is when feedmill is killed, who takes gzip gets the
//! document as it was before: whole, and no older than what a cache may serve.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Document, Tree, sibling_of};

/// The documents with their siblings.
#[must_use]
pub fn with_siblings(mut documents: Tree) -> Tree {
    let sibling = |(path, document): (&String, &Document)| (sibling_of(path), compressed(document));
    let siblings: Vec<(String, Document)> = documents.iter().map(sibling).collect();
    documents.extend(siblings);
    documents
}

fn compressed(document: &Document) -> Document {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory can't fail. If a later version of the crate thinks otherwise, `check` refuses what is cut.
    let _ = encoder.write_all(&document.bytes);
    Document { bytes: encoder.finish().unwrap_or_default(), entries: document.entries }
}
