//! The conformance suite: every statement of the store on both engines.

mod articles;
mod claim;
mod covered;
mod deliveries;
mod editions;
mod journal;
mod opening;
mod plans;
mod samples;
mod small;
mod subscribers;
