//! Taking out what looks personal: e-mail addresses and long numbers (telephones, cards, accounts), written or spoken
//! digit by digit. Names, addresses and dates stay: they need a model.

use crate::speech::{Segment, Transcript, Word};

/// What stands in its place.
pub const TAKEN: &str = "[PII]";
/// Digits from which a number is taken for one of a telephone, card or account. Years and prices have fewer.
const DIGITS_MIN: usize = 7;
const SPOKEN_DIGITS: [&str; 11] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

/// The transcript without what looks personal.
pub fn redacted(transcript: &Transcript) -> Transcript {
    let segments = transcript.segments.iter().map(|segment| {
        let words = without(&segment.words);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        Segment {
            text: texts.join(" "),
            words,
            ..segment.clone()
        }
    });
    Transcript {
        segments: segments.collect(),
        ..transcript.clone()
    }
}

fn without(words: &[Word]) -> Vec<Word> {
    let mut kept = Vec::with_capacity(words.len());
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        let length = address_length(rest).or_else(|| number_length(rest));
        if let Some((taken, after)) = length.and_then(|length| rest.split_at_checked(length)) {
            kept.extend(in_place_of(taken));
            rest = after;
        } else {
            kept.push(first.clone());
            rest = after;
        }
    }
    kept
}

/// One word for those that are taken out, with the sign behind the last of them.
fn in_place_of(taken: &[Word]) -> Option<Word> {
    let (first, last) = (taken.first()?, taken.last()?);
    let sign = last
        .text
        .chars()
        .last()
        .filter(|sign| ",.?!;:".contains(*sign));
    let mut text = TAKEN.to_owned();
    text.extend(sign);
    Some(Word {
        start_ms: first.start_ms,
        end_ms: last.end_ms,
        text,
        confidence: first.confidence,
    })
}

/// Words of an e-mail address at the beginning: `ada@example.com`, or `ada at example dot com`.
fn address_length(words: &[Word]) -> Option<usize> {
    let text = |index: usize| words.get(index).map(|word| bare(&word.text));
    let first = text(0)?;
    let is_written = first
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if is_written {
        return Some(1);
    }
    let is_spoken = text(1)? == "at" && text(3)? == "dot" && text(4).is_some();
    is_spoken.then_some(5)
}

/// Words of a long number at the beginning.
fn number_length(words: &[Word]) -> Option<usize> {
    let (mut digits, mut length) = (0, 0);
    for word in words {
        let Some(count) = digits_of(&word.text) else {
            break;
        };
        digits += count;
        length += 1;
    }
    (digits >= DIGITS_MIN).then_some(length)
}

/// Digits of a word that is nothing but a number; `None` for another word.
fn digits_of(text: &str) -> Option<usize> {
    let text = bare(text);
    if SPOKEN_DIGITS.contains(&text.as_str()) {
        return Some(1);
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = text
        .chars()
        .all(|mark| mark.is_ascii_digit() || "+-().".contains(mark));
    (digits > 0 && is_number).then_some(digits)
}

fn bare(text: &str) -> String {
    text.trim_matches(|mark: char| ",.?!;:\"'".contains(mark))
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expected: &str) {
        let words: Vec<Word> = said
            .split(' ')
            .zip(0_u64..)
            .map(|(text, n)| Word {
                start_ms: n * 100,
                end_ms: n * 100 + 90,
                text: text.to_owned(),
                confidence: 0.9,
            })
            .collect();
        let kept = without(&words);
        let texts: Vec<&str> = kept.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts.join(" "), expected);
        assert_eq!(
            kept.last().map(|word| word.end_ms),
            words.last().map(|word| word.end_ms)
        );
    }

    #[test]
    fn takes_addresses_and_long_numbers() {
        check("Call 555-123-4567, please.", "Call [PII], please.");
        check("my card 4111 1111 1111 1111.", "my card [PII].");
        check("dial five five five oh one two three now", "dial [PII] now");
        check("write to ada@example.com today", "write to [PII] today");
        check("it is ada at example dot com.", "it is [PII].");
    }

    #[test]
    fn leaves_other_words_alone() {
        check("In 1811 he had 3 sons.", "In 1811 he had 3 sons.");
        check("We met at noon.", "We met at noon.");
        check("one two three", "one two three");
        check("$1,000,000 a year", "$1,000,000 a year");
    }
}
