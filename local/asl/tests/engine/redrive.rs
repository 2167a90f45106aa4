//! Redriving what ended unsuccessfully, and bringing executions back from what was told to them.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_asl::effect::{Effect, Event, TimerId, Timestamp};
use videoflow_asl::replay::replay;
use videoflow_asl::{Execution, Start, StateMachine, Status};

use crate::support::{compile, events, jsonata, outcome, task};

const T0: Timestamp = Timestamp(1_000_000);

/// What a Task answers: its result, an error name, or nothing.
type Answer = Option<Result<Value, &'static str>>;

/// An execution under a clock that jumps from timer to timer.
struct Bench {
    machine: Arc<StateMachine>,
    execution: Execution,
    told: Vec<(Event, Timestamp)>,
    now: Timestamp,
    effects: VecDeque<Effect>,
    timers: Vec<(Timestamp, TimerId)>,
    /// State and arguments of every Task that was started.
    calls: Vec<(String, Value)>,
}

fn start() -> Start {
    Start {
        execution_arn: "arn:aws:states:eu-west-1:123456789012:execution:m:e".to_owned(),
        execution_name: "e".to_owned(),
        state_machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m".to_owned(),
        state_machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        input: json!({"n": 1}),
        redrive_count: 0,
        seed: 7,
    }
}

impl Bench {
    fn new(definition: &Value) -> Self {
        let machine = compile(definition);
        let (execution, effects) = Execution::start(Arc::clone(&machine), start(), T0);
        Self {
            machine,
            execution,
            told: Vec::new(),
            now: T0,
            effects: effects.into(),
            timers: Vec::new(),
            calls: Vec::new(),
        }
    }

    fn tell(&mut self, event: Event) {
        self.told.push((event.clone(), self.now));
        let effects = self.execution.handle(event, self.now);
        self.effects.extend(effects);
    }

    /// Answers Tasks, and fires timers when nothing else is left to do, until the execution ends or only waits for
    /// Tasks that stay silent; then the machine's timers go on alone.
    fn run(&mut self, answer: impl Fn(&str, &Value) -> Answer) -> &mut Self {
        loop {
            match self.effects.pop_front() {
                Some(Effect::StartTask {
                    task, arguments, ..
                }) => {
                    let state = self.execution.state_of(task).unwrap_or_default().to_owned();
                    let answer = answer(&state, &arguments);
                    self.calls.push((state, arguments));
                    match answer {
                        Some(Ok(output)) => self.tell(Event::TaskSucceeded { task, output }),
                        Some(Err(error)) => self.tell(Event::TaskFailed {
                            task,
                            error: error.to_owned(),
                            cause: "because".to_owned(),
                        }),
                        None => {}
                    }
                }
                Some(Effect::StartTimer { timer, due, .. }) => self.timers.push((due, timer)),
                Some(Effect::CancelTimer { timer }) => self.timers.retain(|(_, id)| *id != timer),
                Some(_) => {}
                None if self.execution.status() != Status::Running => break,
                None => {
                    self.timers
                        .sort_unstable_by_key(|(due, timer)| (due.0, timer.0));
                    if self.timers.is_empty() {
                        break;
                    }
                    let (due, timer) = self.timers.remove(0);
                    self.now = due.max(self.now);
                    self.tell(Event::TimerFired { timer });
                }
            }
        }
        self.check_replay();
        self
    }

    fn redrive(&mut self) -> &mut Self {
        self.tell(Event::Redriven);
        self
    }

    /// What was told, written and read, gives the same execution.
    fn check_replay(&self) {
        let text =
            serde_json::to_string(&self.told.iter().map(|(event, _)| event).collect::<Vec<_>>());
        let events: Vec<Event> = text
            .and_then(|text| serde_json::from_str(&text))
            .unwrap_or_else(|error| panic!("{error}"));
        let told = events.into_iter().zip(self.told.iter().map(|(_, at)| *at));
        let replayed = replay(Arc::clone(&self.machine), start(), T0, told);
        assert_eq!(replayed.execution.history(), self.execution.history());
        assert_eq!(replayed.execution.status(), self.execution.status());
        let is_over = replayed.execution.status() != Status::Running;
        assert_eq!(
            is_over,
            replayed.pending.is_empty(),
            "{:?}",
            replayed.pending
        );
    }

    fn called(&self) -> Vec<&str> {
        self.calls.iter().map(|(state, _)| state.as_str()).collect()
    }
}

