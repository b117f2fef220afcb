//! What all handlers share.

use std::ops::Deref;
use std::sync::Arc;

use super::Desk;
use super::health::Gauges;
use super::hooks::Certificates;
use super::press::Press;
use super::throttle::Throttle;
use crate::flow::House;

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
            house,
            desk,
            press: Press::default(),
            throttle: Throttle::default(),
            gauges: Gauges::default(),
            certificates: Certificates::default(),
        }))
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
