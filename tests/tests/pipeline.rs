//! The whole way of the sample video, as a user goes it: `videoflow run`, on the real binaries.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::word_error_rate::word_error_rate;
use crate::support::{job_item, last_json, read_json, report, root, videoflow};

const SAMPLE: &str = "tests/media/sample.mp4";

/// One run of the sample, then everything that must hold of its result, then the same file again in three ways:
/// one test, because the run is what costs.
#[test]
fn the_sample_becomes_a_brief_and_is_paid_for_once() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let out_arg = out
        .path()
        .to_str()
        .expect("a temporary folder has a UTF-8 path");

    let first = videoflow(&["run", SAMPLE, "--out", out_arg, "--json"]);
    assert_eq!(first.status.code(), Some(0), "the first run publishes");
    let answer = last_json(&first);
    assert_eq!(answer["status"], "PUBLISHED");
    assert_eq!(answer["alreadyProcessed"], false);
    let job = answer["jobId"].as_str().expect("a job id").to_owned();
    let folder = out.path().join(&job);

    let brief = read_json(&folder.join("brief.json"));
    check_schema(&brief);
    let machines = brief["provenance"]["stateMachineVersionArns"].as_object();
    assert_eq!(machines.map(serde_json::Map::len), Some(7), "the children");
    check_speech(&folder);
    check_labels(&brief);
    check_media(&folder);
    check_pages(&folder);
    crate::page::check(&folder);
    check_histories(&folder);
    check_job(&job_item(out.path(), &job));
    let transcodes = calls(&folder, "CreateJob");
    assert_eq!(transcodes, 1, "one transcode");

    let second = videoflow(&["run", SAMPLE, "--out", out_arg, "--json"]);
    check_already_processed(&second, &job);

    let other_key = out.path().join("other name + ü.mp4");
    std::fs::copy(root().join(SAMPLE), &other_key).expect("a copy");
    let other = videoflow(&[
        "run",
        other_key.to_str().expect("UTF-8"),
        "--out",
        out_arg,
        "--json",
    ]);
    check_already_processed(&other, &job);

    let forced = videoflow(&["run", SAMPLE, "--out", out_arg, "--json", "--force"]);
    assert_eq!(forced.status.code(), Some(0), "a forced run publishes");
    let answer = last_json(&forced);
    assert_eq!(answer["status"], "PUBLISHED");
    let forced_job = answer["jobId"].as_str().expect("a job id");
    assert!(
        forced_job.ends_with("-r1"),
        "a forced run has a job of its own: {forced_job}"
    );
    let forced_folder = out.path().join(forced_job);
    check_schema(&read_json(&forced_folder.join("brief.json")));
    for operation in [
        "CreateJob",
        "StartTranscriptionJob",
        "StartLabelDetection",
        "InvokeDataAutomationAsync",
    ] {
        assert_eq!(
            calls(&forced_folder, operation),
            0,
            "{operation} is in the ledger and must not be paid again"
        );
    }
}

fn check_already_processed(output: &std::process::Output, job: &str) {
    assert_eq!(output.status.code(), Some(0));
    let answer = last_json(output);
    assert_eq!(answer["alreadyProcessed"], true);
    assert_eq!(
        answer["jobId"], job,
        "the answer names the job that did the work"
    );
}

fn check_schema(brief: &Value) {
    let schema = read_json(&root().join("functions/shared/schemas/brief.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("the committed schema is valid");
    let errors: Vec<String> = validator
        .iter_errors(brief)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "the brief breaks its schema: {errors:#?}"
    );
}

/// Word error rate of the transcript and of the subtitles against the sentences that the sample's notice gives.
fn check_speech(folder: &Path) {
    let notice =
        std::fs::read_to_string(root().join("tests/media/README.md")).expect("the sample's notice");
    let spoken: String = notice
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        spoken.split_whitespace().count() > 50,
        "the notice holds the sentences"
    );

    let transcript = read_json(&folder.join("analysis/transcript.json"));
    let segments = transcript["segments"].as_array().expect("segments");
    let heard: Vec<&str> = segments
        .iter()
        .filter_map(|segment| segment["text"].as_str())
        .collect();
    let rate = word_error_rate(&spoken, &heard.join(" "));
    report(&format!("word error rate: {:.1} %", rate * 100.0));
    assert!(rate <= 0.10, "word error rate {rate:.3}: {heard:?}");

    let vtt = std::fs::read_to_string(folder.join("subtitles/en-US.vtt")).expect("VTT subtitles");
    assert!(vtt.starts_with("WEBVTT"));
    let srt = std::fs::read_to_string(folder.join("subtitles/en-US.srt")).expect("SRT subtitles");
    let read: Vec<&str> = srt
        .lines()
        .filter(|line| line.contains(char::is_alphabetic))
        .collect();
    let rate = word_error_rate(&spoken, &read.join(" "));
    assert!(rate <= 0.10, "word error rate of the subtitles {rate:.3}");
}

fn check_labels(brief: &Value) {
    let labels = brief["labels"].as_array().expect("labels");
    for (word, from, to) in [("espresso", 15_000, 20_000), ("cat", 20_000, 25_000)] {
        let seen = labels.iter().any(|label| {
            let name = label["name"].as_str().unwrap_or_default().to_lowercase();
            let instances = label["instances"].as_array().cloned().unwrap_or_default();
            name.contains(word)
                && instances.iter().any(|instance| {
                    instance["startMs"].as_i64() < Some(to)
                        && instance["endMs"].as_i64() > Some(from)
                })
        });
        assert!(
            seen,
            "no label '{word}' between {from} and {to} ms: {labels:#?}"
        );
    }
}

