//! The lines that a function wrote while it failed, from CloudWatch Logs or a local platform's.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::DisplayErrorContext;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use serde_json::Value;

use super::assembly::unprefixed;
use super::story::{Attempt, Log, LogLine, Moment};

/// Lines are looked for from a moment before the call of the function to a moment after its end: clocks differ, and
/// Lambda's report comes after the answer.
const MARGIN_MS: i64 = 3_000;
/// An invocation whose end nobody told took at most what Lambda allows.
const LONGEST_MS: i64 = 15 * 60 * 1000;
/// Pages of one search: CloudWatch answers pages without events while it looks on.
const MAX_PAGES: usize = 10;
/// Lines that are kept, the last ones.
const MAX_LINES: usize = 200;
/// How long logs may take: they are extra.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the function of an attempt wrote; `None` where the attempt called no function.
pub async fn read(client: &Client, attempt: &Attempt, job: Option<&str>) -> Option<Log> {
    let function = function_name(attempt.function.as_deref()?);
    let search = Search {
        client,
        group: format!("/aws/lambda/{function}"),
        from: attempt.started_at.0 - MARGIN_MS,
        to: attempt
            .ended_at
            .map_or(attempt.started_at.0 + LONGEST_MS, |ended| ended.0)
            + MARGIN_MS,
    };
    let found =
        tokio::time::timeout(PATIENCE, search.run(attempt.request_id.as_deref(), job)).await;
    let (request_id, lines, from) = match found {
        Ok(Ok(found)) => found,
        Ok(Err(why)) => (
            None,
            Vec::new(),
            format!("{} was not read: {why}", search.group),
        ),
        Err(_) => (
            None,
            Vec::new(),
            format!(
                "{} did not answer within {} s",
                search.group,
                PATIENCE.as_secs()
            ),
        ),
    };
    Some(Log {
        function: unprefixed(&function).to_owned(),
        request_id: request_id.or_else(|| attempt.request_id.clone()),
        lines,
        from,
    })
}

/// Name of a function that is called by name or ARN, with or without version.
fn function_name(name_or_arn: &str) -> String {
    let name = match name_or_arn.strip_prefix("arn:") {
        // `arn:aws:lambda:<region>:<account>:function:<name>:<version>`
        Some(_) => name_or_arn.split(':').nth(6),
        None => name_or_arn.split(':').next(),
    };
    name.unwrap_or(name_or_arn).to_owned()
}

struct Search<'a> {
    client: &'a Client,
    group: String,
    from: i64,
    to: i64,
}

type Found = (Option<String>, Vec<LogLine>, String);

impl Search<'_> {
    /// Finds the invocation by a line that names the request or the job, then takes all lines of its stream.
    async fn run(&self, request: Option<&str>, job: Option<&str>) -> Result<Found, String> {
        let named = match request.or(job) {
            Some(term) => self.filter(Some(term)).await?,
            None => Vec::new(),
        };
        let Some(line) = named.last() else {
            let lines = self.filter(None).await?;
            let lines = lines
                .iter()
                .map(|line| log_line(line.timestamp(), line.message()));
            let lines = last(lines.collect());
            let which = if lines.is_empty() {
                "no lines of that time"
            } else {
                "all lines of that time, none names the job"
            };
            return Ok((None, lines, format!("{}: {which}", self.group)));
        };
        let request = request
            .map(str::to_owned)
            .or_else(|| request_of(line.message().unwrap_or_default()));
        let stream = line.log_stream_name().unwrap_or_default();
        let lines = self.stream(stream).await?;
        let lines = match &request {
            Some(request) => of_request(lines, request),
            None => lines,
        };
        Ok((
            request,
            last(lines),
            format!("{}, stream {stream}", self.group),
        ))
    }

    async fn filter(&self, term: Option<&str>) -> Result<Vec<FilteredLogEvent>, String> {
        let mut events = Vec::new();
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self
                .client
                .filter_log_events()
                .log_group_name(&self.group)
                .start_time(self.from)
                .end_time(self.to)
                .set_filter_pattern(term.map(|term| format!("\"{term}\"")))
                .set_next_token(token);
            let page = request.send().await.map_err(words)?;
            events.extend(page.events.unwrap_or_default());
            token = page.next_token;
            if token.is_none() || events.len() >= MAX_LINES {
                break;
            }
        }
        Ok(events)
    }

    async fn stream(&self, stream: &str) -> Result<Vec<LogLine>, String> {
        let request = self
            .client
            .get_log_events()
            .log_group_name(&self.group)
            .log_stream_name(stream)
            .start_time(self.from)
            .end_time(self.to)
            .start_from_head(true);
        let page = request.send().await.map_err(words)?;
        let lines = page.events.unwrap_or_default();
        let lines = lines
            .iter()
            .map(|line| log_line(line.timestamp(), line.message()));
        Ok(lines.collect())
    }
}

