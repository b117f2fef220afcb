//! How a list of pieces appears on a page, and how long lists are paged.

use super::trouble::Trouble;
use crate::article::{ArticleId, Card};
use crate::clock::{Time, from_millis};
use crate::digest::render::{self, Frame};
use crate::digest::sections::{Beside, Layout, Piece, Placed, Section};
use crate::flow::Settings;
use crate::region::RegionPath;
use crate::template::Story;

/// Pieces as they are announced on a page of ours; each leads to its own page
/// here. A piece's place is not named again if it is `within`.
pub fn stories(settings: &Settings, cards: &[Card], within: Option<&RegionPath>) -> Vec<Story> {
    let place = |card: &Card| placed(settings, card, within);
    let pieces = cards.iter().map(place).collect();
    let path = RegionPath::world();
    let layout =
        Layout { lead: None, sections: vec![Section { path, name: String::new(), pieces }] };
    let (_, shelves) = render::shelves(&frame(settings), &layout);
    shelves.into_iter().flat_map(|shelf| shelf.stories).collect()
}

/// A piece with a large picture.
pub fn lead(settings: &Settings, card: &Card, beside: Vec<Beside>) -> Option<Story> {
    let mut placed = placed(settings, card, None);
    placed.piece.beside = beside;
    render::shelves(&frame(settings), &Layout { lead: Some(placed), sections: vec![] }).0
}

fn placed(settings: &Settings, card: &Card, within: Option<&RegionPath>) -> Placed {
    let region = card.region();
    let named = within != Some(region);
    let site = &settings.site;
    Placed {
        kicker: if named { settings.tree.name(region, &site.language) } else { String::new() },
        piece: Piece {
            id: card.id,
            title: card.title.clone(),
            url: site.address(&card.page()),
            teaser: card.teaser.clone(),
            authors: card.authors.clone(),
            image: card.image.clone(),
            region: region.clone(),
            published: card.published,
            language: card.language.clone(),
            source: card.credit.clone().unwrap_or_default(),
            beside: vec![],
            copies: vec![],
        },
    }
}

/// What the site says of itself; a page needs no more of a frame.
fn frame(settings: &Settings) -> Frame {
    let site = &settings.site;
    Frame {
        site_title: site.title.clone(),
        site_url: site.url.to_string(),
        site_description: None,
        imprint: None,
        title: String::new(),
        date: chrono::NaiveDate::default(),
        zone: site.timezone,
        number: 0,
        language: site.language.clone(),
        archive_url: site.address("/"),
        unsubscribe_url: String::new(),
        preferences_url: None,
        preheader: String::new(),
        why: String::new(),
    }
}

/// `?before=`: where a page of a list begins.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Before {
    before: Option<String>,
}

impl Before {
    /// The place in a list of pieces: `MILLIS-ROW`.
    pub fn piece(&self) -> Result<Option<(Time, ArticleId)>, Trouble> {
        let Some(text) = &self.before else { return Ok(None) };
        let (millis, id) = text.rsplit_once('-').ok_or(Trouble::Missing)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| Trouble::Missing);
        Ok(Some((from_millis(number(millis)?), ArticleId(number(id)?))))
    }

    /// The place in a numbered list.
    pub fn number(&self) -> Result<Option<i64>, Trouble> {
        self.before.as_ref().map(|text| text.parse().map_err(|_| Trouble::Missing)).transpose()
    }
}

/// Cuts a list that was read one longer than a page, and says where the next
/// page of it is; empty if this was the last.
pub fn cut(path: &str, cards: &mut Vec<Card>, page: usize) -> String {
    if cards.len() <= page {
        return String::new();
    }
    cards.truncate(page);
    let Some(last) = cards.last() else { return String::new() };
    format!("{path}?before={}-{}", last.published.timestamp_millis(), last.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Before {
        Before { before: Some(text.to_owned()) }
    }

    #[test]
    fn a_place_in_a_list_is_read_or_there_is_no_such_page() {
        let at = before("1772528400123-42").piece().unwrap().unwrap();

        assert_eq!((at.0.timestamp_millis(), at.1), (1_772_528_400_123, ArticleId(42)));
        assert_eq!(before("-5-42").piece().unwrap().unwrap().0.timestamp_millis(), -5);
        assert_eq!(before("17").number().unwrap(), Some(17));
        assert_eq!(Before::default().piece().unwrap(), None);
        for bad in ["", "x", "1", "1-x", "99999999999999999999-1", "1--"] {
            assert!(before(bad).piece().is_err(), "{bad}");
        }
    }
}
