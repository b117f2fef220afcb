//! Who is told of changes by our own hub, and who still has to be.

use super::{Result, Time, Tx, millis, on, time};

/// A subscriber's callback for one feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which row.
    pub id: i64,
    /// The feed's address.
    pub topic: String,
    /// Where parcels go.
    pub callback: String,
    /// With what they are signed.
    pub secret: Option<String>,
    /// When a parcel is due; for a claimed one, when the claim ends.
    pub due: Time,
    /// How often it failed.
    pub attempts: i64,
    /// The tag of the bytes handed over last.
    pub delivered: Option<String>,
}

/// What is to be kept of a verified subscription.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    /// The feed's address.
    pub topic: &'a str,
    /// Where parcels go.
    pub callback: &'a str,
    /// The callback's host, by which subscriptions are counted.
    pub host: &'a str,
    /// With what parcels are signed.
    pub secret: Option<&'a str>,
    /// When the lease ends.
    pub expires: Time,
    /// The tag of the bytes that the subscriber is taken to have.
    pub delivered: Option<&'a str>,
}

/// Keeps a subscription, or renews it.
///
/// # Errors
/// If the store does not answer.
pub async fn put(tx: &mut Tx, fresh: &Fresh<'_>) -> Result<()> {
    const PUT: &str = "insert into hub_subscriptions (topic, callback, host, secret, expires, delivered) \
        values ($1, $2, $3, $4, $5, $6) on conflict (topic, callback) do update set \
        secret = excluded.secret, expires = excluded.expires, attempts = 0";
    on!(tx, c => sqlx::query(PUT).bind(fresh.topic).bind(fresh.callback).bind(fresh.host)
        .bind(fresh.secret).bind(millis(fresh.expires)).bind(fresh.delivered)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets a subscription.
///
/// # Errors
/// If the store does not answer.
pub async fn remove(tx: &mut Tx, topic: &str, callback: &str) -> Result<()> {
    const REMOVE: &str = "delete from hub_subscriptions where topic = $1 and callback = $2";
    on!(tx, c => sqlx::query(REMOVE).bind(topic).bind(callback).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Is there this subscription?
///
/// # Errors
/// If the store does not answer.
pub async fn is_there(tx: &mut Tx, topic: &str, callback: &str) -> Result<bool> {
    const GET: &str = "select id from hub_subscriptions where topic = $1 and callback = $2";
    let id = on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(topic).bind(callback)
        .fetch_optional(c).await)?;
    Ok(id.is_some())
}

/// Has anybody subscribed to this topic?
///
/// # Errors
/// If the store does not answer.
pub async fn is_subscribed(tx: &mut Tx, topic: &str) -> Result<bool> {
    const GET: &str = "select 1 from hub_subscriptions where topic = $1 limit 1";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i32>(GET).bind(topic).fetch_optional(c).await)?
        .is_some())
}

/// How many subscriptions there are: in all, and at `host`.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx, host: &str) -> Result<(i64, i64)> {
    const ALL: &str = "select count(*) from hub_subscriptions";
    const HOST: &str = "select count(*) from hub_subscriptions where host = $1";
    let all = on!(tx, c => sqlx::query_scalar::<_, i64>(ALL).fetch_one(c).await)?;
    let host = on!(tx, c => sqlx::query_scalar::<_, i64>(HOST).bind(host).fetch_one(c).await)?;
    Ok((all, host))
}

/// Notes that the bytes of a feed changed: everybody is to get them.
///
/// # Errors
/// If the store does not answer.
pub async fn changed(tx: &mut Tx, topic: &str, now: Time) -> Result<u64> {
    const DUE: &str = "update hub_subscriptions set due = $2, attempts = 0 \
                       where topic = $1 and expires > $2";
    Ok(on!(tx, c => sqlx::query(DUE).bind(topic).bind(millis(now)).execute(c).await
        .map(|done| done.rows_affected()))?)
}

/// Parcels that are due, the longest waiting first, at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn due(tx: &mut Tx, now: Time, limit: i64) -> Result<Vec<Subscription>> {
    const LIST: &str = "select id, topic, callback, secret, due, attempts, delivered \
        from hub_subscriptions where due <= $1 order by due limit $2";
    type Row = (i64, String, String, Option<String>, i64, i64, Option<String>);
    let rows = on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(millis(now)).bind(limit)
        .fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(id, topic, callback, secret, due, attempts, delivered)| Subscription {
            id,
            topic,
            callback,
            secret,
            due: time(due),
            attempts,
            delivered,
        })
        .collect())
}

/// Moves the moment at which a parcel is due, if it still is due when we
/// think it is. False: somebody else has it, or it changed again.
///
/// # Errors
/// If the store does not answer.
pub async fn put_off(
    tx: &mut Tx,
    parcel: &Subscription,
    until: Option<Time>,
    attempts: i64,
) -> Result<bool> {
    const MOVE: &str =
        "update hub_subscriptions set due = $3, attempts = $4 where id = $1 and due = $2";
    let touched = on!(tx, c => sqlx::query(MOVE).bind(parcel.id).bind(millis(parcel.due))
        .bind(until.map(millis)).bind(attempts)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(touched == 1)
}

/// Notes which bytes a subscriber has. If they changed meanwhile, the parcel
/// stays due.
///
/// # Errors
/// If the store does not answer.
pub async fn delivered(tx: &mut Tx, parcel: &Subscription, tag: &str) -> Result<()> {
    const SET: &str = "update hub_subscriptions set delivered = $2 where id = $1";
    on!(tx, c => sqlx::query(SET).bind(parcel.id).bind(tag).execute(c).await.map(|_| ()))?;
    put_off(tx, parcel, None, 0).await?;
    Ok(())
}

/// Forgets subscriptions whose lease is over; gives how many.
///
/// # Errors
/// If the store does not answer.
pub async fn expire(tx: &mut Tx, now: Time) -> Result<u64> {
    const EXPIRE: &str = "delete from hub_subscriptions where expires <= $1";
    Ok(on!(tx, c => sqlx::query(EXPIRE).bind(millis(now)).execute(c).await
        .map(|done| done.rows_affected()))?)
}
