//! What comes back: bounces, complaints, unsubscribe mails, and the events of
//! mail services.
//!
//! [`read`] says what a message is ([`Report`]): a pure function of its bytes.
//! It never says whose it is, it only collects [`Clues`]; `flow/feedback`
//! checks their signatures. Nothing here knows of the store.
//!
//! - `parts`: a message taken apart, bounded in every way;
//! - [`dsn`]: machine-readable bounces (RFC 3464) and those that try to be;
//! - [`arf`]: complaints (RFC 5965);
//! - [`prose`]: bounces written for people;
//! - [`reason`]: who is to blame for a refusal;
//! - [`score`]: when soft bounces are too many;
//! - [`verp`]: envelope senders that tell whose a bounce is;
//! - [`hook`]: events of mail services, their signatures checked.

pub mod arf;
pub mod dsn;
pub mod hook;
mod parts;
pub mod prose;
pub mod reason;
pub mod score;
mod settings;
pub mod verp;

use parts::{Head, Message};
pub use reason::{Blame, Status};
pub use settings::{Imap, Settings};

/// The longest text of a report that is kept.
const LONGEST_WORDS: usize = 500;

/// What a message, or the event of a mail service, says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub kind: Kind,
    /// Whom it may be about.
    pub clues: Clues,
    /// The code that was given (RFC 3463), if one was.
    pub status: Option<Status>,
    /// What the other side said, on one line.
    pub words: String,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A mail did not arrive and will not.
    Bounce(Blame),
    /// A mail is on its way, or arrived; or a report that changes nothing.
    Progress,
    /// A reader pressed the spam button.
    Complaint,
    /// A reader wants out.
    Unsubscribe,
    /// A person or a program answers, or it has nothing to do with us.
    Reply,
}

impl Kind {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 7] = [
        Self::Bounce(Blame::Hard),
        Self::Bounce(Blame::Soft),
        Self::Bounce(Blame::Sender),
        Self::Complaint,
        Self::Unsubscribe,
        Self::Progress,
        Self::Reply,
    ];

    /// The word in the store, in metrics and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce(Blame::Hard) => "hard",
            Self::Bounce(Blame::Soft) => "soft",
            Self::Bounce(Blame::Sender) => "sender",
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::Progress => "progress",
            Self::Reply => "reply",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Whom a report may be about. Only machine-readable places are looked at,
/// never the text of a notice nor the body of a returned mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// Addresses and identifiers that may hold a signed return path.
    pub return_paths: Vec<String>,
    /// Signed tokens that may let a reader leave.
    pub unsubscribe: Vec<String>,
    /// Message-ID of the mail that it is about.
    pub message_id: Option<String>,
    /// Addresses that the report is about.
    pub recipients: Vec<String>,
}

/// What a message is and whom it may be about. `recipient` is the envelope's,
/// if it is known.
#[must_use]
pub fn read(message: &[u8], recipient: Option<&str>) -> Report {
    let message = Message::parse(message);
    let mut report = arf::read(&message)
        .or_else(|| dsn::read(&message))
        .or_else(|| unsubscribe(&message.head))
        .or_else(|| prose::read(&message))
        .unwrap_or_else(|| Report::of(Kind::Reply));
    let arrived = recipient.map(str::to_owned).into_iter().chain(arrived_at(&message.head));
    report.clues.return_paths.splice(0..0, arrived);
    report
}

impl Report {
    fn of(kind: Kind) -> Self {
        Self { kind, clues: Clues::default(), status: None, words: String::new() }
    }
}

/// Where the message arrived: the places in which mail systems note it.
fn arrived_at(head: &Head) -> Vec<String> {
    const PLACES: [&str; 8] = [
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "x-envelope-to",
        "x-delivered-to",
        "x-forwarded-to",
        "apparently-to",
        "to",
    ];
    PLACES
        .iter()
        .flat_map(|place| head.all(place))
        .flat_map(|value| value.split([' ', ',', ';', '<', '>', '\t']))
        .filter(|word| word.contains('@') && word.len() <= 320)
        .map(str::to_owned)
        .take(40)
        .collect()
}

/// The mail that a mail program writes for `List-Unsubscribe: <mailto:…>`:
/// its subject is `unsubscribe TOKEN`.
fn unsubscribe(head: &Head) -> Option<Report> {
    let mut words = head.first("subject")?.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("unsubscribe"))?;
    let token = words.next().filter(|word| is_token(word))?;
    let mut report = Report::of(Kind::Unsubscribe);
    report.clues.unsubscribe.push(token.to_owned());
    Some(report)
}

/// Could this be one of our signed tokens? Their form is URL-safe base64.
fn is_token(word: &str) -> bool {
    (40..=400).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What the header of a returned mail tells about whose it is.
fn clues_of_returned(head: &Head, clues: &mut Clues) {
    if let Some(path) = head.first("return-path") {
        clues.return_paths.push(path.trim_matches(['<', '>', ' ']).to_owned());
    }
    if let Some(id) = head.first("message-id") {
        clues.message_id.get_or_insert_with(|| id.trim_matches(['<', '>', ' ']).to_owned());
    }
    for field in head.all("list-unsubscribe") {
        let tokens = field.split(['/', '>', '<', '=', '&', '?', ' ', '%']);
        // `%20` stands before the token in the mailto form.
        let tokens =
            tokens.map(|word| word.strip_prefix("20").filter(|w| is_token(w)).unwrap_or(word));
        clues.unsubscribe.extend(tokens.filter(|word| is_token(word)).take(4).map(str::to_owned));
    }
}

/// Text as it may be kept: one printable line of bearable length.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty())
    {
        if line.len() + word.len() >= LONGEST_WORDS {
            let room = LONGEST_WORDS.saturating_sub(line.len() + 1);
            line.extend(std::iter::once(' ').chain(word.chars().take(room)).take(room));
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
