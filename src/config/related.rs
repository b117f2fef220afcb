//! `[related]`: where the index of related articles is kept, and how age counts.

use std::path::{Path, PathBuf};

use super::form;
use super::reader::Section;
use crate::related::Settings;

/// Reads `[related]`; the usual folder lies beside the database `store`.
pub fn read(section: Section<'_>, store: &str) -> Settings {
    let default = Settings::default();
    let named = section.maybe("path", form::words).map(|path| section.reading().path(&path));
    let settings = Settings {
        folder: named.or_else(|| beside(store)),
        cache: usize::try_from(section.or("cache", "64MB", form::size)).unwrap_or(default.cache),
        half_life: section.maybe("half_life", form::duration),
        max_age: section.maybe("max_age", form::duration),
        ..default
    };
    section.finish();
    settings
}

/// The folder beside a database that is a file.
fn beside(store: &str) -> Option<PathBuf> {
    let file = store.strip_prefix("sqlite:").filter(|path| !path.starts_with(':'))?;
    let name = Path::new(file).file_name()?.to_str()?;
    Some(Path::new(file).with_file_name(format!("{name}.related")))
}
