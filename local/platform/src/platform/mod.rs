//! The composition: all services, the functions, the machines, and what connects them, as Terraform does on AWS.

mod event_source;
mod http_api;
pub mod placeholders;
mod ports;
mod schedule;
mod state;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::api_model::ApiModels;
use crate::iam::{Guard, RightfulObjects, Table};
use crate::lambda::{Host, LambdaService};
use crate::listen::Listener;
use crate::logs::Logs;
use crate::names;
use crate::record::Record;
use crate::s3::HttpService;
use crate::service::{Objects, Principal, Service};
use crate::services::{Check, Services};
use crate::sqs::{Queues, dead_letters};
use crate::step_functions::{
    self, DefinitionError, Definitions, Machines, StatesService, StepFunctions, render,
};
use crate::wire::{Server, reachable};
use placeholders::{functions, placeholders, resource};
pub use ports::Ports;
use state::State;

/// Queues whose messages a function gets.
const MAPPINGS: [(&str, &str); 3] = [
    (resource::DELETIONS, "delete-video"),
    (resource::INGEST, "start-processing"),
    (resource::FAILURES, "record-failure"),
];

/// Makes the stand-ins, given the objects and a folder for their files.
pub type StandIns = Box<dyn FnOnce(Arc<dyn Objects>, PathBuf) -> Vec<Arc<dyn Service>> + Send>;

/// Whether a call outside of its role's policy is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Iam {
    /// Every call goes through; the record shows what would have been refused.
    Recorded,
    /// It is refused as AWS refuses it.
    Enforced,
}

/// What the platform does by itself, beside answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing: executions stand still, messages stay in their queues.
    AtRest,
    /// Executions go on, and functions get their messages.
    Working,
    /// The same, and reconcile-library starts this often.
    Reconciling(Duration),
}

/// What the platform needs.
pub struct Config {
    /// Folder of everything that it keeps.
    pub data: PathBuf,
    /// Folder of the functions' binaries.
    pub functions: PathBuf,
    /// Folder of the models; AWS's API models are in it.
    pub models: PathBuf,
    /// Definitions.
    pub definitions: Definitions,
    /// Where it listens.
    pub ports: Ports,
    /// Waits and retry delays are multiplied by this (0 to 1).
    pub time_scale: f64,
    /// Makes the stand-ins.
    pub stand_ins: StandIns,
    /// What it does by itself.
    pub activity: Activity,
    /// Whether the roles' policies are enforced.
    pub iam: Iam,
}

