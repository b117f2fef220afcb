//! Whether a page holds one piece, the beginning of one, or something else.

use super::linked;
use super::outline::Outline;
use super::says;
use crate::article::clean::inline_text;

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// One piece.
    Piece,
    /// The beginning of one; the rest is for those who pay or log in.
    Stub,
    /// No piece: in words, what else.
    Other(&'static str),
}

/// What was found on a page.
pub struct Signs<'a> {
    /// The page.
    pub outline: &'a Outline<'a>,
    /// The types that its data name.
    pub kinds: &'a [String],
    /// Whether its data or its markup say that it is a piece.
    pub said: bool,
    /// `og:type`.
    pub share: &'a str,
    /// Whether a date was said, not only shown.
    pub dated: bool,
    /// Whether a date was shown.
    pub shown_date: bool,
    /// The piece without furniture.
    pub body: &'a str,
    /// Whether its data say that it is for everybody.
    pub free: Option<bool>,
    /// The title.
    pub title: &'a str,
}

/// Judges a page.
#[must_use]
pub fn judge(signs: &Signs<'_>) -> Standing {
    let words = inline_text(signs.body);
    let length = words.len();
    if let Some(what) = signs.other() {
        return Standing::Other(what);
    }
    if length < 40 {
        return Standing::Other("a page without text");
    }
    let said = signs.said
        || (signs.dated || signs.shown_date)
            && (signs.share == "article" || signs.is_marked_single());
    let looks = (signs.dated || signs.shown_date) && length > 200 && !is_list(signs.body, length);
    if !said && !looks {
        return Standing::Other("a list or a front page");
    }
    if length < 4000 && (signs.free == Some(false) || has_wall(signs.outline)) {
        return Standing::Stub;
    }
    Standing::Piece
}

impl Signs<'_> {
    /// The classes of the whole page.
    fn classes(&self) -> String {
        let body = self.outline.all(|element| element.is("body")).next();
        body.and_then(|at| self.outline.elements[at].get("class")).unwrap_or_default()
    }

    /// As WordPress and Ghost mark a page that holds one piece.
    fn is_marked_single(&self) -> bool {
        self.classes()
            .split_whitespace()
            .any(|class| matches!(class, "single" | "single-post" | "post-template"))
    }

    /// What the page says that it is instead of a piece.
    fn other(&self) -> Option<&'static str> {
        const LISTS: [&str; 6] =
            ["CollectionPage", "SearchResultsPage", "ProfilePage", "ItemList", "Series", "Product"];
        let body = self.outline.all(|element| element.is("body")).next();
        let classes =
            body.and_then(|at| self.outline.elements[at].get("class")).unwrap_or_default();
        let has = |word: &str| classes.split_whitespace().any(|class| class == word);
        let piece = self.kinds.iter().any(|kind| linked::is_piece(kind));
        if has("error404") {
            return Some("a page that says that nothing is there");
        }
        // How WordPress and Ghost mark what is no piece.
        if !has("single")
            && [
                "home",
                "blog",
                "archive",
                "category",
                "tag",
                "author",
                "search",
                "tag-template",
                "home-template",
                "author-template",
            ]
            .iter()
            .any(|word| has(word))
        {
            return Some("a list of pieces");
        }
        if has("page-template-default") || has("page-template") || classes.contains("page-id-") {
            return Some("a page that belongs to no day");
        }
        if !piece && self.kinds.iter().any(|kind| LISTS.contains(&kind.as_str())) {
            return Some("a list or a thing for sale");
        }
        if matches!(self.share, "product" | "profile" | "video.other")
            || self.share == "website"
                && !self.said
                && is_list(self.body, inline_text(self.body).len())
        {
            return Some("a list or a front page");
        }
        let entries = self.outline.all(|element| element.is("article")).count();
        if !self.said && entries > 3 && is_list(self.body, inline_text(self.body).len()) {
            return Some("a list of pieces");
        }
        if self.outline.all(|element| says(element.raw, &["post-password-form"])).next().is_some() {
            return Some("a page behind a password");
        }
        if super::super::asks_to_log_in(self.title) {
            return Some("a page that asks people to log in");
        }
        None
    }
}

/// Is most of it links, or several pieces with a title each?
fn is_list(body: &str, length: usize) -> bool {
    let outline = Outline::of(body);
    let links: usize =
        outline.all(|element| element.is("a")).map(|at| outline.text(at).len()).sum();
    let headed = outline
        .all(|element| element.is_any(&["h2", "h3", "h4"]))
        .filter(|at| {
            outline.within(*at).any(|inner| outline.elements[inner].is("a"))
                || outline.around(*at).take(3).any(|around| outline.elements[around].is("a"))
        })
        .count();
    links * 2 > length || headed >= 4
}

/// How walls are called.
const WALLS: [&str; 9] = [
    "paywall",
    "paywall-cta",
    "gh-post-upgrade-cta",
    "subscribe-wall",
    "subscription-wall",
    "regwall",
    "piano-offer",
    "metered-content",
    "tp-modal",
];

/// Does something on the page stand before the rest of it?
fn has_wall(outline: &Outline) -> bool {
    let called = outline
        .all(|element| element.is_any(&["div", "section", "aside"]) && says(element.raw, &WALLS));
    let mut blocks = called.filter(|at| outline.text(*at).len() > 20);
    if blocks.next().is_some() {
        return true;
    }
    outline
        .all(|element| {
            element.is_any(&["h2", "h3", "h4", "p", "strong"]) && element.inner.len() < 600
        })
        .take(2000)
        .any(|at| is_wall(&outline.text(at)))
}

/// Is a line one that asks for a subscription to read on?
#[must_use]
pub fn is_wall(line: &str) -> bool {
    let lower = line.to_lowercase();
    lower.chars().count() < 160
        && [
            "subscribe to read",
            "subscribe to continue",
            "to continue reading",
            "continue reading this",
            "this post is for paying",
            "this post is for paid",
            "this post is for subscribers",
            "for subscribers only",
            "log in to read",
            "sign in to read",
            "already a subscriber",
            "already a paid subscriber",
            "register to read",
            "become a member to read",
            "um weiterzulesen",
            "réservé aux abonnés",
            "exclusivo para suscriptores",
            "exclusivo para assinantes",
        ]
        .iter()
        .any(|words| lower.contains(words))
}
