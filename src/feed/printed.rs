//! What every format prints of a channel and of an entry: the same words,
//! made legal and bounded once, so that the formats cannot differ.

use crate::clock::Time;
use crate::feed::text;
use crate::feed::{Channel, Entry, Format};

const TITLE_CHARS: usize = 300;
const TEASER_CHARS: usize = 2000;
const NAME_CHARS: usize = 200;
const MOST_NAMES: usize = 50;

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
    pub hub: Option<String>,
    pub ttl: Option<u32>,
}

impl Masthead {
    pub(super) fn of(channel: &Channel, format: Format) -> Self {
        let home = text::address(&channel.home).unwrap_or_else(|| channel.id.clone());
        let address = |format| channel.addresses.get(format).and_then(text::address);
        let title = or(text::line(&channel.title, TITLE_CHARS), &home);
        let others = Format::ALL.into_iter().filter(|other| *other != format);
        Self {
            id: channel.id.clone(),
            description: or(text::line(&channel.description, TEASER_CHARS), &title),
            own: address(format),
            others: others.filter_map(|other| Some((other, address(other)?))).collect(),
            language: text::language(&channel.language),
            updated: channel.updated.map(text::moment),
            icon: channel.icon.as_deref().and_then(text::address),
            author: or(
                channel
                    .author
                    .as_deref()
                    .map(|name| text::line(name, NAME_CHARS))
                    .unwrap_or_default(),
                &title,
            ),
            hub: channel.hub.as_deref().and_then(text::address),
            ttl: channel.ttl.filter(|minutes| *minutes > 0),
            title,
            home,
        }
    }
}

/// One entry, as it is printed.
#[derive(Debug)]
pub(super) struct Printed {
    pub id: String,
    pub url: String,
    pub title: String,
    pub teaser: Option<String>,
    pub html: Option<String>,
    pub authors: Vec<String>,
    pub published: Time,
    pub updated: Time,
    pub language: Option<String>,
    pub categories: Vec<Category>,
    pub picture: Option<Picture>,
    pub credit: Option<Credit>,
}

/// One place where an entry belongs.
#[derive(Debug)]
pub(super) struct Category {
    /// `americas/united-states`
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
    pub(super) fn attributes(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let known = [
            ("url", Some(self.url.clone())),
            ("medium", Some("image".to_owned())),
            ("type", self.mime.clone()),
            ("fileSize", self.length.map(|n| n.to_string())),
            ("width", self.width.map(|n| n.to_string())),
            ("height", self.height.map(|n| n.to_string())),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }

    /// The elements inside `media:content`: name and text.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let alt = (!self.alt.is_empty()).then_some(("description", self.alt.as_str()));
        let credit = self.credit.as_deref().map(|name| ("credit", name));
        credit.into_iter().chain(alt)
    }
}

impl Printed {
    pub(super) fn of(entry: &Entry) -> Self {
        let id = format!("urn:uuid:{}", entry.uid);
        let teaser = some(text::line(&entry.teaser, TEASER_CHARS));
        let title = text::line(&entry.title, TITLE_CHARS);
        let scheme = text::address(&entry.scheme);
        let url = text::address(&entry.url).unwrap_or_else(|| id.clone());
        Self {
            title: if title.is_empty() {
                teaser.as_deref().map_or_else(|| id.clone(), |words| text::line(words, 80))
            } else {
                title
            },
            html: entry
                .html
                .as_ref()
                .and_then(|html| some(text::legal(html.as_str()).trim().to_owned())),
            authors: names(entry.authors.iter()),
            published: text::moment(entry.published),
            updated: text::moment(entry.updated),
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
                .collect(),
            picture: entry.image.as_ref().and_then(picture),
            credit: entry.credit.as_deref().and_then(|name| credit(name, &url)),
            teaser,
            url,
            id,
        }
    }
}

fn picture(image: &crate::article::Image) -> Option<Picture> {
    Some(Picture {
        url: text::address(&image.url)?,
        alt: text::line(&image.alt, TEASER_CHARS),
        credit: image.credit.as_deref().and_then(|name| some(text::line(name, NAME_CHARS))),
        width: image.width.filter(|n| *n > 0),
        height: image.height.filter(|n| *n > 0),
        mime: image.mime.as_deref().and_then(text::media_type),
        length: image.length.filter(|n| *n > 0),
    })
}

fn credit(name: &str, url: &str) -> Option<Credit> {
    let title = some(text::line(name, NAME_CHARS))?;
    let site = url::Url::parse(url).ok()?.origin();
    site.is_tuple().then(|| Credit { title, site: format!("{}/", site.ascii_serialization()) })
}

/// `AMERICAS/United States`: the outermost region in capitals.
fn label(names: &[String]) -> String {
    let mut label = String::new();
    for (at, name) in names.iter().take(4).enumerate() {
        let name = text::line(name, NAME_CHARS);
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
    names.filter_map(|name| some(text::line(name, NAME_CHARS))).take(MOST_NAMES).collect()
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
