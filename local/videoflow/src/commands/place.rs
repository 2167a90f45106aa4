//! A job on a local platform: one that runs, or one that is started for the command. What a command does to the job differs;
//! finding it and following it to its end does not.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_config::SdkConfig;
use videoflow_platform::platform::Activity;
use videoflow_shared::identity::JobId;

use crate::history::{Source, find_folder};
use crate::job::display::Display;
use crate::job::export::Export;
use crate::job::follow::{follow, follow_elsewhere, outcome};
use crate::job::report::{Outcome, tell};
use crate::local_platform::{self, Parts, Running, Wanted};
use crate::{endpoint, http_api, tools};

/// A job, and where it is.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Job id
    pub job: JobId,
    /// Folder with the results of `videoflow run`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "endpoint_url"])]
    pub out: Option<PathBuf>,
    /// Folder with a local platform's state; results stay in its S3
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint_url")]
    pub data: Option<PathBuf>,
    /// Address of a running `videoflow up`; results stay in its S3
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    parts: Parts,
}

/// The platform, as a command reaches it.
#[derive(Debug)]
pub struct Reached {
    /// Configuration of clients.
    pub config: SdkConfig,
    /// Where the HTTP API is.
    pub http_api: String,
}

/// A job that goes on.
#[derive(Debug)]
pub struct Begun {
    /// The job that is to be followed.
    pub job: JobId,
    /// Redrives of its execution that its item has to know of when it has settled.
    pub redrives: u32,
    /// What the user should know.
    pub note: Option<&'static str>,
}

impl Place {
    /// Does something to the job and follows what comes of it to its end. `principal` is who calls, in the record of calls.
    ///
    /// # Errors
    /// There is no such job, or it cannot be done.
    pub async fn follow(
        &self,
        principal: &'static str,
        start: impl AsyncFn(&Reached, &JobId) -> anyhow::Result<Begun>,
    ) -> anyhow::Result<Outcome> {
        if let Some(url) = &self.endpoint_url {
            return self.follow_elsewhere(url, principal, start).await;
        }
        let (data, out) = self.folders()?;
        self.on_platform(&data, async |running| {
            self.follow_here(running, &data, out.as_deref(), principal, &start)
                .await
        })
        .await
    }

    /// Does something by a platform that runs already, or is started for it.
    ///
    /// # Errors
    /// There is no such job, or it cannot be done.
    pub async fn reach<T>(
        &self,
        principal: &'static str,
        work: impl AsyncFn(&Reached, &JobId) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        if let Some(url) = &self.endpoint_url {
            return work(&elsewhere(url, principal).await?, &self.job).await;
        }
        let (data, _) = self.folders()?;
        self.on_platform(&data, async |running| {
            work(&here(running, principal).await, &self.job).await
        })
        .await
    }

    async fn follow_elsewhere(
        &self,
        url: &str,
        principal: &'static str,
        start: impl AsyncFn(&Reached, &JobId) -> anyhow::Result<Begun>,
    ) -> anyhow::Result<Outcome> {
        let reached = elsewhere(url, principal).await?;
        let begun = start(&reached, &self.job).await?;
        let source = Source::Api(aws_sdk_sfn::Client::new(&reached.config));
        let mut display = Display::new();
        if let Some(note) = begun.note {
            display.note(note);
        }
        follow_elsewhere(&source, &begun.job, &mut display).await?;
        let jobs = endpoint::jobs(&reached.config);
        let settled = outcome(&jobs, &begun.job, begun.redrives).await?;
        tell(&begun.job, &settled, false, None, &source).await?;
        Ok(Outcome::of(&begun.job, settled, None))
    }

    async fn follow_here(
        &self,
        running: &Running,
        data: &Path,
        out: Option<&Path>,
        principal: &'static str,
        start: &impl AsyncFn(&Reached, &JobId) -> anyhow::Result<Begun>,
    ) -> anyhow::Result<Outcome> {
        let platform = &running.platform;
        let reached = here(running, principal).await;
        let begun = start(&reached, &self.job).await?;
        let mut display = Display::new();
        if let Some(note) = begun.note {
            display.note(note);
        }
        follow(platform, &begun.job, &mut display).await;
        let jobs = endpoint::jobs(&reached.config);
        let settled = outcome(&jobs, &begun.job, begun.redrives).await?;
        let s3 = endpoint::s3(&reached.config);
        let folder = match out {
            Some(out) => {
                let export = Export {
                    platform,
                    s3: &s3,
                    data,
                    out,
                };
                Some(export.write(&begun.job).await?)
            }
            None => None,
        };
        let source = Source::Files(data.join("executions"));
        tell(&begun.job, &settled, false, folder.as_deref(), &source).await?;
        Ok(Outcome::of(&begun.job, settled, folder))
    }

    /// Starts a platform in this process for some work.
    async fn on_platform<T>(
        &self,
        data: &Path,
        work: impl AsyncFn(&Running) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let tools = tools::find(self.parts.functions.as_deref())?;
        let wanted = Wanted {
            data,
            shown: data,
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            activity: Activity::Working,
            definitions: self.parts.statemachines.as_ref(),
            iam: self.parts.iam(),
        };
        let running = local_platform::start(&wanted, &tools).await.context(
            "cannot start the platform (one that runs already is named by --endpoint-url)",
        )?;
        let outcome = tokio::select! {
            outcome = work(&running) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        };
        running.platform.shut_down();
        outcome
    }

    /// The folder of the state, and that of results where `run` made both.
    fn folders(&self) -> anyhow::Result<(PathBuf, Option<PathBuf>)> {
        let named = match (&self.out, &self.data) {
            (Some(out), _) => Some(out.join(".videoflow")),
            (None, data) => data.clone(),
        };
        let data = find_folder(named.as_deref(), self.job.as_str())?;
        let is_of_run = self.out.is_some()
            || data
                .parent()
                .is_some_and(|out| out.ends_with("videoflow-out"));
        let out = data
            .parent()
            .filter(|_| is_of_run && self.data.is_none())
            .map(Path::to_path_buf);
        Ok((data, out))
    }
}

async fn elsewhere(url: &str, principal: &'static str) -> anyhow::Result<Reached> {
    Ok(Reached {
        config: endpoint::config(url, principal).await,
        http_api: http_api::address_beside(url)?,
    })
}

async fn here(running: &Running, principal: &'static str) -> Reached {
    let platform = &running.platform;
    Reached {
        config: endpoint::config(&platform.endpoint_url(), principal).await,
        http_api: platform.http_api().to_string(),
    }
}
