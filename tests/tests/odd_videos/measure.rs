//! What ffprobe and ffmpeg see in a result: apart from the platform, which is what is tested.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Streams and container of a file.
pub fn probe(file: &Path) -> Value {
    let shown = [
        "-v",
        "error",
        "-show_streams",
        "-show_format",
        "-of",
        "json",
    ];
    let output = run(Command::new("ffprobe").args(shown).arg(file));
    serde_json::from_slice(&output.stdout).expect("ffprobe answers JSON")
}

/// The first stream of a type.
pub fn stream<'a>(probe: &'a Value, kind: &str) -> Option<&'a Value> {
    let streams = probe["streams"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    streams.iter().find(|stream| stream["codec_type"] == kind)
}

/// Mean colours (red, green, blue) of the corners after so many seconds: top left, top right, bottom left, bottom right.
pub fn corners(file: &Path, seconds: f64) -> Vec<[u8; 3]> {
    let raw = [
        "-frames:v",
        "1",
        "-vf",
        "scale=8:8:flags=area",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ];
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-ss", &seconds.to_string(), "-i"]);
    let output = run(command.arg(file).args(raw));
    let (pixels, _) = output.stdout.as_chunks::<3>();
    // Of eight rows of eight.
    let corners = [0, 7, 56, 63].map(|index| pixels.get(index).copied());
    corners.into_iter().flatten().collect()
}

/// Distances between the shown pictures in milliseconds, each once.
pub fn frame_distances_ms(file: &Path) -> Vec<i64> {
    let shown = [
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        "packet=pts_time",
        "-of",
        "csv=p=0",
    ];
    let output = run(Command::new("ffprobe").args(shown).arg(file));
    let text = String::from_utf8_lossy(&output.stdout);
    let times = text
        .lines()
        .filter_map(|line| line.trim_end_matches(',').parse::<f64>().ok());
    #[expect(clippy::cast_possible_truncation, reason = "times are seconds")]
    let mut times: Vec<i64> = times
        .map(|seconds| (seconds * 1000.0).round() as i64)
        .collect();
    times.sort_unstable();
    let mut distances: Vec<i64> = times
        .iter()
        .zip(times.iter().skip(1))
        .map(|(one, next)| next - one)
        .collect();
    distances.sort_unstable();
    distances.dedup();
    distances
}

/// Share of the pictures that `idet` takes for interlaced, 0..1.
pub fn interlaced_share(file: &Path) -> f64 {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "info", "-nostats", "-i"]).arg(file);
    let output = run(command.args(["-an", "-vf", "idet", "-f", "null", "-"]));
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text
        .lines()
        .rfind(|line| line.contains("Multi frame detection"));
    let words: Vec<&str> = line
        .unwrap_or_default()
        .split([' ', ':'])
        .filter(|word| !word.is_empty())
        .collect();
    let count = |name: &str| {
        let at = words.iter().position(|word| *word == name);
        let number = at.and_then(|at| words.get(at + 1)?.parse::<f64>().ok());
        number.unwrap_or_default()
    };
    let interlaced = count("TFF") + count("BFF");
    interlaced / (interlaced + count("Progressive")).max(1.0)
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("ffmpeg is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    output
}
