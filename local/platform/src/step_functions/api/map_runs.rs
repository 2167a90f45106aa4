//! Runs of Distributed Maps: listed, described, changed while they run.
//!
//! The run is the engine's to tell, what became of its children the children's. A result counts as written where its
//! child succeeded. Of a run that has ended, AWS's words against a change are not known.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use videoflow_asl::effect::Event;
use videoflow_asl::map_runs::{MapRun, MapRunSettings};

use super::StatesService;
use super::error::{internal, refusal, required};
use super::shapes::page;
use crate::pages::with_token;
use crate::service::ServiceError;
use crate::step_functions::actor::child_name;
use crate::step_functions::description::Description;
use crate::step_functions::entry::Entry;

/// Children and items by what became of them, in the API's names.
const STATUSES: [(&str, &str); 5] = [
    ("RUNNING", "Running"),
    ("SUCCEEDED", "Succeeded"),
    ("FAILED", "Failed"),
    ("TIMED_OUT", "TimedOut"),
    ("ABORTED", "Aborted"),
];

impl StatesService {
    pub(super) fn list_map_runs(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let entry = self.execution(parameters)?;
        let execution = entry.description();
        let (page, next) = page(self.map_runs(&entry)?, parameters)?;
        let item = |run: &MapRun| {
            let mut item = json!({
                "ExecutionArn": execution.execution_arn,
                "MapRunArn": run.map_run_arn,
                "StateMachineArn": children_machine(&run.map_run_arn),
                "StartDate": run.start.seconds(),
            });
            insert(
                &mut item,
                "StopDate",
                run.stop.map(|stop| stop.seconds().into()),
            );
            item
        };
        let items: Vec<Value> = page.iter().map(item).collect();
        Ok(with_token(json!({"MapRuns": items}), next))
    }

    pub(super) fn describe_map_run(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let (entry, run) = self.map_run(map_run_arn(parameters)?)?;
        let mut children = self.shared.store.descriptions();
        children.retain(|child| child.map_run_arn.as_deref() == Some(&*run.map_run_arn));
        let settings = run.settings;
        let mut answer = json!({
            "MapRunArn": run.map_run_arn,
            "ExecutionArn": entry.description().execution_arn,
            "Status": run.status,
            "StartDate": run.start.seconds(),
            "MaxConcurrency": settings.max_concurrency.unwrap_or(0),
            "ToleratedFailurePercentage": settings.tolerated_failure_percentage.unwrap_or(0.0),
            "ToleratedFailureCount": settings.tolerated_failure_count.unwrap_or(0),
            "ExecutionCounts": counts(&children, run.items.len(), |_| 1),
            "ItemCounts": counts(&children, run.items.iter().sum(), items_of_children(&run)),
            "RedriveCount": run.redrive_count,
        });
        insert(
            &mut answer,
            "StopDate",
            run.stop.map(|stop| stop.seconds().into()),
        );
        let redrive = run.redrive.map(|redrive| redrive.seconds().into());
        insert(&mut answer, "RedriveDate", redrive);
        Ok(answer)
    }

    pub(super) fn update_map_run(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let (entry, run) = self.map_run(map_run_arn(parameters)?)?;
        let whole = |name: &str| parameters.get(name).and_then(Value::as_i64);
        let percentage = parameters.get("ToleratedFailurePercentage");
        let settings = MapRunSettings {
            max_concurrency: whole("MaxConcurrency").and_then(|most| u32::try_from(most).ok()),
            tolerated_failure_count: whole("ToleratedFailureCount"),
            tolerated_failure_percentage: percentage.and_then(Value::as_f64),
        };
        if settings == MapRunSettings::default() {
            return Err(refusal("ValidationException", "There is nothing to update"));
        }
        let live = entry.live();
        let execution = live.as_ref();
        let running = execution.and_then(|execution| execution.running_map_run(&run.map_run_arn));
        let told =
            running.map(|map_run| entry.inbox.send(Event::MapRunUpdated { map_run, settings }));
        if told.is_some_and(|told| told.is_ok()) {
            return Ok(json!({}));
        }
        let message = format!("Map Run has ended: '{}'", run.map_run_arn);
        Err(refusal("ValidationException", &message))
    }

    /// A run and the execution that it belongs to.
    fn map_run(&self, arn: &str) -> Result<(Arc<Entry>, MapRun), ServiceError> {
        let machine = arn.split(':').nth(6).unwrap_or_default();
        let machine = machine
            .rsplit_once('/')
            .map_or(machine, |(machine, _)| machine);
        for description in self.shared.store.descriptions() {
            if description.machine_name() != machine {
                continue;
            }
            let Some(entry) = self.shared.store.find(&description.execution_arn) else {
                continue;
            };
            let mut runs = self.map_runs(&entry)?.into_iter();
            if let Some(run) = runs.find(|run| run.map_run_arn == arn) {
                return Ok((entry, run));
            }
        }
        let message = "Request references a resource that does not exist.";
        Err(refusal("ResourceNotFound", message))
    }

    fn map_runs(&self, entry: &Entry) -> Result<Vec<MapRun>, ServiceError> {
        let runs = self.shared.store.map_runs(entry);
        runs.map_err(|error| internal(&error.to_string()))
    }
}

fn map_run_arn(parameters: &Value) -> Result<&str, ServiceError> {
    let arn = required(parameters, "MapRunArn")?;
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "states", _, _, "mapRun", label, id]
            if label.contains('/') && !id.is_empty() =>
        {
            Ok(arn)
        }
        _ => Err(refusal("InvalidArn", &format!("Invalid Arn: '{arn}'"))),
    }
}

/// The machine that a run's children are said to be of: `…:stateMachine:<machine>/<label>`.
fn children_machine(map_run_arn: &str) -> String {
    let (machine, _) = map_run_arn.rsplit_once(':').unwrap_or_default();
    machine.replace(":mapRun:", ":stateMachine:")
}

/// How many items a child has, given its name.
fn items_of_children(run: &MapRun) -> impl Fn(&str) -> usize {
    let is_batched = run.items.iter().any(|items| *items != 1);
    let named = |(index, items): (usize, &usize)| (child_name(&run.map_run_arn, index), *items);
    let sizes = run.items.iter().enumerate().filter(|_| is_batched);
    let sizes: std::collections::HashMap<String, usize> = sizes.map(named).collect();
    move |name| sizes.get(name).copied().unwrap_or(1)
}

/// Of `total`, as many as each child stands for.
fn counts(children: &[Description], total: usize, weight: impl Fn(&str) -> usize) -> Value {
    let mut counts = Map::new();
    for (status, name) in STATUSES {
        let those = children.iter().filter(|child| child.status == status);
        let count: usize = those.map(|child| weight(&child.name)).sum();
        counts.insert(name.to_owned(), count.into());
    }
    let begun: usize = children.iter().map(|child| weight(&child.name)).sum();
    counts.insert("Pending".to_owned(), total.saturating_sub(begun).into());
    counts.insert("Total".to_owned(), total.into());
    let written = counts.get("Succeeded").cloned().unwrap_or_default();
    counts.insert("ResultsWritten".to_owned(), written);
    Value::Object(counts)
}

fn insert(answer: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(members), Some(value)) = (answer.as_object_mut(), value) {
        members.insert(name.to_owned(), value);
    }
}
