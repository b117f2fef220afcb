//! The port through which documents come in from the network.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use url::Url;

use super::Trouble;

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
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The document that is known already is still the newest.
    NotModified,
    /// A document.
    Document(Fetched),
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
