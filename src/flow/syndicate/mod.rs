//! From articles to feeds: which feeds there are, and what is in each.

mod channel;
pub mod files;
pub mod picked;
mod round;

use super::{House, Settings};
use crate::clock::Time;
use crate::feed::opml::{self, Outline};
use crate::feed::{Composed, FeedError, Format};
use crate::region::RegionPath;
use crate::store::articles::{self, Filter};
use crate::store::feeds::Which;
use crate::store::{Result, StoreError, feeds};
use channel::Holding;

pub use round::{Round, changed, hash};

pub use crate::feed::{FeedName, Period, in_address};

/// The most feeds of a kind that are listed.
const MANY: i64 = 10_000;

/// A feed as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// How it is written.
    pub format: Format,
    /// The document, and where its entries lie.
    pub composed: Composed,
    /// The [`hash`] of its bytes.
    pub hash: String,
    /// Since when its bytes are what they are.
    pub changed: Time,
    /// Its own address.
    pub address: String,
    /// Its addresses in the other formats.
    pub others: Vec<(Format, String)>,
    /// The hubs that tell of its changes.
    pub hubs: Vec<String>,
    /// Articles that would have broken it and are not in it.
    pub left_out: Vec<FeedError>,
}

/// What became of a feed that is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// There never was such a feed.
    Unknown,
    /// It has another name now.
    Moved(FeedName),
    /// It was here, and does not come back.
    Gone,
}

/// Every feed there is now.
///
/// # Errors
/// If the store does not answer.
pub async fn names(house: &House) -> Result<Vec<FeedName>> {
    Ok(listed(house, Which::Filled).await?.into_iter().map(|(name, _)| name).collect())
}

/// Feeds with their titles.
async fn listed(house: &House, which: Which) -> Result<Vec<(FeedName, String)>> {
    let settings = house.settings();
    let language = &settings.site.language;
    let mut tx = house.store.read().await?;
    let mut names = vec![(FeedName::All, settings.site.title.clone())];
    let mut regions: Vec<RegionPath> = feeds::shelves(&mut tx, "region", which, i64::MAX)
        .await?
        .into_iter()
        .filter_map(|shelf| RegionPath::parse(&shelf.key).ok())
        .collect();
    regions.retain(|region| settings.tree.contains(region));
    regions.sort_by_key(|region| settings.tree.order(region));
    names.extend(regions.into_iter().map(|region| {
        let title = settings.tree.name(&region, language);
        (FeedName::Region(region), title)
    }));
    for kind in ["author", "tag", "source", "language"] {
        for shelf in feeds::shelves(&mut tx, kind, which, MANY).await? {
            let Some(name) = FeedName::of_shelf(&format!("{kind}/{}", shelf.key)) else { continue };
            let title = if shelf.title.is_empty() { shelf.key } else { shelf.title };
            names.push((name, title));
        }
    }
    names.extend(
        settings
            .digests
            .iter()
            .map(|digest| (FeedName::Digest(digest.name.clone()), digest.title.clone())),
    );
    Ok(names)
}

/// What a feed is called, and its newest pieces, at most so many, by their
/// numbers; `None` if there is no such feed.
///
/// # Errors
/// If the store does not answer.
pub async fn outline(
    house: &House,
    name: &FeedName,
    limit: usize,
) -> Result<Option<(String, Vec<i64>)>> {
    let settings = house.settings();
    let Some(frame) = channel::frame(house, &settings, name, &mut None).await? else {
        return Ok(None);
    };
    Ok(match frame.holding {
        Holding::Places(places) => {
            let numbers = places.iter().take(limit).map(|place| place.id).collect();
            Some((frame.channel.title, numbers))
        }
        // The archive of a digest is its page.
        Holding::Entries(_) => None,
    })
}

/// What became of a feed that a [`Round`] does not find.
///
/// # Errors
/// If the store does not answer.
pub async fn absent(house: &House, name: &FeedName) -> Result<Absent> {
    let settings = house.settings();
    let inner = match name {
        FeedName::Volume(inner, _) => inner,
        name => name,
    };
    let plain = inner.plain();
    if let Some((_, to)) = settings.feeds.moved.iter().find(|(from, _)| *from == plain)
        && let Some(to) = FeedName::parse(to)
    {
        return Ok(Absent::Moved(match name {
            FeedName::Volume(_, period) => FeedName::Volume(Box::new(to), *period),
            _ => to,
        }));
    }
    if settings.feeds.gone.contains(&plain) {
        return Ok(Absent::Gone);
    }
    let mut tx = house.store.read().await?;
    let was_here = match (inner, inner.shelf()) {
        (FeedName::Digest(digest), _) => {
            !crate::store::editions::latest(&mut tx, Some(digest), 1).await?.is_empty()
        }
        (_, Some(shelf)) if !matches!(name, FeedName::Volume(..)) => {
            feeds::shelf(&mut tx, &shelf).await?.is_some()
        }
        _ => false,
    };
    Ok(if was_here { Absent::Gone } else { Absent::Unknown })
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
    let mut folders = ["Authors", "Tags", "Sources", "Languages", "Digests"]
        .map(|title| (title, Vec::<Outline>::new()));
    let mut tx = house.store.read().await?;
    let newest =
        articles::list(&mut tx, &Filter::default(), 1).await?.first().map(|card| card.updated);
    drop(tx);
    for (name, title) in listed(house, Which::Filled).await? {
        let outline = Outline::Feed {
            title,
            feed: site.address(&format!("{}.rss", name.path())),
            home: site.address(&name.page()),
        };
        let folder = match name {
            FeedName::All => {
                outlines.push(outline);
                continue;
            }
            FeedName::Region(region) => {
                regions.push((region, outline));
                continue;
            }
            FeedName::Author(_) => 0,
            FeedName::Tag(_) => 1,
            FeedName::Source(_) => 2,
            FeedName::Language(_) => 3,
            FeedName::Digest(_) => 4,
            FeedName::Volume(..) => continue,
        };
        folders[folder].1.push(outline);
    }
    outlines.extend(opml::nest(regions));
    for (title, inside) in folders {
        if !inside.is_empty() {
            outlines.push(Outline::Folder { title: title.to_owned(), inside });
        }
    }
    opml::write(&site.title, newest, &outlines).map_err(StoreError::Refused)
}
