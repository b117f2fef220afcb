//! RSS 2.0, with the namespaces `content`, `dc`, `atom`, `media` and `sy`,
//! after the RSS Advisory Board's Best Practices Profile.

use std::collections::BTreeMap;
use std::fmt::Write;

use ::rss::extension::{Extension, ExtensionMap};
use ::rss::{Channel, Image};
use memchr::memmem;

use super::printed::{HISTORY, Masthead, Picture, Printed, volumes};
use super::{Format, GENERATOR, check, text};

/// What stands after the last item.
pub const TAIL: &str = "\n</channel></rss>\n";

/// What the crate writes there; cut off, because items are put in between.
const CRATE_TAIL: &str = "</channel></rss>";

const NAMESPACES: [(&str, &str); 5] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
];

/// Everything before the first item.
pub(super) fn head(masthead: &Masthead) -> Result<String, String> {
    let channel = Channel {
        title: masthead.title.clone(),
        link: masthead.home.clone(),
        description: masthead.description.clone(),
        language: masthead.language.clone(),
        last_build_date: masthead.updated.map(text::rfc2822),
        generator: Some(GENERATOR.to_owned()),
        docs: Some("http://www.rssboard.org/rss-specification".to_owned()),
        ttl: masthead.ttl.map(|minutes| minutes.to_string()),
        image: masthead.icon.clone().map(|url| Image {
            url,
            title: masthead.title.clone(),
            link: masthead.home.clone(),
            ..Image::default()
        }),
        extensions: head_extensions(masthead),
        namespaces: if masthead.is_volume {
            let mut all = namespaces();
            all.insert("fh".to_owned(), HISTORY.to_owned());
            all
        } else {
            namespaces()
        },
        ..Channel::default()
    };
    let written = print(&channel)?;
    let head = written.strip_suffix(CRATE_TAIL).ok_or("the frame does not close")?;
    let head = format!("{}\n", spell_references(head));
    check::well_formed(&format!("{head}{TAIL}"))?;
    Ok(head)
}

/// One `<item>`. It is written by hand, because a feed has many: what it says
/// is read back by the crate in the tests.
pub(super) fn fragment(entry: &Printed<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(1024 + entry.html.as_ref().map_or(0, |html| html.len()));
    out.push_str("<item>");
    leaf(&mut out, "title", "", &entry.title);
    leaf(&mut out, "link", "", &entry.url);
    // A description is HTML; it must stand before `content:encoded`.
    if let Some(words) = entry.teaser.as_ref().or(entry.html.as_ref().map(|_| &entry.title)) {
        cdata(&mut out, "description", &text::as_html(words));
    }
    for category in &entry.categories {
        let domain = category.scheme.as_deref().map(|scheme| attribute("domain", scheme));
        leaf(&mut out, "category", &domain.unwrap_or_default(), &category.label);
    }
    leaf(&mut out, "guid", " isPermaLink=\"false\"", &entry.id);
    if let Some(picture) = &entry.picture
        && let Some((mime, length)) = picture.file()
    {
        let url = attribute("url", &picture.url);
        let _ = write!(out, "<enclosure{url} length=\"{length}\"{}/>", attribute("type", mime));
    }
    if let Some(date) = entry.published {
        leaf(&mut out, "pubDate", "", &text::rfc2822(date));
    }
    if let Some(credit) = &entry.credit {
        leaf(&mut out, "source", &attribute("url", &credit.site), &credit.title);
    }
    if let Some(html) = &entry.html {
        cdata(&mut out, "content:encoded", html);
    }
    if let Some(picture) = &entry.picture {
        media(&mut out, picture);
    }
    for name in &entry.authors {
        leaf(&mut out, "dc:creator", "", name);
    }
    if let Some(language) = &entry.language {
        leaf(&mut out, "dc:language", "", language);
    }
    out.push_str("</item>");
    check::element(&out, &NAMESPACES.map(|(prefix, _)| prefix))?;
    Ok(out)
}

fn media(out: &mut String, picture: &Picture) {
    out.push_str("<media:content");
    for (name, value) in picture.attributes() {
        out.push_str(&attribute(name, &value));
    }
    out.push('>');
    for (part, words) in picture.parts() {
        leaf(out, &format!("media:{part}"), "", words);
    }
    out.push_str("</media:content>");
}

