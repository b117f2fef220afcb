//! Telling those who want to know that a feed changed (WebSub): other hubs are
//! pinged, and subscribers of our own hub get the new bytes.
//!
//! A feed is announced when its bytes changed and can be read already, once,
//! by whichever instance noticed first. What is owed to a subscriber is in the
//! store, so a restart loses nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::sync::Semaphore;
use tracing::{debug, warn};
use url::{Host, Url};

use super::House;
use crate::feed::websub::{Mode, Wish};
use crate::source::guard::{self, Guard};
use crate::store::{Result, feeds, hub};

/// All of one request to a stranger.
const DEADLINE: Duration = Duration::from_secs(10);
/// Requests to strangers at a time.
const HANDS: usize = 16;
/// Those among them that do not answer at once and make room for others.
const SLOW_HANDS: usize = 256;
/// Who takes longer is slow.
const PATIENCE: Duration = Duration::from_millis(300);
/// Callbacks that wait to be asked whether they mean it.
const MOST_WAITING: usize = 64;
/// Subscriptions in all, and at one host.
const MOST: i64 = 50_000;
const MOST_OF_HOST: i64 = 5_000;
/// Feeds announced at a time.
const PAGE: i64 = 200;
/// When a ping to another hub is tried again.
const PING_AGAIN: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(30), Duration::from_mins(5)];

/// The bytes of a feed as a subscriber gets them.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The document.
    pub bytes: Bytes,
    /// `Content-Type`.
    pub content_type: String,
    /// Values of `Link` headers.
    pub links: Vec<String>,
    /// Tells these bytes from others.
    pub tag: String,
}

/// Gives the bytes of feeds as they are served now.
pub trait Parcels: Send + Sync {
    /// The feed at a path below the site (`/feeds/all.rss`); `None` if there
    /// is none.
    fn parcel(&self, path: &str) -> impl Future<Output = Option<Parcel>> + Send;
}

/// Goes out to hubs and subscribers.
#[derive(Debug)]
pub struct Courier {
    guarded: Client,
    open: Client,
    hands: Arc<Semaphore>,
    /// For requests to those who take their time.
    slow: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Why a subscription is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The request itself is wrong.
    Wrong(&'static str),
    /// Too much is going on.
    Busy,
}

impl Courier {
    /// Introduces itself with the address of the site it works for.
    ///
    /// # Errors
    /// If no secure connections can be made here.
    pub fn new(site: &Url) -> std::result::Result<Self, String> {
        let client = || {
            Client::builder()
                .user_agent(format!("gazetted/{} (+{site})", env!("CARGO_PKG_VERSION")))
                .timeout(DEADLINE)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .pool_max_idle_per_host(4)
                .pool_idle_timeout(Duration::from_secs(30))
        };
        let words = |error: reqwest::Error| {
            format!("{error}; install the system's root certificates (ca-certificates)")
        };
        Ok(Self {
            guarded: client().dns_resolver(Guard).build().map_err(words)?,
            open: client().build().map_err(words)?,
            hands: Arc::new(Semaphore::new(HANDS)),
            slow: Arc::new(Semaphore::new(SLOW_HANDS)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        })
    }

    /// Sends a form to a stranger, such as a hub that is asked for a subscription.
    ///
    /// # Errors
    /// In words.
    pub async fn form(
        &self,
        house: &House,
        url: &Url,
        fields: &[(&str, &str)],
    ) -> std::result::Result<(), String> {
        let client = self.stranger(house, url).ok_or("it is a private address")?;
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let asked = client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        // The address may hold a key, so the error goes without it.
        let answer = asked.send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
    }

    /// Waits for a hand and sends a request. One that is not answered soon makes
    /// room for others, so that strangers who hang keep only each other waiting.
    pub(super) async fn send(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        // Never closed, so there is always a permit in the end.
        let mut _hand = self.hands.acquire().await;
        let mut answer = std::pin::pin!(request.send());
        if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut answer).await {
            return answer;
        }
        if let Ok(slow) = self.slow.try_acquire() {
            _hand = Ok(slow);
        }
        answer.await
    }

