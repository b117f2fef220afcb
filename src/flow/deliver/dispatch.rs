//! Claims what is due, ahead of the connections, and decides where it goes.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::job::Fate;
use super::manners::{Admission, Seat};
use super::press::Press;
use super::{Desk, Until};
use crate::clock::Time;
use crate::flow::House;
use crate::store::Result;
use crate::store::claim::{self, Claim};
use crate::store::editions::{self, EditionRow, EditionState};
use crate::store::limits;

/// How often it looks when nothing wakes it.
const LOOK: Duration = Duration::from_millis(500);

/// How often it asks what other machines know of slow domains.
const ASK: Duration = Duration::from_secs(1);

/// What a look at the ledger found.
enum Round {
    /// Something was claimed: look again when there is room.
    Busy,
    /// Nothing is due, or nothing may be claimed now.
    Idle,
    /// The edition that is waited for is settled.
    Over,
}

/// What a look at one edition gave.
#[derive(Default)]
struct Taken {
    /// Rows that go on their way.
    placed: Vec<(Claim, Option<Seat>)>,
    /// How many were put off, for their domain gets no more now.
    put_off: usize,
}

/// Claims until told to stop, or until what is waited for is settled.
pub(super) async fn run(
    desk: &Desk,
    press: Option<&Press>,
    until: Until,
    stop: &mut watch::Receiver<bool>,
) {
    let house = &desk.sending.house;
    while !*stop.borrow() {
        if let Err(error) = desk.manners.exchange(&house.store, house.now(), ASK).await {
            warn!("What is known of slow domains cannot be shared: {error}");
        }
        let waits = match round(desk, press, until).await {
            Ok(Round::Busy) => {
                tokio::select! {
                    () = room(desk) => {}
                    // An error means that nobody can stop us any more: so stop.
                    _ = stop.changed() => {}
                }
                continue;
            }
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
            () = desk.ledger.all_settled() => {}
            _ = stop.changed() => {}
        }
    }
}

/// Waits until a lane has room for more.
async fn room(desk: &Desk) {
    while desk.lanes.iter().all(|lane| lane.room() == 0) {
        desk.drained.notified().await;
    }
}

/// One look at every edition that may be sent, the oldest first; each gets a
/// part of the room, so one that waits never stalls another.
async fn round(desk: &Desk, press: Option<&Press>, until: Until) -> Result<Round> {
    let house = &desk.sending.house;
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
        mine.iter().filter(|edition| edition.state.is_open()).collect();
    desk.halted().retain(|id| !sendable.iter().any(|edition| edition.id == *id));
    let room: usize =
        desk.lanes.iter().filter(|lane| !lane.is_closed(now)).map(super::Lane::room).sum();
    if sendable.is_empty() || desk.lanes.iter().all(|lane| lane.is_closed(now)) {
        return Ok(Round::Idle);
    }
    let mut busy = room == 0;
    let mut left = room;
    let share = room.div_ceil(sendable.len());
    for edition in sendable {
        let taken = claim_some(desk, edition, share.min(left), now).await?;
        if taken.placed.is_empty() && taken.put_off == 0 {
            if left > 0 && edition.state == EditionState::Sending {
                settle(house, edition, now).await?;
            }
            continue;
        }
        busy = true;
        left = left.saturating_sub(taken.placed.len());
        desk.ledger.claimed(taken.placed.len());
        for (claim, seat) in taken.placed {
            place(desk, press, claim, seat).await;
        }
    }
    Ok(if busy { Round::Busy } else { Round::Idle })
}

/// Sends a claimed row on its way, or notes what comes of it instead.
async fn place(desk: &Desk, press: Option<&Press>, claim: Claim, seat: Option<Seat>) {
    let job = match desk.fate(claim, seat).await {
        Fate::Mailed(job) => job,
        Fate::Noted(claim, note) => return desk.ledger.note_later(claim.ticket, note).await,
    };
    match press {
        Some(press) if !job.letter.signers.is_empty() => press.put(desk, 0, job),
        _ => desk.lanes[0].jobs.push(job),
    }
}

/// Claims rows of one edition. Those whose domain gets no more now are put
/// back in the same transaction.
async fn claim_some(desk: &Desk, edition: &EditionRow, room: usize, now: Time) -> Result<Taken> {
    let sending = &desk.sending;
    let mut taken = Taken::default();
    if room == 0 {
        return Ok(taken);
    }
    let store = &sending.house.store;
    // Most looks find nothing; they should not take the write lock.
    let mut tx = store.read().await?;
    let due = claim::next_due(&mut tx, edition.id).await?;
    drop(tx);
    if due.is_none_or(|due| due > now) {
        return Ok(taken);
    }
    let mut wanted = i64::try_from(room).unwrap_or(i64::MAX);
    let mut tx = store.write().await?;
    if let Some(quota) = sending.daily_quota {
        let quota = i64::try_from(quota).unwrap_or(i64::MAX);
        wanted = wanted.min(claim::quota_left(&mut tx, quota, now).await?);
        if wanted == 0 {
            return Ok(taken);
        }
    }
    let claims = claim::claim(&mut tx, edition.id, &sending.instance, now, wanted).await?;
    let mut later = vec![];
    for claim in claims {
        match desk.manners.admit(&claim.address, claim.ticket, now) {
            Admission::Go(seat) => taken.placed.push((claim, seat)),
            Admission::Later(due) => later.push((claim.ticket, due)),
        }
    }
    limits::put_back(&mut tx, &later, now).await?;
    taken.put_off = later.len();
    if sending.daily_quota.is_some() {
        claim::use_quota(&mut tx, taken.placed.len(), now).await?;
    }
    tx.commit().await?;
    Ok(taken)
}

async fn settle(house: &House, edition: &EditionRow, now: Time) -> Result<()> {
    let mut tx = house.store.read().await?;
    let open = editions::has_open(&mut tx, edition.id).await?;
    drop(tx);
    if open {
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
