//! The places that a text names, and which of its countries each one means.

use std::collections::HashSet;

use super::Country;
use super::gazetteer::{Entry, Gazetteer, Kind, Sense};
use super::words::{Gap, Word, Words};

/// Words of a text that are read; more do not change what it is about.
const MOST_WORDS: usize = 6000;

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
#[derive(Debug, Clone)]
pub(super) struct Mention {
    pub name: String,
    pub kind: Kind,
    pub stand: Stand,
    /// Which countries it may mean, and how likely; adds up to the trust in
    /// the mention itself, at most 1.
    pub shares: Vec<(Country, f32)>,
    /// How many words of the text stand before it.
    pub at: f32,
    /// Is it the first time that the name is said?
    pub is_new: bool,
    /// First and last word, to see what stands beside it.
    first: usize,
    next: usize,
}

/// All places that a title and a text name, each with its likely countries.
/// `english` texts write people with a capital. `hint` are countries that are known to matter beforehand.
pub(super) fn mentions(
    gazetteer: &Gazetteer,
    title: &str,
    text: &str,
    english: bool,
    hint: &[(Country, f32)],
) -> Vec<Mention> {
    let text = text.strip_prefix(title).unwrap_or(text);
    let mut all = find(gazetteer, title, english, |_| Stand::Title);
    let dateline = dateline_words(text);
    all.extend(find(gazetteer, text, english, |at| match at {
        _ if at < dateline => Stand::Dateline,
        0..60 => Stand::Lead,
        _ => Stand::Body,
    }));
    let mut said = HashSet::new();
    for mention in &mut all {
        mention.is_new = said.insert(mention.name.clone());
    }
    settle(&mut all, hint);
    all
}

/// How many words the dateline takes: `PARIS (AP) — …`, `NAIROBI, Kenya - …`.
fn dateline_words(text: &str) -> usize {
    let head: String = text.trim_start().chars().take(70).collect();
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
    if shouted || words.words.len() <= 4 { words.words.len() } else { 0 }
}

/// The names in one text, longest first, none inside another.
fn find(
    gazetteer: &Gazetteer,
    text: &str,
    english: bool,
    stand: impl Fn(usize) -> Stand,
) -> Vec<Mention> {
    let words = Words::of(text, MOST_WORDS);
    let mut found: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < words.words.len() {
        let Some((count, entry)) = longest(gazetteer, &words, at) else {
            at += 1;
            continue;
        };
        if let Some((kind, shares)) = read(&words, at, count, entry, english) {
            let name = words.run(at, count).to_owned();
            found.push(Mention {
                name,
                kind,
                stand: stand(at),
                shares,
                at: f32::from(u16::try_from(at).unwrap_or(u16::MAX)),
                is_new: true,
                first: at,
                next: at + count,
            });
        }
        at += count;
    }
    place_beside_country(&mut found, &words);
    found
}

/// The longest name that begins at a word.
fn longest<'a>(gazetteer: &'a Gazetteer, words: &Words, at: usize) -> Option<(usize, &'a Entry)> {
    let first = words.words[at];
    let reach = gazetteer.reach(words.run(at, 1));
    let close =
        words.words[at..].iter().take_while(|w| matches!(w.gap, Gap::Close | Gap::Dot)).count();
    for count in (1..=reach.min(close + 1)).rev() {
        if first.capital || count == 1 {
            let run = words.run(at, count);
            if let Some(entry) = gazetteer.entry(run) {
                return Some((count, entry));
            }
        }
    }
    let word = words.run(at, 1);
    let ending = word.strip_suffix('s').filter(|bare| bare.len() > 3);
    let particle =
        word.strip_prefix(['و', 'ب', 'ل', 'ف', 'ك']).filter(|bare| bare.chars().count() > 3);
    let bare = ending.filter(|_| first.capital).or(particle)?;
    gazetteer.entry(bare).map(|entry| (1, entry))
}

