//! The shape of pictures. Pure.

use super::codec::VideoCodecSettings;
use super::settings::{Rotate, ScalingBehavior, VideoDescription};
use crate::media_file::Stream;

/// Differences of shape below this are rounding to whole pixels, not another shape.
const SAME_SHAPE_PIXELS: u32 = 2;

/// A picture of `width` by `height`, in which the source takes `inner_width` by `inner_height` in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub inner_width: u32,
    pub inner_height: u32,
}

impl Picture {
    fn filled(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            inner_width: width,
            inner_height: height,
        }
    }
}

impl Picture {
    /// The same shape with another, smaller short side.
    #[must_use]
    pub fn scaled_to(self, side: u32) -> Self {
        let share = f64::from(side) / f64::from(self.width.min(self.height).max(1));
        let scaled = |length: u32| even(f64::from(length) * share);
        Self {
            width: scaled(self.width),
            height: scaled(self.height),
            inner_width: scaled(self.inner_width),
            inner_height: scaled(self.inner_height),
        }
    }

    /// No larger than another one.
    #[must_use]
    pub fn no_larger_than(self, other: Self) -> Self {
        if self.width > other.width {
            other
        } else {
            self
        }
    }
}

/// The shape of an output: even numbers, as 4:2:0 pictures need. Nothing for a source without a size.
pub fn fit(stream: &Stream, rotate: Rotate, video: &VideoDescription) -> Option<Picture> {
    let (source_width, source_height) = displayed(stream, rotate)?;
    let aspect = source_width / source_height;
    let (width, height) = match (video.width, video.height) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, even(f64::from(width) / aspect)),
        (None, Some(height)) => (even(f64::from(height) * aspect), height),
        (None, None) => (even_below(source_width), even_below(source_height)),
    };
    let inner_width = even(f64::from(height) * aspect).min(width);
    let inner_height = even(f64::from(width) / aspect).min(height);
    let is_same_shape = width.abs_diff(inner_width) <= SAME_SHAPE_PIXELS
        && height.abs_diff(inner_height) <= SAME_SHAPE_PIXELS;
    let is_shrinking = f64::from(inner_width) <= source_width;
    Some(match video.scaling_behavior {
        ScalingBehavior::StretchToOutput => Picture::filled(width, height),
        ScalingBehavior::FitNoUpscale if !is_shrinking => {
            Picture::filled(even_below(source_width), even_below(source_height))
        }
        _ if is_same_shape => Picture::filled(width, height),
        ScalingBehavior::Default => Picture {
            width,
            height,
            inner_width,
            inner_height,
        },
        ScalingBehavior::Fit | ScalingBehavior::FitNoUpscale => {
            Picture::filled(inner_width, inner_height)
        }
    })
}

/// Whether the sizes of a description can be encoded: 4:2:0 pictures have even sides. Names the member that cannot.
pub fn odd_side(video: &VideoDescription) -> Option<&'static str> {
    let VideoCodecSettings::H264 { .. } = video.codec_settings else {
        return None;
    };
    let is_odd = |side: Option<u32>| side.is_some_and(|pixels| pixels % 2 == 1);
    [("Width", video.width), ("Height", video.height)]
        .into_iter()
        .find(|(_, side)| is_odd(*side))
        .map(|(name, _)| name)
}

/// The source's own shape.
pub fn own(stream: &Stream, rotate: Rotate) -> Option<Picture> {
    let (width, height) = displayed(stream, rotate)?;
    Some(Picture::filled(even_below(width), even_below(height)))
}

/// Size as displayed: square pixels, turned.
fn displayed(stream: &Stream, rotate: Rotate) -> Option<(f64, f64)> {
    let pixel = stream
        .sample_aspect()
        .map_or(1.0, crate::media_file::Ratio::value);
    let (width, height) = (f64::from(stream.width) * pixel, f64::from(stream.height));
    let is_turned = match rotate {
        Rotate::Auto => !stream.rotation().is_multiple_of(180),
        Rotate::Left | Rotate::Right => true,
        Rotate::None | Rotate::Over => false,
    };
    let size = if is_turned {
        (height, width)
    } else {
        (width, height)
    };
    (width >= 1.0 && height >= 1.0).then_some(size)
}

