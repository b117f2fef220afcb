//! The country that the coordinates of an entry lie in: `GeoRSS` Simple and
//! GML (OGC 17-002), and the W3C's Basic Geo vocabulary.

use super::value::text;
use super::xml::{Element, Vocabulary as V};
use crate::region::coordinates::country_at;

/// The country around the first point that an entry names.
pub fn country(entry: &Element) -> Option<&'static str> {
    entry.children.iter().find_map(|element| {
        let (latitude, longitude) = match (element.vocabulary, element.name.as_str()) {
            (V::BasicGeo, "lat") => basic(entry)?,
            (V::BasicGeo, "point") => basic(element)?,
            (V::Geo, "point" | "line" | "polygon" | "where") => pair(&text(element))?,
            (V::Geo, "box") => middle(&text(element))?,
            _ => return None,
        };
        country_at(latitude, longitude)
    })
}

fn basic(around: &Element) -> Option<(f64, f64)> {
    let number = |name| text(around.child(V::BasicGeo, name)?).trim().parse().ok();
    Some((number("lat")?, number("long")?))
}

/// Numbers of a list, however they are set apart.
fn numbers(text: &str) -> impl Iterator<Item = f64> {
    text.split(|c: char| c.is_whitespace() || c == ',').filter_map(|word| word.parse().ok())
}

/// The first latitude and longitude.
fn pair(text: &str) -> Option<(f64, f64)> {
    let mut numbers = numbers(text);
    Some((numbers.next()?, numbers.next()?))
}

/// The middle of a box from corner to corner.
fn middle(text: &str) -> Option<(f64, f64)> {
    let mut numbers = numbers(text);
    let (south, west) = (numbers.next()?, numbers.next()?);
    let (north, east) = (numbers.next()?, numbers.next()?);
    Some((f64::midpoint(south, north), f64::midpoint(west, east)))
}
