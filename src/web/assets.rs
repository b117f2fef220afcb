//! What pages need besides themselves, and a word to crawlers.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::conditional;
use super::feeds;
use super::office::Office;
use super::press::Sheet;
use super::trouble::Trouble;

const ICON: &str = include_str!("favicon.svg");

/// Links with tokens are nobody's business but the reader's.
const ROBOTS: &str = "User-agent: *\nDisallow: /confirm/\nDisallow: /unsubscribe/\n\
                      Disallow: /preferences/\nDisallow: /inbox\n";

/// `/style.css`
pub async fn stylesheet(
    State(office): State<Office>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let made = async {
        let text = office.house.settings().templates.stylesheet().to_owned();
        feeds::set(text, "text/css; charset=utf-8", office.house.now(), vec![]).await.map(Some)
    };
    let document =
        office.press.sheet(&office.house, Sheet::Style, made).await?.ok_or(Trouble::Missing)?;
    Ok(conditional::respond(&document, &method, &headers, 300))
}

/// `/favicon.svg`, and `/favicon.ico` for those who ask by habit.
pub async fn icon() -> Response {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, ICON).into_response()
}

/// `/robots.txt`
pub async fn robots() -> Response {
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, ROBOTS).into_response()
}
