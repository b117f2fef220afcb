//! World regions: the tree ([`tree`]), the names of places ([`gazetteer`]) and
//! the decision which regions a piece belongs to ([`mod@classify`]).
//!
//! Nothing here knows of sources or of the store; a decision comes with its
//! reason, so that an operator can see why.

pub mod atlas;
pub mod classify;
pub mod coordinates;
mod credits;
pub mod doubt;
mod filing;
mod fold;
pub mod gazetteer;
mod labels;
pub mod lore;
mod mentions;
mod model;
mod planting;
mod revision;
mod settle;
mod table;
pub mod tree;
mod weigh;
mod wide;
mod words;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use atlas::WellKnown;
pub use classify::{Evidence, Reason, Verdict, classify};
pub use credits::CREDITS;
pub use gazetteer::Gazetteer;
pub use revision::revision;
pub use tree::{Declared, Tree};

/// A node of the region tree by its path: `americas/united-states`.
///
/// Rule: one to four parts of lower-case ASCII letters, digits and hyphens,
/// joined by `/`; at most 120 bytes. `world` holds what belongs nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionPath(String);

impl RegionPath {
    /// The region of pieces that belong to no other.
    #[must_use]
    pub fn world() -> Self {
        Self("world".to_owned())
    }

    /// Reads a path as a person writes it; case and a leading or trailing
    /// slash do not matter.
    ///
    /// # Errors
    /// Says what is wrong with the path and what one looks like.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let path = text.trim().trim_matches('/').to_ascii_lowercase();
        let good_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if path.len() > 120 || path.split('/').count() > 4 || !path.split('/').all(good_part) {
            return Err(BadPath(text.chars().take(80).collect()));
        }
        Ok(Self(path))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this `other`, or a region inside it?
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.strip_prefix(&other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This path and those above it, outermost first:
    /// `americas`, `americas/united-states`.
    pub fn lineage(&self) -> impl Iterator<Item = Self> + '_ {
        let cuts = self.0.match_indices('/').map(|(at, _)| at).chain([self.0.len()]);
        cuts.map(|at| Self(self.0[..at].to_owned()))
    }

    /// The outermost region: `americas` of `americas/united-states`.
    #[must_use]
    pub fn top(&self) -> Self {
        Self(self.0.split('/').next().unwrap_or_default().to_owned())
    }

    /// The region around this one, if any.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(above, _)| Self(above.to_owned()))
    }
}

impl fmt::Display for RegionPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegionPath {
    type Err = BadPath;
    fn from_str(text: &str) -> Result<Self, BadPath> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RegionPath {
    type Error = BadPath;
    fn try_from(text: String) -> Result<Self, BadPath> {
        Self::parse(&text)
    }
}

impl From<RegionPath> for String {
    fn from(path: RegionPath) -> Self {
        path.0
    }
}

/// A text that is no region path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a region path; write one like `africa` or `americas/united-states`")]
pub struct BadPath(pub String);

/// A country or territory by its ISO 3166-1 alpha-2 code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two ASCII letters in any case. Does not ask whether such a
    /// country exists; the gazetteer does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// The code: `US`.
    ///
    /// # Panics
    /// Never: both bytes are ASCII letters by construction.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("two ASCII letters by construction")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a country code like `US`"))
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

/// What decided a piece's primary region, most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// `articles set-region`.
    Operator,
    /// The publisher's breadcrumb, or the folder a file lies in.
    Breadcrumb,
    /// A category or tag.
    Category,
    /// What the piece says.
    Text,
    /// The source's home country, or nothing at all.
    Source,
}

impl Origin {
    /// The word used in JSON and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Breadcrumb => "breadcrumb",
            Self::Category => "category",
            Self::Text => "text",
            Self::Source => "source",
        }
    }

    /// Reads [`Origin::as_str`] back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Operator, Self::Breadcrumb, Self::Category, Self::Text, Self::Source]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_knows_what_lies_around_it() {
        let us = RegionPath::parse("Americas/United-States/").unwrap();

        assert_eq!(us.as_str(), "americas/united-states");
        assert_eq!(us.top().as_str(), "americas");
        assert!(us.is_within(&us.top()));
        assert!(
            !RegionPath::parse("asia-pacific")
                .unwrap()
                .is_within(&RegionPath::parse("asia").unwrap())
        );
        let lineage: Vec<_> = us.lineage().map(String::from).collect();
        assert_eq!(lineage, ["americas", "americas/united-states"]);
    }

    #[test]
    fn a_bad_path_is_named() {
        for bad in ["", "/", "a//b", "a b", "é", "a/b/c/d/e", &"x".repeat(121)] {
            assert!(RegionPath::parse(bad).is_err(), "{bad}");
        }
    }
}
