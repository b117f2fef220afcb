//! Letting go of pieces that a site says are gone: a few at once, many only by
//! the operator's word.

use std::collections::HashSet;

use tracing::warn;

use super::{House, copies};
use crate::source::departure;
use crate::store::{Result, articles, withheld};

/// When in a visit pieces are let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// More of what the site has is still to be fetched.
    Early,
    /// All that the site has is in: what is missing now is missing.
    Settled,
}

/// Withdraws the pieces `gone` of a source, and those that wait from before;
/// if they are too many to be believed, they wait for the operator. Says how
/// many went.
///
/// # Errors
/// If the store does not answer: then nothing has changed.
pub async fn let_go(
    house: &House,
    source: &str,
    gone: &[String],
    departure: Departure,
) -> Result<u64> {
    let mut tx = house.store.read().await?;
    let waiting: HashSet<String> = withheld::list(&mut tx, source).await?.into_iter().collect();
    drop(tx);
    if gone.is_empty() && (waiting.is_empty() || departure == Departure::Early) {
        return Ok(0);
    }
    let (settings, now) = (house.settings(), house.now());
    let mut tx = house.store.write().await?;
    let held = articles::guids(&mut tx, source).await?;
    let gone: HashSet<&str> = gone.iter().map(String::as_str).collect();
    let settled = departure == Departure::Settled;
    let going: Vec<_> = held
        .iter()
        .filter(|(guid, _)| gone.contains(guid.as_str()) || settled && waiting.contains(guid))
        .collect();
    let new = going.iter().filter(|(guid, _)| !waiting.contains(guid)).count();
    let mass = departure::is_mass(new + waiting.len(), held.len());
    let mut removed = 0;
    for (guid, _) in &going {
        if mass {
            withheld::note(&mut tx, source, guid, now).await?;
        } else {
            withheld::clear(&mut tx, source, guid).await?;
            removed += u64::from(copies::leave(&mut tx, &settings, source, guid, now).await?);
        }
    }
    tx.commit().await?;
    if mass && new > 0 {
        warn!(
            source = %source, pieces = going.len(),
            "Source {source}: {} of its {} pieces are gone at once and are kept; if that is right, `gazetted sources withdraw {source}` lets them go",
            going.len(), held.len()
        );
    }
    Ok(removed)
}

/// The operator's word: what waits is withdrawn. Says how many went.
///
/// # Errors
/// If the store does not answer: then nothing has changed.
pub async fn by_operator(house: &House, source: &str) -> Result<u64> {
    let (settings, now) = (house.settings(), house.now());
    let mut tx = house.store.write().await?;
    let mut removed = 0;
    for guid in withheld::list(&mut tx, source).await? {
        removed += u64::from(copies::leave(&mut tx, &settings, source, &guid, now).await?);
        withheld::clear(&mut tx, source, &guid).await?;
    }
    tx.commit().await?;
    house.bells.articles.notify_waiters();
    Ok(removed)
}
