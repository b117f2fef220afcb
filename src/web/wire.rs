//! Answers as they go over the wire: the head of an answer with a document is
//! the same for everybody but for the date, so it is written once.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderMap;

use super::conditional;
use super::document::{Document, Variant};
use super::headers::secure_headers;

/// The heads of both answers with a document, up to the date.
#[derive(Debug)]
pub struct Heads {
    /// Here it is.
    pub ok: Bytes,
    /// You have it.
    pub not_modified: Bytes,
}

impl Heads {
    /// The heads for a variant of `document`, written when first asked for.
    pub fn of<'a>(document: &Document, variant: &'a Variant) -> &'a Self {
        variant.wire.get_or_init(|| Self {
            ok: {
                let mut headers = conditional::headers(document, variant, false);
                secure_headers(&mut headers);
                head("HTTP/1.1 200 OK", &headers)
            },
            not_modified: head(
                "HTTP/1.1 304 Not Modified",
                &conditional::headers(document, variant, true),
            ),
        })
    }
}

fn head(status: &str, headers: &HeaderMap) -> Bytes {
    let mut head = Vec::with_capacity(1024);
    head.extend_from_slice(status.as_bytes());
    head.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.into()
}

/// What stands behind the head: the date, and whether the connection stays.
#[derive(Debug, Default)]
pub struct Tails(Mutex<(u64, Tail, Tail)>);

/// The end of a head; short enough to be copied.
pub type Tail = Bytes;

impl Tails {
    /// The end of a head at this second.
    #[expect(
        clippy::disallowed_methods,
        reason = "`Date` says what the machine's clock shows, whatever a test makes of the house's"
    )]
    pub fn now(&self, closing: bool) -> Tail {
        let now = SystemTime::now();
        let second = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != second || last.1.is_empty() {
            let date = httpdate::fmt_http_date(now);
            *last = (
                second,
                format!("date: {date}\r\n\r\n").into(),
                format!("date: {date}\r\nconnection: close\r\n\r\n").into(),
            );
        }
        if closing { last.2.clone() } else { last.1.clone() }
    }
}
