//! What all handlers share.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::Desk;
use super::health::Gauges;
use super::hooks::Certificates;
use super::press::Press;
use super::throttle::Throttle;
use crate::flow::House;
use crate::flow::push::Courier;

/// What all handlers share; cloning it copies nothing.
#[derive(Clone)]
pub struct Office(Arc<Inner>);

pub struct Inner {
    /// What all verbs share.
    pub house: Arc<House>,
    /// What the pages are told besides.
    pub desk: Desk,
    /// Documents that are made once for many.
    pub press: Press,
    /// Goes out to hubs and subscribers; none if this machine cannot.
    courier: OnceLock<Option<Arc<Courier>>>,
    /// Rings when there are parcels for subscribers.
    pub parcels: Notify,
    /// How often people may ask to subscribe.
    pub throttle: Throttle,
    /// The numbers shown last.
    pub gauges: Gauges,
    /// Certificates of mail services.
    pub certificates: Certificates,
}

impl Office {
    pub fn new(house: Arc<House>, desk: Desk) -> Self {
        Self(Arc::new(Inner {
            courier: OnceLock::new(),
            parcels: Notify::new(),
            house,
            desk,
            press: Press::default(),
            throttle: Throttle::default(),
            gauges: Gauges::default(),
            certificates: Certificates::default(),
        }))
    }

    /// Goes out to hubs and subscribers; none if this machine cannot.
    pub fn courier(&self) -> Option<&Arc<Courier>> {
        let made = self.courier.get_or_init(|| {
            Courier::new(&self.house.settings().site.url)
                .inspect_err(|error| tracing::warn!("Changes of feeds are not pushed: {error}"))
                .ok()
                .map(Arc::new)
        });
        made.as_ref()
    }

    /// Can people subscribe here?
    pub fn enrols(&self) -> bool {
        self.desk.mailer.is_some() && self.house.settings().mail.is_some()
    }
}

impl Deref for Office {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}
