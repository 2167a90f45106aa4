//! Log-mel spectrogram as Whisper was trained on: windows of 400 samples every 160, 80 mel bands, 30 s at a time.
//!
//! The Fourier transform is a matrix product with a table of cosines and sines: 400 is no power of two, and a matrix
//! product is what the tensor library is fast at.

use candle_core::{D, Device, Result, Tensor};

/// Samples a second.
pub const SAMPLE_RATE: usize = 16_000;
/// Samples of one window of the model: 30 s.
pub const WINDOW_SAMPLES: usize = 30 * SAMPLE_RATE;
/// Spectrogram frames of one window: one every 10 ms.
pub const WINDOW_FRAMES: usize = WINDOW_SAMPLES / HOP;
/// Mel bands of one frame.
pub const BANDS: usize = 80;

const HOP: usize = 160;
const FFT: usize = 400;
const BINS: usize = FFT / 2 + 1;

/// Tables of the transform, made once.
pub struct Spectrogram {
    /// `[400, 402]`: the Hann window times cosines, then times sines.
    fourier: Tensor,
    /// `[201, 80]`
    filters: Tensor,
}

impl Spectrogram {
    /// Makes the tables.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn new() -> Result<Self> {
        let fourier = Tensor::from_vec(fourier_table(), (FFT, 2 * BINS), &Device::Cpu)?;
        let filters = Tensor::from_vec(mel_filters(), (BINS, BANDS), &Device::Cpu)?;
        Ok(Self { fourier, filters })
    }

    /// Log-mel spectrogram `[1, 80, 3000]` of up to 30 s of sound; silence fills the rest.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn of(&self, samples: &[f32]) -> Result<Tensor> {
        let framed = Tensor::from_vec(frames(samples), (WINDOW_FRAMES, FFT), &Device::Cpu)?;
        let spectrum = framed.matmul(&self.fourier)?;
        let real = spectrum.narrow(1, 0, BINS)?.sqr()?;
        let imaginary = spectrum.narrow(1, BINS, BINS)?.sqr()?;
        let mel = (real + imaginary)?.matmul(&self.filters)?;
        let log = (mel.clamp(1e-10, f32::MAX)?.log()? * std::f64::consts::LOG10_E)?;
        let loudest = f64::from(log.max_all()?.to_scalar::<f32>()?);
        let scaled = ((log.maximum(loudest - 8.0)? + 4.0)? / 4.0)?;
        scaled.transpose(0, D::Minus1)?.contiguous()?.unsqueeze(0)
    }
}

/// Frames centred on every 160th sample, the sound mirrored at its ends.
fn frames(samples: &[f32]) -> Vec<f32> {
    let half = FFT / 2;
    let sound = |index: usize| samples.get(index).copied().unwrap_or(0.0);
    let mut out = Vec::with_capacity(WINDOW_FRAMES * FFT);
    for frame in 0..WINDOW_FRAMES {
        for offset in 0..FFT {
            let place = frame * HOP + offset;
            let index = place.abs_diff(half);
            let mirrored = if index < WINDOW_SAMPLES {
                index
            } else {
                2 * (WINDOW_SAMPLES - 1) - index
            };
            out.push(sound(mirrored));
        }
    }
    out
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "indices below 2^20"
)]
fn fourier_table() -> Vec<f32> {
    let turn = std::f64::consts::TAU / FFT as f64;
    let mut table = vec![0.0; FFT * 2 * BINS];
    for (sample, row) in table.chunks_exact_mut(2 * BINS).enumerate() {
        let hann = 0.5 - 0.5 * (turn * sample as f64).cos();
        let (cosines, sines) = row.split_at_mut(BINS);
        for (bin, (cosine, sine)) in cosines.iter_mut().zip(sines).enumerate() {
            let angle = turn * ((sample * bin) % FFT) as f64;
            *cosine = (hann * angle.cos()) as f32;
            *sine = (hann * angle.sin()) as f32;
        }
    }
    table
}

/// Triangles of equal area on Slaney's mel scale from 0 to 8 kHz, as librosa and Whisper have them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "indices below 2^20"
)]
fn mel_filters() -> Vec<f32> {
    let top = hertz_to_mel(SAMPLE_RATE as f64 / 2.0);
    let edge = |band: usize| mel_to_hertz(top * band as f64 / (BANDS + 1) as f64);
    let mut filters = vec![0.0; BINS * BANDS];
    for (bin, row) in filters.chunks_exact_mut(BANDS).enumerate() {
        let frequency = bin as f64 * SAMPLE_RATE as f64 / FFT as f64;
        for (band, weight) in row.iter_mut().enumerate() {
            let (low, centre, high) = (edge(band), edge(band + 1), edge(band + 2));
            let triangle = ((frequency - low) / (centre - low))
                .min((high - frequency) / (high - centre))
                .max(0.0);
            *weight = (triangle * 2.0 / (high - low)) as f32;
        }
    }
    filters
}

/// Linear up to 1 kHz (15 mel), logarithmic above: 27 steps to 6.4 kHz.
fn hertz_to_mel(hertz: f64) -> f64 {
    if hertz < 1000.0 {
        hertz * 3.0 / 200.0
    } else {
        15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4_f64.ln()
    }
}

fn mel_to_hertz(mel: f64) -> f64 {
    if mel < 15.0 {
        mel * 200.0 / 3.0
    } else {
        1000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_equal_librosas() {
        // librosa.filters.mel(sr=16000, n_fft=400, n_mels=80), as Whisper ships them.
        let filters = mel_filters();
        for (bin, band, expected) in [
            (1, 0, 0.024_862_59),
            (1, 1, 0.001_990_82),
            (2, 1, 0.022_871_77),
            (0, 0, 0.0),
        ] {
            assert!(
                (filters[bin * BANDS + band] - expected).abs() < 1e-6,
                "bin {bin}, band {band}"
            );
        }
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let tone: Vec<f32> = (0..16_000_u16)
            .map(|n| (f32::from(n) * std::f32::consts::FRAC_PI_8).sin())
            .collect();
        let mel = Spectrogram::new()
            .and_then(|s| s.of(&tone))
            .expect("tensors");
        assert_eq!(mel.dims(), [1, BANDS, WINDOW_FRAMES]);
        let frame: Vec<f32> = mel
            .get(0)
            .and_then(|m| m.narrow(1, 50, 1)?.flatten_all()?.to_vec1())
            .expect("tensors");
        let loudest = (0..BANDS).max_by(|a, b| frame[*a].total_cmp(&frame[*b]));
        // 1000 Hz is mel 15 of 45.245 in 81 steps: between the centres of bands 25 and 26.
        assert!(matches!(loudest, Some(25 | 26)), "{loudest:?}");
    }
}
