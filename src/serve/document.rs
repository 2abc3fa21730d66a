//! A published document as it is sent: its bytes in each coding, and the headers that go with them.

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

/// Feeds ask readers to poll once an hour (`ttl` 60); a cache may lag by a quarter of that.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=900");

/// Which codings are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// All, because the document is asked for again and again.
    All,
    /// gzip, at a fast level: every client that knows any coding knows this one.
    Gzip,
    /// None.
    Plain,
}

/// What tells this content of a document from its others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edition<'a> {
    /// Where it is published.
    pub(super) path: &'a str,
    /// Of its bytes, as the ledger has it.
    pub(super) hash: u128,
    /// Last modification, in seconds since 1970.
    pub(super) modified: u64,
}

/// The headers of a document in one coding.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) validators: Validators,
    /// With 200.
    headers: HeaderMap,
    /// With 304: those that a cache would take over (RFC 9110 section 15.4.5).
    not_modified: HeaderMap,
}

impl Version {
    /// The headers of an edition that has `length` bytes in `coding`.
    pub(super) fn new(edition: Edition<'_>, coding: Coding, length: u64) -> Self {
        let Edition { path, hash, modified } = edition;
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

    /// The headers of an answer given `now`, with the body or, if the client has it already, without.
    ///
    /// A version that was published within the same second as the one before it is dated one second later, which may
    /// still lie ahead. No answer may say so (RFC 9110 section 8.8.2.1), so it is dated now; a client that asks by this
    /// date alone gets the version once more.
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

/// A document that is ready to be sent.
#[derive(Debug)]
pub(super) struct Document {
    /// Of its bytes, as the ledger has it.
    pub(super) hash: u128,
    versions: Vec<(Coding, Bytes, Arc<Version>)>,
    /// In all codings.
    pub(super) size: usize,
}

impl Document {
    /// Prepares `bytes`, which are those of the edition. They count in `held` as long as any answer holds on to them.
    pub(super) fn new(edition: Edition<'_>, bytes: Vec<u8>, effort: Effort, held: &Arc<AtomicUsize>) -> Self {
        let codings: &[Coding] = match effort {
            Effort::All => &Coding::ALL,
            Effort::Gzip => &[Coding::Identity, Coding::Gzip],
            Effort::Plain => &[Coding::Identity],
        };
        let mut coded = Vec::new();
        for coding in codings.iter().filter(|coding| **coding != Coding::Identity) {
            // What does not get shorter is better sent as it is.
            if let Ok(shorter) = encode(*coding, &bytes, effort)
                && shorter.len() < bytes.len()
            {
                coded.push((*coding, shorter));
            }
        }
        coded.insert(0, (Coding::Identity, bytes));
        let size = coded.iter().map(|(_, bytes)| bytes.len()).sum();
        let versions = coded.into_iter().map(|(coding, bytes)| {
            let version = Version::new(edition, coding, bytes.len() as u64);
            (coding, Bytes::from_owner(Held::new(bytes, held)), Arc::new(version))
        });
        Self { hash: edition.hash, versions: versions.collect(), size }
    }

    /// The codings there are.
    pub(super) fn codings(&self) -> impl Iterator<Item = Coding> {
        self.versions.iter().map(|(coding, ..)| *coding)
    }

    /// The bytes and headers in `coding`.
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

    const FEED: Edition<'static> = Edition { path: "a/rss.xml", hash: 7, modified: 0 };

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
        let document = Document::new(FEED, text.clone(), Effort::All, &held);
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
        let document = Document::new(FEED, b"short".to_vec(), Effort::All, &Arc::default());
        assert_eq!(document.codings().collect::<Vec<_>>(), [Coding::Identity]);
    }

    #[test]
    fn bytes_count_until_the_last_answer_is_sent() {
        let held = Arc::default();
        let document = Document::new(FEED, b"short".to_vec(), Effort::Plain, &held);
        let (bytes, _) = document.version(Coding::Identity).unwrap();
        drop(document);
        assert_eq!(held.load(Ordering::Relaxed), 5);
        drop(bytes);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
