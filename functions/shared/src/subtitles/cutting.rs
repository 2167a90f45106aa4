//! What is shown together: the words are cut into cues at the least cost, by dynamic programming. A cue has a few dozen
//! words at most, so the work grows with the number of words and no faster.

use super::lines::{self, Token, fold};
use super::{GAP_MS, LINES, LONGEST_MS, Layout, SHORTEST_MS};

/// Silence behind which nothing is shown together with what was before.
const SILENCE_MS: u64 = 1500;
/// Cost of a cue: few full ones are calmer than many.
const CUE: u32 = 40;
/// A break between cues weighs more than one between lines.
const BREAK_WEIGHT: u32 = 2;
/// Cost of each sentence that ends inside a cue: a cue a sentence reads best.
const INNER_SENTENCE: u32 = 25;
/// Milliseconds of missing time that cost one point: a second too little is as bad as a torn name in two cues.
const MISSING_MS: u64 = 6;
/// Characters below which a cue that is no sentence of its own looks lost.
const SMALL: usize = 20;
/// Cost of a lost cue by each character that it lacks.
const SMALL_COST: usize = 6;
/// What stands before the words of each of two speakers who share a cue.
const DASH: &str = "- ";

/// Words that are shown together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) start_ms: u64,
    /// End of the last word.
    pub(super) end_ms: u64,
    pub(super) lines: Vec<String>,
    pub(super) speaker: Option<&'a str>,
}

/// The blocks of all words. A new speaker and a long silence begin a new one.
pub(super) fn blocks<'a>(tokens: &[Token<'a>], layout: &Layout) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let length = run_length(rest);
        let (run, after) = rest.split_at(length);
        let next_ms = after.first().map(|token| token.start_ms);
        cut(run, next_ms, layout, &mut blocks);
        rest = after;
    }
    blocks
}

fn run_length(tokens: &[Token<'_>]) -> usize {
    let is_parted = |pair: &[Token<'_>]| match pair {
        [left, right] => {
            left.speaker != right.speaker
                || right.start_ms.saturating_sub(left.end_ms) >= SILENCE_MS
        }
        _ => false,
    };
    let parted = tokens.windows(2).position(is_parted);
    parted.map_or(tokens.len(), |index| index + 1)
}

/// The cheapest cut of a run; `next_ms` is when the next run begins.
fn cut<'a>(run: &[Token<'a>], next_ms: Option<u64>, layout: &Layout, blocks: &mut Vec<Block<'a>>) {
    // The least cost of cutting the words before each index, and where its last cue begins.
    let mut least: Vec<(u32, usize)> = vec![(0, 0)];
    for end in 1..=run.len() {
        let (mut best, mut characters) = ((u32::MAX, end - 1), 0);
        for start in (0..end).rev() {
            let words = run.get(start..end).unwrap_or_default();
            let word = words.first().map_or(0, |word| word.characters);
            characters += word
                + if words.len() > 1 {
                    layout.separator.len()
                } else {
                    0
                };
            if characters > LINES * layout.line_characters + layout.separator.len() {
                break;
            }
            let before = least.get(start).map_or(u32::MAX, |(cost, _)| *cost);
            let after = run.get(end);
            if let Some(cost) = cost(words, characters, after, next_ms, layout) {
                let total = before.saturating_add(cost);
                if total < best.0 {
                    best = (total, start);
                }
            }
        }
        least.push(best);
    }
    let mut cuts = Vec::new();
    let mut end = run.len();
    while end > 0 {
        let start = least.get(end).map_or(0, |(_, start)| *start);
        cuts.push((start, end));
        end = start;
    }
    for (start, end) in cuts.into_iter().rev() {
        blocks.extend(block(run.get(start..end).unwrap_or_default(), layout));
    }
}

fn block<'a>(words: &[Token<'a>], layout: &Layout) -> Option<Block<'a>> {
    let (first, last) = (words.first()?, words.last()?);
    Some(Block {
        start_ms: first.start_ms,
        end_ms: last.end_ms,
        lines: lines::written(words, layout),
        speaker: first.speaker,
    })
}

