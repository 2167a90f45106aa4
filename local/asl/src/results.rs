//! The files that a Distributed Map's `ResultWriter` leaves in a bucket, in AWS's format. The engine says what to put
//! where ([`crate::effect::Effect::WriteResults`]); these functions make the files, the driver puts them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use serde_json::{Value, json};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Format {
    /// What of each child is written.
    pub transformation: Transformation,
    /// How the children are put together.
    pub output_type: OutputType,
}

/// What of each child is written. Of one that did not succeed, it is always all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transformation {
    /// What is known of it.
    #[default]
    Unchanged,
    /// Its output.
    Compact,
    /// Its output, or the items of it where it is an array.
    Flatten,
}

/// How the children are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputType {
    /// A JSON array.
    #[default]
    Json,
    /// A line each.
    JsonLines,
}

/// A child of a Distributed Map.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildResult {
    /// Which child.
    pub index: usize,
    /// Its input.
    pub input: Value,
    /// What became of it.
    pub outcome: ChildOutcome,
}

/// What became of a child.
#[derive(Debug, Clone, PartialEq)]
pub enum ChildOutcome {
    /// It ended well.
    Succeeded(Value),
    /// It failed: error name and cause.
    Failed(String, String),
    /// It was stopped, as too many others had failed.
    Aborted,
    /// It was never begun.
    Pending,
}

/// A file to put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFile {
    /// Key in the bucket.
    pub key: String,
    /// What it holds.
    pub body: String,
}

