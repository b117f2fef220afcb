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

/// Parts of a query that say where a reader came from, not what is read.
const TRACKING: [&str; 10] =
    ["fbclid", "gclid", "dclid", "msclkid", "igshid", "mc_cid", "mc_eid", "_ga", "yclid", "wt_mc"];

/// Where a page is, in the form that is equal for equal pages: without scheme,
/// `www.`, fragment, tracking and the slash at the end.
#[must_use]
pub fn address(url: &str) -> String {
    let Ok(parsed) = url::Url::parse(url) else { return url.to_owned() };
    let Some(host) = parsed.host_str() else { return url.to_owned() };
    let mut out = host.strip_prefix("www.").unwrap_or(host).to_owned();
    if let Some(port) = parsed.port() {
        out.push(':');
        out.push_str(&port.to_string());
    }
    out.push_str(parsed.path().trim_end_matches('/'));
    let kept = parsed.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !name.starts_with("utm_") && !TRACKING.contains(&name)
    });
    for (n, pair) in kept.enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(pair);
    }
    out
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
    fn an_address_is_equal_for_equal_pages_only() {
        let page = address("https://news.example/2026/a-piece/");
        for same in [
            "http://www.news.example/2026/a-piece",
            "https://NEWS.example/2026/a-piece/?utm_source=rss&utm_medium=feed#comments",
            "https://news.example:443/2026/a-piece?fbclid=1",
        ] {
            assert_eq!(address(same), page, "{same}");
        }
        for other in [
            "https://news.example/2026/a-piece-2",
            "https://news.example/2026/A-piece",
            "https://news.example/2026/a-piece?p=2",
            "https://news.example:8080/2026/a-piece",
            "https://blog.news.example/2026/a-piece",
        ] {
            assert_ne!(address(other), page, "{other}");
        }
        assert_eq!(address("https://news.example/?p=12&utm_x=1&q"), "news.example?p=12&q");
        assert_eq!(address("urn:isbn:1"), "urn:isbn:1");
    }

    #[test]
    fn a_slug_is_readable_in_any_script() {
        assert_eq!(slug("  Africa desk "), "africa-desk");
        assert_eq!(slug("Redaktion: São Tomé & Príncipe"), "redaktion-são-tomé-príncipe");
        assert_eq!(slug("外交部"), "外交部");
        assert_eq!(slug("—"), "");
    }
}
