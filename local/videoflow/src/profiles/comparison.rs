//! The variants of a profile side by side: what the jobs that drew them cost, how good their briefs are, how many failed.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use videoflow_shared::jobs::{Job, JobStatus};

/// Jobs from which an interval of a mean is worth telling: below it chance alone decides.
const LEAST_JOBS: usize = 10;
/// Standard errors on each side of a mean within which the true one lies in 95 of 100 samples.
const NORMAL_95: f64 = 1.96;

/// A variant's jobs in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Variant; `none` for jobs from before there were any.
    pub variant: String,
    /// Jobs that ended.
    pub jobs: usize,
    /// Those that were published.
    pub published: usize,
    /// Those that failed, by themselves or their quality check.
    pub failed: usize,
    /// Actual cost of a minute of video, in US dollars.
    pub usd_a_minute: Option<Mean>,
    /// Quality score, 0 to 1.
    pub quality_score: Option<Mean>,
    /// From the first event to publication, in seconds for a second of video.
    pub seconds_a_second: Option<Mean>,
}

/// A mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Half of its 95 % interval; none for fewer than ten jobs.
    pub plus_minus: Option<f64>,
    /// Jobs that it is of.
    pub jobs: usize,
}

/// Compares the variants among jobs of one profile.
pub fn compare(jobs: &[Job]) -> Vec<Figures> {
    let mut variants: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        let is_counted = job.job_status.is_settled()
            && !matches!(
                job.job_status,
                JobStatus::Duplicate | JobStatus::Rejected | JobStatus::Deleted
            );
        // A forced run pays only for what had not succeeded: it would make its variant look cheap.
        if is_counted && !job.job_id.is_forced() {
            let variant = job.variant.as_deref().unwrap_or("none");
            variants.entry(variant).or_default().push(job);
        }
    }
    let figures = variants.into_iter();
    figures
        .map(|(variant, jobs)| figures_of(variant, &jobs))
        .collect()
}

fn figures_of(variant: &str, jobs: &[&Job]) -> Figures {
    let published: Vec<&Job> = jobs
        .iter()
        .copied()
        .filter(|job| job.job_status == JobStatus::Published)
        .collect();
    let mean_of = |value: fn(&Job) -> Option<f64>| {
        mean(
            &published
                .iter()
                .copied()
                .filter_map(value)
                .collect::<Vec<f64>>(),
        )
    };
    Figures {
        variant: variant.to_owned(),
        jobs: jobs.len(),
        published: published.len(),
        failed: jobs.len() - published.len(),
        usd_a_minute: mean_of(|job| Some(job.actual_cost_usd? / seconds(job)? * 60.0)),
        quality_score: mean_of(|job| job.quality_score),
        seconds_a_second: mean_of(|job| Some(elapsed_seconds(job)? / seconds(job)?)),
    }
}

/// Duration of the video.
fn seconds(job: &Job) -> Option<f64> {
    let milliseconds = job.video_metadata.as_ref()?.get("durationMs")?.as_f64()?;
    Some(milliseconds / 1000.0).filter(|seconds| *seconds > 0.0)
}

/// From the first event to publication.
fn elapsed_seconds(job: &Job) -> Option<f64> {
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let published = at(job.published_at.as_ref()?)?;
    Some((published - at(&job.created_at)?).as_seconds_f64())
}

#[expect(clippy::cast_precision_loss, reason = "jobs are far fewer than 2^52")]
fn mean(values: &[f64]) -> Option<Mean> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let deviation = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>();
    let plus_minus = NORMAL_95 * (deviation / (count - 1.0) / count).sqrt();
    Some(Mean {
        value: mean,
        plus_minus: (values.len() >= LEAST_JOBS).then_some(plus_minus),
        jobs: values.len(),
    })
}

/// Whether two means differ by more than chance explains; none where there are too few jobs to say.
pub fn differ(one: &Mean, other: &Mean) -> Option<bool> {
    let spread = one.plus_minus?.hypot(other.plus_minus?);
    Some((one.value - other.value).abs() > spread)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn job(number: usize, members: Value) -> Job {
        let mut item = json!({"JobId": format!("v-{number:040x}"), "JobStatus": "PUBLISHED", "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "Variant": "a", "CreatedAt": "2026-01-01T00:00:00.000Z",
            "UpdatedAt": "u", "PublishedAt": "2026-01-01T00:02:00.000Z", "VideoMetadata": {"durationMs": 60000},
            "ActualCostUsd": 0.5, "QualityScore": 0.9});
        if let (Value::Object(item), Value::Object(members)) = (&mut item, members) {
            item.extend(members);
        }
        serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn close(found: Option<Mean>, expected: f64) {
        let mean = found.map_or(f64::NAN, |mean| mean.value);
        assert!((mean - expected).abs() < 1e-9, "{mean}, not {expected}");
    }

    #[test]
    fn figures_are_of_a_minute_of_video() {
        let longer = json!({"VideoMetadata": {"durationMs": 120_000}, "ActualCostUsd": 2.0, "QualityScore": 0.7});
        let figures = compare(&[job(1, json!({})), job(2, longer)]);
        let [only] = figures.as_slice() else {
            unreachable!("{figures:?}")
        };
        assert_eq!((only.jobs, only.published, only.failed), (2, 2, 0));
        close(only.usd_a_minute, 0.75);
        close(only.quality_score, 0.8);
        close(only.seconds_a_second, 1.5);
    }

    #[test]
    fn what_failed_counts_and_what_never_ran_does_not() {
        let others = [
            "FAILED",
            "FAILED_QC",
            "REJECTED",
            "DUPLICATE",
            "PROCESSING",
            "DELETED",
        ];
        let mut jobs: Vec<Job> = (0..)
            .zip(others)
            .map(|(number, status)| job(number, json!({"JobStatus": status})))
            .collect();
        jobs.push(job(9, json!({"Variant": "b"})));
        jobs.push(job(10, json!({"JobId": format!("v-{:040x}-r1", 10)})));
        let found: Vec<_> = compare(&jobs)
            .into_iter()
            .map(|one| (one.variant, one.jobs, one.failed))
            .collect();
        assert_eq!(found, [("a".to_owned(), 2, 2), ("b".to_owned(), 1, 0)]);
    }

    #[test]
    fn differences_need_enough_jobs() {
        let of = |values: &[f64]| mean(values).unwrap_or_else(|| unreachable!("values"));
        let spread = |around: f64| {
            (0..20)
                .map(|step| around + f64::from(step % 2) * 0.2)
                .collect::<Vec<f64>>()
        };
        let (low, high) = (of(&spread(1.0)), of(&spread(2.0)));
        assert_eq!(differ(&low, &high), Some(true));
        assert_eq!(differ(&low, &of(&spread(1.01))), Some(false));
        assert_eq!(differ(&low, &of(&[2.0; 9])), None);
        assert_eq!(mean(&[]), None);
    }
}
