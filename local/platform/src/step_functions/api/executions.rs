//! Executions: started, stopped, redriven, told of.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;
use videoflow_asl::effect::Event;

use super::StatesService;
use super::error::{internal, no_machine, refusal, required};
use super::shapes::{
    capitalise_members, history_event, is_execution_arn, is_name, page, with_token,
};
use crate::service::ServiceError;
use crate::step_functions::description::Description;
use crate::step_functions::driver::{Launch, launch, now};
use crate::step_functions::entry::Entry;
use crate::step_functions::redrive;
use crate::step_functions::store::Refused;

/// Largest input (AWS's limit), in bytes.
const MAX_INPUT_BYTES: usize = 256 * 1024;

impl StatesService {
    pub(super) fn start_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineArn")?;
        let machine = self
            .shared
            .machines
            .find(arn)
            .ok_or_else(|| no_machine(arn))?;
        let input = parameters
            .get("Input")
            .and_then(Value::as_str)
            .unwrap_or("{}");
        if input.len() > MAX_INPUT_BYTES {
            return Err(refusal(
                "InvalidExecutionInput",
                "the input is longer than 256 KiB",
            ));
        }
        let document: Value = serde_json::from_str(input)
            .map_err(|error| refusal("InvalidExecutionInput", &error.to_string()))?;
        let name = match parameters.get("Name").and_then(Value::as_str) {
            Some(name) if is_name(name) => name.to_owned(),
            Some(name) => return Err(refusal("InvalidName", &format!("Invalid Name: '{name}'"))),
            None => Uuid::new_v4().to_string(),
        };
        let blueprint = self.shared.library.blueprint(machine);
        let blueprint = blueprint.map_err(|error| internal(&error.to_string()))?;
        let wanted = Launch::of(machine, blueprint, arn, name, input.to_owned());
        let description = match launch(&self.shared, &wanted) {
            Ok(entry) => entry.description(),
            Err(Refused::Taken(existing)) => same_running(&existing.description(), &document)?,
            Err(Refused::Unwritable(error)) => return Err(internal(&error.to_string())),
        };
        Ok(json!({"ExecutionArn": description.execution_arn, "StartDate": description.start_date}))
    }

    pub(super) fn stop_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let text = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        // An execution that has ended stays as it is, and the call succeeds.
        let _ = entry.inbox.send(Event::Stopped {
            error: text("Error"),
            cause: text("Cause"),
        });
        Ok(json!({"StopDate": now().seconds()}))
    }

    pub(super) async fn redrive_execution(
        &self,
        parameters: &Value,
    ) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let description = entry.description();
        if !description.is_running() {
            // Its record may be on its way to the disk.
            entry.wait().await;
        }
        let token = parameters.get("ClientToken").and_then(Value::as_str);
        match redrive::redrive(&self.shared, &description.execution_arn, token) {
            Ok(at) => Ok(json!({"RedriveDate": at.seconds()})),
            Err(error @ redrive::Error::NotRedrivable(_)) => {
                Err(refusal("ExecutionNotRedrivable", &error.to_string()))
            }
            Err(error @ redrive::Error::Unwritable(_)) => Err(internal(&error.to_string())),
        }
    }

    pub(super) fn list_executions(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineArn")?;
        let machine = self
            .shared
            .machines
            .find(arn)
            .ok_or_else(|| no_machine(arn))?;
        let status = parameters.get("StatusFilter").and_then(Value::as_str);
        let mut found = self.shared.store.descriptions();
        found.retain(|description| {
            description.state_machine_arn == machine.arn
                && status.is_none_or(|status| status == description.status)
        });
        let (page, next) = page(found, parameters)?;
        let items = page.iter().map(|description| {
            let mut item = description.envelope(|_| Value::Null);
            if let Some(members) = item.as_object_mut() {
                members.retain(|name, _| {
                    !matches!(
                        name.as_str(),
                        "Input"
                            | "InputDetails"
                            | "Output"
                            | "OutputDetails"
                            | "Cause"
                            | "Error"
                            | "RedriveStatus"
                            | "RedriveStatusReason"
                    )
                });
                members.insert("StartDate".to_owned(), json!(description.start_date));
                for (name, date) in [
                    ("StopDate", description.stop_date),
                    ("RedriveDate", description.redrive_date),
                ] {
                    if let Some(date) = date {
                        members.insert(name.to_owned(), json!(date));
                    }
                }
            }
            item
        });
        Ok(with_token(
            json!({"Executions": items.collect::<Vec<_>>()}),
            next,
        ))
    }

    pub(super) fn describe_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let description = self.execution(parameters)?.description();
        let members =
            serde_json::to_value(&description).map_err(|error| internal(&error.to_string()))?;
        let mut answer = capitalise_members(members);
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("InputDetails".to_owned(), json!({"Included": true}));
            if description.output.is_some() {
                answer.insert("OutputDetails".to_owned(), json!({"Included": true}));
            }
        }
        Ok(answer)
    }

    pub(super) fn history(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let mut events = self
            .shared
            .store
            .events(&entry)
            .map_err(|error| internal(&error.to_string()))?;
        if parameters
            .get("ReverseOrder")
            .and_then(Value::as_bool)
            .unwrap_or(false)
        {
            events.reverse();
        }
        let (page, next) = page(events, parameters)?;
        let is_data_wanted = parameters
            .get("IncludeExecutionData")
            .and_then(Value::as_bool)
            .unwrap_or(true);
        let events: Vec<Value> = page
            .into_iter()
            .map(|event| history_event(event, is_data_wanted))
            .collect();
        Ok(with_token(json!({"Events": events}), next))
    }

    pub(super) fn execution(&self, parameters: &Value) -> Result<Arc<Entry>, ServiceError> {
        let arn = required(parameters, "ExecutionArn")?;
        if !is_execution_arn(arn) {
            return Err(refusal("InvalidArn", &format!("Invalid Arn: '{arn}'")));
        }
        let missing = || {
            refusal(
                "ExecutionDoesNotExist",
                &format!("Execution Does Not Exist: '{arn}'"),
            )
        };
        self.shared.store.find(arn).ok_or_else(missing)
    }
}

/// `StartExecution` again, by the same name: the running execution if the input is the same.
fn same_running(existing: &Description, input: &Value) -> Result<Description, ServiceError> {
    let known = serde_json::from_str::<Value>(&existing.input).ok();
    if existing.is_running() && known.as_ref() == Some(input) {
        return Ok(existing.clone());
    }
    let message = format!("Execution Already Exists: '{}'", existing.execution_arn);
    Err(refusal("ExecutionAlreadyExists", &message))
}
