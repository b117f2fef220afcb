//! All tests in one binary.

mod region;
mod sources;
mod web;
