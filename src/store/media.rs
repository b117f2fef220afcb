//! Images that came with articles and are served from here.

use super::{Result, Time, Tx, millis, on};

/// A stored image.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredMedia {
    /// Media type.
    pub mime: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Keeps an image under `name`, which is made from its bytes: storing it twice
/// changes nothing.
///
/// # Errors
/// If the store does not answer.
pub async fn put(
    tx: &mut Tx,
    name: &str,
    mime: &str,
    bytes: &[u8],
    size: Option<(u32, u32)>,
    now: Time,
) -> Result<()> {
    const PUT: &str = "insert into media (name, mime, bytes, width, height, created) values ($1, $2, $3, $4, $5, $6) \
                       on conflict (name) do nothing";
    on!(tx, c => sqlx::query(PUT)
        .bind(name).bind(mime).bind(bytes)
        .bind(size.map(|(width, _)| i64::from(width)))
        .bind(size.map(|(_, height)| i64::from(height)))
        .bind(millis(now))
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The image called `name`.
///
/// # Errors
/// If the store does not answer.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<StoredMedia>> {
    const GET: &str = "select mime, bytes from media where name = $1";
    Ok(on!(tx, c => sqlx::query_as(GET).bind(name).fetch_optional(c).await)?)
}
