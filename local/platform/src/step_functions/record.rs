//! What is kept of an execution: its description and its events, in the API's shapes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use videoflow_asl::HistoryEvent;

/// `DescribeExecution`'s answer, with the API's member names; times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// ARN of the execution.
    pub execution_arn: String,
    /// Unqualified ARN of its machine.
    pub state_machine_arn: String,
    /// Version that it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_machine_version_arn: Option<String>,
    /// Alias that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_machine_alias_arn: Option<String>,
    /// Name.
    pub name: String,
    /// RUNNING, SUCCEEDED, FAILED, `TIMED_OUT` or ABORTED.
    pub status: String,
    /// Start, seconds since 1970.
    pub start_date: f64,
    /// End, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<f64>,
    /// Input as JSON text.
    pub input: String,
    /// Output as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Error name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How often it was redriven.
    #[serde(default)]
    pub redrive_count: u32,
    /// Map Run that this is a child of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_run_arn: Option<String>,
}

impl Description {
    /// Has it not ended?
    pub fn is_running(&self) -> bool {
        self.status == "RUNNING"
    }

    /// Whether AWS would redrive it.
    pub fn redrive_status(&self) -> &'static str {
        match self.status.as_str() {
            "RUNNING" | "SUCCEEDED" => "NOT_REDRIVABLE",
            _ => "REDRIVABLE",
        }
    }

    /// `DescribeExecution`'s answer with the members of Step Functions' integrations: names begin upper-case, times
    /// are milliseconds; `documents` turns the JSON text of input and output into what the pattern gives.
    pub fn envelope(&self, documents: impl Fn(&str) -> Value) -> Value {
        let included = json!({"Included": true});
        let mut envelope = json!({
            "ExecutionArn": self.execution_arn,
            "Input": documents(&self.input),
            "InputDetails": included,
            "Name": self.name,
            "RedriveCount": self.redrive_count,
            "RedriveStatus": self.redrive_status(),
            "StartDate": milliseconds(self.start_date),
            "StateMachineArn": self.state_machine_arn,
            "Status": self.status,
        });
        let optional = [
            ("Output", self.output.as_deref().map(documents)),
            ("OutputDetails", self.output.as_ref().map(|_| included)),
            ("Error", self.error.clone().map(Value::from)),
            ("Cause", self.cause.clone().map(Value::from)),
            ("StopDate", self.stop_date.map(milliseconds)),
            (
                "StateMachineVersionArn",
                self.state_machine_version_arn.clone().map(Value::from),
            ),
            (
                "StateMachineAliasArn",
                self.state_machine_alias_arn.clone().map(Value::from),
            ),
        ];
        if let Some(members) = envelope.as_object_mut() {
            members.extend(
                optional
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        envelope
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any real date fit i64"
)]
fn milliseconds(seconds: f64) -> Value {
    json!((seconds * 1000.0).round() as i64)
}

/// A history as it is kept and exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// `DescribeExecution`.
    pub execution: Description,
    /// `GetExecutionHistory`'s events, oldest first.
    pub events: Vec<Value>,
    /// Waits and retry delays were multiplied by this.
    pub time_scale: f64,
}

impl Record {
    /// Place of a record below the folder of all records: `<machine>/<execution>.json`.
    pub fn path(folder: &Path, execution_arn: &str) -> PathBuf {
        let mut parts = execution_arn.rsplit(':');
        let name = parts.next().unwrap_or_default();
        let machine = crate::names::unprefixed(parts.next().unwrap_or_default()).replace('/', ".");
        folder.join(machine).join(format!("{name}.json"))
    }

    /// Reads one record.
    ///
    /// # Errors
    /// The file cannot be read or is no record.
    pub fn read(path: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
    }

    /// Ends a record whose execution nobody runs any more.
    pub(super) fn abort(&mut self, now_seconds: f64, error: &str, cause: &str) {
        let last = self.events.len();
        self.events.push(json!({
            "timestamp": now_seconds,
            "type": "ExecutionAborted",
            "id": last + 1,
            "previousEventId": last,
            "executionAbortedEventDetails": {"error": error, "cause": cause},
        }));
        "ABORTED".clone_into(&mut self.execution.status);
        self.execution.stop_date = Some(now_seconds);
        self.execution.error = Some(error.to_owned());
        self.execution.cause = Some(cause.to_owned());
    }

