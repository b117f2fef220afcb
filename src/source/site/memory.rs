//! What is remembered of a website between visits.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use url::Url;

use super::super::parse::guid;

/// What was seen at the last visits, so that the next one asks for little.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The files of its sitemap, by their marks.
    pub files: BTreeMap<String, File>,
    /// Every page that was asked for, by its address.
    pub pages: BTreeMap<String, Seen>,
    /// Addresses that are still to be asked for, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Wanted>,
    /// When the sitemap was last read, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<i64>,
    /// What the operator should know of how it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Data interfaces and feeds that pages named and that gave nothing, with
    /// the time when they were last tried, in Unix seconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<String, i64>,
}

/// A page that is to be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Its address.
    pub url: String,
    /// The mark of the file that lists it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Its last change by that file, in Unix seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub changed: i64,
    /// When it appeared, by the news extension, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<i64>,
    /// Its title, by the news extension.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
}

/// One file of a sitemap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct File {
    /// Its address.
    pub url: String,
    /// Its `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// A hash of its bytes, for servers that send neither.
    pub hash: String,
    /// Its last change by the index, in Unix seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub changed: i64,
    /// When it was last read, in Unix seconds.
    pub read: i64,
    /// Marks of the addresses in it that are passed over, one behind the other.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub passed: String,
}

impl File {
    /// The marks of the addresses that are passed over.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.passed.as_bytes().chunks(MARK).filter_map(|mark| std::str::from_utf8(mark).ok())
    }
}

/// One page as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The guid of the piece on it; empty if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub guid: String,
    /// The mark of the file that lists it; empty if none does any more.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Its last change by that file, in Unix seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub changed: i64,
    /// Its `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// A hash of what was read of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// When it was last asked for, in Unix seconds.
    pub asked: i64,
    /// When its piece appeared, or was first seen, in Unix seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub born: i64,
    /// How often in a row it was asked for and had nothing new.
    #[serde(skip_serializing_if = "is_none")]
    pub idle: u8,
    /// It is listed and was not there when it was last asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// It could not be read when it was last asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Only its beginning is open to everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stub: bool,
}

impl Seen {
    /// Is there a piece on it?
    #[must_use]
    pub fn is_piece(&self) -> bool {
        !self.guid.is_empty()
    }
}

/// The length of a mark: 48 bits, so that among a million addresses two with
/// one mark are unlikely.
const MARK: usize = 12;

/// A short name for an address.
#[must_use]
pub fn mark(url: &str) -> String {
    guid::hex(url.as_bytes())[..MARK].to_owned()
}

/// The marks of all addresses that are passed over.
#[must_use]
pub fn passed(files: &BTreeMap<String, File>) -> HashSet<&str> {
    files.values().flat_map(File::passed).collect()
}

/// An address as a key: without the place in the page.
#[must_use]
pub fn key(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(value: &u8) -> bool {
    *value == 0
}
