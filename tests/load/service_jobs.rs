//! Services that work on jobs: how many at once, and what happens to one more.

use std::collections::HashMap;

use crate::limits::Concurrency;

/// What a service does with a job when all its places are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits in the service.
    Queues,
    /// It is refused.
    Refuses,
}

/// One service.
#[derive(Debug)]
pub struct ServiceJobs {
    when_full: WhenFull,
    places: Concurrency,
    /// Thousandths of a second for each second of video.
    ms_per_second: i64,
    /// End of each job, by its token.
    ends: HashMap<String, i64>,
}

/// Every job takes this long besides.
const OVERHEAD_MS: i64 = 15_000;

impl ServiceJobs {
    /// A service that works on so many jobs at once.
    pub fn new(places: usize, when_full: WhenFull, ms_per_second: i64) -> Self {
        Self {
            when_full,
            places: Concurrency::new(places),
            ms_per_second,
            ends: HashMap::new(),
        }
    }

    /// Starts a job, or finds that of the same token; false: there is no place for it.
    pub fn start(&mut self, token: &str, video_seconds: i64, now_ms: i64) -> bool {
        if self.ends.contains_key(token) {
            return true;
        }
        let takes = self.takes_ms(video_seconds);
        let end = match self.when_full {
            WhenFull::Queues => self.places.queue(now_ms, takes),
            WhenFull::Refuses if self.places.admits(now_ms, now_ms + takes) => now_ms + takes,
            WhenFull::Refuses => return false,
        };
        self.ends.insert(token.to_owned(), end);
        true
    }

    /// How long a job works.
    pub fn takes_ms(&self, video_seconds: i64) -> i64 {
        OVERHEAD_MS + video_seconds * self.ms_per_second
    }

    /// Whether a job has ended.
    pub fn has_ended(&self, token: &str, now_ms: i64) -> bool {
        let end = self.ends.get(token);
        *end.unwrap_or_else(|| panic!("nobody started {token}")) <= now_ms
    }

    /// Jobs that were started.
    pub fn started(&self) -> usize {
        self.ends.len()
    }
}
