//! Claims what is due, ahead of the connections, and decides where it goes.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::job::{Fate, Job};
use super::press::Press;
use super::{Desk, Sending, Until};
use crate::clock::Time;
use crate::flow::House;
use crate::store::Result;
use crate::store::claim::{self, Claim};
use crate::store::deliveries::Note;
use crate::store::editions::{self, EditionRow, EditionState};

/// How often it looks when nothing wakes it.
const LOOK: Duration = Duration::from_millis(500);

/// What a look at the ledger found.
enum Round {
    /// Something was claimed: look again when there is room.
    Busy,
    /// Nothing is due, or nothing may be claimed now.
    Idle,
    /// The edition that is waited for is settled.
    Over,
}

/// Where a mail goes.
enum Route {
    /// To this lane.
    Lane(usize),
    /// Nowhere yet; back to the queue until then.
    #[expect(dead_code, reason = "limits for each recipient domain will answer this")]
    Later(Time),
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
        let claims = claim_some(sending, edition, share.min(left), now).await?;
        if claims.is_empty() {
            if left > 0 {
                settle(house, edition, now).await?;
            }
            continue;
        }
        busy = true;
        left = left.saturating_sub(claims.len());
        desk.ledger.claimed(claims.len());
        for claim in claims {
            place(desk, press, claim).await;
        }
    }
    Ok(if busy { Round::Busy } else { Round::Idle })
}

/// Sends a claimed row on its way, or notes what comes of it instead.
async fn place(desk: &Desk, press: Option<&Press>, claim: Claim) {
    let job = match desk.fate(claim).await {
        Fate::Mailed(job) => job,
        Fate::Noted(claim, note) => return desk.ledger.note_later(claim.ticket, note).await,
    };
    match (route(desk, &job), press) {
        (Route::Lane(lane), Some(press)) if !job.letter.signers.is_empty() => {
            press.put(desk, lane, job);
        }
        (Route::Lane(lane), _) => desk.lanes[lane].jobs.push(job),
        (Route::Later(due), _) => {
            desk.ledger.note_later(job.claim.ticket, Note::Released { due }).await;
        }
    }
}

/// The lane that a mail takes: there is one. Weights, routes and limits for
/// each recipient domain decide here.
fn route(_desk: &Desk, _job: &Job) -> Route {
    Route::Lane(0)
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
        let quota = i64::try_from(quota).unwrap_or(i64::MAX);
        wanted = wanted.min(claim::quota_left(&mut tx, quota, now).await?);
        if wanted == 0 {
            return Ok(vec![]);
        }
    }
    let claims = claim::claim(&mut tx, edition.id, &sending.instance, now, wanted).await?;
    if sending.daily_quota.is_some() {
        claim::use_quota(&mut tx, claims.len(), now).await?;
    }
    tx.commit().await?;
    Ok(claims)
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
