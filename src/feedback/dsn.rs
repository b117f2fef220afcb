//! Bounces that a machine can read (RFC 3464, RFC 6533), and those that try
//! to be: wrong types, missing lines, fields in any case.

use super::parts::Message;
use super::reason::{self, Blame, Status};
use super::{Clues, Kind, Report, clues_of_returned, one_line, prose};

/// Groups of fields that are read.
const MOST_GROUPS: usize = 20;
/// Lines of a report that are read.
const MOST_LINES: usize = 1_000;

/// The fields about one recipient.
#[derive(Debug, Default)]
struct Recipient {
    original: Option<String>,
    last: Option<String>,
    action: Option<String>,
    status: Option<Status>,
    diagnostic: String,
}

/// What became of the mail to one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Failed,
    Going,
}

/// Reads a delivery status notification; `None` if the message is none.
pub(super) fn read(message: &Message) -> Option<Report> {
    let text = status_text(message)?;
    let (envelope, recipients) = fields(text);
    if recipients.is_empty() {
        return None;
    }
    // What we announce as ENVID is the Message-ID.
    let message_id = envelope.message_id.or_else(|| envelope.id.clone());
    let mut clues = Clues { message_id, ..Clues::default() };
    clues.return_paths.extend(envelope.id);
    if let Some(returned) = message.returned() {
        clues_of_returned(&returned, &mut clues);
    }
    for recipient in &recipients {
        let named = recipient.original.iter().chain(&recipient.last);
        clues.recipients.extend(named.cloned());
    }
    let notice = prose::notice(message);
    let fates: Vec<Fate> = recipients.iter().map(|recipient| recipient.fate(&notice)).collect();
    // Our mails have one recipient each: several are what its mailbox was
    // expanded to, and one of them works.
    let kind = if fates.contains(&Fate::Going) {
        Kind::Progress
    } else {
        let blames = recipients.iter().map(|recipient| recipient.blame(&notice));
        Kind::Bounce(blames.min_by_key(|blame| weight(*blame)).unwrap_or(Blame::Soft))
    };
    let first = &recipients[0];
    let words = if first.diagnostic.is_empty() { &notice } else { &first.diagnostic };
    let status = first.status.or_else(|| Status::find(words));
    Some(Report { kind, clues, status, words: one_line(words) })
}

/// Among several the mildest counts.
fn weight(blame: Blame) -> u8 {
    match blame {
        Blame::Sender => 0,
        Blame::Soft => 1,
        Blame::Hard => 2,
    }
}

/// The part that holds the fields. Some send it under another type.
fn status_text(message: &Message) -> Option<&str> {
    let typed = message.leaves.iter().find(|leaf| {
        matches!(leaf.kind.as_str(), "message/delivery-status" | "message/global-delivery-status")
    });
    if let Some(leaf) = typed {
        return Some(&leaf.text);
    }
    let is_mailers = message.report == "delivery-status" || prose::is_from_a_mailer(&message.head);
    let untyped = |text: &str| {
        let has = |name: &str| {
            text.lines().take(MOST_LINES).any(|line| {
                line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            })
        };
        has("final-recipient:") && (has("action:") || has("status:"))
    };
    let before_returned = message
        .leaves
        .iter()
        .take_while(|leaf| leaf.kind != "message/rfc822" && leaf.kind != "text/rfc822-headers");
    before_returned
        .filter(|leaf| is_mailers && leaf.kind == "text/plain")
        .map(|leaf| prose::before_the_copy(&leaf.text))
        .find(|text| untyped(text))
}

#[derive(Debug, Default)]
struct Envelope {
    id: Option<String>,
    message_id: Option<String>,
}

