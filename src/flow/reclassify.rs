//! After a change of the regions in the config or of the classifier, every
//! stored piece is put where it belongs now.

use tracing::info;

use super::{House, Settings};
use crate::article::{Article, ArticleId};
use crate::region::{Evidence, RegionPath, Verdict, classify};
use crate::store::articles::{self, Filter, Provenance};
use crate::store::{Result, labels};

/// Pieces that are moved with one commit.
const PAGE: i64 = 200;

/// Decides the regions of all pieces anew if the tree or the classifier is not
/// the one they were decided by; gives how many moved. A kill in between begins anew.
///
/// # Errors
/// If the store does not answer.
pub async fn if_regions_changed(house: &House) -> Result<u64> {
    let settings = house.settings();
    let mut tx = house.store.read().await?;
    let known = articles::tree_fingerprint(&mut tx).await?;
    drop(tx);
    if known == Some(settings.tree_fingerprint) {
        return Ok(0);
    }
    let mut moved = 0;
    let mut filter = Filter::default();
    loop {
        let mut tx = house.store.read().await?;
        let cards = articles::list(&mut tx, &filter, PAGE).await?;
        drop(tx);
        let Some(last) = cards.last() else { break };
        filter.after = Some((last.published, last.id));
        let mut tx = house.store.write().await?;
        for mut card in cards {
            let Some(article) = articles::get(&mut tx, card.id).await? else { continue };
            let Some(provenance) = articles::provenance(&mut tx, card.id).await? else { continue };
            let operator = provenance.operator_region.as_ref();
            let verdict = decide(house, &settings, &article, &provenance, operator);
            for label in &verdict.unmatched {
                labels::note(&mut tx, &card.source, label, card.id.0, house.now()).await?;
            }
            if verdict.regions != card.regions
                || verdict.countries != card.countries
                || verdict.origin != card.region_origin
            {
                card.regions = verdict.regions;
                card.countries = verdict.countries;
                card.region_origin = verdict.origin;
                articles::set_regions(&mut tx, &card, operator, &verdict.reasons).await?;
                moved += 1;
            }
        }
        tx.commit().await?;
    }
    let mut tx = house.store.write().await?;
    articles::set_tree_fingerprint(&mut tx, settings.tree_fingerprint).await?;
    tx.commit().await?;
    if moved > 0 {
        info!(moved, "The regions or their tables changed: {moved} pieces moved");
        house.bells.articles.notify_waiters();
    }
    Ok(moved)
}

/// Puts a piece where the operator says, for good; `None` takes the word back
/// and lets labels and text decide again.
///
/// # Errors
/// If the store does not answer.
pub async fn by_operator(house: &House, id: ArticleId, region: Option<&RegionPath>) -> Result<()> {
    let settings = house.settings();
    let mut tx = house.store.write().await?;
    let Some(article) = articles::get(&mut tx, id).await? else { return Ok(()) };
    let Some(provenance) = articles::provenance(&mut tx, id).await? else { return Ok(()) };
    let verdict = decide(house, &settings, &article, &provenance, region);
    let mut card = article.card;
    card.regions = verdict.regions;
    card.countries = verdict.countries;
    card.region_origin = verdict.origin;
    articles::set_regions(&mut tx, &card, region, &verdict.reasons).await?;
    tx.commit().await
}

fn decide(
    house: &House,
    settings: &Settings,
    article: &Article,
    provenance: &Provenance,
    operator: Option<&RegionPath>,
) -> Verdict {
    let home = settings
        .sources
        .iter()
        .find(|source| source.name == article.source)
        .and_then(|source| source.home);
    classify(
        &settings.tree,
        &house.gazetteer,
        &Evidence {
            operator,
            labels: &provenance.labels,
            title: &article.title,
            text: &article.text,
            url: article.url.as_deref(),
            language: Some(&article.language),
            home,
        },
    )
}
