//! Names of places and whose they are.

use std::collections::HashMap;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use rust_stemmers::{Algorithm, Stemmer};

use super::Country;
use super::atlas::{ATLAS, LANGUAGES, WELL_KNOWN, rows};
use super::fold::is_unspaced;
use super::table::{self, Table};
use super::words::{bare_name, plain_name, word_length};

/// What kind of word stands for a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The country's own name.
    Name,
    /// Its name in another language that is spelled like an everyday or
    /// another country's name in English: `Island`.
    Foreign,
    /// Its people, with a capital: `Russian`.
    People,
    /// Its people in a language that writes them small: `russe`.
    Folk,
    /// An institution or landmark: `Kremlin`.
    Seat,
    /// A word of public life that the country has more than others: `Sheriff`.
    Cue,
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
    /// A division in two or three capitals: `TX`.
    Post,
}

/// One thing that a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sense {
    pub country: Country,
    /// Which first-level division, zero if unknown; a number of our own that
    /// means nothing but "the same".
    pub division: u16,
    pub kind: Kind,
    /// Ten times the decimal logarithm of how many people live there.
    pub weight: u8,
}

/// The built-in table of names. It is read when it is first asked.
#[derive(Debug, Default)]
pub struct Gazetteer {
    table: OnceLock<Table>,
}

/// Weight of names that are not those of towns: as of a hundred million.
const COUNTRY: u8 = 80;

impl Gazetteer {
    /// The table that is compiled in. Costs nothing until the first piece.
    #[must_use]
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The names, ready to be searched.
    pub(super) fn table(&self) -> &Table {
        self.table.get_or_init(|| Planting::default().table())
    }

    /// What a name in plain spelling may stand for.
    #[cfg(test)]
    fn senses(&self, plain: &str) -> &[Sense] {
        let table = self.table();
        table.find(plain).map_or(&[], |at| table.senses(at))
    }

    /// Reads the table now rather than at the first piece.
    pub fn warm(&self) {
        self.table();
    }
}

/// The table while it is made: our own names, and those that await their
/// place in it.
#[derive(Debug, Default)]
struct Planting {
    names: HashMap<String, (u8, Vec<Sense>)>,
    divisions: HashMap<String, u16>,
}

impl Planting {
    fn table(mut self) -> Table {
        self.add_countries();
        self.add_own();
        self.hide_wide_regions();
        let mut table = Table::with_capacity(140_000);
        self.pour_places(&mut table);
        for (name, (flags, senses)) in self.names {
            table.push(&name, flags, senses.into_iter());
        }
        table.index_openers(|name| match name.chars().next() {
            Some(first) if is_unspaced(first) => (word_length(name), name.chars().count()),
            _ => (name.find(' ').unwrap_or(name.len()), name.split(' ').count()),
        });
        table.shrink();
        table
    }

    fn add(&mut self, name: &str, sense: Sense) {
        let plain = plain_name(name);
        if plain.is_empty() || (plain.is_ascii() && plain.len() < 2) {
            return;
        }
        add_sense(&mut self.names.entry(plain).or_default().1, sense);
    }

    fn add_countries(&mut self) {
        for place in &ATLAS.places {
            let Some(country) = place.country else { continue };
            let sense = Sense { country, division: 0, kind: Kind::Name, weight: COUNTRY };
            for (language, name) in place.names.iter().take(LANGUAGES.len()).enumerate() {
                let foreign = language > 0 && name.is_ascii() && *name != place.names[0];
                let kind = if foreign { Kind::Foreign } else { Kind::Name };
                self.add(name, Sense { kind, ..sense });
            }
            for name in &place.other {
                let kind = if name.is_ascii() { Kind::Foreign } else { Kind::Name };
                self.add(name, Sense { kind, ..sense });
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
                "cue" => Kind::Cue,
                "abbr" => Kind::Short,
                "post" => Kind::Post,
                "not" => {
                    for name in row[2].split('|') {
                        self.names.insert(plain_name(name), (table::HIDES, vec![]));
                    }
                    continue;
                }
                _ => continue,
            };
            let (code, division) = row[0].split_once('-').unwrap_or((row[0], ""));
            let Some(country) = Country::parse(code) else { continue };
            let division = self.division(division);
            let sense = Sense { country, division, kind, weight: COUNTRY };
            for form in row[2].split('|').flat_map(forms) {
                self.add(&form, sense);
            }
        }
    }