/// What a name may mean where it stands; none if it is no place there.
fn read(
    words: &Words,
    at: usize,
    count: usize,
    entry: &Entry,
    english: bool,
) -> Option<(Kind, Vec<(Country, f32)>)> {
    let first = words.words[at];
    let last = words.words[at + count - 1];
    let mut senses: Vec<_> = entry
        .senses
        .iter()
        .filter(|sense| match sense.kind {
            Kind::Folk => !english,
            Kind::Short => first.capital && last.gap == Gap::Dot,
            Kind::Name if !first.cased => true,
            _ => first.capital,
        })
        .collect();
    senses.sort_by(|a, b| b.weight.cmp(&a.weight).then(a.kind.cmp(&b.kind)));
    let kind = senses.first()?.kind;
    let trust = trust(words, at, count, entry, kind);
    if trust <= 0.0 {
        return None;
    }
    let whole: f32 = senses.iter().map(|sense| renown(**sense)).sum();
    let shares = senses.iter().map(|s| (s.country, trust * renown(**s) / whole)).collect();
    Some((kind, shares))
}

/// How likely a sense is meant. Grows with how many live there, not quite in
/// step; a capital is in the news more than its size tells.
fn renown(sense: Sense) -> f32 {
    let size = 10f32.powf(f32::from(sense.weight) / 10.0 * 0.8);
    if sense.kind == Kind::Capital { size * 5.0 } else { size }
}

/// How sure it is that a name is a place at all.
fn trust(words: &Words, at: usize, count: usize, entry: &Entry, kind: Kind) -> f32 {
    let first = words.words[at];
    if matches!(kind, Kind::Name | Kind::People | Kind::Folk | Kind::Seat) && !entry.word {
        return if entry.person && is_personal(words, at, count) { 0.3 } else { 1.0 };
    }
    let mut trust = 1.0;
    if entry.word && count == 1 && first.cased {
        trust *= if first.opens { 0.0 } else { 0.35 };
    }
    if entry.person && count == 1 {
        let great = matches!(kind, Kind::Capital | Kind::Division);
        trust *= match is_personal(words, at, count) {
            true if great => 0.3,
            true => 0.1,
            false if first.opens && !great => 0.5,
            false => 1.0,
        };
    }
    trust
}

/// Does a capitalised word stand right before or after, as in a person's name?
fn is_personal(words: &Words, at: usize, count: usize) -> bool {
    let name = |word: &Word| word.cased && word.capital;
    let before = at > 0 && {
        let word = &words.words[at - 1];
        name(word) && matches!(word.gap, Gap::Close | Gap::Dot) && !word.opens
    };
    let last = &words.words[at + count - 1];
    let after = last.gap == Gap::Close && words.words.get(at + count).is_some_and(name);
    before || after
}

/// `Paris, Texas`: a town before a comma and a region is in that region's country.
fn place_beside_country(found: &mut [Mention], words: &Words) {
    for at in 1..found.len() {
        let (before, after) = found.split_at_mut(at);
        let (Some(town), Some(region)) = (before.last_mut(), after.first()) else { continue };
        let beside = town.next == region.first
            && words.words[town.next - 1].gap == Gap::Comma
            && matches!(town.kind, Kind::City | Kind::Capital | Kind::Division | Kind::County)
            && matches!(region.kind, Kind::Name | Kind::Division | Kind::Short);
        if !beside {
            continue;
        }
        let own = region.shares.iter().find(|(c, _)| town.shares.iter().any(|(t, _)| t == c));
        let country = own.or_else(|| region.shares.first()).map(|(country, _)| *country);
        if let Some(country) = country {
            town.shares = vec![(country, 1.0)];
        }
    }
}

/// Names with several countries go where the rest of the piece is.
fn settle(all: &mut [Mention], hint: &[(Country, f32)]) {
    for _ in 0..2 {
        let mut told: Vec<(Country, f32)> = hint.to_vec();
        for mention in all.iter() {
            for (country, share) in &mention.shares {
                match told.iter_mut().find(|(c, _)| c == country) {
                    Some((_, sum)) => *sum += share,
                    None => told.push((*country, *share)),
                }
            }
        }
        let weight =
            |country: Country| told.iter().find(|(c, _)| *c == country).map_or(0.0, |t| t.1);
        for mention in all.iter_mut().filter(|mention| mention.shares.len() > 1) {
            let trust: f32 = mention.shares.iter().map(|(_, share)| share).sum();
            let own: Vec<(Country, f32)> = mention.shares.clone();
            let weighed: Vec<f32> =
                own.iter().map(|(c, s)| s * (0.3 + (weight(*c) - s).max(0.0))).collect();
            let whole: f32 = weighed.iter().sum();
            if whole > 0.0 {
                mention.shares =
                    own.iter().zip(&weighed).map(|((c, _), w)| (*c, trust * w / whole)).collect();
            }
        }
    }
}
