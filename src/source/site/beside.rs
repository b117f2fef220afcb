//! The data that a page names beside itself: the same piece, without a page
//! around it. The WordPress interface knows all of it; a feed mostly its text.

use std::collections::HashMap;

use url::Url;

use super::super::Trouble;
use super::super::fetch::Hope;
use super::super::parse::{self, page};
use super::super::wordpress::single::{self, Interface, Single};
use super::ask::{Asker, Reply};
use super::memory::Remembered;
use crate::article::{Body, Draft, LabelKind};
use crate::clock::Time;

/// Feeds that are read at a visit.
const FEEDS: usize = 4;
/// How long what was closed is not tried again, in seconds.
const PATIENCE: i64 = 86_400;

/// What was read beside the pages of one visit.
#[derive(Default)]
pub struct Beside {
    interfaces: HashMap<String, Option<Interface>>,
    feeds: HashMap<String, HashMap<String, Draft>>,
}

/// The copy of a piece that is taken.
pub enum Copy {
    /// This one.
    Better(Box<Draft>),
    /// None: the piece is not for everybody.
    Closed,
    /// What the page says.
    Own,
}

impl Beside {
    /// The better copy of the piece that `page` holds as `own`.
    ///
    /// # Errors
    /// If the site is in trouble.
    pub async fn better(
        &mut self,
        asker: &mut Asker<'_>,
        kept: &mut Remembered,
        page: &page::Page,
        own: &Draft,
        now: Time,
    ) -> Result<Copy, Trouble> {
        if let Some((root, id)) = page.data.as_ref().and_then(single::address)
            && let Some(copy) = self.post(asker, kept, (root, id), own, now).await?
        {
            return Ok(copy);
        }
        for feed in &page.feeds {
            if let Some(item) = self.item(asker, kept, feed, own, now).await?
                && is_whole(&item, own, page.standing)
            {
                return Ok(Copy::Better(Box::new(with_item(item, own))));
            }
        }
        Ok(Copy::Own)
    }

    /// The post that a page names; `None` if its interface is closed.
    async fn post(
        &mut self,
        asker: &mut Asker<'_>,
        kept: &mut Remembered,
        (root, id): (Url, u64),
        own: &Draft,
        now: Time,
    ) -> Result<Option<Copy>, Trouble> {
        let name = root.to_string();
        let limits = (asker.max_bytes, asker.allow_private);
        if is_closed(kept, &name, now) {
            return Ok(None);
        }
        let way = asker.in_turn(&root).await?;
        if !self.interfaces.contains_key(&name) {
            let found = Interface::open(&way, &root, limits).await?;
            self.interfaces.insert(name.clone(), found);
        }
        let Some(interface) = self.interfaces.get(&name).and_then(Option::as_ref) else {
            kept.closed.insert(name, now.timestamp());
            return Ok(None);
        };
        Ok(match interface.post(&way, id, own.language.as_deref(), limits).await? {
            Single::Open(post) => Some(Copy::Better(Box::new(with_post(*post, own)))),
            Single::Closed => Some(Copy::Closed),
            Single::Nothing => None,
        })
    }

    /// The item of a feed that is about the page.
    async fn item(
        &mut self,
        asker: &mut Asker<'_>,
        kept: &mut Remembered,
        feed: &Url,
        own: &Draft,
        now: Time,
    ) -> Result<Option<Draft>, Trouble> {
        let name = feed.to_string();
        if !self.feeds.contains_key(&name) {
            if self.feeds.len() >= FEEDS || is_closed(kept, &name, now) {
                return Ok(None);
            }
            let items = read(asker, feed).await?;
            if items.is_empty() {
                kept.closed.insert(name.clone(), now.timestamp());
            }
            self.feeds.insert(name.clone(), items);
        }
        let items = self.feeds.get(&name);
        let url = own.url.as_deref().and_then(|url| Url::parse(url).ok());
        Ok(url.and_then(|url| items?.get(&likeness(&url)).cloned()))
    }
}

fn is_closed(kept: &mut Remembered, name: &str, now: Time) -> bool {
    let now = now.timestamp();
    kept.closed.retain(|_, tried| (0..PATIENCE).contains(&(now - *tried)));
    kept.closed.contains_key(name)
}

