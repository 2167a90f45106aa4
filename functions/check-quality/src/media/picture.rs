//! Pictures: whether they can be decoded, and whether they are black.

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Brightest luma, 0 to 255, of a black pixel: 10 %, as ffmpeg's blackdetect has it.
const BLACK_LUMA: u8 = 25;
/// Pixels of a hundred that are black in a black picture, as ffmpeg's blackdetect has it.
const BLACK_PERCENT: usize = 98;

/// A picture that could be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Whether nearly all of it is black.
    pub is_black: bool,
}

/// Decodes a JPEG file, every pixel of it.
///
/// # Errors
/// Why it cannot be decoded.
pub fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let black = pixels.iter().filter(|luma| **luma <= BLACK_LUMA).count();
    Ok(Picture {
        width,
        height,
        is_black: black * 100 >= pixels.len() * BLACK_PERCENT,
    })
}
