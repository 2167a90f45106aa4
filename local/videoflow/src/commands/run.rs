//! `videoflow run`: a video becomes a brief.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use videoflow_platform::iam::{Table, report as iam_report};
use videoflow_platform::platform::{Activity, Iam, Platform};
use videoflow_shared::profiles;

use super::{block_on, log_to_stderr};
use crate::endpoint;
use crate::history::Source;
use crate::job::display::Display;
use crate::job::export::Export;
use crate::job::follow::{follow, outcome, wait_for_start};
use crate::job::report::{Outcome, report, tell};
use crate::job::submit;
use crate::local_platform::{self, Parts, Wanted};
use crate::tools;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-run";

/// Turns a video into a brief: runs the whole platform, shows the stations, leaves everything in DIR/<job>/
#[derive(Debug, clap::Args)]
#[command(after_help = "\
DIR/<job>/ has brief.json, brief.md, brief.html, quality.json, subtitles/, media/, analysis/, histories/ and
calls.jsonl; the platform's state is in DIR/.videoflow. Exit code: 0 published or already processed, 2 rejected or
failed its quality check, 1 failed.

A run that was killed goes on where it was when the next one begins in the same DIR.

Examples:
  videoflow run holiday.mp4
  videoflow run holiday.mp4 --out /tmp/briefs --json | jq .outputs.briefHtml
  videoflow run holiday.mp4 --force             again, paying only for what is not known yet
  videoflow run holiday.mp4 --enforce-iam       with the rights that Terraform gives the roles")]
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

/// Carries out the command. With `--json` there is an object on standard output whatever happens.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    report(arguments.json, block_on(process(arguments)))
}

async fn process(arguments: &Arguments) -> anyhow::Result<Outcome> {
    check_video(&arguments.video)?;
    check_profile(&arguments.profile)?;
    let tools = tools::find(arguments.parts.functions.as_deref())?;
    let data = arguments.out.join(".videoflow");
    let wanted = Wanted {
        data: &data,
        shown: &arguments.out,
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        activity: Activity::Working,
        definitions: arguments.parts.statemachines.as_ref(),
        iam: arguments.parts.iam(),
    };
    let running = local_platform::start(&wanted, &tools).await?;
    let platform = &running.platform;
    let outcome = tokio::select! {
        outcome = work(arguments, platform, &data) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    if arguments.parts.iam() == Iam::Enforced {
        tell_refusals(platform, &data)?;
    }
    platform.shut_down();
    outcome
}

/// Where the rights of a role are the cause, the way to them.
fn tell_refusals(platform: &Platform, data: &Path) -> anyhow::Result<()> {
    let calls = platform.services().record().calls();
    let refused = iam_report::report(&Table::committed()?, &calls)?.refused;
    let count: usize = refused.iter().map(|refused| refused.count).sum();
    if count > 0 {
        eprintln!(
            "\nIAM refused {count} calls; `videoflow permissions --data {}` says which",
            data.display()
        );
    }
    Ok(())
}

async fn work(arguments: &Arguments, platform: &Platform, data: &Path) -> anyhow::Result<Outcome> {
    let config = endpoint::config(&platform.endpoint_url(), PRINCIPAL).await;
    let (s3, jobs) = (endpoint::s3(&config), endpoint::jobs(&config));
    let mut display = Display::new();
    let lost_before = platform.lost_uploads()?;
    let mut job = submit::upload(&s3, &arguments.video, &arguments.profile).await?;
    display.note(&format!("job {job}"));
    wait_for_start(platform, &job, lost_before).await?;
    follow(platform, &job, &mut display).await;
    let mut settled = outcome(&jobs, &job, 0).await?;
    let mut is_already_processed = false;
    if let Some(original) = settled
        .original
        .clone()
        .filter(|_| settled.status == "DUPLICATE")
    {
        let known = jobs.get(&original).await?;
        let is_settled = known.is_some_and(|job| job.job_status.is_settled());
        if !is_settled {
            display.note(&format!("{original} is at work on the same video"));
            follow(platform, &original, &mut display).await;
        }
        if arguments.force {
            job = submit::run_by_force(platform.http_api(), &original).await?;
            display.note(&format!(
                "processed already as {original}; runs again as {job}"
            ));
            wait_for_start(platform, &job, lost_before).await?;
            follow(platform, &job, &mut display).await;
            settled = outcome(&jobs, &job, 0).await?;
        } else {
            settled = outcome(&jobs, &original, 0).await?;
            is_already_processed = is_settled && settled.status == "PUBLISHED";
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
    let source = Source::Files(data.join("executions"));
    tell(&job, &settled, is_already_processed, Some(&folder), &source).await?;
    Ok(Outcome {
        is_already_processed,
        ..Outcome::of(&job, settled, Some(folder))
    })
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
    fn files_that_cannot_be_videos_are_named() {
        let check = |path: &Path, expected: &str| {
            let error = check_video(path).map_err(|error| error.to_string());
            assert_eq!(error, Err(expected.to_owned()));
        };
        check(Path::new("/no/such.mp4"), "cannot read /no/such.mp4");
        check(Path::new("/"), "/ is a folder, not a video");
    }
}
