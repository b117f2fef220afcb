//! `/websub/TOKEN`: where hubs ask whether a subscription is meant, and tell of
//! news in the feeds we read.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::office::Office;
use super::trouble::Trouble;
use crate::flow::hubs;

/// The largest document that a hub may send.
pub const MAX_BYTES: usize = 4 << 20;
/// The longest challenge that is given back.
const LONGEST: usize = 2000;

/// A hub asks whether a subscription is meant; what is meant gets its challenge
/// back. Nothing is changed.
pub async fn verify(
    State(office): State<Office>,
    Path(token): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let field = |name: &str| {
        fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    let challenge = field("hub.challenge");
    let wanted = hubs::wants(&office.house, &token, field("hub.topic")).await?;
    let agreed = match field("hub.mode") {
        "subscribe" => wanted,
        // Only what is not wanted any more may be ended.
        "unsubscribe" => !wanted,
        "denied" => return Ok(StatusCode::OK.into_response()),
        _ => false,
    };
    if !agreed || challenge.is_empty() || challenge.len() > LONGEST {
        return Err(Trouble::Missing);
    }
    let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((StatusCode::OK, plain, challenge.to_owned()).into_response())
}

/// A hub tells of news.
pub async fn tell(
    State(office): State<Office>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Trouble> {
    let signature =
        headers.get("x-hub-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The answer is the same whether it was signed well: it is for the hub only.
    if hubs::tell(&office.house, &token, signature, &body).await? {
        Ok(StatusCode::ACCEPTED.into_response())
    } else {
        Err(Trouble::Missing)
    }
}
