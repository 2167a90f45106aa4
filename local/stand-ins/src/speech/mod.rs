//! Speech to text by Whisper tiny.en (English only), on this machine's processor.
//!
//! Sound is read by ffmpeg, heard 30 s at a time and written down one file at a time. What was heard is remembered by
//! the content of the sound, so that two services that ask about one video share the work.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use candle_core::Tensor;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::ffmpeg;

mod align;
mod decode;
mod layers;
mod mel;
mod model;
mod vocabulary;
mod words;

pub use words::{Segment, Transcript, Word};

use decode::{Segment as TokenSegment, Window};
use mel::{SAMPLE_RATE, Spectrogram, WINDOW_SAMPLES};
use model::Whisper;
use vocabulary::Vocabulary;

/// Directory of the model below that of all models.
pub const MODEL: &str = "whisper-tiny-en";
/// Amazon Transcribe's own limit.
pub const LONGEST_SECONDS: u64 = 4 * 3600;
/// Decoding sound is about a hundred times faster than playing it.
const READING_TIME: Duration = Duration::from_mins(10);
/// Transcripts kept: those of the videos at work.
const REMEMBERED: usize = 8;
const SAMPLES_PER_MS: usize = SAMPLE_RATE / 1000;
/// Loudness of 0.1 s (root of the mean square, full scale 1) below which there is nothing to hear: -70 dB, the noise of a
/// quiet recording.
const AUDIBLE: f32 = 0.000_3;
const LOUDNESS_SAMPLES: usize = SAMPLE_RATE / 10;
/// Kept of the silence before the first sound.
const LEAD_IN_MS: u64 = 200;
/// Shorter leftovers at the end hold no word.
const SHORTEST_MS: u64 = 100;
/// A window moves on by at least this much.
const ADVANCE_MIN_MS: u64 = 1000;

/// Why nothing was written down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The weights are not there.
    #[error("the speech model is not in {} (make setup fetches it)", .0.display())]
    ModelMissing(PathBuf),
    /// The vocabulary cannot be used.
    #[error(transparent)]
    Vocabulary(#[from] vocabulary::Error),
    /// The tensor library's error.
    #[error("the speech model failed: {0}")]
    Model(#[from] candle_core::Error),
    /// The file has no sound track.
    #[error("the file has no sound track")]
    NoSound,
    /// The sound is too long.
    #[error("the sound is longer than {LONGEST_SECONDS} s")]
    TooLong,
    /// The sound cannot be decoded.
    #[error(transparent)]
    Unreadable(#[from] ffmpeg::Error),
    /// The decoded sound cannot be written or read.
    #[error("the decoded sound: {0}")]
    Io(#[from] std::io::Error),
    /// The caller is gone, or the work panicked.
    #[error("the transcription was given up")]
    GivenUp,
}

struct Engine {
    models: PathBuf,
    whisper: Whisper,
    vocabulary: Vocabulary,
    spectrogram: Spectrogram,
}

/// The loaded model and the last transcripts by the digest of their sound.
#[derive(Default)]
struct Memory {
    engine: Option<Arc<Engine>>,
    transcripts: Vec<([u8; 32], Arc<Transcript>)>,
}

/// One for the process: the model is large, and two transcriptions at once are slower than one after the other.
static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Mutex::default);

/// Whether the weights are in this directory of models.
pub fn is_available(models: &Path) -> bool {
    models.join(MODEL).join("model.safetensors").is_file()
}

/// Writes down the first sound track of a media file. `models` is the directory of all models.
///
/// Dropping the future stops the work at the next window.
///
/// # Errors
/// Every variant of [`Error`].
pub async fn transcribe(models: &Path, file: &Path) -> Result<Arc<Transcript>, Error> {
    if !is_available(models) {
        return Err(Error::ModelMissing(models.join(MODEL)));
    }
    let sound = decode_sound(file).await?;
    let mut memory = MEMORY.lock().await;
    let stopped = StopOnDrop::default();
    let flag = Arc::clone(&stopped.0);
    let (known, path) = (memory.transcripts.clone(), models.to_owned());
    let loaded = memory
        .engine
        .clone()
        .filter(|engine| engine.models == models);
    let work = move || -> Result<_, Error> {
        let mut sound = sound.reopen()?;
        let digest = digest(&mut sound)?;
        if let Some((_, transcript)) = known.iter().find(|(key, _)| *key == digest) {
            return Ok((digest, loaded, Arc::clone(transcript)));
        }
        let engine = loaded.map_or_else(|| Engine::load(&path).map(Arc::new), Ok)?;
        let transcript = Arc::new(engine.write_down(&mut sound, &flag)?);
        Ok((digest, Some(engine), transcript))
    };
    let (digest, engine, transcript) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::GivenUp)??;
    memory.engine = engine.or(memory.engine.take());
    memory.transcripts.retain(|(key, _)| *key != digest);
    memory
        .transcripts
        .insert(0, (digest, Arc::clone(&transcript)));
    memory.transcripts.truncate(REMEMBERED);
    Ok(transcript)
}

#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The sound as 16 kHz mono 16-bit samples in a temporary file.
async fn decode_sound(file: &Path) -> Result<tempfile::NamedTempFile, Error> {
    let probe = ffmpeg::probe(file).await?;
    let streams = probe.get("streams").and_then(serde_json::Value::as_array);
    if !streams.is_some_and(|all| {
        all.iter()
            .any(|stream| stream.get("codec_type").is_some_and(|t| t == "audio"))
    }) {
        return Err(Error::NoSound);
    }
    let sound = tempfile::NamedTempFile::new()?;
    let limit = (LONGEST_SECONDS + 1).to_string();
    let options = [
        "-map", "0:a:0", "-vn", "-ac", "1", "-ar", "16000", "-t", &limit, "-f", "s16le",
    ];
    let mut arguments: Vec<OsString> = vec!["-v".into(), "error".into(), "-i".into(), file.into()];
    arguments.extend(options.map(OsString::from));
    arguments.push(sound.path().into());
    ffmpeg::convert(arguments, READING_TIME, |_| ()).await?;
    let length = sound.as_file().metadata()?.len();
    let longest = LONGEST_SECONDS * (SAMPLE_RATE as u64) * 2;
    if length > longest {
        Err(Error::TooLong)
    } else {
        Ok(sound)
    }
}

fn digest(file: &mut File) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    std::io::copy(file, &mut hasher)?;
    Ok(hasher.finalize().into())
}

