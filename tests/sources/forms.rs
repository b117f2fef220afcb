//! Saved pages of many systems: how much of each is read right, by field.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use gazetted::article::clean;
use gazetted::article::{Body, Draft, LabelKind};
use gazetted::source::parse::encoding;
use gazetted::source::parse::page::{self, Page, Standing};
use url::Url;

/// Of each field so many have to be right.
const ENOUGH: f64 = 0.95;

/// What is right for one page.
struct Right {
    fields: HashMap<String, String>,
    text: String,
}

fn right(path: &Path) -> Right {
    let whole = std::fs::read_to_string(path.with_extension("txt")).unwrap();
    let (head, text) = whole.split_once("\n\n").unwrap_or((&whole, ""));
    let fields = head.lines().map(|line| line.split_once(':').unwrap());
    let fields = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    Right { fields, text: text.to_owned() }
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sources/pages");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "html"))
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> Page {
    let bytes = std::fs::read(path).unwrap();
    let url = Url::parse("https://www.example.org/2026/a/piece").unwrap();
    page::read(&encoding::decode(&bytes, None, None), Some(&url))
}

/// What a reader of the store would get of a draft.
pub fn text(draft: &Draft) -> String {
    match &draft.body {
        Body::Html(html) => clean::plain(&clean::clean(html, None)),
        Body::Text(text) => text.clone(),
    }
}

/// How alike two texts are: F1 of their words; of scripts without spaces, of
/// their letters.
pub fn alike(a: &str, b: &str) -> f64 {
    let count = |text: &str| {
        let mut words: HashMap<String, usize> = HashMap::new();
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_alphanumeric() && c < '\u{2e80}' {
                word.extend(c.to_lowercase());
                continue;
            }
            if !word.is_empty() {
                *words.entry(std::mem::take(&mut word)).or_default() += 1;
            }
            if c.is_alphanumeric() {
                *words.entry(c.to_string()).or_default() += 1;
            }
        }
        words
    };
    let (a, b) = (count(a), count(b));
    let total: usize = a.values().chain(b.values()).sum();
    let both: usize = a.iter().map(|(word, n)| (*n).min(b.get(word).copied().unwrap_or(0))).sum();
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    if total == 0 { 1.0 } else { 2.0 * both as f64 / total as f64 }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "there are fewer than a hundred")]
fn pages_of_all_systems_are_read_right() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut likeness = Vec::new();
    for path in pages() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let right = right(&path);
        let page = read(&path);
        let standing = match page.standing {
            Standing::Piece => "piece",
            Standing::Stub => "stub",
            Standing::Other(_) => "other",
        };
        let mut judge = |field: &'static str, found: &str, good: bool| {
            let (all, right_ones) = counts.entry(field).or_default();
            *all += 1;
            *right_ones += usize::from(good);
            if !good {
                let wanted = right.fields.get(field).map_or("", String::as_str);
                wrong.push(format!("{name}: {field} is `{found}` and should be `{wanted}`"));
            }
        };
        judge("standing", standing, standing == right.fields["standing"]);
        if right.fields["standing"] == "other" {
            continue;
        }
        let draft = &page.draft;
        let date =
            draft.published.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default();
        let crumbs = draft.labels.iter().find(|label| label.kind == LabelKind::Breadcrumb);
        let crumbs = crumbs.map(|label| label.path.join(" > ")).unwrap_or_default();
        let authors = draft.authors.join("; ");
        judge("title", &draft.title, draft.title == right.fields["title"]);
        judge("date", &date, !date.is_empty() && date.starts_with(&right.fields["date"]));
        judge("authors", &authors, authors == right.fields["authors"]);
        judge("crumbs", &crumbs, crumbs == right.fields["crumbs"]);
        let text = text(draft);
        let f1 = alike(&text, &right.text);
        likeness.push(f1);
        judge("body", &format!("{f1:.3} alike: {text}"), f1 >= ENOUGH);
    }

    let told = wrong.join("\n");
    println!("{counts:?}\n{told}");
    let pieces = likeness.len();
    assert!(pieces >= 40, "{pieces} pages");
    for (field, (all, good)) in &counts {
        assert!(*good as f64 >= ENOUGH * *all as f64, "{field}: {good} of {all}\n{told}");
    }
    let mean = likeness.iter().sum::<f64>() / pieces as f64;
    assert!(mean >= ENOUGH, "{mean}");
}
