//! Where a command works: an environment on AWS, a local platform that runs, or the folder of one that does not.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use tokio::sync::OnceCell;
use videoflow_platform::names;
use videoflow_platform::platform::{Activity, Iam, Platform};
use videoflow_shared::http;
use videoflow_shared::intake::{Admission, Intake};
use videoflow_shared::jobs::Jobs;
use videoflow_shared::storage::Objects;

use crate::local_platform::{self, Parts, Running, Wanted};
use crate::{endpoint, http_api, tools};

/// Folders that are looked through when none is named: of `up` and of `run`.
pub const DEFAULT_FOLDERS: [&str; 2] = [".videoflow", "videoflow-out/.videoflow"];
/// Name of the environment of local platforms.
const LOCAL: &str = "local";

/// Where a command works. AWS is asked when one of its three arguments is there, and never otherwise.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Where")]
pub struct Where {
    /// Folder with a local platform's state [default: ./.videoflow, then ./videoflow-out/.videoflow]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["endpoint_url", "profile", "region", "environment"])]
    pub data: Option<PathBuf>,
    /// Address of a running `videoflow up`
    #[arg(long, value_name = "URL", conflicts_with_all = ["profile", "region", "environment"])]
    pub endpoint_url: Option<String>,
    /// Profile of the AWS configuration: asks AWS
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region of AWS: asks AWS
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Environment on AWS, as Terraform names it, such as prod: asks AWS [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Project of the environment, as Terraform names it
    #[arg(long, value_name = "NAME", default_value = "videoflow")]
    pub project: String,
}

/// An environment that answers.
pub struct Environment {
    /// Configuration of clients.
    pub config: SdkConfig,
    /// Its name: `local`, `prod`.
    pub name: String,
    /// What reaches it again, for commands that are shown: `--environment prod --region eu-west-1`.
    pub arguments: String,
    /// Its HTTP API, where that needs no signature.
    pub http_api: Option<String>,
    /// The folder of a local platform on this machine.
    pub data: Option<PathBuf>,
    project: String,
    account: OnceCell<String>,
    running: Option<Running>,
}

impl Where {
    /// Whether AWS is meant.
    pub fn is_aws(&self) -> bool {
        self.profile.is_some() || self.region.is_some() || self.environment.is_some()
    }

    /// Opens the environment; `principal` is who calls, in a local record of calls. A local platform that does not run
    /// is opened at rest: it answers, and nothing goes on.
    ///
    /// # Errors
    /// There is none.
    pub async fn open(&self, principal: &'static str) -> anyhow::Result<Environment> {
        self.open_with(principal, async |data| at_rest(data).await)
            .await
    }

    /// Like [`Where::open`], but a local platform that does not run is started, so that its jobs go on.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub async fn open_working(
        &self,
        principal: &'static str,
        parts: &Parts,
    ) -> anyhow::Result<Environment> {
        self.open_with(principal, async |data| working(data, parts).await)
            .await
    }

    async fn open_with(
        &self,
        principal: &'static str,
        start: impl AsyncFn(&Path) -> anyhow::Result<Running>,
    ) -> anyhow::Result<Environment> {
        if self.is_aws() {
            return self.open_aws().await;
        }
        if let Some(url) = &self.endpoint_url {
            return Environment::at(url, principal, None, format!("--endpoint-url {url}")).await;
        }
        let data = self.folder()?;
        let arguments = format!("--data {}", shell_word(&data.display().to_string()));
        if let Some(url) = local_platform::running(&data)? {
            return Environment::at(&url, principal, Some(data), arguments).await;
        }
        let running = start(&data).await?;
        let url = running.platform.endpoint_url();
        let environment = Environment::at(&url, principal, Some(data), arguments).await?;
        Ok(Environment {
            running: Some(running),
            ..environment
        })
    }

