//! Whether the loops still beat: the watchdog and `/readyz` ask here.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::TimeDelta;

use crate::clock::Time;

/// A loop that has not beaten for this long hangs.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// When each loop last beat.
#[derive(Debug, Default)]
pub struct Pulse {
    loops: Mutex<BTreeMap<&'static str, Time>>,
}

impl Pulse {
    /// A loop says that it lives. Call it at least twice a minute.
    pub fn beat(&self, name: &'static str, now: Time) {
        self.loops.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name, now);
    }

    /// A loop says that it ends as it should.
    pub fn rest(&self, name: &'static str) {
        self.loops.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(name);
    }

    /// The loops that hang; none is good.
    #[must_use]
    pub fn hanging(&self, now: Time) -> Vec<&'static str> {
        let loops = self.loops.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        loops.iter().filter(|(_, last)| now - **last > SILENCE).map(|(name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn a_loop_that_stops_beating_is_named_and_one_that_ended_is_not() {
        let pulse = Pulse::default();
        pulse.beat("deliver", from_millis(0));
        pulse.beat("watch", from_millis(0));
        pulse.beat("watch", from_millis(70_000));
        pulse.beat("once", from_millis(0));
        pulse.rest("once");

        assert_eq!(pulse.hanging(from_millis(70_000)), ["deliver"]);
    }
}
