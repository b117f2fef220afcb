//! How sure a decision was, read from its reasons.

use super::{Origin, Reason, RegionPath};

/// A first region that its text makes less likely than this is uncertain.
const LIKELY: f32 = 0.55;
/// A second one that comes as near as this to the first makes it uncertain.
const NEAR: f32 = 0.9;

/// The strongest reason for another region than the first, if there is one: a
/// region inside the first, or around it, is no other.
#[must_use]
pub fn second<'a>(first: &RegionPath, reasons: &'a [Reason]) -> Option<&'a Reason> {
    reasons
        .iter()
        .filter(|reason| !reason.region.is_within(first) && !first.is_within(&reason.region))
        .max_by(|a, b| a.weight.total_cmp(&b.weight))
}

/// How much speaks for the first region, if that is not enough to be sure.
#[must_use]
pub fn doubt(first: &RegionPath, origin: Origin, reasons: &[Reason]) -> Option<f32> {
    let weight = reasons
        .iter()
        .filter(|reason| reason.region.is_within(first))
        .map(|reason| reason.weight)
        .fold(0.0, f32::max);
    let rival = second(first, reasons).map_or(0.0, |reason| reason.weight);
    match origin {
        Origin::Operator | Origin::Breadcrumb | Origin::Category => None,
        Origin::Source => Some(weight),
        Origin::Text => (weight < LIKELY || rival > weight * NEAR).then_some(weight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(region: &str, weight: f32) -> Reason {
        let region = RegionPath::parse(region).unwrap();
        Reason { evidence: String::new(), region, weight }
    }

    #[test]
    fn a_near_second_makes_a_region_uncertain_and_a_label_never_is() {
        let first = RegionPath::parse("europe/france").unwrap();
        let clear = [reason("europe/france", 0.9), reason("asia/japan", 0.3)];
        let near = [reason("europe/france", 0.9), reason("asia/japan", 0.85)];

        assert_eq!(doubt(&first, Origin::Text, &clear), None);
        assert_eq!(doubt(&first, Origin::Text, &near), Some(0.9));
        assert_eq!(doubt(&first, Origin::Category, &near), None);
        assert_eq!(doubt(&first, Origin::Text, &[reason("europe/france", 0.4)]), Some(0.4));
        assert_eq!(doubt(&RegionPath::world(), Origin::Source, &[]), Some(0.0));
        assert_eq!(second(&first, &near).unwrap().region.as_str(), "asia/japan");
        assert!(second(&first, &[reason("europe", 1.0), reason("europe/france", 1.0)]).is_none());
    }
}