/// The files of a Map Run's results, the manifest last. `describe` tells what else the driver knows of a child: an object
/// with `ExecutionArn`, `Name`, `StateMachineArn`, `StartDate`, `StopDate`, `RedriveCount`, ….
pub fn files(
    (bucket, folder, map_run_arn): (&str, &str, &str),
    format: Format,
    results: &[ChildResult],
    describe: impl Fn(usize) -> Value,
) -> Vec<ResultFile> {
    let mut files = Vec::new();
    let mut listed = json!({ "FAILED": [], "PENDING": [], "SUCCEEDED": [] });
    for group in ["FAILED", "PENDING", "SUCCEEDED"] {
        let members: Vec<&ChildResult> = results
            .iter()
            .filter(|result| result.outcome.group() == group)
            .collect();
        if members.is_empty() {
            continue;
        }
        let shown = show(format.transformation, &members, &describe);
        let ending = match format.output_type {
            OutputType::Json => "json",
            OutputType::JsonLines => "jsonl",
        };
        let file = ResultFile {
            key: format!("{folder}/{group}_0.{ending}"),
            body: write(format.output_type, shown),
        };
        listed[group] = json!([{ "Key": file.key, "Size": file.body.len() }]);
        files.push(file);
    }
    let manifest =
        json!({ "DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed });
    files.push(ResultFile {
        key: manifest_key(folder),
        body: manifest.to_string(),
    });
    files
}

/// The key of the manifest of the results in a folder.
pub fn manifest_key(folder: &str) -> String {
    format!("{folder}/manifest.json")
}

/// The results as a state's own: what was never begun is not among them.
pub(crate) fn output(format: Format, results: &[ChildResult]) -> Value {
    let members: Vec<&ChildResult> = results.iter().collect();
    let shown = show(format.transformation, &members, &|_| json!({}));
    match format.output_type {
        OutputType::Json => Value::Array(shown),
        OutputType::JsonLines => write(OutputType::JsonLines, shown).into(),
    }
}

fn write(output_type: OutputType, shown: Vec<Value>) -> String {
    match output_type {
        OutputType::Json => Value::Array(shown).to_string(),
        OutputType::JsonLines => {
            let lines: Vec<String> = shown.iter().map(ToString::to_string).collect();
            lines.join("\n")
        }
    }
}

fn show(
    transformation: Transformation,
    results: &[&ChildResult],
    describe: &impl Fn(usize) -> Value,
) -> Vec<Value> {
    let mut shown = Vec::with_capacity(results.len());
    for result in results {
        match (transformation, &result.outcome) {
            (Transformation::Flatten, ChildOutcome::Succeeded(Value::Array(items))) => {
                shown.extend(items.iter().cloned());
            }
            (
                Transformation::Compact | Transformation::Flatten,
                ChildOutcome::Succeeded(output),
            ) => shown.push(output.clone()),
            _ => shown.push(result.envelope(describe(result.index))),
        }
    }
    shown
}

impl ChildResult {
    /// All that is known of the child; documents are JSON texts.
    fn envelope(&self, described: Value) -> Value {
        let mut envelope = match described {
            Value::Object(members) => members,
            _ => serde_json::Map::new(),
        };
        let mut put = |name: &str, value: Value| envelope.insert(name.to_owned(), value);
        put("Input", self.input.to_string().into());
        put("InputDetails", json!({ "Included": true }));
        match &self.outcome {
            ChildOutcome::Succeeded(output) => {
                put("Output", output.to_string().into());
                put("OutputDetails", json!({ "Included": true }));
            }
            ChildOutcome::Failed(error, cause) => {
                put("Error", error.as_str().into());
                put("Cause", cause.as_str().into());
            }
            ChildOutcome::Aborted | ChildOutcome::Pending => {}
        }
        put("Status", self.outcome.status().into());
        Value::Object(envelope)
    }
}

impl ChildOutcome {
    fn status(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed(..) => "FAILED",
            Self::Aborted => "ABORTED",
            Self::Pending => "PENDING",
        }
    }

    fn group(&self) -> &'static str {
        match self {
            Self::Aborted => "FAILED",
            other => other.status(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Vec<ChildResult> {
        let outcomes = [
            ChildOutcome::Succeeded(json!([1, 2])),
            ChildOutcome::Failed("Broken".to_owned(), "because".to_owned()),
            ChildOutcome::Succeeded(json!({ "a": 3 })),
            ChildOutcome::Aborted,
            ChildOutcome::Pending,
        ];
        let result = |(index, outcome)| ChildResult {
            index,
            input: json!({ "n": index }),
            outcome,
        };
        outcomes.into_iter().enumerate().map(result).collect()
    }

    fn written(transformation: Transformation, output_type: OutputType) -> Vec<ResultFile> {
        let format = Format {
            transformation,
            output_type,
        };
        files(
            ("b", "p/id", "arn"),
            format,
            &results(),
            |index| json!({ "Name": format!("child-{index}") }),
        )
    }

    fn body(files: &[ResultFile], key: &str) -> Value {
        let file = files.iter().find(|file| file.key == key);
        serde_json::from_str(&file.expect("a file of this key").body).expect("JSON")
    }

    #[test]
    fn each_status_has_a_file_and_the_manifest_lists_them() {
        let files = written(Transformation::Unchanged, OutputType::Json);
        let keys: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "p/id/FAILED_0.json",
                "p/id/PENDING_0.json",
                "p/id/SUCCEEDED_0.json",
                "p/id/manifest.json"
            ]
        );
        let entry =
            |index: usize| json!([{ "Key": files[index].key, "Size": files[index].body.len() }]);
        assert_eq!(
            body(&files, "p/id/manifest.json"),
            json!({
                "DestinationBucket": "b", "MapRunArn": "arn",
                "ResultFiles": { "FAILED": entry(0), "PENDING": entry(1), "SUCCEEDED": entry(2) }
            })
        );
        let details = json!({ "Included": true });
        assert_eq!(
            body(&files, "p/id/FAILED_0.json"),
            json!([
                { "Name": "child-1", "Input": "{\"n\":1}", "InputDetails": details, "Error": "Broken", "Cause": "because", "Status": "FAILED" },
                { "Name": "child-3", "Input": "{\"n\":3}", "InputDetails": details, "Status": "ABORTED" }
            ])
        );
        assert_eq!(
            body(&files, "p/id/SUCCEEDED_0.json")[0],
            json!({
                "Name": "child-0", "Input": "{\"n\":0}", "InputDetails": details, "Output": "[1,2]", "OutputDetails": details, "Status": "SUCCEEDED"
            })
        );
    }

    #[test]
    fn outputs_alone_are_written_as_the_format_says() {
        let check = |transformation, output_type, key: &str, expected: &str| {
            let files = written(transformation, output_type);
            let found = files.iter().find(|file| file.key == key);
            assert_eq!(found.map(|file| file.body.as_str()), Some(expected));
        };
        let key = "p/id/SUCCEEDED_0.json";
        check(
            Transformation::Compact,
            OutputType::Json,
            key,
            "[[1,2],{\"a\":3}]",
        );
        check(
            Transformation::Flatten,
            OutputType::Json,
            key,
            "[1,2,{\"a\":3}]",
        );
        let key = "p/id/SUCCEEDED_0.jsonl";
        check(
            Transformation::Flatten,
            OutputType::JsonLines,
            key,
            "1\n2\n{\"a\":3}",
        );
    }

    #[test]
    fn no_children_leave_a_manifest() {
        let files = files(("b", "id", "arn"), Format::default(), &[], |_| json!({}));
        assert_eq!(files.len(), 1);
        assert_eq!(
            body(&files, "id/manifest.json")["ResultFiles"],
            json!({ "FAILED": [], "PENDING": [], "SUCCEEDED": [] })
        );
    }
}
