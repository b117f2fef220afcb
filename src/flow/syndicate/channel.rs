//! What stands in a feed: its frame, and which pieces it holds.

use std::fmt::Write;

use super::{FeedName, House, Period, Settings};
use crate::article::{Article, Label, clean};
use crate::clock::{Time, from_millis};
use crate::feed::{Addresses, Channel, Entry, Volumes};
use crate::flow::{compile, issue};
use crate::store::feeds::{self, Place, Stretch, Withdrawn};
use crate::store::{Result, Tx, articles, editions};

/// A month with more pieces than this is archived by the day.
const FULL_MONTH: i64 = 500;
/// The most pieces in a volume of an archive.
const FULL_VOLUME: i64 = 5_000;
/// The most tombstones in a feed, and how far back they are looked for.
const TOMBSTONES: usize = 50;
const LOOK_BACK: i64 = 200;

/// A feed without its entries, and what they are.
pub(super) struct Frame {
    pub channel: Channel,
    pub holding: Holding,
    /// The volume of the archive before this.
    pub older: Option<FeedName>,
}

/// What a feed holds.
pub(super) enum Holding {
    /// Pieces in the store.
    Places(Vec<Place>),
    /// Something else, made already.
    Entries(Vec<Entry>),
}

/// The frame of a feed; `None` if there is no such feed. `withdrawn` is kept
/// for the next frame.
pub(super) async fn frame(
    house: &House,
    settings: &Settings,
    name: &FeedName,
    withdrawn: &mut Option<Vec<Withdrawn>>,
) -> Result<Option<Frame>> {
    if let FeedName::Digest(digest) = name {
        return digest_frame(house, settings, digest).await;
    }
    let Some(shelf) = name.shelf() else { return Ok(None) };
    let mut tx = house.store.read().await?;
    let (subject, period) = match name {
        FeedName::Volume(subject, period) => (&**subject, Some(*period)),
        name => (name, None),
    };
    let Some(title) = title(&mut tx, settings, subject, &shelf).await? else { return Ok(None) };
    let limit = i64::try_from(settings.feeds.items).unwrap_or(i64::MAX);
    let mut channel = Channel::new(&settings.site, &name.path(), title);
    let (places, volumes, older) = match period {
        None => {
            let stretch = Stretch { from: None, before: None, limit: limit.saturating_add(1) };
            let mut places = feeds::places(&mut tx, &shelf, stretch).await?;
            let (mut volumes, mut before) = (Volumes::default(), None);
            if places.len() > settings.feeds.items {
                places.truncate(settings.feeds.items);
                if let Some(oldest) = places.last() {
                    let period = period_of(&mut tx, &shelf, from_millis(oldest.published)).await?;
                    volumes.older = Some(addresses(settings, subject, period));
                    before = Some(period);
                }
            }
            (places, volumes, before)
        }
        Some(period) => {
            channel.title = format!("{} – {period}", channel.title);
            let stretch = Stretch {
                from: Some(period.begins()),
                before: Some(period.ends()),
                limit: FULL_VOLUME,
            };
            let places = feeds::places(&mut tx, &shelf, stretch).await?;
            if places.is_empty() {
                return Ok(None);
            }
            let (volumes, before) = beside(&mut tx, settings, subject, &shelf, period).await?;
            (places, volumes, before)
        }
    };
    channel.volumes = volumes;
    channel.home = settings.site.address(&name.page());
    channel.icon = Some(settings.site.address("/icon.png"));
    channel.ttl = Some(settings.feeds.max_age.div_ceil(60));
    if period.is_none() {
        channel.hubs = hubs(settings);
        let gone = match withdrawn {
            Some(gone) => gone,
            None => withdrawn.insert(feeds::withdrawn(&mut tx, LOOK_BACK).await?),
        };
        let gone = gone.iter().filter(|gone| gone.shelves.contains(&shelf)).take(TOMBSTONES);
        channel.withdrawn = gone.map(|gone| (gone.uid, gone.when)).collect();
    }
    let changed = places.iter().map(|place| from_millis(place.updated));
    channel.updated = changed.chain(channel.withdrawn.iter().map(|(_, when)| *when)).max();
    let older = older.map(|period| FeedName::Volume(Box::new(subject.clone()), period));
    Ok(Some(Frame { channel, holding: Holding::Places(places), older }))
}

