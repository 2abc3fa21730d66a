//! A published document as it is answered: its bytes in each coding, and the heads that go with them.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};

use crate::http::{Coding, Validators, guarded};
use crate::mill::render::media_type;

/// Feeds say that an hour between two looks is fine (`ttl` 60); a cache may be a quarter of it behind.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=900");

/// Which codings are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// All: the document is asked for again and again.
    All,
    /// gzip, which every client knows that knows any, and quickly.
    Gzip,
    /// None.
    Plain,
}

/// The heads of a document in one coding.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) validators: Validators,
    /// With 200.
    headers: HeaderMap,
    /// With 304: those that a cache would take over (RFC 9110 section 15.4.5).
    not_modified: HeaderMap,
}

impl Version {
    /// The heads of a document of `length` bytes in `coding`, whose content is `hash`.
    pub(super) fn new(path: &str, hash: u128, modified: u64, coding: Coding, length: u64) -> Self {
        let modified = modified.min(LAST_SECOND);
        let etag = header_value(format!("\"{hash:032x}{}\"", coding.suffix()));
        let at = UNIX_EPOCH + Duration::from_secs(modified);
        let mut shared = HeaderMap::with_capacity(12);
        shared.insert(header::ETAG, etag.clone());
        shared.insert(header::LAST_MODIFIED, header_value(httpdate::fmt_http_date(at)));
        shared.insert(header::CACHE_CONTROL, CACHE_CONTROL);
        shared.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let mut headers = shared.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
        headers.insert(header::CONTENT_LENGTH, length.into());
        if let Some(token) = coding.token() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
        }
        headers.extend(guarded());
        let mut not_modified = shared;
        not_modified.extend(guarded());
        Self { validators: Validators { etag, modified }, headers, not_modified }
    }

    /// The heads of an answer given `now`, with the body or, where the client has that, without.
    ///
    /// A version that came within the second of the one before it is later than that by a second, which may still be to
    /// come: no answer may tell so (RFC 9110 section 8.8.2.1). Whoever got the other date, and asks by it alone, gets the
    /// version once more.
    pub(super) fn heads(&self, is_current: bool, now: SystemTime) -> HeaderMap {
        let mut heads = if is_current { &self.not_modified } else { &self.headers }.clone();
        if UNIX_EPOCH + Duration::from_secs(self.validators.modified) > now {
            let now = header_value(httpdate::fmt_http_date(now));
            heads.insert(header::LAST_MODIFIED, now.clone());
            heads.insert(header::DATE, now);
        }
        heads
    }
}

/// The last second of the year 9999: beyond it there is no HTTP date.
const LAST_SECOND: u64 = 253_402_300_799;

/// What is made here has no control characters.
fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// A document that lies ready.
#[derive(Debug)]
pub(super) struct Document {
    /// Of its bytes, as the ledger has it.
    pub(super) hash: u128,
    versions: Vec<(Coding, Bytes, Arc<Version>)>,
    /// In all codings.
    pub(super) size: usize,
}

impl Document {
    /// Prepares `bytes`, which are those of the document at `path`. As long as any answer holds on to them they count in
    /// `held`.
    pub(super) fn new(
        path: &str,
        bytes: Vec<u8>,
        hash: u128,
        modified: u64,
        effort: Effort,
        held: &Arc<AtomicUsize>,
    ) -> Self {
        let codings: &[Coding] = match effort {
            Effort::All => &Coding::ALL,
            Effort::Gzip => &[Coding::Identity, Coding::Gzip],
            Effort::Plain => &[Coding::Identity],
        };
        let mut coded = Vec::new();
        for coding in codings.iter().filter(|coding| **coding != Coding::Identity) {
            // What a coding makes no shorter is better sent as it is.
            if let Ok(shorter) = encode(*coding, &bytes, effort)
                && shorter.len() < bytes.len()
            {
                coded.push((*coding, shorter));
            }
        }
        coded.insert(0, (Coding::Identity, bytes));
        let size = coded.iter().map(|(_, bytes)| bytes.len()).sum();
        let versions = coded.into_iter().map(|(coding, bytes)| {
            let version = Version::new(path, hash, modified, coding, bytes.len() as u64);
            (coding, Bytes::from_owner(Held::new(bytes, held)), Arc::new(version))
        });
        Self { hash, versions: versions.collect(), size }
    }

