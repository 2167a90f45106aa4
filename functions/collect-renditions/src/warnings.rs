//! What a transcode that ended well found odd, in words.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/warning_codes.html>

use serde::{Deserialize, Serialize};
use videoflow_shared::renditions::TranscodeWarning;

/// A warning as `GetJob` tells it. An AWS shape: other members are none of our business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceWarning {
    /// Its number.
    pub code: u32,
    /// How often it occurred.
    pub count: u32,
}

/// Words and advice, by number.
const WORDS: [(u32, &str); 7] = [
    (
        230_002,
        "The table of times of the file's sound is wrong and could not be corrected: check that sound and picture go together.",
    ),
    (
        230_004,
        "The file's media header is incomplete: check the duration and the language of what was made of it.",
    ),
    (
        240_000,
        "Sound was missing or damaged and silence was put in its place: check that sound and picture go together.",
    ),
    (
        240_001,
        "Sound was left out to keep it with the picture: check that sound and picture go together.",
    ),
    (
        250_001,
        "The file's captions use a font that is not known; another one stands in.",
    ),
    (
        250_002,
        "The file's sound has a bitrate that its format does not allow; it was read with another one.",
    ),
    (
        270_000,
        "The output bucket was slow to take what was written: the transcode took longer than it should.",
    ),
];

/// The queue of a job: of interest for who runs the platform, not for who made the video.
const QUEUE_HOP: u32 = 100_000;

/// Warnings in words, those of the file.
pub fn in_words(warnings: &[ServiceWarning]) -> Vec<TranscodeWarning> {
    let of_file = warnings.iter().filter(|one| one.code != QUEUE_HOP);
    let explained = of_file.map(|one| {
        let known = WORDS.iter().find(|(code, _)| *code == one.code);
        let words = known.map_or(
            "It has no words here: see its list of warning codes.",
            |(_, words)| words,
        );
        TranscodeWarning {
            code: one.code,
            count: one.count,
            message: format!("MediaConvert warns ({}): {words}", one.code),
        }
    });
    explained.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(code: u32, expected: &[&str]) {
        let told = json!([{"Code": code, "Count": 2, "New": true}]);
        let told: Vec<ServiceWarning> =
            serde_json::from_value(told).unwrap_or_else(|error| unreachable!("{error}"));
        let found = in_words(&told);
        assert_eq!(found.len(), expected.len(), "{code}");
        for (one, part) in found.iter().zip(expected) {
            assert_eq!((one.code, one.count), (code, 2));
            assert!(one.message.contains(part), "{}", one.message);
        }
    }

    #[test]
    fn warnings_say_what_to_check() {
        check(240_000, &["MediaConvert warns (240000): Sound was missing"]);
        check(230_004, &["media header"]);
        check(999_999, &["(999999): It has no words here"]);
        check(QUEUE_HOP, &[]);
    }
}
