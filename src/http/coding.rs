//! Content codings, and which of them a client wants (RFC 9110 sections 8.4 and 12.5.3).

use hyper::header::{HeaderMap, HeaderValue};

/// How the bytes of an answer are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Coding {
    /// Every coding. If a client wants two equally, the later one is sent.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Zstd, Self::Brotli];

    /// What `Content-Encoding` says; `None` for bytes as they are.
    #[must_use]
    pub const fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The end of its entity tags.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
            Self::Zstd => "-zst",
        }
    }

    /// The coding that a client with these `headers` wants most, of those `offered`.
    ///
    /// Without `Accept-Encoding` only plain bytes are sure to be understood. They are also sent if nothing is
    /// acceptable, as RFC 9110 section 12.5.3 allows: a feed is better than a refusal.
    #[must_use]
    pub fn wanted(headers: &HeaderMap, offered: impl IntoIterator<Item = Self>) -> Self {
        let lines = headers.get_all(hyper::header::ACCEPT_ENCODING);
        let accepted: Vec<(&str, u16)> =
            lines.iter().filter_map(|line| HeaderValue::to_str(line).ok()).flat_map(choices).collect();
        if accepted.is_empty() {
            return Self::Identity;
        }
        let quality =
            |token: &str| accepted.iter().find(|(name, _)| name.eq_ignore_ascii_case(token)).map(|found| found.1);
        let any = quality("*");
        let rated = offered.into_iter().map(|coding| {
            let quality = match coding.token() {
                // Unnamed, it is acceptable, and wanted less than what is named.
                None => quality("identity").unwrap_or(0),
                Some("gzip") => quality("gzip").or_else(|| quality("x-gzip")).or(any).unwrap_or(0),
                Some(token) => quality(token).or(any).unwrap_or(0),
            };
            (quality, coding)
        });
        rated
            .filter(|(quality, _)| *quality > 0)
            .max_by_key(|(quality, _)| *quality)
            .map_or(Self::Identity, |best| best.1)
    }
}

/// The choices of one line, each with its weight in thousandths. A choice that can't be read is left out.
fn choices(line: &str) -> impl Iterator<Item = (&str, u16)> {
    line.split(',').filter_map(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let token = parts.next().filter(|token| !token.is_empty())?;
        match parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) {
            None => Some((token, 1000)),
            Some(weight) => Some((token, thousandths(weight.trim())?)),
        }
    })
}

/// A weight (RFC 9110 section 12.4.2) in thousandths.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let part: u16 = if digits { format!("{part:0<3}").parse().ok()? } else { return None };
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}
