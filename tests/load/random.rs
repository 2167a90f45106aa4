//! Chance that is the same in every run.

use std::cell::Cell;

/// A sequence of numbers (`SplitMix64`).
#[derive(Debug)]
pub struct Random(Cell<u64>);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next number below `limit`.
    pub fn below(&self, limit: u64) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// True so many times in a thousand.
    pub fn strikes(&self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }
}
