//! Frame rates, key frames and bit rates. Pure.

use super::codec::{FramerateControl, GopSizeUnits, H264Settings, RateControlMode};
use super::planner::refuse;
use crate::jobs::JobError;
use crate::media_file::{Ratio, Stream};

/// Key frame distance where the settings leave it to the encoder.
const AUTO_GOP_SECONDS: f64 = 2.0;
/// Quality level of QVBR where none is given.
const AUTO_QUALITY_LEVEL: u32 = 7;
/// Frame rates beyond this are time bases taken for rates; such a source is read at 25.
const MAX_FRAME_RATE: f64 = 120.0;

/// Frame rates that a variable one is rounded to.
const WHOLE_FRAME_RATES: [u32; 8] = [1, 5, 10, 15, 24, 30, 50, 60];

/// The settings' frame rate, or the source's.
pub fn frame_rate(settings: &H264Settings, stream: &Stream) -> Ratio {
    let specified = match (
        settings.framerate_control,
        settings.framerate_numerator,
        settings.framerate_denominator,
    ) {
        (FramerateControl::Specified, Some(numerator), Some(denominator))
            if numerator > 0 && denominator > 0 =>
        {
            Some(Ratio {
                numerator,
                denominator,
            })
        }
        _ => None,
    };
    let of_source = stream
        .frame_rate()
        .filter(|rate| (1.0..=MAX_FRAME_RATE).contains(&rate.value()))
        .map(|rate| {
            if stream.has_variable_rate() {
                nearest_whole(rate)
            } else {
                rate
            }
        });
    specified.or(of_source).unwrap_or(Ratio {
        numerator: 25,
        denominator: 1,
    })
}

/// What `MediaConvert` makes of a variable frame rate: the nearest of some whole ones.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/using-variable-frame-rate-inputs.html>
fn nearest_whole(average: Ratio) -> Ratio {
    let distance = |rate: u32| (f64::from(rate) - average.value()).abs();
    let nearest = WHOLE_FRAME_RATES
        .into_iter()
        .min_by(|one, other| distance(*one).total_cmp(&distance(*other)));
    nearest.map_or(average, |numerator| Ratio {
        numerator,
        denominator: 1,
    })
}

/// Frames from key frame to key frame.
pub fn gop_frames(settings: &H264Settings, frame_rate: Ratio) -> u32 {
    let seconds = |seconds: f64| seconds * frame_rate.value();
    let frames = match (settings.gop_size_units, settings.gop_size) {
        (GopSizeUnits::Frames, Some(frames)) => frames,
        (GopSizeUnits::Seconds, Some(size)) => seconds(size),
        _ => seconds(AUTO_GOP_SECONDS),
    };
    // Whole, positive and small by the clamp.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let frames = frames.round().clamp(1.0, 10_000.0) as u32;
    frames
}

