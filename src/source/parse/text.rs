//! Plain text as it comes out of a magazine's page: breadcrumb, title,
//! sections, byline, credit, and the furniture around them.

use super::label::{self, is_home};
use super::{date, person};
use crate::article::clean::strip_controls;
use crate::article::{Body, Draft, Hint, Label, LabelKind};

/// Reads one piece. An image without an address carries a credit only.
#[must_use]
pub fn draft(source: &str) -> Draft {
    let blocks = blocks(source);
    let mut draft = Draft::default();
    let Some(first) = blocks.first() else { return draft };
    let mut rest = &blocks[1..];
    let line = first[0].as_str();
    let after: Vec<String> = first[1..].to_vec();
    if let Some((path, title)) =
        breadcrumb(line, after.first().or_else(|| blocks.get(1).map(|b| &b[0])).map(String::as_str))
    {
        draft.title = title;
        draft
            .labels
            .extend((!path.is_empty()).then_some(Label { kind: LabelKind::Breadcrumb, path }));
    } else {
        line.trim_start_matches('#').trim().clone_into(&mut draft.title);
    }
    let mut first_rest = vec![after];
    if first_rest[0].first().is_some_and(|line| key(line) == key(&draft.title)) {
        first_rest[0].remove(0);
    }
    first_rest.retain(|block| !block.is_empty());
    if rest.first().is_some_and(|block| key(&block.join(" ")) == key(&draft.title)) {
        rest = &rest[1..];
    }
    let all: Vec<&Vec<String>> = first_rest.iter().chain(rest).collect();
    Desk { draft, place: Place::Top, body: Vec::new(), closed: false }.read(&all)
}

/// Where in the text the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first paragraph.
    Top,
    /// In the piece itself.
    Piece,
    /// In a block that shows other pieces.
    Others,
    /// In what a site prints around a piece.
    Furniture,
}

struct Desk {
    draft: Draft,
    place: Place,
    body: Vec<String>,
    /// A byline or credit has ended the piece.
    closed: bool,
}

impl Desk {
    fn read(mut self, blocks: &[&Vec<String>]) -> Draft {
        let mut at = 0;
        while let Some(lines) = blocks.get(at) {
            at += 1;
            let line = lines.join(" ");
            let ahead = &blocks[at..];
            if let Some(place) = marker(&line, self.closed, ahead) {
                self.place = place;
                if place == Place::Others && lines.len() > 1 {
                    self.hint(&lines[1..]);
                }
            } else if let Some(tags) = tags(&line) {
                for tag in tags {
                    label::add(&mut self.draft.labels, label::label(LabelKind::Tag, tag));
                }
            } else if is_button(&line) {
            } else if self.place == Place::Others {
                self.hint(lines);
            } else if self.place == Place::Furniture {
            } else if let Some(credit) = credit(&line) {
                self.closed |= self.place == Place::Piece;
                let image = self.draft.image.get_or_insert_default();
                image.credit.get_or_insert(credit);
            } else if self.place == Place::Top && lines.iter().all(|line| self.head(line)) {
            } else if let Some(name) = byline(&line).filter(|_| self.place == Place::Piece) {
                self.closed = true;
                self.author(&name);
            } else {
                self.place = Place::Piece;
                self.body.push(lines.join("\n"));
            }
        }
        self.draft.body = Body::Text(self.body.join("\n\n"));
        self.draft
    }

    /// Byline and date above the first paragraph.
    fn head(&mut self, line: &str) -> bool {
        let lower = line.to_lowercase();
        let short = line.chars().count() <= 100 && !line.ends_with('.');
        let dated = ["published", "posted", "updated", "date"]
            .iter()
            .find_map(|word| lower.strip_prefix(word));
        let words = dated.map_or(lower.as_str(), |rest| {
            rest.trim_start_matches([':', ' ']).trim_start_matches("on ")
        });
        if short
            && words.chars().any(|c| c.is_ascii_digit())
            && let Some(date) = date::parse(words)
        {
            self.draft.published.get_or_insert(date);
            return true;
        }
        let by = ["by ", "by: ", "written by ", "author: ", "von ", "par "]
            .iter()
            .find(|by| lower.starts_with(**by));
        if let Some(by) = by.filter(|_| short && line.split_whitespace().count() <= 10)
            && let Some(rest) = line.get(by.len()..)
        {
            let name = rest.split([',', '|', '•', '·']).next().unwrap_or(rest);
            self.author(name);
            if let Some(date) =
                rest.split_once(['|', '•', '·', ',']).and_then(|(_, date)| date::parse(date.trim()))
            {
                self.draft.published.get_or_insert(date);
            }
            return !self.draft.authors.is_empty();
        }
        false
    }

