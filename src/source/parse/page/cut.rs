//! Taking the furniture out of a piece: what a site prints around each text.

use url::Url;

use super::super::value::address;
use super::super::{tail, text};
use super::outline::Outline;
use super::says;
use super::standing;
use crate::article::Hint;
use crate::article::clean::inline_text;
use crate::article::markup::{Token, Tokens, attribute, escape_into};

/// Pieces beside it that are kept.
const HINTS: usize = 20;

/// The piece in HTML that may hold furniture too.
pub struct Cut {
    /// The piece.
    pub html: String,
    /// Other pieces that stood beside it.
    pub hints: Vec<Hint>,
    /// Who signed it.
    pub byline: Option<String>,
    /// Whom it credits for its main image.
    pub credit: Option<String>,
}

/// Takes the furniture out of a piece that came by itself, as a post's content.
#[must_use]
pub fn cut(html: &str, title: &str, base: Option<&Url>) -> Cut {
    run(html, title, base, Kind::Post)
}

/// Takes the furniture out of the part of a page that holds a piece.
#[must_use]
pub fn page(html: &str, title: &str, base: Option<&Url>) -> Cut {
    run(html, title, base, Kind::Page)
}

/// Where the HTML comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Post,
    Page,
}

fn run(html: &str, title: &str, base: Option<&Url>, from: Kind) -> Cut {
    let mut cutter = Cutter {
        out: String::new(),
        hints: Vec::new(),
        title: title.to_owned(),
        byline: None,
        base,
        from,
        whole: html.len(),
    };
    cutter.cut(html);
    let tail = tail::cut(&mut cutter.out);
    Cut {
        html: cutter.out,
        hints: cutter.hints,
        byline: cutter.byline.or(tail.byline),
        credit: tail.credit,
    }
}

/// Copies the piece and leaves the furniture.
struct Cutter<'a> {
    out: String,
    hints: Vec<Hint>,
    title: String,
    byline: Option<String>,
    base: Option<&'a Url>,
    from: Kind,
    whole: usize,
}

impl Cutter<'_> {
    fn cut(&mut self, source: &str) {
        let mut tokens = Tokens::of(source);
        // What is looked through twice is bounded, however the page is nested.
        let mut budget = 8 * source.len();
        loop {
            let from = tokens.at();
            let Some(token) = tokens.next() else { break };
            if let Token::Start { name, attributes: raw, empty: false } = token
                && budget > 0
            {
                let start = tokens.at();
                let lower = name.to_ascii_lowercase();
                if lower == "script" || lower == "style" {
                    tokens.skip_past_end(name);
                    continue;
                }
                let heading = lower == "h1";
                let related = is_related(raw);
                let by = says(raw, &["byline", "author", "post-author", "entry-author"])
                    && lower != "article"
                    && lower != "body";
                let block = heading || related || by || is_furniture(&lower, raw);
                let line = matches!(lower.as_str(), "p" | "li" | "h2" | "h3" | "h4" | "div");
                let inside = if block {
                    let inside = inside(source, start, name);
                    budget = budget.saturating_sub(inside.len());
                    if start + inside.len() == source.len() {
                        self.out.push_str(&source[from..start]);
                        continue;
                    }
                    Some(inside)
                } else if line {
                    short(source, start, name)
                } else {
                    None
                };
                if let Some(inside) = inside
                    && self.is_cut(&lower, raw, inside, (heading, related, by))
                {
                    let end = start + inside.len();
                    tokens.go_to(end);
                    if !matches!(tokens.next(), Some(Token::End { .. })) {
                        tokens.go_to(end);
                    }
                    continue;
                }
            }
            self.copy(token, &source[from..tokens.at()]);
        }
    }

    fn copy(&mut self, token: Token<'_>, raw: &str) {
        if let Token::Cdata(words) = token {
            escape_into(&mut self.out, words);
        } else {
            self.out.push_str(raw);
        }
    }

    /// Is an element furniture? Keeps what it says of others.
    fn is_cut(
        &mut self,
        name: &str,
        raw: &str,
        inside: &str,
        (heading, related, by): (bool, bool, bool),
    ) -> bool {
        let words = if inside.len() < 4000 { inline_text(inside) } else { String::new() };
        if heading {
            let is_title =
                words == self.title || self.from == Kind::Page && super::alike(&words, &self.title);
            return is_title;
        }
        // Whatever it is called, what holds most of the piece is the piece.
        if self.from == Kind::Page && inside.len() * 2 > self.whole {
            return false;
        }
        if related {
            self.related(inside);
            return true;
        }
        if by {
            if words.chars().count() > 150 {
                return false;
            }
            if self.byline.is_none() && !words.is_empty() {
                self.byline = Some(words);
            }
            return true;
        }
        if is_furniture(name, raw) {
            return true;
        }
        // A line that only leads to another piece, or asks for something.
        if is_pointer(&words, inside) {
            self.related(inside);
            return true;
        }
        self.from == Kind::Page
            && (standing::is_wall(&words)
                || is_notice(&words)
                || name.starts_with('h') && super::alike(&words, &self.title))
    }

    /// Other pieces that the page shows: its links with words.
    fn related(&mut self, inside: &str) {
        collect(inside, self.base, &mut self.hints);
    }
}

