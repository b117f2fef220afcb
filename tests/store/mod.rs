//! The conformance suite: every statement of the store on both engines.

mod articles;
mod claim;
mod covered;
mod deliveries;
mod editions;
mod feeds;
mod opening;
mod plans;
mod samples;
mod small;
mod subscribers;
