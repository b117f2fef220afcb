//! The periods by which feeds are archived: calendar months in UTC, and days
//! where a month holds too much. A piece's period never moves, so the address
//! of a volume is stable.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate, NaiveTime, TimeDelta};

use crate::clock::Time;

/// A month or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// The month that begins on this day.
    Month(NaiveDate),
    /// This day.
    Day(NaiveDate),
}

impl Period {
    /// The month in which `time` lies.
    #[must_use]
    pub fn month(time: Time) -> Self {
        let day = time.date_naive();
        Self::Month(day.with_day(1).unwrap_or(day))
    }

    /// The day in which `time` lies.
    #[must_use]
    pub fn day(time: Time) -> Self {
        Self::Day(time.date_naive())
    }

    /// Reads `2026-03` or `2026-03-14`, and nothing that is spelled otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let read = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let period = match text.len() {
            7 => Self::Month(read(&format!("{text}-01"))?),
            10 => Self::Day(read(text)?),
            _ => return None,
        };
        (period.to_string() == text).then_some(period)
    }

    /// Its first moment.
    #[must_use]
    pub fn begins(self) -> Time {
        let (Self::Month(day) | Self::Day(day)) = self;
        day.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first moment after it.
    #[must_use]
    pub fn ends(self) -> Time {
        let next = match self {
            Self::Month(day) => day.checked_add_months(Months::new(1)),
            Self::Day(day) => day.checked_add_signed(TimeDelta::days(1)),
        };
        next.map_or(Time::MAX_UTC, |day| day.and_time(NaiveTime::MIN).and_utc())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(day) => write!(f, "{}", day.format("%Y-%m")),
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_or_a_day_and_says_where_it_ends() {
        let table = [
            ("2026-03", "2026-03-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"),
            ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
            ("2028-02-29", "2028-02-29T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
        ];
        for (text, begins, ends) in table {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(period.begins().to_rfc3339(), begins);
            assert_eq!(period.ends().to_rfc3339(), ends);
        }
        for bad in ["2026-13", "2026-02-30", "2026", "202603", "+26-03", "2026-03-1", "٢٠٢٦-٠٣"]
        {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
    }
}
