//! What a simulation asks and how it is answered.

use std::sync::Arc;

use serde_json::Value;

use crate::effect::{Pattern, Timestamp};
use crate::{Start, StateMachine};

/// An attempt of a Task, or the reading of a Distributed Map's items.
#[derive(Debug)]
pub struct Call<'a> {
    /// Name of the state; empty where items are read.
    pub state: &'a str,
    /// Resource, without the pattern's ending.
    pub resource: &'a str,
    /// Evaluated arguments.
    pub arguments: &'a Value,
    /// How the Task waits.
    pub pattern: Pattern,
    /// Its token, where it has one.
    pub token: Option<&'a str>,
    /// The virtual time.
    pub now: Timestamp,
}

/// What comes of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The result; for items, an array.
    Return(Value),
    /// A failure.
    Throw {
        /// Error name.
        error: String,
        /// Cause.
        cause: String,
    },
    /// No answer: the Task's timeout or heartbeat ends it.
    Silence,
}

/// An execution that a Task starts.
#[derive(Debug, Clone)]
pub struct Nested {
    /// What runs.
    pub machine: Arc<StateMachine>,
    /// Names, input and seed.
    pub start: Start,
}

/// How a call is answered, and when.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) what: What,
    pub(super) after_ms: i64,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Outcome(Outcome),
    Nested(Box<Nested>),
}

impl Answer {
    /// The call gives this outcome at once.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            what: What::Outcome(outcome),
            after_ms: 0,
        }
    }

    /// The call starts an execution on the same clock. `.sync` and `.sync:2` get its end, as `DescribeExecution` would
    /// tell of it; any other Task goes on at once.
    pub fn starts(nested: Nested) -> Self {
        Self {
            what: What::Nested(Box::new(nested)),
            after_ms: 0,
        }
    }

    /// The call gives a result.
    pub fn returns(output: Value) -> Self {
        Self::new(Outcome::Return(output))
    }

    /// The call fails.
    pub fn throws(error: &str, cause: &str) -> Self {
        Self::new(Outcome::Throw {
            error: error.to_owned(),
            cause: cause.to_owned(),
        })
    }

    /// The call is never answered.
    pub fn silence() -> Self {
        Self::new(Outcome::Silence)
    }

    /// As the answer, but only after some milliseconds of virtual time.
    #[must_use]
    pub fn after_ms(self, after_ms: i64) -> Self {
        Self { after_ms, ..self }
    }
}
