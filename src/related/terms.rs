//! A text as weighted terms: stems of its words, pairs of neighbours, the
//! names in it and the countries it is about.
//!
//! Words are stems in their own language, so "Merkels" and "Merkel" are one
//! word in German; marks are names as they are written and countries, which
//! mean the same in every language.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::Document;
use super::numbers::{Numbers, Seed, fnv};
use super::stop;

/// Words of a text that are read; the rest repeats what was said.
const MOST_WORDS: usize = 1500;
/// Words, pairs and names that are kept of a text, the loudest ones.
const MOST_TERMS: usize = 400;
const MOST_PAIRS: usize = 160;
const MOST_NAMES: usize = 24;
const MOST_COUNTRIES: usize = 4;
/// Room for all of these and the title.
pub(super) const MOST: usize = 448;
const _: () = assert!(MOST_TERMS + MOST_NAMES + MOST_COUNTRIES < MOST && MOST.is_multiple_of(64));
/// Words of the text that count as its lead.
const LEAD: usize = 41;

/// How loudly a word counts.
const TITLE_WEIGHT: f32 = 2.4;
const LEAD_WEIGHT: f32 = 1.5;
const NAME_WEIGHT: f32 = 1.3;
const NUMBER_WEIGHT: f32 = 1.15;
const PAIR_WEIGHT: f32 = 0.36;
/// Pairs less loud than this are chance.
const FAINT_PAIR: f32 = 0.45;
/// The weight of the first country a piece is about.
const COUNTRY_WEIGHT: f32 = 0.5;

/// Words known by sight in one language, and languages; beyond that they are
/// forgotten and learned anew.
const MOST_KNOWN: usize = 1 << 16;
const MOST_LANGUAGES: usize = 12;

/// A term by its number: the hash of a word, or of a mark.
pub(super) type Term = u32;

/// Numbers of names begin here, those of countries and titles further up;
/// words lie below.
const NAMES: Term = 0x8000_0000;
const COUNTRIES: Term = 0xc000_0000;
const TITLES: Term = 0xe000_0000;

/// What kind of thing a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Name,
    Country,
    Title,
}

#[inline]
pub(super) fn kind(term: Term) -> Kind {
    match term {
        ..NAMES => Kind::Word,
        NAMES..COUNTRIES => Kind::Name,
        COUNTRIES..TITLES => Kind::Country,
        TITLES.. => Kind::Title,
    }
}

/// How loudly something is said, in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loudness(pub u8);

impl Loudness {
    const STEP: f32 = 0.025;

    fn of(weight: f32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte"
        )]
        Self((weight / Self::STEP).round().clamp(1.0, 255.0) as u8)
    }

    #[inline]
    pub(super) fn value(self) -> f32 {
        f32::from(self.0) * Self::STEP
    }
}

/// A text, ready to be compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Vector {
    /// Words, then marks; each once, in the order of numbers.
    pub terms: Vec<(Term, Loudness)>,
    /// Neighbouring words by their places in `terms`, in order.
    pub pairs: Vec<((u16, u16), Loudness)>,
    /// Titles that the publisher shows beside the piece.
    pub hints: Vec<Term>,
}

impl Vector {
    /// The two words of a pair, as one number.
    pub(super) fn pair(&self, (first, second): (u16, u16)) -> Option<(Term, Term)> {
        let term = |place: u16| self.terms.get(usize::from(place)).map(|(term, _)| *term);
        Some((term(first)?, term(second)?))
    }

    /// The same text by its loudest words alone, without its marks.
    pub(super) fn loudest(&self, most: usize) -> Self {
        let mut words: Vec<usize> =
            (0..self.terms.len()).filter(|place| counts(self.terms[*place].0)).collect();
        if words.len() > most {
            let order = |place: &usize| std::cmp::Reverse((self.terms[*place].1, *place));
            words.select_nth_unstable_by_key(most, order);
            words.truncate(most);
            words.sort_unstable();
        }
        let mut places = vec![None; self.terms.len()];
        for (new, old) in words.iter().enumerate() {
            places[*old] = u16::try_from(new).ok();
        }
        let place = |old: u16| places.get(usize::from(old)).copied().flatten();
        let pairs = self.pairs.iter();
        Self {
            terms: words.iter().map(|place| self.terms[*place]).collect(),
            pairs: pairs
                .filter_map(|((a, b), loud)| Some(((place(*a)?, place(*b)?), *loud)))
                .collect(),
            hints: vec![],
        }
    }

