//! From bytes to drafts: RSS, Atom, RDF, JSON Feed, HTML pages, Markdown, plain text.
//!
//! Everything here is pure, bounded and forgiving: a document that a person
//! can read is read. Nothing is cleaned yet; see [`crate::article::clean`].

pub mod date;
pub mod encoding;
mod entry;
mod feed;
pub mod fuzzed;
pub mod guid;
mod json;
pub mod label;
mod mail;
mod markdown;
pub mod page;
pub(crate) mod person;
mod picture;
mod tail;
mod text;
mod value;
mod xml;

use std::io::Read as _;

use url::Url;

use super::manners::Hub;
use super::pace::Wishes;
use crate::article::clean::{inline_text, strip_controls};
use crate::article::markup::{Token, Tokens, attribute};
use crate::article::{Body, Draft};

/// A document as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it turned out to be.
    pub format: Format,
    /// The feed's title; for a single piece, that piece's.
    pub title: Option<String>,
    /// The feed's front page.
    pub link: Option<String>,
    /// BCP 47 tag that the feed gives.
    pub language: Option<String>,
    /// Its pieces, in its order, as they stand; see [`guid::settle`].
    pub drafts: Vec<Draft>,
    /// How often it wishes to be asked.
    pub wishes: Wishes,
    /// The hub that tells of its news.
    pub hub: Option<Hub>,
}

/// What a document turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RSS 0.9x or 2.0.
    Rss,
    /// RSS 1.0 or 0.90, which are RDF.
    Rdf,
    /// Atom 0.3 or 1.0.
    Atom,
    /// JSON Feed.
    Json,
    /// A web page with one article.
    Page,
    /// A Markdown file.
    Markdown,
    /// A plain text file.
    Text,
    /// A mail, or a box of them.
    Mail,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is something else.
    #[error("this is no feed but {found}; check the address")]
    NotAFeed {
        /// What it is, in words.
        found: String,
    },
    /// It is JSON gone wrong.
    #[error("the JSON cannot be read ({0}); the publisher has to mend it")]
    Json(String),
    /// The front matter of a file is wrong.
    #[error(
        "the front matter cannot be read ({0}); it stands between two lines `---` (YAML) or `+++` (TOML)"
    )]
    FrontMatter(String),
    /// A mail that is none.
    #[error("the mail cannot be read ({0}); save it anew from the mail program")]
    Mail(String),
    /// A page that asks for a password and says nothing else.
    #[error("it is a page that asks people to log in; save the piece itself")]
    Login,
    /// There are no words in it.
    #[error(
        "there is no text in it; if it is still being written it is taken in once it is finished"
    )]
    Empty,
    /// Packed data that is broken or unpacks to too much.
    #[error("the gzip data is broken or unpacks to more than 64 MiB")]
    Gzip,
}

/// Reads a feed of any kind.
///
/// # Errors
/// If it is no feed: then says what it is instead.
pub fn document(
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
) -> Result<Document, ParseError> {
    let unpacked = unpack(bytes)?;
    let source = encoding::decode(&unpacked, content_type, base.and_then(Url::host_str));
    let head =
        source.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
    if head.is_empty() {
        return Err(ParseError::NotAFeed { found: "an empty document".to_owned() });
    }
    if head.starts_with(['{', '[']) {
        return json::document(head, base);
    }
    match sniff(head) {
        None => Ok(feed::document(&source, base)),
        Some(found) => Err(ParseError::NotAFeed { found }),
    }
}

/// Reads one item of a JSON Feed that stands alone, as it is sent to be published.
///
/// # Errors
/// In words for the sender, if it has no id or says nothing.
pub fn item(bytes: &[u8]) -> Result<Draft, String> {
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("the body is no JSON ({error})"))?;
    if !value.is_object() || value.get("items").is_some() {
        return Err("send one item of a JSON Feed, an object, at a time".to_owned());
    }
    let has = |key: &str| match value.get(key) {
        Some(serde_json::Value::String(text)) => !text.trim().is_empty(),
        Some(serde_json::Value::Number(_)) => key == "id",
        _ => false,
    };
    if !has("id") {
        return Err("`id` is missing: the piece is known by it when it is sent again".to_owned());
    }
    let draft = json::draft(&value, None);
    if draft.title.is_empty() && is_blank(&draft.body) {
        return Err("the piece needs a `title`, `content_html` or `content_text`".to_owned());
    }
    for key in ["date_published", "date_modified"] {
        if has(key) && value.get(key).and_then(|d| date::parse(d.as_str()?)).is_none() {
            return Err(format!("`{key}` is no date; write it like 2026-03-01T06:00:00Z"));
        }
    }
    Ok(draft)
}

/// Reads a file by its name's ending: `.md`, `.markdown`, `.html`, `.htm`,
/// `.txt`, `.eml` with one piece, `.mbox` with many. A piece that is marked as a
/// draft gives a document without pieces. The guid is left empty unless the file
/// gives one.
///
/// # Errors
/// If its front matter is wrong or it holds no words.
pub fn file(name: &str, bytes: &[u8], base: Option<&Url>) -> Result<Document, ParseError> {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(ending.as_str(), "eml" | "mbox") {
        return mails(&ending, bytes);
    }
    let source = encoding::decode(bytes, None, None).replace("\r\n", "\n");
    let source = source.trim_start_matches('\u{feff}');
    let (format, draft) = match ending.as_str() {
        "md" | "markdown" => (Format::Markdown, markdown::draft(source, base)?),
        "html" | "htm" | "xhtml" => (Format::Page, Some(page::draft(source, base))),
        _ => (Format::Text, Some(text::draft(source))),
    };
    if draft.as_ref().is_some_and(|draft| draft.title.is_empty() && is_blank(&draft.body)) {
        return Err(ParseError::Empty);
    }
    if format == Format::Page && draft.as_ref().is_some_and(|draft| is_login(source, draft)) {
        return Err(ParseError::Login);
    }
    let about = draft.as_ref();
    Ok(Document {
        format,
        title: about.map(|draft| draft.title.clone()),
        link: about.and_then(|draft| draft.url.clone()),
        language: about.and_then(|draft| draft.language.clone()),
        drafts: draft.into_iter().collect(),
        wishes: Wishes::default(),
        hub: None,
    })
}

