//! Feeds that are brought up to date together: what a piece looks like is
//! written once for all feeds that hold it, what a feed holds is looked up once
//! for all its formats, and the dates of all are noted with one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::channel::{self, Frame, Holding};
use super::{Feed, FeedName, House, Settings};
use crate::article::{Article, ArticleId, Label};
use crate::clock::Time;
use crate::feed::{self, Channel, Composed, FeedError, Format};
use crate::store::feeds::{self, Withdrawn};
use crate::store::{Result, StoreError, articles};

/// Pieces that are read and written at a time.
const PAGE: usize = 200;
/// Bytes of written pieces that are kept for the next feeds of a round.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// A piece at one of its revisions.
type Key = (i64, i64);

/// A round of feeds; nothing of it is noted before [`Round::close`].
pub struct Round<'a> {
    house: &'a House,
    settings: Arc<Settings>,
    /// Pieces that were withdrawn last, once somebody asked.
    withdrawn: Option<Vec<Withdrawn>>,
    printed: Printed,
    drafts: Vec<Draft>,
    /// The volume of the archive before the feed made last.
    older: Option<FeedName>,
}

/// A feed that is made and not yet dated.
struct Draft {
    path: String,
    feed: Feed,
}

/// Pieces as they are written, by format.
#[derive(Default)]
struct Printed {
    texts: [BTreeMap<Key, String>; Format::ALL.len()],
    bytes: usize,
}

impl Printed {
    fn of(&self, format: Format) -> &BTreeMap<Key, String> {
        &self.texts[format as usize]
    }

    fn put(&mut self, format: Format, key: Key, text: String) {
        self.bytes += text.len();
        self.texts[format as usize].insert(key, text);
    }
}

impl<'a> Round<'a> {
    /// A round under the settings in force.
    #[must_use]
    pub fn open(house: &'a House) -> Self {
        Self {
            house,
            settings: house.settings(),
            withdrawn: None,
            printed: Printed::default(),
            drafts: vec![],
            older: None,
        }
    }

    /// The volume of the archive to which the feed made last leads.
    #[must_use]
    pub fn older(&self) -> Option<FeedName> {
        self.older.clone()
    }

    /// The settings it goes by.
    #[must_use]
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Makes a feed in some formats; false if there is no such feed. What has
    /// not changed since the last one was made, under the same settings, is
    /// taken from it.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn make(
        &mut self,
        name: &FeedName,
        formats: &[(Format, Option<Arc<Composed>>)],
    ) -> Result<bool> {
        let frame = channel::frame(self.house, &self.settings, name, &mut self.withdrawn).await?;
        let Some(Frame { channel, holding, older }) = frame else { return Ok(false) };
        self.older = older;
        for ((format, _), (composed, left_out)) in
            formats.iter().zip(self.write(&channel, &holding, formats).await?)
        {
            let path = format!("{}.{}", name.path(), format.extension());
            let others = Format::ALL.into_iter().filter(|other| other != format);
            let others = others
                .filter_map(|other| Some((other, channel.addresses.get(other)?.to_owned())))
                .collect();
            self.drafts.push(Draft {
                feed: Feed {
                    format: *format,
                    hash: hash(&composed.text),
                    composed,
                    // Dated when the round is closed.
                    changed: Time::UNIX_EPOCH,
                    address: self.settings.site.address(&path),
                    others,
                    hubs: channel.hubs.clone(),
                    left_out,
                },
                path,
            });
        }
        Ok(true)
    }

    /// Dates all feeds and hands them out: each is dated by when its bytes
    /// became what they are.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn close(mut self) -> Result<Vec<Feed>> {
        let drafts = std::mem::take(&mut self.drafts);
        let noted = drafts.iter().map(|draft| (draft.path.as_str(), draft.feed.hash.as_str()));
        let dates = note(self.house, &noted.collect::<Vec<_>>()).await?;
        let dated = drafts.into_iter().zip(dates);
        Ok(dated.map(|(draft, changed)| Feed { changed, ..draft.feed }).collect())
    }

    /// Writes a channel with what it holds, in some formats.
    pub(super) async fn write(
        &mut self,
        channel: &Channel,
        holding: &Holding,
        formats: &[(Format, Option<Arc<Composed>>)],
    ) -> Result<Vec<(Composed, Vec<FeedError>)>> {
        let (wanted, mut left_out): (Vec<Key>, _) = match holding {
            Holding::Places(places) => {
                let wanted = places.iter().map(|place| (place.id, place.rev)).collect::<Vec<_>>();
                let left_out = self.print(&wanted, formats).await?;
                (wanted, left_out)
            }
            Holding::Entries(entries) => {
                // They stand in this feed alone, and their keys are not those of pieces.
                self.printed = Printed::default();
                let mut left_out = vec![];
                for entry in entries {
                    for (format, _) in formats {
                        match feed::fragment(entry, *format) {
                            Ok(text) => self.printed.put(*format, (entry.number, 0), text),
                            Err(error) => left_out.push((*format, error)),
                        }
                    }
                }
                (entries.iter().map(|entry| (entry.number, 0)).collect(), left_out)
            }
        };
        for (_, error) in &left_out {
            tracing::warn!(feed = %channel.title, "{error}");
        }
        let mut written = Vec::with_capacity(formats.len());
        for (format, last) in formats {
            let head = feed::head(channel, *format)
                .map_err(|error| StoreError::Refused(error.to_string()))?;
            let printed = self.printed.of(*format);
            let composed = feed::compose(&head, &wanted, printed, last.as_deref(), *format);
            let missed = left_out.extract_if(.., |(of, _)| of == format);
            written.push((composed, missed.map(|(_, error)| error).collect()));
        }
        if self.printed.bytes > KEPT_BYTES || matches!(holding, Holding::Entries(_)) {
            self.printed = Printed::default();
        }
        Ok(written)
    }

    /// Writes the pieces of `wanted` that are neither written already nor in
    /// the last documents. A piece withdrawn since the list was read is simply
    /// not there; one changed since then is newer than its key says, and
    /// written again the next time.
    async fn print(
        &mut self,
        wanted: &[Key],
        formats: &[(Format, Option<Arc<Composed>>)],
    ) -> Result<Vec<(Format, FeedError)>> {
        let mut missing: BTreeMap<Key, Vec<Format>> = BTreeMap::new();
        for (format, last) in formats {
            let printed = self.printed.of(*format);
            let keys = feed::missing(wanted, last.as_deref()).into_iter();
            for key in keys.filter(|key| !printed.contains_key(key)) {
                missing.entry(key).or_default().push(*format);
            }
        }
        let missing: Vec<(Key, Vec<Format>)> = missing.into_iter().collect();
        let mut left_out = vec![];
        for page in missing.chunks(PAGE) {
            let mut tx = self.house.store.read().await?;
            let mut pieces = Vec::with_capacity(page.len());
            for (key, formats) in page {
                let id = ArticleId(key.0);
                if let Some(article) = articles::get(&mut tx, id).await? {
                    let labels = articles::labels(&mut tx, id).await?;
                    pieces.push((*key, formats.clone(), article, labels));
                }
            }
            drop(tx);
            let settings = Arc::clone(&self.settings);
            let printed = tokio::task::spawn_blocking(move || print_all(&settings, &pieces));
            for (format, key, text) in printed.await.expect("writing an entry does not panic") {
                match text {
                    Ok(text) => self.printed.put(format, key, text),
                    Err(error) => left_out.push((format, error)),
                }
            }
        }
        Ok(left_out)
    }
}

