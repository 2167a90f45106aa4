//! Where a line may end: the cost of parting two words, and the best two lines of a cue.

use super::{LINES, Layout};

/// Cost of a break between any two words; what speaks for it makes it less, what speaks against it more.
const BREAK: u32 = 30;
/// Cost of a break behind a comma or the like.
const CLAUSE: u32 = 8;
/// Cost of a break before a preposition or conjunction, where a thought begins.
const THOUGHT: u32 = 16;
/// Silence that is as good as a comma.
const PAUSE_MS: u64 = 300;
/// Added for an article, a preposition or the like that is parted from its noun, and for a name in two.
const TORN: u32 = 60;
/// Added for a line of one short word.
const LONELY: u32 = 120;
/// Characters of a word that may stand alone on a line.
const LONG_WORD: usize = 8;

/// A word on its way into a cue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: String,
    pub(super) characters: usize,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) speaker: Option<&'a str>,
    pub(super) is_sentence_end: bool,
    /// Cost of ending a line or a cue behind it.
    pub(super) breach: u32,
}

/// Whether a text ends as sentences do.
pub(super) fn ends_sentence(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', ')', ']', '»', '”', '’', '」', '』']);
    text.ends_with(['.', '?', '!', '…', '。', '？', '！', '؟'])
}

fn ends_clause(text: &str) -> bool {
    text.ends_with([',', ';', ':', '–', '—', '、', '，', '；', '：'])
}

/// Cost of ending a line, or a cue, between two words.
pub(super) fn breach(left: &Token<'_>, right: &Token<'_>, layout: &Layout) -> u32 {
    if left.is_sentence_end {
        return 0;
    }
    if ends_clause(&left.text) || right.start_ms.saturating_sub(left.end_ms) >= PAUSE_MS {
        return CLAUSE;
    }
    // A full stop that ends no sentence abbreviates: `Mr.`, `e.g.`.
    let is_torn = layout.leans(&left.text) || left.text.ends_with('.') || is_name(left, right);
    if is_torn {
        BREAK + TORN
    } else if layout.leans(&right.text) {
        THOUGHT
    } else {
        BREAK
    }
}

/// Whether two words look like parts of a name, or like a number with what it counts.
fn is_name(left: &Token<'_>, right: &Token<'_>) -> bool {
    let begins =
        |token: &Token<'_>, is: fn(char) -> bool| token.text.chars().next().is_some_and(is);
    let are_capitals = begins(left, char::is_uppercase) && begins(right, char::is_uppercase);
    are_capitals || begins(left, char::is_numeric)
}

/// Characters of the words and of what stands between them.
fn characters(tokens: &[Token<'_>], layout: &Layout) -> usize {
    let between = layout.separator.len() * tokens.len().saturating_sub(1);
    tokens.iter().map(|token| token.characters).sum::<usize>() + between
}

/// Words of `total` characters in one line, or in the best two: what that costs, and how many words the first line has.
/// `None` when they do not fit.
pub(super) fn fold(tokens: &[Token<'_>], total: usize, layout: &Layout) -> Option<(u32, usize)> {
    if total <= layout.line_characters {
        return Some((0, tokens.len()));
    }
    if total > LINES * layout.line_characters + layout.separator.len() {
        return None;
    }
    let mut upper = 0;
    let mut best: Option<(u32, usize)> = None;
    for (index, pair) in tokens.windows(2).enumerate() {
        let [left, right] = pair else { continue };
        upper += left.characters + if index > 0 { layout.separator.len() } else { 0 };
        let lower = total - upper - layout.separator.len();
        if upper > layout.line_characters {
            break;
        }
        if lower > layout.line_characters {
            continue;
        }
        let is_first_lonely = index == 0 && left.characters < LONG_WORD;
        let is_last_lonely = index + 2 == tokens.len() && right.characters < LONG_WORD;
        let lonely = u32::from(is_first_lonely) + u32::from(is_last_lonely);
        // Even lines, and rather the lower one longer: it hides less of the picture's middle.
        let uneven = upper.abs_diff(lower) / 2 + usize::from(upper > lower);
        let cost = left.breach + LONELY * lonely + u32::try_from(uneven).unwrap_or(u32::MAX);
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, index + 1));
        }
    }
    best
}

/// The lines of words that fit.
pub(super) fn written(tokens: &[Token<'_>], layout: &Layout) -> Vec<String> {
    let first =
        fold(tokens, characters(tokens, layout), layout).map_or(tokens.len(), |(_, first)| first);
    let (upper, lower) = tokens.split_at(first.min(tokens.len()));
    let join = |tokens: &[Token<'_>]| {
        let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        texts.join(layout.separator)
    };
    [upper, lower]
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(join)
        .collect()
}
