//! RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0: the whole document.

use url::Url;

use super::entry::{self, Around};
use super::value::{address, title, word};
use super::xml::{Element, Part, Reader, Vocabulary as V};
use super::{Document, Format};
use crate::article::language;

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
