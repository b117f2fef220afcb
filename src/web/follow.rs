//! Keeps the feeds level with the store: what changed is made again at once,
//! before anybody asks, and then announced.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use super::feeds;
use super::office::Office;
use super::press::Look;
use crate::feed::Format;
use crate::flow::handing::Handing;
use crate::flow::push;
use crate::flow::syndicate::FeedName;
use crate::store::{Result, Tx, feeds as stored, hub};

/// How often the store is looked at when no bell rings: another program, or
/// another machine, may have changed it.
const LOOK: Duration = Duration::from_millis(200);

/// A round that took long is followed by a pause of so many times that length,
/// so that following costs at most a tenth of a processor however much comes in.
const PAUSE_TIMES: u32 = 9;
/// The longest pause: what changes meanwhile is out within a second all the
/// same, and readers need not look at the store themselves.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Feeds that are put out together.
const GROUP: usize = 32;

/// Follows the store until told to stop.
pub async fn run(office: Office, mut stop: watch::Receiver<bool>) {
    let mut seen = None;
    let distribution = tokio::spawn(distribute(office.clone(), stop.clone()));
    while !*stop.borrow() {
        office.house.pulse.beat("feeds", office.house.now());
        let began = Instant::now();
        match once(&office, &mut seen).await {
            Ok(Did::Nothing) => {}
            Ok(Did::Renew) => {
                let pause = (began.elapsed() * PAUSE_TIMES).min(LONGEST_PAUSE);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.changed() => break,
                }
            }
            Err(error) => warn!("The feeds are behind: {error}"),
        }
        tokio::select! {
            () = office.house.bells.articles.notified() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.changed() => break,
        }
    }
    office.house.pulse.rest("feeds");
    // It stops by the same signal.
    let _ = distribution.await;
}

/// What there was to do.
enum Did {
    /// Nothing had changed.
    Nothing,
    /// Feeds were made again.
    Renew,
}

/// Makes again what changed, and announces it.
async fn once(office: &Office, seen: &mut Option<Look>) -> Result<Did> {
    let look = office.press.look(&office.house).await?;
    let mut tx = office.house.store.read().await?;
    let before = match *seen {
        Some(seen) => seen,
        // What changed while nobody was here is announced now.
        None => Look { articles: stored::followed(&mut tx).await?, editions: look.editions },
    };
    drop(tx);
    if look.articles != before.articles {
        let mut tx = office.house.store.read().await?;
        let touched = stored::touched(&mut tx, before.articles).await?;
        drop(tx);
        let names = touched.iter().filter_map(|(shelf, _)| FeedName::of_shelf(shelf));
        renew(office, look, &names.collect::<Vec<_>>()).await?;
    }
    if look.editions != before.editions {
        let settings = office.house.settings();
        let digests = settings.digests.iter();
        let names = digests.map(|digest| FeedName::Digest(digest.name.clone()));
        renew(office, look, &names.collect::<Vec<_>>()).await?;
    }
    if let Some(courier) = office.courier()
        && push::announce(&office.house, courier).await? > 0
    {
        office.parcels.notify_one();
    }
    if look.articles != before.articles {
        let mut tx = office.house.store.write().await?;
        stored::set_followed(&mut tx, look.articles).await?;
        tx.commit().await?;
    }
    *seen = Some(look);
    Ok(if look == before { Did::Nothing } else { Did::Renew })
}

/// Makes feeds again in the formats in which somebody is waiting for them.
async fn renew(office: &Office, look: Look, names: &[FeedName]) -> Result<()> {
    for names in names.chunks(GROUP) {
        let mut wanted = Vec::with_capacity(names.len());
        let mut tx = office.house.store.read().await?;
        for name in names {
            let mut formats = vec![];
            for format in Format::ALL {
                let path = format!("{}.{}", name.path(), format.extension());
                if is_awaited(office, &mut tx, &path).await? {
                    formats.push(format);
                }
            }
            if !formats.is_empty() {
                wanted.push((name.clone(), formats));
            }
        }
        drop(tx);
        feeds::renew(office, look, &wanted).await?;
    }
    Ok(())
}

/// Is somebody waiting for the next state of a feed? Those who subscribed to
/// it, here or, which we cannot know, at another hub, and those who read the
/// present one. For anybody else it is made when they ask.
async fn is_awaited(office: &Office, tx: &mut Tx, path: &str) -> Result<bool> {
    if office.press.is_read(&format!("/{path}")) {
        return Ok(true);
    }
    let settings = office.house.settings();
    if settings.feeds.hubs.is_empty() {
        return hub::is_subscribed(tx, &settings.site.address(path)).await;
    }
    // What was never made, nobody can have subscribed to.
    stored::was_made(tx, path).await
}

/// Hands over parcels when there are new ones, and now and then those that
/// could not be handed over before.
async fn distribute(office: Office, mut stop: watch::Receiver<bool>) {
    let Some(courier) = office.courier().cloned() else { return };
    let mut handing = Handing::default();
    while !*stop.borrow() {
        if let Err(error) = handing.begin(&office.house, &courier, &office).await {
            warn!("Subscribers cannot be told of changes now: {error}");
        }
        tokio::select! {
            () = office.parcels.notified() => {}
            () = handing.ended() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stop.changed() => break,
        }
    }
}
