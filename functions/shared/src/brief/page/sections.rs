//! The sections of the page.

use super::html::picture;
use super::{Page, clock, escaped, percent, telling};
use crate::brief::{Brief, EvidenceSource, PersonKind, Statement};
use crate::labels::{Label, TimeRange};

/// Labels on the timeline, the surest first.
const LABELS_SHOWN: usize = 12;
/// Label sightings below this confidence are left out of the page (the brief has them all).
const SHOWN_CONFIDENCE: f64 = 0.3;

/// A link that seeks.
pub(super) fn moment(ms: u64) -> String {
    format!(
        "<a class=\"time\" href=\"#t={}\" data-ms=\"{ms}\">{}</a>",
        ms / 1000,
        clock(ms)
    )
}

fn left(ms: u64, brief: &Brief) -> String {
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
    let share = ms as f64 / brief.source.duration_ms.max(1) as f64;
    format!("{:.3}%", (share * 100.0).min(100.0))
}

/// The mark behind a statement, with what supports it.
pub(super) fn evidence(statement: &Statement) -> String {
    if statement.evidence.is_empty() {
        return String::new();
    }
    let items: Vec<String> = statement
        .evidence
        .iter()
        .map(|one| {
            let source = match one.source {
                EvidenceSource::Transcribe => "said",
                EvidenceSource::Rekognition => "seen",
                EvidenceSource::Bda => "shot",
                EvidenceSource::Bedrock => "written",
                EvidenceSource::Probe => "file",
            };
            let quote = one
                .quote
                .as_deref()
                .map(|quote| format!(" {}", escaped(quote)))
                .unwrap_or_default();
            format!(
                "<span class=\"item\" role=\"listitem\">{} <b>{source}</b>{quote}</span>",
                moment(one.start_ms)
            )
        })
        .collect();
    let items = items.concat();
    let count = statement.evidence.len();
    format!(
        "<span class=\"evidence\"><button type=\"button\" aria-expanded=\"false\" aria-label=\"Evidence: {count}\">{count}</button>\
         <span class=\"tip\" role=\"list\">{items}<i>confidence {}</i></span></span>",
        percent(statement.confidence)
    )
}

/// The chapters as a strip below the video.
pub(super) fn strip(brief: &Brief) -> String {
    let chapter = |one: &crate::brief::Chapter| {
        format!(
            "<a href=\"#t={}\" data-ms=\"{}\" data-end=\"{}\" style=\"flex-grow:{}\" title=\"{}\"><span>{}</span></a>",
            one.start_ms / 1000,
            one.start_ms,
            one.end_ms,
            one.end_ms.saturating_sub(one.start_ms),
            escaped(&format!("{} {}", clock(one.start_ms), one.title)),
            escaped(&one.title),
        )
    };
    let chapters = brief
        .chapters
        .iter()
        .map(chapter)
        .collect::<Vec<_>>()
        .concat();
    format!("<nav class=\"strip\" aria-label=\"Chapters\">{chapters}</nav>\n")
}

/// Labels on a timeline.
pub(super) fn labels(brief: &Brief) -> String {
    let shown: Vec<&Label> = telling(brief)
        .filter(|label| label.confidence_max >= SHOWN_CONFIDENCE)
        .take(LABELS_SHOWN)
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    let rows = shown
        .into_iter()
        .map(|label| row(label, brief))
        .collect::<Vec<_>>()
        .concat();
    format!("<div class=\"labels\"><h2>Seen</h2><dl>{rows}</dl></div>\n")
}

fn row(label: &Label, brief: &Brief) -> String {
    let bar = |one: &TimeRange| {
        let title = format!(
            "{} {}–{}, {}",
            label.name,
            clock(one.start_ms),
            clock(one.end_ms),
            percent(one.confidence)
        );
        format!(
            "<a href=\"#t={}\" data-ms=\"{}\" style=\"left:{};width:{};opacity:{:.2}\" title=\"{title}\" aria-label=\"{title}\"></a>",
            one.start_ms / 1000,
            one.start_ms,
            left(one.start_ms, brief),
            left(one.end_ms.saturating_sub(one.start_ms), brief),
            0.4 + 0.6 * one.confidence,
            title = escaped(&title),
        )
    };
    let bars = label
        .instances
        .iter()
        .filter(|one| one.confidence >= SHOWN_CONFIDENCE)
        .map(bar)
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<dt title=\"{0}\">{0}</dt><dd>{bars}</dd>",
        escaped(&label.name)
    )
}

