//! Frame captures: thumbnails for a seek bar, and pictures of which one becomes the poster.

use aws_sdk_mediaconvert::types::{
    FrameCaptureSettings, VideoCodec, VideoCodecSettings, VideoDescription,
};
use videoflow_shared::plan::{Rung, Video};
use videoflow_shared::renditions::thumbnail_interval_seconds;

use crate::outputs::{pixels, preprocessors};

/// Short side of thumbnails.
const THUMBNAIL_SHORT_SIDE: u32 = 360;
/// Short side of posters.
const POSTER_SHORT_SIDE: u32 = 1080;
/// Pictures to choose the poster from: enough to miss fades and titles, few to read.
const POSTERS: u64 = 8;
/// JPEG quality of thumbnails, 1 to 100.
const THUMBNAIL_QUALITY: i32 = 80;
/// JPEG quality of posters.
const POSTER_QUALITY: i32 = 90;

/// Thumbnails at even distances over the whole video.
pub fn thumbnails(rung: Rung, source: &Video) -> VideoDescription {
    let interval = thumbnail_interval_seconds(source.duration_ms);
    captures(
        source,
        interval,
        scaled(rung, THUMBNAIL_SHORT_SIDE),
        THUMBNAIL_QUALITY,
    )
}

/// Pictures to choose the poster from, at even distances over the whole video.
pub fn posters(rung: Rung, source: &Video) -> VideoDescription {
    let interval = source.duration_ms.div_ceil(1000).div_ceil(POSTERS).max(1);
    captures(
        source,
        interval,
        scaled(rung, POSTER_SHORT_SIDE),
        POSTER_QUALITY,
    )
}

fn captures(
    source: &Video,
    interval_seconds: u64,
    (width, height): (u32, u32),
    quality: i32,
) -> VideoDescription {
    let captures = source
        .duration_ms
        .div_ceil(1000)
        .div_ceil(interval_seconds)
        .max(1);
    let codec = FrameCaptureSettings::builder()
        .framerate_numerator(1)
        .framerate_denominator(i32::try_from(interval_seconds).unwrap_or(i32::MAX))
        .max_captures(i32::try_from(captures).unwrap_or(i32::MAX))
        .quality(quality)
        .build();
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::FrameCapture)
        .frame_capture_settings(codec)
        .build();
    VideoDescription::builder()
        .video_preprocessors(preprocessors(source))
        .width(pixels(width))
        .height(pixels(height))
        .codec_settings(codec)
        .build()
}

/// Width and height of the rung's shape, both even, the short side no longer than `side`.
fn scaled(rung: Rung, side: u32) -> (u32, u32) {
    let short = rung.short_side().max(1);
    if short <= side {
        return (rung.width, rung.height);
    }
    let scaled = |length: u32| (length * side / short) & !1;
    (scaled(rung.width), scaled(rung.height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::tests::source;

    const RUNG: Rung = Rung {
        height: 720,
        width: 1280,
        bitrate: 1_000_000,
    };

    /// Captures of thumbnails and posters, as seconds between them and their number.
    fn check(duration_ms: u64, thumbs: (i32, i32), posts: (i32, i32)) {
        let source = Video {
            duration_ms,
            ..source()
        };
        let found = [thumbnails(RUNG, &source), posters(RUNG, &source)].map(|description| {
            let codec = description.codec_settings;
            let codec = codec.and_then(|codec| codec.frame_capture_settings);
            codec.map(|codec| (codec.framerate_denominator, codec.max_captures))
        });
        let expected =
            [thumbs, posts].map(|(interval, captures)| Some((Some(interval), Some(captures))));
        assert_eq!(found, expected, "{duration_ms}");
    }

    #[test]
    fn captures_cover_the_video_within_their_number() {
        check(400, (2, 1), (1, 1));
        check(25_000, (2, 13), (4, 7));
        check(240_000, (2, 120), (30, 8));
        check(241_000, (3, 81), (31, 8));
        check(14_400_000, (120, 120), (1800, 8));
    }

    #[test]
    fn captures_keep_the_shape_and_never_grow() {
        let check = |width: u32, height: u32, side: u32, expected: (u32, u32)| {
            let rung = Rung {
                height,
                width,
                bitrate: 1,
            };
            assert_eq!(scaled(rung, side), expected, "{width}x{height}");
        };
        check(1280, 720, 360, (640, 360));
        check(720, 1280, 360, (360, 640));
        check(320, 240, 360, (320, 240));
        check(3840, 2160, 1080, (1920, 1080));
        check(1920, 1080, 1080, (1920, 1080));
    }
}
