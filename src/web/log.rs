//! One line for each request, without anything that identifies a person.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{debug, error, warn};

use super::office::Office;
use super::trouble::Trouble;

/// First parts of paths after which a token stands.
const SECRET: [&str; 3] = ["confirm", "unsubscribe", "preferences"];

/// Notes what was asked and how it ended; what went wrong is said aloud here.
pub async fn note(State(office): State<Office>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = redacted(request.uri().path());
    let began = office.house.now();
    let response = next.run(request).await;
    let ms = (office.house.now() - began).num_milliseconds();
    let status = response.status().as_u16();
    match response.extensions().get::<Trouble>() {
        Some(Trouble::Passing(reason)) => {
            warn!(http.path = %path, status, "{method} {path} had to be put off: {reason}");
        }
        Some(Trouble::Fault(reason)) => {
            error!(http.path = %path, status, "{method} {path} failed: {reason}");
        }
        _ => debug!(http.path = %path, status, elapsed_ms = ms, "{method} {path}: {status}"),
    }
    response
}

/// A path as logs may show it: no token, not without end.
#[must_use]
pub fn redacted(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    if path.starts_with("/feeds/my/") {
        return "/feeds/my/…".to_owned();
    }
    // What is encoded where nothing needs to be may hide the word.
    if first.contains('%') || SECRET.iter().any(|secret| first.eq_ignore_ascii_case(secret)) {
        return format!("/{first}/…");
    }
    path.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_logged() {
        let table = [
            ("/unsubscribe/AQAA-token", "/unsubscribe/…"),
            ("//unsubscribe/AQAA-token/x", "/unsubscribe/…"),
            ("/Confirm/AQAA-token", "/Confirm/…"),
            ("/preferences/AQAA-token", "/preferences/…"),
            ("/%75nsubscribe/AQAA-token", "/%75nsubscribe/…"),
            ("/feeds/region/africa.rss", "/feeds/region/africa.rss"),
            ("/feeds/my/AQAA-token.rss", "/feeds/my/…"),
            ("/", "/"),
        ];
        for (path, shown) in table {
            assert_eq!(redacted(path), shown);
        }
    }
}
