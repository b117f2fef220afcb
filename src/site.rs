//! The publication itself: what `[site]` says.

use chrono_tz::Tz;
use url::Url;

/// Who publishes, and where this daemon is reached.
#[derive(Debug, Clone)]
pub struct Site {
    /// Name of the publication.
    pub title: String,
    /// Public address of this daemon, ending in `/`.
    pub url: Url,
    /// BCP 47 tag of pages, feeds and mails where nothing else is said.
    pub language: String,
    /// Zone of all dates shown, and of digests that name none.
    pub timezone: Tz,
    /// Postal address for the footer of mails.
    pub imprint: Option<String>,
    /// One sentence about the publication, for feeds and the front page.
    pub description: Option<String>,
}

impl Site {
    /// The public address of `path` (no leading slash needed).
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}{}", self.url.as_str().trim_end_matches('/'), prefix_slash(path))
    }

    /// The host of the public address, for Message-ID, List-Id and tag URIs.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("localhost")
    }
}

fn prefix_slash(path: &str) -> std::borrow::Cow<'_, str> {
    if path.starts_with('/') { path.into() } else { format!("/{path}").into() }
}
