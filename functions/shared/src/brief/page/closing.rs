//! The last sections of the page: what is said, and the files.

use std::collections::BTreeSet;

use super::evidence::{moment, tongue};
use super::sections::section;
use super::timeline::speakers;
use super::{Page, beside, candidates, escaped};
use crate::brief::{Brief, RenditionKind};

/// Lines without a chapter heading between them that are laid out together.
const LINES: usize = 40;

pub(super) fn transcript(page: &Page<'_>) -> String {
    let Some(transcript) = page
        .transcript
        .filter(|transcript| !transcript.segments.is_empty())
    else {
        return String::new();
    };
    // Speakers are numbered in the order of their labels, as the brief does.
    let labels = transcript
        .segments
        .iter()
        .filter_map(|one| one.speaker.as_deref());
    let labels: Vec<&str> = labels.collect::<BTreeSet<_>>().into_iter().collect();
    let names: Vec<String> = speakers(page.brief).map(|(name, _)| name).collect();
    let name = |label: &str| {
        let number = labels.iter().position(|known| *known == label)?;
        names.get(number).filter(|_| labels.len() > 1)
    };
    let (mut last, mut second) = (None, None);
    let lines = transcript.segments.iter().map(|one| {
        let speaker = one
            .speaker
            .as_deref()
            .filter(|label| last != Some(*label))
            .and_then(name);
        last = one.speaker.as_deref();
        // The first line of a second is where links without script lead.
        let place = Some(one.start_ms / 1000).filter(|place| second != Some(*place));
        second = place.or(second);
        format!(
            "<p{} data-ms=\"{}\" data-end=\"{}\">{}{} <span>{}</span></p>",
            place
                .map(|place| format!(" id=\"t={place}\""))
                .unwrap_or_default(),
            one.start_ms,
            one.end_ms,
            speaker
                .map(|name| format!("<b dir=\"auto\">{}</b> ", escaped(name)))
                .unwrap_or_default(),
            moment(one.start_ms),
            escaped(&one.text)
        )
    });
    let lines: Vec<String> = lines.collect();
    let blocks = lines
        .chunks(LINES)
        .map(|block| format!("<div>{}</div>", block.concat()));
    format!(
        "<section class=\"transcript\" id=\"transcript\" aria-labelledby=\"transcript-heading\">\n<h2 id=\"transcript-heading\">Transcript</h2>\n\
         <p class=\"find\" hidden><input id=\"find\" type=\"search\" placeholder=\"Find in the transcript\" aria-label=\"Find in the transcript\">\
         <span role=\"status\" id=\"found\"></span></p>\n\
         <div class=\"said\" tabindex=\"0\" role=\"region\" aria-label=\"What is said\" {}>{}</div>\n</section>\n",
        tongue(&transcript.language.code),
        blocks.collect::<Vec<_>>().concat()
    )
}

pub(super) fn files(brief: &Brief) -> String {
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
        format!(
            "<li><a href=\"{}\">Subtitles {} ({})</a></li>",
            escaped(&beside(&one.uri)),
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
        media.chain(subtitles).chain(documents),
    )
}