    /// How much it says in all, whatever it says.
    pub(super) fn length(&self) -> f32 {
        let words = self.terms.iter().filter(|(term, _)| counts(*term)).map(|(_, loud)| loud);
        let square = |loud: &Loudness| loud.value() * loud.value();
        let length: f32 =
            words.map(square).sum::<f32>() + self.pairs.iter().map(|(_, l)| square(l)).sum::<f32>();
        length.max(1.0)
    }
}

/// Does a term count when two pieces of one language are compared?
#[inline]
pub(super) fn counts(term: Term) -> bool {
    matches!(kind(term), Kind::Word | Kind::Country)
}

/// The number of a title, by its letters and digits.
pub(super) fn title_mark(title: &str) -> Term {
    let mut hash = fnv(b"title");
    let mut buffer = [0; 4];
    for c in title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase) {
        hash = hash.more(c.encode_utf8(&mut buffer).as_bytes());
    }
    TITLES | hash.bits(29)
}

/// The primary subtag of a language, as a number; 0 for an unknown one.
pub(super) fn language_code(language: &str) -> u32 {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary.is_empty() || primary.len() > 3 || primary.eq_ignore_ascii_case("und") {
        return 0;
    }
    primary.bytes().fold(0, |code, byte| code << 8 | u32::from(byte.to_ascii_lowercase()))
}

/// Reads texts. It remembers the words it has seen, because nearly every word
/// of a text was in another one before.
#[derive(Default)]
pub(super) struct Reader {
    tongues: HashMap<String, Tongue>,
    loud: HashMap<Term, f32, Numbers>,
    pairs: HashMap<u64, f32, Numbers>,
    names: HashMap<Term, f32, Numbers>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("tongues", &self.tongues.len()).finish_non_exhaustive()
    }
}

/// A language: its stemmer, its small words, and the words met so far.
struct Tongue {
    stemmer: Option<Stemmer>,
    stop: &'static stop::Words,
    known: HashMap<Box<str>, Known, Seed>,
}

/// What is known of a word as it is written.
#[derive(Clone, Copy)]
struct Known {
    /// Its term; none for a small word.
    term: Option<Term>,
    /// Its term if it is a name.
    name: Term,
}

impl Tongue {
    fn of(primary: &str) -> Self {
        Self {
            stemmer: algorithm(primary).map(Stemmer::create),
            stop: stop::words(primary),
            known: HashMap::with_hasher(Seed::new()),
        }
    }

    fn know(&mut self, word: &str) -> Known {
        if let Some(known) = self.known.get(word) {
            return *known;
        }
        let lower = word.to_lowercase();
        let name = fnv(lower.as_bytes()).bits(30) | NAMES;
        let lower = lower.replace('’', "'");
        let term = if lower.len() < 2 || self.stop.contains(lower.as_str()) {
            None
        } else {
            let stem = match &self.stemmer {
                Some(stemmer) => stemmer.stem(&lower),
                None => lower.as_str().into(),
            };
            Some(fnv(stem.as_bytes()).bits(31))
        };
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        let known = Known { term, name };
        self.known.insert(word.into(), known);
        known
    }
}

impl Reader {
    /// The terms of an article.
    pub(super) fn read(&mut self, document: &Document<'_>) -> Vector {
        let primary = document.language.split(['-', '_']).next().unwrap_or_default();
        let primary = primary.to_ascii_lowercase();
        if self.tongues.len() >= MOST_LANGUAGES && !self.tongues.contains_key(&primary) {
            self.tongues.clear();
        }
        let tongue = self.tongues.entry(primary).or_insert_with_key(|primary| Tongue::of(primary));
        self.loud.clear();
        self.pairs.clear();
        self.names.clear();
        let text = document.text.strip_prefix(document.title).unwrap_or(document.text);
        let mut count =
            Count { tongue, loud: &mut self.loud, pairs: &mut self.pairs, names: &mut self.names };
        count.read(document.title, Part::Title);
        count.read(text, Part::Text);
        self.finish(document)
    }

