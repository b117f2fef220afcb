//! Which earlier articles belong beside which: the index of `related/`, kept
//! level with the store by following its revisions.
//!
//! The store is the truth. What the index has on the disk is only there to
//! save time at a start; if it is damaged, of another version or of another
//! store, it is made anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as Turn;
use tracing::{info, warn};

use crate::article::{Article, ArticleId};
use crate::region::Country;
use crate::related::{DiskError, Document, Index, Match, Merging, Settings};
use crate::store::articles::Change;
use crate::store::{Result, Store, articles};

/// Articles read at a time.
const PAGE: i64 = 500;
/// So many articles left in memory at the end of a round go to the disk.
const WORTH_WRITING: usize = 1_000;
/// After a round of so many, all segments become one.
const BULK: usize = 20_000;

/// The index and the revision it has seen.
#[derive(Debug, Default)]
pub struct Related {
    inner: Arc<Mutex<Inner>>,
    /// Only one follows the store at a time; others may ask meanwhile.
    turn: Turn<()>,
}

#[derive(Debug, Default)]
struct Inner {
    index: Index,
    settings: Settings,
    seen: i64,
    checked: bool,
}

impl Inner {
    /// Opens what is on the disk.
    fn open(&mut self) {
        match Index::open(self.settings.clone()) {
            Ok(index) => {
                self.seen = index.seen();
                self.index = index;
            }
            Err(error) => self.begin_anew(&error.to_string()),
        }
    }

    /// Begins again from the store.
    fn begin_anew(&mut self, why: &str) {
        info!("The index of related articles is made anew: {why}");
        let old = std::mem::take(&mut self.index);
        self.index = Index::anew(self.settings.clone(), Some(old)).unwrap_or_else(|error| {
            warn!("The index of related articles is kept in memory: {error}");
            Index::in_memory(Settings { folder: None, ..self.settings.clone() })
        });
        self.seen = 0;
    }

    /// What the index says, or nothing, and then it begins again.
    fn or_anew<T: Default>(&mut self, said: std::result::Result<T, DiskError>) -> T {
        said.unwrap_or_else(|error| {
            self.begin_anew(&error.to_string());
            T::default()
        })
    }

    fn take_in(&mut self, changes: Vec<Change>) {
        for change in changes {
            match &change.article {
                Some(article) => insert(&mut self.index, article),
                None => self.index.remove(change.id),
            }
            self.seen = change.rev;
        }
        if self.index.is_full() {
            self.write();
        }
    }

    fn write(&mut self) {
        let written = self.index.flush(self.seen);
        self.or_anew(written);
    }
}

impl Related {
    /// An index kept as the operator wants it. What is on the disk is opened
    /// by the first who asks; [`catch_up`](Self::catch_up) takes in the rest.
    #[must_use]
    pub fn kept(settings: Settings) -> Self {
        let inner = Inner { settings, ..Inner::default() };
        Self { inner: Arc::new(Mutex::new(inner)), turn: Turn::default() }
    }

    /// From now on this process keeps the index on the disk, if no other does.
    /// Say so before anything is asked; else it only reads.
    pub fn write_too(&self) {
        self.inner().settings.writes = true;
    }

    /// Takes in what has changed since the last time; gives how many articles.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn catch_up(&self, store: &Store) -> Result<usize> {
        let _turn = self.turn.lock().await;
        self.check(store).await?;
        let mut taken = 0;
        loop {
            let seen = self.inner().seen;
            let mut tx = store.read().await?;
            let changes = articles::changes(&mut tx, seen, PAGE).await?;
            drop(tx);
            let many = changes.len();
            taken += many;
            if many > 0 {
                self.work(move |inner| inner.take_in(changes)).await;
            }
            if many < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
            self.merge(Index::merge).await;
        }
        if taken > 0 {
            self.work(|inner| {
                if inner.index.in_memory_only() >= WORTH_WRITING {
                    inner.write();
                }
            })
            .await;
            self.merge(Index::merge).await;
        }
        if taken >= BULK {
            self.merge(Index::merge_all).await;
        }
        Ok(taken)
    }

    /// Writes what is in memory to the disk, as at an orderly end.
    pub async fn settle(&self) {
        let _turn = self.turn.lock().await;
        self.work(Inner::write).await;
    }

    /// Does the index on the disk belong to this store? A store put back from
    /// a backup has other articles under the numbers it gives again.
    async fn check(&self, store: &Store) -> Result<()> {
        if self.inner().checked {
            return Ok(());
        }
        self.work(Inner::open).await;
        let (seen, highest) = {
            let inner = self.inner();
            (inner.seen, inner.index.highest())
        };
        let mut tx = store.read().await?;
        let mut belongs = articles::revision(&mut tx).await? >= seen;
        for (id, published) in highest {
            belongs &= articles::stood(&mut tx, id, published, seen).await?;
        }
        drop(tx);
        self.work(move |inner| {
            if !belongs {
                inner.begin_anew("it belongs to another state of the database");
            }
            inner.checked = true;
        })
        .await;
        Ok(())
    }

    /// Merges segments while there are some to merge; the index can be asked
    /// all the while.
    async fn merge(&self, next: impl Fn(&mut Index) -> Option<Merging>) {
        loop {
            let Some(merging) = next(&mut self.inner().index) else { return };
            let run = tokio::task::spawn_blocking(move || merging.run()).await;
            let Ok(run) = run else { return };
            self.work(move |inner| {
                let installed = run.and_then(|merged| inner.index.install(&merged));
                inner.or_anew(installed);
            })
            .await;
        }
    }

    /// Earlier articles that belong beside `id`, for a digest or a page: no
    /// near-copy of the piece, no two on one story.
    pub async fn beside(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        self.work(move |inner| {
            let said = inner.index.related(id, limit);
            inner.or_anew(said)
        })
        .await
    }

    /// The plain ranking of earlier articles.
    pub async fn ranking(&self, id: ArticleId, limit: usize) -> Vec<Match> {
        self.work(move |inner| {
            let said = inner.index.ranking(id, limit);
            inner.or_anew(said)
        })
        .await
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the index where it holds nobody up.
    async fn work<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> T + Send + 'static,
    ) -> T {
        let inner = Arc::clone(&self.inner);
        let work = move || work(&mut inner.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await.unwrap_or_default()
    }
}

fn insert(index: &mut Index, article: &Article) {
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
