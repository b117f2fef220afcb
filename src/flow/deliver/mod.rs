//! Handing each mail over, once.
//!
//! One dispatcher claims rows that are due; workers, one for each connection,
//! hand them over. A worker asks the relay first (`offer`), then notes
//! `handing` and waits until that is durable, and only then writes the body.
//! So after a crash `claimed` means nothing went out, and `handing` is the one
//! honest doubt.

mod letters;
pub mod post;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, watch};
use tracing::{error, info, warn};

use super::House;
use super::ledger::Ledger;
use crate::clock::Time;
use crate::delivery::mailer::Mailer;
use crate::delivery::retry;
use crate::store::claim::{self, Claim};
use crate::store::deliveries::Note;
use crate::store::editions::{self, EditionRow, EditionState};
use crate::store::{Result, keys};

use letters::Letters;

/// How often the dispatcher looks when nothing wakes it.
const LOOK: Duration = Duration::from_millis(500);

/// The longest pause after a relay failed.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Who sends, and how.
#[derive(Clone)]
pub struct Sending {
    /// What all verbs share.
    pub house: Arc<House>,
    /// The way out.
    pub mailer: Arc<dyn Mailer>,
    /// Name of this instance in the ledger.
    pub instance: String,
    /// How many connections at most.
    pub connections: usize,
    /// Mails a second at most.
    pub max_rate: Option<f64>,
    /// Mails a day at most.
    pub daily_quota: Option<u64>,
    /// When to try again.
    pub retry: retry::Schedule,
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// What the workers share.
struct Desk {
    sending: Sending,
    ledger: Ledger,
    letters: Letters,
    jobs: Mutex<mpsc::Receiver<Claim>>,
    pace: Mutex<Option<tokio::time::Instant>>,
    relay: std::sync::Mutex<Relay>,
}

/// How the relay has behaved: after a failure nothing is claimed for a while.
#[derive(Debug, Default)]
struct Relay {
    failures: u32,
    closed_until: Option<Time>,
}

impl Desk {
    fn relay_failed(&self, now: Time, reason: &str) {
        let mut relay = self.relay.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Twenty connections that fail together are one failure.
        if relay.closed_until.is_some_and(|until| until > now) {
            return;
        }
        relay.failures = relay.failures.saturating_add(1);
        let pause =
            Duration::from_secs(1).saturating_mul(1 << relay.failures.min(9)).min(LONGEST_PAUSE);
        relay.closed_until = Some(now + pause);
        warn!(
            failures = relay.failures,
            "The mail relay fails, next try in {} s: {reason}",
            pause.as_secs()
        );
    }

    fn relay_works(&self) {
        let mut relay = self.relay.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *relay = Relay::default();
    }

