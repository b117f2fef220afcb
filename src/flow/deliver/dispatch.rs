//! Claims what is due, ahead of the connections, and decides where it goes.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use super::job::Fate;
use super::lane::Lane;
use super::press::Press;
use super::route::{Look, Placed, Switch};
use super::{Desk, Until};
use crate::clock::Time;
use crate::flow::House;
use crate::store::Result;
use crate::store::claim;
use crate::store::editions::{self, EditionRow, EditionState};

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

/// Claims until told to stop, or until what is waited for is settled.
pub(super) async fn run(
    desk: &Desk,
    press: Option<&Press>,
    until: Until,
    stop: &mut watch::Receiver<bool>,
) {
    let house = &desk.sending.house;
    while !*stop.borrow() {
        if let Err(error) = desk.manners.exchange(&house.store, &desk.lanes, house.now(), ASK).await
        {
            warn!("What is known of slow domains cannot be shared: {error}");
        }
        // From here on: what is rung during the look is heard after it.
        let mut rung = pin!(house.bells.deliveries.notified());
        rung.as_mut().enable();
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
            () = rung => {}
            () = desk.ledger.all_settled() => {}
            () = desk.manners.freed.notified() => {}
            _ = stop.changed() => {}
        }
    }
}

/// Waits until more can be claimed, or the store is to be told of a lane.
async fn room(desk: &Desk) {
    while !Switch::has_room(&desk.lanes, desk.sending.house.now())
        && !desk.lanes.iter().any(Lane::has_news)
    {
        // One that lags or fails is waited for no longer, without anything being rung.
        let _ = tokio::time::timeout(LOOK, desk.drained.notified()).await;
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
    if sendable.is_empty() || desk.lanes.iter().all(|lane| lane.is_closed(now)) {
        return Ok(Round::Idle);
    }
    let mut rooms = Switch::rooms(&desk.lanes, now);
    let room: usize = rooms.iter().sum();
    let mut busy = room == 0;
    let mut left = room;
    let share = room.div_ceil(sendable.len());
    for edition in sendable {
        let Some(found) = claim_some(desk, edition, share.min(left), &mut rooms, now).await? else {
            continue;
        };
        let (placed, put_off) = found;
        if placed.is_empty() && put_off == 0 {
            if left > 0 && edition.state == EditionState::Sending {
                // Then what is waited for is over, and is not to wait for the next look.
                busy |= settle(house, edition, now).await?;
            }
            continue;
        }
        busy = true;
        left = left.saturating_sub(placed.len());
        desk.ledger.claimed(placed.len());
        for placed in placed {
            place(desk, press, placed).await;
        }
    }
    Ok(if busy { Round::Busy } else { Round::Idle })
}

/// Sends a claimed row on its way, or notes what comes of it instead.
async fn place(desk: &Desk, press: Option<&Press>, placed: Placed) {
    let Placed { claim, lane, seat } = placed;
    let job = match desk.fate(claim, seat).await {
        Fate::Mailed(job) => job,
        Fate::Noted(claim, note) => return desk.ledger.note_later(claim.ticket, note).await,
    };
    match press {
        Some(press) if !job.letter.signers.is_empty() => press.put(desk, lane, job),
        _ => desk.lanes[lane].jobs.push(job),
    }
}

/// Claims rows of one edition. Those that may not go now are put back in the
/// same transaction; gives the others, and how many these are. `None` if a quota
/// or a rate lets nothing go now.
async fn claim_some(
    desk: &Desk,
    edition: &EditionRow,
    room: usize,
    rooms: &mut [usize],
    now: Time,
) -> Result<Option<(Vec<Placed>, usize)>> {
    let store = &desk.sending.house.store;
    if room == 0 {
        return Ok(Some((vec![], 0)));
    }
    // Most looks find nothing; they should not take the write lock.
    let mut tx = store.read().await?;
    let due = claim::next_due(&mut tx, edition.id).await?;
    drop(tx);
    if due.is_none_or(|due| due > now) {
        return Ok(Some((vec![], 0)));
    }
    let mut tx = store.write().await?;
    let look = Look::begin(&mut tx, desk, rooms, now).await?;
    let wanted = room.min(look.most());
    if wanted == 0 {
        return Ok(None);
    }
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    let claims = claim::claim(&mut tx, edition.id, &desk.sending.instance, now, wanted).await?;
    let found = look.place(&mut tx, claims).await?;
    tx.commit().await?;
    Ok(Some(found))
}

/// Settles an edition of which nothing is left to be done; true if it was open.
async fn settle(house: &House, edition: &EditionRow, now: Time) -> Result<bool> {
    let mut tx = house.store.read().await?;
    let open = editions::has_open(&mut tx, edition.id).await?;
    drop(tx);
    if open {
        return Ok(false);
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
    Ok(settled)
}
