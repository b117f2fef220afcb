//! What the head of a page says: its metas, its links, its data.

use super::outline::Outline;
use crate::article::clean::inline_text;

/// Entries that are kept.
const MOST: usize = 400;

/// The head of a page, and what belongs there wherever it stands.
#[derive(Debug, Default)]
pub struct Head {
    metas: Vec<(String, String)>,
    /// `<title>`.
    pub page_title: String,
    /// The words of each `<h1>`.
    pub headings: Vec<String>,
}

impl Head {
    /// Reads it.
    #[must_use]
    pub fn of(outline: &Outline) -> Self {
        let mut head = Self::default();
        for (at, element) in outline.elements.iter().enumerate() {
            match element.name.to_ascii_lowercase().as_str() {
                "html" => {
                    head.keep("lang", element.get("lang").or_else(|| element.get("xml:lang")));
                }
                "meta" => {
                    let name = ["property", "name", "itemprop", "http-equiv"]
                        .iter()
                        .find_map(|key| element.get(key));
                    let name = name.unwrap_or_default().to_ascii_lowercase();
                    // The data of an item that stands in the page are read with it.
                    let loose = element.get("itemprop").is_none()
                        || element.parent.is_none_or(|at| {
                            outline.elements[at].is_any(&["head", "html", "body"])
                        });
                    if loose {
                        head.keep(&name, element.get("content"));
                    }
                }
                "base" => head.keep("base", element.get("href")),
                "link" => {
                    let value =
                        |name: &str| element.get(name).unwrap_or_default().to_ascii_lowercase();
                    let (rel, kind, href) = (value("rel"), value("type"), value("href"));
                    let name = match kind.as_str() {
                        _ if rel == "canonical" => "canonical",
                        "application/json" if rel == "alternate" => "data",
                        "application/rss+xml"
                        | "application/atom+xml"
                        | "application/feed+json"
                            if rel == "alternate" && !href.contains("comment") =>
                        {
                            "feed"
                        }
                        _ => continue,
                    };
                    if name == "feed" {
                        head.keep("feed-title", element.get("title"));
                    }
                    head.keep(name, element.get("href"));
                }
                "title" if head.page_title.is_empty() => head.page_title = outline.text(at),
                "h1" if head.headings.len() < 20 => {
                    head.headings.extend(Some(outline.text(at)).filter(|words| !words.is_empty()));
                }
                _ => {}
            }
        }
        head
    }

    fn keep(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty() && self.metas.len() < MOST) {
            self.metas.push((name.to_owned(), value));
        }
    }

    /// All values of one name.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.metas.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the first of these names that has one.
    #[must_use]
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            self.metas.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        })
    }

    /// What the page calls itself where others show it.
    #[must_use]
    pub fn shared_title(&self) -> Option<String> {
        self.first(&["og:title", "twitter:title", "headline", "dc.title"]).map(inline_text)
    }

    /// The name of the site.
    #[must_use]
    pub fn site(&self) -> Option<String> {
        let named = self.first(&["og:site_name", "application-name"]).map(inline_text);
        // `The Paper » Feed`.
        let by_feed = || {
            let title = inline_text(self.all("feed-title").next()?);
            let site = title.split(['»', '|']).next()?.trim();
            let is_site = title.len() > site.len() && self.page_title.contains(site);
            (is_site && !site.is_empty()).then(|| site.to_owned())
        };
        named.or_else(by_feed)
    }
}

/// The piece's own title: what is said of it, and of that the form that the page
/// itself shows, which does not end in the name of the site.
#[must_use]
pub fn title(said: &[Option<&str>], head: &Head) -> String {
    let site = head.site();
    let named: Vec<String> = said
        .iter()
        .flatten()
        .map(|title| (*title).to_owned())
        .chain(head.shared_title())
        .filter(|title| !title.is_empty())
        .collect();
    let page = head.page_title.as_str();
    let is_site = |heading: &str| {
        site.as_deref().is_some_and(|site| super::alike(site, heading))
            || (head.headings.len() > 1 || !named.is_empty()) && is_ending(page, heading)
    };
    let headings: Vec<&String> = head.headings.iter().filter(|heading| !is_site(heading)).collect();
    let shown = headings.iter().find(|heading| {
        named.iter().map(String::as_str).chain([page]).any(|known| {
            !known.is_empty()
                && (known.contains(heading.as_str())
                    || heading.contains(known)
                    || super::alike(known, heading))
        })
    });
    if let Some(shown) = shown {
        return (**shown).clone();
    }
    if let Some(named) = named.first() {
        return without_site(named, site.as_deref());
    }
    match headings.first() {
        Some(heading) if head.headings.len() == 1 => (*heading).clone(),
        _ => without_site(page, site.as_deref()),
    }
}

/// The marks between a title and the name of a site.
const MARKS: [&str; 11] =
    [" | ", " - ", " – ", " — ", " :: ", " » ", " · ", "｜", "_", " • ", " « "];

/// Is `words` the part of a page's title that names the site?
fn is_ending(page: &str, words: &str) -> bool {
    MARKS.iter().any(|mark| {
        page.strip_suffix(words).is_some_and(|rest| rest.ends_with(mark))
            || page.strip_prefix(words).is_some_and(|rest| rest.starts_with(": ") && rest.len() > 2)
    })
}

/// A title without the name of the site behind or before it.
fn without_site(title: &str, site: Option<&str>) -> String {
    let Some(site) = site else {
        let cut = MARKS.iter().filter_map(|mark| title.rsplit_once(mark)).map(|(own, _)| own);
        let own = cut
            .filter(|own| own.chars().count() * 2 > title.chars().count())
            .min_by_key(|own| own.len());
        return own.unwrap_or(title).trim().to_owned();
    };
    if super::alike(title, site) {
        return String::new();
    }
    let own = MARKS.iter().find_map(|mark| {
        title
            .strip_suffix(site)
            .and_then(|rest| rest.strip_suffix(mark))
            .or_else(|| title.strip_prefix(site).and_then(|rest| rest.strip_prefix(mark)))
    });
    own.unwrap_or(title).trim().to_owned()
}
