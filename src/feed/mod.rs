//! Feeds: one channel model, written as RSS 2.0, Atom 1.0 and JSON Feed 1.1.
//!
//! `feed/` never asks what time it is: all dates come from the articles, so
//! the same articles make the same bytes. A document is a head, one fragment
//! per entry and a tail; a fragment depends on its entry alone, so it can be
//! written once, kept, and put into every feed the entry belongs to. Each
//! piece is parsed again before it is handed out.

pub mod atom;
pub mod channel;
pub mod check;
mod coding;
mod compose;
mod format;
mod html;
pub mod json;
mod name;
pub mod opml;
mod period;
mod printed;
pub mod rss;
#[cfg(test)]
mod samples;
pub mod text;
pub mod websub;

use std::collections::HashSet;

use url::Url;
use uuid::Uuid;

pub use channel::{Addresses, Channel, Content, Entry, Volumes};
pub use coding::Coding;
pub use compose::{Composed, Part, compose, missing};
pub use format::Format;
pub use name::{FeedName, in_address};
pub use period::Period;

/// So many entries are written by one processor.
const FOR_ONE: usize = 64;

/// How gazetted names itself in feeds.
pub const GENERATOR: &str = "gazetted";

/// `[feeds]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Entries per feed.
    pub items: usize,
    /// Full text, or only the teaser.
    pub full_text: bool,
    /// `Cache-Control: max-age`, in seconds.
    pub max_age: u32,
    /// Is there a hub of our own (WebSub)?
    pub hub: bool,
    /// May our own hub call private and loopback addresses?
    pub hub_private: bool,
    /// Other hubs that are told of changes.
    pub hubs: Vec<Url>,
    /// Feeds that have another name now, from and to: `region/africa`.
    pub moved: Vec<(String, String)>,
    /// Feeds that are gone for good.
    pub gone: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            items: 50,
            full_text: true,
            max_age: 900,
            hub: true,
            hub_private: false,
            hubs: vec![],
            moved: vec![],
            gone: vec![],
        }
    }
}

impl Settings {
    /// What of an article goes into a feed.
    #[must_use]
    pub fn content(&self) -> Content {
        if self.full_text { Content::Full } else { Content::Teaser }
    }
}

/// Why a feed, or one entry of it, cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// One entry breaks; the feed goes out without it.
    #[error(
        "article {uid} (`{title}`) is left out of the {format:?} feed: {reason}; \
         correct the piece at its source"
    )]
    Entry {
        /// Which article.
        uid: Uuid,
        /// Its title, shortened.
        title: String,
        /// In which language of feeds.
        format: Format,
        /// What is wrong with it.
        reason: String,
    },
    /// The frame breaks: there is no such feed. Keep serving the last good one.
    #[error(
        "the {format:?} feed `{title}` cannot be written: {reason}; check [site] title and url"
    )]
    Head {
        /// Title of the feed, shortened.
        title: String,
        /// In which language of feeds.
        format: Format,
        /// What is wrong with it.
        reason: String,
    },
}

/// A feed, ready to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The document; UTF-8.
    pub text: String,
    /// Entries that would have broken it and are not in it.
    pub left_out: Vec<FeedError>,
}

/// Writes a whole channel.
///
/// An entry that breaks is left out and named; an entry that comes twice is
/// written once.
///
/// # Errors
/// Only if the frame itself cannot be written.
pub fn write(channel: &Channel, format: Format) -> Result<Written, FeedError> {
    let mut seen = HashSet::with_capacity(channel.entries.len());
    let mut fragments = Vec::with_capacity(channel.entries.len());
    let mut left_out = Vec::new();
    for entry in channel.entries.iter().filter(|entry| seen.insert(entry.uid)) {
        match fragment(entry, format) {
            Ok(text) => fragments.push(text),
            Err(error) => left_out.push(error),
        }
    }
    let head = head(channel, format)?;
    Ok(Written { text: assemble(&head, &fragments, format), left_out })
}

