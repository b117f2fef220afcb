//! What happens to a claimed row: one conditional update for each arrow of
//! [`transition`](crate::delivery::transition). The two that every mail takes,
//! `handing` and `sent`, are written for many rows with one statement.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::batch::Batched;
use super::{Result, Time, Tx, limits, millis, on, to_json};
use crate::delivery::transition::State;

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

impl Note {
    /// Does what the mail took from quotas stay taken: it went out, or may
    /// have, or still may.
    fn uses_quota(&self) -> bool {
        matches!(
            self,
            Self::Handing | Self::Sent { .. } | Self::Doubtful { .. } | Self::Held { .. }
        )
    }
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
    let ours = notes.iter().zip(&answers).filter(|(_, ours)| **ours).map(|(entry, _)| entry);
    let free: Vec<Ticket> =
        ours.filter(|(_, note)| !note.uses_quota()).map(|(ticket, _)| *ticket).collect();
    limits::refund(tx, &free).await?;
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

// Not for a person who left a moment ago, nor for an edition that was stopped.
static HANDING: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "update deliveries set state = 'handing', changed = $2 from ",
        noted!(),
        " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
         and state = 'claimed' \
         and exists (select 1 from subscribers s where s.id = noted.subscriber and s.standing = 'active') \
         and exists (select 1 from editions e where e.id = noted.edition and e.state in ('compiling', 'sending'))"
    ))
});

// The same conditions, asked without writing.
static BARRED: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "select noted.edition, noted.subscriber, noted.claim from ",
        noted!(),
        " where not exists (select 1 from deliveries d where d.edition_id = noted.edition \
         and d.subscriber_id = noted.subscriber and d.attempt = noted.claim and d.state = 'claimed') \
         or not exists (select 1 from subscribers s where s.id = noted.subscriber and s.standing = 'active') \
         or not exists (select 1 from editions e where e.id = noted.edition and e.state in ('compiling', 'sending'))"
    ))
});

/// Those of the claimed rows that may not be handed over now: they are no longer
/// ours, the person left a moment ago, or the edition was stopped.
///
/// # Errors
/// If the store does not answer.
pub async fn barred(tx: &mut Tx, tickets: &[Ticket]) -> Result<HashSet<Ticket>> {
    if tickets.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<[i64; 3]> =
        tickets.iter().map(|ticket| [ticket.edition, ticket.subscriber, ticket.attempt]).collect();
    let text = BARRED.on(tx);
    let found = on!(tx, c => sqlx::query_as::<_, (i64, i64, i64)>(text).bind(to_json(&rows))
        .fetch_all(c).await)?;
    Ok(found
        .into_iter()
        .map(|(edition, subscriber, attempt)| Ticket { edition, subscriber, attempt })
        .collect())
}

static SENT: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "update deliveries set state = 'sent', reply = noted.words, instance = null, tries = tries + 1, \
         changed = $2 from ",
        noted!(),
        " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
         and state = 'handing'"
    ))
});

static STAND: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "select edition_id, subscriber_id, attempt from deliveries, ",
        noted!(),
        " where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim \
         and state = $2"
    ))
});

/// Notes `handing`; gives the rows that are not ours.
async fn hand_many(tx: &mut Tx, rows: &[Row<'_>], now: Time) -> Result<HashSet<Ticket>> {
    move_many(tx, HANDING.on(tx), rows, State::Handing, now).await
}

/// Notes `sent`; gives the rows that are not ours.
async fn sent_many(tx: &mut Tx, rows: &[Row<'_>], now: Time) -> Result<HashSet<Ticket>> {
    move_many(tx, SENT.on(tx), rows, State::Sent, now).await
}

async fn move_many(
    tx: &mut Tx,
    text: &'static str,
    rows: &[Row<'_>],
    to: State,
    now: Time,
) -> Result<HashSet<Ticket>> {
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
async fn note(tx: &mut Tx, ticket: &Ticket, note: &Note, now: Time) -> Result<bool> {
    // Not for a person who left a moment ago, nor for an edition that was stopped.
    const HANDING: &str = "update deliveries set state = 'handing', changed = $4 \
         where edition_id = $1 and subscriber_id = $2 and attempt = $3 and state = 'claimed' \
         and exists (select 1 from subscribers where id = $2 and standing = 'active') \
         and exists (select 1 from editions where id = $1 and state in ('compiling', 'sending'))";
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
async fn stands(tx: &mut Tx, ticket: &Ticket, note: &Note) -> Result<bool> {
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

#[cfg(test)]
mod tests;
