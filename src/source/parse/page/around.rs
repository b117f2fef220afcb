//! Date and author as a reader sees them around a piece, for pages that say
//! neither in data.

use super::super::{date, person, text};
use super::outline::Outline;
use super::says;
use crate::article::LabelKind;
use crate::article::clean::inline_text;
use crate::article::markup::{Token, Tokens};
use crate::clock::Time;

/// Elements that are looked at.
const TRIES: usize = 60;

/// When a piece appeared, by an element of the page.
#[must_use]
pub fn published(outline: &Outline, places: &Places) -> Option<Time> {
    let times = outline.all(|element| element.is("time") || element.is("abbr"));
    for at in times.take(TRIES) {
        let element = &outline.elements[at];
        let stamp = element.get("datetime").or_else(|| element.get("title"));
        let is_update =
            says(element.raw, &["updated", "modified"]) && !says(element.raw, &["published"]);
        if is_update || places.beside[at] {
            continue;
        }
        if let Some(found) = stamp.as_deref().and_then(date::parse) {
            return Some(found);
        }
    }
    let words = |raw: &str| {
        let raw = raw.to_ascii_lowercase();
        ["date", "publi", "posted", "time", "info", "meta", "byline", "byli", "submitted"]
            .iter()
            .any(|word| raw.contains(word))
    };
    let named = outline
        .all(|element| {
            element.is_any(&[
                "span", "div", "p", "li", "font", "h2", "dd", "small", "i", "em", "strong",
            ]) && element.inner.len() < 1500
        })
        .filter(|at| {
            words(outline.elements[*at].raw)
                || !outline.elements[*at].is_any(&["li", "h2", "strong", "em"])
        })
        .filter(|at| !places.beside[*at]);
    let mut named: Vec<usize> = named.take(400).collect();
    // Those that are called a date go first.
    named.sort_by_key(|at| !words(outline.elements[*at].raw));
    named.into_iter().take(TRIES * 3).find_map(|at| {
        let element = &outline.elements[at];
        let lines = lines(&outline.source[element.inner.clone()]);
        element.get("title").as_deref().and_then(in_line).or_else(|| {
            lines.iter().filter(|line| line.chars().count() <= 90).find_map(|line| in_line(line))
        })
    })
}

/// A date in a short line, whatever stands before it.
fn in_line(line: &str) -> Option<Time> {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    if digits < 3 || line.chars().count() > 90 {
        return None;
    }
    // Where these letters are written, the clock is that of the place.
    let first = Some(line).filter(|line| line.contains(['年', '년'])).and_then(eastern);
    if let Some(found) = first.or_else(|| date::parse(line)).or_else(|| eastern(line)) {
        return Some(found);
    }
    // `Published: …`, `Posted on … by …`, `…, 9:20`.
    let words: Vec<&str> = line.split_whitespace().collect();
    for start in 0..words.len().min(8) {
        for end in (start + 1..=words.len().min(start + 7)).rev() {
            let part = words[start..end].join(" ");
            let part = part
                .trim_matches(|c: char| matches!(c, ',' | '(' | ')' | '|' | '·' | '-' | ':' | '•'));
            let has_year = part.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() == 4);
            if has_year && let Some(found) = date::parse(part) {
                return Some(found);
            }
        }
    }
    None
}

/// `2026年3月3日 10時30分`, `2026.02.24 13:02`.
fn eastern(line: &str) -> Option<Time> {
    let numbers: Vec<u32> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty() && run.len() <= 4)
        .filter_map(|run| run.parse().ok())
        .collect();
    let at = numbers.iter().position(|number| (1990..2100).contains(number))?;
    let [year, month, day, rest @ ..] = &numbers[at..] else { return None };
    let marked =
        line.contains(['年', '년', '.']) && (1..=12).contains(month) && (1..=31).contains(day);
    let clock = match rest {
        [hour, minute, ..] if *hour < 24 && *minute < 60 => format!("T{hour:02}:{minute:02}:00"),
        _ => String::new(),
    };
    // The clock of the place where that script is at home.
    let zone = match () {
        () if clock.is_empty() => "",
        () if line.contains('時') || line.contains(['년']) => "+09:00",
        () if line.contains('年') => "+08:00",
        () => "",
    };
    marked.then(|| date::parse(&format!("{year}-{month:02}-{day:02}{clock}{zone}")))?
}

