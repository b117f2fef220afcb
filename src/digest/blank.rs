//! Blanks: what differs from person to person stands in a rendered mail as a
//! marker, and is filled in when the message is sent.
//!
//! A mail is rendered and encoded once for many; only these bytes change.

/// A place in a rendered mail that is filled per person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blank {
    /// Where this person's subscription ends.
    UnsubscribeUrl,
    /// Where this person's choices are changed.
    PreferencesUrl,
    /// The address this mail goes to.
    Address,
    /// How this person is called; may be filled with nothing.
    Name,
}

/// How every marker starts.
const STEM: &str = "gz-blank-";

impl Blank {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::UnsubscribeUrl, Self::PreferencesUrl, Self::Address, Self::Name];

    /// What stands in its place: lower-case letters, digits and hyphens, so
    /// that escaping, CSS inlining and quoted-printable leave it as it is. (A
    /// soft line break may still fall into it: fill before lines are folded,
    /// or fold around it.)
    #[must_use]
    pub const fn marker(self) -> &'static str {
        match self {
            Self::UnsubscribeUrl => "gz-blank-unsubscribe-url-7f3a",
            Self::PreferencesUrl => "gz-blank-preferences-url-7f3a",
            Self::Address => "gz-blank-address-7f3a",
            Self::Name => "gz-blank-name-7f3a",
        }
    }
}

/// Text from outside, unable to pass for a marker: the reader sees the same.
pub(super) fn neutral(text: &str) -> String {
    // U+2011 is a hyphen that does not break.
    text.replace(STEM, "gz\u{2011}blank\u{2011}")
}

/// An address from outside, unable to pass for a marker: it leads to the same place.
pub(super) fn neutral_url(url: &str) -> String {
    url.replace(STEM, "gz%2Dblank%2D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_marker_is_part_of_another() {
        for one in Blank::ALL {
            let clean = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(one.marker().bytes().all(clean));
            for other in Blank::ALL {
                assert!(one == other || !one.marker().contains(other.marker()));
            }
        }
    }

    #[test]
    fn what_looks_like_a_marker_loses_its_power() {
        for blank in Blank::ALL {
            let text = format!("a {} b gz-blank-gz-blank-", blank.marker());
            assert!(!neutral(&text).contains(STEM));
            assert!(!neutral_url(&text).contains(STEM));
        }
    }
}
