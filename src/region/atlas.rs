//! The built-in tables of regions: which country lies where, and what it is
//! called. `data/README.md` tells where they come from.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Country, RegionPath};

/// Languages in which every region has a name of its own.
pub const LANGUAGES: [&str; 10] = ["en", "fr", "de", "es", "pt", "it", "ar", "zh", "ja", "ru"];

/// One region or country of the built-in tables.
#[derive(Debug)]
pub(super) struct Place {
    /// Its ISO 3166-1 or UN M49 code.
    pub code: &'static str,
    /// The country, if it is one.
    pub country: Option<Country>,
    /// Where in [`Atlas::places`] the region around it stands.
    pub parent: Option<usize>,
    /// Its part of a path.
    pub slug: &'static str,
    /// Its names, in the order of [`LANGUAGES`].
    pub names: [&'static str; 10],
    /// Further names, also in further languages.
    pub other: Vec<&'static str>,
}

impl Place {
    /// Its name in a BCP 47 language, else in English.
    pub fn name(&self, language: &str) -> &'static str {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        let at = LANGUAGES.iter().position(|known| known.eq_ignore_ascii_case(primary));
        self.names[at.unwrap_or(0)]
    }
}

/// The built-in tables.
#[derive(Debug)]
pub(super) struct Atlas {
    /// Continents, sub-regions and countries; each after the one around it.
    pub places: Vec<Place>,
    by_code: HashMap<&'static str, usize>,
}

impl Atlas {
    /// The place with a code.
    pub fn place(&self, code: &str) -> Option<&Place> {
        self.by_code.get(code).map(|at| &self.places[*at])
    }

    /// The country with a code.
    pub fn country(&self, country: Country) -> Option<&Place> {
        self.place(country.as_str())
    }

    /// The place around this one; none for a continent.
    pub fn around(&self, place: &Place) -> Option<&Place> {
        place.parent.map(|at| &self.places[at])
    }

    /// The continent that a place lies in, or is.
    pub fn continent<'a>(&'a self, place: &'a Place) -> &'a Place {
        let mut top = place;
        while let Some(around) = self.around(top) {
            top = around;
        }
        top
    }
}

/// A region that publishers name and the built-in tree does not have, such as
/// the Middle East.
#[derive(Debug)]
pub struct WellKnown {
    /// The path that would suit it.
    pub path: RegionPath,
    /// Its English name.
    pub name: &'static str,
    /// The built-in region that holds the most of it.
    pub within: Option<RegionPath>,
    /// The countries that are counted to it.
    pub countries: Vec<Country>,
    /// Its further names.
    pub aliases: Vec<&'static str>,
}

impl WellKnown {
    /// The lines of the config that would declare it.
    #[must_use]
    pub fn declaration(&self) -> String {
        let codes: Vec<_> = self.countries.iter().map(|c| format!("\"{c}\"")).collect();
        format!(
            "[[region]]\npath = \"{}\"\nname = \"{}\"\ncountries = [{}]\n",
            self.path,
            self.name,
            codes.join(", ")
        )
    }
}

/// Rows of a table: no comments, no empty lines, cut at tabs.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

/// The built-in tables, read once.
pub(super) static ATLAS: LazyLock<Atlas> = LazyLock::new(|| {
    let mut places: Vec<Place> = Vec::with_capacity(280);
    let mut by_code = HashMap::with_capacity(280);
    for row in rows(include_str!("data/regions.tsv")) {
        let names: [&str; 10] = row[3..13].try_into().expect("ten names a row, by generate.py");
        by_code.insert(row[0], places.len());
        places.push(Place {
            code: row[0],
            country: Country::parse(row[0]),
            parent: by_code.get(row[1]).copied(),
            slug: row[2],
            names,
            other: row[13].split('|').filter(|name| !name.is_empty()).collect(),
        });
    }
    Atlas { places, by_code }
});

/// Well-known regions that are not built in, read once.
pub(super) static WELL_KNOWN: LazyLock<Vec<WellKnown>> = LazyLock::new(|| {
    let path = |text: &str| RegionPath::parse(text).expect("a path, by the test below");
    rows(include_str!("data/well-known.tsv"))
        .map(|row| WellKnown {
            path: path(row[0]),
            name: row[1],
            within: (!row[2].is_empty()).then(|| path(row[2])),
            countries: row[3].split(' ').filter_map(Country::parse).collect(),
            aliases: row[4].split('|').collect(),
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_name_in_every_language_and_a_path() {
        for place in &ATLAS.places {
            assert!(place.names.iter().all(|name| !name.is_empty()), "{}", place.code);
            assert!(RegionPath::parse(place.slug).is_ok(), "{}", place.code);
        }

        assert_eq!(ATLAS.places.iter().filter(|p| p.country.is_some()).count(), 249);
    }

    #[test]
    fn well_known_regions_hold_known_countries_only() {
        for region in WELL_KNOWN.iter() {
            assert!(region.countries.len() >= 2, "{}", region.path);
            for country in &region.countries {
                assert!(ATLAS.country(*country).is_some(), "{country} in {}", region.path);
            }
        }
    }

    #[test]
    fn a_declaration_can_be_pasted_into_the_config() {
        let caucasus = WELL_KNOWN.iter().find(|r| r.name == "Caucasus").unwrap();

        assert_eq!(
            caucasus.declaration(),
            "[[region]]\npath = \"caucasus\"\nname = \"Caucasus\"\ncountries = [\"AM\", \"AZ\", \"GE\"]\n"
        );
    }
}
