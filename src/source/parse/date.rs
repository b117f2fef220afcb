//! Dates in all the forms that publishers write.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::clock::{Time, from_millis};

/// Reads a date in the forms of RFC 822 and ISO 8601 and in the wild ones
/// around them. A date without a zone is taken as UTC.
#[must_use]
pub fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.len() < 4 || text.len() > 100 {
        return None;
    }
    if let Ok(date) = DateTime::parse_from_rfc3339(text) {
        return within(date.naive_utc());
    }
    iso(text).or_else(|| words(text))
}

/// `2004-02-28T18:14:55.985+08:00` and its shorter forms.
fn iso(text: &str) -> Option<Time> {
    let split = text.find(['T', 't', ' ']).filter(|at| *at >= 4);
    let (date, rest) = match split {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let (date, zulu) = match date.strip_suffix(['Z', 'z']) {
        Some(date) => (date, true),
        None => (date, false),
    };
    let date = iso_date(date)?;
    if rest.is_empty() || zulu {
        return within(date.and_time(NaiveTime::MIN));
    }
    let zone_at = rest.find(['+', '-', '−', 'Z', 'z', ' ']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let time = if clock.contains(':') { time(clock)? } else { compact_time(clock)? };
    let offset = zone_minutes(zone.trim())?;
    within(date.and_time(NaiveTime::MIN) + time - TimeDelta::minutes(offset))
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    if !parts.iter().all(|part| digits(part)) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    match parts.as_slice() {
        [year] if year.len() == 4 => NaiveDate::from_ymd_opt(year.parse().ok()?, 1, 1),
        [all] if all.len() == 8 => {
            NaiveDate::from_ymd_opt(all[..4].parse().ok()?, number(&all[4..6])?, number(&all[6..])?)
        }
        [all] if all.len() == 7 => {
            NaiveDate::from_yo_opt(all[..4].parse().ok()?, number(&all[4..])?)
        }
        [year, day] if year.len() == 4 && day.len() == 3 => {
            NaiveDate::from_yo_opt(year.parse().ok()?, number(day)?)
        }
        [year, month] if year.len() == 4 => {
            NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, 1)
        }
        [year, month, day] if year.len() == 4 => {
            NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?)
        }
        [a, b, year] if year.len() == 4 => {
            // 31.12.2004 is written with dots, 12/31/2004 with slashes.
            let (day, month) = if text.contains('/') && number(a)? <= 12 { (b, a) } else { (a, b) };
            NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?)
        }
        _ => None,
    }
}

/// Words in any order: `Thu, 01 Jan 2004 19:48:21 GMT`, `Jan 1, 2004 7:48 PM`.
fn words(text: &str) -> Option<Time> {
    let mut found = Found::default();
    let text = text.replace(['年', '月'], "-").replace('日', " ");
    for word in text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';'))
        .filter(|w| !w.is_empty())
    {
        found.word(word)?;
    }
    let date = match (found.date, found.month) {
        (Some(date), _) => date,
        (None, Some(month)) => NaiveDate::from_ymd_opt(found.year?, month, found.day.unwrap_or(1))?,
        (None, None) => return None,
    };
    let mut time = found.time.unwrap_or_default();
    match found.half {
        Some(12) if time < TimeDelta::hours(12) => time += TimeDelta::hours(12),
        Some(0) if time >= TimeDelta::hours(12) => time -= TimeDelta::hours(12),
        _ => {}
    }
    within(date.and_time(NaiveTime::MIN) + time - TimeDelta::minutes(found.zone.unwrap_or(0)))
}

#[derive(Default)]
struct Found {
    date: Option<NaiveDate>,
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<TimeDelta>,
    half: Option<u8>,
    zone: Option<i64>,
}