/// Writes everything of a channel that stands before its first entry.
///
/// # Errors
/// If the frame would not be well-formed.
pub fn head(channel: &Channel, format: Format) -> Result<String, FeedError> {
    let masthead = printed::Masthead::of(channel, format);
    let written = match format {
        Format::Rss => rss::head(&masthead),
        Format::Atom => atom::head(&masthead),
        Format::Json => json::head(&masthead),
    };
    written.map_err(|reason| FeedError::Head { title: masthead.title, format, reason })
}

/// Writes one entry, to be kept and put into any number of feeds.
///
/// # Errors
/// If the entry would not be well-formed.
pub fn fragment(entry: &Entry, format: Format) -> Result<String, FeedError> {
    let printed = printed::Printed::of(entry);
    let written = match format {
        Format::Rss => rss::fragment(&printed),
        Format::Atom => atom::fragment(&printed),
        Format::Json => json::fragment(&printed),
    };
    written.map_err(|reason| FeedError::Entry {
        uid: entry.uid,
        title: text::line(&entry.title, 80),
        format,
        reason,
    })
}

/// Writes many entries, on all processors if there are very many.
///
/// # Panics
/// If writing an entry does; it does not.
#[must_use]
pub fn fragments(entries: &[&Entry], format: Format) -> Vec<Result<String, FeedError>> {
    let write = |entries: &[&Entry]| -> Vec<Result<String, FeedError>> {
        entries.iter().map(|entry| fragment(entry, format)).collect()
    };
    let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
    if entries.len() < FOR_ONE || hands == 1 {
        return write(entries);
    }
    std::thread::scope(|scope| {
        let shares = entries.chunks(entries.len().div_ceil(hands));
        let writing: Vec<_> = shares.map(|share| scope.spawn(move || write(share))).collect();
        let written = writing.into_iter().map(std::thread::ScopedJoinHandle::join);
        written.flat_map(|share| share.expect("writing an entry does not panic")).collect()
    })
}

