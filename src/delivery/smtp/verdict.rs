//! What replies mean for the mail: pure.

use super::reply::Reply;
use crate::delivery::mailer::{Failure, Offer, Outcome, Rejection, Stage};

/// What a reply to MAIL, RCPT or DATA says about the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// On to the next step.
    GoOn,
    /// No mail begins now, for this reason; the connection stays.
    Not(Offer),
    /// No mail begins now, for this reason, and the connection is of no more use.
    Gone(Offer),
}

impl Verdict {
    fn failure(reply: &Reply, what: &str) -> Self {
        Self::Gone(Offer::Relay(Failure::Passing(format!("{what}: {reply}"))))
    }
}

/// The reply to MAIL: about the sender, which is us, or about the relay.
pub(super) fn on_mail(reply: &Reply) -> Verdict {
    match reply.class() {
        2 => Verdict::GoOn,
        _ if reply.code == 421 => Verdict::failure(reply, "the relay is busy"),
        // It was told the size, and this mail is too large for it; others may not be.
        4 | 5 if reply.code == 552 || matches!(reply.enhanced, Some([5, 3, 4] | [5, 2, 3])) => {
            Verdict::Not(Offer::Refused(reply.rejection(Stage::Body)))
        }
        4 => Verdict::Not(Offer::Relay(Failure::Passing(format!(
            "the relay does not take mail now: {reply}"
        )))),
        5 => Verdict::Not(Offer::Relay(Failure::Lasting(format!(
            "the relay refuses our sender address: {reply}; check `[mail] bounce`, `from` and the relay's user"
        )))),
        _ => Verdict::failure(reply, "the relay answers MAIL with"),
    }
}

/// The reply to RCPT: about the recipient.
pub(super) fn on_rcpt(reply: &Reply) -> Verdict {
    match (reply.class(), reply.code) {
        (2, _) => Verdict::GoOn,
        // RFC 5321 section 3.8: it closes the connection. That it greeted us and
        // took the sender says that it is not the relay that is busy.
        (_, 421) => Verdict::Gone(Offer::Deferred(reply.rejection(Stage::Recipient))),
        (_, 503) => Verdict::failure(reply, "the relay lost count"),
        (4 | 5, 454 | 530 | 534 | 535 | 538) => Verdict::Not(Offer::Relay(wants_login(reply))),
        (4, _) => Verdict::Not(Offer::Deferred(reply.rejection(Stage::Recipient))),
        (5, _) => Verdict::Not(Offer::Refused(reply.rejection(Stage::Recipient))),
        _ => Verdict::failure(reply, "the relay answers RCPT with"),
    }
}

/// The reply to DATA, given that a recipient was accepted.
pub(super) fn on_data(reply: &Reply) -> Verdict {
    match (reply.class(), reply.code) {
        (_, 354) => Verdict::GoOn,
        (_, 421) => Verdict::Gone(Offer::Deferred(reply.rejection(Stage::Body))),
        (_, 503) => Verdict::failure(reply, "the relay lost count"),
        (4, _) => Verdict::Not(Offer::Deferred(reply.rejection(Stage::Body))),
        (5, _) => Verdict::Not(Offer::Refused(reply.rejection(Stage::Body))),
        _ => Verdict::failure(reply, "the relay answers DATA with"),
    }
}

/// The reply to the final dot. After 421 the connection is of no more use.
pub(super) fn on_dot(reply: &Reply) -> Outcome {
    match (reply.class(), reply.code) {
        (2, _) => Outcome::Sent(reply.to_string()),
        (4, _) => Outcome::Deferred(reply.rejection(Stage::Body)),
        (5, _) => Outcome::Refused(reply.rejection(Stage::Body)),
        _ => Outcome::Uncertain(format!("the relay answers the mail with: {reply}")),
    }
}

/// The reply to AUTH, or one that asks for it.
pub(super) fn wants_login(reply: &Reply) -> Failure {
    if reply.class() == 4 {
        return Failure::Passing(format!("the relay cannot log us in now: {reply}"));
    }
    Failure::Lasting(format!(
        "the relay does not let us in: {reply}; check the user in `transport` and the `password` beside it"
    ))
}

/// The refusal that we give ourselves when the relay said beforehand what it cannot take.
pub(super) fn foreseen(code: u16, enhanced: [u16; 3], text: &str, stage: Stage) -> Offer {
    Offer::Refused(Rejection { code, enhanced: Some(enhanced), text: text.to_owned(), stage })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(line: &str) -> Reply {
        Reply::parse(format!("{line}\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_refused_sender_is_not_held_against_the_recipient() {
        assert_eq!(on_mail(&reply("250 ok")), Verdict::GoOn);
        for line in ["451 4.3.0 later", "452 4.3.1 full"] {
            let verdict = on_mail(&reply(line));
            assert!(matches!(verdict, Verdict::Not(Offer::Relay(Failure::Passing(_)))), "{line}");
        }
        for line in ["550 5.1.8 bad sender", "530 5.7.0 log in", "501 5.5.4 no"] {
            let verdict = on_mail(&reply(line));
            assert!(matches!(verdict, Verdict::Not(Offer::Relay(Failure::Lasting(_)))), "{line}");
        }
        assert!(matches!(on_mail(&reply("552 5.3.4 too big")), Verdict::Not(Offer::Refused(_))));
        assert!(matches!(on_mail(&reply("421 4.3.2 closing")), Verdict::Gone(Offer::Relay(_))));
        assert!(matches!(on_mail(&reply("354 what")), Verdict::Gone(Offer::Relay(_))));
    }

    #[test]
    fn a_recipient_is_refused_deferred_or_not_to_blame() {
        assert_eq!(on_rcpt(&reply("251 will forward")), Verdict::GoOn);
        assert!(matches!(on_rcpt(&reply("550 5.1.1 nobody")), Verdict::Not(Offer::Refused(_))));
        assert!(matches!(on_rcpt(&reply("450 4.2.1 busy")), Verdict::Not(Offer::Deferred(_))));
        assert!(matches!(
            on_rcpt(&reply("530 5.7.0 log in first")),
            Verdict::Not(Offer::Relay(Failure::Lasting(_)))
        ));
        assert!(matches!(
            on_rcpt(&reply("421 4.7.0 busy")),
            Verdict::Gone(Offer::Deferred(Rejection { code: 421, .. }))
        ));
        assert!(matches!(on_data(&reply("421 4.7.0 busy")), Verdict::Gone(Offer::Deferred(_))));
        assert!(matches!(on_rcpt(&reply("503 5.5.1 MAIL first")), Verdict::Gone(Offer::Relay(_))));
    }

    #[test]
    fn only_a_clear_yes_is_sent_and_only_a_clear_no_is_not() {
        assert!(
            matches!(on_dot(&reply("250 2.0.0 queued")), Outcome::Sent(text) if text == "250 2.0.0 queued")
        );
        assert!(matches!(on_dot(&reply("451 4.3.0 later")), Outcome::Deferred(_)));
        assert!(
            matches!(on_dot(&reply("554 5.7.1 spam")), Outcome::Refused(no) if no.stage == Stage::Body)
        );
        assert!(
            matches!(on_dot(&reply("421 4.3.2 closing")), Outcome::Deferred(no) if no.code == 421)
        );
        assert!(matches!(on_dot(&reply("354 go on")), Outcome::Uncertain(_)));
        assert_eq!(on_data(&reply("354 go on")), Verdict::GoOn);
        assert!(matches!(on_data(&reply("250 what")), Verdict::Gone(_)));
    }
}
