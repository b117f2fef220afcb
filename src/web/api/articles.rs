//! `/api/articles`: one JSON Feed item a request.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::{Refusal, answer, is_kind, sender};
use crate::article::Article;
use crate::flow::receive::{self, Outcome};
use crate::source::parse;
use crate::web::office::Office;

/// `POST /api/articles`: takes in the piece, or what it has become.
pub async fn publish(
    State(office): State<Office>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let source = sender(&office, &headers, None)?;
    if !is_kind(&headers, &["application/json", "application/feed+json"]) {
        return Err(Refusal::Unfit(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send one item of a JSON Feed as application/json",
        ));
    }
    let body =
        body.map_err(|refused| Refusal::Unfit(refused.status(), "the piece is larger than 1 MiB"))?;
    let draft = parse::item(&body).map_err(Refusal::Invalid)?;
    let (outcome, article) = receive::take_in(&office.house, &source, draft).await?;
    let status = if outcome == Outcome::New { StatusCode::CREATED } else { StatusCode::OK };
    let Some(article) = article else {
        return Ok(answer(status, &json!({"state": outcome})));
    };
    Ok(told(&office, status, outcome, &article))
}

/// `DELETE /api/articles?id=…`: withdraws the piece.
pub async fn withdraw(
    State(office): State<Office>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let source = sender(&office, &headers, None)?;
    let query = query.unwrap_or_default();
    let id = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "id")
        .map(|(_, id)| id.into_owned())
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Refusal::Invalid("name the piece: ?id= and its id".to_owned()))?;
    if receive::withdraw(&office.house, &source.name, &id).await? {
        Ok(answer(StatusCode::OK, &json!({"id": id, "state": "withdrawn"})))
    } else {
        Err(Refusal::Missing(format!("there is no piece `{id}`, or it is withdrawn already")))
    }
}

/// What became of a piece, and where it is read.
pub fn told(office: &Office, status: StatusCode, outcome: Outcome, article: &Article) -> Response {
    let page = office.house.settings().site.address(&article.page());
    let mut response = answer(
        status,
        &json!({
            "id": article.guid, "state": outcome, "page": page,
            "region": article.region(), "title": article.title,
        }),
    );
    if let Ok(location) = HeaderValue::from_str(&page) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
