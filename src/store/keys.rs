//! Secrets that gazetted draws for itself, counters, and which instances live.

use super::{Result, Time, Tx, millis, on};

/// The secret called `id`; `fresh` becomes it if there is none yet, so two
/// machines that start together agree.
///
/// # Errors
/// If the store does not answer.
pub async fn secret(tx: &mut Tx, id: &str, fresh: &[u8], now: Time) -> Result<Vec<u8>> {
    const ADD: &str =
        "insert into keys (id, secret, created) values ($1, $2, $3) on conflict (id) do nothing";
    const GET: &str = "select secret from keys where id = $1";
    on!(tx, c => sqlx::query(ADD).bind(id).bind(fresh).bind(millis(now)).execute(&mut *c).await.map(|_| ()))?;
    Ok(on!(tx, c => sqlx::query_scalar::<_, Vec<u8>>(GET).bind(id).fetch_one(c).await)?)
}

/// Says that this instance lives. `kind` is `serve` for a daemon and `once`
/// for a command that sends and exits.
///
/// # Errors
/// If the store does not answer.
pub async fn beat(tx: &mut Tx, instance: &str, kind: &str, now: Time) -> Result<()> {
    const BEAT: &str = "insert into instances (id, kind, seen) values ($1, $2, $3) \
                        on conflict (id) do update set seen = excluded.seen";
    on!(tx, c => sqlx::query(BEAT).bind(instance).bind(kind).bind(millis(now)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Strikes instances that have not been seen since `silent_since`, and gives
/// back how many there were. One with a journal lives as long as its process,
/// however silent it is: [`Store::recover`](super::Store::recover) ends a journal.
///
/// # Errors
/// If the store does not answer.
pub async fn strike_silent(tx: &mut Tx, silent_since: Time) -> Result<u64> {
    const STRIKE: &str =
        "delete from instances where seen < $1 and id not in (select instance from journals)";
    Ok(
        on!(tx, c => sqlx::query(STRIKE).bind(millis(silent_since)).execute(c).await.map(|done| done.rows_affected()))?,
    )
}

/// Strikes one instance: it has stopped.
///
/// # Errors
/// If the store does not answer.
pub async fn strike(tx: &mut Tx, instance: &str) -> Result<()> {
    const STRIKE: &str = "delete from instances where id = $1";
    on!(tx, c => sqlx::query(STRIKE).bind(instance).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Strikes every daemon: the caller holds the lock that says there is no other.
///
/// # Errors
/// If the store does not answer.
pub async fn strike_daemons(tx: &mut Tx) -> Result<()> {
    const STRIKE: &str =
        "delete from instances where kind = 'serve' and id not in (select instance from journals)";
    on!(tx, c => sqlx::query(STRIKE).execute(c).await.map(|_| ()))?;
    Ok(())
}
