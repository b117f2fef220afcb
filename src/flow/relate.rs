//! Which earlier articles belong beside which: the index of `related/`, kept
//! level with the store by following its revisions.

use tokio::sync::Mutex;

use crate::article::{Article, ArticleId};
use crate::region::Country;
use crate::related::{Document, Index, Match};
use crate::store::{Result, Store, articles};

/// Articles read at a time.
const PAGE: i64 = 500;

/// The index and the revision it has seen.
#[derive(Debug, Default)]
pub struct Related {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    index: Index,
    seen: i64,
}

impl Related {
    /// Takes in what has changed since the last time; gives how many articles.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn catch_up(&self, store: &Store) -> Result<usize> {
        let mut inner = self.inner.lock().await;
        let mut taken = 0;
        loop {
            let mut tx = store.read().await?;
            let changes = articles::changes(&mut tx, inner.seen, PAGE).await?;
            drop(tx);
            let full = changes.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            for change in changes {
                match &change.article {
                    Some(article) => take_in(&mut inner.index, article),
                    None => inner.index.remove(change.id),
                }
                inner.seen = change.rev;
                taken += 1;
            }
            if !full {
                return Ok(taken);
            }
        }
    }

    /// Earlier articles that belong beside `id`, for a digest or a page: no
    /// near-copy of the piece, no two on one story.
    pub async fn beside(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        self.inner.lock().await.index.related(id, limit)
    }

    /// The plain ranking of earlier articles.
    pub async fn ranking(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        self.inner.lock().await.index.ranking(id, limit)
    }
}

fn take_in(index: &mut Index, article: &Article) {
    let countries: Vec<&str> = article.countries.iter().map(Country::as_str).collect();
    let hints: Vec<&str> = article.hints.iter().map(|hint| hint.title.as_str()).collect();
    index.insert(&Document {
        id: article.id,
        title: &article.title,
        text: &article.text,
        language: &article.language,
        published: article.published,
        countries: &countries,
        hints: &hints,
    });
}
