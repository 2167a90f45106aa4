//! Times that seek, and the mark behind a statement that opens what supports it.

use super::{clock, escaped, percent};
use crate::brief::{Evidence, EvidenceSource, Statement};

/// A link that seeks. Without script it leads to what is said then: `t=<seconds>` is the id of its line.
pub(super) fn moment(ms: u64) -> String {
    format!(
        "<a class=\"time\" href=\"#t={}\" data-ms=\"{ms}\">{}</a>",
        ms / 1000,
        clock(ms)
    )
}

/// Language and direction of a text of the video: the page itself is English.
pub(super) fn tongue(code: &str) -> String {
    if code == "und" {
        "dir=\"auto\"".to_owned()
    } else {
        format!("lang=\"{}\" dir=\"auto\"", escaped(code))
    }
}

/// The mark behind a statement.
pub(super) fn evidence(statement: &Statement, language: &str) -> String {
    let count = statement.evidence.len();
    if count == 0 {
        return String::new();
    }
    let items: Vec<String> = statement
        .evidence
        .iter()
        .map(|one| item(one, language))
        .collect();
    let basis = match statement.basis {
        crate::brief::Basis::Extracted => "Words of the source",
        crate::brief::Basis::Generated => "Written by a model",
    };
    let places = if count == 1 { "place" } else { "places" };
    format!(
        " <span class=\"evidence\"><button type=\"button\" aria-expanded=\"false\" aria-label=\"Evidence: {count} {places}\">{count}</button>\
         <span class=\"tip\" lang=\"en\" dir=\"ltr\"><span role=\"list\">{}</span><i>{basis} · confidence {}</i></span></span>",
        items.concat(),
        percent(statement.confidence)
    )
}

/// Where it is from, when, and what it says there.
fn item(one: &Evidence, language: &str) -> String {
    let stream = match one.source {
        EvidenceSource::Transcribe => "Speech",
        EvidenceSource::Rekognition => "Picture",
        EvidenceSource::Bda => "Shot",
        EvidenceSource::Bedrock => "Text",
        EvidenceSource::Probe => "File",
    };
    let quote = one.quote.as_deref().map(|quote| {
        let tongue = if one.source == EvidenceSource::Transcribe {
            tongue(language)
        } else {
            tongue("und")
        };
        format!(" <q {tongue}>{}</q>", escaped(quote))
    });
    format!(
        "<span class=\"item\" role=\"listitem\">{}–{} <b>{stream}</b>{}</span>",
        moment(one.start_ms),
        clock(one.end_ms),
        quote.unwrap_or_default()
    )
}
