//! Chapters: shots grouped to a readable number, long shots divided where a sentence begins. Pure.

use super::shots::Shot;
use super::spoken::Line;

/// Chapters that a video is divided into, about.
const WANTED_CHAPTERS: u64 = 8;
/// Bounds of a chapter's length where the video is very short or very long.
const SHORTEST_MS: u64 = 5_000;
const LONGEST_TARGET_MS: u64 = 120_000;
/// A shot of so many times the wanted length may be divided by speech.
const LONG_SHOT: u64 = 2;

/// A chapter. Chapters follow each other without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Indexes of the shots that it shows.
    pub shots: Vec<usize>,
}

/// Divides a video.
pub fn divide(shots: &[Shot], lines: &[Line], duration_ms: u64) -> Vec<Chapter> {
    let target = (duration_ms / WANTED_CHAPTERS).clamp(SHORTEST_MS, LONGEST_TARGET_MS);
    let mut starts = vec![0];
    for boundary in boundaries(shots, lines, target) {
        let start = starts.last().copied().unwrap_or(0);
        if boundary >= start + target && boundary + target / 2 <= duration_ms {
            starts.push(boundary);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([duration_ms]);
    let chapter = |(start_ms, end_ms): (u64, u64)| {
        let is_shown = |shot: &Shot| shot.start_ms < end_ms && shot.end_ms > start_ms;
        let shots = shots
            .iter()
            .enumerate()
            .filter(|(_, shot)| is_shown(shot))
            .map(|(index, _)| index);
        Chapter {
            start_ms,
            end_ms,
            shots: shots.collect(),
        }
    };
    starts.iter().copied().zip(ends).map(chapter).collect()
}

/// Times where a chapter may begin, in order: cuts, and beginnings of sentences in long shots.
fn boundaries(shots: &[Shot], lines: &[Line], target: u64) -> Vec<u64> {
    let mut boundaries: Vec<u64> = shots.iter().map(|shot| shot.start_ms).collect();
    for shot in shots
        .iter()
        .filter(|shot| shot.end_ms - shot.start_ms > LONG_SHOT * target)
    {
        boundaries.extend(
            lines
                .iter()
                .map(|line| line.start_ms)
                .filter(|at| (shot.start_ms..shot.end_ms).contains(at)),
        );
    }
    boundaries.sort_unstable();
    boundaries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cuts: &[u64], speech: &[u64], duration_ms: u64, expected: &[(u64, &[usize])]) {
        let ends = cuts.iter().skip(1).copied().chain([duration_ms]);
        let shots: Vec<Shot> = cuts
            .iter()
            .zip(ends)
            .map(|(&start_ms, end_ms)| Shot {
                start_ms,
                end_ms,
                confidence: 1.0,
            })
            .collect();
        let line = |&start_ms: &u64| Line {
            start_ms,
            end_ms: start_ms + 500,
            text: String::new(),
        };
        let lines: Vec<Line> = speech.iter().map(line).collect();
        let chapters = divide(&shots, &lines, duration_ms);
        let found: Vec<_> = chapters
            .iter()
            .map(|chapter| (chapter.start_ms, chapter.shots.as_slice()))
            .collect();
        assert_eq!(found, expected);
        let ends: Vec<u64> = chapters.iter().map(|chapter| chapter.end_ms).collect();
        let next = chapters
            .iter()
            .skip(1)
            .map(|chapter| chapter.start_ms)
            .chain([duration_ms]);
        assert_eq!(ends, next.collect::<Vec<_>>());
    }

    #[test]
    fn chapters_cover_the_video_and_follow_cuts_and_sentences() {
        check(&[0], &[], 400, &[(0, &[0])]);
        check(
            &[0, 5280, 10280, 15280, 20280],
            &[3000],
            25280,
            &[
                (0, &[0]),
                (5280, &[1]),
                (10280, &[2]),
                (15280, &[3]),
                (20280, &[4]),
            ],
        );
        check(
            &[0, 1000, 2000, 6000, 7000],
            &[],
            12000,
            &[(0, &[0, 1, 2]), (6000, &[3, 4])],
        );
        check(&[0, 9000], &[], 10000, &[(0, &[0, 1])]);
        check(
            &[0],
            &[0, 4000, 6500, 13000],
            20000,
            &[(0, &[0]), (6500, &[0]), (13000, &[0])],
        );
    }
}
