//! Quotas that are rates and numbers of open calls.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A bucket of so many calls that is filled up at so many a second.
#[derive(Debug)]
pub struct Rate {
    size: i64,
    a_second: i64,
    /// Thousandths of calls.
    left: i64,
    at_ms: i64,
}

impl Rate {
    /// A full bucket.
    pub fn new(size: i64, a_second: i64) -> Self {
        Self {
            size: size * 1000,
            a_second,
            left: size * 1000,
            at_ms: 0,
        }
    }

    /// Takes a call out of the bucket if there is one.
    pub fn admits(&mut self, now_ms: i64) -> bool {
        let filled = (now_ms - self.at_ms).max(0) * self.a_second;
        self.left = self.size.min(self.left + filled);
        self.at_ms = self.at_ms.max(now_ms);
        let is_admitted = self.left >= 1000;
        if is_admitted {
            self.left -= 1000;
        }
        is_admitted
    }
}

/// So many calls at once.
#[derive(Debug)]
pub struct Concurrency {
    limit: usize,
    ends: BinaryHeap<Reverse<i64>>,
}

impl Concurrency {
    /// None is open.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ends: BinaryHeap::new(),
        }
    }

    /// Opens a call that ends then, if one more may be open.
    pub fn admits(&mut self, now_ms: i64, end_ms: i64) -> bool {
        while self.ends.peek().is_some_and(|Reverse(end)| *end <= now_ms) {
            self.ends.pop();
        }
        let is_admitted = self.ends.len() < self.limit;
        if is_admitted {
            self.ends.push(Reverse(end_ms));
        }
        is_admitted
    }

    /// Opens a call as soon as it may be open, and gives its end.
    pub fn queue(&mut self, now_ms: i64, takes_ms: i64) -> i64 {
        let mut start = now_ms;
        if self.ends.len() >= self.limit
            && let Some(Reverse(free)) = self.ends.pop()
        {
            start = start.max(free);
        }
        self.ends.push(Reverse(start + takes_ms));
        start + takes_ms
    }
}
