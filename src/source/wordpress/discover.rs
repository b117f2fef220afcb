//! Finding the REST interface and the feed of a site.

use serde_json::Value;
use url::Url;

use super::super::Trouble;
use super::super::fetch::{Fetched, Response};
use super::super::parse::encoding;
use super::rest::{Reply, Site, endpoint};
use crate::article::language;
use crate::article::markup::{Token, Tokens, attribute};

/// What the front page says of the site.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Where it says that its REST interface begins.
    pub root: Option<Url>,
    /// Its main feed.
    pub feed: Option<Url>,
    /// The language it is marked with.
    pub language: Option<String>,
}

/// Where a search for the REST interface ended.
#[derive(Debug)]
pub enum Found {
    /// It is open, here.
    Open(Url),
    /// It is not; in words.
    Closed(String),
}

/// Reads the front page; one that is refused says nothing.
///
/// # Errors
/// If the site does not answer.
pub async fn front(site: &Site<'_>) -> Result<Front, Trouble> {
    Ok(match site.document(site.url.clone()).await? {
        Response::Document(page) => said(&page),
        _ => Front::default(),
    })
}

/// Looks for the REST interface: where the front page says, else where it usually is.
///
/// # Errors
/// If the site does not answer.
pub async fn rest(site: &Site<'_>, front: &Front) -> Result<Found, Trouble> {
    let mut places: Vec<Url> = front.root.clone().into_iter().collect();
    let base = folder(site.url);
    places.extend(base.join("wp-json/").ok());
    let mut plain = base;
    plain.set_query(Some("rest_route=/"));
    places.push(plain);
    places.dedup();
    let mut why = None;
    for root in places {
        let query = [("per_page", "1"), ("_fields", "id")];
        match site.ask(&root, "wp/v2/posts", &query).await? {
            Reply::Json { value: Value::Array(_), .. } => return Ok(Found::Open(root)),
            Reply::Refused { status, code } => {
                let at = endpoint(&root, "wp/v2/posts", &[]);
                let code = code.map(|code| format!(" {code}")).unwrap_or_default();
                why.get_or_insert(format!("{at} answers {status}{code}"));
            }
            Reply::Json { .. } | Reply::Other => {
                why.get_or_insert(format!(
                    "{} gives no list of posts",
                    endpoint(&root, "wp/v2/posts", &[])
                ));
            }
        }
    }
    Ok(Found::Closed(why.unwrap_or_else(|| "it is nowhere".to_owned())))
}

/// The folder that the site lives in: `https://a.example/blog` means `/blog/`.
pub fn folder(url: &Url) -> Url {
    let mut folder = url.clone();
    folder.set_query(None);
    folder.set_fragment(None);
    let last = folder.path().rsplit('/').next().unwrap_or_default();
    if !last.is_empty() && !last.contains('.') {
        let path = format!("{}/", folder.path());
        folder.set_path(&path);
    }
    folder
}

/// What a front page says, in its header lines or its head.
fn said(page: &Fetched) -> Front {
    let base = &page.final_url;
    let mut front = Front {
        root: page.header("link").find_map(|line| linked(line, "https://api.w.org/", base)),
        ..Front::default()
    };
    let source = encoding::decode(&page.bytes, page.content_type.as_deref(), base.domain());
    for token in Tokens::of(&source).take(20_000) {
        let Token::Start { name, attributes: raw, .. } = token else { continue };
        if name.eq_ignore_ascii_case("html") {
            front.language = attribute(raw, "lang").as_deref().and_then(language::normalize);
        } else if name.eq_ignore_ascii_case("link") {
            let rel = attribute(raw, "rel").unwrap_or_default();
            let href = || attribute(raw, "href").and_then(|href| base.join(href.trim()).ok());
            if rel == "https://api.w.org/" {
                front.root = front.root.or_else(href);
            } else if rel.eq_ignore_ascii_case("alternate")
                && attribute(raw, "type")
                    .is_some_and(|kind| kind.contains("rss") || kind.contains("atom"))
                && front.feed.is_none()
            {
                front.feed = href().filter(|url| !url.path().contains("/comments/"));
            }
        }
    }
    let web = |url: &Url| matches!(url.scheme(), "http" | "https");
    front.root = front.root.filter(web);
    front.feed = front.feed.filter(web);
    front
}

/// The target of a `Link` header with that relation (RFC 8288).
fn linked(line: &str, relation: &str, base: &Url) -> Option<Url> {
    line.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_it = parameters.split(';').any(|parameter| {
            parameter
                .trim()
                .strip_prefix("rel=")
                .is_some_and(|rel| rel.trim_matches('"') == relation)
        });
        is_it.then(|| base.join(target).ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fetch::Said;

    fn page(headers: &[(&str, &str)], body: &str) -> Fetched {
        Fetched {
            bytes: body.into(),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            final_url: Url::parse("https://w.example/blog/").unwrap(),
            etag: None,
            last_modified: None,
            said: Said {
                headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
                ..Said::default()
            },
        }
    }

    #[test]
    fn a_front_page_says_where_things_are() {
        let body = "<html lang=pt-BR><link rel='https://api.w.org/' href='/b'>\
                    <link rel='alternate' type='application/rss+xml' href='/blog/comments/feed/'>\
                    <link rel='alternate' type='application/rss+xml' href='feed/'>";

        let header = said(&page(
            &[(
                "link",
                "<https://w.example/x>; rel=shortlink, <https://w.example/?rest_route=/>; rel=\"https://api.w.org/\"",
            )],
            body,
        ));
        let head = said(&page(&[], body));

        assert_eq!(header.root.unwrap().as_str(), "https://w.example/?rest_route=/");
        assert_eq!(head.root.unwrap().as_str(), "https://w.example/b");
        assert_eq!(head.feed.unwrap().as_str(), "https://w.example/blog/feed/");
        assert_eq!(head.language.as_deref(), Some("pt-BR"));
    }

    #[test]
    fn a_site_may_live_in_a_folder() {
        for (url, expected) in [
            ("https://w.example", "https://w.example/"),
            ("https://w.example/blog?x=1", "https://w.example/blog/"),
            ("https://w.example/index.php", "https://w.example/index.php"),
        ] {
            assert_eq!(folder(&Url::parse(url).unwrap()).as_str(), expected);
        }
    }
}