    /// The codings there are.
    pub(super) fn codings(&self) -> impl Iterator<Item = Coding> {
        self.versions.iter().map(|(coding, ..)| *coding)
    }

    /// The bytes and heads in `coding`.
    pub(super) fn version(&self, coding: Coding) -> Option<(Bytes, Arc<Version>)> {
        let found = self.versions.iter().find(|(of, ..)| *of == coding);
        found.map(|(_, bytes, version)| (bytes.clone(), Arc::clone(version)))
    }
}

/// Bytes that are counted until the last answer that bears them is sent.
struct Held {
    bytes: Vec<u8>,
    total: Arc<AtomicUsize>,
}

impl Held {
    fn new(bytes: Vec<u8>, total: &Arc<AtomicUsize>) -> Self {
        total.fetch_add(bytes.len(), Ordering::Relaxed);
        Self { bytes, total: Arc::clone(total) }
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// `bytes` in `coding`. The same bytes give the same result.
fn encode(coding: Coding, bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(bytes.to_vec()),
        Coding::Gzip => {
            let level = if effort == Effort::All { Compression::default() } else { Compression::new(4) };
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let mut coded = Vec::new();
            let parameters = brotli::enc::BrotliEncoderParams { quality: 5, lgwin: 22, ..Default::default() };
            brotli::BrotliCompress(&mut &*bytes, &mut coded, &parameters)?;
            Ok(coded)
        }
        Coding::Zstd => zstd::bulk::compress(bytes, 9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Identity => plain.extend_from_slice(bytes),
            Coding::Gzip => {
                io::copy(&mut flate2::read::GzDecoder::new(bytes), &mut plain).unwrap();
            }
            Coding::Brotli => brotli::BrotliDecompress(&mut &*bytes, &mut plain).unwrap(),
            Coding::Zstd => plain = zstd::bulk::decompress(bytes, 1 << 20).unwrap(),
        }
        plain
    }

    #[test]
    fn every_coding_gives_back_the_document_and_has_a_tag_of_its_own() {
        let text = "<item>The same words again. </item>".repeat(100).into_bytes();
        let held = Arc::default();
        let document = Document::new("a/rss.xml", text.clone(), 7, 0, Effort::All, &held);
        let codings: Vec<Coding> = document.codings().collect();
        assert_eq!(codings, Coding::ALL);
        let mut tags = std::collections::BTreeSet::new();
        for coding in codings {
            let (bytes, version) = document.version(coding).unwrap();
            assert_eq!(decode(coding, &bytes), text, "{coding:?}");
            assert_eq!(version.headers[header::CONTENT_LENGTH], bytes.len().to_string());
            assert_eq!(
                version.headers.get(header::CONTENT_ENCODING).map(|token| token.to_str().unwrap()),
                coding.token()
            );
            assert!(tags.insert(version.headers[header::ETAG].to_str().unwrap().to_owned()), "{coding:?}");
        }
    }

    #[test]
    fn what_no_coding_makes_shorter_is_offered_as_it_is() {
        let document = Document::new("a/rss.xml", b"short".to_vec(), 7, 0, Effort::All, &Arc::default());
        assert_eq!(document.codings().collect::<Vec<_>>(), [Coding::Identity]);
    }

    #[test]
    fn bytes_count_until_the_last_answer_is_sent() {
        let held = Arc::default();
        let document = Document::new("a/2020/06.html", b"short".to_vec(), 7, 0, Effort::Plain, &held);
        let (bytes, _) = document.version(Coding::Identity).unwrap();
        drop(document);
        assert_eq!(held.load(Ordering::Relaxed), 5);
        drop(bytes);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
