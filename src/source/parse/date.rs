//! Dates in all the forms that publishers write.

mod names;
mod words;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

use crate::clock::{Time, from_millis};
use names::zone_minutes;

/// Reads a date in the forms of RFC 822 and ISO 8601 and in the wild ones
/// around them. A date without a zone is taken as UTC.
#[must_use]
pub fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    if text.len() < 4 || text.len() > 100 {
        return None;
    }
    if let Ok(date) = chrono::DateTime::parse_from_rfc3339(text) {
        return within(date.naive_utc());
    }
    digits(text).or_else(|| iso(text)).or_else(|| words::read(text))
}

/// Digits without a mark: seconds or milliseconds since 1970, or
/// `20040228181455` and its beginning.
fn digits(text: &str) -> Option<Time> {
    let number: i64 = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        9 | 10 => within(chrono::DateTime::from_timestamp(number, 0)?.naive_utc()),
        13 => within(chrono::DateTime::from_timestamp_millis(number)?.naive_utc()),
        12 | 14 => {
            let (date, clock) = text.split_at(8);
            moment(iso_date(date)?, compact_time(clock)?)
        }
        _ => None,
    }
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
        return moment(date, TimeDelta::zero());
    }
    let of_clock = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    let (clock, zone) = rest.split_at(rest.find(|c| !of_clock(c)).unwrap_or(rest.len()));
    let time = if clock.contains(':') { time(clock)? } else { compact_time(clock)? };
    let offset = zone_minutes(zone.trim())?;
    moment(date, time - TimeDelta::minutes(offset))
}

/// A date in digits: years first with `-`, `/` or `.` or nothing between them,
/// weeks and days of the year too; or as people write it, the year at the end.
fn iso_date(text: &str) -> Option<NaiveDate> {
    if let Some((year, week)) = text.split_once(['W', 'w']) {
        return iso_week(year.trim_end_matches('-'), week);
    }
    let number = |part: &str| part.parse::<u32>().ok();
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    if !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    match parts.as_slice() {
        [year] if year.len() == 4 => NaiveDate::from_ymd_opt(year.parse().ok()?, 1, 1),
        [all] if matches!(all.len(), 6 | 8) => {
            let (year, rest) = all.split_at(all.len() - 4);
            NaiveDate::from_ymd_opt(full_year(year)?, number(&rest[..2])?, number(&rest[2..])?)
        }
        [all] if matches!(all.len(), 5 | 7) => {
            let (year, day) = all.split_at(all.len() - 3);
            NaiveDate::from_yo_opt(full_year(year)?, number(day)?)
        }
        [year, day] if matches!(year.len(), 2 | 4) && day.len() == 3 => {
            NaiveDate::from_yo_opt(full_year(year)?, number(day)?)
        }
        [year, month] if year.len() == 4 => {
            NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, 1)
        }
        [year, month, day] if year.len() == 4 => {
            NaiveDate::from_ymd_opt(year.parse().ok()?, number(month)?, number(day)?)
        }
        [year, month, day] if text.contains('-') && year.len() == 2 && day.len() == 2 => {
            NaiveDate::from_ymd_opt(full_year(year)?, number(month)?, number(day)?)
                .or_else(|| NaiveDate::from_ymd_opt(full_year(day)?, number(month)?, number(year)?))
        }
        [a, b, year] if matches!(year.len(), 2 | 4) => {
            // 31.12.2004 is written with dots, 12/31/2004 with slashes.
            let (day, month) = if text.contains('/') && number(a)? <= 12 { (b, a) } else { (a, b) };
            let date = |day, month| NaiveDate::from_ymd_opt(full_year(year)?, month, day);
            date(number(day)?, number(month)?)
        }
        _ => None,
    }
}

/// `2004-W09-6`: weeks begin on Monday, and so does what names no day.
fn iso_week(year: &str, week: &str) -> Option<NaiveDate> {
    let digits: String = week.chars().filter(|c| *c != '-').collect();
    if year.len() != 4 || !matches!(digits.len(), 2 | 3) || !digits.is_ascii() {
        return None;
    }
    let (week, day) = digits.split_at(2);
    let day =
        if day.is_empty() { 1 } else { day.parse::<u8>().ok().filter(|d| (1..=7).contains(d))? };
    let weekday = Weekday::try_from(day - 1).ok()?;
    NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, weekday)
}

/// 04 is 2004 and 96 is 1996; 103 for 2003 is what some programs made of
/// "years since 1900".
fn full_year(digits: &str) -> Option<i32> {
    let year: i32 = digits.parse().ok()?;
    Some(match digits.len() {
        0..=2 if year < 70 => year + 2000,
        0..=3 => year + 1900,
        _ => year,
    })
}

