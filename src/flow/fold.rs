//! The same text in several publications is news once.
//!
//! An agency's story comes in through three feeds. In a digest it stands once,
//! as the first of them printed it, and the others are named. Two articles of
//! one source are two articles, however like they are.

use std::collections::BTreeSet;

use crate::article::{ArticleId, Card};
use crate::digest::sections::Piece;
use crate::related::copies::{self, Runs};
use crate::store::{Result, Tx, articles};

/// A piece of news, and where else it was printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// As the first one printed it.
    pub card: Card,
    /// The others, in the order in which they appeared.
    pub copies: Vec<Card>,
}

impl Told {
    /// The article and its copies.
    pub(super) fn ids(&self) -> impl Iterator<Item = ArticleId> {
        std::iter::once(&self.card).chain(&self.copies).map(|card| card.id)
    }
}

/// A piece and its copies.
pub(super) fn ids(piece: &Piece) -> impl Iterator<Item = ArticleId> {
    std::iter::once(piece.id).chain(piece.copies.iter().map(|copy| copy.id))
}

/// Tells each text once.
///
/// # Errors
/// If the store does not answer.
pub(super) async fn once(tx: &mut Tx, mut cards: Vec<Card>) -> Result<Vec<Told>> {
    let sources: BTreeSet<&str> = cards.iter().map(|card| card.source.as_str()).collect();
    if sources.len() < 2 {
        return Ok(cards.into_iter().map(|card| Told { card, copies: vec![] }).collect());
    }
    cards.sort_by_key(|card| (card.published, card.id));
    let mut texts = Vec::with_capacity(cards.len());
    for card in &cards {
        let article = articles::get(tx, card.id).await?;
        texts.push(Runs::of(article.as_ref().map_or("", |article| &article.text)));
    }
    Ok(join(cards, &copies::first_of_each(&texts)))
}

/// Joins cards, oldest first, with the firsts of which they are copies.
fn join(cards: Vec<Card>, firsts: &[usize]) -> Vec<Told> {
    let mut told: Vec<Option<Told>> = Vec::with_capacity(cards.len());
    for (card, first) in cards.into_iter().zip(firsts) {
        let copy_of = told.get_mut(*first).and_then(Option::as_mut);
        match copy_of.filter(|told| told.card.source != card.source) {
            Some(of) => {
                of.copies.push(card);
                told.push(None);
            }
            None => told.push(Some(Told { card, copies: vec![] })),
        }
    }
    told.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;
    use crate::region::{Origin, RegionPath};

    fn card(id: i64, source: &str) -> Card {
        Card {
            id: ArticleId(id),
            uid: uuid::Uuid::nil(),
            source: source.to_owned(),
            guid: id.to_string(),
            url: None,
            title: "River rises".to_owned(),
            authors: vec![],
            published: from_millis(id),
            updated: from_millis(id),
            language: "en".to_owned(),
            teaser: String::new(),
            image: None,
            hints: vec![],
            regions: vec![RegionPath::world()],
            countries: vec![],
            region_origin: Origin::Text,
            credit: None,
            first_seen: from_millis(id),
        }
    }

    #[test]
    fn the_first_print_stands_for_all_but_a_source_does_not_copy_itself() {
        let cards = ["wire", "post", "wire", "herald", "post"];
        let cards = (1..).zip(cards).map(|(id, source)| card(id, source)).collect();

        let told = join(cards, &[0, 0, 0, 0, 4]);

        let ids: Vec<Vec<i64>> =
            told.iter().map(|told| told.ids().map(|id| id.0).collect()).collect();
        assert_eq!(ids, [vec![1, 2, 4], vec![3], vec![5]]);
    }
}
