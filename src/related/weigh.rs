//! How like two texts are, and from where on they have to do with each other.
//!
//! The likeness of `q` and `o` is the sum over what they share of
//! `loud_q · loud_o · rarity²`, divided by the length of `q` in rare words and
//! by the length of `o` as it stands. So what is kept of an article never
//! depends on the other articles: rarity is looked up when somebody asks.

use super::terms::{self, Kind, Loudness, Term, Vector};

/// How far a long text is held against it.
const DAMPING: f32 = 0.58;
/// The length of a usual text.
const USUAL: f32 = 200.0;
/// Two texts share more by chance the longer they are.
const CHANCE: f32 = 0.10;
/// From this likeness on two articles of usual length have to do with each other.
const RELATED: f32 = 0.958;
/// Among fewer articles than this no word can be rare yet, and likenesses are
/// smaller throughout.
const YOUNG: u32 = 50;
/// What stands behind such a one may be this much fainter.
const FAINTER: f32 = 0.725;
/// A word that all articles have is still a word.
const COMMON: f32 = 1.1;
/// How much the company counts in which a candidate is found.
const COMPANY: f32 = 0.31;
/// How many of the best matches make company.
pub(super) const COMPANIONS: usize = 3;
/// Marks in other languages: the likeness that says anything, and the names
/// that must be shared.
const OTHER_TONGUE: f32 = 0.35;
const OTHER_NAMES: usize = 2;
/// What stands beside a piece from another language is never put above one in its own.
const OTHER_SCORE: f32 = 0.42;

/// What a text's length takes from its likeness to others.
pub(super) fn damping(length: f32) -> f32 {
    length.powf(DAMPING) * USUAL.powf(0.5 - DAMPING)
}

/// How much a term tells if `with` of `all` articles have it.
#[expect(clippy::cast_precision_loss, reason = "counts of articles; f32 is exact enough")]
pub(super) fn rarity(all: u32, with: u32) -> f32 {
    ((1.0 + all as f32) / (1.0 + with.min(all) as f32)).ln() + COMMON
}

/// A text with what its words tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    /// `loudness · rarity²` of each term that counts.
    terms: Weights,
    /// The same of pairs.
    pairs: Weights,
    norm: f32,
    cut: f32,
}

impl Query {
    /// A text whose terms are as rare as `rarities` says, in the order of its terms.
    /// `all` articles were counted for that.
    pub(super) fn new(vector: &Vector, rarities: &[f32], all: u32) -> Self {
        let mut terms = Weights::with_room_for(vector.terms.len());
        let mut square = 0.0;
        for ((term, loud), rarity) in vector.terms.iter().zip(rarities) {
            if terms::counts(*term) {
                terms.put(u64::from(*term), loud.value() * rarity * rarity);
                square += (loud.value() * rarity).powi(2);
            }
        }
        let mut pairs = Weights::with_room_for(vector.pairs.len());
        for ((first, second), loud) in &vector.pairs {
            let rare = |place: u16| rarities.get(usize::from(place)).copied().unwrap_or(COMMON);
            let Some(words) = vector.pair((*first, *second)) else { continue };
            // A pair is at least as rare as the rarer of its words.
            let rarity = rare(*first).max(rare(*second));
            pairs.put(pair_key(words), loud.value() * rarity * rarity);
            square += (loud.value() * rarity).powi(2);
        }
        let young = (rarity(all, 0) / rarity(YOUNG, 0)).min(1.0);
        let cut = RELATED * young * (vector.length() / USUAL).powf(CHANCE);
        Self { terms, pairs, norm: f32::sqrt(square), cut }
    }

