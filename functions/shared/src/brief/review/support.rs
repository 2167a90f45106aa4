//! What a text says beyond its evidence: a figure or a name that stands nowhere in it was invented, or lacks its citation.
//!
//! Figures have to be the same, however their digits are grouped. Names are compared by their beginnings, for languages
//! bend their ends; where capital letters do not tell names from other words (German, headlines, scripts without
//! capitals), names are not judged.

use std::collections::BTreeSet;

/// Languages that write every noun with a capital letter.
const CAPITAL_NOUNS: [&str; 2] = ["de", "lb"];
/// Letters that an ending has at most.
const ENDING_LETTERS: usize = 3;
/// Letters from which a beginning tells words apart.
const STEM_LETTERS: usize = 4;
/// Shorter words in capitals are abbreviations of anything.
const ACRONYM_LETTERS: usize = 3;
/// Letters from which a word of a headline has a capital one.
const HEADLINE_LETTERS: usize = 4;

/// The first figure or name of a text that its evidence lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Foreign {
    /// A figure.
    Figure(String),
    /// A name.
    Name(String),
}

/// What the text says and none of the evidence does; `None` when all of it is there.
pub(super) fn foreign(text: &str, evidence: &[&str], language: &str) -> Option<Foreign> {
    if evidence.iter().any(|one| one.contains(text)) {
        return None;
    }
    let known: BTreeSet<String> = evidence.iter().flat_map(|one| figures(one)).collect();
    if let Some(figure) = figures(text).into_iter().find(|one| !known.contains(one)) {
        return Some(Foreign::Figure(figure));
    }
    let primary = language.split('-').next().unwrap_or_default();
    if CAPITAL_NOUNS.contains(&primary) || is_headline(text) {
        return None;
    }
    let said: Vec<String> = evidence.iter().flat_map(|one| words(one)).collect();
    let joined = said.concat();
    let is_said = |name: &&str| {
        let name = name.to_lowercase();
        said.iter().any(|word| is_akin(&name, word))
            // `YouTube` is recognised as `you tube`.
            || (name.chars().count() > STEM_LETTERS && joined.contains(&name))
    };
    let name = names(text).into_iter().find(|name| !is_said(name))?;
    Some(Foreign::Name(name.to_owned()))
}

/// Whether the text names somebody or something, as whole words and whatever the case.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    !name.is_empty()
        && text
            .match_indices(&name)
            .any(|(start, _)| is_whole(&text, start, start + name.len()))
}

/// Whether a stretch of a text does not begin or end within a word.
pub(super) fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let tears = |left: Option<char>, right: Option<char>| {
        left.zip(right)
            .is_some_and(|(left, right)| is_spaced(left) && is_spaced(right))
    };
    let chars = |range: Option<&str>| range.unwrap_or_default().to_owned();
    let (before, inside, after) = (
        chars(text.get(..start)),
        chars(text.get(start..end)),
        chars(text.get(end..)),
    );
    !tears(before.chars().next_back(), inside.chars().next())
        && !tears(inside.chars().next_back(), after.chars().next())
}

