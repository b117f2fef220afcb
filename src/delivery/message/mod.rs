//! A message, assembled once for all who get the same, and filled per person.
//!
//! [`Assembled::new`] does everything that costs time: encoding, folding, MIME.
//! It leaves slots for what differs (the address, the Message-ID, the links);
//! [`Assembled::fill`] only copies. What comes out has CRLF line ends, is ASCII
//! as long as the address is, needs no dot-stuffing because no line begins
//! with a dot, and its body is its own relaxed canonical form for DKIM.
//!
//! Blanks: the templates put marker words (ASCII letters, digits, hyphens)
//! where a value differs per person, and [`Letter::blanks`] lists them.

mod field;
mod identity;
mod quoted;

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use aws_lc_rs::digest;

use self::field::Field;
use self::quoted::Quoter;
use crate::clock::Time;

pub use identity::{delivery_of, dotted, feedback_id, message_id};

/// Everything about a mail that is the same for all who get it.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who it comes from.
    pub from: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// The subject.
    pub subject: String,
    /// The HTML part, CSS inlined, with blanks.
    pub html: String,
    /// The text part, with blanks.
    pub text: String,
    /// Name of the list, for people.
    pub list_name: String,
    /// Identity of the list (RFC 2919), such as `weekly.news.example.org`.
    pub list_id: String,
    /// What complaints are counted by, see [`feedback_id`].
    pub feedback_id: String,
    /// The date: that of the edition, so that sending again gives the same mail.
    pub date: Time,
    /// Further header fields; names that the message has already are left out.
    pub extra: Vec<(String, String)>,
    /// The marker words that stand in `html` and `text`, in the order of [`Person::blanks`].
    pub blanks: Vec<String>,
}

/// A name and an address, as in `The Meridian Review <digest@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; may be empty.
    pub name: String,
    /// The address.
    pub address: String,
}

/// What differs between those who get the same letter.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Their address.
    pub address: &'a str,
    /// The Message-ID without angle brackets, see [`message_id`].
    pub message_id: &'a str,
    /// The one-click address (RFC 8058); left out unless it is `https:`.
    pub unsubscribe_url: &'a str,
    /// A `mailto:` URI to the same end; may be empty.
    pub unsubscribe_mailto: &'a str,
    /// The value of each blank. In the HTML part it is escaped.
    pub blanks: &'a [&'a str],
}

/// A message with slots, ready to be [filled](Assembled::fill).
#[derive(Debug, Clone)]
pub struct Assembled {
    fixed: Vec<u8>,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(Range<usize>),
    To,
    MessageId,
    Unsubscribe,
    /// A blank in the text part.
    Text(usize),
    /// A blank in the HTML part.
    Html(usize),
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Text,
    Html,
}

impl Mailbox {
    /// Reads `Name <address>` or a bare address.
    ///
    /// # Errors
    /// If it is neither; the message says what it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mailbox: lettre::message::Mailbox = text.trim().parse().map_err(|_| {
            format!("`{text}` is not a mail address; write `name@example.org` or `Name <name@example.org>`")
        })?;
        let address = mailbox.email.to_string();
        if !address.is_ascii() {
            return Err(format!("`{text}`: write the domain in its ASCII form (xn--…)"));
        }
        Ok(Self { name: mailbox.name.unwrap_or_default(), address })
    }

    /// The domain of the address.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl Assembled {
    /// Does everything that is the same for all.
    #[must_use]
    pub fn new(letter: &Letter) -> Self {
        let mut assembly = Assembly::default();
        assembly.head(letter);
        assembly.body(letter);
        assembly.close();
        Self { fixed: assembly.fixed, pieces: assembly.pieces }
    }

    /// Appends the message for one person.
    pub fn fill(&self, person: &Person<'_>, out: &mut Vec<u8>) {
        out.reserve(self.fixed.len() + 1024);
        let blank = |index: &usize| person.blanks.get(*index).copied().unwrap_or_default();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(range) => out.extend_from_slice(&self.fixed[range.clone()]),
                Piece::To => Field::begin("To", out).word(person.address).end(),
                Piece::MessageId => {
                    Field::begin("Message-ID", out).word(&format!("<{}>", person.message_id)).end();
                }
                Piece::Unsubscribe => unsubscribe(person, out),
                Piece::Text(index) => {
                    Quoter::default().value(blank(index).chars(), out);
                }
                Piece::Html(index) => {
                    Quoter::default().value(blank(index).chars().flat_map(escaped), out);
                }
            }
        }
    }
}

/// `List-Unsubscribe` (RFC 2369) and, with https, the one-click promise (RFC 8058).
fn unsubscribe(person: &Person<'_>, out: &mut Vec<u8>) {
    let one_click = uri(person.unsubscribe_url, "https://");
    let mailto = uri(person.unsubscribe_mailto, "mailto:");
    let field = match (&one_click, &mailto) {
        (None, None) => return,
        (Some(one), Some(two)) => Field::begin("List-Unsubscribe", out)
            .word(&format!("<{one}>,"))
            .word(&format!("<{two}>")),
        (Some(only), None) | (None, Some(only)) => {
            Field::begin("List-Unsubscribe", out).word(&format!("<{only}>"))
        }
    };
    field.end();
    if one_click.is_some() {
        out.extend_from_slice(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    }
}

/// `text` if it is a URI with that beginning and can stand between angle brackets on one line.
fn uri<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    let clean = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b'"');
    (text.starts_with(beginning) && text.len() < 900 && text.bytes().all(clean)).then_some(text)
}

