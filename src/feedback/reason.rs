//! Who is to blame for a refusal: the reader's mailbox, for good or for now,
//! or we.
//!
//! Whenever there is a sign that it is about us (5.7.x, content, policy,
//! reputation, authentication), it is taken for our fault, whatever else the
//! answer says: a reader is never suppressed for it. What says nothing is
//! taken for soft.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Who is to blame for a mail that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The mailbox is not there and will not be.
    Hard,
    /// The mailbox, or the way to it, does not work at present.
    Soft,
    /// We, or whoever sends for us: the mail, its signature, our reputation.
    Sender,
}

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub [u16; 3]);

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [class, subject, detail] = self.0;
        write!(f, "{class}.{subject}.{detail}")
    }
}

impl Status {
    /// The first code in a text; an IP address or a version is none.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::all(text).next()
    }

    /// Every code in a text.
    fn all(text: &str) -> impl Iterator<Item = Self> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter_map(|word| {
            let word = word.trim_matches('.');
            let mut numbers = word.split('.').map(|digits| {
                let good =
                    (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                good.then(|| digits.parse().ok()).flatten()
            });
            let code = [numbers.next()??, numbers.next()??, numbers.next()??];
            (numbers.next().is_none() && matches!(code[0], 2 | 4 | 5)).then_some(Self(code))
        })
    }

    /// 2 for done, 4 for not now, 5 for no.
    #[must_use]
    pub fn class(self) -> u16 {
        self.0[0]
    }

    /// Does it leave open what is wrong?
    fn is_vague(self) -> bool {
        self.0[2] == 0 || self.0[1] == 0
    }

    /// What the code alone says; `None` if it leaves that open.
    fn blame(self) -> Option<Blame> {
        use Blame::{Hard, Sender, Soft};
        match self.0 {
            // RFC 7293: the mailbox or its domain belongs to somebody else now.
            [5, 7, 17 | 18] => Some(Hard),
            [4 | 5, 6 | 7, _] | [4 | 5, 1, 7 | 8] | [5, 2, 3] | [5, 3, 4] => Some(Sender),
            [5, 1, 1 | 2 | 3 | 6 | 10] | [5, 2, 1] => Some(Hard),
            [5, 2, 2 | 4] | [5, 1, 4 | 9] => Some(Soft),
            _ => None,
        }
    }
}

/// The first SMTP reply code of a refusal in a text.
#[must_use]
pub fn code_in(text: &str) -> Option<u16> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '@');
    words.filter(|word| word.len() == 3).find_map(|word| {
        let code = word.parse().ok()?;
        // 465 and 587 are ports.
        matches!(code, 420..=459 | 500..=559).then_some(code)
    })
}

/// Signs that it is about us.
const OURS: [&str; 68] = [
    "spam",
    "junk",
    "unsolicited",
    "phish",
    "virus",
    "malware",
    "blacklist",
    "black list",
    "blocklist",
    "block list",
    "blocked using",
    "blocked by",
    "blocked for",
    "blocked due",
    "message blocked",
    "has been blocked",
    "dnsbl",
    " rbl",
    "listed at",
    "banned sending",
    "banned:",
    "is banned",
    "been banned",
    "banned ip",
    "rfc 5322",
    "rfc5322",
    "rfc 2822",
    "reputation",
    "complaint",
    "abuse",
    "policy",
    "policies",
    "dkim",
    "dmarc",
    " spf",
    "sender policy",
    "unauthenticated",
    "not authenticated",
    "authentication",
    "authenticate",
    "ptr record",
    "reverse dns",
    "rdns",
    " helo",
    "ehlo",
    "rate limit",
    "rate-limit",
    "throttl",
    "too many message",
    "too many connection",
    "too many email",
    "greylist",
    "graylist",
    "grey-list",
    "relaying denied",
    "relay access denied",
    "relay not permitted",
    "unable to relay",
    "sender address rejected",
    "sender verify",
    "sender denied",
    "sender rejected",
    "access denied",
    "message size",
    "too large",
    "too big",
    "content",
    "not authorized",
];

