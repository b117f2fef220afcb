//! From an edition to subject, HTML and text.
//!
//! The HTML never exceeds [`MAX_HTML_BYTES`]: Gmail cuts a mail at 102 KB. What
//! has no room becomes a title line, and what has no room even for that is a
//! link to the archive. Each piece appears in the same form in the text.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use chrono_tz::Tz;
use url::Url;

use super::blank::{Blank, neutral, neutral_url};
use super::sections::{Layout, Placed};
use crate::article::Image;
use crate::template::{
    Aside, Confirmation, DigestMail, Picture, Rendered, Shelf, Story, TemplateError, Templates,
    direction, hue,
};

/// The most bytes of HTML that a mail has.
pub const MAX_HTML_BYTES: usize = 92_000;
/// Pieces that keep teaser and picture even if others then lack a title line.
const FULL_AT_LEAST: usize = 12;
/// Pieces that are worth trying in full at once.
const USUAL: usize = 64;
/// Related pieces shown beside a piece.
const BESIDE: usize = 3;
/// The longest address that is printed; a longer one leads to the archive.
const MAX_URL_BYTES: usize = 1_500;

/// What stands around the pieces of an edition.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Name of the publication.
    pub site_title: String,
    /// Its address.
    pub site_url: String,
    /// What it is.
    pub site_description: Option<String>,
    /// Postal address.
    pub imprint: Option<String>,
    /// Title of the digest.
    pub title: String,
    /// The day of the edition, where its readers live.
    pub date: NaiveDate,
    /// Zone in which the days of pieces are told.
    pub zone: Tz,
    /// Number of the edition; 0 if it has none.
    pub number: i64,
    /// BCP 47 tag of headings, dates and footer.
    pub language: String,
    /// The edition as a web page.
    pub archive_url: String,
    /// Where the subscription ends; [`Blank::UnsubscribeUrl`]'s marker in a mail.
    pub unsubscribe_url: String,
    /// Where choices are changed, if there is such a page;
    /// [`Blank::PreferencesUrl`]'s marker in a mail.
    pub preferences_url: Option<String>,
    /// Shown beside the subject; empty: made from the titles.
    pub preheader: String,
    /// Why this person gets it; empty: the words for it, with [`Blank::Address`].
    pub why: String,
}

/// Renders an edition as a mail.
///
/// # Errors
/// A template fails, or its frame alone exceeds the budget.
pub fn render(
    templates: &Templates,
    frame: &Frame,
    layout: &Layout,
) -> Result<Rendered, TemplateError> {
    let ranks = ranks(layout);
    let others = ranks.len();
    let attempt = |full: usize, lines: usize| {
        templates.render_mail(&mail(frame, layout, &ranks, full, lines))
    };
    // An edition of the usual size fits as it is.
    if others <= USUAL {
        let mail = attempt(others, 0)?;
        if mail.html.len() <= MAX_HTML_BYTES {
            return Ok(mail);
        }
    }
    // Else all the others as lines, if that leaves enough of them in full …
    let floor = FULL_AT_LEAST.min(others);
    if let Some((_, mail)) = largest(floor..=others, |full| attempt(full, others - full))? {
        return Ok(mail);
    }
    // … else the full ones first, then as many lines as go in.
    let Some((full, alone)) = largest(0..=floor, |full| attempt(full, 0))? else {
        return Err(too_big(attempt(0, 0)?.html.len()));
    };
    let with_lines = largest(0..=others - full, |lines| attempt(full, lines))?;
    Ok(with_lines.map_or(alone, |(_, mail)| mail))
}

/// Renders the mail that asks whether an address wants digests.
///
/// # Errors
/// A template fails.
pub fn render_confirmation(
    templates: &Templates,
    site_title: &str,
    language: &str,
    confirm_url: &str,
) -> Result<Rendered, TemplateError> {
    templates.render_mail(&Confirmation {
        lang: language.to_owned(),
        site_title: site_title.to_owned(),
        confirm_url: confirm_url.to_owned(),
    })
}

/// An edition as a page needs it: the lead, and all the others in full.
#[must_use]
pub fn shelves(frame: &Frame, layout: &Layout) -> (Option<Story>, Vec<Shelf>) {
    let lead = layout.lead.as_ref().map(|placed| lead(frame, placed));
    let ranks = ranks(layout);
    (lead, fill(frame, layout, &ranks, ranks.len(), 0))
}

/// The largest number whose mail fits, with that mail; `None` if not even the
/// smallest does. Strides from below, then halves: a mail far beyond the
/// budget is never rendered.
fn largest(
    numbers: RangeInclusive<usize>,
    attempt: impl Fn(usize) -> Result<Rendered, TemplateError>,
) -> Result<Option<(usize, Rendered)>, TemplateError> {
    let (mut at, mut high) = (*numbers.start(), *numbers.end() + 1);
    let mut stride = 16;
    let mut best = None;
    while at < high {
        let mail = attempt(at)?;
        if mail.html.len() <= MAX_HTML_BYTES {
            best = Some((at, mail));
        } else {
            high = at;
        }
        let Some((low, _)) = &best else { break };
        at = (low + stride).min(usize::midpoint(*low + 1, high));
        stride *= 2;
    }
    Ok(best)
}

