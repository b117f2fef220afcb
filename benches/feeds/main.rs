//! Feeds measured beside what others use, in one run:
//!
//! - `making`: a feed of 10,000 items, beside Django's feedgenerator
//!   (`pip install feedgenerator`);
//! - `serving`: a feed of 100 KB, beside nginx serving the same bytes from
//!   disk, both on one core, wrk on another (`nginx`, `wrk`, `taskset`);
//! - `store`: from a new article to its last feed, with many articles and feeds
//!   in the store (`--articles N`).
//!
//! `cargo bench --bench feeds -- making`; without a name all three.

mod magazine;
mod making;
mod serving;
mod store;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let wants = |name: &str| {
        let names = ["making", "serving", "store"];
        let named = arguments.iter().any(|a| names.contains(&a.as_str()));
        !named || arguments.iter().any(|a| a == name)
    };
    let articles = arguments
        .iter()
        .position(|a| a == "--articles")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(20_000);
    if wants("making") {
        making::run();
    }
    if wants("serving") {
        serving::run();
    }
    if wants("store") {
        store::run(articles);
    }
}

/// The middle one of some measurements.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
