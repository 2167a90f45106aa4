//! Following a job until it settles.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use videoflow_platform::names;
use videoflow_platform::platform::Platform;
use videoflow_platform::service::{Call, Principal};
use videoflow_shared::identity::JobId;

use super::display::Display;

/// From the upload to the start of the execution: an event, a message and a function.
const START_LIMIT: Duration = Duration::from_mins(1);
/// From the end of the execution to the settled job item: an event, a message and a function.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks: fast enough for the eye.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// State in which a person has to decide.
const REVIEW_STATE: &str = "AwaitReview";

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// `JobStatus` of its item.
    pub status: String,
    /// The job that has the same content, where this one is a duplicate.
    pub original: Option<JobId>,
    /// `ErrorDetails` of its item.
    pub error: Option<String>,
}

/// ARN of a job's execution of process-video.
pub fn execution_arn(job: &JobId) -> String {
    names::execution_arn(&names::prefixed(names::PROCESS_VIDEO), job.as_str())
}

/// Shows the job's stations until it settles.
///
/// `lost_before` is what [`Platform::lost_uploads`] said before the job was handed in.
pub async fn follow(
    platform: &Platform,
    job: &JobId,
    lost_before: u64,
    display: &mut Display,
) -> anyhow::Result<Settled> {
    let arn = execution_arn(job);
    wait_for_start(platform, &arn, lost_before).await?;
    let mut is_review_told = false;
    loop {
        let stations = platform.step_functions().stations(&arn);
        display.show(&stations);
        if !is_review_told
            && stations
                .iter()
                .any(|station| station.state.as_deref() == Some(REVIEW_STATE))
        {
            is_review_told = true;
            display.note(&format!(
                "a person has to decide: curl -d '{{\"decision\":\"approve\",\"reviewer\":\"me\"}}' http://{}/jobs/{job}/review",
                platform.http_api()
            ));
        }
        if stations
            .first()
            .is_some_and(|root| root.status != "RUNNING")
        {
            break;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    display.finish();
    outcome(platform, job).await
}

async fn wait_for_start(platform: &Platform, arn: &str, lost_before: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    while platform.step_functions().stations(arn).is_empty() {
        if platform.lost_uploads()? > lost_before {
            bail!(
                "start-processing failed again and again; see the logs in .videoflow/logs/start-processing"
            );
        }
        if begun.elapsed() > START_LIMIT {
            bail!("no execution started within {} s", START_LIMIT.as_secs());
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// What the job's item says once it is settled: a failed execution's item is written after its end, by record-failure.
pub async fn outcome(platform: &Platform, job: &JobId) -> anyhow::Result<Settled> {
    let begun = Instant::now();
    loop {
        let item = item(platform, job).await?;
        let text = |value: &Value| value.get("S").and_then(Value::as_str).map(str::to_owned);
        let status = item
            .get("JobStatus")
            .and_then(text)
            .context("the job has no item")?;
        let is_open = matches!(status.as_str(), "PROCESSING" | "AWAITING_REVIEW");
        if !is_open || begun.elapsed() > SETTLE_LIMIT {
            let original = item.get("OriginalJobId").and_then(text);
            let details = item
                .get("ErrorDetails")
                .and_then(|details| details.get("M"));
            let detail = |name: &str| details.and_then(|details| details.get(name)).and_then(text);
            let error = detail("error").map(|error| match detail("cause") {
                Some(cause) => format!("{error}: {cause}"),
                None => error,
            });
            // An execution that ended while its item says PROCESSING failed all the same.
            let status = if is_open { "FAILED".to_owned() } else { status };
            return Ok(Settled {
                status,
                original: original.map(|id| id.parse()).transpose()?,
                error,
            });
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

async fn item(platform: &Platform, job: &JobId) -> anyhow::Result<Value> {
    let parameters = json!({
        "TableName": names::prefixed("jobs"),
        "Key": {"JobId": {"S": job.as_str()}},
        "ConsistentRead": true,
    });
    let principal = Principal("videoflow-run".to_owned());
    let call = Call {
        principal,
        operation: "GetItem".to_owned(),
        parameters,
    };
    let mut answer = platform
        .services()
        .call("dynamodb", call)
        .await
        .context("cannot read the job's item")?;
    Ok(answer.get_mut("Item").map(Value::take).unwrap_or_default())
}
