//! XML as feeds are written: elements with their vocabulary, one entry at a time.
//!
//! A tree is built only for the few elements that hold others by design; of
//! all the rest the raw inside is kept, so depth costs nothing. Knows names,
//! not their meaning.

use url::Url;

use crate::article::markup::{Token, Tokens, attributes, decode};

/// To which set of names an element belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// RSS, RDF's RSS, Atom, and everything without a namespace.
    Core,
    /// Dublin Core and its terms.
    Dublin,
    /// `content:encoded`.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// RDF itself.
    Rdf,
    /// Where on earth: `GeoRSS`.
    Geo,
    /// The W3C's Basic Geo (WGS 84).
    BasicGeo,
    /// `FeedBurner`.
    Feedburner,
    /// Anything else.
    Other,
}

/// An element with its raw inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// Whose name it is.
    pub vocabulary: Vocabulary,
    /// Name without prefix, lower case.
    pub name: String,
    /// Attributes as they stand in the tag.
    pub attributes: &'a str,
    /// Everything between the tags, as it stands.
    pub inner: &'a str,
    /// For elements that hold others by design.
    pub children: Vec<Element<'a>>,
}

impl Element<'_> {
    /// Is this the element `name` of `vocabulary`?
    #[must_use]
    pub fn is(&self, vocabulary: Vocabulary, name: &str) -> bool {
        self.vocabulary == vocabulary && self.name == name
    }

    /// The decoded value of an attribute, by its name without prefix.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<String> {
        attributes(self.attributes)
            .find(|(key, _)| local(key).eq_ignore_ascii_case(name) && !key.starts_with("xmlns"))
            .map(|(_, value)| decode(value).trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The first child of that name.
    #[must_use]
    pub fn child(&self, vocabulary: Vocabulary, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(vocabulary, name))
    }

    /// The address against which addresses inside this element are resolved.
    #[must_use]
    pub fn base(&self, around: Option<&Url>) -> Option<Url> {
        rebase(self.attributes, around)
    }
}

