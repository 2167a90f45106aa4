//! S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, Tag,
    Tagging,
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Local, OUTPUT, SOURCE, code};

async fn put(client: &Client, bucket: &str, key: &str, body: &'static str) -> Option<String> {
    let put = client
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(ByteStream::from_static(body.as_bytes()));
    let answer = put.send().await.expect(key);
    answer.version_id
}

async fn get(client: &Client, bucket: &str, key: &str, version_id: Option<&str>) -> String {
    let get = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .set_version_id(version_id.map(str::to_owned));
    let answer = get.send().await.expect(key);
    let body = answer.body.collect().await.expect("a body");
    String::from_utf8(body.to_vec()).expect("a text")
}

fn tag(key: &str, value: &str) -> Tagging {
    let tag = Tag::builder().key(key).value(value).build().expect("a tag");
    Tagging::builder().tag_set(tag).build().expect("tags")
}

#[tokio::test]
async fn keeps_objects_of_every_kind_of_key() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let longest = "k".repeat(1024);
    let keys = [
        "a",
        "a/b",
        "a/",
        "b c+%2F&=?#~'()",
        "ü/日本.mp4",
        "../up",
        "//double",
        &longest,
    ];
    for key in keys {
        put(&client, OUTPUT, key, "body").await;
    }
    for key in keys {
        assert_eq!(get(&client, OUTPUT, key, None).await, "body", "{key}");
    }
    let too_long = client
        .put_object()
        .bucket(OUTPUT)
        .key("k".repeat(1025))
        .send()
        .await;
    assert_eq!(code(too_long), "KeyTooLongError");

    let mut listed = Vec::new();
    let mut pages = client
        .list_objects_v2()
        .bucket(OUTPUT)
        .max_keys(3)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        listed.extend(
            page.contents()
                .iter()
                .filter_map(|object| object.key().map(str::to_owned)),
        );
    }
    let mut sorted: Vec<&str> = keys.to_vec();
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
}

#[tokio::test]
async fn lists_by_prefix_and_delimiter() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    for key in [
        "media/v/720p.mp4",
        "media/v/stream/a.m4s",
        "media/v/stream/b.m4s",
        "media/w",
        "other",
    ] {
        put(&client, OUTPUT, key, "").await;
    }
    for (prefix, delimiter, max_keys, expected) in [
        (
            "media/v/",
            Some("/"),
            1000,
            "media/v/720p.mp4 | media/v/stream/",
        ),
        ("media/", Some("/"), 1000, "media/w | media/v/"),
        (
            "media/v/s",
            None,
            1000,
            "media/v/stream/a.m4s media/v/stream/b.m4s | ",
        ),
        ("none", Some("/"), 1000, " | "),
        ("", Some("/"), 1, " | media/"),
    ] {
        let list = client
            .list_objects_v2()
            .bucket(OUTPUT)
            .prefix(prefix)
            .max_keys(max_keys);
        let page = list
            .set_delimiter(delimiter.map(str::to_owned))
            .send()
            .await
            .expect("a page");
        let keys: Vec<&str> = page
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .collect();
        let folders: Vec<&str> = page
            .common_prefixes()
            .iter()
            .filter_map(|folder| folder.prefix())
            .collect();
        assert_eq!(
            format!("{} | {}", keys.join(" "), folders.join(" ")),
            expected,
            "{prefix}"
        );
    }
}

