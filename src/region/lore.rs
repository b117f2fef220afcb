//! What labels of a source mean that no table knows, learnt from where the
//! texts under them belong. Only proposed: the operator has the last word.

use std::collections::{BTreeMap, HashMap};

use super::{Country, RegionPath, Tree};
use crate::article::{Label, LabelKind};

/// Pieces under a label from which on it may be learnt.
const ENOUGH: u64 = 5;
/// Share of them that must belong to one country.
const AGREE: f32 = 0.8;
/// How many times commoner the country must be under the label than elsewhere
/// in the source.
const LIFT: f32 = 1.5;
/// Different labels that are counted; more are keywords.
const MOST_LABELS: usize = 20_000;

/// Labels of sources with the countries of the pieces under them.
#[derive(Debug, Default)]
pub struct Lore {
    labels: HashMap<(String, String), Tally>,
    sources: HashMap<String, Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    pieces: u64,
    countries: HashMap<Country, u64>,
}

/// What a label seems to mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// Whose label.
    pub source: String,
    /// How it is written.
    pub label: String,
    /// The region of its country.
    pub region: RegionPath,
    /// Pieces under it that belong there by their text.
    pub agree: u64,
    /// All pieces under it.
    pub pieces: u64,
}

impl Learnt {
    /// The lines of the config that would map it.
    #[must_use]
    pub fn declaration(&self) -> String {
        format!("[[region]]\npath = \"{}\"\naliases = [{:?}]\n", self.region, self.label)
    }
}

impl Lore {
    /// Counts a piece whose `country` its text alone has told.
    pub fn note(&mut self, tree: &Tree, source: &str, labels: &[Label], country: Country) {
        self.sources.entry(source.to_owned()).or_default().add(country);
        let filed = labels.iter().filter(|label| label.kind != LabelKind::Tag).take(40);
        for label in filed.filter_map(|label| label.path.last()) {
            let known =
                tree.path_of_label(label).is_some() || tree.known_elsewhere(label).is_some();
            let key = (source.to_owned(), label.clone());
            if !known && (self.labels.len() < MOST_LABELS || self.labels.contains_key(&key)) {
                self.labels.entry(key).or_default().add(country);
            }
        }
    }

    /// The labels that seem to mean one country, in the order of their sources.
    #[must_use]
    pub fn learnt(&self, tree: &Tree) -> Vec<Learnt> {
        let mut found = BTreeMap::new();
        for ((source, label), tally) in &self.labels {
            let Some((country, agree)) = tally.most() else { continue };
            let all = self.sources.get(source).map_or(0.0, |all| all.share(country));
            let share = tally.share(country);
            let telling = tally.pieces >= ENOUGH && share >= AGREE && share >= all * LIFT;
            if let Some(region) = tree.of_country(country).filter(|_| telling) {
                let learnt = Learnt {
                    source: source.clone(),
                    label: label.clone(),
                    region: region.clone(),
                    agree,
                    pieces: tally.pieces,
                };
                found.insert((source, label), learnt);
            }
        }
        found.into_values().collect()
    }
}

impl Tally {
    fn add(&mut self, country: Country) {
        self.pieces += 1;
        *self.countries.entry(country).or_default() += 1;
    }

    fn most(&self) -> Option<(Country, u64)> {
        let all = self.countries.iter().map(|(country, pieces)| (*country, *pieces));
        all.max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
    fn share(&self, country: Country) -> f32 {
        let own = self.countries.get(&country).copied().unwrap_or(0);
        own as f32 / self.pieces.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_learnt_where_the_texts_agree_and_the_source_is_wider() {
        let tree = Tree::default();
        let country = |code| Country::parse(code).unwrap();
        let label =
            |name: &str| vec![Label { kind: LabelKind::Category, path: vec![name.to_owned()] }];
        let mut lore = Lore::default();
        for _ in 0..8 {
            lore.note(&tree, "paper", &label("Hexagone"), country("FR"));
            lore.note(&tree, "paper", &label("Culture"), country("JP"));
            lore.note(&tree, "paper", &label("Culture"), country("PE"));
            lore.note(&tree, "local", &label("Sport"), country("GB"));
            lore.note(&tree, "paper", &label("Kenya"), country("KE"));
        }

        let learnt = lore.learnt(&tree);
        assert_eq!(learnt.len(), 1, "{learnt:?}");
        assert_eq!((learnt[0].agree, learnt[0].pieces), (8, 8));
        assert_eq!(
            learnt[0].declaration(),
            "[[region]]\npath = \"europe/france\"\naliases = [\"Hexagone\"]\n"
        );
    }
}
