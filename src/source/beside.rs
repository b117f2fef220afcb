//! Pictures that lie beside a text and come along with it.

use std::collections::{HashMap, HashSet};
use std::fs;

use imagesize::ImageType;

use super::listing::Entry;
use crate::article::markup::{Token, Tokens, attribute};
use crate::article::{Body, Draft, Image, Media};

/// The largest picture taken, in bytes.
const LARGEST: u64 = 5 << 20;
/// Pictures taken with one piece.
const MOST: usize = 24;

/// The pictures of a folder by their names below the root.
pub type Pictures<'a> = HashMap<&'a str, &'a Entry>;

/// Attaches the pictures that a draft from the file `name` refers to; without
/// a main image, one of the file's own name serves. Returns what is missing.
pub fn attach(draft: &mut Draft, name: &str, pictures: &Pictures) -> Vec<String> {
    let mut missing = Vec::new();
    let mut image = draft.image.take();
    if image.as_ref().is_none_or(|image| image.url.is_empty())
        && let Some(own) = own(name, pictures)
    {
        let image = image.get_or_insert_default();
        image.url = own;
    }
    let mut references: Vec<String> = image.iter().map(|image| image.url.clone()).collect();
    if let Body::Html(html) = &draft.body {
        for token in Tokens::of(html) {
            if let Token::Start { name: "img" | "IMG", attributes, .. } = token {
                references.extend(attribute(attributes, "src").map(|src| src.trim().to_owned()));
            }
        }
    }
    let mut tried = HashSet::new();
    for reference in references {
        if !tried.insert(reference.clone()) || is_elsewhere(&reference) || draft.media.len() >= MOST
        {
            continue;
        }
        match below(name, &reference)
            .and_then(|path| pictures.get(path.as_str()))
            .map(|entry| read(&reference, entry))
        {
            Some(Ok(media)) => draft.media.push(media),
            Some(Err(words)) => missing.push(words),
            None => missing.push(format!(
                "{name}: the image {reference} is not beside it; put it there or mend the reference"
            )),
        }
    }
    draft.image = image
        .filter(|image| {
            is_web(&image.url) || draft.media.iter().any(|media| media.name == image.url)
        })
        .map(|image| measured(image, &draft.media));
    missing
}

/// A picture with the text's own name: `port.jpg` beside `port.txt`.
fn own(name: &str, pictures: &Pictures) -> Option<String> {
    let stem = &name[..name.rfind('.')?];
    let found =
        ["jpg", "jpeg", "png", "webp", "gif"].iter().map(|ending| format!("{stem}.{ending}"));
    let found = found.into_iter().find(|path| pictures.contains_key(path.as_str()))?;
    Some(found.rsplit('/').next().unwrap_or(&found).to_owned())
}

fn is_web(reference: &str) -> bool {
    reference.starts_with("http://") || reference.starts_with("https://")
}

/// Is a reference no path at all?
fn is_elsewhere(reference: &str) -> bool {
    reference.is_empty()
        || reference.starts_with("//")
        || reference.starts_with('#')
        || reference.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'))
}

/// The path below the root that a reference in the file `name` means; a
/// leading slash means the root.
fn below(name: &str, reference: &str) -> Option<String> {
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    let path = decoded(path);
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Percent signs resolved, as in `my%20picture.jpg`.
fn decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let digits =
            after.get(..2).filter(|_| b == b'%').and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            rest = &after[2..];
        } else {
            out.push(b);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn read(reference: &str, entry: &Entry) -> Result<Media, String> {
    if entry.stamp.length > LARGEST {
        return Err(format!("{} is larger than 5 MB; make it smaller", entry.name));
    }
    let bytes = fs::read(&entry.path).map_err(|error| {
        format!("{} cannot be read ({error}); check who may read it", entry.name)
    })?;
    match kind(&bytes) {
        Some(mime) if bytes.len() as u64 <= LARGEST => {
            Ok(Media { name: reference.to_owned(), mime: mime.to_owned(), bytes })
        }
        _ => {
            Err(format!("{} is no JPEG, PNG, WebP or GIF of at most 5 MB; convert it", entry.name))
        }
    }
}

/// The media type by the file's first bytes.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes).ok()? {
        ImageType::Jpeg => Some("image/jpeg"),
        ImageType::Png => Some("image/png"),
        ImageType::Webp => Some("image/webp"),
        ImageType::Gif => Some("image/gif"),
        _ => None,
    }
}

fn measured(mut image: Image, media: &[Media]) -> Image {
    let Some(file) = media.iter().find(|media| media.name == image.url) else { return image };
    image.mime = Some(file.mime.clone());
    image.length = Some(file.bytes.len() as u64);
    if let Ok(size) = imagesize::blob_size(&file.bytes) {
        image.width = u32::try_from(size.width).ok();
        image.height = u32::try_from(size.height).ok();
    }
    image
}
