//! The elements of a page as a tree, however broken its markup: one linear
//! pass, bounded in number.

use std::ops::Range;

use crate::article::clean::inline_text;
use crate::article::markup::{Token, Tokens, attribute};

/// Elements that are kept; a page with more is read as far as these go.
const MOST: usize = 60_000;
/// How far an end tag looks for its beginning.
const REACH: usize = 256;
/// Of attributes so much is read, in bytes; of those of a `meta`, more.
const ATTRIBUTES: usize = 2000;

/// One element.
#[derive(Debug, Clone)]
pub struct Element<'a> {
    /// Its name as written.
    pub name: &'a str,
    /// Its attributes as written.
    pub raw: &'a str,
    /// What it stands in.
    pub parent: Option<usize>,
    /// All of it, tags included, in bytes.
    pub outer: Range<usize>,
    /// What stands between its tags, in bytes.
    pub inner: Range<usize>,
}

impl Element<'_> {
    /// Is this its name?
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Is its name one of these?
    pub fn is_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<String> {
        attribute(self.raw, name).map(|value| value.trim().to_owned())
    }
}

/// All elements, in the order of their beginnings.
#[derive(Debug)]
pub struct Outline<'a> {
    /// The page.
    pub source: &'a str,
    /// Its elements.
    pub elements: Vec<Element<'a>>,
}

impl<'a> Outline<'a> {
    /// Reads a page.
    #[must_use]
    pub fn of(source: &'a str) -> Self {
        let mut outline = Self { source, elements: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut tokens = Tokens::of(source);
        loop {
            let from = tokens.at();
            let Some(token) = tokens.next() else { break };
            match token {
                Token::Start { name, attributes: raw, empty } => {
                    if outline.elements.len() >= MOST {
                        break;
                    }
                    outline.close_implied(&mut open, name, from);
                    let at = tokens.at();
                    let parent = open.last().copied();
                    outline.elements.push(Element {
                        name,
                        raw: beginning(raw, name),
                        parent,
                        outer: from..at,
                        inner: at..at,
                    });
                    if ["script", "style"].iter().any(|raw| name.eq_ignore_ascii_case(raw)) {
                        if !empty && tokens.skip_past_end(name) {
                            outline.end(outline.elements.len() - 1, source, tokens.at());
                        }
                    } else if !empty && !is_void(name) {
                        open.push(outline.elements.len() - 1);
                    }
                }
                Token::End { name } => {
                    let found = open
                        .iter()
                        .rev()
                        .take(REACH)
                        .position(|at| ends(name, outline.elements[*at].name));
                    if let Some(back) = found {
                        let keep = open.len() - 1 - back;
                        for at in open.split_off(keep + 1) {
                            outline.shut(at, from, from);
                        }
                        let at = open.pop().unwrap_or_default();
                        outline.shut(at, from, tokens.at());
                    }
                }
                _ => {}
            }
        }
        for at in open {
            outline.shut(at, tokens.at(), tokens.at());
        }
        outline
    }

    /// An element whose inside is no markup ends with its end tag.
    fn end(&mut self, at: usize, source: &str, end: usize) {
        let start = self.elements[at].inner.start;
        let inner = source[start..end].rfind("</").map_or(end, |before| start + before);
        self.shut(at, inner, end);
    }

    fn shut(&mut self, at: usize, inner: usize, outer: usize) {
        let element = &mut self.elements[at];
        element.inner.end = inner.max(element.inner.start);
        element.outer.end = outer.max(element.inner.end);
    }

    /// Ends what the beginning of `name` ends by itself.
    fn close_implied(&mut self, open: &mut Vec<usize>, name: &str, from: usize) {
        let (closes, stops): (&[&str], &[&str]) = match name.to_ascii_lowercase().as_str() {
            "li" => (&["li"], &["ul", "ol"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "tr" => (&["tr"], &["table"]),
            "td" | "th" => (&["td", "th"], &["table", "tr"]),
            "option" => (&["option"], &["select"]),
            "p" | "div" | "ul" | "ol" | "table" | "section" | "article" | "h1" | "h2" | "h3"
            | "h4" | "h5" | "h6" | "blockquote" | "figure" | "form" | "aside" | "nav"
            | "footer" | "header" | "main" | "pre" | "dl" => (
                &["p"],
                &[
                    "div",
                    "td",
                    "li",
                    "section",
                    "article",
                    "body",
                    "table",
                    "button",
                    "blockquote",
                    "figure",
                    "main",
                    "aside",
                ],
            ),
            _ => return,
        };
        let mut back = None;
        for (nth, at) in open.iter().rev().take(32).enumerate() {
            let element = &self.elements[*at];
            if element.is_any(closes) {
                back = Some(nth);
                break;
            }
            if element.is_any(stops) {
                break;
            }
        }
        if let Some(back) = back {
            for at in open.split_off(open.len() - 1 - back) {
                self.shut(at, from, from);
            }
        }
    }

    /// The words of an element on one line.
    #[must_use]
    pub fn text(&self, at: usize) -> String {
        inline_text(self.inside(at))
    }

    /// The markup inside of an element.
    #[must_use]
    pub fn inside(&self, at: usize) -> &'a str {
        &self.source[self.elements[at].inner.clone()]
    }

    /// The elements around one, from the inside out.
    pub fn around(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.elements[at].parent, |at| self.elements[*at].parent).take(REACH)
    }

    /// The elements inside of one.
    pub fn within(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.elements[at].outer.end;
        (at + 1..self.elements.len()).take_while(move |next| self.elements[*next].outer.start < end)
    }

    /// Elements that fit, in their order.
    pub fn all<'s>(
        &'s self,
        fits: impl Fn(&Element<'a>) -> bool + 's,
    ) -> impl Iterator<Item = usize> + 's {
        (0..self.elements.len()).filter(move |at| fits(&self.elements[*at]))
    }
}

