//! All tests in one binary.

mod web;
