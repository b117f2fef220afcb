//! One page of a site: asked for, read, and compared with what was seen.

use url::Url;

use super::super::Trouble;
use super::super::fetch::{Fetched, Hope};
use super::super::parse::page::{self, Page, Standing};
use super::super::parse::{encoding, guid};
use super::super::shown::Shown;
use super::super::wordpress::same_site;
use super::ask::Reply;
use super::beside::Copy;
use super::memory::{Wanted, key};
use super::{Visit, plan};
use crate::article::Draft;

impl Visit<'_> {
    /// Asks for one page and takes in what is on it.
    pub(super) async fn page(&mut self, wanted: &Wanted) -> Result<(), Trouble> {
        let Ok(url) = Url::parse(&wanted.url) else { return Ok(()) };
        let known = self.kept.pages.get(&wanted.url);
        let validators =
            known.map(|seen| (seen.etag.clone(), seen.last_modified.clone())).unwrap_or_default();
        match self.asker.ask(&url, Hope::Page, validators).await? {
            Reply::NotModified => self.idle(wanted),
            Reply::Document(document) => self.read(wanted, &url, *document).await?,
            Reply::Refused(status @ (404 | 410)) => self.absent(wanted, status).await?,
            Reply::Refused(status) => {
                self.failed(
                    wanted,
                    &format!("{} answers {status}; it is asked again later", Shown(&url)),
                );
            }
            Reply::Forbidden => {
                self.idle(wanted);
                self.kept.notice = Some(format!(
                    "its robots.txt keeps programs out of pages such as {}; its publisher can let `gazetted` in",
                    Shown(&url)
                ));
            }
        }
        Ok(())
    }

    fn idle(&mut self, wanted: &Wanted) {
        let seen = self.seen(wanted);
        seen.changed = wanted.changed;
        seen.idle = seen.idle.saturating_add(1);
    }

    /// A page that is listed and not there: gone for good if the site says so,
    /// or says the same at the next look.
    async fn absent(&mut self, wanted: &Wanted, status: u16) -> Result<(), Trouble> {
        let seen = self.seen(wanted);
        seen.changed = wanted.changed;
        if !seen.is_piece() {
            seen.idle = seen.idle.saturating_add(1);
            return Ok(());
        }
        let certain = status == 410 || seen.absent;
        seen.absent = true;
        if certain && self.is_control_well(&wanted.url).await? {
            self.let_go(&wanted.url);
        }
        Ok(())
    }

    async fn read(&mut self, wanted: &Wanted, url: &Url, document: Fetched) -> Result<(), Trouble> {
        let place = document.final_url.clone();
        let (etag, last_modified) = (document.etag.clone(), document.last_modified.clone());
        let hash = guid::hex(&document.bytes)[..16].to_owned();
        if self.kept.pages.get(&wanted.url).is_some_and(|seen| seen.hash == hash && !seen.absent) {
            self.idle(wanted);
            let seen = self.seen(wanted);
            (seen.etag, seen.last_modified) = (etag, last_modified);
            return Ok(());
        }
        if !same_site(&place, url) {
            self.idle(wanted);
            return Ok(());
        }
        let page = tokio::task::spawn_blocking(move || {
            let base = &document.final_url;
            let text =
                encoding::decode(&document.bytes, document.content_type.as_deref(), base.domain());
            page::read(&text, Some(base))
        });
        let Ok(mut page) = page.await else {
            self.failed(wanted, &format!("{} cannot be read; it is asked again later", Shown(url)));
            return Ok(());
        };
        let piece = if self.scope.is_front(&place) {
            None
        } else {
            self.piece(wanted, &place, &mut page).await?
        };
        let seen = self.seen(wanted);
        (seen.etag, seen.last_modified, seen.hash) = (etag, last_modified, hash);
        seen.changed = wanted.changed;
        seen.stub = page.standing == Standing::Stub;
        match piece {
            // What has become something else is not withdrawn for that: only
            // an address that says no is believed.
            None => seen.idle = seen.idle.saturating_add(1),
            Some(draft) => {
                (seen.idle, seen.absent) = (0, false);
                seen.guid.clone_from(&draft.guid);
                if let Some(published) = draft.published {
                    seen.born = published.timestamp();
                }
                self.part.drafts.push(draft);
            }
        }
        Ok(())
    }

    /// The piece on a page, by the best copy that the page leads to.
    async fn piece(
        &mut self,
        wanted: &Wanted,
        place: &Url,
        page: &mut Page,
    ) -> Result<Option<Draft>, Trouble> {
        if let Standing::Other(_) = page.standing {
            return Ok(None);
        }
        let mut draft = std::mem::take(&mut page.draft);
        let canonical = draft
            .url
            .as_deref()
            .and_then(|url| Url::parse(url).ok())
            .filter(|url| self.scope.holds(url))
            .unwrap_or_else(|| place.clone());
        draft.url = Some(key(&canonical));
        draft.guid = key(&canonical);
        draft.published = draft.published.or(wanted.published.map(plan::moment));
        if draft.title.is_empty() {
            draft.title.clone_from(&wanted.title);
        }
        match self.beside.better(&mut self.asker, &mut self.kept, page, &draft, self.now).await? {
            Copy::Better(better) => draft = *better,
            Copy::Closed => return Ok(None),
            Copy::Own => {}
        }
        let known = self.kept.pages.get(&wanted.url).map(|seen| seen.guid.clone());
        if let Some(guid) = known.filter(|guid| !guid.is_empty()) {
            draft.guid = guid;
        } else if self.kept.pages.iter().any(|(url, seen)| {
            seen.guid == draft.guid && *url != wanted.url && !seen.file.is_empty()
        }) {
            // The same piece under another address.
            return Ok(None);
        }
        Ok(Some(draft))
    }
}
