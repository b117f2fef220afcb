//! Feeds and the list of them, for feed readers: the right type, validators
//! that hold, and no work for those who have it all.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use tracing::warn;

use super::conditional;
use super::document::Document;
use super::express::Find;
use super::feed_page;
use super::office::Office;
use super::press::{Edge, Look, Made, Source};
use super::trouble::Trouble;
use crate::clock::Time;
use crate::feed::{Composed, Format};
use crate::flow::syndicate::picked::{self, Pick};
use crate::flow::syndicate::{self, Absent, FeedName, Round};
use crate::store::StoreError;

/// `/feeds/all.rss`, `/feeds/region/africa/kenya.atom`, `/feeds/author/SLUG.json`, …
pub async fn feed(
    State(office): State<Office>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    if let Some(pick) = picked(&office, &uri).await? {
        let (pick, format) = pick;
        let document = pick_document(&office, &pick, format).await?.ok_or(Trouble::Missing)?;
        return Ok(conditional::respond(&document, &method, &headers).await);
    }
    let (name, format) = read(uri.path()).ok_or(Trouble::Missing)?;
    if feed_page::is_wanted(&method, &headers)
        && let Some(page) = feed_page::show(&office, &name, format).await?
    {
        return Ok(page);
    }
    let Some(document) = document(&office, &name, format).await? else {
        return absent(&office, &name, format).await;
    };
    Ok(conditional::respond(&document, &method, &headers).await)
}

/// `/feeds.opml`
pub async fn opml(
    State(office): State<Office>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let document = list(&office).await?.ok_or(Trouble::Missing)?;
    Ok(conditional::respond(&document, &method, &headers).await)
}

impl Find for Office {
    fn ready(&self, target: &str) -> Option<Arc<Document>> {
        self.press.ready(&self.house, target)
    }

    async fn find(&self, target: &str) -> Option<Arc<Document>> {
        // What it takes to make a feed is not carried along by every connection.
        Box::pin(at(self, target)).await
    }
}

/// The document at a path, if there is one. Trouble is for the router, which
/// has the words for it.
pub async fn at(office: &Office, path: &str) -> Option<Arc<Document>> {
    if path == "/feeds.opml" {
        return list(office).await.ok().flatten();
    }
    let (name, format) = read(path)?;
    document(office, &name, format).await.ok().flatten()
}

/// The document of a feed in one format, if there is such a feed.
pub async fn document(
    office: &Office,
    name: &FeedName,
    format: Format,
) -> Result<Option<Arc<Document>>, Trouble> {
    let path = format!("/{}.{}", name.path(), format.extension());
    let source = source(name);
    let make = |last: Option<Arc<Composed>>| async move {
        let mut round = Round::open(&office.house);
        let max_age = round.settings().feeds.max_age;
        round.make(name, &[(format, last)]).await?;
        Ok(round.close().await?.pop().map(|feed| set_feed(feed, max_age)))
    };
    office.press.sheet(&office.house, &path, source, make).await
}

/// Makes feeds anew in the formats that are named, after `look`, and puts all
/// of them out together.
///
/// # Errors
/// If the store does not answer.
pub async fn renew(
    office: &Office,
    look: Look,
    wanted: &[(FeedName, Vec<Format>)],
) -> Result<(), StoreError> {
    let mut round = Round::open(&office.house);
    let edge = Edge::of(look, round.settings());
    let max_age = round.settings().feeds.max_age;
    let path = |name: &FeedName, format: Format| format!("/{}.{}", name.path(), format.extension());
    let mut places = vec![];
    for (name, formats) in wanted {
        let behind: Vec<_> = formats
            .iter()
            .map(|format| (*format, path(name, *format)))
            .filter(|(_, path)| office.press.made(path, &edge).is_none())
            .map(|(format, path)| (format, office.press.parts(&path, &edge)))
            .collect();
        match round.make(name, &behind).await {
            Ok(true) => places.extend(behind.iter().map(|(format, _)| (name, *format))),
            Ok(false) => {
                for format in formats {
                    office.press.drop(&path(name, *format));
                }
            }
            Err(error) => warn!("/{} is behind: {error}", name.path()),
        }
    }
    for ((name, format), feed) in places.into_iter().zip(round.close().await?) {
        let made = set_feed(feed, max_age);
        office.press.keep(&path(name, format), source(name), edge.clone(), made);
    }
    Ok(())
}

/// What a feed is made from.
fn source(name: &FeedName) -> Source {
    name.shelf().map_or(Source::Editions, Source::Shelf)
}

fn set_feed(feed: syndicate::Feed, max_age: u32) -> Made {
    let mut links = vec![itself(&feed.address)];
    links.extend(feed.hubs.iter().map(|hub| format!("<{hub}>; rel=\"hub\"")));
    links.extend(feed.others.iter().map(|(other, address)| {
        format!("<{address}>; rel=\"alternate\"; type=\"{}\"", other.media_type())
    }));
    let text = feed.composed.text.clone();
    let kind = feed.format.content_type();
    let document = Document::hashed(text, &feed.hash, kind, feed.changed, links);
    let document = document.kept_for(max_age).beside_page();
    Made { document, composed: Some(feed.composed) }
}

