//! Pieces that look like pieces: some kilobytes of text in many paragraphs.

use gazetted::article::clean;
use gazetted::clock::{Time, from_millis};
use gazetted::feed::{Channel, Entry};
use gazetted::region::RegionPath;
use gazetted::site::Site;

/// 3 March 2026.
pub const NOW: i64 = 1_772_528_400_000;

const WORDS: [&str; 24] = [
    "river", "harbour", "the", "council", "of", "a", "measure", "grain", "and", "winter", "in",
    "bridge", "to", "ferry", "price", "water", "that", "valley", "market", "field", "with",
    "school", "north", "road",
];

/// Words without end, the same for the same seed.
pub fn words(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for at in 0..count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if at > 0 {
            text.push(' ');
        }
        text.push_str(WORDS[usize::try_from(state % 24).unwrap()]);
    }
    text
}

/// When the piece of that number appeared.
pub fn published(number: u64) -> Time {
    from_millis(NOW - 60_000 * (2_000_000 - i64::try_from(number).unwrap()))
}

pub fn site() -> Site {
    Site {
        title: "The Meridian Review".to_owned(),
        url: "https://news.example.org/".parse().unwrap(),
        language: "en".to_owned(),
        timezone: chrono_tz::UTC,
        imprint: None,
        description: None,
    }
}

pub fn channel() -> Channel {
    Channel::new(&site(), "feeds/all", "The Meridian Review")
}

/// A piece of about 2.5 KB.
pub fn entry(number: u64) -> Entry {
    let body: String =
        (0..6).map(|part| format!("<p>{}.</p>\n", words(number * 7 + part, 65))).collect();
    Entry {
        uid: uuid::Uuid::from_u128(u128::from(number) + 1),
        number: i64::try_from(number).unwrap(),
        url: format!("https://news.example.org/articles/{number}"),
        title: words(number, 8),
        teaser: words(number + 5, 30),
        html: Some(clean::clean(&body, None)),
        authors: vec![format!("Desk {}", number % 20)],
        published: published(number),
        updated: published(number),
        first_seen: published(number),
        language: "en".to_owned(),
        regions: vec![(
            RegionPath::parse("africa/kenya").unwrap(),
            vec!["Africa".to_owned(), "Kenya".to_owned()],
        )],
        scheme: "https://news.example.org/feeds/region/".to_owned(),
        tags: vec![("rivers".to_owned(), "Rivers".to_owned())],
        tag_scheme: "https://news.example.org/feeds/tag/".to_owned(),
        image: None,
        credit: None,
    }
}
