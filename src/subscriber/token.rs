//! Signed tokens for links: bound to a purpose, with a key id, compared in
//! constant time.
//!
//! A token proves that a link was ours; it does not remember whether it was
//! used. Its form is URL-safe base64 of `key id | payload | HMAC-SHA-256`.

use std::fmt;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::clock::{Time, from_millis};

/// How long a link that confirms a subscription is good.
pub const CONFIRM_FOR: TimeDelta = TimeDelta::hours(48);

/// The longest payload a token carries, in bytes.
pub const MAX_PAYLOAD: usize = 128;

const MAC_LEN: usize = 32;
const MAX_TOKEN: usize = (1 + MAX_PAYLOAD + MAC_LEN).div_ceil(3) * 4;

/// What a link is for. A token for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `/unsubscribe/TOKEN`.
    Unsubscribe,
    /// `/confirm/TOKEN`.
    Confirm,
    /// `/preferences/TOKEN`.
    Preferences,
    /// A personal feed.
    Feed,
    /// `/websub/TOKEN`, by which a hub tells of news.
    Hub,
    /// The secret that a hub signs with; never in an address.
    HubSecret,
}

impl Purpose {
    /// What is signed before the payload; never change a word of it, or links
    /// in mails already sent stop working.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Unsubscribe => b"gazetted token 1 unsubscribe\0",
            Self::Confirm => b"gazetted token 1 confirm\0",
            Self::Preferences => b"gazetted token 1 preferences\0",
            Self::Feed => b"gazetted token 1 feed\0",
            Self::Hub => b"gazetted token 1 hub\0",
            Self::HubSecret => b"gazetted token 1 hub secret\0",
        }
    }
}

/// A secret that signs tokens, and the number by which tokens name it.
#[derive(Clone)]
pub struct Key {
    id: u8,
    mac: hmac::Key,
}

impl Key {
    /// The key `id` with its 32 bytes.
    #[must_use]
    pub fn new(id: u8, secret: &[u8; 32]) -> Self {
        Self { id, mac: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// 32 unguessable bytes for a key; `None` if the machine gives no randomness.
    #[must_use]
    pub fn generate() -> Option<[u8; 32]> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).ok()?;
        Some(secret)
    }

    fn sign(&self, purpose: Purpose, payload: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(purpose.label());
        context.update(&[self.id]);
        context.update(payload);
        context.sign()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, …)", self.id)
    }
}

/// The keys in force: one that signs, and older ones whose links still work.
#[derive(Debug, Clone)]
pub struct Keyring {
    current: Key,
    older: Vec<Key>,
}

impl Keyring {
    /// A ring that signs with `current` and also believes the `older` keys.
    #[must_use]
    pub fn new(current: Key, older: Vec<Key>) -> Self {
        Self { current, older }
    }

    /// A token for `payload` (at most [`MAX_PAYLOAD`] bytes; a longer one is
    /// never believed), in characters that need no escaping in an address.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, payload: &[u8]) -> String {
        let mut bytes = Vec::with_capacity(1 + payload.len() + MAC_LEN);
        bytes.push(self.current.id);
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(self.current.sign(purpose, payload).as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload of a token of ours for this purpose.
    #[must_use]
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<Vec<u8>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (&id, rest) = bytes.split_first()?;
        let (payload, mac) = rest.split_at_checked(rest.len().checked_sub(MAC_LEN)?)?;
        let key = std::iter::once(&self.current).chain(&self.older).find(|key| key.id == id)?;
        let expected = key.sign(purpose, payload);
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), mac).ok()?;
        Some(payload.to_vec())
    }

    /// A token for `claim`.
    #[must_use]
    pub fn sign_claim(&self, purpose: Purpose, claim: &Claim) -> String {
        self.sign(purpose, &claim.encode())
    }

    /// The claim of a token of ours for this purpose that has not expired at `now`.
    #[must_use]
    pub fn claim(&self, purpose: Purpose, token: &str, now: Time) -> Option<Claim> {
        let claim = Claim::decode(&self.verify(purpose, token)?)?;
        claim.expires.is_none_or(|end| now < end).then_some(claim)
    }
}

/// What a link says: who, about what, until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// [`Subscriber::uid`](super::Subscriber::uid).
    pub subscriber: Uuid,
    /// Row number of the edition the link stands in, or of another thing the
    /// purpose knows of.
    pub about: Option<i64>,
    /// From when on it is worth nothing; `None`: never. Links that unsubscribe
    /// never expire.
    pub expires: Option<Time>,
}

impl Claim {
    /// A claim that never expires.
    #[must_use]
    pub fn lasting(subscriber: Uuid, about: Option<i64>) -> Self {
        Self { subscriber, about, expires: None }
    }

    /// A claim to confirm a subscription, good for [`CONFIRM_FOR`].
    #[must_use]
    pub fn to_confirm(subscriber: Uuid, now: Time) -> Self {
        Self { subscriber, about: None, expires: now.checked_add_signed(CONFIRM_FOR) }
    }

