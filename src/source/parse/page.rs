//! A web page that holds one article.

use serde_json::Value;
use url::Url;

use super::value::address;
use super::{date, label, person, tail, text};
use crate::article::clean::{inline_text, strip_controls};
use crate::article::markup::{Token, Tokens, attribute, escape_into};
use crate::article::{Body, Draft, Hint, Image, Label, LabelKind, language};

/// What is on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The piece, if there is one.
    pub draft: Draft,
    /// What the page is.
    pub standing: Standing,
    /// Where it says that its data are.
    pub data: Option<Url>,
    /// Feeds that it says hold it too.
    pub feeds: Vec<Url>,
}

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

/// Reads a page of a site, which may be anything.
#[must_use]
pub fn read(source: &str, base: Option<&Url>) -> Page {
    let head = Head::of(source);
    let draft = draft(source, base);
    let (Body::Html(body) | Body::Text(body)) = &draft.body;
    let standing = if draft.published.is_some() && inline_text(body).len() > 200 {
        Standing::Piece
    } else {
        Standing::Other("a list or a front page")
    };
    let link = |url: &str| Url::parse(&address(url, base)?).ok();
    Page {
        standing,
        data: head.meta("data").and_then(link),
        feeds: head.all("feed").filter_map(link).take(3).collect(),
        draft,
    }
}

/// Reads one piece.
#[must_use]
pub fn draft(source: &str, base: Option<&Url>) -> Draft {
    let head = Head::of(source);
    let base = head.meta("base").and_then(|href| Url::parse(href).ok()).or_else(|| base.cloned());
    let base = base.as_ref();
    let mut draft = Draft {
        title: head.title(),
        url: head.first(&["canonical", "og:url"]).and_then(|url| address(url, base)),
        authors: head.authors(),
        published: head
            .first(&[
                "article:published_time",
                "datepublished",
                "date",
                "dc.date",
                "pubdate",
                "publish-date",
                "time",
            ])
            .and_then(date::parse),
        updated: head
            .first(&["article:modified_time", "datemodified", "last-modified"])
            .and_then(date::parse),
        language: head
            .first(&["lang", "og:locale", "content-language"])
            .and_then(language::normalize),
        excerpt: head
            .first(&["og:description", "description", "twitter:description"])
            .map(inline_text),
        ..Draft::default()
    };
    draft.image = head.first(&["og:image", "twitter:image", "ld:image"]).map(|url| Image {
        url: address(url, base).unwrap_or_else(|| url.to_owned()),
        alt: head.meta("og:image:alt").map(inline_text).unwrap_or_default(),
        ..Image::default()
    });
    if !head.crumbs.is_empty() {
        draft.labels.push(Label { kind: LabelKind::Breadcrumb, path: head.crumbs.clone() });
    }
    for (name, kind) in [
        ("article:section", LabelKind::Category),
        ("article:tag", LabelKind::Tag),
        ("keywords", LabelKind::Tag),
    ] {
        for value in head.all(name) {
            for word in value.split(',') {
                label::add(&mut draft.labels, label::label(kind, &inline_text(word)));
            }
        }
    }
    let mut body = Cutter {
        out: String::new(),
        hints: Vec::new(),
        title: draft.title.clone(),
        byline: None,
        base,
    };
    body.cut(main_part(source));
    let line = body
        .byline
        .take()
        .or_else(|| element(source, "p", |raw| says(raw, &["byline"])).map(inline_text));
    if let Some(line) = line.filter(|_| draft.authors.is_empty()) {
        draft.authors = person::names(&line);
    }
    if draft.labels.iter().all(|label| label.kind != LabelKind::Breadcrumb)
        && let Some((start, end, path, title)) = crumb_line(&body.out, &draft.title)
    {
        body.out.replace_range(start..end, "");
        draft.labels.insert(0, Label { kind: LabelKind::Breadcrumb, path });
        if draft.title.is_empty() {
            draft.title = title;
        }
    }
    draft.hints = body.hints;
    draft.body = Body::Html(body.out);
    draft
}

