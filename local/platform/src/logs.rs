//! CloudWatch Logs, as far as functions' logs are read: each function has a log group, and each of its invocations a log
//! stream that has the name of the request. A function's lines carry no time of their own, so all of an invocation have
//! that of its last one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::names;
use crate::pages::{self, with_token};
use crate::service::{Call, Service, ServiceError};

/// Begins the log group of a function.
const GROUP: &str = "/aws/lambda/";
/// Most events in one answer: CloudWatch's own limit.
const MAX_EVENTS: usize = 10_000;

/// The service `logs`: reads what the Lambda host writes.
pub struct Logs {
    folder: PathBuf,
}

/// A line of a log stream.
struct Line {
    stream: String,
    at_ms: u64,
    message: String,
}

impl Logs {
    /// Answers from `folder/<function>/<request id>.log`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn filter(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let group = self.group(parameters)?;
        let terms = terms(text(parameters, "FilterPattern").unwrap_or_default())?;
        let streams = parameters.get("LogStreamNames").and_then(Value::as_array);
        let is_wanted = |stream: &str| {
            streams.is_none_or(|streams| streams.iter().any(|wanted| wanted == stream))
        };
        let mut lines = Vec::new();
        for (stream, at_ms) in streams_of(&group, &period(parameters))? {
            if is_wanted(&stream) {
                lines.extend(lines_of(&group, &stream, at_ms)?);
            }
        }
        let matching = lines
            .into_iter()
            .filter(|line| terms.iter().all(|term| line.message.contains(term)));
        let skip = skip(parameters)?;
        let (page, token) = pages::page(matching, skip, limit(parameters));
        let events = page.iter().zip(skip..).map(|(line, number)| {
            json!({
                "LogStreamName": line.stream, "Timestamp": line.at_ms, "IngestionTime": line.at_ms,
                "Message": line.message, "EventId": format!("{number:056}"),
            })
        });
        let answer = json!({"Events": events.collect::<Vec<_>>(), "SearchedLogStreams": []});
        Ok(with_token(answer, token))
    }

    fn get(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let group = self.group(parameters)?;
        let stream = text(parameters, "LogStreamName").unwrap_or_default();
        let known = streams_of(&group, &(0..=u64::MAX))?;
        let Some((_, at_ms)) = known.into_iter().find(|(known, _)| known == stream) else {
            return Err(not_found("The specified log stream does not exist."));
        };
        let mut lines = lines_of(&group, stream, at_ms)?;
        lines.retain(|line| period(parameters).contains(&line.at_ms));
        let skip = skip(parameters)?;
        let (page, token) = pages::page(lines.into_iter(), skip, limit(parameters));
        let events = page.iter().map(|line| {
            json!({"Timestamp": line.at_ms, "IngestionTime": line.at_ms, "Message": line.message})
        });
        // At the end the token stays the one that was given.
        let forward = token.unwrap_or_else(|| (skip + page.len()).to_string());
        Ok(json!({
            "Events": events.collect::<Vec<_>>(), "NextForwardToken": forward, "NextBackwardToken": "0",
        }))
    }

    /// Folder of a log group.
    fn group(&self, parameters: &Value) -> Result<PathBuf, ServiceError> {
        let name = text(parameters, "LogGroupName").unwrap_or_default();
        let function = name.strip_prefix(GROUP).map(names::unprefixed);
        // A plain name: no way out of the folder.
        let function = function.filter(|function| !function.contains(['/', '.']));
        let folder = function.map(|function| self.folder.join(function));
        folder
            .filter(|folder| folder.is_dir())
            .ok_or_else(|| not_found("The specified log group does not exist."))
    }
}

#[async_trait]
impl Service for Logs {
    fn name(&self) -> &'static str {
        "logs"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "FilterLogEvents" => self.filter(&call.parameters),
            "GetLogEvents" => self.get(&call.parameters),
            operation => Err(ServiceError::unknown_operation(operation)),
        }
    }
}

/// Streams of a group whose last line is of the period, oldest first.
fn streams_of(
    group: &Path,
    period: &std::ops::RangeInclusive<u64>,
) -> Result<Vec<(String, u64)>, ServiceError> {
    let mut streams = Vec::new();
    for file in fs::read_dir(group).map_err(|error| unreadable(&error))? {
        let file = file.map_err(|error| unreadable(&error))?;
        let name = file.file_name();
        let Some(stream) = name.to_str().and_then(|name| name.strip_suffix(".log")) else {
            continue;
        };
        let written = file.metadata().and_then(|metadata| metadata.modified());
        let written = written.map_err(|error| unreadable(&error))?;
        let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        if period.contains(&at_ms) {
            streams.push((stream.to_owned(), at_ms));
        }
    }
    streams.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
    Ok(streams)
}

