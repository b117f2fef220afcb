//! From a draft to an article: cleaned, dated, given a language, a teaser and
//! its regions. Pure, and the same draft gives the same article.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
use chrono::TimeDelta;

use crate::article::{ArticleId, Media, SafeHtml};
use crate::article::{Body, Card, Draft, Image, clean, identity, language, teaser};
use crate::clock::Time;
use crate::region::{Evidence, Gazetteer, Verdict, classify};
use crate::source;
use crate::store::articles::{Fresh, Known};

use super::Settings;

/// What admitting a draft gives.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The article, ready for the store.
    pub fresh: Fresh,
    /// Labels that looked like places and matched no region.
    pub unmatched: Vec<String>,
    /// Images that came with it, under the names they are served by.
    pub media: Vec<Media>,
}

/// What is known around a draft.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// Names of places.
    pub gazetteer: &'a Gazetteer,
    /// Where the draft comes from.
    pub source: &'a source::Settings,
    /// What the store knows of the piece.
    pub known: Option<&'a Known>,
    /// The present moment.
    pub now: Time,
}

/// Turns a draft into an article. `hash` is its [`fingerprint`].
#[must_use]
pub fn admit(mut draft: Draft, hash: String, around: &Around<'_>) -> Admitted {
    let (media, places) = house_media(&mut draft, around);
    let base = draft.url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let html = match &draft.body {
        Body::Html(html) => {
            clean::clean_placing(html, base.as_ref(), &|name| places.get(name).cloned())
        }
        Body::Text(text) => clean::from_text(text),
    };
    let text = clean::plain(&html);
    let title = title(&draft.title, &text);
    let language = draft
        .language
        .as_deref()
        .and_then(language::normalize)
        .or_else(|| around.source.language.clone())
        .unwrap_or_else(|| language::detect(&title, &text).to_owned());
    let operator = around.known.and_then(|known| known.operator_region.as_ref());
    let Verdict { regions, countries, origin, reasons, unmatched } = classify(
        &around.settings.tree,
        around.gazetteer,
        &Evidence {
            operator,
            labels: &draft.labels,
            title: &title,
            text: &text,
            url: draft.url.as_deref(),
            language: Some(&language),
            home: around.source.home,
        },
    );
    let published = published(&draft, around);
    let card = Card {
        id: around.known.map_or(ArticleId(0), |known| known.id),
        uid: identity::mint(&around.source.name, &draft.guid),
        source: around.source.name.clone(),
        teaser: teaser::teaser(&text, draft.excerpt.as_deref(), &title),
        image: draft.image.take().or_else(|| first_image(&html)),
        guid: draft.guid,
        url: draft.url,
        authors: authors(&draft.authors),
        published,
        updated: draft
            .updated
            .filter(|updated| *updated <= around.now)
            .map_or(published, |updated| updated.max(published)),
        language,
        title,
        hints: draft.hints,
        regions,
        countries,
        region_origin: origin,
        credit: draft.credit,
        first_seen: around.now,
    };
    let fresh = Fresh {
        card,
        html,
        text,
        labels: draft.labels,
        reasons,
        operator_region: operator.cloned(),
        hash,
    };
    Admitted { fresh, unmatched, media }
}

fn title(given: &str, text: &str) -> String {
    let title = clean::strip_controls(given);
    if !title.is_empty() {
        return title;
    }
    let opening: String = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("Untitled")
        .chars()
        .take(80)
        .collect();
    opening.trim().to_owned()
}

/// A piece keeps the date it first had. One dated later than tomorrow is a
/// mistake at the source and counts as appearing when it is seen.
fn published(draft: &Draft, around: &Around<'_>) -> Time {
    let tomorrow = around.now + TimeDelta::days(1);
    match (draft.published.filter(|published| *published <= tomorrow), around.known) {
        (Some(published), _) => published,
        (None, Some(known)) => known.published,
        (None, None) => around.now,
    }
}

