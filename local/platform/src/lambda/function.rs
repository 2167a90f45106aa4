//! What the host knows about a function before it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde::Deserialize;

/// Sizes and settings by function, from the table that the deployment reads too.
static DEPLOYMENTS: LazyLock<BTreeMap<String, Deployment>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../functions/functions.json"))
        .expect("the committed table is read by every test of the platform")
});

/// How a function is deployed, here and on AWS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// Memory in MB (128 to 10240).
    pub memory_mb: u32,
    /// Seconds until an invocation is ended (1 to 900).
    pub timeout_seconds: u32,
    /// Settings that it reads: placeholders' names in upper case.
    pub environment: Vec<String>,
}

/// Every function, by the name that crate, binary and Lambda share.
pub fn deployments() -> &'static BTreeMap<String, Deployment> {
    &DEPLOYMENTS
}

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
    /// Memory in MB, as it is told to the function.
    pub memory_mb: u32,
    /// Seconds until an invocation is ended (1 to 900).
    pub timeout_seconds: u32,
}
