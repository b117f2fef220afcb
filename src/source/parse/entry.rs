//! One entry of RSS, RDF or Atom as a draft.

use url::Url;

use super::value::{address, body, text, title, word};
use super::xml::{Element, Vocabulary as V};
use super::{date, guid, label, person, picture, spot};
use crate::article::{Body, Draft, LabelKind};
use crate::clock::Time;

/// What an entry takes from the feed around it.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Whether text constructs follow Atom's rules.
    pub atom: bool,
    /// Language of the feed.
    pub language: Option<String>,
    /// Authors of the feed, for an entry of Atom that names none.
    pub authors: Vec<String>,
}

/// Reads one entry.
#[must_use]
pub fn draft(entry: &Element, base: Option<&Url>, around: &Around) -> Draft {
    let base = entry.base(base);
    let reader = Reader { entry, base: base.as_ref(), atom: around.atom };
    let mut draft = Draft {
        title: reader.title().unwrap_or_default(),
        url: reader.url(),
        authors: reader.authors(),
        published: reader.date(&[
            (V::Core, "pubdate"),
            (V::Core, "published"),
            (V::Core, "issued"),
            (V::Dublin, "issued"),
            (V::Dublin, "date"),
            (V::Core, "created"),
            (V::Dublin, "created"),
            (V::Dublin, "available"),
            (V::Core, "date"),
        ]),
        updated: reader.date(&[
            (V::Core, "updated"),
            (V::Core, "modified"),
            (V::Dublin, "modified"),
        ]),
        language: reader.language().or_else(|| around.language.clone()),
        image: picture::of_entry(entry, reader.base),
        credit: reader.credit(),
        ..Draft::default()
    };
    draft.updated = draft.updated.or_else(|| date::parse(&entry.attribute("lastmod")?));
    draft.published = draft.published.or(draft.updated);
    if draft.authors.is_empty() {
        draft.authors.clone_from(&around.authors);
    }
    reader.labels(&mut draft);
    reader.words(&mut draft);
    let own = [(V::Core, "guid"), (V::Core, "id")]
        .iter()
        .find_map(|(vocabulary, name)| word(entry.child(*vocabulary, name)?))
        .or_else(|| entry.attribute("about"))
        .or_else(|| word(entry.child(V::Dublin, "identifier")?));
    draft.guid = own.unwrap_or_else(|| guid::substitute(&draft));
    draft
}

struct Reader<'a> {
    entry: &'a Element<'a>,
    base: Option<&'a Url>,
    atom: bool,
}

