//! Reads sections: each key is declared once, with its default; what is wrong
//! is collected, with its place, and reading goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::document::{Entry, Misplaced, Place, Table, Value};
use super::nearest;
use super::problem::{Fault, Problem};

/// One reading of a configuration: where it comes from, and what was found
/// wrong so far.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The file, as it is shown.
    pub file: String,
    /// The folder against which relative paths resolve.
    pub folder: PathBuf,
    /// The environment, for `{ env = "…" }`.
    pub variables: &'a BTreeMap<String, String>,
    /// Where systemd puts credentials.
    pub credentials: Option<&'a Path>,
    /// After a syntax error nothing is known about keys that seem missing.
    pub torn: bool,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    keys: RefCell<BTreeMap<String, Option<Value>>>,
}

impl<'a> Reading<'a> {
    /// Begins to read what stands in `file`.
    pub fn new(
        file: &Path,
        variables: &'a BTreeMap<String, String>,
        credentials: Option<&'a Path>,
    ) -> Self {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Self {
            file: file.display().to_string(),
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            variables,
            credentials,
            torn: false,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            keys: RefCell::default(),
        }
    }

    /// A path as the config means it.
    pub fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    /// Notes something wrong.
    pub fn problem(&self, key: &str, place: &Place, fault: impl Into<Fault>) {
        let problem = self.at(key, place, fault.into());
        self.problems.borrow_mut().push(problem);
    }

    /// Notes something that works but will be regretted.
    pub fn warn(&self, key: &str, place: &Place, fault: impl Into<Fault>) {
        let warning = self.at(key, place, fault.into());
        self.warnings.borrow_mut().push(warning);
    }

    /// Notes what does not fit anywhere.
    pub fn misplaced(&self, misplaced: Misplaced) {
        self.problem("", &misplaced.place, misplaced.fault);
    }

    /// All that was found: problems, warnings, and the keys that were declared
    /// (`source[].every`) with their defaults.
    pub fn finish(self) -> Found {
        let in_order = |mut problems: Vec<Problem>| {
            problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            problems
        };
        Found {
            problems: in_order(self.problems.into_inner()),
            warnings: in_order(self.warnings.into_inner()),
            keys: self.keys.into_inner(),
        }
    }

    fn at(&self, key: &str, place: &Place, fault: Fault) -> Problem {
        let (file, line) = match place {
            Place::Line(line) => (self.file.clone(), Some(*line)),
            Place::Variable(name) => (format!("environment variable {name}"), None),
            Place::Whole => (self.file.clone(), None),
        };
        Problem { key: key.to_owned(), file, line, message: fault.message, remedy: fault.remedy }
    }
}

/// What a reading found.
#[derive(Debug, Default)]
pub struct Found {
    /// What makes the configuration unusable.
    pub problems: Vec<Problem>,
    /// What works but will be regretted.
    pub warnings: Vec<Problem>,
    /// The keys there are, with their defaults.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a test holds them against config/gazetted.toml")
    )]
    pub keys: BTreeMap<String, Option<Value>>,
}

