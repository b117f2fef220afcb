//! What is remembered of a WordPress between visits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was seen at the last visits, so that the next one asks for little.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Where its REST interface begins; `None`: not found, its feed is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// When REST was last looked for in vain, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sought: Option<i64>,
    /// What came of that, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its own feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// The language its pages are marked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The latest change that was seen, in Unix seconds; never in the future.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<i64>,
    /// When all ids were last compared, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<i64>,
    /// Ids that are still to be fetched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<u64>,
    /// Every post that it listed, by guid.
    pub posts: BTreeMap<String, Seen>,
}

/// One post as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Its number; 0 if only the feed told of it.
    pub id: u64,
    /// Its permanent link.
    pub link: String,
    /// `modified_gmt`, in Unix seconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub modified: i64,
    /// A hash of the names around it (categories, author), for a change of
    /// those leaves `modified_gmt` as it was.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mark: String,
    /// It is listed, but not for everybody: behind a password.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}
