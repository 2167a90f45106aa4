//! EventBridge: buses, rules whose targets are queues, and an archive of the project's own bus.

mod pattern;
mod rules;
mod service;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::arn;
use crate::names::{ACCOUNT, REGION};
use crate::sqs::Queues;
pub use pattern::{Pattern, PatternError};

/// Name of the bus on which AWS's services put their events.
pub const DEFAULT_BUS: &str = "default";

/// Longest entry of `PutEvents`, and thus event: EventBridge's own limit.
const MAX_EVENT_BYTES: usize = 256 * 1024;

/// Most targets of a rule: EventBridge's own limit.
const MAX_TARGETS: usize = 5;

/// Cause why a bus or rule does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such bus or rule.
    #[error("{0} does not exist")]
    ResourceNotFound(String),
    /// The pattern of a rule is no event pattern.
    #[error("the event pattern is not valid: {0}")]
    InvalidEventPattern(#[from] PatternError),
    /// A parameter is missing or out of its range.
    #[error("{0}")]
    Validation(String),
    /// The archive cannot be opened.
    #[error("the archive of events cannot be opened: {0}")]
    Unwritable(#[from] std::io::Error),
}

#[derive(Debug, Clone)]
struct Target {
    id: String,
    arn: String,
}

#[derive(Debug)]
struct Rule {
    bus: String,
    text: String,
    pattern: Pattern,
    targets: Vec<Target>,
    is_enabled: bool,
}

#[derive(Debug, Default)]
struct State {
    rules: BTreeMap<String, Rule>,
    archive: Option<File>,
}

/// The local EventBridge. Rules live as long as the process: whoever composes the platform puts them.
pub struct Events {
    queues: Arc<Queues>,
    domain_bus: String,
    state: Mutex<State>,
}

impl Events {
    /// The default bus and `domain_bus`, whose events are archived as JSON lines in `archive` where one is given.
    ///
    /// # Errors
    /// `Unwritable`.
    pub fn open(
        queues: Arc<Queues>,
        domain_bus: &str,
        archive: Option<&Path>,
    ) -> Result<Self, Error> {
        let state = State {
            archive: archive.map(crate::lines::open).transpose()?,
            ..State::default()
        };
        Ok(Self {
            queues,
            domain_bus: domain_bus.to_owned(),
            state: Mutex::new(state),
        })
    }

    /// Makes or changes a rule that sends events which match `pattern` to the queue of `queue_arn`.
    ///
    /// # Errors
    /// `InvalidEventPattern`, `ResourceNotFound` for the bus.
    pub fn put_queue_rule(
        &self,
        name: &str,
        bus: &str,
        pattern: &str,
        queue_arn: &str,
    ) -> Result<(), Error> {
        self.put_rule(name, bus, pattern, true)?;
        let target = Target {
            id: arn::last_part(queue_arn).to_owned(),
            arn: queue_arn.to_owned(),
        };
        self.put_targets(name, vec![target])
    }

    fn put_rule(
        &self,
        name: &str,
        bus: &str,
        pattern: &str,
        is_enabled: bool,
    ) -> Result<(), Error> {
        let bus = self.bus(bus)?;
        let parsed = Pattern::parse(pattern)?;
        let mut state = self.state();
        let targets = state
            .rules
            .remove(name)
            .map(|rule| rule.targets)
            .unwrap_or_default();
        let rule = Rule {
            bus,
            text: pattern.to_owned(),
            pattern: parsed,
            targets,
            is_enabled,
        };
        state.rules.insert(name.to_owned(), rule);
        Ok(())
    }

    fn put_targets(&self, rule: &str, targets: Vec<Target>) -> Result<(), Error> {
        let mut state = self.state();
        let found = state.rules.get_mut(rule);
        let found = found.ok_or_else(|| Error::ResourceNotFound(format!("the rule {rule}")))?;
        for target in targets {
            found.targets.retain(|existing| existing.id != target.id);
            found.targets.push(target);
        }
        if found.targets.len() <= MAX_TARGETS {
            Ok(())
        } else {
            found.targets.truncate(MAX_TARGETS);
            Err(Error::Validation(format!(
                "a rule has at most {MAX_TARGETS} targets"
            )))
        }
    }

    /// Puts an event of an AWS service on the default bus and answers its id.
    pub fn emit(
        &self,
        source: &str,
        detail_type: &str,
        resources: &[String],
        detail: &Value,
    ) -> String {
        let (id, event) = envelope(
            source,
            detail_type,
            &json!(resources),
            detail,
            OffsetDateTime::now_utc(),
        );
        self.deliver(DEFAULT_BUS, &event);
        id
    }

    /// Sends an event to the targets of every rule that matches. A target that cannot be reached is a warning, as
    /// on AWS nobody waits for the delivery.
    fn deliver(&self, bus: &str, event: &Value) {
        let targets: Vec<String> = {
            let mut state = self.state();
            if bus == self.domain_bus {
                archive(&mut state, event);
            }
            let rules = state
                .rules
                .values()
                .filter(|rule| rule.is_enabled && rule.bus == bus && rule.pattern.matches(event));
            rules
                .flat_map(|rule| rule.targets.iter().map(|target| target.arn.clone()))
                .collect()
        };
        for target in targets {
            if let Err(error) = self.queues.send(&target, &event.to_string()) {
                tracing::warn!(%target, %error, "an event cannot be delivered");
            }
        }
    }

    /// The name of a bus that exists, given its name or ARN.
    fn bus(&self, name_or_arn: &str) -> Result<String, Error> {
        let name = arn::last_part(name_or_arn);
        if name == DEFAULT_BUS || name == self.domain_bus {
            Ok(name.to_owned())
        } else {
            Err(Error::ResourceNotFound(format!("the event bus {name}")))
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn archive(state: &mut State, event: &Value) {
    let Some(file) = &mut state.archive else {
        return;
    };
    if let Err(error) = file.write_all(format!("{event}\n").as_bytes()) {
        tracing::warn!(%error, "an event cannot be archived");
    }
}

/// An event as targets get it, with its id.
fn envelope(
    source: &str,
    detail_type: &str,
    resources: &Value,
    detail: &Value,
    time: OffsetDateTime,
) -> (String, Value) {
    let id = Uuid::new_v4().to_string();
    // EventBridge gives whole seconds.
    let time = time.replace_millisecond(0).unwrap_or(time);
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": time.format(&Rfc3339).unwrap_or_default(),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    });
    (id, event)
}
