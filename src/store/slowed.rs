//! Recipient domains and relays that are slowed down: known to every machine
//! and to the operator, and over a restart.

use super::{Result, Time, Tx, millis, on, time};

/// A domain or relay that is slowed down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slowed {
    /// `to:DOMAIN` or `by:RELAY`.
    pub scope: String,
    /// Since when.
    pub since: Time,
    /// Nothing goes there before.
    pub until: Time,
    /// How long it waits next time follows from it.
    pub step: u32,
    /// What it said last.
    pub reply: String,
}

/// Everything that is slowed down, what goes on last first; at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Slowed>> {
    const LIST: &str =
        "select scope, since, until, step, reply from slowed order by until desc, scope limit $1";
    let rows = on!(tx, c => sqlx::query_as::<_, (String, i64, i64, i64, String)>(LIST).bind(limit).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(scope, since, until, step, reply)| Slowed {
            scope,
            since: time(since),
            until: time(until),
            step: u32::try_from(step).unwrap_or(0),
            reply,
        })
        .collect())
}

/// Notes that it is slowed down.
///
/// # Errors
/// If the store does not answer.
pub async fn note(tx: &mut Tx, slowed: &Slowed) -> Result<()> {
    const NOTE: &str = "insert into slowed (scope, since, until, step, reply) values ($1, $2, $3, $4, $5) \
         on conflict (scope) do update set since = excluded.since, until = excluded.until, step = excluded.step, reply = excluded.reply";
    on!(tx, c => sqlx::query(NOTE).bind(&slowed.scope).bind(millis(slowed.since)).bind(millis(slowed.until))
        .bind(i64::from(slowed.step)).bind(&slowed.reply).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Notes that it is at full speed again.
///
/// # Errors
/// If the store does not answer.
pub async fn end(tx: &mut Tx, scope: &str) -> Result<()> {
    const END: &str = "delete from slowed where scope = $1";
    on!(tx, c => sqlx::query(END).bind(scope).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets what was to be tried again long ago and has not been since: nobody
/// has mail for it.
///
/// # Errors
/// If the store does not answer.
pub async fn forget(tx: &mut Tx, until_before: Time) -> Result<()> {
    const FORGET: &str = "delete from slowed where until < $1";
    on!(tx, c => sqlx::query(FORGET).bind(millis(until_before)).execute(c).await.map(|_| ()))?;
    Ok(())
}
