//! Editions: what each digest has published, and of which pieces.

use super::{Result, Time, Tx, millis, on, time};
use crate::article::{ArticleId, Card};

/// Where an edition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditionState {
    /// Deliveries are being written, and may be claimed.
    Compiling,
    /// All deliveries are written, and may be claimed.
    Sending,
    /// The operator stopped it for now.
    Paused,
    /// The operator stopped it for good.
    Cancelled,
    /// Every delivery is settled.
    Done,
}

impl EditionState {
    /// The word in the store and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compiling => "compiling",
            Self::Sending => "sending",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    /// May its deliveries be claimed and handed over? While more of them are
    /// being written, those that are there go out already.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Compiling | Self::Sending)
    }

    fn parse(word: &str) -> Self {
        [Self::Compiling, Self::Sending, Self::Paused, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Done)
    }
}

/// One issue of a digest.
#[derive(Debug, Clone, PartialEq)]
pub struct EditionRow {
    /// Row number; stands in addresses.
    pub id: i64,
    /// Permanent identity.
    pub uid: uuid::Uuid,
    /// Which digest.
    pub digest: String,
    /// Key of its slot.
    pub slot: i64,
    /// 1 for the first edition of its digest.
    pub number: i64,
    /// Where it stands.
    pub state: EditionState,
    /// When its contents were fixed.
    pub frozen: Time,
    /// When its last delivery was settled.
    pub settled: Option<Time>,
    /// Title of the digest at that time.
    pub title: String,
    /// What the frame of its mails says, as JSON; `flow` knows the form.
    pub frame: String,
    /// The last subscriber row that its deliveries cover; the highest number
    /// there is when all are written.
    pub compiled_to: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    uid: uuid::Uuid,
    digest: String,
    slot: i64,
    number: i64,
    state: String,
    frozen: i64,
    settled: Option<i64>,
    title: String,
    frame: String,
    compiled_to: i64,
}

impl Row {
    fn read(self) -> EditionRow {
        EditionRow {
            state: EditionState::parse(&self.state),
            frozen: time(self.frozen),
            settled: self.settled.map(time),
            id: self.id,
            uid: self.uid,
            digest: self.digest,
            slot: self.slot,
            number: self.number,
            title: self.title,
            frame: self.frame,
            compiled_to: self.compiled_to,
        }
    }
}

macro_rules! columns {
    () => {
        "id, uid, digest, slot, number, state, frozen, settled, title, frame, compiled_to"
    };
}

/// What a digest remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestState {
    /// Since when the digest is known: slots before that never were.
    pub known_since: Time,
    /// Key of the last slot that was dealt with.
    pub last_slot: Option<i64>,
    /// Pieces that appeared before this are never news.
    pub horizon: Option<Time>,
    /// Pieces up to this row are dealt with: taken, or older than the horizon.
    pub settled_below: ArticleId,
}

/// What the digest `name` remembers; it is known from `now` on if it was not.
///
/// # Errors
/// If the store does not answer.
pub async fn digest(tx: &mut Tx, name: &str, now: Time) -> Result<DigestState> {
    const ADD: &str =
        "insert into digests (name, known_since) values ($1, $2) on conflict (name) do nothing";
    const GET: &str =
        "select known_since, last_slot, horizon, settled_below from digests where name = $1";
    on!(tx, c => sqlx::query(ADD).bind(name).bind(millis(now)).execute(&mut *c).await.map(|_| ()))?;
    let (known_since, last_slot, horizon, settled_below) = on!(tx, c =>
        sqlx::query_as::<_, (i64, Option<i64>, Option<i64>, i64)>(GET).bind(name).fetch_one(c).await)?;
    Ok(DigestState {
        known_since: time(known_since),
        last_slot,
        horizon: horizon.map(time),
        settled_below: ArticleId(settled_below),
    })
}

/// What the digest `name` remembers, if it is known; writes nothing.
///
/// # Errors
/// If the store does not answer.
pub async fn peek_digest(tx: &mut Tx, name: &str) -> Result<Option<DigestState>> {
    const GET: &str =
        "select known_since, last_slot, horizon, settled_below from digests where name = $1";
    let row = on!(tx, c => sqlx::query_as::<_, (i64, Option<i64>, Option<i64>, i64)>(GET).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(known_since, last_slot, horizon, settled_below)| DigestState {
        known_since: time(known_since),
        last_slot,
        horizon: horizon.map(time),
        settled_below: ArticleId(settled_below),
    }))
}

