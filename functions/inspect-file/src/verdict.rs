//! Whether a file can become a brief; if not, why, in words for the one who made it.

use videoflow_shared::plan::{DynamicRange, Video};
use videoflow_shared::profiles::Profile;

/// Why a file is rejected; also the value of the source's tag.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::Display, strum::VariantNames,
)]
pub enum Code {
    /// No bytes.
    EmptyFile,
    /// Not a media file, or a damaged one.
    UnreadableFile,
    /// Sound alone, or neither.
    NoVideoTrack,
    /// A container that cannot be read.
    UnsupportedContainer,
    /// Picture in a codec that cannot be transcoded.
    UnsupportedCodec,
    /// Sound in a codec that cannot be transcoded.
    UnsupportedSound,
    /// Pictures at a rate that nothing plays.
    UnsupportedFrameRate,
    /// Turned by something else than quarters.
    UnsupportedRotation,
    /// Colours that cannot be converted to those of usual screens.
    UnsupportedColors,
    /// Picture smaller than the analyses can use.
    PictureTooSmall,
    /// Shorter than speech recognition takes.
    TooShort,
    /// Longer than the profile or the analyses take.
    TooLong,
    /// More bytes than are accepted.
    TooLarge,
    /// The predicted price is above the profile's limit.
    PriceOverLimit,
}

/// A rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub code: Code,
    /// What to do about it.
    pub message: String,
}

/// Codecs of pictures that `MediaConvert` decodes.
const CODECS: [&str; 17] = [
    "AV1",
    "AVC",
    "DV",
    "H263",
    "HEVC",
    "JPEG2000",
    "MJPEG",
    "MP4V",
    "MPEG1",
    "MPEG2",
    "PRORES",
    "QTRLE",
    "UNCOMPRESSED",
    "VC1",
    "VC3",
    "VP8",
    "VP9",
];
/// Containers with pictures that Probe reads and `MediaConvert` does not (its table of supported inputs).
const UNREAD_CONTAINERS: [&str; 1] = ["ogg"];
/// Most frames a second: the fastest camera formats have 240; beyond 300 the file lies.
const FASTEST: f64 = 300.0;
/// What Probe calls a codec that it does not know.
const UNKNOWN_CODEC: &str = "UNKNOWN";
/// Shortest sound that Transcribe takes.
const SHORTEST_MS: u64 = 500;
/// Shortest side of a picture that `MediaConvert` makes (32) and in which anything can be seen.
const SMALLEST_SIDE: u32 = 64;
/// Largest source: what a four-hour `ProRes` master has. Beyond it someone should ask first.
const LARGEST_BYTES: u64 = 500 * 1_000_000_000;
/// Characters of a probe's own message that are worth showing.
const DETAIL_LIMIT: usize = 500;

/// Refuses a file of a size that cannot be right.
///
/// # Errors
/// The rejection.
pub fn judge_size(size_bytes: u64) -> Result<(), Rejection> {
    if size_bytes == 0 {
        return reject(
            Code::EmptyFile,
            "The file has no content. Upload it again.".to_owned(),
        );
    }
    if size_bytes > LARGEST_BYTES {
        let gigabytes = size_bytes / 1_000_000_000;
        return reject(
            Code::TooLarge,
            format!("The file has {gigabytes} GB; the limit is 500 GB. Export it smaller."),
        );
    }
    Ok(())
}

/// The rejection of a file that Probe could not read.
pub fn unreadable(detail: &str) -> Rejection {
    // What follows is the SDK's word on the call, which the maker of a video has no use for.
    let detail = detail.split(" (Service: ").next().unwrap_or_default();
    let detail: String = detail.chars().take(DETAIL_LIMIT).collect();
    Rejection {
        code: Code::UnreadableFile,
        message: format!(
            "The file is not a video, or it is damaged or cut off. Play it from start to end: if it plays, upload it again; \
             if not, export it again. ({detail})"
        ),
    }
}

/// Refuses a video that cannot be processed under a profile.
///
/// # Errors
/// The rejection.
pub fn judge_video(video: &Video, profile: &Profile) -> Result<(), Rejection> {
    if !video.has_video {
        let message = "The file has no picture; a brief needs one. Upload a video, not a recording of sound alone.";
        return reject(Code::NoVideoTrack, message.to_owned());
    }
    judge_formats(video)?;
    if video.width == 0 || video.height == 0 || video.duration_ms == 0 {
        return Err(unreadable("size or duration of the picture are not known"));
    }
    if video.width.min(video.height) < SMALLEST_SIDE {
        let message = format!(
            "The picture has {}x{} pixels; each side needs at least {SMALLEST_SIDE}. Export it larger.",
            video.width, video.height
        );
        return reject(Code::PictureTooSmall, message);
    }
    if video.duration_ms < SHORTEST_MS {
        let message = format!(
            "The video lasts {} seconds; it needs at least {}. Check that the whole of it was exported.",
            seconds(video.duration_ms),
            seconds(SHORTEST_MS)
        );
        return reject(Code::TooShort, message);
    }
    let limit_ms = u64::from(profile.maximum_duration_seconds) * 1000;
    if video.duration_ms > limit_ms {
        let (minutes, limit) = (video.duration_ms.div_ceil(60_000), limit_ms / 60_000);
        return reject(
            Code::TooLong,
            format!("The video lasts {minutes} minutes; the limit is {limit}. Cut it into parts."),
        );
    }
    Ok(())
}

