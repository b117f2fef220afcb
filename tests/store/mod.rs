//! The conformance suite: every statement of the store on both engines.

mod articles;
mod claim;
mod copies;
mod covered;
mod deliveries;
mod editions;
mod feeds;
mod hub;
mod journal;
mod limits;
mod opening;
mod plans;
mod reports;
mod samples;
mod shelves;
mod small;
mod subscribers;
