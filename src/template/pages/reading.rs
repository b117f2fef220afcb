//! Pages to read: the front page, a region's list, a piece, the archive.

use serde::Serialize;

use super::{Page, Shell};
use crate::article::SafeHtml;
use crate::template::samples;
use crate::template::story::{Shelf, Story};

/// One feed in its three formats.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FeedLinks {
    /// Address as RSS; empty if there is none. So for the other two.
    pub rss: String,
    /// Address as Atom.
    pub atom: String,
    /// Address as JSON Feed.
    pub json: String,
}

/// A region on the front page.
#[derive(Debug, Clone, Serialize)]
pub struct FeedEntry {
    /// Its name.
    pub name: String,
    /// The page with its pieces; empty if there is none.
    pub url: String,
    /// Its colour; see [`crate::template::hue`].
    pub hue: u8,
    /// How many pieces it has.
    pub count: usize,
    /// Its feeds.
    pub feeds: FeedLinks,
    /// Regions inside it.
    pub inside: Vec<FeedEntry>,
}

/// What this publication is, its newest pieces and its feeds. `front.html`
#[derive(Debug, Clone, Serialize)]
pub struct Front {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// The feed of everything.
    pub all: FeedLinks,
    /// Address of the list of all feeds (OPML).
    pub opml: String,
    /// The newest pieces.
    pub latest: Vec<Story>,
    /// Regions with their feeds.
    pub regions: Vec<FeedEntry>,
    /// Digests one can subscribe to, with their latest editions.
    pub digests: Vec<ArchivedDigest>,
    /// Where older pieces are; empty if these are all.
    pub older_url: String,
}

/// The pieces of a region. `listing.html`
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// The region's name.
    pub title: String,
    /// Its colour.
    pub hue: u8,
    /// The regions around it, outermost first.
    pub crumbs: Vec<Crumb>,
    /// Its feeds.
    pub feeds: FeedLinks,
    /// Its newest pieces.
    pub stories: Vec<Story>,
    /// Where older pieces are; empty on the last page.
    pub older_url: String,
    /// Where newer pieces are; empty on the first page.
    pub newer_url: String,
    /// For the page of a feed that a person opened: its address; else empty.
    pub feed_url: String,
}

/// A step on the way to a page.
#[derive(Debug, Clone, Serialize)]
pub struct Crumb {
    /// Its name.
    pub name: String,
    /// Its page; empty if there is none.
    pub url: String,
}

/// A piece in full. `article.html`
#[derive(Debug, Clone, Serialize)]
pub struct ArticlePage {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Title, byline, date, picture, related pieces. Its `url` is where the
    /// publisher has it; empty if that is this page.
    pub story: Story,
    /// Its regions, outermost first.
    pub crumbs: Vec<Crumb>,
    /// The piece itself.
    #[serde(serialize_with = "as_text")]
    pub body: SafeHtml,
}

/// All past editions. `archive.html`
#[derive(Debug, Clone, Serialize)]
pub struct Archive {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Each digest with its editions.
    pub digests: Vec<ArchivedDigest>,
}

/// A digest and its past editions.
#[derive(Debug, Clone, Serialize)]
pub struct ArchivedDigest {
    /// Its name in addresses.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Address of its Atom feed; may be empty.
    pub feed: String,
    /// Newest first.
    pub editions: Vec<ArchivedEdition>,
    /// Where older editions are; empty if these are all.
    pub older_url: String,
}

/// A past edition.
#[derive(Debug, Clone, Serialize)]
pub struct ArchivedEdition {
    /// Its page.
    pub url: String,
    /// Its number; 0 if it has none.
    pub number: i64,
    /// Its day, `2026-11-23`.
    pub date: String,
    /// The title of its lead; may be empty.
    pub headline: String,
    /// How many pieces it has.
    pub count: usize,
}

/// A past edition as a page. `edition.html`
#[derive(Debug, Clone, Serialize)]
pub struct EditionPage {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Title of the digest.
    pub title: String,
    /// The edition's day, `2026-11-23`.
    pub date: String,
    /// Its number; 0 if it has none.
    pub number: i64,
    /// How many pieces it has.
    pub count: usize,
    /// The piece on top.
    pub lead: Option<Story>,
    /// The others, by region.
    pub shelves: Vec<Shelf>,
}

