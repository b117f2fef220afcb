//! From rows to CSV.

use std::io::{self, Write};

use super::{COLUMNS, Row};

/// Writes a list that [`read`](super::read) reads back unchanged.
///
/// Cells are written as they are, with no apostrophe against spreadsheets that
/// take `=` for a formula: such a mark would not come back.
pub struct Writer<W: Write> {
    csv: csv::Writer<W>,
    attributes: Vec<String>,
}

impl<W: Write> Writer<W> {
    /// Begins a list whose rows have these attributes besides the fixed
    /// columns; attributes that are not named are left out.
    ///
    /// # Errors
    /// If the header cannot be written.
    pub fn new(output: W, attributes: Vec<String>) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(output);
        csv.write_record(COLUMNS.into_iter().chain(attributes.iter().map(String::as_str)))
            .map_err(plain)?;
        Ok(Self { csv, attributes })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, row: &Row) -> io::Result<()> {
        let regions: Vec<&str> =
            row.regions.iter().map(crate::region::RegionPath::as_str).collect();
        let fixed = [
            row.address.as_str(),
            &row.name,
            &regions.join(" "),
            row.timezone.map_or("", chrono_tz::Tz::name),
            row.language.as_deref().unwrap_or_default(),
            &row.digests.join(" "),
            row.standing.as_str(),
            &row.consent,
        ];
        let attribute = |name| row.attributes.get(name).map_or("", String::as_str);
        let cells = fixed.into_iter().chain(self.attributes.iter().map(attribute));
        self.csv.write_record(cells).map_err(plain)
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

/// What the disk or the pipe said, not wrapped: the caller asks for its kind.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