    /// `Middle East` is neither a middle nor an east.
    fn hide_wide_regions(&mut self) {
        let known = WELL_KNOWN.iter().flat_map(|region| {
            region.aliases.iter().chain([&region.name]).filter(|name| name.contains(' '))
        });
        let built_in = ATLAS.places.iter().filter(|place| place.country.is_none());
        let names = built_in.flat_map(|place| place.names.iter().chain(&place.other));
        for name in known.chain(names).filter(|name| name.is_ascii() && name.len() > 3) {
            self.names.entry(plain_name(name)).or_insert((table::HIDES, vec![]));
        }
    }

    /// The number of a division's code.
    fn division(&mut self, code: &str) -> u16 {
        if code.is_empty() {
            return 0;
        }
        if let Some(known) = self.divisions.get(code) {
            return *known;
        }
        let next = u16::try_from(self.divisions.len() + 1).unwrap_or(0);
        self.divisions.insert(code.to_owned(), next);
        next
    }

    /// Puts the places into the table, each with what we have of its name.
    fn pour_places(&mut self, table: &mut Table) {
        let russian = Stemmer::create(Algorithm::Russian);
        let mut text = String::new();
        let packed: &[u8] = include_bytes!("data/places.tsv.gz");
        if GzDecoder::new(packed).read_to_string(&mut text).is_err() {
            return; // a damaged build; the tests below would tell
        }
        let mut senses: Vec<Sense> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let (Some(name), Some(marks), Some(whose)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let flags = flags_of(marks);
            senses.clear();
            senses.extend(whose.split(' ').filter_map(|field| self.sense_of(field)));
            let bare;
            let plain = if name.is_ascii() {
                name
            } else {
                bare = bare_name(name, &russian);
                &bare
            };
            if let Some((own_flags, own)) = self.names.get_mut(plain) {
                *own_flags |= flags;
                if *own_flags & table::HIDES == 0 {
                    for sense in &senses {
                        add_sense(own, *sense);
                    }
                }
            } else if name.is_ascii() || table.find(plain).is_none() {
                table.push(plain, flags, senses.iter().copied());
            }
        }
    }

    /// `DEc62NW`: a country, a kind, a weight and a division.
    fn sense_of(&mut self, field: &str) -> Option<Sense> {
        let country = Country::parse(field.get(..2)?)?;
        let kind = match field.get(2..3)? {
            "C" => Kind::Capital,
            "d" => Kind::Division,
            "k" => Kind::County,
            _ => Kind::City,
        };
        let weight = field.get(3..5)?.parse().ok()?;
        Some(Sense { country, division: self.division(field.get(5..)?), kind, weight })
    }
}

/// A name stands once for each country and division, by its weightiest sense.
fn add_sense(senses: &mut Vec<Sense>, sense: Sense) {
    let of_country = sense.weight == COUNTRY && sense.division == 0;
    let same = |other: &Sense| {
        let known = other.weight == COUNTRY && other.division == 0;
        // A town of the country whose own name this is says no more.
        other.country == sense.country && (of_country || known || other.division == sense.division)
    };
    match senses.iter().position(same) {
        Some(at) if senses[at].weight < sense.weight || senses[at].kind == Kind::Foreign => {
            senses[at] = sense;
        }
        Some(_) => {}
        None => senses.push(sense),
    }
}

fn flags_of(marks: &str) -> u8 {
    marks.bytes().fold(0, |flags, mark| {
        flags
            | match mark {
                b'w' => table::WORD,
                b'p' => table::PERSON,
                b'g' => table::GIVEN,
                _ => 0,
            }
    })
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
    use std::sync::LazyLock;

    use super::*;

    static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::builtin);

    fn codes(name: &str) -> Vec<String> {
        let mut senses = GAZETTEER.senses(&plain_name(name)).to_vec();
        senses.sort_by_key(|sense| std::cmp::Reverse(sense.weight));
        senses.iter().map(|sense| sense.country.to_string()).collect()
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
            ("กรุงเทพมหานคร", "TH"),
            ("ירושלים", "IL"),
        ] {
            assert_eq!(codes(name).first().map(String::as_str), Some(code), "{name}");
        }
        assert!(codes("Georgia").len() >= 2);
        assert!(codes("New York Times").is_empty());
    }
}
