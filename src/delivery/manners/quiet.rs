//! Hours in which nobody is mailed, on the wall clock where the reader lives.

use std::fmt;

use chrono::{Days, LocalResult, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::clock::Time;

/// From one time of the day to another, over midnight if that is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
}

impl QuietHours {
    /// Reads `22:00-07:00`.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let hours = text.split_once('-').and_then(|(from, to)| {
            let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
            Some((time(from)?, time(to)?))
        });
        match hours {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err("these are no hours; write them like `22:00-07:00`".to_owned()),
        }
    }

    /// When the quiet ends in which `now` lies in that zone; `None` if it
    /// lies in none.
    #[must_use]
    pub fn end(&self, now: Time, zone: Tz) -> Option<Time> {
        let local = now.with_timezone(&zone).naive_local();
        let (date, time) = (local.date(), local.time());
        let date = if self.from < self.to {
            (self.from <= time && time < self.to).then_some(date)?
        } else if time >= self.from {
            date.checked_add_days(Days::new(1))?
        } else {
            (time < self.to).then_some(date)?
        };
        let mut wall = date.and_time(self.to);
        // A time that the clock skips is over when it has skipped it.
        for _ in 0..=(26 * 4) {
            match zone.from_local_datetime(&wall) {
                LocalResult::Single(end) | LocalResult::Ambiguous(_, end) => {
                    return Some(end.to_utc());
                }
                LocalResult::None => wall += TimeDelta::minutes(15),
            }
        }
        None
    }

    /// The first moment from `due` on that is not quiet.
    #[must_use]
    pub fn after(&self, due: Time, zone: Tz) -> Time {
        self.end(due, zone).unwrap_or(due)
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn quiet_ends_on_the_readers_wall_clock_whatever_the_clock_does() {
        use chrono_tz::{America::New_York, Asia::Tokyo, Europe::Berlin};
        for (hours, now, zone, end) in [
            ("22:00-07:00", "2026-03-03T06:00:00Z", Berlin, None),
            ("22:00-07:00", "2026-03-03T05:59:59Z", Berlin, Some("2026-03-03T06:00:00Z")),
            ("22:00-07:00", "2026-03-03T21:00:00Z", Berlin, Some("2026-03-04T06:00:00Z")),
            ("22:00-07:00", "2026-03-03T20:59:59Z", Berlin, None),
            ("22:00-07:00", "2026-03-03T14:00:00Z", Tokyo, Some("2026-03-03T22:00:00Z")),
            // The night of spring is an hour shorter, that of autumn longer.
            ("22:00-07:00", "2026-03-28T22:00:00Z", Berlin, Some("2026-03-29T05:00:00Z")),
            ("22:00-07:00", "2026-10-24T21:00:00Z", Berlin, Some("2026-10-25T06:00:00Z")),
            // 02:30 is skipped; in autumn it comes twice, and the second counts.
            ("22:00-02:30", "2026-03-28T22:00:00Z", Berlin, Some("2026-03-29T01:00:00Z")),
            ("22:00-02:30", "2026-10-24T21:00:00Z", Berlin, Some("2026-10-25T01:30:00Z")),
            ("12:00-13:00", "2026-11-01T17:30:00Z", New_York, Some("2026-11-01T18:00:00Z")),
            ("12:00-13:00", "2026-11-01T18:00:00Z", New_York, None),
        ] {
            let quiet = QuietHours::parse(hours).unwrap();
            assert_eq!(quiet.end(at(now), zone), end.map(at), "{hours} {now} {zone}");
            assert_eq!(quiet.after(at(now), zone), end.map_or(at(now), at));
        }
    }

    #[test]
    fn hours_are_read_and_shown() {
        assert_eq!(QuietHours::parse(" 22:00 - 7:00").unwrap().to_string(), "22:00-07:00");
        for bad in ["", "22:00", "22-7", "25:00-07:00", "07:00-07:00", "22:00-07:00-08:00"] {
            assert!(QuietHours::parse(bad).is_err(), "{bad}");
        }
    }
}
