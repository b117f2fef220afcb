//! A piece as it is printed: clipped, its links and images such that they can
//! stand in any mail, and nothing in it that passes for a [blank](crate::digest::blank).

use url::Url;

use super::Frame;
use crate::article::Image;
use crate::digest::blank::{neutral, neutral_url};
use crate::digest::sections::{self, Beside, Placed};
use crate::template::{Aside, Copy, Picture, Story, direction, hue};

/// Width of the image on top.
const LEAD_PIXELS: u32 = 576;
/// Width of the others.
const THUMB_PIXELS: u32 = 176;
/// Related pieces shown beside a piece.
const BESIDE: usize = 3;
/// Other publications that are named for having printed the same text.
const COPIES: usize = 5;
/// The longest address that is printed; a longer one leads to the archive.
const MAX_URL_BYTES: usize = 1_500;

/// The piece on top, with its image across the page.
pub(super) fn lead(frame: &Frame, placed: &Placed) -> Story {
    print(frame, placed, LEAD_PIXELS)
}

/// A piece in its section, with a small image.
pub(super) fn story(frame: &Frame, placed: &Placed) -> Story {
    print(frame, placed, THUMB_PIXELS)
}

fn print(frame: &Frame, placed: &Placed, width: u32) -> Story {
    let piece = &placed.piece;
    let aside = |beside: &Beside| Aside {
        title: clip(&beside.title, 160),
        url: link(frame, &beside.url),
        teaser: clip(&beside.teaser, 120),
    };
    let foreign = !same_language(&piece.language, &frame.language);
    let image = piece.image.as_ref();
    Story {
        title: clip(&piece.title, 240),
        url: link(frame, &piece.url),
        teaser: clip(&piece.teaser, 320),
        byline: clip(&piece.authors.join(", "), 160),
        kicker: clip(&placed.kicker, 80),
        hue: hue(piece.region.as_str()),
        date: piece.published.with_timezone(&frame.zone).date_naive().to_string(),
        source: clip(&piece.source, 80),
        lang: if foreign { piece.language.clone() } else { String::new() },
        dir: direction(if foreign { &piece.language } else { &frame.language }),
        picture: image.and_then(|image| picture(frame, image, width, &piece.title)),
        beside: piece.beside.iter().take(BESIDE).map(aside).collect(),
        copies: piece.copies.iter().take(COPIES).map(|copy| elsewhere(frame, copy)).collect(),
    }
}

fn elsewhere(frame: &Frame, copy: &sections::Copy) -> Copy {
    Copy { name: clip(&copy.source, 60), url: link(frame, &copy.url) }
}

fn same_language(piece: &str, frame: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let piece = primary(piece);
    piece.is_empty() || piece == "und" || piece == primary(frame)
}

/// Width and height in which an image is shown: as wide as its place, never
/// larger than it is, never higher than its place is wide. Height 0: unknown.
pub(super) fn size(image: &Image, place: u32) -> (u32, u32) {
    let (Some(width), Some(height)) = (image.width, image.height) else {
        return (image.width.map_or(place, |own| own.min(place)), 0);
    };
    let (width, height, place) = (u64::from(width.max(1)), u64::from(height), u64::from(place));
    let shown = width.min(place).min((place * width).div_ceil(height.max(1))).max(1);
    let to_u32 = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX);
    (to_u32(shown), to_u32(height * shown / width))
}

/// The image as wide as its place; `None` if it is tiny, or if a mail program
/// would not show it.
fn picture(frame: &Frame, image: &Image, place: u32, title: &str) -> Option<Picture> {
    let url = Url::parse(&image.url).ok()?;
    let shown = match url.scheme() {
        "https" => true,
        "http" => frame.site_url.starts_with("http:"),
        _ => false,
    };
    let tiny = |side: Option<u32>| side.is_some_and(|pixels| pixels < 64);
    if !shown || tiny(image.width) || tiny(image.height) || image.url.len() > MAX_URL_BYTES {
        return None;
    }
    let (width, height) = size(image, place);
    let alt = if image.alt.trim().is_empty() { title } else { &image.alt };
    Some(Picture {
        url: neutral_url(url.as_str()),
        alt: clip(alt, 200),
        credit: clip(image.credit.as_deref().unwrap_or_default(), 80),
        width,
        height,
    })
}

/// An address that can stand in HTML and in text alike; what is not a web
/// address, or endless, leads to the archive.
fn link(frame: &Frame, url: &str) -> String {
    match Url::parse(url) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_URL_BYTES =>
        {
            // A fragment or query may hold characters that end an address in text.
            let text = url.as_str().replace('"', "%22").replace('<', "%3C").replace('>', "%3E");
            neutral_url(&text)
        }
        _ => frame.archive_url.clone(),
    }
}

/// One line of at most `most` characters, cut between words where it can be.
pub(super) fn clip(text: &str, most: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().filter(|c| !c.is_control()).collect();
    let text = neutral(&words);
    if text.chars().count() <= most {
        return text;
    }
    let cut: String = text.chars().take(most.saturating_sub(1)).collect();
    let at = cut.rfind(' ').filter(|at| *at * 2 > cut.len()).unwrap_or(cut.len());
    format!("{}\u{2026}", cut[..at].trim_end_matches([' ', ',', ';', ':', '.']))
}
