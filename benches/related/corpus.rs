//! A made-up magazine: pieces of 400 words that are told one after the other.
//!
//! Function words are English, the rest is made of syllables and drawn by the
//! law of Zipf and Mandelbrot, so that a piece has as many different words (160
//! beside the function words), and the common ones are as common, as in news
//! agencies' English. Around a general vocabulary of 150,000 words there are topics
//! with words of their own, and stories: about five pieces that tell of the
//! same things, among them names that occur nowhere else. So there is always
//! something related to find, and the vocabulary grows for ever as it does in a
//! real magazine. Piece `n` is the same in every run and on every machine.

/// Words that everybody uses.
const GENERAL: u64 = 150_000;
/// Topics, and the words that each has of its own.
const TOPICS: u64 = 300;
const TOPIC_WORDS: u64 = 400;
/// Words that a story comes back to, the first of them names found nowhere else.
const STORY_WORDS: u64 = 24;
const STORY_NAMES: u64 = 8;
/// Pieces among which a story is told, and stories told among them.
const SPAN: u64 = 200;
const STORIES: u64 = 40;
/// Words of a body.
const WORDS: usize = 400;

const FUNCTION_WORDS: [&str; 64] = [
    "the", "of", "to", "and", "in", "a", "that", "for", "is", "on", "was", "with", "as", "he",
    "it", "by", "at", "from", "his", "be", "has", "an", "have", "but", "are", "were", "who", "not",
    "which", "this", "had", "their", "they", "been", "its", "will", "would", "after", "more",
    "when", "than", "or", "there", "into", "also", "about", "could", "only", "some", "over", "her",
    "all", "other", "out", "before", "while", "under", "between", "since", "many", "against",
    "both", "during", "because",
];

const PLACES: [&str; 40] = [
    "Kenya", "Paris", "Nigeria", "Brazil", "Jakarta", "Berlin", "Texas", "Peru", "Cairo", "India",
    "Mumbai", "Ukraine", "Kyiv", "Tokyo", "Chile", "Georgia", "Tbilisi", "Jordan", "Amman",
    "Turkey", "Ankara", "Mexico", "Ohio", "Madrid", "Lagos", "Ghana", "Accra", "Seoul", "Hanoi",
    "Vietnam", "Oslo", "Norway", "Poland", "Warsaw", "Sudan", "Khartoum", "Quito", "Ecuador",
    "Nairobi", "London",
];

const ONSETS: [&str; 24] = [
    "b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "j", "l", "m", "n", "p", "pl", "r", "s",
    "st", "t", "tr", "v", "w", "th",
];
const NUCLEI: [&str; 10] = ["a", "e", "i", "o", "u", "ea", "ai", "ou", "e", "o"];
const CODAS: [&str; 14] = ["", "", "", "n", "r", "s", "l", "t", "nd", "st", "ck", "rm", "ng", "d"];
const ENDINGS: [&str; 10] = ["", "", "", "s", "ed", "ing", "er", "ion", "ment", "ly"];

/// One piece.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its number, from 0 on; the higher, the later.
    pub number: u64,
    /// Eight words or so.
    pub title: String,
    /// Four hundred words in sentences and paragraphs.
    pub text: String,
}

impl Piece {
    /// When it appeared, in milliseconds: one every ten minutes.
    pub fn millis(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(i64::MAX / 600_000) * 600_000
    }
}

/// The piece of a number.
pub fn piece(number: u64) -> Piece {
    let mut dice = Dice(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed);
    let story = number / SPAN * STORIES + dice.below(STORIES);
    let topic = mix(story) % TOPICS;
    let place = mix(story ^ 0x77) % PLACES.len() as u64;
    let mut title = String::with_capacity(80);
    for at in 0..8 {
        let word = match at {
            0 | 4 | 6 => story_word(story, dice.zipf(STORY_WORDS, 3.0)),
            1 | 5 => topic_word(topic, dice.zipf(TOPIC_WORDS, 3.0)),
            2 => FUNCTION_WORDS[at_most(dice.zipf(64, 1.0))].to_owned(),
            3 => general_word(dice.zipf(GENERAL, 30.0)),
            _ => PLACES[at_most(place)].to_owned(),
        };
        if at > 0 {
            title.push(' ');
        }
        title.push_str(&if at == 0 { capital(&word) } else { word });
    }
    let mut text = String::with_capacity(3_000);
    let (mut left, mut sentences) = (0, 0);
    for at in 0..WORDS {
        let opens = left == 0;
        if opens {
            left = 8 + dice.below(20);
            if at > 0 {
                sentences += 1;
                text.push_str(if sentences % 4 == 0 { ".\n\n" } else { ". " });
            }
        } else {
            text.push_str(if dice.below(14) == 0 { ", " } else { " " });
        }
        left -= 1;
        let word = match dice.below(100) {
            0..45 => FUNCTION_WORDS[at_most(dice.zipf(64, 1.0))].to_owned(),
            45..78 => general_word(dice.zipf(GENERAL, 30.0)),
            78..89 => topic_word(topic, dice.zipf(TOPIC_WORDS, 3.0)),
            89..97 => story_word(story, dice.zipf(STORY_WORDS, 3.0)),
            97 => PLACES[at_most(dice.below(PLACES.len() as u64))].to_owned(),
            _ => PLACES[at_most(place)].to_owned(),
        };
        text.push_str(&if opens { capital(&word) } else { word });
    }
    text.push('.');
    Piece { number, title, text }
}

fn at_most(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn general_word(rank: u64) -> String {
    word(0x6e6e_0000_0000 + rank)
}

fn topic_word(topic: u64, rank: u64) -> String {
    word(0x7070_0000_0000 + topic * TOPIC_WORDS + rank)
}

fn story_word(story: u64, rank: u64) -> String {
    if rank < STORY_NAMES {
        return capital(&word(0x5353_0000_0000 + story * STORY_NAMES + rank));
    }
    // Else from the rarer part of what everybody knows.
    general_word(2_000 + mix(story * STORY_WORDS + rank) % (GENERAL - 2_000))
}

/// The word of a number.
fn word(number: u64) -> String {
    let mut bits = mix(number);
    let mut take = |many: usize| {
        let taken = usize::try_from(bits % many as u64).unwrap_or(0);
        bits = mix((bits / many as u64) ^ number);
        taken
    };
    let mut word = String::with_capacity(12);
    for _ in 0..2 + take(2) {
        word.push_str(ONSETS[take(ONSETS.len())]);
        word.push_str(NUCLEI[take(NUCLEI.len())]);
        word.push_str(CODAS[take(CODAS.len())]);
    }
    word.push_str(ENDINGS[take(ENDINGS.len())]);
    word
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Numbers by chance, the same ones every time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn below(&mut self, many: u64) -> u64 {
        self.next() % many
    }

    /// A rank below `many`; the higher, the rarer. The first `flat` are about
    /// as likely as each other.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "chance"
    )]
    fn zipf(&mut self, many: u64, flat: f64) -> u64 {
        let chance = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = (((many as f64 + flat) / flat).ln() * chance).exp() * flat - flat;
        (rank as u64).min(many - 1)
    }
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