/// Average and greatest bits per second. QVBR's quality level becomes a share of the greatest: a rough stand-in.
///
/// # Errors
/// A job error that names the missing rate.
pub fn bitrates(settings: &H264Settings) -> Result<(u32, u32), JobError> {
    let missing = |name: &str| refuse(format!("H264Settings.{name} is missing"));
    let max = settings.max_bitrate.ok_or_else(|| missing("MaxBitrate"));
    match settings.rate_control_mode {
        RateControlMode::Cbr => settings
            .bitrate
            .map(|rate| (rate, rate))
            .ok_or_else(|| missing("Bitrate")),
        RateControlMode::Vbr => Ok((settings.bitrate.ok_or_else(|| missing("Bitrate"))?, max?)),
        RateControlMode::Qvbr => {
            let max = max?;
            let wanted = settings.qvbr_settings.as_ref();
            let level = wanted
                .and_then(|wanted| wanted.qvbr_quality_level)
                .unwrap_or(AUTO_QUALITY_LEVEL)
                .clamp(1, 10);
            let cap = wanted
                .and_then(|wanted| wanted.max_average_bitrate)
                .unwrap_or(max);
            Ok(((max / 10).saturating_mul(level).min(cap), max))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn settings(members: Value) -> Result<H264Settings, serde_json::Error> {
        serde_json::from_value(members)
    }

    #[test]
    fn bit_rates_follow_the_mode() -> Result<(), serde_json::Error> {
        let check =
            |members: Value, expected: Result<(u32, u32), &str>| -> Result<(), serde_json::Error> {
                let found = bitrates(&settings(members)?).map_err(|error| error.message);
                assert_eq!(
                    found,
                    expected.map_err(|name| format!("H264Settings.{name} is missing"))
                );
                Ok(())
            };
        let level = |level: u32| json!({"QvbrQualityLevel": level});
        check(
            json!({"RateControlMode": "CBR", "Bitrate": 5000}),
            Ok((5000, 5000)),
        )?;
        check(json!({"RateControlMode": "CBR"}), Err("Bitrate"))?;
        check(
            json!({"RateControlMode": "VBR", "Bitrate": 5000, "MaxBitrate": 8000}),
            Ok((5000, 8000)),
        )?;
        check(
            json!({"RateControlMode": "VBR", "Bitrate": 5000}),
            Err("MaxBitrate"),
        )?;
        check(
            json!({"RateControlMode": "QVBR", "MaxBitrate": 8000}),
            Ok((5600, 8000)),
        )?;
        check(
            json!({"RateControlMode": "QVBR", "MaxBitrate": 8000, "QvbrSettings": level(10)}),
            Ok((8000, 8000)),
        )?;
        check(
            json!({"RateControlMode": "QVBR", "MaxBitrate": 8000, "QvbrSettings": level(0)}),
            Ok((800, 8000)),
        )?;
        let capped = json!({"QvbrQualityLevel": 10, "MaxAverageBitrate": 3000});
        check(
            json!({"RateControlMode": "QVBR", "MaxBitrate": 8000, "QvbrSettings": capped}),
            Ok((3000, 8000)),
        )?;
        check(json!({"RateControlMode": "QVBR"}), Err("MaxBitrate"))
    }

    #[test]
    fn key_frames_are_counted_in_whole_frames() -> Result<(), serde_json::Error> {
        let check = |size: Value,
                     units: &str,
                     (numerator, denominator),
                     expected|
         -> Result<(), serde_json::Error> {
            let members = json!({"RateControlMode": "CBR", "GopSize": size, "GopSizeUnits": units});
            assert_eq!(
                gop_frames(
                    &settings(members)?,
                    Ratio {
                        numerator,
                        denominator
                    }
                ),
                expected
            );
            Ok(())
        };
        check(json!(2.0), "SECONDS", (25, 1), 50)?;
        check(json!(2), "SECONDS", (30000, 1001), 60)?;
        check(json!(90), "FRAMES", (25, 1), 90)?;
        check(json!(0), "FRAMES", (25, 1), 1)?;
        check(Value::Null, "AUTO", (50, 1), 100)
    }

    #[test]
    fn the_frame_rate_is_the_sources_unless_specified_or_absurd() -> Result<(), serde_json::Error> {
        let check = |source: &str, specified: Value, expected| -> Result<(), serde_json::Error> {
            let stream: Stream =
                serde_json::from_value(json!({"index": 0, "avg_frame_rate": source}))?;
            let found = frame_rate(&settings(specified)?, &stream);
            assert_eq!((found.numerator, found.denominator), expected);
            Ok(())
        };
        let check_variable =
            |average: &str, base: &str, expected| -> Result<(), serde_json::Error> {
                let rates = json!({"index": 0, "avg_frame_rate": average, "r_frame_rate": base});
                let found = frame_rate(
                    &settings(json!({"RateControlMode": "CBR"}))?,
                    &serde_json::from_value(rates)?,
                );
                assert_eq!(
                    (found.numerator, found.denominator),
                    expected,
                    "{average} of {base}"
                );
                Ok(())
            };
        let follow = json!({"RateControlMode": "CBR"});
        let set = json!({"RateControlMode": "CBR", "FramerateControl": "SPECIFIED", "FramerateNumerator": 24, "FramerateDenominator": 1});
        check("30000/1001", follow.clone(), (30000, 1001))?;
        check("30000/1001", set, (24, 1))?;
        check("0/0", follow.clone(), (25, 1))?;
        check_variable("28/1", "60/1", (30, 1))?;
        check_variable("12/1", "90000/1", (10, 1))?;
        check_variable("25/1", "50/1", (25, 1))?;
        check_variable("19001/634", "30000/1001", (19001, 634))?;
        check("90000/1", follow, (25, 1))
    }
}