/// The `<title>` of a page.
#[must_use]
pub fn title(source: &str) -> Option<String> {
    element(source, "title", |_| true).map(inline_text).filter(|title| !title.is_empty())
}

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
    let mut cutter = Cutter {
        out: String::new(),
        hints: Vec::new(),
        title: title.to_owned(),
        byline: None,
        base,
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

/// The credit that a caption gives.
#[must_use]
pub fn credit_in(caption: &str) -> Option<String> {
    text::credit(&format!("({})", caption.trim_matches(['(', ')', ' '])))
}

/// What a page says about itself.
#[derive(Default)]
struct Head {
    metas: Vec<(String, String)>,
    page_title: Option<String>,
    heading: Option<String>,
    crumbs: Vec<String>,
    names: Vec<String>,
    tries: u8,
}

impl Head {
    fn of(source: &str) -> Self {
        let mut head = Self { page_title: title(source), ..Self::default() };
        head.heading =
            element(source, "h1", |_| true).map(inline_text).filter(|title| !title.is_empty());
        let mut tokens = Tokens::of(source);
        while let Some(token) = tokens.next() {
            let Token::Start { name, attributes: raw, .. } = token else { continue };
            let start = tokens.at();
            match name.to_ascii_lowercase().as_str() {
                "html" => head.keep("lang", attribute(raw, "lang").as_deref()),
                "meta" => {
                    let name = ["property", "name", "itemprop", "http-equiv"]
                        .iter()
                        .find_map(|key| attribute(raw, key));
                    head.keep(
                        &name.unwrap_or_default().to_ascii_lowercase(),
                        attribute(raw, "content").as_deref(),
                    );
                }
                "base" => head.keep("base", attribute(raw, "href").as_deref()),
                "time" => head.keep("time", attribute(raw, "datetime").as_deref()),
                "link" => head.link(raw),
                "script" => {
                    tokens.skip_past_end("script");
                    if attribute(raw, "type").is_some_and(|kind| kind.contains("ld+json")) {
                        let data = source[start..tokens.at()]
                            .rsplit_once("</")
                            .map_or("", |(data, _)| data);
                        head.linked_data(data);
                    }
                }
                "nav" | "div" | "ol" | "ul" | "p" | "span"
                    if head.crumbs.is_empty()
                        && head.tries < 10
                        && says(raw, &["breadcrumb", "breadcrumbs"]) =>
                {
                    head.tries += 1;
                    let inside = inside(source, start, name);
                    head.crumbs = crumbs(inside, &head.title());
                }
                _ => {}
            }
        }
        head
    }

    fn link(&mut self, raw: &str) {
        let value = |name: &str| attribute(raw, name).unwrap_or_default().to_ascii_lowercase();
        let (rel, kind) = (value("rel"), value("type"));
        let name = match kind.trim() {
            _ if rel == "canonical" => "canonical",
            "application/json" if rel == "alternate" => "data",
            "application/rss+xml" | "application/atom+xml" | "application/feed+json"
                if rel == "alternate" && !value("href").contains("comment") =>
            {
                "feed"
            }
            _ => return,
        };
        self.keep(name, attribute(raw, "href").as_deref());
    }

    fn keep(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) =
            value.map(str::trim).filter(|value| !value.is_empty() && self.metas.len() < 300)
        {
            self.metas.push((name.to_owned(), value.to_owned()));
        }
    }

    fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.metas.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn meta(&self, name: &str) -> Option<&str> {
        self.metas.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.meta(name))
    }

    /// The piece's own title before the page's, which often ends in the site's name.
    fn title(&self) -> String {
        let given = self.first(&["ld:headline", "og:title"]).map(inline_text);
        let page = self.page_title.clone();
        let heading = self.heading.clone().filter(|heading| {
            given
                .as_deref()
                .or(page.as_deref())
                .is_none_or(|known| known.contains(heading.as_str()) || heading.contains(known))
        });
        heading.or(given).or(self.heading.clone()).or(page).unwrap_or_default()
    }

    fn authors(&self) -> Vec<String> {
        if !self.names.is_empty() {
            return self.names.clone();
        }
        let metas =
            self.all("author").chain(self.all("article:author")).chain(self.all("dc.creator"));
        let mut names: Vec<String> = Vec::new();
        for name in metas.filter(|name| !name.contains("://")).flat_map(person::names) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The basics of an `Article` in JSON-LD.
    fn linked_data(&mut self, data: &str) {
        let Ok(value) = serde_json::from_str::<Value>(data.trim()) else { return };
        let graph = value
            .get("@graph")
            .and_then(Value::as_array)
            .or(value.as_array())
            .cloned()
            .unwrap_or_else(|| vec![value]);
        for node in graph.iter().take(50) {
            let kind = node.get("@type").map(Value::to_string).unwrap_or_default();
            let text = |key: &str| node.get(key).and_then(Value::as_str);
            if kind.contains("Article") || kind.contains("BlogPosting") || kind.contains("Report") {
                self.keep("ld:headline", text("headline"));
                self.keep("datepublished", text("datePublished"));
                self.keep("datemodified", text("dateModified"));
                self.keep("article:section", text("articleSection"));
                let image = node.get("image").map(|image| image.get(0).unwrap_or(image));
                self.keep(
                    "ld:image",
                    image.and_then(|image| image.as_str().or_else(|| image.get("url")?.as_str())),
                );
                let authors = node.get("author");
                let many = authors.and_then(Value::as_array).into_iter().flatten();
                for author in many.chain(authors).take(20) {
                    let name = author.as_str().or_else(|| author.get("name")?.as_str());
                    self.names.extend(name.map(person::names).unwrap_or_default());
                }
            } else if kind.contains("BreadcrumbList") && self.crumbs.is_empty() {
                let items =
                    node.get("itemListElement").and_then(Value::as_array).into_iter().flatten();
                let names = items.filter_map(|item| {
                    item.get("name")
                        .or_else(|| item.get("item")?.get("name"))?
                        .as_str()
                        .map(inline_text)
                });
                self.crumbs = trimmed(names.collect(), &self.title());
            }
        }
    }
}

