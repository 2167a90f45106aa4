//! The context object of a test.

use serde_json::{Map, Value, json};

use super::{Error, Request};
use crate::Start;
use crate::effect::Pattern;
use crate::machine::{Family, Kind, State};
use crate::random::Random;

/// Members of the context object that may be given, with those of theirs that are texts, and others.
const ALLOWED: [(&str, &[&str], &[&str]); 4] = [
    (
        "Execution",
        &["Id", "Name", "RoleArn", "StartTime", "RedriveTime"],
        &["Input", "RedriveCount"],
    ),
    ("State", &["EnteredTime", "Name"], &["RetryCount"]),
    ("StateMachine", &["Id", "Name"], &[]),
    ("Task", &["Token"], &[]),
];

/// The names of an execution that there is not.
pub(super) struct Names {
    pub(super) execution_arn: String,
    pub(super) execution_name: String,
    pub(super) state_machine_arn: String,
    pub(super) state_machine_name: String,
}

impl Names {
    /// As AWS makes them up: of an Express execution.
    pub(super) fn new(random: &Random, region_and_account: &str) -> Self {
        let (machine, execution) = (random.uuid(), random.uuid());
        let arn = |rest: &str| format!("arn:aws:states:{region_and_account}:{rest}");
        Self {
            execution_arn: arn(&format!("express:{machine}:{execution}")),
            state_machine_arn: arn(&format!("stateMachine:{machine}")),
            execution_name: execution,
            state_machine_name: machine,
        }
    }

    /// What the execution begins with.
    pub(super) fn start(self, role_arn: Option<&str>, input: Value, seed: u64) -> Start {
        Start {
            execution_arn: self.execution_arn,
            execution_name: self.execution_name,
            state_machine_arn: self.state_machine_arn,
            state_machine_name: self.state_machine_name,
            role_arn: role_arn.unwrap_or_default().to_owned(),
            input,
            redrive_count: 0,
            seed,
        }
    }
}

/// The context object where none is given.
pub(super) fn made(names: &Names, request: &Request<'_>, state: &State) -> Value {
    let now = request.now.rfc3339();
    let mut context = json!({
        "Execution": {
            "Id": names.execution_arn,
            "Input": request.input,
            "Name": names.execution_name,
            "RoleArn": request.role_arn,
            "StartTime": now,
        },
        "StateMachine": { "Id": names.state_machine_arn, "Name": names.state_machine_name },
        "State": { "Name": &*state.name, "EnteredTime": now },
    });
    let has_retries = matches!(
        state.kind,
        Kind::Task(_) | Kind::Map(_) | Kind::Parallel { .. }
    );
    if has_retries && let Some(members) = context.get_mut("State").and_then(Value::as_object_mut) {
        let count = request.configuration.retrier_retry_count;
        members.insert("RetryCount".to_owned(), count.into());
    }
    context
}

/// A context object that is given.
pub(super) fn given(text: &str, state: &State) -> Result<Value, Error> {
    let refuse = |why: &str| Error::Request(format!("Invalid Context object provided: {why}"));
    let context = serde_json::from_str(text).ok();
    let Some(Value::Object(members)) = context else {
        return Err(refuse("it must be a JSON object"));
    };
    for (name, value) in &members {
        check_member(name, value).map_err(|why| refuse(&why))?;
    }
    if members.contains_key("Task") && !has_token(state) {
        return Err(refuse(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
        ));
    }
    Ok(Value::Object(members))
}

fn check_member(name: &str, value: &Value) -> Result<(), String> {
    if name == "Map" {
        return Err("'Map' field is not supported when mocking a Context object".to_owned());
    }
    let known = ALLOWED.iter().find(|(known, ..)| *known == name);
    let not_allowed = |name: &str| format!("Field '{name}' is not allowed");
    let (_, texts, others) = known.ok_or_else(|| not_allowed(name))?;
    let empty = Map::new();
    let members = match value {
        Value::Object(members) => members,
        Value::Null => &empty,
        _ => return Err(format!("{name} must be an object")),
    };
    for (field, value) in members {
        let is_text = texts.contains(&field.as_str());
        if !is_text && !others.contains(&field.as_str()) {
            return Err(not_allowed(field));
        }
        if is_text && !value.is_string() {
            return Err(format!("{name}.{field} must be a string"));
        }
        if field.ends_with("Count") && !value.is_u64() {
            return Err(format!("{name}.{field} must be a number"));
        }
    }
    Ok(())
}

fn has_token(state: &State) -> bool {
    matches!(&state.kind, Kind::Task(task)
        if task.resource.pattern != Pattern::RequestResponse
            || matches!(task.resource.family, Family::Activity { .. }))
}
