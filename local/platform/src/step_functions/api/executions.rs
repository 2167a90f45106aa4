//! Executions: started, stopped, redriven, told of.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;
use videoflow_asl::effect::Event;

use super::StatesService;
use super::arns;
use super::error::{deleting, internal, no_machine, refusal, required, text, type_not_supported};
use super::history::capitalise_members;
use super::shapes::is_name;
use crate::service::ServiceError;
use crate::step_functions::description::Description;
use crate::step_functions::driver::{Launch, launch};
use crate::step_functions::entry::Entry;
use crate::step_functions::journal::Blueprint;
use crate::step_functions::machines::{Status, WHOLE};
use crate::step_functions::redrive;
use crate::step_functions::store::Refused;

/// Largest input (AWS's limit), in bytes.
const MAX_INPUT_BYTES: usize = 256 * 1024;

impl StatesService {
    pub(super) fn start_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineArn")?;
        let (input, document) = input(parameters)?;
        let name = match text(parameters, "Name") {
            Some(name) if is_name(name) => name.to_owned(),
            Some(name) => return Err(refusal("InvalidName", &format!("Invalid Name: '{name}'"))),
            None => Uuid::new_v4().to_string(),
        };
        let wanted = self.launch_of(arn, name, input)?;
        let description = match launch(&self.shared, &wanted) {
            Ok(entry) => entry.description(),
            Err(Refused::Taken(existing)) => same_running(&existing.description(), &document)?,
            Err(Refused::Unwritable(error)) => return Err(internal(&error.to_string())),
        };
        Ok(json!({"ExecutionArn": description.execution_arn, "StartDate": description.start_date}))
    }

    /// What a start by an ARN begins with. An alias of two versions takes one of them by chance.
    fn launch_of(&self, arn: &str, name: String, input: &str) -> Result<Launch, ServiceError> {
        let (machine, wanted) = self.machine(arn)?;
        if machine.status == Status::Deleting {
            return Err(deleting(arn));
        }
        let (random, _) = Uuid::new_v4().as_u64_pair();
        let roll = u32::try_from(random % u64::from(WHOLE)).unwrap_or_default();
        let chosen = machine.choose(wanted.qualifier, roll);
        let chosen = chosen.ok_or_else(|| no_machine(arn))?;
        let blueprint = Blueprint {
            definition: chosen.revision.definition,
            configuration: Some(chosen.revision.configuration),
            processors: Vec::new(),
        };
        Ok(Launch {
            machine_name: machine.name.clone(),
            machine_arn: machine.arn(),
            version_arn: chosen.version_arn,
            alias_arn: chosen.alias_arn,
            compiled: self.shared.library.machine(&blueprint)?,
            blueprint,
            name,
            input: input.to_owned(),
            map_run_arn: None,
        })
    }

    /// Only Express machines can be started so, and there are none here.
    pub(super) fn start_sync_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        self.machine(required(parameters, "StateMachineArn")?)?;
        Err(type_not_supported())
    }

    /// An execution that has ended stays as it is, and the call succeeds.
    pub(super) async fn stop_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let text = |name: &str| text(parameters, name).map(str::to_owned);
        let _ = entry.inbox.send(Event::Stopped {
            error: text("Error"),
            cause: text("Cause"),
        });
        let description = entry.wait().await;
        Ok(json!({"StopDate": description.stop_date}))
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
        let machine = self.shared.machines.find(&description.state_machine_arn);
        if machine.is_some_and(|machine| machine.status == Status::Deleting) {
            let reason = "State machine is in DELETING status";
            return Err(refusal("ExecutionNotRedrivable", reason));
        }
        let token = text(parameters, "ClientToken");
        match redrive::redrive(&self.shared, &description.execution_arn, token) {
            Ok(at) => Ok(json!({"RedriveDate": at.seconds()})),
            Err(error @ redrive::Error::NotRedrivable(_)) => {
                Err(refusal("ExecutionNotRedrivable", &error.to_string()))
            }
            Err(error @ redrive::Error::Unwritable(_)) => Err(internal(&error.to_string())),
        }
    }

    pub(super) fn describe_execution(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let description = self.execution(parameters)?.description();
        let is_included = text(parameters, "IncludedData") != Some("METADATA_ONLY");
        let members =
            serde_json::to_value(&description).map_err(|error| internal(&error.to_string()))?;
        let mut answer = capitalise_members(members);
        if let Some(answer) = answer.as_object_mut() {
            let details = json!({"Included": is_included});
            if description.output.is_some() {
                answer.insert("OutputDetails".to_owned(), details.clone());
            }
            answer.insert("InputDetails".to_owned(), details);
            if !is_included {
                answer.retain(|name, _| {
                    !matches!(name.as_str(), "Input" | "Output" | "Error" | "Cause")
                });
            }
        }
        Ok(answer)
    }

    /// The execution that a request names.
    pub(super) fn execution(&self, parameters: &Value) -> Result<Arc<Entry>, ServiceError> {
        let arn = arns::execution(required(parameters, "ExecutionArn")?)?;
        let missing = || {
            refusal(
                "ExecutionDoesNotExist",
                &format!("Execution Does Not Exist: '{arn}'"),
            )
        };
        self.shared.store.find(arn).ok_or_else(missing)
    }
}

/// The input of an execution, as text and as JSON.
fn input(parameters: &Value) -> Result<(&str, Value), ServiceError> {
    let refused = |reason: &str| {
        let message = format!("Invalid State Machine Execution Input: '{reason}'");
        refusal("InvalidExecutionInput", &message)
    };
    let input = text(parameters, "Input").unwrap_or("{}");
    if input.is_empty() {
        return Err(refused("Invalid execution input."));
    }
    if input.len() > MAX_INPUT_BYTES {
        return Err(refused("The input is longer than 256 KiB."));
    }
    let document = serde_json::from_str(input).map_err(|error| refused(&error.to_string()))?;
    Ok((input, document))
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
