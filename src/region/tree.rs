//! The hierarchy of regions: built in, and as an operator changes it.

use super::{Country, RegionPath};

/// One `[[region]]` of the config: renames a built-in region, or adds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Which node.
    pub path: RegionPath,
    /// How it is called, in the site's language.
    pub name: Option<String>,
    /// Countries that move under it.
    pub countries: Vec<Country>,
    /// Further names by which publishers call it.
    pub aliases: Vec<String>,
}

/// The hierarchy in force.
#[derive(Debug, Clone, Default)]
pub struct Tree {}

impl Tree {
    /// The built-in hierarchy changed by what the operator declared, in the
    /// operator's order. `depth` 2 is region and country, 3 shows the M49
    /// sub-regions between them.
    ///
    /// # Errors
    /// Every contradiction at once: a country claimed twice, a parent that
    /// does not exist, a path declared twice.
    pub fn new(declared: &[Declared], depth: u8) -> Result<Self, Vec<String>> {
        let _ = (declared, depth);
        Ok(Self {})
    }

    /// Is there such a region?
    #[must_use]
    pub fn contains(&self, path: &RegionPath) -> bool {
        let _ = path;
        true
    }

    /// The name of a region in `language` (BCP 47; falls back to English).
    #[must_use]
    pub fn name(&self, path: &RegionPath, language: &str) -> String {
        let _ = language;
        path.as_str().to_owned()
    }

    /// Place in the order in which regions are shown; parents before children,
    /// `world` last.
    #[must_use]
    pub fn order(&self, path: &RegionPath) -> usize {
        let _ = path;
        0
    }

    /// All regions in that order.
    pub fn paths(&self) -> impl Iterator<Item = &RegionPath> {
        std::iter::empty()
    }

    /// The region of a country: `americas/united-states`.
    #[must_use]
    pub fn of_country(&self, country: Country) -> Option<&RegionPath> {
        let _ = country;
        None
    }
}
