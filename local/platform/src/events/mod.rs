//! EventBridge: buses, rules whose targets are queues, and an archive of the project's own bus.

mod pattern;
mod rules;
mod service;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::arn;
use crate::lines;
use crate::names::{ACCOUNT, REGION};
use crate::sqs::{self, Queues};
use crate::token::Token;
pub use pattern::{Pattern, PatternError};

/// Name of the bus on which AWS's services put their events.
pub const DEFAULT_BUS: &str = "default";

/// Longest entry of `PutEvents`, and thus event: EventBridge's own limit.
const MAX_EVENT_BYTES: usize = 256 * 1024;

/// Most targets of a rule: EventBridge's own limit.
const MAX_TARGETS: usize = 5;

/// Events of the archive whose ids are remembered: more than are under way at once.
const ARCHIVED_IN_MEMORY: usize = 1000;

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
    /// The archive cannot be opened or written.
    #[error("the archive of events cannot be written: {0}")]
    Unwritable(#[from] std::io::Error),
    /// A target does not take an event.
    #[error("an event cannot be delivered: {0}")]
    Undeliverable(#[from] sqs::Error),
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
    /// Ids of the events that were archived last.
    archived: VecDeque<String>,
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
            archive: archive.map(lines::open).transpose()?,
            archived: archive.map(archived).transpose()?.unwrap_or_default(),
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
        let token = Token::new(Uuid::new_v4());
        let kind = (source, detail_type);
        if let Err(error) = self.emit_once(&token, kind, resources, detail) {
            tracing::error!(source, detail_type, %error, "an event cannot be delivered");
        }
        token.id().to_string()
    }

    /// Puts an event of an AWS service on the default bus, once for each token: every target gets it once, however often
    /// it is emitted.
    ///
    /// # Errors
    /// A target cannot take the event, which is to be emitted again then.
    pub fn emit_once(
        &self,
        token: &Token,
        (source, detail_type): (&str, &str),
        resources: &[String],
        detail: &Value,
    ) -> Result<(), Error> {
        let id = token.id().to_string();
        let now = OffsetDateTime::now_utc();
        let event = envelope(&id, (source, detail_type), &json!(resources), detail, now);
        self.deliver(DEFAULT_BUS, &event)
    }

    /// Sends an event to the targets of every rule that matches: to each once, which the event's id sees to. One
    /// target's error keeps it from no other.
    fn deliver(&self, bus: &str, event: &Value) -> Result<(), Error> {
        let targets: Vec<String> = {
            let mut state = self.state();
            if bus == self.domain_bus {
                archive(&mut state, event)?;
            }
            let rules = state
                .rules
                .values()
                .filter(|rule| rule.is_enabled && rule.bus == bus && rule.pattern.matches(event));
            rules
                .flat_map(|rule| rule.targets.iter().map(|target| target.arn.clone()))
                .collect()
        };
        let token = Token::new(event.get("id").and_then(Value::as_str).unwrap_or_default());
        let text = event.to_string();
        let send = |target: &String| {
            let token = token.part(target);
            self.queues.send_once(target, &text, &token).map(drop)
        };
        let outcomes: Vec<_> = targets.iter().map(send).collect();
        Ok(outcomes.into_iter().collect::<Result<_, _>>()?)
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

/// Archives an event once.
fn archive(state: &mut State, event: &Value) -> std::io::Result<()> {
    let Some(file) = &mut state.archive else {
        return Ok(());
    };
    let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
    if state.archived.iter().any(|archived| archived == id) {
        return Ok(());
    }
    lines::append(file, format!("{event}\n").as_bytes())?;
    if state.archived.len() == ARCHIVED_IN_MEMORY {
        state.archived.pop_front();
    }
    state.archived.push_back(id.to_owned());
    Ok(())
}

/// Ids of the latest events in an archive, oldest first.
fn archived(archive: &Path) -> std::io::Result<VecDeque<String>> {
    let text = std::fs::read_to_string(archive)?;
    let latest = text.lines().rev().take(ARCHIVED_IN_MEMORY);
    let ids = latest.filter_map(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        Some(event.get("id")?.as_str()?.to_owned())
    });
    let mut ids: VecDeque<String> = ids.collect();
    ids.make_contiguous().reverse();
    Ok(ids)
}

/// An event as targets get it.
fn envelope(
    id: &str,
    (source, detail_type): (&str, &str),
    resources: &Value,
    detail: &Value,
    time: OffsetDateTime,
) -> Value {
    // EventBridge gives whole seconds.
    let time = time.replace_millisecond(0).unwrap_or(time);
    json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": time.format(&Rfc3339).unwrap_or_default(),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}
