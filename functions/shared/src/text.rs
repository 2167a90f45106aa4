//! Texts for services that do not take every character.

/// At most `limit` characters of a text, none of which SQS or SNS refuses: other control characters than white space
/// become replacement characters. An empty text, which a message attribute must not be, becomes `none`.
pub fn printable(text: &str, limit: usize) -> String {
    if text.is_empty() {
        return "none".to_owned();
    }
    let characters = text.chars().take(limit);
    characters
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(printable(text, 5), expected, "{text:?}");
    }

    #[test]
    fn keeps_what_services_take() {
        check("", "none");
        check("ü\n😀", "ü\n😀");
        check("a\u{0}b", "a\u{fffd}b");
        check("üüüüüü", "üüüüü");
    }
}
