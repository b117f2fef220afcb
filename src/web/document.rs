//! A document that lives as ready bytes: hashed once, compressed once for each
//! encoding that somebody asks for, then handed out any number of times.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use tokio::sync::Mutex;

pub use crate::feed::Coding;

use crate::clock::Time;
use crate::flow::syndicate::hash;

/// A document in every encoding in which it is served.
#[derive(Debug)]
pub struct Document {
    /// `Content-Type`.
    pub content_type: String,
    /// When the bytes last changed; a withdrawal counts.
    pub last_modified: Time,
    /// Values of `Link` headers: `<https://…>; rel="self"`.
    pub links: Vec<String>,
    /// Seconds for which a client may keep it.
    pub max_age: u32,
    /// Is it for one reader only? Then shared caches keep nothing of it.
    pub is_private: bool,
    /// Is there a page for people at the same address?
    pub has_page: bool,
    identity: Variant,
    encoded: [OnceLock<Variant>; 3],
    packing: Mutex<()>,
}

/// The bytes of a document in one encoding.
#[derive(Debug)]
pub struct Variant {
    /// How the bytes are encoded.
    pub coding: Coding,
    /// The bytes; cloning them copies nothing.
    pub bytes: Bytes,
    /// Strong entity tag, quoted: from the bytes of this very encoding.
    pub etag: String,
    /// The headers of its answers as they go over the wire, once somebody
    /// wanted them so.
    pub(super) wire: OnceLock<super::wire::Heads>,
}

impl Document {
    /// Takes a document in and mints its tag. The same bytes always get the
    /// same tags, on every machine.
    #[must_use]
    pub fn new(
        bytes: impl Into<Bytes>,
        content_type: impl Into<String>,
        last_modified: Time,
        links: Vec<String>,
    ) -> Self {
        let bytes = bytes.into();
        let hash = hash(&bytes);
        Self::hashed(bytes, &hash, content_type, last_modified, links)
    }

    /// The same, of bytes whose [`hash`] is known already.
    #[must_use]
    pub fn hashed(
        bytes: Bytes,
        hash: &str,
        content_type: impl Into<String>,
        last_modified: Time,
        links: Vec<String>,
    ) -> Self {
        Self {
            content_type: content_type.into(),
            last_modified,
            links,
            max_age: 0,
            is_private: false,
            has_page: false,
            identity: Variant::new(Coding::Identity, bytes, hash),
            encoded: Default::default(),
            packing: Mutex::new(()),
        }
    }

    /// The same, to be kept by clients for so many seconds.
    #[must_use]
    pub fn kept_for(self, max_age: u32) -> Self {
        Self { max_age, ..self }
    }

    /// The same, for one reader only.
    #[must_use]
    pub fn for_one(self) -> Self {
        Self { is_private: true, ..self }
    }

    /// The same, at an address that shows people a page.
    #[must_use]
    pub fn beside_page(self) -> Self {
        Self { has_page: true, ..self }
    }

