//! The brief as Markdown.

use super::{Page, beside, clock, percent, telling};
use crate::brief::Statement;

/// The brief as Markdown; text from outside cannot make markup.
pub fn markdown(page: &Page<'_>) -> String {
    let brief = page.brief;
    let mut text = format!(
        "# {}\n\n{}{}\n",
        plain(&brief.title.text),
        plain(&brief.summary.text),
        cited(&brief.summary)
    );
    let facts = format!(
        "\n{} · {}×{} · {}\n",
        clock(brief.source.duration_ms),
        brief.source.width,
        brief.source.height,
        plain(&brief.source.key)
    );
    text.push_str(&facts);
    let chapters = brief.chapters.iter().map(|one| {
        let (time, title, summary) = (
            clock(one.start_ms),
            plain(&one.title),
            plain(&one.summary.text),
        );
        format!("### {time} {title}\n\n{summary}{}\n", cited(&one.summary))
    });
    add(&mut text, "Chapters", chapters, "\n");
    let moments = brief.key_moments.iter();
    let moments =
        moments.map(|one| format!("- {} {}\n", clock(one.start_ms), plain(&one.reason.text)));
    add(&mut text, "Key moments", moments, "");
    let quotes = brief
        .quotes
        .iter()
        .map(|one| format!("> {} ({})\n", plain(&one.text), clock(one.start_ms)));
    add(&mut text, "Quotes", quotes, "\n");
    let labels = telling(brief).map(|one| {
        let times: Vec<String> = one
            .instances
            .iter()
            .map(|range| format!("{}–{}", clock(range.start_ms), clock(range.end_ms)))
            .collect();
        format!(
            "- {} ({}): {}\n",
            plain(&one.name),
            percent(one.confidence_max),
            times.join(", ")
        )
    });
    add(&mut text, "Seen", labels, "");
    let topics = brief
        .topics
        .iter()
        .map(|one| format!("- {}\n", plain(&one.path.join(" › "))));
    add(&mut text, "Topics", topics, "");
    let missing = brief.quality.missing_analyses.iter();
    let missing = missing.map(|one| format!("- {}: {}\n", plain(&one.name), plain(&one.reason)));
    add(&mut text, "Missing", missing, "");
    let subtitles = brief.subtitles.iter().map(|one| {
        let address = beside(&one.uri);
        format!("- [{}]({address})\n", plain(one.uri.file_name()))
    });
    add(&mut text, "Subtitles", subtitles, "");
    let said = page
        .transcript
        .iter()
        .flat_map(|transcript| &transcript.segments);
    let said = said.map(|one| format!("**{}** {}\n", clock(one.start_ms), plain(&one.text)));
    add(&mut text, "Transcript", said, "\n");
    text
}

/// A heading and its items; nothing without items.
fn add(text: &mut String, heading: &str, items: impl Iterator<Item = String>, between: &str) {
    let items: Vec<String> = items.collect();
    if !items.is_empty() {
        text.extend(["\n## ", heading, "\n\n", &items.join(between)]);
    }
}

/// Times of the evidence, in brackets.
fn cited(statement: &Statement) -> String {
    let mut times: Vec<String> = statement
        .evidence
        .iter()
        .map(|one| clock(one.start_ms))
        .collect();
    times.dedup();
    if times.is_empty() {
        String::new()
    } else {
        format!(" ({})", times.join(", "))
    }
}

/// Text on one line without Markdown or HTML of its own.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for mark in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        if r"\`*_{}[]<>#|~&".contains(mark) {
            safe.push('\\');
        }
        safe.push(mark);
    }
    // At the beginning of a line these would make lists or numbering.
    if safe.starts_with(['-', '+']) {
        format!("\\{safe}")
    } else {
        safe
    }
}
