//! Between the clock on the wall and the moment in time.

use chrono::{MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::clock::Time;

/// What the wall clock in `tz` shows at `moment`, in whole seconds.
pub fn shown(moment: Time, tz: Tz) -> NaiveDateTime {
    let local = moment.with_timezone(&tz).naive_local();
    local.with_nanosecond(0).unwrap_or(local)
}

/// The latest wall-clock time that the clock in `tz` has shown up to `moment`.
///
/// Usually what it shows now; in the hour that autumn repeats it is what it
/// showed before it was put back.
pub fn latest_shown(moment: Time, tz: Tz) -> NaiveDateTime {
    // No zone puts its clock back by more than an hour today; three are ample.
    let window = TimeDelta::hours(3);
    let now = shown(moment, tz);
    let Some(earlier) = moment.checked_sub_signed(window) else { return now };
    if shown(earlier, tz) + window <= now {
        return now;
    }
    // It was put back in between: `put_back` is the last second before.
    let (mut put_back, mut after) = (earlier, moment);
    while after - put_back > TimeDelta::seconds(1) {
        let middle = put_back + TimeDelta::seconds((after - put_back).num_seconds() / 2);
        if shown(middle, tz) - shown(earlier, tz) < middle - earlier {
            after = middle;
        } else {
            put_back = middle;
        }
    }
    now.max(shown(put_back, tz))
}

/// The moment at which the clock in `tz` first shows `local`; if it never
/// does, the first moment after the gap that holds it.
pub fn moment(local: NaiveDateTime, tz: Tz) -> Time {
    match tz.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => after_gap(local, tz),
    }
}

/// The first moment at which the clock in `tz` shows `local` or later, for a
/// `local` inside a gap.
fn after_gap(local: NaiveDateTime, tz: Tz) -> Time {
    // Offsets lie within ±24 hours, so the gap ends within these bounds.
    let (mut before, mut after) = (-24 * 3600, 24 * 3600);
    let utc = local.and_utc();
    let at = |seconds: i64| utc.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(utc);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if at(middle).with_timezone(&tz).naive_local() >= local {
            after = middle;
        } else {
            before = middle;
        }
    }
    at(after)
}
