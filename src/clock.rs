//! The time, as something that is handed in.
//!
//! Everything that needs to know what time it is takes a [`Clock`]; a lint in
//! `clippy.toml` refuses the other ways to ask. Tests turn a [`ManualClock`].

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A moment. All moments in gazetted carry whole milliseconds, because that is
/// what both engines of the store give back unchanged.
pub type Time = DateTime<Utc>;

/// Tells the time.
pub trait Clock: Send + Sync + Debug {
    /// The present moment, in whole milliseconds.
    fn now(&self) -> Time;
}

/// A clock that can be shared between loops.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Time {
        from_millis(Utc::now().timestamp_millis())
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Time) -> Self {
        Self(AtomicI64::new(now.timestamp_millis()))
    }

    /// Moves the clock to `now`.
    pub fn set(&self, now: Time) {
        self.0.store(now.timestamp_millis(), Ordering::SeqCst);
    }

    /// Moves the clock on by `step`.
    pub fn advance(&self, step: TimeDelta) {
        self.0.fetch_add(step.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The moment `millis` milliseconds after the Unix epoch; what lies beyond the
/// calendar is held at its end.
#[must_use]
pub fn from_millis(millis: i64) -> Time {
    DateTime::from_timestamp_millis(millis).unwrap_or(if millis < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}