/// Who wrote a piece, by an element of the page.
#[must_use]
pub fn authors(outline: &Outline, places: &Places) -> Vec<String> {
    let linked = outline.all(|element| {
        element.is("a")
            && element
                .get("rel")
                .is_some_and(|rel| rel.split_whitespace().any(|rel| rel == "author"))
    });
    let names: Vec<String> = linked
        .filter(|at| !places.beside[*at] && !places.masthead[*at])
        .take(10)
        .map(|at| outline.text(at))
        .filter(|name| is_name(name))
        .collect();
    if !names.is_empty() {
        return unique(&names);
    }
    let vessel = outline
        .all(|element| {
            element.is_any(&[
                "span", "div", "p", "li", "a", "address", "h3", "h4", "strong", "b", "em", "i",
                "font", "td",
            ]) && element.inner.len() < 2000
        })
        .filter(|at| !places.beside[*at] && !places.masthead[*at]);
    let mut tries: Vec<(u8, usize)> = vessel
        .map(|at| {
            let raw = outline.elements[at].raw.to_ascii_lowercase();
            let strength = if [
                "author-name",
                "author_name",
                "authorname",
                "author__name",
                "byline__name",
                "username",
            ]
            .iter()
            .any(|word| raw.contains(word))
            {
                0
            } else if says(
                &raw,
                &[
                    "author",
                    "byline",
                    "p-author",
                    "vcard",
                    "signature",
                    "auteurs",
                    "createdby",
                    "creator",
                ],
            ) {
                1
            } else if ["author", "byline", "auth-", "autor", "writer", "submitted", "credit"]
                .iter()
                .any(|word| raw.contains(word))
            {
                2
            } else {
                3
            };
            (strength, at)
        })
        .take(3000)
        .collect();
    tries.sort_by_key(|(strength, _)| *strength);
    for (strength, at) in tries.into_iter().take(TRIES * 5) {
        let links: Vec<String> = outline
            .within(at)
            .filter(|at| outline.elements[*at].is("a"))
            .map(|at| outline.text(at))
            .filter(|name| is_name(name))
            .collect();
        if strength < 3 && !links.is_empty() && links.len() <= 5 {
            return unique(&links);
        }
        for line in lines(&outline.source[outline.elements[at].inner.clone()]) {
            if let Some(names) = signed(&line) {
                return unique(&names);
            }
            if strength < 2 && is_name(&line) {
                return unique(&[line]);
            }
        }
    }
    Vec::new()
}

/// Lists that a piece says it is in, by `rel="category"` and `rel="tag"`.
#[must_use]
pub fn filed(outline: &Outline, places: &Places) -> Vec<(LabelKind, String)> {
    let rel = |at: usize| outline.elements[at].get("rel").unwrap_or_default().to_ascii_lowercase();
    outline
        .all(|element| element.is("a"))
        .filter(|at| {
            rel(*at).split_whitespace().any(|rel| matches!(rel, "category" | "tag"))
                && !places.beside[*at]
        })
        .take(50)
        .map(|at| {
            let is_category = rel(at).split_whitespace().any(|rel| rel == "category");
            let kind = if is_category { LabelKind::Category } else { LabelKind::Tag };
            (kind, outline.text(at))
        })
        .collect()
}

/// Words before the name of an author, in languages that set them so.
const BY: [&str; 22] = [
    "by ",
    "by: ",
    "written by ",
    "written by: ",
    "posted by ",
    "submitted by ",
    "author: ",
    "author ",
    "words by ",
    "von ",
    "autor: ",
    "par ",
    "por ",
    "di ",
    "door ",
    "автор: ",
    "автор ",
    "作者：",
    "記者：",
    "文／",
    "بواسطة ",
    "przez ",
];

/// The names in a line such as `By Africa desk | 3 March`.
fn signed(line: &str) -> Option<Vec<String>> {
    let lower = line.to_lowercase();
    // A change of length by the change of case would cut a letter.
    let by = BY.iter().find(|by| lower.starts_with(**by) && line.is_char_boundary(by.len()))?;
    let rest = line[by.len()..].split([',', '|', '•', '·', '(']).next()?;
    let rest = [" on ", " am ", " le ", " el "]
        .iter()
        .find_map(|on| rest.split_once(on))
        .map_or(rest, |(name, _)| name);
    let rest = rest.trim();
    (is_name(rest) || text::byline(&format!("By {rest}")).is_some()).then(|| person::names(rest))
}

