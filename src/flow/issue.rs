//! One edition as words: what its frame says, which pieces a reader's choice
//! leaves, and how that is rendered.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::clock::Time;
use crate::digest::blank::Blank;
use crate::digest::sections::{self, Piece};
use crate::digest::slot::{self, Slot};
use crate::digest::{self, Zone, render};
use crate::region::{RegionPath, Tree};
use crate::store::deliveries::Variant;
use crate::store::editions::{self, EditionRow};
use crate::store::{Result, StoreError, Tx};
use crate::subscriber::Subscriber;
use crate::template::TemplateError;

/// What is fixed about an edition besides its pieces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// Title of the digest.
    pub title: String,
    /// BCP 47 tag of the frame for readers who named none.
    pub language: String,
    /// The day on the wall clock of its slot.
    pub date: NaiveDate,
    /// Does it fall due at its hour where each reader lives?
    pub local: bool,
    /// Zone of readers who named none.
    #[serde(with = "by_name")]
    pub zone: Tz,
    /// Title of its leading piece, for lists.
    pub lead: String,
    /// How many pieces it has.
    pub pieces: usize,
}

/// A zone in JSON: its name.
mod by_name {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub fn serialize<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Issue {
    /// The issue of a digest at a slot with these pieces.
    #[must_use]
    pub fn of(
        settings: &Settings,
        digest: &digest::Settings,
        slot: Slot,
        pieces: &[Piece],
        tree: &Tree,
    ) -> Self {
        let (local, zone) = match digest.zone {
            Zone::Fixed(zone) => (false, zone),
            Zone::Subscriber(zone) => (true, zone),
        };
        let layout = sections::arrange(pieces, tree, &digest.language);
        Self {
            title: if digest.title.is_empty() {
                settings.site.title.clone()
            } else {
                digest.title.clone()
            },
            language: digest.language.clone(),
            date: slot.local.date(),
            local,
            zone,
            lead: layout
                .lead
                .map(|placed| placed.piece.title)
                .or_else(|| pieces.first().map(|piece| piece.title.clone()))
                .unwrap_or_default(),
            pieces: pieces.len(),
        }
    }

    /// When a delivery to a reader in `timezone` is due.
    #[must_use]
    pub fn due(&self, edition: &EditionRow, timezone: Option<Tz>) -> Time {
        match Slot::from_key(edition.slot) {
            Some(slot) if self.local => {
                slot::due_at(slot, timezone.unwrap_or(self.zone)).max(edition.frozen)
            }
            _ => edition.frozen,
        }
    }
}

/// Reads the issue that an edition was frozen with.
///
/// # Errors
/// If the column was changed by hand.
pub fn read(edition: &EditionRow) -> Result<Issue> {
    serde_json::from_str(&edition.frame)
        .map_err(|source| StoreError::Unreadable { column: "editions.frame", source })
}

/// The pieces an edition was frozen with, in order.
///
/// # Errors
/// If the store does not answer, or a column was changed by hand.
pub async fn pieces(tx: &mut Tx, edition: i64) -> Result<Vec<Piece>> {
    editions::pieces(tx, edition)
        .await?
        .iter()
        .map(|text| {
            serde_json::from_str(text).map_err(|source| StoreError::Unreadable {
                column: "edition_articles.piece",
                source,
            })
        })
        .collect()
}

/// What a reader chose: readers with the same choice share a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Regions; empty means all.
    pub regions: Vec<RegionPath>,
    /// BCP 47 tag of the frame.
    pub language: String,
}

impl Choice {
    /// Every region, with the frame in `language`.
    #[must_use]
    pub fn all(language: &str) -> Self {
        Self { regions: vec![], language: language.to_owned() }
    }

    /// The choice as text, equal for equal choices: `en africa asia/india`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut regions: Vec<&str> = self.regions.iter().map(RegionPath::as_str).collect();
        regions.sort_unstable();
        regions.dedup();
        regions.insert(0, &self.language);
        regions.join(" ")
    }

    /// Reads [`Choice::text`] back.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut words = text.split(' ');
        let language = words.next().unwrap_or("en").to_owned();
        Self { language, regions: words.filter_map(|word| RegionPath::parse(word).ok()).collect() }
    }
}

/// The choice of a reader, as text.
#[must_use]
pub fn choice(reader: &Subscriber, issue: &Issue) -> String {
    let language = reader.language.as_deref().unwrap_or(&issue.language);
    Choice { regions: reader.regions.clone(), language: language.to_owned() }.text()
}

/// Renders the variant of an edition for one choice.
///
/// # Errors
/// If a template does not work.
pub fn variant(
    settings: &Settings,
    issue: &Issue,
    edition: &EditionRow,
    pieces: &[Piece],
    choice: &str,
) -> std::result::Result<Variant, TemplateError> {
    let Choice { regions, language } = Choice::parse(choice);
    let mine = sections::for_reader(pieces, &regions);
    let count = mine.len();
    if count == 0 {
        return Ok(Variant {
            id: 0,
            edition_id: edition.id,
            choice: choice.to_owned(),
            pieces: 0,
            subject: String::new(),
            html: String::new(),
            body: String::new(),
        });
    }
    let layout = sections::arrange(&mine, &settings.tree, &language);
    let rendered =
        render::render(&settings.templates, &frame(settings, issue, edition, &language), &layout)?;
    Ok(Variant {
        id: 0,
        edition_id: edition.id,
        choice: choice.to_owned(),
        pieces: i64::try_from(count).unwrap_or(i64::MAX),
        subject: rendered.subject,
        html: rendered.html,
        body: rendered.text,
    })
}

/// The frame around the pieces of an edition.
#[must_use]
pub fn frame(
    settings: &Settings,
    issue: &Issue,
    edition: &EditionRow,
    language: &str,
) -> render::Frame {
    let site = &settings.site;
    render::Frame {
        site_title: site.title.clone(),
        site_url: site.url.to_string(),
        site_description: site.description.clone(),
        imprint: site.imprint.clone(),
        title: issue.title.clone(),
        date: issue.date,
        zone: issue.zone,
        number: edition.number,
        language: language.to_owned(),
        archive_url: site.address(&archive_path(edition)),
        unsubscribe_url: Blank::UnsubscribeUrl.marker().to_owned(),
        preferences_url: None,
        preheader: String::new(),
        why: String::new(),
    }
}

/// Where an edition is archived: `/archive/DIGEST/EDITION`.
#[must_use]
pub fn archive_path(edition: &EditionRow) -> String {
    format!("/archive/{}/{}", edition.digest, edition.number)
}
