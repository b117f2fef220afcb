//! One way out as the dispatcher sees it: what waits for it, whether it is
//! open, and how fast it may be used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::warn;

use super::Sending;
use super::job::Job;
use super::queue::Queue;
use crate::clock::Time;
use crate::delivery::mailer::Mailer;

/// The longest pause after a relay failed.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// One relay, or whatever stands for one.
pub(super) struct Lane {
    /// How connections are opened.
    pub(super) mailer: Arc<dyn Mailer>,
    /// How many are open at most.
    pub(super) connections: usize,
    /// Mails that only wait for a connection.
    pub(super) jobs: Queue<Job>,
    room: usize,
    breaker: Mutex<Breaker>,
    pace: Pace,
}

/// How the relay has behaved: after a failure nothing is claimed for a while.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    closed_until: Option<Time>,
}

/// Mails that wait for each connection: enough to claim them by the hundred, and
/// to go on while others write to the store.
const WAITING: usize = 32;
/// Mails that wait at least, and at most, however many connections there are.
const WAITING_BOUNDS: (usize, usize) = (64, 2048);
/// The same where each waits signed, with its whole text: these take room.
const SIGNED: usize = 2;

impl Lane {
    /// The lanes of what is configured: one. `drained` is rung when one of
    /// them has room for more.
    pub(super) fn all(sending: &Sending, drained: &Arc<Notify>) -> Vec<Self> {
        let connections = sending.connections.max(1);
        let settings = sending.house.settings();
        let signed = settings.mail.as_ref().is_some_and(|mail| !mail.dkim.is_empty());
        let (least, most) = WAITING_BOUNDS;
        let room = if signed {
            (connections * SIGNED).clamp(least / 2, most / 4)
        } else {
            (connections * WAITING).clamp(least, most)
        };
        vec![Self {
            mailer: Arc::clone(&sending.mailer),
            connections,
            jobs: Queue::new(room / 2, Arc::clone(drained)),
            room,
            breaker: Mutex::default(),
            pace: Pace::new(sending.max_rate),
        }]
    }

    /// How many more may be claimed for it now.
    pub(super) fn room(&self) -> usize {
        let free = self.room.saturating_sub(self.jobs.len());
        // Not one by one: each claim is a commit.
        if free * 2 < self.room { 0 } else { free }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection failed: closed for a while, longer each time.
    pub(super) fn failed(&self, now: Time, reason: &str) {
        let mut breaker = self.breaker();
        // Twenty connections that fail together are one failure.
        if breaker.closed_until.is_some_and(|until| until > now) {
            return;
        }
        breaker.failures = breaker.failures.saturating_add(1);
        let pause =
            Duration::from_secs(1).saturating_mul(1 << breaker.failures.min(9)).min(LONGEST_PAUSE);
        breaker.closed_until = Some(now + pause);
        warn!(
            failures = breaker.failures,
            "The mail relay fails, next try in {} s: {reason}",
            pause.as_secs()
        );
    }

    /// It took a mail.
    pub(super) fn works(&self) {
        let mut breaker = self.breaker();
        if breaker.failures > 0 {
            *breaker = Breaker::default();
        }
    }

    /// Is nothing to be claimed for it now?
    pub(super) fn is_closed(&self, now: Time) -> bool {
        self.breaker().closed_until.is_some_and(|until| until > now)
    }

    /// Waits for the next mail's place if the operator limits the rate.
    pub(super) async fn keep_pace(&self) {
        self.pace.wait().await;
    }

    /// Is the rate limited, so that nothing is to be asked for ahead?
    pub(super) fn is_paced(&self) -> bool {
        self.pace.step.is_some()
    }
}

/// Mails a second at most, evenly spread.
struct Pace {
    step: Option<Duration>,
    last: Mutex<Option<tokio::time::Instant>>,
}

impl Pace {
    fn new(max_rate: Option<f64>) -> Self {
        let step = max_rate
            .filter(|rate| *rate > 0.0)
            .map(|rate| Duration::from_secs_f64((1.0 / rate).min(3600.0)));
        Self { step, last: Mutex::default() }
    }

    async fn wait(&self) {
        let Some(step) = self.step else { return };
        let mine = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let now = tokio::time::Instant::now();
            let mine = last.map_or(now, |last| (last + step).max(now));
            *last = Some(mine);
            mine
        };
        tokio::time::sleep_until(mine).await;
    }
}
