//! How long a cue stays: while it is said, and until it is read where the next cue leaves time for that.

use super::cutting::Block;
use super::{Cue, GAP_MS, LONGEST_MS, Layout, SHORTEST_MS};

/// A pause between cues that is shorter flickers: the first cue stays until the next one.
const FLICKER_MS: u64 = 500;

/// The blocks as cues, none before the end of the one before.
pub(super) fn settle(blocks: Vec<Block<'_>>, layout: &Layout) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::with_capacity(blocks.len());
    let mut blocks = blocks.into_iter().peekable();
    while let Some(mut block) = blocks.next() {
        block.start_ms = cues
            .last()
            .map_or(block.start_ms, |last| last.end_ms.max(block.start_ms));
        let next_ms = blocks.peek().map_or(u64::MAX, |next| next.start_ms);
        cues.push(Cue {
            start_ms: block.start_ms,
            end_ms: end(&block, next_ms, layout),
            lines: block.lines,
        });
    }
    cues
}

fn end(block: &Block<'_>, next_ms: u64, layout: &Layout) -> u64 {
    let characters = block.lines.iter().map(|line| line.chars().count()).sum();
    let latest_ms = next_ms
        .saturating_sub(GAP_MS)
        .min(block.start_ms + LONGEST_MS);
    let read_ms = layout.reading_ms(characters).max(SHORTEST_MS);
    let wanted_ms = block.end_ms.max(block.start_ms + read_ms);
    let end_ms = if next_ms.saturating_sub(wanted_ms) < FLICKER_MS {
        latest_ms
    } else {
        wanted_ms.min(latest_ms)
    };
    // Without room for a gap the time goes to the text; formats demand an end after the start.
    if end_ms > block.start_ms {
        end_ms
    } else {
        next_ms.max(block.start_ms + 1).min(block.start_ms + GAP_MS)
    }
}