/// The attributes of an element, as far as they are read.
fn beginning<'a>(raw: &'a str, name: &str) -> &'a str {
    let most = if name.eq_ignore_ascii_case("meta") { 8 * ATTRIBUTES } else { ATTRIBUTES };
    &raw[..raw.floor_char_boundary(most)]
}

/// Does `</end>` end an element? Headings end each other.
fn ends(end: &str, name: &str) -> bool {
    let is_heading = |name: &str| matches!(name.as_bytes(), [b'h' | b'H', b'1'..=b'6']);
    end.eq_ignore_ascii_case(name) || is_heading(end) && is_heading(name)
}

/// Elements that hold nothing.
pub fn is_void(name: &str) -> bool {
    [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr", "param",
    ]
    .iter()
    .any(|void| name.eq_ignore_ascii_case(void))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, name: &str) -> Vec<String> {
        let outline = Outline::of(source);
        outline.all(|element| element.is(name)).map(|at| outline.text(at)).collect()
    }

    #[test]
    fn what_is_never_closed_ends_where_it_must() {
        assert_eq!(texts("<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "li"), ["a", "b c", "c", "d"]);
        assert_eq!(texts("<div><p>a<p>b<h2>c</h2></div>d", "p"), ["a", "b"]);
        assert_eq!(texts("<table><tr><td>a<td>b<tr><td>c</table>d", "td"), ["a", "b", "c"]);
        assert_eq!(texts("<div>a<span>b</div>c</span>", "span"), ["b"]);
        assert_eq!(texts("<h1>a</h2>b", "h1"), ["a"]);
        assert_eq!(texts("<p>a</i></b> b", "p"), ["a b"]);
    }

    #[test]
    fn scripts_are_no_markup_and_depth_costs_no_more_than_length() {
        let outline = Outline::of("<div><script>if (a<b) '<p>'</script><p>x</p></div>");

        assert_eq!(outline.elements.len(), 3);
        assert_eq!(outline.inside(1), "if (a<b) '<p>'");
        for part in ["<div>", "<p><b>", "<li>", "</p>", "<table><td>"] {
            let many = part.repeat(100_000);
            assert!(Outline::of(&many).elements.len() <= MOST, "{part}");
        }
    }
}
