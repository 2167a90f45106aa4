//! The renditions to be made of a video: never above the source, its shape kept.

use videoflow_shared::plan::{Rung, Video};

/// Bits a pixel and frame at which AVC looks clean; QVBR stays below it where it can.
const BITS_A_PIXEL: f64 = 0.1;
/// The least bitrate of a rung: below it is mush.
const LEAST_BITRATE: f64 = 300_000.0;
/// The greatest bitrates, by the short side up to which they hold: above them no one sees more, and few connections carry
/// more. Larger pictures have finer pixels, so the bits a pixel fall.
const GREATEST_BITRATES: [(u32, f64); 2] = [(1080, 8_000_000.0), (1440, 12_000_000.0)];
/// The greatest bitrate of pictures beyond these.
const GREATEST_BITRATE: f64 = 20_000_000.0;
/// Longest side that players decode: AVC's levels up to 5.2 end there.
const LONGEST_SIDE: u64 = 4096;
/// Frame rate where the file names none.
const USUAL_FRAME_RATE: f64 = 25.0;
/// A rung this close to the source's own size (in percent of it) is not worth its price.
const CLOSEST_PERCENT: u32 = 90;

/// The ladder for a video: the source's own size (at most the highest of `heights`) and those of `heights` below it.
///
/// `heights` are short sides, highest first: 1080 stands for 1920x1080 and for 1080x1920.
pub fn ladder(video: &Video, heights: &[u32]) -> Vec<Rung> {
    let Some(highest) = heights.first().copied() else {
        return Vec::new();
    };
    let (short, long) = (video.width.min(video.height), video.width.max(video.height));
    let encodable = u64::from(short) * LONGEST_SIDE / u64::from(long.max(1));
    let encodable = u32::try_from(encodable).unwrap_or(u32::MAX);
    let own = short.min(highest).min(encodable);
    let below = heights
        .iter()
        .copied()
        .filter(|side| side * 100 <= own * CLOSEST_PERCENT);
    std::iter::once(own)
        .chain(below)
        .filter_map(|side| rung(video, side))
        .collect()
}

/// The rung whose short side is `side`; `None` when nothing would be left of the picture.
fn rung(video: &Video, side: u32) -> Option<Rung> {
    let short = video.width.min(video.height);
    let scaled = |length: u32| {
        let exact = u64::from(length) * u64::from(side);
        // To the nearest even number: AVC halves the colour planes.
        let halves = (exact + u64::from(short)).checked_div(2 * u64::from(short))?;
        u32::try_from(halves * 2).ok().filter(|length| *length > 0)
    };
    let even = |length: u32, scaled: u32| scaled.min(length & !1);
    let width = even(video.width, scaled(video.width)?);
    let height = even(video.height, scaled(video.height)?);
    Some(Rung {
        height,
        width,
        bitrate: bitrate(width, height, video.frame_rate),
    })
}