/// Refuses what `MediaConvert` would fail at: containers, codecs, rates, rotations, colours.
fn judge_formats(video: &Video) -> Result<(), Rejection> {
    if UNREAD_CONTAINERS.contains(&video.container.as_str()) {
        let message = format!(
            "The file is in the container {}, which cannot be read. Export it as MP4 (H.264).",
            video.container
        );
        return reject(Code::UnsupportedContainer, message);
    }
    let format = |codec: &str| match codec {
        "" | UNKNOWN_CODEC => "an unknown format".to_owned(),
        codec => format!("the format {codec}"),
    };
    if !CODECS.contains(&video.video_codec.as_str()) {
        let format = format(&video.video_codec);
        let message =
            format!("The picture is in {format}, which cannot be read. Export it as H.264 (MP4).");
        return reject(Code::UnsupportedCodec, message);
    }
    if video.audio_codec.as_deref() == Some(UNKNOWN_CODEC) {
        let message = "The sound is in an unknown format, which cannot be read. Export it as AAC, or without sound.";
        return reject(Code::UnsupportedSound, message.to_owned());
    }
    if video.frame_rate > FASTEST {
        let message = format!(
            "The file claims {} pictures a second; {FASTEST} are the most. Export it with its real frame rate.",
            video.frame_rate
        );
        return reject(Code::UnsupportedFrameRate, message);
    }
    if !video.rotation.is_multiple_of(90) {
        let message = format!(
            "The picture is turned by {} degrees; only quarters can be turned back. Export it upright.",
            video.rotation
        );
        return reject(Code::UnsupportedRotation, message);
    }
    if video.range == DynamicRange::DolbyVision {
        let message = "The picture is in Dolby Vision without a base that other screens show. Export it as HDR10, HLG or SDR.";
        return reject(Code::UnsupportedColors, message.to_owned());
    }
    Ok(())
}

/// Milliseconds as seconds, in words: `0.4`.
fn seconds(ms: u64) -> String {
    let (whole, rest) = (ms / 1000, format!("{:03}", ms % 1000));
    match rest.trim_end_matches('0') {
        "" => whole.to_string(),
        rest => format!("{whole}.{rest}"),
    }
}

/// Refuses a video that would cost more than its profile allows and nobody approved.
///
/// # Errors
/// The rejection.
pub fn judge_price(
    predicted_usd: f64,
    approved_usd: Option<f64>,
    profile: &Profile,
) -> Result<(), Rejection> {
    let limit = profile.price_limit_usd.max(approved_usd.unwrap_or(0.0));
    if predicted_usd <= limit {
        return Ok(());
    }
    let message = format!(
        "The brief would cost {predicted_usd:.2} USD; the limit is {limit:.2} USD. Approve the price, cut the video, or ask \
         for a cheaper profile."
    );
    reject(Code::PriceOverLimit, message)
}

fn reject(code: Code, message: String) -> Result<(), Rejection> {
    Err(Rejection { code, message })
}

#[cfg(test)]
pub mod tests {
    use videoflow_shared::profiles::{DEFAULT, find};

    use super::*;

    /// A video that is accepted.
    pub fn video() -> Video {
        Video {
            container: "mp4".into(),
            duration_ms: 25_000,
            width: 1920,
            height: 1080,
            frame_rate: 25.0,
            rotation: 0,
            video_codec: "AVC".into(),
            audio_codec: Some("AAC".into()),
            audio_tracks: 1,
            has_audio: true,
            has_video: true,
            bit_depth: Some(8),
            video_tracks: 1,
            picture_ms: None,
            sound_ms: None,
            range: videoflow_shared::plan::DynamicRange::Standard,
        }
    }

    fn profile() -> Profile {
        find(DEFAULT)
            .cloned()
            .unwrap_or_else(|| unreachable!("there is a default profile"))
    }

    fn check(video: &Video, expected: Option<Code>) {
        let verdict = judge_video(video, &profile());
        assert_eq!(
            verdict.err().map(|rejection| rejection.code),
            expected,
            "{video:?}"
        );
    }

    #[test]
    fn accepts_usual_videos() {
        check(&video(), None);
        check(
            &Video {
                has_audio: false,
                audio_tracks: 0,
                audio_codec: None,
                ..video()
            },
            None,
        );
        check(
            &Video {
                video_codec: "PRORES".into(),
                bit_depth: Some(10),
                ..video()
            },
            None,
        );
    }

