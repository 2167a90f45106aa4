//! `videoflow console`: the page that shows what happens.

use std::process::{Command, ExitCode, Stdio};

use serde_json::json;

use super::{block_on, log_to_stderr};
use crate::console::{Access, Bound};
use crate::environment::Where;
use crate::local_platform::Parts;

/// Who calls, in the record of calls.
const PRINCIPAL: &str = "videoflow-console";

/// Shows jobs, their workflows, failures, queues and costs in the browser
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The page is served on this machine only, at the address that is printed: the token in it is a secret, new at
each start. It changes nothing unless --write is given; then failed jobs can be redriven, and videos uploaded,
and a local platform that rests is started for as long as the console runs. Ends with Ctrl-C.

Examples:
  videoflow console
  videoflow console --data /srv/videoflow --no-browser
  videoflow console --endpoint-url http://127.0.0.1:4566 --write
  videoflow console --environment prod --region eu-west-1 --port 0")]
pub struct Arguments {
    /// Port of the page; 0: any free one
    #[arg(long, default_value_t = 4570)]
    port: u16,
    /// Let the page redrive jobs and upload videos
    #[arg(long)]
    write: bool,
    /// Do not open the page in the browser
    #[arg(long)]
    no_browser: bool,
    /// Print one JSON object with the address
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    parts: Parts,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    log_to_stderr();
    block_on(async {
        // What may be changed has to go on: a local platform that rests is started.
        let environment = if arguments.write {
            arguments
                .place
                .open_working(PRINCIPAL, &arguments.parts)
                .await?
        } else {
            arguments.place.open(PRINCIPAL).await?
        };
        let bound = Bound::bind(arguments.port).await?;
        let url = bound.url();
        if arguments.json {
            println!(
                "{}",
                json!({"url": url, "environment": environment.name, "write": arguments.write})
            );
        } else {
            println!("{url}");
        }
        eprintln!("the console of {} runs; Ctrl-C ends it", environment.name);
        if !arguments.no_browser {
            open(&url);
        }
        let access = if arguments.write {
            Access::Write
        } else {
            Access::Read
        };
        tokio::select! {
            served = bound.serve(environment, access) => served?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Opens the address in the user's browser, where there is one: it was printed, so nothing is lost if not.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let has_screen = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if has_screen {
        let mut command = Command::new(program);
        let command = command
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let _ = command.spawn();
    }
}