/// Signs that it will pass: they go before signs of a mailbox that is gone.
const PASSING: [&str; 21] = [
    "mailbox full",
    "mailbox is full",
    "inbox is full",
    "inbox full",
    "quota",
    "limit exceeded",
    "exceeds allowed size",
    "storage",
    "no room",
    "disk full",
    "disk space",
    "temporar",
    "try again",
    "try later",
    "timed out",
    "timeout",
    "too many hops",
    "mail loop",
    "hop count",
    "expired",
    "for too long",
];

/// Signs of a mailbox, or a domain, that is not there.
const GONE: [&str; 79] = [
    "user unknown",
    "unknown user",
    "user_unknown",
    "recipient unknown",
    "unknown recipient",
    "addressee unknown",
    "unknown address",
    "unknown or illegal",
    "unknown local",
    "alias unknown",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such address",
    "no such account",
    "no such person",
    "no such domain",
    "no such host",
    "not a known user",
    "not a valid mailbox",
    "not a valid user",
    "not a valid recipient",
    "not our customer",
    "user not found",
    "recipient not found",
    "recipientnotfound",
    "mailbox not found",
    "account not found",
    "address not found",
    "domain not found",
    "host not found",
    "name not found",
    "not found by smtp",
    "not found in directory",
    "not listed in",
    "not recognized",
    "does not exist",
    "doesn't exist",
    "does not have a",
    "doesn't have a",
    "doesn't have an",
    "do not exist",
    "mailbox unavailable",
    "mailbox not available",
    "mailbox is unavailable",
    "no mailbox here",
    "no mailbox by that",
    "no account by that",
    "isn't in my",
    "is not in my",
    "invalid recipient",
    "invalid mailbox",
    "invalid address",
    "invalid user",
    "bad destination",
    "bad address",
    "unrouteable",
    "unroutable",
    "recipient address rejected",
    "recipient rejected",
    "address rejected",
    "mailbox disabled",
    "is disabled",
    "account disabled",
    "account has been disabled",
    "owner has changed",
    "has moved",
    "account has been closed",
    "account closed",
    "is inactive",
    "inactive user",
    "account inactive",
    "no longer active",
    "no longer available",
    "no longer valid",
    "couldn't be found",
    "is unknown",
    "couldn't find any host",
    "nullmx",
];

struct Signs {
    finder: AhoCorasick,
    passing: usize,
    gone: usize,
}

static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let all = OURS.iter().chain(&PASSING).chain(&GONE);
    let finder = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(all)
        .expect("a few short words always make an automaton");
    Signs { finder, passing: OURS.len(), gone: OURS.len() + PASSING.len() }
});

#[derive(Default)]
struct Seen {
    ours: bool,
    passing: bool,
    gone: bool,
}

fn look(text: &str) -> Seen {
    let text = plain(text);
    let mut seen = Seen::default();
    for found in SIGNS.finder.find_overlapping_iter(&text) {
        match found.pattern().as_usize() {
            sign if sign < SIGNS.passing => seen.ours = true,
            sign if sign < SIGNS.gone => seen.passing = true,
            _ => seen.gone = true,
        }
    }
    seen
}

/// Lower case, single blanks, without addresses, whose parts may be any word,
/// and without the codes that each line of a reply repeats.
fn plain(text: &str) -> String {
    let mut out = String::from(" ");
    for word in text.split_whitespace() {
        let is_code =
            |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let word = match word.split_once('-') {
            Some((code, rest)) if is_code(code) => rest,
            _ => word,
        };
        let says = !is_code(word) && !word.contains('@') && !word.contains("://");
        if says && Status::find(word).is_none_or(|code| code.to_string() != word) {
            out.push_str(&word.to_lowercase());
            out.push(' ');
        }
    }
    // Exchange Online says so of a recipient that it does not know (5.4.1).
    out.replace("recipient address rejected: access denied", "recipient address rejected")
        .replace(['’', '`'], "'")
}

