//! The way in where REST is closed: WordPress's own feed, page by page.
//!
//! Its validators are not used: after a deletion they say that nothing has changed.

use std::collections::{BTreeMap, HashSet};

use url::Url;

use super::super::fetch::{Response, operator};
use super::super::parse::{self, page};
use super::super::{Trouble, departure};
use super::discover::folder;
use super::memory::Seen;
use super::{Visit, newest_first};
use crate::article::{Body, Draft};

/// Pages of a feed that are read; each holds ten pieces or more.
const MAX_PAGES: u64 = 200;

impl Visit<'_> {
    /// Reads the feed to its end, so that what is missing can be told as well.
    pub(super) async fn feed(&mut self) -> Result<(), Trouble> {
        let feed = self
            .kept
            .feed
            .as_deref()
            .and_then(|feed| Url::parse(feed).ok())
            .or_else(|| folder(self.site.url).join("feed/").ok())
            .ok_or_else(|| operator(format!("{} has no feed; check the address", self.site.url)))?;
        let (drafts, to_the_end) = self.pages(&feed).await?;
        let (mut open, closed): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| !asks_for_a_password(draft));
        open.iter_mut().for_each(tidy);
        let mut posts = BTreeMap::new();
        for (draft, closed) in
            open.iter().map(|d| (d, false)).chain(closed.iter().map(|d| (d, true)))
        {
            let known = self.kept.posts.get(&draft.guid);
            let seen = Seen {
                id: known.map_or(0, |seen| seen.id),
                link: draft.url.clone().unwrap_or_default(),
                closed,
                ..Seen::default()
            };
            posts.insert(draft.guid.clone(), seen);
        }
        self.part.gone.extend(closed.into_iter().map(|draft| draft.guid));
        let missing: Vec<(String, Seen)> = self
            .kept
            .posts
            .iter()
            .filter(|(guid, _)| !posts.contains_key(*guid))
            .map(|(guid, seen)| (guid.clone(), seen.clone()))
            .collect();
        let gone =
            if to_the_end { self.pages_gone(&missing, &posts).await? } else { HashSet::new() };
        for (guid, seen) in missing {
            if gone.contains(&guid) {
                self.part.gone.push(guid);
            } else {
                posts.insert(guid, seen);
            }
        }
        self.kept.posts = posts;
        self.kept.waiting.clear();
        self.kept.compared = None;
        // What REST gave before it closed is the better copy.
        let taken: HashSet<String> =
            self.part.drafts.iter().map(|draft| draft.guid.clone()).collect();
        self.part.drafts.extend(open.into_iter().filter(|draft| !taken.contains(&draft.guid)));
        newest_first(&mut self.part.drafts);
        let depth = if to_the_end { "" } else { ", of which only the newest pieces can be had" };
        let why = self.kept.why.as_deref().unwrap_or("its REST interface is closed");
        self.part.notice = Some(format!("{why}; its feed {feed} is read instead{depth}"));
        Ok(())
    }

    /// All pieces of the feed, and whether its end was reached.
    async fn pages(&self, feed: &Url) -> Result<(Vec<Draft>, bool), Trouble> {
        let mut drafts: Vec<Draft> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for number in 1..=MAX_PAGES {
            let mut url = feed.clone();
            if number > 1 {
                url.query_pairs_mut().append_pair("paged", &number.to_string());
            }
            let document = match self.site.document(url).await? {
                Response::Document(document) => document,
                Response::Refused { status: 404, .. } if number > 1 => return Ok((drafts, true)),
                Response::Refused { status, .. } => {
                    return Err(operator(format!(
                        "{feed} answers {status}, and REST is closed too; let this server in, or check the address"
                    )));
                }
                Response::NotModified(_) => return Ok((drafts, false)),
            };
            let base = document.final_url.clone();
            let read =
                parse::document(&document.bytes, document.content_type.as_deref(), Some(&base))
                    .map_err(|error| operator(format!("{base}: {error}")))?;
            let before = drafts.len();
            let language = read.language;
            for mut draft in parse::guid::settle(read.drafts) {
                if known.insert(draft.guid.clone()) {
                    draft.language = draft.language.or_else(|| language.clone());
                    drafts.push(draft);
                }
            }
            if drafts.len() == before {
                // Either past its end, or it gives the same page for ever.
                return Ok((drafts, number > 2));
            }
        }
        Ok((drafts, false))
    }

    /// Which pages are gone, by their own addresses.
    async fn pages_gone(
        &self,
        missing: &[(String, Seen)],
        listed: &BTreeMap<String, Seen>,
    ) -> Result<HashSet<String>, Trouble> {
        let mut gone = HashSet::new();
        let links: HashSet<&str> = listed.values().map(|seen| seen.link.as_str()).collect();
        let many = departure::is_mass(missing.len(), self.kept.posts.len());
        let step = if many { missing.len().div_ceil(departure::SAMPLE) } else { 1 };
        for (at, (guid, seen)) in missing.iter().enumerate() {
            if at % step != 0 || self.is_page_gone(&seen.link, &links).await? {
                gone.insert(guid.clone());
            } else if many {
                return Ok(HashSet::new());
            }
        }
        if let Some(control) = listed.values().next().filter(|_| !gone.is_empty())
            && self.is_page_gone(&control.link, &HashSet::new()).await?
        {
            return Ok(HashSet::new());
        }
        Ok(gone)
    }

    /// Does a page's own address say that it is not there, or lead to another
    /// piece, one of those listed under `links`?
    pub(super) async fn is_page_gone(
        &self,
        link: &str,
        links: &HashSet<&str>,
    ) -> Result<bool, Trouble> {
        let Ok(url) = Url::parse(link) else { return Ok(false) };
        let answer = self.site.document(url).await?;
        Ok(match answer {
            Response::Refused { status: 404 | 410, .. } => true,
            // A name that has become free was given to another piece.
            Response::Document(page) => links.contains(page.final_url.as_str()),
            _ => false,
        })
    }
}

/// What the feed of a protected post holds is the form that asks for its password.
fn asks_for_a_password(draft: &Draft) -> bool {
    let (Body::Html(body) | Body::Text(body)) = &draft.body;
    body.contains("action=postpass") || body.contains("post-password-form")
}

/// A feed's entry in the shape that REST would have given.
fn tidy(draft: &mut Draft) {
    if let Body::Html(html) = &draft.body {
        let base = draft.url.as_deref().and_then(|url| Url::parse(url).ok());
        let cut = page::cut(html, &draft.title, base.as_ref());
        if let (Some(image), Some(credit)) = (&mut draft.image, cut.credit) {
            image.credit.get_or_insert(credit);
        }
        draft.hints = cut.hints;
        draft.body = Body::Html(cut.html);
    }
    draft.labels.retain(|label| label.path != ["Uncategorized"]);
}