type Piece = (Key, Vec<Format>, Article, Vec<Label>);

fn print_all(
    settings: &Settings,
    pieces: &[Piece],
) -> Vec<(Format, Key, std::result::Result<String, FeedError>)> {
    let entries: Vec<_> = pieces
        .iter()
        .map(|(_, _, article, labels)| channel::entry(settings, article, labels))
        .collect();
    let mut all = vec![];
    for format in Format::ALL {
        let asked = pieces.iter().zip(&entries);
        let asked = asked.filter(|((_, formats, ..), _)| formats.contains(&format));
        let (keys, entries): (Vec<Key>, Vec<_>) =
            asked.map(|((key, ..), entry)| (*key, entry)).unzip();
        let texts = feed::fragments(&entries, format);
        all.extend(keys.into_iter().zip(texts).map(|(key, text)| (format, key, text)));
    }
    all
}

/// Since when the bytes served at `path` are what they are; notes a change.
///
/// # Errors
/// If the store does not answer.
pub async fn changed(house: &House, path: &str, text: &[u8]) -> Result<Time> {
    let dates = note(house, &[(path, &hash(text))]).await?;
    Ok(dates.first().copied().unwrap_or_else(|| house.now()))
}

/// Since when the bytes at some paths are what they are, by their hashes;
/// notes those that changed.
async fn note(house: &House, noted: &[(&str, &str)]) -> Result<Vec<Time>> {
    let mut known = Vec::with_capacity(noted.len());
    let mut tx = house.store.read().await?;
    for (path, hash) in noted {
        match feeds::known(&mut tx, path, hash).await? {
            Some(since) => known.push(since),
            None => break,
        }
    }
    drop(tx);
    if known.len() == noted.len() {
        return Ok(known);
    }
    // HTTP dates have whole seconds: a change is never dated before it was made.
    let mut tx = house.store.write().await?;
    let now = house.now();
    let mut dates = Vec::with_capacity(noted.len());
    for (path, hash) in noted {
        dates.push(feeds::changed(&mut tx, path, hash, now).await?);
    }
    tx.commit().await?;
    Ok(dates)
}

/// What tells the bytes of a document from others: half of their SHA-256.
#[must_use]
pub fn hash(text: &[u8]) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    let mut hex = String::with_capacity(32);
    for byte in &hash.as_ref()[..16] {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
    }
    hex
}
