//! Whatever dies, and whenever: nobody is left out, nobody gets a second mail
//! that the ledger does not know of, and every copy is the same to the byte.

mod disk;
mod every_await;
mod faults;
mod fortnight;
mod killed;
mod power;
mod trace;

use std::collections::{HashMap, HashSet};

use gazetted::store::deliveries::{self, LedgerLine};

use crate::support::World;
use crate::support::postbox::Mail;

/// What became of a run: who got which mails.
struct Toll<'a>(HashMap<&'a str, Vec<&'a Mail>>);

impl<'a> Toll<'a> {
    /// Sorts mails by who got them. Copies must be the same to the byte, and no
    /// two people may have a mail of the same name.
    fn of(mails: impl IntoIterator<Item = &'a Mail>) -> Self {
        let mut by_reader: HashMap<&str, Vec<&Mail>> = HashMap::new();
        for mail in mails {
            by_reader.entry(&mail.to).or_default().push(mail);
        }
        let mut names = HashSet::new();
        for (reader, copies) in &by_reader {
            let first = copies[0];
            assert!(copies.iter().all(|mail| mail.message == first.message), "{reader}: changed");
            assert!(!first.id().is_empty() && names.insert(first.id()), "{reader}: {}", first.id());
        }
        Self(by_reader)
    }

    /// Was this reader reached?
    fn reached(&self, reader: &str) -> bool {
        self.0.contains_key(reader)
    }

    /// Mails beyond the first of each reader. The ledger must know of each:
    /// `doubts` says how often it was in doubt about whom.
    fn doubles(&self, doubts: &HashMap<String, i64>) -> usize {
        let mut doubles = 0;
        for (reader, copies) in &self.0 {
            let known = usize::try_from(doubts.get(*reader).copied().unwrap_or(0)).unwrap();
            assert!(known >= copies.len() - 1, "{reader}: {} mails, {known} doubts", copies.len());
            doubles += copies.len() - 1;
        }
        doubles
    }
}

/// How often the ledger was in doubt about whom, in the newest edition.
async fn doubts(world: &World) -> HashMap<String, i64> {
    let lines = troubled(world).await;
    lines.into_iter().map(|line| (line.email, line.doubts)).collect()
}

/// The rows of the newest edition that are in trouble.
async fn troubled(world: &World) -> Vec<LedgerLine> {
    let edition = world.editions().await.pop().unwrap().id;
    let mut tx = world.house.store.read().await.unwrap();
    deliveries::troubled(&mut tx, edition, 1_000).await.unwrap()
}

/// A number from the environment, for runs that are longer than usual.
fn asked(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