/// Other pieces that a page shows around its piece.
#[must_use]
pub fn beside(outline: &Outline, base: Option<&Url>) -> Vec<Hint> {
    let mut hints = Vec::new();
    for at in outline.all(|element| is_related(element.raw)).take(20) {
        let inside = outline.inside(at);
        if inside.len() * 2 < outline.source.len() {
            collect(inside, base, &mut hints);
        }
    }
    hints
}

fn collect(inside: &str, base: Option<&Url>, hints: &mut Vec<Hint>) {
    let mut tokens = Tokens::of(inside);
    while let Some(token) = tokens.next() {
        let Token::Start { name, attributes: raw, empty: false } = token else { continue };
        if !name.eq_ignore_ascii_case("a") {
            continue;
        }
        let title = inline_text(self::inside(inside, tokens.at(), name));
        let url = attribute(raw, "href").and_then(|href| address(&href, base));
        let known =
            hints.iter().any(|hint| hint.title == title || hint.url.is_some() && hint.url == url);
        if title.chars().count() > 8 && !known && hints.len() < HINTS {
            hints.push(Hint { title, url, teaser: String::new() });
        }
    }
}

/// From `start` to the end tag that belongs to the element `name`.
fn inside<'a>(source: &'a str, start: usize, name: &str) -> &'a str {
    let mut tokens = Tokens::of(source);
    tokens.go_to(start);
    let mut depth = 0_usize;
    let implied = ["p", "li"].iter().any(|one| name.eq_ignore_ascii_case(one));
    loop {
        let end = tokens.at();
        match tokens.next() {
            None => return &source[start..end],
            // The next paragraph ends one that was left open.
            Some(Token::Start { name: found, .. })
                if implied && depth == 0 && found.eq_ignore_ascii_case(name) =>
            {
                return &source[start..end];
            }
            Some(Token::Start { name: found, empty: false, .. })
                if found.eq_ignore_ascii_case(name) =>
            {
                depth += 1;
            }
            Some(Token::End { name: found }) if found.eq_ignore_ascii_case(name) => {
                if depth == 0 {
                    return &source[start..end];
                }
                depth -= 1;
            }
            Some(_) => {}
        }
    }
}

/// The inside of an element that is as short as a line.
fn short<'a>(source: &'a str, start: usize, name: &str) -> Option<&'a str> {
    const SHORT: usize = 1200;
    let part = &source[start..source.floor_char_boundary(start + SHORT)];
    let inside = inside(part, 0, name);
    (inside.len() < part.len() && !inside.contains("<p")).then_some(inside)
}

/// A first paragraph that is a breadcrumb line: where it stands and what it says.
#[must_use]
pub fn crumb_line(html: &str, title: &str) -> Option<(usize, usize, Vec<String>, String)> {
    let mut tokens = Tokens::of(html);
    let mut from = 0;
    for _ in 0..40 {
        if let Token::Text(words) = tokens.next()?
            && words.contains(['»', '›'])
        {
            let line = inline_text(words);
            let (path, last) =
                text::breadcrumb(&line, Some(title).filter(|title| !title.is_empty()))?;
            return (!path.is_empty()).then(|| (from, tokens.at(), path, last));
        }
        from = tokens.at();
    }
    None
}

