//! Articles: taken in, corrected, withdrawn, listed.

use std::collections::{BTreeMap, BTreeSet};

use super::feeds::Which;
use super::{Result, Time, Tx, from_json, millis, on, time, to_json};
use crate::article::{
    Article, ArticleId, Card, Image, Label, LabelKind, SafeHtml, identity, language,
};
use crate::region::{Country, Origin, Reason, RegionPath};

/// Tags of one piece that are kept.
const MOST_TAGS: usize = 20;

/// What the store already knows of a piece when it arrives again.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Which row.
    pub id: ArticleId,
    /// Whether this source's copy is the one shown; another source's is if not.
    pub shown: bool,
    /// [`Fresh::hash`] of the last arrival.
    pub hash: String,
    /// Is it withdrawn, or has this source let go of its copy?
    pub withdrawn: bool,
    /// What the operator said of its region.
    pub operator_region: Option<RegionPath>,
    /// When it appeared, as was decided then.
    pub published: Time,
    /// When it last changed for a reader.
    pub updated: Time,
}

/// A piece that is about to be stored.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// All but the text; its `id` is ignored.
    pub card: Card,
    /// The piece, safe to show.
    pub html: SafeHtml,
    /// The piece as plain text.
    pub text: String,
    /// The publisher's labels.
    pub labels: Vec<Label>,
    /// Why it stands in its regions.
    pub reasons: Vec<Reason>,
    /// The operator's word on its region.
    pub operator_region: Option<RegionPath>,
    /// Hash of all that the source gave.
    pub hash: String,
}

/// Why a piece stands where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// The publisher's labels.
    pub labels: Vec<Label>,
    /// What spoke for what.
    pub reasons: Vec<Reason>,
    /// The operator's word on its region.
    pub operator_region: Option<RegionPath>,
}

/// The state of the whole collection: grows with every change of any article.
///
/// # Errors
/// If the store does not answer.
pub async fn revision(tx: &mut Tx) -> Result<i64> {
    const GET: &str = "select value from counters where name = 'rev'";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).fetch_one(c).await)?)
}

/// Writers take their number here one after the other, so a reader who has
/// seen a revision has seen all before it.
async fn next_revision(tx: &mut Tx) -> Result<i64> {
    const NEXT: &str = "update counters set value = value + 1 where name = 'rev' returning value";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(NEXT).fetch_one(c).await)?)
}

/// Waits for all who write pieces now: what they wrote is seen after this, and
/// nobody writes any until this transaction ends.
///
/// # Errors
/// If the store does not answer.
pub async fn in_turn(tx: &mut Tx) -> Result<()> {
    const WAIT: &str = "select value from counters where name = 'rev' for update";
    // On SQLite whoever writes is alone.
    if let Tx::Postgres(open) = tx {
        sqlx::query(WAIT).execute(&mut **open).await?;
    }
    Ok(())
}

/// What is known of the piece `guid` of `source`.
///
/// # Errors
/// If the store does not answer.
pub async fn known(tx: &mut Tx, source: &str, guid: &str) -> Result<Option<Known>> {
    const SHOWN: &str = "select id, hash, withdrawn, operator_region, published, updated \
                         from articles where source = $1 and guid = $2";
    const COPY: &str = "select k.article_id, k.hash, case when k.piece is null then k.updated end, a.operator_region, \
                        k.published, k.updated from article_copies k join articles a on a.id = k.article_id \
                        where k.source = $1 and k.guid = $2";
    type Row = (i64, String, Option<i64>, Option<String>, i64, i64);
    for (text, shown) in [(SHOWN, true), (COPY, false)] {
        let row = on!(tx, c => sqlx::query_as::<_, Row>(text).bind(source).bind(guid).fetch_optional(c).await)?;
        if let Some((id, hash, withdrawn, operator_region, published, updated)) = row {
            return Ok(Some(Known {
                id: ArticleId(id),
                shown,
                hash,
                withdrawn: withdrawn.is_some(),
                operator_region: operator_region.and_then(|path| RegionPath::parse(&path).ok()),
                published: time(published),
                updated: time(updated),
            }));
        }
    }
    Ok(None)
}

