//! A newsletter that came by mail: one message (`.eml`) or a box of them (`.mbox`).

use mailparse::{DispositionType, MailHeaderMap as _, ParsedMail};

use super::value::address;
use super::{ParseError, date, person};
use crate::article::clean::strip_controls;
use crate::article::markup::{Token, Tokens, attribute};
use crate::article::{Body, Draft, Media, language};

/// Messages of one box that are read.
const MOST: usize = 5000;
/// A mail with more parts than this says nothing; each level of parts inside
/// parts names a boundary, and the reader of mails goes down by recursion.
const BOUNDARIES: usize = 60;
/// Pictures that come with one mail.
const PICTURES: usize = 24;
/// The largest of them, in bytes.
const LARGEST: usize = 5 << 20;

/// Reads one message.
///
/// # Errors
/// If it is no mail or has no text.
pub fn message(bytes: &[u8]) -> Result<Draft, ParseError> {
    let bad = |words: &str| ParseError::Mail(words.to_owned());
    let boundaries =
        bytes.windows(9).filter(|word| word.eq_ignore_ascii_case(b"boundary=")).count();
    if boundaries > BOUNDARIES {
        return Err(bad("it has too many parts inside parts"));
    }
    let mail = mailparse::parse_mail(bytes).map_err(|error| bad(&error.to_string()))?;
    let header = |name: &str| {
        mail.headers.get_first_value(name).map(|v| strip_controls(&v)).filter(|v| !v.is_empty())
    };
    if header("From").is_none() && header("Subject").is_none() {
        return Err(bad("it has neither `From` nor `Subject`"));
    }
    let mut parts = Parts::default();
    parts.gather(&mail, 0);
    let body = match (parts.html, parts.text) {
        (Some(html), _) => Body::Html(visible(&html)),
        (None, Some(text)) => Body::Text(text.replace("\r\n", "\n")),
        (None, None) => return Err(ParseError::Empty),
    };
    let published = header("Date").and_then(|text| date::parse(&text));
    let mut draft = Draft {
        title: header("Subject").unwrap_or_default(),
        authors: header("From").map(|from| person::names(&from)).unwrap_or_default(),
        published,
        updated: published,
        language: header("Content-Language").as_deref().and_then(language::normalize),
        // RFC 5064: where this very message can be read.
        url: header("Archived-At").and_then(|at| address(at.trim_matches(['<', '>']), None)),
        body,
        guid: header("Message-ID").unwrap_or_default(),
        ..Draft::default()
    };
    if let Body::Html(html) = &draft.body {
        draft.media = parts.pictures.into_iter().filter(|m| html.contains(&m.name)).collect();
    }
    Ok(draft)
}

/// Reads all messages of a box (RFC 4155); the second value tells of those
/// that cannot be read.
#[must_use]
pub fn boxed(bytes: &[u8]) -> (Vec<Draft>, Vec<String>) {
    let (mut drafts, mut failures) = (Vec::new(), Vec::new());
    for (at, bytes) in split(bytes).into_iter().enumerate() {
        match message(&bytes) {
            Ok(draft) => drafts.push(draft),
            Err(error) => failures.push(format!("message {}: {error}", at + 1)),
        }
    }
    (drafts, failures)
}

/// The messages of a box: each begins with a line `From …` after an empty one.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut after_empty = true;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if after_empty && is_beginning(line) {
            if messages.len() >= MOST {
                break;
            }
            messages.push(Vec::new());
        } else if let Some(message) = messages.last_mut() {
            // `>From` was `From` before it was put into the box.
            let quotes = line.iter().take_while(|b| **b == b'>').count();
            let quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
            message.extend_from_slice(if quoted { &line[1..] } else { line });
        }
        after_empty = line == b"\n" || line == b"\r\n";
    }
    messages
}

/// `From desk@news.example Thu Jan  1 19:48:21 2004`: an address or a time tells
/// it from a sentence.
fn is_beginning(line: &[u8]) -> bool {
    let is_time = |part: &[u8]| matches!(part, [a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()));
    line.starts_with(b"From ") && (line.contains(&b'@') || line.windows(5).any(is_time))
}

#[derive(Default)]
struct Parts {
    html: Option<String>,
    text: Option<String>,
    pictures: Vec<Media>,
}

impl Parts {
    /// The first HTML and the first text that are no attachments, and the
    /// pictures that the HTML may show.
    fn gather(&mut self, part: &ParsedMail, depth: usize) {
        if depth > BOUNDARIES {
            return;
        }
        for inner in &part.subparts {
            self.gather(inner, depth + 1);
        }
        if !part.subparts.is_empty()
            || part.get_content_disposition().disposition == DispositionType::Attachment
        {
            return;
        }
        let kind = part.ctype.mimetype.to_ascii_lowercase();
        match kind.as_str() {
            "text/html" if self.html.is_none() => self.html = text(part),
            "text/plain" if self.text.is_none() => self.text = text(part),
            _ if kind.starts_with("image/") && self.pictures.len() < PICTURES => {
                let id = part.headers.get_first_value("Content-ID");
                if let Some(id) = id
                    && let Ok(bytes) = part.get_body_raw()
                    && bytes.len() <= LARGEST
                {
                    let name = format!("cid:{}", id.trim().trim_matches(['<', '>']));
                    self.pictures.push(Media { name, mime: kind, bytes });
                }
            }
            _ => {}
        }
    }
}

