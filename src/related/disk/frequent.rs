//! How many articles before a moment have a common term, from memory alone.
//!
//! A word that thousands of articles have is asked about all the time, and how
//! many exactly have it makes no difference. Of its list the last article of
//! each block is kept; between two of these the count is taken to grow evenly,
//! which is true to about one in three hundred.

use std::collections::HashMap;

use super::super::numbers::Numbers;
use super::super::terms::Term;
use super::write::{BLOCK, COMMON};

/// The common terms of a segment.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// Where each stands in `numbers`: its count, then the ends of its blocks.
    places: HashMap<Term, u32, Numbers>,
    numbers: Vec<u32>,
}

impl Common {
    /// From what was written: each term, its count, the ends of its blocks.
    pub(super) fn read(numbers: Vec<u32>) -> Option<Self> {
        let mut places = HashMap::default();
        let mut at = 0;
        while at < numbers.len() {
            let count = *numbers.get(at + 1)? as usize;
            places.insert(numbers[at], u32::try_from(at + 1).ok()?);
            at += 2 + count.div_ceil(BLOCK);
        }
        (at == numbers.len()).then_some(Self { places, numbers })
    }

    /// How many articles before the one at `bound` have a term, if it is common
    /// enough to tell from here.
    pub(super) fn with(&self, term: Term, bound: u32) -> Option<u32> {
        let at = *self.places.get(&term)? as usize;
        let count = *self.numbers.get(at)?;
        let ends = self.numbers.get(at + 1..at + 1 + (count as usize).div_ceil(BLOCK))?;
        let block = ends.partition_point(|last| *last < bound);
        let Some(last) = ends.get(block) else { return Some(count) };
        if block < COMMON {
            return None;
        }
        let whole = u32::try_from(block * BLOCK).ok()?;
        let before = ends[block - 1];
        let many = count.saturating_sub(whole).min(u32::try_from(BLOCK).ok()?);
        let (part, all) = (u64::from(bound - before - 1), u64::from(last - before));
        Some(whole + u32::try_from(u64::from(many) * part / all.max(1)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_between_blocks_and_near_within_them() {
        // Every third article has the term.
        let count = 20 * BLOCK + 40;
        let ends = (1..=20).map(|block| (block * BLOCK - 1) * 3).chain([(count - 1) * 3]);
        let ends = ends.map(|doc| u32::try_from(doc).unwrap());
        let common = Common::read([7, 2_600].into_iter().chain(ends).collect()).unwrap();

        assert_eq!(common.with(8, 5_000), None);
        // So early that the exact count matters.
        assert_eq!(common.with(7, 300), None);
        assert_eq!(common.with(7, u32::MAX), Some(2_600));
        for bound in (16 * 3 * 128..2_600 * 3).step_by(41) {
            let told = common.with(7, bound).unwrap();
            assert!(told.abs_diff(bound.div_ceil(3)) <= 1, "{bound}: {told}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert!(Common::read(vec![7]).is_none());
        assert!(Common::read(vec![7, 2_600, 1, 2]).is_none());
        assert!(Common::read(vec![]).is_some());
    }
}