/// An error in one line: the service's message, or why it was not reached.
fn words<E>(error: aws_sdk_cloudwatchlogs::error::SdkError<E>) -> String
where
    E: std::error::Error + 'static,
    aws_sdk_cloudwatchlogs::Error: From<aws_sdk_cloudwatchlogs::error::SdkError<E>>,
{
    let error = aws_sdk_cloudwatchlogs::Error::from(error);
    let words = aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata::message(&error);
    words.map_or_else(|| DisplayErrorContext(&error).to_string(), str::to_owned)
}

fn log_line(at: Option<i64>, text: Option<&str>) -> LogLine {
    LogLine {
        at: at.map(Moment),
        text: text.unwrap_or_default().trim_end().to_owned(),
    }
}

/// The request in a line of ours: `{"span": {"request": …}}`.
fn request_of(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(line.get("span")?.get("request")?.as_str()?.to_owned())
}

/// From the first line that names a request to the last: a stream has one invocation after the other, and what is
/// between its lines is its own, though it may name nothing, as a panic does.
fn of_request(lines: Vec<LogLine>, request: &str) -> Vec<LogLine> {
    let names = |line: &LogLine| line.text.contains(request);
    let bounds = lines
        .iter()
        .position(names)
        .zip(lines.iter().rposition(names));
    // A local stream has one invocation, whose panic may be after all that it named.
    let is_only = lines
        .iter()
        .all(|line| request_of(&line.text).is_none_or(|found| found == request));
    match bounds {
        Some((first, last)) if !is_only => {
            let count = last - first + 1;
            lines.into_iter().skip(first).take(count).collect()
        }
        _ => lines,
    }
}

fn last(mut lines: Vec<LogLine>) -> Vec<LogLine> {
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.drain(..more);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_called_by_name_or_arn() {
        let check = |given: &str| assert_eq!(function_name(given), "videoflow-prod-inspect-file");
        check("videoflow-prod-inspect-file");
        check("videoflow-prod-inspect-file:7");
        check("arn:aws:lambda:eu-west-1:111122223333:function:videoflow-prod-inspect-file");
        check("arn:aws:lambda:eu-west-1:111122223333:function:videoflow-prod-inspect-file:7");
    }

    #[test]
    fn a_stream_is_cut_to_one_invocation() {
        let line = |text: &str| log_line(None, Some(text));
        let ours = |request: &str| format!("{{\"span\":{{\"request\":\"{request}\"}}}}");
        let all = [
            ours("a"),
            "START b".into(),
            "panicked".into(),
            ours("b"),
            "REPORT b".into(),
            ours("c"),
        ];
        let check = |lines: &[String], expected: &[String]| {
            let lines = lines.iter().map(|text| line(text)).collect();
            let cut = of_request(lines, "b").into_iter().map(|line| line.text);
            assert_eq!(cut.collect::<Vec<_>>(), expected);
        };
        check(&all, &all[1..5]);
        check(&all[2..4], &all[2..4]);
        check(&all[3..5], &all[3..5]);
    }
}
