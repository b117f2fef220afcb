//! When a deferred mail is tried again: pure, in hours and days.
//!
//! It does not know what time it is: the caller adds the wait to its clock and
//! stores the result.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The waits between tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The wait after the first, second, … try that was deferred. When they
    /// are used up, so are the tries.
    pub waits: Vec<Duration>,
    /// A mail older than this is not tried again.
    pub give_up_after: Duration,
}

impl Default for Schedule {
    /// Ten tries over four and a half days, as RFC 5321 section 4.5.4.1 asks for.
    fn default() -> Self {
        let waits = [
            5 * MINUTE,
            15 * MINUTE,
            HOUR,
            3 * HOUR,
            6 * HOUR,
            12 * HOUR,
            24 * HOUR,
            24 * HOUR,
            36 * HOUR,
        ];
        Self {
            waits: waits.map(Duration::from_secs).to_vec(),
            give_up_after: Duration::from_secs(5 * 24 * HOUR),
        }
    }
}

impl Schedule {
    /// How many tries a mail has in all.
    #[must_use]
    pub fn tries(&self) -> u32 {
        u32::try_from(self.waits.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How long to wait after the `attempt`-th try (counted from 1) was
    /// deferred, `age` after the mail was queued; `None` if that was the last.
    ///
    /// `seed` (the delivery's row number, say) spreads the waits by up to a
    /// tenth either way, so that mails deferred together do not come back together.
    #[must_use]
    pub fn wait(&self, attempt: u32, age: Duration, seed: u64) -> Option<Duration> {
        let step = usize::try_from(attempt.checked_sub(1)?).ok()?;
        let wait = jittered(*self.waits.get(step)?, seed ^ u64::from(attempt).rotate_left(32));
        (age.saturating_add(wait) <= self.give_up_after).then_some(wait)
    }
}

/// `wait`, longer or shorter by up to a tenth, always the same for one seed.
pub(crate) fn jittered(wait: Duration, seed: u64) -> Duration {
    let spread = wait / 5;
    let thousandths = u32::try_from(scrambled(seed) % 1001).unwrap_or(0);
    wait.saturating_sub(wait / 10) + spread * thousandths / 1000
}

/// One step of splitmix64: neighbouring seeds give unrelated numbers.
fn scrambled(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_minutes_to_days() {
        let schedule = Schedule::default();

        let waits: Vec<Duration> =
            (1..=9).map(|attempt| schedule.wait(attempt, Duration::ZERO, 7).unwrap()).collect();

        assert!(waits[0] >= Duration::from_secs(4 * MINUTE));
        assert!(waits[8] >= Duration::from_secs(24 * HOUR));
        assert!(waits[..7].is_sorted());
    }

    #[test]
    fn the_tries_end() {
        let schedule = Schedule::default();

        assert_eq!(schedule.tries(), 10);
        assert_eq!(schedule.wait(10, Duration::ZERO, 7), None);
        assert_eq!(schedule.wait(0, Duration::ZERO, 7), None);
        assert_eq!(schedule.wait(u32::MAX, Duration::ZERO, 7), None);
    }

    #[test]
    fn a_mail_that_would_be_too_old_by_then_is_given_up() {
        let schedule = Schedule::default();
        let old = schedule.give_up_after.saturating_sub(Duration::from_secs(MINUTE));

        assert_eq!(schedule.wait(1, old, 7), None);
        assert_eq!(schedule.wait(1, Duration::MAX, 7), None);
    }

    #[test]
    fn mails_deferred_together_come_back_apart_but_always_at_the_same_time() {
        let schedule = Schedule::default();
        let wait = |seed| schedule.wait(3, Duration::ZERO, seed).unwrap();
        let hour = Duration::from_secs(HOUR);

        let distinct: std::collections::HashSet<Duration> = (0..100).map(wait).collect();

        assert!(distinct.len() > 50);
        assert!(distinct.iter().all(|w| *w >= hour.mul_f64(0.9) && *w <= hour + hour / 10));
        assert_eq!(wait(42), wait(42));
    }

    #[test]
    fn the_whole_schedule_fits_before_giving_up() {
        let schedule = Schedule::default();
        let most: Duration = schedule.waits.iter().map(|wait| *wait + *wait / 10).sum();

        assert!(most <= schedule.give_up_after);
    }
}
