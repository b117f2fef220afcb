//! A mail as the inbox page shows it: headers, text and HTML taken apart.
//!
//! Any bytes are read; what is no mail shows as text without headers. Parts
//! are looked for a few levels deep, as deep as mails of ours go.

use mailparse::{MailHeader, MailHeaderMap, ParsedContentType, parse_content_type, parse_headers};

/// Levels of parts inside parts.
const DEPTH: usize = 4;
/// Parts in one part.
const PARTS: usize = 50;
/// Header fields that are shown.
const FIELDS: usize = 200;

/// A mail, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// All header fields in order, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// The first text part.
    pub text: Option<String>,
    /// The first HTML part.
    pub html: Option<String>,
}

impl Taken {
    /// Takes a mail apart.
    pub fn read(message: &[u8]) -> Self {
        let mut taken = Self::default();
        if let Ok((headers, _)) = parse_headers(message) {
            let field = |header: &MailHeader<'_>| (header.get_key(), header.get_value());
            taken.headers = headers.iter().take(FIELDS).map(field).collect();
        }
        taken.look_into(message, DEPTH);
        if taken.text.is_none() && taken.html.is_none() {
            taken.text = Some(String::from_utf8_lossy(message).into_owned());
        }
        taken
    }

    /// The first header field of that name; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.headers.iter();
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The first words of the text.
    pub fn preview(&self) -> String {
        let text = self.text.as_deref().unwrap_or_default();
        let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
        let mut preview = String::new();
        for word in words.take(40) {
            if preview.chars().count() + word.chars().count() > 140 {
                break;
            }
            if !preview.is_empty() {
                preview.push(' ');
            }
            preview.push_str(word);
        }
        preview
    }

    fn look_into(&mut self, part: &[u8], depth: usize) {
        let Ok((headers, begin)) = parse_headers(part) else { return };
        let kind = headers
            .get_first_value("Content-Type")
            .map_or_else(ParsedContentType::default, |value| parse_content_type(&value));
        if kind.mimetype.starts_with("multipart/") {
            let boundary = kind.params.get("boundary").filter(|boundary| !boundary.is_empty());
            let Some(boundary) = boundary.filter(|_| depth > 0) else { return };
            for inner in split(&part[begin..], boundary) {
                self.look_into(inner, depth - 1);
            }
            return;
        }
        let place = match kind.mimetype.as_str() {
            "text/plain" => &mut self.text,
            "text/html" => &mut self.html,
            _ => return,
        };
        if place.is_none() {
            // A part that is not multipart is read without going deeper.
            let body = mailparse::parse_mail(part).and_then(|mail| mail.get_body());
            *place = body.ok().map(|body| body.replace("\r\n", "\n"));
        }
    }
}

/// The parts between the lines that begin with `--boundary`.
fn split<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = format!("--{boundary}");
    let mut parts = vec![];
    let mut begin = None;
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let end = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(mark.as_bytes()) else { continue };
        let closing = rest.starts_with(b"--");
        if !closing && !rest.trim_ascii().is_empty() {
            // The boundary of another part begins alike.
            continue;
        }
        if let Some(begin) = begin.take() {
            parts.push(&body[begin..end]);
        }
        if closing || parts.len() >= PARTS {
            return parts;
        }
        begin = Some(at);
    }
    parts.extend(begin.map(|begin| &body[begin..]));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: The Meridian Review <digest@news.example.org>\r\n\
        Subject: =?utf-8?Q?Die_Woche:_M=C3=BChlen?= =?utf-8?B?IGFtIEZsdXNz?=\r\n\
        List-Unsubscribe: <https://news.example.org/unsubscribe/x>,\r\n <mailto:a@example.org>\r\n\
        Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n\
        preamble\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        ======\r\nM=C3=BChlen am=\r\n Fluss\r\n\
        --b1\r\nContent-Type: text/html; charset=utf-8\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nPHA+TcO8aGxlbjwvcD4=\r\n--b1--\r\n";

    #[test]
    fn a_mail_of_ours_is_taken_apart() {
        let taken = Taken::read(MAIL.as_bytes());

        assert_eq!(taken.header("subject"), "Die Woche: Mühlen am Fluss");
        assert_eq!(
            taken.header("List-Unsubscribe"),
            "<https://news.example.org/unsubscribe/x>, <mailto:a@example.org>"
        );
        assert!(taken.text.as_deref().unwrap().contains("Mühlen am Fluss"), "{taken:?}");
        assert_eq!(taken.html.as_deref().map(str::trim), Some("<p>Mühlen</p>"));
        assert_eq!(taken.preview(), "Mühlen am Fluss");
    }

    #[test]
    fn a_mail_of_one_part_is_its_text_or_html() {
        let text = Taken::read(b"Subject: x\r\n\r\nhello\r\n");
        let html = Taken::read(b"Content-Type: text/html\r\n\r\n<p>hello</p>");

        assert_eq!((text.text.as_deref(), text.html), (Some("hello\n"), None));
        assert_eq!((html.text, html.html.as_deref()), (None, Some("<p>hello</p>")));
    }

    #[test]
    fn parts_inside_parts_without_end_are_not_followed() {
        let mut mail = String::new();
        for nth in 0..50_000 {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{nth}\n\n--b{nth}\n"));
        }

        let taken = Taken::read(mail.as_bytes());

        assert!(taken.html.is_none());
        assert!(taken.text.is_some());
    }

    #[test]
    fn what_is_no_mail_shows_as_it_is() {
        for bytes in [&b""[..], b"\xff\xfe\0", b"no header at all", b"\r\n\r\n", b": :\n"] {
            let _ = Taken::read(bytes).preview();
        }
        assert_eq!(Taken::read(b"\xff").header("Subject"), "");
    }
}
