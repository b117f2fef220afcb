//! From articles to feeds: which feeds there are, and what is in each.

use std::collections::BTreeMap;

use super::{House, Settings, compile, issue};
use crate::article::{clean, identity};
use crate::clock::Time;
use crate::feed::opml::{self, Outline};
use crate::feed::{Channel, Entry, FeedError, Format};
use crate::region::RegionPath;
use crate::store::articles::Filter;
use crate::store::{Result, articles, editions, feeds};

/// The most authors and editions that are listed.
const MANY: i64 = 10_000;

/// Which feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeedName {
    /// Every article.
    All,
    /// A region with all inside it.
    Region(RegionPath),
    /// One author, by [`identity::slug`].
    Author(String),
    /// One digest: an entry for each edition.
    Digest(String),
}

impl FeedName {
    /// Reads what stands between `/feeds/` and the ending: `region/africa`.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        match path.split_once('/') {
            None if path == "all" => Some(Self::All),
            Some(("region", region)) => {
                let parsed = RegionPath::parse(region).ok()?;
                (parsed.as_str() == region).then_some(Self::Region(parsed))
            }
            Some(("author", slug)) if identity::slug(slug) == slug => {
                Some(Self::Author(slug.to_owned()))
            }
            Some(("digest", name)) => Some(Self::Digest(name.to_owned())),
            _ => None,
        }
    }

    /// The path below the site, without its ending: `feeds/region/africa`.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::All => "feeds/all".to_owned(),
            Self::Region(region) => format!("feeds/region/{region}"),
            Self::Author(slug) => format!("feeds/author/{}", in_address(slug)),
            Self::Digest(name) => format!("feeds/digest/{name}"),
        }
    }

    /// The page for people that shows the same.
    #[must_use]
    pub fn page(&self) -> String {
        match self {
            Self::All => "/".to_owned(),
            Self::Region(region) => format!("/region/{region}"),
            Self::Author(slug) => format!("/author/{}", in_address(slug)),
            Self::Digest(name) => format!("/archive/{name}"),
        }
    }
}

/// A path segment with what is not plain ASCII percent-encoded.
#[must_use]
pub fn in_address(segment: &str) -> String {
    url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A feed as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The document.
    pub text: String,
    /// Since when its bytes are what they are.
    pub changed: Time,
    /// Its own address.
    pub address: String,
    /// Articles that would have broken it and are not in it.
    pub left_out: Vec<FeedError>,
}

/// Every feed there is now.
///
/// # Errors
/// If the store does not answer.
pub async fn names(house: &House) -> Result<Vec<FeedName>> {
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let mut names = vec![FeedName::All];
    let mut regions: Vec<RegionPath> =
        articles::regions(&mut tx).await?.into_iter().map(|(region, _)| region).collect();
    regions.retain(|region| settings.tree.contains(region));
    regions.sort_by_key(|region| settings.tree.order(region));
    names.extend(regions.into_iter().map(FeedName::Region));
    names.extend(
        articles::authors(&mut tx, MANY)
            .await?
            .into_iter()
            .map(|author| FeedName::Author(author.slug)),
    );
    names.extend(settings.digests.iter().map(|digest| FeedName::Digest(digest.name.clone())));
    Ok(names)
}

/// One feed in one format; `None` if there is no such feed.
///
/// # Errors
/// If the store does not answer.
pub async fn feed(house: &House, name: &FeedName, format: Format) -> Result<Option<Feed>> {
    let settings = house.settings();
    let Some(channel) = channel(house, &settings, name).await? else { return Ok(None) };
    let written = match crate::feed::write(&channel, format) {
        Ok(written) => written,
        Err(error) => return Err(crate::store::StoreError::Refused(error.to_string())),
    };
    for error in &written.left_out {
        tracing::warn!(feed = %name.path(), "{error}");
    }
    let path = format!("{}.{}", name.path(), format.extension());
    let changed = changed(house, &path, &written.text).await?;
    let address = settings.site.address(&path);
    Ok(Some(Feed { text: written.text, changed, address, left_out: written.left_out }))
}

