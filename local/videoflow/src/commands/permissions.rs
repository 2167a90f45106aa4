//! `videoflow permissions`: what the roles were refused, and what they may do but never did.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use videoflow_platform::iam::Table;
use videoflow_platform::iam::report::{Report, report};
use videoflow_platform::record::RecordedCall;

/// The record of calls in a platform's folder.
const RECORD: &str = "calls.jsonl";
/// Where a record is looked for.
const FOLDERS: [&str; 2] = [".videoflow", "videoflow-out/.videoflow"];

/// Says what the roles were refused, and what they may do but never did
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The calls that a local platform has recorded are held to the roles' policies, as Terraform renders
them from permissions.json. Where they were not enforced (--enforce-iam), \"refused\" is what AWS
would have refused. Without --data the record is that of ./.videoflow, or else of
./videoflow-out/.videoflow. Exit code: 0 nothing was refused, 1 something was.

Examples:
  videoflow permissions
  videoflow permissions --data /srv/videoflow
  videoflow permissions --json | jq -r '.unused[] | \"\\(.role) \\(.call) \\(.target)\"'")]
pub struct Arguments {
    /// Folder of the platform's state
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print one JSON object on one line
    #[arg(long)]
    json: bool,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let record = record(arguments.data.as_deref())?;
    let report = report(&Table::committed()?, &read(&record)?)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(if report.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn record(data: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(data) = data {
        return Ok(data.join(RECORD));
    }
    let records = FOLDERS.iter().map(|folder| Path::new(folder).join(RECORD));
    match records.into_iter().find(|record| record.is_file()) {
        Some(record) => Ok(record),
        None => bail!(
            "there is no {RECORD} in {}; --data names the folder of a platform",
            FOLDERS.join(" or ")
        ),
    }
}

fn read(record: &Path) -> anyhow::Result<Vec<RecordedCall>> {
    let unreadable = || format!("cannot read {}", record.display());
    let file = File::open(record).with_context(unreadable)?;
    let mut calls = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(unreadable)?;
        let call = serde_json::from_str(&line)
            .with_context(|| format!("{}:{}", record.display(), number + 1))?;
        calls.push(call);
    }
    Ok(calls)
}

fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    if report.refused.is_empty() {
        lines.push(format!("refused: nothing, in {} calls", report.calls));
    } else {
        lines.push("refused:".to_owned());
    }
    lines.extend(report.refused.iter().map(|refused| {
        format!(
            "  {}  {} for {} on {}  {}x, last {}",
            refused.principal,
            refused.action,
            refused.call,
            refused.resource,
            refused.count,
            refused.last
        )
    }));
    if !report.unused.is_empty() {
        lines.push("allowed, but never used:".to_owned());
    }
    let unused = report.unused.iter();
    lines.extend(unused.map(|one| format!("  {}  {} on {}", one.role, one.call, one.target)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use videoflow_platform::iam::report::{Refused, Use};

    use super::*;

    #[test]
    fn both_lists_name_role_call_and_place() {
        let check = |refused: Vec<Refused>, unused: Vec<Use>, expected: &str| {
            let report = Report {
                calls: 7,
                refused,
                unused,
            };
            assert_eq!(text(&report), expected);
        };
        check(Vec::new(), Vec::new(), "refused: nothing, in 7 calls\n");
        let refused = Refused {
            principal: "start-labels".into(),
            call: "s3:GetObject".into(),
            action: "kms:Decrypt".into(),
            resource: "arn:key".into(),
            count: 2,
            first: "1".into(),
            last: "2".into(),
        };
        let unused = Use {
            role: "preprocess-video".into(),
            call: "mediaconvert:CancelJob".into(),
            target: "media-convert".into(),
        };
        check(
            vec![refused],
            vec![unused],
            "refused:\n  start-labels  kms:Decrypt for s3:GetObject on arn:key  2x, last 2\n\
             allowed, but never used:\n  preprocess-video  mediaconvert:CancelJob on media-convert\n",
        );
    }

    #[test]
    fn a_record_that_cannot_be_read_is_named() {
        let error = read(Path::new("/nowhere/calls.jsonl")).expect_err("there is none");
        assert_eq!(error.to_string(), "cannot read /nowhere/calls.jsonl");
    }
}
