//! Which earlier articles belong beside this one.
//!
//! An index of weighted terms that grows as articles arrive. It knows texts
//! and dates, nothing of sources or digests.

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

/// The growing index.
#[derive(Debug, Default)]
pub struct Index {}

impl Index {
    /// Takes in an article, or its new text if the index has it already.
    pub fn insert(&mut self, document: &Document<'_>) {
        let _ = document;
    }

    /// Forgets an article.
    pub fn remove(&mut self, id: ArticleId) {
        let _ = id;
    }

    /// How many articles it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most `limit` earlier articles that belong beside `id`, best first;
    /// none if nothing is related or `id` is unknown.
    #[must_use]
    pub fn related(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        let _ = (id, limit);
        vec![]
    }
}
