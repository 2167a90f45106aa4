//! The console's protections, and what it answers, with the real platform behind it.

use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use crate::support::console::Console;
use crate::support::up::{SOURCE, Up};

/// A job's item, as record-failure leaves it.
fn failed(number: usize) -> Value {
    let key = format!("night/{number}.mp4");
    let id = JobId::of(SOURCE, &key, "1", "default");
    let at = format!("2026-01-01T00:{:02}:{:02}.000Z", number / 60, number % 60);
    let error = if number.is_multiple_of(3) {
        "StorageFailed"
    } else {
        "ServiceThrottled"
    };
    json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": SOURCE, "SourceKey": key, "SourceVersionId": "1",
        "Profile": "default", "CreatedAt": at, "UpdatedAt": at, "FailedAt": at, "PredictedCostUsd": 0.25,
        "ErrorDetails": {"state": "WriteBrief", "error": error, "cause": "<script>alert(1)</script>", "execution": "e"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_that_was_opened_is_answered() {
    let up = Up::start().await;
    let console = Console::start(&["--endpoint-url", &up.url()]);
    let check = |request: &str, expected: u16| {
        let answer = console.send(request);
        assert_eq!(answer.status, expected, "{request}\n{answer:?}");
        answer
    };
    let page = check(
        "GET /?token={token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        200,
    );
    for header in [
        "set-cookie: videoflow-console-",
        "httponly; samesite=strict",
        "content-security-policy: default-src 'none'; script-src 'self'",
        "frame-ancestors 'none'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(page.head.contains(header), "{header}: {}", page.head);
    }
    let wrong = "0".repeat(console.token().len());
    for path in [
        "/",
        &format!("/?token={wrong}"),
        "/main.js",
        "/api/jobs",
        "/api/jobs?token={token}",
        "/nothing",
    ] {
        let answer = check(
            &format!("GET {path} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n\r\n"),
            403,
        );
        assert!(!answer.body.contains(console.token()), "{answer:?}");
    }
    let head = "Host: {host}\r\nX-Videoflow-Token: {token}\r\nConnection: close\r\n";
    check(&format!("GET /api/jobs HTTP/1.1\r\n{head}\r\n"), 200);
    check(
        &format!("GET /api/jobs HTTP/1.1\r\n{head}Origin: https://evil.example\r\n\r\n"),
        403,
    );
    check(
        &format!("GET /api/jobs HTTP/1.1\r\n{head}Sec-Fetch-Site: cross-site\r\n\r\n"),
        403,
    );
    check(
        "GET /api/jobs HTTP/1.1\r\nHost: evil.example\r\nX-Videoflow-Token: {token}\r\nConnection: close\r\n\r\n",
        403,
    );
    // Of a gigabyte that is announced nothing is read, whoever sends it.
    let long = "Content-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{";
    check(&format!("POST /api/redrive HTTP/1.1\r\n{head}{long}"), 413);
    check(
        &format!("POST /api/redrive HTTP/1.1\r\nHost: {{host}}\r\n{long}"),
        403,
    );
    check(
        &format!("POST /api/uploads?name=a.mp4 HTTP/1.1\r\n{head}{long}"),
        403,
    );
    // One that is not announced is read as far as it may go.
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    let endless = format!(
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}1\r\n1\r\n0\r\n\r\n"
    );
    check(
        &format!("POST /api/redrive HTTP/1.1\r\n{head}{endless}"),
        413,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_only_reads_changes_nothing() {
    let up = Up::start().await;
    up.write("jobs", &failed(1)).await;
    let console = Console::start(&["--endpoint-url", &up.url()]);
    assert_eq!(console.get("/api/about").json()["write"], false);
    let before = up.record().len();
    let redrive = json!({"jobIds": [failed(1)["JobId"]]}).to_string();
    for (path, body) in [
        ("/api/redrive", redrive.as_str()),
        ("/api/uploads?name=a.mp4", "a"),
    ] {
        let answer = console.post(path, body);
        assert_eq!(answer.status, 403, "{answer:?}");
        let detail = answer.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(detail.contains("--write"), "{detail}");
    }
    let writes = up
        .record()
        .into_iter()
        .skip(before)
        .filter(|call| call.principal == "videoflow-console");
    let writes: Vec<String> = writes
        .map(|call| call.action)
        .filter(|action| {
            !["Get", "List", "Query", "Describe"]
                .iter()
                .any(|verb| action.starts_with(verb))
        })
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_groups_and_sums_are_of_all_jobs() {
    let up = Up::start().await;
    for number in 0..450 {
        up.write("jobs", &failed(number)).await;
    }
    let console = Console::start(&["--endpoint-url", &up.url()]);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..5 {
        let page = console
            .get(&format!("/api/jobs?prefix=night{cursor}"))
            .json();
        found.extend(
            page["jobs"]
                .as_array()
                .expect("jobs")
                .iter()
                .map(|job| job["key"].to_string()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let last_first = found.first().is_some_and(|key| key.contains("449"));
    assert!(
        found.len() == 450 && last_first,
        "{} {:?}",
        found.len(),
        found.first()
    );
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 450, "one job was told twice");
    let failures = console.get("/api/failures").json();
    let groups = failures["groups"].as_array().expect("groups");
    let groups: Vec<_> = groups
        .iter()
        .map(|group| (group["error"].as_str(), group["count"].as_u64()))
        .collect();
    assert_eq!(
        groups,
        [
            (Some("ServiceThrottled"), Some(300)),
            (Some("StorageFailed"), Some(150))
        ]
    );
    assert_eq!(
        console.get("/api/line").json()["counts"]["FAILED"]["count"],
        450
    );
    let queues = console.get("/api/queues").json();
    assert_eq!(
        queues["queues"].as_array().map(Vec::len),
        Some(4),
        "{queues}"
    );
    for odd in [
        "/api/jobs?status=ODD",
        "/api/jobs?cursor=x",
        "/api/jobs?odd=1",
    ] {
        assert_eq!(console.get(odd).status, 400, "{odd}");
    }
    for odd in ["/api/jobs/x", "/media/x/media/a.mp4"] {
        assert_eq!(console.get(odd).status, 404, "{odd}");
    }
    // Nothing of a job that is not published can be had.
    let job = failed(1)["JobId"].as_str().unwrap_or_default().to_owned();
    for root in ["media", "published", "work"] {
        assert_eq!(
            console.get(&format!("/media/{job}/{root}/a.json")).status,
            404,
            "{root}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_video_becomes_a_job_and_breaks_off_without_a_trace() {
    let up = Up::start().await;
    let console = Console::start(&["--endpoint-url", &up.url(), "--write"]);
    // Eight megabytes and more go in two pieces.
    let padded: String = "a".repeat(9 * 1024 * 1024);
    let head = "Host: {host}\r\nOrigin: http://{host}\r\nX-Videoflow-Token: {token}\r\nConnection: close\r\n";
    let cut = format!(
        "POST /api/uploads?name=cut.mp4&profile=lean HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n",
        padded.len()
    );
    let stream = std::net::TcpStream::connect(console.address()).expect("it listens");
    let request = cut
        .replace("{host}", console.address())
        .replace("{token}", console.token());
    std::io::Write::write_all(&mut &stream, request.as_bytes()).expect("a request");
    std::io::Write::write_all(&mut &stream, &padded.as_bytes()[..1024 * 1024]).expect("a part");
    drop(stream);
    let whole = console.send(&format!("{cut}{padded}"));
    assert_eq!(whole.status, 200, "{whole:?}");
    let told = whole.json();
    let job: JobId = told["jobId"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a job id");
    let settled = up.settled(&job).await;
    assert_eq!(
        settled["JobStatus"], "REJECTED",
        "letters are no video: {settled}"
    );
    assert_eq!(settled["Profile"], "lean");
    assert!(settled["ClaimId"].is_null(), "{settled}");
    assert_eq!(up.versions(SOURCE, "cut.mp4").await, 1);
    for (query, expected) in [
        ("name=a.mp4&profile=odd", 400),
        ("name=..", 400),
        ("profile=lean", 400),
    ] {
        assert_eq!(
            console.post(&format!("/api/uploads?{query}"), "a").status,
            expected,
            "{query}"
        );
    }
}
