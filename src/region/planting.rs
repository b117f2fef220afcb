//! How the tree grows: the built-in regions, then what the operator declares.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::atlas::{ATLAS, Place};
use super::tree::{Declared, Node};
use super::{Country, RegionPath};

/// The nodes of a tree in the order in which they are shown.
///
/// # Errors
/// Every contradiction at once.
pub(super) fn plant(declared: &[Declared], depth: u8) -> Result<Vec<Node>, Vec<String>> {
    let mut bed = Bed::default();
    if !(2..=3).contains(&depth) {
        bed.errors.push(format!("[regions] depth = {depth}: write 2, or 3 to show sub-regions"));
    }
    let homes = bed.claims(declared);
    bed.sow_built_in(&homes, depth == 3);
    bed.graft(declared);
    bed.check_parents();
    if bed.errors.is_empty() { Ok(bed.in_order()) } else { Err(bed.errors) }
}

/// Where an operator's claims put countries: the region and the place in its list.
type Homes<'a> = HashMap<Country, (&'a RegionPath, usize)>;

/// A node and what decides its place among its siblings.
struct Sprout {
    node: Node,
    /// The operator's order; undeclared nodes come after.
    rank: (usize, usize),
}

#[derive(Default)]
struct Bed {
    sprouts: BTreeMap<RegionPath, Sprout>,
    errors: Vec<String>,
}

impl Bed {
    /// Which countries move where.
    fn claims<'a>(&mut self, declared: &'a [Declared]) -> Homes<'a> {
        let mut homes = Homes::new();
        for region in declared {
            let path = &region.path;
            if path.top() == RegionPath::world() && !region.countries.is_empty() {
                self.errors.push(format!(
                    "[[region]] `{path}`: `world` holds what belongs nowhere else; \
                     give the countries to a region with another path"
                ));
            }
            for (rank, country) in region.countries.iter().enumerate() {
                if ATLAS.country(*country).is_none() {
                    self.errors.push(format!(
                        "[[region]] `{path}`: `{country}` is no country; \
                         write ISO 3166-1 alpha-2 codes such as \"SY\""
                    ));
                    continue;
                }
                match homes.get(country) {
                    Some((other, _)) if *other != path => self.errors.push(format!(
                        "[[region]] `{path}`: `{country}` is already claimed by `{other}`; \
                         keep it in one of them"
                    )),
                    Some(_) => {}
                    None => {
                        homes.insert(*country, (path, rank));
                    }
                }
            }
        }
        homes
    }

    /// Regions, sub-regions if they are shown, and countries where they belong.
    fn sow_built_in(&mut self, homes: &Homes<'_>, show_subregions: bool) {
        let mut paths: HashMap<&str, String> = HashMap::new();
        for place in &ATLAS.places {
            let around = ATLAS.around(place).map(|around| paths[around.code].clone());
            let built_in = match &around {
                Some(around) => format!("{around}/{}", place.slug),
                None => place.slug.to_owned(),
            };
            let is_subregion = around.is_some() && place.country.is_none();
            if is_subregion && !show_subregions {
                paths.insert(place.code, around.unwrap_or_default());
                continue;
            }
            paths.insert(place.code, built_in.clone());
            let home = place.country.and_then(|country| homes.get(&country));
            let (path, rank) = match home {
                Some((home, rank)) => (format!("{home}/{}", place.slug), *rank),
                None => (built_in, usize::MAX),
            };
            self.sow(&path, place, rank);
        }
        if show_subregions {
            self.weed_empty_subregions();
        }
    }

    fn sow(&mut self, path: &str, place: &'static Place, rank: usize) {
        match RegionPath::parse(path) {
            Ok(path) => {
                let node =
                    Node { path: path.clone(), name: None, aliases: vec![], place: Some(place) };
                self.sprouts.insert(path, Sprout { node, rank: (usize::MAX, rank) });
            }
            Err(_) => self.errors.push(format!(
                "[[region]] `{path}`: too deep or too long; a path has at most four parts"
            )),
        }
    }

    /// A sub-region whose countries have all moved away is not shown.
    fn weed_empty_subregions(&mut self) {
        let held: HashSet<RegionPath> =
            self.sprouts.keys().filter_map(RegionPath::parent).collect();
        self.sprouts.retain(|path, sprout| {
            let is_place = sprout.node.place.is_some_and(|place| place.country.is_some());
            is_place || path.parent().is_none() || held.contains(path)
        });
    }

    /// Renames what is there, adds what is not.
    fn graft(&mut self, declared: &[Declared]) {
        let mut seen = HashSet::new();
        for (rank, region) in declared.iter().enumerate() {
            let path = &region.path;
            if !seen.insert(path) {
                self.errors
                    .push(format!("[[region]] `{path}` is declared twice; join the two into one"));
                continue;
            }
            if let Some(sprout) = self.sprouts.get_mut(path) {
                if let Some(country) = sprout.node.country()
                    && region.countries.iter().any(|claimed| *claimed != country)
                {
                    self.errors.push(format!(
                        "[[region]] `{path}` is a country and holds no others; \
                         give the countries to a region with another path"
                    ));
                }
                sprout.node.name.clone_from(&region.name);
                sprout.node.aliases.clone_from(&region.aliases);
                sprout.rank.0 = rank;
                continue;
            }
            if region.countries.is_empty()
                && let Some(stands) = self.stands_elsewhere(path)
            {
                self.errors.push(format!(
                    "[[region]] `{path}`: that region stands at `{stands}`; declare that path"
                ));
                continue;
            }
            let node = Node {
                path: path.clone(),
                name: region.name.clone(),
                aliases: region.aliases.clone(),
                place: None,
            };
            self.sprouts.insert(path.clone(), Sprout { node, rank: (rank, usize::MAX) });
        }
    }

    /// Where a built-in place stands that somebody looks for at `path`.
    fn stands_elsewhere(&self, path: &RegionPath) -> Option<RegionPath> {
        let (_, slug) = path.as_str().rsplit_once('/')?;
        self.sprouts
            .values()
            .find(|sprout| sprout.node.place.is_some_and(|place| place.slug == slug))
            .map(|sprout| sprout.node.path.clone())
    }

    fn check_parents(&mut self) {
        for path in self.sprouts.keys() {
            if let Some(parent) = path.parent()
                && !self.sprouts.contains_key(&parent)
            {
                self.errors.push(format!(
                    "[[region]] `{path}`: there is no region `{parent}` around it; \
                     declare that one too"
                ));
            }
        }
    }

    /// Parents before children; among siblings the declared ones first.
    fn in_order(self) -> Vec<Node> {
        let mut children: HashMap<Option<RegionPath>, Vec<&RegionPath>> = HashMap::new();
        for path in self.sprouts.keys() {
            children.entry(path.parent()).or_default().push(path);
        }
        for siblings in children.values_mut() {
            siblings.sort_by_key(|path| {
                (path.as_str() == "world", self.sprouts[*path].rank, path.as_str())
            });
        }
        let mut shown = Vec::with_capacity(self.sprouts.len());
        let mut waiting: Vec<&RegionPath> = children[&None].iter().rev().copied().collect();
        while let Some(path) = waiting.pop() {
            shown.push(self.sprouts[path].node.clone());
            if let Some(inside) = children.get(&Some(path.clone())) {
                waiting.extend(inside.iter().rev());
            }
        }
        shown
    }
}
