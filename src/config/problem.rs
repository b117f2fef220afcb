//! Something wrong with the configuration, told so that it can be mended.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which key: `source[0].every`; empty for the file as a whole.
    pub key: String,
    /// The file, or the environment variable, that holds it.
    pub file: String,
    /// Its line in the file, from 1; `None` for a variable.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// One readable line: `gazetted.toml:12: source[0].every: …; …`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&one_line(&self.message))?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", one_line(&self.remedy))?;
        }
        Ok(())
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What is wrong with one value: the fault and the remedy, not yet the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Fault {
    /// A fault with its remedy.
    pub fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

/// Our errors read "what is wrong; what to do about it".
impl From<String> for Fault {
    fn from(text: String) -> Self {
        match text.rsplit_once("; ") {
            Some((message, remedy)) => Self::new(message, remedy),
            None => Self::new(text, ""),
        }
    }
}