#[tokio::test]
async fn keeps_versions_where_the_bucket_does() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let first = put(&client, SOURCE, "v", "one")
        .await
        .expect("a version id");
    let second = put(&client, SOURCE, "v", "two!")
        .await
        .expect("a version id");
    assert_eq!(get(&client, SOURCE, "v", Some(&first)).await, "one");
    assert_eq!(get(&client, SOURCE, "v", None).await, "two!");
    let head = client.head_object().bucket(SOURCE).key("v");
    let latest = head.clone().send().await.expect("an object");
    assert_eq!(
        (latest.version_id(), latest.content_length()),
        (Some(second.as_str()), Some(4))
    );
    let older = head.version_id(&first).send().await.expect("a version");
    assert_eq!(
        (older.version_id(), older.content_length()),
        (Some(first.as_str()), Some(3))
    );

    let deleted = client
        .delete_object()
        .bucket(SOURCE)
        .key("v")
        .send()
        .await
        .expect("a deletion");
    assert_eq!(deleted.delete_marker(), Some(true));
    assert_eq!(
        code(client.get_object().bucket(SOURCE).key("v").send().await),
        "NoSuchKey"
    );
    assert_eq!(get(&client, SOURCE, "v", Some(&second)).await, "two!");

    assert_eq!(put(&client, OUTPUT, "v", "one").await, None);
    client
        .delete_object()
        .bucket(OUTPUT)
        .key("v")
        .send()
        .await
        .expect("a deletion");
    assert_eq!(
        code(client.get_object().bucket(OUTPUT).key("v").send().await),
        "NoSuchKey"
    );
}

#[tokio::test]
async fn gives_back_what_was_put() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let put = client
        .put_object()
        .bucket(OUTPUT)
        .key("brief.md")
        .body(ByteStream::from_static(b"hello"));
    let put = put
        .content_type("text/markdown")
        .cache_control("max-age=60")
        .metadata("job", "v-1");
    put.send().await.expect("an object");

    let get = client
        .get_object()
        .bucket(OUTPUT)
        .key("brief.md")
        .range("bytes=1-3")
        .send()
        .await
        .expect("a range");
    assert_eq!(get.content_range(), Some("bytes 1-3/5"));
    assert_eq!(get.body.collect().await.expect("a body").to_vec(), b"ell");
    let head = client
        .head_object()
        .bucket(OUTPUT)
        .key("brief.md")
        .send()
        .await
        .expect("an object");
    assert_eq!(head.content_type(), Some("text/markdown"));
    assert_eq!(head.cache_control(), Some("max-age=60"));
    assert_eq!(
        head.metadata()
            .and_then(|metadata| metadata.get("job"))
            .map(String::as_str),
        Some("v-1")
    );
    assert_eq!(head.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));

    let copy = client
        .copy_object()
        .bucket(OUTPUT)
        .key("copy")
        .copy_source(format!("{OUTPUT}/brief.md"));
    copy.send().await.expect("a copy");
    let head = client
        .head_object()
        .bucket(OUTPUT)
        .key("copy")
        .send()
        .await
        .expect("an object");
    assert_eq!(
        (head.content_type(), head.content_length()),
        (Some("text/markdown"), Some(5))
    );
}

#[tokio::test]
async fn keeps_the_clients_checksum_or_makes_its_own() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let put = |key: &str| {
        client
            .put_object()
            .bucket(SOURCE)
            .key(key)
            .body(ByteStream::from_static(b"123456789"))
    };
    let sha256 = put("sha256").checksum_algorithm(ChecksumAlgorithm::Sha256);
    sha256.send().await.expect("an object");
    let head = |key: &str| {
        client
            .head_object()
            .bucket(SOURCE)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
    };
    let found = head("sha256").send().await.expect("an object");
    assert_eq!(
        found.checksum_sha256(),
        Some("FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=")
    );
    assert_eq!(found.checksum_type(), Some(&ChecksumType::FullObject));
    assert_eq!(found.checksum_crc64_nvme(), None);

    let config = aws_sdk_s3::config::Builder::from(&local.client())
        .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired);
    let silent = Client::from_conf(config.build());
    let none = silent
        .put_object()
        .bucket(SOURCE)
        .key("none")
        .body(ByteStream::from_static(b"123456789"));
    none.send().await.expect("an object");
    let found = head("none").send().await.expect("an object");
    assert_eq!(found.checksum_crc64_nvme(), Some("rosUhgp5mIg="));
    assert_eq!(found.checksum_type(), Some(&ChecksumType::FullObject));

    let wrong = put("wrong").checksum_crc32("AAAAAA==").send().await;
    assert_eq!(code(wrong), "BadDigest");
    assert_eq!(
        code(client.get_object().bucket(SOURCE).key("wrong").send().await),
        "NoSuchKey"
    );
}

