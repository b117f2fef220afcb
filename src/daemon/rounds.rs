//! The rounds of the sources that live on other machines: each when it is due,
//! many at a time, and none held up by one that hangs.
//!
//! Two lanes: a visit begins in the quick one, and one that takes long moves to
//! the slow one, which is wider, because waiting costs nothing but a socket. A
//! source that was slow or failed last time begins in the slow lane. So those
//! that hang keep only each other waiting.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::warn;

use super::beat;
use crate::clock::Time;
use crate::flow::{House, watch as visits};
use crate::source::{Fetch, Settings, Source};

/// Visits in the quick lane at one time.
const QUICK: usize = 32;
/// Visits in the slow lane at one time.
const SLOW: usize = 256;
/// A visit that takes longer is slow.
const PATIENCE: Duration = Duration::from_millis(500);
/// The longest sleep between two looks at the store, where a command or
/// another machine may have visited a source in the meantime.
const LOOK: Duration = Duration::from_secs(20);
/// How long to wait for a store that does not answer.
const STORE_PATIENCE: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// Visits these sources until it is told to stop.
pub async fn run(
    house: Arc<House>,
    fetch: Arc<dyn Fetch>,
    sources: Vec<Settings>,
    mut stop: watch::Receiver<bool>,
) {
    let mut rounds = Rounds::of(&house, &fetch, sources);
    let mut looked: Option<Time> = None;
    while !*stop.borrow() {
        let now = house.now();
        if looked.is_none_or(|at| (now - at).to_std().unwrap_or(LOOK) >= LOOK) {
            match rounds.look(now).await {
                Ok(()) => looked = Some(now),
                Err(error) => {
                    warn!("Sources wait for the store: {error}");
                    beat::pause(Duration::from_secs(5), &mut stop).await;
                    continue;
                }
            }
        }
        rounds.begin_due(now, &stop);
        let wait = rounds.next_due().map_or(LOOK, |due| {
            (due - now).to_std().unwrap_or_default().clamp(Duration::from_millis(20), LOOK)
        });
        tokio::select! {
            Some(ended) = rounds.under_way.join_next(), if !rounds.under_way.is_empty() => {
                rounds.ended(ended);
            }
            () = rounds.freed.notified() => {}
            () = house.bells.sources.notified() => looked = None,
            () = beat::pause(wait, &mut stop) => {}
        }
        while let Some(ended) = rounds.under_way.try_join_next() {
            rounds.ended(ended);
        }
    }
}

/// A visit that is over.
struct Ended {
    at: usize,
    source: Source,
    next: Time,
    slow: bool,
}

struct Rounds {
    house: Arc<House>,
    names: HashMap<String, usize>,
    /// Those that are not being visited, by their place.
    idle: HashMap<usize, Source>,
    /// When the idle ones that wait for no lane are due.
    due: BTreeSet<(Time, usize)>,
    when: HashMap<usize, Time>,
    /// Due, and waiting for a place in their lane.
    quick_queue: VecDeque<usize>,
    slow_queue: VecDeque<usize>,
    slow: Vec<bool>,
    quick_lane: Arc<Semaphore>,
    slow_lane: Arc<Semaphore>,
    /// Rings when a visit has moved to the slow lane.
    freed: Arc<tokio::sync::Notify>,
    under_way: JoinSet<Ended>,
}

impl Rounds {
    fn of(house: &Arc<House>, fetch: &Arc<dyn Fetch>, sources: Vec<Settings>) -> Self {
        let slow = vec![false; sources.len()];
        let names = sources.iter().enumerate().map(|(at, s)| (s.name.clone(), at)).collect();
        let idle = sources
            .into_iter()
            .enumerate()
            .map(|(at, settings)| (at, Source::new(settings, fetch.clone())))
            .collect();
        Self {
            house: house.clone(),
            names,
            idle,
            due: BTreeSet::new(),
            when: HashMap::new(),
            quick_queue: VecDeque::new(),
            slow_queue: VecDeque::new(),
            slow,
            quick_lane: Arc::new(Semaphore::new(QUICK)),
            slow_lane: Arc::new(Semaphore::new(SLOW)),
            freed: Arc::new(tokio::sync::Notify::new()),
            under_way: JoinSet::new(),
        }
    }

