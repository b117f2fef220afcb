//! `[[region]]` and `[regions]`: how the tree of regions is changed.

use super::document::Value;
use super::form;
use super::problem::Fault;
use super::reader::Section;
use crate::region::{Declared, RegionPath, Tree};

/// Reads one `[[region]]`; `None` if its path is missing or wrong.
pub fn read(section: Section<'_>) -> Option<Declared> {
    let path = section.must("path", "\"middle-east\"", path);
    let name = section.maybe("name", form::words);
    let countries = section.maybe("countries", form::list(form::country)).unwrap_or_default();
    let aliases = section.maybe("aliases", form::list(form::words)).unwrap_or_default();
    section.finish();
    Some(Declared { path: path?, name, countries, aliases })
}

/// Reads `[regions]`: how deep the tree is shown.
pub fn read_depth(section: Section<'_>) -> u8 {
    let depth = section.or("depth", 2, form::whole(2, 3));
    section.finish();
    u8::try_from(depth).unwrap_or(2)
}

/// The tree that results; contradictions are problems of `root`.
pub fn tree(root: &Section<'_>, declared: &[Declared], depth: u8) -> Option<Tree> {
    let contradictions = match Tree::new(declared, depth) {
        Ok(tree) => return Some(tree),
        Err(contradictions) => contradictions,
    };
    for contradiction in contradictions {
        root.problem("region", contradiction);
    }
    None
}

/// A region by its path.
pub fn path(value: &Value) -> Result<RegionPath, Fault> {
    form::text(|text| RegionPath::parse(text).map_err(|bad| bad.to_string()))(value)
}
