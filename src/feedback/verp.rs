//! Variable envelope return paths: the address a bounce comes back to tells
//! which delivery it is about, and a signature that we made it.
//!
//! `bounce@host` becomes `bounce+TOKEN@host`. The token is lower-case base32,
//! because relays may change the case of an address, and holds the delivery's
//! edition and subscriber and 80 bits of an HMAC-SHA-256. It is read back
//! whatever host and separator it arrives with.

use aws_lc_rs::{constant_time, hmac};

/// RFC 5321 section 4.5.3.1.1.
const LONGEST_LOCAL_PART: usize = 64;
/// One byte for the lengths, two numbers, the signature.
const LONGEST_TOKEN: usize = (1 + 8 + 8 + TAG_BYTES) * 8 / 5 + 1;
const TAG_BYTES: usize = 10;
/// Keeps these signatures apart from others made with the same key.
const PURPOSE: &[u8] = b"gazetted verp 1\0";
/// Without the letters that look like digits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Makes and reads return paths.
#[derive(Debug)]
pub struct Verp {
    local: String,
    domain: String,
    key: hmac::Key,
}

/// Which delivery a return path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Row number of the edition.
    pub edition: i64,
    /// Row number of the subscriber.
    pub subscriber: i64,
}

impl Verp {
    /// Return paths under the address `bounce`, signed with `key`.
    ///
    /// # Errors
    /// If there is no room for a token in the address; the message says what
    /// to change.
    pub fn new(bounce: &str, key: &[u8]) -> Result<Self, String> {
        let Some((local, domain)) = bounce
            .rsplit_once('@')
            .filter(|(local, domain)| !local.is_empty() && !domain.is_empty())
        else {
            return Err(format!(
                "`[mail] bounce` is `{bounce}`; write an address such as bounce@example.org"
            ));
        };
        let room = LONGEST_LOCAL_PART - 1 - LONGEST_TOKEN;
        if local.len() > room {
            return Err(format!(
                "`[mail] bounce`: `{local}` is too long to add a token to; use at most {room} characters before the @, such as bounce@{domain}"
            ));
        }
        Ok(Self {
            local: local.to_owned(),
            domain: domain.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        })
    }

    /// The return path of one delivery.
    #[must_use]
    pub fn address(&self, delivery: Delivery) -> String {
        let (edition, subscriber) =
            (significant(delivery.edition), significant(delivery.subscriber));
        let mut token = vec![lengths(edition.len(), subscriber.len())];
        token.extend(edition);
        token.extend(subscriber);
        let tag = self.tag(&token);
        token.extend(tag);
        format!("{}+{}@{}", self.local, base32(&token), self.domain)
    }

    /// The delivery that a return path of ours is about; `None` if we did not make it.
    #[must_use]
    pub fn read(&self, address: &str) -> Option<Delivery> {
        let local = address.trim().trim_matches(['<', '>']).rsplit_once('@')?.0;
        let (_, token) =
            local.rsplit_once(['+', '-', '=']).filter(|(_, token)| token.len() <= LONGEST_TOKEN)?;
        let token = un_base32(token)?;
        let (numbers, tag) = token.split_at_checked(token.len().checked_sub(TAG_BYTES)?)?;
        constant_time::verify_slices_are_equal(&self.tag(numbers), tag).ok()?;
        let (first, numbers) = numbers.split_first()?;
        let (edition, subscriber) = numbers.split_at_checked(usize::from(first >> 4))?;
        (subscriber.len() == usize::from(first & 15)).then_some(())?;
        Some(Delivery { edition: number(edition)?, subscriber: number(subscriber)? })
    }

    fn tag(&self, numbers: &[u8]) -> [u8; TAG_BYTES] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(PURPOSE);
        context.update(numbers);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG_BYTES]);
        tag
    }
}

/// Both lengths are at most 8.
fn lengths(edition: usize, subscriber: usize) -> u8 {
    u8::try_from(edition << 4 | subscriber).unwrap_or(u8::MAX)
}

/// The bytes of a number without leading zeros.
fn significant(number: i64) -> impl ExactSizeIterator<Item = u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.into_iter().skip(zeros)
}

fn number(bytes: &[u8]) -> Option<i64> {
    let mut whole = [0; 8];
    whole.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(i64::from_be_bytes(whole))
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut pending, mut bits) = (0_u32, 0);
    for byte in bytes {
        pending = pending << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(pending >> bits) as usize & 31]));
        }
        pending &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(pending << (5 - bits)) as usize & 31]));
    }
    out
}

fn un_base32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut pending, mut bits) = (0_u32, 0);
    for c in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == c.to_ascii_lowercase())?;
        pending = pending << 5 | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(pending >> bits & 255).ok()?);
        }
        pending &= (1 << bits) - 1;
    }
    // What is left is padding: nothing but zeros, less than a digit.
    (pending == 0 && bits < 5).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verp() -> Verp {
        Verp::new("bounce@news.example.org", b"a key of some length").unwrap()
    }

    const DELIVERY: Delivery = Delivery { edition: 12, subscriber: 345_678 };

    #[test]
    fn a_bounce_finds_its_delivery_whatever_relays_do_to_the_address() {
        let address = verp().address(DELIVERY);
        assert!(address.starts_with("bounce+") && address.ends_with("@news.example.org"));

        for arrived in [
            address.clone(),
            address.to_uppercase(),
            format!("<{address}>"),
            address.replace('+', "-"),
            address.replace("news.example.org", "mx.example.org"),
        ] {
            assert_eq!(verp().read(&arrived), Some(DELIVERY), "{arrived}");
        }
    }

    #[test]
    fn a_forged_token_is_refused() {
        let address = verp().address(DELIVERY);
        let (head, tail) = address.split_once('@').unwrap();
        let start = head.find('+').unwrap() + 1;
        for position in start..head.len() {
            for letter in ["a", "9"] {
                let mut forged = head.to_owned();
                forged.replace_range(position..=position, letter);
                if forged != head {
                    assert_eq!(verp().read(&format!("{forged}@{tail}")), None, "{forged}");
                }
            }
        }
        let other = Verp::new("bounce@news.example.org", b"another key").unwrap();
        assert_eq!(other.read(&address), None);
        for nonsense in
            ["", "@", "bounce@news.example.org", "bounce+@x", "bounce+a@x", "bounce+oil1@x"]
        {
            assert_eq!(verp().read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_return_path_without_room_is_refused_with_a_remedy() {
        let long = Verp::new("the-bounces-of-the-review@example.org", b"key").unwrap_err();
        assert!(long.contains("bounce@example.org"), "{long}");
        assert!(Verp::new("example.org", b"key").unwrap_err().contains("[mail] bounce"));
    }

    proptest! {
        #[test]
        fn every_delivery_survives_and_the_local_part_is_never_too_long(edition: i64, subscriber: i64) {
            let delivery = Delivery { edition, subscriber };
            let verp = Verp::new("eighteen-chars-now@example.org", b"key").unwrap();

            let address = verp.address(delivery);

            prop_assert!(address.split_once('@').unwrap().0.len() <= 64);
            prop_assert_eq!(verp.read(&address), Some(delivery));
        }

        #[test]
        fn no_address_makes_it_panic(address in "\\PC{0,90}") {
            prop_assert_eq!(verp().read(&address), None);
        }
    }
}
