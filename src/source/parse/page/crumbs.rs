//! The way from the front page to a piece: in data, in a `nav`, or as a line.

use url::Url;

use super::super::{label, text};
use super::outline::{Element, Outline};
use super::says;
use crate::article::clean::{inline_text, strip_controls};
use crate::article::markup::{Token, Tokens, attribute};

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crumb {
    /// What it is called.
    pub name: String,
    /// Where it leads; none for the page itself.
    pub url: Option<String>,
}

/// Elements of which a page's way is sought.
const TRIES: usize = 30;
/// The longest line that is a way, in characters.
const LONGEST: usize = 400;
/// What stands between two steps.
const MARKS: [char; 12] = ['»', '›', '>', '→', '/', '|', '·', '＞', '»', '•', '⟩', '❯'];

/// The steps between the front page and the piece.
#[must_use]
pub fn path(mut crumbs: Vec<Crumb>, title: &str, page: Option<&Url>) -> Vec<String> {
    let leads = |crumb: &Crumb, to: &dyn Fn(&Url) -> bool| {
        let url = crumb.url.as_deref().and_then(|url| page?.join(url).ok());
        url.is_some_and(|url| to(&url))
    };
    crumbs.retain(|crumb| {
        let front = leads(crumb, &|url| matches!(url.path(), "/" | "") && url.query().is_none());
        !crumb.name.is_empty() && !label::is_home(&crumb.name) && !front
    });
    if let Some(last) = crumbs.last() {
        let name = last.name.trim_end_matches(['.', '…', ' ']);
        let here = leads(last, &|url| {
            page.is_some_and(|page| page.path() == url.path() && url.path() != "/")
        });
        let unlinked = last.url.is_none();
        let begins = title.starts_with(name) && name.split_whitespace().count() > 1;
        if super::alike(&last.name, title)
            || here
            || unlinked && (begins || label::is_here(name))
            || last.name.ends_with('…') && title.starts_with(name)
            || last.name.chars().count() > 60
        {
            crumbs.pop();
        }
    }
    let mut names: Vec<String> = crumbs.into_iter().map(|crumb| crumb.name).collect();
    names.dedup();
    names.truncate(6);
    names
}

/// The way that an element of the page shows.
#[must_use]
pub fn shown(outline: &Outline, title: &str, page: Option<&Url>) -> Vec<String> {
    let mut tries = 0;
    for at in outline.all(is_vessel) {
        let element = &outline.elements[at];
        let length = element.inner.len();
        if length == 0 || length > 12_000 {
            continue;
        }
        let named = is_named(element);
        if !named && (length > 3000 || !has_marks(outline.inside(at))) {
            continue;
        }
        tries += 1;
        if tries > TRIES {
            break;
        }
        let crumbs = steps(outline.inside(at));
        let home = crumbs.first().is_some_and(|first| {
            let front = first.url.as_deref().and_then(|url| page?.join(url).ok());
            label::is_home(&first.name) || front.is_some_and(|url| url.path() == "/")
        });
        let length: usize = crumbs.iter().map(|crumb| crumb.name.chars().count()).sum();
        if !(named || home && crumbs.len() > 1) || length > LONGEST {
            continue;
        }
        let path = path(crumbs, title, page);
        if !path.is_empty() {
            return path;
        }
    }
    Vec::new()
}

/// A line of text such as `Home > Asia > Japan > Title`.
#[must_use]
pub fn line(outline: &Outline, title: &str) -> Vec<String> {
    outline
        .all(|element| {
            element.is_any(&["p", "div", "font", "span", "td"]) && element.inner.len() < 2000
        })
        .filter(|at| has_marks(outline.inside(*at)))
        .take(TRIES)
        .find_map(|at| {
            let words = outline.text(at);
            let short = words.chars().count() <= LONGEST;
            let (path, _) = text::breadcrumb(&words, Some(title)).filter(|_| short)?;
            (!path.is_empty()).then_some(path)
        })
        .unwrap_or_default()
}

fn is_vessel(element: &Element<'_>) -> bool {
    element.is_any(&["nav", "div", "ol", "ul", "p", "span", "section", "font"])
}

fn is_named(element: &Element<'_>) -> bool {
    says(
        element.raw,
        &[
            "breadcrumb",
            "breadcrumbs",
            "crumb",
            "crumbs",
            "topicpath",
            "pankuzu",
            "migas",
            "pathway",
            "you-are-here",
        ],
    ) || element.raw.to_ascii_lowercase().contains("breadcrumb")
}

fn has_marks(inside: &str) -> bool {
    inside.contains(['»', '›', '→', '＞'])
        || ["&gt;", "&raquo;", "&rsaquo;", " / ", " > ", "/ <a", "> / <"]
            .iter()
            .any(|mark| inside.contains(mark))
}

/// The steps inside an element: its links, and the words between its marks.
fn steps(inside: &str) -> Vec<Crumb> {
    let mut crumbs: Vec<Crumb> = Vec::new();
    let mut words = String::new();
    let mut link: Option<String> = None;
    let mut hidden: Option<String> = None;
    let mut flush = |words: &mut String, link: Option<&String>| {
        let whole = strip_controls(&inline_text(words));
        words.clear();
        let parts: Vec<&str> =
            if link.is_some() { vec![whole.as_str()] } else { whole.split(MARKS).collect() };
        for part in parts {
            let name = part.trim_matches(|c: char| {
                c.is_whitespace() || MARKS.contains(&c) || matches!(c, '-' | '–' | ':' | '：')
            });
            if name.chars().any(char::is_alphanumeric) && crumbs.len() < 20 {
                crumbs.push(Crumb { name: name.to_owned(), url: link.cloned() });
            }
        }
    };
    for token in Tokens::of(inside).take(2000) {
        match token {
            Token::Start { name, attributes: raw, empty } => {
                let lower = name.to_ascii_lowercase();
                if hidden.is_some() {
                    continue;
                }
                let quiet = says(
                    raw,
                    &[
                        "visually-hidden",
                        "hiddenstructure",
                        "element-invisible",
                        "sr-only",
                        "separator",
                        "delimiter",
                        "screen-reader-text",
                    ],
                );
                if !empty
                    && (matches!(lower.as_str(), "script" | "style" | "h2" | "h3" | "svg")
                        || quiet && lower != "a")
                {
                    flush(&mut words, link.as_ref());
                    hidden = Some(lower);
                } else if lower == "a" {
                    flush(&mut words, link.as_ref());
                    link = Some(attribute(raw, "href").unwrap_or_default().into_owned());
                } else if lower == "li" {
                    flush(&mut words, link.as_ref());
                    link = None;
                }
            }
            Token::End { name } => {
                let lower = name.to_ascii_lowercase();
                if hidden.as_ref() == Some(&lower) {
                    hidden = None;
                } else if lower == "a" || lower == "li" {
                    flush(&mut words, link.as_ref());
                    link = None;
                }
            }
            Token::Text(text) if hidden.is_none() => words.push_str(text),
            _ => {}
        }
    }
    flush(&mut words, link.as_ref());
    crumbs
}
