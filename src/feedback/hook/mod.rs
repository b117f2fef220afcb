//! Events that mail services post to us, each checked by its signature before
//! anything in it is believed.
//!
//! Pure: what arrived goes in, with the secret; events or a refusal come out.
//! Only `ses` needs a document from outside, and names it.

pub mod mailgun;
pub mod postmark;
pub mod sendgrid;
pub mod ses;

use chrono::TimeDelta;
use serde_json::Value;

use super::{Blame, Clues, Kind, Report, Status, one_line, reason};
use crate::clock::{Time, from_millis};
use crate::secret::Secret;

/// Events of one post that are taken.
const MOST_EVENTS: usize = 10_000;

/// How far the moment of a signature may be from ours. Services try for hours
/// to hand an event over; taken twice it does nothing.
const FRESH: TimeDelta = TimeDelta::days(2);

/// Which services may post events, and how they prove themselves.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `[feedback.ses] topics`: ARNs whose messages count. Anybody with an
    /// account there can have messages signed; only these are yours.
    pub ses: Vec<String>,
    /// `[feedback.postmark] secret`.
    pub postmark: Option<Secret>,
    /// `[feedback.mailgun] key`.
    pub mailgun: Option<Secret>,
    /// `[feedback.sendgrid] public_key`, base64.
    pub sendgrid: Option<String>,
}

/// One event about one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// By which the service knows it; the same when it is posted again.
    pub id: String,
    /// What it says.
    pub report: Report,
}

/// Why a post is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It does not prove that it comes from the service.
    Forged(String),
    /// It is signed, and not understood.
    Unclear(String),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forged(why) | Self::Unclear(why) => f.write_str(why),
        }
    }
}

fn forged(why: &str) -> Refused {
    Refused::Forged(why.to_owned())
}

fn json(body: &[u8]) -> Result<Value, Refused> {
    // serde_json bounds the depth itself.
    serde_json::from_slice(body).map_err(|error| Refused::Unclear(format!("no JSON: {error}")))
}

/// The text at a path such as `/mail/source`; empty if there is none.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Is a moment in Unix seconds near ours?
fn is_fresh(seconds: &str, now: Time) -> bool {
    let seconds: Option<i64> = seconds.parse().ok().filter(|s: &i64| (0..=1 << 40).contains(s));
    seconds.is_some_and(|seconds| (now - from_millis(seconds * 1_000)).abs() <= FRESH)
}

/// The facts from which every service's event is made.
#[derive(Debug, Default)]
struct Facts<'a> {
    id: String,
    recipient: &'a str,
    return_path: &'a str,
    message_id: &'a str,
    status: &'a str,
    words: &'a str,
}

impl Facts<'_> {
    fn event(self, kind: Kind) -> Event {
        let bare = |text: &str| {
            let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner);
            inner.trim_matches(['<', '>', ' ']).chars().take(320).collect::<String>()
        };
        let some = |text: &str| Some(bare(text)).filter(|text| !text.is_empty());
        let clues = Clues {
            return_paths: some(self.return_path).into_iter().collect(),
            unsubscribe: vec![],
            message_id: some(self.message_id),
            recipients: some(self.recipient).into_iter().collect(),
        };
        let status = Status::find(self.status).or_else(|| Status::find(self.words));
        let id = self.id.chars().take(200).collect();
        Event { id, report: Report { kind, clues, status, words: one_line(self.words) } }
    }

    /// The blame, by the words of the receiving server alone.
    fn found(&self) -> Option<Blame> {
        let status = Status::find(self.status);
        reason::certain(reason::code_in(self.words), status, self.words)
    }

    /// The blame, the milder of what the service says of it and what the words
    /// of the receiving server say.
    fn blame(&self, said: Blame) -> Blame {
        match self.found() {
            Some(Blame::Sender) => Blame::Sender,
            Some(Blame::Soft) => Blame::Soft,
            _ => said,
        }
    }
}
