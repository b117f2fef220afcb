//! The form that people fill in: read with bounds, and shown again with what
//! was typed.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::clock::Time;
use crate::digest::Zone;
use crate::flow::Settings;
use crate::region::RegionPath;
use crate::subscriber::choices::parse_zone;
use crate::subscriber::roster::Row;
use crate::subscriber::{Address, Standing};
use crate::template::hue;
use crate::template::pages::{RegionChoice, Shell, Subscribe, ZoneChoice, ZoneGroup};

/// Fields that are read; a form of ours has far fewer.
const FIELDS: usize = 100;
/// Bytes of a field that are shown again.
const TYPED: usize = 254;

/// What was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// The address, as typed.
    pub email: String,
    /// Paths of the regions that were ticked.
    regions: Vec<String>,
    /// The zone that was picked; empty if none.
    timezone: String,
    /// What no person fills in.
    website: String,
}

impl Form {
    /// Reads the body of the post; fields of other names do not matter.
    pub fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body).take(FIELDS) {
            match name.as_ref() {
                "email" => form.email = value.into_owned(),
                "region" => form.regions.push(value.into_owned()),
                "timezone" => form.timezone = value.into_owned(),
                "website" => form.website = value.into_owned(),
                _ => {}
            }
        }
        form
    }

    /// Did a program fill it in?
    pub fn is_trapped(&self) -> bool {
        !self.website.is_empty()
    }

    /// What the person wants.
    ///
    /// # Errors
    /// Says what is wrong with a choice.
    pub fn wish(&self, address: Address, settings: &Settings, now: Time) -> Result<Row, String> {
        let mut regions: Vec<RegionPath> = vec![];
        for path in self.regions.iter().filter(|path| !path.is_empty()) {
            let region = RegionPath::parse(path).map_err(|bad| bad.to_string())?;
            if !settings.tree.contains(&region) {
                return Err(format!("There is no region `{region}`; tick one of those below."));
            }
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        let timezone = match self.timezone.trim() {
            "" => None,
            zone => Some(parse_zone(zone)?),
        };
        let at = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        Ok(Row {
            address,
            name: String::new(),
            regions,
            timezone,
            language: None,
            digests: vec![],
            standing: Standing::Pending,
            consent: format!("asked on the web page at {at}"),
            attributes: BTreeMap::new(),
        })
    }

    /// The form as a page.
    pub fn page(&self, shell: Shell, settings: &Settings, error: &str) -> Subscribe {
        let language = &settings.site.language;
        let tops = settings.tree.paths().filter(|path| path.parent().is_none());
        let region = |path: &RegionPath| RegionChoice {
            path: path.to_string(),
            name: settings.tree.name(path, language),
            hue: hue(path.as_str()),
            chosen: self.regions.iter().any(|chosen| chosen == path.as_str()),
        };
        let local =
            settings.digests.iter().any(|digest| matches!(digest.zone, Zone::Subscriber(_)));
        let picked = parse_zone(&self.timezone).unwrap_or(settings.site.timezone);
        let mut end = self.email.len().min(TYPED);
        while !self.email.is_char_boundary(end) {
            end -= 1;
        }
        Subscribe {
            shell,
            email: self.email[..end].to_owned(),
            error: error.to_owned(),
            digests: settings.digests.iter().map(|digest| digest.title.clone()).collect(),
            regions: tops.map(region).collect(),
            zones: if local { zones(picked) } else { vec![] },
        }
    }
}

/// The zones people live in, by part of the world.
fn zones(picked: Tz) -> Vec<ZoneGroup> {
    const PARTS: [&str; 10] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let choice = |zone: &Tz, name: &str| ZoneChoice {
        value: zone.name().to_owned(),
        name: name.replace('_', " ").replace('/', ", "),
        chosen: *zone == picked,
    };
    let group = |part: &str| {
        let zones = TZ_VARIANTS.iter().filter_map(|zone| {
            let (of, name) = zone.name().split_once('/')?;
            (of == part).then(|| choice(zone, name))
        });
        ZoneGroup { name: part.to_owned(), zones: zones.collect() }
    };
    let mut groups: Vec<ZoneGroup> = PARTS.into_iter().map(group).collect();
    groups.push(ZoneGroup { name: "UTC".to_owned(), zones: vec![choice(&Tz::UTC, "UTC")] });
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let form = Form::read(
            b"email=reader%40example.org&region=asia&region=europe&timezone=Europe%2FLisbon&website=&x=1",
        );

        assert_eq!(form.email, "reader@example.org");
        assert_eq!(form.regions, ["asia", "europe"]);
        assert_eq!(form.timezone, "Europe/Lisbon");
        assert!(!form.is_trapped());
    }

    #[test]
    fn any_bytes_make_a_form_of_bounded_size() {
        assert_eq!(Form::read(b"\xff\xfe&&=&%zz"), Form::default());
        assert_eq!(Form::read(&b"region=a&".repeat(1_000)).regions.len(), FIELDS);
    }

    #[test]
    fn the_zone_that_was_picked_is_picked_again_and_only_that() {
        let chosen: Vec<String> = zones(Tz::Europe__Lisbon)
            .into_iter()
            .flat_map(|group| group.zones)
            .filter(|zone| zone.chosen)
            .map(|zone| zone.value)
            .collect();

        assert_eq!(chosen, ["Europe/Lisbon"]);
    }
}
