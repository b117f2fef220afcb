//! RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0: the whole document.

use url::Url;

use super::entry::{self, Around};
use super::value::{address, title, word};
use super::xml::{Element, Part, Reader, Vocabulary as V};
use super::{Document, Format};
use crate::article::language;
use crate::source::manners::Hub;
use crate::source::pace::Wishes;

/// Entries of one document that are kept; more than any honest feed has.
const MAX_ENTRIES: usize = 100_000;
/// Elements about the feed that are looked at.
const MAX_ABOUT: usize = 500;

/// Reads a feed that `sniff` took for one.
#[must_use]
pub fn document(source: &str, base: Option<&Url>) -> Document {
    let mut reader = Reader::of(source, base);
    let mut around = Around::default();
    let mut about: Vec<Element> = Vec::new();
    let mut drafts = Vec::new();
    let mut format = Format::Rss;
    let mut channel_base = base.cloned();
    let mut front = None;
    while let Some(part) = reader.part() {
        match part {
            Part::Root(root) => {
                format = match root.name.as_str() {
                    "feed" => Format::Atom,
                    "rdf" => Format::Rdf,
                    _ => Format::Rss,
                };
                around.atom = format == Format::Atom;
                around.language = root.attribute("lang").as_deref().and_then(language::normalize);
                // The Channel Definition Format keeps its addresses in attributes.
                front = root.attribute("href");
                if let Some(known) = root.attribute("base").or_else(|| front.clone()) {
                    reader.base_if_unknown(&known);
                    channel_base = reader.base().cloned();
                }
            }
            Part::About(element) => {
                channel_base = reader.base().cloned();
                describe(&element, &mut around);
                if element.is(V::Core, "link")
                    && element.attribute("href").is_none()
                    && let Some(link) = word(&element)
                {
                    reader.base_if_unknown(&link);
                }
                if about.len() < MAX_ABOUT {
                    about.push(element);
                }
            }
            Part::Entry(element) => {
                if drafts.len() < MAX_ENTRIES {
                    drafts.push(entry::draft(&element, reader.base(), &around));
                }
            }
        }
    }
    let channel = Element {
        vocabulary: V::Core,
        name: "channel".to_owned(),
        attributes: "",
        inner: "",
        children: about,
    };
    let named = |vocabulary| channel.children.iter().filter(move |e| e.is(vocabulary, "title"));
    Document {
        format,
        title: named(V::Core)
            .find_map(|e| title(e, around.atom))
            .or_else(|| named(V::Dublin).find_map(|e| title(e, false))),
        link: entry::link(&channel, channel_base.as_ref())
            .or_else(|| address(&front?, channel_base.as_ref()))
            .or_else(|| address(&word(channel.child(V::Core, "id")?)?, None)),
        language: around.language,
        drafts,
        wishes: wishes(&channel),
        hub: hub(&channel, channel_base.as_ref()),
    }
}

/// What the entries take over from the feed.
fn describe(element: &Element, around: &mut Around) {
    if element.name == "language" && matches!(element.vocabulary, V::Core | V::Dublin) {
        around.language =
            word(element).as_deref().and_then(language::normalize).or(around.language.take());
    } else if around.atom && element.is(V::Core, "author") {
        around.authors = entry::author(element);
    }
}

/// How often the feed wishes to be asked.
fn wishes(channel: &Element) -> Wishes {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let minutes = channel.child(V::Core, "ttl").and_then(word).and_then(|w| w.parse::<u64>().ok());
    let listed = |list: &str, one: &str| -> Vec<String> {
        let list = channel.child(V::Core, list);
        let ones = list.into_iter().flat_map(|list| &list.children);
        ones.filter(|child| child.is(V::Core, one)).filter_map(word).take(50).collect()
    };
    let hours = listed("skiphours", "hour");
    // Some count the hours from 1 to 24.
    let hours = hours.iter().filter_map(|hour| hour.parse::<u32>().ok()).filter(|hour| *hour <= 24);
    let days = listed("skipdays", "day");
    let days = days
        .iter()
        .filter_map(|day| DAYS.iter().position(|name| day.to_ascii_lowercase().starts_with(name)));
    Wishes {
        ttl: minutes.unwrap_or_default().saturating_mul(60),
        skip_hours: hours.fold(0, |bits, hour| bits | 1 << (hour % 24)),
        skip_days: days.fold(0, |bits, day| bits | 1 << day),
        max_age: 0,
    }
}

/// The first hub that the feed names, and the feed's own address.
fn hub(channel: &Element, base: Option<&Url>) -> Option<Hub> {
    let named = |rel: &str| {
        let links = channel.children.iter().filter(|child| child.is(V::Core, "link"));
        let mut named = links.filter(|link| {
            link.attribute("rel").is_some_and(|known| known.eq_ignore_ascii_case(rel))
        });
        named.find_map(|link| address(&link.attribute("href")?, base))
    };
    Some(Hub { hub: named("hub")?, topic: named("self").or_else(|| base.map(Url::to_string))? })
}