/// Pieces at the same address of which `source` has no copy, oldest first, at
/// most eight; withdrawn ones too.
///
/// # Errors
/// If the store does not answer.
pub async fn elsewhere(tx: &mut Tx, source: &str, url: &str) -> Result<Vec<ArticleId>> {
    const LIST: &str = "select a.id from articles a where a.address = $1 and a.source <> $2 \
        and not exists (select 1 from article_copies k where k.article_id = a.id and k.source = $2) \
        order by a.id limit 8";
    let ids = on!(tx, c => sqlx::query_scalar::<_, i64>(LIST).bind(identity::address(url)).bind(source)
        .fetch_all(c).await)?;
    Ok(ids.into_iter().map(ArticleId).collect())
}

/// The guid of a piece of `source` at the address `url` that has the same title
/// or the same date.
///
/// # Errors
/// If the store does not answer.
pub async fn looking_like(
    tx: &mut Tx,
    source: &str,
    url: &str,
    title: &str,
    published: Option<Time>,
) -> Result<Option<String>> {
    const GET: &str = "select guid from articles where address = $1 and source = $2 \
                       and (title = $3 or published = $4) and withdrawn is null order by id limit 1";
    let guid = on!(tx, c => sqlx::query_scalar::<_, String>(GET).bind(identity::address(url)).bind(source).bind(title)
        .bind(published.map(millis)).fetch_optional(c).await)?;
    Ok(guid)
}

/// Stores a piece that was never seen before.
///
/// # Errors
/// If the store does not answer.
pub async fn insert(tx: &mut Tx, fresh: &Fresh) -> Result<ArticleId> {
    const INSERT: &str = "insert into articles (uid, key, source, guid, url, title, authors, published, updated, \
         language, teaser, image, hints, labels, regions, countries, region_origin, reasons, operator_region, \
         credit, hash, first_seen, rev, address) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
         $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) returning id";
    let rev = next_revision(tx).await?;
    let card = &fresh.card;
    let id = on!(tx, c => sqlx::query_scalar::<_, i64>(INSERT)
        .bind(card.uid).bind(identity::key(card.uid)).bind(&card.source).bind(&card.guid).bind(&card.url)
        .bind(&card.title).bind(to_json(&card.authors)).bind(millis(card.published)).bind(millis(card.updated))
        .bind(&card.language).bind(&card.teaser).bind(card.image.as_ref().map(to_json)).bind(to_json(&card.hints))
        .bind(to_json(&fresh.labels)).bind(to_json(&card.regions)).bind(to_json(&card.countries))
        .bind(card.region_origin.as_str()).bind(to_json(&fresh.reasons))
        .bind(fresh.operator_region.as_ref().map(RegionPath::as_str)).bind(&card.credit).bind(&fresh.hash)
        .bind(millis(card.first_seen)).bind(rev).bind(card.url.as_deref().map(identity::address))
        .fetch_one(c).await)?;
    put_body(tx, id, fresh).await?;
    shelve(tx, id, card, &[]).await?;
    Ok(ArticleId(id))
}

/// Stores what a known piece has become; a withdrawn one is back.
///
/// # Errors
/// If the store does not answer.
pub async fn update(tx: &mut Tx, id: ArticleId, fresh: &Fresh) -> Result<()> {
    const UPDATE: &str = "update articles set url = $2, title = $3, authors = $4, published = $5, updated = $6, \
         language = $7, teaser = $8, image = $9, hints = $10, labels = $11, regions = $12, countries = $13, \
         region_origin = $14, reasons = $15, operator_region = $16, credit = $17, hash = $18, rev = $19, \
         source = $20, guid = $21, address = $22, withdrawn = null where id = $1";
    let rev = next_revision(tx).await?;
    let card = &fresh.card;
    on!(tx, c => sqlx::query(UPDATE)
        .bind(id.0).bind(&card.url).bind(&card.title).bind(to_json(&card.authors)).bind(millis(card.published))
        .bind(millis(card.updated)).bind(&card.language).bind(&card.teaser).bind(card.image.as_ref().map(to_json))
        .bind(to_json(&card.hints)).bind(to_json(&fresh.labels)).bind(to_json(&card.regions))
        .bind(to_json(&card.countries)).bind(card.region_origin.as_str()).bind(to_json(&fresh.reasons))
        .bind(fresh.operator_region.as_ref().map(RegionPath::as_str)).bind(&card.credit).bind(&fresh.hash).bind(rev)
        .bind(&card.source).bind(&card.guid).bind(card.url.as_deref().map(identity::address))
        .execute(c).await.map(|_| ()))?;
    put_body(tx, id.0, fresh).await?;
    reshelve(tx, id.0, card).await
}

