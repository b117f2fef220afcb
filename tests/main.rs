//! All tests in one binary.

mod cli;
mod crash;
mod feedback;
mod flow;
mod manners;
mod postfix;
mod region;
mod related;
mod sources;
mod store;
#[allow(dead_code, reason = "scenarios that use the rest of it follow")]
mod support;
mod tidy;
mod web;
