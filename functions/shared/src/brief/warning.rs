//! Warnings of a brief: what its reader should know before trusting or showing it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::{DynamicRange, Video};
use crate::renditions::Renditions;

/// Difference between the lengths of picture and sound that nobody notices, or that ends in a fade.
const TOLERANCE_MS: u64 = 1000;

/// Something that was mended or dropped, or is odd about the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Warning {
    /// What.
    pub code: WarningCode,
    /// In words.
    pub message: String,
}

/// Warnings of one kind that are told one by one.
const TOLD_LIMIT: usize = 5;

/// The first few warnings of each kind, and how many more there were.
pub fn bounded(warnings: Vec<Warning>) -> Vec<Warning> {
    let mut counts: BTreeMap<&'static str, (WarningCode, usize)> = BTreeMap::new();
    let mut told: Vec<Warning> = Vec::new();
    for warning in warnings {
        let (_, count) = counts
            .entry(warning.code.into())
            .or_insert((warning.code, 0));
        *count += 1;
        if *count <= TOLD_LIMIT {
            told.push(warning);
        }
    }
    let more = counts
        .into_values()
        .filter(|(_, count)| *count > TOLD_LIMIT);
    told.extend(more.map(|(code, count)| Warning {
        code,
        message: format!("and {} more of this kind", count - TOLD_LIMIT),
    }));
    told
}

/// What a warning is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
pub enum WarningCode {
    /// The sound ends before the picture: the rest is silent.
    SoundShorterThanPicture,
    /// The picture ends before the sound: the rest is black.
    PictureShorterThanSound,
    /// There are several sound tracks, and only the first one is used.
    SeveralSoundTracks,
    /// There are several picture tracks, and only the first one is used.
    SeveralPictureTracks,
    /// The colours were of a high dynamic range, and became standard ones.
    HdrConverted,
    /// The transcode found something odd in the file.
    TranscodeWarning,
    /// The model's answer could not be read, also after a correction.
    AnswerMalformed,
    /// The model's answer did not end within its limit, twice.
    AnswerTruncated,
    /// The model, or a guardrail, refused to write.
    AnswerRefused,
    /// The model cited something that does not exist; the citation was dropped.
    UnknownEvidence,
    /// The model left a statement empty; words of the evidence stand in.
    EmptyStatement,
    /// A statement of the model that nothing supports; it was dropped.
    UnsupportedStatement,
    /// A figure of the model that its evidence does not have; the statement was dropped.
    FigureNotInEvidence,
    /// A name of the model that its evidence does not have; the statement was dropped.
    NameNotInEvidence,
    /// A statement of the model was too long; it was cut.
    StatementTooLong,
    /// The model listed more than is kept.
    TooMany,
    /// The model's summary was too long; it was cut.
    SummaryTooLong,
    /// The model's abstract was too long; it was cut.
    AbstractTooLong,
    /// A chapter of the model lies outside the video; it was dropped.
    ChapterOutOfRange,
    /// Chapters of the model overlapped; they were cut.
    ChaptersOverlap,
    /// Chapters of the model left gaps; they were closed.
    ChaptersIncomplete,
    /// The model made no usable chapter; one stands for the whole.
    NoChapters,
    /// A key moment of the model lies outside the video; it was dropped.
    MomentOutOfRange,
    /// The model named somebody or something that nobody mentions; the name was dropped.
    NameNotSpoken,
    /// The model quoted what nobody said; the quote was dropped.
    QuoteNotVerbatim,
    /// The brief breaks its own schema.
    SchemaViolated,
}