impl Reader<'_> {
    fn all<'s>(&'s self, vocabulary: V, name: &'s str) -> impl Iterator<Item = &'s Element<'s>> {
        self.entry.children.iter().filter(move |child| child.is(vocabulary, name))
    }

    fn title(&self) -> Option<String> {
        let own = self.all(V::Core, "title").find_map(|element| title(element, self.atom));
        own.or_else(|| self.all(V::Dublin, "title").find_map(|element| title(element, false)))
            .or_else(|| self.all(V::Media, "title").find_map(|element| title(element, false)))
    }

    fn url(&self) -> Option<String> {
        let original =
            self.all(V::Feedburner, "origlink").find_map(|e| address(&text(e), self.base));
        let permanent = || {
            let guid = self.all(V::Core, "guid").next()?;
            let says_no =
                guid.attribute("ispermalink").is_some_and(|v| v.eq_ignore_ascii_case("false"));
            let value = word(guid).filter(|_| !says_no)?;
            address(
                &value,
                self.base.filter(|_| !value.contains(char::is_whitespace) && value.contains('/')),
            )
        };
        let source = || {
            let content = self.all(V::Core, "content").find_map(|e| e.attribute("src"))?;
            address(&content, self.base)
        };
        original
            .or_else(|| link(self.entry, self.base))
            .or_else(permanent)
            .or_else(source)
            .or_else(|| address(&self.entry.attribute("href")?, self.base))
            .or_else(|| address(&self.entry.attribute("about")?, None))
            .or_else(|| address(&word(self.entry.child(V::Core, "id")?)?, None))
    }

    fn authors(&self) -> Vec<String> {
        let mut authors: Vec<String> = Vec::new();
        let mut add = |names: Vec<String>| {
            for name in names {
                if !authors.contains(&name) && authors.len() < 50 {
                    authors.push(name);
                }
            }
        };
        for element in self.all(V::Dublin, "creator").chain(self.all(V::Core, "author")) {
            add(author(element));
        }
        if authors.is_empty() {
            let rest = self
                .all(V::Itunes, "author")
                .chain(self.all(V::Core, "creator"))
                .chain(self.all(V::Dublin, "author"));
            authors = rest.flat_map(author).take(50).collect();
        }
        authors
    }

    fn date(&self, names: &[(V, &str)]) -> Option<Time> {
        names.iter().find_map(|(vocabulary, name)| {
            self.all(*vocabulary, name).find_map(|element| date::parse(&word(element)?))
        })
    }

    fn language(&self) -> Option<String> {
        let dublin = self.all(V::Dublin, "language").find_map(word);
        dublin.or_else(|| self.entry.attribute("lang"))
    }

    fn credit(&self) -> Option<String> {
        let source = self.all(V::Core, "source").next()?;
        match source.child(V::Core, "title") {
            Some(element) => title(element, true),
            None if source.children.is_empty() => title(source, false),
            None => None,
        }
    }

    fn labels(&self, draft: &mut Draft) {
        for element in self.all(V::Core, "category") {
            let words = element
                .attribute("label")
                .or_else(|| title(element, false))
                .or_else(|| element.attribute("term"));
            let scheme = element
                .attribute("domain")
                .or_else(|| element.attribute("scheme"))
                .unwrap_or_default();
            let kind = if scheme.to_ascii_lowercase().contains("tag") {
                LabelKind::Tag
            } else {
                LabelKind::Category
            };
            label::add(&mut draft.labels, words.and_then(|words| label::label(kind, &words)));
        }
        for element in self.all(V::Dublin, "subject") {
            label::add(
                &mut draft.labels,
                title(element, false).and_then(|words| label::label(LabelKind::Category, &words)),
            );
        }
        // Names of the place a piece is about.
        let places = self
            .all(V::Geo, "featurename")
            .chain(self.all(V::Dublin, "coverage"))
            .chain(self.all(V::Dublin, "spatial"))
            .chain(self.all(V::Media, "location"));
        for element in places {
            let name = element.attribute("description").or_else(|| title(element, false));
            label::add(&mut draft.labels, name.and_then(|n| label::label(LabelKind::Tag, &n)));
        }
        let country = spot::country(self.entry);
        label::add(&mut draft.labels, country.and_then(|n| label::label(LabelKind::Tag, n)));
        for element in self.all(V::Media, "keywords").chain(self.all(V::Itunes, "keywords")) {
            for word in text(element).split(',') {
                label::add(&mut draft.labels, label::label(LabelKind::Tag, word));
            }
        }
    }

    /// The piece itself, and the publisher's summary of it.
    fn words(&self, draft: &mut Draft) {
        let full = self
            .all(V::Content, "encoded")
            .map(|element| body(element, false))
            .chain(self.all(V::Core, "content").map(|element| body(element, self.atom)))
            .chain(self.all(V::Other, "body").map(|element| body(element, false)))
            .chain(self.all(V::Core, "fullitem").map(|element| body(element, false)))
            .filter(|body| !is_empty(body))
            .max_by_key(length);
        let summary = self
            .all(V::Core, "summary")
            .chain(self.all(V::Core, "description"))
            .chain(self.all(V::Core, "tagline"))
            .chain(self.all(V::Core, "abstract"))
            .map(|element| body(element, self.atom))
            .chain(self.all(V::Dublin, "description").map(|element| body(element, false)))
            .chain(self.all(V::Dublin, "abstract").map(|element| body(element, false)))
            .chain(self.all(V::Itunes, "summary").map(|element| body(element, false)))
            .chain(self.all(V::Media, "description").map(|element| body(element, false)))
            .find(|body| !is_empty(body));
        match (full, summary) {
            // Some put the whole piece into both, or the longer into the wrong one.
            (Some(full), Some(summary)) if length(&full) < length(&summary) => {
                draft.excerpt = Some(super::plain_line(&full)).filter(|line| !line.is_empty());
                draft.body = summary;
            }
            (Some(full), summary) => {
                draft.excerpt = summary
                    .filter(|s| *s != full)
                    .map(|s| super::plain_line(&s))
                    .filter(|s| !s.is_empty());
                draft.body = full;
            }
            (None, Some(summary)) => {
                if self.entry.child(V::Core, "summary").is_some() {
                    draft.excerpt =
                        Some(super::plain_line(&summary)).filter(|line| !line.is_empty());
                }
                draft.body = summary;
            }
            (None, None) => {}
        }
    }
}

fn length(body: &Body) -> usize {
    match body {
        Body::Html(text) | Body::Text(text) => text.len(),
    }
}

fn is_empty(body: &Body) -> bool {
    match body {
        Body::Html(text) | Body::Text(text) => text.trim().is_empty(),
    }
}

/// Names in an author element of any kind.
#[must_use]
pub fn author(element: &Element) -> Vec<String> {
    if let Some(name) = element.children.iter().find(|child| child.name == "name") {
        return title(name, false).map(|name| person::names(&name)).unwrap_or_default();
    }
    if element
        .children
        .iter()
        .any(|child| matches!(child.name.as_str(), "email" | "uri" | "url" | "homepage"))
    {
        return Vec::new();
    }
    person::names(&text(element))
}

/// Where an element that has links can be read.
#[must_use]
pub fn link(element: &Element, base: Option<&Url>) -> Option<String> {
    let links = || element.children.iter().filter(|child| child.is(V::Core, "link"));
    let mut best: Option<(u8, String)> = None;
    for link in links() {
        let base = link.base(base);
        let (rank, reference) = match link.attribute("href") {
            Some(href) => {
                let rel = link.attribute("rel").unwrap_or_default().to_ascii_lowercase();
                let kind = link.attribute("type").unwrap_or_default().to_ascii_lowercase();
                let rank = match (rel.as_str(), kind.as_str()) {
                    ("" | "alternate", "" | "text/html" | "application/xhtml+xml") => 3,
                    ("" | "alternate", _) => 2,
                    _ => continue,
                };
                (rank, href)
            }
            None => (4, word(link)?),
        };
        let better = best.as_ref().is_none_or(|(known, _)| rank > *known);
        if better && let Some(found) = address(&reference, base.as_ref()) {
            best = Some((rank, found));
        }
    }
    best.map(|(_, url)| url)
}
