//! `check`: everything that is wrong, at once.

use std::fs;

use super::Magazine;
use crate::support::program::Program;

const FIVE_MISTAKES: &str = r#"[site]
title = "The Meridian Review"
url = "not an address"
langauge = "en"

[[source]]
name = "wire"
kind = "directory"
path = "articles"
every = "sometimes"

[mail]
from = "nobody"

[[digest]]
name = "weekly"
schedule = "0 25 * * Mon"
"#;

#[test]
fn five_mistakes_are_reported_at_once_each_with_key_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("articles")).unwrap();
    let program = Program::new(folder.path(), FIVE_MISTAKES);

    let said = program.run(&["check", "--json"]);

    assert_eq!(said.code, 78, "{said:?}");
    let mut found: Vec<(String, u64)> = said
        .json()
        .iter()
        .filter(|line| line["severity"] == "error")
        .map(|line| {
            assert!(line["file"].as_str().unwrap().ends_with("gazetted.toml"), "{line}");
            assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
            assert!(!line["remedy"].as_str().unwrap().is_empty(), "{line}");
            (line["key"].as_str().unwrap().to_owned(), line["line"].as_u64().unwrap())
        })
        .collect();
    found.sort_by_key(|(_, line)| *line);
    let expected = [
        ("site.url", 3),
        ("site.langauge", 4),
        ("source[0].every", 10),
        ("mail.from", 13),
        ("digest[0].schedule", 17),
    ];
    assert_eq!(found, expected.map(|(key, line)| (key.to_owned(), line)));
    assert!(said.out.contains("language"), "the nearest key is named: {}", said.out);

    let plain = program.run(&["check"]);
    assert_eq!(plain.code, 78);
    assert!(plain.out.contains("gazetted.toml:10: source[0].every"), "{}", plain.out);
}

#[test]
fn a_good_configuration_is_called_good() {
    let magazine = Magazine::new();

    let said = magazine.program.run(&["check"]).good();

    assert!(said.out.contains("The configuration is good"), "{said:?}");
}

#[test]
fn a_wrong_template_is_named_with_its_line() {
    let magazine = Magazine::with("\n[templates]\npath = \"mine\"\n");
    fs::create_dir_all(magazine.path().join("mine/digest")).unwrap();
    fs::write(magazine.path().join("mine/digest/subject.txt"), "{{ title }}\n{{ no_such_name }}\n")
        .unwrap();

    let said = magazine.program.run(&["check", "--json"]);

    assert_eq!(said.code, 78, "{said:?}");
    let line = said.json().into_iter().find(|line| line["severity"] == "error").unwrap();
    assert!(line["file"].as_str().unwrap().ends_with("mine/digest/subject.txt"), "{line}");
    assert_eq!(line["line"], 2);
}

#[test]
fn a_database_of_somebody_else_is_a_mistake_of_the_configuration() {
    let magazine = Magazine::new();
    fs::write(magazine.path().join("gazetted.db"), "a letter to my aunt ".repeat(200)).unwrap();

    for command in [&["check"][..], &["status"], &["serve"], &["database", "migrate"]] {
        let said = magazine.program.run(command);
        assert_eq!(said.code, 78, "{command:?}: {said:?}");
        let all = format!("{}{}", said.out, said.log);
        assert!(all.contains("gazetted.db"), "{command:?}: {said:?}");
    }
}

#[test]
fn every_command_refuses_a_wrong_configuration_with_78() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path(), "[site]\ntitle = 7\n");

    for command in
        [&["status"][..], &["ingest"], &["serve"], &["articles", "list"], &["digest", "list"]]
    {
        let said = program.run(command);
        assert_eq!(said.code, 78, "{command:?}: {said:?}");
        assert!(said.log.contains("site.url"), "{command:?}: {said:?}");
        assert_eq!(said.out, "", "{command:?}");
    }
}