fn authors(names: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names.iter().map(|name| clean::strip_controls(name)) {
        if !name.is_empty() && !kept.contains(&name) && kept.len() < 20 {
            kept.push(name);
        }
    }
    kept
}

/// The first image in cleaned HTML, whose attributes are all quoted.
fn first_image(html: &SafeHtml) -> Option<Image> {
    let tag = html.as_str().split_once("<img ")?.1.split_once('>')?.0;
    let attribute = |name: &str| {
        let value = tag.split_once(&format!("{name}=\""))?.1.split_once('"')?.0;
        Some(
            value
                .replace("&amp;", "&")
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">"),
        )
    };
    let url =
        attribute("src").filter(|url| url.starts_with("https:") || url.starts_with("http:"))?;
    Some(Image {
        url,
        alt: attribute("alt").unwrap_or_default(),
        width: attribute("width").and_then(|width| width.parse().ok()),
        height: attribute("height").and_then(|height| height.parse().ok()),
        ..Image::default()
    })
}

/// Gives the images that came with a draft the names they are served by, and
/// makes the draft refer to those.
fn house_media(draft: &mut Draft, around: &Around<'_>) -> (Vec<Media>, HashMap<String, String>) {
    let mut places = HashMap::new();
    let mut housed = Vec::with_capacity(draft.media.len());
    for media in std::mem::take(&mut draft.media) {
        let hash = aws_lc_rs::digest::digest(&SHA256, &media.bytes);
        let ending = media
            .mime
            .rsplit('/')
            .next()
            .filter(|ending| ending.bytes().all(|b| b.is_ascii_alphanumeric()));
        let name = format!("{}.{}", hex(&hash.as_ref()[..12]), ending.unwrap_or("bin"));
        let address = around.settings.site.address(&format!("/media/{name}"));
        places.insert(media.name.clone(), address.clone());
        if let Some(image) = draft.image.as_mut().filter(|image| image.url == media.name) {
            image.url = address;
            image.mime = Some(media.mime.clone());
            image.length = u64::try_from(media.bytes.len()).ok();
            if let Ok(size) = imagesize::blob_size(&media.bytes) {
                image.width = u32::try_from(size.width).ok();
                image.height = u32::try_from(size.height).ok();
            }
        }
        housed.push(Media { name, ..media });
    }
    // A reference that came without its file points nowhere.
    if draft.image.as_ref().is_some_and(|image| url::Url::parse(&image.url).is_err()) {
        draft.image = None;
    }
    (housed, places)
}

/// A hash of all that a source gave of a piece: equal means nothing to do. The
/// part behind the hyphen is that of the dates.
#[must_use]
pub fn fingerprint(draft: &Draft) -> String {
    let mut hash = Context::new(&SHA256);
    let mut put = |part: &[u8]| {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    };

    put(draft.title.as_bytes());
    put(draft.url.as_deref().unwrap_or_default().as_bytes());
    match &draft.body {
        Body::Html(body) | Body::Text(body) => put(body.as_bytes()),
    }
    put(draft.excerpt.as_deref().unwrap_or_default().as_bytes());
    put(draft.language.as_deref().unwrap_or_default().as_bytes());
    put(draft.credit.as_deref().unwrap_or_default().as_bytes());
    put(format!("{:?} {:?} {:?} {:?}", draft.authors, draft.image, draft.labels, draft.hints)
        .as_bytes());
    for media in &draft.media {
        put(media.name.as_bytes());
        put(&media.bytes);
    }
    let dates = format!("{:?} {:?}", draft.published, draft.updated);
    let dates = aws_lc_rs::digest::digest(&SHA256, dates.as_bytes());
    format!("{}-{}", hex(&hash.finish().as_ref()[..16]), hex(&dates.as_ref()[..8]))
}

/// Whether two fingerprints differ in nothing but dates.
#[must_use]
pub fn same_words(a: &str, b: &str) -> bool {
    let words = |hash: &str| hash.split_once('-').map(|(words, _)| words.to_owned());
    words(a).is_some_and(|a| words(b) == Some(a))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