/// The items of a feed by their addresses; none if it cannot be read.
async fn read(asker: &mut Asker<'_>, feed: &Url) -> Result<HashMap<String, Draft>, Trouble> {
    let document = match asker.ask(feed, Hope::Feed, (None, None)).await {
        Ok(Reply::Document(document)) => document,
        Ok(_) | Err(Trouble::Operator { .. } | Trouble::Gone { .. }) => return Ok(HashMap::new()),
        Err(trouble) => return Err(trouble),
    };
    let read = tokio::task::spawn_blocking(move || {
        let base = Some(&document.final_url);
        let read = parse::document(&document.bytes, document.content_type.as_deref(), base).ok();
        let drafts = read.map(|read| read.drafts).unwrap_or_default();
        let keyed = drafts.into_iter().filter_map(|draft| {
            let url = Url::parse(draft.url.as_deref()?).ok()?;
            Some((likeness(&url), draft))
        });
        keyed.collect()
    });
    Ok(read.await.unwrap_or_default())
}

/// What is equal in all forms in which one page is linked.
fn likeness(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let query: Vec<String> = url
        .query_pairs()
        .filter(|(key, _)| !key.starts_with("utm_"))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!(
        "{}{}?{}",
        host.strip_prefix("www.").unwrap_or(host),
        url.path().trim_end_matches('/'),
        query.join("&")
    )
}

/// Does a feed's item hold the whole piece? Most hold its beginning. Of a page
/// that shows only a beginning, whatever is longer is better.
fn is_whole(item: &Draft, own: &Draft, standing: page::Standing) -> bool {
    let words = |draft: &Draft| parse::plain_line(&draft.body).split_whitespace().count();
    let (theirs, ours) = (words(item), words(own));
    match standing {
        page::Standing::Stub => theirs > ours,
        // What a page holds besides its piece may be a little more.
        _ => theirs > 20 && theirs * 10 >= ours * 9,
    }
}

/// A post with what only its page says.
fn with_post(mut post: Draft, own: &Draft) -> Draft {
    post.image = post.image.or_else(|| own.image.clone());
    post.language = post.language.or_else(|| own.language.clone());
    if post.authors.is_empty() {
        post.authors.clone_from(&own.authors);
    }
    post.url = post.url.or_else(|| own.url.clone());
    with_crumbs(&mut post, own);
    with_hints(&mut post, own);
    post
}

/// A page's piece with the text of its item in a feed.
fn with_item(item: Draft, own: &Draft) -> Draft {
    let mut draft = own.clone();
    if !item.title.is_empty() {
        draft.title = item.title;
    }
    if draft.authors.is_empty() {
        draft.authors = item.authors;
    }
    draft.published = draft.published.or(item.published);
    draft.updated = draft.updated.or(item.updated);
    draft.image = draft.image.or(item.image);
    for label in item.labels {
        parse::label::add(&mut draft.labels, Some(label));
    }
    draft.body = match item.body {
        Body::Html(html) => {
            let base = draft.url.as_deref().and_then(|url| Url::parse(url).ok());
            let cut = page::cut(&html, &draft.title, base.as_ref());
            if draft.authors.is_empty() {
                draft.authors = cut.byline.as_deref().map(parse::person::names).unwrap_or_default();
            }
            Body::Html(cut.html)
        }
        text @ Body::Text(_) => text,
    };
    draft
}

/// The breadcrumb stands on the page alone, and says most.
fn with_crumbs(draft: &mut Draft, own: &Draft) {
    let crumbs = own.labels.iter().filter(|label| label.kind == LabelKind::Breadcrumb);
    for label in crumbs {
        draft.labels.retain(|known| known.path != label.path);
        draft.labels.insert(0, label.clone());
    }
}

fn with_hints(draft: &mut Draft, own: &Draft) {
    for hint in &own.hints {
        if draft.hints.len() < 20 && draft.hints.iter().all(|known| known.title != hint.title) {
            draft.hints.push(hint.clone());
        }
    }
}
