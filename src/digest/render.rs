//! From an edition to subject, HTML and text.
//!
//! The HTML never exceeds [`MAX_HTML_BYTES`]: Gmail cuts a mail at 102 KB. What
//! has no room becomes a title line, and what has no room even for that is a
//! link to the archive. Each piece appears in the same form in the text.

mod print;

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::blank::Blank;
use super::sections::{Layout, Section};
use crate::template::{
    Confirmation, DigestMail, Rendered, Shelf, Story, TemplateError, Templates, hue,
};

use print::{clip, lead, story};

/// The most bytes of HTML that a mail has.
pub const MAX_HTML_BYTES: usize = 91_000;
/// Pieces that keep teaser and picture even if others then lack a title line.
const FULL_AT_LEAST: usize = 12;
/// Pieces that are worth trying in full at once.
const USUAL: usize = 64;

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
    let shelf = |section: &Section| Shelf {
        name: section.name.clone(),
        path: section.path.as_str().to_owned(),
        hue: hue(section.path.as_str()),
        stories: vec![],
        lines: vec![],
    };
    let mut shelves: Vec<Shelf> = layout.sections.iter().map(shelf).collect();
    for (nth, (section, place)) in ranks.iter().take(full + lines).enumerate() {
        let story = story(frame, &layout.sections[*section].pieces[*place]);
        let shelf = &mut shelves[*section];
        if nth < full { shelf.stories.push(story) } else { shelf.lines.push(story) }
    }
    shelves.retain(|shelf| !shelf.stories.is_empty() || !shelf.lines.is_empty());
    shelves
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
