//! Whisper's encoder and decoder (Radford et al. 2022) with cached keys and values.

use std::path::Path;

use candle_core::{Device, Result, Tensor};

use super::layers::{Cache, CrossAttention, FeedForward, Norm, SelfAttention, Weights};

struct Encoder {
    conv1: (Tensor, Tensor),
    conv2: (Tensor, Tensor),
    positions: Tensor,
    layers: Vec<(SelfAttention, FeedForward)>,
    norm: Norm,
}

impl Encoder {
    fn new(weights: &Weights) -> Result<Self> {
        let convolution = |name: &str| -> Result<(Tensor, Tensor)> {
            let bias = weights.get(&format!("encoder.{name}.bias"))?;
            let channels = bias.dim(0)?;
            Ok((
                weights.get(&format!("encoder.{name}.weight"))?,
                bias.reshape((1, channels, 1))?,
            ))
        };
        let layer = |name: String| -> Result<(SelfAttention, FeedForward)> {
            let attention = SelfAttention::new(weights, &format!("{name}.self_attention"))?;
            Ok((
                attention,
                FeedForward::new(weights, &format!("{name}.ffn"))?,
            ))
        };
        Ok(Self {
            conv1: convolution("conv1")?,
            conv2: convolution("conv2")?,
            positions: weights.get("encoder.position_encodings.encodings")?,
            layers: layer_names(weights, "encoder")
                .map(layer)
                .collect::<Result<_>>()?,
            norm: Norm::new(weights, "encoder.layer_norm")?,
        })
    }

    fn forward(&self, mel: &Tensor) -> Result<Tensor> {
        let x = mel
            .conv1d(&self.conv1.0, 1, 1, 1, 1)?
            .broadcast_add(&self.conv1.1)?
            .gelu_erf()?;
        let x = x
            .conv1d(&self.conv2.0, 1, 2, 1, 1)?
            .broadcast_add(&self.conv2.1)?
            .gelu_erf()?;
        let mut x = (x.squeeze(0)?.transpose(0, 1)?.contiguous()? + &self.positions)?;
        for (attention, feed_forward) in &self.layers {
            x = feed_forward.forward(&attention.forward(&x, &mut None, None)?)?;
        }
        self.norm.forward(&x)
    }
}

fn layer_names<'a>(weights: &'a Weights, part: &'a str) -> impl Iterator<Item = String> + 'a {
    let name = move |index: usize| format!("{part}.layer_{index}");
    let exists = |layer: &String| weights.has(&format!("{layer}.ffn.layer_norm.gamma"));
    (0..).map(name).take_while(exists)
}

struct DecoderLayer {
    own: SelfAttention,
    cross: CrossAttention,
    feed_forward: FeedForward,
}

struct Decoder {
    embedding: Tensor,
    vocabulary: Tensor,
    positions: Tensor,
    layers: Vec<DecoderLayer>,
    norm: Norm,
}

impl Decoder {
    fn new(weights: &Weights) -> Result<Self> {
        let layer = |name: String| -> Result<DecoderLayer> {
            Ok(DecoderLayer {
                own: SelfAttention::new(weights, &format!("{name}.self_attention"))?,
                cross: CrossAttention::new(weights, &format!("{name}.attention"))?,
                feed_forward: FeedForward::new(weights, &format!("{name}.ffn"))?,
            })
        };
        let embedding = weights.get("decoder.embeddings.weight")?;
        Ok(Self {
            vocabulary: embedding.t()?,
            embedding,
            positions: weights.get("decoder.position_encodings.encodings")?,
            layers: layer_names(weights, "decoder")
                .map(layer)
                .collect::<Result<_>>()?,
            norm: Norm::new(weights, "decoder.layer_norm")?,
        })
    }
}

/// A loaded Whisper model.
pub struct Whisper {
    encoder: Encoder,
    decoder: Decoder,
}

/// The decoder at work on one window of sound.
pub struct Decoding<'a> {
    decoder: &'a Decoder,
    sound: Vec<(Tensor, Tensor)>,
    caches: Vec<Cache>,
    length: usize,
    /// Attention to the sound of each layer in the last step: `[heads, tokens, 1500]`.
    pub attention: Vec<Tensor>,
}

impl Whisper {
    /// Reads `model.safetensors`.
    ///
    /// # Errors
    /// Those of the tensor library: no such file, a missing or misshapen tensor.
    pub fn load(file: &Path) -> Result<Self> {
        let weights = Weights::load(file)?;
        Ok(Self {
            encoder: Encoder::new(&weights)?,
            decoder: Decoder::new(&weights)?,
        })
    }

    /// Hears one window: a spectrogram `[1, 80, 3000]` to features `[1500, width]`.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn hear(&self, mel: &Tensor) -> Result<Tensor> {
        self.encoder.forward(mel)
    }

    /// Begins to write down what was heard.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn decode(&self, heard: &Tensor) -> Result<Decoding<'_>> {
        let decoder = &self.decoder;
        let sound = decoder
            .layers
            .iter()
            .map(|layer| layer.cross.keys_and_values(heard))
            .collect::<Result<_>>()?;
        let caches = decoder.layers.iter().map(|_| None).collect();
        Ok(Decoding {
            decoder,
            sound,
            caches,
            length: 0,
            attention: Vec::new(),
        })
    }
}

impl Decoding<'_> {
    /// Takes `tokens` after the earlier ones and gives the scores of each possible next token after the last.
    ///
    /// # Errors
    /// Those of the tensor library; more tokens than the model has positions (448).
    pub fn step(&mut self, tokens: &[u32]) -> Result<Vec<f32>> {
        let decoder = self.decoder;
        let indices = Tensor::new(tokens, &Device::Cpu)?;
        let positions = decoder.positions.narrow(0, self.length, tokens.len())?;
        let mut x = (decoder.embedding.index_select(&indices, 0)? + positions)?;
        let mask = causal_mask(self.length, tokens.len())?;
        self.attention.clear();
        for ((layer, cache), sound) in decoder.layers.iter().zip(&mut self.caches).zip(&self.sound)
        {
            x = layer.own.forward(&x, cache, mask.as_ref())?;
            let (crossed, attention) = layer.cross.forward(&x, sound)?;
            self.attention.push(attention);
            x = layer.feed_forward.forward(&crossed)?;
        }
        self.length += tokens.len();
        let last = decoder.norm.forward(&x.narrow(0, tokens.len() - 1, 1)?)?;
        last.matmul(&decoder.vocabulary)?.squeeze(0)?.to_vec1()
    }
}

/// No token sees a later one; a single token needs no mask.
fn causal_mask(earlier: usize, new: usize) -> Result<Option<Tensor>> {
    if new == 1 {
        return Ok(None);
    }
    let sees = |row: usize, column: usize| {
        if column <= earlier + row {
            0.0
        } else {
            f32::NEG_INFINITY
        }
    };
    let mask: Vec<f32> = (0..new)
        .flat_map(|row| (0..earlier + new).map(move |column| sees(row, column)))
        .collect();
    Tensor::from_vec(mask, (new, earlier + new), &Device::Cpu).map(Some)
}
