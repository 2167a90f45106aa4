//! Layers of a transformer as Whisper has them, on weights named as `CTranslate2` names them: queries, keys and values
//! are one matrix (`linear_0`) where they come from the same source.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

/// Keys and values of what came before.
pub type Cache = Option<(Tensor, Tensor)>;

/// Every Whisper model has heads of this width.
const HEAD_WIDTH: usize = 64;

/// Weights by name, in single precision.
pub struct Weights(HashMap<String, Tensor>);

impl Weights {
    /// Reads a safetensors file.
    pub fn load(file: &Path) -> Result<Self> {
        Ok(Self(candle_core::safetensors::load(file, &Device::Cpu)?))
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// One tensor in single precision.
    pub fn get(&self, name: &str) -> Result<Tensor> {
        let tensor = self
            .0
            .get(name)
            .ok_or_else(|| candle_core::Error::Msg(format!("the model has no {name}")))?;
        tensor.to_dtype(DType::F32)
    }
}

struct Linear {
    transposed: Tensor,
    bias: Tensor,
}

impl Linear {
    pub fn new(weights: &Weights, name: &str) -> Result<Self> {
        let transposed = weights.get(&format!("{name}.weight"))?.t()?.contiguous()?;
        Ok(Self {
            transposed,
            bias: weights.get(&format!("{name}.bias"))?,
        })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.transposed)?.broadcast_add(&self.bias)
    }
}

pub struct Norm {
    gamma: Tensor,
    beta: Tensor,
}

impl Norm {
    pub fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self {
            gamma: weights.get(&format!("{name}.gamma"))?,
            beta: weights.get(&format!("{name}.beta"))?,
        })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::layer_norm(x, &self.gamma, &self.beta, 1e-5)
    }
}

/// `[length, width]` to `[heads, length, 64]`.
fn split_heads(x: &Tensor) -> Result<Tensor> {
    let (length, width) = x.dims2()?;
    x.reshape((length, width / HEAD_WIDTH, HEAD_WIDTH))?
        .transpose(0, 1)?
        .contiguous()
}

/// The heads' answers `[length, width]` and their attention `[heads, length, keys]`.
fn attend(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    mask: Option<&Tensor>,
) -> Result<(Tensor, Tensor)> {
    let mut scores = (queries.matmul(&keys.transpose(1, 2)?)? * (1.0 / 8.0))?;
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    let attention = softmax_last_dim(&scores)?;
    let (heads, length, _) = queries.dims3()?;
    let answer = attention
        .matmul(values)?
        .transpose(0, 1)?
        .contiguous()?
        .reshape((length, heads * HEAD_WIDTH))?;
    Ok((answer, attention))
}

/// Attention of a sequence to itself.
pub struct SelfAttention {
    norm: Norm,
    joint: Linear,
    out: Linear,
}

impl SelfAttention {
    pub fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self {
            norm: Norm::new(weights, &format!("{name}.layer_norm"))?,
            joint: Linear::new(weights, &format!("{name}.linear_0"))?,
            out: Linear::new(weights, &format!("{name}.linear_1"))?,
        })
    }

    /// `cache` holds keys and values of what came before, and afterwards of `x` too.
    pub fn forward(&self, x: &Tensor, cache: &mut Cache, mask: Option<&Tensor>) -> Result<Tensor> {
        let joint = self.joint.forward(&self.norm.forward(x)?)?;
        let width = x.dim(1)?;
        let part =
            |index: usize| split_heads(&joint.narrow(1, index * width, width)?.contiguous()?);
        let (queries, mut keys, mut values) = (part(0)?, part(1)?, part(2)?);
        if let Some((earlier_keys, earlier_values)) = cache.take() {
            keys = Tensor::cat(&[&earlier_keys, &keys], 1)?;
            values = Tensor::cat(&[&earlier_values, &values], 1)?;
        }
        let (answer, _) = attend(&queries, &keys, &values, mask)?;
        *cache = Some((keys, values));
        x + self.out.forward(&answer)?
    }
}

/// Attention of the text to the sound.
pub struct CrossAttention {
    norm: Norm,
    queries: Linear,
    joint: Linear,
    out: Linear,
}

impl CrossAttention {
    pub fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self {
            norm: Norm::new(weights, &format!("{name}.layer_norm"))?,
            queries: Linear::new(weights, &format!("{name}.linear_0"))?,
            joint: Linear::new(weights, &format!("{name}.linear_1"))?,
            out: Linear::new(weights, &format!("{name}.linear_2"))?,
        })
    }

    pub fn keys_and_values(&self, sound: &Tensor) -> Result<(Tensor, Tensor)> {
        let joint = self.joint.forward(sound)?;
        let width = sound.dim(1)?;
        let part =
            |index: usize| split_heads(&joint.narrow(1, index * width, width)?.contiguous()?);
        Ok((part(0)?, part(1)?))
    }

    pub fn forward(
        &self,
        x: &Tensor,
        (keys, values): &(Tensor, Tensor),
    ) -> Result<(Tensor, Tensor)> {
        let queries = split_heads(&self.queries.forward(&self.norm.forward(x)?)?)?;
        let (answer, attention) = attend(&queries, keys, values, None)?;
        Ok(((x + self.out.forward(&answer)?)?, attention))
    }
}

pub struct FeedForward {
    norm: Norm,
    widen: Linear,
    narrow: Linear,
}

impl FeedForward {
    pub fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self {
            norm: Norm::new(weights, &format!("{name}.layer_norm"))?,
            widen: Linear::new(weights, &format!("{name}.linear_0"))?,
            narrow: Linear::new(weights, &format!("{name}.linear_1"))?,
        })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x + self
            .narrow
            .forward(&self.widen.forward(&self.norm.forward(x)?)?.gelu_erf()?)?
    }
}
