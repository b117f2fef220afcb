//! A mail address that a message can be sent to.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use url::Host;

/// A valid mail address, its domain in lower-case ASCII (IDNA).
///
/// Rule: `local@domain`, at most 254 bytes (RFC 5321 4.5.3.1, less the angle
/// brackets); a dot-atom of ASCII characters up to 64 bytes before the `@`, a
/// host name after it. The part before the `@` is kept as it was written, but
/// two addresses that differ only in case are the same: no mail server of
/// note tells them apart, and people type both.
///
/// `Debug` shows it masked, so that it does not stray into logs.
#[derive(Clone)]
pub struct Address(String);

impl Address {
    /// Reads an address as a person types it; blanks around it do not matter.
    ///
    /// # Errors
    /// Says in words what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let bad = |reason: &'static str| BadAddress {
            text: text.trim().chars().take(80).collect(),
            reason,
        };
        let text = text.trim();
        if text.len() > 1_000 {
            return Err(bad("is too long"));
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(bad("has no `@`"));
        };
        check_local(local).map_err(bad)?;
        let domain = ascii_domain(domain).map_err(bad)?;
        let whole = format!("{local}@{domain}");
        if whole.len() > 254 {
            return Err(bad("is longer than 254 bytes"));
        }
        Ok(Self(whole))
    }

    /// The whole address: `Reader@example.org`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`, as it was written.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The domain, in lower-case ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The form by which addresses are compared and stored uniquely: all lower case.
    #[must_use]
    pub fn normalized(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The form for logs: `r…@example.org`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('…');
        format!("{first}…@{}", self.domain())
    }
}

fn check_local(local: &str) -> Result<(), &'static str> {
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    if local.is_empty() {
        Err("has nothing before the `@`")
    } else if local.len() > 64 {
        Err("has more than 64 bytes before the `@`")
    } else if local.contains('@') {
        Err("has more than one `@`")
    } else if !local.is_ascii() {
        Err("has a letter before the `@` that most mail servers refuse (not ASCII)")
    } else if local.bytes().any(|b| b.is_ascii_whitespace()) {
        Err("has a blank inside")
    } else if !local.bytes().all(is_atom) {
        Err("has a character before the `@` that may not stand there")
    } else if local.split('.').any(str::is_empty) {
        Err("has a dot in the wrong place before the `@`")
    } else {
        Ok(())
    }
}

/// A host name in lower-case ASCII.
fn ascii_domain(domain: &str) -> Result<String, &'static str> {
    if domain.is_empty() {
        return Err("has nothing after the `@`");
    }
    if domain.bytes().any(|b| b.is_ascii_whitespace()) {
        return Err("has a blank inside");
    }
    // `%` would be decoded by the host parser; nobody's mail domain has one.
    let host = match Host::parse(domain) {
        Ok(Host::Domain(host)) if !domain.contains('%') => host,
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return Err("has a number instead of a domain"),
        _ => return Err("has no valid domain after the `@`"),
    };
    let good_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(good_label) {
        return Err("has no valid domain after the `@`");
    }
    if !host.contains('.') && host != "localhost" {
        return Err("has a domain without a dot, such as `.org`");
    }
    Ok(host)
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized().hash(state);
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.normalized().cmp(&other.normalized())
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.masked())
    }
}

impl FromStr for Address {
    type Err = BadAddress;
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        Self::parse(text)
    }
}

/// A text that is no mail address, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}; write an address like `reader@example.org`")]
pub struct BadAddress {
    /// The text, cut to a readable length.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_addresses_are_taken_as_they_are_written() {
        for (text, kept) in [
            ("reader@example.org", "reader@example.org"),
            (" Reader.One+news@Example.ORG\t", "Reader.One+news@example.org"),
            ("o'brien@sub.example.co.uk", "o'brien@sub.example.co.uk"),
            ("desk@bücher.example", "desk@xn--bcher-kva.example"),
            ("desk@例え.テスト", "desk@xn--r8jz45g.xn--zckzah"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(Address::parse(text).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_its_reason() {
        let long_local = format!("{}@example.org", "x".repeat(65));
        let long_whole = format!("reader@{}org", "abcdefghi.".repeat(25));
        for (text, reason) in [
            ("", "no `@`"),
            ("reader", "no `@`"),
            ("@example.org", "nothing before"),
            ("reader@", "nothing after"),
            ("a@b@example.org", "more than one"),
            ("a b@example.org", "blank"),
            ("reader@exam ple.org", "blank"),
            (".a@example.org", "dot"),
            ("a..b@example.org", "dot"),
            ("\"a b\"@example.org", "blank"),
            ("a,b@example.org", "character"),
            ("<a>@example.org", "character"),
            ("jürgen@example.org", "ASCII"),
            ("a\r\nBcc: x@example.org", "blank"),
            ("reader@example", "without a dot"),
            ("reader@example..org", "domain"),
            ("reader@.example.org", "domain"),
            ("reader@example.org.", "domain"),
            ("reader@-example.org", "domain"),
            ("reader@ex_ample.org", "domain"),
            ("reader@ex%61mple.org", "domain"),
            ("reader@192.0.2.1", "number"),
            ("reader@[192.0.2.1]", "domain"),
            ("reader@[2001:db8::1]", "number"),
            (&long_local, "64"),
            (&long_whole, "254"),
        ] {
            let message = Address::parse(text).unwrap_err().to_string();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn case_makes_no_second_person() {
        let (one, two) = (Address::parse("A.B@x.org"), Address::parse("a.b@X.ORG"));

        assert_eq!(one, two);
        assert_eq!(one.as_ref().unwrap().normalized(), "a.b@x.org");
        assert_eq!(std::collections::HashSet::from([one.unwrap(), two.unwrap()]).len(), 1);
    }

    #[test]
    fn a_log_never_shows_who_it_was() {
        let address = Address::parse("reader@example.org").unwrap();

        assert_eq!(address.masked(), "r…@example.org");
        assert_eq!(format!("{address:?}"), "Address(r…@example.org)");
        assert_eq!((address.local(), address.domain()), ("reader", "example.org"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_taken_is_one_line_of_ascii_and_is_taken_again(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(address) = Address::parse(&text) {
                let whole = address.as_str();
                prop_assert!(whole.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(whole.len() <= 254);
                let again = Address::parse(whole).unwrap();
                prop_assert_eq!(again.as_str(), whole);
            }
        }
    }
}
