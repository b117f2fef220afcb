//! The ledger: one row for one edition and one person, and the variants that
//! rows share.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::batch::Batched;
use super::{Result, Time, Tx, millis, on, time, to_json};
use crate::delivery::transition::State;

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

/// Keeps a variant; gives its row number.
///
/// # Errors
/// If the store does not answer.
pub async fn add_variant(tx: &mut Tx, variant: &Variant) -> Result<i64> {
    const ADD: &str = "insert into variants (edition_id, choice, pieces, subject, html, body) values ($1, $2, $3, $4, $5, $6) \
                       returning id";
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

/// Names a claimed row: it is ours while `attempt` is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Which edition.
    pub edition: i64,
    /// For whom.
    pub subscriber: i64,
    /// The number of the claim; a later claim has a higher one.
    pub attempt: i64,
}

/// What to note of a claimed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The body is about to be written: durable before it is.
    Handing,
    /// The server took it.
    Sent {
        /// What it said.
        reply: String,
    },
    /// It will never be taken.
    Refused {
        /// Why.
        reply: String,
    },
    /// Try again at `due`; a try is used up.
    Deferred {
        /// When.
        due: Time,
        /// Why.
        reply: String,
    },
    /// The body went out and no answer came: try again at `due` with the same
    /// Message-ID; a try is used up and the doubt is counted.
    Doubtful {
        /// When.
        due: Time,
        /// Why.
        reply: String,
    },
    /// The same, but the operator wants such mails held.
    Held {
        /// Why.
        reply: String,
    },
    /// Nothing went out and nobody is to blame: back to the queue.
    Released {
        /// When it is due again.
        due: Time,
    },
    /// The body was begun, and the server certainly did not take it: back to
    /// the queue, and nobody is to blame.
    NotTaken {
        /// When it is due again.
        due: Time,
    },
    /// Tries are used up, or it is too late.
    Expired {
        /// Why.
        reply: String,
    },
    /// Nothing went out: cancelled if the person left or the edition was
    /// cancelled, else back to the queue.
    Dropped,
}

/// Writes notes of as many different rows; false for a row that is no longer
/// ours: then stop, do not insist. A row that already stands where its note
/// puts it, by the same claim, is ours: after a commit that failed nobody
/// knows whether it happened, so notes are written again.
///
/// # Errors
/// If the store does not answer.
pub async fn notes(tx: &mut Tx, notes: &[(Ticket, &Note)], now: Time) -> Result<Vec<bool>> {
    let handing: Vec<Row<'_>> =
        notes.iter().filter(|(_, note)| **note == Note::Handing).map(|(t, _)| row(t, "")).collect();
    let sent: Vec<Row<'_>> = notes
        .iter()
        .filter_map(|(ticket, note)| match note {
            Note::Sent { reply } => Some(row(ticket, reply)),
            _ => None,
        })
        .collect();
    let mut foreign = hand_many(tx, &handing, now).await?;
    foreign.extend(sent_many(tx, &sent, now).await?);
    let mut answers = Vec::with_capacity(notes.len());
    for (ticket, one) in notes {
        answers.push(match one {
            Note::Handing | Note::Sent { .. } => !foreign.contains(ticket),
            other => note(tx, ticket, other, now).await? || stands(tx, ticket, other).await?,
        });
    }
    Ok(answers)
}

/// A row of a batched note: edition, subscriber, attempt, reply.
type Row<'a> = (i64, i64, i64, &'a str);

fn row<'a>(ticket: &Ticket, reply: &'a str) -> Row<'a> {
    (ticket.edition, ticket.subscriber, ticket.attempt, reply)
}

/// What a batched note is about, as a table.
macro_rules! noted {
    () => {
        "(select cast(value->>0 as bigint) as edition, cast(value->>1 as bigint) as subscriber, \
         cast(value->>2 as bigint) as claim, value->>3 as words from $ROWS(1)) as noted"
    };
}

/// Notes `handing`; gives the rows that are not ours.
async fn hand_many(tx: &mut Tx, rows: &[Row<'_>], now: Time) -> Result<HashSet<Ticket>> {
    // Not for a person who left a moment ago, nor for an edition that was stopped.
    static HANDING: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(concat!(
            "update deliveries set state = 'handing', changed = $2 from ",
            noted!(),
            " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
             and state = 'claimed' \
             and exists (select 1 from subscribers s where s.id = noted.subscriber and s.standing = 'active') \
             and exists (select 1 from editions e where e.id = noted.edition and e.state = 'sending')"
        ))
    });
    move_many(tx, HANDING.on(tx), rows, State::Handing, now).await
}

/// Notes `sent`; gives the rows that are not ours.
async fn sent_many(tx: &mut Tx, rows: &[Row<'_>], now: Time) -> Result<HashSet<Ticket>> {
    static SENT: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(concat!(
            "update deliveries set state = 'sent', reply = noted.words, instance = null, tries = tries + 1, \
             changed = $2 from ",
            noted!(),
            " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
             and state = 'handing'"
        ))
    });
    move_many(tx, SENT.on(tx), rows, State::Sent, now).await
}

