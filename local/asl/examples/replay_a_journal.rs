//! A driver that keeps what it tells an execution, dies, and goes on from its journal:
//! `cargo run -p videoflow-asl --example replay_a_journal`.

use std::error::Error;
use std::sync::Arc;

use serde_json::json;
use videoflow_asl::effect::{Effect, Event, Timestamp};
use videoflow_asl::replay::replay;
use videoflow_asl::{Execution, Start, StateMachine};

const DEFINITION: &str = r#"{
  "QueryLanguage": "JSONata",
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "charge", "Payload": "{% $states.input %}" },
      "Assign": { "receipt": "{% $states.result.Payload %}" },
      "Next": "Ship"
    },
    "Ship": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "ship", "Payload": "{% $receipt %}" },
      "End": true
    }
  }
}"#;

fn start() -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:order:o-1".into(),
        execution_name: "o-1".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:order".into(),
        state_machine_name: "order".into(),
        role_arn: "arn:aws:iam::000000000000:role/order".into(),
        input: json!({ "order": "o-1" }),
        redrive_count: 0,
        seed: 1,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let machine = StateMachine::compile(DEFINITION).map_err(|findings| format!("{findings:?}"))?;
    let machine = Arc::new(machine);

    // The first driver writes every event to the journal before it tells it. It dies while Ship is called.
    let mut journal: Vec<String> = Vec::new();
    let (mut execution, effects) = Execution::start(Arc::clone(&machine), start(), Timestamp(0));
    let Some(Effect::StartTask { task, .. }) = effects.into_iter().next() else {
        return Err("Charge is called first".into());
    };
    let charged = Event::TaskSucceeded {
        task,
        output: json!({ "Payload": { "receipt": 17 } }),
    };
    journal.push(serde_json::to_string(&(&charged, Timestamp(1_000)))?);
    execution.handle(charged, Timestamp(1_000));
    drop(execution);

    // The second driver reads the journal. Nothing is charged again; what had no answer is pending.
    let events: Vec<(Event, Timestamp)> = journal
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    let mut replayed = replay(machine, start(), Timestamp(0), events);
    for pending in replayed.pending {
        println!("to be called again: {:?}", pending.effect);
        if let Effect::StartTask { task, .. } = pending.effect {
            let shipped = Event::TaskSucceeded {
                task,
                output: json!({ "Payload": "shipped" }),
            };
            replayed.execution.handle(shipped, Timestamp(2_000));
        }
    }
    println!("{:?}", replayed.execution.status());
    for event in replayed.execution.history() {
        println!(
            "{:>3} {} {}",
            event.id,
            event.timestamp.rfc3339(),
            event.event_type
        );
    }
    Ok(())
}