async fn list(office: &Office) -> Result<Option<Arc<Document>>, Trouble> {
    let make = |_| async {
        let text = syndicate::opml(&office.house).await?;
        let changed = syndicate::changed(&office.house, "feeds.opml", text.as_bytes()).await?;
        let settings = office.house.settings();
        let address = settings.site.address("feeds.opml");
        let content_type = "text/x-opml; charset=utf-8";
        let document = Document::new(text, content_type, changed, vec![itself(&address)]);
        Ok(Some(document.kept_for(settings.feeds.max_age).into()))
    };
    office.press.sheet(&office.house, "/feeds.opml", Source::Everything, make).await
}

/// The fields of `/feeds/search.rss?…`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Wanted {
    q: String,
    region: String,
    lang: String,
}

/// What is picked by this address, if it picks something.
async fn picked(office: &Office, uri: &Uri) -> Result<Option<(Pick, Format)>, Trouble> {
    let Some((name, ending)) =
        uri.path().strip_prefix("/feeds/").and_then(|path| path.rsplit_once('.'))
    else {
        return Ok(None);
    };
    let Some(format) = Format::parse(ending) else { return Ok(None) };
    if name == "search" {
        let Query(wanted) = Query::<Wanted>::try_from_uri(uri).map_err(|_| Trouble::Missing)?;
        let pick = Pick::search(&wanted.q, &wanted.region, &wanted.lang);
        return Ok(Some((pick.ok_or(Trouble::Missing)?, format)));
    }
    let Some(token) = name.strip_prefix("my/") else { return Ok(None) };
    let pick = Pick::mine(&office.house, token).await?;
    // Whoever left, or never was, is told the same.
    Ok(Some((pick.ok_or(Trouble::Void)?, format)))
}

async fn pick_document(
    office: &Office,
    pick: &Pick,
    format: Format,
) -> Result<Option<Arc<Document>>, Trouble> {
    // What somebody chose is part of what their feed is made from.
    let path = match pick {
        Pick::Search { .. } => pick.address(format),
        Pick::Mine { regions, .. } => format!("{} {regions:?}", pick.address(format)),
    };
    let before = office.press.last(&path);
    let make = |last: Option<Arc<Composed>>| async move {
        let feed = picked::feed(&office.house, pick, format, last).await?;
        let text = feed.composed.text.clone();
        let links = vec![itself(&feed.address)];
        let kind = format.content_type();
        // The same bytes as last time have not changed since.
        let tag = format!("\"{}\"", feed.hash);
        let before = before.filter(|before| before.identity().etag == tag);
        let changed = before.map_or(feed.changed, |before| before.last_modified);
        let document = Document::hashed(text, &feed.hash, kind, changed, links);
        let document = document.kept_for(office.house.settings().feeds.max_age);
        let document = match pick {
            Pick::Search { .. } => document,
            Pick::Mine { .. } => document.for_one(),
        };
        Ok(Some(Made { document, composed: Some(feed.composed) }))
    };
    office.press.sheet(&office.house, &path, Source::Everything, make).await
}

/// What is said of a feed that is not there.
async fn absent(office: &Office, name: &FeedName, format: Format) -> Result<Response, Trouble> {
    match syndicate::absent(&office.house, name).await? {
        Absent::Unknown => Err(Trouble::Missing),
        Absent::Gone => Err(Trouble::Void),
        Absent::Moved(to) => {
            let path = format!("{}.{}", to.path(), format.extension());
            let address = office.house.settings().site.address(&path);
            Ok((StatusCode::MOVED_PERMANENTLY, [(LOCATION, address)]).into_response())
        }
    }
}

/// Which feed a path means, in which format.
fn read(path: &str) -> Option<(FeedName, Format)> {
    let (name, extension) = path.strip_prefix("/feeds/")?.rsplit_once('.')?;
    let name = percent_decode_str(name).decode_utf8().ok()?;
    Some((FeedName::parse(&name)?, Format::parse(extension)?))
}

fn itself(address: &str) -> String {
    format!("<{address}>; rel=\"self\"")
}

/// Sets a text as a document.
pub fn set(text: String, content_type: &'static str, changed: Time, max_age: u32) -> Made {
    Document::new(text, content_type, changed, vec![]).kept_for(max_age).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_feed_and_a_format_or_nothing() {
        let good = [
            "all.rss",
            "region/americas/united-states.atom",
            "author/redaktion-são-tomé.json",
            "digest/the.week.atom",
        ];
        let bad =
            ["all", "all.xml", "all.", ".rss", "region/Africa.rss", "region.rss", "author/A.rss"];

        for path in good {
            assert!(read(&format!("/feeds/{path}")).is_some(), "{path}");
        }
        for path in bad {
            assert!(read(&format!("/feeds/{path}")).is_none(), "{path}");
        }
    }
}
