//! One piece that several sources give is one article: the best copy is shown,
//! the others wait until it goes.
//!
//! Which is best, the first point that tells two apart decides:
//! 1. a whole text before one of less than three fifths of the longest;
//! 2. the kind of source: push, wordpress, directory, site, feed;
//! 3. the order of the sources in the config.

use std::collections::HashSet;

use serde::Serialize;

use super::Settings;
use crate::article::ArticleId;
use crate::clock::Time;
use crate::source::Kind;
use crate::store::articles::{self, Fresh};
use crate::store::{Result, Tx, copies};

/// Why a copy is shown and not another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// The other is cut short.
    Whole,
    /// Its kind of source is the better one.
    Kind,
    /// Its source stands first in the config.
    Order,
}

impl Why {
    /// In words for the operator.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Whole => "its text is whole",
            Self::Kind => "its kind of source gives better copies",
            Self::Order => "its source stands first in the config",
        }
    }
}

/// What a copy is worth: the smaller, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    cut: bool,
    kind: u8,
    place: usize,
}

impl Worth {
    fn of(settings: &Settings, source: &str, letters: usize, most: usize) -> Self {
        let place = settings.sources.iter().position(|known| known.name == source);
        let kind = match place.and_then(|place| settings.sources.get(place)).map(|s| &s.kind) {
            Some(Kind::Push { .. }) => 0,
            Some(Kind::Wordpress { .. }) => 1,
            Some(Kind::Directory { .. }) => 2,
            Some(Kind::Site { .. }) => 3,
            Some(Kind::Feed { .. }) => 4,
            None => 5,
        };
        Self { cut: letters * 5 < most * 3, kind, place: place.unwrap_or(usize::MAX) }
    }

