//! A web page that holds one article, and how to tell that it does.
//!
//! What a page says of itself in data goes before what it shows; what it shows
//! is read as a reader would. It is read once into an [`outline`]; every part
//! below answers one question about that.

mod around;
mod crumbs;
mod cut;
mod head;
mod items;
mod linked;
mod outline;
mod standing;
mod vessel;

use url::Url;

use super::value::address;
use super::{date, label, person, text};
use crate::article::clean::inline_text;
use crate::article::markup::attribute;
use crate::article::{Body, Draft, Image, Label, LabelKind, language};
use crate::clock::Time;
use around::Places;
pub use cut::{Cut, cut};
use head::Head;
use outline::Outline;
pub use standing::Standing;

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

/// Reads a page that holds one piece.
#[must_use]
pub fn draft(source: &str, base: Option<&Url>) -> Draft {
    read(source, base).draft
}

/// Reads a page of a site, which may be anything.
#[must_use]
pub fn read(source: &str, base: Option<&Url>) -> Page {
    let outline = Outline::of(source);
    let head = Head::of(&outline);
    let places = Places::of(&outline);
    let base =
        head.first(&["base"]).and_then(|href| Url::parse(href).ok()).or_else(|| base.cloned());
    let base = base.as_ref();
    let items = items::read(&outline);
    let guess = head::title(&[items.title.as_deref()], &head);
    let blocks = outline
        .all(|element| {
            element.is("script") && element.get("type").is_some_and(|kind| kind.contains("ld+json"))
        })
        .map(|at| outline.inside(at));
    let linked = linked::read(blocks, &guess);
    let title = head::title(&[linked.title.as_deref(), items.title.as_deref()], &head);

    let said_date = exacter(said_date(&linked, &items, &head), &outline, &places);
    let shown_date = said_date.is_none().then(|| around::published(&outline, &places)).flatten();
    let url = head
        .first(&["canonical", "og:url"])
        .and_then(|url| address(url, base))
        .or_else(|| address(linked.url.as_deref()?, base));
    let page_url = url.as_deref().and_then(|url| Url::parse(url).ok()).or_else(|| base.cloned());

    let mut draft = Draft {
        authors: authors(&linked, &items, &head),
        published: said_date.or(shown_date),
        updated: [linked.modified.as_deref(), items.modified.as_deref()]
            .into_iter()
            .flatten()
            .chain(head.first(&[
                "article:modified_time",
                "datemodified",
                "last-modified",
                "dc.date.modified",
            ]))
            .find_map(date::parse),
        language: head
            .first(&["lang", "og:locale", "content-language"])
            .or(linked.language.as_deref())
            .and_then(language::normalize),
        excerpt: head
            .first(&["og:description", "description", "twitter:description"])
            .map(inline_text)
            .or_else(|| linked.description.clone())
            .filter(|excerpt| !excerpt.is_empty()),
        image: image(&linked, &head, base),
        url,
        title,
        ..Draft::default()
    };
    let path = way(&outline, &linked, &items, &draft.title, page_url.as_ref());
    labels(&mut draft, (&outline, &places), path, &linked, &items, &head);

    let body = text_of(&mut draft, (&outline, &places), (&linked, &items), base);
    let standing = standing::judge(&standing::Signs {
        outline: &outline,
        kinds: &linked.kinds,
        said: linked.is_piece || items.is_piece,
        share: head.first(&["og:type"]).unwrap_or_default(),
        dated: said_date.is_some(),
        shown_date: shown_date.is_some(),
        body: &body,
        free: linked.free,
        title: &draft.title,
    });
    draft.body = Body::Html(body);
    let link = |url: &str| Url::parse(&address(url, base)?).ok();
    Page {
        standing,
        data: head.first(&["data"]).and_then(link),
        feeds: head.all("feed").filter_map(link).take(3).collect(),
        draft,
    }
}

/// The words of the piece; what stands around them goes into the draft.
fn text_of(
    draft: &mut Draft,
    (outline, places): (&Outline, &Places),
    (linked, items): (&linked::Said, &items::Said),
    base: Option<&Url>,
) -> String {
    let vessel = vessel::find(outline, items.body);
    let mut cut = cut::page(&vessel, &draft.title, base);
    if let Some(body) = &linked.body
        && inline_text(body).len() > 200
        && inline_text(&cut.html).len() * 2 < inline_text(body).len()
    {
        cut.html = vessel::from_data(body);
    }
    if draft.authors.is_empty() {
        draft.authors = around::authors(outline, places);
    }
    if draft.authors.is_empty() {
        draft.authors = cut.byline.as_deref().map(person::names).unwrap_or_default();
    }
    if let (Some(image), Some(credit)) = (&mut draft.image, cut.credit.take()) {
        image.credit.get_or_insert(credit);
    }
    if draft.labels.iter().all(|label| label.kind != LabelKind::Breadcrumb)
        && let Some((start, end, path, title)) = cut::crumb_line(&cut.html, &draft.title)
    {
        cut.html.replace_range(start..end, "");
        draft.labels.insert(0, Label { kind: LabelKind::Breadcrumb, path });
        if draft.title.is_empty() {
            draft.title = title;
        }
    }
    draft.hints = cut.hints;
    if draft.hints.is_empty() {
        draft.hints = cut::beside(outline, base);
    }
    cut.html
}

