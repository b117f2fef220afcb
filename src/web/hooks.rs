//! Where mail services post their events. Which are on, and how they prove
//! themselves, says `[feedback]`; what is not proven is answered 401 and does
//! nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use tracing::{info, warn};
use url::Url;

use super::office::Office;
use super::trouble::Trouble;
use crate::feedback::hook::{self, Refused, mailgun, postmark, sendgrid, ses};
use crate::flow::feedback;
use crate::source::fetch::{Request, Response};

/// The largest post that is taken.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Certificates that are kept; Amazon changes its own about once a year.
const MOST_CERTIFICATES: usize = 8;

/// Certificates that were fetched.
#[derive(Debug, Default)]
pub struct Certificates(Mutex<HashMap<Url, Arc<[u8]>>>);

/// `POST /feedback/SERVICE`
pub async fn event(
    State(office): State<Office>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Trouble> {
    let settings = office.house.settings();
    let hooks = &settings.feedback.hooks;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = office.house.now();
    let events = match service.as_str() {
        "ses" if !hooks.ses.is_empty() => amazon(&office, &body, &hooks.ses).await,
        "postmark" => {
            let secret = hooks.postmark.as_ref().ok_or(Trouble::Missing)?;
            postmark::read(&body, header(AUTHORIZATION.as_str()), secret)
        }
        "mailgun" => mailgun::read(&body, hooks.mailgun.as_ref().ok_or(Trouble::Missing)?, now),
        "sendgrid" => {
            let key = hooks.sendgrid.as_ref().ok_or(Trouble::Missing)?;
            let (signature, timestamp) = (header(sendgrid::SIGNATURE), header(sendgrid::TIMESTAMP));
            sendgrid::read(&body, signature, timestamp, key, now)
        }
        _ => return Err(Trouble::Missing),
    };
    let events = match events {
        Ok(events) => events,
        Err(refused) => {
            warn!(service = %service, "A post of {service} is not taken: {refused}");
            return Ok(match refused {
                Refused::Forged(_) => StatusCode::UNAUTHORIZED,
                Refused::Unclear(_) => StatusCode::BAD_REQUEST,
            });
        }
    };
    for event in &events {
        feedback::take_event(&office.house, &service, event).await?;
    }
    Ok(StatusCode::OK)
}

async fn amazon(
    office: &Office,
    body: &[u8],
    topics: &[String],
) -> Result<Vec<hook::Event>, Refused> {
    let envelope = ses::Envelope::parse(body, topics)?;
    let certificate = certificate(office, envelope.certificate()).await?;
    match envelope.open(&certificate)? {
        ses::Content::Events(events) => Ok(events),
        ses::Content::Nothing => Ok(vec![]),
        ses::Content::Invitation(url) => {
            fetch(office, &url).await?;
            info!("The topic of Amazon SES is confirmed; its events come from now on");
            Ok(vec![])
        }
    }
}

async fn certificate(office: &Office, url: &Url) -> Result<Arc<[u8]>, Refused> {
    let known = || office.certificates.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(certificate) = known().get(url) {
        return Ok(Arc::clone(certificate));
    }
    let fetched: Arc<[u8]> = fetch(office, url).await?.into();
    let mut known = known();
    if known.len() >= MOST_CERTIFICATES {
        known.clear();
    }
    known.insert(url.clone(), Arc::clone(&fetched));
    Ok(fetched)
}

/// Fetches a document of Amazon's; a redirect to elsewhere is not followed.
async fn fetch(office: &Office, url: &Url) -> Result<Vec<u8>, Refused> {
    let unclear = |why: String| Refused::Unclear(format!("{url} cannot be fetched: {why}"));
    let fetch = office.desk.fetch.as_ref().ok_or_else(|| unclear("no way out".to_owned()))?;
    let request = Request::to(url.clone(), ses::LARGEST_CERTIFICATE, false);
    match fetch.fetch(request).await {
        Ok(Response::Document(found)) if found.final_url.host_str() == url.host_str() => {
            Ok(found.bytes)
        }
        Ok(_) => Err(unclear("it answered with something else".to_owned())),
        Err(trouble) => Err(unclear(trouble.to_string())),
    }
}
