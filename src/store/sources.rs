//! What is remembered of each source between visits.

use super::{Result, Time, Tx, from_json, millis, on, time, to_json};
use crate::source::Memory;

/// The state of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// Name in the config.
    pub name: String,
    /// What the source itself wants to remember.
    pub memory: Memory,
    /// Last visit that reached it.
    pub visited: Option<Time>,
    /// Last visit that brought something new.
    pub changed: Option<Time>,
    /// When it is due again.
    pub next_visit: Time,
    /// Failed visits in a row.
    pub failures: u32,
    /// What the last failed visit said; gone after a good one.
    pub last_error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    memory: String,
    visited: Option<i64>,
    changed: Option<i64>,
    next_visit: i64,
    failures: i64,
    last_error: Option<String>,
}

impl Row {
    fn read(self) -> Result<SourceState> {
        Ok(SourceState {
            memory: from_json("source_states.memory", &self.memory)?,
            name: self.name,
            visited: self.visited.map(time),
            changed: self.changed.map(time),
            next_visit: time(self.next_visit),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            last_error: self.last_error,
        })
    }
}

/// The state of the source `name`, if it was ever visited.
///
/// # Errors
/// If the store does not answer.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<SourceState>> {
    const GET: &str = "select name, memory, visited, changed, next_visit, failures, last_error \
                       from source_states where name = $1";
    on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(name).fetch_optional(c).await)?
        .map(Row::read)
        .transpose()
}

/// The states of all sources that were ever visited, by name.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx) -> Result<Vec<SourceState>> {
    const LIST: &str = "select name, memory, visited, changed, next_visit, failures, last_error \
                        from source_states order by name";
    on!(tx, c => sqlx::query_as::<_, Row>(LIST).fetch_all(c).await)?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Remembers the state of a source.
///
/// # Errors
/// If the store does not answer.
pub async fn put(tx: &mut Tx, state: &SourceState) -> Result<()> {
    const PUT: &str = "insert into source_states (name, memory, visited, changed, next_visit, failures, last_error) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do update set memory = excluded.memory, \
         visited = excluded.visited, changed = excluded.changed, next_visit = excluded.next_visit, \
         failures = excluded.failures, last_error = excluded.last_error";
    on!(tx, c => sqlx::query(PUT)
        .bind(&state.name)
        .bind(to_json(&state.memory))
        .bind(state.visited.map(millis))
        .bind(state.changed.map(millis))
        .bind(millis(state.next_visit))
        .bind(i64::from(state.failures))
        .bind(&state.last_error)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Makes a source due at `due` if it would be later. False if it is sooner, or
/// was never visited.
///
/// # Errors
/// If the store does not answer.
pub async fn hasten(tx: &mut Tx, name: &str, due: Time) -> Result<bool> {
    const HASTEN: &str =
        "update source_states set next_visit = $2 where name = $1 and next_visit > $2";
    let touched = on!(tx, c => sqlx::query(HASTEN).bind(name).bind(millis(due))
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(touched == 1)
}
