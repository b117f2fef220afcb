//! Prints what the model of regions weighs, to fit it (`scripts/regions/train.py`).
//!
//! Reads one article a line: `{"id", "title", "body"}`, with `dateline` if it
//! has one; writes `{"id", "features": {"US": [0.1, …]}}`.

use std::io::{BufRead, BufWriter, Write};

use gazetted::article::language;
use gazetted::region::classify::features;
use gazetted::region::{Country, Evidence, Gazetteer};
use serde_json::{Map, Value, json};

fn main() -> std::io::Result<()> {
    let gazetteer = Gazetteer::builtin();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let article: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| article[name].as_str().unwrap_or_default();
        let text = format!("{} {}", field("dateline"), field("body"));
        let title = field("title");
        let evidence = Evidence {
            operator: None,
            labels: &[],
            title,
            text: text.trim_start(),
            url: None,
            language: Some(language::detect(title, &text)),
            home: None,
        };
        let rows = features(&gazetteer, &evidence);
        let rows: Map<String, Value> = rows
            .iter()
            .map(|(country, row): &(Country, _)| (country.to_string(), json!(row)))
            .collect();
        writeln!(out, "{}", json!({"id": field("id"), "features": rows}))?;
    }
    out.flush()
}
