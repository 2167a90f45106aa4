//! What ffprobe says of a media file, as values, with the words of it that several services need.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ffmpeg;

/// A fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: u32,
    /// Below the line, never zero.
    pub denominator: u32,
}

impl Ratio {
    /// Parses `30000/1001` or `16:9`; nothing for zero and infinity.
    pub fn parse(text: &str) -> Option<Self> {
        let (numerator, denominator) = text.split_once(['/', ':'])?;
        let ratio = Self {
            numerator: numerator.parse().ok()?,
            denominator: denominator.parse().ok()?,
        };
        (ratio.numerator > 0 && ratio.denominator > 0).then_some(ratio)
    }

    /// Its value.
    pub fn value(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// ffprobe's answer.
#[derive(Debug, Clone, Deserialize)]
pub struct MediaFile {
    /// The container.
    pub format: Container,
    /// The streams, in order.
    #[serde(default)]
    pub streams: Vec<Stream>,
}

/// The container.
#[derive(Debug, Clone, Deserialize)]
pub struct Container {
    /// Demuxer names, separated by commas.
    pub format_name: String,
    start_time: Option<String>,
    duration: Option<String>,
    bit_rate: Option<String>,
    /// Tags as written in the file.
    #[serde(default)]
    pub tags: Map<String, Value>,
}

/// A stream.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    /// Index in the file, from 0.
    pub index: u32,
    /// `video`, `audio`, `subtitle`, `data`, `attachment`.
    pub codec_type: Option<String>,
    /// ffmpeg's codec name.
    pub codec_name: Option<String>,
    /// Codec profile, in words.
    pub profile: Option<String>,
    /// Codec level, as the codec counts it.
    pub level: Option<i32>,
    /// Stored width.
    #[serde(default)]
    pub width: u32,
    /// Stored height.
    #[serde(default)]
    pub height: u32,
    /// Pixel format, `yuv420p10le`.
    pub pix_fmt: Option<String>,
    sample_aspect_ratio: Option<String>,
    display_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    /// `progressive`, `tt`, ….
    pub field_order: Option<String>,
    /// Colour primaries in ffmpeg's words.
    pub color_primaries: Option<String>,
    /// Transfer characteristics in ffmpeg's words.
    pub color_transfer: Option<String>,
    /// Matrix coefficients in ffmpeg's words.
    pub color_space: Option<String>,
    bits_per_raw_sample: Option<String>,
    #[serde(default)]
    bits_per_sample: u32,
    sample_rate: Option<String>,
    /// Audio channels.
    pub channels: Option<u32>,
    /// Channel layout in ffmpeg's words.
    pub channel_layout: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    bit_rate: Option<String>,
    #[serde(default)]
    tags: Map<String, Value>,
    #[serde(default)]
    disposition: Map<String, Value>,
    #[serde(default)]
    side_data_list: Vec<Map<String, Value>>,
}

/// What a stream is to `MediaConvert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackType {
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Everything else, cover pictures too.
    Data,
}