    /// Writes the record so that a reader or a crash sees the old or the new one, never a part.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        write_whole(
            &Self::path(folder, &self.execution.execution_arn),
            &serde_json::to_vec(self)?,
        )
    }
}

/// A record of an execution that still lies in memory; serialises as [`Record`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveRecord<'a> {
    pub(super) execution: &'a Description,
    pub(super) events: &'a [HistoryEvent],
    pub(super) time_scale: f64,
}

/// Replaces a file as a whole.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let temporary = path.with_extension("json.part");
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, path)
}

/// Descriptions of all records below a folder, `<machine>/<execution>.json`, without the events, which are long.
/// Files that are no records are left out.
///
/// # Errors
/// The folder cannot be listed; one that does not exist has no records.
pub(super) fn read_descriptions(folder: &Path) -> io::Result<Vec<Description>> {
    #[derive(Deserialize)]
    struct Head {
        execution: Description,
    }
    let mut descriptions = Vec::new();
    let machines = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(descriptions),
        machines => machines?,
    };
    for machine in machines {
        let machine = machine?.path();
        let files = if machine.is_dir() {
            Some(fs::read_dir(&machine)?)
        } else {
            None
        };
        for file in files.into_iter().flatten() {
            let path = file?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                match serde_json::from_slice::<Head>(&fs::read(&path)?) {
                    Ok(head) => descriptions.push(head.execution),
                    Err(error) => {
                        tracing::warn!(path = %path.display(), %error, "not a record of an execution");
                    }
                }
            }
        }
    }
    Ok(descriptions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_machine_and_name() {
        let check = |arn: &str, expected: &str| {
            assert_eq!(
                Record::path(Path::new("x"), arn),
                Path::new(expected),
                "{arn}"
            );
        };
        check(
            "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-sanitize-file:v-1-sanitize-0-0",
            "x/sanitize-file/v-1-sanitize-0-0.json",
        );
        check(
            "arn:aws:states:us-east-1:000000000000:execution:videoflow-local-reconcile-library/FindMissedVideos:7",
            "x/reconcile-library.FindMissedVideos/7.json",
        );
    }

    fn description() -> Description {
        Description {
            execution_arn: "arn:e".to_owned(),
            state_machine_arn: "arn:m".to_owned(),
            state_machine_version_arn: Some("arn:m:1".to_owned()),
            state_machine_alias_arn: None,
            name: "e".to_owned(),
            status: "SUCCEEDED".to_owned(),
            start_date: 1.5,
            stop_date: Some(2.25),
            input: "{\"a\":1}".to_owned(),
            output: Some("[2]".to_owned()),
            error: None,
            cause: None,
            redrive_count: 0,
            map_run_arn: None,
        }
    }

    #[test]
    fn the_envelope_of_sync_2_has_documents_as_values() {
        let parse = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let expected = json!({
            "ExecutionArn": "arn:e",
            "Input": {"a": 1},
            "InputDetails": {"Included": true},
            "Name": "e",
            "Output": [2],
            "OutputDetails": {"Included": true},
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE",
            "StartDate": 1500,
            "StateMachineArn": "arn:m",
            "StateMachineVersionArn": "arn:m:1",
            "Status": "SUCCEEDED",
            "StopDate": 2250,
        });
        assert_eq!(description().envelope(parse), expected);
        assert_eq!(
            description().envelope(|text| Value::from(text))["Output"],
            json!("[2]")
        );
    }

    #[test]
    fn records_survive_writing_and_reading() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let record = Record {
            execution: description(),
            events: vec![json!({"id": 1})],
            time_scale: 0.02,
        };
        record.write(folder.path())?;
        let path = Record::path(folder.path(), &record.execution.execution_arn);
        assert_eq!(Record::read(&path)?, record);
        assert_eq!(read_descriptions(folder.path())?, vec![record.execution]);
        assert_eq!(read_descriptions(&folder.path().join("none"))?, vec![]);
        Ok(())
    }
}
