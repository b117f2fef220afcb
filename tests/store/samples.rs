//! Rows to put into a store: pieces, readers, editions, as plain as can be.

use std::collections::BTreeMap;

use gazetted::article::{ArticleId, Card, Hint, Image, Label, LabelKind, SafeHtml, identity};
use gazetted::clock::{Time, from_millis};
use gazetted::region::{Country, Origin, RegionPath, classify::Reason};
use gazetted::store::articles::Fresh;
use gazetted::store::deliveries::{self, NewDelivery, Note, Ticket, Variant};
use gazetted::store::editions::{self, EditionRow, EditionState, NewEdition};
use gazetted::store::{Result, Store, Tx, subscribers};
use gazetted::subscriber::{Address, Standing, Subscriber};

/// A moment, `seconds` after some Tuesday.
pub fn t(seconds: i64) -> Time {
    from_millis(1_772_528_400_000 + seconds * 1_000)
}

pub fn region(path: &str) -> RegionPath {
    RegionPath::parse(path).unwrap()
}

/// A piece with something in every field, ugly where it may be.
pub fn piece(guid: &str, regions: &[&str], published: Time) -> Fresh {
    Fresh {
        card: Card {
            id: ArticleId(0),
            uid: identity::mint("magazine", guid),
            source: "magazine".to_owned(),
            guid: guid.to_owned(),
            url: Some(format!("https://magazine.example/{guid}")),
            title: format!("Piece {guid}: 静かな川 & «مرحبا» 🌍"),
            authors: vec!["Asia desk".to_owned(), "Zoë Ž".to_owned()],
            published,
            updated: published,
            language: "en".to_owned(),
            teaser: "It begins \"so\", with a ' and a \\ and a % in it.".to_owned(),
            image: Some(Image {
                url: "https://magazine.example/i.png".to_owned(),
                ..Image::default()
            }),
            hints: vec![Hint {
                title: "Earlier".to_owned(), url: None, teaser: "cut…".to_owned()
            }],
            regions: regions.iter().map(|path| region(path)).collect(),
            countries: vec![Country::parse("JP").unwrap()],
            region_origin: Origin::Category,
            credit: Some("Another paper".to_owned()),
            first_seen: t(0),
        },
        html: SafeHtml::from_store("<p>静か</p>".to_owned()),
        text: "静か".to_owned(),
        labels: vec![Label {
            kind: LabelKind::Category,
            path: vec!["Asia".into(), "Japan".into()],
        }],
        reasons: vec![Reason {
            evidence: "Japan".to_owned(),
            region: region("asia/japan"),
            weight: 1.0,
        }],
        operator_region: None,
        hash: format!("hash of {guid}"),
    }
}

/// A reader with something in every field.
pub fn reader(email: &str, standing: Standing) -> Subscriber {
    Subscriber {
        id: 0,
        uid: uuid::Uuid::new_v4(),
        address: Address::parse(email).unwrap(),
        name: "Ünal «O'Neill» 🌍".to_owned(),
        standing,
        regions: vec![region("africa"), region("asia/japan")],
        timezone: Some(chrono_tz::Asia::Kathmandu),
        language: Some("pt".to_owned()),
        digests: vec!["daily".to_owned()],
        consent: "on paper".to_owned(),
        attributes: BTreeMap::from([("plan".to_owned(), "größer".to_owned())]),
        created: t(0),
    }
}

/// Puts an active reader in; gives the row number.
pub async fn let_in(tx: &mut Tx, email: &str) -> i64 {
    let person = reader(email, Standing::Active);
    subscribers::put(tx, &person, t(0)).await.unwrap();
    subscribers::by_address(tx, &person.address).await.unwrap().unwrap().id
}

/// Writes an edition of `daily`, in state `compiling`.
pub async fn edition(tx: &mut Tx, slot: i64) -> EditionRow {
    let uid = uuid::Uuid::new_v4();
    let new =
        NewEdition { uid, digest: "daily", slot, frozen: t(slot), title: "The day", frame: "{}" };
    editions::insert(tx, &new).await.unwrap().expect("there is none for that slot")
}

/// A variant of an edition; gives its row number.
pub async fn variant(tx: &mut Tx, edition: i64, choice: &str) -> i64 {
    let variant = Variant {
        id: 0,
        edition_id: edition,
        choice: choice.to_owned(),
        pieces: 3,
        subject: "Zürich & 東京".to_owned(),
        html: "<p>html</p>".to_owned(),
        body: "text".to_owned(),
    };
    deliveries::add_variant(tx, &variant).await.unwrap()
}

/// An edition that may be sent, to so many readers, all due at `t(0)`, later
/// row numbers a second later each; gives its row and theirs.
pub async fn sending(store: &Store, slot: i64, readers: usize) -> (i64, Vec<i64>) {
    let mut tx = store.write().await.unwrap();
    let edition = edition(&mut tx, slot).await.id;
    let variant = variant(&mut tx, edition, "en").await;
    let mut rows = vec![];
    for number in 0..readers {
        rows.push(let_in(&mut tx, &format!("reader-{number}@example.org")).await);
    }
    let new: Vec<NewDelivery> = (0..)
        .zip(&rows)
        .map(|(second, &subscriber)| NewDelivery { subscriber, variant, due: t(second) })
        .collect();
    deliveries::queue(&mut tx, edition, &new, t(0)).await.unwrap();
    editions::move_state(&mut tx, edition, EditionState::Compiling, EditionState::Sending)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (edition, rows)
}

/// Notes one thing of one row: a commit with a single entry.
pub async fn note(tx: &mut Tx, ticket: &Ticket, note: &Note, now: Time) -> Result<bool> {
    Ok(deliveries::notes(tx, &[(*ticket, note)], now).await?.first().copied().unwrap_or(false))
}
