//! Handing out: subscribers of our own hub get the new bytes of a feed. What is
//! owed to them is in the store, so a restart loses nothing; none waits for
//! another who hangs.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LINK};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};
use url::Url;

use super::House;
use super::push::{Courier, Parcel, Parcels, path_of};
use crate::clock::Time;
use crate::feed::websub;
use crate::store::{Result, hub};

/// For so long a claimed parcel is nobody else's.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// Parcels under way at a time.
const MOST: usize = 320;

/// The parcels that are under way.
#[derive(Debug, Default)]
pub struct Handing {
    under_way: HashSet<i64>,
    tasks: JoinSet<i64>,
}

impl Handing {
    /// Sends off what is due and waits for nobody; gives how many parcels. A
    /// subscriber has one parcel at a time, and the newest next.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn begin<P: Parcels + Clone + 'static>(
        &mut self,
        house: &Arc<House>,
        courier: &Arc<Courier>,
        parcels: &P,
    ) -> Result<usize> {
        // Those under way may be due again, and stand before the others.
        let limit = i64::try_from(MOST + self.under_way.len()).unwrap_or(i64::MAX);
        let mut tx = house.store.read().await?;
        let mut due = hub::due(&mut tx, house.now(), limit).await?;
        drop(tx);
        due.retain(|subscription| !self.under_way.contains(&subscription.id));
        due.truncate(MOST - self.under_way.len().min(MOST));
        if due.is_empty() {
            return Ok(0);
        }
        let until = house.now() + CLAIM;
        let mut claimed = Vec::with_capacity(due.len());
        let mut tx = house.store.write().await?;
        for mut subscription in due {
            let attempts = subscription.attempts;
            // Another instance may have been first.
            if hub::put_off(&mut tx, &subscription, Some(until), attempts).await? {
                subscription.due = until;
                claimed.push(subscription);
            }
        }
        tx.commit().await?;
        let begun = claimed.len();
        for subscription in claimed {
            let id = subscription.id;
            self.under_way.insert(id);
            let (house, courier) = (Arc::clone(house), Arc::clone(courier));
            let parcels = parcels.clone();
            self.tasks.spawn(async move {
                if let Err(error) = hand_over(&house, &courier, &parcels, &subscription).await {
                    warn!("A parcel for {} is tried again: {error}", subscription.callback);
                }
                id
            });
        }
        Ok(begun)
    }

    /// Waits until a parcel that was under way is not any more; for ever if
    /// there is none.
    pub async fn ended(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(id)) => {
                self.under_way.remove(&id);
            }
            // Nothing makes handing over panic; whoever it was is not held up by it.
            Some(Err(error)) => {
                warn!("A parcel broke off: {error}");
                self.under_way.clear();
            }
            None => std::future::pending().await,
        }
    }
}

async fn hand_over(
    house: &House,
    courier: &Courier,
    parcels: &impl Parcels,
    subscription: &hub::Subscription,
) -> Result<()> {
    let path = path_of(house, &subscription.topic);
    let parcel = match path {
        Some(path) => parcels.parcel(&path).await,
        None => None,
    };
    let Some(parcel) = parcel else {
        // The feed is gone, and nothing will come of it any more.
        let mut tx = house.store.write().await?;
        hub::remove(&mut tx, &subscription.topic, &subscription.callback).await?;
        return tx.commit().await;
    };
    let outcome = if subscription.delivered.as_deref() == Some(&parcel.tag) {
        Ok(())
    } else {
        post(house, courier, subscription, &parcel).await
    };
    let mut tx = house.store.write().await?;
    match outcome {
        Ok(()) => hub::delivered(&mut tx, subscription, &parcel.tag).await?,
        Err(Failed::ForGood) => {
            info!("{} wants nothing any more", subscription.callback);
            hub::remove(&mut tx, &subscription.topic, &subscription.callback).await?;
        }
        Err(Failed::ForNow(reason)) => {
            let attempts = subscription.attempts + 1;
            let again: Option<Time> = websub::retry(attempts).map(|wait| house.now() + wait);
            debug!("{} did not take {}: {reason}", subscription.callback, subscription.topic);
            hub::put_off(&mut tx, subscription, again, attempts).await?;
        }
    }
    tx.commit().await
}

enum Failed {
    ForGood,
    ForNow(String),
}

async fn post(
    house: &House,
    courier: &Courier,
    subscription: &hub::Subscription,
    parcel: &Parcel,
) -> std::result::Result<(), Failed> {
    let url = Url::parse(&subscription.callback).map_err(|_| Failed::ForGood)?;
    let Some(client) = courier.stranger(house, &url) else { return Err(Failed::ForGood) };
    let mut request = client.post(url).header(CONTENT_TYPE, &parcel.content_type);
    for link in &parcel.links {
        request = request.header(LINK, link);
    }
    if let Some(secret) = &subscription.secret {
        request = request.header("X-Hub-Signature", websub::signature(secret, &parcel.bytes));
    }
    match courier.send(request.body(parcel.bytes.clone())).await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) if answer.status() == StatusCode::GONE => Err(Failed::ForGood),
        Ok(answer) => Err(Failed::ForNow(answer.status().to_string())),
        Err(error) => Err(Failed::ForNow(error.without_url().to_string())),
    }
}