/// Letters and digits of scripts that put spaces between words.
fn is_spaced(mark: char) -> bool {
    let is_unspaced = matches!(mark, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
    mark.is_alphanumeric() && !is_unspaced
}

/// Runs of digits, without what groups them or sets their fractions off.
fn figures(text: &str) -> Vec<String> {
    let mut figures: Vec<String> = Vec::new();
    let mut is_open = false;
    let mut marks = text.chars().peekable();
    while let Some(mark) = marks.next() {
        let joins = matches!(
            mark,
            '.' | ',' | ':' | '\'' | '’' | '\u{a0}' | '\u{202f}' | '٬' | '٫'
        ) && marks.peek().is_some_and(|next| next.is_numeric());
        if mark.is_numeric() {
            match figures.last_mut().filter(|_| is_open) {
                Some(figure) => figure.push(mark),
                None => figures.push(mark.to_string()),
            }
            is_open = true;
        } else if !(is_open && joins) {
            is_open = false;
        }
    }
    figures
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|mark: char| !mark.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The same word, perhaps with another ending.
fn is_akin(name: &str, word: &str) -> bool {
    let common = name
        .chars()
        .zip(word.chars())
        .take_while(|(left, right)| left == right)
        .count();
    let shorter = name.chars().count().min(word.chars().count());
    name == word || common >= STEM_LETTERS.max(shorter.saturating_sub(ENDING_LETTERS))
}

/// Words with a capital letter that no sentence begins with.
fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_start = true;
    for token in text.split_whitespace() {
        let is_quoted = token.starts_with(|mark: char| !mark.is_alphanumeric());
        for part in token
            .split(|mark: char| !mark.is_alphanumeric())
            .filter(|part| !part.is_empty())
        {
            let is_short = part.chars().count() < ACRONYM_LETTERS;
            if !is_start && !is_quoted && !is_short && part.starts_with(char::is_uppercase) {
                names.push(part);
            }
            is_start = false;
        }
        is_start = token.ends_with([
            '.', '!', '?', ':', '…', '。', '"', '”', '—', '–', '-', '•', ';',
        ]);
    }
    names
}

/// Whether most longer words have a capital letter, as in headlines in English; those end without a full stop.
fn is_headline(text: &str) -> bool {
    if text.ends_with(['.', '!', '?']) {
        return false;
    }
    let words = text
        .split(|mark: char| !mark.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let long = words
        .skip(1)
        .filter(|word| word.chars().count() >= HEADLINE_LETTERS);
    let (capital, small): (Vec<&str>, Vec<&str>) =
        long.partition(|word| word.starts_with(char::is_uppercase));
    capital.len() > small.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, evidence: &[&str], language: &str, expected: Option<&Foreign>) {
        assert_eq!(
            foreign(text, evidence, language).as_ref(),
            expected,
            "{text}"
        );
    }

    fn passes(text: &str, evidence: &[&str]) {
        check(text, evidence, "en-US", None);
    }

    #[test]
    fn figures_are_those_of_the_evidence() {
        let sales = ["Sales rose by 1,000 units to 3.5 million in 2024."];
        passes(
            "In 2024, sales reached 3.5 million after 1000 more units.",
            &sales,
        );
        passes("Umsatz: 3,5 Millionen.", &sales);
        passes("They rose by a thousand.", &sales);
        for (text, figure) in [
            ("Sales rose to 4.5 million.", "45"),
            ("Sales of 2025.", "2025"),
            ("Sales rose by 35 % to 3.5 million, or 40.", "40"),
            ("Doubled in 24 months.", "24"),
            ("المبيعات ٤٠", "٤٠"),
        ] {
            check(
                text,
                &sales,
                "en-US",
                Some(&Foreign::Figure(figure.to_owned())),
            );
        }
        check(
            "It cost 5.",
            &[],
            "en-US",
            Some(&Foreign::Figure("5".to_owned())),
        );
        passes("No figure at all.", &[]);
    }

    #[test]
    fn names_are_those_of_the_evidence() {
        let said = [
            "mister dashwood met the british ambassador in london",
            "you tube",
            "Egyptian cat",
        ];
        passes(
            "The speaker says that Dashwood's friend was in London.",
            &said,
        );
        passes(
            "A video on YouTube about Britain shows Egyptian cats.",
            &said,
        );
        passes(
            "He went on TV. They were pleased: Everyone agreed. “Nobody knew.”",
            &said,
        );
        for (text, name) in [
            ("The speaker visits Paris.", "Paris"),
            ("A man called Dashboard.", "Dashboard"),
            ("An employee of NASA speaks.", "NASA"),
            ("They meet Jane-Anne in London.", "Jane"),
        ] {
            check(text, &said, "en-US", Some(&Foreign::Name(name.to_owned())));
        }
    }

    #[test]
    fn endings_bend() {
        check("Он говорит о Москве.", &["москва большая"], "ru-RU", None);
        check("Mówi o Warszawie.", &["warszawa"], "pl-PL", None);
        check("Él habla de España.", &["en españa"], "es-ES", None);
    }

    #[test]
    fn capitals_that_tell_nothing_are_not_judged() {
        check("Der Mann kauft ein Haus.", &["er kauft es"], "de-DE", None);
        check(
            "How to Train Your Dragon",
            &["train dragons"],
            "en-US",
            None,
        );
        check("他去了北京。", &["他去了"], "zh-CN", None);
        check("", &[], "en-US", None);
    }

    #[test]
    fn mentions_are_whole_words() {
        let check = |text: &str, name: &str, expected: bool| {
            assert_eq!(mentions(text, name), expected, "{name} in {text}");
        };
        check("And also Al came.", "al", true);
        check("And also they came.", "Al", false);
        check("Mister Dashwood's wife", "mister dashwood", true);
        check("他叫王小明。", "王小明", true);
        check("anything", "", false);
    }
}
