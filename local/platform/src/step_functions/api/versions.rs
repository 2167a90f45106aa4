//! Versions of state machines.

use serde_json::{Value, json};

use super::StatesService;
use super::arns;
use super::error::{conflict, quota_exceeded, required, text};
use super::machines::unqualified_or_missing;
use super::shapes::Pages;
use crate::pages::with_token;
use crate::service::ServiceError;
use crate::step_functions::driver::now;
use crate::step_functions::machines::number;

/// Most versions of a machine (AWS's limit).
const MAX_VERSIONS: usize = 1000;
/// `revisionId` of a machine that was never updated.
const INITIAL: &str = "INITIAL";

impl StatesService {
    pub(super) fn publish_version(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = unqualified_or_missing(required(parameters, "StateMachineArn")?)?;
        let wanted = text(parameters, "RevisionId");
        let description = text(parameters, "Description").map(str::to_owned);
        self.alter(arn, |machine| {
            let current = machine.current.configuration.revision_id.as_deref();
            let current = current.unwrap_or(INITIAL);
            if let Some(wanted) = wanted.filter(|wanted| *wanted != current) {
                return Err(conflict(&format!(
                    "Failed to publish the State Machine version for revision {wanted}. The current State Machine revision is {current}."
                )));
            }
            if machine.version_of_current().is_none() && machine.versions.len() >= MAX_VERSIONS {
                return Err(quota_exceeded(
                    "The maximum number of versions of the state machine has been reached",
                ));
            }
            let number = machine.publish(description, now());
            let created = machine.versions.get(&number).map(|version| version.created);
            Ok(json!({
                "StateMachineVersionArn": machine.qualified(number),
                "CreationDate": created.map(videoflow_asl::effect::Timestamp::seconds),
            }))
        })
    }

    pub(super) fn list_versions(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = arns::unqualified(required(parameters, "StateMachineArn")?)?;
        let (machine, _) = self.machine(arn)?;
        let versions = machine.versions.iter().map(|(number, version)| {
            let item = json!({
                "StateMachineVersionArn": machine.qualified(number),
                "CreationDate": version.created.seconds(),
            });
            ((-i64::from(*number), String::new()), item)
        });
        let pages = Pages::of("ListStateMachineVersions", parameters)?;
        let (page, next) = pages.take(versions.collect());
        Ok(with_token(json!({ "StateMachineVersions": page }), next))
    }

    /// One that does not exist is as good as deleted.
    pub(super) fn delete_version(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineVersionArn")?;
        let (machine, qualifier) = arns::qualified(arn)?;
        let number = number(qualifier).ok_or_else(|| arns::not_valid(arn))?;
        if self.shared.machines.find(machine.unqualified).is_none() {
            return Ok(json!({}));
        }
        self.alter(machine.unqualified, |machine| {
            let aliases: Vec<&str> = machine.aliases_of(number).collect();
            if !aliases.is_empty() {
                return Err(conflict(&format!(
                    "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                    aliases.join(", ")
                )));
            }
            machine.versions.remove(&number);
            Ok(json!({}))
        })
    }
}
