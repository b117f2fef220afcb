//! The same piece as several sources gave it. The copy that is shown is the
//! row in `articles`; the others wait here in case it goes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::articles::Fresh;
use super::{Result, Tx, from_json, millis, on, time, to_json};
use crate::article::{ArticleId, Card, Hint, Image, Label, SafeHtml};
use crate::region::{Country, Origin, Reason, RegionPath};

/// A copy that is not the one shown.
#[derive(Debug, Clone)]
pub struct Copy {
    /// Name of the source that gave it.
    pub source: String,
    /// That source's own id of it.
    pub guid: String,
    /// The copy; `None` if that source has it no more.
    pub piece: Option<Fresh>,
}

/// A copy as it stands in its column.
#[derive(Serialize, Deserialize)]
struct Column {
    url: Option<String>,
    title: String,
    authors: Vec<String>,
    language: String,
    teaser: String,
    image: Option<Image>,
    hints: Vec<Hint>,
    regions: Vec<RegionPath>,
    countries: Vec<Country>,
    region_origin: Origin,
    credit: Option<String>,
    first_seen: i64,
    html: String,
    text: String,
    labels: Vec<Label>,
    reasons: Vec<Reason>,
}

impl Column {
    fn of(fresh: &Fresh) -> Self {
        let card = fresh.card.clone();
        Self {
            url: card.url,
            title: card.title,
            authors: card.authors,
            language: card.language,
            teaser: card.teaser,
            image: card.image,
            hints: card.hints,
            regions: card.regions,
            countries: card.countries,
            region_origin: card.region_origin,
            credit: card.credit,
            first_seen: millis(card.first_seen),
            html: fresh.html.as_str().to_owned(),
            text: fresh.text.clone(),
            labels: fresh.labels.clone(),
            reasons: fresh.reasons.clone(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    source: String,
    guid: String,
    article_id: i64,
    hash: String,
    published: i64,
    updated: i64,
    piece: Option<String>,
}

impl Row {
    fn read(self) -> Result<Copy> {
        let column: Option<Column> = self
            .piece
            .as_deref()
            .map(|piece| from_json("article_copies.piece", piece))
            .transpose()?;
        let piece = column.map(|column| Fresh {
            card: Card {
                id: ArticleId(self.article_id),
                // The identity is that of the piece, not of a copy.
                uid: Uuid::nil(),
                source: self.source.clone(),
                guid: self.guid.clone(),
                url: column.url,
                title: column.title,
                authors: column.authors,
                published: time(self.published),
                updated: time(self.updated),
                language: column.language,
                teaser: column.teaser,
                image: column.image,
                hints: column.hints,
                regions: column.regions,
                countries: column.countries,
                region_origin: column.region_origin,
                credit: column.credit,
                first_seen: time(column.first_seen),
            },
            html: SafeHtml::from_store(column.html),
            text: column.text,
            labels: column.labels,
            reasons: column.reasons,
            operator_region: None,
            hash: self.hash,
        });
        Ok(Copy { source: self.source, guid: self.guid, piece })
    }
}

/// Keeps a copy of the piece `id`; one of the same source and guid is replaced.
///
/// # Errors
/// If the store does not answer.
pub async fn put(tx: &mut Tx, id: ArticleId, fresh: &Fresh) -> Result<()> {
    const PUT: &str = "insert into article_copies (source, guid, article_id, hash, published, updated, piece) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (source, guid) do update set \
         article_id = excluded.article_id, hash = excluded.hash, published = excluded.published, \
         updated = excluded.updated, piece = excluded.piece";
    let card = &fresh.card;
    on!(tx, c => sqlx::query(PUT).bind(&card.source).bind(&card.guid).bind(id.0).bind(&fresh.hash)
        .bind(millis(card.published)).bind(millis(card.updated)).bind(to_json(&Column::of(fresh)))
        .execute(c).await.map(|_| ()))?;
    Ok(())
}

/// The source has its copy no more; that it once had it is remembered. Gives
/// the piece, `None` if there was no such copy.
///
/// # Errors
/// If the store does not answer.
pub async fn let_go(tx: &mut Tx, source: &str, guid: &str) -> Result<Option<ArticleId>> {
    const LET_GO: &str = "update article_copies set piece = null \
                          where source = $1 and guid = $2 and piece is not null returning article_id";
    let id = on!(tx, c => sqlx::query_scalar::<_, i64>(LET_GO).bind(source).bind(guid).fetch_optional(c).await)?;
    Ok(id.map(ArticleId))
}

/// Forgets a copy: it is the one that is shown now.
///
/// # Errors
/// If the store does not answer.
pub async fn remove(tx: &mut Tx, source: &str, guid: &str) -> Result<()> {
    const REMOVE: &str = "delete from article_copies where source = $1 and guid = $2";
    on!(tx, c => sqlx::query(REMOVE).bind(source).bind(guid).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// All copies of the piece `id` but the one shown, by source and guid.
///
/// # Errors
/// If the store does not answer.
pub async fn of(tx: &mut Tx, id: ArticleId) -> Result<Vec<Copy>> {
    const LIST: &str = "select source, guid, article_id, hash, published, updated, piece \
                        from article_copies where article_id = $1 order by source, guid";
    let rows = on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(id.0).fetch_all(c).await)?;
    rows.into_iter().map(Row::read).collect()
}

/// The sources that have a copy of the piece `id`, without that of the copy
/// shown.
///
/// # Errors
/// If the store does not answer.
pub(super) async fn sources(tx: &mut Tx, id: i64) -> Result<Vec<String>> {
    const LIST: &str = "select distinct source from article_copies \
                        where article_id = $1 and piece is not null order by source";
    Ok(on!(tx, c => sqlx::query_scalar::<_, String>(LIST).bind(id).fetch_all(c).await)?)
}
