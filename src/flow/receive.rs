//! Pieces that are sent to this house instead of fetched by it.

use std::collections::HashSet;

use super::watch::{self, Counts};
use super::{House, copies};
use crate::article::{Article, Draft, Label};
use crate::source;
use crate::source::Kind;
use crate::store::{Result, articles};

/// What became of a piece that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was not known before.
    New,
    /// It is not what it was.
    Changed,
    /// It is what it was.
    Unchanged,
}

/// The sources that pieces can be sent to.
pub fn sources(settings: &super::Settings) -> impl Iterator<Item = &source::Settings> {
    settings.sources.iter().filter(|source| matches!(source.kind, Kind::Push { .. }))
}

/// Takes in a piece that was sent; one sent twice is one.
///
/// # Errors
/// If the store does not answer: then nothing has changed.
pub async fn take_in(
    house: &House,
    source: &source::Settings,
    draft: Draft,
) -> Result<(Outcome, Option<Article>)> {
    let guid = draft.guid.clone();
    let mut counts = Counts::default();
    let mut ids = HashSet::from([guid.clone()]);
    watch::take_chunk(house, source, vec![draft], &mut ids, &mut counts).await?;
    let outcome = match counts {
        Counts { new: 1.., .. } => Outcome::New,
        Counts { changed: 1.., .. } => Outcome::Changed,
        _ => Outcome::Unchanged,
    };
    if outcome != Outcome::Unchanged {
        house.bells.articles.notify_waiters();
    }
    let mut tx = house.store.read().await?;
    let known = articles::known(&mut tx, &source.name, &guid).await?;
    let article = match known {
        Some(known) => articles::get(&mut tx, known.id).await?,
        None => None,
    };
    Ok((outcome, article))
}

/// Withdraws the piece `guid`; false if there is none.
///
/// # Errors
/// If the store does not answer: then nothing has changed.
pub async fn withdraw(house: &House, source: &str, guid: &str) -> Result<bool> {
    let mut tx = house.store.write().await?;
    let Some(known) = articles::known(&mut tx, source, guid).await? else { return Ok(false) };
    copies::leave(&mut tx, &house.settings(), source, guid, house.now()).await?;
    let withdrawn = !known.withdrawn;
    tx.commit().await?;
    if withdrawn {
        house.bells.articles.notify_waiters();
    }
    Ok(withdrawn)
}

/// Brings a withdrawn piece back; false if there is none.
///
/// # Errors
/// If the store does not answer: then nothing has changed.
pub async fn restore(house: &House, source: &str, key: &str) -> Result<bool> {
    let mut tx = house.store.write().await?;
    let restored = articles::restore(&mut tx, source, key).await?;
    tx.commit().await?;
    if restored {
        house.bells.articles.notify_waiters();
    }
    Ok(restored)
}

/// The piece of a source by the key in its address, with its labels.
///
/// # Errors
/// If the store does not answer.
pub async fn by_key(house: &House, key: &str) -> Result<Option<(Article, Vec<Label>)>> {
    let mut tx = house.store.read().await?;
    let Some(article) = articles::by_key(&mut tx, key).await? else { return Ok(None) };
    let labels = articles::provenance(&mut tx, article.id).await?.map(|p| p.labels);
    Ok(Some((article, labels.unwrap_or_default())))
}
