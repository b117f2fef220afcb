//! A recurring newsletter: when an edition is due ([`slot`]), what stands
//! where in it ([`sections`]) and how it looks ([`mod@render`]).
//!
//! All three are pure: articles, settings and a moment in, decisions and text out.

pub mod blank;
pub mod render;
pub mod sections;
pub mod slot;

use std::time::Duration;

use chrono_tz::Tz;

use crate::region::RegionPath;

pub use blank::Blank;
pub use render::{Frame, render, render_confirmation};
pub use sections::{Beside, Layout, Piece, Placed, Section, arrange, choose, for_reader};

/// One `[[digest]]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Unique name, part of addresses.
    pub name: String,
    /// Title shown to readers; defaults to the site's title.
    pub title: String,
    /// When editions are due.
    pub schedule: slot::Schedule,
    /// In which zone the schedule is read.
    pub zone: Zone,
    /// Names of the sources that go in; empty means all.
    pub sources: Vec<String>,
    /// Regions that go in, with all inside them; empty means all.
    pub regions: Vec<RegionPath>,
    /// Languages of articles that go in (BCP 47 primary subtags); empty means all.
    pub languages: Vec<String>,
    /// BCP 47 tag of the frame (headings, dates, footer); defaults to the site's.
    pub language: String,
    /// What happens to slots that passed while the daemon was down.
    pub catch_up: slot::CatchUp,
    /// An edition older than this is not mailed.
    pub stale_after: Duration,
    /// How far back the first edition looks.
    pub first_covers: Duration,
    /// Pieces per edition; the rest goes into the next.
    pub limit: usize,
}

/// In which zone a schedule is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// One zone for all readers.
    Fixed(Tz),
    /// Each reader's own; the given zone for those who named none.
    Subscriber(Tz),
}
