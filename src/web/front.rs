//! The front page: what this is, its newest pieces, its feeds, and how to
//! subscribe.

use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, Method};

use super::archive;
use super::conditional;
use super::feeds;
use super::office::Office;
use super::page;
use super::press::{Made, Source};
use super::reading;
use super::stories::{self, Before};
use super::trouble::Trouble;
use crate::flow::Settings;
use crate::flow::syndicate::FeedName;
use crate::region::RegionPath;
use crate::store::articles::{self, Filter};
use crate::template::hue;
use crate::template::pages::{FeedEntry, FeedLinks, Front};

/// Pieces on the front page.
const LATEST: usize = 20;
/// Editions of each digest on it.
const EDITIONS: i64 = 3;

/// `/`, and `/?before=…` for older pieces.
pub async fn front(
    State(office): State<Office>,
    Query(before): Query<Before>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    if before.piece()?.is_some() {
        if method != Method::GET && method != Method::HEAD {
            return Err(Trouble::Method);
        }
        return reading::older(&office, &before).await;
    }
    let document = office
        .press
        .sheet(&office.house, "/", Source::Everything, |_| set(&office))
        .await?
        .ok_or(Trouble::Missing)?;
    Ok(conditional::respond(&document, &method, &headers).await)
}

async fn set(office: &Office) -> Result<Option<Made>, Trouble> {
    let settings = office.house.settings();
    let mut tx = office.house.store.read().await?;
    let limit = i64::try_from(LATEST + 1).unwrap_or(i64::MAX);
    let mut cards = articles::list(&mut tx, &Filter::default(), limit).await?;
    let older_url = stories::cut("/", &mut cards, LATEST);
    let regions = entries(&settings, articles::regions(&mut tx).await?);
    let mut digests = vec![];
    for digest in &settings.digests {
        digests.push(archive::shelf(&mut tx, digest, None, EDITIONS).await?);
    }
    drop(tx);
    let mut latest = stories::stories(&settings, &cards, None);
    // The newest piece stands on top, with a picture as wide as its place.
    if let (Some(first), Some(card)) = (latest.first_mut(), cards.first())
        && let Some(lead) = stories::lead(&settings, card, vec![])
    {
        *first = lead;
    }
    let page = Front {
        shell: page::shell(office, &settings),
        all: FeedLinks::of(&format!("/{}", FeedName::All.path())),
        opml: "/feeds.opml".to_owned(),
        latest,
        regions,
        digests,
        older_url,
    };
    let html = settings.templates.render_page(&page)?;
    Ok(Some(feeds::set(html, "text/html; charset=utf-8", office.house.now(), 0)))
}

/// Regions with their feeds, nested in their top regions, in the tree's order.
fn entries(settings: &Settings, mut counts: Vec<(RegionPath, i64)>) -> Vec<FeedEntry> {
    counts.retain(|(region, _)| settings.tree.contains(region));
    counts.sort_by_key(|(region, _)| settings.tree.order(region));
    let mut tops: Vec<(RegionPath, FeedEntry)> = vec![];
    for (region, pieces) in counts {
        let name = FeedName::Region(region.clone());
        let entry = FeedEntry {
            name: settings.tree.name(&region, &settings.site.language),
            url: name.page(),
            hue: hue(region.as_str()),
            count: usize::try_from(pieces).unwrap_or_default(),
            feeds: FeedLinks::of(&format!("/{}", name.path())),
            inside: vec![],
        };
        match tops.iter_mut().find(|(top, _)| *top == region.top()) {
            Some((_, top)) => top.inside.push(entry),
            None => tops.push((region, entry)),
        }
    }
    tops.into_iter().map(|(_, entry)| entry).collect()
}
