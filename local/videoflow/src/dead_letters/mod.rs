//! What lies in the dead-letter queues and in the queue of failed videos: looking at it, sending it back, dropping it.

mod act;
mod letter;
mod look;
mod text;

pub use act::{Dropping, drop_letters, send_back};
pub use letter::Letter;
pub use look::{Filter, Heap, look};
pub use text::shown as in_words;

/// Queues that a function or the scheduler leads to; behind each is one of dead letters.
const WITH_DEAD_LETTERS: [&str; 5] = ["ingest", "failures", "deletions", "failed-videos", SCHEDULE];
/// The schedule whose failed starts nobody reads again: the next start does the same.
const SCHEDULE: &str = "reconcile-library-schedule";
/// The queue that people read.
pub const FAILED_VIDEOS: &str = "failed-videos";
/// What ends the name of a queue of dead letters.
const ENDING: &str = "-dead-letters";

/// Names of all queues that are looked into, without prefix.
pub fn names() -> impl Iterator<Item = String> {
    let dead = WITH_DEAD_LETTERS.map(|name| format!("{name}{ENDING}"));
    dead.into_iter().chain([FAILED_VIDEOS.to_owned()])
}

/// The queue that a dead letter was meant for; `None` for what is no dead letter, and for the scheduler's, which nobody
/// reads again.
pub fn origin(queue: &str) -> Option<&str> {
    let origin = queue.strip_suffix(ENDING)?;
    (origin != SCHEDULE).then_some(origin)
}
