//! When a healthy source is looked at again, by what it says and how lively it
//! is: pure. What happens after failures is in [`super::backoff`].

use std::time::Duration;

use chrono::{Datelike as _, TimeDelta, Timelike as _};
use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// What a publisher says of how often to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// `Cache-Control: max-age` or `Expires`, in seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_age: u64,
    /// `ttl` of RSS, in seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub ttl: u64,
    /// `skipHours`: a bit for each hour of the day in UTC.
    #[serde(skip_serializing_if = "is_none")]
    pub skip_hours: u32,
    /// `skipDays`: a bit for each day of the week, Monday first.
    #[serde(skip_serializing_if = "is_none")]
    pub skip_days: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_none(bits: &u32) -> bool {
    *bits == 0
}

/// A publisher's wish counts up to so many intervals of the operator's.
const MOST: u32 = 12;
/// It counts up to an hour in any case.
const HOUR: Duration = Duration::from_hours(1);
/// And never beyond a day.
const DAY: Duration = Duration::from_hours(24);
/// A source that has been silent for so long is asked once in the meantime.
const SILENCE: u32 = 32;

/// When to look again after a good visit that began at `now`. Never earlier
/// than the operator's `every`; later where the publisher wishes it, or where
/// nothing new has come for long (`changed` is when it last did).
#[must_use]
pub fn next_visit(every: Duration, wishes: &Wishes, changed: Option<Time>, now: Time) -> Time {
    let most = every.saturating_mul(MOST).max(HOUR).min(DAY.max(every));
    let wish = Duration::from_secs(wishes.max_age.max(wishes.ttl));
    let silent = changed.and_then(|at| (now - at).to_std().ok()).unwrap_or_default() / SILENCE;
    let wait = every.max(wish.min(most)).max(silent.min(most));
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
    outside(now + wait, wishes)
}

/// The first moment from `at` on that the publisher does not ask to skip; `at`
/// itself if it asks to skip everything.
fn outside(at: Time, wishes: &Wishes) -> Time {
    let skipped = |at: Time| {
        wishes.skip_hours >> at.hour() & 1 == 1
            || wishes.skip_days >> at.weekday().num_days_from_monday() & 1 == 1
    };
    let next_hour = |at: Time| {
        let into = TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(3_600_000));
        at - into + TimeDelta::hours(1)
    };
    std::iter::successors(Some(at), |at| Some(next_hour(*at)))
        .take(7 * 24)
        .find(|at| !skipped(*at))
        .unwrap_or(at)
}

/// How long a document stays fresh, by its `Cache-Control` lines, in seconds.
#[must_use]
pub fn max_age<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    let mut age = 0;
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return 0,
            "max-age" => age = value.trim().trim_matches('"').parse().unwrap_or(0),
            _ => {}
        }
    }
    age
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::parse::date;

    const QUARTER: Duration = Duration::from_mins(15);

    fn at(text: &str) -> Time {
        date::parse(text).unwrap()
    }

    fn wait(wishes: &Wishes, silent: TimeDelta) -> i64 {
        let now = at("2026-11-25T12:00:00Z");
        (next_visit(QUARTER, wishes, Some(now - silent), now) - now).num_minutes()
    }

    #[test]
    fn a_lively_source_is_visited_at_its_pace() {
        assert_eq!(wait(&Wishes::default(), TimeDelta::hours(2)), 15);
        assert_eq!(wait(&Wishes { max_age: 300, ..Wishes::default() }, TimeDelta::hours(2)), 15);
    }

    #[test]
    fn a_publishers_wish_counts_within_reason() {
        assert_eq!(wait(&Wishes { ttl: 3600, ..Wishes::default() }, TimeDelta::zero()), 60);
        assert_eq!(
            wait(&Wishes { max_age: 5400, ttl: 60, ..Wishes::default() }, TimeDelta::zero()),
            90
        );
        assert_eq!(
            wait(&Wishes { max_age: u64::MAX, ..Wishes::default() }, TimeDelta::zero()),
            180
        );
        let now = at("2026-11-25T12:00:00Z");
        let weekly = Duration::from_hours(7 * 24);
        let wishes = Wishes { ttl: 60, ..Wishes::default() };
        assert_eq!(next_visit(weekly, &wishes, None, now) - now, TimeDelta::days(7));
    }

    #[test]
    fn a_silent_source_is_visited_less_and_less() {
        assert_eq!(wait(&Wishes::default(), TimeDelta::hours(8)), 15);
        assert_eq!(wait(&Wishes::default(), TimeDelta::hours(32)), 60);
        assert_eq!(wait(&Wishes::default(), TimeDelta::days(300)), 180);
    }

    #[test]
    fn hours_and_days_to_skip_are_skipped_unless_all_are() {
        let now = at("2026-11-27T21:50:00Z"); // a Friday
        let night = Wishes { skip_hours: 1 << 22 | 1 << 23, ..Wishes::default() };
        let weekend = Wishes { skip_days: 1 << 5 | 1 << 6, ..night };
        let always = Wishes { skip_hours: u32::MAX, ..Wishes::default() };

        assert_eq!(next_visit(QUARTER, &night, None, now), at("2026-11-28T00:00:00Z"));
        assert_eq!(next_visit(QUARTER, &weekend, None, now), at("2026-11-30T00:00:00Z"));
        assert_eq!(next_visit(QUARTER, &always, None, now), at("2026-11-27T22:05:00Z"));
    }

    #[test]
    fn cache_control_is_read() {
        for (lines, seconds) in [
            (&["public, max-age=900"][..], 900),
            (&["Max-Age=\"60\""], 60),
            (&["no-cache, max-age=900"], 0),
            (&["max-age=900", "no-store"], 0),
            (&["max-age=soon"], 0),
            (&[], 0),
        ] {
            assert_eq!(max_age(lines.iter().copied()), seconds, "{lines:?}");
        }
    }
}
