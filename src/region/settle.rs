//! Which of its places each name means: those where the rest of the piece is.
//!
//! A name means one thing throughout a piece. Each of its senses begins with
//! its renown; what the other names of the piece speak for lifts it, most of
//! all if they lie in the same division: `Dublin` beside `Columbus` is in Ohio.

use super::Country;
use super::gazetteer::{Kind, Sense};
use super::mentions::{Mention, Writing};
use super::table::Table;

/// A country, and a division of it if known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub country: Country,
    pub division: u16,
}

/// A name of the piece with what it means.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// Where it stands in the table.
    pub name: usize,
    /// How often it is said.
    pub times: f32,
    /// How sure the surest mention is.
    trust: f32,
    /// What is written beside one of its mentions.
    beside: Option<Place>,
    /// Its senses, and how likely each is meant; adds up to 1.
    pub shares: Vec<(Sense, f32)>,
    /// How much of a town's word counts: small ones are easily somebody's name.
    pub standing: f32,
}

/// Share of renown that a sense has without any support.
const ALONE: f32 = 0.3;
/// How much more a name of the same division supports than one of the country.
const NEIGHBOUR: f32 = 4.0;
/// How a town stands alone that may be a mere noun; it supports no other name.
const NOUN: f32 = 0.03;
/// A place as large as this (a million people) is thought of before a noun.
const FAMOUS: u8 = 60;
/// Rounds after which nothing moves any more.
const ROUNDS: usize = 3;

/// What the names of a piece mean. `hint` are countries that are known to
/// matter beforehand.
pub(super) fn settle(
    table: &Table,
    mentions: &[Mention],
    writing: Writing,
    hint: &[(Country, f32)],
) -> Vec<Name> {
    let mut names = gather(table, mentions, writing);
    for _ in 0..ROUNDS {
        let told = Told::by(&names, hint);
        for name in names.iter_mut().filter(|name| name.shares.len() > 1) {
            let voice = name.voice();
            let mut whole = 0.0;
            for (sense, share) in &mut name.shares {
                let own = voice * *share;
                let country = (told.country(sense.country) - own).max(0.0);
                let division = match sense.division {
                    0 => 0.0,
                    number => (told.division(sense.country, number) - own).max(0.0),
                };
                *share = renown(*sense) * (ALONE + country + NEIGHBOUR * division);
                if name.beside.is_some_and(|place| lies_in(*sense, place)) {
                    *share *= 1e4;
                }
                whole += *share;
            }
            name.shares.iter_mut().for_each(|(_, share)| *share /= whole);
        }
    }
    let told = Told::by(&names, hint);
    for name in &mut names {
        let noun = name.may_be_noun(table, writing);
        name.standing = standing(name, &told, noun);
    }
    names
}

fn lies_in(sense: Sense, place: Place) -> bool {
    sense.country == place.country
        && (place.division == 0 || sense.division == 0 || place.division == sense.division)
}

/// The different names of a piece, each with its senses and their renown.
fn gather(table: &Table, mentions: &[Mention], writing: Writing) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for mention in mentions {
        if let Some(known) = names.iter_mut().find(|name| name.name == mention.name) {
            known.times += 1.0;
            known.trust = known.trust.max(mention.trust);
            known.beside = known.beside.or(mention.beside);
            continue;
        }
        names.push(Name {
            name: mention.name,
            times: 1.0,
            trust: mention.trust,
            beside: mention.beside,
            shares: Vec::new(),
            standing: 1.0,
        });
    }
    for name in &mut names {
        let english = writing == Writing::Peoples;
        let senses = table
            .senses(name.name)
            .iter()
            .filter(|sense| !(english && matches!(sense.kind, Kind::Folk | Kind::Foreign)));
        name.shares = senses.map(|sense| (*sense, renown(*sense))).collect();
        if let Some(place) = name.beside
            && !name.shares.iter().any(|(sense, _)| lies_in(*sense, place))
        {
            let Place { country, division } = place;
            name.shares = vec![(Sense { country, division, kind: Kind::City, weight: 40 }, 1.0)];
        }
        let whole: f32 = name.shares.iter().map(|(_, share)| share).sum();
        name.shares.iter_mut().for_each(|(_, share)| *share /= whole.max(f32::MIN_POSITIVE));
        if name.may_be_noun(table, writing) {
            name.trust = 0.0;
        }
    }
    names
}

