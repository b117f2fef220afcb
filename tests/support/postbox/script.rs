//! What the server does, told by the recipient's address.
//!
//! The first word of the local part names it, a number behind it says how often
//! (else always), and what follows a dot only makes addresses differ:
//! `tempfail-2.anna@example.org` is refused for now two times, then taken.

/// What is done instead of taking the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `tempfail`: 451 to the recipient.
    TempFail,
    /// `refuse`: 550 to the recipient.
    Refuse,
    /// `421`: says 421 to the recipient and closes.
    Busy,
    /// `garbage`: answers the recipient with what is no reply.
    Garbage,
    /// `drop-before-data`: closes instead of the 354.
    DropBeforeData,
    /// `drop-in-body`: closes after some lines of the body.
    DropInBody,
    /// `drop-after-dot`: takes the mail and closes without a word.
    DropAfterDot,
    /// `tempfail-body`: 451 to the final dot.
    TempFailBody,
    /// `refuse-body`: 554 to the final dot.
    RefuseBody,
    /// `slow`: answers the final dot when the test lets it.
    Slow,
}

impl Act {
    /// Is it over by itself, so that the mail goes out in the end?
    pub fn passes(self) -> bool {
        !matches!(self, Self::Refuse | Self::RefuseBody | Self::Slow)
    }
}

const ACTS: [(&str, Act); 10] = [
    ("tempfail-body", Act::TempFailBody),
    ("tempfail", Act::TempFail),
    ("refuse-body", Act::RefuseBody),
    ("refuse", Act::Refuse),
    ("421", Act::Busy),
    ("garbage", Act::Garbage),
    ("drop-before-data", Act::DropBeforeData),
    ("drop-in-body", Act::DropInBody),
    ("drop-after-dot", Act::DropAfterDot),
    ("slow", Act::Slow),
];

/// The act that an address asks for, and how often.
pub fn read(address: &str) -> Option<(Act, u32)> {
    let word = address.split(['@', '.']).next()?;
    ACTS.iter().find_map(|(name, act)| {
        let rest = word.strip_prefix(name)?;
        match rest.strip_prefix('-') {
            None if rest.is_empty() => Some((*act, u32::MAX)),
            Some(number) => Some((*act, number.parse().ok()?)),
            None => None,
        }
    })
}

#[test]
fn addresses_tell_what_happens_to_their_mail() {
    assert_eq!(read("anna@example.org"), None);
    assert_eq!(read("slowly@example.org"), None);
    assert_eq!(read("refuse@example.org"), Some((Act::Refuse, u32::MAX)));
    assert_eq!(read("refuse-body-1.x@example.org"), Some((Act::RefuseBody, 1)));
    assert_eq!(read("tempfail-2.anna@example.org"), Some((Act::TempFail, 2)));
    assert_eq!(read("421-3@example.org"), Some((Act::Busy, 3)));
}
