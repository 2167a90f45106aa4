//! `videoflow asl bench`: how fast the engine runs a definition, and how much memory its executions take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use videoflow_asl::simulation::{Answer, Call, Simulation};
use videoflow_asl::{Execution, Start, StateMachine, Status};

/// Most executions at once: ten times what memory is promised for.
const MAX_EXECUTIONS: u32 = 1_000_000;

/// Times the engine, or measures its memory
#[derive(Debug, clap::Args)]
#[command(after_help = "\
WORKLOAD: {\"name\", \"definition\", \"input\"}; Tasks return {} at once, waiting costs nothing.
Timed is one execution of the compiled definition, history built and kept, nothing serialised.

Examples:
  videoflow asl bench poll.json
  videoflow asl bench --runs 1000 --json workloads/*.json
  videoflow asl bench --executions 100000 poll.json     all of them at once: time and peak memory")]
pub struct Arguments {
    /// Workloads
    #[arg(required = true, value_name = "WORKLOAD.json")]
    files: Vec<PathBuf>,
    /// Runs of each workload; the median counts
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Runs N executions of each workload at once instead, on one virtual clock
    #[arg(long, value_name = "N", conflicts_with = "runs", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_EXECUTIONS)))]
    executions: Option<u32>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
struct Workload {
    name: String,
    definition: Value,
    #[serde(default)]
    input: Value,
}

/// What one execution takes.
#[derive(Debug, Serialize)]
struct Timing {
    name: String,
    median_ms: f64,
    /// States entered.
    states: usize,
    states_per_second: f64,
}

/// What many executions at once take.
#[derive(Debug, Serialize)]
struct Load {
    name: String,
    executions: u32,
    /// Those that ended well.
    succeeded: usize,
    /// Events of all histories.
    events: usize,
    seconds: f64,
    /// Most memory of the process, where the system tells.
    peak_bytes: Option<u64>,
    bytes_per_execution: Option<u64>,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    for file in &arguments.files {
        let (workload, machine) =
            read(file).with_context(|| format!("cannot bench {}", file.display()))?;
        match arguments.executions {
            Some(count) => show(
                arguments.json,
                &load(workload, &machine, count),
                Load::sentence,
            )?,
            None => show(
                arguments.json,
                &time(workload, &machine, arguments.runs)?,
                Timing::sentence,
            )?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show<T: Serialize>(
    json: bool,
    found: &T,
    sentence: impl Fn(&T) -> String,
) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(found)?);
    } else {
        println!("{}", sentence(found));
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<(Workload, Arc<StateMachine>)> {
    let workload: Workload = serde_json::from_str(&fs::read_to_string(file)?)?;
    match StateMachine::compile(&workload.definition.to_string()) {
        Ok(machine) => Ok((workload, Arc::new(machine))),
        Err(findings) => {
            let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
            bail!("the definition is refused: {}", findings.join("; "))
        }
    }
}

/// Answers every Task at once.
fn answer(_: &Call<'_>) -> Answer {
    Answer::returns(json!({}))
}

fn time(workload: Workload, machine: &Arc<StateMachine>, runs: u32) -> anyhow::Result<Timing> {
    let run = || {
        let input = workload.input.clone();
        let begun = Instant::now();
        let execution = Simulation::new(answer).run(machine, input);
        (begun.elapsed(), execution)
    };
    // The first run is for warming up, and tells what there is to time.
    let (_, execution) = run();
    ensure!(
        execution.status() == Status::Succeeded,
        "{} does not succeed: {:?}, {}",
        workload.name,
        execution.status(),
        execution.cause().unwrap_or_default()
    );
    let states = states(&execution);
    let mut times: Vec<Duration> = (0..runs).map(|_| run().0).collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Timing {
        name: workload.name,
        median_ms: median.as_secs_f64() * 1000.0,
        states,
        states_per_second: per_second(states, median),
    })
}

/// States that the execution entered.
fn states(execution: &Execution) -> usize {
    let entered = |event: &&videoflow_asl::HistoryEvent| event.event_type.ends_with("StateEntered");
    execution.history().iter().filter(entered).count()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(states: usize, time: Duration) -> f64 {
    (states as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE)).round()
}

fn load(workload: Workload, machine: &Arc<StateMachine>, count: u32) -> Load {
    let before = peak_bytes();
    let begun = Instant::now();
    let starts = (1..=count).map(|number| start(&workload, number));
    let executions = Simulation::new(answer).run_many(machine, starts);
    let seconds = begun.elapsed().as_secs_f64();
    let peak = peak_bytes();
    let bytes = peak
        .zip(before)
        .map(|(peak, before)| peak.saturating_sub(before));
    let succeeded = executions
        .iter()
        .filter(|execution| execution.status() == Status::Succeeded);
    Load {
        executions: count,
        succeeded: succeeded.count(),
        events: executions
            .iter()
            .map(|execution| execution.history().len())
            .sum(),
        seconds,
        peak_bytes: peak,
        bytes_per_execution: bytes.map(|bytes| bytes / u64::from(count)),
        name: workload.name,
    }
}

fn start(workload: &Workload, number: u32) -> Start {
    let arn =
        |kind: &str, name: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:{name}");
    let name = number.to_string();
    Start {
        execution_arn: arn("execution", &format!("bench:{name}")),
        execution_name: name,
        state_machine_arn: arn("stateMachine", "bench"),
        state_machine_name: "bench".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/bench".to_owned(),
        input: workload.input.clone(),
        redrive_count: 0,
        seed: u64::from(number),
    }
}

/// Most memory that this process has had, as Linux tells it.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

impl Timing {
    fn sentence(&self) -> String {
        format!(
            "{}: {:.4} ms, states entered: {}, {:.0} a second",
            self.name, self.median_ms, self.states, self.states_per_second
        )
    }
}

impl Load {
    fn sentence(&self) -> String {
        let memory = match (self.peak_bytes, self.bytes_per_execution) {
            (Some(peak), Some(each)) => format!(
                ", {} MiB at most, {:.1} KiB an execution",
                peak >> 20,
                f64::from(u32::try_from(each).unwrap_or(u32::MAX)) / 1024.0
            ),
            _ => String::new(),
        };
        format!(
            "{}: {} of {} executions succeeded, {} events in {:.1} s{memory}",
            self.name, self.succeeded, self.executions, self.events, self.seconds
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(definition: &Value) -> (Workload, Arc<StateMachine>) {
        let machine = StateMachine::compile(&definition.to_string());
        let workload = Workload {
            name: "w".to_owned(),
            definition: definition.clone(),
            input: json!({}),
        };
        (
            workload,
            Arc::new(machine.expect("the definition is right")),
        )
    }

    fn waiting() -> Value {
        json!({"QueryLanguage": "JSONata", "StartAt": "W", "States": {
            "W": {"Type": "Wait", "Seconds": 60, "Next": "T"},
            "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true},
        }})
    }

    #[test]
    fn a_timing_counts_the_states_entered() {
        let (workload, machine) = workload(&waiting());
        let timing = time(workload, &machine, 3).expect("it succeeds");
        assert_eq!((timing.states, timing.name.as_str()), (2, "w"));
        assert!(timing.states_per_second > 0.0);
    }

    #[test]
    fn a_workload_that_fails_is_not_timed() {
        let failing = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Cause": "why"}}});
        let (workload, machine) = workload(&failing);
        let refused = time(workload, &machine, 1).expect_err("it fails");
        assert!(refused.to_string().contains("Failed, why"), "{refused}");
    }

    #[test]
    fn many_executions_run_at_once_and_all_succeed() {
        let (workload, machine) = workload(&waiting());
        let load = load(workload, &machine, 50);
        assert_eq!(
            (load.executions, load.succeeded, load.events),
            (50, 50, 50 * 9)
        );
    }
}