/// A section while it is read. Call [`Section::finish`] after the last key.
pub struct Section<'a> {
    reading: &'a Reading<'a>,
    /// `source[0]`; empty for the file itself.
    key: String,
    /// `source[]`.
    pattern: String,
    place: Place,
    /// `None`: it is absent, or something else stands in its place.
    table: Option<&'a Table>,
    /// Something else stands in its place: its keys are not missing.
    spoilt: bool,
    named: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The file itself.
    pub fn root(reading: &'a Reading<'a>, table: &'a Table) -> Self {
        Self {
            reading,
            key: String::new(),
            pattern: String::new(),
            place: Place::Whole,
            table: Some(table),
            spoilt: false,
            named: RefCell::default(),
        }
    }

    /// Does it stand in the file at all?
    pub fn is_present(&self) -> bool {
        self.table.is_some() || self.spoilt
    }

    /// What its key `name` says, whatever its other keys are.
    pub fn name(&self) -> Option<String> {
        match &self.table?.get("name")?.value {
            Value::Text(name) | Value::Loose(name) => Some(name.trim().to_owned()),
            _ => None,
        }
    }

    /// Is there a `key`, right or wrong?
    pub fn says(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Where `key` stands; the section's place if it is absent.
    pub fn place_of(&self, key: &str) -> &Place {
        self.table.and_then(|table| table.get(key)).map_or(&self.place, |entry| &entry.place)
    }

    /// The reading it is part of.
    pub fn reading(&self) -> &'a Reading<'a> {
        self.reading
    }

    /// The section `[key]` in this one.
    pub fn section(&self, key: &'static str) -> Self {
        self.below(key, self.entry(key), &self.path_of(key), &self.pattern_of(key))
    }

    /// The sections `[[key]]` in this one, in order.
    pub fn sections(&self, key: &'static str) -> Vec<Self> {
        let (path, pattern) = (self.path_of(key), format!("{}[]", self.pattern_of(key)));
        match self.entry(key) {
            None => vec![],
            Some(Entry { value: Value::List(list), .. }) => list
                .iter()
                .enumerate()
                .map(|(at, entry)| self.below(key, Some(entry), &format!("{path}[{at}]"), &pattern))
                .collect(),
            Some(entry) => {
                let remedy = format!("write [[{path}]] with two brackets, once for each");
                let fault = Fault::new(format!("{} stands here", entry.value.kind()), remedy);
                self.reading.problem(&path, &entry.place, fault);
                vec![]
            }
        }
    }

    /// A key that must be there; `None` if it is not, or is wrong.
    pub fn must<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        self.declare(key, None);
        let Some(entry) = self.entry(key) else {
            if !self.spoilt && !self.reading.torn {
                let fault = Fault::new("it is missing", format!("add `{key} = {example}`"));
                self.reading.problem(&self.path_of(key), &self.place, fault);
            }
            return None;
        };
        self.read(key, entry, read)
    }

    /// A key that may be left out; `None` if it is, or is wrong.
    pub fn maybe<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        self.declare(key, None);
        self.entry(key).and_then(|entry| self.read(key, entry, read))
    }

    /// A key with a default, which also stands in for a wrong value so that
    /// reading can go on.
    ///
    /// # Panics
    /// If the default itself is wrong; a test reads every default.
    pub fn or<T>(
        &self,
        key: &'static str,
        default: impl Into<Value>,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> T {
        let default = default.into();
        self.declare(key, Some(default.clone()));
        self.entry(key)
            .and_then(|entry| self.read(key, entry, &read))
            .or_else(|| read(&default).ok())
            .expect("defaults are valid; a test reads every one")
    }

    /// Notes something wrong with `key`.
    pub fn problem(&self, key: &str, fault: impl Into<Fault>) {
        self.reading.problem(&self.path_of(key), self.place_of(key), fault);
    }

    /// Notes something about `key` that works but will be regretted.
    pub fn warn(&self, key: &str, fault: impl Into<Fault>) {
        self.reading.warn(&self.path_of(key), self.place_of(key), fault);
    }

    /// Reports keys that nobody knows, each with the nearest that there is.
    pub fn finish(self) {
        let named = self.named.into_inner();
        for (key, entry) in self.table.into_iter().flatten() {
            if named.contains(&key.as_str()) {
                continue;
            }
            let message = if self.key.is_empty() {
                format!("there is no section `{key}`")
            } else {
                format!("there is no key `{key}` in [{}]", self.pattern.trim_end_matches("[]"))
            };
            let remedy = match nearest(key, named.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("there are: {}", named.join(", ")),
            };
            let path =
                if self.key.is_empty() { key.clone() } else { format!("{}.{key}", self.key) };
            self.reading.problem(&path, &entry.place, Fault::new(message, remedy));
        }
    }

    fn below(&self, key: &str, entry: Option<&'a Entry>, path: &str, pattern: &str) -> Self {
        let (table, spoilt) = match entry.map(|entry| (&entry.value, &entry.place)) {
            Some((Value::Table(table), _)) => (Some(table), false),
            Some((other, place)) => {
                let fault = Fault::new(
                    format!("{} stands where a section belongs", other.kind()),
                    format!("write [{key}] and its keys below it"),
                );
                self.reading.problem(path, place, fault);
                (None, true)
            }
            None => (None, false),
        };
        Self {
            reading: self.reading,
            key: path.to_owned(),
            pattern: pattern.to_owned(),
            place: entry.map_or_else(|| self.place.clone(), |entry| entry.place.clone()),
            table,
            spoilt,
            named: RefCell::default(),
        }
    }

    fn read<T>(
        &self,
        key: &str,
        entry: &Entry,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        read(&entry.value)
            .map_err(|fault| self.reading.problem(&self.path_of(key), &entry.place, fault))
            .ok()
    }

    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        let mut named = self.named.borrow_mut();
        if !named.contains(&key) {
            named.push(key);
        }
        self.table?.get(key)
    }

    fn declare(&self, key: &'static str, default: Option<Value>) {
        self.reading.keys.borrow_mut().insert(self.pattern_of(key), default);
    }

    fn path_of(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    fn pattern_of(&self, key: &str) -> String {
        if self.pattern.is_empty() { key.to_owned() } else { format!("{}.{key}", self.pattern) }
    }
}
