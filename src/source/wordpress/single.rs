//! One post that a page names: its own address in the REST interface.

use serde_json::Value;
use url::Url;

use super::super::Trouble;
use super::super::fetch::Fetch;
use super::post::{self, Names};
use super::rest::{Failure, Reply, Site};
use super::{EMBED, listing};
use crate::article::Draft;

/// The interface of a site, ready to be asked for single posts.
pub struct Interface {
    root: Url,
    names: Names,
}

/// What is at the address of a post.
#[derive(Debug)]
pub enum Single {
    /// The post, for everybody.
    Open(Box<Draft>),
    /// A post that is not for everybody.
    Closed,
    /// Nothing that can be read.
    Nothing,
}

/// The root of the interface and the post's number, if `url` is the address of
/// a post: below `/wp-json/`, or in the parameter `rest_route`.
#[must_use]
pub fn address(url: &Url) -> Option<(Url, u64)> {
    let id = |route: &str| route.trim_end_matches('/').rsplit_once("wp/v2/posts/")?.1.parse().ok();
    let mut root = url.clone();
    if let Some((_, route)) = url.query_pairs().find(|(key, _)| key == "rest_route") {
        root.set_query(Some("rest_route=/"));
        return Some((root, id(&route)?));
    }
    let number = id(url.path())?;
    let folder = url.path().rsplit_once("wp/v2/posts/")?.0;
    root.set_path(folder);
    root.set_query(None);
    Some((root, number))
}

impl Interface {
    /// The interface at `root`, with the names of its categories; `None` if it
    /// is closed.
    ///
    /// # Errors
    /// If the site is in trouble.
    pub async fn open(
        fetch: &dyn Fetch,
        root: &Url,
        limits: (u64, bool),
    ) -> Result<Option<Self>, Trouble> {
        match listing::names(&site(fetch, root, limits), root).await {
            Ok(names) => Ok(Some(Self { root: root.clone(), names })),
            Err(
                Failure::Closed(_)
                | Failure::Trouble(Trouble::Operator { .. } | Trouble::Gone { .. }),
            ) => Ok(None),
            Err(Failure::Trouble(trouble)) => Err(trouble),
        }
    }

    /// The post with that number.
    ///
    /// # Errors
    /// If the site is in trouble.
    pub async fn post(
        &self,
        fetch: &dyn Fetch,
        id: u64,
        language: Option<&str>,
        limits: (u64, bool),
    ) -> Result<Single, Trouble> {
        let site = site(fetch, &self.root, limits);
        let route = format!("wp/v2/posts/{id}");
        let value = match site.ask(&self.root, &route, &[("_embed", EMBED)]).await {
            Ok(Reply::Json { value: value @ Value::Object(_), .. }) => value,
            Ok(_) | Err(Trouble::Operator { .. } | Trouble::Gone { .. }) => {
                return Ok(Single::Nothing);
            }
            Err(trouble) => return Err(trouble),
        };
        Ok(match post::post(&value, &self.names, &self.root, language) {
            Some(post) => post.draft.map_or(Single::Closed, |draft| Single::Open(Box::new(draft))),
            None => Single::Nothing,
        })
    }
}

fn site<'a>(
    fetch: &'a dyn Fetch,
    root: &'a Url,
    (max_bytes, allow_private): (u64, bool),
) -> Site<'a> {
    Site { fetch, url: root, max_bytes, allow_private, login: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_post_leads_to_its_interface() {
        for (url, expected) in [
            ("https://w.example/wp-json/wp/v2/posts/12", Some(("https://w.example/wp-json/", 12))),
            (
                "https://w.example/blog/api/wp/v2/posts/7/?x=1",
                Some(("https://w.example/blog/api/", 7)),
            ),
            (
                "https://w.example/?rest_route=%2Fwp%2Fv2%2Fposts%2F9",
                Some(("https://w.example/?rest_route=/", 9)),
            ),
            (
                "https://w.example/index.php?rest_route=/wp/v2/posts/9",
                Some(("https://w.example/index.php?rest_route=/", 9)),
            ),
            ("https://w.example/wp-json/wp/v2/pages/2", None),
            ("https://w.example/wp-json/wp/v2/posts/", None),
            ("https://w.example/posts/3", None),
        ] {
            let found = address(&Url::parse(url).unwrap());
            let found = found.as_ref().map(|(root, id)| (root.as_str(), *id));
            assert_eq!(found, expected, "{url}");
        }
    }
}
