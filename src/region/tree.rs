//! The hierarchy of regions: built in, and as an operator changes it.

use std::collections::HashMap;

use super::atlas::{ATLAS, Place, WELL_KNOWN, WellKnown};
use super::labels::Labels;
use super::{Country, RegionPath, planting};

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

/// One region in force.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it stands.
    pub path: RegionPath,
    /// The operator's name for it.
    pub name: Option<String>,
    /// The operator's further names for it.
    pub aliases: Vec<String>,
    /// What the built-in tables know of it.
    pub place: Option<&'static Place>,
}

impl Node {
    /// The country, if it is one.
    pub fn country(&self) -> Option<Country> {
        self.place.and_then(|place| place.country)
    }
}

/// The hierarchy in force.
#[derive(Debug, Clone)]
pub struct Tree {
    /// In the order in which they are shown.
    nodes: Vec<Node>,
    by_path: HashMap<RegionPath, usize>,
    by_country: HashMap<Country, usize>,
    labels: Labels,
}

impl Default for Tree {
    /// The built-in hierarchy of regions and countries.
    fn default() -> Self {
        Self::new(&[], 2).expect("the built-in tree has no contradictions, by a test below")
    }
}

impl Tree {
    /// The built-in hierarchy changed by what the operator declared, in the
    /// operator's order. `depth` 2 is region and country, 3 shows the M49
    /// sub-regions between them.
    ///
    /// # Errors
    /// Every contradiction at once: a country claimed twice, a parent that
    /// does not exist, a path declared twice.
    pub fn new(declared: &[Declared], depth: u8) -> Result<Self, Vec<String>> {
        let nodes = planting::plant(declared, depth)?;
        let by_path = nodes.iter().enumerate().map(|(at, n)| (n.path.clone(), at)).collect();
        let by_country =
            nodes.iter().enumerate().filter_map(|(at, n)| Some((n.country()?, at))).collect();
        let labels = Labels::of(&nodes)?;
        Ok(Self { nodes, by_path, by_country, labels })
    }

    /// Is there such a region?
    #[must_use]
    pub fn contains(&self, path: &RegionPath) -> bool {
        self.by_path.contains_key(path)
    }

    /// The name of a region in `language` (BCP 47; falls back to English).
    /// A name that the operator declared holds in every language. A path that
    /// is no longer in the tree is named after its last part.
    #[must_use]
    pub fn name(&self, path: &RegionPath, language: &str) -> String {
        let Some(node) = self.node(path) else { return titled(path) };
        match (&node.name, node.place) {
            (Some(name), _) => name.clone(),
            (None, Some(place)) => place.name(language).to_owned(),
            (None, None) => WELL_KNOWN
                .iter()
                .find(|known| known.path == node.path)
                .map_or_else(|| titled(path), |known| known.name.to_owned()),
        }
    }

    /// Place in the order in which regions are shown; parents before children,
    /// `world` last. A path that is no longer in the tree stands where the
    /// nearest region around it stands.
    #[must_use]
    pub fn order(&self, path: &RegionPath) -> usize {
        let mut nearest = Some(path.clone());
        while let Some(path) = nearest {
            if let Some(at) = self.by_path.get(&path) {
                return *at;
            }
            nearest = path.parent();
        }
        self.nodes.len() - 1
    }

    /// All regions in that order.
    pub fn paths(&self) -> impl Iterator<Item = &RegionPath> {
        self.nodes.iter().map(|node| &node.path)
    }

    /// The region of a country: `americas/united-states`.
    #[must_use]
    pub fn of_country(&self, country: Country) -> Option<&RegionPath> {
        self.by_country.get(&country).map(|at| &self.nodes[*at].path)
    }

    /// The country that a region is, if it is one.
    #[must_use]
    pub fn country_of(&self, path: &RegionPath) -> Option<Country> {
        self.node(path).and_then(Node::country)
    }

    /// The countries at or inside a region, in the order in which they are shown.
    pub fn countries_within<'a>(
        &'a self,
        path: &'a RegionPath,
    ) -> impl Iterator<Item = Country> + 'a {
        self.nodes.iter().filter(|node| node.path.is_within(path)).filter_map(Node::country)
    }

    /// The region that a publisher's label names, in any of ten languages, by
    /// its path, or by a declared name or alias: `UNITED STATES`, `Afrique`.
    #[must_use]
    pub fn path_of_label(&self, label: &str) -> Option<&RegionPath> {
        self.labels.find(label).map(|at| &self.nodes[at].path)
    }

    /// The well-known region that a label names and the tree has not, such as
    /// "Middle East": its [`WellKnown::declaration`] would add it.
    #[must_use]
    pub fn known_elsewhere(&self, label: &str) -> Option<&'static WellKnown> {
        if self.path_of_label(label).is_some() {
            return None;
        }
        self.labels.well_known(label)
    }

    fn node(&self, path: &RegionPath) -> Option<&Node> {
        self.by_path.get(path).map(|at| &self.nodes[*at])
    }
}

/// `united-states` as a title, for want of a name.
fn titled(path: &RegionPath) -> String {
    let slug = path.as_str().rsplit('/').next().unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    for word in slug.split('-').filter(|word| !word.is_empty()) {
        words.push(word[..1].to_ascii_uppercase() + &word[1..]);
    }
    words.join(" ")
}

/// Is there a country with this code in the built-in tables?
#[must_use]
pub fn is_country(country: Country) -> bool {
    ATLAS.country(country).is_some()
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