/// One mail, or a box of them: those that cannot be read are left out as long as
/// one can.
fn mails(ending: &str, bytes: &[u8]) -> Result<Document, ParseError> {
    let drafts = if ending == "eml" {
        vec![mail::message(bytes)?]
    } else {
        let (drafts, failures) = mail::boxed(bytes);
        match failures.into_iter().next() {
            Some(first) if drafts.is_empty() => return Err(ParseError::Mail(first)),
            None if drafts.is_empty() => return Err(ParseError::Empty),
            _ => drafts,
        }
    };
    Ok(Document {
        format: Format::Mail,
        title: drafts.first().map(|draft| draft.title.clone()),
        link: None,
        language: None,
        drafts,
        wishes: Wishes::default(),
        hub: None,
    })
}

/// A page that wants a password, or is titled as one that does, and has next to
/// nothing to read.
fn is_login(source: &str, draft: &Draft) -> bool {
    const FEW: usize = 60;
    if plain_line(&draft.body).split_whitespace().take(FEW).count() == FEW {
        return false;
    }
    asks_to_log_in(&draft.title)
        || Tokens::of(source).any(|token| match token {
            Token::Start { name, attributes, .. } if name.eq_ignore_ascii_case("input") => {
                attribute(attributes, "type")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
            }
            _ => false,
        })
}

/// Is this how a page is titled that lets nobody in?
fn asks_to_log_in(title: &str) -> bool {
    let title = title.trim().to_lowercase();
    let begins = [
        "log in",
        "login",
        "sign in",
        "signin",
        "anmelden",
        "connexion",
        "se connecter",
        "iniciar sesión",
        "accedi",
        "captcha",
        "just a moment",
        "access denied",
        "wi-fi login",
    ];
    begins.iter().any(|words| {
        title.strip_prefix(words).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

/// A body of either kind as one line of plain text.
pub(crate) fn plain_line(body: &Body) -> String {
    match body {
        Body::Html(html) => inline_text(html),
        Body::Text(text) => strip_controls(text),
    }
}

fn is_blank(body: &Body) -> bool {
    plain_line(body).is_empty()
}

/// The most that a packed document may unpack to, in bytes.
const UNPACKED: u64 = 64 << 20;

/// Unpacks what was stored as a gzip file. It is unpacked once to learn how
/// long it is: what is too long never takes up memory.
pub(super) fn unpack(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, ParseError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.into());
    }
    let mut length = 0;
    let mut reader = flate2::read::MultiGzDecoder::new(bytes);
    let mut buffer = [0; 16 * 1024];
    // A cut stream still holds a readable beginning.
    while let Ok(read @ 1..) = reader.read(&mut buffer) {
        length += read as u64;
        if length > UNPACKED {
            return Err(ParseError::Gzip);
        }
    }
    if length == 0 {
        return Err(ParseError::Gzip);
    }
    let mut out = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // The same bytes break at the same place, after the same beginning.
    _ = flate2::read::MultiGzDecoder::new(bytes).take(length).read_to_end(&mut out);
    Ok(out.into())
}

/// What a document is if it is no feed; `None` if it is one.
fn sniff(source: &str) -> Option<String> {
    let mut first = None;
    for token in Tokens::of(source).take(2000) {
        let Token::Start { name, .. } = token else { continue };
        let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
        match name.as_str() {
            "rss" | "rdf" | "feed" | "channel" | "item" | "entry" => return None,
            "html" | "head" | "body" | "title" | "meta" | "div" | "script" if first.is_none() => {
                return Some(web_page(source));
            }
            _ => first = first.or(Some(name)),
        }
    }
    Some(match first {
        Some(name) => format!("XML of another kind (`{name}`)"),
        None => "plain text".to_owned(),
    })
}

/// A web page where a feed was expected: a login, mostly, or the wrong address.
fn web_page(source: &str) -> String {
    let title = page::title(source).unwrap_or_default();
    let login = asks_to_log_in(&title)
        || ["log in", "login", "sign in", "captcha"]
            .iter()
            .any(|words| title.to_lowercase().contains(words));
    let feed = Tokens::of(source).take(5000).find_map(|token| match token {
        Token::Start { name, attributes, .. } if name.eq_ignore_ascii_case("link") => {
            let kind = attribute(attributes, "type")?.to_ascii_lowercase();
            let is_feed = ["rss", "atom", "feed+json"].iter().any(|word| kind.contains(word));
            attribute(attributes, "href").filter(|_| is_feed).map(std::borrow::Cow::into_owned)
        }
        _ => None,
    });
    let mut words = format!("a web page titled `{}`", title.chars().take(80).collect::<String>());
    if let Some(feed) = feed {
        words.push_str(", which names the feed ");
        words.extend(feed.chars().take(200));
    } else if login {
        words.push_str(", which asks people to log in: the feed has to be public");
    }
    words
}

#[cfg(test)]
mod tests;
