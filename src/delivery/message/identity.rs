//! The identities that a message carries: Message-ID, List-Id, Feedback-ID.
//!
//! All are made from the delivery, never from clock or dice: a mail that is
//! sent again is the same mail.

use crate::clock::Time;

/// The Message-ID (without angle brackets) of one delivery.
///
/// `date` is the edition's: it keeps the identity apart from that of an
/// earlier database which has counted from one as well.
#[must_use]
pub fn message_id(edition: i64, subscriber: i64, date: Time, host: &str) -> String {
    format!("{:x}.{edition}.{subscriber}@{}", date.timestamp_millis(), dotted(host))
}

/// Edition and subscriber in a Message-ID of our form. Whether it is one of
/// ours has to be looked up: it carries no signature.
#[must_use]
pub fn delivery_of(message_id: &str) -> Option<(i64, i64)> {
    let mut parts = message_id.split_once('@')?.0.split('.');
    let (_, edition, subscriber) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((edition.parse().ok()?, subscriber.parse().ok()?))
}

/// The Feedback-ID of an edition: what complaints are counted by, and by whom
/// at the end (5 to 15 characters, made from the host).
#[must_use]
pub fn feedback_id(edition: i64, digest: &str, host: &str) -> String {
    let digest: String =
        digest.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(30).collect();
    let mut sender: String = host.chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    while sender.len() < 5 {
        sender.push('0');
    }
    format!("{edition}:{digest}:digest:{sender}")
}

/// `host` as a domain with a dot, which Message-ID and List-Id need: a bare
/// name gets `.invalid` (RFC 2606) at its end.
#[must_use]
pub fn dotted(host: &str) -> String {
    let host = host.trim_matches(['[', ']', '.']);
    let clean: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' })
        .collect();
    let labels: Vec<&str> = clean.split('.').filter(|label| !label.is_empty()).collect();
    match labels.as_slice() {
        [] => "localhost.invalid".to_owned(),
        [name] => format!("{name}.invalid"),
        labels => labels.join("."),
    }
}

/// `list` in the form of a domain.
pub(super) fn domain_like(list: &str) -> String {
    dotted(&list.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_millis;

    #[test]
    fn the_same_delivery_has_the_same_message_id_and_another_has_another() {
        let date = from_millis(1_780_000_000_000);
        let id = message_id(12, 345, date, "news.example.org");

        assert_eq!(
            id,
            "19e6ffbe800.12.345@news.example.org"
                .replace("19e6ffbe800", &format!("{:x}", 1_780_000_000_000_i64))
        );
        assert_eq!(id, message_id(12, 345, date, "news.example.org"));
        assert_ne!(id, message_id(12, 346, date, "news.example.org"));
        assert_ne!(id, message_id(12, 345, from_millis(1), "news.example.org"));
        assert_eq!(delivery_of(&id), Some((12, 345)));
        assert_eq!(delivery_of("a.12.345.6@x"), None);
        assert_eq!(delivery_of("12.345@x"), None);
    }

    #[test]
    fn a_host_without_a_dot_still_gives_a_domain() {
        for (host, domain) in [
            ("news.example.org", "news.example.org"),
            ("localhost", "localhost.invalid"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "--1.invalid"),
            ("", "localhost.invalid"),
            ("..", "localhost.invalid"),
            ("a b", "a-b.invalid"),
        ] {
            assert_eq!(dotted(host), domain, "{host}");
        }
    }

    #[test]
    fn the_feedback_id_ends_in_a_sender_of_five_to_fifteen_characters() {
        for host in ["a.b", "news.example.org", "very-long-name.of.a.newspaper.example.org", ""] {
            let id = feedback_id(7, "the weekly: digest", host);
            let fields: Vec<&str> = id.split(':').collect();
            assert_eq!(fields.len(), 4, "{id}");
            assert!((5..=15).contains(&fields[3].len()), "{id}");
        }
    }
}
