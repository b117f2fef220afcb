//! What the web pages say: one context a page, plain strings and lists.
//!
//! No page has a script or an inline style; the one stylesheet is
//! [`Templates::stylesheet`](super::Templates::stylesheet), served as `/style.css`.

mod enrol;
mod inbox;
mod reading;

use serde::Serialize;

use super::{TemplateError, Templates};

pub use enrol::{
    CheckMail, Confirm, Confirmed, Preferences, RegionChoice, Subscribe, Unsubscribe, Unsubscribed,
    ZoneChoice, ZoneGroup,
};
pub use inbox::{Header, Inbox, InboxEntry, InboxMail, View};
pub use reading::{
    Archive, ArchivedDigest, ArchivedEdition, ArticlePage, Crumb, EditionPage, FeedEntry,
    FeedLinks, Front, Listing,
};

/// A kind of page: what its template can say.
pub trait Page: Serialize + Sized {
    /// The template below `pages/`.
    const FILE: &'static str;

    /// Contexts that show the template at its best and at its worst.
    fn samples() -> Vec<Self>;
}

/// What stands around every page.
#[derive(Debug, Clone, Serialize)]
pub struct Shell {
    /// BCP 47 tag of the page.
    pub lang: String,
    /// Name of the publication.
    pub site_title: String,
    /// What it is; may be empty.
    pub site_description: String,
    /// Postal address; may be empty.
    pub imprint: String,
    /// Whether people can subscribe here: `/subscribe` is linked.
    pub subscribe: bool,
    /// Whether there is an inbox page: `/inbox` is linked.
    pub inbox: bool,
}

/// Something that is not there or did not work.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// HTTP status.
    pub status: u16,
    /// What happened, in a few words; empty: the words for the status.
    pub title: String,
    /// What to do; empty: the words for the status.
    pub message: String,
}

impl Page for ErrorPage {
    const FILE: &'static str = "error.html";

    fn samples() -> Vec<Self> {
        let page = |status, title: &str, message: &str| Self {
            shell: Shell::sample(),
            status,
            title: title.to_owned(),
            message: message.to_owned(),
        };
        vec![
            page(404, "", ""),
            page(410, "", ""),
            page(429, "", ""),
            page(500, "", ""),
            page(400, "The form is <incomplete>", "Go back & fill it in."),
        ]
    }
}

impl Shell {
    /// A shell to try templates with.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            lang: "en".to_owned(),
            site_title: "The Meridian Review".to_owned(),
            site_description: "Reporting that follows rivers, roads and cables across borders."
                .to_owned(),
            imprint: "The Meridian Review, 14 Harbour Row, Greenwich".to_owned(),
            subscribe: true,
            inbox: true,
        }
    }

    /// A shell with nothing optional, in a language written from right to left.
    #[must_use]
    pub fn bare_sample() -> Self {
        Self {
            lang: "ar".to_owned(),
            site_title: "<مراجعة خط الزوال>".to_owned(),
            site_description: String::new(),
            imprint: String::new(),
            subscribe: false,
            inbox: false,
        }
    }
}

/// Renders every page with its samples.
pub(super) fn rehearse_all(templates: &Templates, problems: &mut Vec<TemplateError>) {
    templates.rehearse_page::<Front>(problems);
    templates.rehearse_page::<Listing>(problems);
    templates.rehearse_page::<ArticlePage>(problems);
    templates.rehearse_page::<Archive>(problems);
    templates.rehearse_page::<EditionPage>(problems);
    templates.rehearse_page::<Subscribe>(problems);
    templates.rehearse_page::<CheckMail>(problems);
    templates.rehearse_page::<Confirm>(problems);
    templates.rehearse_page::<Confirmed>(problems);
    templates.rehearse_page::<Preferences>(problems);
    templates.rehearse_page::<Unsubscribe>(problems);
    templates.rehearse_page::<Unsubscribed>(problems);
    templates.rehearse_page::<Inbox>(problems);
    templates.rehearse_page::<InboxMail>(problems);
    templates.rehearse_page::<ErrorPage>(problems);
}
