//! What is served over HTTP.

pub mod conditional;
pub mod document;
pub mod headers;
pub mod patience;
pub mod server;
