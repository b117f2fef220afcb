//! The frame's own words, and dates, in a reader's language.
//!
//! One TOML file a language in `templates/words/`. English is complete;
//! what another language lacks is said in English.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::error::TemplateError;
use super::files::Files;

/// One language's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    date: DateForm,
    words: BTreeMap<String, Word>,
}

/// How a language writes a date.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateForm {
    months: [String; 12],
    /// With the year.
    full: String,
    /// Without.
    day: String,
    /// The first of a month, if it is special: `1er`.
    first: Option<String>,
}

/// A phrase with `{placeholders}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Word {
    Plain(String),
    Counted { one: String, other: String },
}

/// The words of all languages.
#[derive(Debug, Clone)]
pub(super) struct Words(BTreeMap<String, Language>);

impl Words {
    /// Reads every `words/*.toml`.
    pub(super) fn read(files: &Files) -> Result<Self, Vec<TemplateError>> {
        let mut languages = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, file) in files {
            let Some(tag) = name.strip_prefix("words/").and_then(|n| n.strip_suffix(".toml"))
            else {
                continue;
            };
            match toml::from_str::<Language>(&file.text) {
                Ok(language) => {
                    languages.insert(tag.to_ascii_lowercase(), language);
                }
                Err(error) => problems.push(TemplateError {
                    file: file.shown_as.clone(),
                    line: error.span().map(|at| line_of(&file.text, at.start)),
                    message: error.message().to_owned(),
                    remedy: "compare it with `words/en.toml`".to_owned(),
                }),
            }
        }
        if problems.is_empty() { Ok(Self(languages)) } else { Err(problems) }
    }

    /// A phrase, or `None` if no language has it. A phrase that counts looks
    /// at `n`.
    pub(super) fn say(
        &self,
        tag: &str,
        key: &str,
        n: Option<i64>,
        values: &[(String, String)],
    ) -> Option<String> {
        let (tag, word) = [primary(tag).as_str(), "en"].into_iter().find_map(|tag| {
            let word = self.0.get(tag)?.words.get(key)?;
            Some((tag.to_owned(), word))
        })?;
        let pattern = match word {
            Word::Plain(text) => text,
            Word::Counted { one, other } => {
                if is_one(&tag, n.unwrap_or(0)) {
                    one
                } else {
                    other
                }
            }
        };
        Some(fill(pattern, values))
    }

    /// A date with its year: `23 November 2026`.
    pub(super) fn full_date(&self, tag: &str, date: NaiveDate) -> String {
        self.date(tag, date, |form| &form.full)
    }

    /// A date without its year: `23 November`.
    pub(super) fn day(&self, tag: &str, date: NaiveDate) -> String {
        self.date(tag, date, |form| &form.day)
    }

    fn date(&self, tag: &str, date: NaiveDate, pick: impl Fn(&DateForm) -> &String) -> String {
        let Some(language) = self.0.get(&primary(tag)).or_else(|| self.0.get("en")) else {
            return date.to_string();
        };
        let form = &language.date;
        let day = match &form.first {
            Some(first) if date.day() == 1 => first.clone(),
            _ => date.day().to_string(),
        };
        let month = form.months[date.month0() as usize].clone();
        let values = [("day", day), ("month", month), ("year", date.year().to_string())];
        fill(pick(form), &values.map(|(name, value)| (name.to_owned(), value)))
    }
}

/// The primary subtag, lower case: `pt` of `pt-BR`.
pub(super) fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// CLDR's cardinal rule for the languages that come with us; a language that
/// an operator adds counts like English.
fn is_one(tag: &str, n: i64) -> bool {
    if tag == "fr" { n == 0 || n == 1 } else { n == 1 }
}

/// Fills `{name}`; values are not looked into again.
fn fill(pattern: &str, values: &[(String, String)]) -> String {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let value = from.find('}').and_then(|close| {
            let name = &from[1..close];
            values.iter().find(|(key, _)| key == name).map(|(_, value)| (close, value))
        });
        if let Some((close, value)) = value {
            out.push_str(value);
            rest = &from[close + 1..];
        } else {
            out.push('{');
            rest = &from[1..];
        }
    }
    out.push_str(rest);
    out
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::super::files::{TemplateFile, built_in};
    use super::*;

    fn words() -> Words {
        Words::read(&built_in()).unwrap()
    }

    #[test]
    fn a_date_reads_as_people_of_that_language_write_it() {
        let words = words();
        let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

        for (tag, wanted) in [
            ("en", "23 November 2026"),
            ("en-GB", "23 November 2026"),
            ("fr", "23 novembre 2026"),
            ("de", "23. November 2026"),
            ("es", "23 de noviembre de 2026"),
            ("pt-BR", "23 de novembro de 2026"),
            ("it", "23 novembre 2026"),
            ("xx", "23 November 2026"),
        ] {
            assert_eq!(words.full_date(tag, date), wanted, "{tag}");
        }
        let first = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(words.full_date("fr", first), "1er mars 2026");
        assert_eq!(words.day("de", first), "1. März");
    }

    #[test]
    fn counting_follows_the_language() {
        let words = words();
        let say = |tag: &str, n: i64| {
            words.say(tag, "pieces", Some(n), &[("n".into(), n.to_string())]).unwrap()
        };

        assert_eq!(say("en", 0), "0 pieces");
        assert_eq!(say("en", 1), "1 piece");
        assert_eq!(say("fr", 0), "0 article");
        assert_eq!(say("fr", 2), "2 articles");
    }

    #[test]
    fn every_language_says_everything_with_the_same_placeholders() {
        let words = words();
        let holes = |word: &Word| {
            let text = match word {
                Word::Plain(text) => text.clone(),
                Word::Counted { one: _, other } => other.clone(),
            };
            let mut holes: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split_once('}'))
                .map(|(name, _)| name.to_owned())
                .collect();
            holes.sort();
            (holes, matches!(word, Word::Counted { .. }))
        };
        let english = &words.0["en"].words;

        for (tag, language) in &words.0 {
            let missing: Vec<_> =
                english.keys().filter(|key| !language.words.contains_key(*key)).collect();
            assert!(missing.is_empty(), "{tag} lacks {missing:?}");
            for (key, word) in &language.words {
                assert_eq!(holes(word), holes(&english[key]), "{tag} {key}");
            }
        }
        assert!(["de", "en", "es", "fr", "it", "pt"].iter().all(|tag| words.0.contains_key(*tag)));
    }

    #[test]
    fn a_value_is_not_looked_into_again() {
        let values = [("a".to_owned(), "{b}".to_owned()), ("b".to_owned(), "no".to_owned())];

        assert_eq!(fill("{a} {c} {", &values), "{b} {c} {");
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let mut files = built_in();
        let text = "[date]\nmonths = 12\n".to_owned();
        let shown_as = "mine/words/nl.toml".to_owned();
        files.insert("words/nl.toml".into(), TemplateFile { text, shown_as });

        let problems = Words::read(&files).unwrap_err();

        assert_eq!(problems[0].file, "mine/words/nl.toml");
        assert_eq!(problems[0].line, Some(2));
    }
}