/// Fails the first run by `broken` states, mends them, redrives, and compares the calls of each run and the outcome.
fn check(definition: &Value, broken: &[&str], first: &[&str], second: &[&str], expected: Value) {
    let mut bench = Bench::new(definition);
    bench.run(|state, arguments| {
        Some(if broken.contains(&state) {
            Err("Broken")
        } else {
            Ok(arguments.clone())
        })
    });
    assert_eq!(bench.called(), first);
    assert_eq!(bench.execution.status(), Status::Failed, "{definition}");
    bench.calls.clear();
    bench
        .redrive()
        .run(|_, arguments| Some(Ok(arguments.clone())));
    assert_eq!(bench.called(), second);
    assert_eq!(outcome(&bench.execution), expected);
}

fn two_tasks() -> Value {
    jsonata(&json!({
        "First": task(json!({"Assign": {"kept": "{% $states.input.n %}"}, "Output": {"first": 1}, "Next": "Second"})),
        "Second": task(json!({
            "Arguments": {"input": "{% $states.input %}", "kept": "{% $kept %}",
                "redrives": "{% $states.context.Execution.RedriveCount %}", "retries": "{% $states.context.State.RetryCount %}"},
            "Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 2, "IntervalSeconds": 1}],
            "End": true
        }))
    }))
}

#[test]
fn a_failed_task_runs_again_with_its_input_and_variables_and_new_retries() {
    check(
        &two_tasks(),
        &["Second"],
        &["First", "Second", "Second", "Second"],
        &["Second"],
        json!({"output": {"input": {"first": 1}, "kept": 1, "redrives": 1, "retries": 0}}),
    );
}

