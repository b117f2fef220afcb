//! Dates in words: the parts of a date in any order.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::names::{half, month, zone_minutes};
use super::{full_year, iso_date, time, within};
use crate::clock::Time;

/// Words in any order: `Thu, 01 Jan 2004 19:48:21 GMT`, `Jan 1, 2004 7:48 PM`.
pub fn read(text: &str) -> Option<Time> {
    let mut found = Found::default();
    let text = plain(text);
    for word in text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')' | ';'))
        .filter(|w| !w.is_empty())
    {
        // `26/Jan/2004:16:31:00` is two words.
        match word.split_once(':').filter(|(date, _)| date.contains('/')) {
            Some((date, clock)) => {
                found.word(date)?;
                found.word(clock)?;
            }
            None => found.word(word)?,
        }
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

/// Marks of East Asia and loose punctuation as marks that the rest knows.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut glue = false;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if glue && c.is_whitespace() {
            continue;
        }
        let digit_before = out.ends_with(|c: char| c.is_ascii_digit());
        let next = letters.peek().copied();
        glue = false;
        match c {
            '年' | '月' | '년' | '월' if digit_before => {
                out.push('-');
                glue = true;
            }
            '時' | '时' | '시' | '点' if digit_before => {
                out.push(':');
                glue = true;
            }
            '分' | '분' if digit_before => {
                // Behind the minutes nothing need follow.
                out.push(':');
                glue = next.is_some_and(|c| c.is_ascii_digit());
            }
            'h' if digit_before && next.is_none_or(|c| c.is_ascii_digit() || c.is_whitespace()) => {
                out.push(':');
            }
            '日' | '일' | '秒' | '초' if digit_before => out.push(' '),
            // `28. 5. 2004` is one date.
            '.' if digit_before && next.is_some_and(char::is_whitespace) => {
                let mut ahead = letters.clone();
                let digit = ahead.find(|c| !c.is_whitespace()).is_some_and(|c| c.is_ascii_digit());
                out.push('.');
                glue = digit;
            }
            _ => out.push(c),
        }
    }
    for (word, half) in [
        ("午前", "am"),
        ("上午", "am"),
        ("오전", "am"),
        ("午後", "pm"),
        ("下午", "pm"),
        ("오후", "pm"),
    ] {
        if out.contains(word) {
            out = out.replace(word, &format!(" {half} "));
        }
    }
    out
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
        let digit_first = word.starts_with(|c: char| c.is_ascii_digit());
        if let Some((clock, zone)) = clock_and_zone(word).filter(|_| self.time.is_none()) {
            self.time = Some(time(clock)?);
            if !zone.is_empty() {
                let zone = zone.to_lowercase();
                match half(&zone) {
                    Some(hours) => self.half = Some(hours),
                    None => self.zone = zone_minutes(&zone),
                }
            }
        } else if digit_first && word.contains(['-', '/', '.']) {
            self.numbers(word)?;
        } else if let Some(hours) = half(trimmed) {
            self.half = Some(hours);
        } else if self.time.is_some()
            && self.zone.is_none()
            && zone_minutes(word).is_some()
            && self.year_is_known(word)
        {
            self.zone = zone_minutes(word);
        } else {
            self.plain(word);
        }
        Some(())
    }

    /// Numbers with marks between them: a date, or a time with dots.
    fn numbers(&mut self, word: &str) -> Option<()> {
        let bare = word.trim_matches(['-', '.', '/']);
        let known = self.date.is_some() || self.year.is_some() && self.month.is_some();
        let dotted = || time(&bare.replace('.', ":")).filter(|_| bare.contains('.'));
        if known
            && self.time.is_none()
            && let Some(time) = dotted()
        {
            self.time = Some(time);
        } else if let Some(date) = iso_date(bare) {
            self.date = Some(date);
        } else if let Some((date, clock)) =
            bare.rsplit_once(['T', 't']).filter(|(_, c)| c.contains(':'))
        {
            // `2004-július-13T9:15-05:00`.
            self.numbers(date)?;
            self.word(clock)?;
        } else {
            for part in word.split(['-', '/', '.']).filter(|part| !part.is_empty()) {
                self.plain(part);
            }
        }
        Some(())
    }

    /// In `Thu Jan 1 19:48:21 2004` the year comes after the time.
    fn year_is_known(&self, word: &str) -> bool {
        self.year.is_some()
            || self.date.is_some()
            || !word.starts_with(|c: char| c.is_ascii_digit())
    }

    fn plain(&mut self, word: &str) {
        let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == '.' || c == '\'');
        if let Some(month) = month(word) {
            // `mar` is Tuesday to many, but a month comes after the day of the week.
            self.month = Some(month);
        } else if let Ok(number) = digits.trim_start_matches('\'').parse::<u32>() {
            if digits.len() > 2 && self.year.is_none() {
                self.year = full_year(digits);
            } else if self.day.is_none() {
                self.day = Some(number);
            } else if self.year.is_none() {
                self.year = full_year(digits.trim_start_matches('\''));
            }
        }
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