    fn author(&mut self, name: &str) {
        for name in person::names(name) {
            if !self.draft.authors.contains(&name) {
                self.draft.authors.push(name);
            }
        }
    }

    /// A title opens a hint, the longer or cut line after it is its teaser.
    fn hint(&mut self, lines: &[String]) {
        for line in lines {
            let room = self.draft.hints.len() < 20;
            let last = self.draft.hints.last_mut();
            let is_teaser = ends_words(line) || line.chars().count() > 120;
            match last.filter(|hint| is_teaser && hint.teaser.is_empty() && !hint.title.is_empty())
            {
                Some(hint) => hint.teaser.clone_from(line),
                None if is_teaser && line.chars().count() > 120 => {}
                None if room => {
                    self.draft.hints.push(Hint { title: line.clone(), ..Hint::default() });
                }
                None => {}
            }
        }
    }
}

/// Blocks of lines; a blank line ends one.
fn blocks(source: &str) -> Vec<Vec<String>> {
    let mut blocks = vec![Vec::new()];
    for line in source.lines().map(strip_controls) {
        match blocks.last_mut() {
            Some(block) if !line.is_empty() => block.push(line),
            _ => blocks.push(Vec::new()),
        }
    }
    blocks.retain(|block: &Vec<String>| !block.is_empty());
    blocks
}

/// `Home » AMERICAS » UNITED STATES » Title` as path and title. The title is
/// known better from the line below: it may hold the mark itself.
#[must_use]
pub fn breadcrumb(line: &str, below: Option<&str>) -> Option<(Vec<String>, String)> {
    let mark = ["»", "›", " > ", " / ", " | ", "→"].into_iter().find(|mark| {
        let mut parts = line.split(mark);
        let first = parts.next().unwrap_or_default();
        let count = 1 + parts.count();
        count >= 2 && is_home(first) || count >= 3 && matches!(*mark, "»" | "›")
    })?;
    let repeated =
        below.filter(|below| below.len() > 1 && line.ends_with(below) && line.len() > below.len());
    let (crumbs, title) = match repeated {
        Some(title) => (line[..line.len() - title.len()].trim_end(), title),
        None => line.rsplit_once(mark)?,
    };
    let path =
        crumbs.split(mark).map(str::trim).filter(|crumb| !crumb.is_empty() && !is_home(crumb));
    Some((path.take(6).map(str::to_owned).collect(), title.trim().to_owned()))
}

/// A line that tells what kind of text follows.
fn marker(line: &str, closed: bool, ahead: &[&Vec<String>]) -> Option<Place> {
    let lower = line.to_lowercase();
    let bare = lower.trim_end_matches([':', '.', '!', ' ']);
    let others = [
        "check also",
        "related articles",
        "related posts",
        "related stories",
        "related",
        "read also",
        "you may also like",
        "you might also like",
        "see also",
        "more stories",
        "recommended",
    ];
    let first = lower.split(" / ").next().unwrap_or_default();
    if others.contains(&bare) || others.contains(&first) {
        return Some(Place::Others);
    }
    let furniture = [
        "leave a reply",
        "leave a comment",
        "comments",
        "post a comment",
        "add a comment",
        "join the discussion",
        "about the author",
        "no comments",
        "cancel reply",
        "subscribe to our newsletter",
        "sign up for our newsletter",
    ];
    let replies = [
        "leave a reply",
        "your email address will not be published",
        "required fields",
        "save my name, email",
    ];
    if furniture.contains(&bare) || replies.iter().any(|start| lower.starts_with(start)) {
        return Some(Place::Furniture);
    }
    // "About Africa desk" after the piece; within it, this would be a heading.
    let about = lower.starts_with("about ") && line.chars().count() <= 60 && !ends_words(line);
    let long_ahead =
        ahead.iter().filter(|block| block.iter().map(String::len).sum::<usize>() > 300).count();
    let marked = ahead.iter().take(3).any(|block| marker(&block.join(" "), true, &[]).is_some());
    (about && (closed || marked && long_ahead <= 1)).then_some(Place::Furniture)
}

