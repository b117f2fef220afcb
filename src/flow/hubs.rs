//! Hubs that tell of news in the feeds we read (WebSub, the subscriber's side).
//!
//! What a hub sends is only a hint that the feed has changed: it is then asked
//! itself, as always. So nothing of a subscription is stored. The callback's
//! address is a signed token with the source's name, the secret is derived from
//! our key, and a subscription is renewed long before any hub forgets it.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use chrono::TimeDelta;
use tracing::{debug, info};
use url::Url;

use super::push::Courier;
use super::{House, watch};
use crate::clock::Time;
use crate::source::manners::Hub;
use crate::source::shown::Shown;
use crate::source::{Kind, Settings};
use crate::store::{Result, sources};
use crate::subscriber::token::Purpose;

/// Subscriptions are asked for anew after this time, and for at least so long.
const RENEWED: TimeDelta = TimeDelta::hours(12);
const LEASE: Duration = Duration::from_hours(10 * 24);
/// A hub that keeps telling of news makes us look no more often than this.
const LEAST: TimeDelta = TimeDelta::seconds(10);

/// What was asked of hubs since the program started: by source, and which topic.
#[derive(Debug, Default)]
pub struct Asked(HashMap<String, (Hub, Time)>);

/// Asks the hubs of all sources for a subscription where it is time to.
///
/// # Errors
/// If the store does not answer.
pub async fn subscribe(house: &House, courier: &Courier, asked: &mut Asked) -> Result<()> {
    let settings = house.settings();
    let states = watch::states(house).await?;
    let now = house.now();
    for state in states {
        let Some(source) = settings.sources.iter().find(|source| source.name == state.name) else {
            continue;
        };
        let Some(hub) = offered(source, state.memory.manners.hub.as_ref()) else { continue };
        let known = asked.0.get(&source.name);
        if known.is_some_and(|(known, at)| known == hub && now - *at < RENEWED) {
            continue;
        }
        let Ok(url) = Url::parse(&hub.hub) else { continue };
        let token = house.keys.sign(Purpose::Hub, source.name.as_bytes());
        let callback = settings.site.address(&format!("/websub/{token}"));
        let fields = [
            ("hub.mode", "subscribe"),
            ("hub.topic", &hub.topic),
            ("hub.callback", &callback),
            ("hub.lease_seconds", &LEASE.as_secs().to_string()),
            ("hub.secret", &secret(house, &source.name, &hub.topic)),
        ];
        // A hub that fails is asked again with the next renewal: the feed is visited all the same.
        asked.0.insert(source.name.clone(), (hub.clone(), now));
        match courier.form(house, &url, &fields).await {
            Ok(()) => {
                info!(source = %source.name, "Source {}: its hub {} is asked to tell of news", source.name, Shown(&url));
            }
            Err(error) => {
                info!(source = %source.name, "Source {}: its hub {} takes no subscription ({error}); it is visited at its interval", source.name, Shown(&url));
            }
        }
    }
    Ok(())
}

/// Does the source behind a callback's `token` want to hear of `topic`? This is
/// what a hub asks before it believes a subscription.
///
/// # Errors
/// If the store does not answer.
pub async fn wants(house: &House, token: &str, topic: &str) -> Result<bool> {
    let Some((_, hub)) = behind(house, token).await? else { return Ok(false) };
    Ok(hub.topic == topic)
}

/// A hub tells of news at `token`, signed as `signature` says: the source is due
/// now. What is signed wrongly is not believed.
///
/// # Errors
/// If the store does not answer.
pub async fn tell(house: &House, token: &str, signature: &str, body: &[u8]) -> Result<bool> {
    let Some((name, hub)) = behind(house, token).await? else { return Ok(false) };
    if !is_signed(&secret(house, &name, &hub.topic), signature, body) {
        debug!(source = %name, "Source {name}: what came from its hub is not signed as agreed");
        return Ok(true);
    }
    let state = watch::state(house, &name).await?;
    let now = house.now();
    if state.memory.manners.gone || state.memory.manners.quiet_until(now).is_some() {
        return Ok(true);
    }
    let due = state.visited.map_or(now, |at| (at + LEAST).max(now));
    let mut tx = house.store.write().await?;
    sources::hasten(&mut tx, &name, due).await?;
    tx.commit().await?;
    house.bells.sources.notify_waiters();
    Ok(true)
}

