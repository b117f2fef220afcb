//! What is behind an address that a person typed: a feed, a page that names
//! its feeds, a WordPress, a sitemap.

use url::Url;

use super::fetch::{Fetch, Fetched, Refusals, Request, Response};
use super::{Trouble, hub, parse};
use crate::article::markup::{Token, Tokens, attribute};

/// One way to take in what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A WordPress that answers over REST.
    Wordpress {
        /// Its front page.
        front: Url,
    },
    /// A feed.
    Feed {
        /// Its address.
        url: Url,
        /// What the page calls it.
        title: Option<String>,
    },
    /// A website whose sitemap is there.
    Site {
        /// Its front page.
        front: Url,
        /// The sitemap.
        sitemap: Url,
    },
}

/// The largest document that is looked at.
const LARGEST: u64 = 10_000_000;
/// Feeds that one page may name.
const MOST_FEEDS: usize = 20;
/// Where feeds mostly are that no page names.
const USUAL: [&str; 8] =
    ["feed/", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json", "feeds/all.rss"];

/// Looks what is behind `url`: all ways to take it in, the best first.
///
/// # Errors
/// If nothing answers there.
pub async fn look(fetch: &dyn Fetch, url: &Url, allow_private: bool) -> Result<Vec<Way>, Trouble> {
    let request = Request::to(url.clone(), LARGEST, allow_private);
    let page = match fetch.fetch(request).await? {
        Response::Document(page) | Response::Refused { document: page, .. } => page,
        Response::NotModified(_) => return Ok(Vec::new()),
    };
    if is_feed(&page) {
        return Ok(vec![Way::Feed { url: page.final_url, title: None }]);
    }
    let mut ways = in_page(&page);
    let ask = Asker { fetch, allow_private };
    if !ways.iter().any(|way| matches!(way, Way::Feed { .. }))
        && let Some(found) = ask.usual_feed(&page.final_url).await
    {
        ways.push(found);
    }
    ways.extend(ask.sitemap(&page.final_url).await);
    Ok(ways)
}

/// What a page says about itself: its WordPress, and the feeds it names.
#[must_use]
pub fn in_page(page: &Fetched) -> Vec<Way> {
    let source = parse::encoding::decode(&page.bytes, page.content_type.as_deref(), None);
    let base = &page.final_url;
    let mut wordpress =
        page.header("link").flat_map(hub::links).any(|(rel, _)| rel == "https://api.w.org/");
    let mut feeds: Vec<Way> = Vec::new();
    for token in Tokens::of(&source).take(20_000) {
        let Token::Start { name, attributes, .. } = token else { continue };
        let value = |name| attribute(attributes, name).unwrap_or_default().trim().to_owned();
        if name.eq_ignore_ascii_case("meta") && value("name").eq_ignore_ascii_case("generator") {
            wordpress |= value("content").starts_with("WordPress");
        }
        if !name.eq_ignore_ascii_case("link") {
            continue;
        }
        let rel = value("rel").to_ascii_lowercase();
        wordpress |= rel == "https://api.w.org/";
        let kind = value("type").to_ascii_lowercase();
        let is_feed = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
            .iter()
            .any(|known| kind.starts_with(known));
        let alternate = rel.split_ascii_whitespace().any(|rel| rel == "alternate" || rel == "feed");
        if is_feed
            && alternate
            && feeds.len() < MOST_FEEDS
            && let Ok(url) = base.join(&value("href"))
            && matches!(url.scheme(), "http" | "https")
            && !feeds.iter().any(|way| matches!(way, Way::Feed { url: known, .. } if *known == url))
        {
            let title = Some(value("title")).filter(|title| !title.is_empty());
            feeds.push(Way::Feed { url, title });
        }
    }
    // A feed of comments is never what is meant first.
    feeds.sort_by_key(|way| match way {
        Way::Feed { url, .. } => url.path().contains("comment"),
        _ => false,
    });
    let front = base.join("./").unwrap_or_else(|_| base.clone());
    let wordpress = wordpress.then_some(Way::Wordpress { front });
    wordpress.into_iter().chain(feeds).collect()
}

fn is_feed(page: &Fetched) -> bool {
    parse::document(&page.bytes, page.content_type.as_deref(), Some(&page.final_url)).is_ok()
}

struct Asker<'a> {
    fetch: &'a dyn Fetch,
    allow_private: bool,
}

