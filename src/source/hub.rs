//! Hubs: who offers one, and what is said to it (WebSub, the subscriber's side).

use super::fetch::Fetched;
use super::manners::Hub;

/// The hub that a document's `Link` header offers, which counts before what the
/// document says itself.
#[must_use]
pub fn offered(fetched: &Fetched) -> Option<Hub> {
    let links: Vec<(String, String)> = fetched.header("link").flat_map(links).take(50).collect();
    let named = |rel: &str| {
        let (_, to) = links.iter().find(|(rels, _)| {
            rels.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(rel))
        })?;
        let url = fetched.final_url.join(to).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| url.to_string())
    };
    Some(Hub { hub: named("hub")?, topic: named("self").unwrap_or(fetched.final_url.to_string()) })
}

/// The relations and targets of one `Link` line (RFC 8288).
#[must_use]
pub fn links(line: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, parameters)) = after.split_once('>') else { break };
        let (own, next) = match parameters.find(",<").or_else(|| parameters.find(", <")) {
            Some(at) => parameters.split_at(at),
            None => (parameters, ""),
        };
        let rel = own.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        all.push((rel.unwrap_or_default().to_owned(), target.trim().to_owned()));
        rest = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::fetch::Said;
    use super::*;

    #[test]
    fn a_hub_is_found_in_the_header() {
        let lines = ["</hub>; rel=\"hub\", <https://e.example/feed>; rel=self", "</x>; rel=next"];
        let fetched = Fetched {
            bytes: Vec::new(),
            content_type: None,
            final_url: Url::parse("https://e.example/f").unwrap(),
            etag: None,
            last_modified: None,
            said: Said {
                headers: lines.iter().map(|l| ("link".to_owned(), (*l).to_owned())).collect(),
                moved: None,
            },
        };

        let hub = offered(&fetched).unwrap();

        assert_eq!(
            (hub.hub.as_str(), hub.topic.as_str()),
            ("https://e.example/hub", "https://e.example/feed")
        );
    }
}
