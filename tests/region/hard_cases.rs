//! The table `hard.tsv`: ambiguous names, brands and persons, seats of power,
//! many scripts, publishers' labels. It was written before the code.

use gazetted::article::{Label, LabelKind};
use gazetted::region::{Country, Evidence, Gazetteer, Tree, Verdict, classify};

/// One line of the table.
struct Case<'a> {
    expected: &'a str,
    title: &'a str,
    text: &'a str,
    labels: Vec<Label>,
    home: Option<Country>,
}

fn cases() -> Vec<Case<'static>> {
    include_str!("hard.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let [expected, title, text, labels, home] =
                line.split('\t').collect::<Vec<_>>().try_into().expect("five fields");
            let labels = labels.split(";;").filter_map(label).collect();
            Case { expected, title, text, labels, home: Country::parse(home) }
        })
        .collect()
}

/// `breadcrumb:Home > Asia`.
fn label(text: &str) -> Option<Label> {
    let (kind, steps) = text.split_once(':')?;
    let kind = match kind {
        "breadcrumb" => LabelKind::Breadcrumb,
        "category" => LabelKind::Category,
        "tag" => LabelKind::Tag,
        other => panic!("no kind of label: {other}"),
    };
    Some(Label { kind, path: steps.split(" > ").map(str::to_owned).collect() })
}

/// Is this what was expected: a country first, a region first, or nothing?
fn is_right(verdict: &Verdict, expected: &str) -> bool {
    expected.split('|').any(|one| match Country::parse(one) {
        Some(country) if one.chars().all(char::is_uppercase) => {
            verdict.countries.first() == Some(&country)
        }
        _ => verdict.regions[0].as_str() == one,
    })
}

#[test]
fn hard_cases_go_where_an_editor_would_put_them() {
    let (tree, gazetteer) = (Tree::default(), Gazetteer::builtin());
    let cases = cases();
    let mut misses = Vec::new();
    for case in &cases {
        let verdict = classify(
            &tree,
            &gazetteer,
            &Evidence {
                operator: None,
                labels: &case.labels,
                title: case.title,
                text: case.text,
                url: None,
                language: None,
                home: case.home,
            },
        );
        if !is_right(&verdict, case.expected) {
            misses.push(format!(
                "{} | {}: {} {:?}",
                case.expected, case.title, verdict.regions[0], verdict.countries
            ));
        }
    }
    let right = cases.len() - misses.len();
    println!("{right} of {} hard cases are right", cases.len());

    for miss in &misses {
        println!("  missed {miss}");
    }
    assert!(cases.len() >= 150);
    assert!(right * 100 >= cases.len() * 95, "{misses:#?}");
}