/// A single line of furniture that says nothing of what follows.
fn is_button(line: &str) -> bool {
    let lower = line.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let buttons = [
        "share",
        "share this",
        "share this article",
        "tweet",
        "facebook",
        "twitter",
        "whatsapp",
        "linkedin",
        "pinterest",
        "email",
        "print",
        "reddit",
        "telegram",
        "previous",
        "next",
        "previous post",
        "next post",
        "previous article",
        "next article",
        "tags",
        "name",
        "website",
        "post comment",
        "stumbleupon",
        "google +",
        "google+",
        "skip to content",
        "menu",
        "search",
        "advertisement",
        "loading",
        "like this",
        "x",
    ];
    let short = line.chars().count() <= 150;
    let starts = [
        "share on ",
        "click to share",
        "previous:",
        "next:",
        "previous article:",
        "next article:",
        "share on:",
        "share:",
    ];
    bare.is_empty()
        || buttons.contains(&bare)
        || short && starts.iter().any(|start| lower.starts_with(start))
}

fn tags(line: &str) -> Option<impl Iterator<Item = &str>> {
    let rest = line
        .strip_prefix("Tags:")
        .or_else(|| line.strip_prefix("Tagged:"))
        .or_else(|| line.strip_prefix("Tags "));
    let rest = rest.filter(|rest| rest.chars().count() <= 300 && !ends_words(rest))?;
    Some(rest.split(',').map(str::trim))
}

/// `(Featured Image: An agency)`.
pub(super) fn credit(line: &str) -> Option<String> {
    let inner = line.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    let lower = inner.to_lowercase();
    let bracketed = line.starts_with(['(', '[']);
    let begins = [
        "featured image",
        "image credit",
        "photo credit",
        "picture credit",
        "image source",
        "photo source",
        "cover image",
    ];
    let loose = ["image", "photo", "picture", "photograph"];
    let begins = begins
        .iter()
        .chain(loose.iter().filter(|_| bracketed))
        .find(|start| lower.starts_with(**start))?;
    let rest = inner.get(begins.len()..)?.trim_start();
    let rest = rest.strip_prefix([':', '–', '-']).or_else(|| rest.strip_prefix("by "))?;
    (line.chars().count() <= 400)
        .then(|| rest.trim().to_owned())
        .filter(|credit| !credit.is_empty())
}

/// ` – Name`, or `By Name`, as a line of its own.
pub(super) fn byline(line: &str) -> Option<String> {
    let dashed = line.strip_prefix(['–', '—', '―', '-']).map(|rest| rest.trim_start_matches('-'));
    let name = dashed
        .or_else(|| ["By ", "by ", "BY "].iter().find_map(|by| line.strip_prefix(by)))?
        .trim();
    let words: Vec<&str> = name.split_whitespace().collect();
    let small = [
        "and", "de", "van", "von", "der", "den", "bin", "al", "da", "di", "la", "le", "el", "desk",
        "the", "of", "&", "y", "et", "und",
    ];
    let is_name = (1..=8).contains(&words.len())
        && name.chars().count() <= 80
        && !name.contains(['?', '!', ':', ';', '"', '“'])
        && !name.ends_with('.')
        && words
            .first()
            .is_some_and(|word| !word.starts_with(char::is_lowercase) || small.contains(word))
        && words.iter().all(|word| !word.starts_with(char::is_lowercase) || small.contains(word))
        && words.iter().any(|word| word.starts_with(char::is_alphabetic));
    is_name.then(|| name.trim_end_matches(',').to_owned())
}

fn ends_words(line: &str) -> bool {
    line.trim_end_matches(['"', '”', '’', ')', ']', '»'])
        .ends_with(['.', '!', '?', '…', '。', '！', '？', '؟'])
}

fn key(line: &str) -> String {
    line.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
