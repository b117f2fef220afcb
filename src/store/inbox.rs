//! Mails kept for the built-in inbox page (`transport = "inbox:"`).

use super::{Result, Time, Tx, millis, on, time};

/// A mail in the inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxMail {
    /// Row number.
    pub id: i64,
    /// When it came in.
    pub received: Time,
    /// Envelope recipient.
    pub recipient: String,
    /// The message as sent.
    pub message: Vec<u8>,
}

/// Keeps a mail; one with the same Message-ID takes the older one's place.
///
/// # Errors
/// If the store does not answer.
pub async fn put(
    tx: &mut Tx,
    message_id: &str,
    sender: &str,
    recipient: &str,
    message: &[u8],
    now: Time,
) -> Result<()> {
    const PUT: &str = "insert into inbox (message_id, received, sender, recipient, message) values ($1, $2, $3, $4, $5) \
         on conflict (message_id) do update set message = excluded.message";
    on!(tx, c => sqlx::query(PUT)
        .bind(message_id).bind(millis(now)).bind(sender).bind(recipient).bind(message)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The newest mails, newest first.
///
/// # Errors
/// If the store does not answer.
pub async fn latest(tx: &mut Tx, limit: i64) -> Result<Vec<InboxMail>> {
    const LIST: &str =
        "select id, received, recipient, message from inbox order by id desc limit $1";
    let rows = on!(tx, c => sqlx::query_as::<_, (i64, i64, String, Vec<u8>)>(LIST).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(read).collect())
}

/// Mails below row `id`, newest first.
///
/// # Errors
/// If the store does not answer.
pub async fn below(tx: &mut Tx, id: i64, limit: i64) -> Result<Vec<InboxMail>> {
    const LIST: &str = "select id, received, recipient, message from inbox where id < $1 order by id desc limit $2";
    let rows = on!(tx, c => sqlx::query_as::<_, (i64, i64, String, Vec<u8>)>(LIST).bind(id).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(read).collect())
}

/// How many mails there are.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    const COUNT: &str = "select count(*) from inbox";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(COUNT).fetch_one(c).await)?)
}

/// One mail.
///
/// # Errors
/// If the store does not answer.
pub async fn get(tx: &mut Tx, id: i64) -> Result<Option<InboxMail>> {
    const GET: &str = "select id, received, recipient, message from inbox where id = $1";
    Ok(on!(tx, c => sqlx::query_as::<_, (i64, i64, String, Vec<u8>)>(GET).bind(id).fetch_optional(c).await)?.map(read))
}

fn read((id, received, recipient, message): (i64, i64, String, Vec<u8>)) -> InboxMail {
    InboxMail { id, received: time(received), recipient, message }
}
