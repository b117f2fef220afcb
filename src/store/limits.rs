//! What is left of quotas and rates: in the store, so that a restart gives no
//! fresh one, and shared by all machines.
//!
//! A *scope* is what a limit is about: `all`, `by:RELAY`, `to:DOMAIN`. Whoever
//! changes several scopes in one transaction does so in their order, after the
//! rows of the ledger: so two machines never wait for each other in a ring.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::batch::Batched;
use super::deliveries::Ticket;
use super::{Result, Time, Tx, from_json, millis, on, time, to_json};

/// The day (UTC) that a mail at `now` counts into, as quotas name it.
#[must_use]
pub fn day(now: Time) -> String {
    now.date_naive().to_string()
}

/// How many mails of a day a scope has used up.
///
/// # Errors
/// If the store does not answer.
pub async fn used(tx: &mut Tx, scope: &str, day: &str) -> Result<i64> {
    const GET: &str = "select used from quotas where scope = $1 and day = $2";
    let used = on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(scope).bind(day).fetch_optional(c).await)?;
    Ok(used.unwrap_or(0))
}

/// The same, and nobody else changes it before this transaction ends: two
/// machines never grant the same mail.
///
/// # Errors
/// If the store does not answer.
pub async fn hold(tx: &mut Tx, scope: &str, day: &str) -> Result<i64> {
    const HOLD: &str = "insert into quotas (scope, day, used) values ($1, $2, 0) \
         on conflict (scope, day) do update set used = quotas.used returning used";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(HOLD).bind(scope).bind(day).fetch_one(c).await)?)
}

/// Counts mails into a day of a scope.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx, scope: &str, day: &str, mails: i64) -> Result<()> {
    const COUNT: &str = "insert into quotas (scope, day, used) values ($1, $2, $3) \
         on conflict (scope, day) do update set used = quotas.used + excluded.used";
    on!(tx, c => sqlx::query(COUNT).bind(scope).bind(day).bind(mails).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// On how many days before `day` a scope has sent anything.
///
/// # Errors
/// If the store does not answer.
pub async fn days_of_use(tx: &mut Tx, scope: &str, day: &str) -> Result<i64> {
    const COUNT: &str = "select count(*) from quotas where scope = $1 and day < $2 and used > 0";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(COUNT).bind(scope).bind(day).fetch_one(c).await)?)
}

/// When the next mail of a scope may go, if one went; nobody else changes it
/// before this transaction ends.
///
/// # Errors
/// If the store does not answer.
pub async fn hold_pace(tx: &mut Tx, scope: &str) -> Result<Option<Time>> {
    const HOLD: &str = "insert into paces (scope, next) values ($1, 0) \
         on conflict (scope) do update set next = paces.next returning next";
    let next = on!(tx, c => sqlx::query_scalar::<_, i64>(HOLD).bind(scope).fetch_one(c).await)?;
    Ok((next > 0).then(|| time(next)))
}

/// Notes when the next mail of a scope may go.
///
/// # Errors
/// If the store does not answer.
pub async fn set_pace(tx: &mut Tx, scope: &str, next: Time) -> Result<()> {
    const SET: &str = "update paces set next = $2 where scope = $1";
    on!(tx, c => sqlx::query(SET).bind(scope).bind(millis(next)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What a claimed mail takes, and from which quotas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Which mail.
    pub ticket: Ticket,
    /// From which scopes.
    pub scopes: Vec<String>,
}

/// Remembers what claimed mails take from the quotas of a day; the caller has
/// counted it.
///
/// # Errors
/// If the store does not answer.
pub async fn reserve(tx: &mut Tx, day: &str, reservations: &[Reservation]) -> Result<()> {
    static RESERVE: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "insert into reservations (day, edition_id, subscriber_id, attempt, scopes) \
             select cast($1 as text), cast(value->>0 as bigint), cast(value->>1 as bigint), \
             cast(value->>2 as bigint), value->>3 from $ROWS(2) where true on conflict do nothing",
        )
    });
    if reservations.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, i64, i64, String)> = reservations
        .iter()
        .map(|Reservation { ticket, scopes }| {
            (ticket.edition, ticket.subscriber, ticket.attempt, to_json(scopes))
        })
        .collect();
    let text = RESERVE.on(tx);
    on!(tx, c => sqlx::query(text).bind(day).bind(to_json(&rows)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Gives back what these mails took, for they did not go out; what took
/// nothing, or was given back, gives nothing.
///
/// # Errors
/// If the store does not answer.
pub async fn refund(tx: &mut Tx, tickets: &[Ticket]) -> Result<()> {
    static TAKE_BACK: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "delete from reservations where (edition_id, subscriber_id, attempt) in \
             (select cast(value->>0 as bigint), cast(value->>1 as bigint), cast(value->>2 as bigint) from $ROWS(1)) \
             returning day, scopes",
        )
    });
    if tickets.is_empty() {
        return Ok(());
    }
    let rows: Vec<[i64; 3]> =
        tickets.iter().map(|ticket| [ticket.edition, ticket.subscriber, ticket.attempt]).collect();
    let text = TAKE_BACK.on(tx);
    let taken = on!(tx, c => sqlx::query_as::<_, (String, String)>(text).bind(to_json(&rows)).fetch_all(c).await)?;
    give_back(tx, taken).await
}

