//! Judges a file before it costs money, and plans what is made of it.
//!
//! Idempotent: the same version brings the same verdict, and the plan is written under a name of the job.

mod ladder;
mod limits;
mod planning;
mod probe;
mod route;
mod verdict;

use aws_config::SdkConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::{self, Analyses, Plan, SourceVersion};
use videoflow_shared::profiles;
use videoflow_shared::storage::Head;
use videoflow_shared::stores::Stores;

pub use verdict::Code;

use planning::{Found, claim_id, fingerprint};
use probe::{Probe, describe};
use verdict::{Rejection, judge_price, judge_size, unreadable};

/// Input.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Job.
    pub job_id: JobId,
    /// The version to be processed.
    pub source: SourceVersion,
    /// Name of the profile.
    pub profile: String,
    /// What Probe said of the latest version.
    probe: Option<Probe>,
    /// What Probe threw instead.
    probe_error: Option<ProbeError>,
}

/// An error of Probe.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProbeError {
    error: String,
    cause: String,
}

/// Whether the file is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It is.
    Accepted,
    /// It is not.
    Rejected,
}

/// Output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Verdict.
    pub verdict: Verdict,
    /// Why it is rejected.
    pub code: Option<&'static str>,
    /// The same in words for the one who made it.
    pub message: Option<String>,
    /// Claim on the content.
    pub claim_id: Option<String>,
    /// Predicted cost in US dollars; 0 where a file is rejected for another reason than its price.
    pub predicted_cost_usd: f64,
    /// Where the plan lies.
    pub plan: Option<PlanLocation>,
    /// What is analysed.
    pub analyses: Analyses,
}

/// Where the plan lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanLocation {
    bucket: String,
    key: String,
}

/// Attributes of a plan that the job of a video shows whose price is too high.
const SHOWN_OF_REJECTED: [&str; 3] = ["PredictedCostUsd", "Variant", "VideoMetadata"];

/// Why no verdict was reached.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// The input is not in the documented shape. Final.
    #[error("{0}")]
    InvalidInput(String),
    /// There is no such job. Final.
    #[error("no job {0}")]
    JobNotFound(JobId),
    /// There is no such profile. Final.
    #[error("there is no profile `{0}`")]
    ProfileNotFound(String),
    /// `MediaConvert` may not read the source: a matter of permissions, not of the file. Final until mended.
    #[error("MediaConvert may not read {0}")]
    ProbeForbidden(String),
    /// The version does not exist any more. Final.
    #[error("{0} was deleted before it was processed: upload it again if it is wanted")]
    SourceGone(String),
    /// Probe saw other bytes than this version's: the newer upload has a job of its own. Final.
    #[error(
        "{0} was replaced or deleted before it was processed; a newer upload has a job of its own"
    )]
    SourceReplaced(String),
    /// S3 or `DynamoDB` failed. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refused. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// The job item is not in VideoFlow's shape. Final.
    #[error("{0}")]
    RecordUnreadable(String),
}

videoflow_shared::from_storage_error!(Error);

/// The function.
#[derive(Debug)]
pub struct Function {
    stores: Stores,
}

impl Function {
    /// The function as deployed.
    ///
    /// # Errors
    /// A missing setting.
    pub fn from_settings(config: &SdkConfig) -> Result<Self, videoflow_shared::settings::Error> {
        Ok(Self {
            stores: Stores::from_settings(config)?,
        })
    }

    /// Judges and plans.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn handle(&self, input: Input) -> Result<Inspection, Error> {
        let uri = S3Uri::new(&input.source.bucket, &input.source.key);
        let version = Some(input.source.version_id.as_str());
        let head = self.stores.objects.head(&uri, version).await?;
        let head = head.ok_or_else(|| Error::SourceGone(uri.to_string()))?;
        let profile = profiles::find(&input.profile);
        let profile = profile.ok_or_else(|| Error::ProfileNotFound(input.profile.clone()))?;
        let found = Found {
            job: &input.job_id,
            source: &input.source,
            head: &head,
            profile_name: &input.profile,
            profile,
        };
        match decide(&found, &input)? {
            Ok(plan) => self.price(&found, &plan).await,
            Err(rejection) => Ok(rejected(rejection, 0.0)),
        }
    }

    /// Accepts a plan whose price is within the profile's limit, or was approved; else the job shows the price.
    async fn price(&self, found: &Found<'_>, plan: &Plan) -> Result<Inspection, Error> {
        let job = self.stores.jobs.get(found.job).await?;
        let job = job.ok_or_else(|| Error::JobNotFound(found.job.clone()))?;
        let total_usd = plan.predicted_cost.total_usd;
        match judge_price(total_usd, job.approved_price_usd, found.profile) {
            Ok(()) => self.accept(found, plan).await,
            Err(rejection) => {
                let mut shown = attributes(plan, &claim_id(found), found.head);
                shown.retain(|name, _| SHOWN_OF_REJECTED.contains(&name.as_str()));
                self.stores.jobs.update(found.job, &shown).await?;
                Ok(rejected(rejection, total_usd))
            }
        }
    }

    /// Writes the plan, then what the job table shows of it.
    async fn accept(&self, found: &Found<'_>, plan: &Plan) -> Result<Inspection, Error> {
        let claim_id = claim_id(found);
        plan::write(&self.stores.objects, &self.stores.output_bucket, plan).await?;
        self.stores
            .jobs
            .update(found.job, &attributes(plan, &claim_id, found.head))
            .await?;
        let location = self.stores.places(found.job).plan();
        Ok(Inspection {
            verdict: Verdict::Accepted,
            code: None,
            message: None,
            claim_id: Some(claim_id),
            predicted_cost_usd: plan.predicted_cost.total_usd,
            plan: Some(PlanLocation {
                bucket: location.bucket,
                key: location.key,
            }),
            analyses: plan.analyses,
        })
    }
}

