//! Documents that are made once and read by many: made again when the store
//! or the settings have moved on, and not before.
//!
//! Knows neither what a feed is nor how one is made. When making fails, the
//! last good document is served on.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::warn;

use super::document::Document;
use super::trouble::Trouble;
use crate::clock::Time;
use crate::feed::Format;
use crate::flow::syndicate::FeedName;
use crate::flow::{House, Settings};
use crate::store::{StoreError, articles, editions};

/// How long what was last seen of the store is believed.
const LOOK_AGAIN: TimeDelta = TimeDelta::milliseconds(250);
/// While one reader waits for a document to be made again, or after it could
/// not be, the others get the older one for so long.
const TRY_AGAIN: TimeDelta = TimeDelta::seconds(1);
/// Longest wait for the state of the store.
const LOOK_FOR: Duration = Duration::from_secs(2);
/// Longest wait for a document while there is an older one to serve.
const MAKE_FOR: Duration = Duration::from_secs(30);
/// Bytes of documents that are kept, all encodings together.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// Documents made at a time: making many must not starve the rest of the house.
const HANDS: usize = 2;

/// Which document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sheet {
    /// A feed in one format.
    Feed(FeedName, Format),
    /// The list of all feeds.
    Opml,
    /// The front page.
    Front,
    /// The stylesheet of all pages.
    Style,
}

/// What a document was made from.
#[derive(Clone)]
struct Edge {
    articles: i64,
    editions: i64,
    settings: Arc<Settings>,
}

impl Edge {
    fn is(&self, other: &Self) -> bool {
        self.articles == other.articles
            && self.editions == other.editions
            && Arc::ptr_eq(&self.settings, &other.settings)
    }
}

struct Kept {
    document: Arc<Document>,
    edge: Edge,
    /// Since when somebody tries to make it again.
    tried: Option<Time>,
    used: u64,
}

#[derive(Default)]
struct Shelf {
    kept: HashMap<Sheet, Kept>,
    uses: u64,
}

/// The documents that are kept.
pub struct Press {
    /// When the store was looked at, and its revisions then.
    seen: Mutex<Option<(Time, i64, i64)>>,
    shelf: Mutex<Shelf>,
    hands: Semaphore,
}

impl Default for Press {
    fn default() -> Self {
        Self { seen: Mutex::default(), shelf: Mutex::default(), hands: Semaphore::new(HANDS) }
    }
}

impl Press {
    /// The document, made by `make` if there is none of the present state;
    /// `None` if `make` finds that there is no such document.
    ///
    /// # Errors
    /// If it cannot be made and there is no older one.
    pub async fn sheet(
        &self,
        house: &House,
        sheet: Sheet,
        make: impl Future<Output = Result<Option<Document>, Trouble>>,
    ) -> Result<Option<Arc<Document>>, Trouble> {
        let edge = self.edge(house).await?;
        let older = match self.find(&sheet, &edge, house.now()) {
            Found::Good(document) => return Ok(Some(document)),
            Found::Old(document) => Some(document),
            Found::Nothing => None,
        };
        let made = async {
            // Never closed, so there is always a permit in the end.
            let _hand = self.hands.acquire().await;
            // Perhaps somebody else made it while we waited.
            if let Some(document) = self.made(&sheet, &edge) {
                return Ok::<_, Trouble>(Some(document));
            }
            Ok(make.await?.map(Arc::new))
        };
        let Some(older) = older else {
            let made = made.await?;
            return Ok(made.map(|document| self.keep(sheet, edge, document)));
        };
        let failed = match timeout(MAKE_FOR, made).await {
            Ok(Ok(Some(document))) => return Ok(Some(self.keep(sheet, edge, document))),
            Ok(Ok(None)) => {
                self.shelf().kept.remove(&sheet);
                return Ok(None);
            }
            Ok(Err(trouble)) => format!("{trouble:?}"),
            Err(_) => "it took too long".to_owned(),
        };
        warn!("{sheet:?} could not be made again, the last good one is served on: {failed}");
        Ok(Some(older))
    }

    /// The present state of the store and the settings.
    async fn edge(&self, house: &House) -> Result<Edge, Trouble> {
        let settings = house.settings();
        let now = house.now();
        let before = {
            let mut seen = self.seen();
            match seen.as_mut() {
                Some((at, articles, editions)) if (now - *at).abs() < LOOK_AGAIN => {
                    return Ok(Edge { articles: *articles, editions: *editions, settings });
                }
                // Others go on with what was seen while this one looks.
                Some((at, articles, editions)) => {
                    *at = now;
                    Some((*articles, *editions))
                }
                None => None,
            }
        };
        let looked = timeout(LOOK_FOR, async {
            let mut tx = house.store.read().await?;
            let articles = articles::revision(&mut tx).await?;
            Ok::<_, StoreError>((articles, editions::newest(&mut tx).await?))
        });
        let (articles, editions) = match (looked.await, before) {
            (Ok(Ok(now)), _) => now,
            (_, Some(before)) => before,
            (Ok(Err(error)), None) => return Err(Trouble::from(error)),
            (Err(_), None) => {
                return Err(Trouble::Passing("the database does not answer".to_owned()));
            }
        };
        *self.seen() = Some((now, articles, editions));
        Ok(Edge { articles, editions, settings })
    }

    fn find(&self, sheet: &Sheet, edge: &Edge, now: Time) -> Found {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let uses = shelf.uses;
        let Some(kept) = shelf.kept.get_mut(sheet) else { return Found::Nothing };
        kept.used = uses;
        let document = Arc::clone(&kept.document);
        if kept.edge.is(edge) || kept.tried.is_some_and(|at| (now - at).abs() < TRY_AGAIN) {
            return Found::Good(document);
        }
        kept.tried = Some(now);
        Found::Old(document)
    }

    fn made(&self, sheet: &Sheet, edge: &Edge) -> Option<Arc<Document>> {
        let shelf = self.shelf();
        let kept = shelf.kept.get(sheet).filter(|kept| kept.edge.is(edge))?;
        Some(Arc::clone(&kept.document))
    }

    /// Puts a document on the shelf, and takes off those not read for longest
    /// when the shelf is full.
    fn keep(&self, sheet: Sheet, edge: Edge, document: Arc<Document>) -> Arc<Document> {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let used = shelf.uses;
        let kept = Kept { document: Arc::clone(&document), edge, tried: None, used };
        shelf.kept.insert(sheet, kept);
        let mut bytes: usize = shelf.kept.values().map(|kept| kept.document.size_bytes()).sum();
        while bytes > KEPT_BYTES && shelf.kept.len() > 1 {
            let oldest = shelf.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(sheet, _)| sheet.clone()) else { break };
            if let Some(gone) = shelf.kept.remove(&oldest) {
                bytes -= gone.document.size_bytes();
            }
        }
        document
    }

    fn seen(&self) -> MutexGuard<'_, Option<(Time, i64, i64)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Found {
    /// Of the present state, or one that somebody else is making again.
    Good(Arc<Document>),
    /// Of an earlier state.
    Old(Arc<Document>),
    /// None at all.
    Nothing,
}
