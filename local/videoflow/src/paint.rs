//! Colour, where somebody sees it.

use std::io::IsTerminal;

/// Colours text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// With the terminal's colours.
    Coloured,
    /// Without.
    Plain,
}

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It failed.
    Bad,
    /// It ended well.
    Good,
    /// It was mended, or goes on.
    Attention,
    /// It matters less.
    Quiet,
}

impl Paint {
    /// For standard output: coloured on a terminal, unless `NO_COLOR` is there (<https://no-color.org>).
    pub fn of_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if std::io::stdout().is_terminal() && !is_unwanted {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    /// The text in its colour.
    pub fn tint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) => return text.to_owned(),
            (_, Tone::Bad) => "31",
            (_, Tone::Good) => "32",
            (_, Tone::Attention) => "33",
            (_, Tone::Quiet) => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(Paint::Plain.tint(Tone::Bad, "FAILED"), "FAILED");
        assert_eq!(Paint::Coloured.tint(Tone::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
