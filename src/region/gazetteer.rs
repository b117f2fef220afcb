//! Names of places and whose they are.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::GzDecoder;
use rust_stemmers::{Algorithm, Stemmer};

use super::Country;
use super::atlas::{ATLAS, LANGUAGES, rows};
use super::fold::is_unspaced;
use super::words::{bare_name, plain_name};

/// What kind of word stands for a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The country's own name.
    Name,
    /// Its people, with a capital: `Russian`.
    People,
    /// Its people in a language that writes them small: `russe`.
    Folk,
    /// An institution or landmark: `Kremlin`.
    Seat,
    /// Its capital.
    Capital,
    /// A first-level division: `Texas`.
    Division,
    /// Any other city.
    City,
    /// A county of the United States.
    County,
    /// A division in short, with its dot: `Calif.`
    Short,
}

/// One country that a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sense {
    pub country: Country,
    pub kind: Kind,
    /// Ten times the decimal logarithm of how many people live there.
    pub weight: u8,
}

/// What a name may stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub senses: Vec<Sense>,
    /// Is an everyday word too: `Reading`.
    pub word: bool,
    /// Is a person's name too: `Jackson`.
    pub person: bool,
}

/// The built-in table of names, ready to be searched. Built once, shared.
#[derive(Debug, Default)]
pub struct Gazetteer {
    names: HashMap<Box<str>, Entry>,
    /// The most words in a name that begins with this word.
    openers: HashMap<Box<str>, u8>,
}

/// Weight of names that are not those of towns: as of a hundred million.
const COUNTRY: u8 = 80;

impl Gazetteer {
    /// The table that is compiled in.
    #[must_use]
    pub fn builtin() -> Self {
        let mut gazetteer = Self::default();
        gazetteer.add_places();
        gazetteer.add_countries();
        gazetteer.add_own();
        gazetteer.index_openers();
        gazetteer
    }

    /// What a name in plain spelling may stand for.
    pub(super) fn entry(&self, plain: &str) -> Option<&Entry> {
        self.names.get(plain)
    }

    /// How many words a name that begins with this word may have.
    pub(super) fn reach(&self, opener: &str) -> usize {
        self.openers.get(opener).copied().unwrap_or(0).into()
    }

    fn add(&mut self, name: &str, sense: Sense) {
        let plain = plain_name(name);
        let spaced = plain.is_ascii();
        if plain.is_empty() || (spaced && plain.len() < 2) {
            return;
        }
        let entry = self.names.entry(plain.into()).or_default();
        match entry.senses.iter_mut().find(|other| other.country == sense.country) {
            Some(other) if other.weight < sense.weight => *other = sense,
            Some(_) => {}
            None => entry.senses.push(sense),
        }
    }

    fn add_places(&mut self) {
        let russian = Stemmer::create(Algorithm::Russian);
        let mut table = String::new();
        self.names.reserve(100_000);
        let packed: &[u8] = include_bytes!("data/places.tsv.gz");
        if GzDecoder::new(packed).read_to_string(&mut table).is_err() {
            return; // a damaged build; the tests below would tell
        }
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (Some(name), Some(flags), Some(whose)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let plain = if name.is_ascii() { name.to_owned() } else { bare_name(name, &russian) };
            let entry = self.names.entry(plain.into()).or_default();
            entry.word |= flags.contains('w');
            entry.person |= flags.contains('p');
            entry.senses.extend(whose.split(' ').filter_map(sense_of));
        }
    }

    fn add_countries(&mut self) {
        for place in &ATLAS.places {
            let Some(country) = place.country else { continue };
            let sense = Sense { country, kind: Kind::Name, weight: COUNTRY };
            for name in place.names.iter().take(LANGUAGES.len()).chain(&place.other) {
                self.add(name, sense);
            }
        }
    }

    fn add_own(&mut self) {
        for row in rows(include_str!("data/own.tsv")) {
            let kind = match row[1] {
                "name" => Kind::Name,
                "people" => Kind::People,
                "folk" => Kind::Folk,
                "seat" => Kind::Seat,
                "abbr" => Kind::Short,
                "not" => {
                    for name in row[2].split('|') {
                        self.names.insert(plain_name(name).into(), Entry::default());
                    }
                    continue;
                }
                _ => continue,
            };
            let Some(country) = Country::parse(row[0]) else { continue };
            let sense = Sense { country, kind, weight: COUNTRY };
            for form in row[2].split('|').flat_map(forms) {
                self.add(&form, sense);
            }
        }
    }

    fn index_openers(&mut self) {
        for name in self.names.keys() {
            let (opener, most) = match name.chars().next() {
                Some(first) if is_unspaced(first) => {
                    (&name[..first.len_utf8()], name.chars().count())
                }
                _ => (name.split(' ').next().unwrap_or_default(), name.split(' ').count()),
            };
            let most = u8::try_from(most).unwrap_or(u8::MAX);
            let reach = self.openers.entry(opener.into()).or_default();
            *reach = most.max(*reach);
        }
    }
}

/// `DEc62`: a country, a kind and a weight.
fn sense_of(field: &str) -> Option<Sense> {
    let country = Country::parse(field.get(..2)?)?;
    let kind = match field.get(2..3)? {
        "C" => Kind::Capital,
        "d" => Kind::Division,
        "k" => Kind::County,
        _ => Kind::City,
    };
    Some(Sense { country, kind, weight: field.get(3..)?.parse().ok()? })
}

/// `belg+e+es`: the stem with each of its endings.
fn forms(item: &str) -> Vec<String> {
    let mut parts = item.split('+');
    let stem = parts.next().unwrap_or_default();
    let endings: Vec<&str> = parts.collect();
    if endings.is_empty() {
        return vec![stem.to_owned()];
    }
    endings.iter().map(|ending| format!("{stem}{ending}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(name: &str) -> Vec<String> {
        let gazetteer = Gazetteer::builtin();
        let entry = gazetteer.entry(&plain_name(name));
        entry.into_iter().flat_map(|e| &e.senses).map(|s| s.country.to_string()).collect()
    }

    #[test]
    fn the_table_is_spelled_as_texts_are() {
        let mut table = String::new();
        let packed: &[u8] = include_bytes!("data/places.tsv.gz");
        GzDecoder::new(packed).read_to_string(&mut table).unwrap();
        let russian = Stemmer::create(Algorithm::Russian);
        let mut differ = Vec::new();
        for line in table.lines().skip(1).step_by(7) {
            let name = line.split('\t').next().unwrap();
            if bare_name(name, &russian) != plain_name(name) {
                differ.push(name);
            }
        }

        assert!(differ.is_empty(), "{differ:?}");
    }

    #[test]
    fn names_of_all_kinds_and_scripts_are_known() {
        for (name, code) in [
            ("Deutschland", "DE"),
            ("Kremlin", "RU"),
            ("Texas", "US"),
            ("Nueva York", "US"),
            ("Москве", "RU"),
            ("北京", "CN"),
            ("القاهرة", "EG"),
            ("東京", "JP"),
            ("französische", "FR"),
            ("российского", "RU"),
            ("Cook County", "US"),
            ("Kiev", "UA"),
            ("Côte d’Ivoire", "CI"),
        ] {
            assert_eq!(codes(name).first().map(String::as_str), Some(code), "{name}");
        }
        assert!(codes("Georgia").len() >= 2);
        assert!(codes("New York Times").is_empty());
    }
}
