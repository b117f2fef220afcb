//! What stands inside an element: text, or markup in one of its disguises.

use base64::Engine as _;
use url::Url;

use super::xml::Element;
use crate::article::Body;
use crate::article::clean::{inline_text, strip_controls};
use crate::article::markup::{Token, Tokens, attributes, decode, escape_into};

/// Text and CDATA of an element, entities resolved, tags dropped.
#[must_use]
pub fn text(element: &Element) -> String {
    let mut out = String::new();
    for token in Tokens::of(element.inner) {
        match token {
            Token::Text(text) => out.push_str(&decode(text)),
            Token::Cdata(text) => out.push_str(text),
            _ => {}
        }
    }
    out.trim().to_owned()
}

/// An id or a date: one line of text, `None` if empty.
#[must_use]
pub fn word(element: &Element) -> Option<String> {
    Some(strip_controls(&text(element))).filter(|word| !word.is_empty())
}

/// A title or name on one line; in an Atom `text` construct, `<` is a letter.
#[must_use]
pub fn title(element: &Element, atom: bool) -> Option<String> {
    let line = match body(element, atom) {
        Body::Html(html) => inline_text(&html),
        // Entities that were escaped once too often mean nobody's words.
        Body::Text(text) => strip_controls(&decode(&text)),
    };
    Some(line).filter(|line| !line.is_empty())
}

/// The inside of a text construct, by what it says it is and what it looks like.
#[must_use]
pub fn body(element: &Element, atom: bool) -> Body {
    let kind = element.attribute("type").unwrap_or_default().to_ascii_lowercase();
    let mode = element.attribute("mode").unwrap_or_default().to_ascii_lowercase();
    if Tokens::of(element.inner).any(|token| matches!(token, Token::Start { .. })) {
        return Body::Html(inline_markup(element.inner));
    }
    let mut content = text(element);
    let is_text = matches!(kind.as_str(), "" | "text" | "plain" | "text/plain");
    let encoded = mode == "base64"
        || !is_text
            && !kind.contains("html")
            && !kind.contains("xml")
            && kind.contains('/')
            && !kind.starts_with("text/");
    if encoded && let Some(decoded) = from_base64(&content) {
        content = decoded;
    }
    let says_html =
        kind.contains("html") || mode == "escaped" && kind != "text/plain" && !atom_text(&kind);
    let says_text = kind == "text/plain" || atom && is_text && !says_html;
    if says_html || !says_text || kind.is_empty() && looks_like_html(&content) {
        Body::Html(content)
    } else {
        Body::Text(content)
    }
}

fn atom_text(kind: &str) -> bool {
    matches!(kind, "text" | "plain")
}

fn from_base64(content: &str) -> Option<String> {
    let bare: String = content.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(bare).ok()?;
    String::from_utf8(bytes).ok()
}

/// Does text that nobody called HTML hold end tags all the same?
fn looks_like_html(text: &str) -> bool {
    Tokens::of(text).take(1000).any(|token| match token {
        Token::End { name } | Token::Start { name, empty: true, .. } => is_html_name(name),
        Token::Start { name, .. } => matches!(name, "p" | "br" | "img"),
        _ => false,
    })
}

fn is_html_name(name: &str) -> bool {
    [
        "a",
        "b",
        "i",
        "p",
        "br",
        "em",
        "strong",
        "div",
        "span",
        "ul",
        "ol",
        "li",
        "img",
        "h1",
        "h2",
        "h3",
        "h4",
        "blockquote",
        "code",
    ]
    .iter()
    .any(|html| name.eq_ignore_ascii_case(html))
}

/// Markup that stands unescaped in XML, as HTML: names without prefix, CDATA unwrapped.
fn inline_markup(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    for token in Tokens::of(inner) {
        match token {
            Token::Text(text) | Token::Cdata(text) => out.push_str(text),
            Token::Start { name, attributes: raw, empty } => {
                let name = short(name);
                out.push('<');
                out.push_str(name);
                for (key, value) in attributes(raw) {
                    out.push(' ');
                    out.push_str(key);
                    out.push_str("=\"");
                    escape_into(&mut out, &decode(value));
                    out.push('"');
                }
                out.push('>');
                if empty && !is_void(name) {
                    out.push_str("</");
                    out.push_str(name);
                    out.push('>');
                }
            }
            Token::End { name } => {
                out.push_str("</");
                out.push_str(short(name));
                out.push('>');
            }
            Token::Other => {}
        }
    }
    out.trim().to_owned()
}

fn short(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "wbr" | "col" | "input" | "source")
}

/// An address, made absolute if it can be; `None` if it is none or of a kind
/// nobody reads articles at.
#[must_use]
pub fn address(reference: &str, base: Option<&Url>) -> Option<String> {
    let reference: String = reference.trim().chars().filter(|c| !c.is_control()).collect();
    if reference.is_empty() || reference.len() > 4096 {
        return None;
    }
    let url = match Url::parse(&reference) {
        Ok(url) => url,
        Err(_) => base?.join(&reference).ok()?,
    };
    if !matches!(url.scheme(), "http" | "https" | "ftp" | "gopher" | "gemini") {
        return None;
    }
    // An address that was whole stays as the publisher wrote it.
    let whole = Url::parse(&reference).is_ok() && !reference.contains(char::is_whitespace);
    Some(if whole { reference } else { url.into() })
}
