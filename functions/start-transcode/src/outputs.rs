//! Codecs and containers of the outputs.

use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacRateControlMode, AacSettings, AudioCodec, AudioCodecSettings,
    AudioDescription, ContainerSettings, ContainerType, FrameCaptureSettings, H264FramerateControl,
    H264GopSizeUnits, H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode,
    H264SceneChangeDetect, H264Settings, Mp4MoovPlacement, Mp4Settings, VideoCodec,
    VideoCodecSettings, VideoDescription,
};
use videoflow_shared::plan::Rung;

/// Name of the only audio selector, as `MediaConvert`'s console gives it.
pub const AUDIO_SELECTOR: &str = "Audio Selector 1";

/// Seconds of a group of pictures: half a segment, so that every segment begins with a key frame.
const GOP_SECONDS: f64 = 2.0;
/// Quality of QVBR, 1 to 10: AWS's recommendation for web video of 720 lines and more is 7 to 9.
const QVBR_QUALITY: i32 = 7;
/// Bits a second of AAC.
const AUDIO_BITRATE: i32 = 128_000;
/// Samples a second of AAC.
const AUDIO_SAMPLE_RATE: i32 = 48_000;
/// Most thumbnails of a video: what a seek bar needs.
const THUMBNAILS_LIMIT: u64 = 120;
/// Shortest time between thumbnails.
const THUMBNAIL_SECONDS: u64 = 2;
/// Width of thumbnails.
const THUMBNAIL_SHORT_SIDE: u32 = 360;
/// JPEG quality, 1 to 100.
const THUMBNAIL_QUALITY: i32 = 80;

/// Whether the source has sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// It has.
    Present,
    /// It has none.
    Absent,
}

/// A container; MP4 with its index in front, so that it plays while it loads.
pub fn container(kind: ContainerType) -> ContainerSettings {
    let settings = ContainerSettings::builder();
    let settings = match kind {
        ContainerType::Mp4 => {
            let mp4 = Mp4Settings::builder().moov_placement(Mp4MoovPlacement::ProgressiveDownload);
            settings.mp4_settings(mp4.build())
        }
        _ => settings,
    };
    settings.container(kind).build()
}

/// AVC, single pass (the basic tier of the bill), constant quality below the rung's bitrate.
pub fn video(rung: Rung) -> VideoDescription {
    let codec = H264Settings::builder()
        .rate_control_mode(H264RateControlMode::Qvbr)
        .qvbr_settings(
            H264QvbrSettings::builder()
                .qvbr_quality_level(QVBR_QUALITY)
                .build(),
        )
        .max_bitrate(pixels(rung.bitrate))
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
        .framerate_control(H264FramerateControl::InitializeFromSource)
        .gop_size(GOP_SECONDS)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .gop_closed_cadence(1)
        .scene_change_detect(H264SceneChangeDetect::Disabled)
        .build();
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::H264)
        .h264_settings(codec)
        .build();
    VideoDescription::builder()
        .width(pixels(rung.width))
        .height(pixels(rung.height))
        .codec_settings(codec)
        .build()
}

/// AAC stereo.
pub fn audio() -> AudioDescription {
    let codec = AacSettings::builder()
        .bitrate(AUDIO_BITRATE)
        .sample_rate(AUDIO_SAMPLE_RATE)
        .coding_mode(AacCodingMode::CodingMode20)
        .rate_control_mode(AacRateControlMode::Cbr)
        .build();
    let codec = AudioCodecSettings::builder()
        .codec(AudioCodec::Aac)
        .aac_settings(codec)
        .build();
    AudioDescription::builder()
        .audio_source_name(AUDIO_SELECTOR)
        .codec_settings(codec)
        .build()
}

/// Thumbnails at even distances over the whole video.
pub fn frames(rung: Rung, duration_ms: u64) -> VideoDescription {
    let seconds = thumbnail_distance_seconds(duration_ms);
    let captures = duration_ms
        .div_ceil(1000)
        .div_ceil(seconds)
        .clamp(1, THUMBNAILS_LIMIT);
    let codec = FrameCaptureSettings::builder()
        .framerate_numerator(1)
        .framerate_denominator(i32::try_from(seconds).unwrap_or(i32::MAX))
        .max_captures(i32::try_from(captures).unwrap_or(i32::MAX))
        .quality(THUMBNAIL_QUALITY)
        .build();
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::FrameCapture)
        .frame_capture_settings(codec)
        .build();
    let (width, height) = thumbnail_size(rung);
    VideoDescription::builder()
        .width(pixels(width))
        .height(pixels(height))
        .codec_settings(codec)
        .build()
}

/// Seconds between thumbnails.
pub fn thumbnail_distance_seconds(duration_ms: u64) -> u64 {
    duration_ms
        .div_ceil(1000)
        .div_ceil(THUMBNAILS_LIMIT)
        .max(THUMBNAIL_SECONDS)
}

/// Width and height of thumbnails: the rung's shape, its short side at most 360, both even.
fn thumbnail_size(rung: Rung) -> (u32, u32) {
    let short = rung.width.min(rung.height).max(1);
    if short <= THUMBNAIL_SHORT_SIDE {
        return (rung.width, rung.height);
    }
    let scaled = |side: u32| (side * THUMBNAIL_SHORT_SIDE / short) & !1;
    (scaled(rung.width), scaled(rung.height))
}

/// The SDK counts in i32.
fn pixels(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(duration_ms: u64, distance: u64, captures: i32) {
        let rung = Rung {
            height: 720,
            width: 1280,
            bitrate: 1,
        };
        let description = frames(rung, duration_ms);
        let codec = description
            .codec_settings()
            .and_then(|codec| codec.frame_capture_settings());
        assert_eq!(
            codec.and_then(FrameCaptureSettings::max_captures),
            Some(captures),
            "{duration_ms}"
        );
        assert_eq!(
            thumbnail_distance_seconds(duration_ms),
            distance,
            "{duration_ms}"
        );
    }

    #[test]
    fn thumbnails_cover_the_video_within_their_number() {
        check(400, 2, 1);
        check(25_000, 2, 13);
        check(240_000, 2, 120);
        check(241_000, 3, 81);
        check(14_400_000, 120, 120);
    }

    #[test]
    fn thumbnails_keep_the_shape() {
        assert_eq!(
            thumbnail_size(Rung {
                height: 720,
                width: 1280,
                bitrate: 1
            }),
            (640, 360)
        );
        assert_eq!(
            thumbnail_size(Rung {
                height: 1280,
                width: 720,
                bitrate: 1
            }),
            (360, 640)
        );
        assert_eq!(
            thumbnail_size(Rung {
                height: 240,
                width: 320,
                bitrate: 1
            }),
            (320, 240)
        );
    }
}
