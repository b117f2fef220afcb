//! Atom 1.0, RFC 4287, with `media` for what an image shows and whom to credit.

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text,
    WriteConfig,
};

use super::printed::{HISTORY, Masthead, Picture, Printed, volumes};
use super::{Format, GENERATOR, check, text};
use crate::clock::Time;

/// What stands after the last entry.
pub const TAIL: &str = "\n</feed>\n";

const CRATE_TAIL: &str = "</feed>";
const NAMESPACE: &str = " xmlns=\"http://www.w3.org/2005/Atom\"";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// Everything before the first entry.
pub(super) fn head(masthead: &Masthead) -> Result<String, String> {
    let own = masthead.own.iter().map(|href| link("self", href, Some(Format::Atom.media_type())));
    let home = [link("alternate", &masthead.home, Some("text/html"))];
    let others = masthead
        .others
        .iter()
        .map(|(format, href)| link("alternate", href, Some(format.media_type())));
    let hubs = masthead.hubs.iter().map(|href| link("hub", href, None));
    let volumes = volumes(masthead).map(|(rel, href)| link(rel, href, None));
    let feed = Feed {
        title: Text::plain(masthead.title.clone()),
        id: masthead.id.clone(),
        updated: moment(masthead.updated.unwrap_or(Time::UNIX_EPOCH)),
        // Entries without an author inherit this one, as the RFC demands.
        authors: vec![person(&masthead.author)],
        generator: Some(Generator { value: GENERATOR.to_owned(), ..Generator::default() }),
        icon: masthead.icon.clone(),
        links: own.chain(home).chain(others).chain(hubs).chain(volumes).collect(),
        subtitle: Some(Text::plain(masthead.description.clone())),
        namespaces: namespaces(masthead),
        extensions: frame_extensions(masthead),
        lang: masthead.language.clone(),
        ..Feed::default()
    };
    let written = utf8(feed.write_to(Vec::new()))?;
    let head = written.strip_suffix(CRATE_TAIL).ok_or("the frame does not close")?;
    let head = format!("{head}\n");
    check::well_formed(&format!("{head}{TAIL}"))?;
    Ok(head)
}

/// One `<entry>`.
pub(super) fn fragment(entry: &Printed<'_>) -> Result<String, String> {
    let bare = WriteConfig { write_document_declaration: false, indent_size: None };
    let written = utf8(self::entry(entry).write_with_config(Vec::new(), bare))?;
    let fragment = written.replacen(NAMESPACE, "", 1);
    check::element(&fragment, &["media", "xml"])?;
    Ok(fragment)
}

fn namespaces(masthead: &Masthead) -> BTreeMap<String, String> {
    let more =
        [("fh", HISTORY, masthead.is_volume), ("at", TOMBSTONES, !masthead.withdrawn.is_empty())];
    let used = more.into_iter().filter(|(.., used)| *used);
    std::iter::once(("media".to_owned(), MEDIA.to_owned()))
        .chain(used.map(|(prefix, uri, _)| (prefix.to_owned(), uri.to_owned())))
        .collect()
}

/// That it is a volume of an archive, and the tombstones of what was
/// withdrawn (RFC 6721), so that readers need not guess why a piece is gone.
fn frame_extensions(masthead: &Masthead) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    if masthead.is_volume {
        let archive = Extension { name: "fh:archive".to_owned(), ..Extension::default() };
        map.insert("fh".to_owned(), BTreeMap::from([("archive".to_owned(), vec![archive])]));
    }
    if !masthead.withdrawn.is_empty() {
        let stones = masthead.withdrawn.iter().map(|(id, when)| Extension {
            name: "at:deleted-entry".to_owned(),
            attrs: BTreeMap::from([
                ("ref".to_owned(), id.clone()),
                ("when".to_owned(), text::rfc3339(*when)),
            ]),
            ..Extension::default()
        });
        map.insert(
            "at".to_owned(),
            BTreeMap::from([("deleted-entry".to_owned(), stones.collect())]),
        );
    }
    map
}

fn utf8(written: Result<Vec<u8>, atom_syndication::Error>) -> Result<String, String> {
    String::from_utf8(written.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())
}

