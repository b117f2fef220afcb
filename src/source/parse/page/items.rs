//! What a page says of itself in its markup: microdata, `RDFa` and the classes of
//! microformats.

use super::crumbs::Crumb;
use super::linked;
use super::outline::{Element, Outline};
use super::says;
use crate::article::clean::strip_controls;

/// What was said of the piece.
#[derive(Debug, Default)]
pub struct Said {
    /// Whether there is one.
    pub is_piece: bool,
    /// Its title.
    pub title: Option<String>,
    /// When it appeared.
    pub published: Option<String>,
    /// When it changed.
    pub modified: Option<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Where it was filed.
    pub sections: Vec<String>,
    /// The element that holds its words.
    pub body: Option<usize>,
    /// A breadcrumb.
    pub crumbs: Vec<Crumb>,
}

/// Reads the markup of a page.
#[must_use]
pub fn read(outline: &Outline) -> Said {
    let mut said = Said::default();
    let of_a_piece = |kind: &str| linked::is_piece(local(kind)) || local(kind) == "Item";
    // Of several the one with the most words: the others are named beside it.
    let piece = outline
        .all(|element| kind(element).is_some_and(|kind| kind.split_whitespace().any(of_a_piece)))
        .max_by_key(|at| outline.elements[*at].inner.len());
    // The item that each element belongs to.
    let mut owners: Vec<Option<usize>> = Vec::with_capacity(outline.elements.len());
    for at in 0..outline.elements.len() {
        let parent = outline.elements[at].parent;
        owners.push(parent.and_then(|parent| match kind(&outline.elements[parent]) {
            Some(_) => Some(parent),
            None => owners[parent],
        }));
        let Some(props) = property(&outline.elements[at]) else { continue };
        let owner = owners[at];
        // Those without an item stand in the head, and are read there.
        if outline.elements[at].is("meta") && owner.is_none() {
            continue;
        }
        let of_piece = match piece {
            Some(piece) => owner == Some(piece),
            None => owner.is_none_or(|owner| is_plain(&outline.elements[owner])),
        };
        for prop in props.split_whitespace().filter(|_| of_piece) {
            said.put(outline, at, local(prop));
        }
    }
    said.is_piece = piece.is_some() && (said.title.is_some() || said.body.is_some());
    said.crumbs = crumbs(outline);
    said.microformats(outline);
    said
}

impl Said {
    fn put(&mut self, outline: &Outline, at: usize, prop: &str) {
        let value = || value(outline, at);
        match prop {
            "headline" | "name" | "title" if self.title.is_none() => self.title = value(),
            "datePublished" | "dateCreated" | "created" if self.published.is_none() => {
                self.published = value();
            }
            "dateModified" | "modified" if self.modified.is_none() => self.modified = value(),
            "author" | "creator" => {
                let is_item = kind(&outline.elements[at]).is_some();
                let name = if is_item { inner(outline, at, "name") } else { value() };
                let name = name.filter(|name| {
                    !name.contains("://")
                        && name.chars().count() < 120
                        && !self.authors.contains(name)
                });
                self.authors.extend(name);
            }
            "articleSection" => self.sections.extend(value()),
            "articleBody" | "encoded" | "text" if !outline.elements[at].is("meta") => {
                let length = |at: usize| outline.elements[at].inner.len();
                if self.body.is_none_or(|known| length(at) > length(known)) {
                    self.body = Some(at);
                }
            }
            _ => {}
        }
    }

    /// `h-entry` (microformats.org), where it is alone.
    fn microformats(&mut self, outline: &Outline) {
        let entries: Vec<usize> =
            outline.all(|element| says(element.raw, &["h-entry"])).take(2).collect();
        let [entry] = entries[..] else { return };
        for at in outline.within(entry) {
            let element = &outline.elements[at];
            if says(element.raw, &["dt-published"]) && self.published.is_none() {
                self.published = element.get("datetime");
            } else if says(element.raw, &["p-author"]) && self.authors.is_empty() {
                self.authors.extend(Some(outline.text(at)).filter(|name| !name.is_empty()));
            } else if says(element.raw, &["e-content"]) && self.body.is_none() {
                self.body = Some(at);
            }
        }
        self.is_piece |= self.published.is_some() && self.body.is_some();
    }
}

fn crumbs(outline: &Outline) -> Vec<Crumb> {
    let is_list =
        |element: &Element| kind(element).is_some_and(|kind| local(&kind) == "BreadcrumbList");
    let Some(list) = outline.all(is_list).next() else { return Vec::new() };
    let is_step = |at: &usize| {
        property(&outline.elements[*at]).is_some_and(|prop| local(&prop) == "itemListElement")
    };
    outline
        .within(list)
        .filter(is_step)
        .take(20)
        .filter_map(|at| {
            let name = inner(outline, at, "name")?;
            let url =
                outline.within(at).chain([at]).find_map(|at| outline.elements[at].get("href"));
            Some(Crumb { name, url })
        })
        .collect()
}

/// The first property of that name inside an element, or its words.
fn inner(outline: &Outline, at: usize, name: &str) -> Option<String> {
    let named = |at: &usize| {
        property(&outline.elements[*at])
            .is_some_and(|props| props.split_whitespace().any(|prop| local(prop) == name))
    };
    match outline.within(at).find(named) {
        Some(at) => value(outline, at),
        None => Some(outline.text(at)).filter(|text| !text.is_empty()),
    }
}

fn value(outline: &Outline, at: usize) -> Option<String> {
    let element = &outline.elements[at];
    let own = ["content", "datetime"].iter().find_map(|name| element.get(name));
    // The time may stand in an element inside, or in a title.
    let inside = || outline.within(at).find_map(|at| outline.elements[at].get("datetime"));
    let title = || element.get("title").filter(|_| element.is("abbr"));
    let words = || Some(outline.text(at));
    let found = own.or_else(inside).or_else(title).map(|value| strip_controls(&value));
    found.or_else(words).filter(|value| !value.is_empty())
}

/// Is an item the page itself?
fn is_plain(element: &Element<'_>) -> bool {
    kind(element)
        .is_some_and(|kind| matches!(local(&kind), "WebPage" | "Blog" | "CreativeWork" | ""))
}

fn kind(element: &Element<'_>) -> Option<String> {
    let microdata = element.get("itemscope").map(|_| element.get("itemtype").unwrap_or_default());
    microdata.or_else(|| element.get("typeof"))
}

fn property(element: &Element<'_>) -> Option<String> {
    element.get("itemprop").or_else(|| element.get("property")).filter(|prop| !prop.is_empty())
}

/// A name without its vocabulary.
fn local(name: &str) -> &str {
    name.rsplit(['/', '#', ':']).next().unwrap_or(name)
}