/// An element that holds plain text.
fn leaf(out: &mut String, name: &str, attributes: &str, words: &str) {
    for part in ["<", name, attributes, ">"] {
        out.push_str(part);
    }
    escape(out, words);
    for part in ["</", name, ">"] {
        out.push_str(part);
    }
}

/// An element that holds HTML.
fn cdata(out: &mut String, name: &str, html: &str) {
    for part in ["<", name, "><![CDATA["] {
        out.push_str(part);
    }
    let mut rest = html;
    while let Some(at) = memmem::find(rest.as_bytes(), b"]]>") {
        out.push_str(&rest[..at + 2]);
        out.push_str("]]><![CDATA[");
        rest = &rest[at + 2..];
    }
    for part in [rest, "]]></", name, ">"] {
        out.push_str(part);
    }
}

fn attribute(name: &str, value: &str) -> String {
    let mut out = format!(" {name}=\"");
    escape(&mut out, value);
    out.push('"');
    out
}

/// Text with `&` and `<` as hexadecimal references: the profile recommends
/// them because no reader mistakes them for HTML.
fn escape(out: &mut String, words: &str) {
    let mut rest = words;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&#x26;",
            b'<' => "&#x3C;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

fn print(channel: &Channel) -> Result<String, String> {
    let bytes = channel.write_to(Vec::new()).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn namespaces() -> BTreeMap<String, String> {
    NAMESPACES.map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).into()
}

fn head_extensions(masthead: &Masthead) -> ExtensionMap {
    let link = |rel: &str, href: &str, kind: Option<&str>| {
        let mut attrs = BTreeMap::from([
            ("href".to_owned(), href.to_owned()),
            ("rel".to_owned(), rel.to_owned()),
        ]);
        attrs.extend(kind.map(|kind| ("type".to_owned(), kind.to_owned())));
        Extension { name: "atom:link".to_owned(), attrs, ..Extension::default() }
    };
    let own = masthead.own.iter().map(|href| link("self", href, Some(Format::Rss.media_type())));
    let others = masthead
        .others
        .iter()
        .map(|(format, href)| link("alternate", href, Some(format.media_type())));
    let hubs = masthead.hubs.iter().map(|href| link("hub", href, None));
    let home = [link("alternate", &masthead.home, Some("text/html"))];
    let volumes = volumes(masthead).map(|(rel, href)| link(rel, href, None));
    let links = own.chain(home).chain(others).chain(hubs).chain(volumes).collect();

    let mut map =
        ExtensionMap::from([("atom".to_owned(), BTreeMap::from([("link".to_owned(), links)]))]);
    if masthead.is_volume {
        let archive = Extension { name: "fh:archive".to_owned(), ..Extension::default() };
        map.insert("fh".to_owned(), BTreeMap::from([("archive".to_owned(), vec![archive])]));
    }
    if let Some(minutes) = masthead.ttl {
        let element = |name: &str, value: String| {
            let name = format!("sy:{name}");
            vec![Extension { name, value: Some(value), ..Extension::default() }]
        };
        let per_hour = (60 / minutes).max(1).to_string();
        map.insert(
            "sy".to_owned(),
            BTreeMap::from([
                ("updateFrequency".to_owned(), element("updateFrequency", per_hour)),
                ("updatePeriod".to_owned(), element("updatePeriod", "hourly".to_owned())),
            ]),
        );
    }
    map
}

/// Spells `&` and `<` in character data as hexadecimal references. The
/// profile recommends them because no reader mistakes them for HTML; CDATA,
/// which is HTML, and tags stay as they are.
fn spell_references(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len() + 256);
    let mut rest = xml;
    while let Some(at) = rest.find('<') {
        let (words, markup) = rest.split_at(at);
        if words.contains('&') {
            out.push_str(&words.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;"));
        } else {
            out.push_str(words);
        }
        let end = if markup.starts_with("<![CDATA[") { "]]>" } else { ">" };
        let length = markup.find(end).map_or(markup.len(), |at| at + end.len());
        out.push_str(&markup[..length]);
        rest = &markup[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{samples, write};

    fn read(channel: &crate::feed::Channel) -> (String, Channel) {
        let text = write(channel, Format::Rss).unwrap().text;
        let read = Channel::read_from(text.as_bytes()).unwrap();
        (text, read)
    }

    #[test]
    fn an_item_says_all_that_is_known_of_a_piece() {
        let channel = samples::plain();
        let (text, read) = read(&channel);
        let (item, entry) = (&read.items[0], &channel.entries[0]);

        assert_eq!(
            item.title.as_deref(),
            Some("Rain at last: what “normal” means & costs <today>")
        );
        assert_eq!(item.link.as_deref(), Some("https://news.example.org/rain?a=1&b=2"));
        assert_eq!(item.description.as_deref(), Some("Farmers &amp; traders, &lt;relieved>."));
        assert_eq!(item.content.as_deref(), Some(entry.html.as_ref().unwrap().as_str()));
        assert_eq!(item.pub_date.as_deref(), Some("Tue, 03 Mar 2026 09:00:00 GMT"));
        let dc = item.dublin_core_ext.as_ref().unwrap();
        assert_eq!(dc.creators, ["Africa desk", "Data desk"]);
        assert_eq!(item.author, None, "RSS author is an e-mail address");
        assert_eq!(item.categories[0].name, "AFRICA/Kenya");
        assert_eq!(
            item.categories[0].domain.as_deref(),
            Some("https://news.example.org/feeds/region/")
        );
        let enclosure = item.enclosure.as_ref().unwrap();
        assert_eq!(
            (enclosure.length.as_str(), enclosure.mime_type.as_str()),
            ("48213", "image/jpeg")
        );
        let media = &item.extensions["media"]["content"][0];
        assert_eq!(media.attrs["medium"], "image");
        assert_eq!(media.children["description"][0].value.as_deref(), Some("A field after rain"));
        assert_eq!(media.children["credit"][0].value.as_deref(), Some("Picture desk"));
        assert_eq!(item.source.as_ref().unwrap().title.as_deref(), Some("The Upstream Herald"));
        let (teaser, full) =
            (text.find("<description><![CDATA[Farm"), text.find("<content:encoded>"));
        assert!(teaser.unwrap() < full.unwrap());
    }

    #[test]
    fn the_frame_names_itself_its_home_its_hub_and_when_its_content_changed() {
        let (text, read) = read(&samples::plain());
        let links = &read.extensions["atom"]["link"];
        let href =
            |rel: &str| links.iter().find(|l| l.attrs["rel"] == rel).unwrap().attrs["href"].clone();

        assert_eq!(href("self"), "https://news.example.org/feeds/all.rss");
        assert_eq!(href("alternate"), "https://news.example.org/");
        assert_eq!(href("hub"), "https://news.example.org/hub");
        assert_eq!(read.last_build_date.as_deref(), Some("Wed, 04 Mar 2026 10:30:00 GMT"));
        assert_eq!(read.language.as_deref(), Some("en"));
        assert_eq!(read.ttl.as_deref(), Some("15"));
        assert_eq!(read.generator.as_deref(), Some("gazetted"));
        assert!(text.contains("<sy:updateFrequency>4<"));
        assert!(read.image.is_some());
    }

    #[test]
    fn an_image_of_unknown_length_is_no_enclosure() {
        let mut channel = samples::plain();
        channel.entries[0].image.as_mut().unwrap().length = None;

        let (_, read) = read(&channel);

        assert_eq!(read.items[0].enclosure, None);
        assert!(read.items[0].extensions.contains_key("media"));
    }

    #[test]
    fn a_teaser_feed_holds_no_full_text() {
        let mut channel = samples::plain();
        channel.entries.iter_mut().for_each(|entry| entry.html = None);

        let (text, read) = read(&channel);

        assert_eq!(read.items[0].content, None);
        assert!(!text.contains("<content:encoded>"));
    }

    #[test]
    fn character_data_uses_hexadecimal_references_and_html_stays_as_it_is() {
        assert_eq!(
            spell_references("<a b='&amp;'>x &amp; &lt;y&gt;<![CDATA[&amp;<p>]]>&amp;</a>"),
            "<a b='&amp;'>x &#x26; &#x3C;y&gt;<![CDATA[&amp;<p>]]>&#x26;</a>"
        );
    }
}
