//! Whether a person may be mailed, and what changes it.

use serde::{Deserialize, Serialize};

/// Whether a person may be mailed.
///
/// ```text
///  (new) ──ask──▶ PENDING ──confirm──▶ ACTIVE ──leave──▶ LEFT
///                 ▲ ▲                  │    │             │
///                 │ └──ask── BOUNCED ◀─┘    │             │
///                 │       mailbox is gone   │ spam button │
///                 └──────────ask────────────│─────────────┘
///                                           ▼
///                                       COMPLAINED
/// ```
/// A bounce or complaint counts for a pending person too. Who left or bounced
/// comes back only by asking and confirming again; who complained, only by the
/// operator's hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Asked, but has not confirmed.
    Pending,
    /// Gets mail.
    Active,
    /// Unsubscribed.
    Left,
    /// The address does not take mail.
    Bounced,
    /// Called a mail of ours spam.
    Complained,
}

/// What can happen to a person's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Somebody asked for digests in their name.
    Ask,
    /// They followed the link that was mailed to them.
    Confirm,
    /// They unsubscribed.
    Leave,
    /// Their mailbox is gone.
    Bounce,
    /// They pressed the spam button.
    Complain,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Left, Self::Bounced, Self::Complained];

    /// The word used in CSV, JSON and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Left => "left",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// Reads [`Standing::as_str`] back, in any case; `unsubscribed`, as other
    /// programs export it, is [`Standing::Left`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        if word.eq_ignore_ascii_case("unsubscribed") {
            return Some(Self::Left);
        }
        Self::ALL.into_iter().find(|standing| standing.as_str().eq_ignore_ascii_case(word))
    }

    /// May digests be mailed to this person?
    #[must_use]
    pub fn may_be_mailed(self) -> bool {
        self == Self::Active
    }

    /// The standing after something happened; `None` if it changes nothing.
    #[must_use]
    pub fn after(self, happening: Happening) -> Option<Self> {
        use Happening::{Ask, Bounce, Complain, Confirm, Leave};
        match (self, happening) {
            (Self::Left | Self::Bounced, Ask) => Some(Self::Pending),
            (Self::Pending, Confirm) => Some(Self::Active),
            (Self::Pending | Self::Active | Self::Bounced, Leave) => Some(Self::Left),
            (Self::Pending | Self::Active, Bounce) => Some(Self::Bounced),
            (Self::Pending | Self::Active | Self::Left | Self::Bounced, Complain) => {
                Some(Self::Complained)
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_holds() {
        use Happening::{Ask, Bounce, Complain, Confirm, Leave};
        use Standing::{Active, Bounced, Complained, Left, Pending};
        let drawn = [
            // From      ask            confirm       leave       bounce         complain
            (Pending, [None, Some(Active), Some(Left), Some(Bounced), Some(Complained)]),
            (Active, [None, None, Some(Left), Some(Bounced), Some(Complained)]),
            (Left, [Some(Pending), None, None, None, Some(Complained)]),
            (Bounced, [Some(Pending), None, Some(Left), None, Some(Complained)]),
            (Complained, [None, None, None, None, None]),
        ];

        for (from, to) in drawn {
            for (happening, to) in [Ask, Confirm, Leave, Bounce, Complain].into_iter().zip(to) {
                assert_eq!(from.after(happening), to, "{from} {happening:?}");
            }
        }
    }

    #[test]
    fn only_who_confirmed_is_mailed_and_nothing_but_a_confirmation_leads_there() {
        let mailed: Vec<_> = Standing::ALL.into_iter().filter(|s| s.may_be_mailed()).collect();
        assert_eq!(mailed, [Standing::Active]);

        for from in Standing::ALL {
            for happening in [Happening::Ask, Happening::Leave, Happening::Bounce] {
                assert_ne!(from.after(happening), Some(Standing::Active));
            }
        }
    }

    #[test]
    fn the_words_are_read_back() {
        for standing in Standing::ALL {
            assert_eq!(Standing::parse(standing.as_str()), Some(standing));
        }
        assert_eq!(Standing::parse(" Unsubscribed "), Some(Standing::Left));
        assert_eq!(Standing::parse("happy"), None);
    }
}
