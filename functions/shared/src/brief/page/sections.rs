//! The sections of the page.

use super::html::picture;
use super::{Page, candidates, clock, escaped, percent};
use crate::brief::{Brief, EvidenceSource, PersonKind, RenditionKind, Statement};
use crate::labels::{Label, TimeRange};
use crate::location::S3Uri;

/// Labels on the timeline, the surest first.
const LABELS_SHOWN: usize = 12;
/// Label sightings below this confidence are left out of the page (the brief has them all).
const SHOWN_CONFIDENCE: f64 = 0.3;

/// A link that seeks.
fn moment(ms: u64) -> String {
    format!("<a class=\"time\" href=\"#t={}\" data-ms=\"{ms}\">{}</a>", ms / 1000, clock(ms))
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
    let items: String = statement
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
            let quote = one.quote.as_deref().map(|quote| format!(" {}", escaped(quote))).unwrap_or_default();
            format!("<span class=\"item\" role=\"listitem\">{} <b>{source}</b>{quote}</span>", moment(one.start_ms))
        })
        .collect();
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
    let chapters: String = brief.chapters.iter().map(chapter).collect();
    format!("<nav class=\"strip\" aria-label=\"Chapters\">{chapters}</nav>\n")
}

/// Labels on a timeline.
pub(super) fn labels(brief: &Brief) -> String {
    let shown: Vec<&Label> =
        brief.labels.iter().filter(|label| label.confidence_max >= SHOWN_CONFIDENCE).take(LABELS_SHOWN).collect();
    if shown.is_empty() {
        return String::new();
    }
    let rows: String = shown.into_iter().map(|label| row(label, brief)).collect();
    format!(
        "<div class=\"labels\"><h2>Seen</h2><dl>{rows}</dl></div>\n"
    )
}

fn row(label: &Label, brief: &Brief) -> String {
    let bar = |one: &TimeRange| {
        let title = format!("{} {}–{}, {}", label.name, clock(one.start_ms), clock(one.end_ms), percent(one.confidence));
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
    let bars: String = label.instances.iter().filter(|one| one.confidence >= SHOWN_CONFIDENCE).map(bar).collect();
    format!("<dt title=\"{0}\">{0}</dt><dd>{bars}</dd>", escaped(&label.name))
}

pub(super) fn topics(brief: &Brief) -> String {
    if brief.topics.is_empty() {
        return String::new();
    }
    let topic = |one: &crate::brief::Topic| format!("<li>{}</li>", escaped(&one.path.join(" › ")));
    format!("<ul class=\"topics\" aria-label=\"Topics\">{}</ul>\n", brief.topics.iter().map(topic).collect::<String>())
}

/// Analyses that failed; those that nobody asked for are told in the footer.
pub(super) fn missing(brief: &Brief) -> String {
    let is_failure = |reason: &str| !reason.starts_with("The profile") && !reason.starts_with("The video has");
    let missing = brief.quality.missing_analyses.iter().filter(|one| is_failure(&one.reason));
    let items: String =
        missing.map(|one| format!("<li><b>{}</b>: {}</li>", escaped(&one.name), escaped(&one.reason))).collect();
    if items.is_empty() { items } else { format!("<section class=\"missing\"><h2>Missing</h2><ul>{items}</ul></section>\n") }
}

pub(super) fn moments(brief: &Brief) -> String {
    let moments = brief.key_moments.iter().map(|one| {
        format!("<li>{} {}{}</li>", moment(one.start_ms), escaped(&one.reason.text), evidence(&one.reason))
    });
    section("moments", "Key moments", "ol", &moments.collect::<String>())
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
    section("chapters", "Chapters", "ol", &chapters.collect::<String>())
}

pub(super) fn quotes(brief: &Brief) -> String {
    let quotes = brief.quotes.iter();
    let quotes = quotes.map(|one| format!("<li>{} <q>{}</q></li>", moment(one.start_ms), escaped(&one.text)));
    section("quotes", "Quotes", "ul", &quotes.collect::<String>())
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
        let times: Vec<String> = one.instances.iter().take(5).map(|range| moment(range.start_ms)).collect();
        format!("<li><b>{}</b> {how} {}</li>", escaped(name), times.join(" "))
    });
    section("people", "People", "ul", &people.collect::<String>())
}

