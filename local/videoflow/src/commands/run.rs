//! `videoflow run`: a video becomes a brief.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use videoflow_platform::platform::Platform;
use videoflow_shared::identity::JobId;
use videoflow_shared::profiles;

use super::{block_on, log_to_stderr};
use crate::history::{self, Source, read_tree};
use crate::job::display::Display;
use crate::job::export::{Export, outputs};
use crate::job::follow::{Settled, execution_arn, follow, outcome};
use crate::job::submit;
use crate::local_platform::{self, Parts, Wanted};
use crate::tools;

/// Exit code of a video that was rejected or failed its quality check.
const REFUSED: u8 = 2;

/// Turns a video into a brief: runs the whole platform, shows the stations, leaves everything in DIR/<job>/
#[derive(Debug, clap::Args)]
#[command(after_help = "\
DIR/<job>/ has brief.json, brief.md, brief.html, subtitles/, media/, analysis/, histories/ and calls.jsonl; the
platform's state is in DIR/.videoflow. Exit code: 0 published or already processed, 2 rejected or failed its
quality check, 1 failed.

Examples:
  videoflow run holiday.mp4
  videoflow run holiday.mp4 --out /tmp/briefs --json | jq .outputs.briefHtml
  videoflow run holiday.mp4 --force             again, paying only for what is not known yet")]
pub struct Arguments {
    /// The video
    video: PathBuf,
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "videoflow-out")]
    out: PathBuf,
    /// Profile: what is made of the video
    #[arg(long, value_name = "P", default_value = profiles::DEFAULT)]
    profile: String,
    /// Run again a video that has been processed already
    #[arg(long)]
    force: bool,
    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    parts: Parts,
}

/// What a run ended with.
#[derive(Debug, Default)]
struct Outcome {
    job: Option<JobId>,
    status: String,
    folder: Option<PathBuf>,
    is_already_processed: bool,
    error: Option<String>,
}

impl Outcome {
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

/// Carries out the command. With `--json` there is an object on standard output whatever happens.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let mut exit_code = ExitCode::FAILURE;
    let done = block_on(async {
        let outcome = process(arguments).await?;
        exit_code = outcome.exit_code();
        if arguments.json {
            println!("{}", outcome.to_json());
        }
        Ok(exit_code)
    });
    if let (true, Err(error)) = (arguments.json, &done) {
        let failed = Outcome {
            status: "FAILED".to_owned(),
            error: Some(format!("{error:#}")),
            ..Outcome::default()
        };
        println!("{}", failed.to_json());
    }
    done
}

async fn process(arguments: &Arguments) -> anyhow::Result<Outcome> {
    check_video(&arguments.video)?;
    check_profile(&arguments.profile)?;
    let tools = tools::find(arguments.parts.functions.as_deref())?;
    let data = arguments.out.join(".videoflow");
    let wanted = Wanted {
        data: &data,
        shown: &arguments.out,
        port: 0,
        reconcile_interval: None,
        definitions: arguments.parts.statemachines.as_ref(),
    };
    let running = local_platform::start(&wanted, &tools).await?;
    let platform = &running.platform;
    let outcome = tokio::select! {
        outcome = work(arguments, platform, &data) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    platform.shut_down();
    outcome
}

async fn work(arguments: &Arguments, platform: &Platform, data: &Path) -> anyhow::Result<Outcome> {
    let s3 = submit::s3_client(&platform.endpoint_url());
    let mut display = Display::new();
    let lost_before = platform.lost_uploads()?;
    let mut job = submit::upload(&s3, &arguments.video, &arguments.profile).await?;
    display.note(&format!("job {job}"));
    let mut settled = follow(platform, &job, lost_before, &mut display).await?;
    let mut is_already_processed = false;
    if let Some(original) = settled
        .original
        .clone()
        .filter(|_| settled.status == "DUPLICATE")
    {
        if arguments.force {
            job = submit::run_by_force(platform.http_api(), &original).await?;
            display.note(&format!(
                "processed already as {original}; runs again as {job}"
            ));
            settled = follow(platform, &job, lost_before, &mut display).await?;
        } else {
            settled = outcome(platform, &original).await?;
            is_already_processed = settled.status == "PUBLISHED";
            job = original;
        }
    }
    let export = Export {
        platform,
        s3: &s3,
        data,
        out: &arguments.out,
    };
    let known = arguments.out.join(job.as_str());
    let folder = if is_already_processed && known.join("brief.json").is_file() {
        known
    } else {
        export.write(&job).await?
    };
    tell(&job, &settled, is_already_processed, &folder, data).await?;
    let error = settled.error.filter(|_| settled.status != "PUBLISHED");
    Ok(Outcome {
        job: Some(job),
        status: settled.status,
        folder: Some(folder),
        is_already_processed,
        error,
    })
}

/// Says on standard error how it ended and where things lie.
async fn tell(
    job: &JobId,
    settled: &Settled,
    is_already_processed: bool,
    folder: &Path,
    data: &Path,
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
        let source = Source::Files(data.join("executions"));
        let tree = read_tree(&source, &execution_arn(job)).await?;
        eprint!("\n{}", history::text(&tree));
    }
    let names = [
        ("brief", "brief.html"),
        ("player files", "media/stream"),
        ("subtitles", "subtitles"),
        ("histories", "histories"),
    ];
    for (what, name) in names {
        let path = folder.join(name);
        if path.exists() {
            eprintln!("  {what:<13} {}", path.display());
        }
    }
    Ok(())
}

/// A clear word before anything starts; what the file holds is for the sanitizer to judge.
fn check_video(video: &Path) -> anyhow::Result<()> {
    let metadata =
        std::fs::metadata(video).with_context(|| format!("cannot read {}", video.display()))?;
    ensure!(
        !metadata.is_dir(),
        "{} is a folder, not a video",
        video.display()
    );
    if let Err(error) = File::open(video) {
        bail!("cannot read {}: {error}", video.display());
    }
    Ok(())
}

fn check_profile(name: &str) -> anyhow::Result<()> {
    let known = || profiles::names().collect::<Vec<_>>().join(", ");
    ensure!(
        profiles::find(name).is_some(),
        "there is no profile {name}; there are {}",
        known()
    );
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

    #[test]
    fn files_that_cannot_be_videos_are_named() {
        let check = |path: &Path, expected: &str| {
            let error = check_video(path).map_err(|error| error.to_string());
            assert_eq!(error, Err(expected.to_owned()));
        };
        check(Path::new("/no/such.mp4"), "cannot read /no/such.mp4");
        check(Path::new("/"), "/ is a folder, not a video");
    }
}
