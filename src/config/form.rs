//! The forms a value can have: each reads one [`Value`] or says what is wrong
//! with it and what a right one looks like.

use std::time::Duration;

use chrono_tz::Tz;
use url::Url;

use super::document::Value;
use super::problem::Fault;
use crate::region::Country;
use crate::region::tree::is_country;
use crate::subscriber::{Address, choices};

/// The longest duration: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// The largest size: 4 GiB.
const LARGEST: u64 = 4 << 30;

/// A text in a form of its own.
pub fn text<T, E: Into<Fault>>(
    read: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(&Value) -> Result<T, Fault> {
    move |value| match value {
        Value::Text(text) | Value::Loose(text) => read(text.trim()).map_err(Into::into),
        other => Err(Fault::new(
            format!("{} stands where a text belongs", other.kind()),
            "put it in quotes",
        )),
    }
}

/// Any text of one line that is not blank.
pub fn words(value: &Value) -> Result<String, Fault> {
    text(|text| {
        if text.is_empty() {
            Err(Fault::new("it is blank", "write something or leave the key out"))
        } else if text.len() > 1_000 || text.chars().any(|c| c.is_control() && c != '\n') {
            Err(Fault::new(
                "it is longer than 1000 bytes or holds control characters",
                "shorten it",
            ))
        } else {
            Ok(text.to_owned())
        }
    })(value)
}

/// A name that can stand in addresses and commands.
pub fn name(value: &Value) -> Result<String, Fault> {
    text(|text| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=64).contains(&text.len())
            && text.chars().all(good)
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            Ok(text.to_owned())
        } else {
            Err(Fault::new(
                format!("`{}` is no name", short(text)),
                "use up to 64 letters, digits, `-`, `_` and `.`, such as `weekly`",
            ))
        }
    })(value)
}

/// A whole number from `least` to `most`.
pub fn whole(least: i64, most: i64) -> impl Fn(&Value) -> Result<usize, Fault> {
    move |value| {
        let number = match value {
            Value::Whole(number) => Some(*number),
            Value::Loose(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|number| (least..=most).contains(number))
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| {
                Fault::new(
                    format!("{} is no whole number from {least} to {most}", shown(value)),
                    "write one without quotes",
                )
            })
    }
}

/// `true` or `false`.
pub fn flag(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Flag(flag) => Ok(*flag),
        Value::Loose(text) if text.trim() == "true" => Ok(true),
        Value::Loose(text) if text.trim() == "false" => Ok(false),
        other => Err(Fault::new(
            format!("{} is neither true nor false", shown(other)),
            "write `true` or `false` without quotes",
        )),
    }
}

/// A list whose entries have a form each.
pub fn list<T>(
    read: impl Fn(&Value) -> Result<T, Fault>,
) -> impl Fn(&Value) -> Result<Vec<T>, Fault> {
    move |value| match value {
        Value::List(list) if list.len() <= 10_000 => {
            list.iter().map(|entry| read(&entry.value)).collect()
        }
        Value::Loose(text) => text
            .split(',')
            .filter(|part| !part.trim().is_empty())
            .map(|part| read(&Value::Loose(part.to_owned())))
            .collect(),
        other => Err(Fault::new(
            format!("{} is no list of at most 10000 entries", shown(other)),
            "write one like `[\"a\", \"b\"]`",
        )),
    }
}

/// One of a few words.
pub fn one_of<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value) -> Result<T, Fault> {
    move |value| {
        text(|text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(
                || {
                    let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                    let message = format!("`{}` is not known here", short(text));
                    Fault::new(message, format!("write one of {}", all.join(", ")))
                },
            )
        })(value)
    }
}

/// A duration: `15m`, `2d`, `1h30m`.
pub fn duration(value: &Value) -> Result<Duration, Fault> {
    text(|text| {
        read_duration(text).filter(|length| *length <= LONGEST && !length.is_zero()).ok_or_else(
            || {
                Fault::new(
                    format!("`{}` is no duration", short(text)),
                    "write one like `30s`, `15m`, `1h30m`, `2d` or `1w`, up to ten years",
                )
            },
        )
    })(value)
}

fn read_duration(text: &str) -> Option<Duration> {
    let units = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("w", 604_800_000),
    ];
    let (mut rest, mut millis) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (_, unit) = units.into_iter().find(|(unit, _)| *unit == &after[..end])?;
        millis = millis.checked_add(number.checked_mul(unit)?)?;
        rest = after[end..].trim_start();
    }
    Some(Duration::from_millis(millis))
}

/// A size in bytes: `10MB`, `512KiB`, or a bare number.
pub fn size(value: &Value) -> Result<u64, Fault> {
    let bytes = match value {
        Value::Whole(bytes) => u64::try_from(*bytes).ok(),
        Value::Text(text) | Value::Loose(text) => read_size(text.trim()),
        _ => None,
    };
    bytes.filter(|bytes| (1..=LARGEST).contains(bytes)).ok_or_else(|| {
        Fault::new(
            format!("{} is no size", shown(value)),
            "write one like `10MB` or `512KiB`, up to 4GiB",
        )
    })
}