/// Puts a piece on the shelves of the sources that have a copy of it now.
///
/// # Errors
/// If the store does not answer.
pub async fn reshelve_copies(tx: &mut Tx, id: ArticleId) -> Result<()> {
    const TOUCH: &str = "update articles set rev = $2 where id = $1";
    let Some(card) = card(tx, id).await? else { return Ok(()) };
    let rev = next_revision(tx).await?;
    on!(tx, c => sqlx::query(TOUCH).bind(id.0).bind(rev).execute(c).await.map(|_| ()))?;
    reshelve(tx, id.0, &card).await
}

async fn reshelve(tx: &mut Tx, id: i64, card: &Card) -> Result<()> {
    let copies = super::copies::sources(tx, id).await?;
    unshelve(tx, id).await?;
    shelve(tx, id, card, &copies).await
}

/// Withdraws a piece: it is in no feed and no digest any more. False if it
/// was withdrawn already.
///
/// # Errors
/// If the store does not answer.
pub async fn withdraw(tx: &mut Tx, id: ArticleId, now: Time) -> Result<bool> {
    const WITHDRAW: &str =
        "update articles set withdrawn = $2, rev = $3 where id = $1 and withdrawn is null";
    let rev = next_revision(tx).await?;
    let touched = on!(tx, c => sqlx::query(WITHDRAW).bind(id.0).bind(millis(now)).bind(rev)
        .execute(c).await.map(|done| done.rows_affected()))?;
    if touched == 1 {
        unshelve(tx, id.0).await?;
    }
    Ok(touched == 1)
}

/// Brings a withdrawn piece of a source back, by the key in its address; false
/// if there is none.
///
/// # Errors
/// If the store does not answer.
pub async fn restore(tx: &mut Tx, source: &str, key: &str) -> Result<bool> {
    const RESTORE: &str = "update articles set withdrawn = null, rev = $3 where source = $1 and key = $2 \
                           and withdrawn is not null returning id";
    let rev = next_revision(tx).await?;
    let id = on!(tx, c => sqlx::query_scalar::<_, i64>(RESTORE).bind(source).bind(key).bind(rev)
        .fetch_optional(c).await)?;
    let Some(id) = id.map(ArticleId) else { return Ok(false) };
    if let Some(card) = card(tx, id).await? {
        reshelve(tx, id.0, &card).await?;
    }
    Ok(true)
}

/// The guids of all pieces that a source has, not withdrawn, shown or not.
///
/// # Errors
/// If the store does not answer.
pub async fn guids(tx: &mut Tx, source: &str) -> Result<Vec<(String, ArticleId)>> {
    const LIST: &str = "select guid, id from articles where source = $1 and withdrawn is null \
        union all select guid, article_id from article_copies where source = $1 and piece is not null \
        order by guid";
    let rows =
        on!(tx, c => sqlx::query_as::<_, (String, i64)>(LIST).bind(source).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(guid, id)| (guid, ArticleId(id))).collect())
}

