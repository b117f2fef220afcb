//! What a feed is, whatever language it is written in.

use uuid::Uuid;

use crate::article::{Article, Image, SafeHtml, identity};
use crate::clock::Time;
use crate::feed::Format;
use crate::region::RegionPath;
use crate::site::Site;

/// A feed: who publishes what, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Permanent identity, an absolute URI; see [`Channel::mint`].
    pub id: String,
    /// Plain text.
    pub title: String,
    /// Plain text, one sentence.
    pub description: String,
    /// The page for people that this feed belongs to; absolute.
    pub home: String,
    /// Where the feed itself is fetched.
    pub addresses: Addresses,
    /// BCP 47 tag of the frame, and of entries that name none.
    pub language: String,
    /// When the feed's content last changed: the newest `updated` of its
    /// entries or the last withdrawal. `None` if there was never an entry.
    pub updated: Option<Time>,
    /// Small square image; absolute.
    pub icon: Option<String>,
    /// Who stands for entries that name no author.
    pub author: Option<String>,
    /// Where changes are pushed from (WebSub); absolute.
    pub hubs: Vec<String>,
    /// Minutes between two polls.
    pub ttl: Option<u32>,
    /// Its older and newer volumes.
    pub volumes: Volumes,
    /// Pieces that stood in it and were withdrawn, latest first.
    pub withdrawn: Vec<(Uuid, Time)>,
    /// The entries, newest first.
    pub entries: Vec<Entry>,
}

/// A feed and its archive (RFC 5005 section 4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volumes {
    /// For a volume of the archive: the feed it belongs to.
    pub current: Option<Addresses>,
    /// The volume with what came before.
    pub older: Option<Addresses>,
    /// The volume with what came after.
    pub newer: Option<Addresses>,
}

/// Where a feed is fetched, by format; what is `None` is not offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// RSS 2.0.
    pub rss: Option<String>,
    /// Atom 1.0.
    pub atom: Option<String>,
    /// JSON Feed 1.1.
    pub json: Option<String>,
}

impl Addresses {
    /// All three formats of the feed at `path`, without its ending:
    /// `feeds/all` or `feeds/region/africa`.
    #[must_use]
    pub fn of(site: &Site, path: &str) -> Self {
        let at = |format: Format| Some(site.address(&format!("{path}.{}", format.extension())));
        Self { rss: at(Format::Rss), atom: at(Format::Atom), json: at(Format::Json) }
    }

    /// The address of one format.
    #[must_use]
    pub fn get(&self, format: Format) -> Option<&str> {
        match format {
            Format::Rss => self.rss.as_deref(),
            Format::Atom => self.atom.as_deref(),
            Format::Json => self.json.as_deref(),
        }
    }
}

impl Channel {
    /// The empty feed of `site` at `path`, without its ending (`feeds/all`):
    /// its addresses, its identity and everything that the site says.
    #[must_use]
    pub fn new(site: &Site, path: &str, title: impl Into<String>) -> Self {
        Self {
            id: Self::mint(site, path),
            title: title.into(),
            description: site.description.clone().unwrap_or_else(|| site.title.clone()),
            home: site.address("/"),
            addresses: Addresses::of(site, path),
            language: site.language.clone(),
            updated: None,
            icon: None,
            author: Some(site.title.clone()),
            hubs: Vec::new(),
            ttl: None,
            volumes: Volumes::default(),
            withdrawn: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// The identity of the feed of `site` at `path`; the same in all formats.
    #[must_use]
    pub fn mint(site: &Site, path: &str) -> String {
        let uid = identity::mint(&format!("feed of {}", site.url), path.trim_matches('/'));
        format!("urn:uuid:{uid}")
    }
}

/// What of an article goes into a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The whole piece.
    Full,
    /// Its teaser alone.
    Teaser,
}

/// One piece in a feed. What is written of it depends on nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Permanent identity, equal in all formats.
    pub uid: Uuid,
    /// Its number in the store: tells pieces of one second apart.
    pub number: i64,
    /// Where it can be read; absolute.
    pub url: String,
    /// Plain text.
    pub title: String,
    /// Plain text; may be empty.
    pub teaser: String,
    /// The whole piece, if the feed gives it.
    pub html: Option<SafeHtml>,
    /// Names as they are printed.
    pub authors: Vec<String>,
    /// When it appeared.
    pub published: Time,
    /// When it last changed in a way a reader would notice.
    pub updated: Time,
    /// When it was first seen here.
    pub first_seen: Time,
    /// BCP 47 tag; `und` if unknown.
    pub language: String,
    /// Where it belongs, best first: each region with the names of those
    /// around it and its own, outermost first.
    pub regions: Vec<(RegionPath, Vec<String>)>,
    /// Address that stands for the tree of regions; absolute.
    pub scheme: String,
    /// What it is tagged with: slug and title.
    pub tags: Vec<(String, String)>,
    /// Address that stands for the tags; absolute.
    pub tag_scheme: String,
    /// The main image.
    pub image: Option<Image>,
    /// Title of the publication it was taken over from.
    pub credit: Option<String>,
}

impl Entry {
    /// The entry of an article. `name` gives the name of a region in the
    /// site's language.
    ///
    /// A piece without an address of its own gets one at the site that is
    /// unique and opens its front page.
    #[must_use]
    pub fn from_article(
        article: &Article,
        site: &Site,
        content: Content,
        name: impl Fn(&RegionPath) -> String,
    ) -> Self {
        let regions = article
            .regions
            .iter()
            .map(|path| (path.clone(), path.lineage().map(|part| name(&part)).collect::<Vec<_>>()));
        let html = match content {
            Content::Full => Some(article.html.clone()),
            Content::Teaser => None,
        };
        Self {
            uid: article.uid,
            number: article.id.0,
            url: article.url.clone().unwrap_or_else(|| site.address(&format!("/#{}", article.uid))),
            title: article.title.clone(),
            teaser: article.teaser.clone(),
            html,
            authors: article.authors.clone(),
            published: article.published,
            updated: article.updated,
            first_seen: article.first_seen,
            language: article.language.clone(),
            regions: regions.collect(),
            scheme: site.address("/feeds/region/"),
            tags: Vec::new(),
            tag_scheme: site.address("/feeds/tag/"),
            image: article.image.clone(),
            credit: article.credit.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::samples;

    #[test]
    fn a_feed_keeps_its_identity_while_its_titles_change_and_shares_it_with_no_other() {
        let site = samples::site();
        let renamed = Site { title: "Other".to_owned(), ..site.clone() };

        assert_eq!(Channel::mint(&site, "feeds/all"), Channel::mint(&renamed, "/feeds/all"));
        assert_ne!(Channel::mint(&site, "feeds/all"), Channel::mint(&site, "feeds/region/asia"));
    }

    #[test]
    fn an_article_without_an_address_gets_one_of_its_own() {
        let mut article = samples::article(7);
        article.card.url = None;

        let entry =
            Entry::from_article(&article, &samples::site(), Content::Teaser, ToString::to_string);

        assert_eq!(entry.url, format!("https://news.example.org/#{}", article.uid));
        assert_eq!(entry.html, None);
    }
}