    /// The folder of the local platform that is meant.
    ///
    /// # Errors
    /// There is none.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        let is_platform = |folder: &Path| folder.join("executions").is_dir();
        if let Some(data) = &self.data {
            if !is_platform(data) {
                bail!("{} is no folder of a local platform", data.display());
            }
            return Ok(data.clone());
        }
        let mut folders = DEFAULT_FOLDERS.iter().map(PathBuf::from);
        folders.find(|folder| is_platform(folder)).with_context(|| {
            format!(
                "no platform in {}; name its folder with --data, its address with --endpoint-url, \
                 or an environment on AWS with --environment",
                DEFAULT_FOLDERS.join(" or ")
            )
        })
    }

    async fn open_aws(&self) -> anyhow::Result<Environment> {
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http::client());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = loader.load().await;
        if config.region().is_none() {
            bail!("no region: name it with --region, or in the profile");
        }
        let name = match &self.environment {
            Some(name) => name.clone(),
            None => only_environment(&config, &self.project).await?,
        };
        Ok(Environment {
            arguments: self.aws_arguments(&name),
            config,
            name,
            http_api: None,
            data: None,
            project: self.project.clone(),
            account: OnceCell::new(),
            running: None,
        })
    }

    fn aws_arguments(&self, environment: &str) -> String {
        let project = Some(&self.project).filter(|project| *project != "videoflow");
        let arguments = [
            ("project", project.map(String::as_str)),
            ("environment", Some(environment)),
            ("profile", self.profile.as_deref()),
            ("region", self.region.as_deref()),
        ];
        let arguments = arguments.iter().filter_map(|(name, value)| {
            Some(format!("--{name} {}", shell_word(value.as_deref()?)))
        });
        arguments.collect::<Vec<_>>().join(" ")
    }
}

impl Environment {
    async fn at(
        url: &str,
        principal: &'static str,
        data: Option<PathBuf>,
        arguments: String,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            config: endpoint::config(url, principal).await,
            name: LOCAL.to_owned(),
            arguments,
            http_api: Some(http_api::address_beside(url)?),
            data,
            project: "videoflow".to_owned(),
            account: OnceCell::new(),
            running: None,
        })
    }

    /// Whether it is on AWS.
    pub fn is_aws(&self) -> bool {
        self.http_api.is_none()
    }

    /// `<project>-<environment>-<name>`: the full name of a resource.
    pub fn prefixed(&self, name: &str) -> String {
        format!("{}-{}-{name}", self.project, self.name)
    }

    /// Region of everything.
    pub fn region(&self) -> &str {
        self.config.region().map_or(names::REGION, Region::as_ref)
    }

    /// Account of everything: AWS is asked once.
    ///
    /// # Errors
    /// AWS does not say.
    pub async fn account(&self) -> anyhow::Result<&str> {
        let asked = self.account.get_or_try_init(async || {
            if !self.is_aws() {
                return Ok(names::ACCOUNT.to_owned());
            }
            let identity = aws_sdk_sts::Client::new(&self.config).get_caller_identity();
            let identity = identity.send().await.map_err(aws_sdk_sts::Error::from);
            let identity = identity.context("cannot ask AWS whose credentials these are")?;
            identity
                .account
                .context("AWS names no account for these credentials")
        });
        asked.await.map(String::as_str)
    }

    /// Who works here: whose credentials they are, or the user of this machine.
    ///
    /// # Errors
    /// AWS does not say.
    pub async fn caller(&self) -> anyhow::Result<String> {
        if !self.is_aws() {
            return Ok(std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()));
        }
        let identity = aws_sdk_sts::Client::new(&self.config).get_caller_identity();
        let identity = identity.send().await.map_err(aws_sdk_sts::Error::from);
        let identity = identity.context("cannot ask AWS whose credentials these are")?;
        identity
            .arn
            .context("AWS names nobody for these credentials")
    }

    /// ARN of an execution, given its machine's name without prefix.
    ///
    /// # Errors
    /// AWS does not name the account.
    pub async fn execution_arn(&self, machine: &str, execution: &str) -> anyhow::Result<String> {
        let (region, account) = (self.region(), self.account().await?);
        let machine = self.prefixed(machine);
        Ok(format!(
            "arn:aws:states:{region}:{account}:execution:{machine}:{execution}"
        ))
    }

    /// The platform that was opened or started for this command.
    pub fn platform(&self) -> Option<&Platform> {
        self.running.as_ref().map(|running| &running.platform)
    }

    /// Full name of a bucket: on AWS it ends with the account, for a bucket's name is the only one of the world.
    ///
    /// # Errors
    /// AWS does not name the account.
    pub async fn bucket(&self, name: &str) -> anyhow::Result<String> {
        let name = self.prefixed(name);
        if self.is_aws() {
            return Ok(format!("{name}-{}", self.account().await?));
        }
        Ok(name)
    }

    /// URL of a queue; `None` when there is no queue of this name.
    ///
    /// # Errors
    /// SQS does not say.
    pub async fn queue_url(&self, name: &str) -> anyhow::Result<Option<String>> {
        let name = self.prefixed(name);
        let asked = self.sqs().get_queue_url().queue_name(&name).send().await;
        match asked.map_err(aws_sdk_sqs::Error::from) {
            Ok(answer) => Ok(answer.queue_url),
            Err(aws_sdk_sqs::Error::QueueDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot find the queue {name}")),
        }
    }

    /// The entrance of jobs. It admits none itself: new runs start by way of the ingest queue.
    ///
    /// # Errors
    /// There is no ingest queue, or AWS does not name the account.
    pub async fn intake(&self) -> anyhow::Result<Intake> {
        let queue_url = self.queue_url("ingest").await?;
        let (region, account) = (self.region(), self.account().await?);
        let machine = self.prefixed(names::PROCESS_VIDEO);
        Ok(Intake {
            admission: Admission {
                table: self.prefixed("claims"),
                limit: 0,
            },
            queues: self.sqs(),
            queue_url: queue_url.context("there is no ingest queue")?,
            jobs: self.jobs(),
            objects: Objects::new(self.s3()),
            executions: self.states(),
            machine_arn: format!(
                "arn:aws:states:{region}:{account}:stateMachine:{machine}:{}",
                names::ALIAS
            ),
        })
    }

    /// The job table.
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.dynamodb(), self.prefixed("jobs"))
    }

    /// Client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// Client of CloudWatch Logs.
    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.config)
    }

    /// Client of Step Functions.
    pub fn states(&self) -> aws_sdk_sfn::Client {
        aws_sdk_sfn::Client::new(&self.config)
    }

    /// Client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// Client of S3.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config);
        let config = config.force_path_style(!self.is_aws());
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