    #[test]
    fn rejects_what_cannot_be_processed() {
        check(
            &Video {
                has_video: false,
                ..video()
            },
            Some(Code::NoVideoTrack),
        );
        check(
            &Video {
                video_codec: "THEORA".into(),
                ..video()
            },
            Some(Code::UnsupportedCodec),
        );
        check(
            &Video {
                video_codec: String::new(),
                ..video()
            },
            Some(Code::UnsupportedCodec),
        );
        check(
            &Video {
                width: 0,
                ..video()
            },
            Some(Code::UnreadableFile),
        );
        check(
            &Video {
                duration_ms: 0,
                ..video()
            },
            Some(Code::UnreadableFile),
        );
    }

    #[test]
    fn bounds_hold_at_n_and_beyond() {
        check(
            &Video {
                height: 64,
                ..video()
            },
            None,
        );
        check(
            &Video {
                height: 63,
                ..video()
            },
            Some(Code::PictureTooSmall),
        );
        check(
            &Video {
                duration_ms: 500,
                ..video()
            },
            None,
        );
        check(
            &Video {
                duration_ms: 499,
                ..video()
            },
            Some(Code::TooShort),
        );
        check(
            &Video {
                duration_ms: 14_400_000,
                ..video()
            },
            None,
        );
        check(
            &Video {
                duration_ms: 14_400_001,
                ..video()
            },
            Some(Code::TooLong),
        );
    }

    #[test]
    fn messages_say_what_is_wrong_and_what_to_do() {
        let check = |video: &Video, expected: &str| {
            let told = judge_video(video, &profile())
                .err()
                .map(|rejection| rejection.message);
            assert_eq!(told.as_deref(), Some(expected));
        };
        let coded = |codec: &str| Video {
            video_codec: codec.into(),
            ..video()
        };
        check(
            &coded("THEORA"),
            "The picture is in the format THEORA, which cannot be read. Export it as H.264 (MP4).",
        );
        for unknown in ["", "UNKNOWN"] {
            check(
                &coded(unknown),
                "The picture is in an unknown format, which cannot be read. Export it as H.264 (MP4).",
            );
        }
        let short = Video {
            duration_ms: 480,
            ..video()
        };
        check(
            &short,
            "The video lasts 0.48 seconds; it needs at least 0.5. Check that the whole of it was exported.",
        );
    }

    #[test]
    fn details_of_the_call_are_left_out() {
        let check = |detail: &str, expected: &str| {
            let message = unreadable(detail).message;
            assert!(message.ends_with(expected), "{message}");
        };
        check("no index", "export it again. (no index)");
        check(
            "no index (Service: MediaConvert, Status Code: 422)",
            "export it again. (no index)",
        );
        check(&"x".repeat(600), &format!("({})", "x".repeat(DETAIL_LIMIT)));
    }

    #[test]
    fn rejects_sizes_that_cannot_be_right() {
        let code = |size| judge_size(size).err().map(|rejection| rejection.code);
        assert_eq!(code(0), Some(Code::EmptyFile));
        assert_eq!(code(1), None);
        assert_eq!(code(LARGEST_BYTES), None);
        assert_eq!(code(LARGEST_BYTES + 1), Some(Code::TooLarge));
    }

    #[test]
    fn rejects_above_the_price_limit_unless_approved() {
        let limit = profile().price_limit_usd;
        let check = |usd: f64, approved_usd: Option<f64>, expected: Option<Code>| {
            let code = judge_price(usd, approved_usd, &profile()).err();
            let code = code.map(|rejection| rejection.code);
            assert_eq!(code, expected, "{usd} USD, approved {approved_usd:?}");
        };
        check(limit, None, None);
        check(limit + 0.01, None, Some(Code::PriceOverLimit));
        check(limit + 0.01, Some(limit + 0.01), None);
        check(limit + 0.02, Some(limit + 0.01), Some(Code::PriceOverLimit));
        check(limit, Some(1.0), None);
    }

    #[test]
    fn rejects_formats_that_would_fail_in_the_transcode() {
        let with = |change: fn(&mut Video)| {
            let mut video = video();
            change(&mut video);
            video
        };
        check(
            &with(|video| video.container = "ogg".into()),
            Some(Code::UnsupportedContainer),
        );
        check(
            &with(|video| video.audio_codec = Some("UNKNOWN".into())),
            Some(Code::UnsupportedSound),
        );
        check(&with(|video| video.frame_rate = 300.0), None);
        check(
            &with(|video| video.frame_rate = 300.1),
            Some(Code::UnsupportedFrameRate),
        );
        for turned in [0, 90, 180, 270] {
            let mut video = video();
            video.rotation = turned;
            check(&video, None);
        }
        check(
            &with(|video| video.rotation = 45),
            Some(Code::UnsupportedRotation),
        );
        check(&with(|video| video.range = DynamicRange::High), None);
        check(
            &with(|video| video.range = DynamicRange::DolbyVision),
            Some(Code::UnsupportedColors),
        );
    }
}
