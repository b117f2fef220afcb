//! What the TOML file says.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::super::problem::Fault;
use super::{Entry, Misplaced, Place, Table, Value};

/// Reads TOML; what cannot be read is reported, all of it, and left out.
pub fn parse(text: &str) -> (Table, Vec<Misplaced>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let misplaced = errors
        .iter()
        .map(|error| Misplaced {
            place: error.span().map_or(Place::Whole, |span| lines.place(span.start)),
            fault: Fault::new(
                format!("this is not TOML: {}", error.message()),
                "mend the line; texts need quotes, sections stand in [brackets]",
            ),
        })
        .collect();
    (self::table(table.get_ref(), &lines), misplaced)
}

fn table(table: &DeTable<'_>, lines: &Lines) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            // The key's line is where one looks; a long value may end far below.
            let place = lines.place(key.span().start);
            (key.get_ref().to_string(), Entry { value: self::value(value, lines), place })
        })
        .collect()
}

fn value(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            whole(number).map_or(Value::Other("a number out of range"), Value::Whole)
        }
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Fraction(number),
            _ => Value::Other("a number out of range"),
        },
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(list) => {
            let entry = |item: &Spanned<DeValue<'_>>| Entry {
                value: self::value(item, lines),
                place: lines.place(item.span().start),
            };
            Value::List(list.iter().map(entry).collect())
        }
        DeValue::Table(table) => Value::Table(self::table(table, lines)),
    }
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn place(&self, at: usize) -> Place {
        let above = self.0.partition_point(|newline| *newline < at);
        Place::Line(u32::try_from(above + 1).unwrap_or(u32::MAX))
    }
}
