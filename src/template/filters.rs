//! What templates can do beyond minijinja's own: words, dates, plain text.

use std::sync::Arc;

use chrono::NaiveDate;
use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, escape_formatter};

use super::words::{Words, primary};

/// Languages written from right to left.
const RIGHT_TO_LEFT: [&str; 11] =
    ["ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];

/// Teaches an environment our words, dates and text filters.
pub(super) fn teach(env: &mut Environment<'static>, words: Words) {
    let words = Arc::new(words);
    let known = Arc::clone(&words);
    env.add_function("t", move |state: &State, key: &str, values: Kwargs| {
        say(&known, state, key, &values)
    });
    let known = Arc::clone(&words);
    env.add_filter("date", move |state: &State, date: &str| {
        Ok::<_, Error>(known.full_date(&language(state), parse(date)?))
    });
    env.add_filter("day", move |state: &State, date: &str| {
        Ok::<_, Error>(words.day(&language(state), parse(date)?))
    });
    env.add_filter("direction", |tag: &str| direction(tag));
    env.add_filter("wrap", |text: &str, indent: Option<usize>| wrap(text, indent.unwrap_or(0)));
    env.add_filter("underline", underline);
    env.set_formatter(format);
}

/// `rtl` for a language written from right to left, else `ltr`.
#[must_use]
pub fn direction(tag: &str) -> &'static str {
    if RIGHT_TO_LEFT.contains(&primary(tag).as_str()) { "rtl" } else { "ltr" }
}

/// Every context has its language as `lang`.
fn language(state: &State) -> String {
    let lang = state.lookup("lang");
    lang.as_ref().and_then(Value::as_str).unwrap_or("en").to_owned()
}

fn say(words: &Words, state: &State, key: &str, values: &Kwargs) -> Result<String, Error> {
    let mut filled = Vec::new();
    let mut n = None;
    for name in values.args() {
        let value: Value = values.get(name)?;
        if name == "n" {
            n = value.as_i64();
        }
        filled.push((name.to_owned(), value.to_string()));
    }
    values.assert_all_used()?;
    words.say(&language(state), key, n, &filled).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{key}` is no key of the words; `words/en.toml` lists them"),
        )
    })
}

fn parse(date: &str) -> Result<NaiveDate, Error> {
    date.parse().map_err(|_| {
        Error::new(ErrorKind::InvalidOperation, format!("`{date}` is no date like 2026-11-23"))
    })
}

/// Lines of at most 72 columns, each after `indent` spaces. A word that is
/// longer (an address) keeps a line to itself.
fn wrap(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent.min(40));
    let room = 72 - pad.len();
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let wide = columns(word);
        if used > 0 && used + 1 + wide > room {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| format!("{pad}{line}")).collect();
    lines.join("\n")
}

/// The text with a line of `mark` below it, as long as its longest line.
fn underline(text: &str, mark: &str) -> String {
    let indent = text.len() - text.trim_start().len();
    let long = text.lines().map(|line| columns(line.trim())).max().unwrap_or(0);
    format!("{text}\n{}{}", " ".repeat(indent.min(40)), mark.repeat(long.min(72)))
}

/// Columns in a terminal, roughly: East Asian characters take two, combining
/// marks none.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x0300..=0x036F | 0x0591..=0x05C7 | 0x064B..=0x065F | 0x200B..=0x200F | 0xFE0F => 0,
            0x1100..=0x115F
            | 0x2E80..=0xA4CF
            | 0xAC00..=0xD7A3
            | 0xF900..=0xFAFF
            | 0xFE30..=0xFE4F
            | 0xFF00..=0xFF60
            | 0x1F300..=0x1FAFF
            | 0x20000..=0x3FFFD => 2,
            _ => 1,
        })
        .sum()
}

/// Like minijinja's own formatter, but leaves `/` alone: an address in a page
/// reads as an address, and a mail does not grow by five bytes a slash.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => {
            escape(out, text)?;
            Ok(())
        }
        _ => escape_formatter(out, state, value),
    }
}

fn escape(out: &mut Output, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match from.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &from[1..];
    }
    out.write_str(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_for_reading_and_an_address_is_never_broken() {
        let address = format!("https://example.org/{}", "a".repeat(90));
        let text = format!("{} {address} end", "word ".repeat(40));

        let wrapped = wrap(&text, 4);

        assert!(wrapped.lines().any(|line| line.trim() == address));
        let others = wrapped.lines().filter(|line| !line.contains("https"));
        assert!(others.clone().all(|line| line.starts_with("    ") && line.len() <= 72));
        assert!(others.count() > 2);
    }

    #[test]
    fn a_rule_is_as_long_as_what_stands_above_it() {
        assert_eq!(underline("Africa", "="), "Africa\n======");
        assert_eq!(underline("亚洲", "="), "亚洲\n====");
        assert_eq!(underline("", "="), "\n");
    }
}
