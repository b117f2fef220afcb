//! Answers a request for a [`Document`] as RFC 9110 wants it: the right
//! encoding, and no bytes for those who have them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LINK, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::document::{Coding, Document, Variant};
use crate::clock::Time;

/// Answers a request of any method for `document`.
///
/// GET and HEAD give the document or 304, OPTIONS says what a script of
/// another site may ask, everything else is 405. `max_age` is in seconds.
#[must_use]
pub async fn respond(document: &Arc<Document>, method: &Method, request: &HeaderMap) -> Response {
    if *method == Method::OPTIONS {
        return preflight();
    }
    if *method != Method::GET && *method != Method::HEAD {
        return not_allowed();
    }
    let asked = Asked::of(request);
    let coding = negotiate(&asked);
    document.encode(coding).await;
    let variant = document.variant(coding);
    let fresh = is_fresh(document, variant, &asked);
    let body = if fresh || *method == Method::HEAD {
        Body::empty()
    } else {
        Body::from(variant.bytes.clone())
    };

    let mut response = Response::new(body);
    *response.headers_mut() = headers(document, variant, fresh);
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

/// What an answer with a document, or that it has not changed, says besides.
#[must_use]
pub fn headers(document: &Document, variant: &Variant, fresh: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.append(name, value);
        }
    };
    put(ETAG, &variant.etag);
    put(LAST_MODIFIED, &http_date(document.last_modified));
    let for_whom = if document.is_private { "private" } else { "public" };
    put(CACHE_CONTROL, &format!("{for_whom}, max-age={}", document.max_age));
    put(VARY, if document.has_page { "Accept, Accept-Encoding" } else { "Accept-Encoding" });
    put(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    // Whoever has it has the rest as well (RFC 9110 section 15.4.5).
    if fresh {
        return headers;
    }
    put(ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Last-Modified, Link");
    for link in &document.links {
        put(LINK, link);
    }
    put(CONTENT_TYPE, &document.content_type);
    put(CONTENT_LENGTH, &variant.bytes.len().to_string());
    if variant.coding != Coding::Identity {
        put(CONTENT_ENCODING, variant.coding.as_str());
    }
    headers
}

/// What a request says of which bytes it wants, and which it has; a header
/// that comes several times is there as often.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// `Accept-Encoding`.
    pub encodings: Vec<&'a str>,
    /// `If-None-Match`.
    pub tags: Vec<&'a str>,
    /// `If-Modified-Since`.
    pub since: Vec<&'a str>,
    /// `Accept`.
    pub types: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads it from the headers of a request.
    #[must_use]
    pub fn of(request: &'a HeaderMap) -> Self {
        // What is no text names nothing, but the header is there.
        let all = |name| {
            let lines = request.get_all(name).iter();
            lines.map(|line| line.to_str().unwrap_or_default()).collect()
        };
        Self {
            encodings: all(ACCEPT_ENCODING),
            tags: all(IF_NONE_MATCH),
            since: all(IF_MODIFIED_SINCE),
            types: all(ACCEPT),
        }
    }

    /// Would this client rather have a page than a feed? Browsers name
    /// `text/html` first; feed readers name feeds, or nothing in particular.
    #[must_use]
    pub fn prefers_page(&self) -> bool {
        let (mut page, mut feed) = (0, 0);
        for (name, quality) in listed(&self.types) {
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            if is("text/html") || is("application/xhtml+xml") {
                page = quality.max(page);
            } else if ["application/rss+xml", "application/atom+xml", "application/feed+json"]
                .into_iter()
                .chain(["application/xml", "text/xml", "application/json"])
                .any(is)
            {
                feed = quality.max(feed);
            }
        }
        page > feed
    }
}

/// A moment as HTTP writes it; what the format cannot say is held at its ends.
#[must_use]
pub fn http_date(time: Time) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds(time)))
}

fn seconds(time: Time) -> u64 {
    u64::try_from(time.timestamp()).unwrap_or(0).min(253_402_300_799)
}

fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("If-None-Match, If-Modified-Since"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn not_allowed() -> Response {
    let mut response = Response::new(Body::from("This address can only be read (GET, HEAD).\n"));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The coding the client likes best; among equals the server's favourite. If
/// it accepts none, it gets the document as it is (RFC 9110 section 12.5.3).
#[must_use]
pub fn negotiate(asked: &Asked<'_>) -> Coding {
    let mut best = (0, Coding::Identity);
    if asked.encodings.is_empty() {
        return best.1;
    }
    let wishes: Vec<(&str, u16)> = listed(&asked.encodings).collect();
    for coding in Coding::ALL {
        let quality = quality(&wishes, coding);
        if quality > best.0 {
            best = (quality, coding);
        }
    }
    best.1
}

/// The names in a list, each with its quality in thousandths.
fn listed<'a>(lines: &[&'a str]) -> impl Iterator<Item = (&'a str, u16)> {
    let names = lines.iter().flat_map(|line| line.split(',')).take(32);
    names.filter_map(|name| {
        let mut parts = name.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let q = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        });
        Some((name, q.map_or(1000, thousandths)))
    })
}

/// `0.8` is 800; a quality that is none counts as a refusal.
fn thousandths(q: &str) -> u16 {
    let (whole, fraction) = q.split_once('.').unwrap_or((q, ""));
    let digits = fraction.bytes().all(|b| b.is_ascii_digit()) && fraction.len() <= 3;
    match (whole, digits) {
        ("1", true) => 1000,
        ("0", true) => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

fn quality(wishes: &[(&str, u16)], coding: Coding) -> u16 {
    let named = wishes.iter().find(|(name, _)| coding.is_named(name));
    let any = || wishes.iter().find(|(name, _)| *name == "*");
    match (named.or_else(any), coding) {
        (Some((_, quality)), _) => *quality,
        // Not refused, but anything that is named goes first.
        (None, Coding::Identity) => 1,
        (None, _) => 0,
    }
}

/// Does the client have these very bytes? `If-None-Match` alone decides when
/// it is there (RFC 9110 section 13.2.2).
#[must_use]
pub fn is_fresh(document: &Document, variant: &Variant, asked: &Asked<'_>) -> bool {
    if !asked.tags.is_empty() {
        return asked.tags.iter().any(|line| names(line, &variant.etag));
    }
    let [date] = asked.since[..] else { return false };
    let date = httpdate::parse_http_date(date).ok();
    let date = date.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
    date.is_some_and(|date| seconds(document.last_modified) <= date.as_secs())
}

/// Does a list of entity tags name this one? Compared weakly, as RFC 9110
/// section 13.1.2 wants it. A tag may hold a comma, so the list is walked
/// from quote to quote.
fn names(list: &str, etag: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut rest = list;
    while let Some(open) = rest.find('"') {
        let Some(length) = rest[open + 1..].find('"') else { return false };
        let end = open + length + 2;
        if &rest[open..end] == etag {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    const CHANGED: i64 = 1_772_528_400_123;

    fn document() -> Document {
        let links = vec!["<https://news.example.org/feeds/all.rss>; rel=\"self\"".to_owned()];
        let document =
            Document::new("hello hello hello", "text/plain", from_millis(CHANGED), links);
        document.kept_for(900)
    }

    async fn ask(method: &Method, headers: &[(http::HeaderName, &str)]) -> Response {
        let map = headers.iter().map(|(k, v)| (k.clone(), HeaderValue::from_str(v).unwrap()));
        respond(&Arc::new(document()), method, &map.collect()).await
    }

    fn header<'a>(response: &'a Response, name: &http::HeaderName) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn the_encoding_is_the_one_the_client_likes_best() {
        let table = [
            ("", ""),
            ("gzip", "gzip"),
            ("X-GZIP", "gzip"),
            ("deflate, gzip;q=0.5, br", "br"),
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate, zstd", "zstd"),
            ("gzip, br;q=0.9", "gzip"),
            ("*", "br"),
            ("*, br;q=0", "zstd"),
            ("identity", ""),
            ("gzip;q=0", ""),
            ("gzip;q=0.0, *", "br"),
            ("gzip;q=0.4, identity;q=0.8", ""),
            ("gzip; q=0.8, identity; Q=0.4", "gzip"),
            ("identity;q=0", ""),
            ("*;q=0", ""),
            ("gzip;q=two", ""),
            ("gzip;q=0.001", "gzip"),
            (",;,", ""),
        ];
        for (wish, coding) in table {
            let response = ask(&Method::GET, &[(ACCEPT_ENCODING, wish)]).await;
            assert_eq!(header(&response, &CONTENT_ENCODING), coding, "{wish}");
            assert_eq!(header(&response, &VARY), "Accept-Encoding", "{wish}");
        }
    }

    #[tokio::test]
    async fn a_client_that_has_the_bytes_gets_none() {
        let etag = document().identity().etag.clone();
        let fresh = [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"x\", {etag}, \"y\""),
            format!("\"a,b\",W/{etag}"),
            "*".to_owned(),
        ];
        for tags in &fresh {
            let response = ask(&Method::GET, &[(IF_NONE_MATCH, tags)]).await;
            assert_eq!(response.status(), 304, "{tags}");
            assert_eq!(header(&response, &ETAG), etag);
            assert_eq!(header(&response, &CACHE_CONTROL), "public, max-age=900");
            assert_eq!(header(&response, &VARY), "Accept-Encoding");
            assert_eq!(header(&response, &CONTENT_LENGTH), "");
        }
        for tags in ["\"x\"", "", "\"", &etag[1..], &format!("x{}", &etag[..9])] {
            assert_eq!(ask(&Method::GET, &[(IF_NONE_MATCH, tags)]).await.status(), 200, "{tags}");
        }
    }

    #[tokio::test]
    async fn a_tag_counts_for_its_own_encoding_only() {
        let etag = document().identity().etag.clone();

        let response =
            ask(&Method::GET, &[(IF_NONE_MATCH, &etag), (ACCEPT_ENCODING, "gzip")]).await;

        assert_eq!(response.status(), 200);
        assert_ne!(header(&response, &ETAG), etag);
    }

    #[tokio::test]
    async fn dates_count_only_when_no_tag_is_sent_and_garbage_never() {
        let modified = http_date(from_millis(CHANGED));
        let table = [
            (modified.as_str(), 304),
            ("Fri, 01 Jan 2100 00:00:00 GMT", 304),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
            ("not a date", 200),
            ("", 200),
        ];
        for (date, status) in table {
            assert_eq!(
                ask(&Method::GET, &[(IF_MODIFIED_SINCE, date)]).await.status(),
                status,
                "{date}"
            );
            let both = [(IF_MODIFIED_SINCE, date), (IF_NONE_MATCH, "\"else\"")];
            assert_eq!(ask(&Method::GET, &both).await.status(), 200, "{date}");
        }
    }

    #[tokio::test]
    async fn head_says_what_get_would_say() {
        let (get, head) = (ask(&Method::GET, &[]).await, ask(&Method::HEAD, &[]).await);

        assert_eq!(get.headers(), head.headers());
        assert_eq!(header(&head, &CONTENT_LENGTH), "17");
        assert_eq!(header(&head, &ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert!(header(&head, &LINK).contains("rel=\"self\""));
    }

    #[tokio::test]
    async fn a_document_cannot_be_written() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let response = ask(&method, &[]).await;
            assert_eq!(response.status(), 405);
            assert_eq!(header(&response, &ALLOW), "GET, HEAD, OPTIONS");
        }
        assert_eq!(ask(&Method::OPTIONS, &[]).await.status(), 204);
    }

    #[tokio::test]
    async fn a_date_beyond_the_format_is_held_at_its_ends() {
        assert_eq!(http_date(Time::MIN_UTC), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(Time::MAX_UTC), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
