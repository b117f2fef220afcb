//! When the bytes of each feed last changed, so that a restart does not make
//! every reader fetch everything again.

use chrono::TimeDelta;

use super::{Result, Time, Tx, millis, on, time};

/// Notes the hash of a feed's bytes and says since when they are what they
/// are: `now` if they differ from the last, else the moment noted then.
///
/// HTTP dates have whole seconds. Two changes are never dated within one, or
/// a reader who asks by date would miss the second.
///
/// # Errors
/// If the store does not answer.
pub async fn changed(tx: &mut Tx, path: &str, hash: &str, now: Time) -> Result<Time> {
    const GET: &str = "select hash, changed from feeds where path = $1";
    const PUT: &str = "insert into feeds (path, hash, changed) values ($1, $2, $3) \
         on conflict (path) do update set hash = excluded.hash, changed = excluded.changed";
    let known = on!(tx, c => sqlx::query_as::<_, (String, i64)>(GET).bind(path).fetch_optional(&mut *c).await)?;
    match known {
        Some((old, since)) if old == hash => Ok(time(since)),
        known => {
            let next = known.map(|(_, since)| time(since) + TimeDelta::seconds(1));
            let now = next.map_or(now, |next| next.max(now));
            on!(tx, c => sqlx::query(PUT).bind(path).bind(hash).bind(millis(now)).execute(c).await.map(|_| ()))?;
            Ok(now)
        }
    }
}

/// Since when the feed's bytes are what they are, if `hash` is that of the
/// bytes noted last.
///
/// # Errors
/// If the store does not answer.
pub async fn known(tx: &mut Tx, path: &str, hash: &str) -> Result<Option<Time>> {
    const GET: &str = "select changed from feeds where path = $1 and hash = $2";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(path).bind(hash).fetch_optional(c).await)?.map(time))
}
