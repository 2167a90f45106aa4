//! The last sections of the page: what is said, the files, where it all comes from.

use super::sections::{moment, section};
use super::{Page, candidates, escaped, percent};
use crate::brief::{Brief, RenditionKind};
use crate::location::S3Uri;

pub(super) fn transcript(page: &Page<'_>) -> String {
    let Some(transcript) = page
        .transcript
        .filter(|transcript| !transcript.segments.is_empty())
    else {
        return String::new();
    };
    let segments = transcript.segments.iter().map(|one| {
        let speaker = one
            .speaker
            .as_deref()
            .map(|name| format!("<b>{}</b> ", escaped(name)))
            .unwrap_or_default();
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
        segments.collect::<Vec<_>>().concat()
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
        format!(
            "<li><a href=\"{address}\">Subtitles {} ({})</a></li>",
            escaped(&one.language),
            format.to_uppercase()
        )
    });
    let documents =
        ["brief.json", "brief.md"].map(|name| format!("<li><a href=\"{name}\">{name}</a></li>"));
    section(
        "files",
        "Files",
        "ul",
        &media
            .chain(subtitles)
            .chain(documents)
            .collect::<Vec<_>>()
            .concat(),
    )
}

/// Where the brief comes from.
pub(super) fn footer(brief: &Brief) -> String {
    let engine = |one: &crate::brief::Engine| {
        let model = [&one.model, &one.model_version]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ");
        let names = [&one.service, &one.operation, &model]
            .map(|name| format!("<td>{}</td>", escaped(name)));
        format!("<tr>{}</tr>", names.concat())
    };
    let engines = brief
        .provenance
        .engines
        .iter()
        .map(engine)
        .collect::<Vec<_>>()
        .concat();
    let notes = brief
        .quality
        .missing_analyses
        .iter()
        .map(|one| (one.name.as_str(), &one.reason));
    let notes = notes.chain(
        brief
            .quality
            .warnings
            .iter()
            .map(|one| (one.code.into(), &one.message)),
    );
    let notes =
        notes.map(|(name, text)| format!("<li><b>{}</b>: {}</li>", escaped(name), escaped(text)));
    let notes = notes.collect::<Vec<_>>().concat();
    let actual = brief
        .cost
        .actual_usd
        .map(|usd| format!(", actual ${usd:.4}"))
        .unwrap_or_default();
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
