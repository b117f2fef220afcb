//! The configuration as a tree of values that know where they stand: what the
//! TOML file says, with the environment's overrides put in.
//!
//! Knows nothing of what keys there are.

mod environment;
mod file;

use std::collections::BTreeMap;

pub use environment::override_from;
pub use file::parse;

use super::problem::Fault;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the file, from 1.
    Line(u32),
    /// An environment variable.
    Variable(String),
    /// Nowhere: the file as a whole.
    Whole,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Its place.
    pub place: Place,
}

/// Keys and what stands at them.
pub type Table = BTreeMap<String, Entry>;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text in quotes.
    Text(String),
    /// A text from the environment, which has no types: it may be meant as a
    /// number, a flag or a list with commas.
    Loose(String),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A list.
    List(Vec<Entry>),
    /// A table.
    Table(Table),
    /// Something that no key takes, by its name.
    Other(&'static str),
}

impl Value {
    /// What it is, for messages: `a number`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Loose(_) => "a text",
            Self::Whole(_) | Self::Fraction(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// Something wrong at a place, before any key is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}
