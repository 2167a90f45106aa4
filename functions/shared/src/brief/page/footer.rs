//! What is folded at the end of the page: how far the brief can be trusted, what moderation says, what it cost, and where
//! it comes from.

use super::evidence::moment;
use super::{escaped, percent};
use crate::brief::{Brief, Engine};
use crate::labels::{Flag, FlagSource, Severity};

/// Flags that are listed, in the order of time.
const FLAGS_SHOWN: usize = 50;

pub(super) fn footer(brief: &Brief) -> String {
    format!(
        "<footer><h2>About this brief</h2>\n{}{}{}{}<p>{} · {} · schema {}</p></footer>\n",
        folded("Quality", &quality(brief)),
        folded("Moderation", &moderation(brief)),
        folded("Cost", &cost(brief)),
        folded("Provenance", &provenance(brief)),
        escaped(&brief.run_id),
        escaped(&brief.generated_at),
        escaped(&brief.schema_version),
    )
}

fn folded(name: &str, content: &str) -> String {
    format!("<details><summary>{name}</summary>\n<div>{content}</div></details>\n")
}

/// A table with a row header; nothing without rows.
fn table(name: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: Vec<String> = head
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    let row = |cells: &Vec<String>| {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| format!("<td>{cell}</td>"))
            .collect();
        format!("<tr>{}</tr>", cells.concat())
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>\n",
        head.concat(),
        rows.concat()
    )
}

fn list<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let items =
        items.map(|(name, text)| format!("<li><b>{}</b>: {}</li>", escaped(name), escaped(text)));
    let items = items.collect::<Vec<_>>().concat();
    if items.is_empty() {
        items
    } else {
        format!("<ul>{items}</ul>\n")
    }
}

fn quality(brief: &Brief) -> String {
    let quality = &brief.quality;
    let missing = quality
        .missing_analyses
        .iter()
        .map(|one| (one.name.as_str(), one.reason.as_str()));
    let warnings = quality
        .warnings
        .iter()
        .map(|one| (one.code.into(), one.message.as_str()));
    let count = |number: usize, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    format!(
        "<p>Chapters cover {} of the video. {} of the model were dropped because nothing supports them. The document is {}valid against its schema.</p>\n\
         <p>{}, {}, {}, {}.</p>\n{}{}",
        percent(quality.coverage),
        count(quality.unsupported_statements, "statement", "statements"),
        if quality.schema_valid { "" } else { "not " },
        count(brief.statistics.words, "word", "words"),
        count(brief.statistics.speakers, "speaker", "speakers"),
        count(brief.statistics.shots, "shot", "shots"),
        format_args!("{} s of silence", brief.statistics.silence_ms / 1000),
        list(missing),
        list(warnings),
    )
}

fn moderation(brief: &Brief) -> String {
    let moderation = &brief.moderation;
    let flag = |one: &Flag| {
        let severity = match one.severity {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        };
        let source = match one.source {
            FlagSource::Rekognition => "Rekognition",
            FlagSource::Bda => "Data Automation",
        };
        vec![
            moment(one.start_ms),
            escaped(&one.category),
            severity.to_owned(),
            percent(one.confidence),
            source.to_owned(),
        ]
    };
    let spoken = moderation.speech_toxicity.iter().map(|one| {
        vec![
            moment(one.start_ms),
            escaped(&one.category),
            String::new(),
            percent(one.confidence),
            "Transcribe".to_owned(),
        ]
    });
    let flags: Vec<Vec<String>> = moderation
        .flags
        .iter()
        .map(flag)
        .chain(spoken)
        .take(FLAGS_SHOWN)
        .collect();
    let disagreement = if moderation.disagreement {
        " The services disagree."
    } else {
        ""
    };
    format!(
        "<p>Decision: <b>{}</b>, by rule, policy {}.{disagreement}</p>\n{}",
        <&str>::from(moderation.decision),
        escaped(&moderation.policy_version),
        table(
            "Flags",
            &["Time", "Category", "Severity", "Confidence", "Seen by"],
            &flags
        )
    )
}

fn cost(brief: &Brief) -> String {
    let actual = brief
        .cost
        .actual_usd
        .map(|usd| format!(", actual ${usd:.4}"))
        .unwrap_or_default();
    let line = |one: &crate::brief::CostLine| {
        let amount = format!("${:.4}", one.qty * one.unit_price);
        vec![
            escaped(&one.service),
            format!(
                "{} × {}",
                (one.qty * 1000.0).round() / 1000.0,
                escaped(&one.unit)
            ),
            amount,
            escaped(&one.price_date),
        ]
    };
    let lines: Vec<Vec<String>> = brief.cost.lines.iter().map(line).collect();
    format!(
        "<p>Predicted ${:.4}{actual}.</p>\n{}",
        brief.cost.predicted_usd,
        table(
            "Cost lines",
            &["Service", "Quantity", "Amount", "Price of"],
            &lines
        )
    )
}

fn provenance(brief: &Brief) -> String {
    let provenance = &brief.provenance;
    let engine = |one: &Engine| {
        let model = [&one.model, &one.model_version]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ");
        let job = one.job_id.as_deref().unwrap_or_default();
        vec![
            escaped(&one.service),
            escaped(&one.operation),
            escaped(&model),
            escaped(job),
        ]
    };
    let engines: Vec<Vec<String>> = provenance.engines.iter().map(engine).collect();
    let machines = provenance
        .state_machine_version_arns
        .iter()
        .map(|(name, arn)| (name.as_str(), arn.as_str()));
    let source = &brief.source;
    format!(
        "<p>{}: {}, {}, {} bytes, version {}.</p>\n{}{}<p>Pipeline {}, prompt {}{}.</p>\n",
        escaped(&source.key),
        escaped(&source.container),
        [Some(&source.video_codec), source.audio_codec.as_ref()]
            .into_iter()
            .flatten()
            .map(|codec| escaped(codec))
            .collect::<Vec<_>>()
            .join(" and "),
        source.size_bytes,
        escaped(&source.version_id),
        table(
            "Engines",
            &["Service", "Operation", "Model", "Job"],
            &engines
        ),
        list(machines),
        escaped(&provenance.pipeline_version),
        escaped(&provenance.prompt_id),
        provenance
            .variant
            .as_deref()
            .map(|name| format!(", variant {}", escaped(name)))
            .unwrap_or_default(),
    )
}
