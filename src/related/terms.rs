//! A text as weighted terms: stems of its words and pairs of them, and how
//! loudly each is said.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use rust_stemmers::{Algorithm, Stemmer};

use super::stop;

/// Words of a text that are read; the rest repeats what was said.
const MOST_WORDS: usize = 1500;
/// Terms that are kept of a text, the loudest ones.
const MOST_TERMS: usize = 320;
/// Words of the text that count as its lead.
const LEAD: usize = 50;

/// How loudly a word counts.
const TITLE_WEIGHT: f32 = 3.0;
const LEAD_WEIGHT: f32 = 2.0;
const NAME_WEIGHT: f32 = 1.5;
const PAIR_WEIGHT: f32 = 0.3;

/// A term by its hash, with its sublinear weight.
pub(super) type Term = (u64, f32);

/// The terms of a title and a text in a language (BCP 47), each once.
pub(super) fn terms(title: &str, text: &str, language: &str) -> Vec<Term> {
    let mut count = Count::of(language);
    let text = text.strip_prefix(title).unwrap_or(text);
    count.read(title, |_| TITLE_WEIGHT);
    count.read(text, |at| if at < LEAD { LEAD_WEIGHT } else { 1.0 });
    count.finish()
}

/// The primary subtag of a language, as a number; 0 for an unknown one.
pub(super) fn language_code(language: &str) -> u32 {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    if primary.is_empty() || primary.len() > 3 || primary.eq_ignore_ascii_case("und") {
        return 0;
    }
    primary.bytes().fold(0, |code, byte| code << 8 | u32::from(byte.to_ascii_lowercase()))
}

struct Count {
    stemmer: Option<Stemmer>,
    stop: &'static stop::Words,
    loud: HashMap<u64, f32>,
}

impl Count {
    fn of(language: &str) -> Self {
        let primary = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Self {
            stemmer: algorithm(&primary).map(Stemmer::create),
            stop: stop::words(&primary),
            loud: HashMap::new(),
        }
    }

    fn read(&mut self, text: &str, weight: impl Fn(usize) -> f32) {
        let mut before: Option<u64> = None;
        let mut sentence_opens = true;
        let words =
            text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’' || c == '.'));
        for (at, raw) in words.take(MOST_WORDS * 2).enumerate() {
            let ends = raw.ends_with('.');
            let word = raw.trim_matches(['\'', '’', '.']);
            let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
            let first = word.chars().next();
            if first.is_some_and(is_unspaced) {
                self.read_unspaced(word, weight(at));
                before = None;
                continue;
            }
            let is_name = first.is_some_and(char::is_uppercase) && !sentence_opens;
            if first.is_some() {
                sentence_opens = ends && word.len() > 1;
            }
            before = self.hear(word, weight(at) * if is_name { NAME_WEIGHT } else { 1.0 }, before);
        }
    }

    /// Counts one word and its pair with the word before; gives its hash.
    fn hear(&mut self, word: &str, weight: f32, before: Option<u64>) -> Option<u64> {
        let lower = word.to_lowercase();
        if lower.len() < 2 || self.stop.contains(lower.as_str()) {
            return None;
        }
        let stem = match &self.stemmer {
            Some(stemmer) => stemmer.stem(&lower),
            None => lower.as_str().into(),
        };
        let term = hash(&stem);
        *self.loud.entry(term).or_default() += weight;
        if let Some(before) = before {
            *self.loud.entry(hash(&(before, term))).or_default() += weight * PAIR_WEIGHT;
        }
        Some(term)
    }

    /// Scripts without spaces count by pairs of characters.
    fn read_unspaced(&mut self, run: &str, weight: f32) {
        let mut before: Option<char> = None;
        for c in run.chars().take(MOST_WORDS * 4) {
            if let Some(before) = before {
                *self.loud.entry(hash(&(before, c))).or_default() += weight;
            }
            before = Some(c);
        }
    }

    fn finish(self) -> Vec<Term> {
        let mut terms: Vec<Term> =
            self.loud.into_iter().map(|(term, loud)| (term, 1.0 + loud.max(0.4).ln())).collect();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        terms.truncate(MOST_TERMS);
        terms
    }
}

fn hash(thing: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Does a script put no spaces between words (Han, kana, Thai)?
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3134f}' | '\u{e00}'..='\u{e7f}')
}

fn algorithm(primary: &str) -> Option<Algorithm> {
    Some(match primary {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "nl" => Algorithm::Dutch,
        "en" => Algorithm::English,
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

    fn shared(a: &str, b: &str, language: &str) -> usize {
        let a = terms("", a, language);
        terms("", b, language).iter().filter(|(t, _)| a.iter().any(|(u, _)| u == t)).count()
    }

    #[test]
    fn forms_of_a_word_are_one_term() {
        assert_eq!(shared("elections", "the election", "en"), 1);
        assert_eq!(shared("выборы", "выборов", "ru"), 1);
        assert_eq!(shared("elections", "election", "und"), 0);
    }

    #[test]
    fn small_words_say_nothing() {
        assert_eq!(terms("", "the and of it", "en"), []);
        assert_eq!(terms("", "der und die", "de"), []);
        assert_eq!(terms("", "", "en"), []);
    }

    #[test]
    fn scripts_without_spaces_count_by_pairs() {
        assert_eq!(shared("北京奥运会", "北京", "zh"), 1);
    }

    #[test]
    fn the_title_is_louder() {
        let terms = terms("harvest", "harvest weather", "en");

        assert_eq!(terms[0].0, hash("harvest"));
    }

    #[test]
    fn languages_are_told_apart_by_their_primary_subtag() {
        assert_eq!(language_code("en-GB"), language_code("EN"));
        assert_ne!(language_code("en"), language_code("de"));
        assert_eq!(language_code("und"), 0);
    }
}
