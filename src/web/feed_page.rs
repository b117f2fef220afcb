//! The page that a person sees who opens a feed in a browser: its newest
//! pieces, and how to have the next ones come by themselves.

use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderValue, Method};

use super::office::Office;
use super::trouble::Trouble;
use super::{page, stories};
use crate::article::ArticleId;
use crate::feed::Format;
use crate::flow::syndicate::{self, FeedName};
use crate::store::articles;
use crate::template::hue;
use crate::template::pages::{FeedLinks, Listing};

/// Pieces on the page.
const LATEST: usize = 20;

/// The page of a feed; `None` if there is no such feed.
pub async fn show(
    office: &Office,
    name: &FeedName,
    format: Format,
) -> Result<Option<Response>, Trouble> {
    let settings = office.house.settings();
    if let FeedName::Digest(digest) = name
        && settings.digest(digest).is_some()
    {
        // The archive of a digest is its page.
        let mut response = Redirect::to(&name.page()).into_response();
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        return Ok(Some(response));
    }
    let Some((title, places)) = syndicate::outline(&office.house, name, LATEST + 1).await? else {
        return Ok(None);
    };
    let mut tx = office.house.store.read().await?;
    let mut cards = vec![];
    for place in places {
        cards.extend(articles::card(&mut tx, ArticleId(place)).await?);
    }
    drop(tx);
    let older_url = match name {
        FeedName::All | FeedName::Region(_) | FeedName::Author(_) => {
            stories::cut(&name.page(), &mut cards, LATEST)
        }
        _ => String::new(),
    };
    cards.truncate(LATEST);
    let within = match name {
        FeedName::Region(region) => Some(region.clone()),
        _ => None,
    };
    let page = Listing {
        shell: page::shell(office, &settings),
        title,
        hue: within.as_ref().map_or_else(|| hue("world"), |region| hue(region.as_str())),
        crumbs: vec![],
        feeds: FeedLinks::of(&format!("/{}", name.path())),
        stories: stories::stories(&settings, &cards, within.as_ref()),
        older_url,
        newer_url: String::new(),
        feed_url: settings.site.address(&format!("{}.{}", name.path(), format.extension())),
    };
    let mut response = page::show(&settings, &page)?;
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(Some(response))
}

/// Does this request come from somebody who wants to read?
pub fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    (*method == Method::GET || *method == Method::HEAD)
        && super::conditional::Asked::of(headers).prefers_page()
}
