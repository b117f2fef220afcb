//! Mailgun: JSON with an HMAC-SHA-256 over its timestamp and token.

use aws_lc_rs::hmac;
use serde_json::Value;

use super::{Event, Facts, Refused, forged, is_fresh, json, text};
use crate::clock::Time;
use crate::feedback::{Blame, Kind};
use crate::secret::Secret;

/// Reads a post that was signed with `key`.
///
/// # Errors
/// If the signature is not the service's, or it is not understood.
pub fn read(body: &[u8], key: &Secret, now: Time) -> Result<Vec<Event>, Refused> {
    let post = json(body)?;
    let (timestamp, token) = (text(&post, "/signature/timestamp"), text(&post, "/signature/token"));
    let signature = un_hex(text(&post, "/signature/signature"))
        .ok_or_else(|| forged("the post has no signature"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
    hmac::verify(&key, format!("{timestamp}{token}").as_bytes(), &signature).map_err(|_| {
        forged("the signature is wrong; is `[feedback.mailgun] key` the webhook signing key?")
    })?;
    if !is_fresh(timestamp, now) {
        return Err(forged("the signature is days old; is the clock right?"));
    }
    Ok(event(post.get("event-data").unwrap_or(&Value::Null)).into_iter().collect())
}

fn event(data: &Value) -> Option<Event> {
    let description = text(data, "/delivery-status/description");
    let message = text(data, "/delivery-status/message");
    let words = if message.is_empty() { description } else { message };
    let code = data.pointer("/delivery-status/code").and_then(Value::as_i64).unwrap_or_default();
    let said = format!("{code} {words}");
    let facts = Facts {
        id: format!("mailgun:{}", text(data, "/id")),
        recipient: text(data, "/recipient"),
        return_path: text(data, "/envelope/sender"),
        message_id: text(data, "/message/headers/message-id"),
        status: text(data, "/delivery-status/enhanced-code"),
        words: &said,
    };
    let kind = match (text(data, "/event"), text(data, "/severity"), text(data, "/reason")) {
        ("complained", ..) | ("failed", _, "suppress-complaint") => Kind::Complaint,
        ("unsubscribed", ..) | ("failed", _, "suppress-unsubscribe") => Kind::Unsubscribe,
        ("failed", _, "suppress-bounce") => Kind::Bounce(Blame::Hard),
        ("failed", "temporary", _) => Kind::Progress,
        // The code says that the mailbox is gone, and not just "5xx".
        ("failed", "permanent", "bounce") => Kind::Bounce(facts.blame(Blame::Hard)),
        ("failed", ..) => Kind::Bounce(facts.found().unwrap_or(Blame::Soft)),
        ("rejected", ..) => Kind::Bounce(Blame::Sender),
        _ => return None,
    };
    Some(facts.event(kind))
}

fn un_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().as_chunks::<2>();
    if text.is_empty() || text.len() > 128 || !digits.1.is_empty() {
        return None;
    }
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.0.iter().map(byte).collect()
}