impl Name {
    /// Is it one word with a capital and a small place, in a language that
    /// gives every noun a capital?
    fn may_be_noun(&self, table: &Table, writing: Writing) -> bool {
        let small = |sense: &Sense| {
            matches!(sense.kind, Kind::City | Kind::County | Kind::Division)
                && sense.weight < FAMOUS
        };
        writing == Writing::Nouns
            && self.beside.is_none()
            && !table.name(self.name).contains(' ')
            && self.shares.iter().all(|(sense, _)| small(sense))
    }

    /// How loudly it supports others: saying it again adds little.
    fn voice(&self) -> f32 {
        self.trust * (1.0 + self.times.ln())
    }
}

/// How likely a sense is meant. Grows with how many live there, not quite in
/// step; a capital is in the news more than its size tells.
fn renown(sense: Sense) -> f32 {
    let size = 10f32.powf(f32::from(sense.weight) / 10.0 * 0.8);
    if sense.kind == Kind::Capital { size * 4.0 } else { size }
}

/// A lone small town is easily a family's or a firm's name; beside other
/// names of its country it is a town. Where every `noun` has a capital, it is
/// most easily a noun: `Zug`.
fn standing(name: &Name, told: &Told, noun: bool) -> f32 {
    let Some((best, _)) = name.shares.iter().max_by(|a, b| a.1.total_cmp(&b.1)).copied() else {
        return 0.0;
    };
    let small = match best.kind {
        Kind::City | Kind::County => true,
        Kind::Division => noun,
        _ => false,
    };
    if !small || name.beside.is_some() {
        return 1.0;
    }
    let alone = match best.weight {
        _ if noun => NOUN,
        57.. => 1.0,
        50.. => 0.85,
        45.. => 0.65,
        41.. => 0.5,
        _ => 0.35,
    };
    let same = name.shares.iter().filter(|(sense, _)| sense.country == best.country);
    let own = name.voice() * same.map(|(_, share)| share).sum::<f32>();
    let support = (told.country(best.country) - own).max(0.0)
        + 2.0 * (told.division(best.country, best.division) - own).max(0.0);
    alone + (1.0 - alone) * (support / 1.5).min(1.0)
}

/// What all names together speak for.
#[derive(Debug, Default)]
struct Told {
    countries: Vec<(Country, f32)>,
    divisions: Vec<((Country, u16), f32)>,
}

impl Told {
    fn by(names: &[Name], hint: &[(Country, f32)]) -> Self {
        let mut told = Self { countries: hint.to_vec(), divisions: Vec::new() };
        for name in names {
            let voice = name.voice();
            for (sense, share) in name.shares.iter().filter(|(_, share)| *share > 0.02) {
                add(&mut told.countries, sense.country, voice * share);
                if sense.division != 0 {
                    add(&mut told.divisions, (sense.country, sense.division), voice * share);
                }
            }
        }
        told
    }

    fn country(&self, country: Country) -> f32 {
        self.countries.iter().find(|(known, _)| *known == country).map_or(0.0, |told| told.1)
    }

    fn division(&self, country: Country, division: u16) -> f32 {
        if division == 0 {
            return 0.0;
        }
        let wanted = (country, division);
        self.divisions.iter().find(|(known, _)| *known == wanted).map_or(0.0, |told| told.1)
    }
}

fn add<K: PartialEq>(sums: &mut Vec<(K, f32)>, key: K, more: f32) {
    match sums.iter_mut().find(|(known, _)| *known == key) {
        Some((_, sum)) => *sum += more,
        None => sums.push((key, more)),
    }
}
