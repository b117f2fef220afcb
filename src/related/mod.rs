//! Which earlier articles belong beside this one.
//!
//! An index of weighted terms that grows as articles arrive. It knows texts
//! and dates, nothing of sources or digests. What it answers depends on what it
//! holds, not on the order in which that came in, except where two articles
//! appeared at the same moment.

mod stop;
mod terms;

use std::collections::HashMap;

use crate::article::ArticleId;
use crate::clock::Time;

/// What the index needs to know of an article.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Which article.
    pub id: ArticleId,
    /// Plain text.
    pub title: &'a str,
    /// Plain text of the whole piece.
    pub text: &'a str,
    /// BCP 47 tag; `und` if unknown.
    pub language: &'a str,
    /// When it appeared. "Earlier" is by this, then by the order of arrival.
    pub published: Time,
}

/// An article that belongs beside another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Which.
    pub id: ArticleId,
    /// Likeness from 0 to 1.
    pub score: f32,
}

/// From this likeness on two articles surely have to do with each other.
const RELATED: f32 = 0.20;
/// From here on they may, if the best match stands out from the crowd.
const MAYBE_RELATED: f32 = 0.12;
/// How far it must stand out: by this factor over the tenth best.
const STANDS_OUT: f32 = 3.0;
/// Below this they have not, even where a better match has.
const UNRELATED: f32 = 0.09;
/// From here on two articles are one text, printed twice.
const SAME_TEXT: f32 = 0.95;
/// From here on two teasers tell the same story.
const SAME_STORY: f32 = 0.75;
/// Articles that are compared exactly, of those that share the rarest terms.
const CANDIDATES: usize = 64;
/// Mentions of terms that are looked at to find them, rarest terms first.
const MOST_POSTINGS: usize = 40_000;

/// One article in the index.
#[derive(Debug)]
struct Entry {
    id: ArticleId,
    language: u32,
    /// When it appeared, in milliseconds, and which arrival it was.
    since: (i64, u64),
    /// Term numbers with their weights, in the order of numbers.
    terms: Box<[(u32, f32)]>,
}

/// Where a term occurs.
#[derive(Debug, Default)]
struct Postings {
    term: u64,
    slots: Vec<u32>,
}

/// The growing index.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Option<Entry>>,
    free_slots: Vec<u32>,
    by_id: HashMap<ArticleId, u32>,
    numbers: HashMap<u64, u32>,
    postings: Vec<Postings>,
    free_numbers: Vec<u32>,
    arrivals: u64,
}

impl Index {
    /// Takes in an article, or its new text if the index has it already. An
    /// article that comes again keeps its place in the order of arrival.
    pub fn insert(&mut self, document: &Document<'_>) {
        let arrival = self.take_out(document.id).map_or(self.arrivals, |entry| entry.since.1);
        if arrival == self.arrivals {
            self.arrivals += 1;
        }
        let Some(slot) = self.free_slot() else { return };
        let found = terms::terms(document.title, document.text, document.language);
        let mut own: Vec<(u32, f32)> = Vec::with_capacity(found.len());
        for (term, weight) in found {
            let Some(number) = self.number(term) else { break };
            self.postings[number as usize].slots.push(slot);
            own.push((number, weight));
        }
        own.sort_unstable_by_key(|(number, _)| *number);
        self.entries[slot as usize] = Some(Entry {
            id: document.id,
            language: terms::language_code(document.language),
            since: (document.published.timestamp_millis(), arrival),
            terms: own.into_boxed_slice(),
        });
        self.by_id.insert(document.id, slot);
    }

    /// Forgets an article.
    pub fn remove(&mut self, id: ArticleId) {
        self.take_out(id);
    }

    /// How many articles it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `limit` earlier articles as a digest shows them beside `id`,
    /// best first: none that is the same text again, no two on one story; none
    /// if nothing is related or `id` is unknown.
    #[must_use]
    pub fn related(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        let mut shown: Vec<Match> = Vec::new();
        for candidate in self.ranking(id, CANDIDATES) {
            if shown.len() >= limit {
                break;
            }
            let told = |other: &Match| self.likeness(other.id, candidate.id) >= SAME_STORY;
            if (RELATED..SAME_TEXT).contains(&candidate.score) && !shown.iter().any(told) {
                shown.push(candidate);
            }
        }
        shown
    }

    /// At most `limit` earlier articles that have to do with `id`, best first,
    /// copies and faint likenesses too; none if nothing is related or `id` is
    /// unknown.
    #[must_use]
    pub fn ranking(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        let Some(entry) = self.entry(id) else { return vec![] };
        let weighted: Vec<(u32, f32)> =
            entry.terms.iter().map(|(term, weight)| (*term, weight * self.rarity(*term))).collect();
        let own = norm(&weighted);
        let most = limit.saturating_mul(2).max(CANDIDATES);
        let mut found: Vec<(Match, (i64, u64))> = self
            .candidates(entry, &weighted, most)
            .into_iter()
            .filter_map(|slot| self.entries[slot as usize].as_ref())
            .map(|other| {
                (Match { id: other.id, score: self.cosine(&weighted, own, other) }, other.since)
            })
            .collect();
        // Of two that are as like, the later one comes first.
        found.sort_by(|(a, a_since), (b, b_since)| {
            b.score.total_cmp(&a.score).then(b_since.cmp(a_since)).then(a.id.cmp(&b.id))
        });
        let mut found: Vec<Match> = found.into_iter().map(|(found, _)| found).collect();
        if !is_related(&found) {
            return vec![];
        }
        found.truncate(limit);
        found.retain(|found| found.score >= UNRELATED);
        found
    }

