//! Nothing of the store goes without a case in this folder.

use std::fs;
use std::path::Path;

fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// The names of the public functions in a file, up to its own tests.
fn public_functions(text: &str) -> Vec<String> {
    text.split("#[cfg(test)]")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| {
            let line = line.trim_start().strip_prefix("pub ")?;
            let line = line.strip_prefix("const ").unwrap_or(line);
            let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
            Some(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        })
        .collect()
}

#[test]
fn every_public_function_of_the_store_has_a_case_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases: String =
        rust_files(&root.join("tests/store")).into_iter().map(|(_, text)| text).collect();

    let mut missing = vec![];
    let mut seen = 0;
    for (module, text) in rust_files(&root.join("src/store")) {
        for function in public_functions(&text) {
            seen += 1;
            // `module::function(` for statements, `.function(` or `Type::function(` for methods.
            let called = [
                format!("{module}::{function}("),
                format!(".{function}("),
                format!("Store::{function}("),
            ];
            let named = match module.as_str() {
                // Its functions are shown to others as those of `deliveries`.
                "notes" => cases.contains(&format!("deliveries::{function}(")),
                "engine" | "error" => called.iter().any(|call| cases.contains(call)),
                _ => cases.contains(&called[0]) || cases.contains(&format!(".{function}()")),
            };
            if !named {
                missing.push(format!("{module}::{function}"));
            }
        }
    }

    assert!(seen > 80, "the functions of src/store are found: {seen}");
    assert!(missing.is_empty(), "add a case in tests/store, on both engines, for {missing:?}");
}