/// Since when the bytes served at `path` are what they are; notes a change.
///
/// # Errors
/// If the store does not answer.
pub async fn changed(house: &House, path: &str, text: &str) -> Result<Time> {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let hash = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut tx = house.store.read().await?;
    if let Some(since) = feeds::known(&mut tx, path, &hash).await? {
        return Ok(since);
    }
    drop(tx);
    // HTTP dates have whole seconds: a change is never dated before it was made.
    let mut tx = house.store.write().await?;
    let since = feeds::changed(&mut tx, path, &hash, house.now()).await?;
    tx.commit().await?;
    Ok(since)
}

async fn channel(house: &House, settings: &Settings, name: &FeedName) -> Result<Option<Channel>> {
    let title = &settings.site.title;
    let language = &settings.site.language;
    let mut tx = house.store.read().await?;
    let (title, filter) = match name {
        FeedName::All => (title.clone(), Filter::default()),
        FeedName::Region(region) if settings.tree.contains(region) => (
            format!("{title} – {}", settings.tree.name(region, language)),
            Filter { region: Some(region.clone()), ..Filter::default() },
        ),
        FeedName::Author(slug) => {
            let filter = Filter { author: Some(slug.clone()), ..Filter::default() };
            match articles::author(&mut tx, slug).await? {
                Some(author) => (format!("{title} – {author}"), filter),
                None => return Ok(None),
            }
        }
        FeedName::Digest(digest) => {
            drop(tx);
            return digest_channel(house, settings, digest).await;
        }
        FeedName::Region(_) => return Ok(None),
    };
    let limit = i64::try_from(settings.feeds.items).unwrap_or(i64::MAX);
    let cards = articles::list(&mut tx, &filter, limit).await?;
    let mut channel = Channel::new(&settings.site, &name.path(), title);
    channel.home = settings.site.address(&name.page());
    channel.ttl = Some(settings.feeds.max_age.div_ceil(60));
    for card in cards {
        // A piece withdrawn since the list was read is simply not there.
        if let Some(article) = articles::get(&mut tx, card.id).await? {
            let mut entry =
                Entry::from_article(&article, &settings.site, settings.feeds.content(), |region| {
                    settings.tree.name(region, language)
                });
            entry.url = compile::address(&settings.site, &article);
            channel.entries.push(entry);
        }
    }
    channel.updated = channel.entries.iter().map(|entry| entry.updated).max();
    Ok(Some(channel))
}

