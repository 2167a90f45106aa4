//! Makes chapters contiguous: small misses are mended, gaps filled with untitled chapters.

use super::{Chapter, Statement, TOLERANCE_MS, Window, signed};
use crate::brief::WarningCode;
use crate::timeline::Timeline;

/// Share of the window that a draft's chapters have to cover.
const COVERAGE: f64 = 0.95;
/// Chapters kept of a draft, the longest ones: nobody reads more.
const CHAPTERS_LIMIT: usize = 60;

/// A chapter whose times lie within the window.
pub(super) struct Fitted {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) title: String,
    pub(super) summary: Statement,
    pub(super) topics: Vec<String>,
}

impl Fitted {
    fn untitled(start_ms: u64, end_ms: u64) -> Self {
        Self {
            start_ms,
            end_ms,
            title: String::new(),
            summary: Statement::default(),
            topics: Vec::new(),
        }
    }

    fn finish(self) -> Chapter {
        Chapter {
            start_ms: signed(self.start_ms),
            end_ms: signed(self.end_ms),
            title: self.title,
            summary: self.summary,
            topics: self.topics,
        }
    }
}

/// Chapters that fill the window without gap and overlap, and what was wrong (code, message).
pub(super) fn contiguous(
    mut chapters: Vec<Fitted>,
    timeline: &Timeline,
    window: Window,
) -> (Vec<Chapter>, Vec<(WarningCode, String)>) {
    let mut reports = Vec::new();
    chapters.sort_by_key(|chapter| (chapter.start_ms, chapter.end_ms));
    let mut apart: Vec<Fitted> = Vec::new();
    for mut chapter in chapters {
        let floor = apart.last().map_or(window.start_ms, |last| last.end_ms);
        if chapter.start_ms + TOLERANCE_MS < floor {
            let message = format!(
                "a chapter starts at {} ms, before the one before it ends ({floor} ms)",
                chapter.start_ms
            );
            reports.push((WarningCode::ChaptersOverlap, message));
        }
        chapter.start_ms = chapter.start_ms.max(floor);
        if chapter.start_ms < chapter.end_ms {
            apart.push(chapter);
        }
    }
    if apart.is_empty() {
        reports.push((WarningCode::NoChapters, "no chapter is usable".to_owned()));
        return (given(timeline, window), reports);
    }
    let covered: u64 = apart
        .iter()
        .map(|chapter| chapter.end_ms - chapter.start_ms)
        .sum();
    let whole = window.end_ms.saturating_sub(window.start_ms).max(1);
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
    let is_covered = covered as f64 >= COVERAGE * whole as f64;
    if !is_covered {
        let message = format!(
            "chapters cover {covered} of {whole} ms; they must run without gap from start to end"
        );
        reports.push((WarningCode::ChaptersIncomplete, message));
    }
    if apart.len() > CHAPTERS_LIMIT {
        let message = format!(
            "there are {} chapters; the {CHAPTERS_LIMIT} longest are kept",
            apart.len()
        );
        reports.push((WarningCode::TooMany, message));
        apart = longest(apart);
    }
    (
        filled(apart, window, is_covered)
            .into_iter()
            .map(Fitted::finish)
            .collect(),
        reports,
    )
}

/// The longest ones, in the order of time.
fn longest(mut chapters: Vec<Fitted>) -> Vec<Fitted> {
    chapters.sort_by_key(|one| (std::cmp::Reverse(one.end_ms - one.start_ms), one.start_ms));
    chapters.truncate(CHAPTERS_LIMIT);
    chapters.sort_by_key(|one| one.start_ms);
    chapters
}

/// Closes gaps: small ones, or all of them when nearly everything is covered, by the neighbour; others by an untitled
/// chapter.
fn filled(chapters: Vec<Fitted>, window: Window, is_covered: bool) -> Vec<Fitted> {
    let mut filled: Vec<Fitted> = Vec::new();
    for mut chapter in chapters {
        let end_ms = filled.last().map_or(window.start_ms, |last| last.end_ms);
        if chapter.start_ms > end_ms {
            let is_small = is_covered || chapter.start_ms - end_ms <= TOLERANCE_MS;
            match filled.last_mut() {
                Some(last) if is_small => last.end_ms = chapter.start_ms,
                None if is_small => chapter.start_ms = end_ms,
                _ => filled.push(Fitted::untitled(end_ms, chapter.start_ms)),
            }
        }
        filled.push(chapter);
    }
    let end_ms = filled.last().map_or(window.start_ms, |last| last.end_ms);
    match filled.last_mut() {
        Some(last) if is_covered || window.end_ms.saturating_sub(end_ms) <= TOLERANCE_MS => {
            last.end_ms = window.end_ms;
        }
        _ => filled.push(Fitted::untitled(end_ms, window.end_ms)),
    }
    filled
}

/// Chapters where Data Automation cuts, or one.
fn given(timeline: &Timeline, window: Window) -> Vec<Chapter> {
    let inside = timeline.chapters.iter().map(|entry| entry.start_ms);
    let inside = inside.filter(|start| (window.start_ms + 1..window.end_ms).contains(start));
    let mut starts: Vec<u64> = [window.start_ms].into_iter().chain(inside).collect();
    starts.sort_unstable();
    starts.dedup();
    starts.truncate(CHAPTERS_LIMIT);
    let ends: Vec<u64> = starts
        .iter()
        .skip(1)
        .copied()
        .chain([window.end_ms])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|(start_ms, end_ms)| Fitted::untitled(start_ms, end_ms).finish())
        .collect()
}