fn check_media(folder: &Path) {
    let media = folder.join("media");
    let mut heights = Vec::new();
    for entry in std::fs::read_dir(&media).expect("media") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        if let Some(height) = name
            .strip_suffix("p.mp4")
            .and_then(|height| height.parse::<i64>().ok())
        {
            assert_eq!(
                ffprobe(&media.join(&name), "v:0", "stream=height"),
                height.to_string()
            );
            heights.push(height);
        }
    }
    assert!(heights.len() >= 2, "a ladder of renditions: {heights:?}");
    assert!(
        heights.iter().all(|height| *height <= 1080),
        "nothing is upscaled: {heights:?}"
    );
    for (manifest, kind) in [("stream/index.m3u8", "hls"), ("stream/index.mpd", "dash")] {
        let path = media.join(manifest);
        assert_eq!(
            ffprobe(&path, "v:0", "stream=codec_name"),
            "h264",
            "{manifest}"
        );
        assert_eq!(
            ffprobe(&path, "a:0", "stream=codec_name"),
            "aac",
            "{manifest}"
        );
        assert!(
            ffprobe(&path, "v:0", "format=format_name").contains(kind),
            "{manifest}"
        );
    }
    assert_eq!(
        ffprobe(&media.join("audio.m4a"), "a:0", "stream=codec_name"),
        "aac"
    );
    assert_eq!(
        ffprobe(&media.join("proxy.mp4"), "v:0", "stream=codec_name"),
        "h264"
    );
    let thumbnails = std::fs::read_dir(media.join("thumbnails"))
        .expect("thumbnails")
        .count();
    assert!(thumbnails >= 2, "{thumbnails} thumbnails");
    assert!(media.join("poster.jpg").is_file());
    let sprite = std::fs::read_to_string(media.join("thumbnails/sprite.vtt")).expect("a sprite");
    let first = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsprite.jpg#xywh=0,0,160,90\n";
    assert!(sprite.starts_with(first), "{sprite}");
}

fn check_pages(folder: &Path) {
    let markdown = std::fs::read_to_string(folder.join("brief.md")).expect("brief.md");
    assert!(markdown.starts_with("# "), "brief.md begins with its title");
    let page = std::fs::read_to_string(folder.join("brief.html")).expect("brief.html");
    for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
        assert!(
            !page.contains(outside),
            "brief.html fetches from outside: {outside}"
        );
    }
}

/// A history for every execution, in the shape of `GetExecutionHistory`: numbered from 1, linked, ended.
fn check_histories(folder: &Path) {
    let mut machines: Vec<String> = std::fs::read_dir(folder.join("histories"))
        .expect("histories")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    machines.sort();
    let expected = [
        "detect-labels",
        "extract-meaning",
        "merge-brief",
        "preprocess-video",
        "process-video",
        "publish-video",
        "sanitize-file",
        "transcribe-speech",
    ];
    assert_eq!(machines, expected);
    for machine in &machines {
        for entry in std::fs::read_dir(folder.join("histories").join(machine)).expect("executions")
        {
            let history = read_json(&entry.expect("an entry").path());
            let events = history["events"].as_array().expect("events");
            for (index, event) in events.iter().enumerate() {
                assert_eq!(event["id"].as_u64(), Some(index as u64 + 1), "{machine}");
                assert!(
                    event["previousEventId"].as_u64() <= Some(index as u64),
                    "{machine}"
                );
            }
            assert_eq!(
                events.last().expect("events")["type"],
                "ExecutionSucceeded",
                "{machine}"
            );
            let entered = events.iter().filter(|event| {
                event["type"]
                    .as_str()
                    .unwrap_or("")
                    .ends_with("StateEntered")
            });
            report(&format!(
                "{machine}: {} states entered, {} events",
                entered.count(),
                events.len()
            ));
        }
    }
}

/// The job's item says what was published, how good it is, where it lies, and what it cost.
fn check_job(item: &Value) {
    assert_eq!(item["JobStatus"]["S"], "PUBLISHED", "{item}");
    assert_eq!(item["VideoMetadata"]["M"]["width"]["N"], "1920", "{item}");
    let number = |name: &str| {
        item[name]["N"]
            .as_str()
            .and_then(|number| number.parse::<f64>().ok())
    };
    assert!(number("QualityScore") >= Some(0.9), "{item}");
    assert!(
        number("PredictedCostUsd") > Some(0.0) && number("ActualCostUsd") > Some(0.0),
        "{item}"
    );
    let locations = &item["OutputLocations"]["M"];
    for place in ["briefJson", "briefHtml", "hls", "dash"] {
        let uri = locations[place]["S"].as_str().unwrap_or_default();
        assert!(
            uri.starts_with("s3://videoflow-local-output/"),
            "{place}: {item}"
        );
    }
    assert!(item["PublishedAt"]["S"].is_string(), "{item}");
}

/// How often the run's record of AWS calls holds `operation`.
fn calls(folder: &Path, operation: &str) -> usize {
    let record =
        std::fs::read_to_string(folder.join("calls.jsonl")).expect("the record of AWS calls");
    let calls = record
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a call is one JSON line"));
    calls
        .filter(|call| {
            call["action"]
                .as_str()
                .is_some_and(|action| action.ends_with(operation))
        })
        .count()
}

fn ffprobe(path: &Path, stream: &str, entry: &str) -> String {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            stream,
            "-show_entries",
            entry,
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    assert!(
        output.status.success(),
        "{}: {}",
        path.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(',')
        .to_owned()
}
