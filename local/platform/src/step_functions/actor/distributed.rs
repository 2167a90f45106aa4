//! Distributed Map: reading its items, running its children as executions of their own.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::effect::{Event, MapRunId};
use videoflow_asl::results::{ChildResult, Format, files, manifest_key};

use super::{Actor, tell};
use crate::names;
use crate::step_functions::driver::{Launch, launch};
use crate::step_functions::entry::{Entry, Inbox};
use crate::step_functions::map_run::{may_start_children, read_items, write_files};
use crate::step_functions::redrive::redrive_child;
use crate::step_functions::store::Refused;
use crate::token::Token;

/// One run of a Distributed Map.
pub(super) struct MapRun {
    arn: String,
    label: String,
    state: String,
    children: Vec<Inbox>,
}

impl Actor {
    pub(super) fn read_items(
        &mut self,
        map_run: MapRunId,
        resource: String,
        arguments: Value,
        config: Value,
    ) {
        self.map_run(map_run);
        let services = Arc::clone(&self.shared.services);
        let principal = self.principal();
        let inbox = self.entry.inbox.clone();
        let machine_arn = self.entry.description().state_machine_arn;
        tokio::spawn(async move {
            let items = match may_start_children(&services, &principal, &machine_arn) {
                Ok(()) => read_items(&services, &principal, &resource, &arguments, &config).await,
                Err(refused) => Err(refused),
            };
            let items = items.map_err(|failure| (failure.error, failure.cause));
            tell(&inbox, Event::ItemsRead { map_run, items });
        });
    }

    pub(super) fn start_child(&mut self, map_run: MapRunId, index: usize, input: &Value) {
        let inbox = self.entry.inbox.clone();
        let machine = match self.entry.live().as_ref() {
            Some(execution) => execution.item_processor(map_run),
            None => None,
        };
        let Some(compiled) = machine else {
            let refused = (
                "States.Runtime".to_owned(),
                "the Map has no processor".to_owned(),
            );
            let outcome = Err(refused);
            return tell(
                &inbox,
                Event::ChildEnded {
                    map_run,
                    index,
                    outcome,
                },
            );
        };
        let machine_arn = self.entry.description().state_machine_arn;
        let machine_name = self.machine_name.clone();
        let shared = Arc::clone(&self.shared);
        let mut blueprint = self.blueprint.clone();
        let run = self.map_run(map_run);
        blueprint.processors.push(run.state.clone());
        let child = Launch {
            machine_name: format!("{machine_name}/{}", run.label),
            machine_arn: format!("{machine_arn}/{}", run.label),
            version_arn: None,
            alias_arn: None,
            compiled,
            blueprint,
            name: child_name(&run.arn, index),
            input: input.to_string(),
            map_run_arn: Some(run.arn.clone()),
        };
        let entry = match launch(&shared, &child) {
            // Taken by this very child: the platform was restarted.
            Ok(entry) | Err(Refused::Taken(entry)) => entry,
            Err(Refused::Unwritable(error)) => {
                let outcome = Err(("States.Runtime".to_owned(), error.to_string()));
                return tell(
                    &inbox,
                    Event::ChildEnded {
                        map_run,
                        index,
                        outcome,
                    },
                );
            }
        };
        run.children.push(entry.inbox.clone());
        tokio::spawn(async move {
            tell_end(&entry, &inbox, map_run, index).await;
        });
    }

    /// A child that failed or was stopped goes on; one that is gone begins anew.
    pub(super) fn redrive_child(&mut self, map_run: MapRunId, index: usize, input: &Value) {
        let arn = self.child_arn(map_run, index);
        let Some(entry) = self.shared.store.find(&arn) else {
            return self.start_child(map_run, index, input);
        };
        let shared = Arc::clone(&self.shared);
        let inbox = self.entry.inbox.clone();
        tokio::spawn(async move {
            // One that was told to stop may not have come to its end yet.
            entry.wait().await;
            match redrive_child(&shared, &arn) {
                Ok(entry) => tell_end(&entry, &inbox, map_run, index).await,
                Err(error) => {
                    let outcome = Err(("States.Runtime".to_owned(), error.to_string()));
                    let ended = Event::ChildEnded {
                        map_run,
                        index,
                        outcome,
                    };
                    tell(&inbox, ended);
                }
            }
        });
    }

