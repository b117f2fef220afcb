//! Manners at work: which recipient domains are to be minded now, and what
//! each of them may get.
//!
//! Most runs mind nobody: then every question here is answered by one flag.

mod carried;
mod domain;
mod seat;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::clock::Time;
use crate::delivery::manners::{self, Concern, Slow};
use crate::delivery::relay::DomainRule;
use crate::delivery::{Rejection, retry};
use crate::store::deliveries::Ticket;
use crate::store::slowed::{self, Slowed};
use crate::store::{Result, Store};

use super::lane::Lane;
pub(super) use carried::Carried;
pub(super) use domain::jitter;
use domain::{Domain, Refusal};
pub(super) use seat::Seat;

/// What stands before a domain in the name of its scope.
const TO: &str = "to:";

/// A stranger's first mail is taken after five minutes nearly everywhere.
const GREYLISTED: Duration = Duration::from_mins(6);

/// A domain that has not been slowed down for this long is not minded.
const MINDED: TimeDelta = TimeDelta::hours(1);

/// Nobody knows how long a longer line takes.
const LONGEST_LINE: TimeDelta = TimeDelta::minutes(10);

/// Slowed domains that are told of at most.
const MANY: i64 = 10_000;

/// May a mail for a domain go now?
pub(super) enum Admission {
    /// Yes; where the domain is minded, it takes a seat.
    Go(Option<Seat>),
    /// As many as it has connections for are under way; so many these are.
    Full(usize),
    /// Not before then.
    Later(Time),
}

/// What a refusal for now means for its mail.
pub(super) enum PutOff {
    /// Nobody's try is used up; again at this moment.
    Free(Time),
    /// It is about this mail or its mailbox.
    Counted,
}

/// The domains that are minded.
pub(super) struct Manners {
    book: Arc<Mutex<Book>>,
    /// Is any domain minded?
    minds: AtomicBool,
    /// Is there something to be told to the store?
    news: AtomicBool,
    /// Rung when a mail of a domain is settled for which others wait.
    pub(super) freed: Arc<Notify>,
}

#[derive(Default)]
struct Book {
    domains: HashMap<Box<str>, Domain>,
    /// Those that the store is to be told of.
    changed: BTreeSet<Box<str>>,
    /// When the store was last looked at.
    looked: Option<tokio::time::Instant>,
    /// Where those stand that wait in line for something, by what it is.
    lines: HashMap<Box<str>, Time>,
}

impl Manners {
    /// Minds the domains that have rules.
    pub(super) fn new(rules: &[DomainRule]) -> Self {
        let mut book = Book::default();
        for rule in rules {
            if let Some(connections) = rule.limits.connections {
                let domain = Domain::limited(connections);
                book.domains.insert((&*rule.name).into(), domain);
            }
        }
        let minds = !book.domains.is_empty();
        Self {
            book: Arc::new(Mutex::new(book)),
            minds: AtomicBool::new(minds),
            news: AtomicBool::new(false),
            freed: Arc::default(),
        }
    }

