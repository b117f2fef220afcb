//! What a handler answers when it cannot do what was asked, and the page that
//! says so.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::office::Office;
use super::page;
use crate::store::StoreError;
use crate::template::TemplateError;
use crate::template::pages::ErrorPage;

/// Why there is no other answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is nothing at this address.
    Missing,
    /// This address takes no such request.
    Method,
    /// A link that is not one of ours, or too old.
    Void,
    /// The request is not what a person's browser sends from our own page.
    Foreign,
    /// The form is too large or of another kind.
    Form(StatusCode),
    /// Too many tries; the next one in so many seconds.
    TooMany(u64),
    /// The store does not answer now.
    Passing(String),
    /// A fault of ours.
    Fault(String),
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Void => StatusCode::GONE,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Form(status) => *status,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Passing(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Title and remedy where the words for the status do not do.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Method => (
                "Not this way",
                "This address does not take such a request. Open it in a browser instead.",
            ),
            Self::Foreign => (
                "Sent from another site",
                "This form is only taken from our own page. Open it here and send it again.",
            ),
            Self::Form(_) => {
                ("The form is not what we expect", "Open the form on this site and send it again.")
            }
            _ => ("", ""),
        }
    }
}

impl IntoResponse for Trouble {
    /// An answer without words; [`explain`] puts them in.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let wait = match &self {
            Self::TooMany(seconds) => Some(*seconds),
            Self::Passing(_) => Some(5),
            _ => None,
        };
        if let Some(seconds) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            Self::Passing(error.to_string())
        } else {
            Self::Fault(error.to_string())
        }
    }
}

impl From<TemplateError> for Trouble {
    fn from(error: TemplateError) -> Self {
        Self::Fault(error.to_string())
    }
}

/// Gives an answer that carries a [`Trouble`] its page.
pub async fn explain(State(office): State<Office>, response: Response) -> Response {
    let Some(trouble) = response.extensions().get::<Trouble>().cloned() else { return response };
    let settings = office.house.settings();
    let (title, message) = trouble.words();
    let page = ErrorPage {
        shell: page::shell(&office, &settings),
        status: trouble.status().as_u16(),
        title: title.to_owned(),
        message: message.to_owned(),
    };
    let Ok(html) = settings.templates.render_page(&page) else { return response };
    let (mut parts, _) = response.into_parts();
    // It was the length of no words at all.
    parts.headers.remove(http::header::CONTENT_LENGTH);
    parts.headers.insert(http::header::CONTENT_TYPE, page::HTML);
    Response::from_parts(parts, html.into())
}
