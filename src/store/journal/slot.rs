//! What stands in a journal, as bytes: pure.
//!
//! Records have one size, a slot, so a slot's place follows from its number and
//! a slot that is written over is known by the number that it has. Integers are
//! little-endian. A slot:
//!
//! ```text
//!  0  checksum   4   CRC-32 of the epoch and of bytes 4 to 128
//!  4  kind       1
//!  5  length     1   bytes of words
//!  6  nothing    2
//!  8  number     8   1 for the first of a journal
//! 16  durable    8   the last slot that was surely on the disk when this was written
//! 24  edition    8
//! 32  subscriber 8
//! 40  attempt    8
//! 48  at         8   milliseconds since 1970
//! 56  words     72
//! ```

use crate::store::deliveries::Ticket;

/// Bytes of a slot.
pub(super) const SLOT: usize = 128;

/// Bytes of words in one slot.
const WORDS: usize = SLOT - 56;

/// Slots that one entry takes at most; a reply that is longer is cut.
pub(super) const MOST: usize = 8;

/// What is known of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The body is about to be written.
    Handing,
    /// The server took it; its words.
    Sent(String),
    /// The body was begun, or about to be, and the server certainly does not
    /// have it: nothing went out.
    Declined,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which row of the ledger, by which claim.
    pub ticket: Ticket,
    /// What happened.
    pub fact: Fact,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// Whose journal it is: part of every checksum, so that nothing of another
/// journal is ever taken for a record of this one.
pub(super) type Epoch = [u8; 16];

const HANDING: u8 = 1;
const SENT: u8 = 2;
const DECLINED: u8 = 3;
/// More words for the entry before it.
const MORE: u8 = 4;

impl Entry {
    /// How many slots it takes.
    pub(super) fn slots(&self) -> usize {
        1 + self.words().len().saturating_sub(1) / WORDS
    }

    /// The words, cut to what an entry can hold.
    fn words(&self) -> &str {
        let Fact::Sent(words) = &self.fact else { return "" };
        let mut end = words.len().min(MOST * WORDS);
        while !words.is_char_boundary(end) {
            end -= 1;
        }
        &words[..end]
    }

    /// Appends its slots, the first of which is number `number`.
    pub(super) fn write(&self, epoch: &Epoch, number: u64, durable: u64, out: &mut Vec<u8>) {
        let mut kind = match self.fact {
            Fact::Handing => HANDING,
            Fact::Sent(_) => SENT,
            Fact::Declined => DECLINED,
        };
        let mut words = self.words().as_bytes();
        for slot in 0..self.slots() as u64 {
            let (mine, rest) = words.split_at(words.len().min(WORDS));
            words = rest;
            let start = out.len();
            out.extend_from_slice(&[0; 4]);
            // At most 72.
            out.extend_from_slice(&[kind, u8::try_from(mine.len()).unwrap_or(0), 0, 0]);
            for number in [number + slot, durable] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            let Ticket { edition, subscriber, attempt } = self.ticket;
            for value in [edition, subscriber, attempt, self.at] {
                out.extend_from_slice(&value.to_le_bytes());
            }
            out.extend_from_slice(mine);
            out.resize(start + SLOT, 0);
            let checksum = checksum(epoch, &out[start + 4..]);
            out[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
            kind = MORE;
        }
    }
}

fn checksum(epoch: &Epoch, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(epoch);
    hasher.update(rest);
    hasher.finalize()
}

/// A slot that reads as one.
pub(super) struct Read<'a> {
    pub(super) number: u64,
    pub(super) durable: u64,
    kind: u8,
    ticket: Ticket,
    at: i64,
    words: &'a [u8],
}

/// Reads a slot; `None` if it is none of this journal, or torn.
pub(super) fn read<'a>(epoch: &Epoch, slot: &'a [u8]) -> Option<Read<'a>> {
    let slot: &[u8; SLOT] = slot.try_into().ok()?;
    let integer = |at: usize| -> [u8; 8] {
        slot[at..at + 8].try_into().expect("a slot is longer than any of its fields")
    };
    if checksum(epoch, &slot[4..]).to_le_bytes() != slot[..4] {
        return None;
    }
    let signed = |at: usize| i64::from_le_bytes(integer(at));
    Some(Read {
        number: u64::from_le_bytes(integer(8)),
        durable: u64::from_le_bytes(integer(16)),
        kind: slot[4],
        ticket: Ticket { edition: signed(24), subscriber: signed(32), attempt: signed(40) },
        at: signed(48),
        words: slot[56..].get(..usize::from(slot[5]))?,
    })
}

/// Puts slots, in order, together to entries.
#[derive(Default)]
pub(super) struct Gathering {
    entries: Vec<(Entry, Vec<u8>)>,
}

impl Gathering {
    pub(super) fn take(&mut self, slot: &Read<'_>) {
        let fact = match slot.kind {
            HANDING => Fact::Handing,
            SENT => Fact::Sent(String::new()),
            DECLINED => Fact::Declined,
            _ => {
                if let Some((_, words)) = self.entries.last_mut() {
                    words.extend_from_slice(slot.words);
                }
                return;
            }
        };
        let entry = Entry { ticket: slot.ticket, fact, at: slot.at };
        self.entries.push((entry, slot.words.to_vec()));
    }

    pub(super) fn entries(self) -> Vec<Entry> {
        let whole = |(mut entry, bytes): (Entry, Vec<u8>)| {
            if let Fact::Sent(words) = &mut entry.fact {
                *words = String::from_utf8_lossy(&bytes).into_owned();
            }
            entry
        };
        self.entries.into_iter().map(whole).collect()
    }
}
