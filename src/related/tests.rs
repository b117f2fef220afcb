use super::*;
use crate::clock::from_millis;
use proptest::prelude::*;

const FLOOD: &str = "Rivers burst their banks in the Lena valley after a week of rain. Thousands \
    left their homes and the army brought food to the flooded villages by boat.";
const FLOOD_AGAIN: &str = "The flooded villages of the Lena valley wait for help. Rivers stay high, \
    and the army says boats bring food to thousands who left their homes.";
const CHESS: &str = "The young grandmaster won the chess final with a quiet endgame. Her trainer \
    spoke of patience, of openings and of long evenings at the board.";
const BREAD: &str = "Bakers ask for cheaper flour. The price of bread has doubled within the year, \
    and small shops close their ovens one after the other.";

fn document(id: i64, day: i64, title: &'static str, text: &'static str) -> Document<'static> {
    Document {
        id: ArticleId(id),
        title,
        text,
        language: "en",
        published: from_millis(day * 86_400_000),
        countries: &[],
        hints: &[],
    }
}

fn index(documents: &[Document<'_>]) -> Index {
    let mut index = Index::default();
    for document in documents {
        index.insert(document);
    }
    index
}

fn ids(matches: &[Match]) -> Vec<i64> {
    matches.iter().map(|found| found.id.0).collect()
}

#[test]
fn an_earlier_piece_on_the_same_story_stands_beside_the_later_one() {
    let mut index = index(&[
        document(1, 1, "Flood in the Lena valley", FLOOD),
        document(2, 2, "A chess final", CHESS),
        document(3, 3, "Dear bread", BREAD),
        document(4, 4, "Lena valley: help for the flooded", FLOOD_AGAIN),
    ]);

    assert_eq!(ids(&index.ranking(ArticleId(4), 10).unwrap()), [1]);
    assert_eq!(ids(&index.related(ArticleId(4), 3).unwrap()), [1]);
}

#[test]
fn nothing_stands_beside_a_piece_that_nothing_is_like() {
    let mut index = index(&[
        document(1, 1, "Flood in the Lena valley", FLOOD),
        document(2, 2, "Dear bread", BREAD),
        document(3, 3, "A chess final", CHESS),
    ]);

    assert_eq!(index.ranking(ArticleId(3), 10).unwrap(), []);
    assert_eq!(index.ranking(ArticleId(99), 10).unwrap(), []);
    assert_eq!(index.ranking(ArticleId(1), 0).unwrap(), []);
}

#[test]
fn a_later_piece_never_stands_beside_an_earlier_one_whatever_came_in_first() {
    let mut index = index(&[
        document(4, 4, "Lena valley: help for the flooded", FLOOD_AGAIN),
        document(1, 1, "Flood in the Lena valley", FLOOD),
    ]);

    assert_eq!(index.ranking(ArticleId(1), 10).unwrap(), []);
    assert_eq!(ids(&index.ranking(ArticleId(4), 10).unwrap()), [1]);
}

#[test]
fn of_pieces_of_one_moment_the_one_with_the_lower_number_is_earlier() {
    let mut index = index(&[
        document(7, 1, "Flood in the Lena valley", FLOOD),
        document(3, 1, "Lena valley: help for the flooded", FLOOD_AGAIN),
    ]);

    assert_eq!(index.ranking(ArticleId(3), 10).unwrap(), []);
    assert_eq!(ids(&index.ranking(ArticleId(7), 10).unwrap()), [3]);
}

#[test]
fn an_edited_piece_keeps_its_place_and_is_found_by_its_new_words_only() {
    let mut index = index(&[
        document(1, 1, "Flood in the Lena valley", FLOOD),
        document(2, 1, "Lena valley: help for the flooded", FLOOD_AGAIN),
    ]);
    index.insert(&document(1, 1, "Flood in the Lena valley, day two", FLOOD));

    assert_eq!(index.len(), 2);
    assert_eq!(ids(&index.ranking(ArticleId(2), 10).unwrap()), [1]);
    index.insert(&document(1, 1, "Dear bread", BREAD));
    assert_eq!(index.ranking(ArticleId(2), 10).unwrap(), []);
}

#[test]
fn a_copy_is_ranked_but_no_digest_shows_it() {
    let mut index = index(&[
        document(1, 1, "Flood in the Lena valley", FLOOD),
        document(2, 2, "Flood in the Lena valley", FLOOD),
    ]);

    assert_eq!(ids(&index.ranking(ArticleId(2), 10).unwrap()), [1]);
    assert!(index.ranking(ArticleId(2), 10).unwrap()[0].score > 0.7);
    assert_eq!(index.related(ArticleId(2), 3).unwrap(), []);
}

#[test]
fn a_digest_shows_one_story_once() {
    let mut index = index(&[
        document(1, 1, "Flood in the Lena valley", FLOOD),
        document(2, 2, "Flood in the Lena valley", FLOOD),
        document(3, 3, "Lena valley: help for the flooded", FLOOD_AGAIN),
    ]);

    assert_eq!(ids(&index.ranking(ArticleId(3), 10).unwrap()), [2, 1]);
    assert_eq!(ids(&index.related(ArticleId(3), 3).unwrap()), [2]);
}

#[test]
fn pieces_in_other_languages_do_not_mix() {
    let german =
        Document { language: "de-AT", ..document(1, 1, "Flood in the Lena valley", FLOOD) };
    let mut index = index(&[german, document(2, 2, "Flood in the Lena valley", FLOOD)]);

    assert_eq!(index.ranking(ArticleId(2), 10).unwrap(), []);
}

#[test]
fn chinese_pieces_are_compared_too() {
    let text = |id, day, title, text| Document { language: "zh", ..document(id, day, title, text) };
    let mut index = index(&[
        text(1, 1, "长江洪水", "连日暴雨后长江水位上涨，数千居民撤离家园，军队用船运送食品。"),
        text(2, 2, "国际象棋决赛", "年轻的特级大师赢得了国际象棋决赛，教练谈到耐心和开局。"),
        text(3, 3, "长江洪水：救援", "长江水位仍然很高，军队用船向撤离家园的居民运送食品。"),
    ]);

    assert_eq!(ids(&index.ranking(ArticleId(3), 10).unwrap()), [1]);
}

#[test]
fn an_empty_piece_is_held_and_like_nothing() {
    let mut index = index(&[document(1, 1, "", ""), document(2, 2, "", "")]);

    assert_eq!(index.len(), 2);
    assert_eq!(index.ranking(ArticleId(2), 10).unwrap(), []);
}

/// Pieces made of few words, so that they are like each other often.
fn pieces() -> impl Strategy<Value = Vec<(i64, String)>> {
    let word = prop::sample::select(vec![
        "river", "army", "boat", "chess", "bread", "oven", "rain", "board",
    ]);
    let text = prop::collection::vec(word, 1..12).prop_map(|words| words.join(" "));
    prop::collection::vec((0i64..1_000_000, text), 1..25)
}

fn inserted<'a>(pieces: impl Iterator<Item = (usize, &'a (i64, String))>) -> Index {
    let mut index = Index::default();
    for (at, (second, text)) in pieces {
        let at = i64::try_from(at).unwrap();
        // One moment each, so that no tie is decided by the arrival.
        let published = from_millis(second * 1000 + at);
        let id = ArticleId(at);
        let document = Document { text, published, ..document(0, 0, "", "") };
        index.insert(&Document { id, ..document });
    }
    index
}

