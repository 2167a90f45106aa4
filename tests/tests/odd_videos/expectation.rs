//! What is expected of a video, and what is not as expected.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use videoflow_shared::brief::{Warning, WarningCode};
use videoflow_shared::identity::JobId;

use super::measure::{corners, frame_distances_ms, interlaced_share, probe, stream};
use super::recipe::Recipe;
use super::settled::Settled;
use crate::support::up::{SOURCE, Up};
use crate::support::{read_json, root};

/// Bucket of the results.
const OUTPUT: &str = "videoflow-local-output";
/// By how much a result may miss its source's duration: a picture, and a packet of sound.
const TOLERANCE_MS: f64 = 150.0;

/// Codes of the warnings that are about the source; the others are about the model's words.
const OF_SOURCE: [WarningCode; 5] = [
    WarningCode::SoundShorterThanPicture,
    WarningCode::PictureShorterThanSound,
    WarningCode::SeveralSoundTracks,
    WarningCode::SeveralPictureTracks,
    WarningCode::HdrConverted,
];

/// A video and its outcome.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is odd about it.
    pub name: &'static str,
    /// How it is made.
    pub recipe: Recipe,
    /// Its key in the source bucket.
    pub key: String,
    /// Its outcome.
    pub expected: Expected,
}

/// An outcome.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// Refused before it costs money: the code, and words of the message.
    Rejected(&'static str, &'static str),
    /// Not published because of its quality: words of the message.
    FailedQuality(&'static str),
    /// Published: the codes of the warnings, and what must hold of the result.
    Published(&'static [WarningCode], &'static [Check]),
}

/// Something that must hold of a published result.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// Width and height of the highest rendition.
    Size(u32, u32),
    /// Pictures a second of every rendition, at even distances.
    Rate(f64),
    /// Milliseconds.
    Duration(u64),
    /// Renditions have sound, and there is a file of it.
    Sound,
    /// There is no sound anywhere.
    NoSound,
    /// An analysis that is missing, and words of the reason.
    Missing(&'static str, &'static str),
    /// Words of the subtitles.
    Says(&'static str),
    /// The corner in which the picture is red: 0 top left, 1 top right, 2 bottom left, 3 bottom right.
    RedIn(usize),
    /// Colours are of standard range, and a white that was 100 cd/m² is neither burnt out nor dark.
    StandardRange,
    /// No picture is made of two half pictures.
    Progressive,
    /// The picture is black after so many seconds.
    BlackAt(f64),
    /// The picture is not black after so many seconds.
    SeenAt(f64),
    /// The key is shown as it is, and is no markup, wherever it is shown.
    KeyShown,
}

/// What is not as expected, and what the producer is told.
pub async fn complaints(
    up: &Up,
    case: &Case,
    job: &JobId,
    settled: &Settled,
) -> (Vec<String>, String) {
    let (status, code, told) = match case.expected {
        Expected::Rejected(code, told) => ("REJECTED", code, told),
        Expected::FailedQuality(told) => ("FAILED_QC", "QualityFailed", told),
        Expected::Published(..) => ("PUBLISHED", "", ""),
    };
    let mut complaints = Complaints::default();
    complaints.equal("status", settled.status.as_str(), status);
    complaints.equal("code", settled.error.as_str(), code);
    complaints.equal("key", settled.key.as_str(), case.key.as_str());
    complaints.holds(settled.cause.contains(told), || {
        format!("message: {}", settled.cause)
    });
    let published = up.keys(OUTPUT, &format!("published/{job}/")).await;
    complaints.equal(
        "is published",
        published.is_empty(),
        settled.status != "PUBLISHED",
    );
    let shown = match case.expected {
        _ if !complaints.0.is_empty() => settled.cause.clone(),
        Expected::Published(warnings, checks) => {
            let result = Published::fetch(up, job).await;
            result.judge(&mut complaints, case, warnings, checks);
            result.told()
        }
        Expected::Rejected(..) => {
            let tags = tags(up, &case.key).await;
            complaints.equal("tag", tags, format!("videoflow-verdict={code}"));
            format!("{code}: {}", settled.cause)
        }
        Expected::FailedQuality(_) => settled.cause.clone(),
    };
    (complaints.0, shown)
}

/// The tags of a source, as `key=value`.
async fn tags(up: &Up, key: &str) -> String {
    let tagging = up.s3().get_object_tagging().bucket(SOURCE).key(key);
    let tagging = tagging.send().await.expect("the source is there");
    let tags = tagging
        .tag_set()
        .iter()
        .map(|tag| format!("{}={}", tag.key(), tag.value()));
    tags.collect::<Vec<_>>().join(",")
}

/// What is not as expected.
#[derive(Debug, Default)]
struct Complaints(Vec<String>);

impl Complaints {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "values are literals at the call"
    )]
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.0
                .push(format!("{what}: {found:?}, expected {expected:?}"));
        }
    }

    fn holds(&mut self, condition: bool, complaint: impl FnOnce() -> String) {
        if !condition {
            self.0.push(complaint());
        }
    }
}

