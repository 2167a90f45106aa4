//! The story as text: the root cause first, then the outline.

use std::fmt::Write;

use serde_json::Value;

use super::outline::{Line, outline};
use super::story::{
    Attempt, CaughtFailure, Execution, JobFacts, Log, RootCause, StateStatus, Status, Story,
};
use crate::paint::{Paint, Tone};

/// Characters of a document that the text shows; the JSON form has all.
const MAX_DOCUMENT_CHARACTERS: usize = 2000;
/// Lines of a document that the text shows.
const MAX_DOCUMENT_LINES: usize = 20;
/// Lines of a log that the text shows, the last ones.
const MAX_LOG_LINES: usize = 20;
/// Executions of one state that the text shows: of a Distributed Map there may be thousands.
const MAX_CHILDREN: usize = 10;
/// Where the values of the root cause begin.
const INDENT: &str = "            ";

/// The story for a person.
pub fn text(story: &Story, paint: Paint) -> String {
    let mut page = Page {
        text: String::new(),
        paint,
    };
    if let Some(cause) = &story.root_cause {
        page.cause(cause);
    }
    if let Some(job) = &story.job {
        page.job(job);
    }
    if let Some(execution) = &story.execution {
        page.execution(execution, "", "");
        page.totals(story);
    }
    for missing in &story.missing {
        page.line(&paint.tint(Tone::Attention, &format!("not read: {missing}")));
    }
    page.text
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    fn cause(&mut self, cause: &RootCause) {
        let error = self.paint.tint(Tone::Bad, &cause.error);
        let place = match cause.state.as_str() {
            "" => cause.machine.clone(),
            state => format!("{state} of {}", cause.machine),
        };
        self.line(&format!("{error}  in {place}"));
        self.field("cause", &document(message(&cause.cause)));
        self.field("path", &cause.path.join(" → "));
        self.field("execution", &cause.execution_arn);
        self.field("input", &document(&cause.input));
        let output = cause.output.as_ref().map(document);
        self.field("output", output.as_deref().unwrap_or("none"));
        let attempts: Vec<String> = cause.attempts.iter().map(attempt).collect();
        if !attempts.is_empty() {
            self.field("attempts", &attempts.join("\n"));
        }
        let caught = cause.caught.iter();
        let caught: Vec<String> = caught.map(caught_line).collect();
        if !caught.is_empty() {
            self.field("caught", &caught.join("\n"));
        }
        if let Some(log) = &cause.log {
            self.field("log", &log_text(log));
        }
        if let Some(runbook) = &cause.runbook {
            let place = format!("{}#{}", runbook.source, runbook.anchor);
            self.field("runbook", &format!("{place}\n{}", runbook.text));
        }
        if let Some(redrive) = &cause.redrive {
            self.field("redrive", &format!("once the cause is mended:\n{redrive}"));
        }
        self.line("");
    }

    fn field(&mut self, name: &str, value: &str) {
        let name = self.paint.tint(Tone::Quiet, &format!("  {name:<10}"));
        let value = value.replace('\n', &format!("\n{INDENT}"));
        self.line(&format!("{name}{value}"));
    }

    fn job(&mut self, job: &JobFacts) {
        let status = self.paint.tint(tone_of_job(&job.status), &job.status);
        let source = &job.source;
        self.line(&format!(
            "{}  {status}  s3://{}/{}  profile {}",
            job.job_id, source.bucket, source.key, job.profile
        ));
    }

    fn execution(&mut self, execution: &Execution, first: &str, rest: &str) {
        let status = self
            .paint
            .tint(tone(execution.status), execution.status.name());
        let mut line = format!("{first}{}  {status}", execution.machine);
        if let Some(duration_ms) = execution.duration_ms {
            let _ = write!(line, "  {}", duration(duration_ms));
        }
        if execution.redrive_count > 0 {
            let _ = write!(line, "  redriven {}×", execution.redrive_count);
        }
        let name = self.paint.tint(Tone::Quiet, &execution.name);
        self.line(&format!("{line}  {name}"));
        if let Some(why) = &execution.missing {
            let why = self.paint.tint(Tone::Attention, why);
            self.line(&format!("{rest}   {why}"));
        }
        self.lines(&outline(execution), rest);
    }

    fn lines(&mut self, lines: &[Line], indent: &str) {
        for (index, line) in lines.iter().enumerate() {
            let is_last = index + 1 == lines.len();
            let (branch, below) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let below = format!("{indent}{below}");
            let shown = state_line(line, self.paint);
            self.line(&format!("{indent}{branch}{shown}"));
            self.lines(&line.within, &below);
            for child in line.children.iter().take(MAX_CHILDREN) {
                self.execution(child, &format!("{below}→ "), &format!("{below}  "));
            }
            let more = line.children.len().saturating_sub(MAX_CHILDREN);
            if more > 0 {
                self.line(&format!("{below}→ {more} more (--json shows all)"));
            }
        }
    }

    fn totals(&mut self, story: &Story) {
        let totals = &story.totals;
        let mut line = format!(
            "{} executions, {} transitions, {} retries; worked {}, waited {}",
            totals.executions,
            totals.transitions,
            totals.retries,
            duration(totals.worked_ms),
            duration(totals.waited_ms)
        );
        if story.calls.made > 0 {
            let _ = write!(line, "; {} calls", story.calls.made);
        }
        let line = self.paint.tint(Tone::Quiet, &line);
        self.line(&line);
    }
}