fn entry(entry: &Printed<'_>) -> Entry {
    let alternate = Link {
        hreflang: entry.language.clone(),
        ..link("alternate", &entry.url, Some("text/html"))
    };
    let enclosure = entry.picture.as_ref().and_then(enclosure);
    Entry {
        title: words(entry, &entry.title),
        id: entry.id.clone(),
        updated: moment(entry.updated),
        authors: entry.authors.iter().map(|name| person(name)).collect(),
        categories: entry
            .categories
            .iter()
            .map(|category| Category {
                term: category.term.clone(),
                scheme: category.scheme.clone(),
                label: Some(category.label.clone()),
            })
            .collect(),
        links: std::iter::once(alternate).chain(enclosure).collect(),
        published: entry.published.map(moment),
        source: entry.credit.as_ref().map(|credit| Source {
            title: Text::plain(credit.title.clone()),
            id: credit.site.clone(),
            updated: moment(entry.updated),
            links: vec![link("alternate", &credit.site, Some("text/html"))],
            ..Source::default()
        }),
        summary: entry.teaser.as_deref().map(|teaser| words(entry, teaser)),
        content: entry.html.clone().map(|html| Content {
            lang: entry.language.clone(),
            value: Some(html.into_owned()),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions: entry.picture.as_ref().map(media).unwrap_or_default(),
        ..Entry::default()
    }
}

/// Plain text in the entry's own language.
fn words(entry: &Printed, words: &str) -> Text {
    Text { lang: entry.language.clone(), ..Text::plain(words.to_owned()) }
}

fn enclosure(picture: &Picture) -> Option<Link> {
    let (mime, length) = picture.file()?;
    Some(Link { length: Some(length.to_string()), ..link("enclosure", &picture.url, Some(mime)) })
}

fn media(picture: &Picture) -> ExtensionMap {
    let children = picture.parts().map(|(part, words)| {
        let name = format!("media:{part}");
        (
            part.to_owned(),
            vec![Extension { name, value: Some(words.to_owned()), ..Extension::default() }],
        )
    });
    let content = Extension {
        name: "media:content".to_owned(),
        // The crate writes attribute values of extensions as they are.
        attrs: picture
            .attributes()
            .map(|(name, value)| (name.to_owned(), quick_xml::escape::escape(value).into_owned()))
            .collect(),
        children: children.collect(),
        ..Extension::default()
    };
    ExtensionMap::from([(
        "media".to_owned(),
        BTreeMap::from([("content".to_owned(), vec![content])]),
    )])
}

fn link(rel: &str, href: &str, kind: Option<&str>) -> Link {
    Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: kind.map(str::to_owned),
        ..Link::default()
    }
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

fn moment(time: Time) -> FixedDateTime {
    time.fixed_offset()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{samples, write};

    #[test]
    fn an_entry_says_all_that_is_known_of_a_piece() {
        let channel = samples::plain();
        let text = write(&channel, Format::Atom).unwrap().text;
        let feed = Feed::read_from(text.as_bytes()).unwrap();
        let entry = &feed.entries[0];
        let link = |rel: &str| entry.links.iter().find(|link| link.rel == rel).unwrap();

        assert_eq!(entry.title.value, "Rain at last: what “normal” means & costs <today>");
        assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-03-03T09:00:00+00:00");
        assert_eq!(entry.updated.to_rfc3339(), "2026-03-04T10:30:00.000001+00:00");
        assert_eq!(entry.authors[0].name, "Africa desk");
        assert_eq!(entry.categories[0].term, "africa/kenya");
        assert_eq!(entry.categories[0].label.as_deref(), Some("AFRICA/Kenya"));
        assert_eq!(link("alternate").href, "https://news.example.org/rain?a=1&b=2");
        assert_eq!(link("enclosure").length.as_deref(), Some("48213"));
        assert_eq!(entry.summary.as_ref().unwrap().value, "Farmers & traders, <relieved>.");
        let content = entry.content.as_ref().unwrap();
        assert_eq!(content.content_type.as_deref(), Some("html"));
        assert_eq!(
            content.value.as_deref(),
            Some(channel.entries[0].html.as_ref().unwrap().as_str())
        );
        assert_eq!(entry.source.as_ref().unwrap().title.value, "The Upstream Herald");
        assert!(entry.extensions["media"].contains_key("content"));
    }

    #[test]
    fn the_frame_always_names_an_author_itself_and_its_language() {
        let channel = crate::feed::Channel { author: None, ..samples::plain() };
        let text = write(&channel, Format::Atom).unwrap().text;
        let feed = Feed::read_from(text.as_bytes()).unwrap();

        assert_eq!(feed.authors[0].name, channel.title);
        assert_eq!(feed.lang.as_deref(), Some("en"));
        assert_eq!(feed.id, channel.id);
        let own = feed.links.iter().find(|link| link.rel == "self").unwrap();
        assert_eq!(own.href, "https://news.example.org/feeds/all.atom");
        assert!(feed.links.iter().any(|link| link.rel == "hub"));
    }

    #[test]
    fn an_image_address_with_an_ampersand_is_escaped() {
        let mut channel = samples::plain();
        channel.entries[0].image.as_mut().unwrap().url = "https://i.example/?a=1&b=2".to_owned();

        let written = write(&channel, Format::Atom).unwrap();

        assert_eq!(written.left_out, []);
        assert!(written.text.contains("url=\"https://i.example/?a=1&amp;b=2\""));
    }
}
