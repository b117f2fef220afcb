//! Which of the drafts that a source gives are known already, although feeds
//! change the ids of their pieces and the dates of all of them at once.

use std::collections::HashSet;

use super::admit;
use crate::article::Draft;
use crate::source::{Kind, Settings};
use crate::store::articles::{self, Known};
use crate::store::{Result, Tx};

/// So many pieces that differ in nothing but their date were not all dated anew
/// by hand.
const RESET: usize = 3;

/// What a chunk of drafts is to the store.
#[derive(Debug, Default)]
pub struct Recognised {
    /// New or changed drafts with their fingerprints.
    pub waiting: Vec<(Draft, String, Option<Known>)>,
    /// How many are as they were.
    pub unchanged: u64,
}

/// Compares drafts with what is known. `present` has the ids of all pieces in
/// the same document: what still has its old id did not get a new one. What did
/// goes on under the id by which it was first known.
///
/// # Errors
/// If the store does not answer.
pub async fn recognise(
    tx: &mut Tx,
    source: &Settings,
    drafts: Vec<Draft>,
    present: &mut HashSet<String>,
) -> Result<Recognised> {
    let mut out = Recognised::default();
    let is_feed = matches!(source.kind, Kind::Feed { .. });
    let (mut redated, mut still) = (0, 0);
    for mut draft in drafts {
        let hash = admit::fingerprint(&draft);
        let mut known = articles::known(tx, &source.name, &draft.guid).await?;
        if known.is_none()
            && is_feed
            && let Some(url) = &draft.url
            && let Some(guid) =
                articles::looking_like(tx, &source.name, url, &draft.title, draft.published).await?
            && present.insert(guid.clone())
        {
            known = articles::known(tx, &source.name, &guid).await?;
            draft.guid = guid;
        }
        match &known {
            // An old copy in a feed does not bring back what another source let go.
            Some(known) if known.hash == hash && (is_feed || !known.withdrawn) => {
                out.unchanged += 1;
                still += 1;
                continue;
            }
            Some(known) if !known.withdrawn && moved_on(&draft, known, &hash) => redated += 1,
            _ => {}
        }
        out.waiting.push((draft, hash, known));
    }
    if is_feed && redated >= RESET && redated > 4 * still {
        out.keep_dates();
    }
    Ok(out)
}

/// Does a draft differ from what is known in nothing but a later date?
fn moved_on(draft: &Draft, known: &Known, hash: &str) -> bool {
    admit::same_words(hash, &known.hash)
        && draft.published.is_some_and(|date| date > known.published)
}

impl Recognised {
    /// The source has dated everything anew: pieces keep the dates they had, and
    /// what changed in nothing else did not change.
    fn keep_dates(&mut self) {
        let mut waiting = Vec::new();
        for (mut draft, hash, known) in std::mem::take(&mut self.waiting) {
            match &known {
                Some(known) if !known.withdrawn && moved_on(&draft, known, &hash) => {
                    self.unchanged += 1;
                    continue;
                }
                Some(known) => {
                    draft.published = Some(known.published);
                    draft.updated = None;
                }
                None => {}
            }
            waiting.push((draft, hash, known));
        }
        self.waiting = waiting;
    }
}

#[cfg(test)]
mod tests;
