//! Admission, on the local DynamoDB and SQS: never more videos at once than may be, and none that waits is lost.

use std::sync::Arc;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Map, Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::intake::{Entered, Intake};
use videoflow_shared::jobs::{Filter, JobStatus};
use videoflow_shared::location::S3Uri;

use super::ledger::{Executions, intake};
use super::{Local, SOURCE};

/// Slots of these tests.
const LIMIT: u32 = 5;
/// Videos that come at once.
const VIDEOS: usize = 40;

/// A platform, an entrance with few slots, what it started, and videos.
async fn scene() -> (Local, Intake, Arc<Executions>) {
    let local = Local::new().await;
    let (mut intake, executions) = intake(&local);
    intake.admission.limit = LIMIT;
    let client = aws_sdk_s3::Client::new(&local.client());
    for number in 0..VIDEOS {
        let request = client.put_object().bucket(SOURCE).key(key(number));
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"video");
        request.body(body).send().await.expect("an upload");
    }
    // The uploads' own events are of no interest here.
    let client = aws_sdk_sqs::Client::new(&local.client());
    let purged = client
        .purge_queue()
        .queue_url(&intake.queue_url)
        .send()
        .await;
    purged.expect("the queue");
    (local, intake, executions)
}

fn key(number: usize) -> String {
    format!("{number}.mp4")
}

async fn enter(intake: &Intake, number: usize) -> Entered {
    let object = S3Uri::new(SOURCE, key(number));
    let entered = intake.enter(&object, None, None).await;
    entered.expect("an entrance")
}

async fn set(intake: &Intake, job: &JobId, attributes: Value) {
    let attributes: Map<String, Value> = serde_json::from_value(attributes).expect("an object");
    let updated = intake.jobs.update(job, &attributes).await;
    updated.expect("a job");
}

/// Lets the next entrance look for settled jobs, though one has just looked; slots get this age.
async fn look_again(local: &Local, since: Option<(&JobId, &str)>) {
    let client = aws_sdk_dynamodb::Client::new(&local.client());
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let request = client
        .update_item()
        .table_name("videoflow-local-claims")
        .key("ClaimId", text("admission"))
        .expression_attribute_values(":past", text("2000-01-01T00:00:00.000Z"));
    let request = match since {
        None => request.update_expression("SET SweptAt = :past"),
        Some((job, since)) => request
            .update_expression("SET SweptAt = :past, Running.#job = :since")
            .expression_attribute_names("#job", job.as_str())
            .expression_attribute_values(":since", text(since)),
    };
    request.send().await.expect("the item");
}

fn started(entered: &[Entered]) -> Vec<JobId> {
    let jobs = entered.iter().filter_map(|one| match one {
        Entered::Started(job) => Some(job.clone()),
        _ => None,
    });
    jobs.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_videos_run_than_may_be_and_the_others_wait() {
    let (local, intake, executions) = scene().await;
    let intake = Arc::new(intake);
    let mut entering = tokio::task::JoinSet::new();
    for number in 0..VIDEOS {
        let intake = Arc::clone(&intake);
        entering.spawn(async move { enter(&intake, number).await });
    }
    let entered = entering.join_all().await;
    let running = started(&entered);
    let limit = usize::try_from(LIMIT).expect("few");
    assert_eq!(running.len(), limit, "{entered:?}");
    assert_eq!(
        executions.0.lock().expect("no test panics with it").len(),
        limit
    );
    let all = Filter::default();
    let listed = async |status| {
        let page = intake.jobs.page(status, &all, None, 100).await;
        page.expect("a query").jobs.len()
    };
    assert_eq!(listed(JobStatus::Queued).await, VIDEOS - limit);
    assert_eq!(listed(JobStatus::Processing).await, limit);
    let attribute = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
    let request = aws_sdk_sqs::Client::new(&local.client()).get_queue_attributes();
    let request = request
        .queue_url(&intake.queue_url)
        .attribute_names(attribute.clone());
    let answer = request.send().await.expect("the queue");
    let waiting = answer
        .attributes()
        .and_then(|all| all.get(&attribute))
        .cloned();
    assert_eq!(
        waiting,
        Some((VIDEOS - limit).to_string()),
        "each has a message of its own"
    );
}

#[tokio::test]
async fn a_job_that_runs_is_started_again_without_another_slot() {
    let (_local, intake, _) = scene().await;
    for number in 0..5 {
        enter(&intake, number).await;
    }
    let again = enter(&intake, 0).await;
    assert!(matches!(again, Entered::Started(_)), "{again:?}");
    let next = enter(&intake, 5).await;
    assert!(matches!(next, Entered::Queued(_)), "{next:?}");
}

#[tokio::test]
async fn slots_come_free_when_their_jobs_do_not_work_any_more() {
    let (local, intake, executions) = scene().await;
    let mut jobs = Vec::new();
    for number in 0..5 {
        jobs.extend(started(&[enter(&intake, number).await]));
    }
    let Entered::Queued(waiting) = enter(&intake, 5).await else {
        panic!("there is no slot")
    };
    for (job, status) in jobs.iter().zip(["PUBLISHED", "AWAITING_REVIEW"]) {
        set(&intake, job, json!({"JobStatus": status})).await;
    }
    let early = intake.resume(&waiting).await.expect("an answer");
    assert_eq!(
        early,
        Entered::Queued(waiting.clone()),
        "someone has just looked"
    );
    look_again(&local, None).await;
    let started_now = intake.resume(&waiting).await.expect("an answer");
    assert_eq!(started_now, Entered::Started(waiting.clone()));
    let item = intake.jobs.get(&waiting).await.expect("an answer");
    let item = item.expect("a job");
    assert_eq!(item.job_status, JobStatus::Processing);
    let inputs = executions.0.lock().expect("no test panics with it").clone();
    assert_eq!(inputs.len(), 6, "{inputs:?}");
    let sixth = enter(&intake, 6).await;
    assert!(matches!(sixth, Entered::Started(_)), "two came free");
    let seventh = enter(&intake, 7).await;
    assert!(matches!(seventh, Entered::Queued(_)), "not three");
}

#[tokio::test]
async fn a_slot_whose_job_never_began_is_taken_back_after_a_while() {
    let (local, intake, _) = scene().await;
    for number in 0..5 {
        enter(&intake, number).await;
    }
    let crashed = JobId::of(SOURCE, "crashed", "1", "default");
    let mut more = intake.clone();
    more.admission.limit = LIMIT + 1;
    let admitted = more.admission.admit(&crashed, &more.jobs).await;
    assert_eq!(admitted, Ok(true));
    look_again(&local, None).await;
    let next = enter(&more, 5).await;
    assert!(
        matches!(next, Entered::Queued(_)),
        "it may be about to begin"
    );
    look_again(&local, Some((&crashed, "2000-01-01T00:00:00.000Z"))).await;
    let next = enter(&more, 5).await;
    assert!(matches!(next, Entered::Started(_)), "{next:?}");
}
