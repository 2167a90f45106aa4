//! What is to be seen: ImageNet's 1000 classes, and more general labels, on sampled frames of a video.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::ffmpeg;

pub mod classes;
mod depthwise;
mod mobilenet;

use classes::{GROUPS, Name};
use mobilenet::{MobileNet, PICTURE_BYTES, SIDE};

/// Directory of the model below that of all models.
pub const MODEL: &str = "mobilenet-v2-imagenet";
/// Frames of a video that are looked at: a minute or two of work, 180 MB of points.
const FRAMES_MAX: u64 = 1200;
/// Rekognition looks at about two frames a second.
const INTERVAL_MS: u64 = 500;
/// The whole video is decoded; that is several times faster than playing it.
const READING_TIME: Duration = Duration::from_hours(4);
/// Shares below this are not kept.
const CONFIDENCE_MIN: f32 = 0.05;

/// Why nothing was seen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The weights or names are not there.
    #[error("the picture model is not in {} (make setup fetches it)", .0.display())]
    ModelMissing(PathBuf),
    /// The names cannot be used.
    #[error(transparent)]
    Classes(#[from] classes::Error),
    /// The tensor library's error.
    #[error("the picture model failed: {0}")]
    Model(#[from] candle_core::Error),
    /// The file has no picture track or no duration.
    #[error("the file has no video track")]
    NoVideo,
    /// The video cannot be decoded.
    #[error(transparent)]
    Unreadable(#[from] ffmpeg::Error),
    /// The decoded frames cannot be written or read.
    #[error("the decoded frames: {0}")]
    Io(#[from] std::io::Error),
    /// The caller is gone, or the work panicked.
    #[error("the detection was given up")]
    GivenUp,
}

/// What a video shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// ffprobe's answer.
    pub probe: Value,
    /// Milliseconds between two frames.
    pub interval_ms: u64,
    /// In order of time.
    pub frames: Vec<Frame>,
}

/// What one frame shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Time from the start of the video.
    pub at_ms: u64,
    /// Most confident first.
    pub labels: Vec<Label>,
}

/// One label.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its names.
    pub name: Arc<Name>,
    /// Probability, 0 to 1.
    pub confidence: f32,
}

struct Engine {
    models: PathBuf,
    network: MobileNet,
    names: Vec<Arc<Name>>,
    groups: Vec<(Arc<Name>, Vec<usize>)>,
}

/// One for the process: two detections at once are slower than one after the other.
static ENGINE: LazyLock<Mutex<Option<Arc<Engine>>>> = LazyLock::new(Mutex::default);

/// Whether weights and names are in this directory of models.
pub fn is_available(models: &Path) -> bool {
    models.join(MODEL).join("model.safetensors").is_file()
        && models.join(classes::NAMES).join("names.json").is_file()
}

/// Labels of a video. `models` is the directory of all models. Dropping the future stops the work at the next frame.
///
/// # Errors
/// Every variant of [`Error`].
pub async fn detect(models: &Path, file: &Path) -> Result<Detection, Error> {
    if !is_available(models) {
        return Err(Error::ModelMissing(models.join(MODEL)));
    }
    let probe = ffmpeg::probe(file).await?;
    let duration_ms = duration_ms(&probe).ok_or(Error::NoVideo)?;
    let interval_ms = duration_ms.div_ceil(FRAMES_MAX).max(INTERVAL_MS);
    let pictures = decode_frames(file, interval_ms).await?;
    let mut engine = ENGINE.lock().await;
    let stop = StopOnDrop::default();
    let (flag, path) = (Arc::clone(&stop.0), models.to_owned());
    let loaded = engine.clone().filter(|engine| engine.models == models);
    let work = move || -> Result<_, Error> {
        let engine = loaded.map_or_else(|| Engine::load(&path).map(Arc::new), Ok)?;
        let frames = engine.look(&mut pictures.reopen()?, interval_ms, &flag)?;
        Ok((engine, frames))
    };
    let (ready, frames) = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::GivenUp)??;
    *engine = Some(ready);
    Ok(Detection {
        probe,
        interval_ms,
        frames,
    })
}

#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Of the first video track, else of the file; `None` without a video track.
fn duration_ms(probe: &Value) -> Option<u64> {
    let streams = probe.get("streams")?.as_array()?;
    let video = streams
        .iter()
        .find(|stream| stream.get("codec_type").is_some_and(|kind| kind == "video"))?;
    let seconds = |value: &Value| value.get("duration")?.as_str()?.parse::<f64>().ok();
    let seconds = seconds(video).or_else(|| seconds(probe.get("format")?))?;
    u64::try_from(Duration::try_from_secs_f64(seconds).ok()?.as_millis()).ok()
}

