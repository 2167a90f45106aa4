//! What differs between languages: length of a line, speed of reading, spaces, and words that lean on the next one.

use crate::transcript::is_spaced;

/// Rules of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Characters a line.
    pub line_characters: usize,
    /// Characters a second that are read with ease.
    pub characters_per_second: u64,
    /// What stands between words.
    pub separator: &'static str,
    /// Words that belong to the next one: articles, prepositions, conjunctions, possessives, auxiliaries.
    leaning: &'static [&'static str],
}

impl Layout {
    /// Rules of the language of this BCP 47 code. Characters of Chinese, Japanese and Korean are twice as wide, and say
    /// more each, so there are fewer to a line and to a second (Netflix, Timed Text Style Guides of these languages).
    pub fn of(code: &str) -> Self {
        let language = code.split('-').next().unwrap_or_default();
        let (line_characters, characters_per_second) = match language {
            "zh" => (16, 9),
            "ja" => (16, 7),
            "ko" => (16, 12),
            "th" => (35, 17),
            _ => (42, 17),
        };
        Self {
            line_characters,
            characters_per_second,
            separator: if is_spaced(code) { " " } else { "" },
            leaning: leaning(language),
        }
    }

    /// Whether a line should not end with this word.
    pub(super) fn leans(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        self.leaning.contains(&word.as_str())
    }

    /// Time in which so many characters are read.
    pub(super) fn reading_ms(&self, characters: usize) -> u64 {
        (characters as u64 * 1000).div_ceil(self.characters_per_second)
    }
}

fn leaning(language: &str) -> &'static [&'static str] {
    match language {
        "en" => &[
            "a", "an", "and", "are", "as", "at", "because", "but", "by", "can", "could", "dr",
            "dr.", "for", "from", "had", "has", "have", "her", "his", "how", "i", "if", "in",
            "into", "is", "its", "might", "mister", "mr", "mr.", "mrs", "mrs.", "must", "my", "no",
            "not", "of", "on", "or", "our", "so", "that", "the", "their", "there", "this", "to",
            "very", "was", "were", "what", "when", "where", "which", "who", "will", "with",
            "would", "your",
        ],
        "de" => &[
            "aber", "als", "am", "an", "auf", "aus", "bei", "das", "dass", "dem", "den", "der",
            "des", "die", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "für",
            "herr", "ich", "ihr", "ihre", "im", "in", "mein", "meine", "mit", "nach", "oder",
            "ohne", "sein", "seine", "sich", "um", "und", "unter", "von", "vom", "wenn", "zu",
            "zum", "zur", "über",
        ],
        "fr" => &[
            "au", "aux", "avec", "ce", "ces", "cette", "dans", "de", "des", "du", "en", "et", "je",
            "la", "le", "les", "leur", "leurs", "ma", "mais", "mes", "mon", "ne", "notre", "ou",
            "où", "par", "pour", "que", "qui", "sa", "sans", "se", "ses", "son", "sous", "sur",
            "ta", "tes", "ton", "un", "une", "vos", "votre", "à",
        ],
        "es" => &[
            "a", "al", "con", "de", "del", "el", "en", "esta", "este", "la", "las", "los", "mi",
            "no", "o", "para", "pero", "por", "que", "se", "sin", "sobre", "su", "sus", "tu", "un",
            "una", "y",
        ],
        "it" => &[
            "a", "al", "alla", "che", "con", "da", "dal", "dei", "del", "della", "delle", "di",
            "e", "gli", "i", "il", "in", "la", "le", "lo", "ma", "mi", "nel", "nella", "non", "o",
            "per", "si", "su", "sul", "suo", "tra", "un", "una", "uno",
        ],
        "pt" => &[
            "a", "as", "com", "da", "das", "de", "do", "dos", "e", "em", "mas", "meu", "na", "nas",
            "no", "nos", "não", "o", "os", "ou", "para", "pela", "pelo", "por", "que", "se", "sem",
            "seu", "sobre", "sua", "um", "uma",
        ],
        _ => &[],
    }
}
