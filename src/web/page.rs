//! A page from its template.

use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::office::Office;
use super::trouble::Trouble;
use crate::flow::Settings;
use crate::template::Page;
use crate::template::pages::Shell;

/// The type of every page.
pub const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What stands around every page.
pub fn shell(office: &Office, settings: &Settings) -> Shell {
    let site = &settings.site;
    Shell {
        lang: site.language.clone(),
        site_title: site.title.clone(),
        site_description: site.description.clone().unwrap_or_default(),
        imprint: site.imprint.clone().unwrap_or_default(),
        subscribe: office.enrols(),
        inbox: office.desk.inbox,
    }
}

/// The page as an answer that may be kept, but is asked for again.
pub fn show<P: Page>(settings: &Settings, page: &P) -> Result<Response, Trouble> {
    let mut response = Response::new(settings.templates.render_page(page)?.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HTML);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
