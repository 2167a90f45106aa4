//! How the files are made.

use std::path::Path;

use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::support::root;

/// Name of the sample in a recipe.
const SAMPLE: &str = "SAMPLE";

/// How a file is made.
#[derive(Debug, Clone)]
pub enum Recipe {
    /// ffmpeg's arguments, separated by spaces; the last one is the suffix of the file.
    Ffmpeg(&'static str),
    /// The same, and then something is done to its bytes.
    Changed(&'static str, fn(Vec<u8>) -> Vec<u8>),
    /// The same, with a number in its metadata that makes its content another one.
    Numbered(&'static str, usize),
    /// These bytes.
    Bytes(&'static [u8]),
}

impl Recipe {
    /// Makes the file.
    pub async fn make(&self) -> NamedTempFile {
        match self {
            Self::Ffmpeg(arguments) => ffmpeg(arguments, &[]).await,
            Self::Numbered(arguments, number) => {
                let comment = format!("comment={number}");
                ffmpeg(arguments, &["-metadata", &comment]).await
            }
            Self::Changed(arguments, change) => {
                let file = ffmpeg(arguments, &[]).await;
                let bytes = std::fs::read(file.path()).expect("the file that was made");
                std::fs::write(file.path(), change(bytes)).expect("room for the file");
                file
            }
            Self::Bytes(bytes) => {
                let file = NamedTempFile::new().expect("a temporary file");
                std::fs::write(file.path(), bytes).expect("room for the file");
                file
            }
        }
    }
}

async fn ffmpeg(arguments: &str, more: &[&str]) -> NamedTempFile {
    let mut words: Vec<&str> = arguments.split_whitespace().collect();
    let suffix = words.pop().expect("a recipe ends with a suffix");
    let file = tempfile::Builder::new()
        .suffix(suffix)
        .tempfile()
        .expect("a temporary file");
    let sample = root().join("tests/media/sample.mp4");
    let path = |word: &&str| {
        if *word == SAMPLE {
            sample.clone()
        } else {
            Path::new(word).to_owned()
        }
    };
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(words.iter().map(path))
        .args(more)
        .arg(file.path())
        .output()
        .await
        .expect("ffmpeg is installed");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {error}");
    file
}

/// The first half of the bytes: an upload that was cut off.
pub fn cut_off(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// Noise over a tenth of the bytes, in the middle.
pub fn damaged(mut bytes: Vec<u8>) -> Vec<u8> {
    let (start, length) = (bytes.len() / 2, bytes.len() / 10);
    for (number, byte) in bytes.iter_mut().skip(start).take(length).enumerate() {
        *byte = u8::try_from(number * 7 % 251).unwrap_or_default();
    }
    bytes
}

/// A phone that was held upright: to be turned clockwise by 90 degrees.
pub fn upright(bytes: Vec<u8>) -> Vec<u8> {
    turned(bytes, [0, 0x1_0000, 0, -0x1_0000, 0, 0, 0, 0, 0x4000_0000])
}

/// A phone that was held upside down.
pub fn upside_down(bytes: Vec<u8>) -> Vec<u8> {
    turned(bytes, [-0x1_0000, 0, 0, 0, -0x1_0000, 0, 0, 0, 0x4000_0000])
}

/// Writes the matrix of the first track's header (ISO 14496-12, `tkhd` version 0): not every ffmpeg writes it by itself.
fn turned(mut bytes: Vec<u8>, matrix: [i32; 9]) -> Vec<u8> {
    /// From the box's name to its matrix.
    const OFFSET: usize = 44;
    let name = bytes.windows(4).position(|word| word == b"tkhd");
    let start = name.expect("a track") + OFFSET;
    let matrix = matrix.into_iter().flat_map(i32::to_be_bytes);
    for (byte, new) in bytes.iter_mut().skip(start).zip(matrix) {
        *byte = new;
    }
    bytes
}