/// The environment whose job table is the only one of the region.
async fn only_environment(config: &SdkConfig, project: &str) -> anyhow::Result<String> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let mut pages = client.list_tables().into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(table) = pages.next().await {
        let table = table.map_err(aws_sdk_dynamodb::Error::from);
        let table =
            table.context("cannot list the tables; name the environment with --environment")?;
        let name = table
            .strip_prefix(project)
            .and_then(|rest| rest.strip_prefix('-'));
        found.extend(name.and_then(|name| Some(name.strip_suffix("-jobs")?.to_owned())));
    }
    let region = config.region().map_or("", Region::as_ref);
    match found.as_slice() {
        [name] => Ok(name.clone()),
        [] => bail!("{region} has no environment of {project}: there is no table {project}-…-jobs"),
        _ => bail!(
            "{region} has the environments {}; choose one with --environment",
            found.join(", ")
        ),
    }
}

async fn working(data: &Path, parts: &Parts) -> anyhow::Result<Running> {
    let wanted = Wanted {
        data,
        shown: data,
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        activity: Activity::Working,
        definitions: parts.statemachines.as_ref(),
        iam: parts.iam(),
    };
    local_platform::start(&wanted, &tools::find(parts.functions.as_deref())?).await
}

async fn at_rest(data: &Path) -> anyhow::Result<Running> {
    let wanted = Wanted {
        data,
        shown: data,
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        activity: Activity::AtRest,
        definitions: None,
        iam: Iam::Recorded,
    };
    local_platform::start(&wanted, &tools::find(None)?).await
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> Cow<'_, str> {
    let is_plain =
        |character: char| character.is_alphanumeric() || "-_./:@%+=,~".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        place: Where,
    }

    #[test]
    fn aws_is_meant_only_when_it_is_named() {
        let check = |arguments: &[&str], expected: Option<bool>| {
            let words = std::iter::once("command").chain(arguments.iter().copied());
            let parsed = Command::try_parse_from(words).map(|parsed| parsed.place.is_aws());
            assert_eq!(parsed.ok(), expected, "{arguments:?}");
        };
        check(&[], Some(false));
        check(&["--data", "d"], Some(false));
        check(&["--endpoint-url", "http://127.0.0.1:4566"], Some(false));
        check(&["--profile", "p"], Some(true));
        check(&["--region", "r"], Some(true));
        check(&["--environment", "prod"], Some(true));
        check(&["--environment", "prod", "--data", "d"], None);
        check(&["--endpoint-url", "u", "--profile", "p"], None);
    }

    #[test]
    fn what_is_shown_can_be_pasted() {
        let place = Where {
            data: None,
            endpoint_url: None,
            profile: Some("the night's watch".into()),
            region: None,
            environment: None,
            project: "videoflow".into(),
        };
        let expected = r"--environment prod --profile 'the night'\''s watch'";
        assert_eq!(place.aws_arguments("prod"), expected);
    }
}