/// Who is to blame, by what is known of a refusal; `None` if all of it leaves
/// that open.
#[must_use]
pub fn certain(code: Option<u16>, status: Option<Status>, text: &str) -> Option<Blame> {
    let told = Status::find(text);
    let mut codes = status.into_iter().chain(Status::all(text));
    if codes.any(|code| code.blame() == Some(Blame::Sender)) {
        return Some(Blame::Sender);
    }
    let seen = look(text);
    if seen.ours {
        return Some(Blame::Sender);
    }
    if seen.passing {
        return Some(Blame::Soft);
    }
    let status = match (status, told) {
        (Some(vague), Some(told)) if vague.is_vague() => Some(told),
        (status, told) => status.or(told),
    };
    if let Some(blame) = status.and_then(Status::blame) {
        return Some(blame);
    }
    let class = status.map(Status::class).or(code.map(|code| code / 100));
    match (class, code, status.map(|status| status.0)) {
        (Some(4), ..) => Some(Blame::Soft),
        _ if seen.gone => Some(Blame::Hard),
        (_, Some(552), _) | (_, _, Some([5, 4, 6 | 7 | 14 | 300..=399])) => Some(Blame::Soft),
        (_, Some(530..=538), _) => Some(Blame::Sender),
        // A quarrel about the protocol.
        (_, _, Some([5, 5, detail])) if detail > 0 => Some(Blame::Sender),
        _ => None,
    }
}

/// Who is to blame; soft if nothing tells.
#[must_use]
pub fn blame(code: Option<u16>, status: Option<Status>, text: &str) -> Blame {
    certain(code, status, text).unwrap_or(Blame::Soft)
}

/// Who is to blame, by the reply of a relay as the ledger keeps it:
/// `550 5.1.1 No such user`.
#[must_use]
pub fn of_reply(reply: &str) -> Blame {
    blame(code_in(reply), Status::find(reply), reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_and_addresses_are_none() {
        for (text, code) in [
            ("550 5.1.1 nobody", Some([5, 1, 1])),
            ("(#5.1.1)", Some([5, 1, 1])),
            ("5.1.1.", Some([5, 1, 1])),
            ("host 5.9.16.1 said 4.4.2", Some([4, 4, 2])),
            ("smtp;550-5.7.26 no", Some([5, 7, 26])),
            ("version 5.5.2653.19", None),
            ("3.2.1", None),
            ("5.1", None),
            ("v5.1.1", None),
        ] {
            assert_eq!(Status::find(text), code.map(Status), "{text}");
        }
        for (text, code) in
            [("said: 550-no", Some(550)), ("port 587: 421 busy", Some(421)), ("4210 times", None)]
        {
            assert_eq!(code_in(text), code, "{text}");
        }
    }

    #[test]
    fn our_fault_outweighs_everything() {
        for reply in [
            "550 5.1.1 user unknown, or your reputation is too poor",
            "550 5.7.1 no such user",
            "552 5.2.2 mailbox full of your spam",
            "550 5.1.1 rejected (5.7.1)",
        ] {
            assert_eq!(of_reply(reply), Blame::Sender, "{reply}");
        }
    }

    #[test]
    fn the_name_of_a_mailbox_is_no_reason() {
        assert_eq!(of_reply("550 5.1.1 <spam.policy@example.org>: no such user"), Blame::Hard);
        assert_eq!(of_reply("550 <no.such.user@example.org> failed"), Blame::Soft);
    }

    #[test]
    fn what_says_nothing_is_soft() {
        for reply in ["", "550", "554 transaction failed", "550 5.0.0", "gibberish"] {
            assert_eq!(of_reply(reply), Blame::Soft, "{reply}");
        }
    }
}
