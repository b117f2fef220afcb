//! Lists of feeds that other readers export (OPML), however they are written.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::article::clean::strip_controls;
use crate::article::markup::{Token, Tokens, attribute};

/// A feed in such a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// A name fit for `[[source]]`, different for each.
    pub name: String,
    /// What the list calls it.
    pub title: String,
    /// The feed's address.
    pub url: Url,
}

/// Feeds that are taken from one list.
const MOST: usize = 20_000;
/// The longest name made of a title, in characters.
const LONGEST: usize = 60;

/// The feeds of a list in its order, each once, with names that are not among
/// `taken`; and how many of its entries are no feed's address.
pub fn read<'a>(source: &str, taken: impl IntoIterator<Item = &'a str>) -> (Vec<Listed>, usize) {
    let taken = taken.into_iter().map(str::to_owned).collect();
    let mut names = Names { taken, last: HashMap::new() };
    let mut seen: HashSet<Url> = HashSet::new();
    let (mut listed, mut bad) = (Vec::new(), 0);
    for token in Tokens::of(source) {
        let Token::Start { name, attributes, .. } = token else { continue };
        if !name.eq_ignore_ascii_case("outline") || listed.len() >= MOST {
            continue;
        }
        let Some(address) = attribute(attributes, "xmlUrl") else { continue };
        let address = address.trim().replacen("feed://", "https://", 1);
        let Some(url) = Url::parse(&address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        else {
            bad += 1;
            continue;
        };
        if !seen.insert(url.clone()) {
            continue;
        }
        let title = ["title", "text"]
            .iter()
            .filter_map(|name| attribute(attributes, name))
            .map(|title| strip_controls(&title))
            .find(|title| !title.is_empty())
            .unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned());
        let name = names.unique(&slug(&title, &url));
        listed.push(Listed { name, title, url });
    }
    (listed, bad)
}

/// Letters, digits and hyphens of a title, or of the host.
fn slug(title: &str, url: &Url) -> String {
    let plain = |text: &str| {
        let mut out = String::new();
        for c in text.chars().take(4 * LONGEST) {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            } else if !out.ends_with('-') && !out.is_empty() {
                out.push('-');
            }
        }
        out.truncate(LONGEST);
        out.trim_matches('-').to_owned()
    };
    let own = plain(title);
    let own = if own.len() >= 2 { own } else { plain(url.host_str().unwrap_or_default()) };
    if own.is_empty() { "feed".to_owned() } else { own }
}

/// Names that are taken, and the last number that was put behind each.
struct Names {
    taken: HashSet<String>,
    last: HashMap<String, u32>,
}

impl Names {
    fn unique(&mut self, name: &str) -> String {
        let last = self.last.entry(name.to_owned()).or_insert(1);
        let mut free = name.to_owned();
        while !self.taken.insert(free.clone()) {
            *last += 1;
            free = format!("{name}-{last}");
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_read_from_any_list() {
        let source = "<?xml version='1.0'?><opml version='1.1'><body><outline text='Africa'>\
             <outline type='rss' text='The Review &amp; more' xmlUrl='https://e.example/a?x=1&amp;y=2'/>\
             <outline text='The Review &amp; more' XMLURL='http://f.example/feed'></outline>\
             <outline text='again' xmlUrl='https://e.example/a?x=1&amp;y=2'/>\
             <outline text='日本' xmlUrl='feed://g.example/feed'/>\
             <outline text='bad' xmlUrl='javascript:alert(1)'/></outline></body></opml>";

        let (listed, bad) = read(source, ["g-example"]);

        let names: Vec<_> =
            listed.iter().map(|one| (one.name.as_str(), one.url.as_str())).collect();
        assert_eq!(
            names,
            [
                ("the-review-more", "https://e.example/a?x=1&y=2"),
                ("the-review-more-2", "http://f.example/feed"),
                ("g-example-2", "https://g.example/feed"),
            ]
        );
        assert_eq!((listed[0].title.as_str(), bad), ("The Review & more", 1));
    }
}
