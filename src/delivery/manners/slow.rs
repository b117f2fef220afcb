//! A domain that asked us to slow down.
//!
//! ```text
//! (full speed) ─451▶ waits ─time▶ probes with one mail ─taken▶ two ─▶ three … ─▶ (full speed)
//!                      ▲                │                       │
//!                      └── twice as long ┴──────────451──────────┘
//! ```

use std::time::Duration;

use crate::clock::Time;
use crate::delivery::retry;

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_mins(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(30);
/// So many mails in hand at once are full speed again.
const FULL: u32 = 32;

/// What is remembered of a domain that is slowed down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// Since when.
    pub since: Time,
    /// Nothing is sent there before.
    pub until: Time,
    /// How often it refused, less how often it took: the next wait follows
    /// from it.
    pub step: u32,
    /// What it said last.
    pub reply: String,
    /// How many mails may be in hand once the wait is over.
    pub window: u32,
}

impl Slow {
    /// It refused for the first time. `seed` spreads the waits of several
    /// domains and machines.
    #[must_use]
    pub fn begin(now: Time, reply: &str, seed: u64) -> Self {
        let reply = reply.to_owned();
        let mut slow = Self { since: now, until: now, step: 0, reply, window: 1 };
        slow.wait(now, seed);
        slow
    }

    /// It refused again; true if the wait grew. What was under way when the
    /// wait began says nothing new.
    pub fn refused(&mut self, now: Time, reply: &str, seed: u64) -> bool {
        if self.waits(now) {
            return false;
        }
        reply.clone_into(&mut self.reply);
        self.wait(now, seed);
        true
    }

    fn wait(&mut self, now: Time, seed: u64) {
        self.step = self.step.saturating_add(1);
        self.window = 1;
        let wait = FIRST.saturating_mul(1 << (self.step - 1).min(10)).min(LONGEST);
        self.until = now + retry::jittered(wait, seed ^ u64::from(self.step).rotate_left(32));
    }

    /// It took a mail; true if it is at full speed again.
    pub fn took(&mut self, now: Time) -> bool {
        if self.waits(now) {
            return false;
        }
        self.step = self.step.saturating_sub(1).max(1);
        self.window += 1;
        self.window > FULL
    }

    /// Is nothing sent there now?
    #[must_use]
    pub fn waits(&self, now: Time) -> bool {
        now < self.until
    }

    /// How long the wait is that is under way, or was the last.
    #[must_use]
    pub fn span(&self) -> Duration {
        FIRST.saturating_mul(1 << self.step.saturating_sub(1).min(10)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn waits_double_up_to_half_an_hour_and_are_spread() {
        let mut now = from_millis(0);
        let mut slow = Slow::begin(now, "451 4.7.0 later", 1);
        let mut waits = vec![];
        for _ in 0..9 {
            waits.push((slow.until - now).num_seconds());
            now = slow.until;
            assert!(slow.refused(now, "451 4.7.0 still", 1));
        }

        assert!((54..=66).contains(&waits[0]), "{waits:?}");
        assert!(waits[..5].windows(2).all(|two| two[1] > two[0] * 3 / 2), "{waits:?}");
        assert!(waits[5..].iter().all(|wait| (1620..=1980).contains(wait)), "{waits:?}");
        assert_eq!(slow.reply, "451 4.7.0 still");
        assert_eq!(slow.since, from_millis(0));
        assert_ne!(Slow::begin(now, "", 1).until, Slow::begin(now, "", 2).until);
    }

    #[test]
    fn twenty_mails_that_were_under_way_are_one_refusal() {
        let now = from_millis(0);
        let mut slow = Slow::begin(now, "421 busy", 1);
        let until = slow.until;
        for _ in 0..19 {
            assert!(!slow.refused(now, "421 busy", 1));
            assert!(!slow.took(now), "nor is one that was taken meanwhile a sign of recovery");
        }

        assert_eq!((slow.until, slow.step, slow.window), (until, 1, 1));
    }

    #[test]
    fn it_recovers_mail_by_mail_and_a_refusal_on_the_way_waits_less_than_the_last() {
        let mut now = from_millis(0);
        let mut slow = Slow::begin(now, "421 busy", 1);
        for _ in 0..4 {
            now = slow.until;
            slow.refused(now, "421 busy", 1);
        }
        assert_eq!(slow.span(), Duration::from_mins(16));
        now = slow.until;

        assert!(!slow.took(now));
        assert!(!slow.took(now));
        assert_eq!(slow.window, 3);
        slow.refused(now, "421 busy", 1);
        assert_eq!((slow.window, slow.span()), (1, Duration::from_mins(8)));

        now = slow.until;
        assert_eq!((1..=40).position(|_| slow.took(now)), Some(31));
    }
}