async fn move_many(
    tx: &mut Tx,
    text: &'static str,
    rows: &[Row<'_>],
    to: State,
    now: Time,
) -> Result<HashSet<Ticket>> {
    static STAND: LazyLock<Batched> = LazyLock::new(|| {
        Batched::new(concat!(
            "select edition_id, subscriber_id, attempt from deliveries, ",
            noted!(),
            " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
             and state = $2"
        ))
    });
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let json = to_json(rows);
    let touched = on!(tx, c => sqlx::query(text).bind(&json).bind(millis(now))
        .execute(c).await.map(|done| done.rows_affected()))?;
    if usize::try_from(touched) == Ok(rows.len()) {
        return Ok(HashSet::new());
    }
    let stand = STAND.on(tx);
    let standing = on!(tx, c => sqlx::query_as::<_, (i64, i64, i64)>(stand).bind(&json).bind(to.as_str())
        .fetch_all(c).await)?;
    let standing: HashSet<(i64, i64, i64)> = standing.into_iter().collect();
    Ok(rows
        .iter()
        .filter(|(edition, subscriber, attempt, _)| {
            !standing.contains(&(*edition, *subscriber, *attempt))
        })
        .map(|(edition, subscriber, attempt, _)| Ticket {
            edition: *edition,
            subscriber: *subscriber,
            attempt: *attempt,
        })
        .collect())
}

/// Writes a note; false if the row is no longer ours: then stop, do not insist.
///
/// # Errors
/// If the store does not answer.
pub async fn note(tx: &mut Tx, ticket: &Ticket, note: &Note, now: Time) -> Result<bool> {
    // Not for a person who left a moment ago, nor for an edition that was stopped.
    const HANDING: &str = "update deliveries set state = 'handing', changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'claimed' \
         and exists (select 1 from subscribers where id = $2 and standing = 'active') \
         and exists (select 1 from editions where id = $1 and state = 'sending')";
    const SENT: &str = "update deliveries set state = 'sent', reply = $5, instance = null, tries = tries + 1, changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'handing'";
    const REFUSED: &str = "update deliveries set state = 'refused', reply = $5, instance = null, tries = tries + 1, changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state in ('claimed', 'handing')";
    const DEFERRED: &str = "update deliveries set state = 'queued', due = $6, reply = $5, instance = null, tries = tries + 1, \
         changed = $4 where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state in ('claimed', 'handing')";
    const DOUBTFUL: &str = "update deliveries set state = 'queued', due = $6, reply = $5, instance = null, tries = tries + 1, \
         doubts = doubts + 1, changed = $4 where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'handing'";
    const HELD: &str = "update deliveries set state = 'held', reply = $5, instance = null, tries = tries + 1, \
         doubts = doubts + 1, changed = $4 where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'handing'";
    const RELEASED: &str = "update deliveries set state = 'queued', due = $5, instance = null, changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'claimed'";
    const NOT_TAKEN: &str = "update deliveries set state = 'queued', due = $5, instance = null, changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state in ('claimed', 'handing')";
    const EXPIRED: &str = "update deliveries set state = 'expired', reply = $5, instance = null, changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state in ('claimed', 'handing')";
    const DROPPED: &str = "update deliveries set instance = null, changed = $4, state = case \
         when exists (select 1 from subscribers where id = $2 and standing = 'active') \
         and exists (select 1 from editions where id = $1 and state <> 'cancelled') then 'queued' else 'cancelled' end \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'claimed'";
    let touched = on!(tx, c => {
        let query = |text: &'static str| sqlx::query(text)
            .bind(ticket.edition).bind(ticket.subscriber).bind(ticket.attempt).bind(millis(now));
        let query = match note {
            Note::Handing => query(HANDING),
            Note::Sent { reply } => query(SENT).bind(reply),
            Note::Refused { reply } => query(REFUSED).bind(reply),
            Note::Deferred { due, reply } => query(DEFERRED).bind(reply).bind(millis(*due)),
            Note::Doubtful { due, reply } => query(DOUBTFUL).bind(reply).bind(millis(*due)),
            Note::Held { reply } => query(HELD).bind(reply),
            Note::Released { due } => query(RELEASED).bind(millis(*due)),
            Note::NotTaken { due } => query(NOT_TAKEN).bind(millis(*due)),
            Note::Expired { reply } => query(EXPIRED).bind(reply),
            Note::Dropped => query(DROPPED),
        };
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(touched == 1)
}

/// Does the row stand where `note` would have put it, by the same claim?
///
/// # Errors
/// If the store does not answer.
pub async fn stands(tx: &mut Tx, ticket: &Ticket, note: &Note) -> Result<bool> {
    const GET: &str = "select count(*) from deliveries where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = $4";
    let state = match note {
        Note::Handing => State::Handing,
        Note::Sent { .. } => State::Sent,
        Note::Refused { .. } => State::Refused,
        Note::Deferred { .. }
        | Note::Doubtful { .. }
        | Note::Released { .. }
        | Note::NotTaken { .. }
        | Note::Dropped => State::Queued,
        Note::Held { .. } => State::Held,
        Note::Expired { .. } => State::Expired,
    };
    let found = on!(tx, c => sqlx::query_scalar::<_, i64>(GET)
        .bind(ticket.edition).bind(ticket.subscriber).bind(ticket.attempt).bind(state.as_str()).fetch_one(c).await)?;
    Ok(found == 1)
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
