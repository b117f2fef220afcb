//! What came back of mails, and what it did; how far mailboxes were read.

use super::{Result, Time, Tx, millis, on, time};

/// One report about one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The same for the same report.
    pub key: String,
    /// About whom.
    pub subscriber: i64,
    /// About which edition, if that is known.
    pub edition: Option<i64>,
    /// `hard`, `soft`, `sender`, `complaint` or `unsubscribe`.
    pub kind: &'static str,
    /// By which way it came.
    pub via: String,
    /// The code that was given.
    pub status: Option<String>,
    /// What the other side said.
    pub words: String,
}

/// A report as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// About which edition, if that is known.
    pub edition: Option<i64>,
    /// `hard`, `soft`, `sender`, `complaint` or `unsubscribe`.
    pub kind: String,
    /// By which way it came.
    pub via: String,
    /// The code that was given.
    pub status: Option<String>,
    /// What the other side said.
    pub words: String,
    /// `none`, `counted`, `suppressed` or `left`.
    pub effect: String,
    /// When it came.
    pub received: Time,
}

/// Keeps a report; `None` if it is there already, else its row number.
///
/// # Errors
/// If the store does not answer.
pub async fn add(tx: &mut Tx, entry: &Entry, now: Time) -> Result<Option<i64>> {
    const ADD: &str = "insert into feedback (key, subscriber_id, edition_id, kind, via, status, words, effect, received) \
         values ($1, $2, $3, $4, $5, $6, $7, 'none', $8) on conflict (key) do nothing returning id";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(ADD)
        .bind(&entry.key).bind(entry.subscriber).bind(entry.edition).bind(entry.kind).bind(&entry.via)
        .bind(&entry.status).bind(&entry.words).bind(millis(now))
        .fetch_optional(c).await)?)
}

/// Notes what a report did.
///
/// # Errors
/// If the store does not answer.
pub async fn set_effect(tx: &mut Tx, id: i64, effect: &str) -> Result<()> {
    const SET: &str = "update feedback set effect = $2 where id = $1";
    on!(tx, c => sqlx::query(SET).bind(id).bind(effect).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// When soft bounces of a reader came, since the last that ended something.
///
/// # Errors
/// If the store does not answer.
pub async fn soft_since_the_end(tx: &mut Tx, subscriber: i64) -> Result<Vec<Time>> {
    const LIST: &str = "select received from feedback where subscriber_id = $1 and kind = 'soft' and id > \
         (select coalesce(max(id), 0) from feedback where subscriber_id = $1 and effect = 'suppressed') \
         order by id desc limit 500";
    let rows =
        on!(tx, c => sqlx::query_scalar::<_, i64>(LIST).bind(subscriber).fetch_all(c).await)?;
    Ok(rows.into_iter().map(time).collect())
}

/// The newest reports about a reader, newest first.
///
/// # Errors
/// If the store does not answer.
pub async fn about(tx: &mut Tx, subscriber: i64, limit: i64) -> Result<Vec<Kept>> {
    const LIST: &str = "select edition_id, kind, via, status, words, effect, received from feedback \
         where subscriber_id = $1 order by id desc limit $2";
    type Row = (Option<i64>, String, String, Option<String>, String, String, i64);
    let rows = on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(subscriber).bind(limit).fetch_all(c).await)?;
    let kept = |(edition, kind, via, status, words, effect, received)| Kept {
        edition,
        kind,
        via,
        status,
        words,
        effect,
        received: time(received),
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// Erases what other sides said about a reader: it holds their address.
///
/// # Errors
/// If the store does not answer.
pub async fn forget(tx: &mut Tx, subscriber: i64) -> Result<()> {
    const FORGET: &str = "update feedback set words = '' where subscriber_id = $1";
    on!(tx, c => sqlx::query(FORGET).bind(subscriber).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Counts one of a kind; gives how many there are now.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx, kind: &str) -> Result<i64> {
    const COUNT: &str = "insert into counters (name, value) values ($1, 1) \
         on conflict (name) do update set value = counters.value + 1 returning value";
    let name = format!("feedback:{kind}");
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(COUNT).bind(name).fetch_one(c).await)?)
}

/// How many of each kind there ever were.
///
/// # Errors
/// If the store does not answer.
pub async fn totals(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    const LIST: &str =
        "select name, value from counters where name like 'feedback:%' order by name";
    let rows = on!(tx, c => sqlx::query_as::<_, (String, i64)>(LIST).fetch_all(c).await)?;
    let bare =
        |(name, count): (String, i64)| Some((name.strip_prefix("feedback:")?.to_owned(), count));
    Ok(rows.into_iter().filter_map(bare).collect())
}

/// How many of each kind came since a moment.
///
/// # Errors
/// If the store does not answer.
pub async fn since(tx: &mut Tx, moment: Time) -> Result<Vec<(String, i64)>> {
    const COUNT: &str =
        "select kind, count(*) from feedback where received >= $1 group by kind order by kind";
    Ok(on!(tx, c => sqlx::query_as(COUNT).bind(millis(moment)).fetch_all(c).await)?)
}

/// How far a mailbox was read: validity and the last UID.
///
/// # Errors
/// If the store does not answer.
pub async fn mailbox(tx: &mut Tx, name: &str) -> Result<Option<(i64, i64)>> {
    const GET: &str = "select validity, last from mailboxes where name = $1";
    Ok(on!(tx, c => sqlx::query_as(GET).bind(name).fetch_optional(c).await)?)
}

/// Notes how far a mailbox was read. Under one validity it only moves forward.
///
/// # Errors
/// If the store does not answer.
pub async fn set_mailbox(tx: &mut Tx, name: &str, validity: i64, last: i64) -> Result<()> {
    const SET: &str = "insert into mailboxes (name, validity, last) values ($1, $2, $3) \
         on conflict (name) do update set validity = excluded.validity, last = excluded.last \
         where mailboxes.validity <> excluded.validity or mailboxes.last < excluded.last";
    on!(tx, c => sqlx::query(SET).bind(name).bind(validity).bind(last).execute(c).await.map(|_| ()))?;
    Ok(())
}
