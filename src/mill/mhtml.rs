//! Web pages that a browser saved with their pictures and styles in one file: MHTML (RFC 2557), a message of several
//! parts, of which the first that is HTML is the page.
//!
//! Promised: the page's bytes as they were before they were made fit for mail (RFC 2045), each on the line on which it
//! stands in the file; a file that is cut gives what there is of the page. Refused, with a reason: a message without a
//! page, and a page in base64, which no browser makes of text. What the message says of the page's encoding is told. A
//! mail that was saved is no such file: its parts are related by nothing, and it is read as the text that it is.

use memchr::{memchr, memchr_iter, memmem};

/// A head of more lines is none.
const MOST_LINES: usize = 64;
/// The name of a field is at most so long.
const NAME: usize = 40;

const NO_PAGE: &str = "a web archive (MHTML) in which no page is found: save the page as HTML";
const BASE64: &str = "a web archive (MHTML) whose page is in base64: save the page as HTML";

/// A page as it stood in a message.
pub(super) struct Enclosed {
    pub(super) bytes: Vec<u8>,
    /// What it is encoded in, in the words of the message.
    pub(super) charset: Option<String>,
}

/// The page that such a file holds, or why it can't be had; `None` when the file is no such file.
pub(super) fn page(bytes: &[u8]) -> Option<Result<Enclosed, &'static str>> {
    let (head, mut rest) = head(bytes)?;
    let kind = head.value("content-type")?;
    let boundary = parameter(kind, "boundary").filter(|_| is(kind, "multipart/related"))?;
    let delimiter = format!("--{boundary}");
    loop {
        let Some((_, part)) = split(rest, delimiter.as_bytes()) else { return Some(Err(NO_PAGE)) };
        let (body, behind) = split(part, delimiter.as_bytes()).unwrap_or((part, &[]));
        // The line of the delimiter ends where the head of the part begins.
        let inner = memchr(b'\n', body).and_then(|end| body.get(end + 1..)).unwrap_or_default();
        let html = self::head(inner).filter(|(head, _)| {
            head.value("content-type").is_some_and(|kind| is(kind, "text/html") || is(kind, XHTML))
        });
        let Some((head, text)) = html else {
            rest = part.get(body.len()..).filter(|_| !behind.is_empty()).unwrap_or_default();
            continue;
        };
        let above = bytes.len() - part.len() + (body.len() - text.len());
        let charset = head.value("content-type").and_then(|kind| parameter(kind, "charset")).map(str::to_owned);
        let bytes = decoded(text, bytes.get(..above).unwrap_or_default(), head.value("content-transfer-encoding"));
        return Some(bytes.map(|bytes| Enclosed { bytes, charset }));
    }
}

const XHTML: &str = "application/xhtml+xml";

/// What stands before and behind the next line that begins with `delimiter`.
fn split<'b>(bytes: &'b [u8], delimiter: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let begins_line = |at: &usize| at.checked_sub(1).is_none_or(|before| bytes.get(before) == Some(&b'\n'));
    let at = memmem::find_iter(bytes, delimiter).find(begins_line)?;
    Some((bytes.get(..at)?, bytes.get(at + delimiter.len()..)?))
}

/// The fields at the beginning of a message or a part of it.
struct Head(Vec<(String, String)>);

impl Head {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The head, and what follows the blank line behind it.
fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut rest = bytes;
    for _ in 0..MOST_LINES {
        let is_folded = rest.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        let name = rest.iter().take(NAME).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        let is_field = name > 0 && rest.get(name) == Some(&b':');
        if !(is_folded && !fields.is_empty() || is_field || rest.starts_with(b"\n") || rest.starts_with(b"\r\n")) {
            return None;
        }
        let (line, behind) = rest.split_at_checked(memchr(b'\n', rest)? + 1)?;
        rest = behind;
        let line = String::from_utf8_lossy(line);
        if is_field {
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        } else if line.trim().is_empty() {
            return Some((Head(fields), rest));
        } else if let Some((_, value)) = fields.last_mut() {
            value.push(' ');
            value.push_str(line.trim());
        }
    }
    None
}

/// Whether a value says this, whatever else it says behind a semicolon.
fn is(value: &str, word: &str) -> bool {
    value.split(';').next().unwrap_or(value).trim().eq_ignore_ascii_case(word)
}

/// What a value says behind a semicolon under this name; a sign between quotation marks is none.
fn parameter<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    let mut is_quoted = false;
    let mut parts = value.split(|c| {
        is_quoted ^= c == '"';
        c == ';' && !is_quoted
    });
    let named = |part: &'v str| part.split_once('=').filter(|(known, _)| known.trim().eq_ignore_ascii_case(name));
    let (_, value) = parts.find_map(named)?;
    Some(value.trim().trim_matches('"')).filter(|value| !value.is_empty())
}

/// The bytes of `text`, below as many line breaks as stand `above` it.
fn decoded(text: &[u8], above: &[u8], encoding: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let mut bytes = vec![b'\n'; memchr_iter(b'\n', above).count()];
    match encoding {
        Some(encoding) if is(encoding, "base64") => return Err(BASE64),
        Some(encoding) if is(encoding, "quoted-printable") => unquote(text, &mut bytes),
        _ => bytes.extend_from_slice(text),
    }
    Ok(bytes)
}