fn read_size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit)
}

/// A rate: a number is per second; `10/s`, `600/min` and `5000/h` say it.
pub fn rate(value: &Value) -> Result<f64, Fault> {
    let per_second = match value {
        #[expect(clippy::cast_precision_loss, reason = "bounded below")]
        Value::Whole(number) => Some(*number as f64),
        Value::Fraction(number) => Some(*number),
        Value::Text(text) | Value::Loose(text) => read_rate(text.trim()),
        _ => None,
    };
    per_second.filter(|rate| (0.000_1..=1e6).contains(rate)).ok_or_else(|| {
        Fault::new(
            format!("{} is no rate", shown(value)),
            "write mails a second as a number, or one like `10/s`, `600/min` or `5000/h`",
        )
    })
}

fn read_rate(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit.trim() {
        "s" | "sec" | "second" => 1.0,
        "m" | "min" | "minute" => 60.0,
        "h" | "hour" => 3_600.0,
        "d" | "day" => 86_400.0,
        _ => return None,
    };
    number.trim().parse::<f64>().ok().map(|number| number / seconds)
}

/// A time zone: `Europe/London`.
pub fn zone(value: &Value) -> Result<Tz, Fault> {
    text(choices::parse_zone)(value)
}

/// A language tag: `en`.
pub fn language(value: &Value) -> Result<String, Fault> {
    text(choices::parse_language)(value)
}

/// The code of a country that there is: `GB`.
pub fn country(value: &Value) -> Result<Country, Fault> {
    text(|text| {
        Country::parse(text).filter(|country| is_country(*country)).ok_or_else(|| {
            Fault::new(
                format!("`{}` is no country's code", short(text)),
                "write two letters (ISO 3166-1), such as `GB`",
            )
        })
    })(value)
}

/// A mail address.
pub fn address(value: &Value) -> Result<Address, Fault> {
    text(|text| Address::parse(text).map_err(|bad| bad.to_string()))(value)
}

/// A web address with one of these schemes.
pub fn url<'a>(schemes: &'a [&'a str]) -> impl Fn(&Value) -> Result<Url, Fault> + 'a {
    move |value| {
        text(|text| {
            let fault = |what: &str| {
                Fault::new(
                    format!("`{}` is no address: {what}", short(text)),
                    format!("write one that begins with {}", schemes.join(" or ")),
                )
            };
            let url = Url::parse(text).map_err(|error| fault(&error.to_string()))?;
            let known = schemes.iter().any(|scheme| scheme.split(':').next() == Some(url.scheme()));
            if !known {
                return Err(fault(&format!("`{}:` is not known here", url.scheme())));
            }
            Ok(url)
        })(value)
    }
}

/// A text cut to a length that fits a message.
pub fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A value as a message shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Loose(text) => format!("`{}`", short(text)),
        Value::Whole(number) => format!("`{number}`"),
        Value::Fraction(number) => format!("`{number}`"),
        Value::Flag(flag) => format!("`{flag}`"),
        other => other.kind().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in
            [("15m", 900), ("2d", 172_800), ("1h30m", 5_400), ("1h 30m", 5_400), ("1w", 604_800)]
        {
            assert_eq!(duration(&text.into()), Ok(Duration::from_secs(seconds)));
        }
        for bad in
            ["", "15", "m", "15x", "1.5h", "-1s", "0s", "999999999999999999999w", "20y", "15M"]
        {
            let fault = duration(&bad.into()).unwrap_err();
            assert!(fault.remedy.contains("15m"), "{bad}");
        }
    }

    #[test]
    fn sizes_know_thousands_from_1024s() {
        for (text, bytes) in
            [("10MB", 10_000_000), ("512KiB", 524_288), ("7", 7), ("1 gib", 1 << 30)]
        {
            assert_eq!(size(&text.into()), Ok(bytes));
        }
        assert_eq!(size(&5.into()), Ok(5));
        for bad in ["", "MB", "10 parsec", "-1", "5GiB", "99999999999999999999"] {
            assert!(size(&bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        for (value, rate_wanted) in [
            (Value::from(10), 10.0),
            ("600/min".into(), 10.0),
            ("36000/h".into(), 10.0),
            (Value::Fraction(0.5), 0.5),
        ] {
            assert!((rate(&value).unwrap() - rate_wanted).abs() < 1e-9);
        }
        for bad in ["", "fast", "10/fortnight", "NaN", "inf", "0"] {
            assert!(rate(&bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_environment_has_no_types_and_the_file_has() {
        let loose = |text: &str| Value::Loose(text.to_owned());

        assert_eq!(whole(1, 9)(&loose("7")), Ok(7));
        assert_eq!(flag(&loose("true")), Ok(true));
        assert_eq!(list(name)(&loose("a, b")), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert!(whole(1, 9)(&"7".into()).is_err());
        assert!(flag(&"true".into()).is_err());
        assert!(list(name)(&"a, b".into()).is_err());
    }
}