/// A published result.
struct Published {
    brief: Value,
    markdown: String,
    html: String,
    subtitles: String,
    archived: String,
    notices: String,
    /// The renditions with what ffprobe says of them, highest first.
    renditions: Vec<(PathBuf, Value)>,
    /// Objects below `media/`.
    media: Vec<String>,
    _folder: TempDir,
}

impl Published {
    async fn fetch(up: &Up, job: &JobId) -> Self {
        let text = async |key: String| {
            let bytes = up.object(OUTPUT, &key).await.unwrap_or_default();
            String::from_utf8(bytes).expect("UTF-8")
        };
        let published = |name: &str| format!("published/{job}/{name}");
        let brief = text(published("brief.json")).await;
        let brief: Value = serde_json::from_str(&brief).expect("brief.json is JSON");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut renditions = Vec::new();
        for rendition in of(&brief, "renditions")
            .iter()
            .filter(|one| one["kind"] == "mp4")
        {
            let uri = rendition["uri"].as_str().unwrap_or_default();
            let key = uri
                .strip_prefix(&format!("s3://{OUTPUT}/"))
                .expect("a rendition lies in the output bucket");
            let path = folder.path().join(format!("{}.mp4", renditions.len()));
            let bytes = up.object(OUTPUT, key).await.expect("a rendition is there");
            std::fs::write(&path, bytes).expect("room for the rendition");
            let probed = probe(&path);
            renditions.push((path, probed));
        }
        let key = brief["source"]["key"].as_str().unwrap_or_default();
        Self {
            markdown: text(published("brief.md")).await,
            html: text(published("brief.html")).await,
            subtitles: text(published("subtitles/en-US.srt")).await,
            archived: tags(up, key).await,
            notices: std::fs::read_to_string(up.state("notices.jsonl")).expect("notices"),
            media: up.keys(OUTPUT, &format!("media/{job}/")).await,
            renditions,
            brief,
            _folder: folder,
        }
    }

    /// The warnings about the source and what is missing because of it, in words.
    fn told(&self) -> String {
        let warnings = self
            .warnings()
            .into_iter()
            .map(|one| format!("{}: {}", one.code, one.message));
        warnings.collect::<Vec<_>>().join(" ")
    }

    /// The warnings about the source.
    fn warnings(&self) -> Vec<Warning> {
        let warnings = of(&self.brief["quality"], "warnings").iter().cloned();
        let warnings = warnings.map(|one| serde_json::from_value(one).expect("a known warning"));
        warnings
            .filter(|one: &Warning| OF_SOURCE.contains(&one.code))
            .collect()
    }

    fn judge(
        &self,
        complaints: &mut Complaints,
        case: &Case,
        warnings: &[WarningCode],
        checks: &[Check],
    ) {
        let codes: Vec<WarningCode> = self.warnings().iter().map(|one| one.code).collect();
        complaints.equal("warnings", codes.as_slice(), warnings);
        complaints.equal(
            "archived",
            self.archived.as_str(),
            "videoflow-archive=published",
        );
        let schema = read_json(&root().join("functions/shared/schemas/brief.schema.json"));
        let validator = jsonschema::validator_for(&schema).expect("the committed schema is valid");
        complaints.holds(validator.is_valid(&self.brief), || {
            "the brief breaks its schema".to_owned()
        });
        for manifest in ["/stream/index.m3u8", "/stream/index.mpd", "/proxy.mp4"] {
            let is_there = self.media.iter().any(|key| key.ends_with(manifest));
            complaints.holds(is_there, || format!("no {manifest}"));
        }
        complaints.holds(!self.renditions.is_empty(), || "no rendition".to_owned());
        for (path, probed) in &self.renditions {
            self.plays_everywhere(complaints, path, probed);
        }
        for check in checks {
            self.check(complaints, case, *check);
        }
    }

    /// What holds of every rendition of every video.
    fn plays_everywhere(&self, complaints: &mut Complaints, path: &Path, probed: &Value) {
        let picture = stream(probed, "video").cloned().unwrap_or_default();
        let text = |name: &str| picture[name].as_str().unwrap_or_default();
        complaints.equal("codec", text("codec_name"), "h264");
        complaints.equal("pixels", text("pix_fmt"), "yuv420p");
        let is_square = ["", "1:1"].contains(&text("sample_aspect_ratio"));
        complaints.holds(is_square, || {
            format!("pixels of {}", picture["sample_aspect_ratio"])
        });
        complaints.holds(picture["side_data_list"].is_null(), || {
            "the rendition is turned".to_owned()
        });
        complaints.equal("distances", frame_distances_ms(path).len() <= 2, true);
        let expected_ms = self.brief["source"]["durationMs"]
            .as_f64()
            .unwrap_or_default();
        let found_ms = seconds(&picture) * 1000.0;
        let is_whole = (found_ms - expected_ms).abs() <= TOLERANCE_MS;
        complaints.holds(is_whole, || {
            format!("the picture lasts {found_ms} of {expected_ms} ms")
        });
    }

