//! What pages need besides themselves, and a word to crawlers.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::conditional;
use super::feeds;
use super::office::Office;
use super::press::Source;
use super::trouble::Trouble;

const ICON: &str = include_str!("favicon.svg");
/// The same as `favicon.svg`, for feeds: readers know no SVG.
const PICTURE: &[u8] = include_bytes!("icon.png");

/// Links with tokens are nobody's business but the reader's.
const ROBOTS: &str = "User-agent: *\nDisallow: /confirm/\nDisallow: /unsubscribe/\n\
                      Disallow: /preferences/\nDisallow: /inbox\n";

/// `/style.css`
pub async fn stylesheet(
    State(office): State<Office>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let make = |_| async {
        let text = office.house.settings().templates.stylesheet().to_owned();
        Ok(Some(feeds::set(text, "text/css; charset=utf-8", office.house.now(), 300)))
    };
    let made = office.press.sheet(&office.house, "/style.css", Source::Settings, make).await?;
    Ok(conditional::respond(&made.ok_or(Trouble::Missing)?, &method, &headers).await)
}

/// `/favicon.svg`, and `/favicon.ico` for those who ask by habit.
pub async fn icon() -> Response {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, ICON).into_response()
}

/// `/icon.png`
pub async fn picture() -> Response {
    let headers = [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, PICTURE).into_response()
}

/// `/robots.txt`
pub async fn robots() -> Response {
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, ROBOTS).into_response()
}
