//! A compact table of names: one text, one list of senses, one index. A
//! hundred thousand names take a few megabytes and are built in milliseconds.

use super::gazetteer::Sense;

/// One name: where it stands in the text, what it may stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    start: u32,
    senses: u32,
    length: u8,
    count: u8,
    flags: u8,
    /// How many words a name that begins with this one may have.
    pub reach: u8,
}

/// Is an everyday word too: `Reading`.
pub(super) const WORD: u8 = 1;
/// Is a person's name too: `Jackson`.
pub(super) const PERSON: u8 = 2;
/// Is a person's first name: `Chad`.
pub(super) const GIVEN: u8 = 4;
/// Stands for something that is no place, and hides the places in it.
pub(super) const HIDES: u8 = 8;

impl Entry {
    /// Has it this flag?
    pub fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Names and their senses.
#[derive(Debug, Default)]
pub(super) struct Table {
    text: String,
    entries: Vec<Entry>,
    senses: Vec<Sense>,
    /// Places in `entries` plus one, by hash; zero is free. Its length is a
    /// power of two and never full.
    index: Vec<u32>,
}

impl Table {
    /// A table with room for so many names.
    pub fn with_capacity(names: usize) -> Self {
        Self {
            text: String::with_capacity(names * 12),
            entries: Vec::with_capacity(names),
            senses: Vec::with_capacity(names * 3 / 2),
            index: vec![0; (names * 2).next_power_of_two()],
        }
    }

    /// Adds a name that is not there yet. Too long a name is left out.
    pub fn push(&mut self, name: &str, flags: u8, senses: impl Iterator<Item = Sense>) {
        let (Ok(length), Ok(start)) = (u8::try_from(name.len()), u32::try_from(self.text.len()))
        else {
            return;
        };
        let from = self.senses.len();
        self.senses.extend(senses.take(usize::from(u8::MAX)));
        let (Ok(senses), Ok(count)) = (u32::try_from(from), u8::try_from(self.senses.len() - from))
        else {
            return;
        };
        if (self.entries.len() + 1) * 3 > self.index.len() * 2 {
            self.grow();
        }
        self.text.push_str(name);
        self.entries.push(Entry { start, senses, length, count, flags, reach: 1 });
        self.place(self.entries.len() - 1);
    }

    fn grow(&mut self) {
        self.index = vec![0; (self.index.len() * 2).max(64)];
        (0..self.entries.len()).for_each(|at| self.place(at));
    }

    fn place(&mut self, at: usize) {
        let mask = self.index.len() - 1;
        let mut slot = hash(self.name(at)) & mask;
        while self.index[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.index[slot] = u32::try_from(at + 1).unwrap_or_default();
    }

    /// Where a name stands.
    pub fn find(&self, name: &str) -> Option<usize> {
        let mask = self.index.len().checked_sub(1)?;
        let mut slot = hash(name) & mask;
        loop {
            let at = self.index[slot].checked_sub(1)? as usize;
            if self.name(at) == name {
                return Some(at);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The name at a place.
    pub fn name(&self, at: usize) -> &str {
        let entry = self.entries[at];
        let start = entry.start as usize;
        &self.text[start..start + usize::from(entry.length)]
    }

    /// The entry at a place.
    pub fn entry(&self, at: usize) -> Entry {
        self.entries[at]
    }

    /// What the name at a place may stand for.
    pub fn senses(&self, at: usize) -> &[Sense] {
        let entry = self.entries[at];
        let from = entry.senses as usize;
        &self.senses[from..from + usize::from(entry.count)]
    }

    /// Notes for every first word how many words names that begin with it have.
    pub fn index_openers(&mut self, opener: impl Fn(&str) -> (usize, usize)) {
        for at in 0..self.entries.len() {
            let (length, words) = opener(self.name(at));
            if words < 2 {
                continue;
            }
            let start = self.entries[at].start as usize;
            let first = self.text[start..start + length].to_owned();
            let found = self.find(&first).unwrap_or_else(|| {
                self.push(&first, 0, std::iter::empty());
                self.entries.len() - 1
            });
            let reach = &mut self.entries[found].reach;
            *reach = (*reach).max(u8::try_from(words).unwrap_or(u8::MAX));
        }
    }

    /// Gives back what was set aside for growing.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.senses.shrink_to_fit();
    }
}

/// FNV-1a, folded: names are short, and nobody outside chooses them.
#[expect(clippy::cast_possible_truncation, reason = "a hash is cut to the index's size anyway")]
fn hash(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_however_many_there_are() {
        let mut table = Table::with_capacity(2);
        for n in 0..5_000 {
            table.push(&format!("name {n}"), WORD, std::iter::empty());
        }
        table.index_openers(|name| (name.find(' ').unwrap_or(name.len()), 2));

        assert!((0..5_000).all(|n| table.find(&format!("name {n}")) == Some(n)));
        assert_eq!(table.find("name 5000"), None);
        assert_eq!(table.find("name").map(|at| table.entry(at).reach), Some(2));
        assert_eq!(Table::default().find("name"), None);
    }
}
