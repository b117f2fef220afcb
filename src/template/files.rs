//! Template files: those compiled in, and those of an operator's folder that
//! stand in their place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::error::TemplateError;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A template file is small; more is a mistake.
const MAX_BYTES: u64 = 512 * 1024;
/// So is a folder of them.
const MAX_FILES: usize = 500;
/// Folders in which an operator may add files of any name.
const OPEN_FOLDERS: [&str; 2] = ["parts", "words"];

/// One file: its text, and the name under which errors speak of it.
#[derive(Debug, Clone)]
pub(super) struct TemplateFile {
    pub text: String,
    pub shown_as: String,
}

/// All files by name: `digest/body.html`.
pub(super) type Files = BTreeMap<String, TemplateFile>;

/// The files that are compiled in.
pub(super) fn built_in() -> Files {
    let folders = BUILT_IN.dirs().flat_map(Dir::files);
    folders
        .filter_map(|file| {
            let name = file.path().to_str()?.replace('\\', "/");
            let text = file.contents_utf8()?.to_owned();
            Some((name.clone(), TemplateFile { text, shown_as: name }))
        })
        .collect()
}

/// Puts the files of an operator's folder in place of those compiled in, and
/// says what in that folder cannot be one.
pub(super) fn override_from(dir: &Path, files: &mut Files) -> Vec<TemplateError> {
    let mut problems = Vec::new();
    let known: Vec<String> = files.keys().cloned().collect();
    for folder in subfolders(dir, &mut problems) {
        for file in entries(&dir.join(&folder), &mut problems) {
            let name = format!("{folder}/{file}");
            let path = dir.join(&folder).join(&file);
            if !known.contains(&name) && !OPEN_FOLDERS.contains(&folder.as_str()) {
                problems.push(unknown(&path, &name, &known));
                continue;
            }
            match read(&path) {
                Ok(text) => {
                    let shown_as = path.display().to_string();
                    files.insert(name, TemplateFile { text, shown_as });
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems
}

fn subfolders(dir: &Path, problems: &mut Vec<TemplateError>) -> Vec<String> {
    let names = entries(dir, problems);
    names.into_iter().filter(|name| dir.join(name).is_dir()).collect()
}

/// Names in a folder, sorted; hidden files and editors' copies are not ours.
fn entries(dir: &Path, problems: &mut Vec<TemplateError>) -> Vec<String> {
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) => {
            problems.push(TemplateError::of_file(
                &dir.display().to_string(),
                format!("cannot be listed: {error}"),
                "check the folder named in the config and its permissions",
            ));
            return Vec::new();
        }
    };
    let names = listing.take(MAX_FILES).filter_map(Result::ok);
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> =
        names.filter(|name| !name.starts_with('.') && !name.ends_with('~')).collect();
    names.sort();
    names
}

fn read(path: &Path) -> Result<String, TemplateError> {
    let shown = path.display().to_string();
    let problem = |message: String| {
        TemplateError::of_file(&shown, message, "put a small UTF-8 text file there, or remove it")
    };
    let size = fs::metadata(path).map_err(|error| problem(error.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(problem(format!("{size} bytes are more than {MAX_BYTES}")));
    }
    fs::read_to_string(path).map_err(|error| problem(format!("cannot be read: {error}")))
}

fn unknown(path: &Path, name: &str, known: &[String]) -> TemplateError {
    let nearest = known
        .iter()
        .max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)))
        .map_or("digest/body.html", String::as_str);
    TemplateError::of_file(
        &path.display().to_string(),
        "is the name of no template",
        &format!("did you mean `{nearest}`? Parts of your own belong into `parts/`"),
    )
}
