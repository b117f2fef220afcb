//! The sentences that tell what a piece is about, where its lead only sets a
//! scene.
//!
//! What a piece is about are the words that it comes back to, and those of its
//! title. A lead that has hardly any of them sets a scene; then the paragraph
//! near the top that has most of them is the better teaser, if it can be read
//! alone.

use std::collections::{HashMap, HashSet};

use super::sentences;

/// Paragraphs in which the telling sentence is looked for.
const PARAGRAPHS: usize = 8;
/// Words of a piece that are counted.
const WORDS: usize = 1_500;
/// Letters of a word by which it is known: most endings come behind them.
const STEM: usize = 6;
/// What a word of the title counts beside one that the text only repeats.
const TITLE: f32 = 3.0;
/// A lead with at least this share of what the best paragraph tells stays.
const TELLS_ENOUGH: f32 = 0.34;
/// What the best paragraph must tell at least to take a lead's place.
const WORTH_IT: f32 = 9.0;

/// Words that point at what was said before, so that no teaser may open with them.
const POINTING: &str = "\
    he she it they this that these those but and so yet then there his her their its such both another \
    however still also meanwhile instead later when \
    er sie es das dies diese dieser aber und doch so dann dort sein ihr ihre auch denn \
    il elle ils elles cela ce cette ces mais et or donc puis son sa ses leur leurs aussi c’est \
    él ella ellos esto eso este esta estos pero y así luego su sus también \
    ele ela eles isto isso este esta mas e assim depois seu sua também \
    lui lei loro questo questa ma così poi suo sua anche \
    он она оно они это этот эта но и так тогда его её их также";

/// The number of the paragraph that should be the teaser instead of the one at
/// `lead`: itself, if it tells enough.
pub(super) fn best(
    blocks: &[String],
    lead: usize,
    title: &str,
    fits: impl Fn(&str) -> bool,
) -> usize {
    let about = About::of(blocks, title);
    let told = |block: &String| about.told(opening(block));
    // The paragraph behind a short lead is read with it.
    let of_lead = told(&blocks[lead]);
    let mut best = (lead, of_lead);
    for (at, block) in blocks.iter().enumerate().skip(lead + 1).take(PARAGRAPHS) {
        let told = told(block);
        if told > best.1 && fits(block) && stands_alone(block) {
            best = (at, told);
        }
    }
    if best.1 >= WORTH_IT && of_lead < best.1 * TELLS_ENOUGH { best.0 } else { lead }
}

/// As much of a paragraph as a teaser shows.
fn opening(block: &str) -> &str {
    let end = block.char_indices().nth(super::MOST).map_or(block.len(), |(at, _)| at);
    let within = sentences::ends(block).take_while(|at| *at <= end).last();
    &block[..within.unwrap_or(end)]
}

/// Can it be read without what stands before it?
fn stands_alone(block: &str) -> bool {
    let first =
        block.split(|c: char| !c.is_alphanumeric() && c != '’').find(|word| !word.is_empty());
    let quoted =
        block.starts_with(|c: char| sentences::is_opening(c) || matches!(c, '–' | '—' | '-'));
    let lower = first.unwrap_or_default().to_lowercase();
    !quoted && !POINTING.split_whitespace().any(|word| word == lower)
}

/// What a piece is about.
struct About {
    weights: HashMap<String, f32>,
}

impl About {
    fn of(blocks: &[String], title: &str) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for word in blocks.iter().flat_map(|block| stems(block)).take(WORDS) {
            *counts.entry(word).or_default() += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let often = counts
            .into_iter()
            .filter(|(_, n)| *n >= 3)
            .map(|(word, n)| (word, (n as f32).sqrt() - 0.7));
        let mut weights: HashMap<String, f32> = often.collect();
        for word in stems(title) {
            *weights.entry(word).or_default() += TITLE;
        }
        Self { weights }
    }

    /// How much of it a stretch tells, each word once.
    fn told(&self, stretch: &str) -> f32 {
        let words: HashSet<String> = stems(stretch).collect();
        words.iter().filter_map(|word| self.weights.get(word)).sum()
    }
}

/// The longer words, by their first letters.
fn stems(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.chars().count() >= 5)
        .map(|word| word.to_lowercase().chars().take(STEM).collect())
}

#[cfg(test)]
mod tests {
    use super::super::teaser;

    const SCENE: &str = "Just after five, before the kettle has boiled, Anna Holm pulls on two jumpers and walks \
                         down to the jetty in the dark. A dog barks somewhere behind the sheds.";
    const NUT: &str = "The herring fishery of the fjord was closed on Monday for the first time in a century, \
                       after counts of young herring fell to a tenth of what the fishery needs.";
    const MORE: &str = "Quotas for herring have been cut in the fjord every year. The fishery once fed the town, \
                        and herring paid for its school. Now the closed fishery leaves forty boats idle.";

    #[test]
    fn a_lead_that_only_sets_the_scene_gives_way_to_what_the_piece_is_about() {
        let text = format!("{SCENE}\n\nShe has done so for thirty years.\n\n{NUT}\n\n{MORE}");

        assert_eq!(teaser(&text, None, "Herring fishery closed in the fjord"), NUT);
    }

    #[test]
    fn a_lead_that_tells_stays_and_so_does_one_that_nothing_near_it_betters() {
        let told = format!("{NUT}\n\n{MORE}\n\n{SCENE}");
        assert_eq!(teaser(&told, None, "Herring fishery closed in the fjord"), NUT);

        let scene = format!("{SCENE}\n\nIt is cold.\n\nShe does not mind.");
        assert!(teaser(&scene, None, "A morning").starts_with("Just after five"));
    }

    #[test]
    fn a_paragraph_that_points_back_or_speaks_is_no_teaser() {
        let pointing = NUT.replace("The herring fishery", "But the herring fishery");
        let spoken = format!("“{NUT}”");
        let text = format!("{SCENE}\n\n{pointing}\n\n{spoken}\n\n{MORE}");

        assert!(
            teaser(&text, None, "Herring fishery closed in the fjord")
                .starts_with("Quotas for herring")
        );
    }
}