impl Found {
    /// Takes in one word; `None` if the date cannot be a date.
    fn word(&mut self, word: &str) -> Option<()> {
        let lower = word.to_lowercase();
        let trimmed = lower.trim_end_matches('.');
        if let Some((clock, zone)) = clock_and_zone(word).filter(|_| self.time.is_none()) {
            self.time = Some(time(clock)?);
            if !zone.is_empty() {
                let zone = zone.to_lowercase();
                match half(&zone) {
                    Some(hours) => self.half = Some(hours),
                    None => self.zone = zone_minutes(&zone),
                }
            }
        } else if word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['-', '/', '.']) {
            if let Some(date) = iso_date(word.trim_matches(['-', '.', '/'])) {
                self.date = Some(date);
            } else {
                for part in word.split(['-', '/', '.']).filter(|part| !part.is_empty()) {
                    self.plain(part)?;
                }
            }
        } else if let Some(hours) = half(trimmed) {
            self.half = Some(hours);
        } else if self.time.is_some()
            && self.zone.is_none()
            && zone_minutes(word).is_some()
            && self.year_is_known(word)
        {
            self.zone = zone_minutes(word);
        } else {
            self.plain(word)?;
        }
        Some(())
    }

    /// In `Thu Jan 1 19:48:21 2004` the year comes after the time.
    fn year_is_known(&self, word: &str) -> bool {
        self.year.is_some()
            || self.date.is_some()
            || !word.starts_with(|c: char| c.is_ascii_digit())
    }

    fn plain(&mut self, word: &str) -> Option<()> {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == '.' || c == '\'');
        if let Some(month) = month(word) {
            self.month.get_or_insert(month);
        } else if let Ok(number) = digits.trim_start_matches('\'').parse::<u32>() {
            let many = digits.len() > 2;
            if many && self.year.is_none() {
                // 103 for 2003 is what some programs made of "years since 1900".
                self.year =
                    Some(i32::try_from(number).ok()? + if number < 1000 { 1900 } else { 0 });
            } else if self.day.is_none() {
                self.day = Some(number);
            } else if self.year.is_none() {
                let year = i32::try_from(number).ok()?;
                self.year = Some(year + if year < 70 { 2000 } else { 1900 });
            }
        }
        Some(())
    }
}

/// `19:48:21Z` into its time and what clings to it.
fn clock_and_zone(word: &str) -> Option<(&str, &str)> {
    let colon = word.find(':')?;
    if colon == 0 || !word[..colon].bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let end =
        word.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(word.len());
    Some(word.split_at(end))
}

fn half(word: &str) -> Option<u8> {
    match word {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    }
}

/// `19:48`, `19:48:21.5`; a leap second and 24:00 run into what follows.
fn time(clock: &str) -> Option<TimeDelta> {
    let mut parts = clock.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds: f64 = match parts.next().unwrap_or("0") {
        "" => 0.0,
        seconds => seconds.trim_end_matches('.').parse().ok()?,
    };
    if hours > 24 || minutes > 59 || !(0.0..=60.99).contains(&seconds) || parts.next().is_some() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 60,990")]
    let millis = (seconds * 1000.0) as i64;
    Some(TimeDelta::milliseconds((hours * 60 + minutes) * 60_000 + millis))
}

fn compact_time(clock: &str) -> Option<TimeDelta> {
    match clock.len() {
        2 if clock.is_ascii() => time(&format!("{clock}:00")),
        4 if clock.is_ascii() => time(&format!("{}:{}", &clock[..2], &clock[2..])),
        6 if clock.is_ascii() => time(&format!("{}:{}:{}", &clock[..2], &clock[2..4], &clock[4..])),
        _ => None,
    }
}

/// Minutes east of Greenwich.
fn zone_minutes(zone: &str) -> Option<i64> {
    let upper = zone.trim().to_ascii_uppercase();
    let upper = upper.replace('−', "-");
    let bare = upper.trim_start_matches("ETC/").trim_start_matches("UTC").trim_start_matches("GMT");
    if let Some(rest) = bare.strip_prefix(['+', '-']) {
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = match digits.len() {
            1 | 2 => (digits.parse::<i64>().ok()?, 0),
            3 => (digits[..1].parse().ok()?, digits[1..].parse().ok()?),
            4.. => (digits[..2].parse().ok()?, digits[2..4].parse().ok()?),
            0 => return None,
        };
        let sign = if bare.starts_with('-') { -1 } else { 1 };
        return (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes));
    }
    let hours = match upper.as_str() {
        "" | "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "EST" | "CDT" => -5,
        "EDT" | "AST" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" | "AKDT" => -8,
        "AKST" => -9,
        "HST" => -10,
        "BST" | "CET" | "MEZ" | "WEST" | "WAT" | "MET" => 1,
        "CEST" | "MESZ" | "EET" | "SAST" | "CAT" | "MEST" => 2,
        "EEST" | "MSK" | "EAT" => 3,
        "IST" => return Some(330),
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "NZST" => 12,
        "NZDT" => 13,
        // The letters of the military, as RFC 822 names them; RFC 2822 says
        // that most who wrote them had the sign wrong, so they count as UTC.
        zone if zone.len() == 1 && zone.as_bytes()[0].is_ascii_alphabetic() => 0,
        _ => return None,
    };
    Some(hours * 60)
}

