//! A text as words in plain spelling that remember how they were written.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::char::is_combining_mark as is_mark;

use super::fold::{fold, is_unspaced};

/// How a word stands in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins in [`Words::plain`].
    pub start: u32,
    /// Where it ends there.
    pub end: u32,
    /// Begins with a capital, or is in a script without capitals.
    pub capital: bool,
    /// Is in a script that has capitals.
    pub cased: bool,
    /// Begins a sentence, so that its capital says nothing.
    pub opens: bool,
    /// Is written in capitals, two letters or more.
    pub shouted: bool,
    /// Is cut short by a dot: `Calif.`, `N.J.`
    pub dotted: bool,
    /// Is part of an amount: the `US` of `US$5`.
    pub money: bool,
    /// What stands between it and the next word.
    pub gap: Gap,
}

/// What stands between two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing, a space, a hyphen, an apostrophe: one name may go on.
    Close,
    /// A dot and a space: an abbreviation, or the end of a sentence.
    Dot,
    /// A comma.
    Comma,
    /// The end of a sentence, a bracket, anything else.
    Wide,
}

/// The words of a text.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// All words in plain spelling, parted by one space, or by nothing in
    /// scripts without spaces: any run of words is a slice of it.
    pub plain: String,
    /// In reading order.
    pub words: Vec<Word>,
}

impl Words {
    /// Reads a text. Longer ones are read as far as `most` words.
    pub fn of(text: &str, most: usize) -> Self {
        let mut words = Self::default();
        let russian = Stemmer::create(Algorithm::Russian);
        let mut rest = text;
        let mut gap = Gap::Wide;
        while words.words.len() < most {
            let Some(start) = word_start(rest) else { break };
            if !words.words.is_empty() || start > 0 {
                gap = gap_of(&rest[..start], words.words.is_empty());
            }
            if let Some(last) = words.words.last_mut() {
                last.gap = gap;
            }
            rest = &rest[start..];
            let length = word_length(rest);
            let (raw, behind) = rest.split_at(length);
            words.push(raw, gap, &russian);
            if let Some(last) = words.words.last_mut() {
                last.dotted = raw.ends_with('.') || behind.starts_with('.');
                last.money = behind.starts_with('$');
            }
            rest = behind;
        }
        words
    }

    /// The words from `first`, `count` of them, as one name.
    pub fn run(&self, first: usize, count: usize) -> &str {
        let (start, end) = (self.words[first].start, self.words[first + count - 1].end);
        &self.plain[start as usize..end as usize]
    }

    fn push(&mut self, raw: &str, gap: Gap, russian: &Stemmer) {
        let first = raw.chars().next().unwrap_or_default();
        // Nearly every word of most texts needs no spelling.
        let simple = raw.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let spelled = if simple { Cow::Borrowed(raw) } else { spell(raw, russian).into() };
        if spelled.is_empty() {
            return;
        }
        let joins =
            is_unspaced(first) && gap == Gap::Close && self.words.last().is_some_and(|w| !w.cased);
        if !self.plain.is_empty() && !joins {
            self.plain.push(' ');
        }
        let Ok(start) = u32::try_from(self.plain.len()) else { return };
        self.plain.push_str(&spelled);
        if simple && let Some(new) = self.plain.get_mut(start as usize..) {
            new.make_ascii_lowercase();
        }
        let Ok(end) = u32::try_from(self.plain.len()) else { return };
        let cased = first.is_lowercase() || first.is_uppercase();
        self.words.push(Word {
            start,
            end,
            capital: !cased || first.is_uppercase(),
            cased,
            opens: matches!(gap, Gap::Wide | Gap::Dot),
            shouted: cased && raw.len() > 1 && !raw.chars().any(char::is_lowercase),
            dotted: false,
            money: false,
            gap: Gap::Wide,
        });
    }
}

/// Where the first word of a text begins.
fn word_start(text: &str) -> Option<usize> {
    let plain = text.bytes().position(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())?;
    if text.as_bytes()[plain].is_ascii() {
        return Some(plain);
    }
    text[plain..].find(char::is_alphanumeric).map(|more| plain + more)
}

/// How many bytes of `text` its first word takes. A character of a script
/// without spaces is a word, with the marks upon it; an abbreviation keeps its
/// dots.
pub(super) fn word_length(text: &str) -> usize {
    let simple = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    match text.as_bytes().get(simple) {
        None => return text.len(),
        // A dot may belong to it, and so may what is not ASCII.
        Some(byte) if simple > 0 && byte.is_ascii() && (*byte != b'.' || simple > 1) => {
            return simple;
        }
        Some(_) => {}
    }
    let mut letters = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if is_unspaced(c) {
            let marked = || text.chars().skip(1).take_while(|c| is_mark(*c)).map(char::len_utf8);
            return if at == 0 { c.len_utf8() + marked().sum::<usize>() } else { at };
        }
        if c.is_alphanumeric() || is_mark(c) {
            letters += 1;
        } else if c == '.' && letters == 1 && chars.peek().is_some_and(|(_, n)| n.is_alphabetic()) {
            letters = 0;
        } else if c == '.' && letters == 1 && at > 2 {
            return at + 1;
        } else {
            return at;
        }
    }
    text.len()
}

