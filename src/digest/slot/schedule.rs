//! A crontab line, read on the wall clock.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// What a schedule looks like, for messages.
const EXAMPLE: &str = "`0 7 * * Mon` is every Monday at 07:00";

/// The fields of a crontab line, each with what it takes.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or Jan to Dec"),
    ("day of week", "0 to 7 (0 and 7 are Sunday), or Sun to Sat"),
];

/// A parsed schedule: at which places on the wall clock editions are due.
///
/// Rule: it has at least one slot ahead of the year 2000, so looking for the
/// next one ends.
#[derive(Clone, PartialEq)]
pub struct Schedule {
    text: String,
    cron: Cron,
}

impl Schedule {
    /// Reads a crontab line: five fields (minute, hour, day of month, month,
    /// day of week), six with seconds in front, or `@daily`, `@weekly`,
    /// `@monthly`, `@yearly`, `@hourly`.
    ///
    /// # Errors
    /// Names the field that is wrong, what it takes, and a correct line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if text.len() > 200 {
            return Err(format!("it is longer than 200 characters; {EXAMPLE}"));
        }
        if let [nickname] = fields[..]
            && nickname.starts_with('@')
        {
            return read(nickname)
                .ok_or_else(|| {
                    format!(
                        "`{nickname}` is not known; write @hourly, @daily, @weekly, @monthly or \
                         @yearly, or a line: {EXAMPLE}"
                    )
                })
                .map(|cron| Self { text: nickname.to_owned(), cron });
        }
        if !(5..=6).contains(&fields.len()) {
            return Err(format!(
                "it has {} fields, not five (minute, hour, day of month, month, day of week) or \
                 six (seconds first); {EXAMPLE}",
                fields.len()
            ));
        }
        for (field, (name, takes)) in fields.iter().zip(&FIELDS[6 - fields.len()..]) {
            if !is_good(field, name) {
                return Err(format!("the {name} `{field}` is wrong: it takes {takes}; {EXAMPLE}"));
            }
        }
        let text = fields.join(" ");
        let cron = read(&text).ok_or_else(|| format!("`{text}` is not a schedule; {EXAMPLE}"))?;
        let schedule = Self { text, cron };
        let millennium = DateTime::from_timestamp(946_684_800, 0).unwrap_or_default().naive_utc();
        if schedule.after(millennium).next().is_none() {
            return Err(format!(
                "`{}` never comes: there is no such day; {EXAMPLE}",
                schedule.text
            ));
        }
        Ok(schedule)
    }

    /// The line it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The slots at and before `local`, latest first.
    pub(super) fn before(&self, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        walk(local, TimeDelta::seconds(-1), |from| {
            self.cron.find_previous_occurrence(from, true).ok()
        })
    }

    /// The slots after `local`, earliest first.
    pub(super) fn after(&self, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let one = TimeDelta::seconds(1);
        let from = local.checked_add_signed(one).unwrap_or(local);
        walk(from, one, |from| self.cron.find_next_occurrence(from, true).ok())
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({})", self.text)
    }
}

/// The slots that `find` finds, each a `step` past the one before. The cron crate
/// is asked in UTC, where every wall-clock time exists once: its own rules for
/// daylight saving stay out of it.
fn walk(
    from: NaiveDateTime,
    step: TimeDelta,
    find: impl Fn(&DateTime<Utc>) -> Option<DateTime<Utc>>,
) -> impl Iterator<Item = NaiveDateTime> {
    let mut from = Some(from.and_utc());
    std::iter::from_fn(move || {
        let found = find(&from?)?;
        from = found.checked_add_signed(step);
        Some(found.naive_utc())
    })
    // Bounds a search in which every slot is passed over.
    .take(10 * super::MOST_SLOTS)
}

/// Can `field` stand at the place called `name`?
fn is_good(field: &str, name: &str) -> bool {
    // The crate takes an empty list entry, and a weekday's name anywhere.
    let named =
        field.bytes().any(|b| b.is_ascii_alphabetic() && !matches!(b, b'L' | b'W' | b'l' | b'w'));
    if field.split(',').any(str::is_empty) || (named && !matches!(name, "month" | "day of week")) {
        return false;
    }
    let line: Vec<&str> =
        FIELDS.iter().map(|(other, _)| if *other == name { field } else { "*" }).collect();
    read(&line.join(" ")).is_some()
}

fn read(line: &str) -> Option<Cron> {
    CronParser::builder().seconds(Seconds::Optional).year(Year::Optional).build().parse(line).ok()
}
