//! `videoflow asl check`: what is wrong with definitions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use videoflow_asl::Severity;
use videoflow_asl::lint::aws::Catalog;
use videoflow_asl::lint::{self, Finding, Options};

use crate::tools;

/// AWS's API models below the models' folder.
const SERVICES: &str = "aws-services/services.jsonl";

/// Checks definitions: what is wrong, where, and what to do about it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A line a finding: FILE:LINE:COLUMN: SEVERITY: STATE, FIELD: MESSAGE [CODE]
Errors are what AWS refuses, or what fails whenever it runs. Warnings are what is probably not
meant, and what departs from the house rules (codes HOUSE_…). Exit code 1 if there is an error,
with --deny-warnings also for a warning. Calls are checked against AWS's API models, which
`make setup` fetches. All codes: docs/testing-state-machines.md.

Examples:
  videoflow asl check statemachines/*.asl.json
  videoflow asl check --warnings likely machine.asl.json     no house rules
  videoflow asl check --json machine.asl.json | jq '.findings[].code'")]
pub struct Arguments {
    /// Definitions, with or without their placeholders filled
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is warned of
    #[arg(long, value_enum, default_value = "house")]
    warnings: Warnings,
    /// Exit with 1 for warnings too
    #[arg(long)]
    deny_warnings: bool,
    /// One line of JSON: {"findings": [{"file", "line", "column", "state", "location", "severity", "code", "message"}],
    /// "errors", "warnings"}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Warnings {
    /// Errors only
    None,
    /// What is probably not meant
    Likely,
    /// Also what departs from the house rules
    House,
}

impl From<Warnings> for lint::Warnings {
    fn from(warnings: Warnings) -> Self {
        match warnings {
            Warnings::None => Self::None,
            Warnings::Likely => Self::Likely,
            Warnings::House => Self::House,
        }
    }
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> ExitCode {
    let catalog = catalog();
    let options = Options {
        warnings: arguments.warnings.into(),
        catalog: catalog.as_ref(),
    };
    let mut findings = Vec::new();
    for file in &arguments.files {
        findings.extend(
            check(file, &options)
                .into_iter()
                .map(|found| (file.as_path(), found)),
        );
    }
    let count = |severity| {
        let matching = findings
            .iter()
            .filter(|(_, found)| found.severity == severity);
        matching.count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if arguments.json {
        let listed: Vec<Value> = findings
            .iter()
            .map(|(file, found)| object(file, found))
            .collect();
        println!(
            "{}",
            json!({ "findings": listed, "errors": errors, "warnings": warnings })
        );
    } else {
        for (file, found) in &findings {
            println!("{}", line(file, found));
        }
    }
    if errors > 0 || arguments.deny_warnings && warnings > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// AWS's API models; without them the user is told what is left out.
fn catalog() -> Option<Catalog> {
    let path = tools::models().join(SERVICES);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!(
            "videoflow: calls of AWS services are not checked: AWS's API models are not in {}; run `make setup`",
            path.display()
        );
    }
    text.map(Catalog::new)
}

fn check(file: &Path, options: &Options<'_>) -> Vec<Finding> {
    match fs::read_to_string(file) {
        Ok(source) => lint::check(&source, options),
        Err(error) => vec![Finding {
            line: 1,
            column: 1,
            state: None,
            location: String::new(),
            severity: Severity::Error,
            code: "UNREADABLE_FILE",
            message: format!("The file cannot be read: {error}."),
        }],
    }
}

fn object(file: &Path, found: &Finding) -> Value {
    let mut object = json!({ "file": file.display().to_string() });
    if let (Some(members), Value::Object(own)) = (object.as_object_mut(), json!(found)) {
        members.extend(own);
    }
    object
}

fn line(file: &Path, found: &Finding) -> String {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let state = found
        .state
        .as_ref()
        .map(|state| format!(" {}:", described(state, &found.location)))
        .unwrap_or_default();
    format!(
        "{}:{}:{}: {severity}:{state} {} [{}]",
        file.display(),
        found.line,
        found.column,
        found.message,
        found.code
    )
}

/// The state, and the field within it.
fn described(state: &str, location: &str) -> String {
    let field = location
        .rsplit_once("/States/")
        .and_then(|(_, after)| after.split_once('/'));
    field.map_or_else(
        || state.to_owned(),
        |(_, field)| format!("{state}, {field}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_with_place_state_field_and_code() {
        let source =
            "{\"StartAt\": \"A\", \"States\": {\n \"A\": {\"Type\": \"Pass\", \"Next\": \"B\"}}}";
        let options = Options {
            warnings: lint::Warnings::None,
            catalog: None,
        };
        let lines: Vec<String> = lint::check(source, &options)
            .iter()
            .map(|found| line(Path::new("a.json"), found))
            .collect();
        assert_eq!(
            lines,
            [
                "a.json:2:24: error: A, Next: Missing transition target: there is no state 'B' here. [MISSING_TRANSITION_TARGET]"
            ]
        );
    }
}