/// Why the platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken.
    #[error("port {port} of {host}{whose} is in use; choose another with --port")]
    PortInUse {
        /// The address.
        host: IpAddr,
        /// The port.
        port: u16,
        /// Empty, or what the port is for if it is not the one that was asked for.
        whose: &'static str,
    },
    /// The folder cannot be used, or no port can be had.
    #[error("{what}: {source}")]
    Unusable {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Calls cannot be held to AWS's API models.
    #[error(transparent)]
    ApiModels(#[from] crate::api_model::Error),
    /// A definition cannot be used.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// A service cannot open its state.
    #[error("{service} cannot open its state: {reason}")]
    Service {
        /// Which.
        service: &'static str,
        /// Why.
        reason: String,
    },
}

/// The platform, running.
pub struct Platform {
    url: String,
    http_api: SocketAddr,
    services: Arc<Services>,
    step_functions: StepFunctions,
    queues: Arc<Queues>,
    host: Arc<Host>,
    tasks: Vec<JoinHandle<()>>,
}

impl Platform {
    /// Starts everything.
    ///
    /// # Errors
    /// [`Error`], before anything runs.
    #[expect(
        clippy::unused_async,
        reason = "what it starts needs the runtime of whoever waits for it"
    )]
    pub async fn start(config: Config) -> Result<Self, Error> {
        let data = config.data.clone();
        std::fs::create_dir_all(&data).map_err(|source| Error::Unusable {
            what: format!("cannot make {}", data.display()),
            source,
        })?;
        let Ports {
            services: server,
            http_api,
        } = config.ports;
        let url = server.url();
        let record = Record::open(&data.join("calls.jsonl"))
            .map_err(|error| failed("the call record", &error))?;
        let models = ApiModels::open(&config.models)?.noting_in(&data.join("deviations.jsonl"))?;
        let state = State::open(&data, &url)?;
        let checks = checks(config.iam, &state)?;
        let services = Services::checked(Arc::new(record), checks).with_models(models);
        let services = Arc::new(services);
        let definitions = &config.definitions;
        let executions = data.join("executions");
        let machines =
            Machines::open(&executions).map_err(|error| failed("Step Functions", &error))?;
        let queue_url = |queue: &str| state.queues.url(queue);
        let known = placeholders(queue_url, &BTreeMap::new());
        let callers = machines.deploy(&definitions.machines, &known)?;
        let values = placeholders(queue_url, &callers);
        state.connect(
            &render(&definitions.object_created, &values)?,
            &render(&definitions.video_failed, &values)?,
        )?;
        let functions = functions(&config.functions, &values, &data, &url);
        let logs = data.join("logs");
        let host = Arc::new(Host::new(functions, logs.clone()));
        let (step_functions, unsettled) = StepFunctions::open(step_functions::Config {
            machines,
            folder: executions,
            time_scale: config.time_scale,
            services: Arc::clone(&services),
            events: Arc::clone(&state.events),
        })
        .map_err(|error| failed("Step Functions", &error))?;

        let objects = Arc::new(state.buckets.clone());
        let objects = Arc::new(RightfulObjects::new(objects, Arc::clone(&services)));
        for stand_in in (config.stand_ins)(objects, data.join("stand-ins")) {
            services.add(stand_in);
        }
        services.add(Arc::new(StatesService::new(&step_functions)));
        services.add(Arc::new(LambdaService::new(Arc::clone(&host))));
        services.add(Arc::new(Logs::new(logs)));
        state.add_to(&services);
        let s3 = HttpService::new(&state.buckets, Arc::clone(&services));
        let queues = Arc::clone(&state.queues);
        let mut platform = Self {
            url,
            http_api: reachable(http_api.address()),
            services,
            step_functions,
            queues,
            host,
            tasks: Vec::new(),
        };
        platform.serve(server, http_api, s3);
        if config.activity != Activity::AtRest {
            platform.work(config.activity);
            platform.step_functions.go_on(unsettled);
        }
        Ok(platform)
    }

    /// Answers until the platform ends.
    fn serve(&mut self, server: Server, http_api: Listener, s3: HttpService) {
        self.tasks
            .push(tokio::spawn(server.serve(Arc::clone(&self.services), s3)));
        self.tasks.push(tokio::spawn(http_api::serve(
            http_api,
            Arc::clone(&self.host),
        )));
    }

    /// What goes on by itself until the platform ends.
    fn work(&mut self, activity: Activity) {
        for (queue, function) in MAPPINGS {
            let (queues, host) = (Arc::clone(&self.queues), Arc::clone(&self.host));
            let queue = names::prefixed(queue);
            let rights = event_source::Rights {
                services: Arc::clone(&self.services),
                principal: Principal(function.to_owned()),
                queue_url: queues.url(&queue),
            };
            let mapping = event_source::run(queues, host, rights, queue, function);
            self.tasks.push(tokio::spawn(mapping));
        }
        if let Activity::Reconciling(interval) = activity {
            let schedule = schedule::run(Arc::clone(&self.services), interval);
            self.tasks.push(tokio::spawn(schedule));
        }
    }

    /// Where the services listen: `http://127.0.0.1:4566`.
    pub fn endpoint_url(&self) -> String {
        self.url.clone()
    }

    /// Where the HTTP API listens.
    pub fn http_api(&self) -> SocketAddr {
        self.http_api
    }

    /// All services.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The executions.
    pub fn step_functions(&self) -> &StepFunctions {
        &self.step_functions
    }

    /// Uploads that start-processing was given too often and could not handle.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub fn lost_uploads(&self) -> Result<u64, crate::sqs::Error> {
        let queue = dead_letters(&names::prefixed(resource::INGEST));
        self.queues.visible_count(&queue)
    }

    /// Ends everything: executions stay as they are for the next start, no new invocations, processes gone.
    pub fn shut_down(&self) {
        self.step_functions.stop();
        self.tasks.iter().for_each(JoinHandle::abort);
        self.host.shut_down();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// What every call has to pass.
fn checks(iam: Iam, state: &State) -> Result<Vec<Box<dyn Check>>, Error> {
    let mut checks: Vec<Box<dyn Check>> = Vec::new();
    if iam == Iam::Enforced {
        let guard = Table::committed()
            .and_then(|table| Guard::new(&table, state.buckets.clone()))
            .map_err(|error| failed("IAM", &error))?;
        checks.push(Box::new(guard));
    }
    Ok(checks)
}

fn failed(service: &'static str, reason: &dyn std::fmt::Display) -> Error {
    Error::Service {
        service,
        reason: reason.to_string(),
    }
}
