//! Which lines of a bill a job still has to pay: what succeeded is in its ledger and is not paid for again.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::identity::Stage;
use crate::jobs::Job;
use crate::ledger::EntryStatus;
use crate::prices::{self, Charge, Line};

/// A part of a video's way, in the order in which it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter)]
pub enum Part {
    /// sanitize-file.
    Sanitize,
    /// preprocess-video.
    Preprocess,
    /// detect-labels, transcribe-speech, extract-meaning.
    Analyze,
    /// merge-brief.
    Merge,
    /// publish-video.
    Publish,
}

impl Part {
    /// The part that the machine of an execution has; process-video itself, or none that is known, is the whole way.
    pub fn of_execution(execution_arn: &str) -> Self {
        let machine = execution_arn.split(':').nth(6).unwrap_or_default();
        let is_of = |names: &[&str]| names.iter().any(|name| machine.ends_with(name));
        if is_of(&["-preprocess-video"]) {
            Self::Preprocess
        } else if is_of(&["-detect-labels", "-transcribe-speech", "-extract-meaning"]) {
            Self::Analyze
        } else if is_of(&["-merge-brief"]) {
            Self::Merge
        } else if is_of(&["-publish-video"]) {
            Self::Publish
        } else {
            Self::Sanitize
        }
    }
}

/// The charge that a line of a bill is of.
pub fn charge_of(service: &str, unit: &str) -> Option<Charge> {
    Charge::iter().find(|charge| {
        prices::price(*charge).is_some_and(|price| price.service == service && price.unit == unit)
    })
}

/// The stage that pays a charge. The others (probe, model, transitions, compute) are paid by every run.
pub fn stage_of(charge: Charge) -> Option<Stage> {
    match charge {
        Charge::TranscodeSd
        | Charge::TranscodeHd
        | Charge::TranscodeUhd
        | Charge::Loudness
        | Charge::TranscodeAudio => Some(Stage::Transcode),
        Charge::Labels => Some(Stage::Labels),
        Charge::Moderation => Some(Stage::Moderation),
        Charge::Transcription => Some(Stage::Transcription),
        Charge::Meaning => Some(Stage::Meaning),
        Charge::Probe
        | Charge::ModelInput
        | Charge::ModelOutput
        | Charge::Transition
        | Charge::Compute => None,
    }
}

/// The part of the way in which a charge is paid; `None`: everywhere a little.
fn part_of(charge: Charge) -> Option<Part> {
    match stage_of(charge) {
        Some(Stage::Transcode) => Some(Part::Preprocess),
        Some(_) => Some(Part::Analyze),
        None => match charge {
            Charge::Probe => Some(Part::Sanitize),
            Charge::ModelInput | Charge::ModelOutput => Some(Part::Merge),
            _ => None,
        },
    }
}

/// How the actual quantity of a charge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// By what the services reported: the transcode's durations, the model's tokens.
    Measured,
    /// By the plan: nothing that VideoFlow reads tells.
    Planned,
}

/// How the actual quantity of a charge is known, in the cost of a published video.
pub fn basis(charge: Charge) -> Basis {
    match charge {
        Charge::ModelInput | Charge::ModelOutput => Basis::Measured,
        _ if stage_of(charge).is_some() => Basis::Measured,
        _ => Basis::Planned,
    }
}

/// The lines of a prediction that a job has paid for, or is paying for: those of stages whose service job was started. What
/// every state costs a little, and the model, is not among them.
pub fn begun(lines: &[Line], job: &Job) -> Vec<Line> {
    let is_begun = |line: &&Line| {
        let stage = charge_of(&line.service, &line.unit).and_then(stage_of);
        let entry = stage.and_then(|stage| job.stages.get(&stage));
        entry.is_some_and(|entry| entry.service_job_id.is_some())
    };
    lines.iter().filter(is_begun).cloned().collect()
}

/// The lines of a prediction that a job can still have to pay when it goes on from a part of its way: at most, for what
/// every state costs a little (transitions, compute) is not divided.
pub fn left(lines: &[Line], job: &Job, from: Part) -> Vec<Line> {
    let is_left = |line: &&Line| {
        let Some(charge) = charge_of(&line.service, &line.unit) else {
            return true;
        };
        let is_ahead = part_of(charge).is_none_or(|part| part >= from);
        let is_paid = stage_of(charge).is_some_and(|stage| {
            let entry = job.stages.get(&stage);
            entry.is_some_and(|entry| {
                entry.status == EntryStatus::Succeeded && entry.result.is_some()
            })
        });
        is_ahead && !is_paid
    };
    lines.iter().filter(is_left).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::identity::JobId;
    use crate::prices::{Usage, bill};

    fn check(stages: &serde_json::Value, from: Part, expected: &[Charge]) {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "", "UpdatedAt": "", "Stages": stages});
        let job: Job = serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"));
        let usage = [
            Charge::Probe,
            Charge::TranscodeHd,
            Charge::Labels,
            Charge::ModelInput,
            Charge::Transition,
        ];
        let usage = usage.map(|charge| Usage {
            charge,
            quantity: 1.0,
        });
        let left = left(&bill(&usage).lines, &job, from);
        let charges: BTreeSet<_> = left
            .iter()
            .filter_map(|line| charge_of(&line.service, &line.unit))
            .collect();
        assert_eq!(
            charges,
            expected.iter().copied().collect(),
            "{stages} {from:?}"
        );
    }

    #[test]
    fn what_succeeded_and_what_lies_behind_is_not_paid_again() {
        use Charge::{Labels, ModelInput, Probe, TranscodeHd, Transition};
        let none = json!({});
        let entry = |status: &str| json!({"attempt": 1, "status": status, "serviceJobId": "s", "result": {}});
        let paid = json!({"transcode": entry("SUCCEEDED"), "labels": entry("FAILED")});
        check(
            &none,
            Part::Sanitize,
            &[Probe, TranscodeHd, Labels, ModelInput, Transition],
        );
        check(
            &none,
            Part::Preprocess,
            &[TranscodeHd, Labels, ModelInput, Transition],
        );
        check(&paid, Part::Preprocess, &[Labels, ModelInput, Transition]);
        check(&paid, Part::Merge, &[ModelInput, Transition]);
        check(&paid, Part::Publish, &[Transition]);
    }

    #[test]
    fn every_charge_is_found_by_its_line() {
        for charge in Charge::iter() {
            let price = prices::price(charge).unwrap_or_else(|| unreachable!("{charge}"));
            assert_eq!(charge_of(&price.service, &price.unit), Some(charge));
        }
    }

    #[test]
    fn the_machine_of_an_execution_tells_the_part() {
        let check = |machine: &str, expected: Part| {
            let arn = format!("arn:aws:states:r:0:execution:videoflow-prod-{machine}:v-1");
            assert_eq!(Part::of_execution(&arn), expected, "{machine}");
        };
        check("process-video", Part::Sanitize);
        check("preprocess-video", Part::Preprocess);
        check("extract-meaning", Part::Analyze);
        check("merge-brief", Part::Merge);
        check("publish-video", Part::Publish);
        assert_eq!(Part::of_execution(""), Part::Sanitize);
    }
}
