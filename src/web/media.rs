//! Images that the project stores itself. A name is made from the bytes, so
//! what is behind it never changes.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use super::office::Office;
use super::trouble::Trouble;
use crate::store::media;

/// What is served as an image; anything else could be more than one.
const IMAGES: [&str; 6] =
    ["image/avif", "image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp"];

/// A picture opened by itself does nothing but show itself.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// `/media/NAME`
pub async fn image(
    State(office): State<Office>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    // Names are ours: short, and nothing that ends a header.
    let ours = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if name.len() > 200 || !name.bytes().all(ours) {
        return Err(Trouble::Missing);
    }
    let mut tx = office.house.store.read().await?;
    let stored = media::get(&mut tx, &name).await?.ok_or(Trouble::Missing)?;
    let mime = IMAGES.into_iter().find(|known| *known == stored.mime).ok_or(Trouble::Missing)?;
    let etag = format!("\"{name}\"");
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.trim() == "*" || line.contains(&etag));
    let always = [
        (CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (ETAG, etag),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    Ok(if known {
        (StatusCode::NOT_MODIFIED, always).into_response()
    } else {
        (always, [(CONTENT_TYPE, mime)], stored.bytes).into_response()
    })
}
