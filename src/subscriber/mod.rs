//! A person who gets digests: address, standing, choices, and the tokens that
//! prove a link was ours.

pub mod address;
pub mod choices;
pub mod roster;
pub mod standing;
pub mod token;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use uuid::Uuid;

use crate::clock::Time;
use crate::region::RegionPath;

pub use address::Address;
pub use standing::{Happening, Standing};

/// A person who gets, wants or got digests.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// Row number in the store; 0 before it is stored.
    pub id: i64,
    /// Permanent public identity; tokens are bound to it.
    pub uid: Uuid,
    /// Where mails go.
    pub address: Address,
    /// How they want to be called; empty if unknown.
    pub name: String,
    /// May they be mailed?
    pub standing: Standing,
    /// Regions they chose; empty means all.
    pub regions: Vec<RegionPath>,
    /// Where they live; `None` means the site's zone.
    pub timezone: Option<Tz>,
    /// BCP 47 tag they prefer for the frame of the mail; `None` means the digest's.
    pub language: Option<String>,
    /// Digests they chose; empty means all.
    pub digests: Vec<String>,
    /// When and how they agreed.
    pub consent: String,
    /// Further columns of an import, for templates.
    pub attributes: BTreeMap<String, String>,
    /// When the row was made.
    pub created: Time,
}
