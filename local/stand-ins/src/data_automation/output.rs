//! The standard output of a video and `job_metadata.json`, in the real service's shapes. Pure.

use serde_json::{Map, Value, json};

use super::chapters::Chapter;
use super::shots::Shot;
use super::spoken::{self, CHAPTER_WORDS, Line, VIDEO_WORDS};
use crate::location::Location;

/// Says that no AWS service made the results.
pub const ENGINE: &str = "local ffmpeg scene score, whisper-tiny.en, LexRank";

/// Facts of the video.
#[derive(Debug, Clone)]
pub struct Video {
    /// Where it lies.
    pub location: Location,
    /// Container, in ffmpeg's words.
    pub format: String,
    /// Codec, in ffmpeg's words.
    pub codec: String,
    /// Frames per second.
    pub frame_rate: f64,
    /// Duration.
    pub duration_ms: u64,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// The map of an invocation's results.
pub fn job_metadata(id: &str, video: &Location, standard_output: &Location) -> Value {
    json!({
        "job_id": id,
        "job_status": "PROCESSED",
        "semantic_modality": "VIDEO",
        "output_metadata": [{
            "asset_id": 0,
            "asset_input_path": { "s3_bucket": video.bucket, "s3_key": video.key },
            "segment_metadata": [{
                "custom_output_status": "NO_MATCH",
                "standard_output_path": standard_output.to_string(),
            }],
        }],
    })
}

/// The standard output: `spoken` is what was said, or why that is not known.
pub fn standard_output(
    video: &Video,
    shots: &[Shot],
    chapters: &[Chapter],
    spoken: Result<&[Line], &str>,
) -> Value {
    let lines = spoken.unwrap_or_default();
    let all: Vec<&Line> = lines.iter().collect();
    let chapter_of = |index: usize| -> Vec<usize> {
        let numbered = chapters.iter().enumerate();
        numbered
            .filter(|(_, chapter)| chapter.shots.contains(&index))
            .map(|(number, _)| number)
            .collect()
    };
    let shot = |(index, shot): (usize, &Shot)| {
        let mut members = span(video, shot.start_ms, shot.end_ms);
        members.insert("shot_index".to_owned(), json!(index));
        members.insert("confidence".to_owned(), json!(shot.confidence));
        members.insert("chapter_indices".to_owned(), json!(chapter_of(index)));
        Value::Object(members)
    };
    let chapter =
        |(index, chapter): (usize, &Chapter)| chapter_output(video, index, chapter, lines);
    let mut metadata = json!({
        "asset_id": "0",
        "semantic_modality": "VIDEO",
        "s3_bucket": video.location.bucket,
        "s3_key": video.location.key,
        "format": video.format,
        "codec": video.codec,
        "frame_rate": video.frame_rate,
        "duration_millis": video.duration_ms,
        "frame_width": video.width,
        "frame_height": video.height,
        "engine": ENGINE,
    });
    if let (Err(reason), Some(members)) = (spoken, metadata.as_object_mut()) {
        members.insert("transcript_missing".to_owned(), json!(reason));
    }
    json!({
        "metadata": metadata,
        "video": summarised(&all, VIDEO_WORDS),
        "shots": shots.iter().enumerate().map(shot).collect::<Vec<_>>(),
        "chapters": chapters.iter().enumerate().map(chapter).collect::<Vec<_>>(),
        "frames": [],
        "statistics": { "shot_count": shots.len(), "chapter_count": chapters.len() },
    })
}

fn chapter_output(video: &Video, index: usize, chapter: &Chapter, lines: &[Line]) -> Value {
    let said = spoken::within(lines, chapter.start_ms, chapter.end_ms);
    let mut members = span(video, chapter.start_ms, chapter.end_ms);
    members.insert("chapter_index".to_owned(), json!(index));
    members.insert("shot_indices".to_owned(), json!(chapter.shots));
    members.extend(summarised(&said, CHAPTER_WORDS));
    let segment = |line: &&Line| {
        json!({
            "type": "TRANSCRIPT",
            "start_timestamp_millis": line.start_ms,
            "end_timestamp_millis": line.end_ms,
            "text": line.text,
        })
    };
    members.insert(
        "audio_segments".to_owned(),
        said.iter().map(segment).collect(),
    );
    members.insert("frames".to_owned(), json!([]));
    Value::Object(members)
}

/// `summary` and `transcript`; both only when something was said.
fn summarised(lines: &[&Line], max_words: usize) -> Map<String, Value> {
    let mut members = Map::new();
    if let Some(summary) = spoken::summary(lines, max_words) {
        members.insert("summary".to_owned(), json!(summary));
    }
    if !lines.is_empty() {
        members.insert(
            "transcript".to_owned(),
            json!({ "representation": { "text": spoken::text(lines) } }),
        );
    }
    members
}

/// A stretch of time in milliseconds, frames and timecodes.
fn span(video: &Video, start_ms: u64, end_ms: u64) -> Map<String, Value> {
    let rate = video.frame_rate;
    let (start_frame, end_frame) = (frame(start_ms, rate), frame(end_ms, rate));
    let members = [
        ("start_timestamp_millis", json!(start_ms)),
        ("end_timestamp_millis", json!(end_ms)),
        ("duration_millis", json!(end_ms - start_ms)),
        ("start_timecode_smpte", json!(timecode(start_frame, rate))),
        ("end_timecode_smpte", json!(timecode(end_frame, rate))),
        (
            "duration_smpte",
            json!(timecode(end_frame - start_frame, rate)),
        ),
        ("start_frame_index", json!(start_frame)),
        ("end_frame_index", json!(end_frame)),
        ("duration_frames", json!(end_frame - start_frame)),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

// Frame numbers are far below 2^52.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn frame(at_ms: u64, frame_rate: f64) -> u64 {
    (at_ms as f64 * frame_rate / 1000.0).round() as u64
}

/// `hh:mm:ss:ff`, counting every frame.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn timecode(frame: u64, frame_rate: f64) -> String {
    let rate = (frame_rate.round() as u64).max(1);
    let (seconds, frames) = (frame / rate, frame % rate);
    format!(
        "{:02}:{:02}:{:02}:{frames:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timecodes_count_frames() {
        let check =
            |ms, rate, expected: &str| assert_eq!(timecode(frame(ms, rate), rate), expected);
        check(0, 25.0, "00:00:00:00");
        check(5280, 25.0, "00:00:05:07");
        check(3_725_040, 25.0, "01:02:05:01");
        check(1001, 30000.0 / 1001.0, "00:00:01:00");
    }
}
