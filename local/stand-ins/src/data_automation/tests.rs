//! The service on small real files.

use serde_json::{Value, json};

use super::DataAutomation;
use crate::testing::{Bench, Failure, NOBODY, call, call_as};

const PROJECT: &str = "arn:aws:bedrock:us-east-1:000000000000:data-automation-project/local";
const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:000000000000:data-automation-profile/us.data-automation-v1";

fn request(key: &str, token: &str) -> Value {
    json!({
        "ClientToken": token,
        "InputConfiguration": {"S3Uri": format!("s3://in/{key}")},
        "OutputConfiguration": {"S3Uri": "s3://out/work/j/meaning/"},
        "DataAutomationConfiguration": {"DataAutomationProjectArn": PROJECT, "Stage": "LIVE"},
        "DataAutomationProfileArn": PROFILE,
    })
}

async fn finished(service: &DataAutomation, invoked: &Value) -> Result<Value, Failure> {
    let arn = invoked
        .get("InvocationArn")
        .and_then(Value::as_str)
        .ok_or("no ARN")?;
    service.jobs.ended(arn).await;
    Ok(call(service, "GetDataAutomationStatus", invoked.clone()).await?)
}

fn document(bench: &Bench, uri: Option<&Value>) -> Result<Value, Failure> {
    let uri = uri.and_then(Value::as_str).ok_or("no uri")?;
    let key = uri.strip_prefix("s3://out/").ok_or("another bucket")?;
    Ok(serde_json::from_slice(&std::fs::read(
        bench.path("out", key)?,
    )?)?)
}

#[tokio::test]
async fn shots_and_chapters_of_a_silent_video() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let graph = "color=red:size=96x54:rate=25:duration=6[a];testsrc=size=96x54:rate=25:duration=6[b];[a][b]concat";
    bench
        .make(
            "in",
            "a.mp4",
            &[
                "-f", "lavfi", "-i", graph, "-c:v", "libx264", "-pix_fmt", "yuv420p",
            ],
        )
        .await?;
    let service = DataAutomation::new(&bench.config());
    let invoked = call(
        &service,
        "InvokeDataAutomationAsync",
        request("a.mp4", "v-1-meaning-1"),
    )
    .await?;
    let again = call(
        &service,
        "InvokeDataAutomationAsync",
        request("a.mp4", "v-1-meaning-1"),
    )
    .await?;
    assert_eq!(invoked, again);
    let status = finished(&service, &invoked).await?;
    assert_eq!(status.get("Status"), Some(&json!("Success")), "{status}");
    let metadata = document(&bench, status.pointer("/OutputConfiguration/S3Uri"))?;
    assert_eq!(metadata.get("job_status"), Some(&json!("PROCESSED")));
    let output = document(
        &bench,
        metadata.pointer("/output_metadata/0/segment_metadata/0/standard_output_path"),
    )?;
    for (pointer, expected) in [
        ("/metadata/duration_millis", json!(12000)),
        ("/metadata/frame_width", json!(96)),
        ("/statistics", json!({"shot_count": 2, "chapter_count": 2})),
        ("/shots/1/start_timestamp_millis", json!(6000)),
        ("/shots/1/start_timecode_smpte", json!("00:00:06:00")),
        ("/shots/1/chapter_indices", json!([1])),
        ("/chapters/1/shot_indices", json!([1])),
        ("/chapters/1/end_timestamp_millis", json!(12000)),
        ("/frames", json!([])),
    ] {
        assert_eq!(
            output.pointer(pointer),
            Some(&expected),
            "{pointer} of {output:#}"
        );
    }
    assert!(
        output
            .pointer("/metadata/engine")
            .and_then(Value::as_str)
            .is_some_and(|engine| engine.starts_with("local "))
    );
    Ok(())
}

#[tokio::test]
async fn unsuitable_videos_are_the_callers_error() -> Result<(), Failure> {
    let bench = Bench::new()?;
    bench
        .make("in", "sound.m4a", &["-f", "lavfi", "-i", "sine=duration=1"])
        .await?;
    bench
        .make(
            "in",
            "a.avi",
            &["-f", "lavfi", "-i", "testsrc=size=96x54:duration=1"],
        )
        .await?;
    let service = DataAutomation::new(&bench.config());
    for (key, part) in [
        ("none.mp4", "does not exist"),
        ("sound.m4a", "no video track"),
        ("a.avi", "only MP4 and MOV"),
    ] {
        let invoked = call(
            &service,
            "InvokeDataAutomationAsync",
            request(key, &key.replace('.', "-")),
        )
        .await?;
        let status = finished(&service, &invoked).await?;
        assert_eq!(status.get("Status"), Some(&json!("ClientError")), "{key}");
        assert!(
            status
                .get("ErrorMessage")
                .and_then(Value::as_str)
                .is_some_and(|message| message.contains(part)),
            "{status}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn wrong_requests_are_refused_by_name() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = DataAutomation::new(&bench.config());
    let with = |name: &str, value: Value| {
        let mut request = request("a.mp4", "t-1");
        if let Some(members) = request.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
        request
    };
    for (request, part) in [
        (with("ClientToken", json!("a_b")), "ClientToken"),
        (with("Blueprints", json!([])), "Blueprints"),
        (
            with("InputConfiguration", json!({"S3Uri": "in/a.mp4"})),
            "InputConfiguration.S3Uri",
        ),
        (
            with("OutputConfiguration", json!({"S3Uri": "s3:///x"})),
            "OutputConfiguration.S3Uri",
        ),
        (
            with("DataAutomationProfileArn", json!("arn")),
            "DataAutomationProfileArn",
        ),
        (
            with(
                "DataAutomationConfiguration",
                json!({"DataAutomationProjectArn": "arn"}),
            ),
            "DataAutomationProjectArn",
        ),
    ] {
        let error = call(&service, "InvokeDataAutomationAsync", request)
            .await
            .err()
            .ok_or("accepted")?;
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.contains(part), "{error}");
    }
    let unknown = call(
        &service,
        "GetDataAutomationStatus",
        json!({"InvocationArn": "arn:x"}),
    )
    .await;
    assert_eq!(
        unknown.err().map(|error| error.code),
        Some("ResourceNotFoundException".to_owned())
    );
    Ok(())
}

/// Also after a restart: the caller is kept with the job.
#[tokio::test]
async fn a_caller_without_rights_on_the_video_is_a_client_error() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let pictures = ["-f", "lavfi", "-i", "testsrc=size=96x54:duration=1"];
    bench.make("in", "a.mp4", &pictures).await?;
    let service = DataAutomation::new(&bench.config());
    let request = request("a.mp4", "token-1");
    let invoked = call_as(NOBODY, &service, "InvokeDataAutomationAsync", request).await?;
    // On this one thread the job has not begun: it does so in the next service.
    let restarted = DataAutomation::new(&bench.config());
    let status = finished(&restarted, &invoked).await?;
    assert_eq!(
        status.get("Status"),
        Some(&json!("ClientError")),
        "{status}"
    );
    let message = status.get("ErrorMessage").and_then(Value::as_str);
    assert!(message.is_some_and(|message| message.contains("not authorized")));
    Ok(())
}
