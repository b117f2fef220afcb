//! Lists of postings: in which articles a term occurs, and how loud it is there.
//!
//! A list is cut into blocks. Before the blocks stands what is said of each:
//! its last article and where it ends, so that one block can be read alone.

use super::super::terms::Loudness;
use super::Numbers;
use super::write::{BLOCK, BLOCK_HEAD};

/// What is said of the blocks of a list.
pub(super) struct Blocks<'a> {
    heads: &'a [u8],
    count: usize,
}

impl<'a> Blocks<'a> {
    /// From the beginning of a list, of which `count` articles are in it.
    pub(super) fn new(bytes: &'a [u8], count: u32) -> Self {
        let count = count as usize;
        let heads = (count.div_ceil(BLOCK) * BLOCK_HEAD).min(bytes.len());
        Self { heads: &bytes[..heads], count }
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len() / BLOCK_HEAD
    }

    /// The last article of a block.
    pub(super) fn last(&self, block: usize) -> Option<u32> {
        Numbers::new(self.heads.get(block * BLOCK_HEAD..)?).u32()
    }

    /// Where a block begins, behind the heads.
    pub(super) fn start(&self, block: usize) -> usize {
        block.checked_sub(1).and_then(|before| self.end(before)).unwrap_or(0)
    }

    /// Where a block ends.
    pub(super) fn end(&self, block: usize) -> Option<usize> {
        let mut numbers = Numbers::new(self.heads.get(block * BLOCK_HEAD + 4..)?);
        numbers.u32().map(|end| end as usize)
    }

    /// How many of these heads are of blocks that end before an article.
    pub(super) fn heads_before(heads: &[u8], doc: u32) -> usize {
        let (heads, _) = heads.as_chunks::<BLOCK_HEAD>();
        heads.partition_point(|[a, b, c, d, ..]| u32::from_le_bytes([*a, *b, *c, *d]) < doc)
    }

    /// The block that would hold an article: the first whose last is not before it.
    pub(super) fn block_of(&self, doc: u32) -> usize {
        Self::heads_before(self.heads, doc)
    }

    /// The same, if it is known not to lie before a block; quick if it is near.
    pub(super) fn block_from(&self, block: usize, doc: u32) -> usize {
        let mut step = 1;
        let mut low = block;
        while self.last(low + step - 1).is_some_and(|last| last < doc) {
            low += step;
            step *= 2;
        }
        let end = (low + step).min(self.len());
        let heads = self.heads.get(low * BLOCK_HEAD..end * BLOCK_HEAD).unwrap_or_default();
        low + Self::heads_before(heads, doc)
    }

    /// Reads one block from bytes that begin at `from`; nothing if it is not there.
    pub(super) fn read(
        &self,
        block: usize,
        from: usize,
        bytes: &[u8],
        each: impl FnMut(u32, Loudness),
    ) {
        let before = block.checked_sub(1).and_then(|before| self.last(before)).unwrap_or(0);
        let many = self.count.saturating_sub(block * BLOCK).min(BLOCK);
        let Some(end) = self.end(block) else { return };
        let range = self.start(block).checked_sub(from).zip(end.checked_sub(from));
        if let Some(bytes) = range.and_then(|(start, end)| bytes.get(start..end)) {
            decode(bytes, before, many, each);
        }
    }

    /// Reads all of a list: its heads and what follows.
    pub(super) fn read_all(list: &[u8], count: u32, mut each: impl FnMut(u32, Loudness)) {
        let blocks = Blocks::new(list, count);
        for block in 0..blocks.len() {
            blocks.read(block, 0, &list[blocks.heads.len()..], &mut each);
        }
    }
}

/// Reads a block's articles and how loud the term is in each.
pub(super) fn decode(bytes: &[u8], before: u32, many: usize, mut each: impl FnMut(u32, Loudness)) {
    let split = bytes.len().checked_sub(many).and_then(|at| bytes.split_at_checked(at));
    let Some((deltas, louds)) = split else { return };
    let mut doc = before;
    let mut deltas = deltas.iter();
    for loud in louds {
        let Some(byte) = deltas.next() else { return };
        let mut delta = u32::from(byte & 0x7f);
        let mut more = *byte >= 0x80;
        let mut shift = 7;
        while more && shift < 32 {
            let Some(byte) = deltas.next() else { return };
            delta |= u32::from(byte & 0x7f) << shift;
            more = *byte >= 0x80;
            shift += 7;
        }
        doc = doc.wrapping_add(delta);
        each(doc, Loudness(*loud));
    }
}