fn is_related(raw: &str) -> bool {
    says(
        raw,
        &[
            "related",
            "related-posts",
            "related_posts",
            "related_post",
            "related-articles",
            "check-also",
            "recommended",
            "yarpp",
            "jp-relatedposts",
            "inline-related",
            "read-more-links",
            "c-read-more",
            "also-read",
            "read-also",
            "more-articles",
            "relatedlinks",
        ],
    )
}

/// A short line that leads to another piece: `Read more: …`.
fn is_pointer(words: &str, inside: &str) -> bool {
    const STARTS: [&str; 19] = [
        "related",
        "read more",
        "read also",
        "also read",
        "see also",
        "more:",
        "leia também",
        "leia mais",
        "lea también",
        "lee también",
        "lire aussi",
        "à lire",
        "lesen sie auch",
        "mehr zum thema",
        "leggi anche",
        "lees ook",
        "читайте также",
        "اقرأ أيضا",
        "ये भी पढ़ें",
    ];
    if words.chars().count() > 250 || !inside.contains("<a ") && !inside.contains("<A ") {
        return false;
    }
    let lower = words.to_lowercase();
    let Some(start) = STARTS.iter().find(|start| lower.starts_with(**start)) else { return false };
    let outline = Outline::of(inside);
    let linked: usize =
        outline.all(|element| element.is("a")).map(|at| outline.text(at).chars().count()).sum();
    linked * 10 >= words.chars().count().saturating_sub(start.chars().count() + 3) * 8
}

/// A line that a site sets between paragraphs.
fn is_notice(words: &str) -> bool {
    let lower = words.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphanumeric());
    [
        "advertisement",
        "advertisment",
        "ad",
        "ads",
        "sponsored",
        "story continues below",
        "article continues below",
        "table of contents",
        "share this",
        "share this article",
        "share",
        "anzeige",
        "werbung",
        "publicité",
        "publicidad",
        "publicidade",
        "реклама",
        "広告",
        "广告",
        "إعلان",
        "פרסומת",
    ]
    .contains(&bare)
        || words.chars().count() < 140
            && [
                "sign up for our",
                "sign up to the",
                "sign up to our",
                "subscribe to our newsletter",
                "责任编辑",
            ]
            .iter()
            .any(|start| lower.starts_with(start))
}

fn is_furniture(name: &str, raw: &str) -> bool {
    const WORDS: [&str; 72] = [
        "share",
        "sharing",
        "share-bar",
        "share-buttons",
        "social",
        "social-share",
        "sharedaddy",
        "post-sharing",
        "addtoany",
        "addtoany_share_save_container",
        "comments",
        "comment-respond",
        "comments-area",
        "respond",
        "comment-form",
        "author-box",
        "author-bio",
        "about-author",
        "authorbio",
        "breadcrumb",
        "breadcrumbs",
        "post-tags",
        "article-tags",
        "tags-links",
        "tags",
        "tagcloud",
        "post-navigation",
        "nav-links",
        "pagination",
        "newsletter",
        "newsletter-box",
        "in-article-newsletter",
        "newspack-inline-popup",
        "newsletter-form-wrapper",
        "newsletter_signup",
        "kg-signup-card",
        "subscription-widget",
        "subscription-widget-wrap",
        "subscribe",
        "sidebar",
        "widget",
        "td-a-rec",
        "advertisement",
        "ad-slot",
        "ad",
        "ads",
        "m-ad",
        "c-ad",
        "b-ads-block",
        "content-ads",
        "promo",
        "cookie",
        "post-meta",
        "entry-meta",
        "article-info",
        "post-bottom-meta",
        "screen-reader-text",
        "visually-hidden",
        "sr-only",
        "skip-link",
        "navigation",
        "noprint",
        "printfooter",
        "mw-editsection",
        "catlinks",
        "toc",
        "table-of-contents",
        "rank-math-toc",
        "paywall",
        "gh-post-upgrade-cta",
        "subscribe-wall",
        "button-wrapper",
    ];
    matches!(
        name,
        "nav"
            | "aside"
            | "footer"
            | "form"
            | "noscript"
            | "dialog"
            | "template"
            | "button"
            | "amp-ad"
            | "amp-social-share"
    ) || matches!(
        name,
        "div" | "section" | "ul" | "ol" | "p" | "span" | "a" | "header" | "dl" | "h2" | "h3" | "h4"
    ) && says(raw, &WORDS)
        || name == "sup" && says(raw, &["reference"])
}
