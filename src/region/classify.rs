//! From what is known about a piece to the regions it belongs to, with reasons.

use super::filing::{self, Filing};
use super::mentions::{Writing, mentions};
use super::model::MODEL;
use super::settle::settle;
use super::weigh::{self, Weighed, weigh};
use super::{Country, Gazetteer, Origin, RegionPath, Tree, wide};
use crate::article::{Label, LabelKind};

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
    /// Its address, whose folders may name a region.
    pub url: Option<&'a str>,
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
    /// The label, or the names in the text, loudest first.
    pub evidence: String,
    /// What it spoke for.
    pub region: RegionPath,
    /// How loudly.
    pub weight: f32,
}

/// Most countries that a piece is put down to.
const MOST_COUNTRIES: usize = 8;
/// Most names that are told of one country.
const MOST_NAMES: usize = 4;
/// Most reasons that are told.
const MOST_REASONS: usize = 20;

/// Decides where a piece belongs: the operator, else the publisher's
/// breadcrumb or category, else the text, else the source's home, else
/// [`RegionPath::world`]. Countries that the text is about are added behind.
#[must_use]
pub fn classify(tree: &Tree, gazetteer: &Gazetteer, evidence: &Evidence<'_>) -> Verdict {
    let address = evidence.url.map(|url| filing::of_address(tree, gazetteer, url));
    let filings = [
        (Origin::Breadcrumb, filing::read(tree, gazetteer, evidence.labels, LabelKind::Breadcrumb)),
        (Origin::Category, filing::read(tree, gazetteer, evidence.labels, LabelKind::Category)),
        (Origin::Category, filing::read(tree, gazetteer, evidence.labels, LabelKind::Tag)),
        (Origin::Category, address.unwrap_or_default()),
    ];
    let weighed = read_text(tree, gazetteer, evidence, &filings);
    let (mut regions, origin) = primary(tree, gazetteer, evidence, &filings, &weighed);
    let countries = countries(tree, &regions, &weighed);
    if origin != Origin::Operator {
        for path in countries.iter().filter_map(|country| tree.of_country(*country)) {
            if !regions.contains(path) {
                regions.push(path.clone());
            }
        }
    }
    Verdict {
        reasons: reasons(tree, gazetteer, &filings, &weighed),
        unmatched: unmatched(&filings),
        regions,
        countries,
        origin,
    }
}

/// The countries that the words of a piece speak for, likeliest first. Topics
/// that the publisher gave are read like a part of the title.
fn read_text(
    tree: &Tree,
    gazetteer: &Gazetteer,
    evidence: &Evidence<'_>,
    filings: &[(Origin, Filing)],
) -> Vec<Weighed> {
    let mut hint: Vec<(Country, f32)> = evidence.home.map(|home| (home, 1.5)).into_iter().collect();
    for (_, filing) in filings {
        for (path, _) in &filing.regions {
            hint.extend(tree.countries_within(path).map(|country| (country, 0.5)));
        }
        for (region, _) in &filing.beyond {
            hint.extend(region.countries.iter().map(|country| (*country, 0.5)));
        }
    }
    let topics: Vec<&str> =
        filings.iter().flat_map(|(_, filing)| &filing.topics).map(String::as_str).collect();
    let mut title = evidence.title.to_owned();
    if !topics.is_empty() {
        title = format!("{title}\n\n{}", topics.join("\n\n"));
    }
    let writing = Writing::of(evidence.language);
    let found = mentions(gazetteer, &title, evidence.text, writing);
    let names = settle(gazetteer.table(), &found.mentions, writing, &hint);
    weigh(&found, &names, evidence.home)
}

/// For each country that a text speaks for the numbers that the model weighs,
/// to fit it: see `scripts/regions/train.py`.
#[must_use]
pub fn features(gazetteer: &Gazetteer, evidence: &Evidence<'_>) -> Vec<(Country, Vec<f32>)> {
    let writing = Writing::of(evidence.language);
    let hint: Vec<_> = evidence.home.map(|home| (home, 1.5)).into_iter().collect();
    let found = mentions(gazetteer, evidence.title, evidence.text, writing);
    let names = settle(gazetteer.table(), &found.mentions, writing, &hint);
    let counted = weigh::count(&found, &names);
    let features = weigh::features(&counted, evidence.home);
    counted.iter().map(|w| w.country).zip(features.iter().map(|row| row.to_vec())).collect()
}