/// Undoes quoted-printable. A break that only keeps a line short goes, and comes back at the end of the line that it
/// was in, or what stands below would be told on other lines than its own; what is escaped breaks no line more than
/// that.
fn unquote(text: &[u8], into: &mut Vec<u8>) {
    let mut withheld = 0_usize;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let ends = line.ends_with(b"\n");
        let mut rest = line.trim_ascii_end();
        let is_soft = rest.last() == Some(&b'=');
        rest = rest.strip_suffix(b"=").unwrap_or(rest);
        while let Some(at) = memchr(b'=', rest) {
            into.extend_from_slice(rest.get(..at).unwrap_or_default());
            let digits = rest.get(at + 1..at + 3).filter(|two| two.iter().all(u8::is_ascii_hexdigit));
            let escape = digits.and_then(|two| u8::from_str_radix(str::from_utf8(two).ok()?, 16).ok());
            match escape {
                Some(b'\n') if withheld > 0 => {
                    withheld -= 1;
                    into.push(b'\n');
                }
                Some(b'\n' | b'\r') => into.push(b' '),
                Some(byte) => into.push(byte),
                None => into.push(b'='),
            }
            rest = rest.get(at + if escape.is_some() { 3 } else { 1 }..).unwrap_or_default();
        }
        into.extend_from_slice(rest);
        if is_soft {
            withheld += usize::from(ends);
        } else if ends {
            into.extend(std::iter::repeat_n(b'\n', withheld + 1));
            withheld = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with a page that is encoded like this.
    fn message(encoding: &str, page: &str) -> String {
        format!(
            "From: <Saved by Blink>\r\nSubject: News\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\t\
             type=\"text/html\";\r\n\tboundary=\"--x--\"\r\n\r\n\r\n----x--\r\nContent-Type: text/css\r\n\r\np {{}}\r\n\
             ----x--\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{page}"
        )
    }

    fn read(message: &str) -> Option<Result<String, &'static str>> {
        page(message.as_bytes()).map(|page| page.map(|page| String::from_utf8(page.bytes).unwrap()))
    }

    #[test]
    fn each_line_of_the_page_keeps_its_number() {
        let text = message(
            "quoted-printable",
            "<p class=3D\"a\">Caf=C3=\r\n=A9 at the=20\r\n quay=\r\n, 5 =\r\nMay</p>\r\n<p>b\r\n----x----\r\n",
        );
        let page = read(&text).unwrap().unwrap();
        assert_eq!(page.trim_start(), "<p class=\"a\">Café at the \n\n quay, 5 May</p>\n\n\n<p>b\n");
        let line_of = |text: &str, word: &str| text.lines().position(|line| line.contains(word));
        for word in ["<p class", "quay", "<p>b"] {
            assert_eq!(line_of(&page, word), line_of(&text, word), "{word}");
        }
    }

    #[test]
    fn what_is_escaped_adds_no_line() {
        let page = read(&message("Quoted-Printable", "a=0D=0Ab=\r\nc=0D=0Ad\r\n")).unwrap().unwrap();
        assert_eq!(page.trim_start(), "a  bc \nd\n");
    }

    #[test]
    fn a_message_that_is_cut_gives_what_there_is_of_the_page() {
        for (cut, left) in [
            ("a=3Db=\r\n", "a=b"),
            ("a=3Db=3", "a=b=3"),
            ("a=3Db=", "a=b"),
            ("a=+Ab", "a=+Ab"),
            ("a=\r\nb\r\nc", "ab\n\nc"),
        ] {
            assert_eq!(read(&message("quoted-printable", cut)).unwrap().unwrap().trim_start(), left);
        }
        assert_eq!(read(&message("8bit", "<p>é=3D\r\n")).unwrap().unwrap().trim_start(), "<p>é=3D\r\n");
    }

    #[test]
    fn what_stands_between_quotation_marks_has_no_sign_of_its_own() {
        let head = "Content-Type: multipart/related; type=\"text/html; x\"; boundary=\"a;boundary=b\"\n\n";
        let text = format!("{head}--a;boundary=b\nContent-Type: text/html\n\n<p>x\n--a\ny\n--a;boundary=b--\n");
        assert_eq!(read(&text).unwrap().unwrap().trim(), "<p>x\n--a\ny");
    }

    #[test]
    fn a_page_that_cannot_be_had_is_refused_with_the_reason() {
        assert_eq!(read(&message("base64", "PHA+\r\n")), Some(Err(BASE64)));
        let whole = message("8bit", "");
        let end = whole.rfind("----x--").unwrap();
        assert_eq!(read(&whole[..end]), Some(Err(NO_PAGE)));
    }

    #[test]
    fn what_is_no_such_message_is_what_it_is() {
        for text in [
            "",
            "News: what is new\n\n5 May 2021\n",
            "Content-Type: multipart/related",
            "Content-Type: multipart/related\n\nx",
            "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>\n--x--\n",
            "We saw:\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>\n",
            "<html>\nContent-Type: multipart/related; boundary=x\n\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
