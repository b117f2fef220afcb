//! When to look at a source again: pure.

use std::time::Duration;

/// However often a source fails, it is looked at once a day.
const LONGEST: Duration = Duration::from_hours(24);

/// How long to wait until the next visit. After failures the wait doubles each
/// time, up to a day; a server that asks for more patience gets it. A part drawn from `jitter_seed` keeps sources that
/// failed together from coming back together.
#[must_use]
pub fn next_visit(
    every: Duration,
    failures: u32,
    retry_after: Option<Duration>,
    jitter_seed: u64,
) -> Duration {
    if failures == 0 && retry_after.is_none() {
        return every;
    }
    let longest = LONGEST.max(every);
    let doubled = every.saturating_mul(2_u32.saturating_pow(failures.min(30))).min(longest);
    let wait = doubled.max(retry_after.unwrap_or_default());
    // Up to a tenth more; the multiplier spreads neighbouring seeds.
    let spread = (jitter_seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u32;
    wait + wait.mul_f64(f64::from(spread) / f64::from(u16::MAX) / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: Duration = Duration::from_mins(15);

    #[test]
    fn a_healthy_source_is_visited_at_its_pace() {
        assert_eq!(next_visit(QUARTER, 0, None, 7), QUARTER);
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_day() {
        for (failures, seconds) in
            [(1, 1800), (2, 3600), (5, 28_800), (7, 86_400), (u32::MAX, 86_400)]
        {
            let wait = next_visit(QUARTER, failures, None, 0);
            assert_eq!(wait.as_secs(), seconds, "{failures}");
        }
    }

    #[test]
    fn the_servers_wish_counts_in_full() {
        assert_eq!(next_visit(QUARTER, 1, Some(Duration::from_hours(2)), 0).as_secs(), 7200);
        let days = Duration::from_hours(72);
        assert_eq!(next_visit(QUARTER, 1, Some(days), 0), days);
        let weekly = Duration::from_hours(7 * 24);
        assert_eq!(next_visit(weekly, 3, None, 0), weekly);
    }

    #[test]
    fn sources_that_failed_together_come_back_apart() {
        let waits: std::collections::BTreeSet<_> =
            (0..20).map(|seed| next_visit(QUARTER, 1, None, seed)).collect();

        assert!(waits.len() > 15);
        assert!(waits.iter().all(|wait| (1800..=1980).contains(&wait.as_secs())));
    }
}
