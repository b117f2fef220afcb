//! `[feeds]`: what the feeds hold.

use super::document::Value;
use super::form;
use super::problem::Fault;
use super::reader::Section;
use crate::feed::FeedName;
use crate::feed::Settings;

/// The name of a feed, as in its address: `region/africa`.
fn feed(value: &Value) -> Result<String, Fault> {
    let name = form::words(value)?;
    match FeedName::parse(&name) {
        Some(parsed) if parsed.plain() == name => Ok(name),
        _ => Err(Fault::new(
            format!("`{}` is no name of a feed", form::short(&name)),
            "write it as in its address, without /feeds/ and the ending: `region/africa`",
        )),
    }
}

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
        hub: section.or("hub", default.hub, form::flag),
        hub_private: section.or("hub_private", default.hub_private, form::flag),
        hubs: section.maybe("hubs", form::list(form::url(&["https", "http"]))).unwrap_or_default(),
        gone: section.maybe("gone", form::list(feed)).unwrap_or_default(),
        moved: section
            .sections("moved")
            .into_iter()
            .filter_map(|moved| {
                let both = (
                    moved.must("from", "\"region/old\"", feed),
                    moved.must("to", "\"region/new\"", feed),
                );
                moved.finish();
                both.0.zip(both.1)
            })
            .collect(),
    };
    section.finish();
    settings
}
