//! `MobileNetV2` (Sandler et al. 2018) with torchvision's ImageNet weights: one 224x224 picture in, 1000 probabilities out.
//!
//! Convolutions of one point are matrix products, which the tensor library does well; those of each channel by itself
//! are plain loops, which it does slowly. Batch normalisation is folded into the weights at loading.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor};

use super::depthwise::{Depthwise, Planes};

/// Width and height of a picture.
pub const SIDE: usize = 224;
/// Bytes of a picture: rows of RGB points.
pub const PICTURE_BYTES: usize = SIDE * SIDE * 3;

/// Mean and deviation of each colour in ImageNet, which the weights expect to be taken out.
const COLOURS: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];
/// Expansion, output channels, blocks, stride of the first block.
const STAGES: [(usize, usize, usize, usize); 7] = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
];
const EPSILON: f64 = 1e-5;

/// A convolution of single points: a matrix `[out, in]`.
struct Pointwise {
    weights: Tensor,
    bias: Tensor,
    is_clamped: bool,
}

struct Block {
    expand: Option<Pointwise>,
    depthwise: Depthwise,
    project: Pointwise,
    is_residual: bool,
}

/// The loaded network.
pub struct MobileNet {
    stem: (Tensor, Tensor),
    blocks: Vec<Block>,
    last: Pointwise,
    classifier: Pointwise,
}

struct Weights(HashMap<String, Tensor>);

impl Weights {
    fn get(&self, name: &str) -> Result<Tensor> {
        let tensor = self
            .0
            .get(name)
            .ok_or_else(|| candle_core::Error::Msg(format!("the model has no {name}")))?;
        tensor.to_dtype(DType::F32)
    }

    /// A convolution with its batch normalisation folded in: weights `[out, rest]` and bias `[out, 1]`.
    fn folded(&self, convolution: &str, norm: &str) -> Result<(Tensor, Tensor)> {
        let weights = self
            .get(&format!("{convolution}.weight"))?
            .flatten_from(1)?;
        let norm = |part: &str| self.get(&format!("{norm}.{part}"));
        let scale = (norm("weight")? / (norm("running_var")? + EPSILON)?.sqrt()?)?;
        let bias = (norm("bias")? - (norm("running_mean")? * &scale)?)?;
        Ok((
            weights.broadcast_mul(&scale.unsqueeze(1)?)?,
            bias.unsqueeze(1)?,
        ))
    }

    fn pointwise(&self, convolution: &str, norm: &str, is_clamped: bool) -> Result<Pointwise> {
        let (weights, bias) = self.folded(convolution, norm)?;
        Ok(Pointwise {
            weights,
            bias,
            is_clamped,
        })
    }

    fn depthwise(&self, convolution: &str, norm: &str, stride: usize) -> Result<Depthwise> {
        let (weights, bias) = self.folded(convolution, norm)?;
        Ok(Depthwise {
            weights: weights.flatten_all()?.to_vec1()?,
            bias: bias.flatten_all()?.to_vec1()?,
            stride,
        })
    }

    /// Blocks without expansion number their parts differently.
    fn block(
        &self,
        name: &str,
        expansion: usize,
        stride: usize,
        is_residual: bool,
    ) -> Result<Block> {
        let part = |index: &str| format!("{name}.conv.{index}");
        let (expand, depthwise, project) = if expansion == 1 {
            (None, ("0.0", "0.1"), ("1", "2"))
        } else {
            (
                Some(self.pointwise(&part("0.0"), &part("0.1"), true)?),
                ("1.0", "1.1"),
                ("2", "3"),
            )
        };
        Ok(Block {
            expand,
            depthwise: self.depthwise(&part(depthwise.0), &part(depthwise.1), stride)?,
            project: self.pointwise(&part(project.0), &part(project.1), false)?,
            is_residual,
        })
    }
}

impl MobileNet {
    /// Reads the weights.
    ///
    /// # Errors
    /// Those of the tensor library: no such file, a missing or misshapen tensor.
    pub fn load(file: &Path) -> Result<Self> {
        let weights = Weights(candle_core::safetensors::load(file, &Device::Cpu)?);
        let mut blocks = Vec::new();
        let mut earlier = 32;
        for (expansion, channels, count, first_stride) in STAGES {
            for index in 0..count {
                let stride = if index == 0 { first_stride } else { 1 };
                let name = format!("features.{}", blocks.len() + 1);
                blocks.push(weights.block(
                    &name,
                    expansion,
                    stride,
                    stride == 1 && earlier == channels,
                )?);
                earlier = channels;
            }
        }
        let (stem, bias) = weights.folded("features.0.0", "features.0.1")?;
        let last = format!("features.{}", blocks.len() + 1);
        Ok(Self {
            stem: (stem.reshape((32, 3, 3, 3))?, bias.reshape((1, 32, 1, 1))?),
            last: weights.pointwise(&format!("{last}.0"), &format!("{last}.1"), true)?,
            classifier: Pointwise {
                weights: weights.get("classifier.1.weight")?,
                bias: weights.get("classifier.1.bias")?.unsqueeze(1)?,
                is_clamped: false,
            },
            blocks,
        })
    }

    /// Probability of each of the 1000 classes for a picture of [`PICTURE_BYTES`].
    ///
    /// # Errors
    /// Those of the tensor library; a picture of another size.
    pub fn classify(&self, picture: &[u8]) -> Result<Vec<f32>> {
        let input = Tensor::from_vec(normalized(picture), (1, 3, SIDE, SIDE), &Device::Cpu)?;
        let stem = input
            .conv2d(&self.stem.0, 1, 2, 1, 1)?
            .broadcast_add(&self.stem.1)?
            .clamp(0f32, 6f32)?;
        let mut x = Planes {
            values: stem.flatten_all()?.to_vec1()?,
            channels: 32,
            side: SIDE / 2,
        };
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        let x = self.last.forward(&x.tensor()?)?.mean_keepdim(1)?;
        candle_nn::ops::softmax(&self.classifier.forward(&x)?, 0)?
            .flatten_all()?
            .to_vec1()
    }
}

fn normalized(picture: &[u8]) -> Vec<f32> {
    let colour = |(index, (mean, deviation)): (usize, (f32, f32))| {
        picture
            .iter()
            .skip(index)
            .step_by(3)
            .map(move |value| (f32::from(*value) / 255.0 - mean) / deviation)
    };
    COLOURS.into_iter().enumerate().flat_map(colour).collect()
}

impl Planes {
    fn tensor(&self) -> Result<Tensor> {
        Tensor::from_slice(
            &self.values,
            (self.channels, self.side * self.side),
            &Device::Cpu,
        )
    }
}

impl Pointwise {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.weights.matmul(x)?.broadcast_add(&self.bias)?;
        if self.is_clamped {
            y.clamp(0f32, 6f32)
        } else {
            Ok(y)
        }
    }

    fn planes(&self, x: &Planes) -> Result<Planes> {
        let y = self.forward(&x.tensor()?)?;
        Ok(Planes {
            channels: y.dim(0)?,
            side: x.side,
            values: y.flatten_all()?.to_vec1()?,
        })
    }
}

impl Block {
    fn forward(&self, x: &Planes) -> Result<Planes> {
        let wide = match &self.expand {
            Some(expand) => self.depthwise.forward(&expand.planes(x)?),
            None => self.depthwise.forward(x),
        };
        let mut y = self.project.planes(&wide)?;
        if self.is_residual {
            for (y, x) in y.values.iter_mut().zip(&x.values) {
                *y += x;
            }
        }
        Ok(y)
    }
}
