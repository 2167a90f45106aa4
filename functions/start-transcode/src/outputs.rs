//! Codecs and containers of the outputs.

use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacRateControlMode, AacSettings, AudioCodec, AudioCodecSettings,
    AudioDescription, ColorCorrector, ColorSpaceConversion, ContainerSettings, ContainerType,
    DeinterlaceAlgorithm, Deinterlacer, DeinterlacerControl, DeinterlacerMode,
    FrameCaptureSettings, H264FramerateControl, H264GopSizeUnits, H264ParControl,
    H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode, H264SceneChangeDetect,
    H264Settings, HdrToSdrToneMapper, Mp4MoovPlacement, Mp4Settings, VideoCodec,
    VideoCodecSettings, VideoDescription, VideoPreprocessor,
};
use videoflow_shared::plan::{DynamicRange, Rung, Video};

/// Name of the only audio selector, as `MediaConvert`'s console gives it.
pub const AUDIO_SELECTOR: &str = "Audio Selector 1";

/// Seconds of a group of pictures: half a segment, so that every segment begins with a key frame.
const GOP_SECONDS: f64 = 2.0;
/// Quality of QVBR, 1 to 10: AWS's recommendation for web video of 720 lines and more is 7 to 9.
const QVBR_QUALITY: i32 = 7;
/// Most frames a second: players and AVC's usual levels stop there.
const FRAME_RATE_LIMIT: i32 = 60;
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

/// AVC, single pass (the basic tier of the bill), constant quality below the rung's bitrate; square pixels, progressive,
/// the source's frame rate up to 60.
pub fn video(rung: Rung, source: &Video) -> VideoDescription {
    let codec = H264Settings::builder()
        .rate_control_mode(H264RateControlMode::Qvbr)
        .qvbr_settings(
            H264QvbrSettings::builder()
                .qvbr_quality_level(QVBR_QUALITY)
                .build(),
        )
        .max_bitrate(pixels(rung.bitrate))
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
        .par_control(H264ParControl::Specified)
        .par_numerator(1)
        .par_denominator(1)
        .gop_size(GOP_SECONDS)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .gop_closed_cadence(1)
        .scene_change_detect(H264SceneChangeDetect::Disabled);
    let codec = if source.frame_rate > f64::from(FRAME_RATE_LIMIT) {
        codec
            .framerate_control(H264FramerateControl::Specified)
            .framerate_numerator(FRAME_RATE_LIMIT)
            .framerate_denominator(1)
    } else {
        codec.framerate_control(H264FramerateControl::InitializeFromSource)
    };
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::H264)
        .h264_settings(codec.build())
        .build();
    VideoDescription::builder()
        .video_preprocessors(preprocessors(source))
        .width(pixels(rung.width))
        .height(pixels(rung.height))
        .codec_settings(codec)
        .build()
}

/// Interlaced pictures become progressive (others stay as they are), colours of a high dynamic range standard ones.
fn preprocessors(source: &Video) -> VideoPreprocessor {
    let deinterlacer = Deinterlacer::builder()
        .mode(DeinterlacerMode::Deinterlace)
        .algorithm(DeinterlaceAlgorithm::Interpolate)
        .control(DeinterlacerControl::Normal)
        .build();
    let preprocessors = VideoPreprocessor::builder().deinterlacer(deinterlacer);
    match source.range {
        DynamicRange::Standard => preprocessors.build(),
        DynamicRange::High | DynamicRange::DolbyVision => {
            let corrector = ColorCorrector::builder()
                .color_space_conversion(ColorSpaceConversion::Force709)
                .hdr_to_sdr_tone_mapper(HdrToSdrToneMapper::PreserveDetails)
                .build();
            preprocessors.color_corrector(corrector).build()
        }
    }
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
pub fn frames(rung: Rung, source: &Video) -> VideoDescription {
    let duration_ms = source.duration_ms;
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
        .video_preprocessors(preprocessors(source))
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
pub mod tests {
    use super::*;

    /// A usual source.
    pub fn source() -> Video {
        Video {
            container: "mp4".into(),
            duration_ms: 25_000,
            width: 1920,
            height: 1080,
            frame_rate: 25.0,
            rotation: 0,
            video_codec: "AVC".into(),
            audio_codec: None,
            audio_tracks: 1,
            has_audio: true,
            has_video: true,
            bit_depth: None,
            video_tracks: 1,
            picture_ms: None,
            sound_ms: None,
            range: DynamicRange::Standard,
        }
    }

    const RUNG: Rung = Rung {
        height: 720,
        width: 1280,
        bitrate: 1_000_000,
    };

    #[test]
    fn frame_rates_are_the_sources_up_to_sixty() {
        let check = |frame_rate: f64, expected: Option<i32>| {
            let source = Video {
                frame_rate,
                ..source()
            };
            let description = video(RUNG, &source);
            let codec = description.codec_settings();
            let codec = codec.and_then(|codec| codec.h264_settings());
            let specified = codec.and_then(H264Settings::framerate_numerator);
            assert_eq!(specified, expected, "{frame_rate}");
        };
        check(0.0, None);
        check(25.0, None);
        check(50.0, None);
        check(60.0, None);
        check(60.001, Some(60));
        check(240.0, Some(60));
    }

    #[test]
    fn every_picture_becomes_progressive_and_of_standard_range() {
        let check = |range: DynamicRange, expected: Option<&ColorSpaceConversion>| {
            let source = Video { range, ..source() };
            for description in [video(RUNG, &source), frames(RUNG, &source)] {
                let preprocessors = description.video_preprocessors();
                let corrector = preprocessors.and_then(VideoPreprocessor::color_corrector);
                let conversion = corrector.and_then(ColorCorrector::color_space_conversion);
                assert_eq!(conversion, expected, "{range:?}");
                let deinterlacer = preprocessors.and_then(VideoPreprocessor::deinterlacer);
                let control = deinterlacer.and_then(Deinterlacer::control);
                assert_eq!(control, Some(&DeinterlacerControl::Normal));
            }
        };
        check(DynamicRange::Standard, None);
        check(DynamicRange::High, Some(&ColorSpaceConversion::Force709));
    }

    fn check(duration_ms: u64, distance: u64, captures: i32) {
        let source = Video {
            duration_ms,
            ..source()
        };
        let description = frames(RUNG, &source);
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
