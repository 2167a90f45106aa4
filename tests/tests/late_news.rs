//! A redriven job may still say FAILED when its run settles it: the news of the redrive comes by a queue. The machines'
//! conditional writes, on a real table.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use videoflow_asl::effect::Pattern;
use videoflow_asl::simulation::{Answer, Call as TaskCall, Simulation};
use videoflow_asl::{StateMachine, Status};
use videoflow_platform::dynamodb::DynamoDb;
use videoflow_platform::service::{Call, Principal, Service as _};

use crate::machines::usual;
use crate::support::root;

struct Tables {
    runtime: Runtime,
    dynamodb: DynamoDb,
    _folder: tempfile::TempDir,
}

impl Tables {
    /// A job that failed, and its claim, which is `owner`'s.
    fn new(owner: &str, claim_status: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let dynamodb = DynamoDb::open(&folder.path().join("tables")).expect("tables");
        dynamodb.create_tables("").expect("tables");
        let tables = Self {
            runtime: Runtime::new().expect("a runtime"),
            dynamodb,
            _folder: folder,
        };
        let details = json!({"M": {"error": {"S": "Thrown"}}});
        let job = json!({"JobId": {"S": "v-1"}, "JobStatus": {"S": "FAILED"}, "UpdatedAt": {"S": "t"},
            "ErrorDetails": details, "FailedAt": {"S": "t"}});
        let claim = json!({"ClaimId": {"S": "c"}, "JobId": {"S": owner}, "ClaimStatus": {"S": claim_status}});
        for (table, item) in [("jobs", job), ("claims", claim)] {
            let put = tables.call("PutItem", json!({"TableName": table, "Item": item}));
            put.expect("a written item");
        }
        tables
    }

    fn call(&self, operation: &str, parameters: Value) -> Result<Value, (String, String)> {
        let call = Call {
            principal: Principal("tester".to_owned()),
            operation: operation.to_owned(),
            parameters,
        };
        let answer = self.runtime.block_on(self.dynamodb.call(call));
        answer.map_err(|error| (error.code, error.message))
    }

    fn status(&self, table: &str, key: &str, value: &str, member: &str) -> Value {
        let parameters = json!({"TableName": table, "Key": {key: {"S": value}}});
        let found = self.call("GetItem", parameters).expect("an answer");
        found["Item"][member]["S"].clone()
    }

    /// The answer of the tables for a call to `DynamoDB`.
    fn answer(&self, call: &TaskCall<'_>) -> Option<Answer> {
        let (before, operation) = call.resource.split_once("dynamodb:")?;
        let prefix = if before.ends_with("aws-sdk:") {
            "DynamoDb"
        } else {
            "DynamoDB"
        };
        let mut letters = operation.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let operation: String = first.into_iter().chain(letters).collect();
        Some(match self.call(&operation, call.arguments.clone()) {
            // The token is in the table, and nobody answers it.
            Ok(_) if call.pattern == Pattern::TaskToken => Answer::silence(),
            Ok(answer) => Answer::returns(answer),
            Err((code, message)) => Answer::throws(&format!("{prefix}.{code}"), &message),
        })
    }
}

/// Runs a machine whose other Tasks answer as `answer` says, or as usual; `status` is that of the job in the end.
fn check(
    tables: &Tables,
    machine: &str,
    answer: impl Fn(&str) -> Option<Value>,
    status: &str,
) -> Status {
    let source = std::fs::read_to_string(root().join(format!("statemachines/{machine}.asl.json")));
    let mut source = source.expect("a definition");
    for table in ["jobs", "claims"] {
        source = source.replace(&format!("${{{table}_table_name}}"), table);
    }
    let compiled = StateMachine::compile(&source).unwrap_or_else(|found| panic!("{found:#?}"));
    let input = json!({"jobId": "v-1", "source": {"bucket": "b", "key": "k", "versionId": "1"}, "claimId": "c",
        "profile": "default", "forced": false});
    let execution = Simulation::new(|call: &TaskCall<'_>| {
        let real = || tables.answer(call);
        let given = answer(call.state).map(Answer::returns);
        let usual = || Answer::returns(usual(call.state));
        given.or_else(real).unwrap_or_else(usual)
    })
    .run(&Arc::new(compiled), input);
    assert_eq!(
        tables.status("jobs", "JobId", "v-1", "JobStatus"),
        status,
        "{machine}: {:?} {:?}",
        execution.error(),
        execution.cause()
    );
    execution.status()
}

fn quality(passed: bool, is_review_needed: bool) -> impl Fn(&str) -> Option<Value> {
    move |state| {
        let payload = json!({"passed": passed, "score": 1, "report": "s3://o/work/quality.json", "isReviewNeeded": is_review_needed,
            "reviewReason": "why", "evidence": {}, "notice": "look"});
        (state == "CheckQuality").then(|| json!({"Payload": payload}))
    }
}

#[test]
fn a_redriven_job_is_published_with_its_claim() {
    let tables = Tables::new("v-1", "FAILED");
    let ended = check(&tables, "publish-video", |_| None, "PUBLISHED");
    assert_eq!(ended, Status::Succeeded);
    assert_eq!(
        tables.status("claims", "ClaimId", "c", "ClaimStatus"),
        "PUBLISHED"
    );
    for gone in ["ErrorDetails", "FailedAt"] {
        assert_eq!(tables.status("jobs", "JobId", "v-1", gone), Value::Null);
    }
}

#[test]
fn a_redriven_job_whose_content_another_took_over_is_not_published() {
    let tables = Tables::new("v-2", "RUNNING");
    let ended = check(&tables, "publish-video", |_| None, "FAILED");
    assert_eq!(ended, Status::Failed);
    assert_eq!(
        tables.status("claims", "ClaimId", "c", "ClaimStatus"),
        "RUNNING"
    );
}

#[test]
fn a_redriven_job_may_fail_its_quality_check_and_wait_for_its_review() {
    let tables = Tables::new("v-1", "FAILED");
    check(&tables, "publish-video", quality(false, false), "FAILED_QC");
    let tables = Tables::new("v-1", "FAILED");
    // Nobody decides: the review ends with its time.
    let ended = check(&tables, "publish-video", quality(true, true), "FAILED_QC");
    assert_eq!(ended, Status::Failed);
    assert_ne!(
        tables.status("jobs", "JobId", "v-1", "ReviewReason"),
        Value::Null
    );
}

#[test]
fn a_redriven_job_is_inspected_anew() {
    let inspected = |verdict: &'static str| {
        move |state: &str| {
            let payload = json!({"verdict": verdict, "claimId": "c", "code": "UnsupportedCodec", "message": "no",
                "analyses": {}, "predictedCostUsd": 0});
            (state == "InspectFile").then(|| json!({"Payload": payload}))
        }
    };
    let tables = Tables::new("v-1", "FAILED");
    check(&tables, "sanitize-file", inspected("ACCEPTED"), "FAILED");
    assert_eq!(
        tables.status("claims", "ClaimId", "c", "ClaimStatus"),
        "RUNNING"
    );
    check(&tables, "sanitize-file", inspected("REJECTED"), "REJECTED");
    let tables = Tables::new("v-2", "RUNNING");
    check(&tables, "sanitize-file", inspected("ACCEPTED"), "DUPLICATE");
}