    /// When the next in line may go where so many go a second. Beyond some
    /// minutes nobody knows; so late a mail asks again at some time before that.
    pub(super) fn in_line(&self, what: &str, rate: f64, ticket: Ticket, now: Time) -> Time {
        let mut book = self.book();
        let last = book.lines.entry(what.into()).or_insert(now);
        let next = (*last).max(now) + Duration::from_secs_f64((1.0 / rate).clamp(1e-6, 3600.0));
        if next - now > LONGEST_LINE {
            let most = LONGEST_LINE.to_std().unwrap_or_default();
            return now + jitter(ticket, most / 2, most);
        }
        *last = next;
        next
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is there nothing to decide for any mail?
    pub(super) fn is_easy(&self) -> bool {
        !self.minds.load(Ordering::Relaxed)
    }

    /// May a mail go to this address now?
    pub(super) fn admit(&self, address: &str, ticket: Ticket, now: Time) -> Admission {
        if self.is_easy() {
            return Admission::Go(None);
        }
        let name = manners::domain(address);
        let mut book = self.book();
        let Some(domain) = book.domains.get_mut(name) else { return Admission::Go(None) };
        match domain.admit(ticket, now) {
            Ok(()) => {
                domain.in_hand += 1;
                Admission::Go(Some(Seat::new(&self.book, &self.freed, name)))
            }
            Err(Refusal::Full(connections)) => Admission::Full(connections),
            Err(Refusal::Until(due)) => Admission::Later(due),
        }
    }

    /// Until when a mail that waits for a connection is to be put back, if its
    /// domain was slowed down meanwhile.
    pub(super) fn held_back(&self, address: &str, ticket: Ticket, now: Time) -> Option<Time> {
        if self.is_easy() {
            return None;
        }
        let book = self.book();
        let slow = book.domains.get(manners::domain(address))?.slow.as_ref()?;
        slow.waits(now).then(|| domain::spread(slow, ticket))
    }

    /// The domain answered, and did not ask to slow down.
    pub(super) fn took(&self, address: &str, now: Time) {
        if self.is_easy() {
            return;
        }
        let name = manners::domain(address);
        let mut book = self.book();
        let Some(domain) = book.domains.get_mut(name) else { return };
        domain.taken += 1;
        let recovered = domain.slow.as_mut().is_some_and(|slow| slow.took(now));
        if recovered {
            domain.slow = None;
            self.tell(&mut book, name);
            info!("{name} takes mail at full speed again");
        }
    }

    /// A mail was refused for now.
    pub(super) fn refused(
        &self,
        address: &str,
        ticket: Ticket,
        rejection: &Rejection,
        now: Time,
    ) -> PutOff {
        match Concern::of(rejection) {
            Concern::Mailbox => {
                self.took(address, now);
                return PutOff::Counted;
            }
            Concern::Greylisted => {
                let wait = retry::jittered(GREYLISTED, ticket.subscriber.unsigned_abs());
                return PutOff::Free(now + wait);
            }
            Concern::Domain => {}
        }
        let name = manners::domain(address);
        let reply = rejection.to_string();
        let seed = domain::seed(name, now);
        let mut book = self.book();
        let domain = book.domains.entry(name.into()).or_default();
        if domain.blames(ticket) {
            return PutOff::Counted;
        }
        let grew = if let Some(slow) = &mut domain.slow {
            slow.refused(now, &reply, seed)
        } else {
            domain.slow = Some(Slow::begin(now, &reply, seed));
            true
        };
        domain.minded_until = now + MINDED;
        let Some(slow) = &domain.slow else { return PutOff::Counted };
        let due = domain::again(slow, ticket, grew);
        if grew {
            warn!("{name} is slowed down until {}: {reply}", slow.until.format("%H:%M:%S UTC"));
            self.tell(&mut book, name);
        }
        self.minds.store(true, Ordering::Relaxed);
        PutOff::Free(due)
    }

    /// What a domain that is slowed down said last.
    pub(super) fn last_reply(&self, address: &str) -> Option<String> {
        if self.is_easy() {
            return None;
        }
        let book = self.book();
        let slow = book.domains.get(manners::domain(address))?.slow.as_ref()?;
        Some(format!("{} said: {}", manners::domain(address), slow.reply))
    }

    fn tell(&self, book: &mut Book, name: &str) {
        book.changed.insert(name.into());
        self.news.store(true, Ordering::Relaxed);
    }

    /// Tells the store what has changed here, and learns what other machines,
    /// or this one before it was started anew, have told.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(super) async fn exchange(
        &self,
        store: &Store,
        lanes: &[Lane],
        now: Time,
        every: Duration,
    ) -> Result<()> {
        let mut told: Vec<(String, Option<Slowed>)> = lanes.iter().filter_map(Lane::told).collect();
        if self.news.swap(false, Ordering::Relaxed) {
            told.extend(self.told());
        }
        if !told.is_empty() {
            let mut tx = store.write().await?;
            for (scope, slowed) in &told {
                match slowed {
                    Some(slowed) => slowed::note(&mut tx, slowed).await?,
                    None => slowed::end(&mut tx, scope).await?,
                }
            }
            tx.commit().await?;
        }
        let (first, due) = {
            let mut book = self.book();
            let first = book.looked.is_none();
            let due = book.looked.is_none_or(|looked| looked.elapsed() >= every);
            if due {
                book.looked = Some(tokio::time::Instant::now());
            }
            (first, due)
        };
        if due {
            let mut tx = store.read().await?;
            let known = slowed::list(&mut tx, MANY).await?;
            drop(tx);
            if first {
                for lane in lanes {
                    if let Some(mine) = known.iter().find(|slowed| slowed.scope == lane.scope) {
                        lane.learn(mine);
                    }
                }
            }
            self.learn(&known, now);
        }
        Ok(())
    }

    /// Takes out what the store is to be told.
    fn told(&self) -> Vec<(String, Option<Slowed>)> {
        let mut book = self.book();
        let changed = std::mem::take(&mut book.changed);
        changed
            .into_iter()
            .map(|name| {
                let scope = format!("{TO}{name}");
                let slow = book.domains.get(&name).and_then(|domain| domain.slow.as_ref());
                let slowed = slow.map(|slow| Slowed {
                    scope: scope.clone(),
                    since: slow.since,
                    until: slow.until,
                    step: slow.step,
                    reply: slow.reply.clone(),
                });
                (scope, slowed)
            })
            .collect()
    }

    fn learn(&self, known: &[Slowed], now: Time) {
        let mut book = self.book();
        let Book { domains, changed, .. } = &mut *book;
        let mut listed = BTreeSet::new();
        for slowed in known {
            let Some(name) = slowed.scope.strip_prefix(TO) else { continue };
            listed.insert(name);
            if changed.contains(name) {
                continue;
            }
            let domain = domains.entry(name.into()).or_default();
            domain.minded_until = domain.minded_until.max(now + MINDED);
            // What has begun to recover here is not held up by what others saw earlier.
            if domain.slow.as_ref().is_none_or(|slow| slow.until < slowed.until) {
                domain.slow = Some(Slow {
                    since: slowed.since,
                    until: slowed.until,
                    step: slowed.step.max(1),
                    reply: slowed.reply.clone(),
                    window: 1,
                });
            }
        }
        for (name, domain) in domains.iter_mut() {
            if !listed.contains(&**name) && !changed.contains(name) {
                domain.slow = None;
            }
        }
        domains.retain(|_, domain| domain.is_minded(now));
        self.minds.store(!domains.is_empty(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