async fn put_body(tx: &mut Tx, id: i64, fresh: &Fresh) -> Result<()> {
    const PUT: &str = "insert into article_bodies (article_id, html, body) values ($1, $2, $3) \
                       on conflict (article_id) do update set html = excluded.html, body = excluded.body";
    on!(tx, c => sqlx::query(PUT).bind(id).bind(fresh.html.as_str()).bind(&fresh.text).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// Puts a piece on every shelf it belongs to: those of its regions and of the
/// regions around them, of its authors, tags, source and language. A feed is
/// then one index range, and knows when anything on its shelf changed.
/// `copies` are the other sources that have it.
async fn shelve(tx: &mut Tx, id: i64, card: &Card, copies: &[String]) -> Result<()> {
    const REGION: &str =
        "insert into article_regions (region, published, article_id) values ($1, $2, $3)";
    const AUTHOR: &str =
        "insert into article_authors (slug, published, article_id, name) values ($1, $2, $3, $4)";
    const OTHER: &str =
        "insert into article_shelves (shelf, published, article_id) values ($1, $2, $3)";
    const COUNT: &str = "insert into shelves (name, title, pieces, rev) values ($1, $2, 1, $3) \
         on conflict (name) do update set pieces = shelves.pieces + 1, rev = excluded.rev, \
         title = case when excluded.title = '' then shelves.title else excluded.title end";
    let rev = revision(tx).await?;
    let published = millis(card.published);
    let mut shelves = vec![("all".to_owned(), String::new())];
    let regions: BTreeSet<RegionPath> = card.regions.iter().flat_map(RegionPath::lineage).collect();
    for region in regions {
        on!(tx, c => sqlx::query(REGION).bind(region.as_str()).bind(published).bind(id)
            .execute(c).await.map(|_| ()))?;
        shelves.push((format!("region/{region}"), String::new()));
    }
    let mut authors = BTreeMap::new();
    for name in &card.authors {
        let slug = identity::slug(name);
        if !slug.is_empty() {
            authors.entry(slug).or_insert(name);
        }
    }
    for (slug, name) in authors {
        on!(tx, c => sqlx::query(AUTHOR).bind(&slug).bind(published).bind(id).bind(name)
            .execute(c).await.map(|_| ()))?;
        shelves.push((format!("author/{slug}"), name.clone()));
    }
    let mut others = other_shelves(card, &labels(tx, ArticleId(id)).await?);
    others.extend(copies.iter().map(|source| (format!("source/{source}"), String::new())));
    for (shelf, title) in others {
        on!(tx, c => sqlx::query(OTHER).bind(&shelf).bind(published).bind(id)
            .execute(c).await.map(|_| ()))?;
        shelves.push((shelf, title));
    }
    for (shelf, title) in shelves {
        on!(tx, c => sqlx::query(COUNT).bind(shelf).bind(title).bind(rev)
            .execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// The shelves of a piece's tags, source and language, with their titles.
fn other_shelves(card: &Card, labels: &[Label]) -> BTreeMap<String, String> {
    let mut shelves = BTreeMap::from([(format!("source/{}", card.source), String::new())]);
    if let Some(language) = language::primary(&card.language) {
        shelves.insert(format!("language/{language}"), String::new());
    }
    for (slug, title) in tags(labels) {
        shelves.insert(format!("tag/{slug}"), title);
    }
    shelves
}

/// What a piece is tagged with: categories and tags, by slug.
#[must_use]
pub fn tags(labels: &[Label]) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = Vec::new();
    let named = labels.iter().filter(|label| label.kind != LabelKind::Breadcrumb);
    for title in named.filter_map(|label| label.path.last()) {
        let title = title.trim();
        let slug = identity::slug(title);
        let new = !slug.is_empty() && slug.len() <= 200 && !tags.iter().any(|(s, _)| *s == slug);
        if new && tags.len() < MOST_TAGS {
            tags.push((slug, title.to_owned()));
        }
    }
    tags
}

/// The publisher's labels on a piece.
///
/// # Errors
/// If the store does not answer.
pub async fn labels(tx: &mut Tx, id: ArticleId) -> Result<Vec<Label>> {
    const GET: &str = "select labels from articles where id = $1";
    let labels =
        on!(tx, c => sqlx::query_scalar::<_, String>(GET).bind(id.0).fetch_optional(c).await)?;
    labels.map_or(Ok(vec![]), |labels| from_json("articles.labels", &labels))
}

async fn unshelve(tx: &mut Tx, id: i64) -> Result<()> {
    const ON: &str = "select 'region/' || region from article_regions where article_id = $1 \
        union all select 'author/' || slug from article_authors where article_id = $1 \
        union all select shelf from article_shelves where article_id = $1 \
        union all select 'all'";
    const COUNT: &str = "update shelves set pieces = pieces - 1, rev = $2 where name = $1";
    const REGIONS: &str = "delete from article_regions where article_id = $1";
    const AUTHORS: &str = "delete from article_authors where article_id = $1";
    const OTHERS: &str = "delete from article_shelves where article_id = $1";
    let rev = revision(tx).await?;
    let shelves = on!(tx, c => sqlx::query_scalar::<_, String>(ON).bind(id).fetch_all(c).await)?;
    // A piece that stands nowhere was withdrawn before.
    if shelves.len() > 1 {
        for shelf in shelves {
            on!(tx, c => sqlx::query(COUNT).bind(shelf).bind(rev).execute(c).await.map(|_| ()))?;
        }
    }
    for delete in [REGIONS, AUTHORS, OTHERS] {
        on!(tx, c => sqlx::query(delete).bind(id).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

/// Which pieces a list is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only pieces in this region or inside it.
    pub region: Option<RegionPath>,
    /// Only pieces by this author, by [`identity::slug`].
    pub author: Option<String>,
    /// Only pieces on this shelf: `tag/rivers`, `source/magazine`, `language/en`.
    pub shelf: Option<String>,
    /// Only pieces that appeared at this moment or later.
    pub since: Option<Time>,
    /// Only pieces that come after this one in the list (the last of the page before).
    pub after: Option<(Time, ArticleId)>,
}

macro_rules! card_columns {
    () => {
        "a.id, a.uid, a.source, a.guid, a.url, a.title, a.authors, a.published, a.updated, a.language, a.teaser, \
         a.image, a.hints, a.regions, a.countries, a.region_origin, a.credit, a.first_seen"
    };
}

#[derive(sqlx::FromRow)]
struct CardRow {
    id: i64,
    uid: uuid::Uuid,
    source: String,
    guid: String,
    url: Option<String>,
    title: String,
    authors: String,
    published: i64,
    updated: i64,
    language: String,
    teaser: String,
    image: Option<String>,
    hints: String,
    regions: String,
    countries: String,
    region_origin: String,
    credit: Option<String>,
    first_seen: i64,
}

impl CardRow {
    fn read(self) -> Result<Card> {
        let mut regions: Vec<RegionPath> = from_json("articles.regions", &self.regions)?;
        if regions.is_empty() {
            regions.push(RegionPath::world());
        }
        Ok(Card {
            id: ArticleId(self.id),
            uid: self.uid,
            authors: from_json("articles.authors", &self.authors)?,
            image: self
                .image
                .map(|image| from_json::<Image>("articles.image", &image))
                .transpose()?,
            hints: from_json("articles.hints", &self.hints)?,
            regions,
            countries: from_json::<Vec<Country>>("articles.countries", &self.countries)?,
            region_origin: Origin::parse(&self.region_origin).unwrap_or(Origin::Source),
            source: self.source,
            guid: self.guid,
            url: self.url,
            title: self.title,
            published: time(self.published),
            updated: time(self.updated),
            language: self.language,
            teaser: self.teaser,
            credit: self.credit,
            first_seen: time(self.first_seen),
        })
    }
}

#[derive(sqlx::FromRow)]
struct ArticleRow {
    #[sqlx(flatten)]
    card: CardRow,
    html: String,
    body: String,
}

impl ArticleRow {
    fn read(self) -> Result<Article> {
        Ok(Article {
            card: self.card.read()?,
            html: SafeHtml::from_store(self.html),
            text: self.body,
        })
    }
}

/// Pieces that are not withdrawn, newest first, at most `limit`.
///
/// # Errors
/// If the store does not answer.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<Card>> {
    const ALL: &str = concat!(
        "select ",
        card_columns!(),
        " from articles a where a.withdrawn is null \
         and a.published >= $1 and (a.published, a.id) < ($2, $3) order by a.published desc, a.id desc limit $4"
    );
    // One text for each kind of shelf, so that each is one range of one index.
    macro_rules! on_shelf {
        ($table:literal, $key:literal) => {
            concat!(
                "select ",
                card_columns!(),
                " from ",
                $table,
                " s join articles a on a.id = s.article_id \
                 where s.published >= $1 and (s.published, s.article_id) < ($2, $3) and s.",
                $key,
                " = $5 order by s.published desc, s.article_id desc limit $4"
            )
        };
    }
    const REGION: &str = on_shelf!("article_regions", "region");
    const AUTHOR: &str = on_shelf!("article_authors", "slug");
    const OTHER: &str = on_shelf!("article_shelves", "shelf");
    let since = filter.since.map_or(i64::MIN, millis);
    let (before, before_id) =
        filter.after.map_or((i64::MAX, i64::MAX), |(at, id)| (millis(at), id.0));
    let (text, shelf) = match (&filter.region, &filter.author, &filter.shelf) {
        (Some(region), ..) => (REGION, Some(region.as_str())),
        (None, Some(author), _) => (AUTHOR, Some(author.as_str())),
        (None, None, Some(shelf)) => (OTHER, Some(shelf.as_str())),
        (None, None, None) => (ALL, None),
    };
    let rows = on!(tx, c => {
        let query = sqlx::query_as::<_, CardRow>(text).bind(since).bind(before).bind(before_id).bind(limit);
        match shelf {
            Some(shelf) => query.bind(shelf).fetch_all(c).await,
            None => query.fetch_all(c).await,
        }
    })?;
    rows.into_iter().map(CardRow::read).collect()
}

/// One piece with its text, unless it is withdrawn.
///
/// # Errors
/// If the store does not answer.
pub async fn get(tx: &mut Tx, id: ArticleId) -> Result<Option<Article>> {
    const GET: &str = concat!(
        "select ",
        card_columns!(),
        ", b.html, b.body from articles a \
         join article_bodies b on b.article_id = a.id where a.id = $1 and a.withdrawn is null"
    );
    on!(tx, c => sqlx::query_as::<_, ArticleRow>(GET).bind(id.0).fetch_optional(c).await)?
        .map(ArticleRow::read)
        .transpose()
}

/// One piece by the key in its page's address, unless it is withdrawn.
///
/// # Errors
/// If the store does not answer.
pub async fn by_key(tx: &mut Tx, key: &str) -> Result<Option<Article>> {
    const GET: &str = concat!(
        "select ",
        card_columns!(),
        ", b.html, b.body from articles a \
         join article_bodies b on b.article_id = a.id where a.key = $1 and a.withdrawn is null"
    );
    on!(tx, c => sqlx::query_as::<_, ArticleRow>(GET).bind(key).fetch_optional(c).await)?
        .map(ArticleRow::read)
        .transpose()
}

/// One piece without its text, unless it is withdrawn.
///
/// # Errors
/// If the store does not answer.
pub async fn card(tx: &mut Tx, id: ArticleId) -> Result<Option<Card>> {
    const GET: &str = concat!(
        "select ",
        card_columns!(),
        " from articles a where a.id = $1 and a.withdrawn is null"
    );
    on!(tx, c => sqlx::query_as::<_, CardRow>(GET).bind(id.0).fetch_optional(c).await)?
        .map(CardRow::read)
        .transpose()
}

/// The newest piece of that exact title, for a publisher's related hint.
///
/// # Errors
/// If the store does not answer.
pub async fn by_title(tx: &mut Tx, title: &str) -> Result<Option<Card>> {
    const GET: &str = concat!(
        "select ",
        card_columns!(),
        " from articles a where a.title = $1 and a.withdrawn is null \
         order by a.published desc limit 1"
    );
    on!(tx, c => sqlx::query_as::<_, CardRow>(GET).bind(title).fetch_optional(c).await)?
        .map(CardRow::read)
        .transpose()
}

/// A piece as it was stored, and whether it is withdrawn.
///
/// # Errors
/// If the store does not answer.
pub async fn fresh(tx: &mut Tx, id: ArticleId) -> Result<Option<(Fresh, bool)>> {
    const GET: &str = concat!(
        "select ",
        card_columns!(),
        ", b.html, b.body, a.hash, a.withdrawn from articles a \
         join article_bodies b on b.article_id = a.id where a.id = $1"
    );
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        article: ArticleRow,
        hash: String,
        withdrawn: Option<i64>,
    }
    let row = on!(tx, c => sqlx::query_as::<_, Row>(GET).bind(id.0).fetch_optional(c).await)?;
    let (Some(row), Some(why)) = (row, provenance(tx, id).await?) else { return Ok(None) };
    let Article { card, html, text } = row.article.read()?;
    let Provenance { labels, reasons, operator_region } = why;
    let fresh = Fresh { card, html, text, labels, reasons, operator_region, hash: row.hash };
    Ok(Some((fresh, row.withdrawn.is_some())))
}

/// Labels, reasons and the operator's word on a piece.
///
/// # Errors
/// If the store does not answer.
pub async fn provenance(tx: &mut Tx, id: ArticleId) -> Result<Option<Provenance>> {
    const GET: &str = "select labels, reasons, operator_region from articles where id = $1";
    let row = on!(tx, c => sqlx::query_as::<_, (String, String, Option<String>)>(GET).bind(id.0).fetch_optional(c).await)?;
    row.map(|(labels, reasons, operator)| {
        Ok(Provenance {
            labels: from_json("articles.labels", &labels)?,
            reasons: from_json("articles.reasons", &reasons)?,
            operator_region: operator.and_then(|path| RegionPath::parse(&path).ok()),
        })
    })
    .transpose()
}

/// Moves a piece to other regions.
///
/// # Errors
/// If the store does not answer.
pub async fn set_regions(
    tx: &mut Tx,
    card: &Card,
    operator: Option<&RegionPath>,
    reasons: &[Reason],
) -> Result<()> {
    const SET: &str = "update articles set regions = $2, countries = $3, region_origin = $4, reasons = $5, \
                       operator_region = $6, rev = $7 where id = $1";
    let rev = next_revision(tx).await?;
    on!(tx, c => sqlx::query(SET)
        .bind(card.id.0).bind(to_json(&card.regions)).bind(to_json(&card.countries)).bind(card.region_origin.as_str())
        .bind(to_json(reasons)).bind(operator.map(RegionPath::as_str)).bind(rev)
        .execute(c).await.map(|_| ()))?;
    reshelve(tx, card.id.0, card).await
}

/// A change to one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The revision at which it happened.
    pub rev: i64,
    /// Which piece.
    pub id: ArticleId,
    /// The piece with its text; `None` if it is withdrawn.
    pub article: Option<Article>,
}

/// What has changed after revision `rev`, oldest first, at most `limit`; a
/// piece that changed twice is there once.
///
/// # Errors
/// If the store does not answer.
pub async fn changes(tx: &mut Tx, rev: i64, limit: i64) -> Result<Vec<Change>> {
    const LIST: &str = concat!(
        "select ",
        card_columns!(),
        ", b.html, b.body, a.rev, a.withdrawn from articles a \
         join article_bodies b on b.article_id = a.id where a.rev > $1 order by a.rev limit $2"
    );
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        article: ArticleRow,
        rev: i64,
        withdrawn: Option<i64>,
    }
    let rows =
        on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(rev).bind(limit).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let article = row.article.read()?;
            Ok(Change {
                rev: row.rev,
                id: article.id,
                article: row.withdrawn.is_none().then_some(article),
            })
        })
        .collect()
}

