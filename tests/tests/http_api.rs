//! The HTTP API as its description has it: every answer here is checked against it.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::support::description::DESCRIPTION;
use crate::support::up::{EXECUTIONS, SOURCE, Up};
use crate::support::{report, root, short_clip};

const OUTPUT: &str = "videoflow-local-output";

fn id(key: &str) -> JobId {
    JobId::of(SOURCE, key, "1", "default")
}

/// An item as it is when its job has ended.
fn item(key: &str, status: &str, updated: &str) -> Value {
    json!({"JobId": id(key), "JobStatus": status, "SourceBucket": SOURCE, "SourceKey": key, "SourceVersionId": "1",
        "Profile": if key.ends_with("lean") { "lean" } else { "default" }, "CreatedAt": updated, "UpdatedAt": updated,
        "Stages": {}, "RedriveCount": 0, "ExecutionArn": format!("{EXECUTIONS}{}", id(key))})
}

fn name(problem: &Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

#[tokio::test]
async fn what_the_api_does_not_take_is_a_problem_that_says_so() {
    let up = Up::start().await;
    let job = format!("/jobs/{}", id("none"));
    let check = |method: &str,
                 target: &str,
                 headers: &[(&str, &str)],
                 body: &str,
                 expected: (u16, &str)| {
        let answer = up.ask(method, target, headers, body);
        let problem = answer.json();
        let said = (answer.status, name(&problem));
        assert_eq!(
            said, expected,
            "{method} {target} {headers:?} {body:.40}: {problem}"
        );
        assert_eq!(problem["status"], answer.status);
        answer
    };
    check("GET", &job, &[], "", (404, "JobNotFound"));
    check("GET", "/jobs/odd", &[], "", (404, "JobNotFound"));
    check("GET", "/elsewhere", &[], "", (404, "RouteNotFound"));
    check(
        "POST",
        &format!("{job}/review"),
        &[],
        "{}",
        (404, "RouteNotFound"),
    );
    check(
        "GET",
        &format!("{job}/deletion"),
        &[],
        "",
        (404, "JobNotFound"),
    );
    let answer = check("PATCH", &job, &[], "{}", (405, "MethodNotAllowed"));
    assert_eq!(answer.header("allow"), Some("GET, DELETE"));
    check("GET", "/jobs?limit=0", &[], "", (400, "InvalidInput"));
    check(
        "GET",
        "/jobs?status=PUBLISHED&status=FAILED",
        &[],
        "",
        (400, "InvalidInput"),
    );
    check("GET", "/jobs?cursor=e30", &[], "", (400, "InvalidInput"));
    check(
        "DELETE",
        &format!("{job}?source=burn"),
        &[],
        "",
        (400, "InvalidInput"),
    );
    check(
        "GET",
        "/jobs",
        &[("accept", "text/html")],
        "",
        (406, "NotAcceptable"),
    );
    check("POST", "/jobs", &[], "{", (400, "InvalidInput"));
    check(
        "POST",
        "/jobs",
        &[("content-type", "text/plain")],
        "{}",
        (415, "MediaTypeUnsupported"),
    );
    let long = format!(r#"{{"key": "{}"}}"#, "k".repeat(20_000));
    check("POST", "/jobs", &[], &long, (413, "BodyTooLarge"));
    check(
        "POST",
        "/jobs",
        &[],
        r#"{"key": "none.mp4"}"#,
        (404, "SourceNotFound"),
    );
    check(
        "POST",
        "/jobs",
        &[("idempotency-key", "a b")],
        "{}",
        (400, "InvalidInput"),
    );
    check(
        "POST",
        &format!("{job}/approve"),
        &[],
        r#"{"reviewer": ""}"#,
        (400, "InvalidInput"),
    );
    check(
        "POST",
        &format!("{job}/redrive"),
        &[],
        "",
        (404, "JobNotFound"),
    );
    let described = up.ask("GET", "/openapi.json", &[], "");
    assert_eq!((described.status, &described.json()), (200, &*DESCRIPTION));
}

#[tokio::test]
async fn settled_jobs_refuse_what_is_of_no_use_to_them() {
    let up = Up::start().await;
    for status in ["PUBLISHED", "FAILED", "REJECTED", "DELETED"] {
        up.write("jobs", &item(status, status, "2026-11-21T20:15:00.000Z"))
            .await;
    }
    let check = |status: &str, method: &str, rest: &str, expected: (u16, &str)| {
        let answer = up.ask(
            method,
            &format!("/jobs/{}{rest}", id(status)),
            &[],
            r#"{"reviewer": "Ada"}"#,
        );
        let problem = answer.json();
        assert_eq!(
            (answer.status, name(&problem)),
            expected,
            "{status} {rest}: {problem}"
        );
    };
    for rest in ["/approve", "/reject"] {
        check("PUBLISHED", "POST", rest, (409, "ReviewNotAwaited"));
        check("DELETED", "POST", rest, (410, "JobDeleted"));
    }
    for rest in ["/brief", "/outputs"] {
        check("FAILED", "GET", rest, (409, "NotPublished"));
        check("DELETED", "GET", rest, (410, "JobDeleted"));
    }
    check("PUBLISHED", "GET", "/brief", (404, "BriefNotFound"));
    // Step Functions knows none of them.
    check("FAILED", "POST", "/redrive", (409, "NotRedrivable"));
    check("DELETED", "POST", "/redrive", (410, "JobDeleted"));
    check("REJECTED", "GET", "/deletion", (404, "DeletionNotFound"));
    let (status, problem) = up.post("/jobs", &json!({"jobId": id("DELETED"), "force": true}));
    assert_eq!((status, name(&problem)), (410, "JobDeleted"));
}

#[tokio::test]
async fn pages_tell_every_job_once_in_the_order_of_time() {
    let up = Up::start().await;
    let statuses = ["PUBLISHED", "FAILED", "REJECTED"];
    for number in 0..25 {
        // Several at the same moment.
        let updated = format!("2026-11-21T20:15:{:02}.000Z", number / 3);
        let folder = if number % 5 == 0 { "few" } else { "many" };
        let kind = if number % 2 == 0 { "lean" } else { "usual" };
        let key = format!("{folder}/{number:02}-{kind}");
        up.write("jobs", &item(&key, statuses[number % 3], &updated))
            .await;
    }
    let walk = |filters: &str, limit: usize| {
        let (mut keys, mut times, mut cursor) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..30 {
            let (status, page) = up.get(&format!("/jobs?limit={limit}{filters}{cursor}"));
            assert_eq!(status, 200, "{page}");
            let jobs = page["jobs"].as_array().expect("jobs").clone();
            assert!(jobs.len() <= limit);
            let texts = |member: &str| -> Vec<String> {
                jobs.iter()
                    .map(|job| job[member].as_str().unwrap_or_default().to_owned())
                    .collect()
            };
            keys.extend(texts("sourceKey"));
            times.extend(texts("updatedAt"));
            let Some(next) = page["next"].as_str() else {
                assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
                return keys;
            };
            cursor = format!("&cursor={next}");
        }
        panic!("no end of {filters}");
    };
    for limit in [1, 7, 25, 200] {
        let keys = walk("", limit);
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!((keys.len(), distinct.len()), (25, 25), "{limit}");
    }
    assert_eq!(walk("&status=FAILED", 3).len(), 8);
    assert_eq!(walk("&prefix=few/", 2).len(), 5);
    assert_eq!(walk("&profile=lean&prefix=few/", 2).len(), 3);
    let between = "&updatedFrom=2026-11-21T20:15:02Z&updatedTo=2026-11-21T21:15:04%2B01:00";
    assert_eq!(walk(between, 4).len(), 9);
    assert_eq!(walk("&updatedFrom=2027-01-01T00:00:00Z", 4).len(), 0);
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once() {
    let up = Up::start().await;
    up.lose_events().await;
    up.put("a.mp4", &up.empty_file(), "lean").await;
    let start = r#"{"key": "a.mp4"}"#;
    let key = [("idempotency-key", "8e03978e")];
    let first = up.ask("POST", "/jobs", &key, start);
    assert_eq!(first.status, 202, "{first:?}");
    let job: JobId = first.json()["jobId"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    assert_eq!(
        first.header("location"),
        Some(format!("/jobs/{job}").as_str())
    );
    assert_eq!(up.settled(&job).await["JobStatus"], "REJECTED");
    let again = up.ask("POST", "/jobs", &key, start);
    assert_eq!(
        (again.status, &again.text),
        (202, &first.text),
        "the first answer, though the job has ended"
    );
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("location"), first.header("location"));
    let other = up.ask("POST", "/jobs", &key, r#"{"key": "b.mp4"}"#);
    assert_eq!((other.status, name(&other.json())), (422, "KeyReused"));

    let force = json!({"jobId": job, "force": true}).to_string();
    let key = [("idempotency-key", "force")];
    let forced = up.ask("POST", "/jobs", &key, &force);
    assert_eq!(forced.status, 202);
    let run = job.forced(1).expect("a run");
    up.settled(&run).await;
    assert_eq!(up.ask("POST", "/jobs", &key, &force).text, forced.text);
    assert_eq!(up.job(&job).await["ForcedRuns"], 1, "no second run");

    // What was refused has done nothing, and is judged anew.
    let key = [("idempotency-key", "later")];
    assert_eq!(
        up.ask("POST", "/jobs", &key, r#"{"key": "later.mp4"}"#)
            .status,
        404
    );
    up.put("later.mp4", &up.empty_file(), "lean").await;
    assert_eq!(
        up.ask("POST", "/jobs", &key, r#"{"key": "later.mp4"}"#)
            .status,
        202
    );

    // One that is being carried out.
    let mut records = up.items("jobs", "JobId").await;
    records.retain(|key, _| key.starts_with("idempotency#"));
    assert_eq!(records.len(), 3);
    for record in records.values_mut() {
        record.as_object_mut().expect("an item").remove("Answer");
        up.write("jobs", record).await;
    }
    let outstanding = up.ask("POST", "/jobs", &[("idempotency-key", "force")], &force);
    assert_eq!(
        (outstanding.status, name(&outstanding.json())),
        (409, "RequestOutstanding")
    );
    assert!(outstanding.header("retry-after").is_some());
}

#[tokio::test]
async fn a_failed_job_goes_on_and_a_published_one_shows_what_it_made() {
    let up = Up::gated("align-streams").await;
    let folder = tempfile::tempdir().expect("a folder");
    let clip = short_clip(folder.path());
    let job = up.upload("talk one/ü + 1.mp4", &clip, "lean").await;
    let path = format!("/jobs/{job}");
    let station = up
        .until("the brief is merged", async || {
            let (_, shown) = up.get(&path);
            let station = shown["stations"][0].clone();
            (station["state"] == "AlignStreams").then_some(station)
        })
        .await;
    assert_eq!(station["stage"], "merge");
    let child = station["executionArn"].as_str().unwrap_or_default();
    assert!(child.ends_with(&format!("{job}-merge-0-0")), "{station}");
    let running = up.ask("POST", &format!("{path}/redrive"), &[], "");
    assert_eq!((running.status, name(&running.json())), (409, "JobRunning"));
    let running = up.ask("DELETE", &path, &[], "");
    assert_eq!((running.status, name(&running.json())), (409, "JobRunning"));
    let stop = aws_sdk_sfn::Client::new(up.config());
    let stop = stop
        .stop_execution()
        .execution_arn(format!("{EXECUTIONS}{job}"));
    stop.send().await.expect("it stops");
    assert_eq!(up.settled(&job).await["JobStatus"], "FAILED");
    up.open_gate();
    let key = [("idempotency-key", "mended")];
    assert_eq!(
        up.ask("POST", &format!("{path}/redrive"), &key, "").status,
        202
    );
    assert_eq!(
        up.ask("POST", &format!("{path}/redrive"), &key, "").status,
        202
    );
    up.until("the job is published", async || {
        (up.job(&job).await["JobStatus"] == "PUBLISHED").then_some(())
    })
    .await;
    assert_eq!(up.get(&path).1["stations"], json!([]));

    for (accept, beginning) in [("*/*", "{"), ("text/markdown", "#"), ("text/html", "<!")] {
        let brief = up.ask("GET", &format!("{path}/brief"), &[("accept", accept)], "");
        assert_eq!(brief.status, 200);
        assert!(
            brief.text.starts_with(beginning),
            "{accept}: {:.40}",
            brief.text
        );
    }
    let (status, outputs) = up.get(&format!("{path}/outputs"));
    assert_eq!(status, 200);
    check_fetched(&up, &outputs);
    let streams = outputs["streams"].as_array().expect("streams");
    let paths: BTreeSet<&str> = streams
        .iter()
        .filter_map(|one| one["path"].as_str())
        .collect();
    assert!(
        paths.contains(format!("/media/{job}/stream/index.m3u8").as_str()),
        "{paths:?}"
    );
}

/// Every URL gives its file, with nobody's signature but its own.
fn check_fetched(up: &Up, outputs: &Value) {
    let outputs = outputs["outputs"].as_array().expect("outputs");
    let kinds: BTreeSet<&str> = outputs
        .iter()
        .filter_map(|one| one["kind"].as_str())
        .collect();
    for kind in [
        "briefJson",
        "briefHtml",
        "renditions",
        "thumbnails",
        "audio",
    ] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    for output in outputs {
        let url = output["url"].as_str().expect("a URL");
        let address = format!("http://{}", up.address());
        let target = url
            .strip_prefix(&address)
            .unwrap_or_else(|| panic!("{url}"));
        let answer = Up::ask_at(up.address().port(), "GET", target, &[], "");
        assert_eq!(answer.status, 200, "{output}: {answer:?}");
        assert!(!answer.text.is_empty());
        let changed = target.replace("X-Amz-Expires=3600", "X-Amz-Expires=0");
        assert_ne!(
            Up::ask_at(up.address().port(), "GET", &changed, &[], "").status,
            200
        );
    }
}

#[tokio::test]
async fn everything_of_a_video_is_deleted_and_its_duplicate_is_processed() {
    let up = Up::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let clip = short_clip(folder.path());
    let job = up.upload("a.mp4", &clip, "lean").await;
    assert_eq!(up.settled(&job).await["JobStatus"], "PUBLISHED");
    let copy = up.upload("copy.mp4", &clip, "lean").await;
    assert_eq!(up.settled(&copy).await["JobStatus"], "DUPLICATE");
    let mut written = 0;
    for root in ["work", "media", "published"] {
        written += up.versions(OUTPUT, &format!("{root}/{job}")).await;
    }
    let path = format!("/jobs/{job}");

    let asked = up.ask("DELETE", &path, &[], "");
    assert_eq!(asked.status, 202, "{asked:?}");
    assert_eq!(
        asked.header("location"),
        Some(format!("{path}/deletion").as_str())
    );
    assert_eq!(up.get(&path).1["jobStatus"], "DELETED", "at once");
    let deletion = up
        .until("it is deleted", async || {
            let (_, deletion) = up.get(&format!("{path}/deletion"));
            (deletion["status"] == "DONE").then_some(deletion)
        })
        .await;
    assert_eq!(deletion["deletedObjects"], json!(written), "{deletion}");
    assert!(deletion["deletedBytes"].as_u64() > Some(100_000));
    assert_eq!(deletion["kept"], json!([]));
    let remains = deletion["remains"].as_array().expect("remains").len();
    assert!(remains >= 6, "{deletion}");
    for root in ["work", "media", "published"] {
        assert_eq!(
            up.versions(OUTPUT, &format!("{root}/{job}")).await,
            0,
            "{root}"
        );
    }
    assert_eq!(up.versions(SOURCE, "a.mp4").await, 0);
    let item = up.job(&job).await;
    assert_eq!(item["JobStatus"], "DELETED");
    assert!(
        item.get("VideoMetadata").is_none() && item.get("OutputLocations").is_none(),
        "{item}"
    );
    assert_eq!(
        up.ask("GET", &format!("{path}/outputs"), &[], "").status,
        410
    );
    // Asked again, it is the same deletion.
    assert_eq!(up.ask("DELETE", &path, &[], "").json(), deletion);

    let run = copy.forced(1).expect("a run");
    let item = up
        .until("the copy is processed itself", async || {
            let item = up.job(&run).await;
            (item["JobStatus"] == "PUBLISHED").then_some(item)
        })
        .await;
    assert!(
        !item["OutputLocations"].to_string().contains(job.as_str()),
        "{item}"
    );
    let events = std::fs::read_to_string(up.state("domain-events.jsonl")).expect("events");
    assert_eq!(events.matches("VideoDeleted").count(), 1, "{events}");
    // The event of the upload comes again: nothing rises from the dead.
    let executions = up.executions().await.len();
    let detail = json!({"bucket": {"name": SOURCE}, "object": {"key": "a.mp4"}});
    let event = json!({"source": "aws.s3", "detail-type": "Object Created", "detail": detail});
    up.send("ingest", &event.to_string()).await;
    up.until_empty("ingest").await;
    assert_eq!(up.executions().await.len(), executions);
}

#[tokio::test]
async fn results_that_another_video_uses_stay_until_that_goes() {
    let up = Up::start().await;
    let (first, user) = (id("first"), id("user"));
    let run = user.forced(1).expect("a run");
    let published = |job: &JobId, key: &str| {
        let mut item = item(key, "PUBLISHED", "2026-11-21T20:15:00.000Z");
        item["JobId"] = json!(job);
        item["ClaimId"] = json!("content");
        item["Stages"] = json!({"transcode": {"attempt": 1, "status": "SUCCEEDED",
            "result": {"proxy": format!("s3://{OUTPUT}/media/{first}/proxy.mp4")}}});
        item
    };
    up.write("jobs", &published(&first, "first")).await;
    up.write("jobs", &published(&run, "user")).await;
    let mut duplicate = published(&user, "user");
    duplicate["JobStatus"] = json!("DUPLICATE");
    duplicate["OriginalJobId"] = json!(first);
    duplicate["RequeuedAs"] = json!(run);
    duplicate["ForcedRuns"] = json!(1);
    up.write("jobs", &duplicate).await;
    for (root, job) in [
        ("media", &first),
        ("published", &first),
        ("published", &run),
        ("work", &run),
    ] {
        let put = up
            .s3()
            .put_object()
            .bucket(OUTPUT)
            .key(format!("{root}/{job}/1"));
        put.body(ByteStream::from_static(b"1"))
            .send()
            .await
            .expect("an object");
    }
    let delete = async |job: &JobId| {
        assert_eq!(
            up.ask("DELETE", &format!("/jobs/{job}?source=keep"), &[], "")
                .status,
            202
        );
        up.until("it is deleted", async || {
            let (_, deletion) = up.get(&format!("/jobs/{job}/deletion"));
            (deletion["status"] == "DONE").then_some(deletion)
        })
        .await
    };
    let deletion = delete(&first).await;
    assert_eq!(deletion["kept"], json!([{"jobId": first, "usedBy": run}]));
    assert_eq!(deletion["deletedObjects"], 1);
    assert_eq!(up.versions(OUTPUT, &format!("media/{first}")).await, 1);
    // The last user takes them along.
    let deletion = delete(&run).await;
    assert_eq!(deletion["jobId"], json!(user));
    assert_eq!(
        (&deletion["kept"], &deletion["deletedObjects"]),
        (&json!([]), &json!(3))
    );
    assert_eq!(up.versions(OUTPUT, "").await, 0);
}

/// No answer that is not described, none of the server's errors, nothing taken that the description forbids, nothing refused
/// that it allows. `tests/api` says what is asked.
#[tokio::test]
async fn schemathesis_finds_nothing() {
    let program = root().join(".cache/schemathesis/bin/python");
    if !program.is_file() {
        report("api: skipped: Schemathesis is not installed: run tests/clients/setup.sh");
        return;
    }
    let up = Up::start().await;
    let (jobs, keys) = inhabit(&up).await;
    let folder = tempfile::tempdir().expect("a folder");
    let here = root().join("tests/api");
    let started = Instant::now();
    let output = Command::new(&program)
        .args(["-B", "-m", "schemathesis.cli", "--config-file"])
        .arg(
            here.join("schemathesis.toml")
                .canonicalize()
                .expect("a file"),
        )
        .args(["run", "--no-color"])
        .arg(format!("{}/openapi.json", up.http_api_url()))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", here.canonicalize().expect("a folder"))
        .env("JOB_IDS", jobs.join(" "))
        .env("KEYS", keys.join(" "))
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{error}");
    let cases = said.lines().find(|line| line.contains(" generated"));
    let took = started.elapsed();
    report(&format!(
        "api: Schemathesis: {} in {took:.0?}",
        cases.unwrap_or_default().trim()
    ));
}

/// Jobs of every kind, and the keys of some uploads.
async fn inhabit(up: &Up) -> (Vec<String>, Vec<&'static str>) {
    let statuses = [
        "PUBLISHED",
        "FAILED",
        "REJECTED",
        "DUPLICATE",
        "FAILED_QC",
        "DELETED",
        "PROCESSING",
    ];
    for status in statuses {
        let mut item = item(status, status, "2026-11-21T20:15:00.000Z");
        if status == "PUBLISHED" {
            let brief = format!("published/{}/brief", id(status));
            item["OutputLocations"] = json!({"briefJson": format!("s3://{OUTPUT}/{brief}.json")});
            for (ending, text) in [
                ("json", "{}"),
                ("md", "# A brief"),
                ("html", "<!doctype html>"),
            ] {
                let put = up
                    .s3()
                    .put_object()
                    .bucket(OUTPUT)
                    .key(format!("{brief}.{ending}"));
                let put = put.body(ByteStream::from(text.as_bytes().to_vec()));
                put.send().await.expect("an object");
            }
        }
        up.write("jobs", &item).await;
    }
    let keys = ["a.mp4", "b.mp4"];
    for key in keys {
        up.put(key, &up.empty_file(), "lean").await;
    }
    let jobs = statuses.iter().map(|status| id(status).to_string());
    (jobs.collect(), keys.into())
}
