//! What stands where in an edition: grouping by region, the lead, the cap.
//!
//! Pure and deterministic: the same pieces in any order make the same edition.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::article::{ArticleId, Image};
use crate::clock::Time;
use crate::region::{RegionPath, Tree};

/// An article as an edition needs it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Piece {
    /// Which article.
    pub id: ArticleId,
    /// Plain text.
    pub title: String,
    /// Where it can be read; absolute.
    pub url: String,
    /// Plain text; may be empty.
    pub teaser: String,
    /// Names as they are printed.
    pub authors: Vec<String>,
    /// The main image, its address absolute.
    pub image: Option<Image>,
    /// The primary region.
    pub region: RegionPath,
    /// When it appeared.
    pub published: Time,
    /// BCP 47 tag; `und` if unknown.
    pub language: String,
    /// The publication to credit; empty if it is our own.
    pub source: String,
    /// Pieces that belong beside it, best first.
    pub beside: Vec<Beside>,
    /// Other publications that printed the same text; they stand nowhere else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copy>,
}

/// The same text in another publication.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Copy {
    /// Which article.
    pub id: ArticleId,
    /// Where it can be read; absolute.
    pub url: String,
    /// The publication's name.
    pub source: String,
}

/// A piece that belongs beside another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Beside {
    /// Plain text.
    pub title: String,
    /// Where it can be read; absolute.
    pub url: String,
    /// Plain text; may be empty.
    pub teaser: String,
}

/// A piece with the words that stand above its title.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The piece.
    pub piece: Piece,
    /// Where it plays: a country's name, as far as its section does not say so.
    pub kicker: String,
}

/// The pieces of one top region.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The region.
    pub path: RegionPath,
    /// Its name.
    pub name: String,
    /// Newest first.
    pub pieces: Vec<Placed>,
}

/// An edition, arranged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The piece on top; it is in no section.
    pub lead: Option<Placed>,
    /// Sections in the tree's order, none empty.
    pub sections: Vec<Section>,
}

impl Layout {
    /// How many pieces there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        let placed: usize = self.sections.iter().map(|section| section.pieces.len()).sum();
        placed + usize::from(self.lead.is_some())
    }
}

/// Picks at most `limit` pieces, and gives the rest for the next edition.
///
/// The top regions take turns, the one with the newest piece first, and each
/// gives its newest piece: a busy region does not push out a quiet one. A
/// piece that is there twice counts once. Both lists are newest first.
#[must_use]
pub fn choose(candidates: Vec<Piece>, limit: usize) -> (Vec<Piece>, Vec<Piece>) {
    let mut sorted = candidates;
    sorted.sort_by_key(newest_first);
    let mut seen = BTreeSet::new();
    sorted.retain(|piece| seen.insert(piece.id));

    let mut taken_of: BTreeMap<RegionPath, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, usize)> = Vec::with_capacity(sorted.len());
    for (at, piece) in sorted.iter().enumerate() {
        let turn = taken_of.entry(piece.region.top()).or_default();
        ranked.push((*turn, at));
        *turn += 1;
    }
    ranked.sort_unstable();
    let chosen: BTreeSet<usize> = ranked.into_iter().take(limit).map(|(_, at)| at).collect();

    let (mut picked, mut rest) = (Vec::new(), Vec::new());
    for (at, piece) in sorted.into_iter().enumerate() {
        if chosen.contains(&at) { picked.push(piece) } else { rest.push(piece) }
    }
    (picked, rest)
}

/// The pieces for a reader who chose `regions`; no choice means all.
#[must_use]
pub fn for_reader(pieces: &[Piece], regions: &[RegionPath]) -> Vec<Piece> {
    let wanted = |piece: &&Piece| {
        regions.is_empty() || regions.iter().any(|region| piece.region.is_within(region))
    };
    pieces.iter().filter(wanted).cloned().collect()
}

/// Puts the strongest piece on top and the others under their top regions, in
/// the tree's order; within a section the newest comes first.
#[must_use]
pub fn arrange(pieces: &[Piece], tree: &Tree, language: &str) -> Layout {
    let newest = pieces.iter().map(|piece| piece.published).max();
    let strongest = pieces
        .iter()
        .max_by_key(|piece| (strength(piece, newest), piece.published, Reverse(piece.id)));
    let lead = strongest
        .map(|piece| Placed { piece: piece.clone(), kicker: tree.name(&piece.region, language) });

    let mut tops: BTreeMap<RegionPath, Vec<&Piece>> = BTreeMap::new();
    for piece in pieces.iter().filter(|piece| strongest.is_none_or(|lead| lead.id != piece.id)) {
        tops.entry(piece.region.top()).or_default().push(piece);
    }
    let mut sections: Vec<Section> = tops
        .into_iter()
        .map(|(path, mut pieces)| {
            pieces.sort_by_key(|piece| newest_first(piece));
            let place = |piece: &Piece| Placed {
                kicker: kicker(piece, &path, tree, language),
                piece: piece.clone(),
            };
            let pieces = pieces.into_iter().map(place).collect();
            Section { name: tree.name(&path, language), pieces, path }
        })
        .collect();
    sections.sort_by(|a, b| (tree.order(&a.path), &a.path).cmp(&(tree.order(&b.path), &b.path)));
    Layout { lead, sections }
}

