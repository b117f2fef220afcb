//! The circuit breaker of one relay.
//!
//! ```text
//! open ─failure▶ closed ─time▶ ajar ─one mail answered▶ open
//!                  ▲            │
//!                  └─ longer ───┘ failure
//! ```

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Time;
use crate::delivery::retry;
use crate::store::slowed::Slowed;

/// The longest pause after a relay failed.
const LONGEST: Duration = Duration::from_mins(5);

/// A relay that puts off mail for so many domains in a row is itself what is
/// busy.
const ALL_DOMAINS: usize = 5;

/// If nothing is heard of the mail that tried it out, another one does.
const UNHEARD: TimeDelta = TimeDelta::seconds(60);

/// May mails go?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// As many as there are.
    Open,
    /// One, to try it out.
    Ajar,
    /// None.
    Closed,
}

/// How a relay has behaved.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    trouble: Option<Trouble>,
    /// Domains for which it put off mail since it took any.
    put_off: BTreeSet<String>,
}

#[derive(Debug)]
struct Trouble {
    since: Time,
    until: Time,
    failures: u32,
    reason: String,
    /// When a mail was given to it to try it out.
    tried: Option<Time>,
}

impl Breaker {
    /// As it was noted in the store.
    pub(super) fn of(slowed: &Slowed) -> Self {
        let trouble = Trouble {
            since: slowed.since,
            // A start is a good moment to try.
            until: slowed.since,
            failures: slowed.step,
            reason: slowed.reply.clone(),
            tried: None,
        };
        Self { trouble: Some(trouble), put_off: BTreeSet::new() }
    }

    /// As it is noted in the store; `None` if it is well.
    pub(super) fn told(&self, scope: &str) -> Option<Slowed> {
        self.trouble.as_ref().map(|trouble| Slowed {
            scope: scope.to_owned(),
            since: trouble.since,
            until: trouble.until,
            step: trouble.failures,
            reply: trouble.reason.clone(),
        })
    }

    /// May mails go?
    pub(super) fn door(&self, now: Time) -> Door {
        match &self.trouble {
            None => Door::Open,
            Some(trouble) if trouble.until > now => Door::Closed,
            Some(trouble) if trouble.tried.is_some_and(|tried| now - tried < UNHEARD) => {
                Door::Closed
            }
            Some(_) => Door::Ajar,
        }
    }

    /// Failures in a row.
    pub(super) fn failures(&self) -> u32 {
        self.trouble.as_ref().map_or(0, |trouble| trouble.failures)
    }

    /// When it is tried again, if it fails.
    pub(super) fn until(&self) -> Option<Time> {
        self.trouble.as_ref().map(|trouble| trouble.until)
    }

    /// A mail was given to it.
    pub(super) fn given(&mut self, now: Time) {
        if let Some(trouble) = &mut self.trouble {
            trouble.tried = Some(now);
        }
    }

    /// It failed; gives the pause. Twenty connections that fail together are
    /// one failure: `None`.
    pub(super) fn failed(&mut self, now: Time, reason: &str, seed: &str) -> Option<Duration> {
        if self.trouble.as_ref().is_some_and(|trouble| trouble.until > now) {
            return None;
        }
        let failures = self.failures().saturating_add(1);
        let pause = Duration::from_secs(1).saturating_mul(1 << failures.min(9)).min(LONGEST);
        let mut hasher = DefaultHasher::new();
        (seed, now.timestamp_millis()).hash(&mut hasher);
        // To the millisecond, as the store keeps it.
        let pause = retry::jittered(pause, hasher.finish());
        let pause = Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self.trouble = Some(Trouble {
            since: self.trouble.as_ref().map_or(now, |trouble| trouble.since),
            until: now + pause,
            failures,
            reason: reason.to_owned(),
            tried: None,
        });
        Some(pause)
    }

    /// It put off a mail for this domain; true if it does so for every one.
    pub(super) fn puts_off(&mut self, domain: &str) -> bool {
        if self.put_off.len() < ALL_DOMAINS {
            self.put_off.insert(domain.to_owned());
        }
        self.put_off.len() >= ALL_DOMAINS
    }

    /// It gave an answer about a mail; true if it had failed before.
    pub(super) fn works(&mut self) -> bool {
        self.put_off.clear();
        self.trouble.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn a_relay_that_failed_gets_one_mail_and_then_all_or_none() {
        let mut now = from_millis(0);
        let mut breaker = Breaker::default();
        assert_eq!(breaker.door(now), Door::Open);
        breaker.given(now);
        assert_eq!(breaker.door(now), Door::Open);

        let mut pauses = vec![];
        for _ in 0..10 {
            pauses.push(breaker.failed(now, "refused", "x").unwrap().as_secs_f64());
            assert_eq!(breaker.failed(now, "refused", "x"), None, "together with others");
            assert_eq!(breaker.door(now), Door::Closed);
            now = breaker.until().unwrap();
            assert_eq!(breaker.door(now), Door::Ajar);
            breaker.given(now);
            assert_eq!(breaker.door(now), Door::Closed, "one tries it out");
        }
        assert!((1.8..=2.2).contains(&pauses[0]) && (270.0..=330.0).contains(&pauses[9]));
        assert!(pauses[..7].is_sorted(), "{pauses:?}");

        now += UNHEARD;
        assert_eq!(breaker.door(now), Door::Ajar, "nothing was heard of that one");
        assert!(breaker.works() && !breaker.works());
        assert_eq!(breaker.door(now), Door::Open);
    }

    #[test]
    fn what_the_store_says_of_it_is_taken_up_at_a_start() {
        let now = from_millis(1_000);
        let mut breaker = Breaker::default();
        breaker.failed(now, "refused", "x");
        breaker.failed(breaker.until().unwrap(), "refused", "x");
        let told = breaker.told("by:x").unwrap();
        assert_eq!((told.step, told.since, told.reply.as_str()), (2, now, "refused"));

        let again = Breaker::of(&told);

        assert_eq!((again.door(now), again.failures()), (Door::Ajar, 2));
        assert_eq!(Breaker::default().told("by:x"), None);
    }
}
