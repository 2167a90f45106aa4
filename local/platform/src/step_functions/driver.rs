//! Starts executions and hands them to their actors.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use uuid::Uuid;
use videoflow_asl::effect::{Event, Timestamp};
use videoflow_asl::{Execution, StateMachine};

use super::activities::Activities;
use super::actor::Actor;
use super::deletion;
use super::description::{Description, IS_RUNNING, NOT_REDRIVABLE};
use super::entry::{Entry, Station};
use super::journal::{Beginning, Blueprint};
use super::library::Library;
use super::log::{self, Moment};
use super::machines::Machines;
use super::opening::{self, Resumption};
use super::redrive::Redrives;
use super::revive::start;
use super::status_event::{self, DETAIL_TYPE, detail};
use super::store::{Refused, Store};
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
    pub(super) library: Arc<Library>,
    pub(super) tokens: Tokens,
    pub(super) activities: Activities,
    pub(super) redrives: Mutex<Redrives>,
    pub(super) time_scale: f64,
    pub(super) services: Arc<Services>,
    /// Journals cannot be written, and somebody has been told.
    pub(super) is_halted: AtomicBool,
    events: Arc<Events>,
    is_stopped: AtomicBool,
}

impl Shared {
    /// Tells EventBridge how the execution stands, once: a platform that was killed tells it again.
    pub(super) fn announce(&self, description: &Description) {
        let resources = [description.execution_arn.clone()];
        let kind = ("aws.states", DETAIL_TYPE);
        let told = self.events.emit_once(
            &status_event::token(description),
            kind,
            &resources,
            &detail(description),
        );
        if let Err(error) = told {
            let arn = &description.execution_arn;
            tracing::error!(arn, %error, "the status of an execution cannot be told");
        }
    }

    /// The platform ends: what happens from now on is its end's doing and none of the executions' business.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }
}

/// What [`StepFunctions::open`] found that is not settled.
pub struct Unsettled {
    running: Vec<Resumption>,
    ended: Vec<Description>,
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
    pub(super) blueprint: Blueprint,
    pub(super) name: String,
    pub(super) input: String,
    pub(super) map_run_arn: Option<String>,
}

impl Launch {
    fn execution_arn(&self) -> String {
        names::execution_arn(&self.machine_name, &self.name)
    }

    fn beginning(&self, at: Timestamp, time_scale: f64) -> Beginning {
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        Beginning {
            blueprint: self.blueprint.clone(),
            seed,
            at,
            time_scale,
            execution: self.description(at),
        }
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
            redrive_date: None,
            redrive_status: NOT_REDRIVABLE.to_owned(),
            redrive_status_reason: Some(IS_RUNNING.to_owned()),
            map_run_arn: self.map_run_arn.clone(),
        }
    }
}

impl StepFunctions {
    /// Opens the records and journals. Executions that ran when the platform ended go on with [`Self::go_on`].
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(config: Config) -> io::Result<(Self, Unsettled)> {
        let library = Arc::clone(config.machines.library());
        let opened = opening::open(&config.folder, &library, now().seconds())?;
        let activities = Activities::open(&config.folder)?;
        let shared = Shared {
            machines: config.machines,
            store: Store::new(config.folder, config.time_scale, opened.entries),
            library,
            tokens: Tokens::default(),
            activities,
            redrives: Mutex::default(),
            time_scale: config.time_scale,
            services: config.services,
            events: config.events,
            is_halted: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
        };
        let unsettled = Unsettled {
            running: opened.running,
            ended: opened.ended,
        };
        let shared = Arc::new(shared);
        Ok((Self { shared }, unsettled))
    }

    /// Lets executions go on that [`Self::open`] found running, and announces those that had ended unheard or cannot
    /// go on: once all services and the rules that listen are in place.
    pub fn go_on(&self, unsettled: Unsettled) {
        for description in &unsettled.ended {
            self.shared.announce(description);
        }
        deletion::resume(&self.shared);
        for resumption in unsettled.running {
            let description = resumption.entry.description();
            // The news of a redrive may have been lost; an ordinary start is no news to anyone.
            if description.redrive_count > 0 {
                self.shared.announce(&description);
            }
            let shared = Arc::clone(&self.shared);
            let mut actor = Actor::new(shared, resumption.entry, resumption.blueprint);
            actor.take_up(resumption.pending, resumption.last);
            tokio::spawn(actor.run(resumption.inbox, Vec::new(), resumption.last));
        }
    }

    /// Leaves all executions as they are, for another [`Self::open`] of the same folder to go on with.
    pub fn stop(&self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
    }

    /// The machines that can be started.
    pub fn machines(&self) -> &Machines {
        &self.shared.machines
    }

    /// An execution and all that it started, in the order of their starts.
    pub fn stations(&self, root_arn: &str) -> Vec<Station> {
        self.shared.store.stations(root_arn)
    }
}

/// Starts an execution unless its ARN is taken.
pub(super) fn launch(shared: &Arc<Shared>, launch: &Launch) -> Result<Arc<Entry>, Refused> {
    let at = now();
    let arn = launch.execution_arn();
    let mut begun = None;
    let entry = shared.store.insert(&arn, || {
        let beginning = launch.beginning(at, shared.time_scale);
        shared.store.journal(&arn).begin(&beginning)?;
        let (execution, effects) =
            Execution::start(Arc::clone(&launch.compiled), start(&beginning), at);
        let (sender, inbox) = mpsc::unbounded_channel::<Event>();
        begun = Some((inbox, effects));
        Ok(Arc::new(Entry::running(
            beginning.execution,
            execution,
            sender,
        )))
    })?;
    if let Some((inbox, effects)) = begun {
        log::tell(&entry, Moment::Begun);
        shared.announce(&entry.description());
        let blueprint = launch.blueprint.clone();
        let actor = Actor::new(Arc::clone(shared), Arc::clone(&entry), blueprint);
        tokio::spawn(actor.run(inbox, effects, at));
    }
    Ok(entry)
}

/// The time.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
