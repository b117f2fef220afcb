//! `/micropub` (W3C Recommendation): create, update, delete and undelete.
//!
//! Photos are named by address; uploads and drafts are not taken.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::articles::told;
use super::{Refusal, answer, is_kind, sender};
use crate::article::{Article, Label};
use crate::flow::receive;
use crate::source::{self, micropub};
use crate::web::office::Office;

/// `GET /micropub?q=…`
pub async fn query(
    State(office): State<Office>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let source = sender(&office, &headers, None)?;
    let query = query.unwrap_or_default();
    let pairs = || url::form_urlencoded::parse(query.as_bytes()).into_owned().take(50);
    let first = |wanted: &str| pairs().find(|(name, _)| name == wanted).map(|(_, value)| value);
    match first("q").as_deref() {
        Some("config") => Ok(answer(
            StatusCode::OK,
            &json!({"syndicate-to": [], "post-types": [{"type": "article", "name": "Article"}, {"type": "note", "name": "Note"}]}),
        )),
        Some("syndicate-to") => Ok(answer(StatusCode::OK, &json!({"syndicate-to": []}))),
        Some("source") => {
            let url =
                first("url").ok_or_else(|| Refusal::Invalid("name the piece: &url=".to_owned()))?;
            let (article, labels) = owned(&office, &source, &url).await?;
            let only: Vec<String> = pairs()
                .filter(|(name, _)| name.trim_end_matches("[]") == "properties")
                .map(|(_, value)| value)
                .collect();
            Ok(answer(StatusCode::OK, &micropub::source(&article, &labels, &only)))
        }
        _ => Err(Refusal::Invalid("q has to be config, source or syndicate-to".to_owned())),
    }
}

/// `POST /micropub`
pub async fn act(
    State(office): State<Office>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let json = is_kind(&headers, &["application/json"]);
    if !json && !is_kind(&headers, &["application/x-www-form-urlencoded"]) {
        return Err(Refusal::Unfit(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send JSON or a form; photos are named by address",
        ));
    }
    let body =
        body.map_err(|refused| Refusal::Unfit(refused.status(), "the piece is larger than 1 MiB"))?;
    let pairs = || url::form_urlencoded::parse(&body).into_owned();
    let in_form = (!json).then(|| pairs().find(|(name, _)| name == "access_token")).flatten();
    let source = sender(&office, &headers, in_form.as_ref().map(|(_, token)| token.as_str()))?;
    let request = if json { micropub::from_json(&body) } else { micropub::from_form(pairs()) };
    match request.map_err(Refusal::Invalid)? {
        micropub::Request::Create(draft) => {
            let (outcome, article) = receive::take_in(&office.house, &source, *draft).await?;
            let article = article
                .ok_or_else(|| Refusal::Missing("the piece went away meanwhile".to_owned()))?;
            Ok(told(&office, StatusCode::CREATED, outcome, &article))
        }
        micropub::Request::Update { url, changes } => {
            let (article, labels) = owned(&office, &source, &url).await?;
            let mut draft = micropub::draft_of(&article, labels);
            changes.apply(&mut draft);
            receive::take_in(&office.house, &source, draft).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        micropub::Request::Delete(url) => {
            let (article, _) = owned(&office, &source, &url).await?;
            receive::withdraw(&office.house, &source.name, &article.guid).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        micropub::Request::Undelete(url) => {
            let key = key(&url).ok_or_else(|| missing(&url))?;
            if receive::restore(&office.house, &source.name, key).await? {
                Ok(StatusCode::NO_CONTENT.into_response())
            } else {
                Err(missing(&url))
            }
        }
    }
}

/// The piece at an address of ours, if it is the sender's.
async fn owned(
    office: &Office,
    source: &source::Settings,
    url: &str,
) -> Result<(Article, Vec<Label>), Refusal> {
    let key = key(url).ok_or_else(|| missing(url))?;
    let (article, labels) =
        receive::by_key(&office.house, key).await?.ok_or_else(|| missing(url))?;
    if article.source == source.name {
        Ok((article, labels))
    } else {
        Err(Refusal::Forbidden("this piece came from elsewhere"))
    }
}

fn key(url: &str) -> Option<&str> {
    let (_, key) = url.rsplit_once("/articles/")?;
    Some(key.trim_end_matches('/')).filter(|key| !key.is_empty() && !key.contains('/'))
}

fn missing(url: &str) -> Refusal {
    Refusal::Invalid(format!("there is no piece at {}", url.chars().take(200).collect::<String>()))
}
