//! The main image of an entry: Media RSS, an enclosure, a podcast's cover.

use url::Url;

use super::value::{address, title, word};
use super::xml::{Element, Vocabulary as V};
use crate::article::Image;

/// The best image an entry names.
#[must_use]
pub fn of_entry(entry: &Element, base: Option<&Url>) -> Option<Image> {
    let groups = entry.children.iter().filter(|child| child.is(V::Media, "group"));
    let everywhere: Vec<&Element> =
        entry.children.iter().chain(groups.flat_map(|group| &group.children)).collect();
    let contents = everywhere.iter().filter(|e| e.is(V::Media, "content") && is_picture(e));
    let best = contents
        .filter_map(|content| {
            Some((media(content, entry, base)?, content.attribute("isdefault").is_some()))
        })
        .max_by_key(|(image, default)| (*default, image.width.unwrap_or(0).min(1200)));
    if let Some((image, _)) = best {
        return Some(image);
    }
    let enclosure = entry.children.iter().find_map(|child| {
        let is_enclosure = child.is(V::Core, "enclosure")
            || child.is(V::Core, "link")
                && child.attribute("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("enclosure"));
        if !is_enclosure || !is_picture(child) {
            return None;
        }
        Some(Image {
            url: address(&child.attribute("url").or_else(|| child.attribute("href"))?, base)?,
            length: number(child, "length").filter(|length| *length > 0),
            mime: child.attribute("type"),
            alt: child.attribute("title").unwrap_or_default(),
            ..Image::default()
        })
    });
    enclosure
        .or_else(|| {
            let nested = everywhere.iter().flat_map(|e| e.children.iter());
            let thumbnail =
                everywhere.iter().copied().chain(nested).find(|e| e.is(V::Media, "thumbnail"))?;
            media(thumbnail, entry, base)
        })
        .or_else(|| {
            let cover = entry.children.iter().find(|e| e.is(V::Itunes, "image"))?;
            Some(Image { url: address(&cover.attribute("href")?, base)?, ..Image::default() })
        })
        .or_else(|| {
            let image = entry.children.iter().find(|e| e.is(V::Core, "image"))?;
            let url =
                image.child(V::Core, "url").and_then(word).or_else(|| image.attribute("href"));
            let url = url.or_else(|| word(image).filter(|_| image.children.is_empty()))?;
            Some(Image { url: address(&url, base)?, ..Image::default() })
        })
}

fn media(element: &Element, entry: &Element, base: Option<&Url>) -> Option<Image> {
    let beside = |name: &str| element.child(V::Media, name).or_else(|| entry.child(V::Media, name));
    Some(Image {
        url: address(&element.attribute("url")?, base)?,
        alt: beside("description")
            .or_else(|| element.child(V::Media, "title"))
            .and_then(|e| title(e, false))
            .unwrap_or_default(),
        credit: beside("credit").and_then(|e| title(e, false)),
        width: number(element, "width"),
        height: number(element, "height"),
        mime: element.attribute("type").filter(|mime| mime.starts_with("image/")),
        length: number(element, "filesize"),
    })
}

fn is_picture(element: &Element) -> bool {
    let kind = element.attribute("type").unwrap_or_default().to_ascii_lowercase();
    let medium = element.attribute("medium").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("image/") || medium == "image" {
        return true;
    }
    let address =
        element.attribute("url").or_else(|| element.attribute("href")).unwrap_or_default();
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    kind.is_empty()
        && medium.is_empty()
        && [".jpg", ".jpeg", ".png", ".webp", ".gif"].iter().any(|end| path.ends_with(end))
}

fn number<N: std::str::FromStr>(element: &Element, name: &str) -> Option<N> {
    element.attribute(name)?.trim_end_matches("px").parse().ok()
}