/// What the characters between two words mean.
fn gap_of(between: &str, first: bool) -> Gap {
    if first {
        return Gap::Wide;
    }
    let mut gap = Gap::Close;
    for c in between.chars() {
        let here = match c {
            ' ' | '\u{a0}' | '-' | '\u{2010}' | '\u{2011}' | '\'' | '’' | '‘' | '&' | '·'
            | '・' | '\t' => {
                continue;
            }
            '\n' if !between.contains("\n\n") && gap == Gap::Close => continue,
            '.' => Gap::Dot,
            ',' | '、' | '،' => Gap::Comma,
            _ => Gap::Wide,
        };
        gap = match (gap, here) {
            (Gap::Close, _) => here,
            // `Fla., said`: the dot belonged to the word.
            (Gap::Dot, Gap::Comma) => Gap::Comma,
            _ => Gap::Wide,
        };
    }
    gap
}

/// One word in plain spelling: folded, Russian without its ending, Arabic
/// without its article.
fn spell(raw: &str, russian: &Stemmer) -> String {
    let plain = fold(raw).replace(' ', "");
    match bare(&plain, russian) {
        Cow::Borrowed(same) if same.len() == plain.len() => plain,
        other => other.into_owned(),
    }
}

/// A folded word without what grammar adds in Russian and Arabic.
fn bare<'a>(plain: &'a str, russian: &Stemmer) -> Cow<'a, str> {
    match plain.chars().next() {
        Some('\u{400}'..='\u{4ff}') if plain.len() > 6 => russian.stem(plain).into_owned().into(),
        Some('\u{600}'..='\u{6ff}') => without_article(plain).into(),
        _ => plain.into(),
    }
}

/// A name that is folded already, as [`Words`] would spell it.
pub(super) fn bare_name(folded: &str, russian: &Stemmer) -> String {
    let words: Vec<_> = folded.split(' ').map(|word| bare(word, russian)).collect();
    words.join(if folded.starts_with(is_unspaced) { "" } else { " " })
}

/// An Arabic word without `ال` and the particles written onto it.
fn without_article(word: &str) -> &str {
    for article in ["وال", "بال", "كال", "فال", "لل", "ال"] {
        if let Some(bare) = word.strip_prefix(article)
            && bare.chars().count() >= 3
        {
            return bare;
        }
    }
    word
}

/// A name as [`Words`] would spell it.
pub(super) fn plain_name(name: &str) -> String {
    Words::of(name, 40).plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str) -> Vec<String> {
        let words = Words::of(text, 100);
        (0..words.words.len()).map(|at| words.run(at, 1).to_owned()).collect()
    }

    #[test]
    fn words_come_in_plain_spelling() {
        assert_eq!(
            runs("The U.S. Army left Kabul's port."),
            ["the", "us", "army", "left", "kabul", "s", "port"]
        );
        assert_eq!(runs("l’Ukraine d'abord"), ["l", "ukraine", "d", "abord"]);
        assert_eq!(runs("в Москве"), ["в", "москв"]);
        assert_eq!(runs("中国 USA"), ["中", "国", "usa"]);
        assert_eq!(runs("والأردن"), ["اردن"]);
        assert_eq!(runs(" … "), [""; 0]);
        assert_eq!(
            runs("3G N.Y-based Fla., e.g. naïve caféteria x.5 A.B"),
            ["3g", "ny", "based", "fla", "eg", "naive", "cafeteria", "x", "5", "ab"]
        );
    }

    #[test]
    fn a_run_of_words_is_one_name() {
        let words = Words::of("In New  York und 北京。", 100);

        assert_eq!(words.run(1, 2), "new york");
        assert_eq!(words.run(4, 2), "北京");
        assert!(words.words[0].opens && !words.words[1].opens);
        assert_eq!(
            Words::of("Paris, Texas. Then", 9).words.iter().map(|w| w.gap).collect::<Vec<_>>(),
            [Gap::Comma, Gap::Dot, Gap::Wide]
        );
    }

    #[test]
    fn a_name_is_spelled_like_a_text() {
        assert_eq!(plain_name("Côte d’Ivoire"), "cote d ivoire");
        assert_eq!(plain_name("СОЕДИНЕННЫЕ ШТАТЫ"), plain_name("Соединённых Штатов"));
    }
}