/// Bits a second for this many pixels, in steps of 10,000.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped before the cast"
)]
fn bitrate(width: u32, height: u32, frame_rate: f64) -> u32 {
    let rate = if frame_rate > 0.0 {
        frame_rate.min(60.0)
    } else {
        USUAL_FRAME_RATE
    };
    let bits = f64::from(width) * f64::from(height) * rate * BITS_A_PIXEL;
    let mut greatest = GREATEST_BITRATES.iter();
    let greatest = greatest.find(|(side, _)| width.min(height) <= *side);
    let greatest = greatest.map_or(GREATEST_BITRATE, |(_, bits)| *bits);
    ((bits.clamp(LEAST_BITRATE, greatest) / 10_000.0).round() * 10_000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::video;

    const HEIGHTS: [u32; 4] = [1080, 720, 540, 360];

    fn check(width: u32, height: u32, expected: &[(u32, u32)]) {
        check_heights(&HEIGHTS, width, height, expected);
    }

    fn check_heights(heights: &[u32], width: u32, height: u32, expected: &[(u32, u32)]) {
        let video = Video {
            width,
            height,
            ..video()
        };
        let ladder = ladder(&video, heights);
        let found: Vec<(u32, u32)> = ladder
            .iter()
            .map(|rung| (rung.width, rung.height))
            .collect();
        assert_eq!(found, expected, "{width}x{height}");
        assert!(
            ladder
                .iter()
                .all(|rung| rung.width <= width && rung.height <= height),
            "{width}x{height} upscaled"
        );
        assert!(
            ladder
                .iter()
                .all(|rung| rung.width % 2 == 0 && rung.height % 2 == 0),
            "{width}x{height} odd"
        );
    }

    #[test]
    fn never_above_the_source() {
        check(
            3840,
            2160,
            &[(1920, 1080), (1280, 720), (960, 540), (640, 360)],
        );
        check(
            1920,
            1080,
            &[(1920, 1080), (1280, 720), (960, 540), (640, 360)],
        );
        check(1280, 720, &[(1280, 720), (960, 540), (640, 360)]);
        check(640, 360, &[(640, 360)]);
        check(320, 240, &[(320, 240)]);
    }

    #[test]
    fn the_source_has_a_rung_of_its_own() {
        check(854, 480, &[(854, 480), (640, 360)]);
        check(
            1778,
            1000,
            &[(1778, 1000), (1280, 720), (960, 540), (640, 360)],
        );
        check(656, 370, &[(656, 370)]);
    }

    #[test]
    fn portrait_goes_by_its_short_side() {
        check(
            1080,
            1920,
            &[(1080, 1920), (720, 1280), (540, 960), (360, 640)],
        );
        check(
            1080,
            1080,
            &[(1080, 1080), (720, 720), (540, 540), (360, 360)],
        );
    }

    #[test]
    fn large_sources_have_large_rungs_where_the_profile_wants_them() {
        let heights = [2160, 1440, 1080, 720, 540, 360];
        let check = |width, height, expected: &[(u32, u32)]| {
            check_heights(&heights, width, height, expected);
        };
        let common = [(1920, 1080), (1280, 720), (960, 540), (640, 360)];
        check(
            3840,
            2160,
            &[&[(3840, 2160), (2560, 1440)], &common[..]].concat(),
        );
        check(
            7680,
            4320,
            &[&[(3840, 2160), (2560, 1440)], &common[..]].concat(),
        );
        check(2560, 1440, &[&[(2560, 1440)], &common[..]].concat());
        check(
            5120,
            1440,
            &[(4096, 1152), (2560, 720), (1920, 540), (1280, 360)],
        );
        check(1920, 1080, &common);
        let upright = common.map(|(width, height)| (height, width));
        check(
            2160,
            3840,
            &[&[(2160, 3840), (1440, 2560)], &upright[..]].concat(),
        );
        check(
            4096,
            2160,
            &[
                (4096, 2160),
                (2730, 1440),
                (2048, 1080),
                (1366, 720),
                (1024, 540),
                (682, 360),
            ],
        );
    }

    #[test]
    fn odd_sizes_become_even_and_smaller() {
        check(641, 361, &[(640, 360)]);
        check(853, 481, &[(852, 480), (638, 360)]);
    }

    #[test]
    fn bitrate_follows_pixels_within_bounds() {
        assert_eq!(bitrate(1920, 1080, 25.0), 5_180_000);
        assert_eq!(bitrate(1920, 1080, 60.0), 8_000_000);
        assert_eq!(bitrate(160, 90, 25.0), 300_000);
        assert_eq!(bitrate(1080, 1920, 60.0), 8_000_000);
        assert_eq!(bitrate(2560, 1440, 25.0), 9_220_000);
        assert_eq!(bitrate(2560, 1440, 60.0), 12_000_000);
        assert_eq!(bitrate(3840, 2160, 23.976), 19_890_000);
        assert_eq!(bitrate(3840, 2160, 60.0), 20_000_000);
        assert_eq!(bitrate(1280, 720, 240.0), bitrate(1280, 720, 60.0));
        assert_eq!(bitrate(1280, 720, 0.0), bitrate(1280, 720, 25.0));
    }
}
