//! Starts executions and hands them to their actors.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::sync::mpsc;
use uuid::Uuid;
use videoflow_asl::effect::{Event, Timestamp};
use videoflow_asl::{Execution, Start, StateMachine};

use super::actor::Actor;
use super::machines::{Machine, Machines};
use super::record::Description;
use super::status_event::{DETAIL_TYPE, detail};
use super::store::{Entry, Station, Store};
use super::tokens::Tokens;
use crate::events::Events;
use crate::names;
use crate::services::Services;

/// What Step Functions needs.
pub struct Config {
    /// The machines.
    pub machines: Machines,
    /// Folder of the records.
    pub folder: PathBuf,
    /// Waits and retry delays are multiplied by this (0 to 1); timeouts are not.
    pub time_scale: f64,
    /// All services; the API of Step Functions is added to them by the caller.
    pub services: Arc<Services>,
    /// Gets the status events.
    pub events: Arc<Events>,
}

/// What all executions share.
pub(super) struct Shared {
    pub(super) machines: Machines,
    pub(super) store: Store,
    pub(super) tokens: Tokens,
    pub(super) time_scale: f64,
    pub(super) services: Arc<Services>,
    events: Arc<Events>,
}

impl Shared {
    /// Tells EventBridge how the execution stands.
    pub(super) fn announce(&self, description: &Description) {
        let resources = [description.execution_arn.clone()];
        self.events
            .emit("aws.states", DETAIL_TYPE, &resources, &detail(description));
    }
}

/// Step Functions, running.
#[derive(Clone)]
pub struct StepFunctions {
    pub(super) shared: Arc<Shared>,
}

/// What an execution begins with.
pub(super) struct Launch {
    pub(super) machine_name: String,
    pub(super) machine_arn: String,
    pub(super) version_arn: Option<String>,
    pub(super) alias_arn: Option<String>,
    pub(super) compiled: Arc<StateMachine>,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) map_run_arn: Option<String>,
}

impl Launch {
    /// An execution of a deployed machine, given the ARN that the caller used.
    pub(super) fn of(machine: &Machine, used_arn: &str, name: String, input: String) -> Self {
        Self {
            machine_name: machine.name.clone(),
            machine_arn: machine.arn.clone(),
            version_arn: (used_arn != machine.arn).then(|| machine.version_arn()),
            alias_arn: (used_arn == machine.alias_arn()).then(|| machine.alias_arn()),
            compiled: Arc::clone(&machine.compiled),
            name,
            input,
            map_run_arn: None,
        }
    }

    fn execution_arn(&self) -> String {
        names::execution_arn(&self.machine_name, &self.name)
    }

    fn description(&self, at: Timestamp) -> Description {
        Description {
            execution_arn: self.execution_arn(),
            state_machine_arn: self.machine_arn.clone(),
            state_machine_version_arn: self.version_arn.clone(),
            state_machine_alias_arn: self.alias_arn.clone(),
            name: self.name.clone(),
            status: "RUNNING".to_owned(),
            start_date: at.seconds(),
            stop_date: None,
            input: self.input.clone(),
            output: None,
            error: None,
            cause: None,
            redrive_count: 0,
            map_run_arn: self.map_run_arn.clone(),
        }
    }
}

impl StepFunctions {
    /// Opens the records. Executions that the platform's end interrupted are marked and announced as ABORTED by
    /// [`Self::announce_interrupted`].
    ///
    /// # Errors
    /// The folder of the records cannot be read or written.
    pub fn open(config: Config) -> io::Result<(Self, Vec<Description>)> {
        let (store, interrupted) = Store::open(config.folder, config.time_scale, now().seconds())?;
        let shared = Shared {
            machines: config.machines,
            store,
            tokens: Tokens::default(),
            time_scale: config.time_scale,
            services: config.services,
            events: config.events,
        };
        Ok((
            Self {
                shared: Arc::new(shared),
            },
            interrupted,
        ))
    }

    /// Announces executions that [`Self::open`] found interrupted, once the rules that listen are in place.
    pub fn announce_interrupted(&self, interrupted: &[Description]) {
        for description in interrupted {
            self.shared.announce(description);
        }
    }

    /// The machines that can be started.
    pub fn machines(&self) -> &Machines {
        &self.shared.machines
    }

    /// An execution and all that it started, in the order of their starts.
    pub fn stations(&self, root_arn: &str) -> Vec<Station> {
        self.shared.store.stations(root_arn)
    }

    /// Writes the records of all running executions.
    pub fn save(&self) {
        self.shared.store.write_all();
    }
}

/// Starts an execution unless its ARN is taken, which is the error.
pub(super) fn launch(shared: &Arc<Shared>, launch: &Launch) -> Result<Arc<Entry>, Arc<Entry>> {
    let at = now();
    let mut begun = None;
    let entry = shared.store.insert(&launch.execution_arn(), || {
        let (execution, effects) =
            Execution::start(Arc::clone(&launch.compiled), start(launch), at);
        let (sender, inbox) = mpsc::unbounded_channel::<Event>();
        let entry = Arc::new(Entry::running(launch.description(at), execution, sender));
        begun = Some((inbox, effects));
        entry
    })?;
    if let Some((inbox, effects)) = begun {
        shared.announce(&entry.description());
        let actor = Actor::new(Arc::clone(shared), Arc::clone(&entry), &launch.machine_name);
        tokio::spawn(actor.run(inbox, effects));
    }
    Ok(entry)
}

fn start(launch: &Launch) -> Start {
    let (seed, _) = Uuid::new_v4().as_u64_pair();
    Start {
        execution_arn: launch.execution_arn(),
        execution_name: launch.name.clone(),
        state_machine_arn: launch.machine_arn.clone(),
        state_machine_name: launch.machine_name.clone(),
        role_arn: names::role_arn(names::unprefixed(&launch.machine_name)),
        // The API has checked that it is JSON; a child's input comes from the engine.
        input: serde_json::from_str(&launch.input).unwrap_or(Value::Null),
        redrive_count: 0,
        seed,
    }
}

/// The time.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