fn text(part: &ParsedMail) -> Option<String> {
    let bytes = part.get_body_raw().ok()?;
    let kind = part.headers.get_first_value("Content-Type");
    let text = super::encoding::decode(&bytes, kind.as_deref(), None);
    Some(text).filter(|text| !text.trim().is_empty())
}

/// HTML without what no reader of the mail sees: the preview line, the pixel
/// that counts openings.
fn visible(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut tokens = Tokens::of(html);
    let mut from = 0;
    // The hidden element, and how many of its name are open.
    let mut hidden: Option<(String, usize)> = None;
    while let Some(token) = tokens.next() {
        let at = tokens.at();
        let piece = &html[from..at];
        from = at;
        if let Some((name, open)) = &mut hidden {
            match token {
                Token::Start { name: inner, empty: false, .. }
                    if inner.eq_ignore_ascii_case(name) =>
                {
                    *open += 1;
                }
                Token::End { name: inner } if inner.eq_ignore_ascii_case(name) => *open -= 1,
                _ => {}
            }
            if *open == 0 {
                hidden = None;
            }
            continue;
        }
        if let Token::Start { name, attributes, empty } = token {
            let is_image = name.eq_ignore_ascii_case("img");
            if is_image && is_pixel(attributes) {
                continue;
            }
            if !is_image && !empty && is_hidden(attributes) {
                hidden = Some((name.to_owned(), 1));
                continue;
            }
        }
        out.push_str(piece);
    }
    // What is never closed hides nothing.
    if hidden.is_some() { html.to_owned() } else { out }
}

fn is_hidden(attributes: &str) -> bool {
    attribute(attributes, "style").is_some_and(|style| {
        let bare: String = style.chars().filter(|c| !c.is_whitespace()).collect();
        let bare = bare.to_ascii_lowercase();
        bare.contains("display:none") || bare.contains("mso-hide:all")
    })
}

fn is_pixel(attributes: &str) -> bool {
    ["width", "height"].iter().all(|name| {
        attribute(attributes, name)
            .is_some_and(|size| matches!(size.trim().trim_end_matches("px"), "0" | "1"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: \"Africa desk\" <desk@news.example>\r\nSubject: =?utf-8?q?Ports_=26_ships_=E2=80=93_I?=\r\n\
        Date: Thu, 01 Jan 2004 19:48:21 +0000\r\nMessage-ID: <1@news.example>\r\nArchived-At: <https://news.example/1>\r\n\
        Content-Type: multipart/related; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=E9\r\n\
        --b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <div style=3D'display: none'>Preview <div>x</div></div><p>Caf=E9</p><img src=3D\"cid:p@x\"><img src=3D'https://count.example/' width=3D1 height=3D1>\r\n\
        --b--\r\n--a\r\nContent-Type: image/png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n--a--\r\n";

    #[test]
    fn a_newsletter_is_read_from_its_mail() {
        let draft = message(MAIL.as_bytes()).unwrap();

        assert_eq!(
            (draft.title.as_str(), draft.authors[0].as_str(), draft.guid.as_str()),
            ("Ports & ships – I", "Africa desk", "<1@news.example>")
        );
        assert_eq!(draft.url.as_deref(), Some("https://news.example/1"));
        assert_eq!(draft.published.unwrap().timestamp(), 1_072_986_501);
        let Body::Html(html) = &draft.body else { panic!() };
        assert_eq!(html.trim(), "<p>Café</p><img src=\"cid:p@x\">");
        assert_eq!((draft.media[0].name.as_str(), draft.media[0].bytes.len()), ("cid:p@x", 6));
    }

    #[test]
    fn a_box_is_taken_apart() {
        let source = "From a@b Thu Jan  1 19:48:21 2004\nFrom: A desk <a@b.example>\nSubject: One\n\nText.\n\n>From here on.\n\n\
                      From a@b Thu Jan  1 19:48:21 2004\nSubject: Two\n\nFrom inside.\n\nFrom a@b\n\n\n";

        let (drafts, failures) = boxed(source.as_bytes());

        assert_eq!(
            drafts.iter().map(|draft| draft.title.as_str()).collect::<Vec<_>>(),
            ["One", "Two"]
        );
        assert!(matches!(&drafts[0].body, Body::Text(text) if text.contains("\nFrom here on.")));
        assert_eq!(failures.len(), 1);
    }

    #[test]
    fn parts_inside_parts_have_an_end() {
        let deep: String = (0..5000)
            .map(|n| format!("Content-Type: multipart/mixed; boundary={n}x\n\n--{n}x\n"))
            .collect();

        assert!(matches!(
            message(format!("Subject: A\n{deep}").as_bytes()),
            Err(ParseError::Mail(_))
        ));
    }
}
