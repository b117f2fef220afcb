//! Where articles come from: a folder, a feed, a WordPress, a website.
//!
//! A source is visited with what is remembered of the last visit ([`Memory`])
//! and gives a [`Haul`] of drafts or a [`Trouble`]. Nothing here knows of the
//! store, of regions or of digests.

pub mod backoff;
pub mod behind;
mod beside;
pub mod departure;
pub mod fetch;
pub mod folder;
pub mod guard;
pub mod http;
pub mod hub;
mod listing;
pub mod manners;
pub mod micropub;
pub mod opml;
pub mod pace;
pub mod parse;
pub mod shown;
pub mod site;
mod visit;
pub mod watch;
pub mod wordpress;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::article::Draft;
use crate::region::Country;
use crate::secret::Secret;

pub use fetch::Fetch;
pub use http::HttpFetch;
pub use visit::Source;

/// One `[[source]]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Unique name.
    pub name: String,
    /// What kind of place it is.
    pub kind: Kind,
    /// How often to look.
    pub every: Duration,
    /// The largest document taken, in bytes after decompression.
    pub max_bytes: u64,
    /// BCP 47 tag of pieces that name none; `None`: detect.
    pub language: Option<String>,
    /// Home country: where pieces belong that say nothing else.
    pub home: Option<Country>,
    /// Whether private, loopback and link-local addresses may be asked.
    pub allow_private: bool,
}

/// What kind of place a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder with `.md`, `.html`, `.txt`, `.eml` and `.mbox` files, at any
    /// depth up to 16.
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// RSS, Atom, RDF or JSON Feed at an `https:`, `http:` or `file:` address.
    Feed {
        /// Its address.
        url: Url,
    },
    /// A WordPress site.
    Wordpress {
        /// Its front page.
        url: Url,
        /// A user with an application password, where REST asks for one.
        login: Option<Login>,
    },
    /// A website with a sitemap.
    Site {
        /// Its front page, a folder of it, or its sitemap.
        url: Url,
        /// The least time between two questions to it.
        delay: Duration,
        /// So many of its pages are taken in at the beginning, the newest.
        most: usize,
    },
    /// Nowhere: pieces are sent to this site.
    Push {
        /// Who may send them.
        token: Secret,
    },
}

/// A user and their password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password; of a WordPress, an application password.
    pub password: Secret,
}

impl Login {
    /// The value of an `Authorization` header (RFC 7617).
    #[must_use]
    pub fn basic(&self) -> String {
        use base64::Engine as _;
        let pair = format!("{}:{}", self.username, self.password.expose());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

impl Kind {
    /// Whether it is somebody else's machine that is asked.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Directory { .. } => false,
            Self::Feed { url } => url.scheme() != "file",
            _ => true,
        }
    }
}

/// What is remembered of a source between visits; opaque to the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// `ETag` of the last document that was taken in.
    pub etag: Option<String>,
    /// Its `Last-Modified`, as sent.
    pub last_modified: Option<String>,
    /// SHA-256 of its bytes, for servers that send neither.
    pub body_hash: Option<String>,
    /// What a WordPress remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wordpress: Option<Box<wordpress::Remembered>>,
    /// What a website remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Box<site::Remembered>>,
    /// How its publisher wishes to be asked.
    pub manners: Box<manners::Manners>,
}

/// What a visit brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Haul {
    /// Nothing has changed since the last visit.
    Unchanged,
    /// Drafts, in the source's order.
    Drafts {
        /// New, changed or unchanged pieces: the store tells which.
        drafts: Vec<Draft>,
        /// The guids of all pieces the source has now, if it can list them
        /// all: those it had before and has no more are withdrawn. `None` for
        /// a feed, whose old items merely scroll off.
        present: Option<Vec<String>>,
        /// What to remember.
        memory: Memory,
        /// Pieces that could not be read, each in words with the remedy.
        failures: Vec<String>,
    },
    /// Changes to what a site has, some of them at a time.
    Part(Box<Part>),
}

/// A part of what has changed at a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// Pieces that are new or may have changed.
    pub drafts: Vec<Draft>,
    /// Guids of pieces that the site says are gone. Whether they are withdrawn
    /// at once is decided by how many there are.
    pub gone: Vec<String>,
    /// Whether there is more to fetch now.
    pub more: bool,
    /// What the operator should know while all goes well.
    pub notice: Option<String>,
    /// What to remember.
    pub memory: Memory,
    /// Pieces that could not be read, each in words with the remedy.
    pub failures: Vec<String>,
    /// What broke the visit off after this part was in.
    pub trouble: Option<Trouble>,
}

/// Why a visit brought nothing. What the source gave before stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Worth another try later; back off.
    #[error("{message}")]
    Later {
        /// The thing and the remedy.
        message: String,
        /// The server's own wish (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// Will not mend itself: the operator has to act.
    #[error("{message}")]
    Operator {
        /// The thing and the remedy.
        message: String,
    },
    /// The publisher says that it will never be there again (410): it is not
    /// asked any more until the operator says so.
    #[error("{message}")]
    Gone {
        /// The thing and the remedy.
        message: String,
    },
}