    fn relay_is_closed(&self, now: Time) -> bool {
        let relay = self.relay.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        relay.closed_until.is_some_and(|until| until > now)
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When the stop signal says so.
    Stopped,
    /// When this edition is settled, or stopped by the operator.
    Settled(i64),
}

/// Sends what is due until told to stop; then lets every open mail end, gives
/// back what was claimed and not offered, and returns.
pub async fn run(sending: Sending, until: Until, mut stop: watch::Receiver<bool>) {
    let (ledger, writer) = Ledger::open(sending.house.store.clone(), sending.house.clock.clone());
    let room = sending.connections.max(1) * 4;
    let (sender, receiver) = mpsc::channel(room);
    let workers = sending.connections.max(1);
    let desk = Arc::new(Desk {
        letters: Letters::default(),
        ledger,
        jobs: Mutex::new(receiver),
        pace: Mutex::default(),
        relay: std::sync::Mutex::default(),
        sending,
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        tasks.spawn(worker::run(Arc::clone(&desk), stop.clone()));
    }
    dispatch(&desk, sender, until, &mut stop).await;
    // The sender is gone: workers end when the channel is empty.
    while tasks.join_next().await.is_some() {}
    drop(desk);
    if writer.await.is_err() {
        error!("The ledger's writer ended early; rows in hand are swept at the next start");
    }
}

async fn dispatch(
    desk: &Desk,
    sender: mpsc::Sender<Claim>,
    until: Until,
    stop: &mut watch::Receiver<bool>,
) {
    let house = &desk.sending.house;
    loop {
        if *stop.borrow() {
            return;
        }
        let waits = match round(desk, &sender, until).await {
            Ok(Round::Busy) => continue,
            Ok(Round::Over) => return,
            Ok(Round::Idle) => LOOK,
            Err(error) => {
                warn!("Nothing can be claimed for sending: {error}");
                LOOK * 4
            }
        };
        tokio::select! {
            () = tokio::time::sleep(waits) => {}
            () = house.bells.deliveries.notified() => {}
            // An error means that nobody can stop us any more: so stop.
            _ = stop.changed() => {}
        }
    }
}

enum Round {
    Busy,
    Idle,
    Over,
}

/// One look at every edition that may be sent, the oldest first; each gets a
/// part of the room, so one that waits never stalls another.
async fn round(desk: &Desk, sender: &mpsc::Sender<Claim>, until: Until) -> Result<Round> {
    let sending = &desk.sending;
    let house = &sending.house;
    let now = house.now();
    let mut tx = house.store.read().await?;
    let open = editions::open(&mut tx).await?;
    drop(tx);
    let mine: Vec<EditionRow> = open
        .into_iter()
        .filter(|edition| match until {
            Until::Stopped => true,
            Until::Settled(id) => edition.id == id,
        })
        .collect();
    if mine.is_empty() && until != Until::Stopped {
        return Ok(Round::Over);
    }
    let sendable: Vec<&EditionRow> =
        mine.iter().filter(|edition| edition.state == EditionState::Sending).collect();
    if sendable.is_empty() || desk.relay_is_closed(now) {
        return Ok(Round::Idle);
    }
    let room = sender.capacity();
    if room == 0 {
        // Wait for a place, then look again: what was due then may be stopped by now.
        let _ = sender.reserve().await;
        return Ok(Round::Busy);
    }
    let mut busy = false;
    let share = room.div_ceil(sendable.len());
    for edition in sendable {
        let claims = claim_some(sending, edition, share.min(sender.capacity()), now).await?;
        busy |= !claims.is_empty();
        if claims.is_empty() {
            settle(house, edition, now).await?;
        }
        for claim in claims {
            if let Err(unsent) = sender.send(claim).await {
                desk.ledger.note_later(unsent.0.ticket, Note::Released { due: unsent.0.due }).await;
            }
        }
    }
    Ok(if busy { Round::Busy } else { Round::Idle })
}

async fn claim_some(
    sending: &Sending,
    edition: &EditionRow,
    room: usize,
    now: Time,
) -> Result<Vec<Claim>> {
    if room == 0 {
        return Ok(vec![]);
    }
    let store = &sending.house.store;
    // Most looks find nothing; they should not take the write lock.
    let mut tx = store.read().await?;
    let due = claim::next_due(&mut tx, edition.id).await?;
    drop(tx);
    if due.is_none_or(|due| due > now) {
        return Ok(vec![]);
    }
    let mut wanted = i64::try_from(room).unwrap_or(i64::MAX);
    let mut tx = store.write().await?;
    if let Some(quota) = sending.daily_quota {
        wanted = claim::take_quota(&mut tx, i64::try_from(quota).unwrap_or(i64::MAX), wanted, now)
            .await?;
        if wanted == 0 {
            return Ok(vec![]);
        }
    }
    let claims = claim::claim(&mut tx, edition.id, &sending.instance, now, wanted).await?;
    tx.commit().await?;
    Ok(claims)
}

async fn settle(house: &House, edition: &EditionRow, now: Time) -> Result<()> {
    let mut tx = house.store.read().await?;
    let waiting = claim::next_due(&mut tx, edition.id).await?;
    drop(tx);
    if waiting.is_some() {
        return Ok(());
    }
    let mut tx = house.store.write().await?;
    let settled = editions::settle(&mut tx, edition.id, now).await?;
    tx.commit().await?;
    if settled {
        info!(
            edition = edition.id,
            "Digest {}: edition {} is settled", edition.digest, edition.number
        );
    }
    Ok(())
}

/// Says that an instance lives, until told to stop; then strikes it.
pub async fn beat(
    house: Arc<House>,
    instance: String,
    kind: &'static str,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        if let Err(error) = beat_once(&house, &instance, kind).await {
            warn!("This instance cannot say that it lives: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(super::sweep::BEAT) => {}
            _ = stop.changed() => break,
        }
    }
}

/// Says once that an instance lives.
///
/// # Errors
/// If the store does not answer.
pub async fn beat_once(house: &House, instance: &str, kind: &str) -> Result<()> {
    let mut tx = house.store.write().await?;
    keys::beat(&mut tx, instance, kind, house.now()).await?;
    tx.commit().await
}
