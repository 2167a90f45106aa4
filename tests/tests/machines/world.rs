//! A video's whole way on a virtual clock: process-video with its children, every Task answered by a script.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call, Simulation};
use videoflow_asl::{Execution, Start, Status};

use super::answers::usual;
use super::errors::{OVERSIZE, TIMEOUT};
use super::scenarios::Scenario;
use super::tasks::definitions;

/// The job of every run.
pub const JOB: &str = "v-0123456789abcdef0123456789abcdef01234567";
/// Cause of every error that a fault throws.
pub const CAUSE: &str = "the cause";

/// What goes wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// In this state.
    pub state: String,
    /// With this error.
    pub error: String,
    /// How often.
    pub times: Times,
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The first attempt only.
    Once,
    /// Every attempt.
    Always,
}

/// An execution that ended.
pub struct Ended {
    /// Its machine.
    pub machine: String,
    /// Its ARN.
    pub arn: String,
    /// As it ended.
    pub execution: Execution,
}

/// What came of a scenario.
#[derive(Default)]
pub struct Run {
    /// All executions, each after those that it started.
    pub executions: Vec<Ended>,
    /// How often each state's Task was attempted.
    pub attempts: HashMap<String, usize>,
    /// How often the script answered for each state: a fault takes none of its answers.
    scripted: HashMap<&'static str, usize>,
    /// What each state's Task was asked last.
    pub arguments: HashMap<String, Value>,
}

impl Run {
    /// The execution that was started from outside.
    pub fn main(&self) -> &Ended {
        let nested = |ended: &&Ended| {
            ended.machine == "process-video" || ended.machine == "reconcile-library"
        };
        self.executions
            .iter()
            .rfind(nested)
            .expect("a run has a main execution")
    }

    /// How often a state's Task was attempted.
    pub fn attempts_of(&self, state: &str) -> usize {
        self.attempts.get(state).copied().unwrap_or_default()
    }
}

/// Lets [`JOB`] go the scenario's way, with or without a fault.
pub fn run(scenario: &Scenario, fault: Option<&Fault>) -> Run {
    let input = if scenario.machine == "process-video" {
        let source = json!({ "bucket": "b", "key": "k.mp4", "versionId": "1" });
        json!({ "jobId": JOB, "source": source, "profile": "default", "forced": false })
    } else {
        json!({ "bucket": "b" })
    };
    let mut world = World {
        scenario,
        fault,
        run: Run::default(),
    };
    world.execute(scenario.machine, JOB, input);
    world.run
}

struct World<'a> {
    scenario: &'a Scenario,
    fault: Option<&'a Fault>,
    run: Run,
}

impl World<'_> {
    /// Runs one execution, and those that it starts, to its end; gives its ARN.
    fn execute(&mut self, machine: &str, name: &str, input: Value) -> String {
        let definition = &definitions()[machine];
        let arn =
            |kind: &str, name: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:{name}");
        let start = Start {
            execution_arn: arn("execution", &format!("{machine}:{name}")),
            execution_name: name.to_owned(),
            state_machine_arn: arn("stateMachine", machine),
            state_machine_name: machine.to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/simulation".to_owned(),
            input,
            redrive_count: 0,
            seed: 1,
        };
        let executions = Simulation::new(|call| self.answer(call))
            .run_all(&Arc::clone(&definition.machine), start);
        // The children of a Distributed Map come after the execution: turned round, each is after what it started.
        let children = executions
            .into_iter()
            .enumerate()
            .rev()
            .map(|(index, execution)| Ended {
                machine: machine.to_owned(),
                arn: arn(
                    "execution",
                    &format!("{machine}{}:{name}", if index == 0 { "" } else { "/map" }),
                ),
                execution,
            });
        self.run.executions.extend(children);
        arn("execution", &format!("{machine}:{name}"))
    }

    fn answer(&mut self, call: &Call<'_>) -> Answer {
        let state = call.state.to_owned();
        let attempt = self.run.attempts.entry(state.clone()).or_default();
        let index = *attempt;
        *attempt += 1;
        self.run
            .arguments
            .insert(state.clone(), call.arguments.clone());
        if let Some(answer) = self.struck(&state, index) {
            return answer;
        }
        if let Some(answer) = self.scripted(&state) {
            return answer;
        }
        match call.resource {
            "arn:aws:states:::states:startExecution" => self.start_child(call),
            _ => Answer::returns(usual(&state)),
        }
    }

    /// The scenario's next answer for a state; the last one is repeated.
    fn scripted(&mut self, state: &str) -> Option<Answer> {
        let (name, answers) = self
            .scenario
            .answers
            .iter()
            .find(|(scripted, _)| *scripted == state)?;
        let next = self.run.scripted.entry(name).or_default();
        let answer = answers.get(*next).or(answers.last()).cloned();
        *next += 1;
        answer
    }

    /// The fault's answer, where it strikes.
    fn struck(&self, state: &str, index: usize) -> Option<Answer> {
        let fault = self
            .fault
            .filter(|fault| fault.state == state && (fault.times == Times::Always || index == 0))?;
        Some(match fault.error.as_str() {
            TIMEOUT => Answer::silence(),
            OVERSIZE => Answer::returns(json!({ "Payload": "x".repeat(300 * 1024) })),
            error => Answer::throws(error, CAUSE),
        })
    }

    fn start_child(&mut self, call: &Call<'_>) -> Answer {
        let machine = call.arguments["StateMachineArn"].as_str().expect("an ARN");
        let machine = machine
            .trim_start_matches("${")
            .trim_end_matches("_state_machine_arn}")
            .replace('_', "-");
        let name = call.arguments["Name"].as_str().expect("a name").to_owned();
        let arn = self.execute(&machine, &name, call.arguments["Input"].clone());
        let ended = self
            .run
            .executions
            .iter()
            .find(|ended| ended.arn == arn)
            .expect("it has just ended");
        let execution = &ended.execution;
        let answer = if execution.status() == Status::Succeeded {
            Answer::returns(json!({ "Status": "SUCCEEDED", "Output": execution.output() }))
        } else {
            let cause = json!({
                "ExecutionArn": arn, "Status": "FAILED", "Error": execution.error(), "Cause": execution.cause(),
            });
            Answer::throws("States.TaskFailed", &cause.to_string())
        };
        answer.after_ms(duration_ms(execution))
    }
}

fn duration_ms(execution: &Execution) -> i64 {
    let times = execution.history().first().zip(execution.history().last());
    times.map_or(0, |(first, last)| last.timestamp.0 - first.timestamp.0)
}
