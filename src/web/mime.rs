//! A mail as the inbox page shows it: headers, text and HTML taken apart.
//!
//! Any bytes are read; what is no mail shows as text without headers. Parts
//! are looked for a few levels deep, as deep as mails of ours go.

use std::borrow::Cow;

use mailparse::{MailHeader, MailHeaderMap, ParsedContentType, parse_content_type, parse_headers};

use crate::article::clean::inline_text;

/// Levels of parts inside parts.
const DEPTH: usize = 4;
/// Parts in one part.
const PARTS: usize = 50;
/// Header fields that are shown.
const FIELDS: usize = 200;

/// Bytes of HTML that are looked through for the first words.
const PREVIEWED_BYTES: usize = 16 * 1024;

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

    /// The first words, as a list of mails shows them: those of the HTML, where
    /// a digest puts its preheader, else those of the text.
    pub fn preview(&self) -> String {
        let text = match &self.html {
            Some(html) => {
                let body = html.find("<body").and_then(|at| html.get(at..)).unwrap_or(html);
                Cow::Owned(inline_text(clip(body, PREVIEWED_BYTES)))
            }
            None => Cow::Borrowed(self.text.as_deref().unwrap_or_default()),
        };
        // Rules drawn with `====` say nothing.
        let rule = |word: &&str| word.len() > 3 && !word.chars().any(char::is_alphanumeric);
        let words = text.split_whitespace().filter(|word| !rule(word));
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

fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
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
        assert_eq!(taken.preview(), "Mühlen");
    }

    #[test]
    fn a_list_of_mails_shows_the_preheader() {
        let html = "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>Title</title>\
            <style>p{}</style></head><body><div class=\"hint\">Delta &amp; reef</div><h1>Title</h1>";

        assert_eq!(Taken::read(html.as_bytes()).preview(), "Delta & reef Title");
        assert_eq!(Taken::read(b"Subject: x\r\n\r\nfirst\n\n====\nwords").preview(), "first words");
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
