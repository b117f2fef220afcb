//! `[[digest]]`: the newsletters.

use super::document::Value;
use super::problem::Fault;
use super::reader::Section;
use super::{form, nearest, region};
use crate::digest::slot::{CatchUp, Schedule};
use crate::digest::{Settings, Zone};
use crate::region::Tree;
use crate::site::Site;

const CATCH_UPS: [(&str, CatchUp); 3] =
    [("latest", CatchUp::Latest), ("all", CatchUp::All), ("none", CatchUp::None)];

/// What a digest leans on.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The publication, if it could be read.
    pub site: Option<&'a Site>,
    /// Names of all sources.
    pub sources: &'a [String],
    /// The tree of regions, if it could be built.
    pub tree: Option<&'a Tree>,
}

/// Reads one `[[digest]]`; `None` if a required key is missing or wrong.
pub fn read(section: Section<'_>, around: Around<'_>) -> Option<Settings> {
    let name = section.must("name", "\"weekly\"", form::name);
    let title = section.maybe("title", form::words);
    let schedule = section.must("schedule", "\"0 7 * * Mon\"", form::text(Schedule::parse));
    let zone = section.maybe("timezone", zone(around.site));
    let sources = section.maybe("sources", form::list(form::words)).unwrap_or_default();
    let regions = section.maybe("regions", form::list(region::path)).unwrap_or_default();
    let languages = section.maybe("languages", form::list(form::language)).unwrap_or_default();
    let language = section.maybe("language", form::language);
    let catch_up = section.or("catch_up", CatchUp::default().as_str(), form::one_of(&CATCH_UPS));
    let stale_after = section.or("stale_after", "2d", form::duration);
    let first_covers = section.or("first_covers", "30d", form::duration);
    let limit = section.or("limit", 30, form::whole(1, 10_000));

    for source in sources.iter().filter(|name| !around.sources.contains(name)) {
        let remedy = match nearest(source, around.sources.iter().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "name one that a [[source]] has, or leave `sources` out for all".to_owned(),
        };
        section.problem("sources", Fault::new(format!("there is no source `{source}`"), remedy));
    }
    for path in
        around.tree.iter().flat_map(|tree| regions.iter().filter(|path| !tree.contains(path)))
    {
        let paths = around.tree.into_iter().flat_map(Tree::paths);
        let remedy = match nearest(path.as_str(), paths.map(crate::region::RegionPath::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it as a [[region]], or leave it out".to_owned(),
        };
        section.problem("regions", Fault::new(format!("there is no region `{path}`"), remedy));
    }
    section.finish();

    let site = around.site?;
    Some(Settings {
        name: name?,
        title: title.unwrap_or_else(|| site.title.clone()),
        schedule: schedule?,
        zone: zone.unwrap_or(Zone::Fixed(site.timezone)),
        sources,
        regions,
        languages: languages.iter().map(|tag| primary(tag)).collect(),
        language: language.unwrap_or_else(|| site.language.clone()),
        catch_up,
        stale_after,
        first_covers,
        limit,
    })
}

/// A zone, or the word `subscriber`.
fn zone(site: Option<&Site>) -> impl Fn(&Value) -> Result<Zone, Fault> {
    let default = site.map_or(chrono_tz::UTC, |site| site.timezone);
    move |value| match value {
        Value::Text(text) | Value::Loose(text) if text.trim() == "subscriber" => {
            Ok(Zone::Subscriber(default))
        }
        _ => form::zone(value).map(Zone::Fixed),
    }
}

/// `pt` of `pt-BR`.
fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}
