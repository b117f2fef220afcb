//! The ledger: one row for one edition and one person, and the variants that
//! rows share.

use std::sync::LazyLock;

use super::batch::Batched;
use super::{Result, Time, Tx, millis, on, time, to_json};
use crate::delivery::transition::State;

pub use super::notes::{Note, Ticket, barred, notes};

/// An edition rendered for one set of choices.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Variant {
    /// Row number.
    pub id: i64,
    /// Which edition.
    pub edition_id: i64,
    /// The choices, as `flow` writes them.
    pub choice: String,
    /// How many pieces it shows; with none nobody is mailed.
    pub pieces: i64,
    /// Subject line.
    pub subject: String,
    /// HTML part, with blanks.
    pub html: String,
    /// Text part, with blanks.
    pub body: String,
}

/// Keeps a variant; gives its row number. Another machine may have kept the
/// same one a moment ago: then it is that one's.
///
/// # Errors
/// If the store does not answer.
pub async fn add_variant(tx: &mut Tx, variant: &Variant) -> Result<i64> {
    const ADD: &str = "insert into variants (edition_id, choice, pieces, subject, html, body) values ($1, $2, $3, $4, $5, $6) \
                       on conflict (edition_id, choice) do update set choice = excluded.choice returning id";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(ADD)
        .bind(variant.edition_id).bind(&variant.choice).bind(variant.pieces).bind(&variant.subject)
        .bind(&variant.html).bind(&variant.body)
        .fetch_one(c).await)?)
}

/// Row number and number of pieces of the variant for a choice, if it is there.
///
/// # Errors
/// If the store does not answer.
pub async fn variant_for(tx: &mut Tx, edition: i64, choice: &str) -> Result<Option<(i64, i64)>> {
    const GET: &str = "select id, pieces from variants where edition_id = $1 and choice = $2";
    Ok(on!(tx, c => sqlx::query_as(GET).bind(edition).bind(choice).fetch_optional(c).await)?)
}

/// One variant.
///
/// # Errors
/// If the store does not answer.
pub async fn variant(tx: &mut Tx, id: i64) -> Result<Option<Variant>> {
    const GET: &str =
        "select id, edition_id, choice, pieces, subject, html, body from variants where id = $1";
    Ok(on!(tx, c => sqlx::query_as(GET).bind(id).fetch_optional(c).await)?)
}

/// A row of the ledger as it is born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewDelivery {
    /// For whom.
    pub subscriber: i64,
    /// What they get.
    pub variant: i64,
    /// From when on.
    pub due: Time,
}

/// Writes rows of the ledger; one that is there already stays as it is.
///
/// # Errors
/// If the store does not answer.
pub async fn queue(tx: &mut Tx, edition: i64, rows: &[NewDelivery], now: Time) -> Result<()> {
    // `where true`: SQLite would read the `on` as that of a join.
    static QUEUE: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "insert into deliveries (edition_id, changed, state, subscriber_id, variant_id, due) \
             select cast($1 as bigint), cast($2 as bigint), 'queued', cast(value->>0 as bigint), \
             cast(value->>1 as bigint), cast(value->>2 as bigint) from $ROWS(3) where true on conflict do nothing",
        )
    });
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<[i64; 3]> =
        rows.iter().map(|row| [row.subscriber, row.variant, millis(row.due)]).collect();
    let text = QUEUE.on(tx);
    on!(tx, c => sqlx::query(text).bind(edition).bind(millis(now)).bind(to_json(&rows))
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How many rows of an edition stand where.
///
/// # Errors
/// If the store does not answer.
pub async fn counts(tx: &mut Tx, edition: i64) -> Result<Vec<(State, i64)>> {
    const COUNT: &str =
        "select state, count(*) from deliveries where edition_id = $1 group by state";
    let rows =
        on!(tx, c => sqlx::query_as::<_, (String, i64)>(COUNT).bind(edition).fetch_all(c).await)?;
    Ok(rows.into_iter().filter_map(|(state, count)| Some((State::parse(&state)?, count))).collect())
}

/// How many rows of an edition were sent again after a doubt.
///
/// # Errors
/// If the store does not answer.
pub async fn doubts(tx: &mut Tx, edition: i64) -> Result<i64> {
    const COUNT: &str = "select count(*) from deliveries where edition_id = $1 and doubts > 0";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(COUNT).bind(edition).fetch_one(c).await)?)
}

