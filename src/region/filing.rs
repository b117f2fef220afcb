//! Where a publisher filed a piece: its labels, read against the tree.

use super::atlas::WellKnown;
use super::fold::fold;
use super::gazetteer::{Gazetteer, Kind, Sense};
use super::table::{PERSON, WORD};
use super::words::plain_name;
use super::{Country, RegionPath, Tree};
use crate::article::{Label, LabelKind};

/// Labels of one kind that are looked at; more are a list of keywords.
const MOST_LABELS: usize = 40;
/// A namesake abroad that is smaller by this much is not thought of.
const NAMESAKE: u8 = 20;

/// What labels of one kind say.
#[derive(Debug, Default)]
pub(super) struct Filing {
    /// Regions of the tree and the label that named each; the deepest first,
    /// then in the publisher's order.
    pub regions: Vec<(RegionPath, String)>,
    /// Well-known regions that the tree has not, with their labels.
    pub beyond: Vec<(&'static WellKnown, String)>,
    /// Labels that name no place; words about the piece like others.
    pub topics: Vec<String>,
}

/// Reads the labels of one kind.
pub(super) fn read(
    tree: &Tree,
    gazetteer: &Gazetteer,
    labels: &[Label],
    kind: LabelKind,
) -> Filing {
    let mut filing = Filing::default();
    let of_kind = labels.iter().filter(|label| label.kind == kind).take(MOST_LABELS);
    for label in of_kind {
        let mut found: Vec<(RegionPath, String)> = Vec::new();
        for part in label.path.iter().take(12).flat_map(|part| steps(tree, part)) {
            match look_up(tree, gazetteer, part, kind) {
                Looked::Up(paths) => {
                    found.extend(paths.into_iter().map(|path| (path, part.to_owned())));
                }
                Looked::Beyond(region) => filing.beyond.push((region, part.to_owned())),
                Looked::Topic => filing.topics.push(part.to_owned()),
                Looked::Noise => {}
            }
        }
        // Of a path only its deepest step counts; what it lies in is no news.
        for at in 0..found.len() {
            let outer = found.iter().any(|(p, _)| *p != found[at].0 && p.is_within(&found[at].0));
            if !outer && !filing.regions.iter().any(|(path, _)| *path == found[at].0) {
                filing.regions.push(found[at].clone());
            }
        }
    }
    filing.regions.sort_by_key(|(path, _)| std::cmp::Reverse(path.lineage().count()));
    filing
}

/// Reads the folders of an address: `/world/africa/kenya/2026/…`. The last
/// part is the piece itself.
pub(super) fn of_address(tree: &Tree, gazetteer: &Gazetteer, url: &str) -> Filing {
    let mut filing = Filing::default();
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut folders: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).take(8).collect();
    folders.pop();
    for folder in folders {
        if !tells_a_region(gazetteer, folder) {
            continue;
        }
        if let Some(path) = tree.path_of_label(folder).filter(|path| **path != RegionPath::world())
        {
            filing.regions.retain(|(outer, _)| !path.is_within(outer));
            filing.regions.push((path.clone(), folder.to_owned()));
        }
    }
    filing.regions.truncate(1);
    filing
}

/// Short folders are languages (`/de/`); a name of two countries tells neither.
fn tells_a_region(gazetteer: &Gazetteer, folder: &str) -> bool {
    let table = gazetteer.table();
    let rival = || table.find(&plain_name(folder)).is_some_and(|at| has_rival(table.senses(at)));
    (4..=40).contains(&folder.len()) && !rival()
}

enum Looked {
    Up(Vec<RegionPath>),
    Beyond(&'static WellKnown),
    Topic,
    Noise,
}

/// One label cut at the signs that publishers put between steps, unless it is
/// a name or a path as it is.
fn steps<'a>(tree: &Tree, label: &'a str) -> Vec<&'a str> {
    let whole = label.trim();
    let is_known = tree.path_of_label(whole).is_some() || tree.known_elsewhere(whole).is_some();
    if is_known || whole.len() > 300 {
        return vec![whole];
    }
    whole
        .split(['>', '»', '›', '/', '|', '→', '•', ':', '\\'])
        .map(str::trim)
        .filter(|step| !step.is_empty())
        .take(12)
        .collect()
}

fn look_up(tree: &Tree, gazetteer: &Gazetteer, label: &str, kind: LabelKind) -> Looked {
    if let Some(path) = tree.path_of_label(label) {
        return if *path == RegionPath::world() {
            Looked::Noise
        } else {
            Looked::Up(vec![path.clone()])
        };
    }
    if let Some(region) = tree.known_elsewhere(label) {
        return Looked::Beyond(region);
    }
    let plain = fold(label);
    if plain.is_empty() || is_noise(&plain) {
        return Looked::Noise;
    }
    let parts = joined(tree, label);
    if !parts.is_empty() {
        return Looked::Up(parts);
    }
    if kind != LabelKind::Tag
        && let Some(path) = place(gazetteer, label).and_then(|country| tree.of_country(country))
    {
        return Looked::Up(vec![path.clone()]);
    }
    Looked::Topic
}

/// `US & Canada`: both, if both are regions.
fn joined(tree: &Tree, label: &str) -> Vec<RegionPath> {
    let mut parts = vec![label];
    for sign in
        ["&", ",", ";", "+", " and ", " et ", " und ", " y ", " e ", " и ", "、", "・", " - "]
    {
        parts = parts.iter().flat_map(|part| part.split(sign)).collect();
    }
    if parts.len() < 2 || parts.len() > 6 {
        return vec![];
    }
    let found: Option<Vec<RegionPath>> =
        parts.iter().map(|part| tree.path_of_label(part.trim()).cloned()).collect();
    let found = found.unwrap_or_default();
    if found.contains(&RegionPath::world()) { vec![] } else { found }
}

/// The country of a label that is the name of one city or division: `Texas`.
fn place(gazetteer: &Gazetteer, label: &str) -> Option<Country> {
    let table = gazetteer.table();
    let at = table.find(&plain_name(label))?;
    let entry = table.entry(at);
    let senses = table.senses(at);
    let sense = senses.iter().max_by_key(|sense| sense.weight)?;
    let known = match sense.kind {
        Kind::Folk | Kind::Foreign | Kind::Short | Kind::Post | Kind::Seat | Kind::Cue => false,
        Kind::City => sense.weight >= 55 && !entry.is(WORD | PERSON),
        _ => !entry.is(WORD),
    };
    (known && !has_rival(senses)).then_some(sense.country)
}

/// Could the name mean a place in another country as well?
fn has_rival(senses: &[Sense]) -> bool {
    senses.iter().max_by_key(|sense| sense.weight).is_some_and(|first| {
        senses
            .iter()
            .any(|other| other.country != first.country && other.weight + NAMESAKE > first.weight)
    })
}

/// Is this a section that is no place?
fn is_noise(plain: &str) -> bool {
    plain.split(' ').all(|word| {
        matches!(
            word,
            "home"
                | "homepage"
                | "start"
                | "startseite"
                | "accueil"
                | "inicio"
                | "world"
                | "global"
                | "international"
                | "news"
                | "opinion"
                | "opinions"
                | "politics"
                | "business"
                | "articles"
                | "article"
                | "blog"
                | "all"
                | "featured"
                | "latest"
                | "top"
                | "stories"
                | "uncategorized"
                | "uncategorised"
                | "index"
                | "archive"
                | "archives"
                | "the"
                | "magazine"
        )
    })
}
