//! Every Task × every error × once or always, each held to the specification.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use videoflow_asl::Status;

use super::coverage;
use super::errors::errors_of;
use super::expectation::{End, expected, is_transient};
use super::scenarios::{Scenario, scenarios};
use super::settlement::Settlement;
use super::tasks::{Task, tasks};
use super::world::{Fault, JOB, Run, Times, run};
use crate::support::report;

/// Most attempts of one Task, its branches' together: every retry is bounded.
const ATTEMPTS_LIMIT: usize = 101;

/// One combination.
struct Combination {
    task: Task,
    scenario: usize,
    /// Attempts without a fault.
    usual_attempts: usize,
    error: String,
    times: Times,
}

/// What the trials of one thread, or of all, found.
#[derive(Default)]
struct Findings {
    visited: BTreeSet<coverage::Place>,
    wrong: Vec<String>,
}

#[test]
fn every_error_of_every_task_ends_as_specified() {
    let started = Instant::now();
    let scenarios = scenarios();
    let combinations = combinations(&scenarios);
    let findings = try_all(&scenarios, &combinations);
    let tried = scenarios.len() + combinations.len();
    let wrong = findings.wrong.len();
    report(&format!(
        "failure matrix: {tried} combinations tried ({} ways without a fault), {} as specified, {wrong} not, {:.1} s",
        scenarios.len(),
        tried - wrong,
        started.elapsed().as_secs_f64()
    ));
    check_coverage(&findings.visited);
    assert!(
        findings.wrong.is_empty(),
        "{wrong} of {tried} not as specified:\n{}",
        findings.wrong.join("\n")
    );
}

/// Tries every scenario and every combination, on all processors.
fn try_all(scenarios: &[Scenario], combinations: &[Combination]) -> Findings {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut settlement = Settlement::new();
        let mut findings = Findings::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (run, outcome) = if let Some(scenario) = scenarios.get(index) {
                let run = run(scenario, None);
                let outcome = check_end(&run, &scenario.end, &mut settlement);
                (
                    run,
                    outcome.map_err(|what| format!("{}: {what}", scenario.name)),
                )
            } else if let Some(combination) = combinations.get(index - scenarios.len()) {
                try_out(combination, scenarios, &mut settlement)
            } else {
                return findings;
            };
            let places = run.executions.iter().flat_map(coverage::visited);
            findings.visited.extend(places);
            findings.wrong.extend(outcome.err());
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Findings::default();
        for worker in workers {
            let found = worker.join().expect("a trial does not panic");
            all.visited.extend(found.visited);
            all.wrong.extend(found.wrong);
        }
        all
    })
}

/// Every Task in the first scenario that calls it, with every error, once and always.
fn combinations(scenarios: &[Scenario]) -> Vec<Combination> {
    let usual: Vec<Run> = scenarios
        .iter()
        .map(|scenario| run(scenario, None))
        .collect();
    let mut combinations = Vec::new();
    for task in tasks() {
        let scenario = usual
            .iter()
            .position(|run| run.attempts_of(&task.state) > 0);
        let scenario =
            scenario.unwrap_or_else(|| panic!("no scenario calls {}/{}", task.machine, task.state));
        for error in errors_of(&task) {
            for times in [Times::Once, Times::Always] {
                combinations.push(Combination {
                    usual_attempts: usual[scenario].attempts_of(&task.state),
                    task: task.clone(),
                    scenario,
                    error: error.clone(),
                    times,
                });
            }
        }
    }
    combinations
}

fn try_out(
    combination: &Combination,
    scenarios: &[Scenario],
    settlement: &mut Settlement,
) -> (Run, Result<(), String>) {
    let Combination {
        task, error, times, ..
    } = combination;
    let scenario = &scenarios[combination.scenario];
    let fault = Fault {
        state: task.state.clone(),
        error: error.clone(),
        times: *times,
    };
    let run = run(scenario, Some(&fault));
    let end = expected(task, error, *times, &scenario.end);
    let outcome =
        check_attempts(combination, &run).and_then(|()| check_end(&run, &end, settlement));
    let context = |what| {
        format!(
            "{}/{} {error} {times:?} on {}: {what}",
            task.machine, task.state, scenario.name
        )
    };
    (run, outcome.map_err(context))
}

