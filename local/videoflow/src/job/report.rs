//! Telling how a job ended: one JSON object on standard output, words on standard error.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use super::export::outputs;
use super::follow::{Settled, execution_arn};
use crate::history::{self, Source};
use crate::paint::Paint;

/// Exit code of a video that was rejected or failed its quality check.
const REFUSED: u8 = 2;

/// What a run ended with.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The job, where one was begun.
    pub job: Option<JobId>,
    /// `JobStatus`.
    pub status: String,
    /// Where its results lie on this machine.
    pub folder: Option<PathBuf>,
    /// An earlier run did it.
    pub is_already_processed: bool,
    /// Why there is no brief.
    pub error: Option<String>,
}

impl Outcome {
    /// What became of a job that was run just now.
    pub fn of(job: &JobId, settled: Settled, folder: Option<PathBuf>) -> Self {
        let error = settled.error.filter(|_| settled.status != "PUBLISHED");
        Self {
            job: Some(job.clone()),
            status: settled.status,
            folder,
            is_already_processed: false,
            error,
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self.status.as_str() {
            "PUBLISHED" => ExitCode::SUCCESS,
            "REJECTED" | "FAILED_QC" => ExitCode::from(REFUSED),
            _ => ExitCode::FAILURE,
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "jobId": self.job.as_ref().map(JobId::as_str),
            "status": self.status,
            "outputs": self.folder.as_deref().map(outputs),
            "alreadyProcessed": self.is_already_processed,
            "error": self.error,
        })
    }
}

/// Prints the object, where it is wanted: whatever happened, it is the last line. Answers the exit code.
pub fn report(is_json_wanted: bool, outcome: anyhow::Result<Outcome>) -> anyhow::Result<ExitCode> {
    let failed = |error: &anyhow::Error| Outcome {
        status: "FAILED".to_owned(),
        error: Some(format!("{error:#}")),
        ..Outcome::default()
    };
    if is_json_wanted {
        let object = match &outcome {
            Ok(outcome) => outcome.to_json(),
            Err(error) => failed(error).to_json(),
        };
        println!("{object}");
    }
    outcome.map(|outcome| outcome.exit_code())
}

/// Says on standard error how it ended and where things lie.
pub async fn tell(
    job: &JobId,
    settled: &Settled,
    is_already_processed: bool,
    folder: Option<&Path>,
    source: &Source,
) -> anyhow::Result<()> {
    match settled.status.as_str() {
        "PUBLISHED" if is_already_processed => {
            eprintln!("\nalready processed as {job} (--force runs it again)");
        }
        "PUBLISHED" => eprintln!("\npublished as {job}"),
        status => eprintln!(
            "\n{status}: {}",
            settled.error.as_deref().unwrap_or("no reason was recorded")
        ),
    }
    if settled.status == "FAILED" {
        let story = history::read_execution(source, &execution_arn(job)).await?;
        eprint!("\n{}", history::text(&story, Paint::Plain));
        eprintln!(
            "\nOnce the cause is mended, `videoflow redrive {job}` goes on from there; what had succeeded is not paid again."
        );
    }
    let names = [
        ("brief", "brief.html"),
        ("player files", "media/stream"),
        ("subtitles", "subtitles"),
        ("histories", "histories"),
    ];
    for (what, name) in names {
        let path = folder.map(|folder| folder.join(name));
        if let Some(path) = path.filter(|path| path.exists()) {
            eprintln!("  {what:<13} {}", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_object_always_has_the_same_members() {
        let check =
            |outcome: Outcome, expected: &str| assert_eq!(outcome.to_json().to_string(), expected);
        check(
            Outcome {
                status: "FAILED".into(),
                error: Some("no".into()),
                ..Outcome::default()
            },
            "{\"jobId\":null,\"status\":\"FAILED\",\"outputs\":null,\"alreadyProcessed\":false,\"error\":\"no\"}",
        );
        let job = JobId::of("b", "k", "1", "default");
        check(
            Outcome {
                job: Some(job.clone()),
                status: "PUBLISHED".into(),
                is_already_processed: true,
                ..Outcome::default()
            },
            &format!(
                "{{\"jobId\":\"{job}\",\"status\":\"PUBLISHED\",\"outputs\":null,\"alreadyProcessed\":true,\"error\":null}}"
            ),
        );
    }
}