    /// Its weightiest terms, for finding candidates.
    pub(super) fn weightiest(&self, most: usize) -> Vec<(Term, f32)> {
        let term = |(term, weight): (u64, f32)| Some((Term::try_from(term).ok()?, weight));
        let mut all: Vec<(Term, f32)> = self.terms.iter().filter_map(term).collect();
        let order = |a: &(Term, f32), b: &(Term, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if all.len() > most {
            all.select_nth_unstable_by(most, order);
            all.truncate(most);
        }
        all.sort_unstable_by(order);
        all
    }

    /// How like another text is; 0 if nothing is shared.
    pub(super) fn likeness(&self, other: &Vector, length: f32) -> f32 {
        if self.norm <= 0.0 {
            return 0.0;
        }
        self.shared(other) / (self.norm * damping(length))
    }

    /// The cosine between two texts, from 0 to 1.
    pub(super) fn cosine(&self, other: &Self, vector: &Vector) -> f32 {
        let norms = self.norm * other.norm;
        if norms <= 0.0 { 0.0 } else { (self.shared(vector) / norms).min(1.0) }
    }

    fn shared(&self, other: &Vector) -> f32 {
        let mut sum = 0.0;
        let mut shared = Places::default();
        for (place, (term, loud)) in other.terms.iter().enumerate() {
            if let Some(weight) = self.terms.get(u64::from(*term)) {
                sum += weight * loud.value();
                shared.note(place);
            }
        }
        for (pair, loud) in &other.pairs {
            // Only of words that are both shared.
            if !shared.has(pair.0) || !shared.has(pair.1) {
                continue;
            }
            let weight = other.pair(*pair).and_then(|words| self.pairs.get(pair_key(words)));
            sum += weight.unwrap_or(0.0) * loud.value();
        }
        sum
    }

    /// A likeness as readers see it: from 0 to 1, one half where relation begins.
    pub(super) fn score(&self, likeness: f32) -> f32 {
        if likeness <= 0.0 { 0.0 } else { likeness / (likeness + self.cut) }
    }
}

/// Two words as one key.
fn pair_key((first, second): (Term, Term)) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// Weights by their keys: open addressing, at most half full. Most keys that are
/// asked for are not there; a bit for each key says so sooner.
#[derive(Debug, Clone)]
struct Weights {
    rooms: Vec<(u64, f32)>,
    shift: u32,
    bits: [u64; BITS / 64],
}

/// Bits that say which keys may be there.
const BITS: usize = 4_096;

impl Default for Weights {
    fn default() -> Self {
        Self::with_room_for(0)
    }
}

/// A key with all its bits spread.
fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Which of the bits stands for a key: its word, and the bit in it.
fn bit(spread: u64) -> (usize, u64) {
    let bit = usize::try_from(spread >> 52).unwrap_or(0);
    (bit / 64, 1 << (bit % 64))
}

/// The key of an empty room; no term and no pair of words has it.
const EMPTY: u64 = u64::MAX;

impl Weights {
    fn with_room_for(many: usize) -> Self {
        let rooms = (many * 2).next_power_of_two().max(2);
        let shift = 64 - rooms.ilog2();
        Self { rooms: vec![(EMPTY, 0.0); rooms], shift, bits: [0; BITS / 64] }
    }

    /// The room of a key, or the empty one that it would get.
    fn room(&self, key: u64) -> usize {
        let mut room = usize::try_from(spread(key) >> self.shift).unwrap_or(0);
        while !matches!(self.rooms[room].0, EMPTY) && self.rooms[room].0 != key {
            room = (room + 1) & (self.rooms.len() - 1);
        }
        room
    }

    fn put(&mut self, key: u64, weight: f32) {
        let room = self.room(key);
        self.rooms[room] = (key, weight);
        let (word, bit) = bit(spread(key));
        self.bits[word] |= bit;
    }

    #[inline]
    fn get(&self, key: u64) -> Option<f32> {
        let (word, bit) = bit(spread(key));
        if self.bits[word] & bit == 0 {
            return None;
        }
        let (known, weight) = self.rooms[self.room(key)];
        (known == key).then_some(weight)
    }