/// The date that the piece or its head gives in data.
fn said_date(linked: &linked::Said, items: &items::Said, head: &Head) -> Option<Time> {
    [linked.published.as_deref(), items.published.as_deref()]
        .into_iter()
        .flatten()
        .chain(head.first(&[
            "article:published_time",
            "datepublished",
            "date",
            "dc.date",
            "dc.date.issued",
            "dc.date.created",
            "pubdate",
            "publish-date",
            "publishdate",
            "parsely-pub-date",
            "sailthru.date",
        ]))
        .find_map(date::parse)
}

/// A date without a clock, made exact by an element that shows the same day.
fn exacter(said: Option<Time>, outline: &Outline, places: &Places) -> Option<Time> {
    let day = said?;
    if day.timestamp() % 86_400 != 0 {
        return Some(day);
    }
    let near = around::published(outline, places);
    let near = near
        .filter(|shown| (*shown - day).num_hours().abs() <= 26 && shown.timestamp() % 86_400 != 0);
    Some(near.unwrap_or(day))
}

fn authors(linked: &linked::Said, items: &items::Said, head: &Head) -> Vec<String> {
    if !linked.authors.is_empty() {
        return linked.authors.clone();
    }
    let metas = head
        .all("author")
        .chain(head.all("article:author"))
        .chain(head.all("byl"))
        .chain(head.all("parsely-author"));
    let metas = metas.filter(|name| !name.contains("://"));
    let site = head.site();
    let mut names: Vec<String> = Vec::new();
    for name in items.authors.iter().map(String::as_str).chain(metas).flat_map(person::names) {
        let is_site = site.as_deref().is_some_and(|site| alike(site, &name))
            || ["admin", "webmaster", "administrator", "editor", "press"]
                .contains(&name.to_lowercase().as_str())
            || alike(&name, head.page_title.rsplit(['_', '|', '-']).next().unwrap_or_default());
        if !is_site && !names.contains(&name) && names.len() < 20 {
            names.push(name);
        }
        if !items.authors.is_empty() && names.len() >= items.authors.len() {
            break;
        }
    }
    names
}

fn image(linked: &linked::Said, head: &Head, base: Option<&Url>) -> Option<Image> {
    let url = head.first(&["og:image", "twitter:image"]).or(linked.image.as_deref())?;
    Some(Image {
        url: address(url, base).unwrap_or_else(|| url.to_owned()),
        alt: head.first(&["og:image:alt"]).map(inline_text).unwrap_or_default(),
        ..Image::default()
    })
}

/// The way to the piece, by the first that tells one.
fn way(
    outline: &Outline,
    linked: &linked::Said,
    items: &items::Said,
    title: &str,
    page: Option<&Url>,
) -> Vec<String> {
    let told = [&linked.crumbs, &items.crumbs]
        .into_iter()
        .map(|crumbs| crumbs::path(crumbs.clone(), title, page))
        .find(|path| !path.is_empty());
    let path = told.unwrap_or_else(|| crumbs::shown(outline, title, page));
    if path.is_empty() { crumbs::line(outline, title) } else { path }
}

fn labels(
    draft: &mut Draft,
    (outline, places): (&Outline, &Places),
    path: Vec<String>,
    linked: &linked::Said,
    items: &items::Said,
    head: &Head,
) {
    if !path.is_empty() {
        draft.labels.push(Label { kind: LabelKind::Breadcrumb, path });
    }
    let mut add =
        |kind, words: &str| label::add(&mut draft.labels, label::label(kind, &inline_text(words)));
    for section in head
        .all("article:section")
        .chain(linked.sections.iter().chain(&items.sections).map(String::as_str))
    {
        section.split(',').for_each(|word| add(LabelKind::Category, word));
    }
    for tags in head.all("article:tag").chain(head.all("keywords")) {
        tags.split(',').for_each(|word| add(LabelKind::Tag, word));
    }
    linked.keywords.iter().for_each(|word| add(LabelKind::Tag, word));
    // As WordPress and others link the lists that a piece is in.
    for (kind, words) in around::filed(outline, places) {
        add(kind, &words);
    }
}

/// The `<title>` of a page.
#[must_use]
pub fn title(source: &str) -> Option<String> {
    let outline = Outline::of(source);
    let at = outline.all(|element| element.is("title")).next()?;
    Some(outline.text(at)).filter(|title| !title.is_empty())
}

/// The credit that a caption gives.
#[must_use]
pub fn credit_in(caption: &str) -> Option<String> {
    text::credit(&format!("({})", caption.trim_matches(['(', ')', ' '])))
}

/// Are two titles the same but for marks and case?
fn alike(a: &str, b: &str) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let a = bare(a);
    !a.is_empty() && a == bare(b)
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
