//! What feeds are made of: shelves, what stands on them, and when the bytes of
//! each feed last changed, so that a restart does not make every reader fetch
//! everything again.

use chrono::TimeDelta;

use super::{Result, Time, Tx, millis, on, time};

/// A shelf: what a feed is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// Its name without the kind: `africa/kenya` of `region/africa/kenya`.
    pub key: String,
    /// As printed; empty where the name says it.
    pub title: String,
    /// How many pieces stand on it.
    pub pieces: i64,
}

/// The shelf called `name` (`author/africa-desk`), if anything ever stood on it.
///
/// # Errors
/// If the store does not answer.
pub async fn shelf(tx: &mut Tx, name: &str) -> Result<Option<Shelf>> {
    const GET: &str = "select title, pieces from shelves where name = $1";
    let row =
        on!(tx, c => sqlx::query_as::<_, (String, i64)>(GET).bind(name).fetch_optional(c).await)?;
    let key = name.split_once('/').map_or(name, |(_, key)| key).to_owned();
    Ok(row.map(|(title, pieces)| Shelf { key, title, pieces }))
}

/// Which shelves are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those on which something stands.
    Filled,
    /// Those too on which something once stood.
    All,
}

/// The shelves of a kind (`region`, `author`, `tag`, …), by name.
///
/// # Errors
/// If the store does not answer.
pub async fn shelves(tx: &mut Tx, kind: &str, which: Which, limit: i64) -> Result<Vec<Shelf>> {
    // `0` is the character behind `/`: one range of the primary key.
    const LIST: &str = "select name, title, pieces from shelves \
        where name >= $1 || '/' and name < $1 || '0' and pieces >= $3 order by name limit $2";
    // PostgreSQL compares by its locale, which may put `/` elsewhere.
    const LIST_POSTGRES: &str = "select name, title, pieces from shelves \
        where starts_with(name, $1 || '/') and pieces >= $3 order by name collate \"C\" limit $2";
    let least = i64::from(which == Which::Filled);
    let list = match tx.engine() {
        super::Engine::Sqlite => LIST,
        super::Engine::Postgres => LIST_POSTGRES,
    };
    let rows = on!(tx, c => sqlx::query_as::<_, (String, String, i64)>(list).bind(kind).bind(limit).bind(least).fetch_all(c).await)?;
    Ok(rows
        .into_iter()
        .map(|(name, title, pieces)| Shelf {
            key: name.split_once('/').map_or_else(String::new, |(_, key)| key.to_owned()),
            title,
            pieces,
        })
        .collect())
}

/// The shelves on which something changed after revision `rev`.
///
/// # Errors
/// If the store does not answer.
pub async fn touched(tx: &mut Tx, rev: i64) -> Result<Vec<(String, i64)>> {
    const LIST: &str = "select name, rev from shelves where rev > $1 order by rev";
    Ok(on!(tx, c => sqlx::query_as::<_, (String, i64)>(LIST).bind(rev).fetch_all(c).await)?)
}

/// A piece on a shelf, as far as a feed must know it to tell what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Place {
    /// Which piece.
    pub id: i64,
    /// When it last changed in any way, as a revision.
    pub rev: i64,
    /// When it appeared, in milliseconds.
    pub published: i64,
    /// When it last changed for a reader, in milliseconds.
    pub updated: i64,
}

/// Which stretch of a shelf is asked for, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Only pieces that appeared at this moment or later.
    pub from: Option<Time>,
    /// Only pieces that appeared before this moment.
    pub before: Option<Time>,
    /// At most so many.
    pub limit: i64,
}

impl Stretch {
    fn bounds(&self) -> (i64, i64) {
        (self.from.map_or(i64::MIN, millis), self.before.map_or(i64::MAX, millis))
    }
}