/// The source whose callback this is, and the hub that it names now.
async fn behind(house: &House, token: &str) -> Result<Option<(String, Hub)>> {
    let name = house.keys.verify(Purpose::Hub, token).and_then(|name| String::from_utf8(name).ok());
    let Some(name) = name else { return Ok(None) };
    let settings = house.settings();
    let Some(source) = settings.sources.iter().find(|source| source.name == name) else {
        return Ok(None);
    };
    let state = watch::state(house, &name).await?;
    Ok(offered(source, state.memory.manners.hub.as_ref()).map(|hub| (name, hub.clone())))
}

fn offered<'a>(source: &Settings, hub: Option<&'a Hub>) -> Option<&'a Hub> {
    hub.filter(|_| matches!(source.kind, Kind::Feed { .. }) && source.kind.is_remote())
}

/// The secret by which a hub signs what it sends of a topic.
fn secret(house: &House, name: &str, topic: &str) -> String {
    let about = digest(&SHA256, format!("{name}\0{topic}").as_bytes());
    house.keys.sign(Purpose::HubSecret, about.as_ref())
}

/// Checks `X-Hub-Signature`: `sha256=…` in hexadecimal digits.
fn is_signed(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Some((method, digits)) = signature.split_once('=') else { return false };
    let algorithm = match method.trim() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let digits = digits.trim();
    let bytes: Option<Vec<u8>> =
        (digits.is_ascii() && digits.len() <= 128 && digits.len() % 2 == 0)
            .then(|| {
                (0..digits.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
                    .collect()
            })
            .flatten();
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    bytes.is_some_and(|bytes| hmac::verify(&key, body, &bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::{ManualClock, from_millis};
    use crate::daemon::assemble;
    use crate::region::Gazetteer;
    use crate::source::manners::Manners;
    use crate::store::Store;

    async fn house(folder: &std::path::Path) -> House {
        let text = "[site]\ntitle = \"T\"\nurl = \"http://127.0.0.1/\"\n[[source]]\nname = \"s\"\nkind = \"feed\"\nurl = \"https://news.example/feed\"\n";
        let config = crate::config::parse(text, &folder.join("gazetted.toml"), [], None).unwrap();
        let store = Store::open(&config.store.url).await.unwrap();
        let clock = Arc::new(ManualClock::at(from_millis(1_780_000_000_000)));
        let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
        let settings = assemble::settings(&config).unwrap();
        House::new(store, clock, Arc::new(Gazetteer::builtin()), keys, settings)
    }

    #[tokio::test]
    async fn news_from_a_hub_make_a_source_due_if_it_is_signed() {
        let folder = tempfile::tempdir().unwrap();
        let house = house(folder.path()).await;
        let topic = "https://news.example/feed";
        let hub = Hub { hub: "https://hub.example/".to_owned(), topic: topic.to_owned() };
        let mut state = watch::state(&house, "s").await.unwrap();
        *state.memory.manners =
            Manners { address: topic.to_owned(), hub: Some(hub), ..Manners::default() };
        state.next_visit = house.now() + TimeDelta::hours(1);
        let mut tx = house.store.write().await.unwrap();
        sources::put(&mut tx, &state).await.unwrap();
        tx.commit().await.unwrap();
        let token = house.keys.sign(Purpose::Hub, b"s");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret(&house, "s", topic).as_bytes());
        let digits: String =
            hmac::sign(&key, b"news").as_ref().iter().map(|b| format!("{b:02x}")).collect();

        assert!(wants(&house, &token, topic).await.unwrap());
        assert!(!wants(&house, &token, "https://other.example/").await.unwrap());
        assert!(!wants(&house, "forged", topic).await.unwrap());
        assert!(tell(&house, &token, "sha256=00", b"news").await.unwrap());
        assert!(watch::state(&house, "s").await.unwrap().next_visit > house.now());
        assert!(tell(&house, &token, &format!("sha256={digits}"), b"news").await.unwrap());
        assert_eq!(watch::state(&house, "s").await.unwrap().next_visit, house.now());
    }

    #[test]
    fn only_what_is_signed_with_our_secret_is_believed() {
        // RFC 4231, test case 2.
        let good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

        assert!(is_signed("Jefe", good, b"what do ya want for nothing?"));
        assert!(is_signed(
            "Jefe",
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            b"what do ya want for nothing?"
        ));
        for (secret, signature, body) in [
            ("Jefe", good, &b"something else"[..]),
            ("other", good, b"what do ya want for nothing?"),
            ("Jefe", "sha256=", b"what do ya want for nothing?"),
            ("Jefe", "md5=00", b""),
            ("Jefe", "sha256=zz", b""),
            ("Jefe", "", b""),
        ] {
            assert!(!is_signed(secret, signature, body), "{signature}");
        }
    }
}
