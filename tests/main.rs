//! All tests in one binary.

mod feedback;
mod region;
mod related;
mod sources;
mod web;
