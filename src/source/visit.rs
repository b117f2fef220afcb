//! One visit to one source, whatever kind it is.

use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::fetch::{Fetch, Fetched, Request, Response, later, operator};
use super::folder::Folder;
use super::manners::Manners;
use super::pace::{self, Wishes};
use super::parse::{self, guid};
use super::shown::Shown;
use super::{Haul, Kind, Memory, Settings, Trouble, hub, site, wordpress};
use crate::article::{Body, Draft};
use crate::clock::Time;

/// A source that can be visited again and again.
pub struct Source {
    settings: Settings,
    fetch: Arc<dyn Fetch>,
    /// Shared with the thread that reads, so that a dropped visit loses nothing.
    folder: Option<Arc<Mutex<Folder>>>,
}

impl Source {
    /// A source that reaches the network through `fetch`.
    #[must_use]
    pub fn new(settings: Settings, fetch: Arc<dyn Fetch>) -> Self {
        let folder = match &settings.kind {
            Kind::Directory { path } => {
                Some(Arc::new(Mutex::new(Folder::at(path, settings.max_bytes))))
            }
            _ => None,
        };
        Self { settings, fetch, folder }
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Looks what is there, compared with `memory` of the last visit that was
    /// taken in. Dates beyond `now` by more than a day are not believed.
    ///
    /// # Errors
    /// If nothing could be read: then everything stays as it was.
    pub async fn visit(&mut self, memory: &Memory, now: Time) -> Result<Haul, Trouble> {
        let haul = match &self.settings.kind {
            Kind::Directory { .. } => self.folder(memory, now).await,
            Kind::Feed { url } => self.feed(url.clone(), memory).await,
            Kind::Wordpress { url, login } => {
                let place = (url, login.as_ref());
                wordpress::visit(&*self.fetch, &self.settings, place, memory, now)
                    .await
                    .map(|part| Haul::Part(Box::new(part)))
            }
            Kind::Site { url, delay, most } => {
                let place = site::Place { url, delay: *delay, most: *most };
                site::visit(&*self.fetch, &self.settings, place, memory, now)
                    .await
                    .map(|part| Haul::Part(Box::new(part)))
            }
            Kind::Push { .. } => Ok(Haul::Unchanged),
        };
        haul.map(|haul| self.finished(haul, now))
    }

    async fn folder(&self, memory: &Memory, now: Time) -> Result<Haul, Trouble> {
        let Some(folder) = self.folder.clone() else {
            return Err(operator("this source has no folder; set `path` in [[source]]"));
        };
        let memory = memory.clone();
        let visit =
            move || folder.lock().unwrap_or_else(PoisonError::into_inner).visit(&memory, now);
        tokio::task::spawn_blocking(visit).await.unwrap_or_else(|error| Err(cut_short(&error)))
    }

    async fn feed(&self, url: Url, memory: &Memory) -> Result<Haul, Trouble> {
        // What is remembered of another address is of no use here.
        let known = memory.manners.about(&url).map_or_else(Memory::default, |_| memory.clone());
        let place = known.manners.place(&url);
        let request = Request {
            etag: known.etag.clone(),
            last_modified: known.last_modified.clone(),
            ..Request::to(place.clone(), self.settings.max_bytes, self.settings.allow_private)
        };
        let mut manners = known.manners.clone();
        manners.address = url.to_string();
        let answer = self.fetch.fetch(request).await?;
        let fetched = match answer {
            Response::NotModified(said) => {
                manners.answered(&place, said.moved.as_ref());
                manners.wishes.max_age = pace::max_age(said.header("cache-control"));
                return Ok(nothing_new(memory, Memory { manners, ..known }));
            }
            Response::Document(fetched) | Response::Refused { document: fetched, .. } => fetched,
        };
        let memory = memory.clone();
        tokio::task::spawn_blocking(move || read(&fetched, &place, &memory, known, manners))
            .await
            .unwrap_or_else(|error| Err(cut_short(&error)))
    }

    /// What the settings say about every piece, and what no piece can say.
    fn finished(&self, mut haul: Haul, now: Time) -> Haul {
        let drafts = match &mut haul {
            Haul::Drafts { drafts, .. } => drafts.as_mut_slice(),
            Haul::Part(part) => part.drafts.as_mut_slice(),
            Haul::Unchanged => &mut [],
        };
        let latest = now + chrono::TimeDelta::days(1);
        for draft in drafts {
            if draft.language.is_none() {
                draft.language.clone_from(&self.settings.language);
            }
            draft.published = draft.published.filter(|date| *date <= latest);
            draft.updated = draft.updated.filter(|date| *date <= latest);
        }
        haul
    }
}

/// Reads a fetched document unless its bytes are those in `known`; `memory` is
/// what is stored now.
fn read(
    fetched: &Fetched,
    place: &Url,
    memory: &Memory,
    known: Memory,
    mut manners: Box<Manners>,
) -> Result<Haul, Trouble> {
    let hash = guid::hex(&fetched.bytes);
    let max_age = pace::max_age(fetched.header("cache-control"));
    manners.answered(place, fetched.said.moved.as_ref());
    manners.wishes.max_age = max_age;
    if known.body_hash.as_deref() == Some(hash.as_str()) {
        // The validators of an unchanged document may change all the same.
        let (etag, last_modified) = (fetched.etag.clone(), fetched.last_modified.clone());
        return Ok(nothing_new(memory, Memory { etag, last_modified, manners, ..known }));
    }
    let base = Some(&fetched.final_url).filter(|url| url.scheme() != "file");
    let document = parse::document(&fetched.bytes, fetched.content_type.as_deref(), base)
        .map_err(|error| operator(format!("{}: {error}", Shown(&fetched.final_url))))?;
    manners.wishes = Wishes { max_age, ..document.wishes };
    manners.hub = hub::offered(fetched).or(document.hub);
    let (drafts, empty): (Vec<Draft>, Vec<Draft>) =
        guid::settle_knowing(document.drafts, &mut manners.repeated)
            .into_iter()
            .partition(says_something);
    let failures = empty.iter().map(|draft| {
        format!(
            "the entry `{}` has neither title nor text nor address; the publisher has to fill it",
            draft.guid.chars().take(80).collect::<String>()
        )
    });
    let memory = Memory {
        etag: fetched.etag.clone(),
        last_modified: fetched.last_modified.clone(),
        body_hash: Some(hash),
        manners,
        ..Memory::default()
    };
    Ok(Haul::Drafts { failures: failures.collect(), drafts, present: None, memory })
}

/// No news; if there is something else to remember, it is.
fn nothing_new(memory: &Memory, fresh: Memory) -> Haul {
    if *memory == fresh {
        return Haul::Unchanged;
    }
    Haul::Drafts { drafts: Vec::new(), present: None, memory: fresh, failures: Vec::new() }
}

fn says_something(draft: &Draft) -> bool {
    let (Body::Html(body) | Body::Text(body)) = &draft.body;
    !draft.title.is_empty() || draft.url.is_some() || !body.trim().is_empty()
}

fn cut_short(error: &tokio::task::JoinError) -> Trouble {
    later(format!("reading was cut short ({error}); it is tried again later"), None)
}

#[cfg(test)]
mod tests;