/// What a cue of these words costs, before `after`; `None`: they do not fit.
fn cost(
    words: &[Token<'_>],
    characters: usize,
    after: Option<&Token<'_>>,
    next_ms: Option<u64>,
    layout: &Layout,
) -> Option<u32> {
    let (first, last) = (words.first()?, words.last()?);
    if words.len() > 1 && last.end_ms.saturating_sub(first.start_ms) > LONGEST_MS {
        return None;
    }
    let (folding, _) = fold(words, characters, layout)?;
    let end_ms = after.map(|token| token.start_ms).or(next_ms);
    let room_ms = end_ms.map_or(LONGEST_MS, |end| {
        end.saturating_sub(first.start_ms + GAP_MS).min(LONGEST_MS)
    });
    let wanted_ms = layout.reading_ms(characters).max(SHORTEST_MS);
    let missing = wanted_ms.saturating_sub(room_ms) / MISSING_MS;
    let parting = after.map_or(0, |_| last.breach);
    let inner = words
        .iter()
        .rev()
        .skip(1)
        .filter(|word| word.is_sentence_end);
    let inner = u32::try_from(inner.count()).unwrap_or(u32::MAX);
    let small = if after.is_some() || !last.is_sentence_end {
        SMALL.saturating_sub(characters) * SMALL_COST
    } else {
        SMALL.saturating_sub(characters) * SMALL_COST / 2
    };
    let small = u32::try_from(small).unwrap_or(u32::MAX);
    let missing = u32::try_from(missing).unwrap_or(u32::MAX);
    let cost = CUE
        .saturating_add(folding)
        .saturating_add(BREAK_WEIGHT * parting)
        .saturating_add(INNER_SENTENCE.saturating_mul(inner))
        .saturating_add(small)
        .saturating_add(missing);
    Some(cost)
}

/// Lets two speakers share a cue, each with a dash and a line, where one alone would be gone before it is read.
pub(super) fn shared<'a>(blocks: Vec<Block<'a>>, layout: &Layout) -> Vec<Block<'a>> {
    let mut shared: Vec<Block<'a>> = Vec::with_capacity(blocks.len());
    let mut blocks = blocks.into_iter().peekable();
    while let Some(block) = blocks.next() {
        let after_ms = blocks.peek().map(|next| next.start_ms);
        match shared.last_mut() {
            Some(last) if is_shared(last, &block, after_ms, layout) => {
                for line in &mut last.lines {
                    line.insert_str(0, DASH);
                }
                last.lines
                    .extend(block.lines.iter().map(|line| format!("{DASH}{line}")));
                last.end_ms = block.end_ms;
                last.speaker = None;
            }
            _ => shared.push(block),
        }
    }
    shared
}

fn is_shared(left: &Block<'_>, right: &Block<'_>, after_ms: Option<u64>, layout: &Layout) -> bool {
    let (Some(one), Some(other)) = (left.speaker, right.speaker) else {
        return false;
    };
    let fits = |block: &Block<'_>| match block.lines.as_slice() {
        [line] => line.chars().count() + DASH.len() <= layout.line_characters,
        _ => false,
    };
    let lacks = |block: &Block<'_>, next_ms: u64| {
        let characters = block.lines.iter().map(|line| line.chars().count()).sum();
        let wanted_ms = layout.reading_ms(characters).max(SHORTEST_MS);
        next_ms.saturating_sub(block.start_ms + GAP_MS) < wanted_ms
    };
    one != other
        && fits(left)
        && fits(right)
        && right.end_ms.saturating_sub(left.start_ms) <= LONGEST_MS
        && right.start_ms.saturating_sub(left.end_ms) < SILENCE_MS
        && (lacks(left, right.start_ms) || after_ms.is_some_and(|next| lacks(right, next)))
}
