//! Figures of a brief: counts, quality, cost.

use videoflow_shared::brief::draft::PartDraft;
use videoflow_shared::brief::{
    Chapter, Cost, CostLine, MissingAnalysis, Person, PersonKind, Quality, Statistics, Warning,
    warning,
};
use videoflow_shared::labels::rounded;
use videoflow_shared::prices::{self, Charge, Line, Usage};
use videoflow_shared::transcript::Transcript;

use super::Material;

pub(super) fn statistics(
    material: &Material<'_>,
    chapters: usize,
    people: &[Person],
) -> Statistics {
    let count = material
        .transcript
        .as_ref()
        .map_or(0, |source| source.document.words());
    let spoken_ms = material
        .transcript
        .as_ref()
        .map_or(0, |source| spoken_ms(&source.document));
    let told_apart = people
        .iter()
        .filter(|one| one.kind == PersonKind::Speaker)
        .count();
    Statistics {
        shots: material
            .meaning
            .as_ref()
            .map_or(0, |source| source.document.shots.len()),
        chapters,
        speakers: if count > 0 { told_apart.max(1) } else { 0 },
        words: count,
        silence_ms: material.timeline.duration_ms.saturating_sub(spoken_ms),
    }
}

/// Time within words; speakers who talk at once count once.
fn spoken_ms(transcript: &Transcript) -> u64 {
    let mut words: Vec<_> = transcript
        .segments
        .iter()
        .flat_map(|segment| &segment.words)
        .collect();
    words.sort_by_key(|word| word.start_ms);
    let mut reached_ms = 0;
    let mut spoken_ms = 0;
    for word in words {
        spoken_ms += word.end_ms.saturating_sub(word.start_ms.max(reached_ms));
        reached_ms = reached_ms.max(word.end_ms);
    }
    spoken_ms
}

pub(super) fn quality(material: &Material<'_>, chapters: &[Chapter]) -> Quality {
    let covered: u64 = chapters
        .iter()
        .map(|chapter| chapter.end_ms - chapter.start_ms)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
    let coverage = covered as f64 / material.timeline.duration_ms.max(1) as f64;
    let problems = &material.written.reviewed.problems;
    let of_source = warning::of_source(&material.plan.video);
    let of_transcode = warning::of_transcode(&material.timeline.renditions);
    let of_parts = material.parts.iter().flat_map(|part| part.warnings.clone());
    let missing = material.timeline.missing.iter();
    Quality {
        coverage: rounded(coverage.min(1.0)),
        unsupported_statements: problems
            .iter()
            .filter(|problem| problem.is_unsupported)
            .count()
            + material
                .parts
                .iter()
                .map(|part| part.unsupported)
                .sum::<usize>(),
        schema_valid: false,
        warnings: warning::bounded(
            of_source
                .into_iter()
                .chain(of_transcode)
                .chain(of_parts)
                .chain(problems.iter().cloned().map(Warning::from))
                .collect(),
        ),
        missing_analyses: missing
            .map(|one| MissingAnalysis {
                name: one.name.clone(),
                reason: one.reason.clone(),
            })
            .collect(),
    }
}

/// The prediction, with the model's real tokens in place of the predicted ones.
pub(super) fn cost(material: &Material<'_>) -> Cost {
    let count = |own: u64, of_part: fn(&PartDraft) -> u64| {
        own + material.parts.iter().map(of_part).sum::<u64>()
    };
    let input_tokens = count(material.written.input_tokens, |part| part.input_tokens);
    let output_tokens = count(material.written.output_tokens, |part| part.output_tokens);
    #[expect(
        clippy::cast_precision_loss,
        reason = "tokens are counted in thousands"
    )]
    let usage = [
        (Charge::ModelInput, input_tokens),
        (Charge::ModelOutput, output_tokens),
    ]
    .map(|(charge, tokens)| Usage {
        charge,
        quantity: tokens as f64 / 1000.0,
    });
    let tokens = prices::bill(&usage).lines;
    let is_model = |line: &Line| {
        tokens
            .iter()
            .any(|one| one.service == line.service && one.unit == line.unit)
    };
    let predicted = material
        .plan
        .predicted_cost
        .lines
        .iter()
        .filter(|line| !is_model(line));
    let lines = predicted.chain(&tokens).map(|line| CostLine {
        service: line.service.clone(),
        unit: line.unit.clone(),
        qty: line.quantity,
        unit_price: line.unit_price_usd,
        price_date: line.as_of.clone(),
    });
    Cost {
        predicted_usd: material.plan.predicted_cost.total_usd,
        actual_usd: None,
        lines: lines.collect(),
    }
}