fn answers(index: &mut Index, many: usize) -> Vec<Vec<Match>> {
    let ids = (0..many).map(|at| ArticleId(i64::try_from(at).unwrap()));
    ids.map(|id| index.ranking(id, 100).unwrap()).collect()
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_no_answer(pieces in pieces()) {
        let mut forth = inserted(pieces.iter().enumerate());
        let mut back = inserted(pieces.iter().enumerate().rev());

        prop_assert_eq!(answers(&mut forth, pieces.len()), answers(&mut back, pieces.len()));
    }

    #[test]
    fn what_was_removed_leaves_no_trace(pieces in pieces(), gone in 0usize..25) {
        let kept = gone.min(pieces.len());
        let mut never = inserted(pieces.iter().enumerate().take(kept));
        let mut removed = inserted(pieces.iter().enumerate());
        for at in kept..pieces.len() {
            removed.remove(ArticleId(i64::try_from(at).unwrap()));
        }

        prop_assert_eq!(removed.len(), kept);
        prop_assert_eq!(answers(&mut removed, kept), answers(&mut never, kept));
    }

    #[test]
    fn scores_lie_between_nothing_and_one_and_fall(pieces in pieces()) {
        let mut index = inserted(pieces.iter().enumerate());

        for at in 0..pieces.len() {
            let id = ArticleId(i64::try_from(at).unwrap());
            let found = index.ranking(id, 10).unwrap();
            prop_assert!(found.iter().all(|found| (0.0..=1.0).contains(&found.score)));
            prop_assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}