    fn iter(&self) -> impl Iterator<Item = (u64, f32)> {
        self.rooms.iter().copied().filter(|(key, _)| *key != EMPTY)
    }
}

/// Which of a text's terms another one shares, by their places.
#[derive(Default)]
struct Places([u64; terms::MOST / 64]);

impl Places {
    fn note(&mut self, place: usize) {
        if let Some(bits) = self.0.get_mut(place / 64) {
            *bits |= 1 << (place % 64);
        }
    }

    fn has(&self, place: u16) -> bool {
        self.0.get(usize::from(place) / 64).is_some_and(|bits| bits >> (place % 64) & 1 == 1)
    }
}

/// Does the best of a ranking, by its score, have to do with the piece?
pub(super) fn is_related(score: f32) -> bool {
    score >= 0.5
}

/// May a piece with this score stand behind one that is related?
pub(super) fn may_follow(score: f32) -> bool {
    score >= FAINTER / (1.0 + FAINTER)
}

/// Lifts each candidate by how like it is to the best ones: what is told in
/// the company of good matches is a better match itself. `likeness(k, o)`
/// compares two candidates.
pub(super) fn lift(likenesses: &mut [f32], likeness: impl Fn(usize, usize) -> f32) {
    let companions = likenesses.len().min(COMPANIONS);
    if companions == 0 {
        return;
    }
    let best: Vec<f32> = likenesses[..companions].to_vec();
    for (at, own) in likenesses.iter_mut().enumerate() {
        let company: f32 = best
            .iter()
            .enumerate()
            .map(|(k, to_k)| if k == at { to_k / 2.0 } else { to_k.min(likeness(k, at)) })
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "at most three")]
        let mean = company / companions as f32;
        *own += COMPANY * mean;
    }
}

/// The most that [`lift`] can add to any of these, the likest first.
pub(super) fn most_lift(likenesses: impl ExactSizeIterator<Item = f32>) -> f32 {
    let companions = likenesses.len().min(COMPANIONS);
    #[expect(clippy::cast_precision_loss, reason = "at most three")]
    let mean = likenesses.take(companions).sum::<f32>() / companions.max(1) as f32;
    COMPANY * mean
}

/// Names and countries of a text with what they tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    terms: Vec<(Term, f32)>,
}

impl Marks {
    /// The marks of a text whose terms are as rare as `rarities` says.
    pub(super) fn new(vector: &Vector, rarities: &[f32]) -> Self {
        let mark = |term: Term| matches!(terms::kind(term), Kind::Name | Kind::Country);
        let weigh = |((term, loud), rarity): (&(Term, Loudness), &f32)| {
            mark(*term).then(|| (*term, loud.value().sqrt() * rarity))
        };
        Self { terms: vector.terms.iter().zip(rarities).filter_map(weigh).collect() }
    }

    /// The weights by which candidates are found: names, for without them a
    /// country in common says nothing.
    pub(super) fn sought(&self) -> Vec<(Term, f32)> {
        let mut names = self.terms.clone();
        names.retain(|(term, _)| terms::kind(*term) == Kind::Name);
        names.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        names
    }

    /// How related a text in another language is, if it is; from 0 to 1.
    pub(super) fn score(&self, other: &Self) -> Option<f32> {
        let (mut product, mut names) = (0.0, 0);
        let mut own = self.terms.iter().peekable();
        for (term, weight) in &other.terms {
            while own.next_if(|(own, _)| own < term).is_some() {}
            if let Some((_, own)) = own.next_if(|(own, _)| own == term) {
                product += own * weight;
                names += usize::from(terms::kind(*term) == Kind::Name);
            }
        }
        let norm = |marks: &Self| marks.terms.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        let cosine = (product / (norm(self) * norm(other)).max(f32::MIN_POSITIVE)).min(1.0);
        (cosine >= OTHER_TONGUE && names >= OTHER_NAMES).then_some(cosine * OTHER_SCORE)
    }
}
