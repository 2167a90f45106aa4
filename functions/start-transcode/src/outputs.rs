//! Pictures and containers of the outputs.

use aws_sdk_mediaconvert::types::builders::H264SettingsBuilder;
use aws_sdk_mediaconvert::types::{
    ColorCorrector, ColorSpaceConversion, ContainerSettings, ContainerType, DeinterlaceAlgorithm,
    Deinterlacer, DeinterlacerControl, DeinterlacerMode, H264FramerateControl, H264GopSizeUnits,
    H264ParControl, H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode,
    H264SceneChangeDetect, H264Settings, HdrToSdrToneMapper, Mp4MoovPlacement, Mp4Settings,
    VideoCodec, VideoCodecSettings, VideoDescription, VideoPreprocessor,
};
use videoflow_shared::plan::{DynamicRange, Rung, Video};

/// Seconds of a group of pictures: half a segment, so that every segment begins with a key frame.
const GOP_SECONDS: f64 = 2.0;
/// Quality of QVBR, 1 to 10: AWS's recommendation for web video of 720 lines and more is 7 to 9.
const QVBR_QUALITY: i32 = 7;
/// Most frames a second: players and AVC's usual levels stop there.
const FRAME_RATE_LIMIT: f64 = 60.0;
/// Frame rates this close to a number are that number: the plan has them to a thousandth.
const FRAME_RATE_TOLERANCE: f64 = 0.002;
/// What a rate of NTSC's is too slow by: 59.94 is 60000/1001.
const NTSC: (u32, u32) = (1000, 1001);

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
pub fn video(rung: Rung, source: &Video) -> VideoDescription {
    let quality = H264QvbrSettings::builder().qvbr_quality_level(QVBR_QUALITY);
    let codec = avc(source)
        .qvbr_settings(quality.build())
        .max_bitrate(pixels(rung.bitrate))
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq);
    description(rung, source, codec.build())
}

/// What automated ABR makes its renditions from: `rung` is the largest of them, and quality and bitrates are its own to
/// choose. It demands several passes.
pub fn automated_video(rung: Rung, source: &Video) -> VideoDescription {
    let codec = avc(source).quality_tuning_level(H264QualityTuningLevel::MultiPassHq);
    description(rung, source, codec.build())
}

/// Square pixels, progressive, closed groups of pictures, the source's frame rate up to 60.
fn avc(source: &Video) -> H264SettingsBuilder {
    let codec = H264Settings::builder()
        .rate_control_mode(H264RateControlMode::Qvbr)
        .par_control(H264ParControl::Specified)
        .par_numerator(1)
        .par_denominator(1)
        .gop_size(GOP_SECONDS)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .gop_closed_cadence(1)
        .scene_change_detect(H264SceneChangeDetect::Disabled);
    match slower(source.frame_rate) {
        None => codec.framerate_control(H264FramerateControl::InitializeFromSource),
        Some((numerator, denominator)) => codec
            .framerate_control(H264FramerateControl::Specified)
            .framerate_numerator(pixels(numerator))
            .framerate_denominator(pixels(denominator)),
    }
}

/// The frame rate for a source above the limit, exactly: every second, third, … picture, so that movement stays even.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and saturating beyond 32 bits"
)]
fn slower(frame_rate: f64) -> Option<(u32, u32)> {
    // A phone's average of 60.01 is no reason to throw half of the pictures away.
    if frame_rate <= FRAME_RATE_LIMIT {
        return None;
    }
    let step = (frame_rate / (FRAME_RATE_LIMIT + 1.0)).ceil() as u32;
    let is_whole = |rate: f64| (rate - rate.round()).abs() < FRAME_RATE_TOLERANCE;
    let (thousand, ntsc) = NTSC;
    let ntsc_rate = frame_rate * f64::from(ntsc) / f64::from(thousand);
    let (numerator, denominator) = if is_whole(frame_rate) || !is_whole(ntsc_rate) {
        let most = FRAME_RATE_LIMIT * f64::from(step);
        (frame_rate.round().min(most) as u32, step)
    } else {
        (
            (ntsc_rate.round() as u32).saturating_mul(thousand),
            ntsc.saturating_mul(step),
        )
    };
    let divisor = greatest_common_divisor(numerator, denominator).max(1);
    Some((numerator / divisor, denominator / divisor))
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    match one.checked_rem(other) {
        None => one,
        Some(rest) => greatest_common_divisor(other, rest),
    }
}

fn description(rung: Rung, source: &Video, codec: H264Settings) -> VideoDescription {
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::H264)
        .h264_settings(codec)
        .build();
    VideoDescription::builder()
        .video_preprocessors(preprocessors(source))
        .width(pixels(rung.width))
        .height(pixels(rung.height))
        .codec_settings(codec)
        .build()
}

/// Interlaced pictures become progressive (others stay as they are), colours of a high dynamic range standard ones.
pub fn preprocessors(source: &Video) -> VideoPreprocessor {
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

/// The SDK counts in i32.
pub fn pixels(value: u32) -> i32 {
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
        let check = |frame_rate: f64, expected: Option<(i32, i32)>| {
            let source = Video {
                frame_rate,
                ..source()
            };
            for description in [video(RUNG, &source), automated_video(RUNG, &source)] {
                let codec = description
                    .codec_settings
                    .and_then(|codec| codec.h264_settings);
                let found = codec
                    .and_then(|codec| codec.framerate_numerator.zip(codec.framerate_denominator));
                assert_eq!(found, expected, "{frame_rate}");
            }
        };
        for usual in [0.0, 23.976, 24.0, 25.0, 29.97, 50.0, 59.94, 60.0] {
            check(usual, None);
        }
        check(60.01, Some((60, 1)));
        check(60.7, Some((60, 1)));
        check(72.0, Some((36, 1)));
        check(100.0, Some((50, 1)));
        check(119.88, Some((60_000, 1001)));
        check(120.0, Some((60, 1)));
        check(144.0, Some((48, 1)));
        check(239.76, Some((60_000, 1001)));
        check(240.0, Some((60, 1)));
    }

    #[test]
    fn every_picture_becomes_progressive_and_of_standard_range() {
        let check = |range: DynamicRange, expected: Option<&ColorSpaceConversion>| {
            let source = Video { range, ..source() };
            for description in [video(RUNG, &source), automated_video(RUNG, &source)] {
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
}
