//! Which part of a page holds its piece: the one that says so, one that is
//! called as systems call it, or the one that reads most like a text.

use dom_smoothie::{Config, Readability};

use super::outline::{Element, Outline};
use super::says;
use crate::article::clean::inline_text;
use crate::article::markup::{Token, Tokens};

/// How systems and themes call what holds the text.
const VESSELS: [&str; 44] = [
    "entry-content",
    "post-content",
    "post_content",
    "article-body",
    "article_body",
    "article-content",
    "article__body",
    "article__content",
    "story-body",
    "story__body",
    "storytext",
    "td-post-content",
    "tdb_single_content",
    "post-body",
    "post__body",
    "post__content",
    "the-content",
    "articlebody",
    "article-text",
    "article_text",
    "gh-content",
    "e-content",
    "c-entry-content",
    "field--name-body",
    "field-name-body",
    "richtextarticlebody",
    "article-template__content",
    "blog-item-content",
    "mw-parser-output",
    "content-core",
    "news-text-wrap",
    "news-text",
    "fck_detail",
    "w-richtext",
    "story-content",
    "body-content",
    "articlecontent",
    "content-text",
    "news-content",
    "newsbody",
    "c-article__body",
    "single-content",
    "texte",
    "rte",
];
/// Bytes of words below which an element holds no piece.
const FEW: usize = 160;
/// Deeper pages are not read as documents: that takes more than linear time.
const DEEPEST: usize = 200;
/// Nor are those that leave so many text styles open.
const STYLED: usize = 30;
/// Nor are longer ones, in elements.
const LARGEST: usize = 20_000;

/// The markup that holds the piece; `said` is the element that says so.
#[must_use]
pub fn find(outline: &Outline, said: Option<usize>) -> String {
    let own = |at: usize| outline.source[outline.elements[at].inner.clone()].to_owned();
    if let Some(at) = said.filter(|at| outline.text(*at).len() > FEW) {
        return own(at);
    }
    if let Some(at) = named(outline) {
        return own(at);
    }
    let article = largest(outline, "article");
    let held = |html: &str| inline_text(html).len();
    if let Some(readable) = readable(outline).filter(|html| held(html) > FEW) {
        // Where both hold the same, the page's own element is the exact one.
        let own = article.map(own).filter(|own| {
            let piece = held(&super::cut::page(own, "", None).html);
            piece > FEW && held(&readable) * 100 >= piece * 93
        });
        return own.unwrap_or(readable);
    }
    let rest = article.or_else(|| largest(outline, "main")).or_else(|| largest(outline, "body"));
    rest.map_or_else(|| outline.source.to_owned(), own)
}

/// The element that is called as systems call it, and holds the most.
fn named(outline: &Outline) -> Option<usize> {
    let is_one = |element: &Element| {
        element.is_any(&["div", "section", "article", "td", "main"])
            && says(element.raw, &VESSELS)
            && !element.is("body")
    };
    let mut found: Vec<(usize, usize)> = outline
        .all(is_one)
        .take(40)
        .map(|at| (at, outline.text(at).len()))
        .filter(|(_, length)| *length > FEW)
        .collect();
    // A vessel inside of another is the more exact one, unless it holds less.
    let all = found.clone();
    found.retain(|(at, length)| {
        !all.iter().any(|(other, held)| {
            other != at
                && outline.around(*other).any(|around| around == *at)
                && held * 10 >= length * 8
        })
    });
    found.into_iter().max_by_key(|(at, length)| (*length, std::cmp::Reverse(*at))).map(|(at, _)| at)
}

fn largest(outline: &Outline, name: &str) -> Option<usize> {
    outline.all(|element| element.is(name)).max_by_key(|at| outline.elements[*at].inner.len())
}

/// The part that reads most like a text (the method of Firefox's reader view).
fn readable(outline: &Outline) -> Option<String> {
    if outline.elements.len() > LARGEST || !is_shallow(outline.source) {
        return None;
    }
    let config = Config {
        keep_classes: true,
        disable_json_ld: true,
        max_elements_to_parse: LARGEST,
        char_threshold: 200,
        ..Config::default()
    };
    let mut reader = Readability::new(outline.source, None, Some(config)).ok()?;
    let article = reader.parse().ok()?;
    Some(article.content.to_string())
}

/// Is nothing nested so deep that a document of it would take more than linear
/// time and room? What is left open is counted as a parser would that closes
/// little by itself; text styles are opened anew in each paragraph.
fn is_shallow(source: &str) -> bool {
    const IMPLIED: [&str; 9] = ["p", "li", "td", "tr", "th", "dt", "dd", "option", "tbody"];
    const STYLES: [&str; 14] = [
        "a", "b", "i", "u", "s", "em", "strong", "font", "small", "big", "tt", "code", "nobr",
        "strike",
    ];
    let (mut deep, mut styled) = (0_usize, 0_usize);
    let among = |names: &[&str], name: &str| names.iter().any(|one| name.eq_ignore_ascii_case(one));
    let mut tokens = Tokens::of(source);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start { name, empty: false, .. } if !super::outline::is_void(name) => {
                if among(&["script", "style"], name) {
                    tokens.skip_past_end(name);
                } else if among(&STYLES, name) {
                    styled += 1;
                } else if !among(&IMPLIED, name) {
                    deep += 1;
                }
            }
            Token::End { name } if among(&STYLES, name) => styled = styled.saturating_sub(1),
            Token::End { name } if !among(&IMPLIED, name) => deep = deep.saturating_sub(1),
            _ => {}
        }
        if deep > DEEPEST || styled > STYLED {
            return false;
        }
    }
    true
}

/// The words of a piece that only its data hold, as markup.
#[must_use]
pub fn from_data(body: &str) -> String {
    let paragraphs = Tokens::of(body).any(|token| matches!(token, Token::Start { .. }));
    if paragraphs {
        return body.to_owned();
    }
    let mut out = String::with_capacity(body.len() + 64);
    for part in body.split("\n\n").flat_map(|part| part.split("\r\n\r\n")) {
        if !part.trim().is_empty() {
            out.push_str("<p>");
            crate::article::markup::escape_into(
                &mut out,
                &crate::article::markup::decode(part.trim()),
            );
            out.push_str("</p>\n");
        }
    }
    out
}
