//! One recipient domain that is minded.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::clock::Time;
use crate::delivery::manners::Slow;
use crate::store::deliveries::Ticket;

/// Mails under suspicion that are remembered.
const SUSPECTS: usize = 1_000;
/// So many mails taken between two refusals of one mail clear the domain.
const CLEARED: u64 = 3;

/// Why it gets no mail now.
pub(super) enum Refusal {
    /// So many connections it may have, and has.
    Full(usize),
    /// It is slowed down: ask again then.
    Until(Time),
}

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Domain {
    /// How it is slowed down, if it is.
    pub(super) slow: Option<Slow>,
    /// Connections at a time, if they are limited.
    pub(super) connections: Option<usize>,
    /// Does a mail wait for a seat?
    pub(super) waited_for: bool,
    /// Mails that have a seat: claimed, and not settled.
    pub(super) in_hand: u32,
    /// Mails that it took since it is minded.
    pub(super) taken: u64,
    /// It is minded at least until then.
    pub(super) minded_until: Time,
    /// Mails it refused, and how many it had taken by then.
    suspects: HashMap<(i64, i64), u64>,
}

impl Domain {
    /// One that may have so many connections at a time.
    pub(super) fn limited(connections: usize) -> Self {
        Self { connections: Some(connections), ..Self::default() }
    }

    /// May one more mail go to it?
    pub(super) fn admit(&mut self, ticket: Ticket, now: Time) -> Result<(), Refusal> {
        if let Some(slow) = &self.slow {
            if slow.waits(now) {
                return Err(Refusal::Until(spread(slow, ticket)));
            }
            if self.in_hand >= slow.window {
                let wait = jitter(ticket, Duration::from_secs(2), Duration::from_secs(20));
                return Err(Refusal::Until(now + wait));
            }
        }
        match self.connections {
            Some(connections) if self.in_hand as usize >= connections => {
                self.waited_for = true;
                Err(Refusal::Full(connections))
            }
            _ => Ok(()),
        }
    }

    /// Is it this mail that is refused, and not the domain? So it is if others
    /// were taken between two refusals. Counts this refusal.
    pub(super) fn blames(&mut self, ticket: Ticket) -> bool {
        let taken = self.taken;
        if self.suspects.len() >= SUSPECTS {
            self.suspects.clear();
        }
        let key = (ticket.edition, ticket.subscriber);
        self.suspects.insert(key, taken).is_some_and(|before| taken >= before + CLEARED)
    }

    /// Is there still something to know of it?
    pub(super) fn is_minded(&self, now: Time) -> bool {
        self.slow.is_some()
            || self.connections.is_some()
            || self.in_hand > 0
            || now < self.minded_until
    }
}

/// When a mail that waits for a slow domain is tried: not all at once.
pub(super) fn spread(slow: &Slow, ticket: Ticket) -> Time {
    slow.until + jitter(ticket, Duration::from_secs(1), slow.span() / 4)
}

/// When the mail is tried again that was refused. It is every other time the
/// first after the wait: whom a stranger's second try satisfies, it gets through
/// to; and if it is the mail that is not liked, the others get their turn.
pub(super) fn again(slow: &Slow, ticket: Ticket, grew: bool) -> Time {
    if grew && slow.step % 2 == 1 { slow.until } else { spread(slow, ticket) }
}

/// A wait between `least` and `most`, other for other mails and other claims.
pub(in crate::flow::deliver) fn jitter(
    ticket: Ticket,
    least: Duration,
    most: Duration,
) -> Duration {
    let mut hasher = DefaultHasher::new();
    ticket.hash(&mut hasher);
    let thousandths = u32::try_from(hasher.finish() % 1001).unwrap_or(0);
    least + most.saturating_sub(least) * thousandths / 1000
}

/// Spreads the waits of several domains, and of one domain on several machines.
pub(super) fn seed(name: &str, now: Time) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, now.timestamp_millis()).hash(&mut hasher);
    hasher.finish()
}
