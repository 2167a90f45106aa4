//! MP4 files, read by ranges: whether they are whole, and what their index says.

use super::Read;
use super::boxes::{HEADER_BYTES, header};
use super::movie::Movie;

/// Largest index that is read: four hours at 60 pictures a second with sound have 25 MB.
const INDEX_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// Boxes side by side in a file: a handful as MediaConvert writes them.
const BOXES_LIMIT: usize = 64;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// Whole, with this index.
    Whole {
        /// What its index says.
        movie: Movie,
        /// Content of the index.
        moov: Vec<u8>,
    },
    /// Not whole: why.
    Damaged(String),
}

/// Reads the boxes of a file of `size` bytes, each by its header; the content of the index alone.
///
/// # Errors
/// Those of `read`.
pub async fn read<E>(size: u64, read: impl Read<E>) -> Result<File, E> {
    let (mut offset, mut moov, mut has_media) = (0, None, false);
    for _ in 0..BOXES_LIMIT {
        if offset >= size {
            break;
        }
        let rest = size - offset;
        let bytes = read(offset, HEADER_BYTES.min(rest)).await?;
        let Some(header) = header(&bytes, rest) else {
            return Ok(damaged(&format!("no box of an MP4 file at byte {offset}")));
        };
        if offset == 0 && &header.kind != b"ftyp" {
            return Ok(damaged("it does not begin as an MP4 file does"));
        }
        let name = String::from_utf8_lossy(&header.kind).into_owned();
        if header.size > rest {
            let (needed, end) = (header.size, size);
            return Ok(damaged(&format!(
                "cut off: its {name} box needs {needed} bytes from byte {offset} on, and the file ends at byte {end}"
            )));
        }
        match &header.kind {
            b"moov" if header.size > INDEX_LIMIT_BYTES => {
                return Ok(damaged(&format!("an index of {} bytes", header.size)));
            }
            b"moov" => {
                moov = Some(read(offset + header.length, header.size - header.length).await?);
            }
            b"mdat" => has_media = true,
            _ => (),
        }
        offset += header.size;
    }
    Ok(match moov {
        _ if !has_media => damaged("it has no media (mdat)"),
        None => damaged("it has no index (moov)"),
        Some(moov) => judged(moov, size),
    })
}

/// A file of `size` bytes with this index.
fn judged(moov: Vec<u8>, size: u64) -> File {
    let Some(movie) = Movie::read(&moov) else {
        return damaged("its index (moov) cannot be read");
    };
    let end = movie.tracks.iter().map(|track| track.end).max();
    match end {
        None => damaged("it has no tracks"),
        Some(end) if end > size => damaged(&format!(
            "cut off: its samples need {end} bytes, and it has {size}"
        )),
        Some(_) => File::Whole { movie, moov },
    }
}

fn damaged(reason: &str) -> File {
    File::Damaged(reason.to_owned())
}
