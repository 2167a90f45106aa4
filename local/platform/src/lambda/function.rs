//! What the host knows about a function before it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Crate, binary and Lambda name suffix of every function.
pub const FUNCTION_NAMES: [&str; 18] = [
    "align-streams",
    "check-quality",
    "collect-labels",
    "collect-meaning",
    "collect-renditions",
    "collect-transcript",
    "find-unprocessed",
    "inspect-file",
    "jobs-api",
    "publish-assets",
    "record-failure",
    "start-labels",
    "start-meaning",
    "start-processing",
    "start-transcode",
    "start-transcription",
    "summarize-part",
    "write-brief",
];

/// One function: where its binary lies and what it is given.
#[derive(Debug, Clone)]
pub struct Function {
    /// Name without the environment's prefix: `inspect-file`.
    pub name: String,
    /// Name with the prefix, as AWS knows it: `videoflow-local-inspect-file`.
    pub full_name: String,
    /// Version ARN: `arn:aws:lambda:…:function:videoflow-local-inspect-file:1`.
    pub arn: String,
    /// The executable.
    pub binary: PathBuf,
    /// Environment besides what Lambda itself sets.
    pub environment: BTreeMap<String, String>,
    /// Seconds until an invocation is ended (1 to 900).
    pub timeout_seconds: u32,
}

/// Timeout of a function, in seconds.
///
/// Model calls and files of hours need minutes; 900 is Lambda's own limit. An HTTP API waits 30 s at most, and
/// everything else reads or writes a few documents.
pub fn timeout_seconds(name: &str) -> u32 {
    match name {
        "summarize-part" | "write-brief" | "publish-assets" => 900,
        "align-streams" | "check-quality" | "collect-labels" | "collect-meaning"
        | "collect-transcript" => 300,
        "jobs-api" => 30,
        _ => 60,
    }
}