    /// `uid | flags | about | expires`, what is absent left out.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(33);
        bytes.extend_from_slice(self.subscriber.as_bytes());
        bytes.push(u8::from(self.about.is_some()) | u8::from(self.expires.is_some()) << 1);
        bytes.extend(self.about.iter().flat_map(|about| about.to_be_bytes()));
        bytes.extend(self.expires.iter().flat_map(|at| at.timestamp_millis().to_be_bytes()));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (uid, rest) = bytes.split_first_chunk::<16>()?;
        let (&flags, mut rest) = rest.split_first()?;
        let mut number = |wanted: bool| -> Option<Option<i64>> {
            if !wanted {
                return Some(None);
            }
            let (number, left) = rest.split_first_chunk::<8>()?;
            rest = left;
            Some(Some(i64::from_be_bytes(*number)))
        };
        let about = number(flags & 1 != 0)?;
        let expires = number(flags & 2 != 0)?.map(from_millis);
        let whole = rest.is_empty() && flags < 4;
        whole.then_some(Self { subscriber: Uuid::from_bytes(*uid), about, expires })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PURPOSES: [Purpose; 4] =
        [Purpose::Unsubscribe, Purpose::Confirm, Purpose::Preferences, Purpose::Feed];

    fn ring(id: u8) -> Keyring {
        Keyring::new(Key::new(id, &[id; 32]), vec![])
    }

    fn at(millis: i64) -> Time {
        from_millis(1_720_000_000_000 + millis)
    }

    #[test]
    fn a_token_is_believed_for_its_own_purpose_only() {
        let keys = ring(1);
        for purpose in PURPOSES {
            let token = keys.sign(purpose, b"payload");
            for other in PURPOSES {
                let expected = (purpose == other).then(|| b"payload".to_vec());
                assert_eq!(keys.verify(other, &token), expected);
            }
        }
    }

    #[test]
    fn links_signed_with_an_older_key_still_work() {
        let old = ring(1).sign(Purpose::Unsubscribe, b"who");
        let rotated = Keyring::new(Key::new(2, &[2; 32]), vec![Key::new(1, &[1; 32])]);

        assert_eq!(rotated.verify(Purpose::Unsubscribe, &old).unwrap(), b"who");
        assert_eq!(ring(2).verify(Purpose::Unsubscribe, &old), None);
        assert_ne!(rotated.sign(Purpose::Unsubscribe, b"who"), old);
    }

    #[test]
    fn a_key_that_only_shares_the_number_is_not_believed() {
        let forged = Keyring::new(Key::new(1, &[9; 32]), vec![]).sign(Purpose::Confirm, b"who");

        assert_eq!(ring(1).verify(Purpose::Confirm, &forged), None);
    }

    #[test]
    fn a_link_to_confirm_is_good_for_two_days() {
        let (keys, who) = (ring(1), Uuid::from_u128(7));
        let token = keys.sign_claim(Purpose::Confirm, &Claim::to_confirm(who, at(0)));
        let end = CONFIRM_FOR.num_milliseconds();

        assert_eq!(keys.claim(Purpose::Confirm, &token, at(end - 1)).unwrap().subscriber, who);
        assert_eq!(keys.claim(Purpose::Confirm, &token, at(end)), None);
    }

    #[test]
    fn a_token_fits_an_address_as_it_is() {
        let claim = Claim { subscriber: Uuid::from_u128(7), about: Some(9), expires: Some(at(1)) };
        let token = ring(1).sign_claim(Purpose::Preferences, &claim);

        assert!(token.len() < 100);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(ring(1).claim(Purpose::Preferences, &token, at(0)), Some(claim));
    }

    #[test]
    fn the_form_of_tokens_stays_so_that_old_mails_keep_their_links() {
        let claim = Claim::lasting(Uuid::from_u128(7), Some(9));

        assert_eq!(
            ring(1).sign_claim(Purpose::Unsubscribe, &claim),
            "AQAAAAAAAAAAAAAAAAAAAAcBAAAAAAAAAAnOLWbag-vkR39SbzcSz2GdHFjc1Sx7Qabdx5l3DgskvA"
        );
    }

    #[test]
    fn an_endless_token_is_refused_unread() {
        assert_eq!(ring(1).verify(Purpose::Feed, &"A".repeat(1_000_000)), None);
        let longest = ring(1).sign(Purpose::Feed, &[0; MAX_PAYLOAD]);
        assert!(ring(1).verify(Purpose::Feed, &longest).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_changed_character_spoils_it(at in 0usize..200, put in "[A-Za-z0-9_-]") {
            let good = ring(1).sign(Purpose::Unsubscribe, b"somebody");
            let at = at % good.len();
            let mut changed = good.clone();
            changed.replace_range(at..=at, &put);

            prop_assert_eq!(
                ring(1).verify(Purpose::Unsubscribe, &changed).is_some(),
                changed == good
            );
        }

        #[test]
        fn no_text_upsets_the_reader_of_tokens(text in "\\PC{0,120}", bytes: Vec<u8>) {
            prop_assert_eq!(ring(1).verify(Purpose::Confirm, &text), None);
            let _ = Claim::decode(&bytes);
        }

        #[test]
        fn a_claim_is_read_back(who: u128, about: Option<i64>, millis in prop::option::of(0i64..4_000_000_000_000)) {
            let claim = Claim { subscriber: Uuid::from_u128(who), about, expires: millis.map(from_millis) };
            prop_assert_eq!(Claim::decode(&claim.encode()), Some(claim));
        }
    }
}
