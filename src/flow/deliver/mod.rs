//! Handing each mail over, once.
//!
//! One dispatcher claims rows that are due; workers, one for each connection,
//! hand them over. A worker asks the relay first (`offer`), then notes
//! `handing` and waits until that is durable, and only then writes the body.
//! So after a crash `claimed` means nothing went out, and `handing` is the one
//! honest doubt.
//!
//! - `dispatch` claims rows and decides what comes of each;
//! - `lane` is one way out: its queue, its breaker, its pace;
//! - `route` decides which lane each mail takes, or when to ask again, by `accounts` of quotas and rates;
//! - `manners` knows which recipient domains get less than all, and what;
//! - `press` signs ahead, on as many threads as there are cores;
//! - `worker` is one connection of a lane.

mod accounts;
mod breaker;
mod dispatch;
mod job;
mod lane;
mod letters;
mod manners;
pub mod post;
mod press;
mod queue;
mod route;
mod worker;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tracing::{error, warn};

use super::House;
use super::ledger::Ledger;
use crate::delivery::mailer::Mailer;
use crate::delivery::manners::{Limits, QuietHours};
use crate::delivery::relay::DomainRule;
use crate::delivery::retry;
use crate::store::{Result, keys};

use lane::Lane;
use letters::Letters;
use manners::Manners;
use press::Press;
use route::Switch;

/// When a ledger that cannot be opened is tried again.
const REOPEN: Duration = Duration::from_secs(2);

/// Who sends, and how.
#[derive(Clone)]
pub struct Sending {
    /// What all verbs share.
    pub house: Arc<House>,
    /// The ways out; at least one.
    pub ways: Vec<Way>,
    /// Name of this instance in the ledger.
    pub instance: String,
    /// Limits over all ways out.
    pub limits: Limits,
    /// Rules for single recipient domains.
    pub domains: Vec<DomainRule>,
    /// When nobody is mailed, and the zone of readers who named none.
    pub quiet: Option<(QuietHours, chrono_tz::Tz)>,
    /// When to try again.
    pub retry: retry::Schedule,
}

/// One way out.
#[derive(Clone)]
pub struct Way {
    /// What it is called.
    pub name: String,
    /// How connections are opened.
    pub mailer: Arc<dyn Mailer>,
    /// Its share of the mails.
    pub weight: u32,
    /// Its limits.
    pub limits: Limits,
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("instance", &self.instance).finish_non_exhaustive()
    }
}

/// What dispatcher, press and workers share.
struct Desk {
    sending: Sending,
    ledger: Ledger,
    letters: Letters,
    lanes: Vec<Lane>,
    manners: Manners,
    switch: Switch,
    /// Rung when a lane has room for more.
    drained: Arc<Notify>,
    /// Editions found stopped; nothing more of them is offered.
    halted: Mutex<HashSet<i64>>,
}

impl Desk {
    fn halted(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.halted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When the stop signal says so.
    Stopped,
    /// When this edition is settled, or stopped by the operator.
    Settled(i64),
}

/// Sends what is due until told to stop; then lets every open mail end, gives
/// back what was claimed and not offered, and returns.
pub async fn run(sending: Sending, until: Until, mut stop: watch::Receiver<bool>) {
    let Some((ledger, writer)) = open_ledger(&sending, until, &mut stop).await else { return };
    let drained = Arc::new(Notify::new());
    let desk = Arc::new(Desk {
        letters: Letters::default(),
        ledger,
        lanes: Lane::all(&sending, &drained),
        drained,
        manners: Manners::new(&sending.domains),
        switch: Switch::new(&sending),
        halted: Mutex::default(),
        sending,
    });
    let mut signing = JoinSet::new();
    let settings = desk.sending.house.settings();
    let signed = settings.mail.as_ref().is_some_and(|mail| !mail.dkim.is_empty());
    let press = signed.then(|| Press::start(&desk, &mut signing));
    // All connections in one task: they wait for the same ledger and the same
    // sockets, and as tasks of their own they would mostly wake each other.
    let mut connections: FuturesUnordered<_> = desk
        .lanes
        .iter()
        .enumerate()
        .flat_map(|(number, lane)| std::iter::repeat_n(number, lane.connections))
        .map(|number| {
            let work = worker::run(Arc::clone(&desk), number, stop.clone());
            AssertUnwindSafe(work).catch_unwind().boxed()
        })
        .collect();
    let working = async {
        while let Some(ended) = connections.next().await {
            if ended.is_err() {
                error!("A connection ended in a panic; its mail is swept when this instance stops");
            }
        }
    };
    let dispatching = async {
        dispatch::run(&desk, press.as_ref(), until, &mut stop).await;
        // Connections end when nothing more can come.
        drop(press);
        for lane in &desk.lanes {
            lane.jobs.close();
        }
    };
    tokio::join!(working, dispatching);
    while signing.join_next().await.is_some() {}
    drop(desk);
    if writer.await.is_err() {
        error!("The ledger's writer ended early; rows in hand are swept at the next start");
    }
}

/// Without a ledger nothing is sent: a daemon tries again, a command gives up.
async fn open_ledger(
    sending: &Sending,
    until: Until,
    stop: &mut watch::Receiver<bool>,
) -> Option<(Ledger, JoinHandle<()>)> {
    while !*stop.borrow() {
        match Ledger::open(Arc::clone(&sending.house), &sending.instance).await {
            Ok(opened) => return Some(opened),
            Err(error) => error!("Nothing can be mailed: {error}"),
        }
        if until != Until::Stopped {
            return None;
        }
        tokio::select! {
            () = tokio::time::sleep(REOPEN) => {}
            _ = stop.changed() => {}
        }
    }
    None
}

/// Says that an instance lives, until told to stop; then strikes it.
pub async fn beat(
    house: Arc<House>,
    instance: String,
    kind: &'static str,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        if let Err(error) = beat_once(&house, &instance, kind).await {
            warn!("This instance cannot say that it lives: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(super::sweep::BEAT) => {}
            _ = stop.changed() => break,
        }
    }
}

/// Says once that an instance lives.
///
/// # Errors
/// If the store does not answer.
pub async fn beat_once(house: &House, instance: &str, kind: &str) -> Result<()> {
    let mut tx = house.store.write().await?;
    keys::beat(&mut tx, instance, kind, house.now()).await?;
    tx.commit().await
}