async fn digest_channel(
    house: &House,
    settings: &Settings,
    digest: &str,
) -> Result<Option<Channel>> {
    let Some(config) = settings.digest(digest) else { return Ok(None) };
    let name = FeedName::Digest(digest.to_owned());
    let limit = i64::try_from(settings.feeds.items).unwrap_or(i64::MAX);
    let mut tx = house.store.read().await?;
    let editions = editions::latest(&mut tx, Some(digest), limit).await?;
    let mut channel = Channel::new(
        &settings.site,
        &name.path(),
        format!("{} – {}", settings.site.title, config.title),
    );
    channel.home = settings.site.address(&name.page());
    channel.language.clone_from(&config.language);
    for edition in editions {
        let issue = issue::read(&edition)?;
        let pieces = issue::pieces(&mut tx, edition.id).await?;
        let titles: Vec<&str> = pieces.iter().take(4).map(|piece| piece.title.as_str()).collect();
        let list: String = pieces.iter().fold(String::new(), |mut list, piece| {
            use std::fmt::Write;
            // Writing to a String cannot fail; the whole is cleaned below.
            let _ = write!(
                list,
                "<li><a href=\"{}\">{}</a> {}</li>",
                attribute(&piece.url),
                attribute(&piece.title),
                attribute(&piece.teaser)
            );
            list
        });
        channel.entries.push(Entry {
            uid: edition.uid,
            url: settings.site.address(&issue::archive_path(&edition)),
            title: format!("{} – {}", issue.title, issue.date),
            teaser: titles.join(" · "),
            html: settings.feeds.full_text.then(|| clean::clean(&format!("<ul>{list}</ul>"), None)),
            authors: vec![],
            published: edition.frozen,
            updated: edition.frozen,
            language: issue.language,
            regions: vec![],
            scheme: settings.site.address("/feeds/region/"),
            image: None,
            credit: None,
        });
    }
    channel.updated = channel.entries.iter().map(|entry| entry.updated).max();
    Ok(Some(channel))
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The list of all feeds, nested by region.
///
/// # Errors
/// If the store does not answer.
pub async fn opml(house: &House) -> Result<String> {
    let settings = house.settings();
    let site = &settings.site;
    let mut outlines = vec![];
    let mut regions: Vec<(RegionPath, Outline)> = vec![];
    let mut authors = vec![];
    let mut digests = vec![];
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut tx = house.store.read().await?;
    for author in articles::authors(&mut tx, MANY).await? {
        named.insert(author.slug, author.name);
    }
    let newest =
        articles::list(&mut tx, &Filter::default(), 1).await?.first().map(|card| card.updated);
    drop(tx);
    for name in names(house).await? {
        let outline = |title: String| Outline::Feed {
            title,
            feed: site.address(&format!("{}.rss", name.path())),
            home: site.address(&name.page()),
        };
        match &name {
            FeedName::All => outlines.push(outline(site.title.clone())),
            FeedName::Region(region) => {
                regions.push((region.clone(), outline(settings.tree.name(region, &site.language))));
            }
            FeedName::Author(slug) => {
                authors.push(outline(named.get(slug).cloned().unwrap_or_else(|| slug.clone())));
            }
            FeedName::Digest(digest) => digests.push(outline(
                settings.digest(digest).map_or(digest.clone(), |digest| digest.title.clone()),
            )),
        }
    }
    outlines.extend(opml::nest(regions));
    for (title, inside) in [("Authors", authors), ("Digests", digests)] {
        if !inside.is_empty() {
            outlines.push(Outline::Folder { title: title.to_owned(), inside });
        }
    }
    opml::write(&site.title, newest, &outlines).map_err(crate::store::StoreError::Refused)
}

/// Writes every feed below `folder`, for a web server or CDN: each file
/// appears whole or not at all, and one that has not changed is not touched.
/// Gives how many files were written and how many were up to date.
///
/// # Errors
/// If the store does not answer, or a file cannot be written.
pub async fn build(
    house: &House,
    folder: &std::path::Path,
) -> std::result::Result<(usize, usize), BuildError> {
    let (mut written, mut same) = (0, 0);
    let list = opml(house).await?;
    let mut put = |path: &str, text: &str| -> std::io::Result<()> {
        if write_whole(&folder.join(path), text.as_bytes())? {
            written += 1;
        } else {
            same += 1;
        }
        Ok(())
    };
    put("feeds.opml", &list)?;
    for name in names(house).await? {
        for format in Format::ALL {
            if let Some(feed) = feed(house, &name, format).await? {
                put(&format!("{}.{}", decoded(&name), format.extension()), &feed.text)?;
            }
        }
    }
    Ok((written, same))
}

/// The path of a feed on a disk, where nothing is percent-encoded.
fn decoded(name: &FeedName) -> String {
    match name {
        FeedName::Author(slug) => format!("feeds/author/{slug}"),
        other => other.path(),
    }
}

fn write_whole(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<bool> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)?;
    Ok(true)
}

/// Why feeds could not be written to a folder.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A file cannot be written.
    #[error("a feed cannot be written: {0}; check that the folder can be written")]
    Disk(#[from] std::io::Error),
}
