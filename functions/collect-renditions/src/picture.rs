//! Small work on pictures: reading and writing JPEG, making them smaller, and judging which one shows the most.

use jpeg_encoder::{ColorType, Encoder};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Colour components of a pixel.
const COMPONENTS: usize = 3;
/// Longest side that is read: twice that of any capture.
const SIDE_LIMIT: usize = 4096;
/// Every so many pixels, across and down, are looked at to judge a picture.
const SAMPLING: usize = 4;
/// Mean brightness of a well exposed picture, of 255.
const WELL_EXPOSED: f64 = 115.0;
/// Parts of a picture, across and down, that are judged by themselves.
const PARTS: usize = 8;
/// Deviation of brightness within a part beyond which more is no better.
const CONTRAST_LIMIT: f64 = 50.0;

/// A picture in RGB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// A black one.
    pub fn black(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![0; width * height * COMPONENTS],
        }
    }

    /// Reads a JPEG; `None` when it is none, or damaged.
    pub fn decode(jpeg: &[u8]) -> Option<Self> {
        let options = DecoderOptions::default()
            .set_max_width(SIDE_LIMIT)
            .set_max_height(SIDE_LIMIT)
            .jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
        let rgb = decoder.decode().ok()?;
        let (width, height) = decoder.dimensions()?;
        (rgb.len() == width * height * COMPONENTS && !rgb.is_empty()).then_some(Self {
            width,
            height,
            rgb,
        })
    }

    /// Writes a JPEG of a quality from 1 to 100; `None` when a side is longer than a JPEG's.
    pub fn encode(&self, quality: u8) -> Option<Vec<u8>> {
        let (width, height) = (
            u16::try_from(self.width).ok()?,
            u16::try_from(self.height).ok()?,
        );
        let mut jpeg = Vec::new();
        let mut encoder = Encoder::new(&mut jpeg, quality);
        encoder.set_optimized_huffman_tables(true);
        encoder
            .encode(&self.rgb, width, height, ColorType::Rgb)
            .ok()?;
        Some(jpeg)
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The same at another size, each pixel the mean of those that it stands for.
    pub fn scaled(&self, width: usize, height: usize) -> Self {
        let mut scaled = Vec::with_capacity(width * height * COMPONENTS);
        for y in 0..height {
            let rows = part(y, height, self.height);
            for x in 0..width {
                let columns = part(x, width, self.width);
                scaled.extend(self.mean(&columns, rows.clone()));
            }
        }
        Self {
            width,
            height,
            rgb: scaled,
        }
    }

    /// Puts a smaller picture at a place; what would lie outside is left out.
    pub fn paste(&mut self, tile: &Self, x: usize, y: usize) {
        let kept = tile.width.min(self.width.saturating_sub(x)) * COMPONENTS;
        let source = tile.rgb.chunks_exact(tile.width.max(1) * COMPONENTS);
        let target = self.rgb.chunks_exact_mut(self.width.max(1) * COMPONENTS);
        for (from, to) in source.zip(target.skip(y)) {
            let to = to.get_mut(x * COMPONENTS..).unwrap_or_default();
            for (from, to) in from.iter().take(kept).zip(to) {
                *to = *from;
            }
        }
    }

    /// How much a picture shows: the contrast within each of its parts, less the darker or brighter it is as a whole. Black
    /// has none, and black bars add none.
    pub fn interest(&self) -> f64 {
        let mut parts = [Light::default(); PARTS * PARTS];
        let mut whole = Light::default();
        let rows = self.rgb.chunks_exact(self.width.max(1) * COMPONENTS);
        for (y, row) in rows.enumerate().step_by(SAMPLING) {
            let pixels = row.chunks_exact(COMPONENTS).enumerate();
            for (x, pixel) in pixels.step_by(SAMPLING) {
                let light = brightness(pixel);
                whole.add(light);
                let part = y * PARTS / self.height.max(1) * PARTS + x * PARTS / self.width.max(1);
                if let Some(part) = parts.get_mut(part) {
                    part.add(light);
                }
            }
        }
        let contrast: f64 = parts
            .iter()
            .map(|part| part.deviation().min(CONTRAST_LIMIT))
            .sum();
        let off = (whole.mean() - WELL_EXPOSED) / (255.0 - WELL_EXPOSED);
        contrast * (1.0 - off * off).max(0.05)
    }

    fn mean(
        &self,
        columns: &std::ops::Range<usize>,
        rows: std::ops::Range<usize>,
    ) -> [u8; COMPONENTS] {
        let mut sums = [0_u32; COMPONENTS];
        let mut count = 0_u32;
        for row in rows {
            let start = (row * self.width + columns.start) * COMPONENTS;
            let end = (row * self.width + columns.end) * COMPONENTS;
            let pixels = self.rgb.get(start..end).unwrap_or_default();
            for pixel in pixels.chunks_exact(COMPONENTS) {
                for (sum, component) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*component);
                }
                count += 1;
            }
        }
        sums.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    }
}

