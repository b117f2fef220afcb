//! What a person can choose, read from text: zone, language, lists of regions
//! and digests. The config reads its own zones and languages here too.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::region::RegionPath;

/// Reads the name of a zone, in any case: `Europe/London`.
///
/// # Errors
/// Names the nearest zone there is.
pub fn parse_zone(text: &str) -> Result<Tz, String> {
    let text = text.trim();
    let same = |tz: &Tz| tz.name().eq_ignore_ascii_case(text);
    if let Some(tz) = text.parse().ok().or_else(|| TZ_VARIANTS.iter().copied().find(same)) {
        return Ok(tz);
    }
    let short: String = text.chars().take(60).collect();
    let wanted = short.to_lowercase().replace(' ', "_");
    // `London` is nearer to `Europe/London` than to `Poland`.
    let likeness = |tz: &Tz| {
        let name = tz.name().to_lowercase();
        let city = name.rsplit('/').next().unwrap_or_default();
        strsim::jaro_winkler(&name, &wanted).max(strsim::jaro_winkler(city, &wanted))
    };
    let nearest = TZ_VARIANTS
        .iter()
        .map(|tz| (likeness(tz), tz.name()))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let remedy = match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "write one like `Europe/London` or `UTC`".to_owned(),
    };
    Err(format!("there is no time zone `{short}`; {remedy}"))
}

/// Reads a BCP 47 language tag by its form: `en`, `pt-BR`, `zh-Hant`.
///
/// # Errors
/// Says what a tag looks like.
pub fn parse_language(text: &str) -> Result<String, String> {
    let text = text.trim();
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let good = text.len() <= 35
        && (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    if good {
        Ok(text.to_owned())
    } else {
        let short: String = text.chars().take(60).collect();
        Err(format!("`{short}` is not a language tag; write one like `en` or `pt-BR`"))
    }
}

/// The words of a list; blanks, commas, semicolons and bars separate them.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .filter(|word| !word.is_empty())
}

/// Reads a list of region paths: `africa americas/united-states`.
///
/// # Errors
/// Names the first that is none.
pub fn parse_regions(text: &str) -> Result<Vec<RegionPath>, String> {
    words(text).map(|word| RegionPath::parse(word).map_err(|bad| bad.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_in_any_case_and_a_wrong_one_gets_the_nearest() {
        assert_eq!(parse_zone(" europe/london "), Ok(chrono_tz::Europe::London));
        assert_eq!(parse_zone("UTC"), Ok(chrono_tz::UTC));
        for (wrong, nearest) in [
            ("Europe/Lodnon", "`Europe/London`"),
            ("London", "`Europe/London`"),
            ("new york", "`America/New_York`"),
            ("Moonbase 7", "like `Europe/London`"),
        ] {
            let message = parse_zone(wrong).unwrap_err();
            assert!(message.contains(nearest), "{wrong}: {message}");
        }
    }

    #[test]
    fn a_language_is_read_by_its_form() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "de-1996"] {
            assert_eq!(parse_language(good).as_deref(), Ok(good));
        }
        for bad in ["", "e", "english please", "en_GB", "12", "en-", &"a-".repeat(30)] {
            assert!(parse_language(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_is_read_with_any_usual_separator() {
        assert_eq!(words(" a,b; c|d\t\n").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(parse_regions("Africa americas/united-states").unwrap().len(), 2);
        assert!(parse_regions("africa m!oon").unwrap_err().contains("m!oon"));
    }
}