impl Engine {
    fn load(models: &Path) -> Result<Self, Error> {
        let directory = models.join(MODEL);
        Ok(Self {
            models: models.to_owned(),
            whisper: Whisper::load(&directory.join("model.safetensors"))?,
            vocabulary: Vocabulary::load(&directory)?,
            spectrogram: Spectrogram::new()?,
        })
    }

    /// Window after window; each begins where the last whole segment of the one before ended.
    fn write_down(&self, sound: &mut File, stop: &AtomicBool) -> Result<Transcript, Error> {
        let duration_ms = sound.metadata()?.len() / 2 / SAMPLES_PER_MS as u64;
        let (mut segments, mut at_ms) = (Vec::new(), 0);
        while at_ms + SHORTEST_MS <= duration_ms {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::GivenUp);
            }
            let samples = read_window(sound, at_ms)?;
            let window_ms = (samples.len() / SAMPLES_PER_MS) as u64;
            let Some(silence_ms) = silence_before(&samples) else {
                at_ms += window_ms.max(ADVANCE_MIN_MS);
                continue;
            };
            if silence_ms > LEAD_IN_MS {
                at_ms += silence_ms - LEAD_IN_MS / 2;
                continue;
            }
            let heard = self.whisper.hear(&self.spectrogram.of(&samples)?)?;
            let window = decode::decode(&self.whisper, &self.vocabulary, &heard, window_ms)?;
            segments.extend(self.place(&window, &heard, at_ms, window_ms)?);
            at_ms += window.next_ms.unwrap_or(window_ms).max(ADVANCE_MIN_MS);
        }
        Ok(Transcript {
            duration_ms,
            segments: words::join_sentences(segments),
        })
    }

    fn place(
        &self,
        window: &Window,
        heard: &Tensor,
        at_ms: u64,
        window_ms: u64,
    ) -> Result<Vec<Segment>, Error> {
        let tokens = |segment: &TokenSegment| {
            segment
                .tokens
                .iter()
                .map(|token| token.id)
                .collect::<Vec<_>>()
        };
        let all: Vec<u32> = window.segments.iter().flat_map(tokens).collect();
        let times = align::token_times(&self.whisper, &self.vocabulary, heard, &all, window_ms)?;
        let mut rest = times.as_deref();
        let place = |segment: &TokenSegment| {
            let own = rest.and_then(|times| times.get(..=segment.tokens.len()));
            rest = rest.and_then(|times| times.get(segment.tokens.len()..));
            words::place(segment, &self.vocabulary, at_ms, own)
        };
        Ok(window.segments.iter().filter_map(place).collect())
    }
}