/// The crumbs inside an element: its links and list items, or its marks.
fn crumbs(inside: &str, title: &str) -> Vec<String> {
    let mut spaced = String::new();
    for token in Tokens::of(inside) {
        match token {
            Token::Text(words) => spaced.push_str(words),
            Token::End { name: "a" | "li" | "span" } => spaced.push_str(" \u{bb} "),
            _ => {}
        }
    }
    let line =
        inline_text(&spaced).replace(['›', '→'], "»").replace(" > ", "»").replace(" / ", "»");
    let parts = line
        .split('»')
        .map(|part| strip_controls(part.trim_matches(['/', '>', '|', ' '])))
        .filter(|part| !part.is_empty());
    trimmed(parts.collect(), title)
}

/// Crumbs without the front page and without the piece itself.
fn trimmed(mut parts: Vec<String>, title: &str) -> Vec<String> {
    parts.retain(|part| !label::is_home(part));
    parts.dedup();
    if parts.last().is_some_and(|last| {
        last == title
            || title.starts_with(last.trim_end_matches(['.', '…']))
            || last.chars().count() > 60
    }) {
        parts.pop();
    }
    parts.truncate(6);
    parts
}

/// A first paragraph that is a breadcrumb line: where it stands and what it says.
fn crumb_line(html: &str, title: &str) -> Option<(usize, usize, Vec<String>, String)> {
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

/// The part of the page that holds the piece.
fn main_part(source: &str) -> &str {
    const VESSELS: [&str; 11] = [
        "entry-content",
        "post-content",
        "article-body",
        "article-content",
        "article__body",
        "story-body",
        "td-post-content",
        "post-body",
        "the-content",
        "articlebody",
        "article-text",
    ];
    let enough = |part: &&str| inline_text(part).len() > 200;
    element(source, "div", |raw| says(raw, &VESSELS))
        .filter(enough)
        .or_else(|| element(source, "section", |raw| says(raw, &VESSELS)).filter(enough))
        .or_else(|| element(source, "article", |_| true))
        .or_else(|| element(source, "main", |_| true))
        .or_else(|| element(source, "body", |_| true))
        .unwrap_or(source)
}

/// The inside of the first element of that name that `fits`.
fn element<'a>(source: &'a str, name: &str, fits: impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut tokens = Tokens::of(source);
    while let Some(token) = tokens.next() {
        if let Token::Start { name: found, attributes, empty: false } = token {
            if found.eq_ignore_ascii_case(name) && fits(attributes) {
                return Some(inside(source, tokens.at(), name));
            }
            if found.eq_ignore_ascii_case("script") || found.eq_ignore_ascii_case("style") {
                tokens.skip_past_end(found);
            }
        }
    }
    None
}