/// The first region and what decided it. Of labels that say as much as each
/// other, the text picks one.
fn primary(
    tree: &Tree,
    gazetteer: &Gazetteer,
    evidence: &Evidence<'_>,
    filings: &[(Origin, Filing)],
    weighed: &[Weighed],
) -> (Vec<RegionPath>, Origin) {
    if let Some(path) = evidence.operator.filter(|path| tree.contains(path)) {
        return (vec![path.clone()], Origin::Operator);
    }
    for (origin, filing) in filings {
        let Some((first, _)) = filing.regions.first() else { continue };
        let depth = first.lineage().count();
        let mut paths: Vec<RegionPath> =
            filing.regions.iter().map(|(path, _)| path.clone()).collect();
        let likely = |path: &RegionPath| {
            let country = tree.country_of(path);
            weighed.iter().find(|w| Some(w.country) == country).map_or(0.0, |w| w.likely)
        };
        paths.sort_by(|a, b| {
            let deep = |path: &RegionPath| path.lineage().count() == depth;
            deep(b).cmp(&deep(a)).then(likely(b).total_cmp(&likely(a)))
        });
        return (paths, *origin);
    }
    if let Some(top) = weighed.first().filter(|top| top.likely >= MODEL.first)
        && let Some(path) = tree.of_country(top.country)
    {
        let around = path.top();
        let alone = !is_about_a_whole_region(tree, &around, weighed);
        return (vec![if alone { path.clone() } else { around }], Origin::Text);
    }
    for (origin, filing) in filings {
        let within = filing.beyond.iter().find_map(|(region, _)| region.within.clone());
        if let Some(path) = within.filter(|path| tree.contains(path)) {
            return (vec![path], *origin);
        }
    }
    if weighed.first().is_none_or(|top| top.likely < MODEL.first)
        && let Some(path) = wide::named(tree, gazetteer, evidence.title, evidence.text)
    {
        return (vec![path], Origin::Text);
    }
    let home = evidence.home.and_then(|country| tree.of_country(country)).cloned();
    (vec![home.unwrap_or_else(RegionPath::world)], Origin::Source)
}

/// Four countries of one region or more, and none that stands out?
fn is_about_a_whole_region(tree: &Tree, around: &RegionPath, weighed: &[Weighed]) -> bool {
    let whole: f32 = weighed.iter().map(|w| w.mass).sum();
    let named: Vec<&Weighed> = weighed.iter().filter(|w| w.likely >= MODEL.further).collect();
    let within = |w: &&Weighed| tree.of_country(w.country).is_some_and(|p| p.is_within(around));
    named.len() >= 4 && named.iter().all(within) && named.iter().all(|w| w.mass < whole * 0.35)
}

/// The countries of the first regions, then those that the text is about.
fn countries(tree: &Tree, regions: &[RegionPath], weighed: &[Weighed]) -> Vec<Country> {
    let mut countries: Vec<Country> =
        regions.iter().filter_map(|path| tree.country_of(path)).collect();
    for (rank, weighed) in weighed.iter().enumerate() {
        let needed = if rank == 0 { MODEL.first } else { MODEL.further };
        if weighed.likely >= needed && !countries.contains(&weighed.country) {
            countries.push(weighed.country);
        }
    }
    // Where the publisher filed it goes before what it also names.
    if let Some(first) = regions.first() {
        countries.sort_by_key(|country| {
            !tree.of_country(*country).is_some_and(|path| path.is_within(first))
        });
    }
    countries.truncate(MOST_COUNTRIES.max(regions.len()));
    countries
}

fn reasons(
    tree: &Tree,
    gazetteer: &Gazetteer,
    filings: &[(Origin, Filing)],
    weighed: &[Weighed],
) -> Vec<Reason> {
    let labels = filings
        .iter()
        .flat_map(|(_, filing)| &filing.regions)
        .map(|(path, label)| Reason { evidence: label.clone(), region: path.clone(), weight: 1.0 });
    let words = weighed.iter().filter(|w| w.likely >= 0.05).filter_map(|w| {
        let region = tree.of_country(w.country)?.clone();
        let mut voices = w.voices.clone();
        voices.sort_by(|a, b| b.1.total_cmp(&a.1));
        let names: Vec<&str> =
            voices.iter().take(MOST_NAMES).map(|(name, _)| gazetteer.table().name(*name)).collect();
        let evidence = names.join(", ");
        Some(Reason { evidence, region, weight: w.likely })
    });
    labels.chain(words).take(MOST_REASONS).collect()
}

fn unmatched(filings: &[(Origin, Filing)]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for (_, label) in filings.iter().flat_map(|(_, filing)| &filing.beyond) {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    labels
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
