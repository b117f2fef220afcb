//! What a message is, over the whole corpus.

use std::collections::BTreeMap;

use gazetted::feedback::{self, Kind};

use super::corpus::{self, About, Sample};

#[test]
fn bounces_and_complaints_of_many_systems_are_told_apart() {
    let samples = corpus::all(&About::default());
    let wrong: Vec<(&Sample, &str)> = samples
        .iter()
        .map(|sample| (sample, feedback::read(&sample.message, None).kind.as_str()))
        .filter(|(sample, found)| sample.expected != *found)
        .collect();

    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in &samples {
        *told.entry(sample.expected.as_str()).or_default() += 1;
    }
    println!(
        "{} messages, {} forms, {} wrong; {told:?}",
        samples.len(),
        corpus::forms(),
        wrong.len()
    );
    for (sample, found) in &wrong {
        println!("{}: expected {}, found {found}", sample.name, sample.expected);
    }
    assert!(samples.len() >= 200 && corpus::forms() >= 12);
    assert!(wrong.len() * 100 <= samples.len(), "{} of {} are wrong", wrong.len(), samples.len());
}

#[test]
fn no_mail_that_is_our_fault_is_held_against_a_reader() {
    for sample in corpus::all(&About::default()) {
        let kind = feedback::read(&sample.message, None).kind;
        if ["sender", "progress", "reply"].contains(&sample.expected.as_str()) {
            let harmless = matches!(kind.as_str(), "sender" | "progress" | "reply");
            assert!(harmless, "{}: {kind:?}", sample.name);
        }
    }
}

#[test]
fn words_are_read_back() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(Kind::parse("bounce"), None);
}
