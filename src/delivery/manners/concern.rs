//! Whom a refusal for now is about: the mailbox, this one mail, or everybody
//! who has a mailbox there.

use crate::delivery::mailer::{Rejection, Stage};

/// Whom a 4xx is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The reader's mailbox: it costs the mail a try.
    Mailbox,
    /// Neither: a stranger's first mail is made to wait (greylisting), each
    /// reader's for itself. Costs no try and slows nobody down.
    Greylisted,
    /// The domain, or the way to it: wait with all its mails. Costs no try.
    Domain,
}

impl Concern {
    /// Whom a refusal for now is about. RFC 3463: subjects 1 and 2 speak of
    /// the mailbox, less what they say about us as a sender. Without an enhanced
    /// code only 450 does, and only before the body (RFC 5321 section 4.2.3).
    #[must_use]
    pub fn of(rejection: &Rejection) -> Self {
        let about_mailbox = match rejection.enhanced {
            Some([_, 1, 7 | 8]) => false,
            Some([_, 1 | 2, _]) => true,
            Some(_) => false,
            None => rejection.code == 450 && rejection.stage == Stage::Recipient,
        };
        // A server that hangs up on us does not mean the mailbox.
        if rejection.code == 421 {
            Self::Domain
        } else if greylisted(&rejection.text) {
            Self::Greylisted
        } else if about_mailbox {
            Self::Mailbox
        } else {
            Self::Domain
        }
    }
}

/// There is no code for it; every implementation says it in words.
fn greylisted(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list"]
        .iter()
        .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_about_the_mailbox_costs_a_try() {
        use Concern::{Domain, Greylisted, Mailbox};
        for (code, enhanced, stage, text, concern) in [
            (450, Some([4, 2, 1]), Stage::Recipient, "Mailbox busy", Mailbox),
            (452, Some([4, 2, 2]), Stage::Recipient, "Mailbox full", Mailbox),
            (450, Some([4, 1, 1]), Stage::Recipient, "Unverified address", Mailbox),
            (452, Some([4, 2, 2]), Stage::Body, "Mailbox full", Mailbox),
            (450, None, Stage::Recipient, "Mailbox unavailable", Mailbox),
            (450, None, Stage::Body, "Not now", Domain),
            (451, None, Stage::Recipient, "Local error", Domain),
            (452, None, Stage::Recipient, "Insufficient system storage", Domain),
            (450, Some([4, 1, 8]), Stage::Recipient, "Sender domain not found", Domain),
            (451, Some([4, 3, 0]), Stage::Body, "Try again later", Domain),
            (452, Some([4, 3, 1]), Stage::Recipient, "Disk full", Domain),
            (452, Some([4, 5, 3]), Stage::Recipient, "Too many recipients", Domain),
            (451, Some([4, 7, 0]), Stage::Recipient, "Too much mail from you", Domain),
            (454, Some([4, 7, 5]), Stage::Body, "No trust", Domain),
            (421, Some([4, 2, 1]), Stage::Recipient, "Too many connections", Domain),
            (421, None, Stage::Body, "Greylisting is over capacity", Domain),
            (451, Some([4, 7, 1]), Stage::Recipient, "Greylisted, come back", Greylisted),
            (
                450,
                Some([4, 2, 0]),
                Stage::Recipient,
                "Recipient: Greylisting in action",
                Greylisted,
            ),
        ] {
            let rejection = Rejection { code, enhanced, text: text.to_owned(), stage };
            assert_eq!(Concern::of(&rejection), concern, "{rejection} {stage:?}");
        }
    }
}