/// Transient errors are tried again, a bounded number of times; others never are.
fn check_attempts(combination: &Combination, run: &Run) -> Result<(), String> {
    let Combination {
        task,
        error,
        times,
        usual_attempts,
        ..
    } = combination;
    let attempts = run.attempts_of(&task.state);
    let is_right = match (is_transient(task, error), times) {
        (true, Times::Once) => attempts == usual_attempts + 1,
        (true, Times::Always) => attempts > *usual_attempts && attempts <= ATTEMPTS_LIMIT,
        // The claim is tried again when its transaction was cancelled.
        (false, _) if error == "DynamoDb.TransactionCanceledException" => {
            attempts <= ATTEMPTS_LIMIT
        }
        (false, _) => attempts <= *usual_attempts,
    };
    if is_right {
        Ok(())
    } else {
        Err(format!(
            "{attempts} attempts, {usual_attempts} without the error"
        ))
    }
}

fn check_end(run: &Run, end: &End, settlement: &mut Settlement) -> Result<(), String> {
    let main = &run.main().execution;
    let found = format!("{:?} {:?} {:?}", main.status(), main.error(), main.cause());
    let succeeded = |outcome: &str| match main.output() {
        Some(output) if output["outcome"] == outcome && output["jobId"] == JOB => Ok(()),
        other => Err(format!("expected {end:?}, found {other:?} {found}")),
    };
    let failed = || {
        if main.status() == Status::Failed {
            Ok(())
        } else {
            Err(format!("expected {end:?}, found {found}"))
        }
    };
    match end {
        End::Published => succeeded("PUBLISHED").and_then(|()| check_missing(run, None)),
        End::Degraded(analysis, error) => {
            succeeded("PUBLISHED").and_then(|()| check_missing(run, Some((analysis, error))))
        }
        End::Rejected => succeeded("REJECTED"),
        End::Duplicate => succeeded("DUPLICATE"),
        End::QualityFailed => {
            failed().and_then(|()| settlement.check_settled(run, "FAILED_QC", None))
        }
        End::Untold(status, state, error) => {
            failed().and_then(|()| settlement.check_settled(run, status, Some((state, error))))
        }
        End::Failed(state, error) => {
            failed().and_then(|()| settlement.check_failed(run, state, error))
        }
        End::Reconciled if main.status() == Status::Succeeded => Ok(()),
        End::Reconciled => Err(format!("expected {end:?}, found {found}")),
        End::ReconciliationFailed => failed(),
    }
}

/// merge-brief is told of the analysis that is missing, and why, and of no other.
fn check_missing(run: &Run, missing: Option<(&str, &str)>) -> Result<(), String> {
    let analyses = &run.arguments["MergeBrief"]["Input"]["analyses"];
    for (name, analysis) in analyses.as_object().ok_or("no analyses were merged")? {
        let is_missing = analysis["status"] == "MISSING";
        let expected = missing.filter(|(analysis, _)| analysis == name);
        if is_missing != expected.is_some() {
            return Err(format!("{name} is {analysis}"));
        }
        if let Some((_, error)) = expected {
            let reason = analysis["reason"].to_string();
            if !reason.contains(error) {
                return Err(format!(
                    "the reason of {name} does not name {error}: {reason}"
                ));
            }
        }
    }
    Ok(())
}

fn check_coverage(visited: &BTreeSet<coverage::Place>) {
    let all = coverage::all();
    let missed: Vec<_> = all.difference(visited).collect();
    report(&format!(
        "coverage: {} of {} states and Catch edges visited",
        all.len() - missed.len(),
        all.len()
    ));
    assert!(missed.is_empty(), "never visited: {missed:#?}");
}
