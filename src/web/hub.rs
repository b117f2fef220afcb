//! `/hub`: our own WebSub hub, for this site's feeds only.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, RETRY_AFTER};
use http::{Method, StatusCode};

use super::feeds;
use super::office::Office;
use super::trouble::Trouble;
use crate::feed::websub::Wish;
use crate::flow::push::{self, Parcel, Parcels, Refusal};

/// Takes a subscriber's request; whether the callback means it is asked later.
pub async fn hub(
    State(office): State<Office>,
    method: Method,
    body: Bytes,
) -> Result<Response, Trouble> {
    if !office.house.settings().feeds.hub {
        return Err(Trouble::Missing);
    }
    if method != Method::POST {
        let words = "This is a WebSub hub: it takes forms by POST.\n";
        let answer = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], words);
        return Ok(answer.into_response());
    }
    let Some(courier) = office.courier() else { return Err(Trouble::Missing) };
    let fields: Vec<(String, String)> =
        url::form_urlencoded::parse(&body).into_owned().take(64).collect();
    let wrong = |words: &str| (StatusCode::BAD_REQUEST, format!("{words}\n")).into_response();
    let wish = match Wish::read(&fields) {
        Ok(wish) => wish,
        Err(words) => return Ok(wrong(words)),
    };
    Ok(match push::wish(&office.house, courier, &office, wish).await {
        Ok(()) => (StatusCode::ACCEPTED, "Your callback will be asked.\n").into_response(),
        Err(Refusal::Wrong(words)) => wrong(words),
        Err(Refusal::Busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], "Too much is going on.\n")
                .into_response()
        }
    })
}

impl Parcels for Office {
    async fn parcel(&self, path: &str) -> Option<Parcel> {
        let document = feeds::at(self, path).await?;
        let identity = document.identity();
        Some(Parcel {
            bytes: identity.bytes.clone(),
            content_type: document.content_type.clone(),
            links: document.links.clone(),
            tag: identity.etag.clone(),
        })
    }
}
