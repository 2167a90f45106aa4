//! Sound of the outputs: how it is encoded, and how loud it is.

use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacRateControlMode, AacSettings, AudioCodec, AudioCodecSettings,
    AudioDescription, AudioNormalizationAlgorithm, AudioNormalizationAlgorithmControl,
    AudioNormalizationLoudnessLogging, AudioNormalizationPeakCalculation,
    AudioNormalizationSettings,
};

/// Name of the only audio selector, as `MediaConvert`'s console gives it.
pub const AUDIO_SELECTOR: &str = "Audio Selector 1";

/// Bits a second of AAC: four hours have 230 MB, and Transcribe takes 2 GB.
const AUDIO_BITRATE: i32 = 128_000;
/// Samples a second of AAC: the highest that Transcribe takes, and what players expect.
const AUDIO_SAMPLE_RATE: i32 = 48_000;
/// Loudness in LKFS: what phones and laptops, the usual players of web video, need to be heard, and what Apple asks of
/// podcasts. Television's -23 (EBU R 128) is for loudspeakers in a quiet room.
const LOUDNESS: f64 = -16.0;
/// Highest true peak in dBFS: decoders of AAC overshoot, and EBU R 128 asks for this much room.
const TRUE_PEAK: f64 = -1.0;
/// Loudness in LKFS up to which sound is left as it is: silence with the noise of its microphone is not made loud.
const SILENCE: i32 = -50;

/// Whether the source has sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// It has.
    Present,
    /// It has none.
    Absent,
}

/// AAC stereo, as loud as all other videos are.
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
        .audio_normalization_settings(loudness())
        .codec_settings(codec)
        .build()
}

/// One gain for the whole, by gated loudness: 1770-4 is the measure that knows all layouts of channels.
fn loudness() -> AudioNormalizationSettings {
    AudioNormalizationSettings::builder()
        .algorithm(AudioNormalizationAlgorithm::ItuBs17704)
        .algorithm_control(AudioNormalizationAlgorithmControl::CorrectAudio)
        .correction_gate_level(SILENCE)
        .loudness_logging(AudioNormalizationLoudnessLogging::DontLog)
        .peak_calculation(AudioNormalizationPeakCalculation::TruePeak)
        .target_lkfs(LOUDNESS)
        .true_peak_limiter_threshold(TRUE_PEAK)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hours_fit_transcribe() {
        const SECONDS: i64 = 4 * 3600;
        const TRANSCRIBE_BYTES: i64 = 2 * 1024 * 1024 * 1024;
        assert!(i64::from(AUDIO_BITRATE) / 8 * SECONDS < TRANSCRIBE_BYTES / 2);
    }

    #[test]
    fn every_sound_is_brought_to_one_loudness() {
        let settings = audio().audio_normalization_settings;
        let found = settings.map(|one| (one.algorithm_control, one.target_lkfs));
        let corrected = AudioNormalizationAlgorithmControl::CorrectAudio;
        assert_eq!(found, Some((Some(corrected), Some(LOUDNESS))));
    }
}
