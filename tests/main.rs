//! All tests in one binary.

mod sources;
mod web;
