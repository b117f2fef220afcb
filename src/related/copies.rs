//! One text printed in several places: an agency's story in three papers.
//!
//! Each text gets a signature: of all its runs of four words the smallest
//! hashes, one for each of 64 drawers. Texts that share runs share drawers, so
//! one drawer that agrees makes a pair worth a look, and the runs themselves
//! decide.

use std::collections::{BTreeMap, HashSet};

use super::numbers::fnv;

/// Words in a run.
const RUN: usize = 4;
/// Drawers of a signature, a power of two.
const DRAWERS: usize = 64;
/// Words that are read.
const MOST_WORDS: usize = 3_000;
/// Texts with fewer runs than this are too short to tell.
const FEWEST_RUNS: usize = 12;
/// From this share of the shorter text's runs on, it is the same text.
const SAME: f64 = 0.6;
/// A text this much shorter than the other is a part of it, not a copy.
const SHORTER: usize = 4;

/// The runs of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs(HashSet<u64>);

impl Runs {
    /// Reads a text: words by their letters and digits alone; in scripts
    /// without spaces every character is a word.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut words: Vec<u64> = Vec::new();
        let mut word: Vec<u8> = Vec::new();
        let mut buffer = [0; 4];
        let end = |word: &mut Vec<u8>, words: &mut Vec<u64>| {
            if !word.is_empty() {
                words.push(fnv(word).mixed());
                word.clear();
            }
        };
        for c in text.chars() {
            if words.len() >= MOST_WORDS {
                break;
            }
            if !c.is_alphanumeric() {
                if !matches!(c, '\'' | '’') {
                    end(&mut word, &mut words);
                }
                continue;
            }
            if super::terms::is_unspaced(c) {
                end(&mut word, &mut words);
            }
            c.to_lowercase().for_each(|c| word.extend(c.encode_utf8(&mut buffer).as_bytes()));
            if super::terms::is_unspaced(c) {
                end(&mut word, &mut words);
            }
        }
        end(&mut word, &mut words);
        let runs = words.windows(RUN).map(|run| {
            run.iter().fold(fnv(b"run"), |hash, word| hash.more(&word.to_le_bytes())).mixed()
        });
        Self(runs.collect())
    }

    /// The smallest hash in each drawer.
    fn signature(&self) -> [u64; DRAWERS] {
        let mut drawers = [u64::MAX; DRAWERS];
        for run in &self.0 {
            let drawer = usize::try_from(run >> 32).unwrap_or(0) % DRAWERS;
            drawers[drawer] = drawers[drawer].min(*run);
        }
        drawers
    }

    /// Is the other one the same text, perhaps shortened or lightly edited?
    #[must_use]
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let (short, long) =
            if self.0.len() <= other.0.len() { (&self.0, &other.0) } else { (&other.0, &self.0) };
        if short.len() < FEWEST_RUNS || short.len() * SHORTER < long.len() {
            return false;
        }
        let shared = short.iter().filter(|run| long.contains(run)).count();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let share = shared as f64 / short.len() as f64;
        share >= SAME
    }
}

/// Finds texts that are copies of one another. Gives for each text the number
/// of the first text that it is a copy of: its own number, if of none.
#[must_use]
pub fn first_of_each(texts: &[Runs]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..texts.len()).collect();
    let mut drawers: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, runs) in texts.iter().enumerate() {
        let signature = runs.signature();
        let mut looked_at: HashSet<usize> = HashSet::new();
        for smallest in signature.into_iter().filter(|smallest| *smallest != u64::MAX) {
            let seen = drawers.entry(smallest).or_default();
            for &other in seen.iter() {
                // Only with the first of each group: the group has its looks.
                let head = first[other];
                if first[at] == at && looked_at.insert(head) && runs.is_copy_of(&texts[head]) {
                    first[at] = head;
                }
            }
            if !seen.iter().any(|other| first[*other] == first[at]) {
                seen.push(at);
            }
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "The river rose by two metres in one night, and the army brought food to the \
        villages by boat. Thousands of people left their homes before dawn, the governor said. Schools \
        in the valley stay closed until Monday, and trains stop at the bridge. Rain is expected to go \
        on for another week, said the weather service, and the dams further up are full to the brim.";
    const OTHER: &str = "A young grandmaster won the chess final with a quiet endgame last night. Her \
        trainer spoke of patience, of openings and of long evenings at the board. The next tournament \
        begins in the spring, and she will play there with the black pieces in the first round.";

    fn groups(texts: &[String]) -> Vec<usize> {
        first_of_each(&texts.iter().map(|text| Runs::of(text)).collect::<Vec<_>>())
    }

    #[test]
    fn an_agencys_story_is_known_again_when_it_is_edited_and_shortened() {
        let edited = STORY.replace("two metres", "almost 2 metres").replace("said the", "says the");
        let shortened = STORY.split(" Rain is").next().unwrap().to_owned();
        let framed = format!("CAPITAL (Agency) — {STORY} Reporting by the desk.");

        let found = groups(&[STORY.to_owned(), OTHER.to_owned(), edited, shortened, framed]);

        assert_eq!(found, [0, 1, 0, 0, 0]);
    }

    #[test]
    fn two_reports_on_one_event_are_two_texts() {
        let own_words = "Two metres of water came over night: the army feeds villages from boats, and \
            the governor speaks of thousands who fled. No school opens before Monday. At the bridge the \
            trains end. The weather service sees no end of the rain, while the dams can hold no more.";

        assert_eq!(groups(&[STORY.to_owned(), own_words.to_owned()]), [0, 1]);
    }

    #[test]
    fn short_texts_and_quotations_are_no_copies() {
        let quoting =
            format!("{STORY} {}", (0..600).map(|n| format!("word{n} ")).collect::<String>());

        assert_eq!(groups(&["Short news.".into(), "Short news.".into()]), [0, 1]);
        assert_eq!(groups(&[STORY.to_owned(), quoting]), [0, 1]);
        assert_eq!(groups(&[]), Vec::<usize>::new());
    }

    #[test]
    fn copies_are_found_in_scripts_without_spaces() {
        let text = "连日暴雨后长江水位上涨，数千居民撤离家园，军队用船运送食品，学校停课到星期一。";

        assert_eq!(groups(&[text.to_owned(), format!("新华社电 {text}")]), [0, 0]);
    }
}
