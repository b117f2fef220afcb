//! What makes an article the same article: the pair of source and guid.
//!
//! The permanent id is computed from that pair, not drawn, so a store that was
//! lost and filled again gives readers the ids they already know.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// The permanent identity of the piece `guid` of the source `source`
/// (a UUID of version 8, RFC 9562 section 5.8, from SHA-256 of both).
#[must_use]
pub fn mint(source: &str, guid: &str) -> Uuid {
    let mut bytes = Vec::with_capacity(source.len() + guid.len() + 24);
    bytes.extend_from_slice(b"gazetted:article\0");
    bytes.extend_from_slice(source.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(guid.as_bytes());
    let hash = digest(&SHA256, &bytes);
    let mut head = [0; 16];
    head.copy_from_slice(&hash.as_ref()[..16]);
    Uuid::new_v8(head)
}

/// The short form of an identity that stands in addresses: 16 hexadecimal digits.
#[must_use]
pub fn key(uid: Uuid) -> String {
    let mut text = uid.simple().to_string();
    text.truncate(16);
    text
}

/// The form in which an author's name or another free word appears in an
/// address: lower case, letters and digits of any script, single hyphens.
/// Empty only if the name holds no letter or digit.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    while out.ends_with('-') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_depends_on_both_source_and_guid_and_on_nothing_else() {
        assert_eq!(mint("a", "1"), mint("a", "1"));
        assert_ne!(mint("a", "1"), mint("b", "1"));
        assert_ne!(mint("ab", "c"), mint("a", "bc"));
    }

    #[test]
    fn a_slug_is_readable_in_any_script() {
        assert_eq!(slug("  Africa desk "), "africa-desk");
        assert_eq!(slug("Redaktion: São Tomé & Príncipe"), "redaktion-são-tomé-príncipe");
        assert_eq!(slug("外交部"), "外交部");
        assert_eq!(slug("—"), "");
    }
}