#[tokio::test]
async fn joins_the_parts_of_an_upload() {
    const PART_BYTES: usize = 5 * 1024 * 1024;
    const WHOLE_BYTES: i64 = 5 * 1024 * 1024 + 10;
    let local = Local::new().await;
    let client = Client::new(&local.client());
    for (algorithm, checksum_type) in [
        (ChecksumAlgorithm::Sha256, ChecksumType::Composite),
        (ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject),
    ] {
        let create = client
            .create_multipart_upload()
            .bucket(SOURCE)
            .key("big")
            .content_type("video/mp4");
        let upload = create
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .expect("an upload");
        let id = upload.upload_id().expect("an id");
        let mut completed = CompletedMultipartUpload::builder();
        for (number, bytes) in [(1, vec![1; PART_BYTES]), (2, vec![2; 10])] {
            let part = client
                .upload_part()
                .bucket(SOURCE)
                .key("big")
                .upload_id(id)
                .part_number(number);
            let part = part
                .checksum_algorithm(algorithm.clone())
                .body(ByteStream::from(bytes));
            let part = part.send().await.expect("a part");
            completed = completed.parts(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(part.e_tag)
                    .build(),
            );
        }
        let complete = client
            .complete_multipart_upload()
            .bucket(SOURCE)
            .key("big")
            .upload_id(id);
        let answer = complete
            .multipart_upload(completed.build())
            .send()
            .await
            .expect("an object");
        assert!(
            answer.e_tag().is_some_and(|etag| etag.ends_with("-2\"")),
            "{answer:?}"
        );
        let head = client
            .head_object()
            .bucket(SOURCE)
            .key("big")
            .checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.expect("an object");
        assert_eq!(head.content_length(), Some(WHOLE_BYTES));
        assert_eq!(head.content_type(), Some("video/mp4"));
        assert_eq!(head.checksum_type(), Some(&checksum_type));
    }
    let events = local.received(super::QUEUE).await;
    let reasons: Vec<_> = events
        .iter()
        .filter_map(|event| event.pointer("/detail/reason"))
        .collect();
    assert_eq!(
        reasons,
        ["CompleteMultipartUpload", "CompleteMultipartUpload"]
    );
}

#[tokio::test]
async fn tags_objects() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let version = put(&client, SOURCE, "v", "one").await;
    put(&client, SOURCE, "v", "two").await;
    let tagging = client
        .put_object_tagging()
        .bucket(SOURCE)
        .key("v")
        .set_version_id(version.clone());
    tagging
        .tagging(tag("verdict", "NoVideoTrack"))
        .send()
        .await
        .expect("tags");

    let get = client.get_object_tagging().bucket(SOURCE).key("v");
    let older = get
        .clone()
        .set_version_id(version)
        .send()
        .await
        .expect("tags");
    assert_eq!(
        older.tag_set().first().map(Tag::value),
        Some("NoVideoTrack")
    );
    assert!(get.send().await.expect("tags").tag_set().is_empty());

    let refused = client
        .put_object_tagging()
        .bucket(SOURCE)
        .key("v")
        .tagging(tag("verdict", "a,b"));
    assert_eq!(code(refused.send().await), "InvalidTag");
    let deleted = client
        .delete_object_tagging()
        .bucket(SOURCE)
        .key("v")
        .send()
        .await;
    assert!(deleted.is_ok(), "{deleted:?}");
}

