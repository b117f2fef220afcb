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
        return untracked(url);
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

/// An address without the parameters by which publishers count where readers
/// come from; they change while the piece does not.
fn untracked(url: &str) -> String {
    let (whole, fragment) = url.split_once('#').map_or((url, None), |(a, b)| (a, Some(b)));
    let Some((place, query)) = whole.split_once('?') else { return url.to_owned() };
    let counts = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        name.starts_with("utm_")
            || matches!(name.as_str(), "fbclid" | "gclid" | "mc_cid" | "mc_eid")
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !counts(pair)).collect();
    let mut out = place.to_owned();
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut out, byte| {
        _ = write!(out, "{byte:02x}");
        out
    })
}

/// Guids that are remembered for naming several pieces.
const MOST_REPEATED: usize = 50;

/// Keeps one draft for each guid: the later in time, or the first of equals,
/// because feeds put the newest first. See [`settle_knowing`].
#[must_use]
pub fn settle(drafts: Vec<Draft>) -> Vec<Draft> {
    settle_knowing(drafts, &mut Vec::new())
}

/// The same for a feed some of whose guids are known to be `repeated`. A guid
/// that stands at two addresses in one document names nothing: there the
/// address is the piece's id, now and whenever that guid comes again.
#[must_use]
pub fn settle_knowing(drafts: Vec<Draft>, repeated: &mut Vec<String>) -> Vec<Draft> {
    let mut addresses: HashMap<&str, &str> = HashMap::with_capacity(drafts.len());
    for draft in &drafts {
        let Some(url) = draft.url.as_deref() else { continue };
        let known = *addresses.entry(&draft.guid).or_insert(url);
        if known != url && repeated.len() < MOST_REPEATED && !repeated.contains(&draft.guid) {
            repeated.push(draft.guid.clone());
        }
    }
    let mut places: HashMap<String, usize> = HashMap::with_capacity(drafts.len());
    let mut kept: Vec<Draft> = Vec::with_capacity(drafts.len());
    for mut draft in drafts {
        if repeated.contains(&draft.guid) {
            draft.guid = draft.url.clone().unwrap_or(draft.guid);
        }
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
