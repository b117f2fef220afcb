//! The step before the sanitiser: markup of any size and depth becomes
//! shallow, bounded and absolute, in one linear pass.
//!
//! A full HTML parser takes quadratic time on thousands of nested elements or
//! attributes, so what reaches it is cut down here. This step decides what
//! reads well; it is not trusted with safety, the allow-list after it is.

use std::collections::HashSet;
use std::fmt::Write as _;

use url::Url;

use super::markup::{Token, Tokens, attribute, decode, escape_into, is_legal};
use super::nesting::{self, Room};

/// Elements deeper than this lose their tags, not their text.
const MAX_DEPTH: usize = 64;

/// Elements that are opened between a table and what stands in it.
const CELLS: usize = 3;
/// Output stops here, in bytes; far beyond any piece people read.
const MAX_LENGTH: usize = 2 << 20;

/// Where an image of a draft is served: its reference in, its address out.
pub type Place<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Rewrites `html` with allowed elements and attributes only, addresses
/// absolute, everything closed.
pub fn tame(html: &str, base: Option<&Url>, place: Place) -> String {
    let mut tamer = Tamer {
        out: String::new(),
        open: Vec::new(),
        inside: 0,
        base,
        place,
        last_image: String::new(),
    };
    let mut endless: HashSet<String> = HashSet::new();
    let mut tokens = Tokens::of(html);
    while let Some(token) = tokens.next() {
        if tamer.out.len() > MAX_LENGTH {
            break;
        }
        match token {
            Token::Text(text) => tamer.text(text),
            Token::Cdata(text) => tamer.plain(text),
            Token::End { name } => tamer.end(&local(name)),
            Token::Other => {}
            Token::Start { name, attributes, empty } => {
                let name = local(name);
                if is_dropped_whole(&name) {
                    if !empty && !endless.contains(&name) && !tokens.skip_past_end(&name) {
                        if is_raw(&name) {
                            break;
                        }
                        endless.insert(name);
                    }
                } else {
                    tamer.start(&name, attributes, empty);
                }
            }
        }
    }
    tamer.make(Room { keep: 0, open: &[] });
    tamer.out
}

struct Tamer<'a> {
    out: String,
    open: Vec<&'static str>,
    /// Where the inside of the element opened last begins in `out`.
    inside: usize,
    base: Option<&'a Url>,
    place: Place<'a>,
    last_image: String,
}

