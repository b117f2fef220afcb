//! Asking the index.

use std::sync::Arc;

use super::fresh::Entry;
use super::search::{Best, Candidate, Sought, Tongue};
use super::terms::{self, Kind, Term, Vector};
use super::weigh::{self, Marks, Query};
use super::{DiskError, Index, Match, Since};
use crate::article::ArticleId;

type Result<T, E = DiskError> = std::result::Result<T, E>;

/// The weightiest terms by which candidates are found.
const SOUGHT: usize = 48;
/// Candidates that are compared exactly.
const CANDIDATES: usize = 64;
/// Of those, how many may be lifted by their company.
const LIFTED: usize = 40;
/// Words of a companion that are compared.
const COMPANION_WORDS: usize = 96;
/// From this likeness on two articles are one text, printed twice.
const SAME_TEXT: f32 = 0.90;
/// From here on two teasers tell the same story.
const SAME_STORY: f32 = 0.60;
/// Candidates from other languages that are looked at.
const FOREIGN: usize = 32;
/// The weight by which a title is looked for that the publisher names.
const NAMED: f32 = 1e9;

impl Index {
    /// At most `limit` earlier articles as a digest shows them beside `id`,
    /// best first: none that is the same text again, no two on one story; none
    /// if nothing is related or `id` is unknown.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn related(&mut self, id: ArticleId, limit: usize) -> Result<Vec<Match>> {
        let Some(entry) = self.entry(id)? else { return Ok(vec![]) };
        let before = entry.about.since;
        let own = self.query(&entry.vector, before)?;
        let mut shown: Vec<(Match, Query, Arc<Entry>)> = Vec::new();
        for candidate in self.ranking(id, limit.saturating_mul(8).clamp(16, CANDIDATES))? {
            if shown.len() >= limit {
                break;
            }
            let Some(other) = self.entry(candidate.id)? else { continue };
            let query = self.query(&other.vector, before)?;
            let same_text = own.cosine(&query, &other.vector) >= SAME_TEXT;
            let told = |(_, query_of, _): &(Match, Query, Arc<Entry>)| {
                query_of.cosine(&query, &other.vector) >= SAME_STORY
            };
            let is_good = weigh::is_related(candidate.score) || shown.is_empty();
            if is_good && !same_text && !shown.iter().any(told) {
                shown.push((candidate, query, other));
            }
        }
        Ok(shown.into_iter().map(|(found, ..)| found).collect())
    }

    /// At most `limit` earlier articles that have to do with `id`, best first,
    /// copies and faint likenesses too; none if nothing is related or `id` is
    /// unknown. Those in the piece's own language come first.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn ranking(&mut self, id: ArticleId, limit: usize) -> Result<Vec<Match>> {
        let Some(entry) = self.entry(id)? else { return Ok(vec![]) };
        let rarities = self.rarities(&entry.vector, entry.about.since)?;
        let mut found = self.in_own_language(&entry, &rarities, limit)?;
        if found.len() < limit && entry.about.language != 0 {
            let more = self.in_other_languages(&entry, &rarities, limit - found.len())?;
            found.extend(more);
        }
        Ok(found)
    }

    fn in_own_language(
        &mut self,
        entry: &Entry,
        rarities: &[f32],
        limit: usize,
    ) -> Result<Vec<Match>> {
        let query = Query::new(&entry.vector, rarities, self.counted.all);
        // What the publisher shows beside the piece is always looked at.
        let hinted = entry.vector.hints.iter().map(|title| (*title, NAMED));
        let terms: Vec<_> = hinted.chain(query.weightiest(SOUGHT)).collect();
        let most = CANDIDATES.max(limit.saturating_mul(2));
        let candidates = self.search(entry, &terms, Tongue::Same, most)?;
        let mut ranked: Vec<(f32, Arc<Entry>)> = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            if let Some(other) = self.at(candidate)? {
                ranked.push((query.likeness(&other.vector, other.about.length), other));
            }
        }
        ranked.sort_by(by_likeness);
        ranked.truncate(LIFTED.max(limit));
        let hinted = |other: &Entry| entry.vector.hints.iter().any(|h| has(&other.vector, *h));
        let before = entry.about.since;
        let mut companions: Vec<Query> = Vec::with_capacity(weigh::COMPANIONS);
        for (_, other) in ranked.iter().take(weigh::COMPANIONS) {
            companions.push(self.query(&other.vector.loudest(COMPANION_WORDS), before)?);
        }
        self.drop_hopeless(entry, &mut ranked, limit, &hinted);
        let mut likenesses: Vec<f32> = ranked.iter().map(|(likeness, _)| *likeness).collect();
        weigh::lift(&mut likenesses, |companion, at| {
            let (_, other) = &ranked[at];
            companions[companion].likeness(&other.vector, other.about.length)
        });
        for ((ranked, other), lifted) in ranked.iter_mut().zip(likenesses) {
            *ranked = query.score(lifted * self.freshness(entry, other));
            if hinted(other) {
                *ranked = 0.5 + *ranked / 2.0;
            }
        }
        ranked.sort_by(by_likeness);
        if !ranked.first().is_some_and(|(score, _)| weigh::is_related(*score)) {
            return Ok(vec![]);
        }
        let found = ranked.into_iter().take(limit);
        Ok(found
            .take_while(|(score, _)| weigh::may_follow(*score))
            .map(|(score, other)| Match { id: other.about.id, score })
            .collect())
    }

    /// Drops those that no company could lift among the first `limit`.
    fn drop_hopeless(
        &self,
        entry: &Entry,
        ranked: &mut Vec<(f32, Arc<Entry>)>,
        limit: usize,
        hinted: &impl Fn(&Entry) -> bool,
    ) {
        if ranked.len() <= limit.max(weigh::COMPANIONS) || limit == 0 {
            return;
        }
        let most = weigh::most_lift(ranked.iter().map(|(likeness, _)| *likeness));
        let fresh: Vec<f32> =
            ranked.iter().map(|(_, other)| self.freshness(entry, other)).collect();
        let mut sure: Vec<f32> = ranked.iter().zip(&fresh).map(|((l, _), f)| l * f).collect();
        let (_, least, _) = sure.select_nth_unstable_by(limit - 1, |a, b| b.total_cmp(a));
        let least = *least;
        let mut at = 0;
        ranked.retain(|(likeness, other)| {
            at += 1;
            at <= weigh::COMPANIONS || (likeness + most) * fresh[at - 1] >= least || hinted(other)
        });
    }

    /// Pieces in other languages that share names and places.
    fn in_other_languages(
        &mut self,
        entry: &Entry,
        rarities: &[f32],
        limit: usize,
    ) -> Result<Vec<Match>> {
        let own = Marks::new(&entry.vector, rarities);
        let before = entry.about.since;
        let mut ranked: Vec<(f32, Arc<Entry>)> = Vec::new();
        for candidate in self.search(entry, &own.sought(), Tongue::Other, FOREIGN)? {
            let Some(other) = self.at(candidate)? else { continue };
            let marks = Marks::new(&other.vector, &self.rarities(&other.vector, before)?);
            if let Some(score) = own.score(&marks) {
                ranked.push((score * self.freshness(entry, &other), other));
            }
        }
        ranked.sort_by(by_likeness);
        let found = ranked.into_iter().take(limit);
        Ok(found.map(|(score, other)| Match { id: other.about.id, score }).collect())
    }

    /// What age takes from a likeness, as the operator wants it.
    fn freshness(&self, entry: &Entry, other: &Entry) -> f32 {
        let Some(half_life) = self.settings.half_life else { return 1.0 };
        let age = entry.about.since.0.saturating_sub(other.about.since.0).max(0);
        #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds, roughly")]
        let halves = age as f32 / (half_life.as_secs_f32() * 1000.0).max(1.0);
        0.5_f32.powf(halves)
    }

    fn search(
        &mut self,
        entry: &Entry,
        terms: &[(Term, f32)],
        tongue: Tongue,
        most: usize,
    ) -> Result<Vec<Candidate>> {
        let max_age = self.settings.max_age.and_then(|age| i64::try_from(age.as_millis()).ok());
        let sought = Sought {
            terms,
            before: entry.about.since,
            not_before: max_age.map_or(i64::MIN, |age| entry.about.since.0.saturating_sub(age)),
            language: entry.about.language,
            tongue,
        };
        let mut best = Best::new(most);
        for (part, segment) in self.segments.iter().enumerate() {
            if tongue == Tongue::Other && !segment.speaks_other_than(entry.about.language) {
                continue;
            }
            best.enter(part);
            segment.search(&sought, &mut self.cache, &mut self.scratch, &mut best)?;
        }
        best.enter(self.segments.len());
        self.fresh.search(&sought, &mut best);
        Ok(best.finish())
    }

    fn query(&mut self, vector: &Vector, before: Since) -> Result<Query> {
        let rarities = self.rarities(vector, before)?;
        Ok(Query::new(vector, &rarities, self.counted.all))
    }

    /// How rare each of a text's terms is among what appeared before.
    fn rarities(&mut self, vector: &Vector, before: Since) -> Result<Vec<f32>> {
        if self.counted.before != Some(before) {
            let on_disk = self.segments.iter().map(|segment| segment.earlier(before)).sum::<u32>();
            self.counted.earlier = self.fresh.earlier(before);
            self.counted.all = on_disk + self.counted.earlier.count;
            self.counted.bounds = self.segments.iter().map(|s| s.bound(before)).collect();
            self.counted.rarities.clear();
            self.counted.before = Some(before);
        }
        let mut rarities = Vec::with_capacity(vector.terms.len());
        for (term, _) in &vector.terms {
            if terms::kind(*term) == Kind::Title {
                rarities.push(0.0);
                continue;
            }
            if let Some(rarity) = self.counted.rarities.get(term) {
                rarities.push(*rarity);
                continue;
            }
            let mut with = self.fresh.with(*term, &self.counted.earlier);
            for (segment, bound) in self.segments.iter().zip(&self.counted.bounds) {
                with += segment.with(*term, *bound, &mut self.cache, &mut self.scratch)?;
            }
            let rarity = weigh::rarity(self.counted.all, with);
            self.counted.rarities.insert(*term, rarity);
            rarities.push(rarity);
        }
        Ok(rarities)
    }

    fn at(&mut self, candidate: Candidate) -> Result<Option<Arc<Entry>>> {
        let Some(segment) = self.segments.get(candidate.part) else {
            return Ok(self.fresh.get(candidate.place).cloned());
        };
        let Some(about) = segment.about(candidate.place).copied() else { return Ok(None) };
        let vector = segment.vector(candidate.place, &mut self.cache, &mut self.scratch)?;
        Ok(Some(Arc::new(Entry { about, vector })))
    }

    fn entry(&mut self, id: ArticleId) -> Result<Option<Arc<Entry>>> {
        if let Some(slot) = self.places.get(&id.0) {
            return Ok(self.fresh.get(*slot).cloned());
        }
        for segment in &self.segments {
            if let Some((doc, about)) =
                segment.find(id).and_then(|doc| Some((doc, *segment.about(doc)?)))
            {
                let vector = segment.vector(doc, &mut self.cache, &mut self.scratch)?;
                return Ok(Some(Arc::new(Entry { about, vector })));
            }
        }
        Ok(None)
    }
}

/// The more like first; of two that are as like, the later one.
fn by_likeness(a: &(f32, Arc<Entry>), b: &(f32, Arc<Entry>)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(b.1.about.since.cmp(&a.1.about.since))
}

fn has(vector: &Vector, term: Term) -> bool {
    vector.terms.binary_search_by_key(&term, |(term, _)| *term).is_ok()
}