#[tokio::test]
async fn tells_eventbridge_about_new_objects() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let version = put(&client, SOURCE, "a b+ü.mp4", "hello").await;
    put(&client, OUTPUT, "silent", "hello").await;
    let copy_source = format!("{SOURCE}/a%20b%2B%C3%BC.mp4");
    client
        .copy_object()
        .bucket(SOURCE)
        .key("copy")
        .copy_source(copy_source)
        .send()
        .await
        .expect("a copy");

    let events = local.received(super::QUEUE).await;
    assert_eq!(events.len(), 2);
    let first = events.first().expect("two events");
    for (pointer, expected) in [
        ("/detail-type", json!("Object Created")),
        ("/detail/bucket/name", json!(SOURCE)),
        ("/detail/object/key", json!("a b+ü.mp4")),
        ("/detail/object/size", json!(5)),
        (
            "/detail/object/etag",
            json!("5d41402abc4b2a76b9719d911017c592"),
        ),
        ("/detail/object/version-id", json!(version)),
        ("/detail/reason", json!("PutObject")),
    ] {
        assert_eq!(first.pointer(pointer), Some(&expected), "{pointer}");
    }
    let second = events.last().expect("two events");
    assert_eq!(second.pointer("/detail/reason"), Some(&json!("CopyObject")));
}

#[tokio::test]
async fn refuses_with_errors_that_the_sdk_knows() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let error = client
        .get_object()
        .bucket(SOURCE)
        .key("none")
        .send()
        .await
        .map_err(SdkError::into_service_error);
    assert!(
        matches!(error, Err(GetObjectError::NoSuchKey(_))),
        "{error:?}"
    );
    let error = client
        .head_object()
        .bucket(SOURCE)
        .key("none")
        .send()
        .await
        .map_err(SdkError::into_service_error);
    assert!(
        matches!(error, Err(HeadObjectError::NotFound(_))),
        "{error:?}"
    );
    let get = |bucket: &str, key: &str| client.get_object().bucket(bucket).key(key);
    assert_eq!(
        code(get("videoflow-local-none", "v").send().await),
        "NoSuchBucket"
    );
    put(&client, SOURCE, "v", "one").await;
    assert_eq!(
        code(get(SOURCE, "v").version_id("none").send().await),
        "NoSuchVersion"
    );
    assert_eq!(
        code(get(SOURCE, "v").range("bytes=3-").send().await),
        "InvalidRange"
    );
    assert_eq!(
        code(get(SOURCE, "v").if_match("other").send().await),
        "PreconditionFailed"
    );
    let again = client
        .put_object()
        .bucket(SOURCE)
        .key("v")
        .if_none_match("*")
        .send()
        .await;
    assert_eq!(code(again), "PreconditionFailed");
    let part = client
        .upload_part()
        .bucket(SOURCE)
        .key("v")
        .upload_id("none")
        .part_number(1);
    assert_eq!(
        code(part.body(ByteStream::from_static(b"a")).send().await),
        "NoSuchUpload"
    );
}

#[tokio::test]
async fn lets_in_presigned_requests_and_no_unsigned_ones() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    put(&client, OUTPUT, "a b+ü.mp4", "hello").await;
    let minute = PresigningConfig::expires_in(std::time::Duration::from_mins(1)).expect("a minute");
    let presigned = client
        .get_object()
        .bucket(OUTPUT)
        .key("a b+ü.mp4")
        .presigned(minute)
        .await
        .expect("a URL");
    let (_, path) = presigned
        .uri()
        .split_once(&local.url)
        .expect("a URL of the server");
    let answer = fetch(&local, path).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    let unsigned = path.split('?').next().expect("a path");
    assert!(fetch(&local, unsigned).await.starts_with("HTTP/1.1 403"));
}

/// The answer to a GET, as a program without an SDK sees it.
async fn fetch(local: &Local, path: &str) -> String {
    let host = local.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(host)
        .await
        .expect("a server");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test]
async fn keeps_objects_across_restarts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let local = Local::on(folder.path()).await;
    let client = Client::new(&local.client());
    let version = put(&client, SOURCE, "v", "one").await;
    drop((local, client));

    let local = Local::on(folder.path()).await;
    let client = Client::new(&local.client());
    assert_eq!(get(&client, SOURCE, "v", version.as_deref()).await, "one");
}