/// Section and place of each piece, in the order in which pieces get room: the
/// first of every section, then the second of every section, and so on.
fn ranks(layout: &Layout) -> Vec<(usize, usize)> {
    let sections = layout.sections.iter().enumerate();
    let mut ranks: Vec<_> = sections
        .flat_map(|(section, of)| (0..of.pieces.len()).map(move |place| (place, section)))
        .collect();
    ranks.sort_unstable();
    ranks.into_iter().map(|(place, section)| (section, place)).collect()
}

fn mail(
    frame: &Frame,
    layout: &Layout,
    ranks: &[(usize, usize)],
    full: usize,
    lines: usize,
) -> DigestMail {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    DigestMail {
        lang: frame.language.clone(),
        site_title: frame.site_title.clone(),
        site_url: frame.site_url.clone(),
        site_description: or_empty(&frame.site_description),
        imprint: or_empty(&frame.imprint),
        title: frame.title.clone(),
        date: frame.date.to_string(),
        number: frame.number,
        preheader: preheader(frame, layout),
        why: frame.why.clone(),
        address: Blank::Address.marker().to_owned(),
        archive_url: frame.archive_url.clone(),
        unsubscribe_url: frame.unsubscribe_url.clone(),
        preferences_url: or_empty(&frame.preferences_url),
        count: layout.count(),
        lead: layout.lead.as_ref().map(|placed| lead(frame, placed)),
        shelves: fill(frame, layout, ranks, full, lines),
        rest: ranks.len() - full - lines,
    }
}

fn fill(
    frame: &Frame,
    layout: &Layout,
    ranks: &[(usize, usize)],
    full: usize,
    lines: usize,
) -> Vec<Shelf> {
    let shelf = |section: &super::sections::Section| Shelf {
        name: section.name.clone(),
        path: section.path.as_str().to_owned(),
        hue: hue(section.path.as_str()),
        stories: vec![],
        lines: vec![],
    };
    let mut shelves: Vec<Shelf> = layout.sections.iter().map(shelf).collect();
    for (nth, (section, place)) in ranks.iter().take(full + lines).enumerate() {
        let story = story(frame, &layout.sections[*section].pieces[*place], 176);
        let shelf = &mut shelves[*section];
        if nth < full { shelf.stories.push(story) } else { shelf.lines.push(story) }
    }
    shelves.retain(|shelf| !shelf.stories.is_empty() || !shelf.lines.is_empty());
    shelves
}

fn lead(frame: &Frame, placed: &Placed) -> Story {
    story(frame, placed, 576)
}

fn story(frame: &Frame, placed: &Placed, width: u32) -> Story {
    let piece = &placed.piece;
    let aside = |beside: &super::sections::Beside| Aside {
        title: clip(&beside.title, 160),
        url: link(frame, &beside.url),
        teaser: clip(&beside.teaser, 120),
    };
    let foreign = !same_language(&piece.language, &frame.language);
    let picture = piece.image.as_ref();
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
        picture: picture.and_then(|image| self::picture(frame, image, width, &piece.title)),
        beside: piece.beside.iter().take(BESIDE).map(aside).collect(),
    }
}

fn same_language(piece: &str, frame: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let piece = primary(piece);
    piece.is_empty() || piece == "und" || piece == primary(frame)
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
    let width = image.width.map_or(place, |own| own.min(place));
    let height = match (image.width, image.height) {
        (Some(own), Some(high)) if own > 0 => {
            u32::try_from(u64::from(high) * u64::from(width) / u64::from(own)).unwrap_or(0)
        }
        _ => 0,
    };
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
fn clip(text: &str, most: usize) -> String {
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

fn preheader(frame: &Frame, layout: &Layout) -> String {
    if !frame.preheader.is_empty() {
        return clip(&frame.preheader, 160);
    }
    // The subject has the lead already.
    let firsts = layout.sections.iter().filter_map(|section| section.pieces.first());
    let titles: Vec<_> = firsts.take(4).map(|placed| placed.piece.title.as_str()).collect();
    match (titles.is_empty(), &layout.lead) {
        (false, _) => clip(&titles.join(" \u{b7} "), 160),
        (true, Some(lead)) => clip(&lead.piece.teaser, 160),
        (true, None) => clip(&format!("{}: {}", frame.site_title, frame.title), 160),
    }
}

fn too_big(bytes: usize) -> TemplateError {
    TemplateError {
        file: "digest/body.html".to_owned(),
        line: None,
        message: format!("makes {bytes} bytes with the lead alone; {MAX_HTML_BYTES} are the most"),
        remedy: "shorten the template: Gmail cuts a mail at 102 KB".to_owned(),
    }
}

#[cfg(test)]
mod tests;
