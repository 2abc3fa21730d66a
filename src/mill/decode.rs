//! Bytes to text.
//!
//! A byte order mark is believed; otherwise valid UTF-8 is; otherwise the encoding is guessed. Files are often cut and
//! sometimes damaged: a sequence that the end of the file cuts is dropped, and broken bytes in a UTF-8 file cost only
//! themselves. UTF-8 that was taken for a Latin encoding and saved as UTF-8 again (`CafÃ©`) is taken back: one such
//! capture would make other items of all whose titles have more than plain letters. The result says how sure it is, so
//! that the caller can log what was guessed. A page that a browser saved within a message (MHTML) is taken out of it;
//! what the message says of its encoding comes before a guess.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::mhtml;

/// A guess is made from at most so many bytes, from the first that is not ASCII: more teach it nothing.
const GUESS_FROM: usize = 1 << 20;

/// A text, and how it was decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text without a byte order mark, borrowed from the bytes where they are valid UTF-8.
    pub text: Cow<'a, str>,
    /// The encoding's name as the WHATWG Encoding Standard writes it, or `UTF-32LE`, `UTF-32BE`; or that it is encoded
    /// twice.
    pub encoding: &'static str,
    /// How that is known.
    pub how: How,
}

/// How the encoding of a text became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// A byte order mark says so.
    Bom,
    /// The bytes are valid UTF-8, except perhaps a last sequence that the end of the file cuts; that is dropped.
    Utf8,
    /// The message that the page stands in says so, and the bytes allow it.
    Stated,
    /// It was guessed from the bytes.
    Guessed,
    /// It is damaged here and there: each broken sequence became U+FFFD.
    Lossy,
}

impl How {
    /// Whether the text may be other than it was meant, which is worth a line in the log.
    #[must_use]
    pub fn is_a_guess(self) -> bool {
        matches!(self, Self::Guessed | Self::Lossy)
    }
}

/// Bytes that are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecodable {
    /// What they look like instead.
    pub reason: &'static str,
}

impl std::fmt::Display for Undecodable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for Undecodable {}

/// Decodes the whole content of a file. Nothing is copied where the bytes are valid UTF-8.
///
/// # Errors
///
/// When the bytes are no text: a known binary format, or too many control characters.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, Undecodable> {
    let Some(page) = mhtml::page(bytes) else { return unwrapped(bytes, None) };
    let page = page.map_err(|reason| Undecodable { reason })?;
    let stated = page.charset.and_then(|charset| Encoding::for_label(charset.as_bytes()));
    let Decoded { text, encoding, how } = unwrapped(&page.bytes, stated)?;
    Ok(Decoded { text: Cow::Owned(text.into_owned()), encoding, how })
}

/// Decodes a page that is `stated` to be in an encoding.
fn unwrapped<'b>(bytes: &'b [u8], stated: Option<&'static Encoding>) -> Result<Decoded<'b>, Undecodable> {
    let decoded = decode_once(bytes, stated)?;
    let twice = if decoded.how.is_a_guess() { None } else { encoded_twice(&decoded.text) };
    Ok(twice.map_or(decoded, |text| Decoded { text: Cow::Owned(text), encoding: TWICE, how: How::Guessed }))
}

/// What [`Decoded::encoding`] says of UTF-8 that was taken for a Latin encoding and encoded again.
const TWICE: &str = "UTF-8, encoded twice";

