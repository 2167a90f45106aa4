//! Processes that end with this one, however it ends.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tokio::process::Command;

/// Asks Linux to kill the program that it becomes when the process that started it is gone (util-linux).
const SETPRIV: &str = "setpriv";

/// A command whose process is killed with this one, also when this one is killed: a function or a conversion of a
/// platform that is gone would work beside the next one. Where there is no `setpriv`, the process lives until it has
/// something to say and nobody listens.
///
/// # Errors
/// There is no such program: it is looked for on the `PATH` unless it is a path.
pub fn command(program: impl AsRef<OsStr>) -> io::Result<Command> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let program = find(Path::new(program.as_ref()))?;
    Ok(match FOUND.get_or_init(|| find(Path::new(SETPRIV)).ok()) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    })
}

fn find(program: &Path) -> io::Result<PathBuf> {
    if program.components().count() > 1 {
        return std::fs::metadata(program).map(|_| program.to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|place| place.is_file())
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}