    fn finish(&self, document: &Document<'_>) -> Vector {
        let weigh = |loud: f32| Loudness::of(1.0 + loud.max(FAINT_PAIR).ln());
        let mut terms = loudest(self.loud.iter().map(|(t, l)| (*t, *l)), MOST_TERMS);
        for (_, loud) in &mut terms {
            *loud = 1.0 + loud.max(FAINT_PAIR).ln();
        }
        terms.extend(loudest(self.names.iter().map(|(t, l)| (*t, *l)), MOST_NAMES));
        for (at, country) in (1_u16..).zip(document.countries.iter().take(MOST_COUNTRIES)) {
            let term = COUNTRIES | fnv(country.as_bytes()).bits(29);
            terms.push((term, COUNTRY_WEIGHT / f32::from(at).sqrt()));
        }
        terms.push((title_mark(document.title), 1.0));
        terms.sort_unstable_by_key(|(term, _)| *term);
        terms.dedup_by_key(|(term, _)| *term);
        let terms: Vec<(Term, Loudness)> =
            terms.into_iter().map(|(term, loud)| (term, Loudness::of(loud))).collect();

        let place = |term: u64| {
            let term = Term::try_from(term).ok()?;
            let at = terms.binary_search_by_key(&term, |(term, _)| *term).ok()?;
            u16::try_from(at).ok()
        };
        let heard = self.pairs.iter().filter(|(_, loud)| **loud >= FAINT_PAIR);
        let mut pairs: Vec<((u16, u16), Loudness)> =
            loudest(heard.map(|(pair, loud)| (*pair, *loud)), MOST_PAIRS)
                .into_iter()
                .filter_map(|(pair, loud)| {
                    Some(((place(pair >> 32)?, place(pair & 0xffff_ffff)?), weigh(loud)))
                })
                .collect();
        pairs.sort_unstable();
        let hints = document.hints.iter().take(20).map(|title| title_mark(title)).collect();
        Vector { terms, pairs, hints }
    }
}

/// The `most` loudest of these; of those as loud, the lower numbers.
fn loudest<N: Copy + Ord>(all: impl Iterator<Item = (N, f32)>, most: usize) -> Vec<(N, f32)> {
    let mut all: Vec<(N, f32)> = all.collect();
    if all.len() > most {
        let louder = |a: &(N, f32), b: &(N, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        all.select_nth_unstable_by(most, louder);
        all.truncate(most);
    }
    all
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Title,
    Text,
}

struct Count<'a> {
    tongue: &'a mut Tongue,
    loud: &'a mut HashMap<Term, f32, Numbers>,
    pairs: &'a mut HashMap<u64, f32, Numbers>,
    names: &'a mut HashMap<Term, f32, Numbers>,
}

impl Count<'_> {
    fn read(&mut self, text: &str, part: Part) {
        let mut before: Option<Term> = None;
        let mut sentence_opens = true;
        for (at, (word, gap)) in words(text).take(MOST_WORDS).enumerate() {
            match gap {
                Gap::Space => {}
                Gap::Clause => before = None,
                Gap::Sentence => {
                    before = None;
                    sentence_opens = true;
                }
            }
            let weight = match part {
                Part::Title => TITLE_WEIGHT,
                Part::Text if at < LEAD => LEAD_WEIGHT,
                Part::Text => 1.0,
            };
            let Some(first) = word.chars().next() else { continue };
            if is_unspaced(first) {
                self.read_unspaced(word, weight);
                before = None;
                continue;
            }
            let is_name = first.is_uppercase() && !sentence_opens;
            sentence_opens = false;
            before = self.hear(word, weight, is_name && part == Part::Text, before);
        }
    }

    /// Counts one word and its pair with the word before; gives its term.
    fn hear(
        &mut self,
        word: &str,
        weight: f32,
        is_name: bool,
        before: Option<Term>,
    ) -> Option<Term> {
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        let Known { term, name } = self.tongue.know(word);
        let term = term?;
        let digits = word.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let kind = if is_name {
            NAME_WEIGHT
        } else if digits {
            NUMBER_WEIGHT
        } else {
            1.0
        };
        *self.loud.entry(term).or_default() += weight * kind;
        if is_name && word.len() > 2 {
            *self.names.entry(name).or_default() += 1.0;
        }
        if let Some(before) = before {
            let pair = u64::from(before) << 32 | u64::from(term);
            *self.pairs.entry(pair).or_default() += weight * PAIR_WEIGHT;
        }
        Some(term)
    }

    /// Scripts without spaces count by pairs of characters.
    fn read_unspaced(&mut self, run: &str, weight: f32) {
        let mut before: Option<char> = None;
        let mut buffer = [0; 8];
        for c in run.chars().take(MOST_WORDS * 4) {
            if let Some(before) = before {
                let (one, two) = buffer.split_at_mut(4);
                let hash = fnv(before.encode_utf8(one).as_bytes());
                let term = hash.more(c.encode_utf8(two).as_bytes()).bits(31);
                *self.loud.entry(term).or_default() += weight;
            }
            before = Some(c);
        }
    }
}

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Space,
    Clause,
    Sentence,
}

