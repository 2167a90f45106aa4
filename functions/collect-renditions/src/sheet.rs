//! The sprite sheet: all thumbnails in one picture, and the `WebVTT` that tells a player which part shows which moment
//! (`sprite.jpg#xywh=x,y,width,height`, the form that Video.js, Plyr, JW Player and Shaka Player read).

use std::fmt::Write;

use crate::picture::Picture;

/// Longest side of a tile: what a preview beside a seek bar shows.
const TILE_SIDE: usize = 160;
/// Tiles beside each other.
const COLUMNS: usize = 10;
/// Most tiles: the sheet stays below two million pixels, which every phone decodes.
pub const TILES_LIMIT: usize = 120;

/// A sheet that fills up.
#[derive(Debug, Clone)]
pub struct Sheet {
    picture: Picture,
    tile: (usize, usize),
    count: usize,
}

impl Sheet {
    /// One for `count` thumbnails of the size of `first`.
    pub fn new(first: (usize, usize), count: usize) -> Self {
        let count = count.clamp(1, TILES_LIMIT);
        let tile = tile(first);
        let columns = count.min(COLUMNS);
        let (width, height) = (tile.0 * columns, tile.1 * count.div_ceil(COLUMNS));
        Self {
            picture: Picture::black(width, height),
            tile,
            count,
        }
    }

    /// Puts a thumbnail at its number.
    pub fn add(&mut self, number: usize, thumbnail: &Picture) {
        let (x, y) = self.place(number);
        let (width, height) = self.tile;
        self.picture.paste(&thumbnail.scaled(width, height), x, y);
    }

    /// The picture.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// The cues: every tile from its moment to the next one's, the last until the end.
    pub fn vtt(&self, sheet: &str, interval_ms: u64, duration_ms: u64) -> String {
        let (width, height) = self.tile;
        let mut text = "WEBVTT\n".to_owned();
        let starts = (0_u64..).map(|number| number * interval_ms);
        let shown = (0..self.count)
            .zip(starts)
            .take_while(|(number, start)| *number == 0 || *start < duration_ms);
        let shown: Vec<(usize, u64)> = shown.collect();
        for (number, start) in &shown {
            let (x, y) = self.place(*number);
            let end = if number + 1 == shown.len() {
                duration_ms.max(start + 1)
            } else {
                start + interval_ms
            };
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n{} --> {}\n{sheet}#xywh={x},{y},{width},{height}\n",
                time(*start),
                time(end)
            );
        }
        text
    }

    fn place(&self, number: usize) -> (usize, usize) {
        let (width, height) = self.tile;
        (number % COLUMNS * width, number / COLUMNS * height)
    }
}

/// Size of a tile: the thumbnail's shape, no larger than it.
fn tile((width, height): (usize, usize)) -> (usize, usize) {
    let long = width.max(height).max(1);
    let side = long.min(TILE_SIDE);
    let scaled = |length: usize| ((length * side + long / 2) / long).max(1);
    (scaled(width), scaled(height))
}

/// `00:01:02.345`.
fn time(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!(
        "{:02}:{:02}:{seconds:02}.{ms:03}",
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_the_shape_of_the_thumbnails() {
        let check = |size: (usize, usize), expected: (usize, usize)| {
            assert_eq!(tile(size), expected, "{size:?}");
        };
        check((640, 360), (160, 90));
        check((360, 640), (90, 160));
        check((360, 360), (160, 160));
        check((2560, 128), (160, 8));
        check((64, 36), (64, 36));
        check((4000, 4), (160, 1));
        check((0, 0), (1, 1));
    }

    #[test]
    fn sheets_are_as_large_as_their_tiles() {
        let check = |count: usize, expected: (usize, usize)| {
            let sheet = Sheet::new((640, 360), count);
            assert_eq!(sheet.picture().size(), expected, "{count}");
        };
        check(1, (160, 90));
        check(10, (1600, 90));
        check(11, (1600, 180));
        check(120, (1600, 1080));
        check(121, (1600, 1080));
    }

    #[test]
    fn cues_follow_each_other_to_the_end() {
        let sheet = Sheet::new((640, 360), 12);
        let text = sheet.vtt("sprite.jpg", 2000, 22_500);
        let expected = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsprite.jpg#xywh=0,0,160,90\n\n\
            00:00:02.000 --> 00:00:04.000\nsprite.jpg#xywh=160,0,160,90\n";
        assert!(text.starts_with(expected), "{text}");
        let last = "\n00:00:20.000 --> 00:00:22.000\nsprite.jpg#xywh=0,90,160,90\n\n\
            00:00:22.000 --> 00:00:22.500\nsprite.jpg#xywh=160,90,160,90\n";
        assert!(text.ends_with(last), "{text}");
    }

    #[test]
    fn cues_end_with_the_video() {
        let cues = |count: usize, duration_ms: u64| {
            let text = Sheet::new((640, 360), count).vtt("s.jpg", 2000, duration_ms);
            let times = text.lines().filter(|line| line.contains("-->"));
            times.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(cues(1, 0), ["00:00:00.000 --> 00:00:00.001"]);
        assert_eq!(cues(1, 14_400_000), ["00:00:00.000 --> 04:00:00.000"]);
        assert_eq!(
            cues(9, 3000),
            [
                "00:00:00.000 --> 00:00:02.000",
                "00:00:02.000 --> 00:00:03.000"
            ]
        );
    }
}