/// Brightness of many pixels.
#[derive(Debug, Clone, Copy, Default)]
struct Light {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Light {
    fn add(&mut self, light: f64) {
        self.count += 1.0;
        self.sum += light;
        self.squares += light * light;
    }

    fn mean(self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    fn deviation(self) -> f64 {
        let variance = self.squares / self.count.max(1.0) - self.mean() * self.mean();
        variance.max(0.0).sqrt()
    }
}

/// The pixels of a line of `from` that stand behind pixel `index` of `to`: at least one.
fn part(index: usize, to: usize, from: usize) -> std::ops::Range<usize> {
    let start = index * from / to.max(1);
    let end = (index + 1) * from / to.max(1);
    start..end.max(start + 1).min(from)
}

/// Brightness of a pixel, 0 to 255 (ITU-R BT.601).
fn brightness(pixel: &[u8]) -> f64 {
    let weights = [0.299, 0.587, 0.114];
    let weighted = pixel.iter().zip(weights);
    weighted
        .map(|(component, weight)| f64::from(*component) * weight)
        .sum()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A picture of which each pixel is told by its place.
    pub fn painted(
        (width, height): (usize, usize),
        colour: fn(usize, usize) -> [u8; COMPONENTS],
    ) -> Picture {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Picture {
            width,
            height,
            rgb: pixels.flat_map(|(x, y)| colour(x, y)).collect(),
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let picture = painted(
            (64, 48),
            |x, _| if x < 32 { [255, 0, 0] } else { [0, 0, 255] },
        );
        let jpeg = picture.encode(90).unwrap_or_default();
        let read = Picture::decode(&jpeg);
        assert_eq!(read.as_ref().map(Picture::size), Some((64, 48)));
        let pixel = |x: usize| {
            let start = x * COMPONENTS;
            let rgb = read.as_ref().map(|one| one.rgb.as_slice());
            rgb.and_then(|rgb| rgb.get(start..start + COMPONENTS).map(<[u8]>::to_vec))
        };
        let is_close = |found: Option<Vec<u8>>, expected: [u8; 3]| {
            let pairs = found.unwrap_or_default().into_iter().zip(expected);
            pairs
                .filter(|(one, other)| one.abs_diff(*other) < 30)
                .count()
                == COMPONENTS
        };
        assert!(is_close(pixel(4), [255, 0, 0]) && is_close(pixel(60), [0, 0, 255]));
    }

    #[test]
    fn what_is_no_picture_is_none() {
        let whole = painted((64, 48), |x, y| [u8::try_from(x * y % 256).unwrap_or(0); 3]);
        let jpeg = whole.encode(90).unwrap_or_default();
        for bytes in [&[][..], b"no picture", jpeg.get(..20).unwrap_or_default()] {
            assert_eq!(Picture::decode(bytes), None, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn smaller_pictures_are_means() {
        let squares = painted(
            (4, 4),
            |x, y| if (x + y) % 2 == 0 { [200; 3] } else { [100; 3] },
        );
        assert_eq!(squares.scaled(2, 2), painted((2, 2), |_, _| [150; 3]));
        assert_eq!(squares.scaled(4, 4), squares);
        let point = painted((1, 1), |_, _| [7, 8, 9]);
        assert_eq!(point.scaled(2, 3), painted((2, 3), |_, _| [7, 8, 9]));
    }

    #[test]
    fn tiles_lie_where_they_are_put() {
        let mut sheet = Picture::black(4, 2);
        let tile = painted((2, 2), |_, _| [9; 3]);
        sheet.paste(&tile, 2, 1);
        let expected = painted(
            (4, 2),
            |x, y| if x >= 2 && y == 1 { [9; 3] } else { [0; 3] },
        );
        assert_eq!(sheet, expected);
        sheet.paste(&tile, 3, 0);
        sheet.paste(&tile, 9, 9);
        assert_eq!(sheet.rgb.len(), 4 * 2 * COMPONENTS);
    }

    #[test]
    fn what_shows_more_is_of_more_interest() {
        let size = (64, 64);
        let black = painted(size, |_, _| [2; 3]);
        let white = painted(size, |_, _| [253; 3]);
        let grey = painted(size, |_, _| [120; 3]);
        let dark = painted(size, |x, y| {
            [u8::try_from((x * 7 + y * 3) % 40).unwrap_or(0); 3]
        });
        let scene = painted(size, |x, y| {
            [u8::try_from((x * 37 + y * 11) % 230).unwrap_or(0); 3]
        });
        for dull in [black, white, grey, dark] {
            assert!(scene.interest() > 2.0 * dull.interest());
        }
        let barred = painted(size, |x, y| match x {
            16..48 => [u8::try_from((x * 37 + y * 11) % 230).unwrap_or(0); 3],
            _ => [0; 3],
        });
        assert!(scene.interest() > barred.interest());
        assert!(painted((0, 0), |_, _| [0; 3]).interest() < 1.0);
    }
}
