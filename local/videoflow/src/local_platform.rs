//! The platform with the stand-ins, in this process; at most one per folder.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::builder::FalseyValueParser;
use fs4::fs_std::FileExt;
use videoflow_platform::platform::{Activity, Config, Iam, Platform, Ports};
use videoflow_platform::step_functions::Definitions;
use videoflow_stand_ins as stand_ins;

use crate::tools::Tools;

/// Waits and retry delays are multiplied by this: AWS-sized waits would slow a laptop down.
const TIME_SCALE: f64 = 1.0 / 50.0;

/// Arguments of every command that starts the platform.
#[derive(Debug, clap::Args)]
pub struct Parts {
    /// Folder of the functions' binaries, such as target/lambda [default: that of this program]
    #[arg(long, value_name = "DIR", env = "VIDEOFLOW_FUNCTIONS")]
    pub functions: Option<PathBuf>,
    /// Folder with other definitions than those in this program
    #[arg(long, value_name = "DIR", env = "VIDEOFLOW_STATEMACHINES")]
    pub statemachines: Option<PathBuf>,
    /// Refuse calls outside of their role's policy, as AWS does
    #[arg(long, env = "VIDEOFLOW_ENFORCE_IAM", value_parser = FalseyValueParser::new())]
    enforce_iam: bool,
}

impl Parts {
    /// Whether the roles' policies are enforced.
    pub fn iam(&self) -> Iam {
        if self.enforce_iam {
            Iam::Enforced
        } else {
            Iam::Recorded
        }
    }
}

/// How a command wants its platform.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Folder of everything that the platform keeps.
    pub data: &'a Path,
    /// The folder as the user named it, for messages.
    pub shown: &'a Path,
    /// Address to listen on.
    pub host: IpAddr,
    /// Port of the services; 0: any.
    pub port: u16,
    /// What it does by itself.
    pub activity: Activity,
    /// Definitions in place of those in the program.
    pub definitions: Option<&'a PathBuf>,
    /// Whether the roles' policies are enforced.
    pub iam: Iam,
}

/// A running platform and the lock on its folder.
pub struct Running {
    /// The platform.
    pub platform: Platform,
    _lock: File,
}

/// Locks the folder and starts the platform.
///
/// # Errors
/// Another platform uses the folder, the port is taken, or a definition is refused.
pub async fn start(wanted: &Wanted<'_>, tools: &Tools) -> anyhow::Result<Running> {
    let ports = Ports::bind(wanted.host, wanted.port).await?;
    let mut lock = lock(wanted).await?;
    let definitions = match wanted.definitions {
        Some(folder) => Definitions::read(folder)?,
        None => Definitions::embedded(),
    };
    let models = tools.models.clone();
    let config = Config {
        data: wanted.data.to_path_buf(),
        functions: tools.functions.clone(),
        models: tools.models.clone(),
        definitions,
        ports,
        time_scale: TIME_SCALE,
        stand_ins: Box::new(|objects, scratch| {
            stand_ins::services(stand_ins::Config {
                objects,
                scratch,
                models,
            })
        }),
        activity: wanted.activity,
        iam: wanted.iam,
    };
    let platform = Platform::start(config).await?;
    let tell = write!(lock, "{}", platform.endpoint_url());
    tell.with_context(|| format!("cannot write {}", wanted.data.join(LOCK).display()))?;
    Ok(Running {
        platform,
        _lock: lock,
    })
}

/// Where the platform listens that uses a folder. `None`: none does.
///
/// # Errors
/// The folder cannot be read, or its platform is only starting.
pub fn running(data: &Path) -> anyhow::Result<Option<String>> {
    let path = data.join(LOCK);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| format!("cannot read {}", path.display()))?,
    };
    if FileExt::try_lock_shared(&file)? {
        return Ok(None);
    }
    let url = fs::read_to_string(&path)?;
    ensure!(
        !url.is_empty(),
        "a platform is starting on {}; try again in a moment",
        data.display()
    );
    Ok(Some(url))
}

/// Its lock is a platform's; in it is where that listens.
const LOCK: &str = "lock";
/// A platform that is killed while it starts a function leaves its lock to that process, for the moment until its
/// program runs: so long another platform waits before it gives up.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

async fn lock(wanted: &Wanted<'_>) -> anyhow::Result<File> {
    fs::create_dir_all(wanted.data)
        .with_context(|| format!("cannot make {}", wanted.data.display()))?;
    let path = wanted.data.join(LOCK);
    let mut options = File::options();
    let opened = options.create(true).write(true).truncate(false).open(&path);
    let mut file = opened.with_context(|| format!("cannot write {}", path.display()))?;
    let begun = Instant::now();
    while !file
        .try_lock_exclusive()
        .with_context(|| format!("cannot lock {}", path.display()))?
    {
        if begun.elapsed() > LOCK_PATIENCE {
            bail!("another videoflow is using {}", wanted.shown.display());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What the platform before has told.
    file.set_len(0)?;
    file.rewind()?;
    Ok(file)
}
