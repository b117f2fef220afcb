//! What is served over HTTP.

pub mod conditional;
pub mod document;
pub mod headers;
pub mod patience;
pub mod server;

/// stub
pub struct Desk {
    pub mailer: Option<std::sync::Arc<dyn crate::delivery::Mailer>>,
    pub inbox: bool,
    pub trusted: Vec<crate::config::Network>,
}
/// stub
pub fn router(_: std::sync::Arc<crate::flow::House>, _: Desk) -> axum::Router {
    axum::Router::new()
}