/// `19:48`, `19:48:21.5`; a leap second and 24:00 run into what follows.
fn time(clock: &str) -> Option<TimeDelta> {
    let mut parts = clock.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = match parts.next()? {
        "" => 0,
        minutes => minutes.parse().ok()?,
    };
    let seconds: f64 = match parts.next().unwrap_or("0") {
        "" => 0.0,
        seconds => seconds.trim_end_matches(['.', ',']).replace(',', ".").parse().ok()?,
    };
    let more = parts.next().is_some_and(|rest| !rest.is_empty());
    if !(0..=24).contains(&hours)
        || !(0..=59).contains(&minutes)
        || !(0.0..=60.99).contains(&seconds)
        || more
    {
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

/// A time of a day; years that nobody can write overflow nothing.
fn moment(date: NaiveDate, time: TimeDelta) -> Option<Time> {
    within(date.and_time(NaiveTime::MIN).checked_add_signed(time)?)
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
            ("05/Jan/2004:10:00:00 +0000", "2004-01-05T10:00:00+00:00"),
            ("2004-02-28T18:14:55.985-08:00", "2004-02-29T02:14:55.985+00:00"),
            ("2004-02-28T18:14:55,985Z", "2004-02-28T18:14:55.985+00:00"),
            ("2004-02-28T18:14:55GMT", "2004-02-28T18:14:55+00:00"),
            ("2004-02-28T18:14:55Z", "2004-02-28T18:14:55+00:00"),
            ("2004-02-28T18:14-0800", "2004-02-29T02:14:00+00:00"),
            ("2004-02-28 18:14:55", "2004-02-28T18:14:55+00:00"),
            ("2004-02-28 18:14:55 +0100", "2004-02-28T17:14:55+00:00"),
            ("2004-02-28T24:00:00Z", "2004-02-29T00:00:00+00:00"),
            ("20040228", "2004-02-28T00:00:00+00:00"),
            ("20040228T181455Z", "2004-02-28T18:14:55+00:00"),
            ("20040228181455", "2004-02-28T18:14:55+00:00"),
            ("1077992095", "2004-02-28T18:14:55+00:00"),
            ("1077992095985", "2004-02-28T18:14:55.985+00:00"),
            ("2004-02", "2004-02-01T00:00:00+00:00"),
            ("2004-335", "2004-11-30T00:00:00+00:00"),
            ("2004-W09-6", "2004-02-28T00:00:00+00:00"),
            ("2004W09", "2004-02-23T00:00:00+00:00"),
            ("04-02-28", "2004-02-28T00:00:00+00:00"),
            ("28-02-04", "2028-02-04T00:00:00+00:00"),
            ("040228", "2004-02-28T00:00:00+00:00"),
            ("2004", "2004-01-01T00:00:00+00:00"),
            ("31.12.2004", "2004-12-31T00:00:00+00:00"),
            ("31.12.04 10.30", "2004-12-31T10:30:00+00:00"),
            ("12/31/2004 10:00", "2004-12-31T10:00:00+00:00"),
            ("31/12/04", "2004-12-31T00:00:00+00:00"),
            ("3. März 2004", "2004-03-03T00:00:00+00:00"),
            ("mar., 3 mars 2004 16h30", "2004-03-03T16:30:00+00:00"),
            ("mar, 3 juin 2004", "2004-06-03T00:00:00+00:00"),
            ("mar, 3 juil. 2004", "2004-07-03T00:00:00+00:00"),
            ("ons, 3 maj 2004 16:30:00 +0200", "2004-05-03T14:30:00+00:00"),
            ("3. marraskuuta 2004 klo 16.30", "2004-11-03T16:30:00+00:00"),
            ("śr, 3 paź 2004", "2004-10-03T00:00:00+00:00"),
            ("3. července 2004", "2004-07-03T00:00:00+00:00"),
            ("Sal, 3 Şubat 2004", "2004-02-03T00:00:00+00:00"),
            ("2004-július-13T9:15-05:00", "2004-07-13T14:15:00+00:00"),
            ("2004-október-3T9:15", "2004-10-03T09:15:00+00:00"),
            ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T17:00:00+00:00"),
            ("пт, 3 июня 2004", "2004-06-03T00:00:00+00:00"),
            ("2004年5月28日 21:31:58", "2004-05-28T21:31:58+00:00"),
            ("2004年5月28日(金) 下午9時31分", "2004-05-28T21:31:00+00:00"),
            ("2004년 05월 28일  오후 11:31:58", "2004-05-28T23:31:58+00:00"),
            ("2004. 5. 28. 오전 4:31", "2004-05-28T04:31:00+00:00"),
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
            "2004-W54-1",
            "2004-W01-8",
            "99:99",
            "T",
            "000000",
            "0000-00-00 00:00:00",
            "99999999999999999999",
            "1 Jan 262142 23:59:59 -1400",
            "31 Dec 262142 23:59:59 -1400",
            "٣٣٣٣",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn hours_below_zero_are_none() {
        for text in ["-1:00", "-9223372036854775808:00", "10:-1", "25:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9TWZa-zé:+., /年시-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
