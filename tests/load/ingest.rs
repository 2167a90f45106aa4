//! What stands between the queue and process-video: the messages, start-processing's retries, and the rule for failures.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::{Start, StateMachine};

use crate::random::Random;
use crate::video::{BUCKET, PROFILE, Video};

/// Every tenth event is delivered twice, the second time up to an hour later.
const REPEATED: usize = 10;
/// Latest repetition.
const REPETITION_SECONDS: u64 = 3600;
/// Messages that start-processing is given in a second: five batches of ten.
const MESSAGES_A_SECOND: usize = 50;

/// A message is received, handled, and a job that fails is recorded. A batch that fails comes again.
const MESSAGE: &str = r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Receive",
  "States": {
    "Receive": { "Type": "Wait", "Seconds": "{% $states.input.afterSeconds %}", "Next": "StartProcessing" },
    "StartProcessing": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "start-processing", "Payload": "{% $states.input %}" },
      "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 360, "MaxAttempts": 5, "BackoffRate": 1 }],
      "Assign": { "start": "{% $states.result.Payload %}" },
      "Next": "IsNew"
    },
    "IsNew": {
      "Type": "Choice",
      "Choices": [{ "Condition": "{% $start.isNew %}", "Next": "ProcessVideo" }],
      "Default": "Known"
    },
    "ProcessVideo": {
      "Type": "Task",
      "Resource": "arn:aws:states:::states:startExecution.sync:2",
      "Arguments": {
        "StateMachineArn": "process-video", "Name": "{% $start.input.jobId %}", "Input": "{% $start.input %}"
      },
      "Retry": [
        { "ErrorEquals": ["StepFunctions.ThrottlingException"], "IntervalSeconds": 360, "MaxAttempts": 5, "BackoffRate": 1 }
      ],
      "Catch": [
        { "ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "Next": "Known" },
        { "ErrorEquals": ["States.TaskFailed"], "Next": "RecordFailure" }
      ],
      "Next": "Known"
    },
    "RecordFailure": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "record-failure", "Payload": { "jobId": "{% $start.input.jobId %}" } },
      "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 360, "MaxAttempts": 5, "BackoffRate": 1 }],
      "Next": "Known"
    },
    "Known": { "Type": "Succeed" }
  }
}"#;

/// The machine of a message.
pub fn machine() -> Arc<StateMachine> {
    let machine = StateMachine::compile(MESSAGE);
    Arc::new(machine.unwrap_or_else(|findings| panic!("{findings:?}")))
}

/// The messages of all videos, in the order of their keys, and the repeated ones.
pub fn messages(videos: &[Video]) -> Vec<Start> {
    let random = Random::new(2);
    let mut starts = Vec::new();
    for (number, video) in videos.iter().enumerate() {
        let after = number / MESSAGES_A_SECOND;
        starts.push(message(starts.len(), video, after));
        if number % REPEATED == 0 {
            let later = usize::try_from(random.below(REPETITION_SECONDS)).unwrap_or_default();
            starts.push(message(starts.len(), video, after + later));
        }
    }
    starts
}

fn message(number: usize, video: &Video, after_seconds: usize) -> Start {
    let source = json!({ "bucket": BUCKET, "key": video.key, "versionId": "1" });
    let input =
        json!({ "jobId": video.job, "source": source, "profile": PROFILE, "forced": false });
    let input = json!({ "afterSeconds": after_seconds, "input": input });
    start("message", &number.to_string(), input)
}

/// An execution by its names.
pub fn start(machine: &str, name: &str, input: Value) -> Start {
    let arn =
        |kind: &str, name: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:{name}");
    let seed = name.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    });
    Start {
        execution_arn: arn("execution", &format!("{machine}:{name}")),
        execution_name: name.to_owned(),
        state_machine_arn: arn("stateMachine", machine),
        state_machine_name: machine.to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/load".to_owned(),
        input,
        redrive_count: 0,
        seed,
    }
}
