//! Feeds that are picked together for one reader: the answers to a search, and
//! the regions that somebody chose. They are not announced and not archived,
//! and nothing of them is kept in the store.

use std::sync::Arc;

use super::channel::Holding;
use super::{Feed, House, Round, Settings};
use crate::article::{ArticleId, language};
use crate::clock::Time;
use crate::feed::{Addresses, Channel, Composed, Format};
use crate::region::RegionPath;
use crate::store::feeds::{self, Place, Stretch};
use crate::store::{Result, Tx, articles, subscribers};
use crate::subscriber::Standing;
use crate::subscriber::token::Purpose;

/// How far back a search looks, in pieces.
const SCAN: i64 = 2_000;
const LONGEST: usize = 200;
const MOST_WORDS: usize = 8;

/// What is picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Pieces that have all the words, in a region and a language.
    Search {
        /// As it was asked.
        query: String,
        /// Only here, and inside.
        region: Option<RegionPath>,
        /// Only in this language.
        language: Option<String>,
    },
    /// Pieces in the regions that a subscriber chose.
    Mine {
        /// The token of the address.
        token: String,
        /// Where; empty: everywhere.
        regions: Vec<RegionPath>,
    },
}

impl Pick {
    /// A search, if it can be one: `region` and `lang` must be what they say.
    #[must_use]
    pub fn search(query: &str, region: &str, lang: &str) -> Option<Self> {
        let query = query.split_whitespace().take(MOST_WORDS).collect::<Vec<_>>().join(" ");
        if query.len() > LONGEST {
            return None;
        }
        let region = match region {
            "" => None,
            region => Some(RegionPath::parse(region).ok()?),
        };
        let language = match lang {
            "" => None,
            lang => Some(language::primary(lang)?),
        };
        Some(Self::Search { query: query.to_lowercase(), region, language })
    }

    /// The feed of whoever holds the token, with what they chose; `None` if
    /// it is no token of ours, or they have left.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn mine(house: &House, token: &str) -> Result<Option<Self>> {
        let payload = house.keys.verify(Purpose::Feed, token);
        let uid = payload.and_then(|payload| uuid::Uuid::from_slice(&payload).ok());
        let Some(uid) = uid else { return Ok(None) };
        let mut tx = house.store.read().await?;
        let person = subscribers::by_uid(&mut tx, uid).await?;
        Ok(person
            .filter(|person| person.standing == Standing::Active)
            .map(|person| Self::Mine { token: token.to_owned(), regions: person.regions }))
    }

    /// Where it is fetched, below the site.
    #[must_use]
    pub fn address(&self, format: Format) -> String {
        match self {
            Self::Search { query, region, language } => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("q", query);
                if let Some(region) = region {
                    form.append_pair("region", region.as_str());
                }
                if let Some(language) = language {
                    form.append_pair("lang", language);
                }
                format!("/feeds/search.{}?{}", format.extension(), form.finish())
            }
            Self::Mine { token, .. } => format!("/feeds/my/{token}.{}", format.extension()),
        }
    }
}

/// The address of somebody's own feed, below the site.
#[must_use]
pub fn own_address(house: &House, uid: uuid::Uuid) -> String {
    let token = house.keys.sign(Purpose::Feed, uid.as_bytes());
    format!("/feeds/my/{token}.rss")
}

/// A picked feed. Its bytes count as changed whenever they are made anew.
///
/// # Errors
/// If the store does not answer.
pub async fn feed(
    house: &House,
    pick: &Pick,
    format: Format,
    last: Option<Arc<Composed>>,
) -> Result<Feed> {
    let mut round = Round::open(house);
    let settings = Arc::clone(round.settings());
    let site = &settings.site;
    let title = match pick {
        Pick::Search { query, .. } if !query.is_empty() => format!("{} – “{query}”", site.title),
        _ => site.title.clone(),
    };
    let mut channel = Channel::new(site, &pick.address(Format::Rss), title);
    channel.addresses = Addresses {
        rss: Some(site.address(&pick.address(Format::Rss))),
        atom: Some(site.address(&pick.address(Format::Atom))),
        json: Some(site.address(&pick.address(Format::Json))),
    };
    channel.icon = Some(site.address("/icon.png"));
    channel.ttl = Some(settings.feeds.max_age.div_ceil(60));
    let mut tx = house.store.read().await?;
    let places = match pick {
        Pick::Search { query, region, language } => {
            search(&mut tx, &settings, query, region.as_ref(), language.as_deref()).await?
        }
        Pick::Mine { regions, .. } => chosen(&mut tx, &settings, regions).await?,
    };
    drop(tx);
    channel.updated = places.iter().map(|place| crate::clock::from_millis(place.updated)).max();
    let address = site.address(&pick.address(format));
    let written = round.write(&channel, &Holding::Places(places), &[(format, last)]).await?;
    let (composed, left_out) = written.into_iter().next().unwrap_or_default();
    let changed: Time = house.now();
    let hash = super::hash(&composed.text);
    Ok(Feed { format, composed, hash, changed, address, others: vec![], hubs: vec![], left_out })
}

async fn search(
    tx: &mut Tx,
    settings: &Settings,
    query: &str,
    region: Option<&RegionPath>,
    language: Option<&str>,
) -> Result<Vec<Place>> {
    let words: Vec<&str> = query.split(' ').filter(|word| !word.is_empty()).collect();
    let shelf = match (region, language) {
        (Some(region), _) => format!("region/{region}"),
        (None, Some(language)) => format!("language/{language}"),
        (None, None) => "all".to_owned(),
    };
    let stretch = Stretch { from: None, before: None, limit: SCAN };
    let mut found = vec![];
    for place in feeds::places(tx, &shelf, stretch).await? {
        if found.len() >= settings.feeds.items {
            break;
        }
        let Some(article) = articles::get(tx, ArticleId(place.id)).await? else { continue };
        if language
            .is_some_and(|wanted| language::primary(&article.language).as_deref() != Some(wanted))
        {
            continue;
        }
        let parts = [&article.title, &article.teaser, &article.text, &article.authors.join(" ")]
            .map(|part| part.to_lowercase());
        if words.iter().all(|word| parts.iter().any(|part| part.contains(word))) {
            found.push(place);
        }
    }
    Ok(found)
}

async fn chosen(tx: &mut Tx, settings: &Settings, regions: &[RegionPath]) -> Result<Vec<Place>> {
    let limit = i64::try_from(settings.feeds.items).unwrap_or(i64::MAX);
    let stretch = Stretch { from: None, before: None, limit };
    if regions.is_empty() {
        return feeds::places(tx, "all", stretch).await;
    }
    let mut all = vec![];
    for region in regions {
        all.extend(feeds::places(tx, &format!("region/{region}"), stretch).await?);
    }
    all.sort_by_key(|place| std::cmp::Reverse((place.published, place.id)));
    all.dedup_by_key(|place| place.id);
    all.truncate(settings.feeds.items);
    Ok(all)
}
