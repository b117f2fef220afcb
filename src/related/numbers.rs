//! Hashes that stay the same for ever, because they are kept on the disk, and
//! maps keyed by them.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// FNV-1a over 64 bits, mixed at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash(u64);

/// The hash of some bytes.
pub(super) fn fnv(bytes: &[u8]) -> Hash {
    Hash(0xcbf2_9ce4_8422_2325).more(bytes)
}

impl Hash {
    /// The hash of these bytes behind those before.
    pub(super) fn more(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    /// All of it, mixed so that every bit depends on every byte.
    pub(super) fn mixed(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^ (hash >> 32)
    }

    /// As many bits of it as wanted, at most 32.
    pub(super) fn bits(self, many: u32) -> u32 {
        u32::try_from(self.mixed() >> (64 - many)).unwrap_or(u32::MAX)
    }
}

/// For maps whose keys are hashes already, or small numbers.
pub(super) type Numbers = BuildHasherDefault<Spread>;

/// Spreads a number over all bits with one multiplication.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= fnv(bytes).mixed();
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(26) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }
}

/// For maps keyed by words from outside: a seed of this process, so that nobody
/// can choose words that fall together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed(u64);

impl Seed {
    pub(super) fn new() -> Self {
        Self(std::hash::RandomState::new().hash_one(0))
    }
}

impl BuildHasher for Seed {
    type Hasher = WordHasher;

    fn build_hasher(&self) -> WordHasher {
        WordHasher(self.0)
    }
}

/// Takes in eight bytes at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordHasher(u64);

impl WordHasher {
    fn take(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * u128::from(0x9e37_79b9_7f4a_7c15_u64 | 1);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.0 = low ^ high.rotate_left(23);
    }
}

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.take(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.take(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {
        // The mark behind a word; its length is in already.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_kept_on_the_disk_and_must_never_change() {
        assert_eq!(fnv(b"harvest").mixed(), fnv(b"har").more(b"vest").mixed());
        assert_eq!(fnv(b"").0, 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a").0, 0xaf63_dc4c_8601_ec8c);
        assert_ne!(fnv(b"a").bits(31), fnv(b"b").bits(31));
    }

    #[test]
    fn words_fall_together_by_chance_only() {
        let seed = Seed::new();
        let words =
            (0..20_000_u32).flat_map(|n| [format!("w{n}"), format!("w{n}\0"), format!("{n:032}")]);
        let mut hashes: Vec<u64> = words.map(|word| seed.hash_one(word.as_str()) >> 40).collect();
        let all = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();

        // Of 60,000 among sixteen million about a hundred meet another.
        assert!(hashes.len() > all - 400, "{}", hashes.len());
        assert_eq!(seed.hash_one("harvest"), seed.hash_one("harvest"));
    }
}
