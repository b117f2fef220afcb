//! How much a relay, a recipient domain, or the whole house may send.

use chrono::TimeDelta;

use crate::clock::Time;

/// Mails that may catch up after a pause: those of one second.
const BURST: TimeDelta = TimeDelta::seconds(1);

/// Limits of one relay or recipient domain; what is not there is no limit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// Connections at a time.
    pub connections: Option<usize>,
    /// Mails over one connection.
    pub messages_per_connection: Option<usize>,
    /// Mails a second.
    pub max_rate: Option<f64>,
    /// Mails a day.
    pub daily_quota: Option<u64>,
    /// Mails on the first, second, … day on which anything is sent.
    pub warm_up: Vec<u64>,
}

impl Limits {
    /// Are mails counted by the day?
    #[must_use]
    pub fn counts(&self) -> bool {
        self.daily_quota.is_some() || !self.warm_up.is_empty()
    }

    /// Is there something that the store keeps account of?
    #[must_use]
    pub fn is_accounted(&self) -> bool {
        self.counts() || self.max_rate.is_some()
    }

    /// Mails of a day, if on `days` days before something was sent.
    #[must_use]
    pub fn quota(&self, days: i64) -> Option<u64> {
        let planned = usize::try_from(days).ok().and_then(|days| self.warm_up.get(days)).copied();
        match (planned, self.daily_quota) {
            (Some(planned), Some(most)) => Some(planned.min(most)),
            (planned, most) => planned.or(most),
        }
    }
}

/// Mails that may go now at `rate` a second, if the next was to go at `next`.
#[must_use]
pub fn free(rate: f64, next: Option<Time>, now: Time) -> usize {
    let start = begin(next, now);
    if start > now {
        return 0;
    }
    let waited = (now - start).to_std().unwrap_or_default().as_secs_f64();
    // Bounded: at most the burst of the highest rate there is.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a million"
    )]
    let mails = (waited * rate).min(1e6) as usize;
    mails + 1
}

/// When the next mail may go after `mails` have gone now.
#[must_use]
pub fn after(rate: f64, next: Option<Time>, now: Time, mails: usize) -> Time {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let millis = (mails as f64 / rate * 1e3).ceil().min(1e12);
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let span = TimeDelta::milliseconds(millis as i64);
    begin(next, now) + span
}

fn begin(next: Option<Time>, now: Time) -> Time {
    next.map_or(now, |next| next.max(now - BURST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn a_rate_holds_however_often_it_is_asked_for() {
        for (rate, seconds, most) in [(5.0, 60, 306), (0.1, 60, 7), (1_000.0, 10, 11_001)] {
            let (mut next, mut gone) = (None, 0);
            for tick in 0..=(seconds * 20) {
                let now = from_millis(1_000_000 + tick * 50);
                let mails = free(rate, next, now);
                if mails > 0 {
                    next = Some(after(rate, next, now, mails));
                    gone += mails;
                }
            }
            assert!(gone <= most, "{gone} at {rate} a second in {seconds} s");
            assert!(gone * 10 >= most * 8, "{gone} at {rate} a second in {seconds} s");
        }
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let now = from_millis(10_000_000);

        assert_eq!(free(5.0, Some(from_millis(0)), now), 6);
        assert_eq!(free(5.0, None, now), 1);
        assert_eq!(free(5.0, Some(now + TimeDelta::milliseconds(1)), now), 0);
    }

    #[test]
    fn a_plan_counts_days_and_the_quota_is_above_it() {
        let plan = Limits { warm_up: vec![50, 200, 900], ..Limits::default() };
        let both = Limits { daily_quota: Some(500), ..plan.clone() };

        let quotas = |limits: &Limits| [0, 1, 2, 3, 99].map(|days| limits.quota(days));
        assert_eq!(quotas(&plan), [Some(50), Some(200), Some(900), None, None]);
        assert_eq!(quotas(&both), [Some(50), Some(200), Some(500), Some(500), Some(500)]);
        assert!(!Limits::default().is_accounted() && plan.counts());
    }
}
