//! Documents that are made once and read by many: made again when what they
//! are made from has moved on, and not before.
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
use crate::feed::Composed;
use crate::flow::{House, Settings};
use crate::store::{StoreError, articles, editions, feeds};

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

/// What a document is made from: when it moves on, the document is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// What stands on a shelf of the store.
    Shelf(String),
    /// All articles and all editions.
    Everything,
    /// The editions.
    Editions,
    /// The settings alone.
    Settings,
}

/// A document that was made, with what the next one can be made from.
#[derive(Debug)]
pub struct Made {
    /// The document.
    pub document: Document,
    /// Where its entries lie.
    pub composed: Option<Composed>,
}

impl From<Document> for Made {
    fn from(document: Document) -> Self {
        Self { document, composed: None }
    }
}

/// What a look at the store showed: its revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// That of the articles.
    pub articles: i64,
    /// That of the editions.
    pub editions: i64,
}

/// A state of the store and the settings.
#[derive(Debug, Clone)]
pub struct Edge {
    articles: i64,
    editions: i64,
    settings: Arc<Settings>,
}

impl Edge {
    /// What a look showed, under some settings.
    #[must_use]
    pub fn of(look: Look, settings: &Arc<Settings>) -> Self {
        Self { articles: look.articles, editions: look.editions, settings: Arc::clone(settings) }
    }
}

struct Kept {
    document: Arc<Document>,
    composed: Option<Arc<Composed>>,
    source: Source,
    edge: Edge,
    /// Since when somebody tries to make it again.
    tried: Option<Time>,
    used: u64,
    /// Did somebody ask for it since it was made?
    is_read: bool,
}

impl Kept {
    fn size_bytes(&self) -> usize {
        let parts = self.composed.as_ref().map_or(0, |composed| composed.parts.len());
        self.document.size_bytes() + parts * size_of::<crate::feed::Part>() + 512
    }
}

/// What was last seen of the store.
#[derive(Default)]
struct Seen {
    at: Option<Time>,
    articles: i64,
    editions: i64,
    /// The shelves that changed since the start, and when, as a revision.
    shelves: HashMap<String, i64>,
}

#[derive(Default)]
struct Shelf {
    kept: HashMap<String, Kept>,
    uses: u64,
}

/// The documents that are kept, by their path.
pub struct Press {
    seen: Mutex<Seen>,
    shelf: Mutex<Shelf>,
    hands: Semaphore,
}

impl Default for Press {
    fn default() -> Self {
        Self { seen: Mutex::default(), shelf: Mutex::default(), hands: Semaphore::new(HANDS) }
    }
}

impl Press {
    /// The document at `path`, made by `make` if there is none of the present
    /// state; `None` if `make` finds that there is no such document. `make` is
    /// given the parts of the last one, if they hold under these settings.
    ///
    /// # Errors
    /// If it cannot be made and there is no older one.
    pub async fn sheet<F>(
        &self,
        house: &House,
        path: &str,
        source: Source,
        make: impl FnOnce(Option<Arc<Composed>>) -> F,
    ) -> Result<Option<Arc<Document>>, Trouble>
    where
        F: Future<Output = Result<Option<Made>, Trouble>>,
    {
        let edge = self.edge(house).await?;
        let (older, composed) = match self.find(path, &edge, house.now()) {
            Found::Good(document) => return Ok(Some(document)),
            Found::Old(document, composed) => (Some(document), composed),
            Found::Nothing => (None, None),
        };
        let made = async {
            // Never closed, so there is always a permit in the end.
            let _hand = self.hands.acquire().await;
            // Perhaps somebody else made it while we waited.
            if let Some(document) = self.made(path, &edge) {
                return Ok::<_, Trouble>(Some(document));
            }
            let Some(made) = make(composed).await? else { return Ok(None) };
            let document = self.keep(path, source, edge.clone(), made);
            // It was made for somebody who asked.
            if let Some(kept) = self.shelf().kept.get_mut(path) {
                kept.is_read = true;
            }
            Ok(Some(document))
        };
        let Some(old) = &older else { return made.await };
        let failed = match timeout(MAKE_FOR, made).await {
            Ok(Ok(Some(document))) => return Ok(Some(document)),
            Ok(Ok(None)) => {
                self.drop(path);
                return Ok(None);
            }
            Ok(Err(trouble)) => format!("{trouble:?}"),
            Err(_) => "it took too long".to_owned(),
        };
        warn!("{path} could not be made again, the last good one is served on: {failed}");
        Ok(Some(Arc::clone(old)))
    }

    /// The document at `path`, if it is there and of the present state as far
    /// as that is known without asking.
    pub fn ready(&self, house: &House, path: &str) -> Option<Arc<Document>> {
        let now = house.now();
        let edge = {
            let seen = self.seen();
            seen.at.filter(|at| (now - *at).abs() < LOOK_AGAIN)?;
            Edge { articles: seen.articles, editions: seen.editions, settings: house.settings() }
        };
        match self.find(path, &edge, now) {
            Found::Good(document) => Some(document),
            Found::Old(..) | Found::Nothing => None,
        }
    }

