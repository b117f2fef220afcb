//! Regions wider than a country that a text names: `the African Union`,
//! `South American farmers`. Asked only of pieces that name no country.

use std::collections::HashMap;

use super::words::{Gap, Words};
use super::{Gazetteer, RegionPath, Tree};

/// Words at the head of a text that are looked at.
const HEAD: usize = 400;
/// Most words in the name of a region.
const LONGEST: usize = 4;
/// How often a region must be named to be believed; once in a title is enough.
const ENOUGH: usize = 2;

/// The region that a piece names, if it names one and no other as often.
pub(super) fn named(
    tree: &Tree,
    gazetteer: &Gazetteer,
    title: &str,
    text: &str,
) -> Option<RegionPath> {
    let mut said: HashMap<RegionPath, usize> = HashMap::new();
    for (text, times) in [(title, ENOUGH), (text, 1)] {
        for path in regions(tree, gazetteer, &Words::of(text, HEAD)) {
            *said.entry(path).or_default() += times;
        }
    }
    let mut ranked: Vec<_> = said.into_iter().filter(|(_, times)| *times >= ENOUGH).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    match ranked.as_slice() {
        [(path, _)] => Some(path.clone()),
        [(path, most), (_, next), ..] if most > next => Some(path.clone()),
        _ => None,
    }
}

fn regions(tree: &Tree, gazetteer: &Gazetteer, words: &Words) -> Vec<RegionPath> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.words.len() {
        let close = words.words[at..].iter().take_while(|word| word.gap == Gap::Close).count();
        let most = LONGEST.min(close + 1).min(words.words.len() - at);
        let long = (1..=most).rev().find_map(|count| {
            let capital = words.words[at].capital && words.words[at].cased;
            let name = words.run(at, count);
            // Names of countries were weighed already and found too light.
            let wide = capital
                && name.len() > 3
                && gazetteer
                    .table()
                    .find(name)
                    .is_none_or(|n| gazetteer.table().senses(n).is_empty());
            let path = wide.then(|| region(tree, name)).flatten()?;
            Some((count, path))
        });
        match long {
            Some((count, path)) => {
                found.push(path);
                at += count;
            }
            None => at += 1,
        }
    }
    found
}

/// The wider region that a name stands for.
fn region(tree: &Tree, name: &str) -> Option<RegionPath> {
    let path = match tree.path_of_label(name) {
        Some(path) => path.clone(),
        None => tree.known_elsewhere(name)?.within.clone()?,
    };
    (path != RegionPath::world() && tree.contains(&path) && tree.country_of(&path).is_none())
        .then_some(path)
}
