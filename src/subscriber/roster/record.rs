//! From bytes to records of cells (RFC 4180), one at a time.
//!
//! Written here rather than left to a crate because of one case: a stray
//! quotation mark must cost its own row, not swallow the rest of the file.

use std::collections::VecDeque;
use std::io::{self, BufRead};

/// The longest record, in bytes and in lines.
const MAX_BYTES: usize = 64 * 1024;
const MAX_LINES: usize = 50;

/// Cells, or what is wrong with the record.
type Cells = Result<Vec<String>, String>;

/// The lines of a file, put together to records.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    separator: char,
    /// Lines read ahead for a quotation that was never closed.
    ahead: VecDeque<Line>,
    /// Lines given out.
    line: u64,
}

/// One line without its end; too long ones are cut and marked.
#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    cut: bool,
}

impl<R: BufRead> Lines<R> {
    pub fn new(input: R) -> Self {
        Self { input, separator: ',', ahead: VecDeque::new(), line: 0 }
    }

    /// The number of lines read so far.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The first record, by which the separator is seen.
    pub fn header(&mut self) -> io::Result<Option<Cells>> {
        let Some(mut first) = self.read_line()? else { return Ok(None) };
        if first.bytes.starts_with(&[0xff, 0xfe]) || first.bytes.starts_with(&[0xfe, 0xff]) {
            return Ok(Some(Err("this is UTF-16; save the list as CSV in UTF-8".to_owned())));
        }
        if first.bytes.starts_with("\u{feff}".as_bytes()) {
            first.bytes.drain(..3);
        }
        let count = |separator: u8| first.bytes.split(|b| *b == separator).count();
        // On a tie the later wins: the comma.
        let best = [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator));
        self.separator = best.map_or(',', char::from);
        self.ahead.push_front(first);
        Ok(self.next_record()?.map(|(_, cells)| cells))
    }

    /// The next record that is not blank, with the line at which it begins.
    pub fn next_record(&mut self) -> io::Result<Option<(u64, Cells)>> {
        loop {
            let Some(first) = self.next_line()? else { return Ok(None) };
            if !first.bytes.iter().all(u8::is_ascii_whitespace) || first.cut {
                let line = self.line;
                return Ok(Some((line, self.record(first)?)));
            }
        }
    }

    fn record(&mut self, first: Line) -> io::Result<Cells> {
        let mut text = match text_of(first) {
            Ok(text) => text,
            Err(message) => return Ok(Err(message)),
        };
        let mut taken = vec![];
        let mut failure = "a quotation mark opens a cell and none closes it";
        loop {
            if let Some(cells) = split(&text, self.separator) {
                return Ok(Ok(cells));
            }
            let next = if taken.len() < MAX_LINES { self.next_line()? } else { None };
            let Some(next) = next else { break };
            let readable = !next.cut && text.len() + next.bytes.len() < MAX_BYTES;
            match std::str::from_utf8(&next.bytes) {
                Ok(more) if readable => {
                    text.push('\n');
                    text.push_str(more);
                }
                _ => failure = "a quotation mark opens a cell that is too long or not UTF-8",
            }
            let stop = failure.ends_with("UTF-8");
            taken.push(next);
            if stop {
                break;
            }
        }
        // The rows after it are rows again.
        self.line -= taken.len() as u64;
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(Err(format!("{failure}; write \"\" for a quotation mark inside a cell")))
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        let line = match self.ahead.pop_front() {
            Some(line) => Some(line),
            None => self.read_line()?,
        };
        self.line += u64::from(line.is_some());
        Ok(line)
    }

    /// Reads up to the next line feed, keeping at most [`MAX_BYTES`].
    fn read_line(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { bytes: vec![], cut: false };
        let mut any = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|b| *b == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let room = MAX_BYTES - line.bytes.len();
            line.bytes.extend_from_slice(&part[..part.len().min(room)]);
            line.cut |= part.len() > room;
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.input.consume(used);
            if end.is_some() {
                break;
            }
        }
        if line.bytes.last() == Some(&b'\r') {
            line.bytes.pop();
        }
        Ok(any.then_some(line))
    }
}

fn text_of(line: Line) -> Result<String, String> {
    if line.cut {
        return Err(format!("it is longer than {} KiB; split it", MAX_BYTES / 1024));
    }
    String::from_utf8(line.bytes)
        .map_err(|_| "it is not UTF-8; save the list as CSV in UTF-8".to_owned())
}

/// The cells of a record; `None` if a quotation is still open at its end.
fn split(text: &str, separator: char) -> Option<Vec<String>> {
    let mut cells = vec![];
    let mut rest = text;
    loop {
        let (cell, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let (mut cell, after) = quotation(quoted)?;
            // What follows the closing mark is kept as it is.
            let end = after.find(separator).unwrap_or(after.len());
            cell.push_str(after[..end].trim_end());
            (cell, &after[end..])
        } else {
            let end = rest.find(separator).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        cells.push(cell);
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None => return Some(cells),
        }
    }
}

/// What stands between the marks, and what follows the closing one.
fn quotation(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        cell.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, after)),
        }
    }
}