/// Notes that the slot is dealt with, unless a later one is. False if it or a
/// later one was: then another machine has it.
///
/// # Errors
/// If the store does not answer.
pub async fn take_slot(tx: &mut Tx, digest: &str, slot: i64) -> Result<bool> {
    const TAKE: &str = "update digests set last_slot = $2 where name = $1 and (last_slot is null or last_slot < $2)";
    Ok(
        on!(tx, c => sqlx::query(TAKE).bind(digest).bind(slot).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Notes from when on pieces are news, and up to which row all are dealt with.
///
/// # Errors
/// If the store does not answer.
pub async fn settle_articles(
    tx: &mut Tx,
    digest: &str,
    horizon: Time,
    below: ArticleId,
) -> Result<()> {
    const SET: &str = "update digests set horizon = $2, settled_below = $3 where name = $1 and settled_below <= $3";
    on!(tx, c => sqlx::query(SET).bind(digest).bind(millis(horizon)).bind(below.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// A new edition.
#[derive(Debug, Clone)]
pub struct NewEdition<'a> {
    /// Permanent identity.
    pub uid: uuid::Uuid,
    /// Which digest.
    pub digest: &'a str,
    /// Key of its slot.
    pub slot: i64,
    /// When its contents were fixed.
    pub frozen: Time,
    /// Title of the digest.
    pub title: &'a str,
    /// What the frame of its mails says, as JSON.
    pub frame: &'a str,
}

/// Writes an edition, in state `compiling`. `None` if there is one for that
/// slot: doubling is impossible.
///
/// # Errors
/// If the store does not answer.
pub async fn insert(tx: &mut Tx, new: &NewEdition<'_>) -> Result<Option<EditionRow>> {
    const INSERT: &str = concat!(
        "insert into editions (uid, digest, slot, number, state, frozen, title, frame) \
         select $1, $2, $3, (select coalesce(max(number), 0) + 1 from editions where digest = $2), 'compiling', $4, $5, $6 \
         where not exists (select 1 from editions where digest = $2 and slot = $3) returning ",
        columns!()
    );
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(INSERT)
        .bind(new.uid).bind(new.digest).bind(new.slot).bind(millis(new.frozen)).bind(new.title).bind(new.frame)
        .fetch_optional(c).await)?.map(Row::read))
}

/// Puts a piece into an edition: from now on it is no news for that digest. A
/// copy of a piece has the negative of its position and is in no list of pieces.
///
/// # Errors
/// If it is in an edition of that digest already.
pub async fn add_article(
    tx: &mut Tx,
    edition: &EditionRow,
    position: i64,
    article: ArticleId,
    piece: &str,
) -> Result<()> {
    const ADD: &str = "insert into edition_articles (digest, article_id, edition_id, position, piece) values ($1, $2, $3, $4, $5)";
    on!(tx, c => sqlx::query(ADD).bind(&edition.digest).bind(article.0).bind(edition.id).bind(position).bind(piece)
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The pieces of an edition as they were frozen, in order, without copies.
///
/// # Errors
/// If the store does not answer.
pub async fn pieces(tx: &mut Tx, edition: i64) -> Result<Vec<String>> {
    const LIST: &str = "select piece from edition_articles where edition_id = $1 and position > 0 order by position";
    Ok(on!(tx, c => sqlx::query_scalar::<_, String>(LIST).bind(edition).fetch_all(c).await)?)
}

/// Pieces that may be news for a digest: not in any edition of it, not before
/// its horizon; newest first.
///
/// # Errors
/// If the store does not answer.
pub async fn candidates(
    tx: &mut Tx,
    digest: &str,
    horizon: Time,
    above: ArticleId,
    limit: i64,
) -> Result<Vec<Card>> {
    const LIST: &str = "select a.id from articles a where a.id > $1 and a.withdrawn is null and a.published >= $2 \
         and not exists (select 1 from edition_articles e where e.digest = $3 and e.article_id = a.id) \
         order by a.published desc, a.id desc limit $4";
    let ids = on!(tx, c => sqlx::query_scalar::<_, i64>(LIST)
        .bind(above.0).bind(millis(horizon)).bind(digest).bind(limit).fetch_all(c).await)?;
    let mut cards = Vec::with_capacity(ids.len());
    for id in ids {
        cards.extend(super::articles::card(tx, ArticleId(id)).await?);
    }
    Ok(cards)
}

/// The highest article row there is.
///
/// # Errors
/// If the store does not answer.
pub async fn highest_article(tx: &mut Tx) -> Result<ArticleId> {
    const GET: &str = "select coalesce(max(id), 0) from articles";
    Ok(ArticleId(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).fetch_one(c).await)?))
}

/// Notes that the deliveries cover all subscribers up to row `to`.
///
/// # Errors
/// If the store does not answer.
pub async fn set_compiled_to(tx: &mut Tx, edition: i64, from: i64, to: i64) -> Result<bool> {
    const SET: &str = "update editions set compiled_to = $3 where id = $1 and compiled_to = $2 and state = 'compiling'";
    Ok(
        on!(tx, c => sqlx::query(SET).bind(edition).bind(from).bind(to).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Notes that all deliveries are written, and lets the edition be settled;
/// false if it was stopped meanwhile.
///
/// # Errors
/// If the store does not answer.
pub async fn complete(tx: &mut Tx, edition: i64) -> Result<bool> {
    const COMPLETE: &str = "update editions set state = 'sending', compiled_to = $2 where id = $1 and state = 'compiling'";
    Ok(
        on!(tx, c => sqlx::query(COMPLETE).bind(edition).bind(i64::MAX).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Lets a paused edition go on where it was: writing deliveries, or sending.
/// False if it is not paused.
///
/// # Errors
/// If the store does not answer.
pub async fn resume(tx: &mut Tx, edition: i64) -> Result<bool> {
    const RESUME: &str = "update editions set state = case when compiled_to = $2 then 'sending' else 'compiling' end \
         where id = $1 and state = 'paused'";
    Ok(
        on!(tx, c => sqlx::query(RESUME).bind(edition).bind(i64::MAX).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Moves an edition from one state to another; false if it was elsewhere.
///
/// # Errors
/// If the store does not answer.
pub async fn move_state(
    tx: &mut Tx,
    edition: i64,
    from: EditionState,
    to: EditionState,
) -> Result<bool> {
    const MOVE: &str = "update editions set state = $3 where id = $1 and state = $2";
    Ok(on!(tx, c => sqlx::query(MOVE).bind(edition).bind(from.as_str()).bind(to.as_str())
        .execute(c).await.map(|done| done.rows_affected()))?
        == 1)
}

/// Is any delivery of an edition open?
///
/// # Errors
/// If the store does not answer.
pub async fn has_open(tx: &mut Tx, edition: i64) -> Result<bool> {
    // Two questions, each with an index of its own.
    const OPEN: &str = "select exists (select 1 from deliveries where edition_id = $1 and state = 'queued') \
         or exists (select 1 from deliveries where edition_id = $1 and instance is not null)";
    Ok(on!(tx, c => sqlx::query_scalar::<_, bool>(OPEN).bind(edition).fetch_one(c).await)?)
}

/// Notes an edition as done if no delivery of it is open. True if it is now.
///
/// # Errors
/// If the store does not answer.
pub async fn settle(tx: &mut Tx, edition: i64, now: Time) -> Result<bool> {
    const SETTLE: &str = "update editions set state = 'done', settled = $2 where id = $1 and state = 'sending' \
         and not exists (select 1 from deliveries where edition_id = $1 and state = 'queued') \
         and not exists (select 1 from deliveries where edition_id = $1 and instance is not null)";
    Ok(
        on!(tx, c => sqlx::query(SETTLE).bind(edition).bind(millis(now)).execute(c).await.map(|done| done.rows_affected()))?
            == 1,
    )
}

/// Editions that are not done and not cancelled, oldest first.
///
/// # Errors
/// If the store does not answer.
pub async fn open(tx: &mut Tx) -> Result<Vec<EditionRow>> {
    const LIST: &str = concat!(
        "select ",
        columns!(),
        " from editions where state in ('compiling', 'sending', 'paused') order by id"
    );
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(LIST).fetch_all(c).await)?
        .into_iter()
        .map(Row::read)
        .collect())
}

/// One edition.
///
/// # Errors
/// If the store does not answer.
pub async fn get(tx: &mut Tx, id: i64) -> Result<Option<EditionRow>> {
    const GET: &str = concat!("select ", columns!(), " from editions where id = $1");
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(id).fetch_optional(c).await)?.map(Row::read))
}

/// The newest editions, newest first: of one digest, or of all.
///
/// # Errors
/// If the store does not answer.
pub async fn latest(tx: &mut Tx, digest: Option<&str>, limit: i64) -> Result<Vec<EditionRow>> {
    const ALL: &str = concat!("select ", columns!(), " from editions order by id desc limit $1");
    const ONE: &str = concat!(
        "select ",
        columns!(),
        " from editions where digest = $2 order by frozen desc, id desc limit $1"
    );
    let rows = on!(tx, c => match digest {
        Some(digest) => sqlx::query_as::<_, Row>(ONE).bind(limit).bind(digest).fetch_all(c).await,
        None => sqlx::query_as::<_, Row>(ALL).bind(limit).fetch_all(c).await,
    })?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// One edition by its digest and number, as in its address.
///
/// # Errors
/// If the store does not answer.
pub async fn by_number(tx: &mut Tx, digest: &str, number: i64) -> Result<Option<EditionRow>> {
    const GET: &str =
        concat!("select ", columns!(), " from editions where digest = $1 and number = $2");
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(digest).bind(number).fetch_optional(c).await)?
        .map(Row::read))
}

/// Editions of a digest with a number below `number`, the highest first.
///
/// # Errors
/// If the store does not answer.
pub async fn below(tx: &mut Tx, digest: &str, number: i64, limit: i64) -> Result<Vec<EditionRow>> {
    const LIST: &str = concat!(
        "select ",
        columns!(),
        " from editions where digest = $1 and number < $2 order by number desc limit $3"
    );
    Ok(on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(digest).bind(number).bind(limit).fetch_all(c).await)?
        .into_iter()
        .map(Row::read)
        .collect())
}

/// The row number of the newest edition of all digests; 0 if there is none.
///
/// # Errors
/// If the store does not answer.
pub async fn newest(tx: &mut Tx) -> Result<i64> {
    const GET: &str = "select coalesce(max(id), 0) from editions";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).fetch_one(c).await)?)
}