/// The text that was encoded twice, where each character of `text` beyond ASCII is a part of a valid sequence, and
/// these are not all the same. The first one settles it nearly always: letters with accents stand among plain ones.
fn encoded_twice(text: &str) -> Option<String> {
    let (plain, rest) = text.split_at_checked(Encoding::ascii_valid_up_to(text.as_bytes()))?;
    let mut start = rest.chars().map_while(latin).take(2);
    if !(matches!(start.next(), Some(0xC2..=0xF4)) && matches!(start.next(), Some(0x80..=0xBF))) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend_from_slice(plain.as_bytes());
    for c in rest.chars() {
        bytes.push(latin(c)?);
    }
    // The end of a file may cut a sequence.
    if let Err(error) = str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    let text = String::from_utf8(bytes).ok()?;
    // A great letter and the blank or the sign behind it, as French has them (`COMMUNIQUÉ :`), would be letters of
    // these.
    let is_odd = |c: char| matches!(c, '\u{180}'..='\u{2ff}' | '\u{500}'..='\u{58f}' | '\u{700}'..='\u{85f}');
    let mut beyond = text.chars().filter(|c| !c.is_ascii());
    let first = beyond.next()?;
    let is_twice = !is_odd(first) && beyond.clone().any(|c| c != first) && !beyond.any(is_odd);
    is_twice.then_some(text)
}

/// The byte that a program takes for `c` when it takes bytes for Latin-1 or windows-1252.
fn latin(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    let mut buffer = [0; 4];
    let (byte, _, is_other) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    byte.first().copied().filter(|_| !is_other)
}

fn decode_once<'b>(bytes: &'b [u8], stated: Option<&'static Encoding>) -> Result<Decoded<'b>, Undecodable> {
    if let Some(reason) = magic(bytes) {
        return Err(Undecodable { reason });
    }
    // Nearly every file is UTF-8, without a mark, and without a control character that would need a closer look.
    if !bytes.starts_with(b"\xEF\xBB\xBF")
        && !has_odd_controls(bytes)
        && let Ok(text) = str::from_utf8(bytes)
    {
        return Ok(Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", how: How::Utf8 });
    }
    if let Some(decoded) = by_bom(bytes) {
        return text_only(decoded);
    }
    if looks_like_utf16(bytes, 1) {
        return text_only(utf16(bytes, UTF_16LE, How::Guessed));
    }
    if looks_like_utf16(bytes, 0) {
        return text_only(utf16(bytes, UTF_16BE, How::Guessed));
    }
    if too_many_controls(bytes) {
        return Err(Undecodable { reason: BINARY });
    }
    match utf8(bytes) {
        Some(decoded) if bytes.contains(&0x1B) => Ok(iso_2022_jp(bytes).unwrap_or(decoded)),
        Some(decoded) => Ok(decoded),
        None => text_only(stated.and_then(|stated| in_stated(bytes, stated)).unwrap_or_else(|| guess(bytes))),
    }
}

/// `bytes` in the encoding that they are said to be in, where nothing in them speaks against that.
fn in_stated<'b>(bytes: &'b [u8], stated: &'static Encoding) -> Option<Decoded<'b>> {
    // The lines of the file above the page are those of ASCII.
    let stated = Some(stated).filter(|stated| stated.is_ascii_compatible())?;
    let text = stated.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(Decoded { text, encoding: stated.name(), how: How::Stated })
}

/// Whether there is a control character that texts seldom have.
fn has_odd_controls(bytes: &[u8]) -> bool {
    let is_odd = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C) || b == 0x7F;
    // Each chunk is looked at to its end, so that the compiler takes many bytes at a time.
    bytes.chunks(256).any(|chunk| chunk.iter().fold(false, |odd, b| odd | is_odd(*b)))
}

const BINARY: &str = "binary: too many control characters for a text";

fn magic(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 10] = [
        (b"\x1F\x8B\x08", "compressed with gzip"),
        (b"PK\x03\x04", "a ZIP archive or an office document"),
        (b"%PDF-", "a PDF document"),
        (b"\x89PNG\r\n", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"\x28\xB5\x2F\xFD", "compressed with zstd"),
        (b"\xFD7zXZ\0", "compressed with xz"),
        (b"BZh91AY&SY", "compressed with bzip2"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"bplist0", "a binary property list, such as Safari's web archives: save the page as HTML"),
    ];
    KNOWN.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, reason)| *reason)
}

