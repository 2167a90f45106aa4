//! How well a transcript matches what was said.

/// Share of the reference's words that a hypothesis gets wrong: the fewest insertions, deletions and replacements that
/// turn one into the other, by the words of the reference. Case, punctuation and hyphens do not count, and `Mr` is
/// `Mister`.
pub fn word_error_rate(reference: &str, hypothesis: &str) -> f64 {
    let (reference, hypothesis) = (words(reference), words(hypothesis));
    // Edits from the reference's words so far to each beginning of the hypothesis.
    let mut edits: Vec<usize> = (0..=hypothesis.len()).collect();
    for expected in &reference {
        let mut row = vec![edits.first().map_or(0, |above| above + 1)];
        for (heard, pair) in hypothesis.iter().zip(edits.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let replaced = diagonal + usize::from(expected != heard);
            let left = row.last().map_or(0, |left| left + 1);
            row.push(replaced.min(above + 1).min(left));
        }
        edits = row;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let rate = edits.last().copied().unwrap_or_default() as f64 / reference.len().max(1) as f64;
    rate
}

fn words(text: &str) -> Vec<String> {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '\'' {
                c
            } else {
                ' '
            }
        })
        .collect();
    let spelled = |word: &str| match word.to_lowercase().as_str() {
        "mr" => "mister".to_owned(),
        other => other.to_owned(),
    };
    spaced.split_whitespace().map(spelled).collect()
}

#[test]
fn counts_wrong_missing_and_additional_words() {
    let check = |reference: &str, hypothesis: &str, expected: f64| {
        let rate = word_error_rate(reference, hypothesis);
        assert!(
            (rate - expected).abs() < 1e-9,
            "{reference:?}, {hypothesis:?}: {rate}"
        );
    };
    check(
        "He was ill disposed, Mister Dashwood.",
        "he was ill-disposed mr. Dashwood",
        0.0,
    );
    check("one two three four", "one too three four", 0.25);
    check("one two three four", "one three four", 0.25);
    check("one two three four", "one two and three four", 0.25);
    check("one two", "", 1.0);
    check("", "", 0.0);
}
