//! What every format prints of a channel and of an entry: the same words,
//! made legal and bounded once, so that the formats cannot differ.

use std::borrow::Cow;

use chrono::TimeDelta;

use super::html;
use crate::clock::Time;
use crate::feed::text;
use crate::feed::{Addresses, Channel, Entry, Format};

const TITLE_CHARS: usize = 300;
const TEASER_CHARS: usize = 2000;
const NAME_CHARS: usize = 200;
const MOST_NAMES: usize = 50;

/// The namespace of `fh:archive` (RFC 5005).
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The volumes of an archive, as links name them.
pub(super) fn volumes(masthead: &Masthead) -> impl Iterator<Item = (&'static str, &str)> {
    let known = [
        ("current", &masthead.current),
        ("prev-archive", &masthead.older),
        ("next-archive", &masthead.newer),
    ];
    known.into_iter().filter_map(|(rel, href)| Some((rel, href.as_deref()?)))
}

/// The frame of a feed, as it is printed in one format.
#[derive(Debug)]
pub(super) struct Masthead {
    pub id: String,
    pub title: String,
    pub description: String,
    pub home: String,
    /// Its own address in this format.
    pub own: Option<String>,
    /// Its addresses in the other formats.
    pub others: Vec<(Format, String)>,
    pub language: Option<String>,
    pub updated: Option<Time>,
    pub icon: Option<String>,
    pub author: String,
    pub hubs: Vec<String>,
    /// Is it a volume of an archive, and what are the addresses of the feed
    /// itself, of the volume before and of the one after?
    pub is_volume: bool,
    pub current: Option<String>,
    pub older: Option<String>,
    pub newer: Option<String>,
    pub withdrawn: Vec<(String, Time)>,
    pub ttl: Option<u32>,
}

impl Masthead {
    pub(super) fn of(channel: &Channel, format: Format) -> Self {
        let home = text::address(&channel.home).unwrap_or_else(|| channel.id.clone());
        let address = |format| channel.addresses.get(format).and_then(text::address);
        let volume = |volume: &Option<Addresses>| {
            volume.as_ref().and_then(|volume| text::address(volume.get(format)?))
        };
        let title = or(text::words(&channel.title, TITLE_CHARS), &home);
        let others = Format::ALL.into_iter().filter(|other| *other != format);
        Self {
            id: channel.id.clone(),
            description: or(text::words(&channel.description, TEASER_CHARS), &title),
            own: address(format),
            others: others.filter_map(|other| Some((other, address(other)?))).collect(),
            language: text::language(&channel.language),
            updated: channel.updated.map(text::moment),
            icon: channel.icon.as_deref().and_then(text::address),
            author: or(
                channel
                    .author
                    .as_deref()
                    .map(|name| text::words(name, NAME_CHARS))
                    .unwrap_or_default(),
                &title,
            ),
            hubs: channel.hubs.iter().filter_map(|hub| text::address(hub)).collect(),
            is_volume: channel.volumes.current.is_some(),
            current: volume(&channel.volumes.current),
            older: volume(&channel.volumes.older),
            newer: volume(&channel.volumes.newer),
            withdrawn: channel
                .withdrawn
                .iter()
                .map(|(uid, when)| (format!("urn:uuid:{uid}"), text::moment(*when)))
                .collect(),
            ttl: channel.ttl.filter(|minutes| *minutes > 0),
            title,
            home,
        }
    }
}

/// One entry, as it is printed.
#[derive(Debug)]
pub(super) struct Printed<'a> {
    pub id: String,
    pub url: String,
    pub title: String,
    pub teaser: Option<String>,
    pub html: Option<Cow<'a, str>>,
    pub authors: Vec<String>,
    /// `None` for a date that no reader takes for one.
    pub published: Option<Time>,
    pub updated: Time,
    pub language: Option<String>,
    pub categories: Vec<Category>,
    pub picture: Option<Picture>,
    pub credit: Option<Credit>,
}

/// One place where an entry belongs, or a tag.
#[derive(Debug)]
pub(super) struct Category {
    /// `americas/united-states`, `rivers`
    pub term: String,
    /// `AMERICAS/United States`
    pub label: String,
    pub scheme: Option<String>,
}

/// The publication an entry was taken over from.
#[derive(Debug)]
pub(super) struct Credit {
    pub title: String,
    /// The site the entry leads to: the nearest known address of that publication.
    pub site: String,
}

/// An entry's image.
#[derive(Debug)]
pub(super) struct Picture {
    pub url: String,
    pub alt: String,
    pub credit: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub mime: Option<String>,
    pub length: Option<u64>,
}

impl Picture {
    /// Media type and length, if both are known: only then can it be an enclosure.
    pub(super) fn file(&self) -> Option<(&str, u64)> {
        Some((self.mime.as_deref()?, self.length?))
    }

    /// The attributes of `media:content`.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let number = |number: u64| Cow::Owned(number.to_string());
        let known = [
            ("url", Some(Cow::Borrowed(self.url.as_str()))),
            ("medium", Some(Cow::Borrowed("image"))),
            ("type", self.mime.as_deref().map(Cow::Borrowed)),
            ("fileSize", self.length.map(number)),
            ("width", self.width.map(|n| number(n.into()))),
            ("height", self.height.map(|n| number(n.into()))),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// The elements inside `media:content`: name and text.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let alt = (!self.alt.is_empty()).then_some(("description", self.alt.as_str()));
        let credit = self.credit.as_deref().map(|name| ("credit", name));
        credit.into_iter().chain(alt)
    }
}

