//! Bounces written for people: qmail, Exim, `IMail`, old Exchange and whoever
//! else never heard of RFC 3464.
//!
//! Only who wrote it makes a message a bounce; its words only tell what kind.
//! They end where the copy of the mail begins, so that a newsletter about
//! bounces is no bounce.

use super::parts::{Head, Message};
use super::reason::{self, Status};
use super::{Clues, Kind, Report, clues_of_returned, one_line};

/// Bytes of a notice that are read.
const LONGEST: usize = 16 * 1024;

/// Who writes bounces: what stands before the `@`.
const MAILERS: [&str; 9] = [
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "postmaster",
    "mdaemon",
    "mailer",
    "mail.daemon",
    "maildelivery",
    "mail-delivery",
];

/// Subjects of bounces whose sender does not tell.
const SUBJECTS: [&str; 14] = [
    "undeliver",
    "delivery fail",
    "delivery status",
    "delivery problem",
    "delivery notification",
    "failure notice",
    "failed mail",
    "returned mail",
    "mail delivery",
    "returning message",
    "not delivered",
    "non remis",
    "unzustellbar",
    "no se puede entregar",
];

/// Lines with which the copy of the mail begins.
const COPIES: [&str; 17] = [
    "--- below this line is a copy",
    "------ this is a copy",
    "----- original message follows",
    "----- unsent message follows",
    "--- original message",
    "-----original message-----",
    "---- original message",
    "original message follows",
    "original message headers",
    "the original message headers",
    "message headers follow",
    "message header follow",
    "possibly truncated original message",
    "-- the header and top",
    "below is a copy of the original message",
    "return-path: ",
    "received: from ",
];

/// Words of a warning: the mail is still on its way, or arrived.
const STILL: [&str; 13] = [
    "not yet been delivered",
    "has been delayed",
    "is delayed",
    "warning message only",
    "this is a warning",
    "will be retried",
    "still being retried",
    "do not need to resend",
    "attempts will continue",
    "will continue trying",
    "will keep trying",
    "still trying",
    "was successfully delivered",
];

/// Reads a bounce in plain words; `None` if the message is none.
pub(super) fn read(message: &Message) -> Option<Report> {
    if !is_from_a_mailer(&message.head) || message.report == "disposition-notification" {
        return None;
    }
    let notice = notice(message);
    let mut clues = Clues::default();
    if let Some(returned) = message.returned() {
        clues_of_returned(&returned, &mut clues);
    }
    for failed in message.head.all("x-failed-recipients") {
        let named = failed.split([',', ' ']).filter(|word| word.contains('@')).take(10);
        clues.recipients.extend(named.map(|word| word.trim_matches(['<', '>']).to_owned()));
    }
    let subject = message.head.first("subject").unwrap_or_default();
    let warns = is_still_trying(&notice) || is_still_trying(subject);
    let kind = if warns {
        Kind::Progress
    } else {
        // Domino has its reason in the subject.
        let blame = reason::certain(reason::code_in(&notice), None, &notice)
            .unwrap_or_else(|| reason::blame(None, None, subject));
        Kind::Bounce(blame)
    };
    Some(Report { kind, clues, status: Status::find(&notice), words: one_line(&notice) })
}

/// Does the header say that a mail system wrote it?
pub(super) fn is_from_a_mailer(head: &Head) -> bool {
    let from = head.first("from").unwrap_or_default().to_ascii_lowercase();
    let address = from.rsplit_once('<').map_or(from.as_str(), |(_, address)| address);
    let address = address.split_whitespace().find(|word| word.contains('@')).unwrap_or(address);
    let local = address.split('@').next().unwrap_or_default().trim_matches(['<', '"', ' ']);
    if MAILERS.contains(&local) || local.starts_with("microsoftexchange") {
        return true;
    }
    // The empty return path (RFC 5321 section 4.5.5) is that of vacations too.
    let nobody = head.first("return-path").is_some_and(|path| path.trim() == "<>");
    let subject = head.first("subject").unwrap_or_default().to_lowercase();
    (nobody || head.has("x-failed-recipients"))
        && SUBJECTS.iter().any(|known| subject.contains(known))
}

/// What a mail system wrote for people, without the copy of the mail.
pub(super) fn notice(message: &Message) -> String {
    before_the_copy(&message.notice()).to_owned()
}

/// The part of a text that stands before the copy of a mail.
pub(super) fn before_the_copy(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start().get(..48.min(line.trim_start().len()));
        let lower = start.unwrap_or(line.trim()).to_ascii_lowercase();
        if end + line.len() > LONGEST
            || COPIES.iter().any(|copy| lower.trim_start().starts_with(copy))
        {
            break;
        }
        end += line.len();
    }
    &text[..end]
}

/// Does a text say that the mail is still on its way?
pub(super) fn is_still_trying(text: &str) -> bool {
    let text = text.to_lowercase();
    let text: Vec<&str> = text.split_whitespace().collect();
    let text = text.join(" ");
    STILL.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_of_the_mail_is_not_read() {
        let text = "It failed.\n\n--- Below this line is a copy of the message.\n\nUser unknown\n";
        assert_eq!(before_the_copy(text), "It failed.\n\n");
        assert_eq!(before_the_copy("no copy"), "no copy");
    }

    #[test]
    fn only_a_mail_system_bounces() {
        for (head, bounces) in [
            ("From: MAILER-DAEMON@example.org (Mail Delivery System)", true),
            ("From: Mail Delivery System <Mailer-Daemon@example.org>", true),
            ("From: \"Postmaster\" <postmaster@example.org>", true),
            ("Return-Path: <>\nFrom: robot@example.org\nSubject: Undeliverable: x", true),
            ("Return-Path: <>\nFrom: reader@example.org\nSubject: Out of office", false),
            ("From: reader@example.org\nSubject: Undeliverable: x", false),
            ("From: postmaster <reader@example.org>\nSubject: Hello", false),
            ("", false),
        ] {
            assert_eq!(is_from_a_mailer(&Head::parse(head.as_bytes())), bounces, "{head}");
        }
    }
}
