//! One way out as the dispatcher sees it: what waits for it, whether it is
//! open, and how fast it may be used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::breaker::{Breaker, Door};
use super::job::Job;
use super::queue::Queue;
use super::{Sending, Way};
use crate::clock::Time;
use crate::delivery::mailer::Mailer;
use crate::delivery::manners::{Limits, domain};
use crate::delivery::relay::CONNECTIONS;
use crate::store::slowed::Slowed;

/// What stands before a relay in the name of its scope.
const BY: &str = "by:";

/// A lane without room for so long does not hold up the others any more.
const LAGS: TimeDelta = TimeDelta::seconds(10);

/// One relay, or whatever stands for one.
pub(super) struct Lane {
    /// What its limits and troubles are kept under in the store.
    pub(super) scope: String,
    /// How connections are opened.
    pub(super) mailer: Arc<dyn Mailer>,
    /// How many are open at most.
    pub(super) connections: usize,
    /// Its limits.
    pub(super) limits: Limits,
    /// Its share of the mails.
    pub(super) weight: u32,
    /// Mails that only wait for a connection.
    pub(super) jobs: Queue<Job>,
    room: usize,
    state: Mutex<State>,
    pace: Pace,
}

#[derive(Default)]
struct State {
    breaker: Breaker,
    /// Since when there is no room.
    full_since: Option<Time>,
    /// Is the store to be told?
    news: bool,
}

/// Mails that wait for each connection: enough to claim them by the hundred, and
/// to go on while others write to the store.
const WAITING: usize = 32;
/// Mails that wait at least, and at most, however many connections there are.
const WAITING_BOUNDS: (usize, usize) = (64, 2048);
/// The same where each waits signed, with its whole text: these take room.
const SIGNED: usize = 2;

impl Lane {
    /// The lanes of what is configured, one for each relay. `drained` is rung
    /// when one of them has room for more.
    pub(super) fn all(sending: &Sending, drained: &Arc<Notify>) -> Vec<Self> {
        let settings = sending.house.settings();
        let signed = settings.mail.as_ref().is_some_and(|mail| !mail.dkim.is_empty());
        let only = sending.ways.len() == 1;
        let lane = |way: &Way| {
            let connections = way.limits.connections.unwrap_or(CONNECTIONS).max(1);
            let (least, most) = WAITING_BOUNDS;
            let room = if signed {
                (connections * SIGNED).clamp(least / 2, most / 4)
            } else {
                (connections * WAITING).clamp(least, most)
            };
            // What all may send a second, the only one may.
            let all = sending.limits.max_rate.filter(|_| only);
            Self {
                scope: format!("{BY}{}", way.name),
                mailer: Arc::clone(&way.mailer),
                connections,
                limits: way.limits.clone(),
                weight: way.weight,
                jobs: Queue::new(room / 2, Arc::clone(drained)),
                room,
                state: Mutex::default(),
                pace: Pace::new(way.limits.max_rate.or(all)),
            }
        };
        sending.ways.iter().map(lane).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more may be claimed for it now.
    pub(super) fn room(&self, now: Time) -> usize {
        let waiting = self.jobs.len();
        let free = self.room.saturating_sub(waiting);
        // Not one by one: each claim is a commit.
        let free = if free * 2 < self.room { 0 } else { free };
        let mut state = self.state();
        if free > 0 {
            state.full_since = None;
        } else if state.full_since.is_none() {
            state.full_since = Some(now);
        }
        match state.breaker.door(now) {
            Door::Open => free,
            Door::Ajar => usize::from(waiting == 0),
            Door::Closed => 0,
        }
    }

    /// Is it so far behind that the others do not wait for it?
    pub(super) fn lags(&self, now: Time) -> bool {
        self.state().full_since.is_some_and(|since| now - since > LAGS)
    }

    /// A mail was given to it; if it is only tried out, that is all for now.
    pub(super) fn given(&self, now: Time) {
        self.state().breaker.given(now);
    }

    /// A connection failed: closed for a while, longer each time.
    pub(super) fn failed(&self, now: Time, reason: &str) {
        let mut state = self.state();
        let Some(pause) = state.breaker.failed(now, reason, &self.scope) else { return };
        state.news = true;
        warn!(
            failures = state.breaker.failures(),
            "The mail relay {} fails, next try in {} s: {reason}",
            self.name(),
            pause.as_secs()
        );
    }

    /// It put off a mail, for its domain's sake as it says.
    pub(super) fn puts_off(&self, now: Time, address: &str, reply: &str) {
        let all = self.state().breaker.puts_off(domain(address));
        if all {
            self.failed(now, &format!("it puts off mail for every domain: {reply}"));
        }
    }

    /// It gave an answer about a mail.
    pub(super) fn works(&self) {
        let mut state = self.state();
        if state.breaker.works() {
            state.news = true;
            info!("The mail relay {} works again", self.name());
        }
    }

    fn name(&self) -> &str {
        self.scope.strip_prefix(BY).unwrap_or(&self.scope)
    }

    /// Is nothing to be claimed for it now?
    pub(super) fn is_closed(&self, now: Time) -> bool {
        self.state().breaker.door(now) == Door::Closed
    }

    /// Has it failed, and not worked since?
    pub(super) fn is_troubled(&self) -> bool {
        self.state().breaker.failures() > 0
    }

    /// When it is tried again, if it is closed.
    pub(super) fn closed_until(&self, now: Time) -> Option<Time> {
        self.state().breaker.until().filter(|until| *until > now)
    }

    /// Is the store to be told something?
    pub(super) fn has_news(&self) -> bool {
        self.state().news
    }

    /// What the store is to be told of its scope, if something changed: how it
    /// fails, or nothing if it is well.
    pub(super) fn told(&self) -> Option<(String, Option<Slowed>)> {
        let mut state = self.state();
        let news = std::mem::take(&mut state.news);
        news.then(|| (self.scope.clone(), state.breaker.told(&self.scope)))
    }

    /// It failed before this daemon was started: it is tried out first.
    pub(super) fn learn(&self, slowed: &Slowed) {
        let mut state = self.state();
        if state.breaker.failures() == 0 {
            state.breaker = Breaker::of(slowed);
        }
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
        // A slow rate is kept by the store's account; nobody sleeps for long here.
        let step = max_rate
            .filter(|rate| *rate > 0.0)
            .map(|rate| Duration::from_secs_f64((1.0 / rate).min(1.0)));
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
