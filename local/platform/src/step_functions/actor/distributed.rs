//! Distributed Map: reading its items, running its children as executions of their own.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;
use videoflow_asl::effect::{Event, MapRunId};

use super::{Actor, tell};
use crate::step_functions::driver::{Launch, launch};
use crate::step_functions::map_run::read_items;

impl Actor {
    pub(super) fn read_items(
        &self,
        map_run: MapRunId,
        resource: String,
        arguments: Value,
        config: Value,
    ) {
        let services = Arc::clone(&self.shared.services);
        let principal = self.principal();
        let inbox = self.entry.inbox.clone();
        tokio::spawn(async move {
            let items = read_items(&services, &principal, &resource, &arguments, &config).await;
            let items = items.map_err(|failure| (failure.error, failure.cause));
            tell(&inbox, Event::ItemsRead { map_run, items });
        });
    }

    pub(super) fn start_child(&mut self, map_run: MapRunId, index: usize, input: &Value) {
        let machine = self
            .entry
            .live()
            .as_ref()
            .and_then(|execution| execution.item_processor(map_run));
        let Some(compiled) = machine else { return };
        let parent = self.entry.description();
        let label = format!("MapRun{}", map_run.0);
        let child = Launch {
            machine_name: format!("{}/{label}", self.machine_name),
            machine_arn: format!("{}/{label}", parent.state_machine_arn),
            version_arn: None,
            alias_arn: None,
            compiled,
            name: Uuid::new_v4().to_string(),
            input: input.to_string(),
            map_run_arn: Some(format!("{}/{label}", parent.execution_arn)),
        };
        let inbox = self.entry.inbox.clone();
        // A fresh name: there is no execution of this ARN yet.
        let Ok(entry) = launch(&self.shared, &child) else {
            return;
        };
        self.children
            .entry(map_run)
            .or_default()
            .push(entry.inbox.clone());
        tokio::spawn(async move {
            let description = entry.wait().await;
            let outcome = match description.output {
                Some(output) => Ok(serde_json::from_str(&output).unwrap_or(Value::Null)),
                None => Err((
                    description.error.unwrap_or_default(),
                    description.cause.unwrap_or_default(),
                )),
            };
            tell(
                &inbox,
                Event::ChildEnded {
                    map_run,
                    index,
                    outcome,
                },
            );
        });
    }
}