fn state_line(line: &Line, paint: Paint) -> String {
    let (sign, tone, word) = match line.status {
        StateStatus::Succeeded => ("✔", Tone::Good, ""),
        StateStatus::Running => ("…", Tone::Attention, "RUNNING"),
        StateStatus::Caught => ("↷", Tone::Attention, "CAUGHT"),
        StateStatus::Failed => ("✘", Tone::Bad, "FAILED"),
        StateStatus::Aborted => ("■", Tone::Quiet, "ABORTED"),
    };
    let mut shown = format!("{} {}", paint.tint(tone, sign), line.name);
    if line.duration_ms > 0 {
        let _ = write!(shown, "  {}", duration(line.duration_ms));
    }
    if line.entries > 1 {
        let _ = write!(shown, "  ×{}", line.entries);
    }
    if line.waited_ms > 0 {
        let _ = write!(shown, "  waited {}", duration(line.waited_ms));
    }
    if line.retries > 0 {
        let _ = write!(shown, "  {} retries", line.retries);
    }
    if line.failed > 0 {
        let _ = write!(shown, "  failed {}× before", line.failed);
    }
    let error = line.error.unwrap_or_default();
    let shown_error = !matches!(line.status, StateStatus::Succeeded);
    if shown_error && !word.is_empty() {
        let told = format!("{word} {error}");
        let _ = write!(shown, "  {}", paint.tint(tone, told.trim_end()));
    }
    shown
}

fn attempt(attempt: &Attempt) -> String {
    let ended = attempt.ended_at;
    let took = ended.map(|ended| duration(ended.since(attempt.started_at)));
    let mut text = format!(
        "{}  {}  {}",
        attempt.number,
        attempt.started_at.rfc3339(),
        took.unwrap_or_default()
    );
    if attempt.wait_before_ms > 0 {
        let _ = write!(text, "  after {}", duration(attempt.wait_before_ms));
    }
    let parts = [&attempt.error, &attempt.resource, &attempt.request_id];
    for part in parts.into_iter().flatten() {
        let _ = write!(text, "  {part}");
    }
    text
}

fn caught_line(caught: &CaughtFailure) -> String {
    format!(
        "{}  in {} of {}",
        caught.error, caught.state, caught.machine
    )
}

fn log_text(log: &Log) -> String {
    let mut text = log.from.clone();
    if let Some(request) = &log.request_id {
        let _ = write!(text, ", request {request}");
    }
    let more = log.lines.len().saturating_sub(MAX_LOG_LINES);
    if more > 0 {
        let _ = write!(text, "\n… {more} lines before (--json shows all)");
    }
    for line in log.lines.iter().skip(more) {
        let _ = write!(text, "\n{}", shortened(&line.text));
    }
    text
}

/// What a function said, without what Lambda wraps around it.
fn message(cause: &Value) -> &Value {
    cause.get("errorMessage").unwrap_or(cause)
}

/// A document on one line, or pretty if that is longer than a line.
fn document(value: &Value) -> String {
    let line = match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    if line.len() > 100 && !value.is_string() {
        let pretty = serde_json::to_string_pretty(value).unwrap_or(line);
        return few_lines(&shortened(&pretty));
    }
    shortened(&line)
}

fn few_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let more = lines.len().saturating_sub(MAX_DOCUMENT_LINES);
    let mut shown: Vec<&str> = lines.into_iter().take(MAX_DOCUMENT_LINES).collect();
    if more > 0 {
        shown.push("… (--json shows all)");
    }
    shown.join("\n")
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_DOCUMENT_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push_str("… (--json shows all)");
    }
    shown
}

/// A duration in the units that fit it.
pub fn duration(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        ..10 => format!("{}.{} s", seconds, ms % 1000 / 100),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn tone(status: Status) -> Tone {
    match status {
        Status::Succeeded => Tone::Good,
        Status::Running | Status::Unknown => Tone::Attention,
        Status::Failed | Status::TimedOut | Status::Aborted => Tone::Bad,
    }
}

/// The tone of a `JobStatus`.
pub fn tone_of_job(status: &str) -> Tone {
    match status {
        "PUBLISHED" => Tone::Good,
        "FAILED" | "FAILED_QC" => Tone::Bad,
        "DUPLICATE" | "DELETED" => Tone::Quiet,
        _ => Tone::Attention,
    }
}

#[cfg(test)]
mod tests;
