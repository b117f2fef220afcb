//! An id for pieces whose publisher gives none, and one piece for one id.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};

use crate::article::{Body, Draft};

/// The same words give the same id: the address, else a hash of title and
/// date, else of the piece.
#[must_use]
pub fn substitute(draft: &Draft) -> String {
    if let Some(url) = &draft.url {
        return url.clone();
    }
    let date = draft.published.map(|date| date.timestamp_millis().to_string()).unwrap_or_default();
    let body = match &draft.body {
        Body::Html(text) | Body::Text(text) if draft.title.is_empty() => text.as_str(),
        _ => "",
    };
    format!(
        "sha256:{}",
        hex(&[draft.title.as_str(), &date, body].join("\0").into_bytes())[..32].to_owned()
    )
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut out, byte| {
        _ = write!(out, "{byte:02x}");
        out
    })
}

/// Keeps one draft for each guid: the later in time, or the first of equals,
/// because feeds put the newest first.
#[must_use]
pub fn settle(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
    let mut kept: Vec<Draft> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if let Some(&place) = places.get(&draft.guid) {
            let when = |draft: &Draft| draft.updated.max(draft.published);
            if when(&draft) > when(&kept[place]) {
                kept[place] = draft;
            }
        } else {
            places.insert(draft.guid.clone(), kept.len());
            kept.push(draft);
        }
    }
    kept
}
