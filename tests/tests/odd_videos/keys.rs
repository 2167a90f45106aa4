//! The same picture under odd keys.

use super::expectation::{Case, Check, Expected};
use super::recipe::Recipe;

const PICTURE: &str = "-f lavfi -i testsrc2=s=160x90:d=1 -c:v libx264 -preset ultrafast .mp4";

/// Name and key.
const KEYS: [(&str, &str); 12] = [
    ("spaces in the key", " summer  holiday .mp4"),
    ("plus signs in the key", "a+b++c.mp4"),
    ("percent signs in the key", "100%25 %2F%.mp4"),
    (
        "composed letters in the key",
        "Gr\u{fc}\u{df}e \u{2013} \u{65e5}\u{672c}\u{8a9e} \u{1f39e}.mp4",
    ),
    ("decomposed letters in the key", "Gru\u{308}\u{df}e.mp4"),
    ("quotes in the key", "\"it's\" <b>`bold`</b> & *more*.mp4"),
    (
        "dollar, braces and backslash in the key",
        "${key} {% $x %} \\n {{}}.mp4",
    ),
    ("folders in the key", "2026/07/holiday/beach.mp4"),
    ("slashes at the beginning and in a row", "//a//b///c.mp4"),
    ("dots for folders", "a/../../b/./c.mp4"),
    (
        "question mark and hash in the key",
        "what?versionId=1#now;v=2,3:4=5@6!.mp4",
    ),
    ("a key like a result's", "published/v-0/brief.json"),
];

/// Longest key that is tried, in bytes; S3 takes 1,024.
const LONGEST: usize = 1000;

/// All of them.
pub fn cases() -> Vec<Case> {
    let long = "ü".repeat(LONGEST / 2);
    let keys = KEYS
        .into_iter()
        .chain([("a key of 1,000 bytes", long.as_str())]);
    let case = |(number, (name, key)): (usize, (&'static str, &str))| Case {
        name,
        recipe: Recipe::Numbered(PICTURE, number),
        key: key.to_owned(),
        expected: Expected::Published(&[], &[Check::KeyShown, Check::Size(160, 90)]),
    };
    keys.enumerate().map(case).collect()
}
