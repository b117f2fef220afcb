//! The list of subscribers as CSV: `subscribers import` and `export`.
//!
//! Reading is a stream: a list of a million people needs no more memory than
//! one. A row that cannot be read is reported with its line and skipped. What
//! is written is read back unchanged. Nothing here knows of the store, nor
//! which regions and digests there are.

mod record;
mod write;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use chrono_tz::Tz;

use super::choices::{parse_language, parse_regions, parse_zone, words};
use super::{Address, Standing, Subscriber};
use crate::region::RegionPath;

pub use write::Writer;

/// The columns with a meaning, in the order in which they are written.
pub const COLUMNS: [&str; 8] =
    ["email", "name", "regions", "timezone", "language", "digests", "standing", "consent"];

/// The most columns a list may have.
const MAX_COLUMNS: usize = 200;

/// One person as a row tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where mails go.
    pub address: Address,
    /// How they want to be called; empty if unknown.
    pub name: String,
    /// Regions they chose; empty means all.
    pub regions: Vec<RegionPath>,
    /// Where they live; `None` means the site's zone.
    pub timezone: Option<Tz>,
    /// BCP 47 tag; `None` means the digest's.
    pub language: Option<String>,
    /// Digests they chose; empty means all.
    pub digests: Vec<String>,
    /// May they be mailed? Rows that do not say are active.
    pub standing: Standing,
    /// When and how they agreed.
    pub consent: String,
    /// Further columns that are not empty, by the name in the header.
    pub attributes: BTreeMap<String, String>,
}

impl From<&Subscriber> for Row {
    fn from(person: &Subscriber) -> Self {
        Self {
            address: person.address.clone(),
            name: person.name.clone(),
            regions: person.regions.clone(),
            timezone: person.timezone,
            language: person.language.clone(),
            digests: person.digests.clone(),
            standing: person.standing,
            consent: person.consent.clone(),
            attributes: person.attributes.clone(),
        }
    }
}

/// A row that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadRow {
    /// Line of the file, from 1, at which the row begins.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// A file that is no list of subscribers at all, or that broke off.
#[derive(Debug, thiserror::Error)]
pub enum BadRoster {
    /// It cannot be read.
    #[error("cannot read the list: {0}")]
    Read(#[from] std::io::Error),
    /// Its first line is no header that we understand.
    #[error("line 1: {0}")]
    Header(String),
}

/// Opens a list: reads its header and gives its rows one by one.
///
/// The separator (`,`, `;` or tab) is seen from the header; a byte order mark
/// is passed over.
///
/// # Errors
/// [`BadRoster`] if there is no header with a column `email`.
pub fn read<R: Read>(input: R) -> Result<Rows<BufReader<R>>, BadRoster> {
    let mut lines = record::Lines::new(BufReader::new(input));
    let header = match lines.header()? {
        Some(header) => header.map_err(BadRoster::Header)?,
        None => return Err(BadRoster::Header(NO_EMAIL.to_owned())),
    };
    let columns = columns(&header).map_err(BadRoster::Header)?;
    Ok(Rows { lines, columns, broken: false, line: 1 })
}

const NO_EMAIL: &str = "there is no column `email`; the first line names the columns, such as \
                        `email,name,regions,timezone`";

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Known(usize),
    Attribute(String),
    Nameless,
}

fn columns(header: &[String]) -> Result<Vec<Column>, String> {
    if header.len() > MAX_COLUMNS {
        return Err(format!("{} columns are too many; keep {MAX_COLUMNS}", header.len()));
    }
    let mut columns = vec![];
    for name in header {
        let name = name.trim();
        let known = match name.to_lowercase().as_str() {
            "e-mail" | "email address" | "email_address" => Some(0),
            lower => COLUMNS.iter().position(|column| *column == lower),
        };
        let column = match known {
            Some(at) => Column::Known(at),
            None if name.is_empty() => Column::Nameless,
            None => Column::Attribute(name.to_owned()),
        };
        if column != Column::Nameless && columns.contains(&column) {
            return Err(format!("the column `{name}` stands there twice; keep one"));
        }
        columns.push(column);
    }
    if columns.contains(&Column::Known(0)) { Ok(columns) } else { Err(NO_EMAIL.to_owned()) }
}

/// The rows of a list, in its order. After a read error there are no more.
#[derive(Debug)]
pub struct Rows<R> {
    lines: record::Lines<R>,
    columns: Vec<Column>,
    broken: bool,
    line: u64,
}

impl<R> Rows<R> {
    /// Line of the file, from 1, at which the row given last begins.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Row, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let (line, cells) = match self.lines.next_record() {
            Ok(record) => record?,
            Err(error) => {
                self.broken = true;
                let message = format!("cannot read on: {error}; the rows from here are missing");
                return Some(Err(BadRow { line: self.lines.line() + 1, message }));
            }
        };
        self.line = line;
        Some(
            cells
                .and_then(|cells| row(&self.columns, cells))
                .map_err(|message| BadRow { line, message }),
        )
    }
}

fn row(columns: &[Column], cells: Vec<String>) -> Result<Row, String> {
    let surplus = cells.iter().skip(columns.len()).any(|cell| !cell.is_empty());
    if surplus {
        return Err(format!(
            "it has {} cells, the header has {}; put a cell that holds a separator in double quotes",
            cells.len(),
            columns.len()
        ));
    }
    let mut known: [String; COLUMNS.len()] = Default::default();
    let mut attributes = BTreeMap::new();
    for (column, cell) in columns.iter().zip(cells) {
        match column {
            Column::Known(at) => known[*at] = cell,
            Column::Attribute(name) if !cell.is_empty() => {
                attributes.insert(name.clone(), cell);
            }
            Column::Attribute(_) | Column::Nameless => {}
        }
    }
    let [email, name, regions, timezone, language, digests, standing, consent] = known;
    if name.chars().any(char::is_control) || name.chars().count() > 200 {
        return Err("the name has a line break or more than 200 characters".to_owned());
    }
    Ok(Row {
        address: Address::parse(&email).map_err(|bad| bad.to_string())?,
        name,
        regions: parse_regions(&regions)?,
        timezone: given(&timezone).map(parse_zone).transpose()?,
        language: given(&language).map(parse_language).transpose()?,
        digests: words(&digests).map(str::to_owned).collect(),
        standing: given(&standing).map_or(Ok(Standing::Active), |word| {
            Standing::parse(word).ok_or_else(|| {
                let words = Standing::ALL.map(Standing::as_str).join(", ");
                format!("there is no standing `{word}`; write one of {words}")
            })
        })?,
        consent,
        attributes,
    })
}

fn given(cell: &str) -> Option<&str> {
    Some(cell.trim()).filter(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests;