/// A plan or a rejection, from what S3 and Probe say.
fn decide(found: &Found<'_>, input: &Input) -> Result<Result<Plan, Rejection>, Error> {
    let uri = S3Uri::new(&input.source.bucket, &input.source.key).to_string();
    if let Err(rejection) = judge_size(found.head.size_bytes) {
        return Ok(Err(rejection));
    }
    match (&input.probe, &input.probe_error) {
        (Some(probe), _) if is_replaced(probe, found.head) => Err(Error::SourceReplaced(uri)),
        (Some(probe), _) => Ok(planning::plan(found, describe(probe))),
        (None, Some(error)) if error.error.ends_with("ForbiddenException") => {
            Err(Error::ProbeForbidden(uri))
        }
        // The version is there, but Probe looks for the latest one.
        (None, Some(error)) if error.error.ends_with("NotFoundException") => {
            Err(Error::SourceReplaced(uri))
        }
        (None, Some(error)) => Ok(Err(unreadable(&error.cause))),
        (None, None) => Err(Error::InvalidInput(
            "neither probe nor probeError".to_owned(),
        )),
    }
}

/// Whether Probe, which reads the latest version, saw other bytes than this version's.
fn is_replaced(probe: &Probe, head: &Head) -> bool {
    probe
        .metadata
        .etag
        .as_deref()
        .is_some_and(|etag| etag.trim_matches('"') != head.etag)
}

fn rejected(rejection: Rejection, predicted_cost_usd: f64) -> Inspection {
    Inspection {
        verdict: Verdict::Rejected,
        code: Some(rejection.code.into()),
        message: Some(rejection.message),
        claim_id: None,
        predicted_cost_usd,
        plan: None,
        analyses: Analyses {
            labels: false,
            moderation: false,
            transcription: false,
            meaning: false,
        },
    }
}

/// What the job table shows of a plan. Fingerprint `none`: duplicates of this content cannot be found.
fn attributes(plan: &Plan, claim_id: &str, head: &Head) -> Map<String, Value> {
    let fingerprint = fingerprint(head).unwrap_or_else(|| "none".to_owned());
    let attributes = [
        ("VideoMetadata", json!(plan.video)),
        ("PredictedCostUsd", json!(plan.predicted_cost.total_usd)),
        ("ClaimId", json!(claim_id)),
        ("Fingerprint", json!(fingerprint)),
        ("Variant", json!(plan.variant)),
    ];
    let known = attributes.into_iter().filter(|(_, value)| !value.is_null());
    known
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict's code, `ACCEPTED`, or the error's name.
    fn check(members: &Value, etag: &str, size_bytes: u64, expected: &str) {
        let job = JobId::of("b", "k", "1", "default");
        let mut input = json!({"jobId": job, "source": {"bucket": "b", "key": "k", "versionId": "1"},
            "profile": "default", "probe": null, "probeError": null});
        if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
            input.extend(members.clone());
        }
        let input: Input =
            serde_json::from_value(input).unwrap_or_else(|error| unreachable!("{error}"));
        let head = Head {
            size_bytes,
            etag: etag.into(),
            ..Head::default()
        };
        let profile = profiles::find("default").unwrap_or_else(|| unreachable!("there is one"));
        let found = Found {
            job: &job,
            source: &input.source,
            head: &head,
            profile_name: "default",
            profile,
        };
        let outcome: &str = match decide(&found, &input) {
            Ok(Ok(_)) => "ACCEPTED",
            Ok(Err(rejection)) => rejection.code.into(),
            Err(error) => (&error).into(),
        };
        assert_eq!(outcome, expected, "{members}");
    }

    fn probe(etag: &str) -> Value {
        let video = json!({"TrackType": "video", "Codec": "AVC", "VideoProperties": {"Width": 640, "Height": 360}});
        json!({"probe": {"Container": {"Format": "mp4", "Duration": 3.0, "Tracks": [video]}, "Metadata": {"ETag": etag}}})
    }

    fn thrown(error: &str) -> Value {
        json!({"probeError": {"error": error, "cause": "why"}})
    }

    #[test]
    fn judges_what_probe_says() {
        check(&probe("e"), "e", 1, "ACCEPTED");
        check(&probe("\"e\""), "e", 1, "ACCEPTED");
        check(&probe("other"), "e", 1, "SourceReplaced");
        check(&json!({}), "e", 1, "InvalidInput");
        check(&probe("e"), "e", 0, "EmptyFile");
    }

    #[test]
    fn judges_what_probe_throws() {
        check(
            &thrown("MediaConvert.BadRequestException"),
            "e",
            1,
            "UnreadableFile",
        );
        check(
            &thrown("MediaConvert.UnprocessableEntityException"),
            "e",
            1,
            "UnreadableFile",
        );
        check(
            &thrown("MediaConvert.UnprocessableEntityException"),
            "e",
            0,
            "EmptyFile",
        );
        check(
            &thrown("MediaConvert.ForbiddenException"),
            "e",
            1,
            "ProbeForbidden",
        );
        check(
            &thrown("MediaConvert.NotFoundException"),
            "e",
            1,
            "SourceReplaced",
        );
    }
}
