//! The port through which documents come in from the network.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use url::Url;

use super::Trouble;
use crate::secret::Secret;

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// An `https:`, `http:` or `file:` address.
    pub url: Url,
    /// `ETag` of the document that is known already.
    pub etag: Option<String>,
    /// `Last-Modified` of the document that is known already, as it was sent.
    pub last_modified: Option<String>,
    /// The largest document taken, in bytes after decompression.
    pub max_bytes: u64,
    /// Whether private, loopback and link-local addresses may be asked.
    pub allow_private: bool,
    /// `Authorization`, sent to the asked host only and never along a redirect
    /// to another one.
    pub authorization: Option<Secret>,
    /// What a refusal is to the one who asks.
    pub refusals: Refusals,
    /// What is hoped for.
    pub hope: Hope,
    /// The least time between two questions to this host that ask for it,
    /// whoever asks them.
    pub spacing: Duration,
}

impl Request {
    /// Asks for the document at `url`, whatever is known of it already.
    #[must_use]
    pub fn to(url: Url, max_bytes: u64, allow_private: bool) -> Self {
        Self {
            url,
            etag: None,
            last_modified: None,
            max_bytes,
            allow_private,
            authorization: None,
            refusals: Refusals::Trouble,
            hope: Hope::Feed,
            spacing: Duration::ZERO,
        }
    }
}

/// What kind of document is hoped for; some servers give another to each hope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hope {
    /// A feed, or data.
    Feed,
    /// A page as people read it.
    Page,
}

/// What a final refusal (400, 401, 404, 410 and the like) is to the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusals {
    /// Trouble: there should have been a document.
    Trouble,
    /// An answer as good as a document: [`Response::Refused`].
    Answer,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The document that is known already is still the newest.
    NotModified(Said),
    /// A document.
    Document(Fetched),
    /// A final refusal, for a request that takes one as an answer.
    Refused {
        /// 400 to 499, but none that asks for patience (408, 425, 429).
        status: u16,
        /// What the server says of it.
        document: Fetched,
    },
}

/// What a server says beside a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Where it moved for good, if only permanent redirects led there.
    pub moved: Option<Url>,
    /// Header lines that mean something to somebody: `Link`, `Cache-Control`,
    /// `X-WP-Total`. Names are in lower case.
    pub headers: Vec<(String, String)>,
}

impl Said {
    /// The values of one header, by its name in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A document with what the server says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The document, decompressed.
    pub bytes: Vec<u8>,
    /// Its `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// Where it was found in the end.
    pub final_url: Url,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`, as sent.
    pub last_modified: Option<String>,
    /// What else the server says.
    pub said: Said,
}

impl Fetched {
    /// The values of one header, by its name in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.said.header(name)
    }
}

/// An answer on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response, Trouble>> + Send + 'a>>;

/// Fetches documents. [`super::http::HttpFetch`] is the real one; tests script theirs.
pub trait Fetch: Send + Sync {
    /// Fetches one document.
    ///
    /// # Errors
    /// In words with the remedy, sorted by whether it is worth another try.
    fn fetch(&self, request: Request) -> Answer<'_>;
}

/// Something that is worth another try.
pub(crate) fn later(message: impl Into<String>, retry_after: Option<Duration>) -> Trouble {
    Trouble::Later { message: message.into(), retry_after }
}

/// Something that the operator has to mend.
pub(crate) fn operator(message: impl Into<String>) -> Trouble {
    Trouble::Operator { message: message.into() }
}
