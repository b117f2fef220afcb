//! In which country a point of the earth lies.

use std::sync::LazyLock;

use country_boundaries::{BOUNDARIES_ODBL_60X30, CountryBoundaries, LatLon};

use super::Country;
use super::atlas::ATLAS;

/// Read at the first question; `None` cannot be, for the data are built in.
static BOUNDARIES: LazyLock<Option<CountryBoundaries>> =
    LazyLock::new(|| CountryBoundaries::from_reader(BOUNDARIES_ODBL_60X30).ok());

/// The English name of the country at a latitude and longitude in degrees
/// (WGS 84). `None` at sea, for what is no such place, and for 0° 0°, which
/// programs write that know of none.
#[must_use]
pub fn country_at(latitude: f64, longitude: f64) -> Option<&'static str> {
    if latitude == 0.0 && longitude == 0.0 {
        return None;
    }
    let point = LatLon::new(latitude, longitude).ok()?;
    let around = BOUNDARIES.as_ref()?.ids(point);
    let country = around.into_iter().find_map(Country::parse)?;
    Some(ATLAS.country(country)?.name("en"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_lies_in_a_country_or_in_none() {
        assert_eq!(country_at(-1.29, 36.82), Some("Kenya"));
        assert_eq!(country_at(47.6973, 8.6910), Some("Germany"), "surrounded by Switzerland");
        assert_eq!(country_at(33.0, -97.0), Some("United States"));
        assert_eq!(country_at(30.0, -40.0), None, "the Atlantic");
        assert_eq!(country_at(0.0, 0.0), None);
        assert_eq!(country_at(91.0, 0.0), None);
        assert_eq!(country_at(f64::NAN, f64::INFINITY), None);
    }
}