/// Joins what [`head`] and [`fragment`] wrote into a document.
#[must_use]
pub fn assemble<S: AsRef<str>>(head: &str, fragments: &[S], format: Format) -> String {
    let size: usize = fragments.iter().map(|fragment| fragment.as_ref().len() + 2).sum();
    let mut document = String::with_capacity(head.len() + size + 32);
    document.push_str(head);
    for (at, fragment) in fragments.iter().enumerate() {
        if at > 0 {
            document.push_str(format.separator());
        }
        document.push_str(fragment.as_ref());
    }
    document.push_str(format.tail());
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::feed::samples;

    #[test]
    fn every_hostile_entry_makes_a_well_formed_feed_with_nothing_left_out() {
        let channel = samples::hostile();

        for format in Format::ALL {
            let written = write(&channel, format).unwrap();

            assert_eq!(written.left_out, [], "{format:?}");
            match format {
                Format::Json => {
                    serde_json::from_str::<serde_json::Value>(&written.text).unwrap();
                }
                _ => check::well_formed(&written.text).unwrap(),
            }
            assert!(written.text.chars().all(text::is_legal), "{format:?}");
        }
    }

    #[test]
    fn the_same_channel_makes_the_same_bytes_from_fragments_kept_earlier() {
        let channel = samples::hostile();

        for format in Format::ALL {
            let kept: Vec<String> =
                channel.entries.iter().map(|entry| fragment(entry, format).unwrap()).collect();
            let assembled = assemble(&head(&channel, format).unwrap(), &kept, format);

            assert_eq!(assembled, write(&channel, format).unwrap().text);
        }
    }

    #[test]
    fn an_empty_channel_is_a_valid_empty_feed() {
        let channel = Channel { entries: Vec::new(), updated: None, ..samples::plain() };

        let rss = write(&channel, Format::Rss).unwrap().text;
        let atom = write(&channel, Format::Atom).unwrap().text;
        let json = write(&channel, Format::Json).unwrap().text;

        assert!(::rss::Channel::read_from(rss.as_bytes()).unwrap().items.is_empty());
        let atom = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
        assert_eq!(atom.updated.timestamp(), 0);
        assert!(atom.entries.is_empty());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["items"], serde_json::json!([]));
    }

    #[test]
    fn an_entry_that_comes_twice_is_written_once() {
        let mut channel = samples::plain();
        channel.entries.push(channel.entries[0].clone());

        let rss = write(&channel, Format::Rss).unwrap().text;

        assert_eq!(rss.matches("<item>").count(), channel.entries.len() - 1);
    }

    #[test]
    fn identity_order_and_dates_are_equal_in_all_three() {
        let channel = samples::hostile();
        let rss = write(&channel, Format::Rss).unwrap().text;
        let atom = write(&channel, Format::Atom).unwrap().text;
        let json = write(&channel, Format::Json).unwrap().text;
        let rss = ::rss::Channel::read_from(rss.as_bytes()).unwrap();
        let atom = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();

        assert_eq!(rss.items.len(), channel.entries.len());
        for (at, entry) in channel.entries.iter().enumerate() {
            let id = format!("urn:uuid:{}", entry.uid);
            let (r, a, j) = (&rss.items[at], &atom.entries[at], &json["items"][at]);
            assert_eq!(r.guid.as_ref().unwrap().value, id);
            assert!(!r.guid.as_ref().unwrap().permalink);
            assert_eq!(a.id, id);
            assert_eq!(j["id"], id);
            assert_eq!(Some(a.title.value.as_str()), r.title.as_deref());
            assert_eq!(j["title"], a.title.value);
            let of_atom = a.published.map(|date| date.timestamp());
            let of_rss = r.pub_date.as_deref().map(chrono::DateTime::parse_from_rfc2822);
            let of_json = j["date_published"].as_str().map(chrono::DateTime::parse_from_rfc3339);
            assert_eq!(of_rss.map(|date| date.unwrap().timestamp()), of_atom);
            assert_eq!(of_json.map(|date| date.unwrap().timestamp()), of_atom);
            // A date of 1900 is none; the piece is still dated by its arrival.
            assert_eq!(of_atom.is_none(), entry.published < Time::UNIX_EPOCH);
            assert!(a.updated.timestamp() >= 0);
            let modified = j["date_modified"].as_str().unwrap();
            assert_eq!(chrono::DateTime::parse_from_rfc3339(modified).unwrap(), a.updated);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_piece_holds_it_never_breaks_its_feed(
            words in proptest::collection::vec("[\\PC\u{0}-\u{9f}\u{202a}-\u{2069}]{0,40}|<[a-z/!]{1,9}>|]]>|&[a-z#0-9]{0,6};", 6),
            seconds in proptest::num::i64::ANY,
        ) {
            let time = crate::clock::from_millis(seconds);
            let entry = Entry {
                title: words[0].clone(),
                teaser: words[1].clone(),
                html: Some(crate::article::SafeHtml::from_store(words[2].repeat(3))),
                url: format!("https://a.example/{}", words[3]),
                authors: words[3..].to_vec(),
                published: time,
                updated: time,
                language: words[4].clone(),
                credit: Some(words[5].clone()),
                ..samples::plain().entries[0].clone()
            };
            for format in Format::ALL {
                fragment(&entry, format).unwrap();
            }
        }
    }

    #[test]
    fn an_entry_that_breaks_is_named() {
        let error = FeedError::Entry {
            uid: samples::plain().entries[0].uid,
            title: "Rain".to_owned(),
            format: Format::Rss,
            reason: "why".to_owned(),
        };

        let words = error.to_string();

        assert!(words.contains("`Rain`") && words.contains("why"), "{words}");
    }
}
