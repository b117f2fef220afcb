//! All tests in one binary.

mod feedback;
mod web;