    fn why(self, other: Self) -> Why {
        if self.cut != other.cut {
            Why::Whole
        } else if self.kind != other.kind {
            Why::Kind
        } else {
            Why::Order
        }
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// A copy for the operator's eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The source that gave it.
    pub source: String,
    /// That source's own id of it.
    pub guid: String,
    /// Why the one shown is shown instead; `None` if the source has let go of
    /// its copy.
    pub why: Option<Why>,
}

/// The copies of the piece `id` that are not shown.
///
/// # Errors
/// If the store does not answer.
pub async fn unshown(tx: &mut Tx, settings: &Settings, id: ArticleId) -> Result<Vec<Seen>> {
    let others = copies::of(tx, id).await?;
    if others.is_empty() {
        return Ok(vec![]);
    }
    let Some((shown, _)) = articles::fresh(tx, id).await? else { return Ok(vec![]) };
    let lengths = others.iter().filter_map(|copy| copy.piece.as_ref());
    let most = lengths.map(|piece| letters(&piece.text)).max().unwrap_or(0);
    let most = most.max(letters(&shown.text));
    let worth = |piece: &Fresh| Worth::of(settings, &piece.card.source, letters(&piece.text), most);
    let best = worth(&shown);
    Ok(others
        .into_iter()
        .map(|copy| {
            let why = copy.piece.as_ref().map(|piece| best.why(worth(piece)));
            Seen { source: copy.source, guid: copy.guid, why }
        })
        .collect())
}

/// The piece of another source that `fresh` is a copy of: it is at the same
/// address, and title or words are the same. So a link blog's remark on a piece
/// is not that piece.
///
/// # Errors
/// If the store does not answer.
pub async fn original(tx: &mut Tx, fresh: &Fresh) -> Result<Option<ArticleId>> {
    let Some(url) = &fresh.card.url else { return Ok(None) };
    for id in articles::elsewhere(tx, &fresh.card.source, url).await? {
        if let Some((other, _)) = articles::fresh(tx, id).await?
            && alike(&fresh.card.title, &fresh.text, &other.card.title, &other.text)
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Words that are looked at to tell whether two texts are one.
const OPENING: usize = 60;

/// So few words say nothing.
const FEW: usize = 10;

fn alike(title: &str, text: &str, other_title: &str, other_text: &str) -> bool {
    let bare = |title: &str| -> String {
        title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (title, other_title) = (bare(title), bare(other_title));
    if !title.is_empty() && title == other_title {
        return true;
    }
    let (short, long) =
        if text.len() <= other_text.len() { (text, other_text) } else { (other_text, text) };
    let opening: Vec<&str> = words(short).take(OPENING).collect();
    let all: HashSet<&str> = words(long).collect();
    let shared = opening.iter().filter(|word| all.contains(*word)).count();
    opening.len() >= FEW && shared * 10 >= opening.len() * 9
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Takes in a copy of the piece `id`; true if it is the one that is shown now.
///
/// # Errors
/// If the store does not answer.
pub async fn join(
    tx: &mut Tx,
    settings: &Settings,
    id: ArticleId,
    fresh: &Fresh,
    now: Time,
) -> Result<bool> {
    copies::put(tx, id, fresh).await?;
    if settle(tx, settings, id, now).await? {
        return Ok(true);
    }
    articles::reshelve_copies(tx, id).await?;
    Ok(false)
}

/// Shows the best copy of the piece `id`; true if that is another than before.
///
/// # Errors
/// If the store does not answer.
pub async fn settle(tx: &mut Tx, settings: &Settings, id: ArticleId, now: Time) -> Result<bool> {
    let others: Vec<Fresh> =
        copies::of(tx, id).await?.into_iter().filter_map(|copy| copy.piece).collect();
    if others.is_empty() {
        return Ok(false);
    }
    let Some((shown, withdrawn)) = articles::fresh(tx, id).await? else { return Ok(false) };
    let here = (!withdrawn).then_some(&shown);
    let length = |piece: &&Fresh| letters(&piece.text);
    let most = others.iter().chain(here).map(|piece| length(&piece)).max().unwrap_or(0);
    let worth = |piece: &Fresh| Worth::of(settings, &piece.card.source, letters(&piece.text), most);
    let Some(best) = others.iter().min_by_key(|piece| worth(piece)) else { return Ok(false) };
    if here.is_some_and(|here| worth(here) <= worth(best)) {
        return Ok(false);
    }
    let mut best = best.clone();
    copies::remove(tx, &best.card.source, &best.card.guid).await?;
    copies::put(tx, id, &shown).await?;
    if withdrawn {
        copies::let_go(tx, &shown.card.source, &shown.card.guid).await?;
    }
    // What the operator said is said of the piece, whichever copy is shown.
    if shown.operator_region.is_some() {
        best.operator_region = shown.operator_region;
        best.reasons = shown.reasons;
        best.card.regions = shown.card.regions;
        best.card.countries = shown.card.countries;
        best.card.region_origin = shown.card.region_origin;
    }
    let same = best.card.title == shown.card.title && best.text == shown.text;
    best.card.updated = match (withdrawn, same) {
        (false, true) => shown.card.updated,
        // A better copy of the same piece is no new version of it.
        (false, false) => best.card.updated.max(shown.card.updated),
        (true, _) => now,
    };
    articles::update(tx, id, &best).await?;
    Ok(true)
}

/// The source has the piece no more: another source's copy takes its place, and
/// without one the piece is withdrawn. A feed only tells what was there when it
/// was read, so where a source that knows what is gone says so, the copies from
/// feeds go too. True if a reader sees the piece no more.
///
/// # Errors
/// If the store does not answer.
pub async fn leave(
    tx: &mut Tx,
    settings: &Settings,
    source: &str,
    guid: &str,
    now: Time,
) -> Result<bool> {
    let Some(known) = articles::known(tx, source, guid).await? else { return Ok(false) };
    let id = known.id;
    copies::let_go(tx, source, guid).await?;
    let knows = !is_feed(settings, source);
    if knows {
        for copy in copies::of(tx, id).await? {
            if is_feed(settings, &copy.source) {
                copies::let_go(tx, &copy.source, &copy.guid).await?;
            }
        }
    }
    let gone = known.shown || {
        let shown = articles::card(tx, id).await?;
        knows && shown.is_some_and(|card| is_feed(settings, &card.source))
    };
    if !gone {
        articles::reshelve_copies(tx, id).await?;
        return Ok(false);
    }
    let withdrawn = articles::withdraw(tx, id, now).await?;
    Ok(!settle(tx, settings, id, now).await? && withdrawn)
}

/// A source that is in the config no more tells nothing new either.
fn is_feed(settings: &Settings, source: &str) -> bool {
    let known = settings.sources.iter().find(|known| known.name == source);
    known.is_none_or(|source| matches!(source.kind, Kind::Feed { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_piece_is_not_the_piece() {
        let text = "The ministers of three countries met on Tuesday to agree on a shared plan \
                    for the river, which feeds forty million people.";
        let alike = |title: &str, body: &str| alike("A plan for the river", text, title, body);
        assert!(alike("A Plan for the River!", "Something else."), "the same title");
        assert!(alike("River plan", &text[..100]), "an excerpt");
        assert!(!alike("Worth reading", "My friends wrote on what the ministers did, and well."));
        assert!(!alike("", ""));
        assert!(!alike("Plan", "The ministers met."), "too little to tell");
    }

    #[test]
    fn the_first_point_that_tells_two_apart_decides() {
        let whole = Worth { cut: false, kind: 4, place: 3 };
        let cut = Worth { cut: true, kind: 0, place: 0 };
        let rest = Worth { cut: false, kind: 1, place: 9 };
        let first = Worth { cut: false, kind: 4, place: 2 };
        assert!(whole < cut && rest < whole && first < whole);
        assert_eq!(whole.why(cut), Why::Whole);
        assert_eq!(rest.why(whole), Why::Kind);
        assert_eq!(first.why(whole), Why::Order);
    }
}
