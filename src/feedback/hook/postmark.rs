//! Postmark: JSON without a signature; the secret comes as the password of
//! HTTP Basic authentication, which its addresses of webhooks can hold.

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Event, Facts, Refused, forged, json, text};
use crate::feedback::{Blame, Kind};
use crate::secret::Secret;

/// Reads a post whose `Authorization` holds `secret`.
///
/// # Errors
/// If the secret is not there, or it is not understood.
pub fn read(
    body: &[u8],
    authorization: Option<&str>,
    secret: &Secret,
) -> Result<Vec<Event>, Refused> {
    if !holds(authorization.unwrap_or_default(), secret) {
        return Err(forged(
            "the password is wrong; write the webhook as https://gazetted:SECRET@HOST/feedback/postmark",
        ));
    }
    Ok(event(&json(body)?).into_iter().collect())
}

fn holds(authorization: &str, secret: &Secret) -> bool {
    let Some((scheme, credentials)) = authorization.split_once(' ') else { return false };
    let Ok(credentials) = STANDARD.decode(credentials.trim()) else { return false };
    let Some(colon) = credentials.iter().position(|byte| *byte == b':') else { return false };
    // Digests have one length, whatever was guessed.
    let (given, known) =
        (digest(&SHA256, &credentials[colon + 1..]), digest(&SHA256, secret.expose().as_bytes()));
    scheme.eq_ignore_ascii_case("basic")
        && constant_time::verify_slices_are_equal(given.as_ref(), known.as_ref()).is_ok()
}

fn event(data: &Value) -> Option<Event> {
    let words = match text(data, "/Details") {
        "" => text(data, "/Description"),
        details => details,
    };
    let number = data.get("ID").map(ToString::to_string).unwrap_or_default();
    let recipient = match text(data, "/Email") {
        "" => text(data, "/Recipient"),
        email => email,
    };
    let record = text(data, "/RecordType");
    let facts = Facts {
        id: format!(
            "postmark:{record}:{number}:{}:{}",
            text(data, "/MessageID"),
            text(data, "/ChangedAt")
        ),
        recipient,
        words,
        ..Facts::default()
    };
    let kind = match (record, text(data, "/Type")) {
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => Kind::Complaint,
        ("SubscriptionChange", _) => {
            if data.get("SuppressSending").and_then(Value::as_bool) != Some(true) {
                return None;
            }
            match text(data, "/SuppressionReason") {
                "HardBounce" => Kind::Bounce(Blame::Hard),
                "SpamComplaint" => Kind::Complaint,
                _ => Kind::Unsubscribe,
            }
        }
        ("Bounce", "HardBounce" | "BadEmailAddress") => Kind::Bounce(facts.blame(Blame::Hard)),
        ("Bounce", "Unsubscribe") => Kind::Unsubscribe,
        ("Bounce", "SoftBounce" | "DnsError" | "Unknown" | "ManuallyDeactivated") => {
            Kind::Bounce(facts.blame(Blame::Soft))
        }
        (
            "Bounce",
            "SpamNotification"
            | "Blocked"
            | "DMARCPolicy"
            | "VirusNotification"
            | "SMTPApiError"
            | "TemplateRenderingFailed"
            | "InboundError"
            | "OpenRelayTest",
        ) => Kind::Bounce(Blame::Sender),
        ("Bounce", "Transient") => Kind::Progress,
        ("Bounce", "AutoResponder" | "AddressChange" | "ChallengeVerification") => Kind::Reply,
        _ => return None,
    };
    Some(facts.event(kind))
}