fn newest_first(piece: &Piece) -> (Reverse<Time>, Reverse<ArticleId>) {
    (Reverse(piece.published), Reverse(piece.id))
}

fn kicker(piece: &Piece, section: &RegionPath, tree: &Tree, language: &str) -> String {
    if piece.region == *section { String::new() } else { tree.name(&piece.region, language) }
}

/// How well a piece carries a front page: a wide image counts most, then being
/// fresh, then having something to say and something beside it.
fn strength(piece: &Piece, newest: Option<Time>) -> i64 {
    let image = piece.image.as_ref().map_or(0, |image| match (image.width, image.height) {
        (Some(width), Some(height)) if width >= 480 && width >= height => 10,
        (Some(width), _) if width < 480 => 1,
        (Some(_), Some(_)) => 4,
        _ => 8,
    });
    let age = newest.map_or(0, |newest| (newest - piece.published).num_days());
    let fresh = (6 - age).clamp(0, 6);
    let teaser = i64::try_from(piece.teaser.chars().count().min(240) / 80).unwrap_or(0);
    let beside = i64::from(!piece.beside.is_empty());
    image + fresh + teaser + beside
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::clock::from_millis;

    /// A piece that is older the higher its number.
    pub fn piece(id: i64, region: &str) -> Piece {
        Piece {
            id: ArticleId(id),
            title: format!("Piece {id} from {region}"),
            url: format!("https://example.org/{id}"),
            teaser: "A bridge, a river and two towns that share a clock.".to_owned(),
            authors: vec!["Europe desk".to_owned()],
            image: None,
            region: RegionPath::parse(region).unwrap(),
            published: from_millis(1_795_000_000_000 - id * 3_600_000),
            language: "en".to_owned(),
            source: String::new(),
            beside: vec![],
            copies: vec![],
        }
    }

    fn ids(pieces: &[Piece]) -> Vec<i64> {
        pieces.iter().map(|piece| piece.id.0).collect()
    }

    #[test]
    fn a_busy_region_does_not_starve_a_quiet_one() {
        let mut pieces: Vec<_> = (0..50).map(|id| piece(id, "asia/japan")).collect();
        pieces.push(piece(90, "africa/kenya"));
        pieces.push(piece(91, "europe/france"));

        let (chosen, rest) = choose(pieces, 5);

        assert_eq!(ids(&chosen), [0, 1, 2, 90, 91]);
        assert_eq!(rest.len(), 47);
        assert_eq!(rest[0].id.0, 3);
    }

    #[test]
    fn the_order_of_candidates_does_not_matter_and_none_counts_twice() {
        let regions = ["asia/japan", "africa", "europe/france", "world"];
        let pieces: Vec<_> = (0_u8..20)
            .map(|id| piece(i64::from(id), regions[usize::from(id) % regions.len()]))
            .collect();
        let mut shuffled: Vec<_> = pieces.iter().rev().cloned().collect();
        shuffled.extend(pieces.iter().take(7).cloned());

        assert_eq!(choose(shuffled, 9), choose(pieces.clone(), 9));
        let (all, rest) = choose(pieces, 20);
        assert_eq!((all.len(), rest.len()), (20, 0));
    }

    #[test]
    fn a_limit_of_nothing_leaves_everything_for_later() {
        let (chosen, rest) = choose(vec![piece(1, "asia")], 0);

        assert_eq!((chosen.len(), rest.len()), (0, 1));
    }

    #[test]
    fn a_reader_gets_the_chosen_regions_and_what_lies_in_them() {
        let pieces = [piece(1, "asia/japan"), piece(2, "asia"), piece(3, "asia-pacific")];
        let chosen = [RegionPath::parse("asia").unwrap()];

        assert_eq!(ids(&for_reader(&pieces, &chosen)), [1, 2]);
        assert_eq!(for_reader(&pieces, &[]).len(), 3);
    }

    #[test]
    fn the_lead_is_the_strongest_piece_and_stands_nowhere_else() {
        let mut pieces: Vec<_> = (0..6).map(|id| piece(id, "asia/japan")).collect();
        let wide = Image { width: Some(1200), height: Some(800), ..Image::default() };
        pieces[4].image = Some(wide);

        let layout = arrange(&pieces, &Tree::default(), "en");

        let lead = layout.lead.as_ref().unwrap();
        assert_eq!(lead.piece.id.0, 4);
        let shelf: Vec<_> = layout.sections[0].pieces.iter().map(|p| p.piece.id.0).collect();
        assert_eq!(shelf, [0, 1, 2, 3, 5]);
        assert_eq!(layout.count(), 6);
    }

    #[test]
    fn a_kicker_says_the_country_and_not_the_section_again() {
        let pieces = [piece(0, "world"), piece(1, "asia/japan"), piece(2, "asia")];

        let layout = arrange(&pieces, &Tree::default(), "en");

        let asia = layout.sections.iter().find(|s| s.path.as_str() == "asia").unwrap();
        assert!(!asia.pieces[0].kicker.is_empty());
        assert_eq!(asia.pieces[1].kicker, "");
    }

    #[test]
    fn no_pieces_make_an_empty_layout() {
        assert_eq!(arrange(&[], &Tree::default(), "en"), Layout::default());
    }
}
