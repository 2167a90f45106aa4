//! Text without a language model: sentences, content words, the most central sentences, what recurs, who is named.

use std::collections::{BTreeMap, BTreeSet};

mod rank;

pub use rank::{SENTENCES_MAX, centrality};

/// Words with a full stop that ends no sentence.
const ABBREVIATIONS: [&str; 15] = [
    "mr", "mrs", "ms", "dr", "st", "jr", "sr", "prof", "gen", "col", "capt", "vs", "etc", "e.g",
    "i.e",
];

/// Titles before a person's name, lower case and without the full stop.
const HONORIFICS: [&str; 20] = [
    "mr",
    "mister",
    "mrs",
    "ms",
    "miss",
    "dr",
    "doctor",
    "prof",
    "professor",
    "sir",
    "lady",
    "lord",
    "captain",
    "president",
    "senator",
    "king",
    "queen",
    "judge",
    "sister",
    "madam",
];

/// Words that carry no subject, in English.
const STOP_WORDS: &str = "a able about above across after again against all almost along already also although always am \
among an and another any anybody anyone anything are around as at away back be became because become been before began \
behind being below best better between both but by call came can cannot come could day did do does doing done down during \
each either else enough even ever every everybody everyone everything far few find first for from full further gave get \
gets getting give given go goes going gone good got great had has have having he her here hers herself him himself his how \
however i if in indeed instead into is it its itself just keep kept kind knew know known large last later least less let \
like little long look lot made make makes making man many may maybe me mean means might mine more most much must my myself \
near need never new next no nobody none nor not nothing now of off often oh ok okay old on once one only onto or other \
others our ours out over own perhaps please put quite rather really right said same saw say says see seem seemed seen set \
several shall she should show side since so some somebody someone something sometimes soon still such take taken than that \
the their theirs them themselves then there therefore these they thing things think this those though thought through thus \
time to together told too took toward turn two under until up upon us use used very want wanted was way we well went were \
what whatever when where whether which while who whole whom whose why will with within without woman word work would yeah \
year years yes yet you young your yours yourself";

/// Whether a full stop after the word ends no sentence: `Mr`, `e.g`, an initial.
pub fn is_abbreviation(word: &str) -> bool {
    let is_initial = word.len() == 1 && word.starts_with(char::is_uppercase) && word != "I";
    is_initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Sentences with their ends, trimmed.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (place, sign) in text
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '?' | '!'))
    {
        let end = place + sign.len_utf8();
        let (before, after) = (
            text.get(start..place).unwrap_or_default(),
            text.get(end..).unwrap_or_default(),
        );
        let last = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        let is_abbreviation = sign == '.' && is_abbreviation(last);
        if !is_abbreviation && (after.is_empty() || after.starts_with(char::is_whitespace)) {
            sentences.extend(text.get(start..end).map(str::trim));
            start = end;
        }
    }
    sentences.extend(text.get(start..).map(str::trim));
    sentences.retain(|sentence| sentence.contains(char::is_alphanumeric));
    sentences
}

/// Words in lower case, with inner hyphens and apostrophes.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let bare = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    text.split_whitespace()
        .map(bare)
        .filter(|word| !word.is_empty())
}

/// Words that carry a subject: no function words, no numbers, at least three letters.
pub fn content_words(text: &str) -> Vec<String> {
    let stop: BTreeSet<&str> = STOP_WORDS.split_whitespace().collect();
    let carries = |word: &String| {
        let stem = word.split(['\'', '\u{2019}']).next().unwrap_or(word);
        word.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !stop.contains(stem)
    };
    words(text).filter(carries).collect()
}

/// Content words that recur, most frequent first, then as they come; when none does, the first ones. At most `limit`.
pub fn keywords<'a>(texts: impl IntoIterator<Item = &'a str>, limit: usize) -> Vec<String> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for text in texts {
        for word in content_words(text) {
            let order = counts.len();
            counts.entry(word).or_insert((0, order)).0 += 1;
        }
    }
    let mut counts: Vec<(String, (usize, usize))> = counts.into_iter().collect();
    counts.sort_by_key(|(word, (count, order))| {
        (
            std::cmp::Reverse((*count, word.chars().count() >= 6)),
            *order,
        )
    });
    let recurs = counts.first().is_some_and(|(_, (count, _))| *count > 1);
    counts.retain(|(_, (count, _))| *count > 1 || !recurs);
    counts
        .into_iter()
        .take(limit)
        .map(|(word, _)| word)
        .collect()
}

/// People who are named with a title: the capitalised words after it.
pub fn people(text: &str) -> Vec<String> {
    let mut people = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_title = bare.starts_with(char::is_uppercase)
            && HONORIFICS.contains(&bare.to_lowercase().as_str());
        let mut name: Vec<&str> = Vec::new();
        let mut is_open = is_title && !word.ends_with([',', '?', '!', ';']);
        while is_open && let Some(next) = words.next_if(|next| next.starts_with(char::is_uppercase))
        {
            let end = next.trim_end_matches(|c: char| !c.is_alphanumeric());
            is_open = end == next;
            name.push(end.strip_suffix("'s").unwrap_or(end));
        }
        if !name.is_empty() {
            people.push(name.join(" "));
        }
    }
    people.dedup();
    people
}

/// The first words that fit into so many letters, with an ellipsis where something was left out.
pub fn clipped(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let mut kept = String::new();
    for word in text.split_whitespace() {
        if kept.chars().count() + word.chars().count() + 2 > letters {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept.push('\u{2026}');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        let check = |text: &str, expected: &[&str]| assert_eq!(sentences(text), expected);
        check(
            "Mr. Dashwood had 2.5 acres. Was it J. Smith? No",
            &["Mr. Dashwood had 2.5 acres.", "Was it J. Smith?", "No"],
        );
        check("So\u{2026} what?! Yes.", &["So\u{2026} what?!", "Yes."]);
        check("So do I. Yes.", &["So do I.", "Yes."]);
        check(" ... ", &[]);
    }

    #[test]
    fn content_words_leave_out_the_rest() {
        assert_eq!(
            content_words("He's not an ill-disposed young man, 42 times."),
            ["ill-disposed", "times"]
        );
    }

    #[test]
    fn keywords_recur() {
        let texts = [
            "An amiable cat.",
            "A cat and an amiable dog.",
            "The amiable end.",
        ];
        assert_eq!(keywords(texts, 9), ["amiable", "cat"]);
        assert_eq!(
            keywords(["A dog, an elephant and a cat."], 2),
            ["elephant", "dog"]
        );
    }

    #[test]
    fn people_have_titles() {
        let check = |text: &str, expected: &[&str]| assert_eq!(people(text), expected);
        check(
            "And Mr. John Dashwood had then leisure. Miss Dashwood's sister met Doctor Who.",
            &["John Dashwood", "Dashwood", "Who"],
        );
        check("Yes, sir. New York is fine, Lady.", &[]);
    }

    #[test]
    fn clips_at_words() {
        assert_eq!(
            [clipped("one two", 7), clipped("one two three", 9)],
            ["one two", "one two\u{2026}"]
        );
    }
}
