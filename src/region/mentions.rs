//! The places that a text names: where each stands and how sure it is that a
//! place is meant. What it may stand for is left to [`super::settle`].

use super::gazetteer::{Gazetteer, Kind, Sense};
use super::settle::Place;
use super::table::{Entry, GIVEN, HIDES, PERSON, Table, WORD};
use super::words::{Gap, Word, Words};

/// Words of a text that are read; more do not change what it is about.
const MOST_WORDS: usize = 4000;
/// Words at the head of a text that say what it is about.
const LEAD: usize = 60;

/// Where in a piece a mention stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    Title,
    /// The place before the dash at the head of a report.
    Dateline,
    Lead,
    Body,
}

/// A name that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention {
    /// Where the name stands in the table.
    pub name: usize,
    /// What kind of name it is, by its weightiest sense.
    pub kind: Kind,
    pub stand: Stand,
    /// How sure it is that a place is meant, at most 1.
    pub trust: f32,
    /// What is written right behind it: `Paris, Texas`.
    pub beside: Option<Place>,
    /// How many words of the text stand before it.
    pub at: u16,
    /// First word, and the one behind the last.
    first: usize,
    next: usize,
}

/// How a language writes names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// As English does: names and peoples with a capital, other words without.
    Peoples,
    /// As German does: every noun has a capital, so that it says little.
    Nouns,
    /// As most others do: names with a capital, peoples without.
    Names,
}

impl Writing {
    /// How a language (BCP 47) writes names.
    pub fn of(language: Option<&str>) -> Self {
        let tag = language.unwrap_or_default().to_ascii_lowercase();
        match tag.split(['-', '_']).next() {
            Some("en") => Self::Peoples,
            Some("de" | "lb") => Self::Nouns,
            _ => Self::Names,
        }
    }
}

/// What is known of a text before it is read.
#[derive(Debug, Clone, Copy)]
struct Reading<'a> {
    gazetteer: &'a Table,
    words: &'a Words,
    writing: Writing,
    /// Capitals say nothing: a headline, or all is shouted.
    capitals: bool,
}

/// A piece as names found in it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub mentions: Vec<Mention>,
    /// How many words were read.
    pub words: usize,
}

/// All places that a title and a text name.
pub(super) fn mentions(gazetteer: &Gazetteer, title: &str, text: &str, writing: Writing) -> Found {
    let text = text.strip_prefix(title).unwrap_or(text);
    let table = gazetteer.table();
    let mut found = Found::default();
    let words = Words::of(title, MOST_WORDS);
    find(table, &words, writing, |_| Stand::Title, &mut found.mentions);
    let words = Words::of(text, MOST_WORDS);
    let dateline = dateline_words(text);
    let stand = |at| match at {
        _ if at < dateline => Stand::Dateline,
        0..LEAD => Stand::Lead,
        _ => Stand::Body,
    };
    find(table, &words, writing, stand, &mut found.mentions);
    found.words = words.words.len();
    found
}

/// How many words the dateline takes: `PARIS (AP) — …`, `NAIROBI, Kenya - …`.
fn dateline_words(text: &str) -> usize {
    let head = text.trim_start();
    let end = head.char_indices().nth(70).map_or(head.len(), |(at, _)| at);
    let head = &head[..end];
    let Some(dash) = ["—", "–", " - ", " -- ", "(Reuters)", "(AP)", "(AFP)", "(CNN)"]
        .iter()
        .filter_map(|mark| head.find(mark))
        .min()
    else {
        return 0;
    };
    let before = &head[..dash];
    let words = Words::of(before, 12);
    let shouted = before.split_whitespace().next().is_some_and(|word| {
        word.chars().filter(|c| c.is_alphabetic()).count() > 2
            && !word.chars().any(char::is_lowercase)
    });
    let sentence = words.words.iter().filter(|word| word.cased && !word.capital).count();
    if shouted || (words.words.len() <= 5 && sentence == 0) { words.words.len() } else { 0 }
}

/// The names in one text, longest first, none inside another.
fn find(
    gazetteer: &Table,
    words: &Words,
    writing: Writing,
    stand: impl Fn(usize) -> Stand,
    all: &mut Vec<Mention>,
) {
    let reading = Reading { gazetteer, words, writing, capitals: capitals_say_nothing(words) };
    let from = all.len();
    let mut at = 0;
    while at < words.words.len() {
        let Some((count, name)) = reading.longest(at) else {
            at += 1;
            continue;
        };
        if let Some((kind, trust)) = reading.judge(at, count, name) {
            all.push(Mention {
                name,
                kind,
                stand: stand(at),
                trust,
                beside: None,
                at: u16::try_from(at).unwrap_or(u16::MAX),
                first: at,
                next: at + count,
            });
        }
        at += count;
    }
    reading.read_beside(&mut all[from..]);
}

