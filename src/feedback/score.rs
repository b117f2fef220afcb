//! When soft bounces are too many: pure.
//!
//! Each counts one point that halves with time. A mailbox that is full for a
//! week is forgiven, one that is full for a season is given up.

use chrono::TimeDelta;

use crate::clock::Time;

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Points at which a reader is given up.
    pub limit: f64,
    /// The time in which a point halves.
    pub half_life: TimeDelta,
}

/// Trouble that began less than this ago is no lasting trouble, however many
/// digests met it.
const SHORTEST: TimeDelta = TimeDelta::days(7);

impl Default for Patience {
    fn default() -> Self {
        Self { limit: 5.0, half_life: TimeDelta::days(30) }
    }
}

impl Patience {
    /// The points of soft bounces at `now`; several of one day count once.
    #[must_use]
    pub fn points(&self, bounces: &[Time], now: Time) -> f64 {
        let mut days: Vec<_> = bounces.iter().map(chrono::DateTime::date_naive).collect();
        days.sort_unstable();
        days.dedup();
        let half = self.half_life.num_seconds().max(1);
        days.iter()
            .map(|day| {
                let age = (now.date_naive() - *day).num_seconds().max(0);
                // Seconds in a few years are exact in a float.
                #[expect(clippy::cast_precision_loss, reason = "seconds, far below 2^52")]
                let halvings = age as f64 / half as f64;
                0.5_f64.powf(halvings)
            })
            .sum()
    }

    /// Is it enough?
    #[must_use]
    pub fn is_over(&self, bounces: &[Time], now: Time) -> bool {
        let lasts = bounces.iter().min().is_some_and(|first| now - *first >= SHORTEST);
        lasts && self.points(bounces, now) >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    fn day(n: i64) -> Time {
        from_millis(1_780_000_000_000) + TimeDelta::days(n)
    }

    /// After how many bounces, one each `every` days, a reader is given up.
    fn given_up_after(every: i64) -> Option<usize> {
        let mut bounces = vec![];
        for n in 0..200 {
            bounces.push(day(n * every));
            if Patience::default().is_over(&bounces, day(n * every)) {
                return Some(bounces.len());
            }
        }
        None
    }

    #[test]
    fn lasting_trouble_ends_it_and_rare_trouble_never_does() {
        assert_eq!(given_up_after(1), Some(8));
        assert_eq!(given_up_after(7), Some(9));
        assert_eq!(given_up_after(30), None);
    }

    #[test]
    fn a_bad_day_is_one_point() {
        let bounces: Vec<Time> =
            (0..20).map(|minute| day(0) + TimeDelta::minutes(minute)).collect();

        assert!((Patience::default().points(&bounces, day(0)) - 1.0).abs() < 1e-9);
        assert!((Patience::default().points(&bounces, day(30)) - 0.5).abs() < 0.02);
        assert!(Patience::default().points(&[], day(0)) < 1e-9);
    }
}
