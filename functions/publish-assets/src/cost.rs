//! What the run really paid: the brief's lines without those of stages that did not run, or ran for an earlier job. What
//! services count by duration is counted by the duration that the transcode reported; the model's tokens are those of its
//! answers. Outputs are as many as planned, for all of them are there; transitions and functions are as planned, too.

use std::time::Duration;

use videoflow_shared::brief::Cost;
use videoflow_shared::identity::Stage;
use videoflow_shared::jobs::Job;
use videoflow_shared::ledger::EntryStatus;
use videoflow_shared::plan::Plan;
use videoflow_shared::prices::{Outlook, predict};
use videoflow_shared::spending::{charge_of, stage_of};

/// Keeps the lines that were paid and sums them up.
///
/// Tells by how much, in percent, the sum misses what was predicted for the same stages: a stage that failed, or that an
/// earlier run paid for, is no fault of the prediction.
pub(crate) fn settle(cost: &mut Cost, plan: &Plan, job: &Job) -> f64 {
    let predicted = &plan.predicted_cost.lines;
    cost.lines
        .retain(|line| stage(&line.service, &line.unit).is_none_or(|stage| is_paid(job, stage)));
    measure(cost, plan, job);
    let total: f64 = cost
        .lines
        .iter()
        .map(|line| line.qty * line.unit_price)
        .sum();
    cost.actual_usd = Some((total * 1e6).round() / 1e6);
    let of_paid = predicted
        .iter()
        .filter(|line| stage(&line.service, &line.unit).is_none_or(|stage| is_paid(job, stage)));
    drift_percent(total, of_paid.map(|line| line.amount_usd).sum())
}

/// Counts what is paid by duration anew, where the transcode has reported its own.
fn measure(cost: &mut Cost, plan: &Plan, job: &Job) {
    let Some(milliseconds) = transcoded_ms(job) else {
        return;
    };
    let seconds = Duration::from_millis(milliseconds).as_secs_f64();
    let usage = predict(&Outlook {
        seconds,
        frame_rate: plan.video.frame_rate,
        ladder: &plan.ladder,
        streaming: plan.streaming,
        has_audio: plan.video.has_audio,
        analyses: plan.analyses,
    });
    for line in &mut cost.lines {
        let charge = charge_of(&line.service, &line.unit).filter(|one| stage_of(*one).is_some());
        let used = usage.iter().find(|usage| Some(usage.charge) == charge);
        if let Some(used) = used {
            line.qty = (used.quantity * 1e6).round() / 1e6;
        }
    }
}

/// Duration that this run's transcode reported.
fn transcoded_ms(job: &Job) -> Option<u64> {
    let result = job.stages.get(&Stage::Transcode)?.result.as_ref()?;
    result.get("transcodedMs")?.as_u64()
}

fn drift_percent(actual_usd: f64, predicted_usd: f64) -> f64 {
    if predicted_usd > 0.0 {
        ((actual_usd / predicted_usd - 1.0) * 1000.0).round() / 10.0
    } else {
        0.0
    }
}

/// Stage that a line is of.
fn stage(service: &str, unit: &str) -> Option<Stage> {
    charge_of(service, unit).and_then(stage_of)
}

/// Whether this run paid for a stage: its service job succeeded, and wrote below this job, not below the one whose
/// ledger this run took over. A result without locations (nobody speaks) is told by the name of the service job.
fn is_paid(job: &Job, stage: Stage) -> bool {
    let Some(entry) = job
        .stages
        .get(&stage)
        .filter(|entry| entry.status != EntryStatus::Failed)
    else {
        return false;
    };
    let result = entry
        .result
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let is_of_another = result.contains("s3://") && !result.contains(&format!("/{}/", job.job_id));
    let is_reused = !result.contains("s3://")
        && job.job_id.is_forced()
        && !names(entry.service_job_id.as_deref(), job);
    !is_of_another && !is_reused
}

