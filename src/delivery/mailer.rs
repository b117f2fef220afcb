//! The way a mail leaves the house, as a port: a [`Mailer`] opens a
//! [`Session`], and a session takes mails one after another in two steps.
//!
//! The steps are apart because the ledger stands between them: the delivery is
//! committed as `handing` after [`Session::offer`] said [`Offer::Accepted`] and
//! before [`Session::hand_over`] writes the first byte of the body. Answers are
//! sorted by what the caller does next, not by what went wrong.
//!
//! A session that is dropped in the middle of a step breaks its connection; a
//! mail whose final dot had not left by then is not delivered.

use futures_util::future::BoxFuture;
use thiserror::Error;

/// A way out: an SMTP relay, a sendmail binary, a folder, the built-in inbox.
pub trait Mailer: Send + Sync {
    /// Opens a session. How many are open at once is up to the caller.
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, Failure>>;
}

/// One open connection, owned by one sender.
pub trait Session: Send + Sync {
    /// Asks whether a mail may be handed over: MAIL, RCPT and DATA up to the
    /// 354. Nothing of the body has been written when this returns.
    ///
    /// After [`Offer::Accepted`] the relay waits for a body and there is no way
    /// to take the offer back. A caller that does not want to go on drops the
    /// session or [closes](Session::close) it: the connection breaks, and
    /// nothing goes out. After any other answer the session takes the next
    /// offer, unless it [is spent](Session::is_spent).
    fn offer<'a>(&'a mut self, envelope: &'a Envelope) -> BoxFuture<'a, Offer>;

    /// Hands over the body of the mail that was accepted last, and in the same
    /// write offers `next` if the relay can take that.
    ///
    /// The second answer is that to `next`; `None` means that nobody asked yet:
    /// [`offer`](Session::offer) it. `body` has CRLF line ends, ends in one,
    /// and no line begins with a dot ([`message`](super::message) sees to it).
    fn hand_over<'a>(
        &'a mut self,
        body: &'a [u8],
        next: Option<&'a Envelope>,
    ) -> BoxFuture<'a, (Outcome, Option<Offer>)>;

    /// True if the connection is gone: open another session.
    fn is_spent(&self) -> bool;

    /// Takes leave. Never fails, and does not wait long.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The answer to [`Session::offer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The relay waits for the body.
    Accepted,
    /// This recipient is refused for good.
    Refused(Rejection),
    /// This recipient is refused for now; costs a try.
    Deferred(Rejection),
    /// The relay failed; nobody's try is burned.
    Relay(Failure),
}

/// The answer to [`Session::hand_over`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took responsibility; its words, for the record.
    Sent(String),
    /// This mail is refused for good.
    Refused(Rejection),
    /// This mail is refused for now; costs a try.
    Deferred(Rejection),
    /// The whole mail may have left and no reply came: nobody knows.
    Uncertain(String),
    /// The relay failed, and the mail certainly did not go out; nobody's try is burned.
    Relay(Failure),
}

/// A failure of the relay, the connection or our own set-up: nobody's mailbox
/// is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// It may go away: back off this relay and try again.
    #[error("{0}")]
    Passing(String),
    /// It stays until the operator acts: back off, and say so loudly.
    #[error("{0}")]
    Lasting(String),
}

/// A refusal of one mail, in the relay's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.words())]
pub struct Rejection {
    /// The reply code, such as 550.
    pub code: u16,
    /// The enhanced status code (RFC 3463), such as 5.1.1.
    pub enhanced: Option<Enhanced>,
    /// What it said, on one line.
    pub text: String,
    /// What it was asked.
    pub stage: Stage,
}

/// An enhanced status code (RFC 3463): class, subject, detail.
pub type Enhanced = [u16; 3];

/// Where in the conversation a refusal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Before the body was written: it is about the address.
    Recipient,
    /// After it: it is more likely about the mail.
    Body,
}

/// Who has to change something before a refused mail can arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The reader's mailbox: counts towards suppression.
    Reader,
    /// Our reputation, authorisation or message: never suppress a reader for it.
    Sender,
}