pub(super) fn topics(brief: &Brief) -> String {
    if brief.topics.is_empty() {
        return String::new();
    }
    let topic = |one: &crate::brief::Topic| format!("<li>{}</li>", escaped(&one.path.join(" › ")));
    format!(
        "<ul class=\"topics\" aria-label=\"Topics\">{}</ul>\n",
        brief.topics.iter().map(topic).collect::<Vec<_>>().concat()
    )
}

/// Analyses that failed; those that nobody asked for are told in the footer.
pub(super) fn missing(brief: &Brief) -> String {
    let is_failure =
        |reason: &str| !reason.starts_with("The profile") && !reason.starts_with("The video has");
    let missing = brief
        .quality
        .missing_analyses
        .iter()
        .filter(|one| is_failure(&one.reason));
    let items = missing.map(|one| {
        format!(
            "<li><b>{}</b>: {}</li>",
            escaped(&one.name),
            escaped(&one.reason)
        )
    });
    let items = items.collect::<Vec<_>>().concat();
    if items.is_empty() {
        items
    } else {
        format!("<section class=\"missing\"><h2>Missing</h2><ul>{items}</ul></section>\n")
    }
}

pub(super) fn moments(brief: &Brief) -> String {
    let moments = brief.key_moments.iter().map(|one| {
        format!(
            "<li>{} {}{}</li>",
            moment(one.start_ms),
            escaped(&one.reason.text),
            evidence(&one.reason)
        )
    });
    section(
        "moments",
        "Key moments",
        "ol",
        &moments.collect::<Vec<_>>().concat(),
    )
}

pub(super) fn chapters(page: &Page<'_>) -> String {
    let chapters = page.brief.chapters.iter().map(|one| {
        let shown = one.keyframe_uri.as_ref().map(|uri| picture(page, uri)).unwrap_or_default();
        format!(
            "<li data-ms=\"{start}\" data-end=\"{end}\"><a class=\"key\" href=\"#t={seconds}\" data-ms=\"{start}\" tabindex=\"-1\" aria-hidden=\"true\">{shown}</a>\
             <div><h3>{time} {title}</h3><p>{summary}{evidence}</p></div></li>",
            start = one.start_ms,
            end = one.end_ms,
            seconds = one.start_ms / 1000,
            time = moment(one.start_ms),
            title = escaped(&one.title),
            summary = escaped(&one.summary.text),
            evidence = evidence(&one.summary),
        )
    });
    section(
        "chapters",
        "Chapters",
        "ol",
        &chapters.collect::<Vec<_>>().concat(),
    )
}

pub(super) fn quotes(brief: &Brief) -> String {
    let quotes = brief.quotes.iter();
    let quotes = quotes.map(|one| {
        format!(
            "<li>{} <q>{}</q></li>",
            moment(one.start_ms),
            escaped(&one.text)
        )
    });
    section(
        "quotes",
        "Quotes",
        "ul",
        &quotes.collect::<Vec<_>>().concat(),
    )
}

pub(super) fn people(brief: &Brief) -> String {
    let people = brief.people.iter().map(|one| {
        let name = one.display_name.as_deref().unwrap_or(&one.id);
        let how = match (one.kind, one.share_of_talk) {
            (PersonKind::Speaker, Some(share)) => format!("speaks, {} of the talk", percent(share)),
            (PersonKind::Speaker, None) => "speaks".to_owned(),
            (PersonKind::Face | PersonKind::Celebrity, _) => "is seen".to_owned(),
            (PersonKind::Mentioned, _) => "is mentioned".to_owned(),
        };
        let times: Vec<String> = one
            .instances
            .iter()
            .take(5)
            .map(|range| moment(range.start_ms))
            .collect();
        format!(
            "<li><b>{}</b> {how} {}</li>",
            escaped(name),
            times.join(" ")
        )
    });
    section(
        "people",
        "People",
        "ul",
        &people.collect::<Vec<_>>().concat(),
    )
}

/// A section with a list; nothing without items.
pub(super) fn section(name: &str, heading: &str, list: &str, items: &str) -> String {
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<section class=\"{name}\" id=\"{name}\">\n<h2>{heading}</h2>\n<{list}>{items}</{list}>\n</section>\n"
    )
}
