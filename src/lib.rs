//! gazetted watches where articles come from, publishes them as feeds, and on
//! schedule mails digests grouped by world region.
//!
//! # The map
//! Nouns: [`article`], [`region`], [`related`], [`source`], [`subscriber`],
//! [`feed`], [`digest`], [`delivery`], [`feedback`]. Around them [`store`]
//! (the only place with SQL), then [`flow`] (the verbs: read these and you
//! know the product), then [`web`], [`incoming`] and [`daemon`], then [`cli`]. Imports point
//! one way: nouns ← store ← flow ← web, incoming, daemon ← cli.

pub mod article;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod delivery;
pub mod digest;
pub mod feed;
pub mod feedback;
pub mod flow;
pub mod incoming;
pub mod region;
pub mod related;
pub mod secret;
pub mod site;
pub mod source;
pub mod store;
pub mod subscriber;
pub mod telemetry;
pub mod template;
pub mod web;
