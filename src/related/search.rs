//! Finding candidates: the articles that share the weightiest terms.

use std::cmp::Ordering;

use super::terms::Term;
use super::{About, Since};

/// Which tongue a candidate must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// The same as the piece's, or unknown.
    Same,
    /// A known other one.
    Other,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    /// Terms with their weights, the weightiest first.
    pub terms: &'a [(Term, f32)],
    /// Only what appeared before that moment,
    pub before: Since,
    /// and not before this one, in milliseconds.
    pub not_before: i64,
    /// The piece's language.
    pub language: u32,
    /// Which languages are wanted.
    pub tongue: Tongue,
}

impl Sought<'_> {
    /// May this article stand beside the piece at all?
    pub(super) fn wants(&self, about: &About) -> bool {
        about.since < self.before && about.since.0 >= self.not_before && self.speaks(about.language)
    }

    /// May an article in this language?
    pub(super) fn speaks(&self, language: u32) -> bool {
        let same = self.language == language || self.language == 0 || language == 0;
        same == (self.tongue == Tongue::Same)
    }
}

/// A candidate: how promising it is, and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub promise: f32,
    pub since: Since,
    pub part: usize,
    pub place: u32,
}

impl Candidate {
    /// The more promising first; of equals the later one.
    fn order(&self, other: &Self) -> Ordering {
        other.promise.total_cmp(&self.promise).then(other.since.cmp(&self.since))
    }
}

/// The most promising candidates so far.
#[derive(Debug)]
pub(super) struct Best {
    most: usize,
    part: usize,
    found: Vec<Candidate>,
    least: f32,
}

impl Best {
    pub(super) fn new(most: usize) -> Self {
        Self { most, part: 0, found: Vec::with_capacity(most * 2), least: f32::NEG_INFINITY }
    }

    /// From here on offers come from this part.
    pub(super) fn enter(&mut self, part: usize) {
        self.part = part;
    }

    /// How many are kept.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The promise below which nothing is taken any more.
    pub(super) fn least(&self) -> f32 {
        self.least
    }

    /// Takes in an article with its promise: the sum of the weights it shares,
    /// less what its length takes.
    pub(super) fn offer(&mut self, promise: f32, place: u32, about: &About) {
        if promise < self.least || self.most == 0 {
            return;
        }
        self.found.push(Candidate { promise, since: about.since, part: self.part, place });
        if self.found.len() >= self.most * 2 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.found.len() > self.most {
            self.found.select_nth_unstable_by(self.most - 1, Candidate::order);
            self.found.truncate(self.most);
            self.least = self.found[self.most - 1].promise;
        }
    }

    /// The candidates, the most promising first.
    pub(super) fn finish(mut self) -> Vec<Candidate> {
        self.cut();
        self.found.sort_unstable_by(Candidate::order);
        self.found
    }
}
