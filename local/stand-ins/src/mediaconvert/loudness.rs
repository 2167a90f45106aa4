//! How loud the source's sounds are, and what brings them to the loudness that the settings want: one gain for the
//! whole, so that what is loud stays louder than what is soft, and a limiter where a peak would go too high.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::plan::{AudioEncode, Loudness};
use crate::ffmpeg::{self, DEMUXERS};

/// Samples a second at which peaks between samples show: ITU-R BS.1770 asks for four times 48 kHz.
const OVERSAMPLED_RATE: u32 = 192_000;

/// Decibels at most that make up for what a limiter takes away: beyond that its work is heard.
const MADE_UP_LIMIT: f64 = 10.0;

/// What a sound's level needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    /// Louder or softer by so many decibels.
    gain: f64,
    /// Highest peak in dBFS, where the gain lifts peaks above it.
    limit: Option<f64>,
}

/// What ffmpeg measures.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measured {
    loudness: f64,
    peak: f64,
}

/// Measures a sound as it will be encoded and says what its level needs; nothing where it may stay as it is. A limiter takes
/// loudness away, so what it leaves is measured again and made up for.
///
/// # Errors
/// Those of [`ffmpeg::report`].
pub async fn correction(
    source: &Path,
    audio: &AudioEncode,
    limit: Duration,
) -> Result<Option<Correction>, ffmpeg::Error> {
    let Some(wanted) = audio.loudness else {
        return Ok(None);
    };
    let found = measure(source, audio, None, limit).await?;
    let first = found.and_then(|measured| needed(measured, wanted));
    let Some(first) = first.filter(|first| first.limit.is_some()) else {
        return Ok(first);
    };
    let left = measure(source, audio, Some(first), limit).await?;
    let lost = left.map_or(0.0, |left| wanted.target - left.loudness);
    Ok(Some(Correction {
        gain: first.gain + lost.clamp(0.0, MADE_UP_LIMIT),
        ..first
    }))
}

/// Measures a sound with a correction; nothing where there is no sound.
async fn measure(
    source: &Path,
    audio: &AudioEncode,
    correction: Option<Correction>,
    limit: Duration,
) -> Result<Option<Measured>, ffmpeg::Error> {
    let before = ["-format_whitelist", DEMUXERS, "-i"].map(OsString::from);
    let level = correction.map(|one| filters(one, audio.sample_rate));
    let after = [
        "-map".to_owned(),
        format!("0:{}", audio.stream),
        "-af".to_owned(),
        format!(
            "{}{},ebur128=peak=true:framelog=verbose",
            conversion(audio),
            level.unwrap_or_default()
        ),
        "-f".to_owned(),
        "null".to_owned(),
        "-".to_owned(),
    ];
    let arguments = before
        .into_iter()
        .chain([source.as_os_str().to_owned()])
        .chain(after.map(OsString::from));
    Ok(measured(&ffmpeg::report(arguments, limit).await?))
}

/// Rate and channels of the encoded sound, from time zero, with silence where the source has a gap.
pub fn conversion(audio: &AudioEncode) -> String {
    let layout = match audio.channels {
        1 => "mono",
        2 => "stereo",
        _ => "5.1",
    };
    format!(
        "aresample={}:async=1:first_pts=0,aformat=channel_layouts={layout}",
        audio.sample_rate
    )
}

/// The filters that carry a correction out, with a comma before each.
pub fn filters(correction: Correction, sample_rate: u32) -> String {
    let gain = format!(",volume={:.2}dB", correction.gain);
    match correction.limit {
        None => gain,
        Some(limit) => format!(
            "{gain},aresample={OVERSAMPLED_RATE},alimiter=limit={:.4}:level=disabled,aresample={sample_rate}",
            10_f64.powf(limit / 20.0)
        ),
    }
}

/// From the summary of the filter `ebur128`: `I: -23.0 LUFS` and `Peak: -3.1 dBFS`.
fn measured(said: &str) -> Option<Measured> {
    let number = |name: &str| {
        let line = said
            .lines()
            .filter_map(|line| line.trim().strip_prefix(name))
            .next_back()?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    Some(Measured {
        loudness: number("I:")?,
        // Of silence: `-inf`.
        peak: number("Peak:")?,
    })
}

fn needed(measured: Measured, wanted: Loudness) -> Option<Correction> {
    if measured.loudness <= wanted.gate {
        return None;
    }
    let gain = wanted.target - measured.loudness;
    let is_too_high = measured.peak + gain > wanted.peak;
    Some(Correction {
        gain,
        limit: is_too_high.then_some(wanted.peak),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(loudness: &str, peak: &str, expected: Option<(f64, Option<f64>)>) {
        let said = format!(
            "Input #0\n[Parsed_ebur128_2 @ 0x1] Summary:\n\n  Integrated loudness:\n    I:         {loudness} LUFS\n    \
             Threshold: -33.5 LUFS\n\n  True peak:\n    Peak:       {peak} dBFS\n"
        );
        let wanted = Loudness {
            target: -16.0,
            gate: -50.0,
            peak: -1.0,
        };
        let found = measured(&said).and_then(|measured| needed(measured, wanted));
        assert_eq!(found.map(|one| (one.gain, one.limit)), expected, "{said}");
    }

    #[test]
    fn gain_leads_to_the_target_and_peaks_are_limited_where_they_rise_too_high() {
        check("-26.0", "-12.0", Some((10.0, None)));
        check("-26.0", "-11.0", Some((10.0, None)));
        check("-26.0", "-10.9", Some((10.0, Some(-1.0))));
        check("-10.0", "0.5", Some((-6.0, None)));
    }

    #[test]
    fn silence_stays_silence() {
        check("-70.0", "-inf", None);
        check("-50.0", "-40.0", None);
        check("-48.0", "-30.0", Some((32.0, Some(-1.0))));
        assert_eq!(measured("Output file is empty"), None);
    }
}
