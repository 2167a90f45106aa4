//! `videoflow history`: the tree of a job's executions.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sfn::config::Credentials;

use super::block_on;
use crate::history::{Source, find_folder, json, read_tree, text};

/// Shows the executions of a job down to the state that failed: its name, input, output, error and cause
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --data, --endpoint-url, --profile or --region, the histories in ./.videoflow and then in
./videoflow-out/.videoflow are read; nothing needs to run, and AWS is never asked.

Examples:
  videoflow history v-0123…
  videoflow history v-0123… --data /tmp/briefs/.videoflow
  videoflow history v-0123… --endpoint-url http://127.0.0.1:4566
  videoflow history v-0123… --profile production --region eu-west-1 --json")]
pub struct Arguments {
    /// Job id, or the ARN of an execution
    job: String,
    /// Folder with a local platform's state
    #[arg(long, value_name = "DIR", conflicts_with_all = ["endpoint_url", "profile", "region"])]
    data: Option<PathBuf>,
    /// Step Functions API to ask, such as that of `videoflow up`
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Profile of the AWS configuration: asks AWS
    #[arg(long)]
    profile: Option<String>,
    /// Region of AWS: asks AWS
    #[arg(long)]
    region: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let (source, arn) = find(arguments).await?;
        let tree = read_tree(&source, &arn).await?;
        if arguments.json {
            println!("{}", json(&tree));
        } else {
            print!("{}", text(&tree));
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn find(arguments: &Arguments) -> anyhow::Result<(Source, String)> {
    let job = &arguments.job;
    if arguments.endpoint_url.is_some() || arguments.profile.is_some() || arguments.region.is_some()
    {
        let source = Source::Api(client(arguments).await);
        let arn = source.find_job(job).await?;
        return arn
            .map(|arn| (source, arn))
            .with_context(|| format!("no execution of process-video is named {job}"));
    }
    let folder = find_folder(arguments.data.as_deref(), job)?;
    let source = Source::Files(folder.join("executions"));
    let arn = source.find_job(job).await?;
    arn.map(|arn| (source, arn))
        .with_context(|| format!("no job {job}"))
}

async fn client(arguments: &Arguments) -> aws_sdk_sfn::Client {
    let mut config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(videoflow_shared::http::client());
    if let Some(url) = &arguments.endpoint_url {
        config = config.endpoint_url(url);
        if arguments.profile.is_none() {
            // A local endpoint takes any key and tells by it who called.
            config = config.credentials_provider(Credentials::new(
                "videoflow-history",
                "local",
                None,
                None,
                "local",
            ));
        }
        if arguments.region.is_none() {
            config = config.region(Region::from_static(videoflow_platform::names::REGION));
        }
    }
    if let Some(profile) = &arguments.profile {
        config = config.profile_name(profile);
    }
    if let Some(region) = &arguments.region {
        config = config.region(Region::new(region.clone()));
    }
    aws_sdk_sfn::Client::new(&config.load().await)
}