/// The nearest even number of pixels, at least two.
// Sides are positive and below 2^31 in every codec.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn even(side: f64) -> u32 {
    ((side / 2.0).round() as u32).max(1) * 2
}

/// The greatest even number of pixels that is not above, at least two.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn even_below(side: f64) -> u32 {
    ((side / 2.0 + 1e-6).floor() as u32).max(1) * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    type Failure = Box<dyn std::error::Error>;

    fn check(
        stream: &Value,
        rotate: Rotate,
        video: &Value,
        expected: Option<[u32; 4]>,
    ) -> Result<(), Failure> {
        let codec = json!({"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": {}});
        let (mut stream, mut video) = (stream.clone(), video.clone());
        stream
            .as_object_mut()
            .ok_or("no object")?
            .insert("index".to_owned(), json!(0));
        video
            .as_object_mut()
            .ok_or("no object")?
            .insert("CodecSettings".to_owned(), codec);
        let found = fit(
            &serde_json::from_value(stream)?,
            rotate,
            &serde_json::from_value(video)?,
        );
        assert_eq!(
            found.map(|p| [p.width, p.height, p.inner_width, p.inner_height]),
            expected
        );
        Ok(())
    }

    #[test]
    fn sizes_follow_the_source_and_the_settings() -> Result<(), Failure> {
        let hd = json!({"width": 1920, "height": 1080});
        let odd = json!({"width": 853, "height": 481});
        let turned = json!({"width": 1920, "height": 1080, "side_data_list": [{"rotation": -90}]});
        let thick = json!({"width": 720, "height": 576, "sample_aspect_ratio": "64:45"});
        check(
            &hd,
            Rotate::Auto,
            &json!({}),
            Some([1920, 1080, 1920, 1080]),
        )?;
        check(
            &hd,
            Rotate::Auto,
            &json!({"Height": 720}),
            Some([1280, 720, 1280, 720]),
        )?;
        check(
            &hd,
            Rotate::Auto,
            &json!({"Width": 640}),
            Some([640, 360, 640, 360]),
        )?;
        check(&odd, Rotate::Auto, &json!({}), Some([852, 480, 852, 480]))?;
        check(
            &turned,
            Rotate::Auto,
            &json!({"Height": 1280}),
            Some([720, 1280, 720, 1280]),
        )?;
        check(
            &turned,
            Rotate::None,
            &json!({"Height": 720}),
            Some([1280, 720, 1280, 720]),
        )?;
        check(
            &hd,
            Rotate::Left,
            &json!({"Height": 1280}),
            Some([720, 1280, 720, 1280]),
        )?;
        check(
            &thick,
            Rotate::Auto,
            &json!({"Height": 576}),
            Some([1024, 576, 1024, 576]),
        )?;
        check(
            &json!({"width": 0, "height": 0}),
            Rotate::Auto,
            &json!({}),
            None,
        )
    }

    #[test]
    fn other_shapes_get_bars_unless_told() -> Result<(), Failure> {
        let hd = json!({"width": 1920, "height": 1080});
        let square =
            |behavior: &str| json!({"Width": 720, "Height": 720, "ScalingBehavior": behavior});
        check(
            &hd,
            Rotate::Auto,
            &square("DEFAULT"),
            Some([720, 720, 720, 406]),
        )?;
        check(
            &hd,
            Rotate::Auto,
            &square("STRETCH_TO_OUTPUT"),
            Some([720, 720, 720, 720]),
        )?;
        check(
            &hd,
            Rotate::Auto,
            &square("FIT"),
            Some([720, 406, 720, 406]),
        )?;
        check(
            &hd,
            Rotate::Auto,
            &json!({"Width": 854, "Height": 480}),
            Some([854, 480, 854, 480]),
        )?;
        let large = json!({"Width": 3840, "Height": 2160, "ScalingBehavior": "FIT_NO_UPSCALE"});
        check(&hd, Rotate::Auto, &large, Some([1920, 1080, 1920, 1080]))
    }
}
