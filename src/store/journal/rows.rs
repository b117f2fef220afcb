//! The statements of the journal: which there are, and folding.

use std::sync::LazyLock;

use super::slot::{Entry, Fact};
use crate::store::batch::Batched;
use crate::store::deliveries::Ticket;
use crate::store::{Result, Tx, on, to_json};

/// What the store knows of a journal.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) instance: String,
    pub(super) epoch: Vec<u8>,
    pub(super) folded: i64,
    pub(super) closed: i64,
}

/// All journals that the store knows.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Row>> {
    const LIST: &str = "select instance, epoch, folded, closed from journals";
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(LIST).fetch_all(c).await)?)
}

/// Makes a journal known. False if the instance has one.
pub(super) async fn add(tx: &mut Tx, instance: &str, epoch: &[u8]) -> Result<bool> {
    const ADD: &str =
        "insert into journals (instance, epoch) values ($1, $2) on conflict (instance) do nothing";
    Ok(on!(tx, c => sqlx::query(ADD).bind(instance).bind(epoch)
        .execute(c).await.map(|done| done.rows_affected()))?
        == 1)
}

/// Notes how far a journal is folded. False if the store does not know it, or
/// knows it as further on.
pub(super) async fn set_folded(
    tx: &mut Tx,
    instance: &str,
    epoch: &[u8],
    folded: u64,
) -> Result<bool> {
    const SET: &str = "update journals set folded = $3 where instance = $1 and epoch = $2 and folded <= $3 and closed = 0";
    let folded = i64::try_from(folded).unwrap_or(i64::MAX);
    Ok(on!(tx, c => sqlx::query(SET).bind(instance).bind(epoch).bind(folded)
        .execute(c).await.map(|done| done.rows_affected()))?
        == 1)
}

/// Notes that nothing of a journal is left to be folded.
pub(super) async fn close(tx: &mut Tx, instance: &str) -> Result<()> {
    const CLOSE: &str = "update journals set closed = 1 where instance = $1";
    on!(tx, c => sqlx::query(CLOSE).bind(instance).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Forgets a journal whose file is gone.
pub(super) async fn forget(tx: &mut Tx, instance: &str) -> Result<()> {
    const FORGET: &str = "delete from journals where instance = $1 and closed = 1";
    on!(tx, c => sqlx::query(FORGET).bind(instance).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Nobody knows any more which of an instance's claimed rows went out: each is
/// a doubt.
pub(super) async fn doubt_all(tx: &mut Tx, instance: &str) -> Result<u64> {
    const DOUBT: &str =
        "update deliveries set state = 'handing' where instance = $1 and state = 'claimed'";
    Ok(
        on!(tx, c => sqlx::query(DOUBT).bind(instance).execute(c).await.map(|done| done.rows_affected()))?,
    )
}

/// What the noted rows are, as a table.
macro_rules! noted {
    () => {
        "(select cast(value->>0 as bigint) as edition, cast(value->>1 as bigint) as subscriber, \
         cast(value->>2 as bigint) as claim, cast(value->>3 as bigint) as moment, value->>4 as words from $ROWS(1)) as noted \
         where edition_id = noted.edition and subscriber_id = noted.subscriber and attempt = noted.claim and state "
    };
}

static SENT: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "update deliveries set state = 'sent', reply = noted.words, instance = null, tries = tries + 1, \
         changed = noted.moment from ",
        noted!(),
        "in ('claimed', 'handing')"
    ))
});

static HANDING: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "update deliveries set state = 'handing', changed = noted.moment from ",
        noted!(),
        "= 'claimed'"
    ))
});

static DECLINED: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(concat!(
        "update deliveries set state = 'claimed', changed = noted.moment from ",
        noted!(),
        "= 'handing'"
    ))
});

/// Where each row stands at the end of some entries.
#[derive(Default)]
pub(super) struct Ends<'a> {
    sent: Vec<Noted<'a>>,
    handing: Vec<Noted<'a>>,
    declined: Vec<Noted<'a>>,
}

/// Edition, subscriber, attempt, moment, reply.
type Noted<'a> = (i64, i64, i64, i64, &'a str);

impl<'a> Ends<'a> {
    /// Of several entries about one claim the last counts.
    pub(super) fn of(entries: impl DoubleEndedIterator<Item = &'a Entry>) -> Self {
        let mut ends = Self::default();
        let mut seen = std::collections::HashSet::new();
        for entry in entries.rev().filter(|entry| seen.insert(entry.ticket)) {
            let Ticket { edition, subscriber, attempt } = entry.ticket;
            let noted = |words: &'a str| (edition, subscriber, attempt, entry.at, words);
            match &entry.fact {
                Fact::Sent(words) => ends.sent.push(noted(words)),
                Fact::Handing => ends.handing.push(noted("")),
                Fact::Declined => ends.declined.push(noted("")),
            }
        }
        // As they lie in the table.
        for noted in [&mut ends.sent, &mut ends.handing, &mut ends.declined] {
            noted.sort_unstable();
        }
        ends
    }

    /// Puts the rows there. One that is elsewhere by now, or held by a later
    /// claim, stays as it is: so doing it twice does it once.
    pub(super) async fn apply(&self, tx: &mut Tx) -> Result<()> {
        let moves = [(&SENT, &self.sent), (&HANDING, &self.handing), (&DECLINED, &self.declined)];
        for (text, noted) in moves {
            if noted.is_empty() {
                continue;
            }
            let text = text.on(tx);
            on!(tx, c => sqlx::query(text).bind(to_json(noted)).execute(c).await.map(|_| ()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 3] {
    [SENT.for_sqlite(), HANDING.for_sqlite(), DECLINED.for_sqlite()]
}
