//! A WordPress as a source, by its REST interface; by its feed where that is closed.
//!
//! WordPress tells of a change only if it is asked for each thing in its own
//! way: `modified_after` shows edits but neither deletions nor backdated posts
//! nor renamed categories. So every so often the list of all ids is compared
//! with what was seen, and a post that is missing is asked for by its own
//! address before it is believed to be gone.

mod discover;
mod feed;
mod listing;
mod memory;
pub(super) mod post;
mod rest;
pub(super) mod single;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use tracing::debug;
use url::Url;

use super::fetch::Fetch;
use super::{Login, Memory, Part, Settings, Trouble, departure};
use crate::article::Draft;
use crate::clock::{Time, from_millis};
use crate::secret::Secret;
use discover::Found;
pub use memory::Remembered;
use post::Names;
pub(super) use rest::same_host as same_site;
use rest::{Failure, List, Reply, Site};

/// Posts fetched at a visit; the next one goes on at once.
const MOST: usize = 400;
/// Posts fetched with one question, unless they are large.
const BATCH: usize = 40;
/// Up to so many posts the list of all ids is compared at each visit.
const SMALL: usize = 1000;
/// How long a large site's list is not asked for, in seconds.
const PAUSE: i64 = 3600;
/// How far the question for changes reaches back, in seconds.
const OVERLAP: i64 = 900;
/// How long a closed interface is not asked again, in seconds.
const PATIENCE: i64 = 3600;
/// What a post brings along.
const EMBED: &str = "author,wp:term,wp:featuredmedia";

/// Looks what has changed since the visit that left `memory`.
///
/// # Errors
/// If the site could not be read: then nothing has changed.
pub async fn visit(
    fetch: &dyn Fetch,
    settings: &Settings,
    (url, login): (&Url, Option<&Login>),
    memory: &Memory,
    now: Time,
) -> Result<Part, Trouble> {
    let site = Site {
        fetch,
        url,
        max_bytes: settings.max_bytes,
        allow_private: settings.allow_private,
        login: login.map(Login::basic).map(Secret::new),
    };
    let kept = memory.wordpress.as_deref().cloned().unwrap_or_default();
    let mut visit = Visit { site, kept, now, part: Part::default() };
    visit.run().await?;
    let Visit { mut part, kept, .. } = visit;
    part.memory = Memory { wordpress: Some(Box::new(kept)), ..memory.clone() };
    Ok(part)
}

/// One visit on its way.
struct Visit<'a> {
    site: Site<'a>,
    kept: Remembered,
    now: Time,
    part: Part,
}

