//! A document that lives as ready bytes: compressed once, hashed once, then
//! handed out any number of times.

use std::io::Write;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::clock::Time;

/// A document in every encoding in which it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `Content-Type`.
    pub content_type: String,
    /// When the bytes last changed; a withdrawal counts.
    pub last_modified: Time,
    /// Values of `Link` headers: `<https://…>; rel="self"`.
    pub links: Vec<String>,
    identity: Variant,
    encoded: Vec<Variant>,
}

/// The bytes of a document in one encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// How the bytes are encoded.
    pub coding: Coding,
    /// The bytes; cloning them copies nothing.
    pub bytes: Bytes,
    /// Strong entity tag, quoted: from the bytes of this very encoding.
    pub etag: String,
}

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// gzip, RFC 1952.
    Gzip,
}

impl Coding {
    /// The name used in headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
        }
    }

    /// Is this coding meant by `name`? Case does not matter, and `x-gzip` is
    /// an old name of gzip.
    #[must_use]
    pub fn is_named(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.as_str())
            || (self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip"))
    }
}

impl Document {
    /// Takes a document in: compresses it and mints its tags. The same bytes
    /// always get the same tags, on every machine.
    #[must_use]
    pub fn new(
        bytes: impl Into<Bytes>,
        content_type: impl Into<String>,
        last_modified: Time,
        links: Vec<String>,
    ) -> Self {
        let bytes = bytes.into();
        let encoded = gzip(&bytes).map(|packed| Variant::new(Coding::Gzip, packed.into()));
        Self {
            content_type: content_type.into(),
            last_modified,
            links,
            identity: Variant::new(Coding::Identity, bytes),
            encoded: encoded.into_iter().collect(),
        }
    }

    /// The document as it is.
    #[must_use]
    pub fn identity(&self) -> &Variant {
        &self.identity
    }

    /// All variants, the server's favourite first, identity last.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.encoded.iter().chain([&self.identity])
    }

    /// Bytes held in memory, all encodings together.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.variants().map(|variant| variant.bytes.len()).sum()
    }
}

impl Variant {
    fn new(coding: Coding, bytes: Bytes) -> Self {
        let hash = digest(&SHA256, &bytes);
        let mut etag = String::with_capacity(34);
        etag.push('"');
        for byte in &hash.as_ref()[..16] {
            for nibble in [byte >> 4, byte & 15] {
                etag.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
            }
        }
        etag.push('"');
        Self { coding, bytes, etag }
    }
}

/// The header of the stream holds no time and no name, so the same bytes in
/// make the same bytes out.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
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
        let tags = |d: &Document| d.variants().map(|v| v.etag.clone()).collect::<Vec<_>>();

        assert_eq!(tags(&one), tags(&same));
        assert_ne!(tags(&one)[0], tags(&one)[1]);
        assert_ne!(tags(&one)[1], tags(&other)[1]);
        assert!(tags(&one).iter().all(|tag| tag.starts_with('"') && tag.len() == 34));
    }

    #[test]
    fn the_gzip_variant_unpacks_to_the_document() {
        let document = document("round and round and round");
        let packed = document.variants().next().unwrap();
        let mut text = String::new();

        flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_string(&mut text).unwrap();

        assert_eq!(packed.coding, Coding::Gzip);
        assert_eq!(text.as_bytes(), &document.identity().bytes[..]);
    }
}
