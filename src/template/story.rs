//! How a piece appears in a mail or on a page: ready to print, nothing left to decide.

use serde::Serialize;

/// A piece as a reader sees it announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Story {
    /// Its title.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// A few lines of it; may be empty.
    pub teaser: String,
    /// Who wrote it, `, ` between names; may be empty.
    pub byline: String,
    /// Where it plays, above the title: a country's name; may be empty.
    pub kicker: String,
    /// Colour of its region; see [`hue`].
    pub hue: u8,
    /// The day it appeared, `2026-11-23`.
    pub date: String,
    /// The publication it came from, if it should be named; may be empty.
    pub source: String,
    /// Its language, if it is not that of the page; may be empty.
    pub lang: String,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// Its image.
    pub picture: Option<Picture>,
    /// Pieces that belong beside it.
    pub beside: Vec<Aside>,
    /// Other publications that printed the same text.
    pub copies: Vec<Copy>,
}

/// The same text in another publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// The publication's name.
    pub name: String,
    /// Where it can be read.
    pub url: String,
}

/// An image in the size in which it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Where it lies.
    pub url: String,
    /// What it shows.
    pub alt: String,
    /// Whom to credit; may be empty.
    pub credit: String,
    /// Width in pixels as shown.
    pub width: u32,
    /// Height in pixels as shown; 0 if the image alone knows.
    pub height: u32,
}

/// A related piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// Its title.
    pub title: String,
    /// Where it can be read.
    pub url: String,
    /// A line of it; may be empty.
    pub teaser: String,
}

/// The pieces of one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shelf {
    /// The region's name.
    pub name: String,
    /// The region's path.
    pub path: String,
    /// Its colour; see [`hue`].
    pub hue: u8,
    /// Pieces with teaser and picture.
    pub stories: Vec<Story>,
    /// Pieces of which there is room for the title only.
    pub lines: Vec<Story>,
}

/// The colour of a region, as the number of a class `hue-N` (0 to 5): the same
/// in every mail and on every page. Regions inside another have its colour.
#[must_use]
pub fn hue(path: &str) -> u8 {
    match path.split('/').next().unwrap_or_default() {
        "africa" => 0,
        "americas" => 1,
        "asia" => 2,
        "europe" => 3,
        "oceania" => 4,
        "world" => 5,
        other => u8::try_from(other.bytes().map(u32::from).sum::<u32>() % 5).unwrap_or(0),
    }
}
