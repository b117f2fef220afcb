//! The file of a journal: a header, and a ring of slots that are written over
//! again and again once they are folded. Its size never changes, so a write
//! moves no metadata and cannot run out of room on the disk.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::slot::{self, Entry, Epoch, Gathering, SLOT};

/// Where the slots begin.
const BEGINNING: usize = 4096;

/// The first bytes of every journal.
const MAGIC: &[u8; 16] = b"gazetted journal";

/// The form of what follows; another number is refused.
const VERSION: u32 = 1;

/// Slots of a ring: 4 MiB.
pub(super) const SLOTS: u64 = 32 * 1024;

/// What a journal is written to. A port, for no test can fill a disk or cut
/// the power at will.
pub(super) trait Disk: Send + Sync {
    /// Writes all of it at an offset.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Returns when all that was written is on the disk.
    fn sync(&self) -> io::Result<()>;
}

impl Disk for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Why a file has no header that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It never got one, or it is damaged.
    Damaged,
    /// It is something else.
    Foreign(&'static str),
}

/// Who writes a journal, and into which store it is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Identity of the store.
    pub(super) store: [u8; 16],
    /// Identity of the journal.
    pub(super) epoch: Epoch,
    /// Slots of the ring.
    pub(super) slots: u64,
    /// Who writes it.
    pub(super) instance: String,
}

impl Header {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.store);
        bytes.extend_from_slice(&self.epoch);
        bytes.extend_from_slice(&self.slots.to_le_bytes());
        let name = self.instance.as_bytes();
        bytes.extend_from_slice(&u32::try_from(name.len()).unwrap_or(0).to_le_bytes());
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes.resize(BEGINNING, 0);
        bytes
    }

    /// Reads it back.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NoHeader> {
        let mut rest = bytes;
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at_checked(count).ok_or(NoHeader::Damaged)?;
            rest = left;
            Ok::<&[u8], NoHeader>(taken)
        };
        let magic = take(16)?;
        if magic != MAGIC {
            let blank = magic.iter().all(|byte| *byte == 0);
            let foreign = NoHeader::Foreign("is no journal");
            return Err(if blank { NoHeader::Damaged } else { foreign });
        }
        let short = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or_default();
        if short(take(4)?) != VERSION {
            let why =
                "was written by another version of gazetted, which has to be started once more";
            return Err(NoHeader::Foreign(why));
        }
        let store = take(16)?.try_into().unwrap_or_default();
        let epoch = take(16)?.try_into().unwrap_or_default();
        let slots = take(8)?.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let length = short(take(4)?) as usize;
        let name = take(length.min(BEGINNING))?;
        let instance = String::from_utf8_lossy(name).into_owned();
        let whole = usize::try_from(slots).ok().and_then(|slots| slots.checked_mul(SLOT));
        if whole.is_none_or(|whole| bytes.len() - BEGINNING.min(bytes.len()) < whole) {
            return Err(NoHeader::Damaged);
        }
        let end = 16 + 4 + 16 + 16 + 8 + 4 + length.min(BEGINNING);
        if short(take(4)?) != crc32fast::hash(&bytes[..end]) {
            return Err(NoHeader::Damaged);
        }
        Ok(Self { store, epoch, slots, instance })
    }
}

/// A file as it is before the first record.
pub(super) fn blank(header: &Header) -> Vec<u8> {
    let mut bytes = header.bytes();
    bytes.resize(BEGINNING + usize::try_from(header.slots).unwrap_or(0) * SLOT, 0);
    bytes
}

/// The writing end.
pub(super) struct Ring<D> {
    disk: D,
    epoch: Epoch,
    slots: u64,
    /// The last slot that is on the disk.
    durable: u64,
    folded: Arc<AtomicU64>,
    buffer: Vec<u8>,
}

impl<D: Disk> Ring<D> {
    pub(super) fn new(disk: D, header: &Header, folded: Arc<AtomicU64>) -> Self {
        Self {
            disk,
            epoch: header.epoch,
            slots: header.slots,
            durable: 0,
            folded,
            buffer: Vec::new(),
        }
    }

    /// Slots that may be written before something is folded.
    pub(super) fn room(&self) -> u64 {
        let folded = self.folded.load(Ordering::Acquire);
        self.slots.saturating_sub(self.durable.saturating_sub(folded))
    }

    /// Writes entries and returns when they are on the disk; gives the number of
    /// the last slot of each. After an error nobody knows what is there: append
    /// the same again, it takes the same slots.
    ///
    /// # Errors
    /// If the disk does not take it, or there is not room enough.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<Vec<u64>> {
        self.buffer.clear();
        let mut number = self.durable;
        let mut ends = Vec::with_capacity(entries.len());
        for entry in entries {
            entry.write(&self.epoch, number + 1, self.durable, &mut self.buffer);
            number += entry.slots() as u64;
            ends.push(number);
        }
        if number - self.durable > self.room() {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the journal is full"));
        }
        let place = self.durable % self.slots;
        let until_the_end = usize::try_from(self.slots - place).unwrap_or(usize::MAX) * SLOT;
        let (before, after) = self.buffer.split_at(until_the_end.min(self.buffer.len()));
        self.disk.write_at(before, offset(place))?;
        if !after.is_empty() {
            self.disk.write_at(after, offset(0))?;
        }
        self.disk.sync()?;
        self.durable = number;
        Ok(ends)
    }
}

fn offset(place: u64) -> u64 {
    BEGINNING as u64 + place * SLOT as u64
}

/// What a file says that a dead instance left.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// What was not folded, in order.
    pub(super) entries: Vec<Entry>,
    /// The last slot of it.
    pub(super) last: u64,
    /// Something that was on the disk cannot be read any more.
    pub(super) damaged: bool,
    /// It goes on after records that are neither folded nor there: the store is
    /// older than the journal.
    pub(super) ahead: bool,
}

/// Reads all records after `folded`. What was being written when the power
/// went is cut off: nobody was told that it is durable.
pub(super) fn scan(header: &Header, bytes: &[u8], folded: u64) -> Found {
    let ring = bytes.get(BEGINNING..).unwrap_or_default();
    let slot = |number: u64| {
        let place = usize::try_from((number - 1) % header.slots.max(1)).unwrap_or(usize::MAX);
        let start = place.saturating_mul(SLOT);
        slot::read(&header.epoch, ring.get(start..start.saturating_add(SLOT))?)
    };
    let mut gathering = Gathering::default();
    let mut found = Found { last: folded, ..Found::default() };
    while let Some(read) = slot(found.last + 1).filter(|read| read.number == found.last + 1) {
        gathering.take(&read);
        found.last += 1;
        if found.last - folded >= header.slots {
            break;
        }
    }
    found.entries = gathering.entries();
    for read in (1..=header.slots).filter_map(slot) {
        found.damaged |= read.durable > found.last;
        found.ahead |= read.number > folded.saturating_add(header.slots);
    }
    found
}
