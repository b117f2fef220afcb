//! The verbs. Read these and you know the product:
//!
//! - [`watch`]: visit the sources and take in what they have;
//! - [`admit`]: turn a draft into an article with its regions;
//! - [`depart`]: let go of what a site has no more;
//! - [`receive`]: take in what is sent;
//! - [`relate`]: know which earlier articles belong beside which;
//! - [`syndicate`]: make the feeds;
//! - [`push`]: tell those who want to know that a feed changed;
//! - [`compile`]: make an edition when its slot is due;
//! - [`deliver`]: hand each mail over, once;
//! - [`enrol`]: let people in and out;
//! - [`sweep`]: take back what the dead left.

pub mod admit;
pub mod compile;
pub mod copies;
pub mod deliver;
pub mod depart;
pub mod enrol;
pub mod feedback;
mod fold;
pub mod handing;
pub mod house;
pub mod hubs;
pub mod inbox;
pub mod issue;
pub mod ledger;
pub mod pulse;
pub mod push;
pub mod receive;
pub mod reclassify;
mod recognise;
pub mod relate;
pub mod sweep;
pub mod syndicate;
pub mod watch;

pub use house::{House, Settings};