    /// Is everybody answered the same with this as with the other?
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        self.identity.etag == other.identity.etag
            && self.content_type == other.content_type
            && self.last_modified == other.last_modified
            && self.links == other.links
            && (self.max_age, self.is_private, self.has_page)
                == (other.max_age, other.is_private, other.has_page)
    }

    /// The document as it is.
    #[must_use]
    pub fn identity(&self) -> &Variant {
        &self.identity
    }

    /// The document in a coding, if it is ready; as it is, it always is.
    #[must_use]
    pub fn ready(&self, coding: Coding) -> Option<&Variant> {
        match Self::slot(coding) {
            Some(slot) => self.encoded[slot].get(),
            None => Some(&self.identity),
        }
    }

    /// The document in a coding, made if it is not ready. Takes a while for a
    /// long one; see [`Document::encode`].
    #[must_use]
    pub fn variant(&self, coding: Coding) -> &Variant {
        let Some(slot) = Self::slot(coding) else { return &self.identity };
        self.encoded[slot].get_or_init(|| {
            let bytes = coding.encode(&self.identity.bytes);
            // Writing to memory does not fail; if it did, nobody would be worse off.
            bytes.map_or_else(
                || Variant {
                    coding: Coding::Identity,
                    bytes: self.identity.bytes.clone(),
                    etag: self.identity.etag.clone(),
                    wire: OnceLock::new(),
                },
                |bytes| {
                    let hash = hash(&bytes);
                    Variant::new(coding, bytes.into(), &hash)
                },
            )
        })
    }

    /// Sees to it that a coding is ready: the first who asks has it made, on a
    /// thread for such work, and the others wait for that.
    pub async fn encode(self: &Arc<Self>, coding: Coding) {
        if self.ready(coding).is_some() {
            return;
        }
        let _turn = self.packing.lock().await;
        if self.ready(coding).is_none() {
            let document = Arc::clone(self);
            let made = tokio::task::spawn_blocking(move || {
                let _ = document.variant(coding);
            });
            // If that thread died, whoever asks next makes it.
            let _ = made.await;
        }
    }

    /// The codings that are ready.
    pub fn encoded(&self) -> impl Iterator<Item = Coding> {
        Coding::ALL.into_iter().filter(|coding| self.ready(*coding).is_some())
    }

    /// Bytes held in memory, all encodings together.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let codings = Coding::ALL.into_iter();
        codings.filter_map(|coding| Some(self.ready(coding)?.bytes.len())).sum()
    }

    fn slot(coding: Coding) -> Option<usize> {
        match coding {
            Coding::Brotli => Some(0),
            Coding::Zstd => Some(1),
            Coding::Gzip => Some(2),
            Coding::Identity => None,
        }
    }
}

impl Variant {
    fn new(coding: Coding, bytes: Bytes, hash: &str) -> Self {
        Self { coding, bytes, etag: format!("\"{hash}\""), wire: OnceLock::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::clock::from_millis;

    fn document(text: &'static str) -> Document {
        Document::new(text, "text/plain", from_millis(0), Vec::new())
    }

    #[test]
    fn tags_are_strong_differ_by_encoding_and_follow_the_bytes() {
        let (one, same, other) = (document("a"), document("a"), document("b"));
        let tags = |d: &Document| Coding::ALL.map(|coding| d.variant(coding).etag.clone()).to_vec();

        assert_eq!(tags(&one), tags(&same));
        let mut all = [tags(&one), tags(&other)].concat();
        assert!(all.iter().all(|tag| tag.starts_with('"') && tag.len() == 34));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8);
    }

    #[test]
    fn every_encoding_unpacks_to_the_document() {
        let text = "round and round and round ".repeat(4000);
        let document = Document::new(text.clone(), "text/plain", from_millis(0), Vec::new());

        for coding in Coding::ALL {
            let variant = document.variant(coding);
            let mut unpacked = Vec::new();
            match coding {
                Coding::Brotli => {
                    brotli::BrotliDecompress(&mut &variant.bytes[..], &mut unpacked).unwrap();
                }
                Coding::Zstd => {
                    unpacked = zstd::bulk::decompress(&variant.bytes, text.len()).unwrap();
                }
                Coding::Gzip => {
                    flate2::read::GzDecoder::new(&variant.bytes[..])
                        .read_to_end(&mut unpacked)
                        .unwrap();
                }
                Coding::Identity => unpacked = variant.bytes.to_vec(),
            }

            assert_eq!(variant.coding, coding);
            assert!(unpacked == text.as_bytes(), "{coding:?}");
            assert!(coding == Coding::Identity || variant.bytes.len() * 50 < text.len());
        }
    }

    #[test]
    fn only_what_somebody_asked_for_is_made() {
        let document = document("a");

        assert_eq!(document.encoded().collect::<Vec<_>>(), [Coding::Identity]);
        let _ = document.variant(Coding::Gzip);
        assert_eq!(document.encoded().collect::<Vec<_>>(), [Coding::Gzip, Coding::Identity]);
    }
}
