//! Whom the built-in tables come from, as their licences ask.

/// One line for each source of the tables of regions and places.
pub const CREDITS: &str = "\
Names of cities: GeoNames (https://www.geonames.org), CC BY 4.0 \
(https://creativecommons.org/licenses/by/4.0/); cut to larger places and joined.
Borders of countries: OpenStreetMap contributors (https://www.openstreetmap.org/copyright), ODbL \
(https://opendatacommons.org/licenses/odbl/), by the crate country-boundaries.
Names of countries, regions and divisions: Unicode CLDR, Unicode License v3 \
(https://www.unicode.org/license.txt).
";
