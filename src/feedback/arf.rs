//! Complaints (RFC 5965): what a mailbox provider writes when a reader presses
//! the spam button.

use super::parts::{Head, Message};
use super::{Clues, Kind, Report, clues_of_returned, one_line};

/// Reads a feedback report; `None` if the message is none.
pub(super) fn read(message: &Message) -> Option<Report> {
    let leaf = message.leaves.iter().find(|leaf| leaf.kind == "message/feedback-report")?;
    // Its fields are those of a header.
    let fields = Head::parse(leaf.text.trim_start().as_bytes());
    let said = fields.first("feedback-type")?.to_ascii_lowercase();
    let kind = match said.as_str() {
        "abuse" | "fraud" | "virus" | "miscategorized" | "other" => Kind::Complaint,
        "opt-out" | "opt-out-list" => Kind::Unsubscribe,
        // `not-spam` is praise; `auth-failure` and `dmarc` are about us.
        _ => Kind::Progress,
    };
    let mut clues = Clues::default();
    for field in ["original-envelope-id", "original-mail-from"] {
        clues.return_paths.extend(fields.all(field).map(bare));
    }
    if let Some(returned) = message.returned() {
        clues_of_returned(&returned, &mut clues);
    }
    for field in ["original-rcpt-to", "removal-recipient"] {
        clues.recipients.extend(fields.all(field).map(bare));
    }
    let agent = fields.first("user-agent").unwrap_or_default();
    Some(Report { kind, clues, status: None, words: one_line(&format!("{said} {agent}")) })
}

fn bare(address: &str) -> String {
    address.trim().trim_matches(['<', '>']).chars().take(320).collect()
}