/// Frames of 224x224 RGB points, cut from the middle, in a temporary file.
async fn decode_frames(file: &Path, interval_ms: u64) -> Result<tempfile::NamedTempFile, Error> {
    let pictures = tempfile::NamedTempFile::new()?;
    let filter = format!(
        "fps=1000/{interval_ms}:round=up,scale=256:256:force_original_aspect_ratio=increase:flags=area,crop={SIDE}:{SIDE}"
    );
    let mut arguments: Vec<std::ffi::OsString> =
        vec!["-v".into(), "error".into(), "-i".into(), file.into()];
    let frames = (FRAMES_MAX + 1).to_string();
    let options = [
        "-map",
        "0:v:0",
        "-an",
        "-vf",
        &filter,
        "-frames:v",
        &frames,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
    ];
    arguments.extend(options.map(std::ffi::OsString::from));
    arguments.push(pictures.path().into());
    ffmpeg::convert(arguments, READING_TIME, |_| ()).await?;
    Ok(pictures)
}

impl Engine {
    fn load(models: &Path) -> Result<Self, Error> {
        let names = classes::load(&models.join(classes::NAMES))?;
        let group = |group: &classes::Group| {
            let below = |(_, name): &(usize, &Name)| name.parents.contains(&group.name);
            let members = names
                .iter()
                .enumerate()
                .filter(below)
                .map(|(class, _)| class);
            let name = Name {
                name: group.name.to_owned(),
                aliases: Vec::new(),
                parents: group.parents.to_vec(),
                category: group.category,
            };
            (Arc::new(name), members.collect())
        };
        Ok(Self {
            models: models.to_owned(),
            network: MobileNet::load(&models.join(MODEL).join("model.safetensors"))?,
            groups: GROUPS.iter().map(group).collect(),
            names: names.into_iter().map(Arc::new).collect(),
        })
    }

    fn look(
        &self,
        pictures: &mut File,
        interval_ms: u64,
        stop: &AtomicBool,
    ) -> Result<Vec<Frame>, Error> {
        let mut picture = vec![0; PICTURE_BYTES];
        let mut frames = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            if let Err(error) = pictures.read_exact(&mut picture) {
                // The end; a frame is whole or not there.
                return if error.kind() == std::io::ErrorKind::UnexpectedEof {
                    Ok(frames)
                } else {
                    Err(error.into())
                };
            }
            let labels = self.labels(&self.network.classify(&picture)?);
            frames.push(Frame {
                at_ms: frames.len() as u64 * interval_ms,
                labels,
            });
        }
        Err(Error::GivenUp)
    }

    /// A group is as likely as its classes together.
    fn labels(&self, shares: &[f32]) -> Vec<Label> {
        let classes = self
            .names
            .iter()
            .zip(shares)
            .map(|(name, share)| (name, *share));
        let groups = self.groups.iter().map(|(name, members)| {
            (
                name,
                members.iter().filter_map(|class| shares.get(*class)).sum(),
            )
        });
        let kept = classes
            .chain(groups)
            .filter(|(_, confidence)| *confidence >= CONFIDENCE_MIN);
        let mut labels: Vec<Label> = kept
            .map(|(name, confidence)| Label {
                name: Arc::clone(name),
                confidence,
            })
            .collect();
        labels.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sees_coffee_and_cat_in_the_sample() -> Result<(), Error> {
        let Some(models) = crate::testing::models() else {
            return Ok(());
        };
        let sample = crate::testing::sample();
        let detection = detect(&models, &sample).await?;
        assert_eq!((detection.interval_ms, detection.frames.len()), (500, 51));
        let seen = |name: &str, from_ms: u64, to_ms: u64| {
            let mut frames = detection
                .frames
                .iter()
                .filter(|frame| (from_ms..to_ms).contains(&frame.at_ms));
            frames.all(|frame| {
                frame
                    .labels
                    .iter()
                    .any(|l| l.name.name == name && l.confidence >= 0.6)
            })
        };
        assert!(seen("Espresso", 15_500, 20_000) && seen("Coffee", 15_500, 20_000));
        assert!(seen("Egyptian Cat", 20_500, 25_000) && seen("Cat", 20_500, 25_000));
        assert!(!seen("Cat", 15_500, 20_000) && !seen("Espresso", 20_500, 25_000));
        Ok(())
    }
}
