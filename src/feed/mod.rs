//! Feeds: one channel model, written as RSS 2.0, Atom 1.0 and JSON Feed 1.1.
//!
//! `feed/` never asks what time it is: all dates come from the articles, so
//! the same articles make the same bytes.

/// `[feeds]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Entries per feed.
    pub items: usize,
    /// Full text, or only the teaser.
    pub full_text: bool,
    /// `Cache-Control: max-age`, in seconds.
    pub max_age: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { items: 50, full_text: true, max_age: 900 }
    }
}