/// From `start` to the end tag that belongs to the element `name`.
fn inside<'a>(source: &'a str, start: usize, name: &str) -> &'a str {
    let mut tokens = Tokens::of(source);
    tokens.go_to(start);
    let mut depth = 0_usize;
    loop {
        let end = tokens.at();
        match tokens.next() {
            None => return &source[start..end],
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

/// Does a tag's class, id, role or label hold one of these words?
fn says(raw: &str, words: &[&str]) -> bool {
    ["class", "id", "aria-label", "itemprop", "role"]
        .iter()
        .filter_map(|name| attribute(raw, name))
        .any(|value| {
            let value = value.to_ascii_lowercase();
            value.split_ascii_whitespace().any(|class| {
                words.iter().any(|word| class == *word || word.len() > 9 && class.contains(word))
            })
        })
}

/// Copies the piece and leaves the furniture.
struct Cutter<'a> {
    out: String,
    hints: Vec<Hint>,
    title: String,
    byline: Option<String>,
    base: Option<&'a Url>,
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
                let heading = lower == "h1";
                let related = says(
                    raw,
                    &[
                        "related",
                        "related-posts",
                        "related-articles",
                        "check-also",
                        "recommended",
                        "yarpp",
                        "jp-relatedposts",
                    ],
                );
                let by = says(raw, &["byline", "author", "post-author", "entry-author"])
                    && lower != "article"
                    && lower != "body";
                if lower == "script" || lower == "style" {
                    tokens.skip_past_end(name);
                    continue;
                }
                if heading || related || by || is_furniture(&lower, raw) {
                    let inside = inside(source, start, name);
                    budget = budget.saturating_sub(inside.len());
                    if start + inside.len() == source.len() {
                        self.out.push_str(&source[from..start]);
                        continue;
                    }
                    let words =
                        if inside.len() < 2000 { inline_text(inside) } else { String::new() };
                    let keep = heading && words != self.title || by && words.chars().count() > 150;
                    if !keep {
                        if related {
                            self.related(inside);
                        } else if by && self.byline.is_none() && !words.is_empty() {
                            self.byline = Some(words);
                        }
                        tokens.go_to(start + inside.len());
                        tokens.next();
                        continue;
                    }
                }
            }
            if let Token::Cdata(words) = token {
                escape_into(&mut self.out, words);
            } else {
                self.out.push_str(&source[from..tokens.at()]);
            }
        }
    }

    /// Other pieces that the page shows: its links with words.
    fn related(&mut self, inside: &str) {
        let mut tokens = Tokens::of(inside);
        while let Some(token) = tokens.next() {
            let Token::Start { name, attributes: raw, empty: false } = token else { continue };
            if !name.eq_ignore_ascii_case("a") {
                continue;
            }
            let title = inline_text(self::inside(inside, tokens.at(), name));
            let url = attribute(raw, "href").and_then(|href| address(&href, self.base));
            let known = self
                .hints
                .iter()
                .any(|hint| hint.title == title || hint.url.is_some() && hint.url == url);
            if title.chars().count() > 8 && !known && self.hints.len() < 20 {
                self.hints.push(Hint { title, url, teaser: String::new() });
            }
        }
    }
}

fn is_furniture(name: &str, raw: &str) -> bool {
    const WORDS: [&str; 33] = [
        "share",
        "sharing",
        "social",
        "sharedaddy",
        "comments",
        "comment-respond",
        "respond",
        "comment-form",
        "author-box",
        "author-bio",
        "about-author",
        "breadcrumb",
        "breadcrumbs",
        "post-tags",
        "tags",
        "tagcloud",
        "post-navigation",
        "nav-links",
        "pagination",
        "newsletter",
        "subscribe",
        "sidebar",
        "widget",
        "advertisement",
        "ad",
        "ads",
        "promo",
        "cookie",
        "post-meta",
        "entry-meta",
        "screen-reader-text",
        "skip-link",
        "navigation",
    ];
    matches!(name, "nav" | "aside" | "footer" | "form" | "noscript" | "dialog" | "template")
        || matches!(name, "div" | "section" | "ul" | "ol" | "p" | "span" | "a" | "header")
            && says(raw, &WORDS)
}
