//! Where in an expression its flaw is.

use jsonata_core::parser;

use crate::query::jsonata::expression;

/// Longest expression that is searched: every step parses a part of it.
const MAX_SEARCHED: usize = 4_000;

/// How many characters of a text stand before the flaw of the `JSONata` expression in it.
///
/// The parser says no place, but it reads from left to right: what it says of the whole it says of every beginning that
/// holds the flaw, and not of a shorter one.
pub(super) fn flaw(text: &str) -> Option<usize> {
    let source = expression(text)?;
    let before = text.get(2..)?;
    let lead = text.chars().count() - before.trim_start().chars().count();
    let told = |part: &str| parser::parse(part).err().map(|error| error.to_string());
    let whole = told(source)?;
    if source.len() > MAX_SEARCHED {
        return Some(lead);
    }
    let mut ends: Vec<usize> = source.char_indices().map(|(index, _)| index).collect();
    while let Some(end) = ends.last() {
        if told(source.get(..*end)?).as_ref() != Some(&whole) {
            return Some(lead + ends.len() - 1);
        }
        ends.pop();
    }
    Some(lead)
}

#[cfg(test)]
mod tests {
    use super::flaw;

    fn check(text: &str, expected: Option<usize>) {
        assert_eq!(flaw(text), expected, "{text}");
    }

    #[test]
    fn finds_where_parsing_fails() {
        check("{% 1 + 1 %}", None);
        check("{% $a ] 1 %}", Some(6));
        check("{% $sum(1 + ) %}", Some(12));
        check("no expression", None);
    }
}