    /// How like two articles are, from 0 to 1.
    fn likeness(&self, a: ArticleId, b: ArticleId) -> f32 {
        let (Some(a), Some(b)) = (self.entry(a), self.entry(b)) else { return 0.0 };
        let weighted: Vec<(u32, f32)> =
            a.terms.iter().map(|(term, weight)| (*term, weight * self.rarity(*term))).collect();
        self.cosine(&weighted, norm(&weighted), b)
    }

    /// Slots of the earlier articles in the same language that share the
    /// rarest terms with `entry`.
    fn candidates(&self, entry: &Entry, weighted: &[(u32, f32)], most: usize) -> Vec<u32> {
        let mut rarest: Vec<(&Postings, f32)> = weighted
            .iter()
            .map(|(term, weight)| (&self.postings[*term as usize], weight * self.rarity(*term)))
            .collect();
        rarest.sort_by_key(|(postings, _)| (postings.slots.len(), postings.term));
        let mut heard = vec![0f32; self.entries.len()];
        let mut slots: Vec<u32> = Vec::new();
        let mut seen = 0;
        for (postings, weight) in rarest {
            seen += postings.slots.len();
            if seen > MOST_POSTINGS {
                break;
            }
            for slot in &postings.slots {
                let sum = &mut heard[*slot as usize];
                if *sum == 0.0 {
                    slots.push(*slot);
                }
                *sum += weight;
            }
        }
        let mut ranked: Vec<(u32, f32, (i64, u64))> = slots
            .into_iter()
            .filter_map(|slot| {
                let other = self.entries[slot as usize].as_ref()?;
                let same_language =
                    entry.language == other.language || entry.language == 0 || other.language == 0;
                let long = f32::from(u16::try_from(other.terms.len()).unwrap_or(u16::MAX));
                (other.since < entry.since && same_language)
                    .then(|| (slot, heard[slot as usize] / long.sqrt(), other.since))
            })
            .collect();
        let best_first = |a: &(u32, f32, (i64, u64)), b: &(u32, f32, (i64, u64))| {
            b.1.total_cmp(&a.1).then(b.2.cmp(&a.2))
        };
        if ranked.len() > most {
            ranked.select_nth_unstable_by(most, best_first);
            ranked.truncate(most);
        }
        ranked.into_iter().map(|(slot, ..)| slot).collect()
    }

    /// The cosine between weighted terms and an article's.
    fn cosine(&self, weighted: &[(u32, f32)], own: f64, other: &Entry) -> f32 {
        let mut rest = weighted.iter().peekable();
        let (mut product, mut square) = (0f64, 0f64);
        for (term, weight) in &other.terms {
            let weight = f64::from(weight * self.rarity(*term));
            square += weight * weight;
            while rest.next_if(|(own, _)| own < term).is_some() {}
            if let Some((_, own)) = rest.next_if(|(own, _)| own == term) {
                product += f64::from(*own) * weight;
            }
        }
        let lengths = own * square.sqrt();
        #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1; f32 is exact enough")]
        let cosine = if lengths > 0.0 { (product / lengths).min(1.0) as f32 } else { 0.0 };
        cosine
    }

    /// How much a term tells: more if few articles have it.
    #[expect(clippy::cast_precision_loss, reason = "counts of articles, far below 2^24")]
    fn rarity(&self, term: u32) -> f32 {
        let all = self.by_id.len() as f32;
        let with = self.postings[term as usize].slots.len() as f32;
        ((1.0 + all) / (1.0 + with)).ln() + 1.0
    }

    fn entry(&self, id: ArticleId) -> Option<&Entry> {
        self.by_id.get(&id).and_then(|slot| self.entries[*slot as usize].as_ref())
    }

    /// A slot for one more article; none beyond four thousand million.
    fn free_slot(&mut self) -> Option<u32> {
        self.free_slots.pop().or_else(|| {
            self.entries.push(None);
            u32::try_from(self.entries.len() - 1).ok()
        })
    }

    /// The number of a term, a new one if it has none.
    fn number(&mut self, term: u64) -> Option<u32> {
        if let Some(number) = self.numbers.get(&term) {
            return Some(*number);
        }
        let number = self.free_numbers.pop().or_else(|| {
            self.postings.push(Postings::default());
            u32::try_from(self.postings.len() - 1).ok()
        })?;
        self.postings[number as usize].term = term;
        self.numbers.insert(term, number);
        Some(number)
    }

    fn take_out(&mut self, id: ArticleId) -> Option<Entry> {
        let slot = self.by_id.remove(&id)?;
        let entry = self.entries[slot as usize].take()?;
        for (term, _) in &entry.terms {
            let postings = &mut self.postings[*term as usize];
            if let Some(at) = postings.slots.iter().position(|other| *other == slot) {
                postings.slots.swap_remove(at);
            }
            if postings.slots.is_empty() {
                self.numbers.remove(&postings.term);
                self.free_numbers.push(*term);
            }
        }
        self.free_slots.push(slot);
        Some(entry)
    }
}

/// Is the best of these, best first, more than a chance likeness?
fn is_related(found: &[Match]) -> bool {
    let score = |rank: usize| found.get(rank).map_or(0.0, |found| found.score);
    score(0) >= RELATED || (score(0) >= MAYBE_RELATED && score(0) >= score(9) * STANDS_OUT)
}

/// The length of a vector of weights, so precise that the order of the terms
/// leaves no trace.
fn norm(weighted: &[(u32, f32)]) -> f64 {
    weighted.iter().map(|(_, weight)| f64::from(*weight).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
