//! Publishers' labels: which region of the tree one names.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::atlas::{ATLAS, Place, WELL_KNOWN, WellKnown, rows};
use super::fold::fold;
use super::tree::Node;

/// Labels longer than this are no names of places.
const LONGEST: usize = 120;

/// The labels of a tree, by their plain spelling.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    nodes: HashMap<String, usize>,
}

impl Labels {
    /// The labels of the nodes of a tree. What the operator declares goes
    /// before what is built in, regions go before countries of the same name.
    ///
    /// # Errors
    /// Names every declared label that two regions share.
    pub fn of(nodes: &[Node]) -> Result<Self, Vec<String>> {
        let mut labels = Self::default();
        let mut errors = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            for label in node.aliases.iter().chain(&node.name) {
                match labels.nodes.insert(fold(label), at) {
                    Some(other) if other != at => errors.push(format!(
                        "[[region]] `{}`: the label \"{label}\" is that of `{}` too; \
                         keep it in one of them",
                        node.path, nodes[other].path
                    )),
                    _ => {}
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        labels.add_declared_paths(nodes);
        let ranked = |rank: usize| {
            let ranks = nodes.iter().enumerate().filter_map(|(at, n)| Some((at, n.place?)));
            ranks.filter(move |(_, place)| rank_of(place) == rank)
        };
        for rank in 0..3 {
            ranked(rank).for_each(|(at, place)| labels.add_place(place, at));
        }
        labels.add_hidden_subregions(nodes);
        Ok(labels)
    }

    /// Which node a label names.
    pub fn find(&self, label: &str) -> Option<usize> {
        spellings(label)?.into_iter().find_map(|plain| self.nodes.get(&plain).copied())
    }

    /// Which region beyond the tree a label names.
    #[expect(clippy::unused_self, reason = "asked of the labels, like the other question")]
    pub fn well_known(&self, label: &str) -> Option<&'static WellKnown> {
        let at = spellings(label)?.into_iter().find_map(|plain| BEYOND.get(&plain).copied())?;
        Some(&WELL_KNOWN[at])
    }

    fn add(&mut self, label: &str, at: usize) {
        let plain = fold(label);
        if !plain.is_empty() {
            self.nodes.entry(plain).or_insert(at);
        }
    }

    fn add_place(&mut self, place: &Place, at: usize) {
        self.add(place.slug, at);
        place.names.iter().chain(&place.other).for_each(|name| self.add(name, at));
        for name in EXTRA.get(place.code).into_iter().flatten() {
            self.add(name, at);
        }
    }

    /// Paths as labels, and the usual names of a declared region that the
    /// tables know, such as the Middle East.
    fn add_declared_paths(&mut self, nodes: &[Node]) {
        for (at, node) in nodes.iter().enumerate() {
            self.add(node.path.as_str(), at);
            if node.place.is_some() {
                continue;
            }
            let slug = node.path.as_str().rsplit('/').next().unwrap_or_default();
            self.add(slug, at);
            for known in WELL_KNOWN.iter().filter(|known| known.path.as_str() == slug) {
                self.add(known.name, at);
                known.aliases.iter().for_each(|alias| self.add(alias, at));
            }
        }
    }

    /// A sub-region that is not shown stands for the region around it.
    fn add_hidden_subregions(&mut self, nodes: &[Node]) {
        let shown: HashMap<&str, usize> =
            nodes.iter().enumerate().filter_map(|(at, n)| Some((n.place?.code, at))).collect();
        for place in ATLAS.places.iter().filter(|place| rank_of(place) == 2) {
            if let Some(at) = shown.get(ATLAS.continent(place).code) {
                self.add_place(place, *at);
            }
        }
    }
}

/// Continents before countries before sub-regions.
fn rank_of(place: &Place) -> usize {
    match (place.parent, place.country) {
        (None, _) => 0,
        (_, Some(_)) => 1,
        (_, None) => 2,
    }
}

/// The spellings in which a label is looked for: as it is, and without the
/// words that publishers wrap around a place.
fn spellings(label: &str) -> Option<Vec<String>> {
    if label.len() > LONGEST {
        return None;
    }
    let whole = fold(label);
    let mut found = vec![];
    let bare: Vec<&str> = whole.split(' ').filter(|word| !WRAPPING.contains(word)).collect();
    let bare = bare.join(" ");
    let unspaced = ["新闻", "新聞", "ニュース", "国际", "地区"]
        .iter()
        .find_map(|tail| whole.strip_suffix(tail));
    found.extend(unspaced.map(|name| name.trim().to_owned()));
    if !bare.is_empty() && bare != whole {
        found.push(bare);
    }
    found.insert(0, whole);
    Some(found)
}

/// Words around the name of a place in a label.
static WRAPPING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "the la le les el los das die der news latest headlines politics business economy sports \
     sport culture society region regions regional edition stories articles coverage report \
     reports actualites actualite actu nouvelles nachrichten politik wirtschaft noticias \
     politica economia notizie cronaca novosti новости политика экономика اخبار سياسه"
        .split_whitespace()
        .collect()
});

/// Our own further labels, by code.
static EXTRA: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut extra: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in rows(include_str!("data/own.tsv")) {
        if matches!(row[1], "label" | "name") {
            extra.entry(row[0]).or_default().extend(row[2].split('|'));
        }
    }
    extra
});

/// Plain names of the regions beyond the tree.
static BEYOND: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut beyond = HashMap::new();
    for (at, region) in WELL_KNOWN.iter().enumerate() {
        for name in region.aliases.iter().chain([&region.name, &region.path.as_str()]) {
            beyond.entry(fold(name)).or_insert(at);
        }
    }
    beyond
});