/// Up to 30 s of sound.
fn read_window(sound: &mut File, at_ms: u64) -> std::io::Result<Vec<f32>> {
    sound.seek(SeekFrom::Start(at_ms * 2 * SAMPLES_PER_MS as u64))?;
    let mut bytes = Vec::with_capacity(2 * WINDOW_SAMPLES);
    sound
        .take(2 * WINDOW_SAMPLES as u64)
        .read_to_end(&mut bytes)?;
    let sample = |pair: &[u8; 2]| f32::from(i16::from_le_bytes(*pair)) / 32768.0;
    Ok(bytes.as_chunks().0.iter().map(sample).collect())
}

/// Milliseconds before the first audible tenth of a second; `None` when there is none.
#[expect(clippy::cast_precision_loss, reason = "at most 1600 samples")]
fn silence_before(samples: &[f32]) -> Option<u64> {
    let loudness =
        |part: &[f32]| (part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt();
    let audible = samples
        .chunks(LOUDNESS_SAMPLES)
        .position(|part| loudness(part) >= AUDIBLE)?;
    Some((audible * LOUDNESS_SAMPLES / SAMPLES_PER_MS) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn made_by_ffmpeg(filter: &str) -> Result<tempfile::TempPath, Error> {
        let file = tempfile::Builder::new()
            .suffix(".wav")
            .tempfile()?
            .into_temp_path();
        let path = file.to_string_lossy().into_owned();
        ffmpeg::convert(
            ["-v", "error", "-f", "lavfi", "-i", filter, &path],
            READING_TIME,
            |_| (),
        )
        .await?;
        Ok(file)
    }

    #[tokio::test]
    async fn hears_the_sample() -> Result<(), Error> {
        let Some(models) = crate::testing::models() else {
            return Ok(());
        };
        let sample = crate::testing::sample();
        let transcript = transcribe(&models, &sample).await?;
        let text = transcript.text();
        assert!(
            text.contains("He might even have been made amiable himself."),
            "{text}"
        );
        let word = transcript
            .segments
            .iter()
            .flat_map(|s| &s.words)
            .find(|word| word.text == "amiable");
        assert!(
            word.is_some_and(|word| (16_800..17_800).contains(&word.start_ms)),
            "{word:?}"
        );
        let ordered = |s: &Segment| s.start_ms <= s.end_ms && s.end_ms <= transcript.duration_ms;
        assert!(transcript.segments.iter().all(ordered), "{transcript:?}");
        let again = transcribe(&models, &sample).await?;
        assert!(
            Arc::ptr_eq(&transcript, &again),
            "the same sound is not heard twice"
        );
        Ok(())
    }

    #[tokio::test]
    async fn writes_nothing_where_nobody_speaks() -> Result<(), Error> {
        let Some(models) = crate::testing::models() else {
            return Ok(());
        };
        for filter in [
            "anullsrc=d=3",
            "sine=f=440:d=5",
            "anoisesrc=c=white:a=0.3:d=5",
            "anoisesrc=c=pink:a=0.05:d=5",
        ] {
            let file = made_by_ffmpeg(filter).await?;
            assert_eq!(transcribe(&models, &file).await?.text(), "", "{filter}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn says_why_not() -> Result<(), Error> {
        let silent = made_by_ffmpeg("anullsrc=d=1").await?;
        let missing = transcribe(Path::new("/no/models"), &silent)
            .await
            .map_err(|error| error.to_string());
        assert!(missing.is_err_and(|message| message.contains("make setup")));
        Ok(())
    }
}