fn by_bom(bytes: &[u8]) -> Option<Decoded<'_>> {
    // The mark of UTF-32LE begins like that of UTF-16LE, followed by a NUL that no text begins with.
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE\0\0") {
        return Some(utf32(rest, "UTF-32LE", u32::from_le_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\0\0\xFE\xFF") {
        return Some(utf32(rest, "UTF-32BE", u32::from_be_bytes));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Some(utf16(rest, UTF_16LE, How::Bom));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Some(utf16(rest, UTF_16BE, How::Bom));
    }
    let rest = bytes.strip_prefix(b"\xEF\xBB\xBF")?;
    match utf8(rest) {
        Some(decoded) if decoded.how == How::Utf8 => Some(Decoded { how: How::Bom, ..decoded }),
        Some(decoded) => Some(decoded),
        // The mark outweighs what statistics say of the rest.
        None => Some(Decoded { text: String::from_utf8_lossy(rest), encoding: "UTF-8", how: How::Lossy }),
    }
}

/// `bytes` as UTF-8: valid, cut at the end, or damaged; `None` when they are in another encoding.
fn utf8(bytes: &[u8]) -> Option<Decoded<'_>> {
    let whole = |text| Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", how: How::Utf8 };
    let error = match str::from_utf8(bytes) {
        Ok(text) => return Some(whole(text)),
        Err(error) => error,
    };
    if error.error_len().is_none() {
        return str::from_utf8(bytes.get(..error.valid_up_to())?).ok().map(whole);
    }
    // In a legacy encoding bytes above 0x7F seldom form a valid sequence: at most one in five was seen to, in GBK. So a
    // damaged UTF-8 file can be told from one even by little text.
    let (mut good, mut broken) = (0_usize, 0_usize);
    let mut end = 0;
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xC0).count();
        end += chunk.valid().len() + chunk.invalid().len();
        let cut_by_the_end =
            end == bytes.len() && str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
        broken += usize::from(!chunk.invalid().is_empty() && !cut_by_the_end);
    }
    (good >= 2 * broken).then(|| Decoded { text: String::from_utf8_lossy(bytes), encoding: "UTF-8", how: How::Lossy })
}

fn utf16<'a>(bytes: &[u8], encoding: &'static Encoding, how: How) -> Decoded<'a> {
    let little = encoding == UTF_16LE;
    let unit = |pair: &[u8]| match pair {
        [a, b] if little => u16::from_le_bytes([*a, *b]),
        [a, b] => u16::from_be_bytes([*a, *b]),
        _ => 0,
    };
    // A file can be cut inside a unit, or between the halves of a pair.
    let mut whole = bytes.get(..bytes.len() & !1).unwrap_or(bytes);
    if let Some((rest, last)) = whole.split_last_chunk::<2>()
        && (0xD800..0xDC00).contains(&unit(last))
    {
        whole = rest;
    }
    let (text, damaged) = encoding.decode_without_bom_handling(whole);
    let text = Cow::Owned(text.into_owned());
    Decoded { text, encoding: encoding.name(), how: if damaged { How::Lossy } else { how } }
}

fn utf32<'a>(bytes: &[u8], encoding: &'static str, unit: fn([u8; 4]) -> u32) -> Decoded<'a> {
    let mut how = How::Bom;
    let (units, _cut) = bytes.as_chunks::<4>();
    let read = |four: &[u8; 4]| char::from_u32(unit(*four));
    let text = units.iter().map(|four| {
        read(four).unwrap_or_else(|| {
            how = How::Lossy;
            char::REPLACEMENT_CHARACTER
        })
    });
    let text = Cow::Owned(text.collect());
    Decoded { text, encoding, how }
}

/// Whether this is UTF-16 without its mark. In any script, blanks and line ends have a zero for one of their two bytes,
/// the first or second as `zero` says (0 or 1), and hardly anything has one for the other.
fn looks_like_utf16(bytes: &[u8], zero: usize) -> bool {
    let sample = bytes.get(..bytes.len().min(4096)).unwrap_or(bytes);
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (here, there) = (zeros(zero), zeros(1 - zero));
    here >= 4 && here * 10 >= sample.len() / 2 && there * 20 < here
}

