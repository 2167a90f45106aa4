//! The convolution of each channel by itself, as plain loops: the tensor library is slow at it.

/// Points of a channel's convolution.
const TAPS: usize = 9;

/// Channels of `side * side` points each, one after the other.
pub struct Planes {
    pub values: Vec<f32>,
    pub channels: usize,
    pub side: usize,
}

/// A 3x3 convolution of each channel by itself.
pub struct Depthwise {
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub stride: usize,
}

impl Depthwise {
    /// Convolves, and keeps the result between 0 and 6.
    pub fn forward(&self, x: &Planes) -> Planes {
        let side = x.side.div_ceil(self.stride);
        let mut values = vec![0.0; x.channels * side * side];
        let mut padded = vec![0.0; (x.side + 2) * (x.side + 2)];
        let planes = x
            .values
            .chunks_exact(x.side * x.side)
            .zip(values.chunks_exact_mut(side * side));
        let filters = self.weights.chunks_exact(TAPS).zip(&self.bias);
        for ((plane, output), (filter, bias)) in planes.zip(filters) {
            pad(plane, x.side, &mut padded);
            for (row, output) in output.chunks_exact_mut(side).enumerate() {
                output.fill(*bias);
                for (offset, taps) in filter.chunks_exact(3).enumerate() {
                    let from = (row * self.stride + offset) * (x.side + 2);
                    let line = padded.get(from..from + x.side + 2).unwrap_or_default();
                    add_taps(output, line, taps, self.stride);
                }
                for value in output {
                    *value = value.clamp(0.0, 6.0);
                }
            }
        }
        Planes {
            values,
            channels: x.channels,
            side,
        }
    }
}

/// Copies a plane into one with a border of zeros.
fn pad(plane: &[f32], side: usize, padded: &mut [f32]) {
    let rows = padded.chunks_exact_mut(side + 2).skip(1);
    for (to, from) in rows.zip(plane.chunks_exact(side)) {
        if let Some(inner) = to.get_mut(1..=side) {
            inner.copy_from_slice(from);
        }
    }
}

fn add_taps(output: &mut [f32], line: &[f32], taps: &[f32], stride: usize) {
    for (offset, tap) in taps.iter().enumerate() {
        let shifted = line.get(offset..).unwrap_or_default();
        if stride == 1 {
            output
                .iter_mut()
                .zip(shifted)
                .for_each(|(to, from)| *to += tap * from);
        } else {
            output
                .iter_mut()
                .zip(shifted.iter().step_by(stride))
                .for_each(|(to, from)| *to += tap * from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depthwise_sees_neighbours_and_the_border() {
        let sum = |stride| Depthwise {
            weights: vec![0.1; 9],
            bias: vec![0.5],
            stride,
        };
        let x = Planes {
            values: vec![1.0; 9],
            channels: 1,
            side: 3,
        };
        let rounded = |y: &Planes| {
            y.values
                .iter()
                .map(|v| (v * 10.0).round() / 10.0)
                .collect::<Vec<f32>>()
        };
        assert_eq!(
            rounded(&sum(1).forward(&x)),
            [0.9, 1.1, 0.9, 1.1, 1.4, 1.1, 0.9, 1.1, 0.9]
        );
        assert_eq!(rounded(&sum(2).forward(&x)), [0.9, 0.9, 0.9, 0.9]);
    }
}