/// Can this piece have stood there, published at that moment, when revision
/// `seen` was the newest? Not if there is no such piece, or if it has not
/// changed since and says otherwise.
///
/// # Errors
/// If the store does not answer.
pub async fn stood(tx: &mut Tx, id: ArticleId, published: i64, seen: i64) -> Result<bool> {
    const GET: &str = "select count(*) from articles where id = $1 and (rev > $3 or (published = $2 and withdrawn is null))";
    let found = on!(tx, c => sqlx::query_scalar::<_, i64>(GET).bind(id.0).bind(published).bind(seen).fetch_one(c).await)?;
    Ok(found == 1)
}

/// The pieces withdrawn last, latest first, with the shelves they stood on.
///
/// # Errors
/// If the store does not answer.
pub async fn withdrawn(tx: &mut Tx, limit: i64) -> Result<Vec<super::feeds::Withdrawn>> {
    const LIST: &str = concat!(
        "select ",
        card_columns!(),
        ", a.labels, a.withdrawn from articles a where a.withdrawn is not null \
         order by a.withdrawn desc limit $1"
    );
    #[derive(sqlx::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        card: CardRow,
        labels: String,
        withdrawn: i64,
    }
    let rows = on!(tx, c => sqlx::query_as::<_, Row>(LIST).bind(limit).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let labels: Vec<Label> = from_json("articles.labels", &row.labels)?;
            let card = row.card.read()?;
            let regions = card.regions.iter().flat_map(RegionPath::lineage);
            let authors =
                card.authors.iter().map(|name| format!("author/{}", identity::slug(name)));
            let shelves = std::iter::once("all".to_owned())
                .chain(regions.map(|region| format!("region/{region}")))
                .chain(authors)
                .chain(other_shelves(&card, &labels).into_keys());
            Ok(super::feeds::Withdrawn {
                uid: card.uid,
                when: time(row.withdrawn),
                shelves: shelves.collect(),
            })
        })
        .collect()
}

