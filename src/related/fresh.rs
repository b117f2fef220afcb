//! The newest articles, in memory, until they are written to a segment.

use std::collections::HashMap;
use std::sync::Arc;

use super::numbers::Numbers;
use super::search::{Best, Sought};
use super::terms::{Loudness, Term, Vector};
use super::{About, Since, weigh};

/// One article.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub about: About,
    pub vector: Vector,
}

/// No article's moment lies behind this.
const NEVER: Since = (i64::MAX, i64::MAX);

/// Articles by slot, and where each term occurs.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    entries: Vec<Option<Arc<Entry>>>,
    /// When the article in each slot appeared; beside the entries, because all
    /// of them are looked through.
    sinces: Vec<Since>,
    /// What its length takes from its promise.
    dampings: Vec<f32>,
    free: Vec<u32>,
    postings: HashMap<Term, Vec<(u32, Loudness)>, Numbers>,
    sums: Vec<f32>,
}

/// Which articles, by their slots, appeared before a moment.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    bits: Vec<u64>,
    /// How many.
    pub count: u32,
    all: bool,
}

impl Earlier {
    fn has(&self, slot: u32) -> u32 {
        let bits = self.bits.get(slot as usize / 64).copied().unwrap_or(0);
        u32::from(bits >> (slot % 64) & 1 == 1)
    }
}

impl Fresh {
    /// Takes in an article; none if there is no slot left.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<u32> {
        let slot = if let Some(slot) = self.free.pop() {
            slot
        } else {
            self.entries.push(None);
            self.sinces.push(NEVER);
            self.dampings.push(1.0);
            u32::try_from(self.entries.len() - 1).ok()?
        };
        for (term, loud) in &entry.vector.terms {
            self.postings.entry(*term).or_default().push((slot, *loud));
        }
        self.sinces[slot as usize] = entry.about.since;
        self.dampings[slot as usize] = weigh::damping(entry.about.length);
        self.entries[slot as usize] = Some(Arc::new(entry));
        Some(slot)
    }

    /// Takes an article out.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Arc<Entry>> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.sinces[slot as usize] = NEVER;
        for (term, _) in &entry.vector.terms {
            let Some(postings) = self.postings.get_mut(term) else { continue };
            if let Some(at) = postings.iter().position(|(other, _)| *other == slot) {
                postings.swap_remove(at);
            }
            if postings.is_empty() {
                self.postings.remove(term);
            }
        }
        self.free.push(slot);
        Some(entry)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Arc<Entry>> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// All articles, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().flatten()
    }

    /// Which articles appeared before that moment.
    pub(super) fn earlier(&self, before: Since) -> Earlier {
        let mut earlier = Earlier::default();
        for sinces in self.sinces.chunks(64) {
            let bit = |(at, since): (usize, &Since)| u64::from(*since < before) << at;
            earlier.bits.push(sinces.iter().enumerate().map(bit).sum());
        }
        earlier.count = earlier.bits.iter().map(|bits| bits.count_ones()).sum();
        earlier.all = earlier.count as usize == self.len();
        earlier
    }

    /// How many of the earlier ones have a term.
    pub(super) fn with(&self, term: Term, earlier: &Earlier) -> u32 {
        let Some(postings) = self.postings.get(&term) else { return 0 };
        if earlier.all {
            return u32::try_from(postings.len()).unwrap_or(u32::MAX);
        }
        postings.iter().map(|(slot, _)| earlier.has(*slot)).sum()
    }

    /// Offers the earlier articles that share terms with what is sought.
    pub(super) fn search(&mut self, sought: &Sought<'_>, best: &mut Best) {
        self.sums.clear();
        self.sums.resize(self.entries.len(), 0.0);
        let mut heard: Vec<u32> = Vec::new();
        for (term, weight) in sought.terms {
            for (slot, loud) in self.postings.get(term).into_iter().flatten() {
                let sum = &mut self.sums[*slot as usize];
                if *sum == 0.0 {
                    heard.push(*slot);
                }
                *sum += weight * loud.value();
            }
        }
        for slot in heard {
            let Some(entry) = &self.entries[slot as usize] else { continue };
            if sought.wants(&entry.about) {
                let promise = self.sums[slot as usize] / self.dampings[slot as usize];
                best.offer(promise, slot, &entry.about);
            }
        }
    }
}
