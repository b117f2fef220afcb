//! Subscribers: added, found, changed, forgotten.

use super::{Result, Time, Tx, from_json, millis, on, time, to_json};
use crate::region::RegionPath;
use crate::subscriber::{Address, Standing, Subscriber};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    uid: uuid::Uuid,
    email: String,
    name: String,
    standing: String,
    regions: String,
    timezone: Option<String>,
    language: Option<String>,
    digests: String,
    consent: String,
    attributes: String,
    created: i64,
}

impl Row {
    fn read(self) -> Result<Subscriber> {
        let address = Address::parse(&self.email).map_err(|error| {
            super::StoreError::Refused(format!("subscriber {}: {error}", self.id))
        })?;
        Ok(Subscriber {
            id: self.id,
            uid: self.uid,
            address,
            name: self.name,
            standing: Standing::parse(&self.standing).unwrap_or(Standing::Pending),
            regions: from_json::<Vec<RegionPath>>("subscribers.regions", &self.regions)?,
            timezone: self.timezone.and_then(|zone| zone.parse().ok()),
            language: self.language,
            digests: from_json("subscribers.digests", &self.digests)?,
            consent: self.consent,
            attributes: from_json("subscribers.attributes", &self.attributes)?,
            created: time(self.created),
        })
    }
}

macro_rules! columns {
    () => {
        "id, uid, email, name, standing, regions, timezone, language, digests, consent, attributes, created"
    };
}

/// What became of a row that was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// There was one with that address; it has the new choices now.
    Changed,
}

/// Adds a subscriber, or gives the one with that address these choices.
/// Identity and date of the first stay; the standing is set to the given one.
///
/// # Errors
/// If the store does not answer.
pub async fn put(tx: &mut Tx, subscriber: &Subscriber, now: Time) -> Result<Put> {
    const PUT: &str = "insert into subscribers (uid, email, email_key, name, standing, regions, timezone, language, \
         digests, consent, attributes, created, changed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) \
         on conflict (email_key) do update set email = excluded.email, name = excluded.name, \
         standing = excluded.standing, regions = excluded.regions, timezone = excluded.timezone, \
         language = excluded.language, digests = excluded.digests, consent = excluded.consent, \
         attributes = excluded.attributes, changed = excluded.changed returning uid";
    let uid = on!(tx, c => sqlx::query_scalar::<_, uuid::Uuid>(PUT)
        .bind(subscriber.uid).bind(subscriber.address.as_str()).bind(subscriber.address.normalized())
        .bind(&subscriber.name).bind(subscriber.standing.as_str()).bind(to_json(&subscriber.regions))
        .bind(subscriber.timezone.map(chrono_tz::Tz::name)).bind(&subscriber.language).bind(to_json(&subscriber.digests))
        .bind(&subscriber.consent).bind(to_json(&subscriber.attributes)).bind(millis(now))
        .fetch_one(c).await)?;
    Ok(if uid == subscriber.uid { Put::Added } else { Put::Changed })
}

/// The subscriber with that address.
///
/// # Errors
/// If the store does not answer.
pub async fn by_address(tx: &mut Tx, address: &Address) -> Result<Option<Subscriber>> {
    const GET: &str = concat!("select ", columns!(), " from subscribers where email_key = $1");
    on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(address.normalized()).fetch_optional(c).await)?
        .map(Row::read)
        .transpose()
}

/// The subscriber with that identity.
///
/// # Errors
/// If the store does not answer.
pub async fn by_uid(tx: &mut Tx, uid: uuid::Uuid) -> Result<Option<Subscriber>> {
    const GET: &str = concat!("select ", columns!(), " from subscribers where uid = $1");
    on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(uid).fetch_optional(c).await)?
        .map(Row::read)
        .transpose()
}

/// The subscriber in that row.
///
/// # Errors
/// If the store does not answer.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Subscriber>> {
    const GET: &str = concat!("select ", columns!(), " from subscribers where id = $1");
    on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(id).fetch_optional(c).await)?
        .map(Row::read)
        .transpose()
}

/// Subscribers of any standing after row `after`, at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Subscriber>> {
    const LIST: &str =
        concat!("select ", columns!(), " from subscribers where id > $1 order by id limit $2");
    on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(after).bind(limit).fetch_all(c).await)?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// Active subscribers after row `after`, at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn active(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Subscriber>> {
    const LIST: &str = concat!(
        "select ",
        columns!(),
        " from subscribers where standing = 'active' and id > $1 order by id limit $2"
    );
    on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(after).bind(limit).fetch_all(c).await)?
        .into_iter()
        .map(Row::read)
        .collect()
}

/// The zones in which active subscribers live; `None` for those who named none.
///
/// # Errors
/// If the store does not answer.
pub async fn zones(tx: &mut Tx) -> Result<Vec<Option<chrono_tz::Tz>>> {
    const LIST: &str = "select distinct timezone from subscribers where standing = 'active'";
    let rows = on!(tx, c => sqlx::query_scalar::<_, Option<String>>(LIST).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|zone| zone.and_then(|zone| zone.parse().ok())).collect())
}

/// Moves a subscriber from one of `from` to `to`; false if they stand elsewhere.
///
/// # Errors
/// If the store does not answer.
pub async fn move_standing(
    tx: &mut Tx,
    id: i64,
    from: &[Standing],
    to: Standing,
    now: Time,
) -> Result<bool> {
    const MOVE: &str =
        "update subscribers set standing = $2, changed = $3 where id = $1 and standing = $4";
    for standing in from {
        let touched = on!(tx, c => sqlx::query(MOVE).bind(id).bind(to.as_str()).bind(millis(now)).bind(standing.as_str())
            .execute(c).await.map(|done| done.rows_affected()))?;
        if touched == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When the subscriber was last sent a confirmation that is still open.
///
/// # Errors
/// If the store does not answer.
pub async fn invited(tx: &mut Tx, id: i64) -> Result<Option<Time>> {
    const GET: &str = "select invited from subscribers where id = $1";
    Ok(on!(tx, c => sqlx::query_scalar::<_, Option<i64>>(GET).bind(id).fetch_optional(c).await)?
        .flatten()
        .map(time))
}

/// Notes that a confirmation went out, or (`None`) that it was used.
///
/// # Errors
/// If the store does not answer.
pub async fn set_invited(tx: &mut Tx, id: i64, at: Option<Time>) -> Result<()> {
    const SET: &str = "update subscribers set invited = $2 where id = $1";
    on!(tx, c => sqlx::query(SET).bind(id).bind(at.map(millis)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Erases everything personal of a subscriber. The row stays, empty, so that
/// the ledger of what was sent stays whole.
///
/// # Errors
/// If the store does not answer.
pub async fn erase(tx: &mut Tx, id: i64, now: Time) -> Result<()> {
    const ERASE: &str = "update subscribers set email = $2, email_key = $2, name = '', standing = 'left', regions = '[]', \
         timezone = null, language = null, digests = '[]', consent = '', attributes = '{}', changed = $3, invited = null \
         where id = $1";
    let nobody = format!("forgotten-{id}@forgotten.invalid");
    on!(tx, c => sqlx::query(ERASE).bind(id).bind(nobody).bind(millis(now)).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// How many subscribers stand where.
///
/// # Errors
/// If the store does not answer.
pub async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    const COUNT: &str =
        "select standing, count(*) from subscribers group by standing order by standing";
    Ok(on!(tx, c => sqlx::query_as(COUNT).fetch_all(c).await)?)
}
