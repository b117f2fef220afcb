//! The encodings in which documents are served and lie beside their files.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// How hard brotli tries, of 11: the next step costs twice the time for 2 %.
const BROTLI_EFFORT: i32 = 5;
const BROTLI_WINDOW: i32 = 22;
/// How hard zstd tries, of 22.
const ZSTD_EFFORT: i32 = 9;
/// How hard gzip tries, of 9.
const GZIP_EFFORT: u32 = 6;

/// A content coding (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Brotli, RFC 7932.
    Brotli,
    /// Zstandard, RFC 8878.
    Zstd,
    /// gzip, RFC 1952.
    Gzip,
    /// As it is.
    Identity,
}

impl Coding {
    /// All of them, the server's favourite first.
    pub const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// The name used in headers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// The ending of a file that holds a document in this coding, as web
    /// servers look for it.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    /// Is this coding meant by `name`? Case does not matter, and `x-gzip` is
    /// an old name of gzip.
    #[must_use]
    pub fn is_named(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.as_str())
            || (self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip"))
    }

    /// The bytes in this coding. The same bytes in make the same bytes out:
    /// no stream holds a time or a name. `None` if it cannot be done.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_EFFORT,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                let mut out = Vec::with_capacity(bytes.len() / 3);
                brotli::BrotliCompress(&mut &*bytes, &mut out, &parameters).ok()?;
                Some(out)
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_EFFORT).ok(),
            Self::Gzip => {
                let out = Vec::with_capacity(bytes.len() / 3);
                let mut encoder = GzEncoder::new(out, Compression::new(GZIP_EFFORT));
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Self::Identity => Some(bytes.to_vec()),
        }
    }
}