    /// Looks at the store now.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn look(&self, house: &House) -> Result<Look, StoreError> {
        let (is_first, before) = {
            let seen = self.seen();
            (seen.at.is_none(), seen.articles)
        };
        let mut tx = house.store.read().await?;
        let articles = articles::revision(&mut tx).await?;
        // Nothing was made before the first look.
        let touched = if is_first || articles == before {
            vec![]
        } else {
            feeds::touched(&mut tx, before).await?
        };
        let editions = editions::newest(&mut tx).await?;
        let mut seen = self.seen();
        seen.at = Some(house.now());
        if articles >= seen.articles {
            seen.articles = articles;
            seen.editions = editions;
        }
        for (shelf, rev) in &touched {
            seen.shelves.insert(shelf.clone(), *rev);
        }
        Ok(Look { articles, editions })
    }

    /// The present state of the store and the settings.
    async fn edge(&self, house: &House) -> Result<Edge, Trouble> {
        let settings = house.settings();
        let now = house.now();
        let is_first = {
            let mut seen = self.seen();
            match seen.at {
                Some(at) if (now - at).abs() < LOOK_AGAIN => {
                    let (articles, editions) = (seen.articles, seen.editions);
                    return Ok(Edge { articles, editions, settings });
                }
                // Others go on with what was seen while this one looks.
                Some(_) => {
                    seen.at = Some(now);
                    false
                }
                None => true,
            }
        };
        match timeout(LOOK_FOR, self.look(house)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if is_first => return Err(Trouble::from(error)),
            Err(_) if is_first => {
                return Err(Trouble::Passing("the database does not answer".to_owned()));
            }
            // What was seen last is served on.
            _ => {}
        }
        let seen = self.seen();
        Ok(Edge { articles: seen.articles, editions: seen.editions, settings })
    }

    fn find(&self, path: &str, edge: &Edge, now: Time) -> Found {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let uses = shelf.uses;
        let Some(kept) = shelf.kept.get_mut(path) else { return Found::Nothing };
        kept.used = uses;
        kept.is_read = true;
        let document = Arc::clone(&kept.document);
        if self.holds(kept, edge) || kept.tried.is_some_and(|at| (now - at).abs() < TRY_AGAIN) {
            return Found::Good(document);
        }
        kept.tried = Some(now);
        let same = Arc::ptr_eq(&kept.edge.settings, &edge.settings);
        Found::Old(document, kept.composed.clone().filter(|_| same))
    }

    /// Is a document of this state?
    fn holds(&self, kept: &Kept, edge: &Edge) -> bool {
        let of_articles = || match &kept.source {
            Source::Shelf(shelf) => {
                let seen = self.seen();
                seen.shelves.get(shelf).is_none_or(|rev| *rev <= kept.edge.articles)
            }
            Source::Everything => {
                kept.edge.articles == edge.articles && kept.edge.editions == edge.editions
            }
            Source::Editions => kept.edge.editions == edge.editions,
            Source::Settings => true,
        };
        Arc::ptr_eq(&kept.edge.settings, &edge.settings)
            && (kept.edge.articles == edge.articles && kept.edge.editions == edge.editions
                || of_articles())
    }

    /// The parts of the document at `path`, if they hold under these settings.
    pub fn parts(&self, path: &str, edge: &Edge) -> Option<Arc<Composed>> {
        let shelf = self.shelf();
        let kept = shelf.kept.get(path)?;
        kept.composed.clone().filter(|_| Arc::ptr_eq(&kept.edge.settings, &edge.settings))
    }

    /// The last document at `path`, of whatever state.
    pub fn last(&self, path: &str) -> Option<Arc<Document>> {
        Some(Arc::clone(&self.shelf().kept.get(path)?.document))
    }

    /// Is there a document at `path` that somebody read since it was made?
    pub fn is_read(&self, path: &str) -> bool {
        self.shelf().kept.get(path).is_some_and(|kept| kept.is_read)
    }

    /// Takes the document at `path` away: there is none any more.
    pub fn drop(&self, path: &str) {
        self.shelf().kept.remove(path);
    }

    /// The document at `path`, if there is one of this state.
    pub fn made(&self, path: &str, edge: &Edge) -> Option<Arc<Document>> {
        let shelf = self.shelf();
        let kept = shelf.kept.get(path).filter(|kept| self.holds(kept, edge))?;
        Some(Arc::clone(&kept.document))
    }

    /// Puts a document on the shelf, and takes off those not read for longest
    /// when the shelf is full. The very same document as before keeps what was
    /// packed of it.
    pub fn keep(&self, path: &str, source: Source, edge: Edge, made: Made) -> Arc<Document> {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let before = shelf.kept.get(path).map(|kept| &kept.document);
        let document = match before.filter(|before| before.is_as(&made.document)) {
            Some(before) => Arc::clone(before),
            None => Arc::new(made.document),
        };
        let kept = Kept {
            document: Arc::clone(&document),
            composed: made.composed.map(Arc::new),
            source,
            edge,
            tried: None,
            used: shelf.uses,
            is_read: false,
        };
        shelf.kept.insert(path.to_owned(), kept);
        let mut bytes: usize = shelf.kept.values().map(Kept::size_bytes).sum();
        while bytes > KEPT_BYTES && shelf.kept.len() > 1 {
            let oldest = shelf.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(oldest) = oldest.map(|(path, _)| path.clone()) else { break };
            if let Some(gone) = shelf.kept.remove(&oldest) {
                bytes -= gone.size_bytes();
            }
        }
        document
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Found {
    /// Of the present state, or one that somebody else is making again.
    Good(Arc<Document>),
    /// Of an earlier state, with its parts if they still hold.
    Old(Arc<Document>, Option<Arc<Composed>>),
    /// None at all.
    Nothing,
}
