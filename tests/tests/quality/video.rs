//! A small published video of real media, and what a test may break of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use videoflow_shared::subtitles::{Format, cues};
use videoflow_shared::transcript::Transcript;

use crate::support::{read_json, root};

/// The job of the samples.
pub const JOB: &str = "v-0123456789abcdef0123456789abcdef01234567";

/// 25 seconds, as the samples say; the options of ffmpeg for each file.
const PICTURE: &str = "testsrc2=s=640x360:r=10:d=25";
const SOUND: &str = "sine=440:r=48000:d=25";

/// Everything of a job that is about to be published.
#[derive(Clone)]
pub struct Video {
    /// Files by key.
    pub files: BTreeMap<String, Vec<u8>>,
    pub brief: Value,
    pub timeline: Value,
    pub plan: Value,
}

static SOUND_VIDEO: LazyLock<Video> = LazyLock::new(make);

impl Video {
    /// One that has no fault.
    pub fn sound() -> Self {
        SOUND_VIDEO.clone()
    }

    /// A media file.
    pub fn media(&mut self, name: &str) -> &mut Vec<u8> {
        let file = self.files.get_mut(&format!("media/{JOB}/{name}"));
        file.unwrap_or_else(|| panic!("{name} is a media file"))
    }

    /// Takes a media file away.
    pub fn remove(&mut self, name: &str) {
        let removed = self.files.remove(&format!("media/{JOB}/{name}"));
        assert!(removed.is_some(), "{name} is a media file");
    }

    /// Replaces a text in a file; it has to be there.
    pub fn replace(&mut self, key: &str, from: &str, to: &str) {
        let file = self.files.get_mut(key);
        let file = file.unwrap_or_else(|| panic!("{key} is a file"));
        let text = String::from_utf8_lossy(file).into_owned();
        assert!(text.contains(from), "{key} has {from}:\n{text}");
        *file = text.replace(from, to).into_bytes();
    }

    /// Makes a media file anew.
    pub fn make(&mut self, name: &str, options: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        ffmpeg(folder.path(), options);
        *self.media(name) = only_file(folder.path());
    }
}

/// Runs ffmpeg in a folder.
fn ffmpeg(folder: &Path, options: &str) {
    let made = Command::new("ffmpeg")
        .args(["-v", "error"])
        .args(options.split_whitespace())
        .current_dir(folder)
        .status()
        .expect("ffmpeg is installed");
    assert!(made.success(), "ffmpeg {options}");
}

fn only_file(folder: &Path) -> Vec<u8> {
    let mut files = files(folder).into_values();
    files.next().expect("ffmpeg wrote a file")
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let files = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), std::fs::read(&path).expect("a file"))
    });
    files.collect()
}

fn make() -> Video {
    let mut made = BTreeMap::new();
    let mut below = |name: &str, options: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        ffmpeg(folder.path(), options);
        let named = files(folder.path()).into_iter();
        made.extend(named.map(|(file, bytes)| (format!("media/{JOB}/{name}{file}"), bytes)));
    };
    let encode = "-c:v libx264 -preset ultrafast -g 20 -c:a aac -movflags +faststart";
    below(
        "",
        &format!("-f lavfi -i {PICTURE} -f lavfi -i {SOUND} {encode} 360p.mp4"),
    );
    below(
        "",
        &format!("-f lavfi -i {SOUND} -c:a aac -movflags +faststart audio.m4a"),
    );
    below(
        "thumbnails/",
        &format!("-f lavfi -i {PICTURE} -vf fps=1/5 -start_number 0 thumb.%07d.jpg"),
    );
    below(
        "stream/",
        &format!(
            "-f lavfi -i {PICTURE} -f lavfi -i {SOUND} {encode} -f dash -seg_duration 4 -hls_playlist 1
             -hls_master_name index.m3u8 index.mpd"
        ),
    );
    let movie = made.get(&format!("media/{JOB}/360p.mp4")).cloned();
    made.insert(
        format!("media/{JOB}/proxy.mp4"),
        movie.expect("a rendition"),
    );
    let sample =
        |name: &str| read_json(&root().join(format!("functions/shared/samples/{name}.json")));
    for name in ["plan", "transcript", "labels", "meaning"] {
        let bytes = sample(name).to_string().into_bytes();
        made.insert(format!("work/j/{name}.json"), bytes);
    }
    let transcript: Transcript = serde_json::from_value(sample("transcript")).expect("a sample");
    for format in [Format::Vtt, Format::Srt] {
        let key = format!("work/{JOB}/subtitles/en-US.{}", format.ending());
        made.insert(key, format.write(&cues(&transcript)).into_bytes());
    }
    let is_small = |one: &Value| one["height"].is_null() || one["height"] == 360;
    let (mut brief, mut timeline) = (sample("brief"), sample("timeline"));
    for list in [
        &mut brief["renditions"],
        &mut timeline["renditions"]["renditions"],
    ] {
        *list = list
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| is_small(one))
            .cloned()
            .collect();
    }
    Video {
        files: made,
        brief,
        timeline,
        plan: sample("plan"),
    }
}

/// The job's item before its quality is checked.
pub fn item() -> Value {
    json!({
        "JobId": JOB, "JobStatus": "PROCESSING", "SourceBucket": "videoflow-local-source", "SourceKey": "a.mp4",
        "SourceVersionId": "1", "Profile": "default", "CreatedAt": "2026-01-01T00:00:00Z",
        "UpdatedAt": "2026-01-01T00:00:00Z",
    })
}
