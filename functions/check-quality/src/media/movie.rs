//! The index of an MP4 file (`moov`): its tracks, how long they are, and where their samples lie.

use super::boxes::{at, children, find, number};

/// Samples that a table may name: four hours of sound have 700,000.
const SAMPLES_LIMIT: u64 = 10_000_000;

/// What a file's index says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movie {
    /// Its tracks.
    pub tracks: Vec<Track>,
}

/// A track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// What it holds.
    pub kind: Kind,
    /// How long it is.
    pub duration_ms: u64,
    /// Its samples: pictures, or frames of sound.
    pub samples: u64,
    /// First byte behind its samples.
    pub end: u64,
}

/// What a track holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Pictures.
    Picture {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
    },
    /// Sound.
    Sound,
    /// Anything else.
    Other,
}

/// A sample of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes.
    pub size: u64,
}

impl Movie {
    /// Reads the content of `moov`; `None` when it is not in its form.
    pub fn read(moov: &[u8]) -> Option<Self> {
        let tracks = children(moov).filter(|(kind, _)| kind == b"trak");
        let tracks = tracks.map(|(_, content)| Track::read(content));
        Some(Self {
            tracks: tracks.collect::<Option<_>>()?,
        })
    }

    /// The first track with pictures.
    pub fn picture(&self) -> Option<&Track> {
        let is_picture = |track: &&Track| matches!(track.kind, Kind::Picture { .. });
        self.tracks.iter().find(is_picture)
    }

    /// The first track with sound.
    pub fn sound(&self) -> Option<&Track> {
        self.tracks.iter().find(|track| track.kind == Kind::Sound)
    }
}

impl Track {
    fn read(trak: &[u8]) -> Option<Self> {
        let table = find(trak, &[b"mdia", b"minf", b"stbl"])?;
        let kind = match find(trak, &[b"mdia", b"hdlr"])?.get(8..12)? {
            b"vide" => {
                // After the header of the table (8) and of its first entry (8): 24 bytes, then width and height.
                let description = find(table, &[b"stsd"])?;
                Kind::Picture {
                    width: number(description, 40, 2)?,
                    height: number(description, 42, 2)?,
                }
            }
            b"soun" => Kind::Sound,
            _ => Kind::Other,
        };
        let (mut samples, mut end) = (0, 0);
        each_sample(table, |sample| {
            samples += 1;
            end = end.max(sample.offset.saturating_add(sample.size));
        })?;
        Some(Self {
            kind,
            duration_ms: duration_ms(find(trak, &[b"mdia", b"mdhd"])?)?,
            samples,
            end,
        })
    }
}

/// Duration in a media header: 32 bits in version 0, 64 bits in version 1.
fn duration_ms(mdhd: &[u8]) -> Option<u64> {
    let (timescale, duration) = match mdhd.first()? {
        0 => (number(mdhd, 12, 4)?, number(mdhd, 16, 4)?),
        _ => (number(mdhd, 20, 4)?, number(mdhd, 24, 8)?),
    };
    duration.checked_mul(1000)?.checked_div(timescale)
}

/// The samples of the first track with sound, in their order, and the decoder's configuration.
pub fn sound_samples(moov: &[u8]) -> Option<(Vec<Sample>, Vec<u8>)> {
    let is_sound = |content: &[u8]| {
        find(content, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12)) == Some(b"soun")
    };
    let mut tracks = children(moov).filter(|(kind, content)| kind == b"trak" && is_sound(content));
    let table = find(tracks.next()?.1, &[b"mdia", b"minf", b"stbl"])?;
    let mut samples = Vec::new();
    each_sample(table, |sample| samples.push(sample))?;
    // After the header of the table (8) and of its first entry (8): 28 bytes of an audio entry, then its boxes.
    let entry = find(table, &[b"stsd"])?.get(44..)?;
    let configuration = decoder_configuration(find(entry, &[b"esds"])?)?;
    Some((samples, configuration.to_vec()))
}

/// `DecoderSpecificInfo` (tag 5) within the descriptors of `esds` (ISO/IEC 14496-1, 7.2.6).
fn decoder_configuration(esds: &[u8]) -> Option<&[u8]> {
    let mut rest = esds.get(4..)?;
    for (tag, before) in [(3, 3), (4, 13), (5, 0)] {
        let (found, behind) = rest.split_first()?;
        if *found != tag {
            return None;
        }
        // A length of up to four bytes, seven bits each; the highest bit says that another one follows.
        let digits = behind.iter().take(4).take_while(|byte| **byte >= 0x80);
        let digits = digits.count() + 1;
        let length = behind.get(..digits)?.iter();
        let length = length.fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
        rest = behind.get(digits..)?;
        rest = rest.get(..length.min(rest.len()))?.get(before..)?;
    }
    Some(rest)
}

/// Calls `visit` with each sample that the tables name; `None` when they do not fit each other.
fn each_sample(table: &[u8], mut visit: impl FnMut(Sample)) -> Option<()> {
    let sizes = find(table, &[b"stsz"])?;
    let (same_size, count) = (number(sizes, 4, 4)?, number(sizes, 8, 4)?);
    if count > SAMPLES_LIMIT {
        return None;
    }
    let (chunks, width) = match find(table, &[b"stco"]) {
        Some(chunks) => (chunks, 4),
        None => (find(table, &[b"co64"])?, 8),
    };
    let runs = find(table, &[b"stsc"])?;
    let (run_count, chunk_count) = (number(runs, 4, 4)?, number(chunks, 4, 4)?);
    let (mut sample, mut run) = (0, 0);
    for chunk in 0..chunk_count {
        // Each entry: number of the first chunk (from 1) that it is about, samples a chunk, description.
        while run + 1 < run_count && number(runs, 8 + at(run + 1)? * 12, 4)? <= chunk + 1 {
            run += 1;
        }
        let in_chunk = number(runs, 12 + at(run)? * 12, 4)?;
        let mut offset = number(chunks, 8 + at(chunk)? * width, width)?;
        for _ in 0..in_chunk.min(count - sample) {
            let size = match same_size {
                0 => number(sizes, 12 + at(sample)? * 4, 4)?,
                size => size,
            };
            visit(Sample { offset, size });
            offset = offset.checked_add(size)?;
            sample += 1;
        }
    }
    (sample == count).then_some(())
}