/// One text for each kind of shelf (regions, authors, others), so that each is
/// one range of one index: around the names of its table and of its key.
macro_rules! on_shelf {
    ($select:literal, $where:literal, $is:literal) => {
        [
            concat!($select, "article_regions", $where, "region", $is),
            concat!($select, "article_authors", $where, "slug", $is),
            concat!($select, "article_shelves", $where, "shelf", $is),
        ]
    };
}

/// The text for this shelf, and what is bound in it as its key: `all` is for
/// the shelf on which all pieces stand.
fn of_kind<'a>(
    shelf: &'a str,
    all: &'static str,
    [region, author, other]: [&'static str; 3],
) -> (&'static str, Option<&'a str>) {
    match shelf.split_once('/') {
        Some(("region", path)) => (region, Some(path)),
        Some(("author", slug)) => (author, Some(slug)),
        Some(_) => (other, Some(shelf)),
        None => (all, None),
    }
}

/// What stands on a shelf, newest first.
///
/// # Errors
/// If the store does not answer.
pub async fn places(tx: &mut Tx, shelf: &str, stretch: Stretch) -> Result<Vec<Place>> {
    const ALL: &str = "select id, rev, published, updated from articles \
        where withdrawn is null and published >= $1 and published < $2 \
        order by published desc, id desc limit $3";
    const ONE: [&str; 3] = on_shelf!(
        "select a.id, a.rev, a.published, a.updated from ",
        " s join articles a on a.id = s.article_id \
         where s.published >= $1 and s.published < $2 and s.",
        " = $4 order by s.published desc, s.article_id desc limit $3"
    );
    let (text, key) = of_kind(shelf, ALL, ONE);
    let (from, before) = stretch.bounds();
    Ok(on!(tx, c => {
        let query = sqlx::query_as::<_, Place>(text).bind(from).bind(before).bind(stretch.limit);
        match key {
            Some(key) => query.bind(key).fetch_all(c).await,
            None => query.fetch_all(c).await,
        }
    })?)
}

/// How many pieces stand on a stretch of a shelf; counts up to its limit.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx, shelf: &str, stretch: Stretch) -> Result<i64> {
    // Counted in the index alone, whatever the pieces are.
    const ALL: &str = "select count(*) from (select 1 from articles \
        where withdrawn is null and published >= $1 and published < $2 limit $3) as s";
    const ONE: [&str; 3] = on_shelf!(
        "select count(*) from (select 1 from ",
        " where published >= $1 and published < $2 and ",
        " = $4 limit $3) as s"
    );
    let (text, key) = of_kind(shelf, ALL, ONE);
    let (from, before) = stretch.bounds();
    Ok(on!(tx, c => {
        let query = sqlx::query_scalar::<_, i64>(text).bind(from).bind(before).bind(stretch.limit);
        match key {
            Some(key) => query.bind(key).fetch_one(c).await,
            None => query.fetch_one(c).await,
        }
    })?)
}

/// The oldest piece on a shelf that appeared at `from` or later.
///
/// # Errors
/// If the store does not answer.
pub async fn first_since(tx: &mut Tx, shelf: &str, from: Time) -> Result<Option<Time>> {
    const ALL: &str =
        "select min(published) from articles where withdrawn is null and published >= $1";
    const ONE: [&str; 3] =
        on_shelf!("select min(published) from ", " where published >= $1 and ", " = $2");
    let (text, key) = of_kind(shelf, ALL, ONE);
    let first = on!(tx, c => {
        let query = sqlx::query_scalar::<_, Option<i64>>(text).bind(millis(from));
        match key {
            Some(key) => query.bind(key).fetch_one(c).await,
            None => query.fetch_one(c).await,
        }
    })?;
    Ok(first.map(time))
}

/// A piece that was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its permanent identity.
    pub uid: uuid::Uuid,
    /// When it was withdrawn.
    pub when: Time,
    /// The shelves it stood on.
    pub shelves: Vec<String>,
}