/// An author's name and how many pieces there are.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Author {
    /// As in addresses.
    pub slug: String,
    /// As printed.
    pub name: String,
    /// How many pieces.
    pub pieces: i64,
}

/// An author's name as printed, if there is a piece of theirs.
///
/// # Errors
/// If the store does not answer.
pub async fn author(tx: &mut Tx, slug: &str) -> Result<Option<String>> {
    const GET: &str =
        "select name from article_authors where slug = $1 order by published desc limit 1";
    Ok(on!(tx, c => sqlx::query_scalar::<_, String>(GET).bind(slug).fetch_optional(c).await)?)
}

/// All authors of pieces, by slug.
///
/// # Errors
/// If the store does not answer.
pub async fn authors(tx: &mut Tx, limit: i64) -> Result<Vec<Author>> {
    let shelves = super::feeds::shelves(tx, "author", Which::Filled, limit).await?;
    Ok(shelves
        .into_iter()
        .map(|shelf| Author { slug: shelf.key, name: shelf.title, pieces: shelf.pieces })
        .collect())
}

/// All regions that hold pieces, with how many.
///
/// # Errors
/// If the store does not answer.
pub async fn regions(tx: &mut Tx) -> Result<Vec<(RegionPath, i64)>> {
    let shelves = super::feeds::shelves(tx, "region", Which::Filled, i64::MAX).await?;
    Ok(shelves
        .into_iter()
        .filter_map(|shelf| Some((RegionPath::parse(&shelf.key).ok()?, shelf.pieces)))
        .collect())
}

/// How many pieces there are that are not withdrawn.
///
/// # Errors
/// If the store does not answer.
pub async fn count(tx: &mut Tx) -> Result<i64> {
    const COUNT: &str = "select count(*) from articles where withdrawn is null";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(COUNT).fetch_one(c).await)?)
}

/// The fingerprint of the region tree that the stored regions were decided by.
///
/// # Errors
/// If the store does not answer.
pub async fn tree_fingerprint(tx: &mut Tx) -> Result<Option<i64>> {
    const GET: &str = "select value from counters where name = 'region_tree'";
    Ok(on!(tx, c => sqlx::query_scalar::<_, i64>(GET).fetch_optional(c).await)?)
}

/// Notes the fingerprint of the region tree.
///
/// # Errors
/// If the store does not answer.
pub async fn set_tree_fingerprint(tx: &mut Tx, fingerprint: i64) -> Result<()> {
    const PUT: &str = "insert into counters (name, value) values ('region_tree', $1) \
                       on conflict (name) do update set value = excluded.value";
    on!(tx, c => sqlx::query(PUT).bind(fingerprint).execute(c).await.map(|_| ()))?;
    Ok(())
}