fn lines_of(group: &Path, stream: &str, at_ms: u64) -> Result<Vec<Line>, ServiceError> {
    let file = group.join(format!("{stream}.log"));
    let log = fs::read(file).map_err(|error| unreadable(&error))?;
    let log = String::from_utf8_lossy(&log);
    let lines = log.lines().filter(|line| !line.is_empty());
    let line = |message: &str| Line {
        stream: stream.to_owned(),
        at_ms,
        message: message.to_owned(),
    };
    Ok(lines.map(line).collect())
}

/// The terms of a filter pattern: words, or texts in quotes. All have to be in a line.
fn terms(pattern: &str) -> Result<Vec<String>, ServiceError> {
    if pattern.trim_start().starts_with(['{', '[', '%']) {
        let message = "the local platform filters by terms only";
        return Err(ServiceError::new("InvalidParameterException", 400, message));
    }
    // What is between quotes is every second part.
    let parts = pattern.split('"').enumerate();
    let terms = parts.flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    Ok(terms.collect())
}

fn period(parameters: &Value) -> std::ops::RangeInclusive<u64> {
    let bound = |name: &str| parameters.get(name).and_then(Value::as_u64);
    bound("StartTime").unwrap_or(0)..=bound("EndTime").unwrap_or(u64::MAX)
}

fn limit(parameters: &Value) -> usize {
    let limit = parameters.get("Limit").and_then(Value::as_u64);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.unwrap_or(MAX_EVENTS).min(MAX_EVENTS)
}

fn skip(parameters: &Value) -> Result<usize, ServiceError> {
    let Some(token) = text(parameters, "NextToken") else {
        return Ok(0);
    };
    let message = "The specified nextToken is invalid.";
    let invalid = |_| ServiceError::new("InvalidParameterException", 400, message);
    token.parse().map_err(invalid)
}

fn text<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

fn not_found(message: &str) -> ServiceError {
    ServiceError::new("ResourceNotFoundException", 400, message)
}

fn unreadable(error: &io::Error) -> ServiceError {
    ServiceError::new(
        "ServiceUnavailableException",
        500,
        format!("the logs cannot be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use crate::service::Principal;

    use super::*;

    async fn ask(folder: &Path, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        let answer = Logs::new(folder.to_path_buf()).call(call).await;
        answer.map_err(|error| error.code)
    }

    fn messages(answer: &Value) -> Vec<&str> {
        let events = answer["Events"].as_array().into_iter().flatten();
        events
            .filter_map(|event| event["Message"].as_str())
            .collect()
    }

    #[tokio::test]
    async fn lines_of_an_invocation_are_found_by_terms_and_by_stream()
    -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let group = folder.path().join("inspect-file");
        fs::create_dir(&group)?;
        fs::write(
            group.join("r-1.log"),
            "{\"job\":\"v-1\",\"request\":\"r-1\"}\npanicked at main\n",
        )?;
        fs::write(
            group.join("r-2.log"),
            "{\"job\":\"v-2\",\"request\":\"r-2\"}\n",
        )?;
        let name = "/aws/lambda/videoflow-local-inspect-file";
        let found = ask(
            folder.path(),
            "FilterLogEvents",
            json!({"LogGroupName": name, "FilterPattern": "\"v-1\""}),
        )
        .await?;
        assert_eq!(messages(&found), ["{\"job\":\"v-1\",\"request\":\"r-1\"}"]);
        assert_eq!(found["Events"][0]["LogStreamName"], "r-1");
        let all = ask(
            folder.path(),
            "GetLogEvents",
            json!({"LogGroupName": name, "LogStreamName": "r-1", "Limit": 1}),
        )
        .await?;
        assert_eq!(messages(&all), ["{\"job\":\"v-1\",\"request\":\"r-1\"}"]);
        let rest = json!({"LogGroupName": name, "LogStreamName": "r-1", "NextToken": all["NextForwardToken"]});
        let rest = ask(folder.path(), "GetLogEvents", rest).await?;
        assert_eq!(messages(&rest), ["panicked at main"]);
        Ok(())
    }

    #[tokio::test]
    async fn what_there_is_not_is_refused_in_aws_words() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| unreachable!("{error}"));
        let name = "/aws/lambda/videoflow-local-inspect-file";
        let check = async |operation: &str, parameters: Value, expected: &str| {
            let answer = ask(folder.path(), operation, parameters).await;
            assert_eq!(answer.err().as_deref(), Some(expected), "{operation}");
        };
        let not_found = "ResourceNotFoundException";
        check("FilterLogEvents", json!({"LogGroupName": name}), not_found).await;
        check(
            "FilterLogEvents",
            json!({"LogGroupName": "/aws/lambda/.."}),
            not_found,
        )
        .await;
        check("DescribeLogGroups", json!({}), "UnknownOperationException").await;
        assert!(fs::create_dir(folder.path().join("inspect-file")).is_ok());
        let pattern = json!({"LogGroupName": name, "FilterPattern": "{ $.level = \"ERROR\" }"});
        check("FilterLogEvents", pattern, "InvalidParameterException").await;
        let stream = json!({"LogGroupName": name, "LogStreamName": "r"});
        check("GetLogEvents", stream, not_found).await;
    }
}
