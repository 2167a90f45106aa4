//! How loud a track is, and where it is silent.

use std::ops::Range;

use rusty_aac::AacDecoder;

use super::Read;
use super::movie::Sample;

/// Level below which sound is silence: -60 dB of full scale, as ffmpeg's silencedetect has it; its square, for means of
/// squares.
const SILENCE_POWER: f64 = 1e-6;
/// Frames that are decoded at most, about eight seconds of a function's time: a quarter of an hour of sound. Of longer
/// sound so many are, evenly spread.
pub const FRAMES_LIMIT: usize = 40_000;
/// Frames of a look at longer sound: the first one prepares the decoder, whose frames overlap, for the second.
const LOOK_FRAMES: usize = 2;
/// Bytes that are read at once.
const BLOCK_BYTES: u64 = 8 * 1024 * 1024;

/// What was heard of a track.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Its silent stretches, in order: numbers of frames, from 0.
    pub silences: Vec<Range<usize>>,
    /// Why frames cannot be decoded: how many, and what the decoder said of the first one.
    pub undecodable: Option<(usize, String)>,
    /// Frames that were decoded.
    pub frames: usize,
}

/// Listens to the samples of an AAC track: all of them, or about `frames_limit` evenly spread ones.
///
/// # Errors
/// Those of `read`.
pub async fn listen<E>(
    samples: &[Sample],
    configuration: &[u8],
    frames_limit: usize,
    read: impl Read<E>,
) -> Result<Heard, E> {
    let mut heard = Heard::default();
    let mut decoder = match AacDecoder::with_config_bytes(configuration) {
        Ok(decoder) => decoder,
        Err(error) => {
            heard.undecodable = Some((samples.len(), error.to_string()));
            return Ok(heard);
        }
    };
    let stride = if samples.len() <= frames_limit {
        1
    } else {
        (samples.len() * LOOK_FRAMES).div_ceil(frames_limit)
    };
    let mut block = (0, Vec::new());
    for (index, sample) in samples.iter().enumerate() {
        let place = index % stride;
        if place >= LOOK_FRAMES {
            continue;
        }
        if !holds(&block, sample) {
            let length = BLOCK_BYTES.max(sample.size);
            block = (sample.offset, read(sample.offset, length).await?);
        }
        heard.frames += 1;
        let level = power(&mut decoder, within(&block, sample));
        let is_looked_at = stride == 1 || place + 1 == LOOK_FRAMES;
        match level {
            Err(reason) => heard.undecodable.get_or_insert((0, reason)).0 += 1,
            Ok(power) if is_looked_at && power < SILENCE_POWER => {
                let first = index - place;
                heard.note(first..(first + stride).min(samples.len()));
            }
            Ok(_) => (),
        }
    }
    Ok(heard)
}

impl Heard {
    /// Notes that these frames are silent.
    fn note(&mut self, frames: Range<usize>) {
        match self.silences.last_mut() {
            Some(last) if last.end == frames.start => last.end = frames.end,
            _ => self.silences.push(frames),
        }
    }
}

fn holds((start, bytes): &(u64, Vec<u8>), sample: &Sample) -> bool {
    sample.offset >= *start && sample.offset + sample.size <= start + bytes.len() as u64
}

/// The bytes of a sample; none when the file ends before.
fn within<'a>((start, bytes): &'a (u64, Vec<u8>), sample: &Sample) -> &'a [u8] {
    let from = usize::try_from(sample.offset.saturating_sub(*start)).ok();
    let size = usize::try_from(sample.size).ok();
    let range = from.zip(size).map(|(from, size)| from..from + size);
    range.and_then(|range| bytes.get(range)).unwrap_or_default()
}

/// Mean square of all channels of a frame.
fn power(decoder: &mut AacDecoder, frame: &[u8]) -> Result<f64, String> {
    let sound = decoder.decode(frame, None);
    let samples = sound.map_err(|error| error.to_string())?.samples;
    let sum: f64 = samples.iter().map(|one| f64::from(*one).powi(2)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a frame has 2048 samples")]
    Ok(sum / samples.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::media::file::{self, File};
    use crate::media::movie::sound_samples;

    /// Ten seconds of a tone, six of silence, ten of a tone; frames of 1024 samples at 48 kHz.
    const FRAMES_OF_SILENCE: Range<usize> = 469..750;

    /// Silences of the clip, when about so many frames are listened to, and how many were.
    async fn heard(frames_limit: usize) -> Heard {
        let folder = tempfile::tempdir().unwrap_or_else(|error| unreachable!("{error}"));
        let path = folder.path().join("clip.m4a");
        let graph = "sine=440:r=48000:d=26,volume=0:enable='between(t,10,16)'";
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", graph, "-c:a", "aac"])
            .arg(&path)
            .status();
        assert!(made.is_ok_and(|status| status.success()));
        let bytes = std::fs::read(&path).unwrap_or_default();
        let read = async |start: u64, length: u64| {
            let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
            let range = index(start)..index(start + length).min(bytes.len());
            Ok::<_, ()>(bytes.get(range).unwrap_or_default().to_vec())
        };
        let Ok(File::Whole { moov, .. }) = file::read(bytes.len() as u64, &read).await else {
            unreachable!("ffmpeg writes MP4 files")
        };
        let (samples, configuration) =
            sound_samples(&moov).unwrap_or_else(|| unreachable!("a track of sound"));
        let heard = listen(&samples, &configuration, frames_limit, &read).await;
        heard.unwrap_or_else(|()| unreachable!("a read cannot fail"))
    }

    /// The silence is found to a frame of `distance`, and nothing else is silent.
    async fn check(frames_limit: usize, distance: usize) {
        let heard = heard(frames_limit).await;
        assert!(heard.frames <= frames_limit.max(1), "{heard:?}");
        let long: Vec<_> = heard.silences.iter().filter(|one| one.len() > 10).collect();
        let [silence] = long.as_slice() else {
            unreachable!("{heard:?}")
        };
        let is_near = |one: usize, other: usize| one.abs_diff(other) <= distance;
        assert!(
            is_near(silence.start, FRAMES_OF_SILENCE.start)
                && is_near(silence.end, FRAMES_OF_SILENCE.end),
            "{heard:?}"
        );
        assert_eq!(heard.undecodable, None);
    }

    #[tokio::test]
    async fn silence_is_found_in_all_frames_and_in_spread_ones() {
        check(FRAMES_LIMIT, 3).await;
        check(200, 14).await;
    }
}
