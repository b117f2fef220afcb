//! A website as a source, by its sitemap and its pages.
//!
//! A sitemap says what there is and, at best, when it changed; it never says
//! that something is gone, and many say nothing of changes. So a page that is
//! no longer listed is asked for by its own address before it is believed to be
//! gone, and pages without a date are looked at again, the older the less often.

mod ask;
mod beside;
mod maps;
mod memory;
mod page;
mod plan;
pub(crate) mod robots;
pub(crate) mod sitemap;

use std::time::Duration;

use tracing::debug;
use url::Url;

use super::fetch::{Fetch, Hope};
use super::shown::Shown;
use super::{Memory, Part, Settings, Trouble, departure};
use crate::clock::Time;
use ask::{Asker, Reply};
use beside::Beside;
pub use memory::Remembered;
use memory::{Seen, Wanted, key};
use plan::Scope;

/// Pages asked for at the very first look: enough to see how it goes.
const FIRST: usize = 6;
/// Pages asked for in one part of a visit; the next part goes on at once.
const MOST: usize = 40;
/// After so many pages in a row that fail, the site is in trouble itself.
const FAILS: usize = 3;

/// The pages of a `[[source]]` and how to ask for them.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its front page, a folder of it, or its sitemap.
    pub url: &'a Url,
    /// The least time between two questions.
    pub delay: Duration,
    /// So many pages are taken in at the beginning.
    pub most: usize,
}

/// Looks what has changed since the visit that left `memory`.
///
/// # Errors
/// If the site could not be read: then nothing has changed.
pub async fn visit(
    fetch: &dyn Fetch,
    settings: &Settings,
    place: Place<'_>,
    memory: &Memory,
    now: Time,
) -> Result<Part, Trouble> {
    let kept = memory.site.as_deref().cloned().unwrap_or_default();
    let mut visit = Visit {
        asker: Asker::new(fetch, settings.max_bytes, settings.allow_private, place.delay),
        beside: Beside::default(),
        scope: Scope { url: place.url, most: place.most },
        kept,
        now,
        part: Part::default(),
    };
    visit.run().await?;
    let Visit { mut part, kept, .. } = visit;
    part.memory = Memory { site: Some(Box::new(kept)), ..memory.clone() };
    Ok(part)
}

/// One visit on its way.
struct Visit<'a> {
    asker: Asker<'a>,
    beside: Beside,
    scope: Scope<'a>,
    kept: Remembered,
    now: Time,
    part: Part,
}

