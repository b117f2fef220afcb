//! Which feeds there are, and where each is found.

use super::period::Period;
use crate::article::{identity, language};
use crate::region::RegionPath;

/// Which feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedName {
    /// Every article.
    All,
    /// A region with all inside it.
    Region(RegionPath),
    /// One author, by [`identity::slug`].
    Author(String),
    /// One tag or category, by [`identity::slug`].
    Tag(String),
    /// One source, by its name in the config.
    Source(String),
    /// One language, by the first part of its tag.
    Language(String),
    /// One digest: an entry for each edition.
    Digest(String),
    /// What another feed held in a period (RFC 5005).
    Volume(Box<FeedName>, Period),
}

impl FeedName {
    /// Reads what stands between `/feeds/` and the ending: `region/africa`.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let Some((kind, key)) = path.split_once('/') else {
            return (path == "all").then_some(Self::All);
        };
        let is_slug = || !key.is_empty() && key.len() <= 300 && identity::slug(key) == key;
        match kind {
            "region" => {
                let parsed = RegionPath::parse(key).ok()?;
                (parsed.as_str() == key).then_some(Self::Region(parsed))
            }
            "author" if is_slug() => Some(Self::Author(key.to_owned())),
            "tag" if is_slug() => Some(Self::Tag(key.to_owned())),
            "source" if !key.is_empty() => Some(Self::Source(key.to_owned())),
            "language" => {
                let known = language::primary(key)?;
                (known == key).then_some(Self::Language(known))
            }
            "digest" if !key.is_empty() => Some(Self::Digest(key.to_owned())),
            "archive" => {
                let (period, name) = key.split_once('/')?;
                let name = Self::parse(name)?;
                name.shelf()?;
                match name {
                    Self::Volume(..) => None,
                    name => Some(Self::Volume(Box::new(name), Period::parse(period)?)),
                }
            }
            _ => None,
        }
    }

    /// The feed of a shelf.
    #[must_use]
    pub fn of_shelf(shelf: &str) -> Option<Self> {
        Self::parse(shelf).filter(|name| name.shelf().as_deref() == Some(shelf))
    }

    /// The shelf in the store whose pieces it holds; a digest has none.
    #[must_use]
    pub fn shelf(&self) -> Option<String> {
        match self {
            Self::Digest(_) => None,
            Self::Volume(name, _) => name.shelf(),
            name => Some(name.plain()),
        }
    }

    /// The path below the site, without its ending: `feeds/region/africa`.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "feeds/all".to_owned(),
            Self::Region(region) => format!("feeds/region/{region}"),
            Self::Author(slug) => format!("feeds/author/{}", in_address(slug)),
            Self::Tag(slug) => format!("feeds/tag/{}", in_address(slug)),
            Self::Source(name) => format!("feeds/source/{}", in_address(name)),
            Self::Language(tag) => format!("feeds/language/{tag}"),
            Self::Digest(name) => format!("feeds/digest/{}", in_address(name)),
            Self::Volume(name, period) => {
                let path = name.path();
                let rest = path.strip_prefix("feeds/").unwrap_or(&path);
                format!("feeds/archive/{period}/{rest}")
            }
        }
    }

    /// What [`FeedName::parse`] reads; nothing in it is encoded.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Region(region) => format!("region/{region}"),
            Self::Author(slug) => format!("author/{slug}"),
            Self::Tag(slug) => format!("tag/{slug}"),
            Self::Source(name) => format!("source/{name}"),
            Self::Language(tag) => format!("language/{tag}"),
            Self::Digest(name) => format!("digest/{name}"),
            Self::Volume(name, period) => format!("archive/{period}/{}", name.plain()),
        }
    }

    /// The page for people that shows the same, or the nearest to it.
    #[must_use]
    pub fn page(&self) -> String {
        match self {
            Self::All | Self::Tag(_) | Self::Source(_) | Self::Language(_) => "/".to_owned(),
            Self::Region(region) => format!("/region/{region}"),
            Self::Author(slug) => format!("/author/{}", in_address(slug)),
            Self::Digest(name) => format!("/archive/{}", in_address(name)),
            Self::Volume(name, _) => name.page(),
        }
    }
}

/// A path segment with what is not plain ASCII percent-encoded.
#[must_use]
pub fn in_address(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_from_its_path_and_its_shelf() {
        let names = [
            "all",
            "region/americas/united-states",
            "author/redaktion-são-tomé",
            "tag/外交部",
            "source/magazine",
            "language/pt",
            "archive/2026-03/region/africa",
            "archive/2026-03-14/all",
        ];
        for plain in names {
            let name = FeedName::parse(plain).unwrap();
            assert_eq!(name.plain(), plain);
            if !plain.starts_with("archive/") {
                assert_eq!(FeedName::of_shelf(plain), Some(name));
            }
        }
        assert_eq!(FeedName::parse("digest/weekly").unwrap().shelf(), None);
    }

    #[test]
    fn what_names_no_feed_is_none() {
        for bad in [
            "",
            "all/",
            "region",
            "region/Africa",
            "author/A",
            "author/",
            "tag/",
            "language/EN",
            "language/und",
            "archive/2026-13/all",
            "archive/2026-03/digest/weekly",
            "archive/2026-03/archive/2026-02/all",
            "archive/2026-3/all",
            "archive/all",
        ] {
            assert_eq!(FeedName::parse(bad), None, "{bad}");
        }
    }
}
