//! House rules that a machine can check; the rest is in ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a second noun is surely hiding.
const LONGEST: usize = 650;
/// Files that are longer. Only ever take from this list.
const LONG: [&str; 1] = ["src/store/articles.rs"];

/// Layers from the ground up; what is not named is a noun, below them all.
const LAYERS: [&[&str]; 4] = [&["store"], &["flow"], &["web", "incoming", "daemon"], &["cli"]];

/// Crates that are known in one place only.
const HOMES: [(&str, &str); 6] = [
    ("sqlx", "src/store/"),
    ("lettre", "src/delivery/"),
    ("axum", "src/web/"),
    ("minijinja", "src/template/"),
    ("tokio_cron_scheduler", "src/daemon/cron.rs"),
    ("hickory_resolver", "src/cli/check/online.rs"),
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helper", "helpers", "manager"];

/// A file of ours, its path from the root of the project.
struct File {
    path: String,
    text: String,
}

impl File {
    /// What is not a test in it; nothing if all of it is.
    fn product(&self) -> &str {
        if self.path.ends_with("tests.rs") || self.path == "src/feed/samples.rs" {
            return "";
        }
        self.text.split("#[cfg(test)]").next().unwrap()
    }

    fn layer(&self) -> usize {
        let folder = self.path.split('/').nth(1).unwrap().trim_end_matches(".rs");
        layer_of(folder)
    }
}

fn layer_of(folder: &str) -> usize {
    LAYERS.iter().position(|layer| layer.contains(&folder)).map_or(0, |nth| nth + 1)
}

fn files(below: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join(below)];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push(File { path: name, text: fs::read_to_string(path).unwrap() });
            }
        }
    }
    assert!(found.len() > 20, "the files of {below} are found");
    found
}

/// The lines of the product that break a rule, as `file: line`.
fn lines_with(broken: impl Fn(&File, &str) -> bool) -> Vec<String> {
    let mut found = vec![];
    for file in files("src") {
        for line in file.product().lines().map(str::trim) {
            if !line.starts_with("//") && broken(&file, line) {
                found.push(format!("{}: {line}", file.path));
            }
        }
    }
    found
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = files("src")
        .into_iter()
        .chain(files("tests"))
        .filter(|file| !file.path.ends_with("tests.rs") && !file.text.starts_with("//!"))
        .map(|file| file.path)
        .collect();

    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn no_file_is_too_long_for_one_head() {
    let mut long: Vec<String> = files("src")
        .into_iter()
        .filter(|file| file.text.lines().count() > LONGEST)
        .map(|file| file.path)
        .collect();
    long.sort();

    assert_eq!(long, LONG);
}

#[test]
fn names_say_what_is_inside() {
    for file in files("src").iter().chain(&files("tests")) {
        let words = file.path.split('/').map(|word| word.trim_end_matches(".rs"));
        assert!(!words.into_iter().any(|word| EMPTY_NAMES.contains(&word)), "{}", file.path);
    }
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    let unwrapped = lines_with(|_, line| line.contains(".unwrap()"));

    assert_eq!(unwrapped, Vec::<String>::new());
}

#[test]
fn imports_point_one_way() {
    let against = lines_with(|file, line| {
        line.match_indices("crate::").any(|(at, _)| {
            let rest = &line[at + "crate::".len()..];
            let folder = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            layer_of(folder.into_iter().next().unwrap_or_default()) > file.layer()
        })
    });

    assert_eq!(against, Vec::<String>::new());
}

#[test]
fn each_big_dependency_has_one_home() {
    let abroad = lines_with(|file, line| {
        HOMES
            .iter()
            .any(|(name, home)| line.contains(&format!("{name}::")) && !file.path.starts_with(home))
    });

    assert_eq!(abroad, Vec::<String>::new());
}

#[test]
fn no_test_is_left_out() {
    let word = concat!("#[", "ignore");

    for file in files("src").iter().chain(&files("tests")) {
        assert!(!file.text.contains(word), "{}", file.path);
    }
}