impl Asker<'_> {
    async fn ask(&self, url: Url) -> Option<Fetched> {
        let request =
            Request { refusals: Refusals::Answer, ..Request::to(url, LARGEST, self.allow_private) };
        match self.fetch.fetch(request).await {
            Ok(Response::Document(document)) => Some(document),
            _ => None,
        }
    }

    async fn usual_feed(&self, page: &Url) -> Option<Way> {
        for path in USUAL {
            let Some(found) = self.ask(page.join(path).ok()?).await else { continue };
            if is_feed(&found) {
                return Some(Way::Feed { url: found.final_url, title: None });
            }
        }
        None
    }

    /// The sitemap that `robots.txt` names, or the usual one.
    async fn sitemap(&self, page: &Url) -> Option<Way> {
        let front = page.join("/").ok()?;
        let robots = self.ask(front.join("robots.txt").ok()?).await;
        let named = robots.as_ref().and_then(|robots| {
            let text = String::from_utf8_lossy(&robots.bytes);
            text.lines().take(5000).find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_sitemap = name.trim().eq_ignore_ascii_case("sitemap");
                is_sitemap.then(|| front.join(value.trim()).ok()).flatten()
            })
        });
        let sitemap = named.unwrap_or(front.join("sitemap.xml").ok()?);
        let found = self.ask(sitemap).await?;
        let text = parse::encoding::decode(&found.bytes, None, None);
        let first = Tokens::of(&text).take(50).find_map(|token| match token {
            Token::Start { name, .. } => Some(name.rsplit(':').next().unwrap_or(name)),
            _ => None,
        })?;
        ["urlset", "sitemapindex"]
            .contains(&first)
            .then_some(Way::Site { front, sitemap: found.final_url })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::source::fetch::{Answer, Said, operator};

    struct Web(HashMap<&'static str, &'static str>);

    impl Fetch for Web {
        fn fetch(&self, request: Request) -> Answer<'_> {
            Box::pin(async move {
                let Some(body) = self.0.get(request.url.as_str()) else {
                    return Err(operator("not there"));
                };
                Ok(Response::Document(Fetched {
                    bytes: body.as_bytes().to_vec(),
                    content_type: None,
                    final_url: request.url,
                    etag: None,
                    last_modified: None,
                    said: Said::default(),
                }))
            })
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[tokio::test]
    async fn everything_that_a_site_offers_is_found() {
        let web = Web(HashMap::from([
            (
                "https://e.example/mag/",
                "<html><head><title>M</title><link rel='https://api.w.org/' href='/wp-json/'>\
                 <link rel=alternate type=application/rss+xml title='Comments' href='/mag/comments/feed/'>\
                 <link rel=alternate type=application/rss+xml title='Main &amp; all' href='/mag/feed/'></head></html>",
            ),
            ("https://e.example/robots.txt", "User-agent: *\nSitemap: /maps/all.xml\n"),
            (
                "https://e.example/maps/all.xml",
                "<?xml version='1.0'?><sitemapindex></sitemapindex>",
            ),
        ]));

        let ways = look(&web, &url("https://e.example/mag/"), false).await.unwrap();

        let feed = |path: &str, title: &str| Way::Feed {
            url: url(&format!("https://e.example{path}")),
            title: Some(title.to_owned()),
        };
        assert_eq!(
            ways,
            [
                Way::Wordpress { front: url("https://e.example/mag/") },
                feed("/mag/feed/", "Main & all"),
                feed("/mag/comments/feed/", "Comments"),
                Way::Site {
                    front: url("https://e.example/"),
                    sitemap: url("https://e.example/maps/all.xml")
                },
            ]
        );
    }

    #[tokio::test]
    async fn a_feed_that_no_page_names_is_looked_for() {
        let web = Web(HashMap::from([
            ("https://e.example/", "<html><title>M</title></html>"),
            ("https://e.example/rss.xml", "<rss><channel><title>R</title></channel></rss>"),
        ]));

        let ways = look(&web, &url("https://e.example/"), false).await.unwrap();

        assert_eq!(ways, [Way::Feed { url: url("https://e.example/rss.xml"), title: None }]);
    }
}
