//! `SendGrid`: a JSON list, signed with ECDSA P-256 over timestamp and body.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Event, Facts, MOST_EVENTS, Refused, forged, is_fresh, json, text};
use crate::clock::Time;
use crate::feedback::{Blame, Kind};

/// The header with the signature.
pub const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
/// The header with the moment that is signed too.
pub const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// What stands before the point in the public key of a P-256 (RFC 5480).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The point of a public key as the service shows it, base64.
///
/// # Errors
/// Says in words what it should be.
pub fn public_key(text: &str) -> Result<Vec<u8>, String> {
    let der = STANDARD.decode(text.trim()).ok();
    der.and_then(|der| der.strip_prefix(&SPKI).map(<[u8]>::to_vec))
        .filter(|point| point.len() == 65)
        .ok_or_else(|| {
            "it is no ECDSA P-256 public key in base64; copy the verification key".to_owned()
        })
}

/// Reads a post whose headers hold `signature` and `timestamp`.
///
/// # Errors
/// If the signature is not the service's, or it is not understood.
pub fn read(
    body: &[u8],
    signature: Option<&str>,
    timestamp: Option<&str>,
    key: &str,
    now: Time,
) -> Result<Vec<Event>, Refused> {
    let point =
        public_key(key).map_err(|why| forged(&format!("[feedback.sendgrid] public_key: {why}")))?;
    let signature = signature.and_then(|text| STANDARD.decode(text.trim()).ok());
    let (Some(signature), Some(timestamp)) = (signature, timestamp) else {
        return Err(forged("the post has no signature; switch on the signed event webhook"));
    };
    let signed = [timestamp.as_bytes(), body].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(&signed, &signature).map_err(
        |_| {
            forged(
                "the signature is wrong; is `[feedback.sendgrid] public_key` that of this webhook?",
            )
        },
    )?;
    if !is_fresh(timestamp, now) {
        return Err(forged("the signature is days old; is the clock right?"));
    }
    match json(body)? {
        Value::Array(events) => Ok(events.iter().take(MOST_EVENTS).filter_map(event).collect()),
        _ => Err(Refused::Unclear("it is no list of events".to_owned())),
    }
}

fn event(data: &Value) -> Option<Event> {
    let facts = Facts {
        id: format!("sendgrid:{}", text(data, "/sg_event_id")),
        recipient: text(data, "/email"),
        message_id: text(data, "/smtp-id"),
        status: text(data, "/status"),
        words: text(data, "/reason"),
        ..Facts::default()
    };
    let lower = facts.words.to_ascii_lowercase();
    let kind = match (text(data, "/event"), text(data, "/type")) {
        // `blocked` is a refusal of the mail, not of the mailbox.
        ("bounce", "blocked") => Kind::Bounce(facts.blame(Blame::Soft)),
        ("bounce", _) => Kind::Bounce(facts.blame(Blame::Hard)),
        ("dropped", _) if lower.starts_with("bounced address") => Kind::Bounce(Blame::Hard),
        ("dropped", _) if lower.starts_with("spam reporting address") => Kind::Complaint,
        ("dropped", _) if lower.starts_with("unsubscribed address") => Kind::Unsubscribe,
        ("dropped", _) => Kind::Bounce(Blame::Sender),
        ("spamreport", _) => Kind::Complaint,
        ("unsubscribe" | "group_unsubscribe", _) => Kind::Unsubscribe,
        ("deferred", _) => Kind::Progress,
        _ => return None,
    };
    Some(facts.event(kind))
}