/// Is it a headline that writes Every Word With a Capital, or SHOUTS?
fn capitals_say_nothing(words: &Words) -> bool {
    let cased = words.words.iter().take(40).filter(|word| word.cased && word.end - word.start > 3);
    let (all, capital) =
        cased.fold((0, 0), |(all, capital), word| (all + 1, capital + usize::from(word.capital)));
    all > 2 && capital * 4 >= all * 3
}

impl Reading<'_> {
    fn word(&self, at: usize) -> &Word {
        &self.words.words[at]
    }

    /// The longest name that begins at a word.
    fn longest(&self, at: usize) -> Option<(usize, usize)> {
        let first = self.word(at);
        if self.writing == Writing::Peoples && !first.capital {
            return None;
        }
        let word = self.words.run(at, 1);
        let found = self.gazetteer.find(word);
        let reach = found.map_or(1, |found| usize::from(self.gazetteer.entry(found).reach));
        if reach > 1 && first.capital {
            let ahead = &self.words.words[at..];
            let close = ahead
                .iter()
                .take(reach)
                .take_while(|word| matches!(word.gap, Gap::Close | Gap::Dot))
                .count();
            for count in (2..=reach.min(close + 1).min(ahead.len())).rev() {
                if let Some(name) = self.gazetteer.find(self.words.run(at, count))
                    && self.says_something(name)
                {
                    return Some((count, name));
                }
            }
        }
        if let Some(name) = found.filter(|name| self.says_something(*name)) {
            return Some((1, name));
        }
        self.inflected(word, first).map(|name| (1, name))
    }

    /// `Russians`, and an Arabic word with a particle written onto it.
    fn inflected(&self, word: &str, first: &Word) -> Option<usize> {
        let people = |name: &usize| {
            self.gazetteer.senses(*name).iter().any(|sense| sense.kind == Kind::People)
        };
        if first.cased {
            let bare = word.strip_suffix('s').filter(|bare| bare.len() > 3 && first.capital)?;
            return self.gazetteer.find(bare).filter(people);
        }
        let bare =
            word.strip_prefix(['و', 'ب', 'ل', 'ف', 'ك']).filter(|bare| bare.chars().count() > 3)?;
        self.gazetteer.find(bare).filter(|name| self.says_something(*name))
    }

    fn says_something(&self, name: usize) -> bool {
        self.gazetteer.entry(name).is(HIDES) || !self.gazetteer.senses(name).is_empty()
    }

    /// What kind of name it is where it stands and how sure that is; none if
    /// it is no place there.
    fn judge(&self, at: usize, count: usize, name: usize) -> Option<(Kind, f32)> {
        let (first, last) = (self.word(at), self.word(at + count - 1));
        let behind_comma = at > 0 && self.word(at - 1).gap == Gap::Comma;
        let fits = |sense: &&Sense| match sense.kind {
            Kind::Folk => self.writing != Writing::Peoples,
            Kind::Foreign => self.writing != Writing::Peoples && (first.capital || !first.cased),
            Kind::Short => {
                first.capital && last.dotted && (behind_comma || last.end - last.start == 2)
            }
            Kind::Post => first.shouted && behind_comma,
            Kind::Name if !first.cased => true,
            _ => first.capital,
        };
        let senses = self.gazetteer.senses(name);
        let sense = senses
            .iter()
            .filter(fits)
            .max_by(|a, b| a.weight.cmp(&b.weight).then(b.kind.cmp(&a.kind)))?;
        let trust = self.trust(at, count, self.gazetteer.entry(name), *sense);
        (trust > 0.0).then_some((sense.kind, trust))
    }

    /// How sure it is that a name is a place at all.
    fn trust(&self, at: usize, count: usize, entry: Entry, sense: Sense) -> f32 {
        let kind = sense.kind;
        let first = self.word(at);
        let last = self.word(at + count - 1);
        if !first.cased {
            return 1.0;
        }
        if last.money {
            return 0.15;
        }
        let silent = first.opens || self.capitals;
        let personal = count == 1 && self.is_personal(at);
        let paper = self.is_of_a_paper(at + count - 1);
        let trust: f32 = match kind {
            Kind::Name | Kind::Foreign if entry.is(GIVEN | WORD) && personal => 0.12,
            Kind::Name | Kind::Foreign if entry.is(WORD) && silent => 0.7,
            Kind::Name | Kind::Foreign | Kind::People | Kind::Folk | Kind::Short | Kind::Post => {
                1.0
            }
            Kind::Seat => 0.9,
            Kind::Cue if silent && count == 1 => 0.1,
            Kind::Cue => 0.3,
            _ if count > 1 => 1.0,
            _ if entry.is(WORD) && silent => 0.0,
            _ if entry.is(WORD) => 0.3,
            Kind::Capital | Kind::Division if entry.is(PERSON) && personal => 0.25,
            _ if entry.is(GIVEN) && personal => 0.03,
            _ if entry.is(PERSON) && personal => 0.08,
            Kind::City | Kind::County if entry.is(PERSON) && silent => 0.5,
            Kind::City | Kind::County if personal => 0.5,
            _ => 1.0,
        };
        if paper { trust * 0.3 } else { trust }
    }

    /// Does a capitalised word stand right before or after, as in a person's
    /// name? A headline in capitals cannot tell.
    fn is_personal(&self, at: usize) -> bool {
        let name = |word: &Word| word.cased && word.capital;
        if self.capitals {
            // Only a first name before it tells anything.
            return at > 0
                && self.word(at - 1).gap == Gap::Close
                && self.entry_of(at - 1).is_some_and(|entry| entry.is(GIVEN) && !entry.is(WORD));
        }
        let before = at > 0 && {
            let word = self.word(at - 1);
            let given = || self.entry_of(at - 1).is_some_and(|entry| entry.is(GIVEN));
            name(word) && matches!(word.gap, Gap::Close | Gap::Dot) && (!word.opens || given())
        };
        let behind = self.word(at).gap == Gap::Close
            && self.words.words.get(at + 1).is_some_and(|word| name(word) && !word.shouted);
        before || behind
    }

    fn entry_of(&self, at: usize) -> Option<Entry> {
        self.gazetteer.find(self.words.run(at, 1)).map(|name| self.gazetteer.entry(name))
    }

    /// `Dublin Times`: a newspaper is read elsewhere too.
    fn is_of_a_paper(&self, last: usize) -> bool {
        self.word(last).gap == Gap::Close
            && self.words.words.get(last + 1).is_some_and(|next| next.capital)
            && matches!(
                self.words.run(last + 1, 1),
                "times"
                    | "post"
                    | "herald"
                    | "tribune"
                    | "gazette"
                    | "journal"
                    | "globe"
                    | "daily"
                    | "chronicle"
                    | "observer"
                    | "examiner"
                    | "dispatch"
            )
    }

    /// `Paris, Texas`: a town before a comma and a region lies in that region.
    fn read_beside(&self, found: &mut [Mention]) {
        for at in 1..found.len() {
            let (before, after) = found.split_at_mut(at);
            let (Some(town), Some(region)) = (before.last_mut(), after.first()) else { continue };
            let beside = town.next == region.first
                && matches!(self.word(town.next - 1).gap, Gap::Comma)
                && matches!(
                    town.kind,
                    Kind::City | Kind::Capital | Kind::Division | Kind::County | Kind::Name
                )
                && matches!(region.kind, Kind::Name | Kind::Division | Kind::Short | Kind::Post);
            if !beside {
                continue;
            }
            let own = |sense: &&Sense| {
                self.gazetteer.senses(town.name).iter().any(|own| own.country == sense.country)
            };
            let senses = self.gazetteer.senses(region.name);
            let whole =
                |kind| matches!(kind, Kind::Name | Kind::Division | Kind::Short | Kind::Post);
            let chosen = senses.iter().filter(|sense| whole(sense.kind)).find(own);
            let list = town.kind == Kind::Name && region.kind == Kind::Name;
            if let Some(sense) = chosen.or_else(|| senses.iter().find(|s| whole(s.kind)))
                && !list
                && (chosen.is_some() || town.kind != Kind::Name)
            {
                town.beside = Some(Place { country: sense.country, division: sense.division });
                town.trust = 1.0;
                if town.kind == Kind::Name {
                    town.kind = Kind::City;
                }
            }
        }
    }
}
