//! Dice whose seed is told when something fails: the same seed, the same throws.

use std::cell::Cell;

/// Throws numbers.
pub struct Dice {
    seed: u64,
    state: Cell<u64>,
}

impl Dice {
    /// With this seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, state: Cell::new(seed) }
    }

    /// With `GAZETTED_SEED`, else with one that nobody chose.
    pub fn of_this_run() -> Self {
        let chosen = std::env::var("GAZETTED_SEED").ok();
        Self::seeded(chosen.map_or_else(
            || uuid::Uuid::new_v4().as_u64_pair().0 >> 32,
            |seed| seed.parse().expect("GAZETTED_SEED is a number"),
        ))
    }

    /// A number below `end`, or 0.
    pub fn below(&self, end: usize) -> usize {
        // splitmix64
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let throw = u128::from(z ^ (z >> 31));
        usize::try_from((throw * end as u128) >> 64).unwrap()
    }

    /// True once in so many times.
    pub fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

impl std::fmt::Debug for Dice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GAZETTED_SEED={}", self.seed)
    }
}
