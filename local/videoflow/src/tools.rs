//! What must be on this machine before the platform can start.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use videoflow_platform::lambda;

/// Programs of the media stand-in.
const PROGRAMS: [&str; 2] = ["ffmpeg", "ffprobe"];
/// Where the models lie below the repository.
const MODELS: &str = ".cache/models";

/// Where things are.
#[derive(Debug)]
pub struct Tools {
    /// Folder of the functions' binaries.
    pub functions: PathBuf,
    /// Folder of the models' weights.
    pub models: PathBuf,
}

/// Finds what the platform needs; the functions lie beside this program unless a folder is given.
///
/// # Errors
/// One sentence that names what is missing and the cure.
pub fn find(functions: Option<&Path>) -> anyhow::Result<Tools> {
    let executable = std::env::current_exe()?;
    let beside = executable.parent().unwrap_or(&executable);
    let functions = functions.unwrap_or(beside).to_path_buf();
    let missing: Vec<&str> = lambda::deployments()
        .keys()
        .map(String::as_str)
        .filter(|function| !lambda::binary(&functions, function).is_file())
        .collect();
    ensure!(
        missing.is_empty(),
        "these functions are missing in {}: {}; run `make build-local`",
        functions.display(),
        missing.join(", ")
    );
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_installed =
        |program: &&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|program| !is_installed(program))
        .collect();
    ensure!(
        missing.is_empty(),
        "{} not found on the PATH; run `make setup`",
        missing.join(" and ")
    );
    let models = models();
    ensure!(
        models.is_dir(),
        "the models are missing: {} is no folder; run `make setup`",
        models.display()
    );
    Ok(Tools { functions, models })
}

/// Folder of the models, whether it is there or not.
pub fn models() -> PathBuf {
    let named = std::env::var_os("VIDEOFLOW_MODELS").map(PathBuf::from);
    named
        .or_else(|| found_above(&std::env::current_exe().ok()?))
        .unwrap_or_else(|| PathBuf::from(MODELS))
}

/// The models' folder of the repository that the executable was built in.
fn found_above(executable: &Path) -> Option<PathBuf> {
    executable
        .ancestors()
        .map(|folder| folder.join(MODELS))
        .find(|models| models.is_dir())
}
