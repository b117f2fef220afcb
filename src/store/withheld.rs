//! Pieces that a source says are gone, too many at once to be believed.

use super::{Result, Time, Tx, millis, on};

/// Notes that `guid` waits for the operator; the first time counts.
///
/// # Errors
/// If the store does not answer.
pub async fn note(tx: &mut Tx, source: &str, guid: &str, now: Time) -> Result<()> {
    const NOTE: &str = "insert into withheld (source, guid, since) values ($1, $2, $3) \
                        on conflict do nothing";
    on!(tx, c => sqlx::query(NOTE).bind(source).bind(guid).bind(millis(now)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Takes back that `guid` waits: the source has it again, or it is let go.
///
/// # Errors
/// If the store does not answer.
pub async fn clear(tx: &mut Tx, source: &str, guid: &str) -> Result<()> {
    const CLEAR: &str = "delete from withheld where source = $1 and guid = $2";
    on!(tx, c => sqlx::query(CLEAR).bind(source).bind(guid).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The guids of a source that wait for the operator.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, source: &str) -> Result<Vec<String>> {
    const LIST: &str = "select guid from withheld where source = $1 order by guid";
    Ok(on!(tx, c => sqlx::query_scalar::<_, String>(LIST).bind(source).fetch_all(c).await)?)
}
