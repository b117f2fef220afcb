//! Asking a website as its publisher wishes: only for what its robots.txt
//! allows, and never faster than it bears.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use super::super::Trouble;
use super::super::fetch::{Answer, Fetch, Fetched, Hope, Refusals, Request, Response, later};
use super::super::shown::Shown;
use super::robots::{self, Robots};

/// The name that a robots.txt knows this program by.
const AGENT: &str = "gazetted";
/// Hosts of one site whose rules are read at a visit.
const HOSTS: usize = 20;

/// An answer to a question for a page or a file.
#[derive(Debug)]
pub enum Reply {
    /// What is known is still the newest.
    NotModified,
    /// It is here.
    Document(Box<Fetched>),
    /// A final refusal.
    Refused(u16),
    /// Its robots.txt does not want it to be asked for.
    Forbidden,
}

/// Whoever asks a site.
pub struct Asker<'a> {
    /// The way to the network.
    pub fetch: &'a dyn Fetch,
    /// The largest document taken.
    pub max_bytes: u64,
    /// Whether it may stand in a private network.
    pub allow_private: bool,
    /// The least time between two questions, by the operator.
    pub delay: Duration,
    rules: HashMap<String, Robots>,
}

impl<'a> Asker<'a> {
    /// One who has not read any rules yet.
    #[must_use]
    pub fn new(fetch: &'a dyn Fetch, max_bytes: u64, allow_private: bool, delay: Duration) -> Self {
        Self { fetch, max_bytes, allow_private, delay, rules: HashMap::new() }
    }

    /// The rules of the host of `url`.
    ///
    /// # Errors
    /// If they cannot be read because the host is in trouble: then nothing may
    /// be asked for (RFC 9309, section 2.3.1.4).
    pub async fn rules(&mut self, url: &Url) -> Result<&Robots, Trouble> {
        let origin = url.origin().ascii_serialization();
        if !self.rules.contains_key(&origin) {
            if self.rules.len() >= HOSTS {
                return Err(later(
                    format!("{} leads to more than {HOSTS} hosts; check its sitemap", Shown(url)),
                    None,
                ));
            }
            let robots = self.read_rules(url).await?;
            self.rules.insert(origin.clone(), robots);
        }
        Ok(self.rules.entry(origin).or_default())
    }

    async fn read_rules(&self, url: &Url) -> Result<Robots, Trouble> {
        let Ok(place) = url.join("/robots.txt") else { return Ok(Robots::default()) };
        let request = Request {
            refusals: Refusals::Answer,
            hope: Hope::Page,
            spacing: self.delay,
            ..Request::to(place, self.max_bytes.max(robots::LARGEST as u64), self.allow_private)
        };
        match self.fetch.fetch(request).await {
            Ok(Response::Document(document)) => Ok(Robots::read(&document.bytes, AGENT)),
            // Where there are no rules, everything may be asked for.
            Ok(_) | Err(Trouble::Gone { .. }) => Ok(Robots::default()),
            Err(Trouble::Later { message, retry_after }) => Err(later(
                format!("without its robots.txt nothing is asked: {message}"),
                retry_after,
            )),
            Err(trouble) => Err(trouble),
        }
    }

    /// Asks for `url`, unless what is known by these validators is the newest.
    ///
    /// # Errors
    /// If there is trouble on the way; a refusal is an answer.
    pub async fn ask(
        &mut self,
        url: &Url,
        hope: Hope,
        (etag, last_modified): (Option<String>, Option<String>),
    ) -> Result<Reply, Trouble> {
        let delay = self.delay;
        let rules = self.rules(url).await?;
        if !rules.allow(url) {
            return Ok(Reply::Forbidden);
        }
        let request = Request {
            etag,
            last_modified,
            refusals: Refusals::Answer,
            hope,
            spacing: delay.max(rules.delay.unwrap_or_default()),
            ..Request::to(url.clone(), self.max_bytes, self.allow_private)
        };
        Ok(match self.fetch.fetch(request).await? {
            Response::NotModified(_) => Reply::NotModified,
            Response::Document(document) => Reply::Document(Box::new(document)),
            Response::Refused { status, .. } => Reply::Refused(status),
        })
    }

    /// The same way to the network for somebody who knows nothing of manners,
    /// to ask the host of `url`.
    ///
    /// # Errors
    /// If its rules cannot be read.
    pub async fn in_turn(&mut self, url: &Url) -> Result<InTurn<'a>, Trouble> {
        let (fetch, delay) = (self.fetch, self.delay);
        let rules = self.rules(url).await?.clone();
        let spacing = delay.max(rules.delay.unwrap_or_default());
        Ok(InTurn { fetch, rules, spacing })
    }
}

/// A way to the network that keeps one site's rules.
pub struct InTurn<'a> {
    fetch: &'a dyn Fetch,
    rules: Robots,
    spacing: Duration,
}

impl Fetch for InTurn<'_> {
    fn fetch(&self, request: Request) -> Answer<'_> {
        if self.rules.allow(&request.url) {
            return self.fetch.fetch(Request { spacing: self.spacing, ..request });
        }
        let message =
            format!("the robots.txt of the site keeps programs out of {}", Shown(&request.url));
        Box::pin(async move { Err(Trouble::Operator { message }) })
    }
}
