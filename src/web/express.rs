//! The short way for feed readers: a request for a ready document is answered
//! from its connection, without the router. Everything else on a connection
//! is handed on with the bytes that were read.
//!
//! What is answered here is what the router would answer: the documents, the
//! headers and the rules for them are the same, and a test holds both ways
//! against each other.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::conditional::{self, Asked};
use super::document::{Coding, Document};
use super::wire::{Heads, Tails};

/// Lines of a request that are looked at; one with more is handed on.
const MOST_LINES: usize = 64;
/// What is read at a time.
const READ_BYTES: usize = 4096;

/// Finds the document at a path with its query, if there is one.
pub trait Find: Send + Sync {
    /// The document, if it is at hand.
    fn ready(&self, target: &str) -> Option<Arc<Document>>;

    /// The document, made if need be; `None`: ask the router.
    fn find(&self, target: &str) -> impl Future<Output = Option<Arc<Document>>> + Send;
}

/// How a connection leaves the short way.
#[derive(Debug)]
pub enum Leaves<S> {
    /// It is closed.
    Closed,
    /// Somebody else goes on: with the stream, and what was read of it.
    HandedOn(S, Vec<u8>),
}

/// What a connection may cost.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Until the next request is there as a whole.
    pub header: Duration,
    /// The largest head of a request.
    pub header_bytes: usize,
}

/// Serves a connection as far as it asks for ready documents.
///
/// # Errors
/// If the connection breaks.
pub async fn attend<S, F>(
    mut stream: S,
    documents: &F,
    tails: &Tails,
    bounds: Bounds,
    closed: &mut watch::Receiver<()>,
) -> io::Result<Leaves<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Find,
{
    let mut buffer: Vec<u8> = Vec::with_capacity(READ_BYTES);
    let mut until = None;
    // Set once and moved on when it rings, not with each request.
    let mut alarm = pin!(sleep(bounds.header));
    loop {
        let (length, reply) = match read(&buffer) {
            Read::Wanted(wanted) => {
                let document = match documents.ready(wanted.target) {
                    Some(document) => document,
                    None => match documents.find(wanted.target).await {
                        Some(document) => document,
                        None => return Ok(Leaves::HandedOn(stream, buffer)),
                    },
                };
                let coding = conditional::negotiate(&wanted.asked);
                if document.ready(coding).is_none() {
                    document.encode(coding).await;
                }
                (wanted.length, reply(&wanted, &document, coding))
            }
            Read::Other => return Ok(Leaves::HandedOn(stream, buffer)),
            Read::Partial if buffer.len() >= bounds.header_bytes => {
                return Ok(Leaves::HandedOn(stream, buffer));
            }
            Read::Partial => {
                let until = *until.get_or_insert_with(|| Instant::now() + bounds.header);
                let is_idle = buffer.is_empty();
                tokio::select! {
                    biased;
                    more = stream.read_buf(&mut buffer) => {
                        if more? == 0 {
                            return Ok(Leaves::Closed);
                        }
                    }
                    // Between requests the connection can go at once.
                    _ = closed.changed(), if is_idle => return Ok(Leaves::Closed),
                    () = &mut alarm => {
                        if Instant::now() >= until {
                            return Ok(Leaves::Closed);
                        }
                        alarm.as_mut().reset(until);
                    }
                }
                continue;
            }
        };
        let closing = reply.closing || !matches!(closed.has_changed(), Ok(false));
        write(&mut stream, [reply.head, tails.now(closing), reply.body]).await?;
        if closing {
            stream.shutdown().await?;
            return Ok(Leaves::Closed);
        }
        buffer.drain(..length);
        until = None;
    }
}

/// A request that may be answered here.
struct Wanted<'a> {
    target: &'a str,
    asked: Asked<'a>,
    head_only: bool,
    closing: bool,
    length: usize,
}

enum Read<'a> {
    /// Not all of the head is there.
    Partial,
    /// Nothing for us.
    Other,
    Wanted(Wanted<'a>),
}

/// Reads the head of a request. Whatever is unusual in it is not for us.
fn read(buffer: &[u8]) -> Read<'_> {
    let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
    let mut request = httparse::Request::new(&mut lines);
    let length = match request.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Read::Partial,
        Err(_) => return Read::Other,
    };
    let head_only = match request.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Read::Other,
    };
    let (Some(target), Some(1)) = (request.path, request.version) else { return Read::Other };
    if !target.starts_with("/feeds") {
        return Read::Other;
    }
    let mut asked = Asked::default();
    let (mut closing, mut hosts) = (false, 0);
    for line in &*request.headers {
        let name = line.name;
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        // By length first: most lines are none of these.
        match name.len() {
            4 if is("host") => hosts += 1,
            6 if is("accept") => asked.types.push(text(line.value)),
            6 if is("expect") => return Read::Other,
            7 if is("upgrade") => return Read::Other,
            10 if is("connection") => {
                if text(line.value).eq_ignore_ascii_case("close") {
                    closing = true;
                } else if !text(line.value).eq_ignore_ascii_case("keep-alive") {
                    return Read::Other;
                }
            }
            13 if is("if-none-match") => asked.tags.push(text(line.value)),
            14 if is("content-length") && line.value != b"0" => return Read::Other,
            15 if is("accept-encoding") => asked.encodings.push(text(line.value)),
            17 if is("if-modified-since") => asked.since.push(text(line.value)),
            17 if is("transfer-encoding") => return Read::Other,
            _ => {}
        }
    }
    if hosts != 1 || asked.prefers_page() {
        return Read::Other;
    }
    Read::Wanted(Wanted { target, asked, head_only, closing, length })
}

/// What is no text names nothing, but the line is there.
fn text(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

struct Reply {
    head: Bytes,
    body: Bytes,
    closing: bool,
}

fn reply(wanted: &Wanted<'_>, document: &Document, coding: Coding) -> Reply {
    let variant = document.variant(coding);
    let heads = Heads::of(document, variant);
    let fresh = conditional::is_fresh(document, variant, &wanted.asked);
    Reply {
        head: if fresh { heads.not_modified.clone() } else { heads.ok.clone() },
        body: if fresh || wanted.head_only { Bytes::new() } else { variant.bytes.clone() },
        closing: wanted.closing,
    }
}

/// Writes all parts, with one call where the system takes them at once.
async fn write<S: AsyncWrite + Unpin>(stream: &mut S, mut parts: [Bytes; 3]) -> io::Result<()> {
    loop {
        let mut slices = [IoSlice::new(&[]); 3];
        let mut count = 0;
        for part in parts.iter().filter(|part| !part.is_empty()) {
            slices[count] = IoSlice::new(part);
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        let mut written = stream.write_vectored(&slices[..count]).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        for part in &mut parts {
            let taken = written.min(part.len());
            part.advance(taken);
            written -= taken;
        }
    }
}