/// The fields about the mail and those about each recipient. A blank line
/// should part the groups, but a field that comes again does as well.
fn fields(text: &str) -> (Envelope, Vec<Recipient>) {
    let (mut envelope, mut groups) = (Envelope::default(), vec![]);
    let mut group = Recipient::default();
    let mut close = |group: &mut Recipient| {
        let group = std::mem::take(group);
        if (group.last.is_some() || group.original.is_some()) && groups.len() < MOST_GROUPS {
            groups.push(group);
        }
    };
    for (name, value) in unfolded(text) {
        match name.as_str() {
            "" => close(&mut group),
            "original-envelope-id" => envelope.id = Some(from_xtext(&value)),
            "x-original-message-id" => {
                envelope.message_id = Some(value.trim_matches(['<', '>']).to_owned());
            }
            "final-recipient" => {
                if group.last.is_some() {
                    close(&mut group);
                }
                group.last = Some(address(&value));
            }
            "original-recipient" => {
                if group.original.is_some() {
                    close(&mut group);
                }
                group.original = Some(from_xtext(&address(&value)));
            }
            "action" => {
                let word = value.split_whitespace().next().unwrap_or_default();
                group.action = Some(word.trim_end_matches([';', ',']).to_ascii_lowercase());
            }
            "status" => group.status = Status::find(&value),
            "diagnostic-code" => {
                let typed = value.split_once(';').filter(|(kind, _)| is_name(kind));
                typed
                    .map_or(value.as_str(), |(_, said)| said)
                    .trim()
                    .clone_into(&mut group.diagnostic);
            }
            _ => {}
        }
    }
    close(&mut group);
    (envelope, groups)
}

/// Names in lower case with their values; a blank line as an empty name.
fn unfolded(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = vec![];
    for line in text.lines().take(MOST_LINES) {
        if line.trim().is_empty() {
            fields.push((String::new(), String::new()));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut().filter(|(name, _)| !name.is_empty()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_name(name)) {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        } else if let Some((name, value)) = fields.last_mut() {
            // A reply of several lines whose folding was forgotten.
            if name == "diagnostic-code" {
                value.push(' ');
                value.push_str(line.trim());
            }
        }
    }
    fields
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.bytes().all(|byte| byte.is_ascii_digit())
}

/// `rfc822; <a@b>` and what people make of it.
fn address(value: &str) -> String {
    let (_, address) = value.rsplit_once(';').unwrap_or(("", value));
    address.trim().trim_matches(['<', '>', ' ']).chars().take(320).collect()
}

/// RFC 3461 section 4: `+2B` stands for a plus sign.
fn from_xtext(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('+') {
        out.push_str(before);
        let hex = after
            .get(..2)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii_graphic) {
            out.push(char::from(byte));
            rest = &after[2..];
        } else {
            out.push('+');
            rest = after;
        }
    }
    out + rest
}

impl Recipient {
    fn fate(&self, notice: &str) -> Fate {
        match self.action.as_deref() {
            Some("delayed" | "delivered" | "relayed" | "expanded") => Fate::Going,
            Some("failed") => Fate::Failed,
            _ => match self.status.map(Status::class) {
                Some(2) => Fate::Going,
                Some(4) if prose::is_still_trying(notice) => Fate::Going,
                _ => Fate::Failed,
            },
        }
    }

    /// The words of the report are exact; those for people, which speak of
    /// everything that may be wrong, are only asked when it has none.
    fn blame(&self, notice: &str) -> Blame {
        let words = if self.diagnostic.is_empty() { notice } else { &self.diagnostic };
        reason::blame(reason::code_in(words), self.status, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_however_they_are_written() {
        let (envelope, recipients) = fields(
            "Reporting-MTA: dns; a\nOriginal-Envelope-Id: bounce+2Babc@x\n\nFINAL-recipient:rfc822;<a@example.org>\n\
             Action : Failed\nstatus: 5.1.1 (nobody)\nDiagnostic-Code: smtp; 550 one\n\ttwo\nthree\nX-Other: y\n\
             Final-Recipient: b@example.org\n",
        );

        assert_eq!(envelope.id.as_deref(), Some("bounce+abc@x"));
        assert_eq!(recipients.len(), 2);
        assert_eq!(recipients[0].last.as_deref(), Some("a@example.org"));
        assert_eq!(recipients[0].action.as_deref(), Some("failed"));
        assert_eq!(recipients[0].status, Some(Status([5, 1, 1])));
        assert_eq!(recipients[0].diagnostic, "550 one two three");
        assert_eq!(recipients[1].last.as_deref(), Some("b@example.org"));
    }

    #[test]
    fn xtext_is_undone_and_a_plus_of_its_own_stays() {
        assert_eq!(from_xtext("bounce+2Btoken@x"), "bounce+token@x");
        assert_eq!(from_xtext("bounce+token@x"), "bounce+token@x");
        assert_eq!(from_xtext("a+"), "a+");
        assert_eq!(from_xtext("a+0Ab"), "a+0Ab");
    }
}
