//! The renditions to be made of a video: never above the source, its shape kept.

use videoflow_shared::plan::{Rung, Video};

/// Bits a pixel and frame at which AVC looks clean; QVBR stays below it where it can.
const BITS_A_PIXEL: f64 = 0.1;
/// Bounds of a rung's bitrate: below it is mush, above it no one sees more at 1080 lines.
const BITRATE_RANGE: (f64, f64) = (300_000.0, 8_000_000.0);
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
    let own = video.width.min(video.height).min(highest);
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
    let (lowest, highest) = BITRATE_RANGE;
    ((bits.clamp(lowest, highest) / 10_000.0).round() * 10_000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::video;

    const HEIGHTS: [u32; 4] = [1080, 720, 540, 360];

    fn check(width: u32, height: u32, expected: &[(u32, u32)]) {
        let video = Video {
            width,
            height,
            ..video()
        };
        let ladder = ladder(&video, &HEIGHTS);
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
    fn odd_sizes_become_even_and_smaller() {
        check(641, 361, &[(640, 360)]);
        check(853, 481, &[(852, 480), (638, 360)]);
    }

    #[test]
    fn bitrate_follows_pixels_within_bounds() {
        assert_eq!(bitrate(1920, 1080, 25.0), 5_180_000);
        assert_eq!(bitrate(1920, 1080, 60.0), 8_000_000);
        assert_eq!(bitrate(160, 90, 25.0), 300_000);
        assert_eq!(bitrate(1280, 720, 0.0), bitrate(1280, 720, 25.0));
    }
}