    fn child_arn(&mut self, map_run: MapRunId, index: usize) -> String {
        let machine_name = self.machine_name.clone();
        let run = self.map_run(map_run);
        let machine_name = format!("{machine_name}/{}", run.label);
        names::execution_arn(&machine_name, &child_name(&run.arn, index))
    }

    /// Puts the files of a Map's results into their bucket.
    pub(super) fn write_results(
        &mut self,
        map_run: MapRunId,
        arguments: &Value,
        folder: String,
        (format, results): (Format, Vec<ChildResult>),
    ) {
        let arn = self.map_run(map_run).arn.clone();
        let children: Vec<String> = results
            .iter()
            .map(|result| self.child_arn(map_run, result.index))
            .collect();
        let shared = Arc::clone(&self.shared);
        let describe = |index: usize| {
            let arn = children.get(index);
            let entry = arn.and_then(|arn| shared.store.find(arn));
            entry.map_or(Value::Null, |entry| entry.description().as_result())
        };
        let bucket = arguments.get("Bucket").and_then(Value::as_str);
        let bucket = bucket.unwrap_or_default().to_owned();
        let files = files((&bucket, &folder, &arn), format, &results, describe);
        let principal = self.principal();
        let inbox = self.entry.inbox.clone();
        let services = Arc::clone(&self.shared.services);
        tokio::spawn(async move {
            let written = write_files(&services, &principal, &bucket, files).await;
            let written = written
                .map(|()| json!({ "Bucket": bucket, "Key": manifest_key(&folder) }))
                .map_err(|failure| (failure.error, failure.cause));
            tell(&inbox, Event::ResultsWritten { map_run, written });
        });
    }

    pub(super) fn cancel_map_run(&mut self, map_run: MapRunId) {
        for child in self
            .map_runs
            .remove(&map_run)
            .into_iter()
            .flat_map(|run| run.children)
        {
            tell(
                &child,
                Event::Stopped {
                    error: None,
                    cause: None,
                },
            );
        }
    }

    /// The Map Run of an effect.
    fn map_run(&mut self, id: MapRunId) -> &mut MapRun {
        let entry = &self.entry;
        self.map_runs.entry(id).or_insert_with(|| {
            let live = entry.live();
            let execution = live.as_ref();
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let arn = text(execution.and_then(|execution| execution.map_run_arn(id)));
            // `…:mapRun:<machine>/<label>:<id>`
            let label = arn
                .rsplit_once('/')
                .and_then(|(_, rest)| rest.split(':').next());
            MapRun {
                label: label.unwrap_or("Map").to_owned(),
                state: text(execution.and_then(|execution| execution.map_run_state(id))),
                arn,
                children: Vec::new(),
            }
        })
    }
}

/// Waits for a child and tells how it ended.
async fn tell_end(entry: &Entry, inbox: &Inbox, map_run: MapRunId, index: usize) {
    let ended = entry.wait().await;
    let outcome = match ended.output {
        Some(output) => Ok(serde_json::from_str(&output).unwrap_or(Value::Null)),
        None => Err((
            ended.error.unwrap_or_default(),
            ended.cause.unwrap_or_default(),
        )),
    };
    let ended = Event::ChildEnded {
        map_run,
        index,
        outcome,
    };
    tell(inbox, ended);
}

/// A UUID, the same for the same child: after a restart of the platform it is known by it.
pub(in crate::step_functions) fn child_name(map_run_arn: &str, index: usize) -> String {
    Token::new(format!("{map_run_arn}/{index}"))
        .id()
        .to_string()
}
