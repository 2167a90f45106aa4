//! A machine that asks every night for a year, on a virtual clock: `cargo run -p videoflow-asl --example poll_for_a_year`.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use videoflow_asl::StateMachine;
use videoflow_asl::simulation::{Answer, Call, EPOCH, Simulation};

const DEFINITION: &str = r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "AskForNews",
  "States": {
    "AskForNews": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "ask-for-news" },
      "Retry": [{ "ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 60, "MaxAttempts": 3 }],
      "Output": "{% $states.result.Payload %}",
      "Next": "IsThereNews"
    },
    "IsThereNews": {
      "Type": "Choice",
      "Choices": [{ "Condition": "{% $states.input.news %}", "Next": "Told" }],
      "Default": "WaitForTheNight"
    },
    "WaitForTheNight": { "Type": "Wait", "Seconds": 86400, "Next": "AskForNews" },
    "Told": { "Type": "Succeed" }
  }
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let machine = StateMachine::compile(DEFINITION).map_err(|findings| format!("{findings:?}"))?;
    let mut asked = 0;
    let answer = |_: &Call<'_>| {
        asked += 1;
        // Every tenth time the service is busy; the news come after a year.
        if asked % 10 == 0 {
            return Answer::throws("Lambda.TooManyRequestsException", "busy");
        }
        Answer::returns(json!({ "Payload": { "news": asked > 405 } })).after_ms(250)
    };
    let began = Instant::now();
    let execution = Simulation::new(answer).run(&Arc::new(machine), json!({}));
    let took = began.elapsed();
    let last = execution.history().last().ok_or("a history has events")?;
    let days = (last.timestamp.0 - EPOCH.0) / 86_400_000;
    println!(
        "{:?} after {days} days: {} events in {} ms",
        execution.status(),
        execution.history().len(),
        took.as_millis()
    );
    Ok(())
}
