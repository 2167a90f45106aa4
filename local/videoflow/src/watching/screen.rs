//! What changes, shown: a table that is drawn anew on a terminal, a line an event elsewhere.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use videoflow_shared::clock;
use videoflow_shared::identity::JobId;

use super::look::place;
use super::{Change, Seen};

/// Rows of a table: more are counted.
const ROWS_LIMIT: usize = 40;
/// Characters of a key in a row.
const KEY_LIMIT: usize = 32;

/// Where it is shown.
pub enum Screen {
    /// A table on a terminal.
    Table {
        /// It.
        bars: MultiProgress,
        /// Its rows.
        rows: HashMap<JobId, ProgressBar>,
    },
    /// Lines of text.
    Lines(Stream),
    /// One JSON object a line on standard output.
    Json,
}

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Screen {
    /// For what a person, or a program, asked to see.
    pub fn new(is_json: bool, stream: Stream) -> Self {
        let is_terminal = match stream {
            Stream::Out => io::stdout().is_terminal() && io::stderr().is_terminal(),
            Stream::Err => io::stderr().is_terminal(),
        };
        match (is_json, is_terminal) {
            (true, _) => Self::Json,
            (false, true) => Self::Table {
                bars: MultiProgress::new(),
                rows: HashMap::new(),
            },
            (false, false) => Self::Lines(stream),
        }
    }

    /// Shows a job as it is now.
    pub(super) fn show(&mut self, now: &Seen, changes: &[Change]) -> io::Result<()> {
        match self {
            Self::Table { bars, rows } => {
                draw(bars, rows, now);
                Ok(())
            }
            Self::Lines(stream) => {
                let lines = changes.iter().map(|change| line(now, change));
                lines.into_iter().try_for_each(|line| print(*stream, &line))
            }
            Self::Json => changes
                .iter()
                .try_for_each(|change| print(Stream::Out, &event(now, change).to_string())),
        }
    }

    /// Says something besides.
    pub(super) fn note(&self, text: &str) {
        match self {
            // The terminal may be gone; the work goes on.
            Self::Table { bars, .. } => drop(bars.println(text)),
            _ => eprintln!("{text}"),
        }
    }

    /// Leaves the last picture.
    pub(super) fn finish(&mut self) {
        if let Self::Table { rows, .. } = self {
            for (_, bar) in rows.drain() {
                if !bar.is_finished() {
                    bar.abandon();
                }
            }
        }
    }
}

fn print(stream: Stream, line: &str) -> io::Result<()> {
    match stream {
        Stream::Out => writeln!(io::stdout(), "{line}"),
        Stream::Err => writeln!(io::stderr(), "{line}"),
    }
}

fn draw(bars: &MultiProgress, rows: &mut HashMap<JobId, ProgressBar>, now: &Seen) {
    let id = &now.job.job_id;
    if !rows.contains_key(id) && rows.len() >= ROWS_LIMIT {
        rows.retain(|_, bar| !bar.is_finished());
    }
    if !rows.contains_key(id) && rows.len() >= ROWS_LIMIT {
        return;
    }
    let bar = rows.entry(id.clone()).or_insert_with(|| {
        let bar = bars.add(ProgressBar::new_spinner());
        // A template that is wrong would show in the first run; the default does as well.
        let style = ProgressStyle::with_template("{wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar
    });
    let text = row(now);
    if now.job.job_status.is_settled() {
        if !bar.is_finished() {
            bar.finish_with_message(text);
        }
    } else {
        bar.set_message(text);
    }
}

fn row(now: &Seen) -> String {
    let status = now.job.job_status.to_string();
    let key: String = now.job.source_key.chars().take(KEY_LIMIT).collect();
    let place = match &now.job.error_details {
        Some(details) if now.stations.is_empty() => format!("{}: {}", details.state, details.error),
        _ => place(&now.stations),
    };
    format!(
        "{}  {status:<15}  {key:<KEY_LIMIT$}  {place}",
        now.job.job_id
    )
}

fn line(now: &Seen, change: &Change) -> String {
    let what = match change {
        Change::Status(status) => match &now.job.error_details {
            Some(details) if status.is_settled() => {
                format!("{status} in {}: {}", details.state, details.error)
            }
            _ => status.to_string(),
        },
        Change::Entered(station) => format!("{} {}", station.stage, station.state),
        Change::Left(stage) => format!("{stage} done"),
    };
    format!("{}  {}  {what}", clock::now(), now.job.job_id)
}

fn event(now: &Seen, change: &Change) -> Value {
    let mut event =
        json!({"at": clock::now(), "jobId": now.job.job_id, "sourceKey": now.job.source_key});
    let members = match change {
        Change::Status(status) => {
            let failure = now.job.error_details.as_ref();
            json!({"event": "status", "status": status, "state": failure.map(|failure| &failure.state),
                "error": failure.map(|failure| &failure.error)})
        }
        Change::Entered(station) => {
            json!({"event": "entered", "stage": station.stage, "state": station.state, "since": station.since})
        }
        Change::Left(stage) => json!({"event": "left", "stage": stage}),
    };
    if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
        event.extend(members);
    }
    event
}
