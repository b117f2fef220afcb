//! One piece: what a source gives ([`Draft`]) and what gazetted keeps ([`Article`]).
//!
//! This folder knows what an article is, how untrusted text becomes safe
//! ([`clean`]), how a teaser is made ([`teaser`]) and what makes an article the
//! same article ([`identity`]). It does not know where articles come from.

pub mod clean;
pub mod identity;
pub mod language;
pub mod markup;
mod nesting;
mod plain;
mod tame;
pub mod teaser;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Time;
use crate::region::{Country, Origin, RegionPath};

pub use clean::SafeHtml;

/// The row number of an article in the store; small, and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(pub i64);

impl std::fmt::Display for ArticleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One piece as a source gave it: parsed, but neither cleaned nor trusted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The publisher's own id, unique within the source: a feed's guid, a
    /// WordPress post id, a path below a folder.
    pub guid: String,
    /// Where the piece can be read; absolute, or `None`.
    pub url: Option<String>,
    /// Plain text, entities decoded.
    pub title: String,
    /// Names as they are printed.
    pub authors: Vec<String>,
    /// When the publisher says it appeared.
    pub published: Option<Time>,
    /// When the publisher says it last changed.
    pub updated: Option<Time>,
    /// BCP 47 tag the publisher gave.
    pub language: Option<String>,
    /// The piece itself, furniture removed.
    pub body: Body,
    /// The publisher's own summary, plain text.
    pub excerpt: Option<String>,
    /// The piece's main image.
    pub image: Option<Image>,
    /// Where the publisher filed it.
    pub labels: Vec<Label>,
    /// Pieces that the publisher shows beside it.
    pub hints: Vec<Hint>,
    /// Images that came with the piece (files beside the text). References to
    /// [`Media::name`] in the body and in `image` are rewritten to where the
    /// store serves them.
    pub media: Vec<Media>,
    /// For a piece that an upstream feed credits to another feed (RSS
    /// `<source>`, Atom `<source>`): that feed's title.
    pub credit: Option<String>,
}

/// A piece's text as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// HTML of unknown virtue.
    Html(String),
    /// Plain text; a blank line ends a paragraph.
    Text(String),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// An image that belongs to a piece.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Absolute address, or the name of a [`Media`] in a draft.
    pub url: String,
    /// What it shows, for those who cannot see it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// Whom to credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Width in pixels, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Media type, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Length in bytes, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// A file that came with a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The reference as it stands in the body.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Where the publisher filed a piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// How the publisher said it.
    pub kind: LabelKind,
    /// Outermost first: `["AMERICAS", "UNITED STATES"]`.
    pub path: Vec<String>,
}

/// How a publisher says where a piece belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelKind {
    /// A breadcrumb line or the folder the piece lies in.
    Breadcrumb,
    /// A category or section.
    Category,
    /// A free tag: weaker than a category.
    Tag,
}

/// A piece that the publisher itself shows beside this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Its title.
    pub title: String,
    /// Its address, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its teaser as shown, often cut.
    #[serde(default)]
    pub teaser: String,
}

/// One piece as gazetted keeps it, without its full text: what lists, digests
/// and rankings need.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Row number in the store.
    pub id: ArticleId,
    /// Permanent identity, equal in every feed; see [`identity::mint`].
    pub uid: Uuid,
    /// Name of the source it came from.
    pub source: String,
    /// The publisher's own id within that source.
    pub guid: String,
    /// Where it can be read.
    pub url: Option<String>,
    /// Plain text, never empty.
    pub title: String,
    /// Names as they are printed.
    pub authors: Vec<String>,
    /// When it appeared; the time of first sight if the publisher does not say.
    pub published: Time,
    /// When it last changed in a way a reader would notice.
    pub updated: Time,
    /// BCP 47 tag, given or detected; `und` if neither.
    pub language: String,
    /// Plain text, 120 to 240 characters where the piece allows it.
    pub teaser: String,
    /// The main image.
    pub image: Option<Image>,
    /// The publisher's own related pieces.
    pub hints: Vec<Hint>,
    /// All regions, best first; never empty (`world` if nothing is known).
    pub regions: Vec<RegionPath>,
    /// Countries it is about, best first.
    pub countries: Vec<Country>,
    /// What decided the primary region.
    pub region_origin: Origin,
    /// Name of an upstream publication to credit.
    pub credit: Option<String>,
    /// When gazetted first saw it.
    pub first_seen: Time,
}

impl Card {
    /// The primary region.
    ///
    /// # Panics
    /// Never: `regions` is not empty by construction of the store's rows.
    #[must_use]
    pub fn region(&self) -> &RegionPath {
        self.regions.first().expect("an article has at least one region")
    }

    /// The piece's own page on this site, by [`identity::key`].
    #[must_use]
    pub fn page(&self) -> String {
        format!("/articles/{}", identity::key(self.uid))
    }
}

/// One piece as gazetted keeps it, with its full text.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// All but the text.
    pub card: Card,
    /// The piece, safe to show anywhere.
    pub html: SafeHtml,
    /// The piece as plain text, a blank line between paragraphs.
    pub text: String,
}

impl std::ops::Deref for Article {
    type Target = Card;
    fn deref(&self) -> &Card {
        &self.card
    }
}