    fn check(&self, complaints: &mut Complaints, case: &Case, check: Check) {
        let Some((file, probed)) = self.renditions.first() else {
            return;
        };
        let corner = |seconds: f64, index: usize| {
            corners(file, seconds)
                .get(index)
                .copied()
                .unwrap_or_default()
        };
        let is_black = |seconds: f64| corner(seconds, 0).iter().all(|value| *value < 40);
        let failed = || format!("{check:?} does not hold");
        match check {
            Check::Size(..) | Check::Rate(_) | Check::Sound | Check::NoSound => {
                self.check_streams(complaints, check);
            }
            Check::Duration(expected) => {
                let found = self.brief["source"]["durationMs"]
                    .as_u64()
                    .unwrap_or_default();
                complaints.holds(found.abs_diff(expected) <= 80, || {
                    format!("duration {found}, expected {expected}")
                });
            }
            Check::Missing(name, reason) => {
                let missing = of(&self.brief["quality"], "missingAnalyses");
                let is_told = |one: &Value| {
                    one["name"] == name
                        && one["reason"]
                            .as_str()
                            .is_some_and(|text| text.contains(reason))
                };
                complaints.holds(missing.iter().any(is_told), || {
                    format!("{name} is not missing: {missing:?}")
                });
            }
            Check::Says(words) => {
                complaints.holds(self.subtitles.contains(words), || {
                    format!("subtitles: {}", self.subtitles)
                });
            }
            Check::RedIn(index) => {
                let [red, _, blue] = corner(0.2, index);
                let (found, is_red) = (corners(file, 0.2), red > 150 && blue < 100);
                complaints.holds(is_red, || format!("no red in corner {index}: {found:?}"));
            }
            Check::StandardRange => {
                let picture = stream(probed, "video").cloned().unwrap_or_default();
                for name in ["color_primaries", "color_transfer", "color_space"] {
                    complaints.equal(name, picture[name].as_str(), Some("bt709"));
                }
                let white = corner(0.5, 0);
                let is_white = white.iter().all(|value| (150..=250).contains(value));
                complaints.holds(is_white, || format!("white became {white:?}"));
            }
            Check::Progressive => complaints.holds(interlaced_share(file) < 0.1, failed),
            Check::BlackAt(seconds) => complaints.holds(is_black(seconds), failed),
            Check::SeenAt(seconds) => complaints.holds(!is_black(seconds), failed),
            Check::KeyShown => self.check_key(complaints, &case.key),
        }
    }

    fn check_streams(&self, complaints: &mut Complaints, check: Check) {
        let has_file = self.media.iter().any(|key| key.ends_with("/audio.m4a"));
        let side = |picture: &Value, name: &str| picture[name].as_u64().unwrap_or_default();
        let mut limit = None;
        for (_, probed) in &self.renditions {
            let picture = stream(probed, "video").cloned().unwrap_or_default();
            let has_sound = stream(probed, "audio").is_some();
            let pixels = (side(&picture, "width"), side(&picture, "height"));
            match check {
                Check::Size(width, height) if limit.is_none() => {
                    complaints.equal("size", pixels, (width.into(), height.into()));
                }
                Check::Size(..) => {
                    let is_smaller =
                        limit.is_some_and(|(width, height)| pixels.0 < width && pixels.1 < height);
                    complaints.holds(is_smaller, || format!("{pixels:?} is not below {limit:?}"));
                }
                Check::Rate(expected) => {
                    let found = picture["avg_frame_rate"].as_str().unwrap_or_default();
                    let (numerator, denominator) = found.split_once('/').unwrap_or_default();
                    let value = |text: &str| text.parse::<f64>().unwrap_or_default();
                    let is_equal = (value(numerator) / value(denominator) - expected).abs() < 0.01;
                    complaints.holds(is_equal, || format!("rate {found}, expected {expected}"));
                }
                _ => complaints.equal(
                    "sound",
                    (has_sound, has_file),
                    (matches!(check, Check::Sound), matches!(check, Check::Sound)),
                ),
            }
            limit = Some(pixels);
        }
    }

    fn check_key(&self, complaints: &mut Complaints, key: &str) {
        complaints.equal(
            "the brief's key",
            self.brief["source"]["key"].as_str(),
            Some(key),
        );
        let safe = key
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let safe = safe.replace('"', "&quot;").replace('\'', "&#39;");
        complaints.holds(self.html.contains(&safe), || {
            "the page does not show the key".to_owned()
        });
        let unmarked: String = self.markdown.chars().filter(|mark| *mark != '\\').collect();
        let words: String = key.split_whitespace().collect::<Vec<_>>().join(" ");
        let words: String = words.chars().filter(|mark| *mark != '\\').collect();
        complaints.holds(unmarked.contains(&words), || {
            "the Markdown does not show the key".to_owned()
        });
        let notices = self
            .notices
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut messages =
            notices.filter_map(|notice| notice["message"].as_str().map(str::to_owned));
        let is_noticed =
            messages.any(|message| message.starts_with(&format!("{key} is published")));
        complaints.holds(is_noticed, || "no notice names the key".to_owned());
    }
}

fn of<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn seconds(stream: &Value) -> f64 {
    stream["duration"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}
