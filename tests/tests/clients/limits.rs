//! What a client may not do to others: long bodies, slowness, a port that is taken.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;

use crate::support::up::Up;
use crate::support::{binaries, report};

/// Bucket of results: nothing starts by an upload there.
const BUCKET: &str = "videoflow-local-output";

/// Bytes of the long upload; `UPLOAD_BYTES` makes it longer.
const UPLOAD_BYTES: u64 = 128 * 1024 * 1024;

/// Memory that the platform may need at most while it takes an upload, however long that is.
const MAX_MEMORY_KB: u64 = 256 * 1024;

/// A request that no SDK makes: what is sent by hand, and the answer until the connection ends.
fn answer(up: &Up, request: &str) -> String {
    let mut stream = TcpStream::connect(up.address()).expect("the platform");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_long_upload_needs_little_memory() {
    let up = Up::start().await;
    let bytes = std::env::var("UPLOAD_BYTES")
        .map_or(UPLOAD_BYTES, |bytes| bytes.parse().expect("a number"));
    let file = up.state("long");
    std::fs::File::create(&file)
        .and_then(|file| file.set_len(bytes))
        .expect("a sparse file");
    let begun = Instant::now();
    let body = ByteStream::from_path(&file).await.expect("a file");
    let put = up.s3().put_object().bucket(BUCKET).key("long").body(body);
    put.send().await.expect("an upload");
    let head = up
        .s3()
        .head_object()
        .bucket(BUCKET)
        .key("long")
        .send()
        .await;
    let length = head.expect("an object").content_length();
    assert_eq!(
        length.and_then(|length| u64::try_from(length).ok()),
        Some(bytes)
    );
    let peak = up.peak_memory_kb();
    report(&format!(
        "upload of {} MiB: {:.1} s, peak memory of the platform {} MiB",
        bytes >> 20,
        begun.elapsed().as_secs_f64(),
        peak >> 10
    ));
    assert!(peak < MAX_MEMORY_KB, "{peak} KB");
}

#[tokio::test]
async fn a_long_call_is_refused() {
    let up = Up::start().await;
    let length = 64 * 1024 * 1024;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    let answer = answer(&up, &(head + &"x".repeat(length)));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(
        answer.contains("RequestEntityTooLargeException"),
        "{answer}"
    );
}

#[tokio::test]
async fn others_are_served_while_clients_dawdle() {
    let up = Up::start().await;
    let slow = [
        "",
        "GET / HT",
        "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab",
    ];
    let dawdlers: Vec<TcpStream> = (0..60)
        .zip(slow.iter().cycle())
        .map(|(_, sent)| {
            let mut stream = TcpStream::connect(up.address()).expect("the platform");
            stream.write_all(sent.as_bytes()).expect("a socket");
            stream
        })
        .collect();
    let begun = Instant::now();
    let put = up.s3().put_object().bucket(BUCKET).key("k");
    put.body(ByteStream::from_static(b"v"))
        .send()
        .await
        .expect("an upload");
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(dawdlers);
}

#[tokio::test]
async fn a_web_page_is_no_caller() {
    let up = Up::start().await;
    for (headers, expected) in [
        ("Host: localhost", "HTTP/1.1 403 Forbidden"),
        (
            "Host: localhost\r\nOrigin: http://localhost:3000",
            "may not call",
        ),
        (
            "Host: rebound.example",
            "is not a name of the local platform",
        ),
    ] {
        let request = format!("GET /{BUCKET}/k HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
        let answer = answer(&up, &request);
        assert!(answer.contains(expected), "{headers}: {answer}");
    }
}

/// A port that is taken and whose predecessor is free.
fn taken_port() -> TcpListener {
    let mut attempts = (0..20).filter_map(|_| {
        let taken = TcpListener::bind(("127.0.0.1", 0)).ok()?;
        let before = taken.local_addr().ok()?.port() - 1;
        TcpListener::bind(("127.0.0.1", before)).ok().map(|_| taken)
    });
    attempts.next().expect("two ports in a row")
}

#[test]
fn a_port_in_use_is_told_before_anything_is_written() {
    let listener = taken_port();
    let taken = listener.local_addr().expect("an address").port();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    // The port after that of the services is the HTTP API's.
    for (port, whose) in [(taken, ""), (taken - 1, " (the HTTP API's)")] {
        let started = Command::new(binaries().join("videoflow"))
            .args(["up", "--port", &port.to_string(), "--data"])
            .arg(&data)
            .output()
            .expect("videoflow is built");
        let said = String::from_utf8_lossy(&started.stderr);
        let expected =
            format!("port {taken} of 127.0.0.1{whose} is in use; choose another with --port");
        assert!(said.contains(&expected), "{said}");
        assert_eq!(started.status.code(), Some(1));
        assert!(!data.exists());
    }
}
