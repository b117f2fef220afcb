//! OPML 2.0: all feeds in one list that a reader can import.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{check, text};
use crate::clock::Time;
use crate::region::RegionPath;

const TITLE_CHARS: usize = 300;

/// One line of the list: a feed, or a folder of feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// A feed.
    Feed {
        /// Plain text.
        title: String,
        /// Where the feed is fetched; absolute.
        feed: String,
        /// The page for people; absolute.
        home: String,
    },
    /// A folder.
    Folder {
        /// Plain text.
        title: String,
        /// What lies in it.
        inside: Vec<Outline>,
    },
}

impl Outline {
    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Feed { title, .. } | Self::Folder { title, .. } => title,
        }
    }
}

/// Nests the feeds of regions by the tree. A region that holds others becomes
/// a folder with its own feed first. The given order is kept; parents come
/// before their children, as the tree lists them.
#[must_use]
pub fn nest(feeds: Vec<(RegionPath, Outline)>) -> Vec<Outline> {
    let mut feeds = feeds.into_iter().peekable();
    level(&mut feeds, None)
}

fn level(
    feeds: &mut std::iter::Peekable<std::vec::IntoIter<(RegionPath, Outline)>>,
    around: Option<&RegionPath>,
) -> Vec<Outline> {
    let mut outlines = Vec::new();
    while let Some((path, feed)) =
        feeds.next_if(|(path, _)| around.is_none_or(|around| path.is_within(around)))
    {
        let title = feed.title().to_owned();
        let mut inside = level(feeds, Some(&path));
        if inside.is_empty() {
            outlines.push(feed);
        } else {
            inside.insert(0, feed);
            outlines.push(Outline::Folder { title, inside });
        }
    }
    outlines
}

/// Writes the list.
///
/// # Errors
/// If it would not be well-formed; keep serving the last good one.
pub fn write(title: &str, updated: Option<Time>, outlines: &[Outline]) -> Result<String, String> {
    let mut writer = Writer::new(Vec::new());
    frame(&mut writer, title, updated, outlines).map_err(|error| error.to_string())?;
    let mut written = String::from_utf8(writer.into_inner()).map_err(|error| error.to_string())?;
    written.push('\n');
    check::well_formed(&written)?;
    Ok(written)
}

type Written = std::io::Result<()>;

fn frame(
    writer: &mut Writer<Vec<u8>>,
    title: &str,
    updated: Option<Time>,
    outlines: &[Outline],
) -> Written {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer
        .write_event(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])))?;
    writer.write_event(Event::Start(BytesStart::new("head")))?;
    element(writer, "title", &text::line(title, TITLE_CHARS))?;
    if let Some(updated) = updated {
        element(writer, "dateModified", &text::rfc2822(updated))?;
    }
    writer.write_event(Event::End(BytesEnd::new("head")))?;
    writer.write_event(Event::Start(BytesStart::new("body")))?;
    list(writer, outlines)?;
    writer.write_event(Event::End(BytesEnd::new("body")))?;
    writer.write_event(Event::End(BytesEnd::new("opml")))
}

fn element(writer: &mut Writer<Vec<u8>>, name: &str, words: &str) -> Written {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    writer.write_event(Event::Text(BytesText::new(words)))?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

fn list(writer: &mut Writer<Vec<u8>>, outlines: &[Outline]) -> Written {
    for outline in outlines {
        let title = text::line(outline.title(), TITLE_CHARS);
        let mut tag = BytesStart::new("outline");
        tag.push_attribute(("text", title.as_str()));
        match outline {
            Outline::Folder { inside, .. } => {
                writer.write_event(Event::Start(tag))?;
                list(writer, inside)?;
                writer.write_event(Event::End(BytesEnd::new("outline")))?;
            }
            Outline::Feed { feed, home, .. } => {
                let Some(feed) = text::address(feed) else { continue };
                tag.push_attribute(("title", title.as_str()));
                tag.push_attribute(("type", "rss"));
                tag.push_attribute(("xmlUrl", feed.as_str()));
                if let Some(home) = text::address(home) {
                    tag.push_attribute(("htmlUrl", home.as_str()));
                }
                writer.write_event(Event::Empty(tag))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(path: &str) -> (RegionPath, Outline) {
        let outline = Outline::Feed {
            title: format!("News & <{path}>"),
            feed: format!("https://news.example.org/feeds/region/{path}.rss"),
            home: "https://news.example.org/".to_owned(),
        };
        (RegionPath::parse(path).unwrap(), outline)
    }

    #[test]
    fn feeds_are_nested_by_region_and_a_region_keeps_its_own_feed() {
        let nested =
            nest(["africa", "africa/kenya", "africa/mali", "asia", "world"].map(feed).into());

        let titles: Vec<_> = nested.iter().map(Outline::title).collect();
        assert_eq!(titles, ["News & <africa>", "News & <asia>", "News & <world>"]);
        let Outline::Folder { inside, .. } = &nested[0] else { panic!("{nested:?}") };
        assert_eq!(inside.len(), 3);
        assert!(matches!(&nested[1], Outline::Feed { .. }));
    }

    #[test]
    fn the_list_is_well_formed_and_holds_every_feed() {
        let nested = nest(["africa", "africa/kenya", "asia"].map(feed).into());

        let text = write("All\u{b} feeds & more", None, &nested).unwrap();

        assert_eq!(text.matches("xmlUrl=").count(), 3);
        assert!(text.contains("<title>All feeds &amp; more</title>"), "{text}");
    }
}
