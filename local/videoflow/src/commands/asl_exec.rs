//! `videoflow asl exec`: runs definitions with mocked Tasks on a virtual clock.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use videoflow_asl::mock::{Config, Report};
use videoflow_asl::{HistoryEvent, StateMachine};

/// The ending of a definition's file, before which stands its machine's name.
const ENDING: &str = ".asl.json";
/// The test cases of all definitions that are given.
const ALL: &str = "all";

/// Runs definitions with mocked Tasks on a virtual clock
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --mock-config: runs the test cases of a MockConfigFile.json, AWS's form for Step Functions
Local, and tells each one's history in short; exit code 1 if one fails. What is expected of a case
can be said in the same file: docs/testing-state-machines.md.

Without: one JSON request a line in, one answer a line out.
Request: {\"id\", \"definition\", \"input\", \"type\": \"STANDARD\" | \"EXPRESS\",
          \"mocks\": {STATE: [ACTION, …]}}
ACTION:  {\"do\": \"return\", \"output\"} | {\"do\": \"throw\", \"error\", \"cause\"}
         | {\"do\": \"timeout\"}
         the n-th attempt of STATE takes the n-th ACTION, the last one repeats
Answer:  {\"id\", \"status\", \"output\" | \"error\" and \"cause\", \"events\"}

Examples:
  videoflow asl exec --mock-config MockConfigFile.json order.asl.json
  videoflow asl exec --mock-config MockConfigFile.json --case order#SoldOut order.asl.json
  videoflow asl exec < requests.jsonl")]
pub struct Arguments {
    /// Definitions; the machine in MACHINE.asl.json is MACHINE in the mock configuration
    #[arg(value_name = "DEFINITION", requires = "mock_config")]
    definitions: Vec<PathBuf>,
    /// Mocked answers and test cases
    #[arg(long, value_name = "FILE", requires = "definitions")]
    mock_config: Option<PathBuf>,
    /// One test case, or all of the definitions
    #[arg(long, value_name = "MACHINE#CASE", default_value = ALL, requires = "mock_config")]
    case: String,
    /// Input of the test cases that have none in the mock configuration (JSON)
    #[arg(long, value_name = "FILE", requires = "mock_config")]
    input: Option<PathBuf>,
    /// One line of JSON: {"cases": [{"case", "passed", "problems", "status", "output" | "error" and "cause", "states",
    /// "events"}], "passed", "failed"}
    #[arg(long, requires = "mock_config")]
    json: bool,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.mock_config {
        Some(config) => run_cases(arguments, config),
        None => answer_requests(),
    }
}

fn answer_requests() -> anyhow::Result<ExitCode> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read a request")?;
        if !line.trim().is_empty() {
            writeln!(output, "{}", videoflow_asl::exec::exec(&line))
                .context("cannot write an answer")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_cases(arguments: &Arguments, config: &Path) -> anyhow::Result<ExitCode> {
    let at = || config.display().to_string();
    let config = Config::parse(&read(config)?).with_context(at)?;
    let machines = compile(&arguments.definitions)?;
    let input = match &arguments.input {
        Some(path) => Some(
            serde_json::from_str::<Value>(&read(path)?)
                .with_context(|| path.display().to_string())?,
        ),
        None => None,
    };
    let mut listed = Vec::new();
    let mut failed = 0;
    for (machine, case) in chosen(&arguments.case, &config, &machines)? {
        let compiled = machines
            .get(&machine)
            .context("a chosen case has its definition")?;
        let report = config
            .run(&machine, &case, compiled, input.clone())
            .with_context(at)?;
        failed += usize::from(!report.problems.is_empty());
        let name = format!("{machine}#{case}");
        if !arguments.json {
            println!("{}", described(&name, &report));
        }
        listed.push(object(&name, &report));
    }
    let passed = listed.len() - failed;
    if arguments.json {
        println!(
            "{}",
            json!({ "cases": listed, "passed": passed, "failed": failed })
        );
    } else {
        println!("{passed} passed, {failed} failed");
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The machines by name.
fn compile(definitions: &[PathBuf]) -> anyhow::Result<BTreeMap<String, Arc<StateMachine>>> {
    let mut machines = BTreeMap::new();
    for path in definitions {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let name = name
            .strip_suffix(ENDING)
            .or(name.strip_suffix(".json"))
            .unwrap_or(name);
        let machine = match StateMachine::compile(&read(path)?) {
            Ok(machine) => machine,
            Err(findings) => {
                let first = findings
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                bail!(
                    "{}: {first}; `videoflow asl check` tells more",
                    path.display()
                );
            }
        };
        let earlier = machines.insert(name.to_owned(), Arc::new(machine));
        ensure!(earlier.is_none(), "two definitions are named '{name}'");
    }
    Ok(machines)
}

/// Machine and test case of each that is to be run.
fn chosen(
    case: &str,
    config: &Config,
    machines: &BTreeMap<String, Arc<StateMachine>>,
) -> anyhow::Result<Vec<(String, String)>> {
    if case != ALL {
        let named = case.split_once('#');
        let (machine, case) =
            named.with_context(|| format!("'{case}' is neither '{ALL}' nor MACHINE#CASE"))?;
        ensure!(
            machines.contains_key(machine),
            "no definition of '{machine}' ({machine}{ENDING}) is given"
        );
        return Ok(vec![(machine.to_owned(), case.to_owned())]);
    }
    let mut chosen = Vec::new();
    for machine in machines.keys() {
        let known = || {
            let known: Vec<&str> = config.machines().collect();
            format!("it has {}", known.join(", "))
        };
        let cases = config.cases(machine).with_context(known)?;
        chosen.extend(cases.map(|case| (machine.clone(), case.to_owned())));
    }
    Ok(chosen)
}

fn object(name: &str, report: &Report) -> Value {
    let execution = &report.execution;
    let mut object = json!({
        "case": name,
        "passed": report.problems.is_empty(),
        "problems": report.problems,
        "status": execution.status(),
        "states": report.states,
        "events": execution.history(),
    });
    let outcome = match execution.output() {
        Some(output) => json!({ "output": output }),
        None => json!({ "error": execution.error(), "cause": execution.cause() }),
    };
    if let (Some(members), Value::Object(outcome)) = (object.as_object_mut(), outcome) {
        members.extend(outcome);
    }
    object
}

/// A test case as a person reads it: how it ended, its history in short, what was not as expected.
fn described(name: &str, report: &Report) -> String {
    let execution = &report.execution;
    let verdict = if report.problems.is_empty() {
        "passed"
    } else {
        "FAILED"
    };
    let status = json!(execution.status());
    let mut lines = vec![format!(
        "{verdict}  {name}: {}",
        status.as_str().unwrap_or_default()
    )];
    let history = execution.history();
    let begin = history.first().map_or(0, |event| event.timestamp.0);
    lines.extend(history.iter().filter_map(|event| {
        let seconds = (event.timestamp.0 - begin) / 1000;
        Some(format!("  {seconds:>8} s  {}", told(event)?))
    }));
    lines.extend(
        execution
            .output()
            .map(|output| format!("              output {output}")),
    );
    let problems = report.problems.iter();
    lines.extend(problems.map(|problem| format!("  !  {problem}")));
    lines.join("\n")
}

/// Events that tell the way: states entered, and what failed.
fn told(event: &HistoryEvent) -> Option<String> {
    let kind = event.event_type;
    if kind.ends_with("StateEntered") {
        return event.text("name").map(str::to_owned);
    }
    let has_failed = ["Failed", "TimedOut", "Aborted"]
        .iter()
        .any(|ending| kind.ends_with(ending));
    has_failed.then(|| {
        let error = event.text("error").unwrap_or_default();
        let cause = event.text("cause").unwrap_or_default();
        format!("{kind} {error}: {cause}")
    })
}