#[test]
fn the_history_goes_on_with_the_redrive() {
    let mut bench = Bench::new(&jsonata(&json!({"Only": task(json!({"End": true}))})));
    bench.run(|_, _| Some(Err("Broken")));
    let failed = bench.execution.history().len();
    bench.redrive().run(|_, _| Some(Ok(json!(1))));
    assert_eq!(
        events(&bench.execution).split_off(failed),
        [
            "ExecutionRedriven",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    let redriven = serde_json::to_value(&bench.execution.history()[failed]).unwrap_or_default();
    assert_eq!(
        redriven["executionRedrivenEventDetails"],
        json!({"redriveCount": 1})
    );
    assert_eq!(redriven["previousEventId"], json!(failed));
}

#[test]
fn a_task_may_be_redriven_again_and_again() {
    let mut bench = Bench::new(&two_tasks());
    bench.run(|state, _| {
        Some(if state == "First" {
            Err("Broken")
        } else {
            Ok(json!(1))
        })
    });
    bench.redrive().run(|state, _| {
        Some(if state == "Second" {
            Err("Broken")
        } else {
            Ok(json!(1))
        })
    });
    assert_eq!(outcome(&bench.execution)["status"], "FAILED");
    bench.calls.clear();
    bench
        .redrive()
        .run(|_, arguments| Some(Ok(arguments.clone())));
    assert_eq!(bench.called(), ["Second"]);
    assert_eq!(bench.execution.redrive_count(), 2);
    assert_eq!(outcome(&bench.execution)["output"]["redrives"], 2);
}

fn branch(name: &str, wait_seconds: i64) -> Value {
    json!({"StartAt": format!("Wait{name}"), "States": {
        format!("Wait{name}"): {"Type": "Wait", "Seconds": wait_seconds, "Next": name},
        name: task(json!({"Arguments": name, "End": true}))
    }})
}

#[test]
fn only_failed_and_aborted_branches_run_again() {
    let branches = [
        branch("Done", 0),
        branch("Failed", 5),
        branch("Aborted", 60),
    ];
    let definition =
        jsonata(&json!({"All": {"Type": "Parallel", "Branches": branches, "End": true}}));
    check(
        &definition,
        &["Failed"],
        &["Done", "Failed"],
        &["Failed", "Aborted"],
        json!({"output": ["Done", "Failed", "Aborted"]}),
    );
}

#[test]
fn the_last_attempt_of_a_parallel_counts_and_its_retries_begin_anew() {
    let branches = [branch("Done", 0), branch("Failed", 5)];
    let retry = json!([{"ErrorEquals": ["Broken"], "MaxAttempts": 1}]);
    let definition = jsonata(
        &json!({"All": {"Type": "Parallel", "Branches": branches, "Retry": retry, "End": true}}),
    );
    let mut bench = Bench::new(&definition);
    let break_failed = |state: &str, arguments: &Value| {
        Some(if state == "Failed" {
            Err("Broken")
        } else {
            Ok(arguments.clone())
        })
    };
    bench.run(break_failed);
    assert_eq!(bench.called(), ["Done", "Failed", "Done", "Failed"]);
    bench.calls.clear();
    bench.redrive().run(break_failed);
    assert_eq!(
        bench.called(),
        ["Failed", "Done", "Failed"],
        "one redriven, one by Retry"
    );
    bench.calls.clear();
    bench
        .redrive()
        .run(|_, arguments| Some(Ok(arguments.clone())));
    assert_eq!(bench.called(), ["Failed"]);
    assert_eq!(
        outcome(&bench.execution),
        json!({"output": ["Done", "Failed"]})
    );
}

#[test]
fn only_failed_and_aborted_iterations_run_again() {
    let map = |most: usize| {
        let processor = json!({"StartAt": "Work", "States": {
            "Work": task(json!({"Arguments": "{% $states.input %}", "End": true}))
        }});
        jsonata(
            &json!({"Each": {"Type": "Map", "Items": [10, 20, 30, 40], "MaxConcurrency": most,
            "ItemProcessor": processor, "End": true}}),
        )
    };
    let check = |most: usize, silent: i64, first: &[i64], second: &[i64]| {
        let items = |bench: &Bench| -> Vec<i64> {
            bench
                .calls
                .iter()
                .filter_map(|(_, arguments)| arguments.as_i64())
                .collect()
        };
        let mut bench = Bench::new(&map(most));
        bench.run(|_, item| match item.as_i64() {
            Some(20) => Some(Err("Broken")),
            Some(item) if item == silent => None,
            _ => Some(Ok(item.clone())),
        });
        assert_eq!(items(&bench), first);
        bench.calls.clear();
        bench.redrive().run(|_, item| Some(Ok(item.clone())));
        assert_eq!(items(&bench), second);
        assert_eq!(
            outcome(&bench.execution),
            json!({"output": [10, 20, 30, 40]})
        );
    };
    check(1, 0, &[10, 20], &[20, 30, 40]);
    check(2, 10, &[10, 20], &[10, 20, 30, 40]);
}

#[test]
fn a_map_whose_next_iteration_cannot_begin_keeps_its_results() {
    let processor = json!({"StartAt": "Work", "States": {
        "Work": task(json!({"Arguments": "{% $states.input %}", "End": true}))
    }});
    // Fails for the second item as long as the execution was not redriven.
    let selector = json!({"n": "{% $states.context.Map.Item.Index = 1 and $states.context.Execution.RedriveCount = 0 ? $error('no') : $states.context.Map.Item.Value %}"});
    let definition = jsonata(
        &json!({"Each": {"Type": "Map", "Items": [10, 20, 30], "MaxConcurrency": 1,
        "ItemSelector": selector, "ItemProcessor": processor, "End": true}}),
    );
    check(
        &definition,
        &[],
        &["Work"],
        &["Work", "Work"],
        json!({"output": [{"n": 10}, {"n": 20}, {"n": 30}]}),
    );
}

#[test]
fn a_fail_state_reached_by_choice_fails_again() {
    let definition = jsonata(&json!({
        "Ask": task(json!({"Next": "IsGood"})),
        "IsGood": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Ask"}], "Default": "Bad"},
        "Bad": {"Type": "Fail", "Error": "Bad", "Cause": "for good"}
    }));
    let mut bench = Bench::new(&definition);
    bench.run(|_, _| Some(Ok(json!({}))));
    bench.calls.clear();
    bench.redrive().run(|_, _| Some(Ok(json!({}))));
    assert_eq!(bench.called(), Vec::<&str>::new());
    assert_eq!(
        outcome(&bench.execution),
        json!({"status": "FAILED", "error": "Bad", "cause": "for good"})
    );
}

#[test]
fn a_stopped_wait_begins_anew() {
    let definition = jsonata(&json!({"Rest": {"Type": "Wait", "Seconds": 60, "End": true}}));
    let mut bench = Bench::new(&definition);
    bench.now = T0.plus_ms(50_000);
    bench.tell(Event::Stopped {
        error: Some("Enough".to_owned()),
        cause: None,
    });
    bench.effects.clear();
    assert_eq!(bench.execution.status(), Status::Aborted);
    bench.redrive().run(|_, _| None);
    assert_eq!(outcome(&bench.execution), json!({"output": {"n": 1}}));
    assert_eq!(bench.now, T0.plus_ms(110_000));
    assert_eq!(
        (bench.execution.error(), bench.execution.cause()),
        (None, None)
    );
}

#[test]
fn a_timeout_of_the_machine_begins_anew() {
    let mut definition = jsonata(
        &json!({"All": {"Type": "Parallel", "Branches": [branch("Silent", 10)], "End": true}}),
    );
    definition["TimeoutSeconds"] = json!(30);
    let mut bench = Bench::new(&definition);
    bench.run(|_, _| None);
    assert_eq!(bench.execution.status(), Status::TimedOut);
    bench.redrive().run(|_, _| None);
    assert_eq!(bench.execution.status(), Status::TimedOut);
    assert_eq!(bench.now, T0.plus_ms(60_000));
    bench
        .redrive()
        .run(|_, arguments| Some(Ok(arguments.clone())));
    assert_eq!(outcome(&bench.execution), json!({"output": ["Silent"]}));
    assert_eq!(bench.called(), ["Silent", "Silent", "Silent"]);
}

#[test]
fn a_failure_that_nothing_handles_is_redriven_where_it_happened() {
    let mut parallel = branch("Deep", 0);
    parallel["States"]["Deep"]["Output"] =
        json!("{% $exists($states.result.big) ? $join([1..300000].('x')) : 1 %}");
    let definition = jsonata(
        &json!({"All": {"Type": "Parallel", "Branches": [branch("Done", 0), parallel], "End": true}}),
    );
    let mut bench = Bench::new(&definition);
    bench.run(|_, _| Some(Ok(json!({"big": true}))));
    assert_eq!(bench.execution.error(), Some("States.DataLimitExceeded"));
    bench.calls.clear();
    bench.redrive().run(|_, _| Some(Ok(json!({}))));
    assert_eq!(bench.called(), ["Deep"]);
    assert_eq!(
        outcome(&bench.execution),
        json!({"output": [{"big": true}, 1]})
    );
}

#[test]
fn what_runs_or_has_succeeded_is_not_redriven() {
    let mut bench = Bench::new(&two_tasks());
    bench.redrive();
    assert_eq!(bench.execution.redrive_count(), 0);
    bench.run(|_, arguments| Some(Ok(arguments.clone())));
    let length = bench.execution.history().len();
    bench.redrive();
    assert_eq!(bench.execution.status(), Status::Succeeded);
    assert_eq!(bench.execution.history().len(), length);
}

#[test]
fn what_has_no_answer_yet_is_pending() {
    let branches = [branch("Asked", 0), branch("Waits", 60)];
    let mut definition =
        jsonata(&json!({"All": {"Type": "Parallel", "Branches": branches, "End": true}}));
    definition["TimeoutSeconds"] = json!(600);
    let machine = compile(&definition);
    let (mut execution, effects) = Execution::start(Arc::clone(&machine), start(), T0);
    let ask = effects.iter().find_map(|effect| match effect {
        Effect::StartTask { task, .. } => Some(*task),
        _ => None,
    });
    let ask = ask.unwrap_or_else(|| panic!("no Task in {effects:?}"));
    let submitted = Event::TaskSubmitted {
        task: ask,
        output: json!("id"),
    };
    let later = T0.plus_ms(5);
    execution.handle(submitted.clone(), later);
    let replayed = replay(machine, start(), T0, [(submitted, later)]);
    let mut pending: Vec<Value> = replayed
        .pending
        .iter()
        .map(|pending| match &pending.effect {
            Effect::StartTask { .. } => {
                json!({"submitted": pending.submitted, "since": pending.since.0})
            }
            Effect::StartTimer { due, .. } => json!({"due": due.0, "since": pending.since.0}),
            other => panic!("{other:?}"),
        })
        .collect();
    pending.sort_by_key(Value::to_string);
    assert_eq!(
        pending,
        [
            json!({"due": T0.0 + 60_000, "since": T0.0}),
            json!({"due": T0.0 + 600_000, "since": T0.0}),
            json!({"submitted": "id", "since": T0.0}),
        ]
    );
    assert_eq!(replayed.last, later);
}
