//! Automated ABR: which renditions a stream gets. The service looks at the content; here sizes step down from the largest,
//! and bitrates from the greatest to the least, with no more bits than a picture of its size needs. Pure.

use super::codec::{H264Settings, QualityTuningLevel, RateControlMode, VideoCodecSettings};
use super::geometry::Picture;
use super::settings::{AutomatedAbr, Output, ScalingBehavior};
use crate::media_file::Ratio;

/// What the service takes where the settings say nothing.
const MOST_RENDITIONS: usize = 15;
const GREATEST_BITRATE: u32 = 8_000_000;
const LEAST_BITRATE: u32 = 600_000;
/// How few and how many renditions it may be bounded to, and to which bitrates.
const RENDITIONS: std::ops::RangeInclusive<usize> = 3..=MOST_RENDITIONS;
const BITRATES: std::ops::RangeInclusive<u32> = 100_000..=100_000_000;

/// Short sides of renditions below the largest.
const SIDES: [u32; 9] = [2160, 1440, 1080, 720, 540, 432, 360, 270, 180];
/// Bits a pixel and frame beyond which nobody sees more.
const BITS_A_PIXEL: f64 = 0.1;

/// A rendition: its size and its bits per second at most.
pub type Rendition = (Picture, u32);

/// The renditions, largest first: at least one.
pub fn renditions(bounds: AutomatedAbr, largest: Picture, frame_rate: Ratio) -> Vec<Rendition> {
    let short = largest.width.min(largest.height);
    let most = bounds.max_renditions.unwrap_or(MOST_RENDITIONS).max(1);
    let smaller = SIDES.iter().filter(|side| **side < short);
    let sizes: Vec<Picture> = std::iter::once(largest)
        .chain(smaller.map(|side| largest.scaled_to(*side)))
        .take(most)
        .collect();
    let greatest = f64::from(bounds.max_abr_bitrate.unwrap_or(GREATEST_BITRATE));
    let least = f64::from(bounds.min_abr_bitrate.unwrap_or(LEAST_BITRATE));
    let steps = u32::try_from(sizes.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let rated = (0_u32..).zip(sizes).map(|(step, picture)| {
        let share = f64::from(step) / f64::from(steps.max(1));
        let stepped = greatest * (least / greatest).powf(share);
        let pixels = f64::from(picture.width) * f64::from(picture.height);
        let useful = pixels * frame_rate.value() * BITS_A_PIXEL;
        // Between the bounds, which fit 32 bits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let bitrate = stepped.min(useful).max(least).round() as u32;
        (picture, bitrate)
    });
    rated.collect()
}

/// What the service refuses of a group whose renditions it chooses.
///
/// # Errors
/// Why.
pub fn validate(bounds: AutomatedAbr, outputs: &[Output]) -> Result<(), &'static str> {
    let (least, greatest) = (
        bounds.min_abr_bitrate.unwrap_or(LEAST_BITRATE),
        bounds.max_abr_bitrate.unwrap_or(GREATEST_BITRATE),
    );
    if bounds
        .max_renditions
        .is_some_and(|count| !RENDITIONS.contains(&count))
    {
        return Err("MaxRenditions must be from 3 to 15");
    }
    if !BITRATES.contains(&least) || !BITRATES.contains(&greatest) || least > greatest {
        return Err(
            "MinAbrBitrate and MaxAbrBitrate must be from 100000 to 100000000, the first no higher",
        );
    }
    let mut videos = outputs
        .iter()
        .filter_map(|output| output.video_description.as_ref());
    let (Some(video), None) = (videos.next(), videos.next()) else {
        return Err("one output with pictures stands for all renditions");
    };
    let is_demanded = |settings: &H264Settings| {
        settings.rate_control_mode == RateControlMode::Qvbr
            && settings.quality_tuning_level == QualityTuningLevel::MultiPassHq
    };
    match &video.codec_settings {
        _ if video.scaling_behavior == ScalingBehavior::FitNoUpscale => {
            Err("FIT_NO_UPSCALE is not possible with automated ABR")
        }
        VideoCodecSettings::H264 { settings } if is_demanded(settings) => Ok(()),
        _ => Err("automated ABR needs MULTI_PASS_HQ with QVBR"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Ratio = Ratio {
        numerator: 25,
        denominator: 1,
    };

    fn picture(width: u32, height: u32) -> Picture {
        Picture {
            width,
            height,
            inner_width: width,
            inner_height: height,
        }
    }

    fn check(largest: Picture, most: usize, expected: &[(u32, u32, u32)]) {
        let bounds = AutomatedAbr {
            max_renditions: Some(most),
            max_abr_bitrate: Some(6_000_000),
            min_abr_bitrate: Some(300_000),
        };
        let found: Vec<_> = renditions(bounds, largest, RATE)
            .iter()
            .map(|(picture, bitrate)| (picture.width, picture.height, *bitrate))
            .collect();
        assert_eq!(found, expected, "{largest:?}");
    }

    #[test]
    fn renditions_step_down_within_the_bounds() {
        let expected = [
            (1920, 1080, 5_184_000),
            (1280, 720, 1_341_641),
            (960, 540, 300_000),
        ];
        check(picture(1920, 1080), 3, &expected);
        let upright = [(720, 1280, 2_304_000), (540, 960, 300_000)];
        check(picture(720, 1280), 2, &upright);
        check(picture(64, 64), 15, &[(64, 64, 300_000)]);
        let small = [(320, 240, 300_000), (240, 180, 300_000)];
        check(picture(320, 240), 6, &small);
    }
}
