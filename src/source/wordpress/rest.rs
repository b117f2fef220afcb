//! The REST interface of a WordPress: addresses, answers, refusals.
//!
//! It knows how to ask and what an answer is, not what a post means.

use serde_json::Value;
use url::Url;

use super::super::Trouble;
use super::super::fetch::{Fetch, Fetched, Refusals, Request, Response};
use crate::secret::Secret;

/// What is needed to ask one site.
pub struct Site<'a> {
    /// The way to the network.
    pub fetch: &'a dyn Fetch,
    /// Its front page, as configured.
    pub url: &'a Url,
    /// The largest document taken.
    pub max_bytes: u64,
    /// Whether it may stand in a private network.
    pub allow_private: bool,
    /// `Authorization` of an application password.
    pub login: Option<Secret>,
}

/// An answer of the REST interface.
#[derive(Debug)]
pub enum Reply {
    /// What was asked for.
    Json {
        /// The data.
        value: Value,
        /// `X-WP-Total`: how many there are in all.
        total: Option<u64>,
        /// `X-WP-TotalPages`.
        pages: Option<u64>,
    },
    /// It said no.
    Refused {
        /// The status.
        status: u16,
        /// WordPress's word for it, such as `rest_post_invalid_id`; `None` if
        /// something else answered.
        code: Option<String>,
    },
    /// Something that is no JSON: a page of a firewall, a login, a notice.
    Other,
}

/// Why the REST interface gave nothing.
#[derive(Debug)]
pub enum Failure {
    /// It is not open; in words.
    Closed(String),
    /// The site is in trouble.
    Trouble(Trouble),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Site<'_> {
    /// Any document of the site; refusals are answers.
    pub async fn document(&self, url: Url) -> Result<Response, Trouble> {
        let request = Request {
            authorization: self
                .login
                .clone()
                .filter(|_| same_host(&url, self.url) && self.may_tell(&url)),
            refusals: Refusals::Answer,
            ..Request::to(url, self.max_bytes, self.allow_private)
        };
        self.fetch.fetch(request).await
    }

    /// A password goes over TLS, or to a machine that was declared private.
    fn may_tell(&self, url: &Url) -> bool {
        url.scheme() == "https" || self.allow_private
    }

    /// One question to the REST interface.
    pub async fn ask(
        &self,
        root: &Url,
        route: &str,
        query: &[(&str, &str)],
    ) -> Result<Reply, Trouble> {
        Ok(match self.document(endpoint(root, route, query)).await? {
            Response::NotModified(_) => Reply::Other,
            Response::Document(document) => match json(&document) {
                Some(value) => {
                    let number = |name| document.header(name).find_map(|n| n.trim().parse().ok());
                    let (total, pages) = (number("x-wp-total"), number("x-wp-totalpages"));
                    Reply::Json { value, total, pages }
                }
                None => Reply::Other,
            },
            Response::Refused { status, document } => {
                let value = json(&document);
                let code = value.as_ref().and_then(|value| value.get("code")?.as_str());
                Reply::Refused { status, code: code.map(str::to_owned) }
            }
        })
    }

    /// A list that the REST interface has to give, or it is closed.
    pub async fn list(
        &self,
        root: &Url,
        route: &str,
        query: &[(&str, &str)],
    ) -> Result<List, Failure> {
        match self.ask(root, route, query).await? {
            Reply::Json { value: Value::Array(rows), total, pages } => {
                Ok(List::Rows { rows, total, pages })
            }
            Reply::Refused { status: 400, code: Some(code) }
                if code.ends_with("invalid_page_number") =>
            {
                Ok(List::PastTheEnd)
            }
            Reply::Refused { status, code } => Err(Failure::Closed(match code {
                Some(code) => format!("{status} {code}"),
                None => status.to_string(),
            })),
            Reply::Json { .. } | Reply::Other => {
                Err(Failure::Closed("it answers with something else".to_owned()))
            }
        }
    }
}

/// A page of a list.
#[derive(Debug)]
pub enum List {
    /// Its rows, and how many there are in all.
    Rows {
        /// What stands on the page.
        rows: Vec<Value>,
        /// How many there are in all, if told.
        total: Option<u64>,
        /// How many pages, if told.
        pages: Option<u64>,
    },
    /// There is no such page any more.
    PastTheEnd,
}

/// `www.` or not, it is the same site.
pub fn same_host(a: &Url, b: &Url) -> bool {
    let bare = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    bare(a) == bare(b)
}

/// The address of a route, in either form of permalinks: below `/wp-json/`, or
/// in the parameter `rest_route`.
pub fn endpoint(root: &Url, route: &str, query: &[(&str, &str)]) -> Url {
    let mut url = root.clone();
    let plain = root.query_pairs().any(|(key, _)| key == "rest_route");
    if plain {
        let kept: Vec<(String, String)> = root
            .query_pairs()
            .filter(|(key, _)| key != "rest_route")
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair("rest_route", &format!("/{route}"));
    } else {
        let path = format!("{}/{route}", root.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// The JSON in a document. PHP's warnings may stand before it.
fn json(document: &Fetched) -> Option<Value> {
    let text = String::from_utf8_lossy(&document.bytes);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if text.starts_with(['[', '{']) {
        return serde_json::from_str(text).ok();
    }
    let is_page = text.get(..200).unwrap_or(text).to_ascii_lowercase().contains("<html");
    ["[{\"", "{\"", "[]"]
        .iter()
        .filter(|_| !is_page)
        .find_map(|start| serde_json::from_str(&text[text.find(start)?..]).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fetch::Said;

    #[test]
    fn a_route_is_found_under_either_form_of_permalinks() {
        for (root, expected) in [
            ("https://w.example/wp-json/", "https://w.example/wp-json/wp/v2/posts?page=2"),
            ("https://w.example/blog/wp-json", "https://w.example/blog/wp-json/wp/v2/posts?page=2"),
            (
                "https://w.example/?rest_route=/",
                "https://w.example/?rest_route=%2Fwp%2Fv2%2Fposts&page=2",
            ),
            (
                "https://w.example/index.php?lang=de&rest_route=/",
                "https://w.example/index.php?lang=de&rest_route=%2Fwp%2Fv2%2Fposts&page=2",
            ),
        ] {
            let url = endpoint(&Url::parse(root).unwrap(), "wp/v2/posts", &[("page", "2")]);
            assert_eq!(url.as_str(), expected);
        }
    }

    #[test]
    fn warnings_before_the_json_are_passed_over_and_a_page_is_no_json() {
        let document = |text: &str| Fetched {
            bytes: text.into(),
            content_type: None,
            final_url: Url::parse("https://w.example/").unwrap(),
            etag: None,
            last_modified: None,
            said: Said::default(),
        };
        let warned = "<br />\n<b>Warning</b>: Undefined key in x.php on line 3<br />[{\"id\":1}]";

        assert_eq!(json(&document(warned)).unwrap()[0]["id"], 1);
        assert_eq!(json(&document("\u{feff}[]")).unwrap(), Value::Array(vec![]));
        assert_eq!(json(&document("<!doctype html><html><script>x={\"a\":1}")), None);
    }
}