/// What a feed is called; `None` if there is no such feed.
async fn title(
    tx: &mut Tx,
    settings: &Settings,
    name: &FeedName,
    shelf: &str,
) -> Result<Option<String>> {
    let site = &settings.site;
    if settings.feeds.gone.contains(&name.plain())
        || settings.feeds.moved.iter().any(|(from, _)| *from == name.plain())
    {
        return Ok(None);
    }
    let about = match name {
        FeedName::All => return Ok(Some(site.title.clone())),
        FeedName::Region(region) if settings.tree.contains(region) => {
            settings.tree.name(region, &site.language)
        }
        FeedName::Source(source) if settings.sources.iter().any(|known| known.name == *source) => {
            source.clone()
        }
        FeedName::Author(_) | FeedName::Tag(_) | FeedName::Language(_) => {
            match feeds::shelf(tx, shelf).await? {
                Some(shelf) if shelf.title.is_empty() => shelf.key,
                Some(shelf) => shelf.title,
                None => return Ok(None),
            }
        }
        // A source that is watched no more keeps its feed while it has pieces.
        FeedName::Source(_) => match feeds::shelf(tx, shelf).await? {
            Some(shelf) if shelf.pieces > 0 => shelf.key,
            _ => return Ok(None),
        },
        FeedName::Region(_) | FeedName::Digest(_) | FeedName::Volume(..) => return Ok(None),
    };
    Ok(Some(format!("{} – {about}", site.title)))
}

/// The hubs that tell of changes.
fn hubs(settings: &Settings) -> Vec<String> {
    let own = settings.feeds.hub.then(|| settings.site.address("/hub"));
    own.into_iter().chain(settings.feeds.hubs.iter().map(ToString::to_string)).collect()
}

fn addresses(settings: &Settings, name: &FeedName, period: Period) -> Addresses {
    let volume = FeedName::Volume(Box::new(name.clone()), period);
    Addresses::of(&settings.site, &volume.path())
}

/// The volume in which a moment lies.
async fn period_of(tx: &mut Tx, shelf: &str, time: Time) -> Result<Period> {
    let month = Period::month(time);
    let stretch =
        Stretch { from: Some(month.begins()), before: Some(month.ends()), limit: FULL_MONTH + 1 };
    let is_full = feeds::count(tx, shelf, stretch).await? > FULL_MONTH;
    Ok(if is_full { Period::day(time) } else { month })
}

/// The feed itself and the volumes beside that of `period`; and the period of
/// the one before.
async fn beside(
    tx: &mut Tx,
    settings: &Settings,
    name: &FeedName,
    shelf: &str,
    period: Period,
) -> Result<(Volumes, Option<Period>)> {
    let stretch = Stretch { from: None, before: Some(period.begins()), limit: 1 };
    let older = match feeds::places(tx, shelf, stretch).await?.first() {
        Some(place) => Some(period_of(tx, shelf, from_millis(place.published)).await?),
        None => None,
    };
    let newer = match feeds::first_since(tx, shelf, period.ends()).await? {
        Some(time) => Some(period_of(tx, shelf, time).await?),
        None => None,
    };
    let volumes = Volumes {
        current: Some(Addresses::of(&settings.site, &name.path())),
        older: older.map(|period| addresses(settings, name, period)),
        newer: newer.map(|period| addresses(settings, name, period)),
    };
    Ok((volumes, older))
}

/// The entry of a piece.
pub(super) fn entry(settings: &Settings, article: &Article, labels: &[Label]) -> Entry {
    let language = &settings.site.language;
    let mut entry =
        Entry::from_article(article, &settings.site, settings.feeds.content(), |region| {
            settings.tree.name(region, language)
        });
    entry.url = compile::address(&settings.site, article);
    entry.tags = articles::tags(labels);
    // A label that only repeats a region says nothing new.
    let regions: Vec<String> =
        entry.regions.iter().flat_map(|(_, names)| names).map(|name| name.to_lowercase()).collect();
    entry.tags.retain(|(_, title)| !regions.contains(&title.to_lowercase()));
    entry
}

async fn digest_frame(house: &House, settings: &Settings, digest: &str) -> Result<Option<Frame>> {
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
    channel.icon = Some(settings.site.address("/icon.png"));
    channel.hubs = hubs(settings);
    let mut entries = vec![];
    for edition in editions {
        let issue = issue::read(&edition)?;
        let pieces = issue::pieces(&mut tx, edition.id).await?;
        let titles: Vec<&str> = pieces.iter().take(4).map(|piece| piece.title.as_str()).collect();
        let list: String = pieces.iter().fold(String::new(), |mut list, piece| {
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
        entries.push(Entry {
            uid: edition.uid,
            number: edition.id,
            url: settings.site.address(&issue::archive_path(&edition)),
            title: format!("{} – {}", issue.title, issue.date),
            teaser: titles.join(" · "),
            html: settings.feeds.full_text.then(|| clean::clean(&format!("<ul>{list}</ul>"), None)),
            authors: vec![],
            published: edition.frozen,
            updated: edition.frozen,
            first_seen: edition.frozen,
            language: issue.language,
            regions: vec![],
            scheme: settings.site.address("/feeds/region/"),
            tags: vec![],
            tag_scheme: settings.site.address("/feeds/tag/"),
            image: None,
            credit: None,
        });
    }
    channel.updated = entries.iter().map(|entry| entry.updated).max();
    Ok(Some(Frame { channel, holding: Holding::Entries(entries), older: None }))
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