/// What a document says, in its order.
#[derive(Debug)]
pub enum Part<'a> {
    /// The outermost element.
    Root(Element<'a>),
    /// An element that describes the feed.
    About(Element<'a>),
    /// One entry.
    Entry(Element<'a>),
}

/// Reads the parts of a feed; never fails.
pub struct Reader<'a> {
    source: &'a str,
    tokens: Tokens<'a>,
    /// Prefix, vocabulary, and how many structural elements were open.
    scope: Vec<(&'a str, Vocabulary, usize)>,
    /// `xml:base` of each open structural element.
    open: Vec<Option<Url>>,
    base: Option<Url>,
    /// How many bytes may still be read twice to put unclosed elements right.
    spare: usize,
    started: bool,
}

/// Elements one inside the other are kept this deep.
const MAX_DEPTH: usize = 6;
/// Children of one element that are kept.
const MAX_CHILDREN: usize = 2000;

impl<'a> Reader<'a> {
    /// Reads a document that was found at `base`.
    #[must_use]
    pub fn of(source: &'a str, base: Option<&Url>) -> Self {
        Self {
            source,
            tokens: Tokens::of(source),
            scope: Vec::new(),
            open: Vec::new(),
            base: base.cloned(),
            spare: 4 * source.len(),
            started: false,
        }
    }

    /// What addresses are resolved against at this place.
    #[must_use]
    pub fn base(&self) -> Option<&Url> {
        self.open.last().and_then(Option::as_ref).or(self.base.as_ref())
    }

    /// Takes a base from the feed itself where nothing better is known.
    pub fn base_if_unknown(&mut self, base: &str) {
        if self.base.is_none() {
            self.base = Url::parse(base).ok().filter(|url| !url.cannot_be_a_base());
        }
    }

    /// The next part of the document.
    pub fn part(&mut self) -> Option<Part<'a>> {
        loop {
            match self.tokens.next()? {
                Token::Start { name, attributes, empty } => {
                    let known = self.scope.len();
                    self.declare(attributes);
                    let (vocabulary, short) = self.resolve(name);
                    if is_structural(&short) && vocabulary != Vocabulary::Media {
                        if !empty {
                            let base = rebase(attributes, self.base());
                            self.open.push(base);
                            for entry in &mut self.scope[known..] {
                                entry.2 = self.open.len();
                            }
                        }
                        if !self.started {
                            self.started = true;
                            let children = Vec::new();
                            let root = Element {
                                vocabulary,
                                name: short,
                                attributes,
                                inner: "",
                                children,
                            };
                            return Some(Part::Root(root));
                        }
                        continue;
                    }
                    let entry = is_entry(&short) && vocabulary == Vocabulary::Core;
                    let element = self.element(name, attributes, empty, 0);
                    self.scope.truncate(known);
                    return Some(if entry { Part::Entry(element) } else { Part::About(element) });
                }
                Token::End { name } if is_structural(&local(name).to_ascii_lowercase()) => {
                    self.open.pop();
                    let depth = self.open.len();
                    self.scope.retain(|entry| entry.2 <= depth);
                }
                _ => {}
            }
        }
    }

    /// The element whose start tag was just read.
    fn element(
        &mut self,
        raw_name: &'a str,
        attributes: &'a str,
        empty: bool,
        depth: usize,
    ) -> Element<'a> {
        let (vocabulary, name) = self.resolve(raw_name);
        let mut element = Element { vocabulary, name, attributes, inner: "", children: Vec::new() };
        if empty {
            return element;
        }
        let start = self.tokens.at();
        if depth < MAX_DEPTH && holds_others(&element) {
            self.container(raw_name, start, depth, &mut element);
        } else {
            element.inner = self.leaf(raw_name, start);
        }
        element
    }

    fn container(
        &mut self,
        raw_name: &'a str,
        start: usize,
        depth: usize,
        element: &mut Element<'a>,
    ) {
        loop {
            let from = self.tokens.at();
            element.inner = &self.source[start..from];
            match self.tokens.next() {
                None => return,
                Some(Token::End { name }) if same(name, raw_name) => return,
                Some(Token::End { name }) if ends_all(name) => {
                    self.tokens.go_to(from);
                    return;
                }
                Some(Token::Start { name, .. })
                    if is_entry(&local(name).to_ascii_lowercase()) && same(local(name), name) =>
                {
                    self.tokens.go_to(from);
                    return;
                }
                Some(Token::Start { name, attributes, empty }) => {
                    let known = self.scope.len();
                    self.declare(attributes);
                    let child = self.element(name, attributes, empty, depth + 1);
                    self.scope.truncate(known);
                    if element.children.len() < MAX_CHILDREN {
                        element.children.push(child);
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// The inside of an element that is kept as it stands.
    fn leaf(&mut self, raw_name: &'a str, start: usize) -> &'a str {
        let mut inside = 0_usize;
        let mut first_tag = None;
        loop {
            let from = self.tokens.at();
            let unclosed = match self.tokens.next() {
                None => true,
                Some(Token::End { name }) if same(name, raw_name) => {
                    if inside == 0 {
                        return &self.source[start..from];
                    }
                    inside -= 1;
                    false
                }
                Some(Token::End { name }) => ends_all(name) && !same(name, raw_name),
                Some(Token::Start { name, empty, .. }) => {
                    first_tag.get_or_insert(from);
                    inside += usize::from(!empty && same(name, raw_name));
                    false
                }
                Some(_) => false,
            };
            if unclosed {
                // Nobody closed it: it ends where the next tag begins.
                let end = first_tag.filter(|_| self.spare > 0).unwrap_or(from);
                self.spare = self.spare.saturating_sub(from - end);
                self.tokens.go_to(end);
                return &self.source[start..end];
            }
        }
    }

    fn declare(&mut self, raw: &'a str) {
        if !raw.contains("xmlns") {
            return;
        }
        for (name, uri) in attributes(raw) {
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) => rest.strip_prefix(':').unwrap_or(rest),
                None => continue,
            };
            if self.scope.len() < 256 {
                self.scope.push((
                    prefix,
                    vocabulary_of(&decode(uri), prefix.is_empty()),
                    self.open.len(),
                ));
            }
        }
    }

    fn resolve(&self, name: &str) -> (Vocabulary, String) {
        let (prefix, short) = name.split_once(':').unwrap_or(("", name));
        let declared = self.scope.iter().rev().find(|entry| entry.0 == prefix).map(|entry| entry.1);
        let vocabulary = declared.unwrap_or_else(|| usual(prefix));
        (vocabulary, short.to_ascii_lowercase())
    }
}

fn rebase(raw: &str, around: Option<&Url>) -> Option<Url> {
    let own = attributes(raw).find(|(name, _)| name.eq_ignore_ascii_case("xml:base"));
    let Some((_, value)) = own else { return around.cloned() };
    let value = decode(value);
    let joined = match around {
        Some(around) => around.join(value.trim()).ok(),
        None => Url::parse(value.trim()).ok(),
    };
    joined
        .filter(|url| matches!(url.scheme(), "http" | "https" | "file" | "ftp"))
        .or_else(|| around.cloned())
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn is_structural(name: &str) -> bool {
    matches!(name, "rss" | "rdf" | "channel" | "feed" | "redirect")
}

fn is_entry(name: &str) -> bool {
    matches!(name, "item" | "entry")
}

/// End tags that no element of an entry survives.
fn ends_all(name: &str) -> bool {
    let name = local(name);
    ["item", "entry", "channel", "rss", "feed", "rdf"].iter().any(|end| same(name, end))
}

fn holds_others(element: &Element) -> bool {
    match element.vocabulary {
        Vocabulary::Core => matches!(
            element.name.as_str(),
            "item"
                | "entry"
                | "author"
                | "contributor"
                | "source"
                | "image"
                | "textinput"
                | "skiphours"
                | "skipdays"
        ),
        Vocabulary::Media => matches!(element.name.as_str(), "group" | "content"),
        Vocabulary::Itunes => element.name == "owner",
        Vocabulary::BasicGeo => element.name == "point",
        Vocabulary::Dublin => matches!(element.name.as_str(), "creator" | "contributor"),
        _ => false,
    }
}

/// The vocabulary behind a namespace.
fn vocabulary_of(uri: &str, default: bool) -> Vocabulary {
    let uri = uri.trim().to_ascii_lowercase();
    let is = |part: &str| uri.contains(part);
    if is("purl.org/dc/") {
        Vocabulary::Dublin
    } else if is("purl.org/rss/1.0/modules/content") {
        Vocabulary::Content
    } else if is("search.yahoo.com/mrss")
        || is("rssboard.org/media-rss")
        || is("search.yahoo.com/rss")
    {
        Vocabulary::Media
    } else if is("itunes") {
        Vocabulary::Itunes
    } else if is("22-rdf-syntax-ns") {
        Vocabulary::Rdf
    } else if is("georss.org/georss") {
        Vocabulary::Geo
    } else if is("w3.org/2003/01/geo") {
        Vocabulary::BasicGeo
    } else if is("feedburner.org") {
        Vocabulary::Feedburner
    } else if is("w3.org/2005/atom")
        || is("purl.org/atom/ns")
        || is("netscape.com/rdf")
        || is("backend.userland.com")
        || is("blogs.law.harvard.edu")
        || is("my.netscape.com")
        || uri.trim_end_matches('/').ends_with("purl.org/rss/1.0")
        || is("purl.org/net/rss1.1")
        || is("cyber.law.harvard.edu")
    {
        Vocabulary::Core
    } else if default && !is("xhtml") {
        // Whoever invents a namespace for a whole feed still means RSS or Atom.
        Vocabulary::Core
    } else {
        Vocabulary::Other
    }
}

/// The vocabulary usually meant by a prefix that nobody declared.
fn usual(prefix: &str) -> Vocabulary {
    match prefix.to_ascii_lowercase().as_str() {
        "" | "atom" | "atom03" | "atom10" | "rss" => Vocabulary::Core,
        "dc" | "dcterms" => Vocabulary::Dublin,
        "content" => Vocabulary::Content,
        "media" => Vocabulary::Media,
        "itunes" => Vocabulary::Itunes,
        "rdf" => Vocabulary::Rdf,
        "georss" => Vocabulary::Geo,
        "geo" => Vocabulary::BasicGeo,
        "feedburner" => Vocabulary::Feedburner,
        _ => Vocabulary::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(source: &str) -> Vec<(String, Vec<String>)> {
        let mut reader = Reader::of(source, None);
        let mut all = Vec::new();
        while let Some(part) = reader.part() {
            if let Part::Entry(entry) = part {
                let children = entry
                    .children
                    .iter()
                    .map(|c| format!("{:?}:{}={}", c.vocabulary, c.name, c.inner));
                all.push((entry.name, children.collect()));
            }
        }
        all
    }

    #[test]
    fn names_are_known_by_namespace_before_prefix() {
        let source = "<r:rss xmlns:r='http://purl.org/rss/1.0/' xmlns:x='http://purl.org/dc/elements/1.1/'>\
                      <r:item><x:creator>a</x:creator><dc:date>b</dc:date></r:item></r:rss>";

        let read = entries(source);

        assert_eq!(read[0].0, "item");
        assert_eq!(read[0].1, ["Dublin:creator=a", "Dublin:date=b"]);
    }

    #[test]
    fn unclosed_elements_end_where_they_must() {
        let source = "<rss><channel><item><title>one<link>u</link></item><item><title>two</title><item><title>three</title>";

        assert_eq!(
            entries(source).into_iter().map(|entry| entry.1).collect::<Vec<_>>(),
            [
                vec!["Core:title=one", "Core:link=u"],
                vec!["Core:title=two"],
                vec!["Core:title=three"]
            ]
        );
    }

    #[test]
    fn markup_inside_a_description_is_kept_raw_at_any_depth() {
        let deep = "<b>".repeat(50_000);
        let source = format!(
            "<rss><item><description>{deep}<title>x</title></description><title>t</title></item></rss>"
        );

        let read = entries(&source);

        assert_eq!(read[0].1.len(), 2);
        assert_eq!(read[0].1[1], "Core:title=t");
    }
}
