//! Labels that looked like places and matched nothing, for `regions audit`.

use super::{Result, Time, Tx, millis, on};

/// A label that matched nothing in the tree.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UnmatchedLabel {
    /// Which source uses it.
    pub source: String,
    /// As the publisher writes it.
    pub label: String,
    /// A piece that carries it.
    pub article_id: i64,
    /// How many pieces carried it.
    pub pieces: i64,
}

/// Notes a label of a piece. True the first time: then it is worth a log line.
///
/// # Errors
/// If the store does not answer.
pub async fn note(
    tx: &mut Tx,
    source: &str,
    label: &str,
    article_id: i64,
    now: Time,
) -> Result<bool> {
    const NOTE: &str = "insert into unmatched_labels (source, label, article_id, pieces, first_seen) \
         values ($1, $2, $3, 1, $4) on conflict (source, label) do update set pieces = unmatched_labels.pieces + 1 \
         returning pieces";
    let pieces = on!(tx, c => sqlx::query_scalar::<_, i64>(NOTE)
        .bind(source).bind(label).bind(article_id).bind(millis(now)).fetch_one(c).await)?;
    Ok(pieces == 1)
}

/// All of them, most used first.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<UnmatchedLabel>> {
    const LIST: &str = "select source, label, article_id, pieces from unmatched_labels \
                        order by pieces desc, source, label limit $1";
    Ok(on!(tx, c => sqlx::query_as(LIST).bind(limit).fetch_all(c).await)?)
}