/// A row as `editions show` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// For whom: the address, which may be erased by now.
    pub email: String,
    /// Where it stands.
    pub state: State,
    /// Tries used up.
    pub tries: i64,
    /// How often nobody could know whether it had gone out.
    pub doubts: i64,
    /// When it is due, or was.
    pub due: Time,
    /// What the server said last.
    pub reply: Option<String>,
}

/// Rows of an edition that are in trouble: not sent, or sent in doubt.
///
/// # Errors
/// If the store does not answer.
pub async fn troubled(tx: &mut Tx, edition: i64, limit: i64) -> Result<Vec<LedgerLine>> {
    const LIST: &str = "select s.email, d.state, d.tries, d.doubts, d.due, d.reply from deliveries d \
         join subscribers s on s.id = d.subscriber_id \
         where d.edition_id = $1 and (d.state in ('refused', 'expired', 'held') or d.doubts > 0) \
         order by d.subscriber_id limit $2";
    let rows = on!(tx, c => sqlx::query_as::<_, (String, String, i64, i64, i64, Option<String>)>(LIST)
        .bind(edition).bind(limit).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .filter_map(|(email, state, tries, doubts, due, reply)| {
            Some(LedgerLine {
                email,
                state: State::parse(&state)?,
                tries,
                doubts,
                due: time(due),
                reply,
            })
        })
        .collect())
}

/// Queues the failed rows of an edition again, for people who are still
/// active; gives how many.
///
/// # Errors
/// If the store does not answer.
pub async fn retry_failed(tx: &mut Tx, edition: i64, now: Time) -> Result<u64> {
    const RETRY: &str = "update deliveries set state = 'queued', due = $2, tries = 0, reply = null, changed = $2 \
         where edition_id = $1 and state in ('refused', 'expired', 'held') \
         and exists (select 1 from subscribers s where s.id = deliveries.subscriber_id and s.standing = 'active')";
    const REOPEN: &str =
        "update editions set state = 'sending', settled = null where id = $1 and state = 'done'";
    let retried = on!(tx, c => sqlx::query(RETRY).bind(edition).bind(millis(now)).execute(&mut *c).await.map(|done| done.rows_affected()))?;
    if retried > 0 {
        on!(tx, c => sqlx::query(REOPEN).bind(edition).execute(c).await.map(|_| ()))?;
    }
    Ok(retried)
}

/// Cancels all rows of an edition that nobody has in hand.
///
/// # Errors
/// If the store does not answer.
pub async fn cancel_queued(tx: &mut Tx, edition: i64, now: Time) -> Result<u64> {
    const CANCEL: &str = "update deliveries set state = 'cancelled', changed = $2 where edition_id = $1 and state = 'queued'";
    Ok(
        on!(tx, c => sqlx::query(CANCEL).bind(edition).bind(millis(now)).execute(c).await.map(|done| done.rows_affected()))?,
    )
}

/// Cancels all queued rows of a person who left.
///
/// # Errors
/// If the store does not answer.
pub async fn cancel_for(tx: &mut Tx, subscriber: i64, now: Time) -> Result<u64> {
    const CANCEL: &str = "update deliveries set state = 'cancelled', changed = $2 where subscriber_id = $1 and state = 'queued'";
    Ok(
        on!(tx, c => sqlx::query(CANCEL).bind(subscriber).bind(millis(now)).execute(c).await.map(|done| done.rows_affected()))?,
    )
}

/// How many rows stand where, over the open editions.
///
/// # Errors
/// If the store does not answer.
pub async fn open_counts(tx: &mut Tx) -> Result<Vec<(State, i64)>> {
    const COUNT: &str = "select d.state, count(*) from deliveries d join editions e on e.id = d.edition_id \
         where e.state in ('compiling', 'sending', 'paused') group by d.state";
    let rows = on!(tx, c => sqlx::query_as::<_, (String, i64)>(COUNT).fetch_all(c).await)?;
    Ok(rows.into_iter().filter_map(|(state, count)| Some((State::parse(&state)?, count))).collect())
}