fn names(service_job: Option<&str>, job: &Job) -> bool {
    service_job.is_some_and(|id| id.starts_with(&format!("{}-", job.job_id)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use videoflow_shared::brief::CostLine;
    use videoflow_shared::prices::{self, Charge};

    use super::*;

    /// A plan of labels for a minute of video.
    fn plan(predicted: &prices::Prediction) -> Plan {
        let plan = json!({
            "jobId": format!("v-{}", "0".repeat(40)), "profile": "default", "ladder": [], "languages": [],
            "source": {"bucket": "b", "key": "k", "versionId": "1", "etag": "e", "sizeBytes": 1},
            "video": {"container": "mp4", "durationMs": 60_000, "width": 2, "height": 2, "frameRate": 25.0, "rotation": 0,
                "videoCodec": "AVC", "audioTracks": 0, "hasAudio": false, "hasVideo": true},
            "analyses": {"labels": true, "moderation": false, "transcription": false, "meaning": false},
            "expectedSeconds": {"transcode": 1, "labels": 1, "transcription": 1, "meaning": 1},
            "predictedCost": predicted,
        });
        serde_json::from_value(plan).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn line(charge: Charge, qty: f64) -> CostLine {
        let price = prices::price(charge).unwrap_or_else(|| unreachable!("{charge}"));
        let (service, unit) = (price.service.clone(), price.unit.clone());
        CostLine {
            service,
            unit,
            qty,
            unit_price: 0.5,
            price_date: price.as_of.clone(),
        }
    }

    fn check(job: &str, stages: &Value, expected: f64) {
        let job: Job = serde_json::from_value(json!({
            "JobId": job, "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1",
            "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": stages
        }))
        .unwrap_or_else(|error| unreachable!("{error}"));
        let lines = vec![
            line(Charge::Labels, 2.0),
            line(Charge::Transcription, 4.0),
            line(Charge::ModelInput, 1.0),
        ];
        let mut cost = Cost {
            predicted_usd: 9.0,
            actual_usd: None,
            lines,
        };
        settle(&mut cost, &plan(&prices::bill(&[])), &job);
        assert_eq!(cost.actual_usd, Some(expected), "{stages}");
    }

    #[test]
    fn only_what_this_run_paid_counts() {
        let base = format!("v-{}", "0".repeat(40));
        let forced = format!("{base}-r1");
        let entry = |status: &str, id: &str, result: Value| json!({"attempt": 1, "status": status, "serviceJobId": id, "result": result});
        let labels = |job: &str| {
            entry(
                "SUCCEEDED",
                "r",
                json!({"labels": format!("s3://o/work/{job}/labels.json")}),
            )
        };
        let silent = |job: &str| {
            entry(
                "SUCCEEDED",
                &format!("{job}-transcription-1"),
                json!({"status": "NO_SPEECH"}),
            )
        };
        check(&base, &json!({}), 0.5);
        check(
            &base,
            &json!({"labels": labels(&base), "transcription": silent(&base)}),
            3.5,
        );
        check(
            &base,
            &json!({"labels": entry("FAILED", "r", json!(null))}),
            0.5,
        );
        check(
            &forced,
            &json!({"labels": labels(&base), "transcription": silent(&base)}),
            0.5,
        );
        check(
            &forced,
            &json!({"labels": labels(&forced), "transcription": silent(&forced)}),
            3.5,
        );
    }

    #[test]
    fn what_is_paid_by_duration_is_counted_by_the_transcodes() {
        let base = format!("v-{}", "0".repeat(40));
        let result = |name: &str| format!("s3://o/media/{base}/{name}");
        let entry = |result: Value| json!({"attempt": 1, "status": "SUCCEEDED", "serviceJobId": "s", "result": result});
        let stages = |transcoded_ms: Option<u64>| {
            json!({"labels": entry(json!({"labels": result("labels.json")})),
                "transcode": entry(json!({"proxy": result("proxy.mp4"), "transcodedMs": transcoded_ms}))})
        };
        // Two minutes of labels as the brief has it, and a thousand tokens, at half a dollar each.
        check(&base, &stages(None), 1.5);
        check(&base, &stages(Some(90_000)), 1.25);
        check(&base, &stages(Some(30_000)), 0.75);
    }

    #[test]
    fn drift_is_of_what_was_paid_alone() {
        let base = format!("v-{}", "0".repeat(40));
        let labels = json!({"attempt": 1, "status": "SUCCEEDED", "serviceJobId": "r",
            "result": {"labels": format!("s3://o/work/{base}/labels.json")}});
        let check = |stages: Value, tokens: f64, expected: f64| {
            let job: Job = serde_json::from_value(json!({
                "JobId": base, "JobStatus": "PROCESSING", "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1",
                "Profile": "default", "CreatedAt": "t", "UpdatedAt": "t", "Stages": stages
            }))
            .unwrap_or_else(|error| unreachable!("{error}"));
            let predicted = prices::bill(&[
                prices::Usage {
                    charge: Charge::Labels,
                    quantity: 10.0,
                },
                prices::Usage {
                    charge: Charge::ModelInput,
                    quantity: 1000.0,
                },
            ]);
            let actual = prices::bill(&[
                prices::Usage {
                    charge: Charge::Labels,
                    quantity: 10.0,
                },
                prices::Usage {
                    charge: Charge::ModelInput,
                    quantity: tokens,
                },
            ]);
            let lines = actual.lines.into_iter().map(|line| CostLine {
                service: line.service,
                unit: line.unit,
                qty: line.quantity,
                unit_price: line.unit_price_usd,
                price_date: line.as_of,
            });
            let mut cost = Cost {
                predicted_usd: predicted.total_usd,
                actual_usd: None,
                lines: lines.collect(),
            };
            let drift = settle(&mut cost, &plan(&predicted), &job);
            assert!((drift - expected).abs() < 0.01, "{drift}, not {expected}");
        };
        // A minute of labels is 0.1 USD, a thousand tokens 0.001: one dollar of each.
        check(json!({"labels": labels}), 1000.0, 0.0);
        check(json!({"labels": labels}), 1500.0, 25.0);
        check(json!({"labels": labels}), 500.0, -25.0);
        check(json!({}), 1000.0, 0.0);
        check(json!({}), 2000.0, 100.0);
    }
}
