//! Bad videos as `videoflow run` tells of them: the exit code, the JSON object, the message.

use serde_json::Value;

use super::recipe::{Recipe, cut_off};
use crate::support::{last_json, videoflow};

async fn check(recipe: Recipe, name: &str, code: i32, status: &str, told: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let video = folder.path().join(name);
    std::fs::copy(recipe.make().await.path(), &video).expect("a copy");
    let out = folder.path().join("out");
    let arguments = [
        "run".as_ref(),
        video.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--json".as_ref(),
    ];
    let arguments = arguments.map(|argument| argument.to_str().expect("UTF-8"));
    let output = videoflow(&arguments);
    assert_eq!(output.status.code(), Some(code), "{name}");
    let answer = last_json(&output);
    assert_eq!(answer["status"], status, "{name}");
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(error.contains(told), "{name}: {error}");
    assert_eq!(answer["error"] == Value::Null, code == 0, "{name}: {error}");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(shown.contains(told), "{name}: {shown}");
}

#[tokio::test]
async fn run_says_what_is_wrong_with_a_video() {
    check(
        Recipe::Bytes(b""),
        "empty.mp4",
        2,
        "REJECTED",
        "EmptyFile: The file has no content",
    )
    .await;
    let ffv1 = Recipe::Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -c:v ffv1 .mkv");
    check(
        ffv1,
        "it's 100% \"odd\" + ü.mkv",
        2,
        "REJECTED",
        "UnsupportedCodec: ",
    )
    .await;
    let cut = "-f lavfi -i testsrc2=s=640x360:d=4 -c:v libx264 -movflags +faststart .mp4";
    check(
        Recipe::Changed(cut, cut_off),
        "cut.mp4",
        2,
        "FAILED_QC",
        "cut off",
    )
    .await;
    let whole = Recipe::Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 .mp4");
    check(whole, "no suffix", 0, "PUBLISHED", "").await;
}