fn iso_2022_jp(bytes: &[u8]) -> Option<Decoded<'_>> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes.get(..bytes.len().min(GUESS_FROM)).unwrap_or(bytes), true);
    if detector.guess(None, Utf8Detection::Allow) != ISO_2022_JP {
        return None;
    }
    let (text, damaged) = ISO_2022_JP.decode_without_bom_handling(bytes);
    (!damaged).then_some(Decoded { text, encoding: ISO_2022_JP.name(), how: How::Guessed })
}

fn guess(bytes: &[u8]) -> Decoded<'_> {
    let first = bytes.iter().position(|b| *b >= 0x80).unwrap_or(0);
    // A few bytes before the first that matters: the neighbours of a letter tell what it is.
    let start = first.saturating_sub(64);
    let sample = bytes.get(start..bytes.len().min(start + GUESS_FROM)).unwrap_or(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: encoding.name(), how: How::Guessed }
}

fn text_only(decoded: Decoded<'_>) -> Result<Decoded<'_>, Undecodable> {
    if too_many_controls(decoded.text.as_bytes()) { Err(Undecodable { reason: BINARY }) } else { Ok(decoded) }
}

/// Whether there are more than four control characters, and more than one in fifty bytes. A stray NUL in a page is
/// damage, while of a binary file about a tenth is control characters. The escapes of coloured terminal output do not
/// count.
fn too_many_controls(bytes: &[u8]) -> bool {
    let count = bytes.iter().filter(|b| **b < 0x20 && !matches!(**b, 0x09..=0x0D | 0x1B)).count();
    count > 4 && count.saturating_mul(50) > bytes.len()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253};

    use super::*;

    const PAGE: &str = "Новости\n\n  1. МОТ и занятость молодёжи в Узбекистане\n\n    15 июня 2020\n";

    fn read(bytes: &[u8]) -> (String, &'static str, How) {
        let decoded = decode(bytes).expect("a text");
        (decoded.text.into_owned(), decoded.encoding, decoded.how)
    }

    #[test]
    fn utf8_is_borrowed_as_it_stands() {
        let decoded = decode(PAGE.as_bytes()).expect("a text");
        assert!(matches!(decoded.text, Cow::Borrowed(PAGE)));
        assert_eq!((decoded.encoding, decoded.how), ("UTF-8", How::Utf8));
        assert_eq!(read(b""), (String::new(), "UTF-8", How::Utf8));
    }

    #[test]
    fn a_message_says_how_its_page_is_encoded() {
        let message = |charset: &str, page: &[u8]| {
            let head = format!(
                "Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html; charset={charset}\n\n"
            );
            [head.as_bytes(), page, b"\n--x--\n"].concat()
        };
        let told = |bytes: &[u8]| {
            let (text, encoding, how) = read(bytes);
            (text.trim().to_owned(), encoding, how)
        };
        // Too little to guess from.
        for (charset, encoding) in [("windows-1250", WINDOWS_1250), ("\"KOI8-R\"; format=flowed", KOI8_R)] {
            let word = if encoding == KOI8_R { "Мост" } else { "Bő ű" };
            let (bytes, ..) = encoding.encode(word);
            assert_eq!(told(&message(charset, &bytes)), (word.to_owned(), encoding.name(), How::Stated));
        }
        // What the bytes say outweighs it, and so does what they can't be.
        assert_eq!(told(&message("windows-1250", "Bő".as_bytes())), ("Bő".to_owned(), "UTF-8", How::Utf8));
        assert!(read(&message("shift_jis", b"Caf\xE9\n\xFF")).2.is_a_guess());
        assert!(read(&message("nonsense", b"Caf\xE9")).2.is_a_guess());
    }

    #[test]
    fn a_byte_order_mark_is_believed_and_dropped() {
        let mut utf16le = vec![0xFF, 0xFE];
        let mut utf16be = vec![0xFE, 0xFF];
        let mut utf32le = vec![0xFF, 0xFE, 0, 0];
        let mut utf32be = vec![0, 0, 0xFE, 0xFF];
        for unit in PAGE.encode_utf16() {
            utf16le.extend(unit.to_le_bytes());
            utf16be.extend(unit.to_be_bytes());
        }
        for c in PAGE.chars() {
            utf32le.extend(u32::from(c).to_le_bytes());
            utf32be.extend(u32::from(c).to_be_bytes());
        }
        let utf8 = [b"\xEF\xBB\xBF", PAGE.as_bytes()].concat();
        for (bytes, name) in [
            (utf8, "UTF-8"),
            (utf16le, "UTF-16LE"),
            (utf16be, "UTF-16BE"),
            (utf32le, "UTF-32LE"),
            (utf32be, "UTF-32BE"),
        ] {
            assert_eq!(read(&bytes), (PAGE.into(), name, How::Bom));
            // cut inside a unit
            let cut = &bytes[..bytes.len() - 1];
            assert!(PAGE.starts_with(&read(cut).0), "{name}");
            assert_eq!(read(cut).2, How::Bom, "{name}");
        }
        assert_eq!(read(b"\xEF\xBB\xBF"), (String::new(), "UTF-8", How::Bom));
    }

    #[test]
    fn a_surrogate_pair_cut_in_half_is_dropped() {
        let bytes: Vec<u8> = "ab😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cut = [b"\xFF\xFE", &bytes[..bytes.len() - 2]].concat();
        assert_eq!(read(&cut), ("ab".into(), "UTF-16LE", How::Bom));
    }

    #[test]
    fn utf16_without_its_mark_is_recognised_by_its_zeros() {
        let page = "News room\n\n  1. A headline\n\n    15 June 2020\n".repeat(3);
        let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = page.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little), (page.clone(), "UTF-16LE", How::Guessed));
        assert_eq!(read(&big), (page, "UTF-16BE", How::Guessed));
    }

    #[test]
    fn a_sequence_cut_by_the_end_of_the_file_is_dropped() {
        for cut in 1..4 {
            let text = "Tail 𐍈";
            assert_eq!(read(&text.as_bytes()[..text.len() - cut]), ("Tail ".into(), "UTF-8", How::Utf8), "{cut}");
        }
        assert_eq!(read(&"Euro €".as_bytes()[..7]), ("Euro ".into(), "UTF-8", How::Utf8));
    }

    #[test]
    fn legacy_encodings_are_guessed_from_a_page() {
        let russian = "1. МОТ и занятость молодежи в Узбекистане\n15 июня 2020\n";
        let japanese = "1. 国際労働機関は新しい報告書を発表しました\n2020年6月15日\n";
        let chinese = "1. 国际劳工组织发布关于青年就业的新报告\n2020年6月15日\n";
        for (text, encoding) in [
            (russian, WINDOWS_1251),
            (russian, KOI8_R),
            (japanese, SHIFT_JIS),
            (japanese, EUC_JP),
            (chinese, GBK),
            ("1. 國際勞工組織發布關於青年就業的新報告\n2020年6月15日\n", BIG5),
            ("1. 국제노동기구는 청년 고용에 관한 새 보고서를 발표했다\n2020년 6월 15일\n", EUC_KR),
            ("1. Café naïve, coöperation – résumé «déjà vu»\n16 août 2020\n", WINDOWS_1252),
            ("1. Nejnovější zpráva o zaměstnanosti mladých lidí\n15. června 2020\n", WINDOWS_1250),
            ("1. Η Διεθνής Οργάνωση Εργασίας και η απασχόληση των νέων\n15 Ιουνίου 2020\n", WINDOWS_1253),
        ] {
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy, "{}", encoding.name());
            let decoded = decode(&bytes).expect("a text");
            assert_eq!((decoded.text.as_ref(), decoded.how), (text, How::Guessed), "{}", encoding.name());
        }
        let (bytes, ..) = ISO_2022_JP.encode(japanese);
        assert_eq!(read(&bytes), (japanese.into(), "ISO-2022-JP", How::Guessed));
    }

    #[test]
    fn a_single_accent_among_ascii_is_latin() {
        assert_eq!(
            read(b"News room\n\n1. Caf\xE9 society\n\n15 June 2020\n").0,
            "News room\n\n1. Café society\n\n15 June 2020\n"
        );
    }

    #[test]
    fn broken_bytes_in_a_utf8_file_cost_only_themselves() {
        let bad: [&[u8]; 7] =
            [b"\xFF", b"\xC0\x80", b"\xE2\x28\xA1", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xE2\x82", b"\x80"];
        for bad in bad {
            let bytes = [PAGE.as_bytes(), b"2. Broken ", bad, b" bytes\n", PAGE.as_bytes()].concat();
            let (text, encoding, how) = read(&bytes);
            assert_eq!((encoding, how), ("UTF-8", How::Lossy), "{bad:x?}");
            assert!(text.starts_with(PAGE) && text.ends_with(PAGE), "{bad:x?}: {text}");
        }
        // and cut at the end as well
        let cut = [PAGE.as_bytes(), b"\xFF ", &"€".as_bytes()[..2]].concat();
        assert_eq!(read(&cut).2, How::Lossy);
        // ASCII with broken bytes keeps its good lines whatever the guess
        let (text, ..) = read(b"Good line\nBroken \xF8\x88\x80\x80\x80 bytes\nGood line\n");
        assert!(text.starts_with("Good line\nBroken ") && text.ends_with(" bytes\nGood line\n"));
    }

    #[test]
    fn utf8_that_was_taken_for_latin_and_saved_again_is_taken_back() {
        let german = "1. “Café” – größer als je 😀\n15 June 2020\n";
        let in_latin = |text: &str| text.bytes().map(char::from).collect::<String>();
        let in_windows = |text: &str| WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned();
        for text in [PAGE, german, "1. Rates fell by 2 °C – again\n"] {
            for twice in [in_latin(text), in_windows(text)] {
                assert_eq!(read(twice.as_bytes()), (text.into(), TWICE, How::Guessed));
                for end in (0..twice.len()).filter(|end| twice.is_char_boundary(*end)) {
                    let (cut, encoding, _) = read(&twice.as_bytes()[..end]);
                    assert!(text.starts_with(&cut) || encoding == "UTF-8", "{cut}");
                }
            }
        }
    }

    #[test]
    fn what_only_looks_like_it_here_and_there_stays_as_it_is() {
        for text in [
            "1. What “Ã©” means\n2. Café society\n",
            "1. FERMÉ… for the summer\n",
            "1. COMMUNIQUÉ\u{a0}: FERMÉ…\n2. MARCHÉ\u{a0}!\n",
            "1. NÃO À «MAÇÃ»\n",
            "1. Größe, naïve, déjà vu\n",
            "1. Â\n2. Plain\n",
            PAGE,
        ] {
            assert_eq!(read(text.as_bytes()), (text.into(), "UTF-8", How::Utf8));
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let noise: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for (bytes, part) in [
            (&b"\x1F\x8B\x08\0rest"[..], "gzip"),
            (b"PK\x03\x04rest", "ZIP"),
            (b"%PDF-1.7\n", "PDF"),
            (&[0; 4096], "binary"),
            (&noise, "binary"),
        ] {
            let error = decode(bytes).expect_err(part);
            assert!(error.reason.contains(part), "{}", error.reason);
        }
    }

    #[test]
    fn a_stray_control_character_is_damage_not_a_binary_file() {
        for control in 0..0x20_u8 {
            let bytes = [PAGE.as_bytes(), b"2. Ctl", &[control], b"char sum", &[control], b"mary\n"].concat();
            let (text, _, how) = read(&bytes);
            assert_eq!(how, How::Utf8);
            assert!(text.starts_with(PAGE));
        }
        let coloured = "\u{1b}[1mA title\u{1b}[0m\n".repeat(20);
        assert_eq!(read(coloured.as_bytes()).0, coloured);
    }
}