/// How the names of months begin.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen", "янв", "ιαν"],
    &["feb", "fév", "fev", "фев", "φεβ", "φεύ"],
    &["mar", "mär", "maa", "mrz", "мар", "μαρ", "μάρ"],
    &["apr", "avr", "abr", "ápr", "апр", "απρ"],
    &["may", "mai", "mag", "mei", "máj", "мая", "май", "μαϊ", "μάι", "μαι"],
    &["jun", "juin", "giu", "jún", "июн", "ιουν", "ιούν"],
    &["jul", "juil", "lug", "júl", "июл", "ιουλ", "ιούλ"],
    &["aug", "aoû", "aou", "ago", "авг", "αυγ", "αύγ"],
    &["sep", "set", "szept", "сен", "σεπ"],
    &["oct", "okt", "ott", "out", "окт", "οκτ"],
    &["nov", "ноя", "νοε", "νοέ"],
    &["dec", "déc", "dez", "dic", "дек", "δεκ"],
];

/// A month by its English name or first letters, or its name in a few more languages.
fn month(word: &str) -> Option<u32> {
    let word = word.trim_matches('.').to_lowercase();
    if word.chars().count() < 3 {
        return None;
    }
    let at = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    u32::try_from(at + 1).ok()
}

/// Holds dates in the years that can be written, in whole milliseconds.
fn within(date: NaiveDateTime) -> Option<Time> {
    let millis = date.and_utc().timestamp_millis();
    // The years 1 to 9999.
    (-62_135_596_800_000..253_402_300_800_000).contains(&millis).then(|| from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_all_their_forms() {
        for (text, expected) in [
            ("Thu, 01 Jan 2004 19:48:21 GMT", "2004-01-01T19:48:21+00:00"),
            ("Thu, 01 Jan 04 19:48:21 +0200", "2004-01-01T17:48:21+00:00"),
            ("Thu,  1 January 2004 19:48 EST", "2004-01-02T00:48:00+00:00"),
            ("01 Jan 2004", "2004-01-01T00:00:00+00:00"),
            ("Thu Jan  1 19:48:21 2004", "2004-01-01T19:48:21+00:00"),
            ("Thu Jan 1 19:48:21 PST 2004", "2004-01-02T03:48:21+00:00"),
            ("January 5, 2004 7:48 PM", "2004-01-05T19:48:00+00:00"),
            ("Jan 5th 2004, 12:05am", "2004-01-05T00:05:00+00:00"),
            ("05-Jan-2004 10:00:00 GMT+1", "2004-01-05T09:00:00+00:00"),
            ("2004-02-28T18:14:55.985-08:00", "2004-02-29T02:14:55.985+00:00"),
            ("2004-02-28T18:14:55Z", "2004-02-28T18:14:55+00:00"),
            ("2004-02-28T18:14-0800", "2004-02-29T02:14:00+00:00"),
            ("2004-02-28 18:14:55", "2004-02-28T18:14:55+00:00"),
            ("2004-02-28 18:14:55 +0100", "2004-02-28T17:14:55+00:00"),
            ("2004-02-28T24:00:00Z", "2004-02-29T00:00:00+00:00"),
            ("20040228", "2004-02-28T00:00:00+00:00"),
            ("2004-02", "2004-02-01T00:00:00+00:00"),
            ("2004-335", "2004-11-30T00:00:00+00:00"),
            ("2004", "2004-01-01T00:00:00+00:00"),
            ("31.12.2004", "2004-12-31T00:00:00+00:00"),
            ("12/31/2004 10:00", "2004-12-31T10:00:00+00:00"),
            ("3. März 2004", "2004-03-03T00:00:00+00:00"),
            ("2004年5月28日 21:31:58", "2004-05-28T21:31:58+00:00"),
            ("Fri, 31 Dec 2004 23:59:60 GMT", "2005-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_rfc3339()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "soon",
            "Thu, 32 Jan 2004 00:00:00 GMT",
            "2004-13-01",
            "99:99",
            "T",
            "000000",
            "0000-00-00 00:00:00",
            "٣٣٣٣",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9TZa-zé:+., /年-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
