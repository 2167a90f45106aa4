//! Notices of failures, as people get them: a burst of equal ones is two.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::support::up::{EXECUTIONS, SOURCE, Up};

/// Failures of one kind.
const BURST: u32 = 50;

fn job(number: u32) -> JobId {
    JobId::of(SOURCE, &format!("{number}.mp4"), "1", "default")
}

/// A job whose execution failed, of which Step Functions knows no more than the event says.
async fn fail(up: &Up, number: u32) {
    let id = job(number);
    let item = json!({"JobId": id, "JobStatus": "PROCESSING", "SourceBucket": SOURCE,
        "SourceKey": format!("{number}.mp4"), "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t",
        "UpdatedAt": "t", "Stages": {}, "ExecutionArn": format!("{EXECUTIONS}{id}")});
    up.write("jobs", &item).await;
}

async fn tell(up: &Up, number: u32, error: &str) {
    let id = job(number);
    let machine = EXECUTIONS.replace(":execution:", ":stateMachine:");
    let event = json!({"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": {
        "executionArn": format!("{EXECUTIONS}{id}"), "stateMachineArn": machine.trim_end_matches(':'), "name": id,
        "status": "FAILED", "redriveCount": 0, "error": error, "cause": "why"}});
    up.send("failures", &event.to_string()).await;
}

fn notices(up: &Up) -> Vec<Value> {
    let text = std::fs::read_to_string(up.state("notices.jsonl")).unwrap_or_default();
    let lines = text.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn attribute<'a>(notice: &'a Value, name: &str) -> &'a str {
    let value = &notice["attributes"][name]["StringValue"];
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_equal_failures_are_two_notices_in_any_order_and_however_often_they_come() {
    let up = Up::start().await;
    for number in 0..=BURST {
        fail(&up, number).await;
    }
    for number in (1..=BURST).rev() {
        tell(&up, number, "Thrown").await;
        if number % 5 == 0 {
            tell(&up, number, "Thrown").await;
        }
    }
    tell(&up, 0, "Another").await;
    let told = up
        .until("both notices of the burst are there", async || {
            let told = notices(&up);
            let counts = told
                .iter()
                .filter(|one| attribute(one, "kind") == "failures");
            (counts.count() > 0).then_some(told)
        })
        .await;
    up.until_empty("failures").await;
    assert_eq!(notices(&up), told, "nothing follows");
    assert_eq!(told.len(), 3, "{told:#?}");

    let of = |error: &str| -> Vec<&Value> {
        let is_of = |one: &&Value| attribute(one, "error") == error;
        told.iter().filter(is_of).collect()
    };
    assert_eq!(of("Another").len(), 1, "another error is another matter");
    let equal = of("Thrown");
    let counts: Vec<&str> = equal.iter().map(|one| attribute(one, "count")).collect();
    assert_eq!(counts, ["1", "49"]);
    let texts: Vec<&str> = equal
        .iter()
        .filter_map(|one| one["message"].as_str())
        .collect();
    let named: BTreeSet<u32> = (1..=BURST)
        .filter(|number| {
            texts
                .iter()
                .any(|text| text.contains(job(*number).as_str()))
        })
        .collect();
    assert_eq!(named.len(), BURST as usize, "no failure is lost");
    for notice in &told {
        let subject = notice["subject"].as_str().unwrap_or_default();
        assert!(subject.len() <= 100 && subject.is_ascii(), "{subject}");
        let text = notice["message"].as_str().unwrap_or_default();
        assert!(text.contains(" --data /"), "{text}");
    }
    for number in 1..=BURST {
        assert_eq!(
            up.job(&job(number)).await["FailureAnnounced"],
            0,
            "{number}"
        );
    }
}
