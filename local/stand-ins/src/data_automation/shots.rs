//! Shots: the stretches between cuts, found by ffmpeg's scene score on small pictures.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use crate::ffmpeg::{self, DEMUXERS, Limits, Program};

/// Score (0 to 1) from which a change of picture is a cut: ffmpeg's manual recommends 0.3 to 0.5.
const CUT_SCORE: f64 = 0.3;
/// Width of the pictures that are compared: enough for a cut, little to compute.
const COMPARED_WIDTH: u32 = 160;
/// A shorter stretch is a flash, not a shot.
const SHORTEST_MS: u64 = 400;
/// Decoding is faster than playing; the bound is for what is not.
const TIME_FACTOR: f64 = 10.0;
const SHORTEST_TIME: Duration = Duration::from_mins(2);
/// Two short lines a cut, for more cuts than four hours have.
const OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// A stretch between cuts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shot {
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Score of the cut that begins it; 1 at the beginning of the video.
    pub confidence: f64,
}

/// Finds the shots of a video stream.
///
/// # Errors
/// ffmpeg's.
pub async fn detect(
    file: &Path,
    stream: u32,
    duration_ms: u64,
) -> Result<Vec<Shot>, ffmpeg::Error> {
    let filter = format!(
        "scale={COMPARED_WIDTH}:-2:flags=fast_bilinear,select='gt(scene,{CUT_SCORE})',metadata=print:file=-"
    );
    let map = format!("0:{stream}");
    let mut arguments: Vec<OsString> = [
        "-nostdin",
        "-v",
        "error",
        "-format_whitelist",
        DEMUXERS,
        "-i",
    ]
    .map(OsString::from)
    .into();
    arguments.push(file.as_os_str().to_owned());
    arguments.extend(
        ["-map", &map, "-vf", &filter, "-f", "null", "/dev/null"]
            .map(|word| OsStr::new(word).to_owned()),
    );
    let seconds = Duration::from_millis(duration_ms).as_secs_f64();
    let time = Duration::from_secs_f64(seconds * TIME_FACTOR).max(SHORTEST_TIME);
    let output = ffmpeg::run(
        Program::Ffmpeg,
        arguments,
        Limits {
            time,
            output_bytes: OUTPUT_BYTES,
        },
    )
    .await?;
    Ok(shots(&cuts(&String::from_utf8_lossy(&output)), duration_ms))
}

/// Times and scores from lines `frame:0 pts:67584 pts_time:5.28` and `lavfi.scene_score=0.897402`.
fn cuts(text: &str) -> Vec<(u64, f64)> {
    let mut cuts = Vec::new();
    let mut at_ms = None;
    for line in text.lines() {
        if let Some(seconds) = line
            .split("pts_time:")
            .nth(1)
            .and_then(|time| time.trim().parse::<f64>().ok())
        {
            // A time within a video, in whole milliseconds.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let ms = (seconds.max(0.0) * 1000.0).round() as u64;
            at_ms = Some(ms);
        } else if let Some(score) = line
            .strip_prefix("lavfi.scene_score=")
            .and_then(|score| score.trim().parse().ok())
        {
            cuts.extend(at_ms.take().map(|ms| (ms, score)));
        }
    }
    cuts
}

fn shots(cuts: &[(u64, f64)], duration_ms: u64) -> Vec<Shot> {
    let mut starts = vec![(0, 1.0)];
    for &(at_ms, score) in cuts {
        let previous = starts.last().map_or(0, |(start, _)| *start);
        if at_ms >= previous + SHORTEST_MS && at_ms + SHORTEST_MS <= duration_ms {
            starts.push((at_ms, score));
        }
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([duration_ms]);
    let shot = |((start_ms, confidence), end_ms): ((u64, f64), u64)| Shot {
        start_ms,
        end_ms,
        confidence,
    };
    starts.iter().copied().zip(ends).map(shot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, duration_ms: u64, expected: &[(u64, u64)]) {
        let found: Vec<_> = shots(&cuts(text), duration_ms)
            .iter()
            .map(|shot| (shot.start_ms, shot.end_ms))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn cuts_divide_the_video_and_flashes_do_not() {
        check("", 3000, &[(0, 3000)]);
        check(
            "frame:0    pts:25600   pts_time:2\nlavfi.scene_score=0.8\n",
            3000,
            &[(0, 2000), (2000, 3000)],
        );
        let flash = "frame:0 pts_time:1\nlavfi.scene_score=0.8\nframe:1 pts_time:1.2\nlavfi.scene_score=0.8\n";
        check(flash, 3000, &[(0, 1000), (1000, 3000)]);
        check(
            "frame:0 pts_time:0.3\nlavfi.scene_score=0.8\nframe:1 pts_time:2.7\nlavfi.scene_score=0.8",
            3000,
            &[(0, 3000)],
        );
        check(
            "nonsense\nlavfi.scene_score=0.9\nframe:0 pts_time:x",
            3000,
            &[(0, 3000)],
        );
    }
}
