//! 100,000 executions at once need at most 4 GiB: `EXECUTIONS=100000` tries all of them, without it a few show the same
//! for each.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

const LIMIT_BYTES: u64 = 4 << 30;
const EXECUTIONS: u64 = 100_000;

#[test]
fn an_execution_that_polls_takes_its_share_of_4_gib() -> anyhow::Result<()> {
    let executions = match env::var("EXECUTIONS") {
        Ok(number) => number.parse()?,
        Err(_) => 2_000,
    };
    let workload = Path::new(env!("CARGO_MANIFEST_DIR")).join("../asl/bench/poll.json");
    let output = Command::new(env!("CARGO_BIN_EXE_videoflow"))
        .args(["asl", "bench", "--json", "--executions"])
        .arg(executions.to_string())
        .arg(workload)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let load: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(load["succeeded"], executions, "{load}");
    assert_eq!(load["events"], executions * 99, "{load}");
    if cfg!(target_os = "linux") {
        let each = load["bytes_per_execution"].as_u64().context("no memory")?;
        assert!(each <= LIMIT_BYTES / EXECUTIONS, "{load}");
    }
    Ok(())
}