    /// The client for a stranger's address, if it may be asked at all.
    pub(super) fn stranger(&self, house: &House, url: &Url) -> Option<&Client> {
        if may_be_private(house) {
            return Some(&self.open);
        }
        guard::check(url).ok().map(|()| &self.guarded)
    }
}

/// May callbacks be at private addresses? If the site itself is at a loopback
/// address, its subscribers can only be on this machine.
fn may_be_private(house: &House) -> bool {
    let settings = house.settings();
    let is_loopback = match settings.site.url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    settings.feeds.hub_private || is_loopback
}

/// Takes a wish in, and asks the callback behind the caller's back whether it
/// means it. `parcels` tells whether the topic is a feed of ours.
///
/// # Errors
/// Why it is not taken.
pub async fn wish(
    house: &Arc<House>,
    courier: &Arc<Courier>,
    parcels: &impl Parcels,
    wish: Wish,
) -> std::result::Result<(), Refusal> {
    let Some(path) = path_of(house, &wish.topic) else {
        return Err(Refusal::Wrong("hub.topic is no feed of this site"));
    };
    if courier.stranger(house, &wish.callback).is_none() {
        return Err(Refusal::Wrong("hub.callback is a private address"));
    }
    let waiting = Arc::clone(&courier.waiting).try_acquire_owned().map_err(|_| Refusal::Busy)?;
    let parcel = parcels.parcel(&path).await;
    if parcel.is_none() && wish.mode == Mode::Subscribe {
        return Err(Refusal::Wrong("hub.topic is no feed of this site"));
    }
    let tag = parcel.map(|parcel| parcel.tag);
    let (house, courier) = (Arc::clone(house), Arc::clone(courier));
    tokio::spawn(async move {
        let _waiting = waiting;
        if !agrees(&house, &courier, &wish).await {
            debug!("{} at {} was not confirmed", wish.mode.as_str(), wish.callback);
            return;
        }
        if let Err(error) = settle(&house, &wish, tag.as_deref()).await {
            warn!("A subscription of {} could not be kept: {error}", wish.callback);
        }
    });
    Ok(())
}

/// Asks the callback (section 5.3): it must give the challenge back.
async fn agrees(house: &House, courier: &Courier, wish: &Wish) -> bool {
    let Some(client) = courier.stranger(house, &wish.callback) else { return false };
    let challenge = uuid::Uuid::new_v4().simple().to_string();
    let asked = courier.send(client.get(wish.question(&challenge))).await;
    let Ok(mut answer) = asked else { return false };
    if !answer.status().is_success() {
        return false;
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > 1024 {
            return false;
        }
    }
    body.trim_ascii() == challenge.as_bytes()
}

async fn settle(house: &House, wish: &Wish, tag: Option<&str>) -> Result<()> {
    let callback = wish.callback.as_str();
    let host = wish.callback.host_str().unwrap_or_default();
    let mut tx = house.store.write().await?;
    match wish.mode {
        Mode::Unsubscribe => hub::remove(&mut tx, &wish.topic, callback).await?,
        Mode::Subscribe => {
            let (all, of_host) = hub::count(&mut tx, host).await?;
            let is_new = !hub::is_there(&mut tx, &wish.topic, callback).await?;
            if is_new && (all >= MOST || of_host >= MOST_OF_HOST) {
                warn!(
                    "A subscription of {host} is not taken: there are {of_host} of it already, {all} in all"
                );
                return Ok(());
            }
            let fresh = hub::Fresh {
                topic: &wish.topic,
                callback,
                host,
                secret: wish.secret.as_deref(),
                expires: house.now() + wish.lease,
                delivered: tag,
            };
            hub::put(&mut tx, &fresh).await?;
        }
    }
    tx.commit().await
}

/// The path below the site that an address stands for.
pub(super) fn path_of(house: &House, topic: &str) -> Option<String> {
    let settings = house.settings();
    let path = topic.strip_prefix(settings.site.url.as_str().trim_end_matches('/'))?;
    path.starts_with("/feeds").then(|| path.to_owned())
}

/// Announces feeds whose bytes changed: notes what is owed to subscribers of
/// our own hub, and pings the others behind the caller's back. Gives how many.
///
/// # Errors
/// If the store does not answer; then it is announced the next time.
pub async fn announce(house: &Arc<House>, courier: &Arc<Courier>) -> Result<usize> {
    let mut all = 0;
    loop {
        let mut tx = house.store.read().await?;
        let changed = feeds::unannounced(&mut tx, PAGE).await?;
        drop(tx);
        if changed.is_empty() {
            return Ok(all);
        }
        let settings = house.settings();
        let mut ours = Vec::with_capacity(changed.len());
        let mut tx = house.store.write().await?;
        for (path, hash) in &changed {
            // Another instance may have been first.
            let is_ours = feeds::announce(&mut tx, path, hash).await?;
            if is_ours && path.starts_with("feeds/") && !path.starts_with("feeds/archive/") {
                let topic = settings.site.address(path);
                hub::changed(&mut tx, &topic, house.now()).await?;
                ours.push(topic);
            }
        }
        tx.commit().await?;
        all += ours.len();
        for hub in &settings.feeds.hubs {
            for topic in &ours {
                ping(Arc::clone(courier), hub.clone(), topic.clone());
            }
        }
    }
}

/// Pings a hub that the operator named; tries again a few times.
fn ping(courier: Arc<Courier>, hub: Url, topic: String) {
    tokio::spawn(async move {
        let fields = [("hub.mode", "publish"), ("hub.url", &topic), ("hub.topic", &topic)];
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut waits = PING_AGAIN.into_iter();
        loop {
            let request = courier.open.post(hub.clone());
            let kind = (CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = courier.send(request.header(kind.0, kind.1).body(body.clone())).await;
            let failed = match answer {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.without_url().to_string(),
            };
            let Some(wait) = waits.next() else {
                warn!("The hub {hub} was not told of {topic}: {failed}; check [feeds] hubs");
                return;
            };
            tokio::time::sleep(wait).await;
        }
    });
}