/// Settles what instances took that are not in the list of the living: what
/// was only claimed is given back, what was being handed over counts. Call it
/// before their rows are swept, in the same transaction.
///
/// # Errors
/// If the store does not answer.
pub async fn refund_dead(tx: &mut Tx) -> Result<()> {
    const TAKE_BACK: &str = "delete from reservations where exists (select 1 from deliveries d \
         where d.edition_id = reservations.edition_id and d.subscriber_id = reservations.subscriber_id \
         and d.attempt = reservations.attempt and d.state = 'claimed' \
         and d.instance not in (select id from instances)) returning day, scopes";
    let taken = on!(tx, c => sqlx::query_as::<_, (String, String)>(TAKE_BACK).fetch_all(c).await)?;
    give_back(tx, taken).await
}

/// Forgets what settled mails took, which stays counted, and days before `day`.
///
/// # Errors
/// If the store does not answer.
pub async fn forget(tx: &mut Tx, day: &str) -> Result<()> {
    const SETTLED: &str = "delete from reservations where not exists (select 1 from deliveries d \
         where d.edition_id = reservations.edition_id and d.subscriber_id = reservations.subscriber_id \
         and d.attempt = reservations.attempt and d.instance is not null)";
    const DAYS: &str = "delete from quotas where day < $1";
    on!(tx, c => sqlx::query(SETTLED).execute(&mut *c).await.map(|_| ()))?;
    on!(tx, c => sqlx::query(DAYS).bind(day).execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn give_back(tx: &mut Tx, taken: Vec<(String, String)>) -> Result<()> {
    const GIVE: &str = "update quotas set used = case when used > $3 then used - $3 else 0 end where scope = $1 and day = $2";
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (day, scopes) in taken {
        for scope in from_json::<Vec<String>>("reservations.scopes", &scopes)? {
            *sums.entry((scope, day.clone())).or_default() += 1;
        }
    }
    for ((scope, day), mails) in sums {
        on!(tx, c => sqlx::query(GIVE).bind(scope).bind(day).bind(mails).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// Puts claimed rows back into the queue until they are due again.
///
/// # Errors
/// If the store does not answer.
pub async fn put_back(tx: &mut Tx, rows: &[(Ticket, Time)], now: Time) -> Result<()> {
    static PUT_BACK: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "update deliveries set state = 'queued', instance = null, due = later.due, changed = $2 from \
             (select cast(value->>0 as bigint) as edition, cast(value->>1 as bigint) as subscriber, \
             cast(value->>2 as bigint) as claim, cast(value->>3 as bigint) as due from $ROWS(1)) as later \
             where edition_id = later.edition and subscriber_id = later.subscriber and attempt = later.claim \
             and state = 'claimed'",
        )
    });
    if rows.is_empty() {
        return Ok(());
    }
    let json: Vec<[i64; 4]> = rows
        .iter()
        .map(|(ticket, due)| [ticket.edition, ticket.subscriber, ticket.attempt, millis(*due)])
        .collect();
    let text = PUT_BACK.on(tx);
    on!(tx, c => sqlx::query(text).bind(to_json(&json)).bind(millis(now)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// In which zones these people live, as far as they said.
///
/// # Errors
/// If the store does not answer.
pub async fn zones(tx: &mut Tx, subscribers: &[i64]) -> Result<Vec<(i64, chrono_tz::Tz)>> {
    static ZONES: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "select id, timezone from subscribers where timezone is not null \
             and id in (select cast(value->>0 as bigint) from $ROWS(1))",
        )
    });
    let ids: Vec<[i64; 1]> = subscribers.iter().map(|id| [*id]).collect();
    let text = ZONES.on(tx);
    let named = on!(tx, c => sqlx::query_as::<_, (i64, String)>(text).bind(to_json(&ids)).fetch_all(c).await)?;
    Ok(named.into_iter().filter_map(|(id, zone)| Some((id, zone.parse().ok()?))).collect())
}
