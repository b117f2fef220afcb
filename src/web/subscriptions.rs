//! People come and go: subscribe, confirm, unsubscribe.
//!
//! GET shows a button and changes nothing; POST does it. Whoever asks learns
//! nothing about an address: the answer is the same for each, and as quick.

mod form;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use tokio::time::sleep;

use super::headers::{client_ip, no_store};
use super::office::Office;
use super::page;
use super::trouble::Trouble;
use crate::flow::enrol::{self, Followed};
use crate::site::Site;
use crate::subscriber::Address;
use crate::template::pages::{CheckMail, Confirm, Confirmed, Unsubscribe, Unsubscribed};
use form::Form;

/// Every answer to the form takes at least this long, whatever was done: an
/// address that is written to the store must not be told from one that is not.
const PACE: Duration = Duration::from_millis(250);

/// `GET /subscribe`
pub async fn form(State(office): State<Office>) -> Result<Response, Trouble> {
    if !office.enrols() {
        return Err(Trouble::Missing);
    }
    show(&office, &Form::default(), "")
}

/// `POST /subscribe`
pub async fn ask(
    State(office): State<Office>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Trouble> {
    if !office.enrols() {
        return Err(Trouble::Missing);
    }
    let settings = office.house.settings();
    if !is_ours(&headers, &settings.site) {
        return Err(Trouble::Foreign);
    }
    if !is_form(&headers) {
        return Err(Trouble::Form(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = body.map_err(|refused| Trouble::Form(refused.status()))?;
    let form = Form::read(&body);
    let address = match Address::parse(&form.email) {
        Ok(address) => address,
        Err(bad) => return show(&office, &form, &bad.to_string()),
    };
    let now = office.house.now();
    let wish = match form.wish(address, &settings, now) {
        Ok(wish) => wish,
        Err(bad) => return show(&office, &form, &bad),
    };
    let client = client(&office, &headers, &extensions);
    office.throttle.ask(client, now).map_err(Trouble::TooMany)?;
    let asked = async {
        if form.is_trapped() {
            // Only a program fills in what people do not see. It is thanked.
            tracing::debug!("A subscription with the hidden field filled in is dropped");
            return Ok(());
        }
        enrol::ask(&office.house, office.desk.mailer.as_ref(), wish).await
    };
    let (asked, ()) = tokio::join!(asked, sleep(PACE));
    asked?;
    page::show(&settings, &CheckMail { shell: page::shell(&office, &settings) }).map(no_store)
}

/// `GET /confirm/TOKEN`
pub async fn confirmable(
    State(office): State<Office>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    enrol::confirmable(&office.house, &token).await?.ok_or(Trouble::Void)?;
    let settings = office.house.settings();
    let shell = page::shell(&office, &settings);
    page::show(&settings, &Confirm { shell, action: format!("/confirm/{token}") }).map(no_store)
}

/// `POST /confirm/TOKEN`
pub async fn confirm(
    State(office): State<Office>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    match enrol::confirm(&office.house, &token).await? {
        Followed::Void => Err(Trouble::Void),
        Followed::Done => {
            let settings = office.house.settings();
            let shell = page::shell(&office, &settings);
            page::show(&settings, &Confirmed { shell }).map(no_store)
        }
    }
}

/// `GET /unsubscribe/TOKEN`
pub async fn leaver(
    State(office): State<Office>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    enrol::leaver(&office.house, &token).await?.ok_or(Trouble::Void)?;
    let settings = office.house.settings();
    let shell = page::shell(&office, &settings);
    let page = Unsubscribe { shell, action: format!("/unsubscribe/{token}") };
    page::show(&settings, &page).map(no_store)
}

/// `POST /unsubscribe/TOKEN`: from a mail program (RFC 8058) or our own page.
///
/// The token is all the proof there is: no cookie, no login, no redirect, and
/// no look at where the request comes from. The body is not looked at either;
/// RFC 8058 section 3.1 lets it come in two forms, and whoever posts here
/// wants to leave.
pub async fn leave(
    State(office): State<Office>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    match enrol::leave(&office.house, &token).await? {
        Followed::Void => Err(Trouble::Void),
        Followed::Done => {
            let settings = office.house.settings();
            let shell = page::shell(&office, &settings);
            page::show(&settings, &Unsubscribed { shell }).map(no_store)
        }
    }
}

fn show(office: &Office, form: &Form, error: &str) -> Result<Response, Trouble> {
    let settings = office.house.settings();
    let shell = page::shell(office, &settings);
    let mut response = no_store(page::show(&settings, &form.page(shell, &settings, error))?);
    if !error.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    // Under `no-referrer` browsers post our own form with `Origin: null`.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// Was the form sent from our own page, as far as the browser tells? What is
/// no browser tells nothing and is let in: it carries nobody's rights.
fn is_ours(headers: &HeaderMap, site: &Site) -> bool {
    let said = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if let Some(from) = said(http::HeaderName::from_static("sec-fetch-site")) {
        return matches!(from, "same-origin" | "none");
    }
    let Some(origin) = said(ORIGIN) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    origin == site.url.origin().ascii_serialization() || (host.is_some() && host == said(HOST))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn client(office: &Office, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
    client_ip(peer, headers, &office.desk.trusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site {
            title: "The Meridian Review".to_owned(),
            url: "https://news.example.org/".parse().unwrap(),
            language: "en".to_owned(),
            timezone: chrono_tz::UTC,
            imprint: None,
            description: None,
        }
    }

    #[test]
    fn only_our_own_form_and_what_is_no_browser_may_ask() {
        let table: [(&[(&'static str, &'static str)], bool); 10] = [
            (&[], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://news.example.org")], true),
            (&[("origin", "http://10.0.0.7:8080"), ("host", "10.0.0.7:8080")], true),
            (&[("origin", "https://evil.example"), ("host", "news.example.org")], false),
            (&[("origin", "null"), ("host", "news.example.org")], false),
            (&[("origin", "https://news.example.org.evil.example")], false),
        ];
        for (lines, ours) in table {
            let lines = lines.iter().map(|(name, value)| {
                (http::HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            let headers: HeaderMap = lines.collect();
            assert_eq!(is_ours(&headers, &site()), ours, "{headers:?}");
        }
    }
}
