//! Settings of codecs.

use serde::Deserialize;

/// Codec of pictures.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "Codec", deny_unknown_fields)]
pub enum VideoCodecSettings {
    /// H.264.
    #[serde(rename = "H_264")]
    H264 {
        /// Its settings.
        #[serde(rename = "H264Settings")]
        settings: H264Settings,
    },
    /// Stills.
    #[serde(rename = "FRAME_CAPTURE")]
    FrameCapture {
        /// Their settings.
        #[serde(rename = "FrameCaptureSettings")]
        settings: FrameCaptureSettings,
    },
}

/// H.264.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct H264Settings {
    /// How bits are spent.
    pub rate_control_mode: RateControlMode,
    /// Bits per second, on average (VBR) or always (CBR).
    pub bitrate: Option<u32>,
    /// Bits per second at most (QVBR, VBR).
    pub max_bitrate: Option<u32>,
    /// Wanted quality.
    pub qvbr_settings: Option<QvbrSettings>,
    /// How often the pictures are looked at. Here once; automated renditions demand more.
    #[serde(default)]
    pub quality_tuning_level: QualityTuningLevel,
    /// Bits of the decoder's buffer; two seconds of the most unless told.
    pub hrd_buffer_size: Option<u32>,
    /// Distance of key frames.
    pub gop_size: Option<f64>,
    /// Its unit.
    #[serde(default)]
    pub gop_size_units: GopSizeUnits,
    /// Profile.
    #[serde(default)]
    pub codec_profile: CodecProfile,
    /// Frame rate: the source's or another.
    #[serde(default)]
    pub framerate_control: FramerateControl,
    /// The other one, above the line.
    pub framerate_numerator: Option<u32>,
    /// The other one, below the line.
    pub framerate_denominator: Option<u32>,
}

/// How bits are spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum RateControlMode {
    Vbr,
    Cbr,
    Qvbr,
}

/// How often the pictures are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum QualityTuningLevel {
    #[default]
    SinglePass,
    SinglePassHq,
    MultiPassHq,
}

/// Wanted quality.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QvbrSettings {
    /// 1 to 10.
    pub qvbr_quality_level: Option<u32>,
    /// Bits per second on average at most.
    pub max_average_bitrate: Option<u32>,
}

/// Unit of the distance of key frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum GopSizeUnits {
    #[default]
    Frames,
    Seconds,
    Auto,
}

/// H.264 profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum CodecProfile {
    Baseline,
    #[default]
    Main,
    High,
}

/// Whose frame rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum FramerateControl {
    #[default]
    InitializeFromSource,
    Specified,
}

/// Stills.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct FrameCaptureSettings {
    /// Stills …
    pub framerate_numerator: Option<u32>,
    /// … in so many seconds.
    pub framerate_denominator: Option<u32>,
    /// At most so many.
    pub max_captures: Option<u32>,
    /// JPEG quality, 1 to 100.
    pub quality: Option<u32>,
}

/// Codec of sound.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "Codec", deny_unknown_fields)]
pub enum AudioCodecSettings {
    /// AAC.
    #[serde(rename = "AAC")]
    Aac {
        /// Its settings.
        #[serde(rename = "AacSettings")]
        settings: AacSettings,
    },
}

/// AAC with constant bit rate.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AacSettings {
    /// Bits per second.
    pub bitrate: u32,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub coding_mode: CodingMode,
    // Only `LC`.
    #[serde(rename = "CodecProfile", default)]
    _codec_profile: AacProfile,
    // Only `CBR`.
    #[serde(rename = "RateControlMode", default)]
    _rate_control_mode: AacRateControlMode,
}

/// Channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[allow(missing_docs)]
pub enum CodingMode {
    #[serde(rename = "CODING_MODE_1_0")]
    Mono,
    #[serde(rename = "CODING_MODE_2_0")]
    Stereo,
    #[serde(rename = "CODING_MODE_5_1")]
    Surround,
}

/// AAC profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum AacProfile {
    #[default]
    Lc,
}

/// How AAC spends bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum AacRateControlMode {
    #[default]
    Cbr,
}

/// How loud the sound becomes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct AudioNormalization {
    /// Whether the sound is changed.
    #[serde(default)]
    pub algorithm_control: LoudnessControl,
    /// Loudness below which the sound is left as it is, in LKFS.
    pub correction_gate_level: Option<i32>,
    /// Loudness wanted, in LKFS.
    pub target_lkfs: Option<f64>,
    /// Highest true peak, in dBFS.
    pub true_peak_limiter_threshold: Option<f64>,
}

/// Whether the sound is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoudnessControl {
    /// It is.
    #[default]
    CorrectAudio,
    /// It is only measured.
    MeasureOnly,
}
