//! For programs that send pieces: a JSON Feed item (`articles`) or Micropub.
//!
//! Whoever holds a push source's token speaks for that source and for no other.

mod articles;
mod micropub;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::office::Office;
use crate::flow::receive;
use crate::source::{self, Kind};
use crate::store::StoreError;

/// The largest request: as large as the server takes a body at all.
const LARGEST: usize = 1024 * 1024;

/// The addresses that pieces are sent to.
pub fn routes() -> Router<Office> {
    Router::new()
        .route("/api/articles", post(articles::publish).delete(articles::withdraw))
        .route("/micropub", get(micropub::query).post(micropub::act))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Why a request is not done.
#[derive(Debug)]
pub enum Refusal {
    /// There is no push source, so there is nothing here.
    Closed,
    /// It brings no token.
    Unauthorized,
    /// It brings one that opens nothing, or nothing of this.
    Forbidden(&'static str),
    /// It says something wrong.
    Invalid(String),
    /// What it speaks of is not here.
    Missing(String),
    /// It is too large, or of a kind that is not read.
    Unfit(StatusCode, &'static str),
    /// The store does not answer now.
    Passing(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Passing(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, words) = match self {
            Self::Closed => {
                (StatusCode::NOT_FOUND, "not_found", "pieces cannot be sent here".to_owned())
            }
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send the source's token as `Authorization: Bearer TOKEN`".to_owned(),
            ),
            Self::Forbidden(words) => (StatusCode::FORBIDDEN, "forbidden", words.to_owned()),
            Self::Invalid(words) => (StatusCode::BAD_REQUEST, "invalid_request", words),
            Self::Missing(words) => (StatusCode::NOT_FOUND, "not_found", words),
            Self::Unfit(status, words) => (status, "invalid_request", words.to_owned()),
            Self::Passing(error) => {
                tracing::warn!("A piece that was sent could not be stored: {error}");
                let words = "it could not be stored now; send it again later".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", words)
            }
        };
        let mut response = answer(status, &json!({"error": error, "error_description": words}));
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// JSON that nobody keeps.
fn answer(status: StatusCode, value: &serde_json::Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, value.to_string()).into_response()
}

/// The source that a request speaks for: by its `Authorization` header, or by
/// `access_token` in a form, but not by both (RFC 6750, section 2).
fn sender(
    office: &Office,
    headers: &HeaderMap,
    in_form: Option<&str>,
) -> Result<Arc<source::Settings>, Refusal> {
    let settings = office.house.settings();
    if receive::sources(&settings).next().is_none() {
        return Err(Refusal::Closed);
    }
    let header = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = match (header, in_form) {
        (Some(_), Some(_)) => {
            return Err(Refusal::Invalid(
                "the token stands in two places; send it once".to_owned(),
            ));
        }
        (token, other) => token.or(other).ok_or(Refusal::Unauthorized)?,
    };
    // Hashes are of one length and all are compared, so the time tells nothing.
    let hash = |text: &str| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let given = hash(token);
    let mut found = None;
    for source in receive::sources(&settings) {
        let Kind::Push { token } = &source.kind else { continue };
        let known = hash(token.expose());
        if aws_lc_rs::constant_time::verify_slices_are_equal(known.as_ref(), given.as_ref()).is_ok()
        {
            found = Some(Arc::new(source.clone()));
        }
    }
    found.ok_or(Refusal::Forbidden("this token opens nothing here"))
}

/// Is this the kind of body that the request says it is?
fn is_kind(headers: &HeaderMap, kinds: &[&str]) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let bare = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kinds.contains(&bare.as_str())
}