/// The pieces withdrawn last, at most `limit`, latest first.
///
/// # Errors
/// If the store does not answer.
pub async fn withdrawn(tx: &mut Tx, limit: i64) -> Result<Vec<Withdrawn>> {
    super::articles::withdrawn(tx, limit).await
}

/// Notes the hash of a feed's bytes and says since when they are what they
/// are: `now` if they differ from the last, else the moment noted then.
///
/// HTTP dates have whole seconds. Two changes are never dated within one, or
/// a reader who asks by date would miss the second.
///
/// # Errors
/// If the store does not answer.
pub async fn changed(tx: &mut Tx, path: &str, hash: &str, now: Time) -> Result<Time> {
    const GET: &str = "select hash, changed from feeds where path = $1";
    const PUT: &str = "insert into feeds (path, hash, changed, announced) values ($1, $2, $3, $2) \
         on conflict (path) do update set hash = excluded.hash, changed = excluded.changed";
    let known = on!(tx, c => sqlx::query_as::<_, (String, i64)>(GET).bind(path).fetch_optional(&mut *c).await)?;
    match known {
        Some((old, since)) if old == hash => Ok(time(since)),
        known => {
            let next = known.map(|(_, since)| time(since) + TimeDelta::seconds(1));
            let now = next.map_or(now, |next| next.max(now));
            on!(tx, c => sqlx::query(PUT).bind(path).bind(hash).bind(millis(now)).execute(c).await.map(|_| ()))?;
            Ok(now)
        }
    }
}

/// Up to which revision changes were made into feeds and announced.
///
/// # Errors
/// If the store does not answer.
pub async fn followed(tx: &mut Tx) -> Result<i64> {
    const GET: &str = "select value from counters where name = 'feeds'";
    let rev = on!(tx, c => sqlx::query_scalar::<_, i64>(GET).fetch_optional(c).await)?;
    Ok(rev.unwrap_or_default())
}

/// Notes up to which revision changes were made into feeds.
///
/// # Errors
/// If the store does not answer.
pub async fn set_followed(tx: &mut Tx, rev: i64) -> Result<()> {
    const PUT: &str = "insert into counters (name, value) values ('feeds', $1) \
        on conflict (name) do update set value = excluded.value";
    on!(tx, c => sqlx::query(PUT).bind(rev).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Feeds whose bytes are not those that were last announced: path and hash.
/// Bytes that nobody had before are no change.
///
/// # Errors
/// If the store does not answer.
pub async fn unannounced(tx: &mut Tx, limit: i64) -> Result<Vec<(String, String)>> {
    const LIST: &str =
        "select path, hash from feeds where announced <> hash order by path limit $1";
    Ok(on!(tx, c => sqlx::query_as::<_, (String, String)>(LIST).bind(limit).fetch_all(c).await)?)
}

/// Notes that these bytes are announced; false if they were, or are no more
/// the last.
///
/// # Errors
/// If the store does not answer.
pub async fn announce(tx: &mut Tx, path: &str, hash: &str) -> Result<bool> {
    const SET: &str =
        "update feeds set announced = $2 where path = $1 and hash = $2 and announced <> $2";
    let touched = on!(tx, c => sqlx::query(SET).bind(path).bind(hash).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(touched == 1)
}

/// Is the feed at `path` known: was it ever made?
///
/// # Errors
/// If the store does not answer.
pub async fn was_made(tx: &mut Tx, path: &str) -> Result<bool> {
    const GET: &str = "select 1 from feeds where path = $1";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i32>(GET).bind(path).fetch_optional(c).await)?
        .is_some())
}

/// Since when the feed's bytes are what they are, if `hash` is that of the
/// bytes noted last.
///
/// # Errors
/// If the store does not answer.
pub async fn known(tx: &mut Tx, path: &str, hash: &str) -> Result<Option<Time>> {
    const GET: &str = "select changed from feeds where path = $1 and hash = $2";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(path).bind(hash).fetch_optional(c).await)?.map(time))
}