fn is_name(words: &str) -> bool {
    let count = words.split_whitespace().count();
    let letters = words.chars().filter(|c| c.is_alphabetic()).count();
    (1..=6).contains(&count)
        && (2..=60).contains(&letters)
        && words.chars().count() <= 70
        && !words.contains(['?', '!', '|', '@', '/', '»'])
        && !words.chars().any(|c| c.is_ascii_digit())
        && !words.ends_with(['.', ':', '…', '。'])
        && !is_button(words)
}

/// What stands where a name could stand.
fn is_button(words: &str) -> bool {
    const WORDS: [&str; 20] = [
        "follow",
        "share",
        "subscribe",
        "sign in",
        "log in",
        "by",
        "author",
        "about",
        "home",
        "menu",
        "search",
        "comments",
        "email",
        "print",
        "facebook",
        "twitter",
        "read more",
        "more",
        "posts",
        "written by",
    ];
    let lower = words.to_lowercase();
    WORDS.contains(&lower.trim_matches(|c: char| !c.is_alphanumeric()))
        || lower.starts_with("about ")
        || lower.starts_with("more ")
        || lower.starts_with("view ")
        || lower.starts_with("leave a")
}

fn unique(names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names.iter().flat_map(|name| person::names(name)) {
        if !out.contains(&name) && out.len() < 20 {
            out.push(name);
        }
    }
    out
}

/// What stands in a list of other pieces, a comment or a margin, and what in
/// the head of the site.
pub struct Places {
    beside: Vec<bool>,
    masthead: Vec<bool>,
}

impl Places {
    /// Looks at every element once.
    #[must_use]
    pub fn of(outline: &Outline) -> Self {
        let count = outline.elements.len();
        let mut places = Self { beside: vec![false; count], masthead: vec![false; count] };
        for at in 0..count {
            let parent = outline.elements[at].parent;
            let raw = outline.elements[at].raw.to_ascii_lowercase();
            places.beside[at] =
                parent.is_some_and(|parent| places.beside[parent]) || is_beside(outline, at, &raw);
            places.masthead[at] = parent.is_some_and(|parent| places.masthead[parent])
                || ["site-header", "masthead", "site-title", "role=\"banner\""]
                    .iter()
                    .any(|word| raw.contains(word));
        }
        places
    }
}

fn is_beside(outline: &Outline, at: usize, raw: &str) -> bool {
    const WORDS: [&str; 16] = [
        "related",
        "comment",
        "sidebar",
        "widget_",
        "recommend",
        "more-",
        "most-read",
        "promo",
        "author-box",
        "author-bio",
        "author_bio",
        "authorbio",
        "about-author",
        "navigation",
        "teaser-list",
        "latest",
    ];
    let element = &outline.elements[at];
    let in_piece = element.parent.is_some_and(|parent| outline.elements[parent].is("article"));
    let own = ["entry-footer", "post-footer", "article-footer", "node__meta"];
    let margin = element.is_any(&["aside", "nav"])
        || element.is("footer") && !in_piece && !own.iter().any(|own| raw.contains(own));
    margin
        || WORDS.iter().any(|word| raw.contains(word))
            && element.is_any(&["div", "section", "ul", "ol", "li", "aside", "footer", "p", "dl"])
}

/// The words of markup, broken where blocks end.
fn lines(inside: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut words = String::new();
    for token in Tokens::of(inside).take(400) {
        match token {
            Token::Text(text) => words.push_str(text),
            Token::Start { name, .. } | Token::End { name }
                if [
                    "p", "div", "br", "li", "span", "time", "h1", "h2", "h3", "h4", "i", "font",
                ]
                .iter()
                .any(|block| name.eq_ignore_ascii_case(block)) =>
            {
                let inline = name.eq_ignore_ascii_case("span")
                    || name.eq_ignore_ascii_case("time")
                    || name.eq_ignore_ascii_case("font");
                if inline {
                    words.push(' ');
                } else {
                    lines.push(std::mem::take(&mut words));
                }
            }
            _ => {}
        }
    }
    lines.push(words);
    lines.iter().map(|line| inline_text(line)).filter(|line| !line.is_empty()).collect()
}
