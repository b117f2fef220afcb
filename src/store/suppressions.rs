//! Addresses that are never mailed, kept as keyed hashes.

use super::{Result, Time, Tx, millis, on, time};

/// One address that is never mailed.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppression {
    /// Keyed hash of the address, hexadecimal.
    pub hash: String,
    /// The address, unless it was to be forgotten.
    pub email: Option<String>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub created: Time,
}

/// Adds an address; one that is there already stays as it is.
///
/// # Errors
/// If the store does not answer.
pub async fn add(
    tx: &mut Tx,
    hash: &str,
    email: Option<&str>,
    reason: &str,
    now: Time,
) -> Result<()> {
    const ADD: &str = "insert into suppressions (hash, email, reason, created) values ($1, $2, $3, $4) \
                       on conflict (hash) do nothing";
    on!(tx, c => sqlx::query(ADD).bind(hash).bind(email).bind(reason).bind(millis(now)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes an address off; true if it was on.
///
/// # Errors
/// If the store does not answer.
pub async fn remove(tx: &mut Tx, hash: &str) -> Result<bool> {
    const REMOVE: &str = "delete from suppressions where hash = $1";
    Ok(
        on!(tx, c => sqlx::query(REMOVE).bind(hash).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Is the address on the list?
///
/// # Errors
/// If the store does not answer.
pub async fn contains(tx: &mut Tx, hash: &str) -> Result<bool> {
    const GET: &str = "select count(*) from suppressions where hash = $1";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(hash).fetch_one(c).await)? > 0)
}

/// Erases the plain address and keeps the hash.
///
/// # Errors
/// If the store does not answer.
pub async fn forget(tx: &mut Tx, hash: &str) -> Result<()> {
    const FORGET: &str = "update suppressions set email = null where hash = $1";
    on!(tx, c => sqlx::query(FORGET).bind(hash).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// All of them, by hash, after `after`.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Suppression>> {
    const LIST: &str = "select hash, email, reason, created from suppressions where hash > $1 order by hash limit $2";
    let rows = on!(tx, c => sqlx::query_as::<_, (String, Option<String>, String, i64)>(LIST)
        .bind(after).bind(limit).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(hash, email, reason, created)| Suppression {
            hash,
            email,
            reason,
            created: time(created),
        })
        .collect())
}
