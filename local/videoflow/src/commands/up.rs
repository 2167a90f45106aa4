//! `videoflow up`: the platform until Ctrl-C.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use videoflow_platform::platform::Activity;

use super::{block_on, log_to_stderr};
use crate::local_platform::{self, Parts, Wanted};
use crate::tools;

/// A lost job is found at most this late.
const RECONCILE_INTERVAL: Duration = Duration::from_mins(15);

/// Runs the platform with AWS's wire protocols until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  videoflow up
  videoflow up --enforce-iam                    with the rights that Terraform gives the roles
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=any
  aws s3 cp holiday.mp4 s3://videoflow-local-source/
  curl http://127.0.0.1:4567/jobs")]
pub struct Arguments {
    /// Folder of the platform's state
    #[arg(long, value_name = "DIR", default_value = ".videoflow")]
    data: PathBuf,
    /// Address to listen on; whoever reaches another one than 127.0.0.1 may do everything
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port of the services; the HTTP API gets the next one
    #[arg(long, default_value_t = 4566, value_parser = clap::value_parser!(u16).range(1..=65534))]
    port: u16,
    #[command(flatten)]
    parts: Parts,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    let tools = tools::find(arguments.parts.functions.as_deref())?;
    block_on(async {
        let wanted = Wanted {
            data: &arguments.data,
            shown: &arguments.data,
            host: arguments.host,
            port: arguments.port,
            activity: Activity::Reconciling(RECONCILE_INTERVAL),
            definitions: arguments.parts.statemachines.as_ref(),
            iam: arguments.parts.iam(),
        };
        let running = local_platform::start(&wanted, &tools).await?;
        if !arguments.host.is_loopback() {
            eprintln!(
                "warning: anybody who reaches {} may do everything here: no secret is asked for",
                arguments.host
            );
        }
        eprintln!("services  {}", running.platform.endpoint_url());
        eprintln!("HTTP API  http://{}", running.platform.http_api());
        eprintln!("state     {}", arguments.data.display());
        eprintln!("Ctrl-C ends it.");
        tokio::signal::ctrl_c().await?;
        running.platform.shut_down();
        Ok(ExitCode::SUCCESS)
    })
}
