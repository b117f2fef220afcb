//! Indexing and asking, beside tantivy, in one run over the same pieces.
//!
//!     cd benches/tantivy && taskset -c 0 cargo run --release -- --articles 100000
//!
//! Both index title and text by English stems, on the disk, with one thread
//! that writes; `taskset` keeps their other threads on the same core. tantivy
//! is asked by its `MoreLikeThisQuery` as it comes, for the best ten; gazetted
//! by `Index::ranking`, for the best ten that are older and related at all.
//! Rounds alternate, and the middle one of three counts.

#[path = "../related/corpus.rs"]
mod corpus;

use std::time::{Duration, Instant};

use corpus::Piece;
use gazetted::article::ArticleId;
use gazetted::clock::from_millis;
use gazetted::related::{Document, Index, Settings};
use tantivy::collector::TopDocs;
use tantivy::query::MoreLikeThisQuery;
use tantivy::schema::{
    Field, IndexRecordOption, OwnedValue, Schema, TextFieldIndexing, TextOptions,
};

/// Pieces between two looks whether the memory is full.
const BATCH: usize = 1_000;
const ROUNDS: usize = 3;
/// Bytes in which tantivy collects postings before it writes a segment.
const ROOM: usize = 200_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, usual: u64| {
        let at = arguments.iter().position(|a| a == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let (articles, questions) = (number("--articles", 100_000), number("--questions", 1_000));

    let pieces: Vec<Piece> = (0..articles).map(corpus::piece).collect();
    let own_folder = tempfile::tempdir().expect("a folder");
    let (mut own, own_indexing) = index_own(own_folder.path(), &pieces);
    println!("gazetted: {:.0} articles a second", rate(articles, own_indexing));
    let their_folder = tempfile::tempdir().expect("a folder");
    let (theirs, their_indexing) = Theirs::index(their_folder.path(), &pieces);
    println!("tantivy: {:.0} articles a second", rate(articles, their_indexing));
    println!("indexing, ratio: {:.2}", ratio(their_indexing, own_indexing));

    let step = (articles / questions).max(1);
    let asked: Vec<&Piece> = (0..questions)
        .filter_map(|n| pieces.get(usize::try_from(n * step + n % step).ok()?))
        .collect();
    let (mut own_took, mut their_took) = (Vec::new(), Vec::new());
    let (mut own_found, mut their_found) = (0, 0);
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        own_found = asked
            .iter()
            .map(|piece| own.ranking(id(piece), 10).expect("the disk works").len())
            .sum();
        own_took.push(start.elapsed());
        let start = Instant::now();
        their_found = asked.iter().map(|piece| theirs.ask(piece)).sum();
        their_took.push(start.elapsed());
    }
    // The first round only warms the caches.
    let middle = |mut took: Vec<Duration>| {
        took.remove(0);
        took.sort_unstable();
        took[took.len() / 2]
    };
    let (own_took, their_took) = (middle(own_took), middle(their_took));
    println!("gazetted: {:.0} questions a second, {own_found} found", rate(questions, own_took));
    println!("tantivy: {:.0} questions a second, {their_found} found", rate(questions, their_took));
    println!("asking, ratio: {:.2}", ratio(their_took, own_took));
}

fn index_own(folder: &std::path::Path, pieces: &[Piece]) -> (Index, Duration) {
    let settings =
        Settings { folder: Some(folder.to_owned()), writes: true, ..Settings::default() };
    let mut index = Index::open(settings).expect("the folder can be written");
    let start = Instant::now();
    for batch in pieces.chunks(BATCH) {
        for piece in batch {
            index.insert(&Document {
                id: id(piece),
                title: &piece.title,
                text: &piece.text,
                language: "en",
                published: from_millis(piece.millis()),
                countries: &[],
                hints: &[],
            });
        }
        if index.is_full() {
            index.flush(0).expect("the disk works");
            while let Some(merging) = index.merge() {
                let merged = merging.run().expect("the disk works");
                index.install(&merged).expect("the disk works");
            }
        }
    }
    index.flush(1).expect("the disk works");
    if let Some(merging) = index.merge_all() {
        let merged = merging.run().expect("the disk works");
        index.install(&merged).expect("the disk works");
    }
    (index, start.elapsed())
}

struct Theirs {
    searcher: tantivy::Searcher,
    title: Field,
    body: Field,
}

impl Theirs {
    fn index(folder: &std::path::Path, pieces: &[Piece]) -> (Self, Duration) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("en_stem")
            .set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(indexing);
        let title = schema.add_text_field("title", text.clone());
        let body = schema.add_text_field("body", text);
        let index = tantivy::Index::create_in_dir(folder, schema.build()).expect("a new index");
        let mut writer = index.writer_with_num_threads(1, ROOM).expect("a writer");
        let start = Instant::now();
        for piece in pieces {
            let mut document = tantivy::TantivyDocument::default();
            document.add_text(title, &piece.title);
            document.add_text(body, &piece.text);
            writer.add_document(document).expect("the writer works");
        }
        writer.commit().expect("the disk works");
        writer.wait_merging_threads().expect("the disk works");
        let took = start.elapsed();
        let searcher = index.reader().expect("the index opens").searcher();
        (Self { searcher, title, body }, took)
    }

    fn ask(&self, piece: &Piece) -> usize {
        let value = |text: &str| vec![OwnedValue::Str(text.to_owned())];
        let fields = vec![(self.title, value(&piece.title)), (self.body, value(&piece.text))];
        let query = MoreLikeThisQuery::builder().with_document_fields(fields);
        self.searcher.search(&query, &TopDocs::with_limit(10)).expect("the index works").len()
    }
}

fn id(piece: &Piece) -> ArticleId {
    ArticleId(i64::try_from(piece.number).unwrap_or(i64::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "millions at most")]
fn rate(many: u64, took: Duration) -> f64 {
    many as f64 / took.as_secs_f64()
}

fn ratio(theirs: Duration, own: Duration) -> f64 {
    theirs.as_secs_f64() / own.as_secs_f64()
}