fn as_text<S: serde::Serializer>(html: &SafeHtml, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(html.as_str())
}

impl FeedLinks {
    /// `/feeds/all.rss` and so on.
    #[must_use]
    pub fn of(path: &str) -> Self {
        Self {
            rss: format!("{path}.rss"),
            atom: format!("{path}.atom"),
            json: format!("{path}.json"),
        }
    }
}

impl Page for Front {
    const FILE: &'static str = "front.html";

    fn samples() -> Vec<Self> {
        let entry = |path: &str, name: &str, count, inside| FeedEntry {
            name: name.to_owned(),
            url: format!("/region/{path}"),
            hue: crate::template::hue(path),
            count,
            feeds: FeedLinks::of(&format!("/feeds/region/{path}")),
            inside,
        };
        let within = vec![
            entry("africa/kenya", "Kenya", 4, vec![]),
            entry("africa/senegal", "Senegal", 1, vec![]),
        ];
        let full = Self {
            shell: Shell::sample(),
            all: FeedLinks::of("/feeds/all"),
            opml: "/feeds.opml".to_owned(),
            latest: samples::stories(6),
            regions: vec![
                entry("africa", "Africa", 12, within),
                entry("americas", "Americas", 9, vec![]),
                entry("asia", "Asia", 31, vec![]),
                entry("europe", "Europe", 1, vec![]),
                entry("oceania", "Oceania", 3, vec![]),
                entry("world", "World", 2, vec![]),
            ],
            digests: vec![samples::archived_digest()],
            older_url: "/?before=9".to_owned(),
        };
        let empty = Self {
            shell: Shell::bare_sample(),
            all: FeedLinks::default(),
            opml: String::new(),
            latest: vec![],
            regions: vec![],
            digests: vec![],
            older_url: String::new(),
        };
        vec![full, empty]
    }
}

impl Page for Listing {
    const FILE: &'static str = "listing.html";

    fn samples() -> Vec<Self> {
        let page = |shell, stories, older: &str| Self {
            shell,
            title: "Kenya".to_owned(),
            hue: 0,
            crumbs: vec![Crumb { name: "Africa".to_owned(), url: "/region/africa".to_owned() }],
            feeds: FeedLinks::of("/feeds/region/africa/kenya"),
            stories,
            older_url: older.to_owned(),
            newer_url: String::new(),
            feed_url: String::new(),
        };
        let feed = Self {
            feed_url: "https://news.example.org/feeds/region/africa/kenya.rss".to_owned(),
            ..page(Shell::sample(), samples::stories(2), "")
        };
        vec![
            page(Shell::sample(), samples::stories(9), "/region/africa/kenya?before=9"),
            page(Shell::bare_sample(), vec![], ""),
            feed,
        ]
    }
}

impl Page for ArticlePage {
    const FILE: &'static str = "article.html";

    fn samples() -> Vec<Self> {
        let crumb = |name: &str, url: &str| Crumb { name: name.to_owned(), url: url.to_owned() };
        let body = SafeHtml::from_store(samples::BODY.to_owned());
        let page = |shell, story| Self {
            shell,
            story,
            crumbs: vec![crumb("Africa", "/region/africa"), crumb("Kenya", "")],
            body: body.clone(),
        };
        let ugly = samples::ugly_stories().into_iter();
        let ugly = ugly.map(|story| page(Shell::bare_sample(), story));
        std::iter::once(page(Shell::sample(), samples::stories(1).remove(0))).chain(ugly).collect()
    }
}

impl Page for Archive {
    const FILE: &'static str = "archive.html";

    fn samples() -> Vec<Self> {
        let mut quiet = samples::archived_digest();
        quiet.editions.clear();
        vec![
            Self { shell: Shell::sample(), digests: vec![samples::archived_digest(), quiet] },
            Self { shell: Shell::bare_sample(), digests: vec![] },
        ]
    }
}

impl Page for EditionPage {
    const FILE: &'static str = "edition.html";

    fn samples() -> Vec<Self> {
        let mails = samples::digests().into_iter();
        let pages = mails.map(|mail| Self {
            shell: Shell { lang: mail.lang, ..Shell::sample() },
            title: mail.title,
            date: mail.date,
            number: mail.number,
            count: mail.count,
            lead: mail.lead,
            shelves: mail.shelves,
        });
        pages.collect()
    }
}
