//! Which editions are due: a pure function of schedule, zone, the last slot
//! and the present moment.
//!
//! A slot is a place on the wall clock ("Monday 07:00"), not a moment: the
//! same slot comes at different moments in different zones, and that is what
//! makes `unique(digest, slot)` hold across daylight saving, a changed zone
//! and readers all over the world. Nothing here knows of the store.
//!
//! # Daylight saving
//! - A slot in the hour that spring skips goes at the first moment after the
//!   gap: 02:30 in Berlin goes at 03:00 summer time. If another slot of the
//!   same schedule goes at that moment anyway, the skipped one is dropped.
//! - A slot in the hour that autumn repeats goes once, the first time round.

mod schedule;
mod wall;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::Zone;
use crate::clock::Time;

pub use schedule::Schedule;

/// The most slots looked at in one go; of a longer list of missed slots the
/// oldest are forgotten.
pub const MOST_SLOTS: usize = 1_000;

/// How long before the daemon's start a slot may lie and still not count as
/// missed: a restart at the wrong minute drops no edition.
const START_GRACE: TimeDelta = TimeDelta::minutes(5);

/// What happens to slots that passed while the daemon was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// One edition, for the latest of them.
    #[default]
    Latest,
    /// One edition each.
    All,
    /// None: wait for the next slot.
    None,
}

impl CatchUp {
    /// The word used in the config.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::All => "all",
            Self::None => "none",
        }
    }

    /// Reads [`CatchUp::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Latest, Self::All, Self::None].into_iter().find(|way| way.as_str() == word)
    }
}

/// One place of a schedule on the wall clock; the identity of an edition
/// within its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// Date and time as a clock on the wall shows them, in whole seconds.
    pub local: NaiveDateTime,
}

impl Slot {
    /// The slot as one number that keeps the order: milliseconds as if the
    /// wall clock showed UTC.
    #[must_use]
    pub fn key(self) -> i64 {
        self.local.and_utc().timestamp_millis()
    }

    /// Reads [`Slot::key`] back; `None` for a number beyond the calendar.
    #[must_use]
    pub fn from_key(key: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(key).map(|at| Self { local: at.naive_utc() })
    }

    /// The slot that the wall clock in `zone` shows at `moment`, in whole
    /// seconds: for an edition that is sent now, outside its schedule.
    #[must_use]
    pub fn at(moment: Time, zone: Tz) -> Self {
        Self { local: wall::shown(moment, zone) }
    }
}

/// A slot whose hour has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueSlot {
    /// Which.
    pub slot: Slot,
    /// When its edition freezes: what appears later is for the next one.
    pub freeze_at: Time,
}

/// What is known of a digest when its slots are counted.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// The latest slot that has an edition.
    pub last: Option<Slot>,
    /// When the digest was first known; slots before it never counted.
    pub since: Time,
    /// When the daemon started; slots before it were missed.
    pub started: Time,
}

/// The slots that have come due and have no edition yet, oldest first; at most
/// [`MOST_SLOTS`].
///
/// With [`Zone::Fixed`] a slot is due at its moment in that zone. With
/// [`Zone::Subscriber`] it is due when its hour has come in the first of
/// `readers`: the zones in which readers live, `None` standing for readers who
/// named none and get the default. No readers at all count as one of those.
///
/// The same past gives the same slots, however often and whenever it is asked:
/// with [`CatchUp::All`], asking twice gives together what asking once gives.
#[must_use]
pub fn due(
    schedule: &Schedule,
    zone: Zone,
    catch_up: CatchUp,
    past: Past,
    now: Time,
    readers: &[Option<Tz>],
) -> Vec<DueSlot> {
    let zones = zones(zone, readers);
    let Some(horizon) = zones.iter().map(|&tz| wall::latest_shown(now, tz)).max() else {
        return vec![];
    };
    let wanted = match catch_up {
        CatchUp::All => MOST_SLOTS,
        CatchUp::Latest | CatchUp::None => 1,
    };
    let mut found: Vec<DueSlot> = vec![];
    for local in schedule.before(horizon) {
        let slot = Slot { local };
        if past.last.is_some_and(|last| slot <= last) {
            break;
        }
        let freeze_at = freeze_at(slot, &zones);
        if freeze_at <= past.since {
            break;
        }
        let missed = freeze_at < past.started - START_GRACE;
        if catch_up == CatchUp::None && missed {
            break;
        }
        let doubled = found.last().is_some_and(|later| later.freeze_at == freeze_at);
        if freeze_at > now || doubled {
            continue;
        }
        found.push(DueSlot { slot, freeze_at });
        if found.len() == wanted {
            break;
        }
    }
    found.reverse();
    found
}

/// The moment at which a slot comes in `tz`, daylight saving included.
#[must_use]
pub fn due_at(slot: Slot, tz: Tz) -> Time {
    wall::moment(slot.local, tz)
}

/// When the next edition freezes, after `now`; `None` if the schedule has come
/// to its end. For `readers` see [`due`].
#[must_use]
pub fn next(schedule: &Schedule, zone: Zone, readers: &[Option<Tz>], now: Time) -> Option<DueSlot> {
    let zones = zones(zone, readers);
    let shown = zones.iter().map(|&tz| wall::shown(now, tz)).max()?;
    schedule
        .after(shown)
        .map(|local| Slot { local })
        .map(|slot| DueSlot { slot, freeze_at: freeze_at(slot, &zones) })
        .find(|next| next.freeze_at > now)
}

/// The zones whose clocks decide, each once.
fn zones(zone: Zone, readers: &[Option<Tz>]) -> Vec<Tz> {
    let mut zones = match zone {
        Zone::Fixed(tz) => vec![tz],
        Zone::Subscriber(default) if readers.is_empty() => vec![default],
        Zone::Subscriber(default) => readers.iter().map(|tz| tz.unwrap_or(default)).collect(),
    };
    zones.sort_unstable_by_key(|tz| *tz as u32);
    zones.dedup();
    zones
}

/// The moment at which a slot comes in the first of `zones`.
fn freeze_at(slot: Slot, zones: &[Tz]) -> Time {
    zones.iter().map(|&tz| due_at(slot, tz)).min().unwrap_or_else(|| slot.local.and_utc())
}

#[cfg(test)]
mod tests;
