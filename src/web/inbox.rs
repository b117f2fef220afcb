//! The inbox page: mails as they would have gone out, for `demo` and for
//! `transport = "inbox:"`. Without one of these there is no such page.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use super::headers::{FRAMING_POLICY, MAIL_POLICY, no_store};
use super::mime::Taken;
use super::office::Office;
use super::page;
use super::stories::Before;
use super::trouble::Trouble;
use crate::flow::Settings;
use crate::store::inbox::{self, InboxMail};
use crate::template::pages::{Header, Inbox, InboxEntry, InboxMail as MailPage, View};

/// Mails on a page of the list.
const PAGE: usize = 50;
/// Bytes of a message that are shown as text; a digest has far fewer.
const SHOWN_BYTES: usize = 2 * 1024 * 1024;

/// `/inbox`
pub async fn list(
    State(office): State<Office>,
    Query(before): Query<Before>,
) -> Result<Response, Trouble> {
    let settings = office.house.settings();
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let below = before.number()?.unwrap_or(i64::MAX);
    let mut tx = office.house.store.read().await?;
    let mut mails = inbox::below(&mut tx, below, limit).await?;
    let count = inbox::count(&mut tx).await?;
    drop(tx);
    let more = mails.len() > PAGE;
    mails.truncate(PAGE);
    let older_url = match mails.last() {
        Some(last) if more => format!("/inbox?before={}", last.id),
        _ => String::new(),
    };
    let page = Inbox {
        shell: page::shell(&office, &settings),
        mails: mails
            .iter()
            .map(|mail| entry(&settings, mail, &Taken::read(&mail.message)))
            .collect(),
        count: usize::try_from(count).unwrap_or_default(),
        older_url,
    };
    page::show(&settings, &page).map(no_store)
}

/// `?view=`: the tab that is open.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Tab {
    view: Option<String>,
}

impl Tab {
    fn view(&self) -> Result<View, Trouble> {
        match self.view.as_deref() {
            None | Some("html") => Ok(View::Html),
            Some("text") => Ok(View::Text),
            Some("source") => Ok(View::Source),
            Some("headers") => Ok(View::Headers),
            Some(_) => Err(Trouble::Missing),
        }
    }
}

/// `/inbox/ID`
pub async fn mail(
    State(office): State<Office>,
    Path(id): Path<String>,
    Query(tab): Query<Tab>,
) -> Result<Response, Trouble> {
    let view = tab.view()?;
    let mail = find(&office, &id).await?;
    let taken = Taken::read(&mail.message);
    let settings = office.house.settings();
    let text = match view {
        View::Text => taken.text.clone().unwrap_or_default(),
        View::Source => shown(&mail),
        View::Html | View::Headers => String::new(),
    };
    let header =
        |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone() };
    let page = MailPage {
        shell: page::shell(&office, &settings),
        mail: entry(&settings, &mail, &taken),
        view,
        text,
        headers: taken.headers.iter().map(header).collect(),
        size_bytes: mail.message.len(),
    };
    let mut response = no_store(page::show(&settings, &page)?);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMING_POLICY));
    Ok(response)
}

/// `/inbox/ID/html`: the mail itself, for the frame.
pub async fn html(
    State(office): State<Office>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let mail = find(&office, &id).await?;
    let taken = Taken::read(&mail.message);
    let html = match (taken.html, taken.text) {
        // A link must open beside the frame: no page of ours can be framed.
        (Some(html), _) => html.replacen("<head>", "<head><base target=\"_blank\">", 1),
        (None, text) => {
            let text = text.unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;");
            format!("<!doctype html><meta charset=\"utf-8\"><pre>{text}</pre>\n")
        }
    };
    let headers =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, MAIL_POLICY)];
    Ok(no_store((headers, html).into_response()))
}

/// `/inbox/ID/source`: the message as it would have gone out.
pub async fn source(
    State(office): State<Office>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let mail = find(&office, &id).await?;
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok(no_store((headers, mail.message).into_response()))
}

async fn find(office: &Office, id: &str) -> Result<InboxMail, Trouble> {
    let id: i64 = id.parse().map_err(|_| Trouble::Missing)?;
    let mut tx = office.house.store.read().await?;
    inbox::get(&mut tx, id).await?.ok_or(Trouble::Missing)
}

fn entry(settings: &Settings, mail: &InboxMail, taken: &Taken) -> InboxEntry {
    let at = mail.received.with_timezone(&settings.site.timezone);
    InboxEntry {
        id: mail.id.to_string(),
        subject: taken.header("Subject").to_owned(),
        from: taken.header("From").to_owned(),
        to: mail.recipient.clone(),
        at: at.format("%-d %B %Y, %H:%M").to_string(),
        preview: taken.preview(),
    }
}

fn shown(mail: &InboxMail) -> String {
    let end = mail.message.len().min(SHOWN_BYTES);
    String::from_utf8_lossy(&mail.message[..end]).into_owned()
}
