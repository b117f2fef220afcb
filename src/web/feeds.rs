//! Feeds and the list of them, for feed readers: the right type, validators
//! that hold, and no work for those who have it all.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, Method};

use super::conditional;
use super::document::Document;
use super::office::Office;
use super::press::Sheet;
use super::trouble::Trouble;
use crate::clock::Time;
use crate::feed::Format;
use crate::flow::syndicate::{self, FeedName};

/// `/feeds/all.rss`, `/feeds/region/africa/kenya.atom`, `/feeds/author/SLUG.json`, …
pub async fn feed(
    State(office): State<Office>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (name, format) = read(&path).ok_or(Trouble::Missing)?;
    let sheet = Sheet::Feed(name.clone(), format);
    let made = print(&office, &name, format);
    let document = office.press.sheet(&office.house, sheet, made).await?.ok_or(Trouble::Missing)?;
    let max_age = office.house.settings().feeds.max_age;
    Ok(conditional::respond(&document, &method, &headers, max_age))
}

/// `/feeds.opml`
pub async fn opml(
    State(office): State<Office>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let made = async {
        let text = syndicate::opml(&office.house).await?;
        let changed = syndicate::changed(&office.house, "feeds.opml", &text).await?;
        let address = office.house.settings().site.address("feeds.opml");
        let content_type = "text/x-opml; charset=utf-8";
        set(text, content_type, changed, vec![itself(&address)]).await.map(Some)
    };
    let document =
        office.press.sheet(&office.house, Sheet::Opml, made).await?.ok_or(Trouble::Missing)?;
    let max_age = office.house.settings().feeds.max_age;
    Ok(conditional::respond(&document, &method, &headers, max_age))
}

/// What stands behind `/feeds/`: which feed, in which format.
fn read(path: &str) -> Option<(FeedName, Format)> {
    let (name, extension) = path.rsplit_once('.')?;
    Some((FeedName::parse(name)?, Format::parse(extension)?))
}

async fn print(
    office: &Office,
    name: &FeedName,
    format: Format,
) -> Result<Option<Document>, Trouble> {
    let Some(feed) = syndicate::feed(&office.house, name, format).await? else { return Ok(None) };
    let links = vec![itself(&feed.address)];
    set(feed.text, format.content_type(), feed.changed, links).await.map(Some)
}

fn itself(address: &str) -> String {
    format!("<{address}>; rel=\"self\"")
}

/// Sets a text as a document. Compressing a long one takes a while: not on a
/// thread that others wait for.
pub async fn set(
    text: String,
    content_type: &'static str,
    changed: Time,
    links: Vec<String>,
) -> Result<Document, Trouble> {
    tokio::task::spawn_blocking(move || Document::new(text, content_type, changed, links))
        .await
        .map_err(|error| Trouble::Fault(format!("a document could not be set: {error}")))
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
            assert!(read(path).is_some(), "{path}");
        }
        for path in bad {
            assert!(read(path).is_none(), "{path}");
        }
    }
}
