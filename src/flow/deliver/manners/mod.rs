//! Manners at work: which recipient domains are to be minded now, and what
//! each of them may get.
//!
//! Most runs mind nobody: then every question here is answered by one flag.

mod domain;
mod seat;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tracing::{info, warn};

use crate::clock::Time;
use crate::delivery::manners::{self, Concern, Slow};
use crate::delivery::{Rejection, retry};
use crate::store::deliveries::Ticket;
use crate::store::slowed::{self, Slowed};
use crate::store::{Result, Store};

use domain::Domain;
pub(super) use seat::Seat;

/// What stands before a domain in the name of its scope.
const TO: &str = "to:";

/// A stranger's first mail is taken after five minutes nearly everywhere.
const GREYLISTED: Duration = Duration::from_mins(6);

/// A domain that has not been slowed down for this long is not minded.
const MINDED: TimeDelta = TimeDelta::hours(1);

/// Slowed domains that are told of at most.
const MANY: i64 = 10_000;

/// May a mail for a domain go now?
pub(super) enum Admission {
    /// Yes; where the domain is minded, it takes a seat.
    Go(Option<Seat>),
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
#[derive(Default)]
pub(super) struct Manners {
    book: Arc<Mutex<Book>>,
    /// Is any domain minded?
    minds: AtomicBool,
    /// Is there something to be told to the store?
    news: AtomicBool,
}

#[derive(Default)]
struct Book {
    domains: HashMap<Box<str>, Domain>,
    /// Those that the store is to be told of.
    changed: BTreeSet<Box<str>>,
    /// When the store was last looked at.
    looked: Option<tokio::time::Instant>,
}

impl Manners {
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
                Admission::Go(Some(Seat::new(&self.book, name)))
            }
            Err(due) => Admission::Later(due),
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
    pub(super) async fn exchange(&self, store: &Store, now: Time, every: Duration) -> Result<()> {
        if self.news.swap(false, Ordering::Relaxed) {
            let told = self.told();
            let mut tx = store.write().await?;
            for (scope, slowed) in &told {
                match slowed {
                    Some(slowed) => slowed::note(&mut tx, slowed).await?,
                    None => slowed::end(&mut tx, scope).await?,
                }
            }
            tx.commit().await?;
        }
        let due = {
            let mut book = self.book();
            let due = book.looked.is_none_or(|looked| looked.elapsed() >= every);
            if due {
                book.looked = Some(tokio::time::Instant::now());
            }
            due
        };
        if due {
            let mut tx = store.read().await?;
            let known = slowed::list(&mut tx, MANY).await?;
            drop(tx);
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
