//! What the environment overrides: `GAZETTED__SECTION__KEY`, with a number
//! for the place in a list: `GAZETTED__SOURCE__0__URL`.

use std::collections::BTreeMap;

use super::super::problem::Fault;
use super::{Entry, Misplaced, Place, Table, Value};

/// How our variables begin.
const PREFIX: &str = "GAZETTED__";

/// Puts the overrides of `variables` into `table`; those that fit nowhere are
/// reported.
pub fn override_from(table: &mut Table, variables: &BTreeMap<String, String>) -> Vec<Misplaced> {
    let mut ours: Vec<(Vec<Step>, &String, &String)> = variables
        .iter()
        .filter_map(|(name, value)| {
            Some((name.strip_prefix(PREFIX)?.split("__").map(Step::of).collect(), name, value))
        })
        .collect();
    // By number where it is one, so that 2 comes before 10.
    ours.sort();
    let mut misplaced = vec![];
    for (path, name, value) in ours {
        let place = Place::Variable(name.clone());
        let value = Value::Loose(value.clone());
        if let Err(fault) = put(table, &path, Entry { value, place: place.clone() }) {
            misplaced.push(Misplaced { place, fault });
        }
    }
    misplaced
}

/// One part of a variable's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Key(String),
}

impl Step {
    fn of(part: &str) -> Self {
        part.parse().map_or_else(|_| Self::Key(part.to_ascii_lowercase()), Self::Index)
    }
}

fn put(table: &mut Table, path: &[Step], entry: Entry) -> Result<(), Fault> {
    let Some((Step::Key(key), rest)) = path.split_first() else {
        return Err(Fault::new(
            "a key is missing where a number stands",
            "write it like GAZETTED__SOURCE__0__URL",
        ));
    };
    let Some(next) = rest.first() else {
        table.insert(key.clone(), entry);
        return Ok(());
    };
    let empty = match next {
        Step::Index(_) => Value::List(vec![]),
        Step::Key(_) => Value::Table(Table::new()),
    };
    let place = entry.place.clone();
    let below = table.entry(key.clone()).or_insert(Entry { value: empty.clone(), place });
    // A reference such as PASSWORD__FILE takes the place of a plain value.
    if !matches!(below.value, Value::Table(_) | Value::List(_)) {
        below.value = empty;
        below.place = entry.place.clone();
    }
    match (&mut below.value, next) {
        (Value::Table(table), Step::Key(_)) => put(table, rest, entry),
        (Value::List(list), Step::Index(at)) => put_in_list(list, *at, &rest[1..], entry),
        (Value::List(_), Step::Key(_)) => Err(Fault::new(
            format!("`{key}` is a list"),
            format!("name the place in it: {PREFIX}{}__0__…", key.to_uppercase()),
        )),
        _ => Err(Fault::new(format!("`{key}` is no list"), "leave out the number")),
    }
}

fn put_in_list(list: &mut Vec<Entry>, at: usize, rest: &[Step], entry: Entry) -> Result<(), Fault> {
    if at > list.len() {
        return Err(Fault::new(
            format!("there is no entry {at}: the list has {}", list.len()),
            format!("count from 0; the next new entry is {}", list.len()),
        ));
    }
    if rest.is_empty() {
        if at == list.len() {
            list.push(entry);
        } else {
            list[at] = entry;
        }
        return Ok(());
    }
    if at == list.len() {
        list.push(Entry { value: Value::Table(Table::new()), place: entry.place.clone() });
    }
    match &mut list[at].value {
        Value::Table(table) => put(table, rest, entry),
        other => Err(Fault::new(
            format!("entry {at} is {}, not a section", other.kind()),
            "leave out what follows the number",
        )),
    }
}