impl Rejection {
    /// Who is to blame, by the enhanced code if there is one (RFC 3463), else
    /// by the stage. In doubt it is us.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self.enhanced {
            // Bad sender address, mail too large, and the subjects that speak
            // of systems, routes, protocols, content and policy.
            Some([_, 1, 7 | 8] | [_, 2, 3 | 4] | [_, 0 | 3..=7, _]) => Blame::Sender,
            Some([_, 1 | 2, _]) => Blame::Reader,
            Some(_) => Blame::Sender,
            None if self.stage == Stage::Recipient && matches!(self.code, 450 | 550..=553) => {
                Blame::Reader
            }
            None => Blame::Sender,
        }
    }

    fn words(&self) -> String {
        match self.enhanced {
            Some([class, subject, detail]) => {
                format!("{} {class}.{subject}.{detail} {}", self.code, self.text)
            }
            None => format!("{} {}", self.code, self.text),
        }
    }
}

/// From whom and to whom, as the relay is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: String,
    id: String,
    size_bytes: usize,
}

/// An address that cannot stand in an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` cannot stand in an SMTP envelope: it must look like name@domain.example, without spaces"
)]
pub struct NotAnAddress(String);

impl Envelope {
    /// An envelope. `from` may be empty: then bounces go nowhere (RFC 5321
    /// section 4.5.5).
    ///
    /// # Errors
    /// If an address could be read as something else by a relay.
    pub fn new(from: &str, to: &str) -> Result<Self, NotAnAddress> {
        if !from.is_empty() {
            checked(from)?;
        }
        checked(to)?;
        Ok(Self { from: from.to_owned(), to: to.to_owned(), id: String::new(), size_bytes: 0 })
    }

    /// Adds what the relay may want to know ahead: the length of the body, and
    /// the identity that a delivery report should name (RFC 3461 ENVID).
    #[must_use]
    pub fn announcing(mut self, size_bytes: usize, id: &str) -> Self {
        self.size_bytes = size_bytes;
        // RFC 3461 section 4.4: at most 100 characters.
        self.id = id.chars().filter(char::is_ascii_graphic).take(100).collect();
        self
    }

    /// The sender; empty for the null sender.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The recipient.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The identity that a delivery report should name; may be empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The length of the body; 0 if not known.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// True if only a relay that offers SMTPUTF8 can take it.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        !(self.from.is_ascii() && self.to.is_ascii())
    }
}

/// No SMTP syntax, no white space, no line ends, and RFC 5321's length limits.
fn checked(address: &str) -> Result<(), NotAnAddress> {
    let clean = |text: &str| {
        !text.is_empty()
            && !text.chars().any(|c| {
                c.is_control()
                    || c.is_whitespace()
                    || matches!(c, '<' | '>' | '"' | '\\' | ',' | ';')
            })
    };
    let ok = address.rsplit_once('@').is_some_and(|(local, domain)| {
        clean(local) && clean(domain) && local.len() <= 64 && domain.len() <= 255
    });
    ok.then_some(()).ok_or_else(|| {
        NotAnAddress(address.chars().take(80).flat_map(char::escape_debug).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_cannot_smuggle_a_command() {
        for bad in [
            "",
            "reader",
            "@example.org",
            "reader@",
            "a b@example.org",
            "reader@example.org\r\nRCPT TO:<other@example.org>",
            "reader@example.org> SIZE=1",
            "<reader@example.org",
            "reader@example.org\0",
        ] {
            assert!(Envelope::new("bounce@example.org", bad).is_err(), "{bad:?}");
            assert!(bad.is_empty() || Envelope::new(bad, "reader@example.org").is_err(), "{bad:?}");
        }
        assert!(Envelope::new("", "reader@example.org").is_ok());
    }

    #[test]
    fn only_the_mailbox_itself_is_held_against_the_reader() {
        let rejection =
            |code, enhanced, stage| Rejection { code, enhanced, text: String::new(), stage };
        for (code, enhanced, stage, blame) in [
            (550, Some([5, 1, 1]), Stage::Recipient, Blame::Reader),
            (552, Some([5, 2, 2]), Stage::Body, Blame::Reader),
            (550, Some([5, 7, 1]), Stage::Recipient, Blame::Sender),
            (553, Some([5, 1, 8]), Stage::Recipient, Blame::Sender),
            (552, Some([5, 3, 4]), Stage::Body, Blame::Sender),
            (554, Some([5, 6, 0]), Stage::Body, Blame::Sender),
            (550, None, Stage::Recipient, Blame::Reader),
            (550, None, Stage::Body, Blame::Sender),
            (554, None, Stage::Recipient, Blame::Sender),
            (599, Some([5, 9, 9]), Stage::Recipient, Blame::Sender),
        ] {
            assert_eq!(rejection(code, enhanced, stage).blame(), blame, "{code} {enhanced:?}");
        }
    }
}
