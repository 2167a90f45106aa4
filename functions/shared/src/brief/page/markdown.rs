//! The brief as Markdown.

use super::timeline::speakers;
use super::{Page, beside, clock, percent, telling};
use crate::brief::{Brief, PersonKind, Statement};
use crate::labels::TimeRange;

/// Times that are listed of a label, a person or a thing.
const TIMES_SHOWN: usize = 20;

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
    let moments = brief.key_moments.iter().map(|one| {
        let (time, reason) = (clock(one.start_ms), plain(&one.reason.text));
        format!("- {time} {reason}{}\n", cited(&one.reason))
    });
    add(&mut text, "Key moments", moments, "");
    let quotes = brief.quotes.iter().map(|one| {
        let speaker =
            speakers(brief).find(|(_, person)| Some(&person.id) == one.speaker_id.as_ref());
        let speaker = speaker
            .map(|(name, _)| plain(&name) + ", ")
            .unwrap_or_default();
        format!(
            "> {} ({speaker}{})\n",
            plain(&one.text),
            clock(one.start_ms)
        )
    });
    add(&mut text, "Quotes", quotes, "\n");
    let labels = telling(brief).map(|one| {
        format!(
            "- {} ({}): {}\n",
            plain(&one.name),
            percent(one.confidence_max),
            times(&one.instances)
        )
    });
    add(&mut text, "Seen", labels, "");
    let topics = brief
        .topics
        .iter()
        .map(|one| format!("- {}\n", plain(&one.path.join(" › "))));
    add(&mut text, "Topics", topics, "");
    let people = speakers(brief).map(|(name, one)| {
        let share = one.share_of_talk.map(percent).unwrap_or_default();
        format!("- {}: {share} of the talk\n", plain(&name))
    });
    let mentioned = brief.people.iter().filter_map(|one| {
        let name = one
            .display_name
            .as_deref()
            .filter(|_| one.kind == PersonKind::Mentioned)?;
        Some(format!("- {}: {}\n", plain(name), times(&one.instances)))
    });
    add(&mut text, "People", people.chain(mentioned), "");
    let names = brief.entities.iter().map(|one| (&one.text, &one.instances));
    let names = names.chain(brief.brands.iter().map(|one| (&one.name, &one.instances)));
    let names = names.map(|(name, instances)| format!("- {}: {}\n", plain(name), times(instances)));
    add(&mut text, "Names", names, "");
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
    text.push_str(&about(brief));
    text
}

/// How far the brief can be trusted, and what it cost.
fn about(brief: &Brief) -> String {
    let quality = &brief.quality;
    let mut text = format!(
        "\n## About this brief\n\n- Chapters cover {} of the video; unsupported statements that were dropped: {}\n- Moderation: {}\n\
         - Cost: predicted ${:.4}",
        percent(quality.coverage),
        quality.unsupported_statements,
        <&str>::from(brief.moderation.decision),
        brief.cost.predicted_usd,
    );
    text.extend(
        brief
            .cost
            .actual_usd
            .map(|usd| format!(", actual ${usd:.4}")),
    );
    text.push('\n');
    text.extend(quality.warnings.iter().map(|one| {
        let code: &str = one.code.into();
        format!("- {code}: {}\n", plain(&one.message))
    }));
    text
}

/// The first few times of something.
fn times(instances: &[TimeRange]) -> String {
    let first = instances.iter().take(TIMES_SHOWN);
    let mut times: Vec<String> = first
        .map(|range| format!("{}–{}", clock(range.start_ms), clock(range.end_ms)))
        .collect();
    let more = instances.len().saturating_sub(TIMES_SHOWN);
    if more > 0 {
        times.push(format!("and {more} more"));
    }
    times.join(", ")
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
