//! All tests in one binary.

mod feedback;
mod region;
mod sources;
mod web;
