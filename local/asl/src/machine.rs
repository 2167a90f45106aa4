//! A compiled definition.

use std::sync::Arc;

use serde_json::Value;

use crate::choice::Test;
use crate::compile;
use crate::diagnostic::Diagnostic;
use crate::effect::Pattern;
use crate::query::Language;
use crate::query::path::{Path, ReferencePath};
use crate::query::template::Template;
use crate::results::Format;

/// The type of a workflow: Express ones may not do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Workflow {
    /// Long-running, exactly once.
    #[default]
    Standard,
    /// Short, at least once.
    Express,
}

/// A definition, checked and compiled. `Send + Sync`: share it by [`std::sync::Arc`].
#[derive(Debug)]
pub struct StateMachine {
    pub(crate) definition: Value,
    pub(crate) region: Arc<Region>,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl StateMachine {
    /// Checks and compiles a definition.
    ///
    /// # Errors
    /// Every finding, each with its place, code and reason.
    pub fn compile(source: &str) -> Result<Self, Vec<Diagnostic>> {
        compile::compile(source, Workflow::Standard)
    }

    /// Checks and compiles a definition for a type of workflow. Both run as Standard ones.
    ///
    /// # Errors
    /// As [`StateMachine::compile`].
    pub fn compile_as(source: &str, workflow: Workflow) -> Result<Self, Vec<Diagnostic>> {
        compile::compile(source, workflow)
    }

    /// What looks wrong, but is accepted: names that nothing defines.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The definition as parsed.
    pub fn definition(&self) -> &Value {
        &self.definition
    }

    /// The machine of the children of a Distributed Map, given that state's name.
    pub fn item_processor(&self, state: &str) -> Option<Arc<Self>> {
        self.region.item_processor(state)
    }
}

/// States that belong together: of the machine, of a branch, of an item processor.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) start_at: usize,
    pub(crate) states: Vec<Arc<State>>,
}

impl Region {
    fn item_processor(&self, name: &str) -> Option<Arc<StateMachine>> {
        self.states.iter().find_map(|state| match &state.kind {
            Kind::Parallel { branches } => branches
                .iter()
                .find_map(|branch| branch.item_processor(name)),
            Kind::Map(map) => match &map.processor {
                Processor::Inline(region) => region.item_processor(name),
                Processor::Distributed(map) => {
                    (*state.name == *name).then(|| Arc::clone(&map.machine))
                }
            },
            _ => None,
        })
    }
}

/// One state.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: Arc<str>,
    pub(crate) language: Language,
    pub(crate) kind: Kind,
    /// None: the region ends here.
    pub(crate) next: Option<usize>,
    pub(crate) input_path: Selection,
    pub(crate) output_path: Selection,
    pub(crate) result_path: ResultPath,
    /// Arguments or Parameters.
    pub(crate) arguments: Option<Template>,
    pub(crate) result_selector: Option<Template>,
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
    pub(crate) retry: Vec<Retrier>,
    pub(crate) catch: Vec<Catcher>,
}

/// Variables to assign, with their templates.
pub(crate) type Assign = Vec<(Arc<str>, Template)>;

/// `InputPath` or `OutputPath`.
#[derive(Debug, Default)]
pub(crate) enum Selection {
    #[default]
    Whole,
    Nothing,
    Path(Path),
}

/// Where a result goes.
#[derive(Debug, Default)]
pub(crate) enum ResultPath {
    #[default]
    Replace,
    Discard,
    Put(ReferencePath),
}

/// What is particular to a type of state.
#[derive(Debug)]
pub(crate) enum Kind {
    Pass {
        result: Option<Value>,
    },
    Task(Box<Task>),
    Choice {
        rules: Vec<Rule>,
        default: Option<usize>,
    },
    Wait(Wait),
    Succeed,
    Fail {
        error: Option<Setting>,
        cause: Option<Setting>,
    },
    Parallel {
        branches: Vec<Arc<Region>>,
    },
    Map(Box<MapState>),
}

/// A field whose value may be computed.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name, e.g. `TimeoutSeconds` or `TimeoutSecondsPath`.
    pub(crate) field: &'static str,
    pub(crate) template: Template,
}

#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) resource: Resource,
    pub(crate) timeout: Option<Setting>,
    pub(crate) heartbeat: Option<Setting>,
    pub(crate) credentials: Option<Template>,
}

/// What a Task calls.
#[derive(Debug)]
pub(crate) struct Resource {
    /// ARN without its pattern's ending.
    pub(crate) arn: String,
    pub(crate) pattern: Pattern,
    pub(crate) family: Family,
}

/// How a Task's events are named.
#[derive(Debug)]
pub(crate) enum Family {
    /// `arn:aws:states:::TYPE:RESOURCE`.
    Integration {
        resource_type: Arc<str>,
        resource: Arc<str>,
    },
    Lambda {
        arn: Arc<str>,
    },
    Activity {
        arn: Arc<str>,
    },
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
    pub(crate) next: usize,
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
}

#[derive(Debug)]
pub(crate) enum Condition {
    Jsonata(Template),
    Test(Test),
}

#[derive(Debug)]
pub(crate) enum Wait {
    Seconds(Setting),
    Timestamp(Setting),
}

#[derive(Debug)]
pub(crate) struct MapState {
    /// Items or `ItemsPath`; absent: the input.
    pub(crate) items: Option<Setting>,
    pub(crate) selector: Option<Template>,
    pub(crate) max_concurrency: Option<Setting>,
    pub(crate) tolerated_count: Option<Setting>,
    pub(crate) tolerated_percentage: Option<Setting>,
    pub(crate) processor: Processor,
}

#[derive(Debug)]
pub(crate) enum Processor {
    Inline(Arc<Region>),
    Distributed(Box<Distributed>),
}

/// What is particular to a Distributed Map.
#[derive(Debug)]
pub(crate) struct Distributed {
    pub(crate) machine: Arc<StateMachine>,
    pub(crate) label: Option<String>,
    pub(crate) reader: Option<Reader>,
    pub(crate) batcher: Option<Batcher>,
    pub(crate) writer: Option<Writer>,
}

/// What becomes of the children's results.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) format: Format,
    /// None: they are the state's result.
    pub(crate) destination: Option<Destination>,
}

/// Where results are put.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) resource: String,
    pub(crate) arguments: Template,
}

#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) resource: String,
    pub(crate) arguments: Option<Template>,
    pub(crate) config: Option<Template>,
    pub(crate) max_items: Option<Setting>,
}

#[derive(Debug)]
pub(crate) struct Batcher {
    pub(crate) input: Option<Template>,
    pub(crate) max_items: Option<Setting>,
    pub(crate) max_bytes: Option<Setting>,
}

#[derive(Debug)]
pub(crate) struct Retrier {
    pub(crate) errors: Vec<String>,
    pub(crate) interval_seconds: f64,
    pub(crate) max_attempts: u32,
    pub(crate) backoff_rate: f64,
    pub(crate) max_delay_seconds: Option<f64>,
    pub(crate) full_jitter: bool,
}

#[derive(Debug)]
pub(crate) struct Catcher {
    pub(crate) errors: Vec<String>,
    pub(crate) next: usize,
    pub(crate) result_path: ResultPath,
    pub(crate) output: Option<Template>,
    pub(crate) assign: Assign,
}
