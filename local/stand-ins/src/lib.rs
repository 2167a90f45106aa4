//! Stand-ins for the managed services: they answer in the real services' shapes and really do the work, with programs
//! and models of this machine.
//!
//! One module a service; [`jobs`] keeps the records of asynchronous work, [`ffmpeg`] runs ffmpeg and ffprobe.

use std::path::PathBuf;
use std::sync::Arc;

use videoflow_platform::service::{Objects, Service};

mod caller;
pub mod converse;
pub mod data_automation;
pub mod ffmpeg;
pub mod jobs;
pub mod labels;
mod location;
mod media_file;
pub mod mediaconvert;
pub mod rekognition;
pub mod speech;
#[cfg(test)]
mod testing;
pub mod text;
pub mod transcribe;

/// What the stand-ins need of the platform.
#[derive(Clone)]
pub struct Config {
    /// The local S3.
    pub objects: Arc<dyn Objects>,
    /// Directory for job records (`jobs/<service>/`), caches and temporary files. It outlives the process.
    pub scratch: PathBuf,
    /// Directory with the models' weights.
    pub models: PathBuf,
}

/// A folder for the temporary files of one service. What a process that was killed left there is removed.
fn temporary_folder(config: &Config, service: &str) -> PathBuf {
    let folder = config.scratch.join(service);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %folder.display(), "old temporary files stay");
        }
        _ => (),
    }
    folder
}

/// All stand-ins. Asynchronous work runs on the tokio runtime that serves the calls.
#[allow(clippy::needless_pass_by_value)]
pub fn services(config: Config) -> Vec<Arc<dyn Service>> {
    vec![
        Arc::new(mediaconvert::MediaConvert::new(&config)),
        Arc::new(data_automation::DataAutomation::new(&config)),
        Arc::new(converse::Converse::new()),
        Arc::new(rekognition::Rekognition::new(&config)),
        Arc::new(transcribe::Transcribe::new(&config)),
    ]
}