/// What the maker of a video should know about it.
pub fn of_source(video: &Video) -> Vec<Warning> {
    let lengths = video.picture_ms.zip(video.sound_ms);
    let missing = |short: u64, long: u64| short.saturating_add(TOLERANCE_MS) < long;
    let mut warnings = Vec::new();
    let mut warn = |code, message: String| warnings.push(Warning { code, message });
    match lengths {
        Some((picture, sound)) if missing(sound, picture) => warn(
            WarningCode::SoundShorterThanPicture,
            format!(
                "The sound ends after {} of {} seconds; the rest is silent. Was it exported as a whole?",
                seconds(sound),
                seconds(picture)
            ),
        ),
        Some((picture, sound)) if missing(picture, sound) => warn(
            WarningCode::PictureShorterThanSound,
            format!(
                "The picture lasts {} seconds and the sound {}; where there is no picture, it is black.",
                seconds(picture),
                seconds(sound)
            ),
        ),
        _ => (),
    }
    let tracks = [
        (WarningCode::SeveralSoundTracks, "sound", video.audio_tracks),
        (
            WarningCode::SeveralPictureTracks,
            "picture",
            video.video_tracks,
        ),
    ];
    for (code, kind, count) in tracks.into_iter().filter(|(_, _, count)| *count > 1) {
        let message = format!(
            "The file has {count} {kind} tracks; only the first one is used. If another one is wanted, export it alone."
        );
        warn(code, message);
    }
    if video.range == DynamicRange::High {
        let message = "The video has HDR colours; they were converted to standard ones (Rec. 709), so it looks slightly different.";
        warn(WarningCode::HdrConverted, message.to_owned());
    }
    warnings
}

/// What the transcode found odd.
pub fn of_transcode(renditions: &Renditions) -> Vec<Warning> {
    let told = renditions.warnings.iter().map(|one| Warning {
        code: WarningCode::TranscodeWarning,
        message: one.message.clone(),
    });
    told.collect()
}

/// `1.5`, rounded.
fn seconds(ms: u64) -> String {
    let tenths = ms.saturating_add(50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(members: &Value, expected: &[WarningCode]) {
        let mut video = json!({"container": "mp4", "durationMs": 9000, "width": 640, "height": 360, "frameRate": 25.0,
            "rotation": 0, "videoCodec": "AVC", "audioTracks": 1, "hasAudio": true, "hasVideo": true, "videoTracks": 1});
        if let (Some(video), Some(members)) = (video.as_object_mut(), members.as_object()) {
            video.extend(members.clone());
        }
        let video = serde_json::from_value(video).unwrap_or_else(|error| unreachable!("{error}"));
        let warnings = of_source(&video);
        let codes: Vec<WarningCode> = warnings.iter().map(|one| one.code).collect();
        assert_eq!(codes, expected, "{members}");
        assert!(
            warnings.iter().all(|one| !one.message.contains("  ")),
            "{warnings:?}"
        );
    }

    #[test]
    fn usual_videos_have_none() {
        check(&json!({}), &[]);
        check(
            &json!({"audioTracks": 0, "hasAudio": false, "pictureMs": 9000}),
            &[],
        );
    }

    #[test]
    fn lengths_may_differ_by_a_second() {
        let lengths = |picture: u64, sound: u64| json!({"pictureMs": picture, "soundMs": sound});
        check(&lengths(9000, 8000), &[]);
        check(
            &lengths(9000, 7999),
            &[WarningCode::SoundShorterThanPicture],
        );
        check(&lengths(8000, 9000), &[]);
        check(
            &lengths(7999, 9000),
            &[WarningCode::PictureShorterThanSound],
        );
    }

    #[test]
    fn tracks_and_colours_that_are_not_kept_are_told() {
        let odd = json!({"audioTracks": 2, "videoTracks": 3, "range": "high"});
        let expected = [
            WarningCode::SeveralSoundTracks,
            WarningCode::SeveralPictureTracks,
            WarningCode::HdrConverted,
        ];
        check(&odd, &expected);
    }

    #[test]
    fn many_warnings_of_a_kind_are_counted() {
        let warnings = |code, count: usize| {
            (0..count).map(move |number| Warning {
                code,
                message: number.to_string(),
            })
        };
        let many =
            warnings(WarningCode::UnknownEvidence, 9).chain(warnings(WarningCode::NoChapters, 5));
        let told = bounded(many.collect());
        assert_eq!(told.len(), 11);
        let last = told.last().map(|one| (one.code, one.message.as_str()));
        assert_eq!(
            last,
            Some((WarningCode::UnknownEvidence, "and 4 more of this kind"))
        );
    }

    #[test]
    fn codes_are_written_as_they_are_named() {
        let written = json!(WarningCode::SeveralSoundTracks);
        assert_eq!(written, WarningCode::SeveralSoundTracks.to_string());
    }
}
