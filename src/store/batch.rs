//! Many rows in one statement: they travel as JSON text in one parameter, and
//! both engines read them as a table of arrays called `value`.
//!
//! A statement for each row costs a trip to the engine and back, many times
//! what the row itself costs.

use super::{Engine, Tx};

/// The table that stands behind `from $ROWS` in a batched statement.
const SQLITE: &str = "json_each";
const POSTGRES: &str = "json_array_elements";

/// A statement with `$ROWS(n)` where the rows in parameter `n` are read.
pub(super) struct Batched {
    sqlite: String,
    postgres: String,
}

impl Batched {
    /// Writes the statement for both engines.
    pub(super) fn new(text: &str) -> Self {
        let (mut sqlite, mut postgres) = (String::new(), String::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$ROWS(") {
            let (number, after) = after.split_once(')').expect("`$ROWS(` is closed");
            sqlite.push_str(&format!("{before}{SQLITE}(${number})"));
            postgres.push_str(&format!("{before}{POSTGRES}(cast(${number} as json))"));
            rest = after;
        }
        sqlite.push_str(rest);
        postgres.push_str(rest);
        Self { sqlite, postgres }
    }

    /// The text for the engine that the transaction is on.
    pub(super) fn on(&'static self, tx: &Tx) -> &'static str {
        match tx.engine() {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_each_engine_in_its_own_words() {
        let text = Batched::new("select value->>0 from $ROWS(2) where $1 > 0");

        assert_eq!(text.sqlite, "select value->>0 from json_each($2) where $1 > 0");
        assert_eq!(
            text.postgres,
            "select value->>0 from json_array_elements(cast($2 as json)) where $1 > 0"
        );
    }
}
