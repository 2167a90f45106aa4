//! Whisper's tokens: byte-pair texts, special tokens and timestamps every 20 ms.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

/// Milliseconds between two timestamp tokens.
const TIMESTAMP_STEP_MS: u64 = 20;

/// Why the vocabulary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// The settings are not what the model's converter writes.
    #[error("config.json of the speech model: {0}")]
    Settings(serde_json::Error),
    /// A special token is missing.
    #[error("the vocabulary has no {0}")]
    TokenMissing(&'static str),
}

/// `config.json` as far as decoding needs it.
#[derive(Deserialize)]
struct Settings {
    suppress_ids: Vec<u32>,
    suppress_ids_begin: Vec<u32>,
    alignment_heads: Vec<(usize, usize)>,
}

/// The tokens of one model.
pub struct Vocabulary {
    texts: Vec<Vec<u8>>,
    /// Ends a window.
    pub end: u32,
    /// Begins a window.
    pub start: u32,
    /// Its probability after `start` says that nobody speaks.
    pub no_speech: u32,
    /// Would switch timestamps off.
    pub no_timestamps: u32,
    /// The timestamp 0.00; later ones follow, up to 30.00.
    pub first_timestamp: u32,
    /// Never written: signs, musical notes, control tokens.
    pub suppressed: Vec<u32>,
    /// Not written first: a blank, the end.
    pub suppressed_first: Vec<u32>,
    /// Layers and heads of the decoder whose attention follows the sound word by word.
    pub alignment_heads: Vec<(usize, usize)>,
}

impl Vocabulary {
    /// Reads `vocabulary.txt` and `config.json` of the model's directory.
    ///
    /// # Errors
    /// Every variant of [`Error`].
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = directory.join(name);
            std::fs::read_to_string(&path).map_err(|source| Error::Unreadable {
                file: path.display().to_string(),
                source,
            })
        };
        let settings = serde_json::from_str(&read("config.json")?).map_err(Error::Settings)?;
        Self::new(&read("vocabulary.txt")?, settings)
    }

    fn new(tokens: &str, settings: Settings) -> Result<Self, Error> {
        let lines: Vec<&str> = tokens.split_terminator('\n').collect();
        let special = |name: &'static str| {
            let place = lines
                .iter()
                .rposition(|line| *line == name)
                .ok_or(Error::TokenMissing(name))?;
            u32::try_from(place).map_err(|_| Error::TokenMissing(name))
        };
        let bytes = bytes_of_characters();
        Ok(Self {
            end: special("<|endoftext|>")?,
            start: special("<|startoftranscript|>")?,
            no_speech: special("<|nocaptions|>")?,
            no_timestamps: special("<|notimestamps|>")?,
            first_timestamp: special("<|0.00|>")?,
            suppressed: settings.suppress_ids,
            suppressed_first: settings.suppress_ids_begin,
            alignment_heads: settings.alignment_heads,
            texts: lines
                .iter()
                .map(|line| {
                    line.chars()
                        .filter_map(|c| bytes.get(&c).copied())
                        .collect()
                })
                .collect(),
        })
    }

    /// The time of a timestamp token, from the start of the window.
    pub fn timestamp_ms(&self, token: u32) -> Option<u64> {
        token
            .checked_sub(self.first_timestamp)
            .map(|steps| u64::from(steps) * TIMESTAMP_STEP_MS)
    }

    /// Whether the token is text.
    pub fn is_text(&self, token: u32) -> bool {
        token < self.end
    }

    /// UTF-8 bytes of a text token; a character may be spread over several tokens.
    pub fn bytes(&self, token: u32) -> &[u8] {
        let index = usize::try_from(token).unwrap_or(usize::MAX);
        self.texts.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

/// GPT-2's way to write bytes as printable characters: itself where printable, else U+0100 and up in order.
fn bytes_of_characters() -> HashMap<char, u8> {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut spare = (0x100..).filter_map(char::from_u32);
    (0..=u8::MAX)
        .filter_map(|byte| {
            Some((
                if printable(byte) {
                    char::from(byte)
                } else {
                    spare.next()?
                },
                byte,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(tokens: &str) -> Result<Vocabulary, Error> {
        let settings = Settings {
            suppress_ids: vec![],
            suppress_ids_begin: vec![],
            alignment_heads: vec![],
        };
        Vocabulary::new(tokens, settings)
    }

    #[test]
    fn reads_bytes_and_timestamps() -> Result<(), Error> {
        let v = vocabulary(
            "\u{120}caf\nÃ\u{0102}\n<|endoftext|>\n<|startoftranscript|>\n<|nocaptions|>\n<|notimestamps|>\n<|0.00|>\n<|0.02|>\n",
        )?;
        assert_eq!(v.bytes(0), b" caf");
        assert_eq!(v.bytes(1), [0xC3, 0x02]);
        assert_eq!(v.bytes(99), b"");
        assert_eq!(
            [v.timestamp_ms(5), v.timestamp_ms(6), v.timestamp_ms(7)],
            [None, Some(0), Some(20)]
        );
        assert!(v.is_text(1) && !v.is_text(2));
        Ok(())
    }

    #[test]
    fn says_which_token_is_missing() {
        let error = vocabulary("a\n<|endoftext|>\n")
            .err()
            .map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("the vocabulary has no <|startoftranscript|>")
        );
    }
}