pub(super) fn transcript(page: &Page<'_>) -> String {
    let Some(transcript) = page.transcript.filter(|transcript| !transcript.segments.is_empty()) else {
        return String::new();
    };
    let segments = transcript.segments.iter().map(|one| {
        let speaker = one.speaker.as_deref().map(|name| format!("<b>{}</b> ", escaped(name))).unwrap_or_default();
        format!(
            "<p data-ms=\"{}\" data-end=\"{}\">{} {speaker}<span>{}</span></p>",
            one.start_ms,
            one.end_ms,
            moment(one.start_ms),
            escaped(&one.text)
        )
    });
    format!(
        "<section class=\"transcript\" aria-labelledby=\"transcript-heading\">\n<h2 id=\"transcript-heading\">Transcript</h2>\n\
         <input id=\"filter\" type=\"search\" placeholder=\"Find in the transcript\" aria-label=\"Find in the transcript\" hidden>\n\
         <div class=\"said\" tabindex=\"0\" lang=\"{}\">{}</div>\n</section>\n",
        escaped(&transcript.language.code),
        segments.collect::<String>()
    )
}

pub(super) fn files(brief: &Brief, beside: fn(&S3Uri) -> String) -> String {
    let media = brief.renditions.iter().map(|one| {
        let name = match (one.kind, one.height) {
            (RenditionKind::Mp4, Some(height)) => format!("MP4 {height}p"),
            (RenditionKind::Mp4, None) => "MP4".to_owned(),
            (RenditionKind::Hls, _) => "HLS".to_owned(),
            (RenditionKind::Dash, _) => "DASH".to_owned(),
            (RenditionKind::Audio, _) => "Sound".to_owned(),
        };
        let [published, exported] = candidates(&one.uri).map(|address| escaped(&address));
        format!("<li><a href=\"{published}\" data-other=\"{exported}\">{name}</a></li>")
    });
    let subtitles = brief.subtitles.iter().map(|one| {
        let format: &str = one.format.into();
        let address = escaped(&beside(&one.uri));
        format!("<li><a href=\"{address}\">Subtitles {} ({})</a></li>", escaped(&one.language), format.to_uppercase())
    });
    let documents = ["brief.json", "brief.md"].map(|name| format!("<li><a href=\"{name}\">{name}</a></li>"));
    section("files", "Files", "ul", &media.chain(subtitles).chain(documents).collect::<String>())
}

/// Where the brief comes from.
pub(super) fn footer(brief: &Brief) -> String {
    let engine = |one: &crate::brief::Engine| {
        let model = [&one.model, &one.model_version].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        let names = [&one.service, &one.operation, &model].map(|name| format!("<td>{}</td>", escaped(name)));
        format!("<tr>{}</tr>", names.concat())
    };
    let engines: String = brief.provenance.engines.iter().map(engine).collect();
    let notes = brief.quality.missing_analyses.iter().map(|one| (&one.name, &one.reason));
    let notes = notes.chain(brief.quality.warnings.iter().map(|one| (&one.code, &one.message)));
    let notes: String = notes.map(|(name, text)| format!("<li><b>{}</b>: {}</li>", escaped(name), escaped(text))).collect();
    let actual = brief.cost.actual_usd.map(|usd| format!(", actual ${usd:.4}")).unwrap_or_default();
    format!(
        "<footer><details><summary>How this brief was made</summary>\n<table><thead><tr><th>Service</th><th>Operation</th><th>Model</th></tr></thead>\
         <tbody>{engines}</tbody></table>\n<ul>{notes}</ul>\n\
         <p>Chapters cover {coverage} of the video; {dropped} unsupported statements were dropped. Moderation: {decision}. \
         Cost: predicted ${predicted:.4}{actual}.</p>\n<p>{run} · {at}</p></details></footer>\n",
        coverage = percent(brief.quality.coverage),
        dropped = brief.quality.unsupported_statements,
        decision = <&str>::from(brief.moderation.decision),
        predicted = brief.cost.predicted_usd,
        run = escaped(&brief.run_id),
        at = escaped(&brief.generated_at),
    )
}

/// A section with a list; nothing without items.
fn section(name: &str, heading: &str, list: &str, items: &str) -> String {
    if items.is_empty() {
        return String::new();
    }
    format!("<section class=\"{name}\" id=\"{name}\">\n<h2>{heading}</h2>\n<{list}>{items}</{list}>\n</section>\n")
}