impl<'a> Printed<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        let id = format!("urn:uuid:{}", entry.uid);
        let teaser = some(text::words(&entry.teaser, TEASER_CHARS));
        let title = text::words(&entry.title, TITLE_CHARS);
        let scheme = text::address(&entry.scheme);
        let tag_scheme = text::address(&entry.tag_scheme);
        let url = text::address(&entry.url).unwrap_or_else(|| id.clone());
        Self {
            title: if title.is_empty() {
                teaser.as_deref().map_or_else(|| id.clone(), |words| text::words(words, 80))
            } else {
                title
            },
            html: entry
                .html
                .as_ref()
                .map(|html| body(html.as_str()))
                .filter(|html| !html.is_empty()),
            authors: names(entry.authors.iter()),
            published: Some(entry.published)
                .filter(|date| *date >= Time::UNIX_EPOCH)
                .map(text::moment),
            updated: updated(entry),
            language: text::language(&entry.language),
            categories: entry
                .regions
                .iter()
                .take(MOST_NAMES)
                .map(|(path, names)| Category {
                    term: path.as_str().to_owned(),
                    label: or(label(names), path.as_str()),
                    scheme: scheme.clone(),
                })
                .chain(entry.tags.iter().take(MOST_NAMES).filter_map(|(slug, title)| {
                    let label = some(text::words(title, NAME_CHARS))?;
                    let term = some(text::line(slug, NAME_CHARS))?;
                    Some(Category { term, label, scheme: tag_scheme.clone() })
                }))
                .collect(),
            picture: entry.image.as_ref().and_then(picture),
            credit: entry.credit.as_deref().and_then(|name| credit(name, &url)),
            teaser,
            url,
            id,
        }
    }
}

/// The text of a piece. Nearly all are legal and portable already, and are not
/// copied.
fn body(html: &str) -> Cow<'_, str> {
    match html::portable(html) {
        Cow::Borrowed(html) => match text::legal(html) {
            Cow::Borrowed(html) => Cow::Borrowed(html.trim()),
            Cow::Owned(html) => Cow::Owned(html.trim().to_owned()),
        },
        Cow::Owned(html) => Cow::Owned(text::legal(&html).trim().to_owned()),
    }
}

/// When an entry changed. Validators and readers want no two entries of one
/// moment, and many sources date by the day: where the fraction of the second
/// is not said, the entry's own number stands in it.
fn updated(entry: &Entry) -> Time {
    let known = [entry.updated, entry.first_seen].into_iter().find(|t| *t >= Time::UNIX_EPOCH);
    let updated = text::moment(known.unwrap_or(Time::UNIX_EPOCH));
    if updated.timestamp_subsec_nanos() > 0 {
        return updated;
    }
    updated + TimeDelta::microseconds(entry.number.rem_euclid(1_000_000))
}

fn picture(image: &crate::article::Image) -> Option<Picture> {
    Some(Picture {
        url: text::address(&image.url)?,
        alt: text::words(&image.alt, TEASER_CHARS),
        credit: image.credit.as_deref().and_then(|name| some(text::words(name, NAME_CHARS))),
        width: image.width.filter(|n| *n > 0),
        height: image.height.filter(|n| *n > 0),
        mime: image.mime.as_deref().and_then(text::media_type),
        length: image.length.filter(|n| *n > 0),
    })
}

fn credit(name: &str, url: &str) -> Option<Credit> {
    let title = some(text::words(name, NAME_CHARS))?;
    let site = url::Url::parse(url).ok()?.origin();
    site.is_tuple().then(|| Credit { title, site: format!("{}/", site.ascii_serialization()) })
}

/// `AMERICAS/United States`: the outermost region in capitals.
fn label(names: &[String]) -> String {
    let mut label = String::new();
    for (at, name) in names.iter().take(4).enumerate() {
        let name = text::words(name, NAME_CHARS);
        if at == 0 {
            label.push_str(&name.to_uppercase());
        } else {
            label.push('/');
            label.push_str(&name);
        }
    }
    label
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.filter_map(|name| some(text::words(name, NAME_CHARS))).take(MOST_NAMES).collect()
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn or(text: String, instead: &str) -> String {
    if text.is_empty() { instead.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::samples;

    #[test]
    fn a_category_is_region_and_country() {
        assert_eq!(
            label(&["Americas".to_owned(), "United States".to_owned()]),
            "AMERICAS/United States"
        );
    }

    #[test]
    fn an_entry_with_nothing_printable_still_has_a_title_and_an_address() {
        let entry = Entry {
            title: "\u{0}\u{1}".to_owned(),
            teaser: String::new(),
            url: "javascript:alert(1)".to_owned(),
            ..samples::plain().entries[0].clone()
        };

        let printed = Printed::of(&entry);

        assert_eq!(printed.title, printed.id);
        assert_eq!(printed.url, printed.id);
        assert_eq!(printed.teaser, None);
    }
}
