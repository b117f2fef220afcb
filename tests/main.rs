//! All tests in one binary.

mod region;
mod web;