/// Why a file's facts are not known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ffprobe gave no answer.
    #[error(transparent)]
    Unreadable(#[from] ffmpeg::Error),
    /// ffprobe's answer is not what it was.
    #[error("ffprobe's answer: {0}")]
    UnknownAnswer(#[from] serde_json::Error),
}

impl MediaFile {
    /// Reads the facts of a file.
    ///
    /// # Errors
    /// Both variants of [`Error`].
    pub async fn read(file: &Path) -> Result<Self, Error> {
        Ok(serde_json::from_value(ffmpeg::probe(file).await?)?)
    }

    /// Duration, when the file tells it.
    pub fn duration_seconds(&self) -> Option<f64> {
        let stated = number(self.format.duration.as_deref());
        stated.or_else(|| {
            self.streams
                .iter()
                .filter_map(Stream::duration_seconds)
                .reduce(f64::max)
        })
    }

    /// Time of the first picture or sound, on the clock of the file.
    pub fn start_seconds(&self) -> Option<f64> {
        self.format.start_time.as_deref()?.parse().ok()
    }

    /// Bits per second of the whole file.
    pub fn bit_rate(&self) -> Option<u64> {
        self.format.bit_rate.as_deref()?.parse().ok()
    }

    /// The streams of a type, in order.
    pub fn tracks(&self, kind: TrackType) -> impl Iterator<Item = &Stream> {
        self.streams
            .iter()
            .filter(move |stream| stream.track_type() == kind)
    }
}

impl Stream {
    /// What it is. The picture on a record's sleeve is a video stream to ffmpeg, but no video.
    pub fn track_type(&self) -> TrackType {
        let is_cover = self.disposition.get("attached_pic").and_then(Value::as_u64) == Some(1);
        match self.codec_type.as_deref() {
            Some("video") if !is_cover => TrackType::Video,
            Some("audio") => TrackType::Audio,
            _ => TrackType::Data,
        }
    }

    /// Duration, when the file tells it.
    pub fn duration_seconds(&self) -> Option<f64> {
        number(self.duration.as_deref()).or_else(|| clock(self.tag("DURATION")?))
    }

    /// Time of its first picture or sound, on the clock of the file.
    pub fn start_seconds(&self) -> Option<f64> {
        self.start_time.as_deref()?.parse().ok()
    }

    /// Bits per second.
    pub fn bit_rate(&self) -> Option<u64> {
        self.bit_rate.as_deref()?.parse().ok()
    }

    /// Average frame rate, else the base rate of the stream.
    pub fn frame_rate(&self) -> Option<Ratio> {
        let rate = |text: &Option<String>| text.as_deref().and_then(Ratio::parse);
        rate(&self.avg_frame_rate).or_else(|| rate(&self.r_frame_rate))
    }

    /// Whether pictures follow each other at uneven distances: the average is neither the base rate nor, as for half
    /// pictures, half of it.
    pub fn has_variable_rate(&self) -> bool {
        let rate = |text: &Option<String>| text.as_deref().and_then(Ratio::parse);
        let (Some(average), Some(base)) = (rate(&self.avg_frame_rate), rate(&self.r_frame_rate))
        else {
            return false;
        };
        let times = base.value() / average.value();
        [1.0, 2.0].iter().all(|even| (times - even).abs() > 0.02)
    }

    /// Width to height of a stored pixel.
    pub fn sample_aspect(&self) -> Option<Ratio> {
        self.sample_aspect_ratio.as_deref().and_then(Ratio::parse)
    }

    /// Width to height of the picture as stored.
    pub fn display_aspect(&self) -> Option<Ratio> {
        self.display_aspect_ratio.as_deref().and_then(Ratio::parse)
    }

    /// Clockwise rotation for display: 0, 90, 180 or 270. ffprobe counts against the clock.
    pub fn rotation(&self) -> u32 {
        let matrix = self
            .side_data_list
            .iter()
            .find_map(|data| data.get("rotation").and_then(Value::as_f64));
        let tag = self.tag("rotate").and_then(|text| text.parse::<f64>().ok());
        let clockwise = matrix
            .map(|angle| -angle)
            .or(tag)
            .unwrap_or(0.0)
            .rem_euclid(360.0);
        [90, 180, 270]
            .into_iter()
            .find(|angle| (f64::from(*angle) - clockwise).abs() < 1.0)
            .unwrap_or(0)
    }

    /// Bits of a sample: of a colour component, or of a sound sample.
    pub fn bit_depth(&self) -> Option<u32> {
        let raw = self
            .bits_per_raw_sample
            .as_deref()
            .and_then(|text| text.parse().ok())
            .filter(|bits| *bits > 0);
        let format = self.pix_fmt.as_deref().map(|format| match format {
            _ if format.contains("p10") || format.contains("p010") => 10,
            _ if format.contains("p12") => 12,
            _ if format.contains("p16") => 16,
            _ => 8,
        });
        raw.or((self.bits_per_sample > 0).then_some(self.bits_per_sample))
            .or(format)
    }

    /// Samples per second of sound.
    pub fn sample_rate(&self) -> Option<u32> {
        self.sample_rate.as_deref()?.parse().ok()
    }

    /// ISO 639-2 language tag; `und` counts as none.
    pub fn language(&self) -> Option<&str> {
        self.tag("language")
            .filter(|code| code.len() == 3 && *code != "und")
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.get(name).and_then(Value::as_str)
    }
}

fn number(text: Option<&str>) -> Option<f64> {
    text?
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Matroska's tag: `00:00:25.280000000`.
fn clock(text: &str) -> Option<f64> {
    let parts: Option<Vec<f64>> = text.split(':').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [hours, minutes, seconds] => Some(hours * 3600.0 + minutes * 60.0 + seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stream(members: Value) -> Result<Stream, serde_json::Error> {
        let mut stream = json!({"index": 0});
        if let (Some(stream), Value::Object(members)) = (stream.as_object_mut(), members) {
            stream.extend(members);
        }
        serde_json::from_value(stream)
    }

    #[test]
    fn streams_are_read_as_players_would() -> Result<(), serde_json::Error> {
        let turned = |by: f64| stream(json!({"side_data_list": [{"rotation": by}]}));
        for (by, expected) in [
            (-90.0, 90),
            (90.0, 270),
            (180.0, 180),
            (-180.0, 180),
            (0.0, 0),
            (12.0, 0),
        ] {
            assert_eq!(turned(by)?.rotation(), expected, "{by}");
        }
        assert_eq!(stream(json!({"tags": {"rotate": "90"}}))?.rotation(), 90);
        let cover = json!({"codec_type": "video", "disposition": {"attached_pic": 1}});
        assert_eq!(stream(cover)?.track_type(), TrackType::Data);
        assert_eq!(
            stream(json!({"codec_type": "subtitle"}))?.track_type(),
            TrackType::Data
        );
        let matroska =
            stream(json!({"tags": {"DURATION": "01:00:02.500000000", "language": "und"}}))?;
        assert_eq!(
            (matroska.duration_seconds(), matroska.language()),
            (Some(3602.5), None)
        );
        for (members, expected) in [
            (json!({"pix_fmt": "yuv420p"}), Some(8)),
            (json!({"pix_fmt": "p010le"}), Some(10)),
            (json!({"pix_fmt": "yuv422p12le"}), Some(12)),
            (
                json!({"bits_per_raw_sample": "10", "pix_fmt": "yuv420p"}),
                Some(10),
            ),
            (json!({"bits_per_sample": 16}), Some(16)),
            (json!({}), None),
        ] {
            assert_eq!(stream(members.clone())?.bit_depth(), expected, "{members}");
        }
        Ok(())
    }
}