/// The words of a text. Dots, commas and apostrophes inside a word or number
/// belong to it ("U.S", "3.5", "155,221", "don't").
struct Words<'a> {
    text: &'a str,
    at: usize,
    gap: Gap,
}

fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, gap: Gap::Sentence }
}

impl Words<'_> {
    /// The character at a place; most are one byte.
    fn char_at(&self, at: usize) -> Option<char> {
        match self.text.as_bytes().get(at)? {
            byte if byte.is_ascii() => Some(char::from(*byte)),
            _ => self.text[at..].chars().next(),
        }
    }

    /// Where the word that begins at `start` ends.
    fn end(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = start;
        loop {
            while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
                end += 1;
            }
            let Some(c) = self.char_at(end) else { return end };
            if !c.is_alphanumeric() {
                let after = || self.char_at(end + c.len_utf8());
                let inside = match c {
                    '\'' | '’' | '.' => after().is_some_and(char::is_alphanumeric),
                    ',' => {
                        bytes[end - 1].is_ascii_digit()
                            && after().is_some_and(|c| c.is_ascii_digit())
                    }
                    _ => false,
                };
                if !inside {
                    return end;
                }
            }
            end += c.len_utf8();
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = (&'a str, Gap);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = self.char_at(self.at)?;
            if first.is_alphanumeric() {
                break;
            }
            self.gap = match (first, self.gap) {
                ('.' | '!' | '?' | '\n', _) | (_, Gap::Sentence) => Gap::Sentence,
                (',' | ';' | ':' | '(' | ')', _) | (_, Gap::Clause) => Gap::Clause,
                _ => self.gap,
            };
            self.at += first.len_utf8();
        }
        let end = self.end(self.at);
        let word = &self.text[self.at..end];
        self.at = end;
        let before = std::mem::replace(&mut self.gap, Gap::Space);
        // "J. Smith" and "U.S. troops" go on.
        if self.text[end..].starts_with('.') && (word.len() == 1 || word.contains('.')) {
            self.at += 1;
            self.gap = Gap::Clause;
        }
        Some((word, before))
    }
}

/// Does a script put no spaces between words (Han, kana, Thai)?
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3134f}' | '\u{e00}'..='\u{e7f}')
}