impl Visit<'_> {
    async fn run(&mut self) -> Result<(), Trouble> {
        let mut most = MOST;
        if self.kept.waiting.is_empty() {
            if self.kept.read.is_none() {
                most = FIRST;
            }
            self.look().await?;
        }
        let take = self.kept.waiting.len().min(most);
        let batch: Vec<Wanted> = self.kept.waiting.drain(..take).collect();
        self.pages(batch).await?;
        self.part.more = !self.kept.waiting.is_empty() && self.part.trouble.is_none();
        self.part.notice.clone_from(&self.kept.notice);
        Ok(())
    }

    /// Reads the sitemap, and asks for what is no longer in it.
    async fn look(&mut self) -> Result<(), Trouble> {
        let listing =
            maps::read(&mut self.asker, self.scope.url, &self.kept.files, self.now).await?;
        self.part.failures.extend(listing.failures.iter().cloned());
        let plan = plan::plan(&mut self.kept, listing, self.scope, self.now);
        debug!(
            wanted = plan.wanted.len(),
            missing = plan.missing.len(),
            passed = plan.passed,
            "Read the sitemap of {}",
            Shown(self.scope.url)
        );
        if plan.passed > 0 {
            self.kept.notice = Some(format!(
                "its {} newest pages are taken in and {} older ones passed over; max_pages in [[source]] says how many",
                self.scope.most, plan.passed
            ));
        }
        self.kept.waiting = plan.wanted;
        self.missing(plan.missing).await
    }

    /// Which of the missing pieces are gone by their own address. A site in
    /// trouble says so of everything: then a piece that is listed is missing
    /// too, and nothing is believed.
    async fn missing(&mut self, missing: Vec<String>) -> Result<(), Trouble> {
        let pieces = self.kept.pages.values().filter(|seen| seen.is_piece()).count();
        // So many at once are not let go without the operator; a sample shows
        // whether there is anything to ask about.
        let many = departure::is_mass(missing.len(), pieces);
        let step = if many { missing.len().div_ceil(departure::SAMPLE) } else { 1 };
        let mut gone = Vec::new();
        for (at, url) in missing.iter().enumerate() {
            if at % step != 0 || self.is_gone(url).await? {
                gone.push(url.clone());
            } else if many {
                return Ok(());
            }
        }
        if !gone.is_empty() && self.is_control_well("").await? {
            for url in gone {
                self.let_go(&url);
            }
        }
        Ok(())
    }

    /// Is another piece that should be there, there? Without one, the front page.
    async fn is_control_well(&mut self, beside: &str) -> Result<bool, Trouble> {
        let control = self
            .kept
            .pages
            .iter()
            .filter(|(url, seen)| seen.is_piece() && !seen.file.is_empty() && *url != beside)
            .max_by_key(|(_, seen)| (!seen.absent, seen.born))
            .and_then(|(url, _)| Url::parse(url).ok());
        let url = match control {
            Some(url) => url,
            None => self.scope.url.clone(),
        };
        let reply = self.asker.ask(&url, Hope::Page, (None, None)).await?;
        Ok(matches!(reply, Reply::Document(_) | Reply::NotModified))
    }

    /// Asks for one piece that is not listed any more.
    async fn is_gone(&mut self, url: &str) -> Result<bool, Trouble> {
        let Ok(address) = Url::parse(url) else { return Ok(true) };
        let reply = self.asker.ask(&address, Hope::Page, (None, None)).await?;
        let now = self.now.timestamp();
        if let Some(seen) = self.kept.pages.get_mut(url) {
            seen.asked = now;
            seen.idle = seen.idle.saturating_add(1);
        }
        match reply {
            Reply::Refused(404 | 410) => Ok(true),
            // A site that takes a piece down often leads to its front page.
            Reply::Document(document) if self.scope.is_front(&document.final_url) => Ok(true),
            Reply::Document(document) => {
                let to = key(&document.final_url);
                if to != url && self.scope.holds(&document.final_url) {
                    self.moved(url, &to);
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// A piece got another address: it stays what it was.
    fn moved(&mut self, from: &str, to: &str) {
        if self.kept.pages.contains_key(to) {
            return;
        }
        if let Some(mut seen) = self.kept.pages.remove(from) {
            (seen.etag, seen.last_modified, seen.idle) = (None, None, 0);
            seen.hash.clear();
            let wanted = self.kept.waiting.iter().position(|wanted| wanted.url == to);
            let wanted = match wanted {
                Some(at) => self.kept.waiting.remove(at),
                None => Wanted { url: to.to_owned(), ..Wanted::default() },
            };
            seen.file.clone_from(&wanted.file);
            self.kept.waiting.insert(0, wanted);
            self.kept.pages.insert(to.to_owned(), seen);
        }
    }

    fn let_go(&mut self, url: &str) {
        if let Some(seen) = self.kept.pages.remove(url)
            && seen.is_piece()
            && !self.kept.pages.values().any(|other| other.guid == seen.guid)
        {
            self.part.gone.push(seen.guid);
        }
    }

    /// Asks for these pages, one after the other.
    async fn pages(&mut self, batch: Vec<Wanted>) -> Result<(), Trouble> {
        let mut fails = 0;
        let mut batch = batch.into_iter();
        while let Some(wanted) = batch.next() {
            match self.page(&wanted).await {
                Ok(()) => fails = 0,
                Err(Trouble::Later { message, retry_after }) => {
                    fails += 1;
                    // One page on which a site fails must not hold up the rest.
                    if retry_after.is_none() && fails < FAILS {
                        self.failed(&wanted, &message);
                        continue;
                    }
                    let trouble = Trouble::Later { message, retry_after };
                    self.kept.waiting.splice(0..0, std::iter::once(wanted).chain(batch));
                    self.part.trouble = Some(trouble);
                    return Ok(());
                }
                Err(trouble) => self.failed(&wanted, &trouble.to_string()),
            }
        }
        Ok(())
    }

    /// A page that failed is asked for again when it has rested.
    fn failed(&mut self, wanted: &Wanted, message: &str) {
        self.part.failures.push(message.to_owned());
        let seen = self.seen(wanted);
        seen.failed = true;
        seen.idle = seen.idle.saturating_add(1);
    }

    /// What is known of a page that was asked for just now.
    fn seen(&mut self, wanted: &Wanted) -> &mut Seen {
        let now = self.now.timestamp();
        let seen = self
            .kept
            .pages
            .entry(wanted.url.clone())
            .or_insert_with(|| Seen { born: wanted.published.unwrap_or(now), ..Seen::default() });
        seen.asked = now;
        seen.failed = false;
        seen.file.clone_from(&wanted.file);
        seen
    }
}
