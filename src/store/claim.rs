//! Which rows of the ledger are whose: claiming, and taking back what a dead
//! instance left.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::batch::Batched;
use super::deliveries::Ticket;
use super::{Engine, Result, Time, Tx, millis, on, time, to_json};
use crate::subscriber::Address;

/// A claimed row with all that is needed to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names the row.
    pub ticket: Ticket,
    /// What they get.
    pub variant: i64,
    /// Tries used up before this one.
    pub tries: i64,
    /// When it was due.
    pub due: Time,
    /// Permanent identity of the person.
    pub subscriber_uid: uuid::Uuid,
    /// Where it goes.
    pub address: String,
    /// How they want to be called.
    pub name: String,
    /// Are they still to be mailed?
    pub active: bool,
}

/// Claims rows of one edition that are due, for `instance`; at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn claim(
    tx: &mut Tx,
    edition: i64,
    instance: &str,
    now: Time,
    limit: i64,
) -> Result<Vec<Claim>> {
    // SQLite has one writer, so nobody else can be claiming; PostgreSQL steps
    // over rows that another machine is claiming at this moment.
    const SQLITE: &str = "update deliveries set state = 'claimed', instance = $2, attempt = attempt + 1, changed = $3 \
         where edition_id = $1 and subscriber_id in (select subscriber_id from deliveries \
         where edition_id = $1 and state = 'queued' and due <= $3 order by due limit $4) \
         returning subscriber_id, attempt, variant_id, tries, due";
    const POSTGRES: &str = "update deliveries set state = 'claimed', instance = $2, attempt = attempt + 1, changed = $3 \
         where edition_id = $1 and subscriber_id in (select subscriber_id from deliveries \
         where edition_id = $1 and state = 'queued' and due <= $3 order by due limit $4 for update skip locked) \
         returning subscriber_id, attempt, variant_id, tries, due";
    static WHO: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(
            "select id, uid, email, name, standing from subscribers \
             where id in (select cast(value->>0 as bigint) from $ROWS(1))",
        )
    });
    let text = match tx.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let mut rows = on!(tx, c => sqlx::query_as::<_, (i64, i64, i64, i64, i64)>(text)
        .bind(edition).bind(instance).bind(millis(now)).bind(limit).fetch_all(c).await)?;
    if rows.is_empty() {
        return Ok(vec![]);
    }
    // `returning` has no order of its own.
    rows.sort_unstable_by_key(|row| (row.4, row.0));
    let ids: Vec<[i64; 1]> = rows.iter().map(|row| [row.0]).collect();
    let who = WHO.on(tx);
    let people = on!(tx, c => sqlx::query_as::<_, (i64, uuid::Uuid, String, String, String)>(who)
        .bind(to_json(&ids)).fetch_all(c).await)?;
    let mut people: HashMap<i64, (uuid::Uuid, String, String, String)> = people
        .into_iter()
        .map(|(id, uid, address, name, standing)| (id, (uid, address, name, standing)))
        .collect();
    let mut claims = Vec::with_capacity(rows.len());
    for (subscriber, attempt, variant, tries, due) in rows {
        // A delivery's subscriber is a foreign key: the row is there.
        let Some((uid, address, name, standing)) = people.remove(&subscriber) else { continue };
        claims.push(Claim {
            ticket: Ticket { edition, subscriber, attempt },
            variant,
            tries,
            due: time(due),
            subscriber_uid: uid,
            active: standing == "active" && Address::parse(&address).is_ok(),
            address,
            name,
        });
    }
    Ok(claims)
}

/// When the next row of an edition is due, if any is queued.
///
/// # Errors
/// If the store does not answer.
pub async fn next_due(tx: &mut Tx, edition: i64) -> Result<Option<Time>> {
    const GET: &str = "select min(due) from deliveries where edition_id = $1 and state = 'queued'";
    Ok(on!(tx, c => sqlx::query_scalar::<_, Option<i64>>(GET).bind(edition).fetch_one(c).await)?
        .map(time))
}

/// What a sweep did with rows whose instance is dead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Nothing had gone out: queued again.
    pub released: u64,
    /// Nobody can know: queued again with the same Message-ID.
    pub resent: u64,
    /// Nobody can know: held, as the operator wants.
    pub held: u64,
    /// Nobody can know, and the tries are used up.
    pub expired: u64,
}

/// What happens to a row of which nobody can know whether it went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Send it again until `max_tries` are used up.
    Resend {
        /// How many tries there are.
        max_tries: i64,
    },
    /// Hold it for the operator.
    Hold,
}

/// Takes back the rows of instances that are not in the list of the living, and
/// cancels what came back to the queue of a cancelled edition: who cancels does
/// not reach the rows that are in hand at that moment.
///
/// # Errors
/// If the store does not answer.
pub async fn sweep(tx: &mut Tx, in_doubt: InDoubt, now: Time) -> Result<Swept> {
    const RELEASE: &str = "update deliveries set state = 'queued', instance = null, changed = $1 \
         where state = 'claimed' and instance is not null and instance not in (select id from instances) \
         and instance not in (select instance from journals)";
    const HOLD: &str = "update deliveries set state = 'held', instance = null, tries = tries + 1, doubts = doubts + 1, \
         reply = 'the daemon stopped while the mail was being handed over', changed = $1 \
         where state = 'handing' and instance is not null and instance not in (select id from instances) \
         and instance not in (select instance from journals)";
    const EXPIRE: &str = "update deliveries set state = 'expired', instance = null, tries = tries + 1, doubts = doubts + 1, \
         reply = 'the daemon stopped while the mail was being handed over; tries used up', changed = $1 \
         where state = 'handing' and tries + 1 >= $2 and instance is not null and instance not in (select id from instances) \
         and instance not in (select instance from journals)";
    const RESEND: &str = "update deliveries set state = 'queued', instance = null, tries = tries + 1, doubts = doubts + 1, \
         due = $1, changed = $1 where state = 'handing' and instance is not null and instance not in (select id from instances) \
         and instance not in (select instance from journals)";
    const CANCEL: &str = "update deliveries set state = 'cancelled', changed = $1 \
         where state = 'queued' and edition_id in (select id from editions where state = 'cancelled')";
    let now = millis(now);
    let released = on!(tx, c => sqlx::query(RELEASE).bind(now).execute(c).await.map(|done| done.rows_affected()))?;
    let mut swept = Swept { released, ..Swept::default() };
    match in_doubt {
        InDoubt::Hold => {
            swept.held = on!(tx, c => sqlx::query(HOLD).bind(now).execute(c).await.map(|done| done.rows_affected()))?;
        }
        InDoubt::Resend { max_tries } => {
            swept.expired = on!(tx, c => sqlx::query(EXPIRE).bind(now).bind(max_tries).execute(c).await.map(|done| done.rows_affected()))?;
            swept.resent = on!(tx, c => sqlx::query(RESEND).bind(now).execute(c).await.map(|done| done.rows_affected()))?;
        }
    }
    on!(tx, c => sqlx::query(CANCEL).bind(now).execute(c).await.map(|_| ()))?;
    Ok(swept)
}