/// How words are stemmed; an unknown language as English, for most pieces of
/// unknown language are a short English line.
fn algorithm(primary: &str) -> Option<Algorithm> {
    Some(match primary {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" | "" | "und" => Algorithm::English,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "es" => Algorithm::Spanish,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::ArticleId;
    use crate::clock::from_millis;

    fn read(title: &str, text: &str, language: &str, countries: &[&str]) -> Vector {
        let document = Document {
            id: ArticleId(1),
            title,
            text,
            language,
            published: from_millis(0),
            countries,
            hints: &[],
        };
        Reader::default().read(&document)
    }

    fn of_kind(vector: &Vector, wanted: Kind) -> Vec<Term> {
        vector.terms.iter().map(|(term, _)| *term).filter(|term| kind(*term) == wanted).collect()
    }

    fn shared(a: &str, b: &str, language: &str) -> usize {
        let a = of_kind(&read("", a, language, &[]), Kind::Word);
        let b = of_kind(&read("", b, language, &[]), Kind::Word);
        b.iter().filter(|term| a.contains(term)).count()
    }

    #[test]
    fn forms_of_a_word_are_one_term() {
        assert_eq!(shared("elections", "the election", "en"), 1);
        assert_eq!(shared("elections", "the election", "und"), 1);
        assert_eq!(shared("выборы", "выборов", "ru"), 1);
        assert_eq!(shared("elections", "election", "xx"), 0);
    }

    #[test]
    fn small_words_say_nothing() {
        assert!(of_kind(&read("", "the and of it", "en", &[]), Kind::Word).is_empty());
        assert!(of_kind(&read("", "der und die", "de", &[]), Kind::Word).is_empty());
        assert!(of_kind(&read("", "", "en", &[]), Kind::Word).is_empty());
    }

    #[test]
    fn scripts_without_spaces_count_by_pairs() {
        assert_eq!(shared("北京奥运会", "北京", "zh"), 1);
    }

    #[test]
    fn the_title_is_louder_than_the_lead_and_the_lead_than_the_rest() {
        let text = format!("weather {} market", "and ".repeat(60));
        let vector = read("harvest", &text, "en", &[]);
        let loud = |word: &str| {
            let term = fnv(word.as_bytes()).bits(31);
            vector.terms.iter().find(|(t, _)| *t == term).unwrap().1
        };

        assert!(loud("harvest") > loud("weather") && loud("weather") > loud("market"));
    }

    #[test]
    fn names_and_countries_are_the_same_in_every_language() {
        let english = read("", "Yesterday Angela Merkel spoke.", "en", &["DE", "FR"]);
        let german = read("", "Gestern sprach Angela Merkel.", "de", &["FR", "DE"]);

        assert_eq!(of_kind(&english, Kind::Name), of_kind(&german, Kind::Name));
        assert_eq!(of_kind(&english, Kind::Name).len(), 2);
        assert_eq!(of_kind(&english, Kind::Country), of_kind(&german, Kind::Country));
    }

    #[test]
    fn a_pair_is_kept_where_it_is_said_aloud_and_not_across_sentences() {
        let vector = read("Crude oil rises. Gold", "", "en", &[]);
        let words: Vec<_> =
            vector.pairs.iter().filter_map(|(pair, _)| vector.pair(*pair)).collect();

        let term = |word: &str| fnv(word.as_bytes()).bits(31);
        assert!(words.contains(&(term("crude"), term("oil"))));
        assert!(!words.iter().any(|(_, second)| *second == term("gold")));
    }

    #[test]
    fn words_keep_their_inner_dots_and_commas() {
        let found: Vec<&str> =
            words("The U.S. sold 155,221 bags at 3.5 mln, don't").map(|(word, _)| word).collect();

        assert_eq!(found, ["The", "U.S", "sold", "155,221", "bags", "at", "3.5", "mln", "don't"]);
        let found: Vec<&str> =
            words("Über J. Smith’s naïve 3.é plan… 北京 (no.5), «ça»'").map(|(w, _)| w).collect();
        assert_eq!(found, ["Über", "J", "Smith’s", "naïve", "3.é", "plan", "北京", "no.5", "ça"]);
        let gaps: Vec<Gap> = words("One, two. Three").map(|(_, gap)| gap).collect();
        assert_eq!(gaps, [Gap::Sentence, Gap::Clause, Gap::Sentence]);
    }

    #[test]
    fn a_text_by_its_loudest_words_keeps_the_pairs_of_those() {
        let vector = read("Crude oil", "Prices rise again and markets wait.", "en", &["NO"]);
        let few = vector.loudest(2);

        let term = |word: &str| fnv(word.as_bytes()).bits(31);
        let mut wanted = [term("crude"), term("oil")];
        wanted.sort_unstable();
        assert_eq!(of_kind(&few, Kind::Word), wanted);
        assert_eq!(few.terms.len(), 2);
        let pairs: Vec<_> = few.pairs.iter().filter_map(|(pair, _)| few.pair(*pair)).collect();
        assert_eq!(pairs, [(term("crude"), term("oil"))]);
    }

    #[test]
    fn languages_are_told_apart_by_their_primary_subtag() {
        assert_eq!(language_code("en-GB"), language_code("EN"));
        assert_ne!(language_code("en"), language_code("de"));
        assert_eq!(language_code("und"), 0);
    }
}
