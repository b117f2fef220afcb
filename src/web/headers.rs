//! What every answer says to the browser, and who is asking.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::config::Network;

/// The policy of every page: no script at all, our own styles, images from
/// anywhere (articles bring them), forms to us, no frames around us.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; \
    img-src 'self' https: http: data:; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The policy of a page that shows a mail in a frame.
pub const FRAMING_POLICY: &str = "default-src 'none'; style-src 'self'; \
    img-src 'self' https: http: data:; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The policy of a mail shown in a frame of ours, or of an edition as it was
/// mailed: it brings its styles inline, and may do nothing else.
pub const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    img-src 'self' https: http: data:; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Puts the security headers on every answer of `router`, and turns a panic in
/// a handler into a 500 page. A handler that set one of them keeps its own.
pub fn secure(router: Router) -> Router {
    router.layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            // Only the first part of the path: the rest may be a token.
            tracing::error!(http.path = %path, "A page under /{path} broke: {}", words(&*panic));
            broken()
        }
    };
    // What somebody has already keeps the headers it came with.
    if response.status() != StatusCode::NOT_MODIFIED {
        secure_headers(response.headers_mut());
    }
    response
}

/// Adds the security headers that are not there yet.
pub fn secure_headers(headers: &mut HeaderMap) {
    let framed = headers.get(CONTENT_SECURITY_POLICY).is_some_and(|policy| policy == MAIL_POLICY);
    let add = [
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, if framed { "SAMEORIGIN" } else { "DENY" }),
        (REFERRER_POLICY, "no-referrer"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in add {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Makes sure that nobody keeps this answer: for pages behind a token.
#[must_use]
pub fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn broken() -> Response {
    let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <title>Something broke</title><h1>Something broke</h1>\
        <p>This page could not be made. The operator finds the reason in the log.</p></html>\n";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    no_store(response)
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

/// Who is asking: the peer, unless it is a trusted proxy; then the last
/// address in `X-Forwarded-For` that no trusted proxy has. What stands before
/// that, or cannot be read, anybody may have written.
#[must_use]
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for hop in hops.take(64) {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = forwarded(hop.trim()) else { break };
        client = address.to_canonical();
    }
    client
}

/// An address as proxies write it: bare, with a port, in brackets.
fn forwarded(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    bare.parse().ok().or_else(|| hop.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn ask(router: Router) -> Response {
        secure(router).oneshot(Request::new(Body::empty())).await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers_and_keeps_its_own() {
        let own = [(CONTENT_SECURITY_POLICY, MAIL_POLICY)];
        let plain = ask(Router::new().route("/", get(|| async { "x" }))).await;
        let framed = ask(Router::new().route("/", get(move || async move { (own, "x") }))).await;
        let missing = ask(Router::new()).await;

        for response in [&plain, &missing] {
            assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], PAGE_POLICY);
            assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[REFERRER_POLICY], "no-referrer");
            assert_eq!(response.headers()[X_FRAME_OPTIONS], "DENY");
        }
        assert_eq!(framed.headers()[CONTENT_SECURITY_POLICY], MAIL_POLICY);
        assert_eq!(framed.headers()[X_FRAME_OPTIONS], "SAMEORIGIN");
    }

    #[tokio::test]
    async fn a_handler_that_panics_gives_a_page() {
        async fn breaks() -> &'static str {
            panic!("on purpose")
        }

        let response = ask(Router::new().route("/", get(breaks))).await;

        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY));
    }

    #[test]
    fn only_what_trusted_proxies_say_counts() {
        let trusted = ["10.0.0.0/8", "::1"].map(|text| Network::parse(text).unwrap());
        let table = [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
            ("::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7"),
            ("10.1.2.3", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("10.1.2.3", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
            ("10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7"),
            ("10.1.2.3", "198.51.100.7:4711", "198.51.100.7"),
            ("::1", "garbage, 10.2.2.2", "10.2.2.2"),
            ("10.1.2.3", "", "10.1.2.3"),
        ];
        for (peer, line, client) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(line));
            assert_eq!(
                client_ip(peer.parse().unwrap(), &headers, &trusted).to_string(),
                client,
                "{line}"
            );
        }
    }
}
