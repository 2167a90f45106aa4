//! What state machines are told to be.
//!
//! A description by an alias tells the version that gets most of its starts, the first of two that get half each.

use serde_json::{Value, json};
use videoflow_asl::effect::Timestamp;

use super::StatesService;
use super::error::{no_machine, required, text};
use super::shapes::present;
use crate::names;
use crate::service::ServiceError;
use crate::step_functions::machines::{Configuration, Revision, number};

impl StatesService {
    pub(super) fn describe_machine(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineArn")?;
        let (machine, wanted) = self.machine(arn)?;
        let mut qualifier = wanted.qualifier.map(str::to_owned);
        if let Some(alias) = wanted.qualifier.and_then(|name| machine.aliases.get(name)) {
            let most = alias.routes.iter().rev().max_by_key(|route| route.weight);
            qualifier = most.map(|route| route.version.to_string());
        }
        let version = qualifier.as_deref().map(|qualifier| {
            let number = number(qualifier)?;
            machine.versions.get(&number)
        });
        let (revision, created, description) = match version {
            None => (&machine.current, machine.created, None),
            Some(Some(version)) => (
                &version.revision,
                version.created,
                version.description.as_ref(),
            ),
            Some(None) => return Err(no_machine(arn)),
        };
        let mut answer = self.told(revision, parameters)?;
        answer.extend([
            ("StateMachineArn", json!(arn)),
            ("Name", json!(machine.name)),
            ("Status", json!(machine.status)),
            ("Type", json!("STANDARD")),
            ("CreationDate", json!(created.seconds())),
            ("Description", json!(description)),
        ]);
        Ok(present(answer.into_iter().collect()))
    }

    /// What an execution began with, whatever its machine is by now.
    pub(super) fn describe_machine_for_execution(
        &self,
        parameters: &Value,
    ) -> Result<Value, ServiceError> {
        let execution = self.execution(parameters)?.description();
        let blueprint = self.shared.store.blueprint(&execution.execution_arn)?;
        let machine = self.shared.machines.find(&execution.state_machine_arn);
        let (revision, processors) = match (blueprint, machine) {
            (Some(blueprint), machine) => {
                let configuration = blueprint.configuration;
                let configuration = configuration
                    .or_else(|| Some(machine?.current.configuration.clone()))
                    .unwrap_or_else(|| unknown(execution.machine_name()));
                let definition = blueprint.definition;
                let revision = Revision {
                    definition,
                    configuration,
                };
                (revision, blueprint.processors)
            }
            // The record is older than blueprints are.
            (None, Some(machine)) => (machine.current.clone(), Vec::new()),
            (None, None) => return Err(no_machine(&execution.state_machine_arn)),
        };
        let mut answer = self.told(&revision, parameters)?;
        if let Some(definition) = answer.iter_mut().find(|(name, _)| *name == "Definition") {
            definition.1 = child(&definition.1, &processors);
        }
        let label = execution.machine_name().split_once('/');
        answer.extend([
            ("StateMachineArn", json!(execution.state_machine_arn)),
            ("Name", json!(execution.machine_name())),
            (
                "UpdateDate",
                json!(revision.configuration.updated.seconds()),
            ),
            ("MapRunArn", json!(execution.map_run_arn)),
            ("Label", json!(label.map(|(_, label)| label))),
        ]);
        Ok(present(answer.into_iter().collect()))
    }

    /// What descriptions have in common.
    fn told(
        &self,
        revision: &Revision,
        parameters: &Value,
    ) -> Result<Vec<(&'static str, Value)>, ServiceError> {
        let definition = match text(parameters, "IncludedData") {
            Some("METADATA_ONLY") => "{}".to_owned(),
            _ => self.shared.library.text(&revision.definition)?,
        };
        let configuration = &revision.configuration;
        Ok(vec![
            ("Definition", json!(definition)),
            ("RoleArn", json!(configuration.role_arn)),
            ("LoggingConfiguration", configuration.logging.clone()),
            (
                "TracingConfiguration",
                json!({ "Enabled": configuration.is_traced }),
            ),
            ("EncryptionConfiguration", json!(configuration.encryption)),
            ("RevisionId", json!(configuration.revision_id)),
        ])
    }
}

/// The configuration of an execution that began before configurations were kept, and whose machine is gone.
fn unknown(machine_name: &str) -> Configuration {
    let role_arn = names::role_arn(names::unprefixed(machine_name));
    Configuration::of(role_arn, Timestamp(0))
}

/// The definition that a child of Distributed Maps runs: the processor of the innermost.
fn child(definition: &Value, processors: &[String]) -> Value {
    let text = definition.as_str().unwrap_or_default();
    let mut found: Value = match (processors, serde_json::from_str(text)) {
        ([_, ..], Ok(definition)) => definition,
        _ => return definition.clone(),
    };
    for state in processors {
        found = processor(&found, state).cloned().unwrap_or_default();
    }
    if let Some(members) = found.as_object_mut() {
        members.remove("ProcessorConfig");
    }
    json!(found.to_string())
}

/// The processor of a Map state, wherever in a definition it stands: names of states are unique in one.
fn processor<'a>(definition: &'a Value, state: &str) -> Option<&'a Value> {
    match definition {
        Value::Object(members) => {
            let named = members.get("States").and_then(|states| states.get(state));
            named
                .and_then(|map| map.get("ItemProcessor"))
                .or_else(|| members.values().find_map(|inner| processor(inner, state)))
        }
        Value::Array(items) => items.iter().find_map(|inner| processor(inner, state)),
        _ => None,
    }
}
