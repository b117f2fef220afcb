//! `[feeds]`: what the feeds hold.

use super::form;
use super::reader::Section;
use crate::feed::Settings;

/// Reads `[feeds]`.
pub fn read(section: Section<'_>) -> Settings {
    let default = Settings::default();
    let items = i64::try_from(default.items).unwrap_or(i64::MAX);
    let settings = Settings {
        items: section.or("items", items, form::whole(1, 100_000)),
        full_text: section.or("full_text", default.full_text, form::flag),
        max_age: u32::try_from(section.or(
            "max_age",
            i64::from(default.max_age),
            form::whole(0, 86_400 * 365),
        ))
        .unwrap_or(default.max_age),
    };
    section.finish();
    settings
}