/// The characters that stand for `c` in HTML, in text as in attributes.
fn escaped(c: char) -> impl Iterator<Item = char> {
    let entity = match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => "",
    };
    entity.chars().chain(entity.is_empty().then_some(c))
}

/// The fields that every message has; an extra field cannot double one.
const FIELDS: [&str; 16] = [
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "auto-submitted",
    "precedence",
    "dkim-signature",
];

#[derive(Debug, Default)]
struct Assembly {
    fixed: Vec<u8>,
    pieces: Vec<Piece>,
    /// What is in `fixed` before this is in `pieces` too.
    done: usize,
}

impl Assembly {
    fn head(&mut self, letter: &Letter) {
        let from = &letter.from;
        let angle = |address: &str| format!("<{address}>");
        Field::begin("From", &mut self.fixed).phrase(&from.name).word(&angle(&from.address)).end();
        self.slot(Piece::To);
        if let Some(reply_to) = &letter.reply_to {
            let address = angle(&reply_to.address);
            Field::begin("Reply-To", &mut self.fixed).phrase(&reply_to.name).word(&address).end();
        }
        Field::begin("Subject", &mut self.fixed).text(&letter.subject).end();
        let date = letter.date.format("%a, %d %b %Y %H:%M:%S +0000").to_string();
        Field::begin("Date", &mut self.fixed).word(&date).end();
        self.slot(Piece::MessageId);
        let list_id = angle(&identity::domain_like(&letter.list_id));
        Field::begin("List-Id", &mut self.fixed).phrase(&letter.list_name).word(&list_id).end();
        self.slot(Piece::Unsubscribe);
        if !letter.feedback_id.is_empty() {
            Field::begin("Feedback-ID", &mut self.fixed).text(&letter.feedback_id).end();
        }
        self.fixed.extend_from_slice(b"Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n");
        self.extra(letter);
    }

    fn extra(&mut self, letter: &Letter) {
        let mut seen: Vec<String> = FIELDS.map(str::to_owned).to_vec();
        for (name, value) in &letter.extra {
            let lower = name.to_ascii_lowercase();
            let is_name = !name.is_empty()
                && name.len() <= 60
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if is_name && !seen.contains(&lower) {
                Field::begin(name, &mut self.fixed).text(value).end();
                seen.push(lower);
            }
        }
    }

    /// Two parts of one content (RFC 2046 section 5.1.4), the plainer first.
    fn body(&mut self, letter: &Letter) {
        let boundary = boundary(letter);
        let opening = format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n"
        );
        self.fixed.extend_from_slice(opening.as_bytes());
        let markers = Markers::new(&letter.blanks);
        for (part, kind, content) in
            [(Part::Text, "plain", &letter.text), (Part::Html, "html", &letter.html)]
        {
            let head = format!(
                "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            );
            self.fixed.extend_from_slice(head.as_bytes());
            self.part(part, content, &markers);
            self.fixed.extend_from_slice(b"\r\n");
        }
        self.fixed.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    }

    /// One part. A slot has lines of its own: a soft break before and after it,
    /// so that its value can be encoded without knowing what surrounds it.
    fn part(&mut self, part: Part, content: &str, markers: &Markers) {
        let mut quoter = Quoter::default();
        let mut rest = content.trim_end_matches(['\r', '\n']);
        while let Some((before, blank, after)) = markers.split(rest) {
            quoter.text(before, &mut self.fixed);
            quoter.fresh_line(&mut self.fixed);
            self.slot(match part {
                Part::Text => Piece::Text(blank),
                Part::Html => Piece::Html(blank),
            });
            if !after.is_empty() && !after.starts_with(['\r', '\n']) {
                quoter.soft_break(&mut self.fixed);
            }
            rest = after;
        }
        quoter.text(rest, &mut self.fixed);
    }

    fn slot(&mut self, piece: Piece) {
        self.close();
        self.pieces.push(piece);
    }

    /// Puts what was written since the last slot among the pieces.
    fn close(&mut self) {
        if self.done < self.fixed.len() {
            self.pieces.push(Piece::Fixed(self.done..self.fixed.len()));
            self.done = self.fixed.len();
        }
    }
}

/// Finds blanks; the longest where one begins with another.
struct Markers(Option<AhoCorasick>, Vec<usize>);

impl Markers {
    fn new(blanks: &[String]) -> Self {
        let (indices, words): (Vec<usize>, Vec<&String>) =
            blanks.iter().enumerate().filter(|(_, word)| !word.is_empty()).unzip();
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words);
        Self(finder.ok(), indices)
    }

    /// What stands before the first blank, which one it is, and the rest.
    fn split<'a>(&self, text: &'a str) -> Option<(&'a str, usize, &'a str)> {
        let found = self.0.as_ref()?.find(text)?;
        let index = *self.1.get(found.pattern().as_usize())?;
        Some((&text[..found.start()], index, &text[found.end()..]))
    }
}

/// A boundary that is the same for the same content. Quoted-printable never
/// has `=_`, so it cannot stand in a part.
fn boundary(letter: &Letter) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(letter.text.as_bytes());
    hash.update(b"\0");
    hash.update(letter.html.as_bytes());
    let hex: Vec<String> =
        hash.finish().as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("=_{}", hex.concat())
}

#[cfg(test)]
mod tests;