impl Tamer<'_> {
    fn text(&mut self, text: &str) {
        if self.at_pre_start() {
            return self.plain(&decode(text));
        }
        self.before_text(text);
        match text.strip_prefix('<') {
            Some(rest) => {
                self.out.push_str("&lt;");
                self.out.push_str(rest);
            }
            None => self.out.push_str(text),
        }
    }

    /// Text without entities.
    fn plain(&mut self, text: &str) {
        // A parser drops a line break there, and another each time it reads.
        let is_dropped = |c: char| matches!(c, '\n' | '\r') || !is_legal(c);
        let text = if self.at_pre_start() { text.trim_start_matches(is_dropped) } else { text };
        self.before_text(text);
        escape_into(&mut self.out, text);
    }

    fn at_pre_start(&self) -> bool {
        self.open.last() == Some(&"pre") && self.out.len() == self.inside
    }

    fn before_text(&mut self, text: &str) {
        if !text.trim_ascii().is_empty()
            && let Some(room) = nesting::cell(&self.open)
        {
            self.make(room);
        }
    }

    fn make(&mut self, room: Room) {
        for open in self.open.drain(room.keep..).rev() {
            close(&mut self.out, open);
        }
        for name in room.open {
            self.open.push(name);
            _ = write!(self.out, "<{name}>");
        }
    }

    fn start(&mut self, name: &str, raw: &str, empty: bool) {
        match name {
            "br" | "hr" | "wbr" => {
                if let Some(room) = nesting::room(&self.open, name) {
                    self.make(room);
                }
                _ = write!(self.out, "<{name}>");
            }
            "img" | "image" | "amp-img" => self.image(raw),
            _ => {
                let Some(name) = kept(name) else { return };
                let Some(room) = nesting::room(&self.open, name) else { return };
                // A table needs room for its cells: these are made without being asked for.
                let beneath = if name == "table" { CELLS } else { 0 };
                if empty || room.keep + room.open.len() + beneath >= MAX_DEPTH {
                    return;
                }
                self.make(room);
                self.open.push(name);
                _ = write!(self.out, "<{name}");
                self.attributes(name, raw);
                self.out.push('>');
                self.inside = self.out.len();
            }
        }
    }

    fn end(&mut self, name: &str) {
        let Some(name) = kept(name) else { return };
        if let Some(at) = self.open.iter().rposition(|open| *open == name) {
            for open in self.open.drain(at..).rev() {
                close(&mut self.out, open);
            }
        }
    }

    fn attributes(&mut self, element: &str, raw: &str) {
        if element == "a"
            && let Some(href) = attribute(raw, "href").and_then(|href| self.link(&href))
        {
            self.attribute("href", &href);
        }
        let wanted: &[&str] = match element {
            "td" | "th" => &["colspan", "rowspan"],
            "ol" => &["start"],
            "time" | "del" | "ins" => &["datetime"],
            "abbr" => &["title"],
            _ => &[],
        };
        for name in wanted.iter().chain(&["dir", "lang"]) {
            if let Some(value) = attribute(raw, name)
                && !value.is_empty()
            {
                self.attribute(name, &value);
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        _ = write!(self.out, " {name}=\"");
        escape_into(&mut self.out, value);
        self.out.push('"');
    }

    fn image(&mut self, raw: &str) {
        if is_pixel(raw) {
            return;
        }
        // Pages that load images late keep the true address elsewhere.
        let source = ["data-src", "data-lazy-src", "data-original", "src"]
            .into_iter()
            .filter_map(|name| attribute(raw, name))
            .find_map(|value| self.picture(&value));
        let sizes = attribute(raw, "srcset").map(|set| self.srcset(&set)).unwrap_or_default();
        let Some(source) = source.filter(|source| *source != self.last_image) else { return };
        if let Some(room) = nesting::cell(&self.open) {
            self.make(room);
        }
        self.out.push_str("<img");
        self.attribute("src", &source);
        if !sizes.is_empty() {
            self.attribute("srcset", &sizes);
        }
        self.attribute("alt", &attribute(raw, "alt").unwrap_or_default());
        for name in ["width", "height"] {
            if let Some(pixels) = attribute(raw, name).and_then(|v| v.parse::<u32>().ok()) {
                self.attribute(name, &pixels.to_string());
            }
        }
        self.out.push('>');
        self.last_image = source;
    }

    fn picture(&self, reference: &str) -> Option<String> {
        (self.place)(reference.trim())
            .or_else(|| absolute(reference, self.base, &["http", "https"]))
    }

    fn link(&self, reference: &str) -> Option<String> {
        absolute(reference, self.base, &["http", "https", "mailto", "tel"])
    }

    /// Candidates of a `srcset`. They are parted by a comma and white space or
    /// by a comma after a descriptor; addresses may hold commas themselves.
    fn srcset(&self, set: &str) -> String {
        let mut candidates = Vec::new();
        let mut words = set.split_ascii_whitespace().take(200).peekable();
        while let Some(word) = words.next() {
            let address = word.trim_end_matches(',');
            let ended = address.len() < word.len();
            let size = if ended { None } else { words.next_if(|w| is_size(w)) };
            if let Some(address) = self.picture(address.trim_start_matches(',')) {
                let size = size.map(|s| s.trim_end_matches(',')).unwrap_or_default();
                // A comma at its end would be read as what parts it from the next.
                let address = address.trim_end_matches(',');
                candidates.push(format!("{address} {size}").trim_end().to_owned());
            }
        }
        candidates.join(", ")
    }
}

/// The absolute form of an address, if its scheme is among `schemes`.
pub(crate) fn absolute(reference: &str, base: Option<&Url>, schemes: &[&str]) -> Option<String> {
    let reference = reference.trim();
    if reference.is_empty() || reference.len() > 4096 {
        return None;
    }
    let url = match Url::parse(reference) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(reference).ok()?,
        Err(_) => return None,
    };
    schemes.contains(&url.scheme()).then(|| url.into())
}

/// A picture nobody is meant to see.
fn is_pixel(raw: &str) -> bool {
    let tiny = |name| {
        attribute(raw, name)
            .is_some_and(|v| matches!(v.trim().trim_end_matches("px"), "0" | "1" | "2"))
    };
    let style = attribute(raw, "style").unwrap_or_default().replace(' ', "").to_ascii_lowercase();
    tiny("width") && tiny("height")
        || style.contains("display:none")
        || (style.contains("width:1px") && style.contains("height:1px"))
}

fn is_size(word: &str) -> bool {
    word.trim_end_matches(',')
        .strip_suffix(['w', 'x', 'h'])
        .is_some_and(|n| n.parse::<f32>().is_ok())
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase()
}

fn close(out: &mut String, name: &str) {
    _ = write!(out, "</{name}>");
}

/// Elements that go together with what is inside.
fn is_dropped_whole(name: &str) -> bool {
    is_raw(name)
        || matches!(
            name,
            "form"
                | "select"
                | "button"
                | "object"
                | "applet"
                | "svg"
                | "math"
                | "template"
                | "audio"
                | "video"
                | "canvas"
                | "dialog"
                | "menu"
                | "head"
        )
}

/// Elements whose inside is no markup: without an end they run to the end.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "iframe" | "textarea" | "title" | "xmp" | "noembed" | "noframes"
    )
}

/// The element under which an allowed element is kept.
fn kept(name: &str) -> Option<&'static str> {
    let renamed = match name {
        "section" | "article" | "main" | "header" | "footer" | "center" | "hgroup" | "address"
        | "details" => "div",
        "strike" => "s",
        "tt" => "code",
        "acronym" => "abbr",
        "summary" => "p",
        name => name,
    };
    ALLOWED.iter().copied().find(|allowed| *allowed == renamed)
}

/// All elements that a piece may hold besides `br`, `hr`, `wbr` and `img`.
pub(crate) const ALLOWED: [&str; 54] = [
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
];