    /// Asks the store when each is due. What was never visited is due now.
    async fn look(&mut self, now: Time) -> crate::store::Result<()> {
        let states = visits::states(&self.house).await?;
        let mut known: HashMap<&str, (Time, bool)> = HashMap::with_capacity(states.len());
        for state in &states {
            let Some(&at) = self.names.get(&state.name) else { continue };
            if let Some(source) = self.idle.get(&at) {
                let due = visits::due(state, source.settings(), now);
                known.insert(&state.name, (due, state.failures > 0));
            }
        }
        let waiting: HashSet<usize> =
            self.quick_queue.iter().chain(&self.slow_queue).copied().collect();
        let fresh: Vec<(usize, Time, bool)> = self
            .idle
            .iter()
            .filter(|(at, _)| !waiting.contains(at))
            .map(|(at, source)| {
                let (due, failed) =
                    known.get(source.settings().name.as_str()).copied().unwrap_or((now, false));
                (*at, due, failed)
            })
            .collect();
        for (at, due, failed) in fresh {
            self.slow[at] |= failed;
            self.schedule(at, due);
        }
        Ok(())
    }

    fn schedule(&mut self, at: usize, due: Time) {
        if let Some(before) = self.when.insert(at, due) {
            self.due.remove(&(before, at));
        }
        self.due.insert((due, at));
    }

    fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Begins as many visits as are due and have room.
    fn begin_due(&mut self, now: Time, stop: &watch::Receiver<bool>) {
        while let Some(&(due, at)) = self.due.first()
            && due <= now
        {
            self.due.pop_first();
            self.when.remove(&at);
            if self.slow[at] {
                self.slow_queue.push_back(at);
            } else {
                self.quick_queue.push_back(at);
            }
        }
        while !self.quick_queue.is_empty()
            && let Ok(place) = self.quick_lane.clone().try_acquire_owned()
            && let Some(at) = self.quick_queue.pop_front()
        {
            self.begin(at, place, Lane::Quick, stop);
        }
        while !self.slow_queue.is_empty()
            && let Ok(place) = self.slow_lane.clone().try_acquire_owned()
            && let Some(at) = self.slow_queue.pop_front()
        {
            self.begin(at, place, Lane::Slow, stop);
        }
    }

    fn begin(
        &mut self,
        at: usize,
        place: OwnedSemaphorePermit,
        lane: Lane,
        stop: &watch::Receiver<bool>,
    ) {
        let Some(source) = self.idle.remove(&at) else { return };
        let (house, stop) = (self.house.clone(), stop.clone());
        let wider = Wider { lane: self.slow_lane.clone(), freed: self.freed.clone() };
        self.under_way.spawn(visit(house, at, source, place, lane, wider, stop));
    }

    fn ended(&mut self, ended: Result<Ended, tokio::task::JoinError>) {
        match ended {
            Ok(Ended { at, source, next, slow }) => {
                self.slow[at] = slow;
                self.idle.insert(at, source);
                self.schedule(at, next);
            }
            Err(error) => {
                // Its source is lost until the next reload; nothing makes a visit panic.
                warn!("A visit broke off: {error}");
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Quick,
    Slow,
}

/// The way from the quick lane to the slow one.
struct Wider {
    lane: Arc<Semaphore>,
    freed: Arc<tokio::sync::Notify>,
}

async fn visit(
    house: Arc<House>,
    at: usize,
    mut source: Source,
    place: OwnedSemaphorePermit,
    lane: Lane,
    wider: Wider,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    let settings = source.settings().clone();
    let name = &settings.name;
    let mut place = Some(place);
    let mut slow = false;
    let outcome = match visits::state(&house, name).await {
        // Somebody else was here in the meantime.
        Ok(state) if visits::due(&state, &settings, house.now()) > house.now() => {
            Ok(visits::due(&state, &settings, house.now()))
        }
        Ok(_) => {
            let mut visiting = std::pin::pin!(visits::visit(&house, &mut source));
            let outcome = tokio::select! {
                outcome = &mut visiting => outcome,
                () = beat::pause(PATIENCE, &mut stop) => {
                    slow = true;
                    if lane == Lane::Quick && let Ok(wide) = wider.lane.try_acquire_owned() {
                        place = Some(wide);
                        wider.freed.notify_one();
                    }
                    visiting.await
                }
            };
            match outcome {
                Ok(outcome) => {
                    slow |= matches!(outcome, visits::Visit::Troubled(_));
                    visits::state(&house, name)
                        .await
                        .map(|state| visits::due(&state, &settings, house.now()))
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    drop(place);
    let next = outcome.unwrap_or_else(|error| {
        warn!(source = %name, "Source {name} cannot be taken in now: {error}");
        house.now() + STORE_PATIENCE
    });
    Ended { at, source, next, slow }
}

#[cfg(test)]
mod tests;