impl Visit<'_> {
    async fn run(&mut self) -> Result<(), Trouble> {
        let now = self.now.timestamp();
        let known = self.kept.root.as_deref().and_then(|root| Url::parse(root).ok());
        if let Some(root) = known {
            match self.rest(&root).await {
                Ok(()) => return Ok(()),
                Err(Failure::Trouble(trouble)) => return Err(trouble),
                // It may have moved.
                Err(Failure::Closed(_)) => self.kept.root = None,
            }
        } else if self.kept.sought.is_some_and(|sought| (0..PATIENCE).contains(&(now - sought))) {
            return self.feed().await;
        }
        let front = discover::front(&self.site).await?;
        self.kept.language.clone_from(&front.language);
        self.kept.feed = front.feed.as_ref().map(ToString::to_string);
        match discover::rest(&self.site, &front).await? {
            Found::Open(root) => {
                (self.kept.sought, self.kept.why) = (None, None);
                self.kept.root = Some(root.to_string());
                self.kept.compared = None;
                match self.rest(&root).await {
                    Ok(()) => Ok(()),
                    Err(Failure::Trouble(trouble)) => Err(trouble),
                    Err(Failure::Closed(why)) => {
                        self.kept.root = None;
                        self.kept.sought = Some(now);
                        self.kept.why = Some(format!("its REST interface is half closed ({why})"));
                        self.feed().await
                    }
                }
            }
            Found::Closed(why) => {
                self.kept.sought = Some(now);
                self.kept.why = Some(format!("its REST interface is closed ({why})"));
                self.feed().await
            }
        }
    }

    async fn rest(&mut self, root: &Url) -> Result<(), Failure> {
        let names = listing::names(&self.site, root).await?;
        if self.kept.waiting.is_empty() {
            let mut due = self.is_due();
            if !due {
                due = self.changes(root, &names).await?;
            }
            if due {
                self.compare(root, &names).await?;
            }
        }
        self.fetch_waiting(root, &names).await?;
        self.part.more = !self.kept.waiting.is_empty();
        Ok(())
    }

    /// Is it time to compare the list of all ids?
    fn is_due(&self) -> bool {
        let posts = self.kept.posts.len();
        let pause = PAUSE * (1 + i64::try_from(posts / 20_000).unwrap_or(0));
        let age = self.kept.compared.map(|compared| self.now.timestamp() - compared);
        age.is_none_or(|age| posts <= SMALL || !(0..pause).contains(&age))
    }

    /// What was edited or added since the last visit, on a site too large to
    /// compare each time; true if only a comparison can tell the rest.
    async fn changes(&mut self, root: &Url, names: &Names) -> Result<bool, Failure> {
        let since = self.kept.watermark.unwrap_or(0) - OVERLAP;
        // Without its Z, WordPress would take it for the time of its own zone.
        let since = from_millis(since * 1000).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut wanted = BTreeSet::new();
        for page in 1..=100 {
            let page = page.to_string();
            let query = [
                ("modified_after", since.as_str()),
                ("orderby", "modified"),
                ("order", "asc"),
                ("per_page", "100"),
                ("page", page.as_str()),
                ("_fields", "id,guid,modified_gmt,link,status,author,categories,content.protected"),
            ];
            let List::Rows { rows, pages, .. } =
                self.site.list(root, "wp/v2/posts", &query).await?
            else {
                break;
            };
            for (guid, seen) in rows.iter().filter_map(|row| post::row(row, names)) {
                if self.kept.posts.get(&guid) != Some(&seen) {
                    wanted.insert(seen.id);
                }
            }
            if pages
                .map_or(rows.len() < 100, |pages| page.parse().is_ok_and(|page: u64| page >= pages))
            {
                break;
            }
        }
        // One number tells whether something went, or came in with an old date.
        let query = [("per_page", "1"), ("_fields", "id")];
        let List::Rows { total: Some(total), .. } =
            self.site.list(root, "wp/v2/posts", &query).await?
        else {
            return Ok(true);
        };
        let known: BTreeSet<u64> = self.kept.posts.values().map(|seen| seen.id).collect();
        let expected = known.len() + wanted.difference(&known).count();
        self.kept.waiting = wanted.into_iter().rev().collect();
        Ok(total != expected as u64)
    }

    /// Compares the list of all ids with what was seen.
    async fn compare(&mut self, root: &Url, names: &Names) -> Result<(), Failure> {
        let listing = listing::all(&self.site, root, names).await?;
        let plan = listing::compare(&self.kept.posts, &listing);
        debug!(
            wanted = plan.wanted.len(),
            missing = plan.missing.len(),
            "Compared {} posts",
            listing.posts.len()
        );
        let gone = self
            .confirmed(root, &plan.missing, listing.posts.values().rfind(|seen| !seen.closed))
            .await?;
        for guid in gone {
            self.kept.posts.remove(&guid);
            self.part.gone.push(guid);
        }
        self.kept.waiting = plan.wanted;
        self.kept.compared = Some(self.now.timestamp());
        Ok(())
    }

    /// Which of the missing posts are gone by their own address. A site in
    /// trouble says so of everything: then a post that is listed is missing
    /// too, and nothing is believed.
    async fn confirmed(
        &self,
        root: &Url,
        missing: &[String],
        control: Option<&memory::Seen>,
    ) -> Result<Vec<String>, Failure> {
        let mut gone = Vec::new();
        // So many at once are not let go without the operator; a sample shows
        // whether there is anything to ask about.
        let many = departure::is_mass(missing.len(), self.kept.posts.len());
        let step = if many { missing.len().div_ceil(departure::SAMPLE) } else { 1 };
        for (at, guid) in missing.iter().enumerate() {
            let Some(seen) = self.kept.posts.get(guid) else { continue };
            if at % step != 0 || self.is_gone(root, seen.id, &seen.link).await? {
                gone.push(guid.clone());
            } else if many {
                return Ok(Vec::new());
            }
        }
        if let Some(control) = control.filter(|_| !gone.is_empty())
            && self.is_gone(root, control.id, &control.link).await?
        {
            return Ok(Vec::new());
        }
        Ok(gone)
    }

    /// Asks for one post. Only a clear no counts: trouble ends the visit.
    async fn is_gone(&self, root: &Url, id: u64, link: &str) -> Result<bool, Failure> {
        if id == 0 {
            return self.is_page_gone(link, &HashSet::new()).await.map_err(Failure::Trouble);
        }
        let route = format!("wp/v2/posts/{id}");
        let query = [("_fields", "id,status,content.protected")];
        Ok(match self.site.ask(root, &route, &query).await? {
            Reply::Json { value, .. } => post::is_closed(&value),
            Reply::Refused { status: 410, .. } => true,
            // WordPress itself has to say it, and not something in front of it.
            Reply::Refused { status: 401 | 403 | 404, code: Some(code) } => {
                code == "rest_forbidden"
                    || code.starts_with("rest_post_invalid")
                    || code == "rest_cannot_read"
            }
            Reply::Refused { .. } | Reply::Other => false,
        })
    }

    /// Fetches what is waiting, up to what one visit may bring.
    async fn fetch_waiting(&mut self, root: &Url, names: &Names) -> Result<(), Failure> {
        let take = self.kept.waiting.len().min(MOST);
        let ids: Vec<u64> = self.kept.waiting.drain(..take).collect();
        let mut batches: Vec<Vec<u64>> = ids.chunks(BATCH).rev().map(<[u64]>::to_vec).collect();
        while let Some(batch) = batches.pop() {
            match self.fetch_batch(root, &batch).await {
                Ok(values) => self.take(&values, names),
                Err(Failure::Closed(why)) => return Err(Failure::Closed(why)),
                Err(Failure::Trouble(trouble)) => {
                    // One post that WordPress fails on must not hold up the rest.
                    let query = [("per_page", "1"), ("_fields", "id")];
                    self.site.list(root, "wp/v2/posts", &query).await?;
                    if let [id] = batch[..] {
                        self.part.failures.push(format!(
                            "post {id} cannot be read ({trouble}); open it on the site and mend it, or raise max_bytes in [[source]]"
                        ));
                    } else {
                        let (front, back) = batch.split_at(batch.len() / 2);
                        batches.extend([back.to_vec(), front.to_vec()]);
                    }
                }
            }
        }
        Ok(())
    }

    async fn fetch_batch(&self, root: &Url, ids: &[u64]) -> Result<Vec<Value>, Failure> {
        let include: Vec<String> = ids.iter().map(u64::to_string).collect();
        let (include, count) = (include.join(","), ids.len().to_string());
        let query = [
            ("include", include.as_str()),
            ("orderby", "include"),
            ("per_page", count.as_str()),
            ("_embed", EMBED),
        ];
        match self.site.list(root, "wp/v2/posts", &query).await? {
            List::Rows { rows, .. } => Ok(rows),
            List::PastTheEnd => Ok(Vec::new()),
        }
    }

    fn take(&mut self, values: &[Value], names: &Names) {
        let language = self.kept.language.clone();
        for value in values {
            let Some(mut post) = post::post(value, names, self.site.url, language.as_deref())
            else {
                continue;
            };
            // A copied post has the guid of another, which was there first.
            if self
                .kept
                .posts
                .get(&post.guid)
                .is_some_and(|seen| seen.id != post.seen.id && seen.id != 0)
            {
                let guid = format!("{}#post-{}", post.guid, post.seen.id);
                if let Some(draft) = &mut post.draft {
                    draft.guid.clone_from(&guid);
                }
                post.guid = guid;
            }
            if post.seen.modified <= self.now.timestamp() {
                self.kept.watermark = self.kept.watermark.max(Some(post.seen.modified));
            }
            match post.draft {
                Some(draft) => self.part.drafts.push(draft),
                None => self.part.gone.push(post.guid.clone()),
            }
            self.kept.posts.insert(post.guid, post.seen);
        }
    }
}

/// Puts drafts in the order in which they appeared, newest first.
fn newest_first(drafts: &mut [Draft]) {
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.published));
}
