use super::*;
use crate::testing::{Bench, Failure, call, models, sample};

fn request(name: &str, key: &str) -> Value {
    json!({
        "TranscriptionJobName": name,
        "LanguageCode": "en-US",
        "Media": {"MediaFileUri": format!("s3://out/{key}")},
        "OutputBucketName": "out",
        "OutputKey": "work/result.json",
        "Subtitles": {"Formats": ["vtt", "srt"], "OutputStartIndex": 1},
    })
}

async fn ended(service: &Transcribe, name: &str) -> Result<Value, ServiceError> {
    service.jobs.ended(name).await;
    let answer = call(
        service,
        "GetTranscriptionJob",
        json!({"TranscriptionJobName": name}),
    )
    .await?;
    Ok(answer.get("TranscriptionJob").cloned().unwrap_or_default())
}

#[tokio::test]
async fn writes_result_and_subtitles() -> Result<(), Failure> {
    let (bench, Some(models)) = (Bench::new()?, models()) else {
        return Ok(());
    };
    let service = Transcribe::new(&Config {
        models,
        ..bench.config()
    });
    std::fs::copy(sample(), bench.path("out", "a.mp4")?)?;
    let mut identified = request("a", "a.mp4");
    identified["LanguageCode"] = Value::Null;
    identified["IdentifyLanguage"] = json!(true);
    let started = call(&service, "StartTranscriptionJob", identified).await?;
    assert_eq!(
        started.pointer("/TranscriptionJob/TranscriptionJobStatus"),
        Some(&json!("QUEUED"))
    );
    let job = ended(&service, "a").await?;
    let uri = |ending: &str| {
        json!(format!(
            "https://s3.us-east-1.amazonaws.com/out/work/result.{ending}"
        ))
    };
    assert_eq!(
        job.get("TranscriptionJobStatus"),
        Some(&json!("COMPLETED")),
        "{job}"
    );
    assert_eq!(
        job.pointer("/Transcript/TranscriptFileUri"),
        Some(&uri("json"))
    );
    assert_eq!(
        job.pointer("/Subtitles/SubtitleFileUris"),
        Some(&json!([uri("vtt"), uri("srt")]))
    );
    assert_eq!(job.get("LanguageCode"), Some(&json!("en-US")));
    let kinds: Vec<String> = bench
        .written()
        .into_iter()
        .map(|(key, kind)| format!("{key} {kind}"))
        .collect();
    let expected = [
        "json application/json",
        "srt application/x-subrip",
        "vtt text/vtt",
    ];
    assert_eq!(kinds, expected.map(|end| format!("work/result.{end}")));
    let document: Value =
        serde_json::from_slice(&std::fs::read(bench.path("out", "work/result.json")?)?)?;
    let text = document
        .pointer("/results/transcripts/0/transcript")
        .and_then(Value::as_str);
    assert!(
        text.is_some_and(|text| text.contains("a more amiable woman")),
        "{text:?}"
    );
    Ok(())
}

#[tokio::test]
async fn answers_errors_as_transcribe_does() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = Transcribe::new(&bench.config());
    bench
        .make("out", "a.wav", &["-f", "lavfi", "-i", "anullsrc=d=1"])
        .await?;
    call(&service, "StartTranscriptionJob", request("a", "a.wav")).await?;
    let job = ended(&service, "a").await?;
    let reason = job
        .get("FailureReason")
        .and_then(Value::as_str)
        .unwrap_or_default();
    assert!(reason.contains("make setup"), "{job}");
    let mut french = request("b", "a.wav");
    french["LanguageCode"] = json!("fr-FR");
    call(&service, "StartTranscriptionJob", french).await?;
    assert_eq!(
        ended(&service, "b").await?.get("TranscriptionJobStatus"),
        Some(&json!("FAILED"))
    );
    let name = |name: &str| json!({"TranscriptionJobName": name});
    let cases = [
        (
            "StartTranscriptionJob",
            request("a", "a.wav"),
            "ConflictException",
        ),
        (
            "StartTranscriptionJob",
            request("c", "none.wav"),
            "BadRequestException",
        ),
        (
            "StartTranscriptionJob",
            request("c/d", "a.wav"),
            "BadRequestException",
        ),
        ("GetTranscriptionJob", name("c"), "NotFoundException"),
        ("DeleteTranscriptionJob", name("c"), "BadRequestException"),
        ("ListVocabularies", json!({}), "UnknownOperationException"),
    ];
    for (operation, parameters, expected) in cases {
        let error = call(&service, operation, parameters)
            .await
            .err()
            .map(|error| error.code);
        assert_eq!(error.as_deref(), Some(expected), "{operation}");
    }
    Ok(())
}

#[tokio::test]
async fn lists_in_pages_and_forgets_what_is_deleted() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = Transcribe::new(&bench.config());
    bench
        .make("out", "a.wav", &["-f", "lavfi", "-i", "anullsrc=d=1"])
        .await?;
    for name in ["a-1", "a-2", "b"] {
        call(&service, "StartTranscriptionJob", request(name, "a.wav")).await?;
        ended(&service, name).await?;
    }
    let list = |parameters: Value| call(&service, "ListTranscriptionJobs", parameters);
    let count = |answer: &Value| answer["TranscriptionJobSummaries"].as_array().map(Vec::len);
    let page = list(json!({"JobNameContains": "a-", "MaxResults": 1, "Status": "FAILED"})).await?;
    assert_eq!(
        (count(&page), page.get("NextToken")),
        (Some(1), Some(&json!("1")))
    );
    let rest = list(json!({"JobNameContains": "a-", "NextToken": "1"})).await?;
    assert_eq!((count(&rest), rest.get("NextToken")), (Some(1), None));
    call(
        &service,
        "DeleteTranscriptionJob",
        json!({"TranscriptionJobName": "b"}),
    )
    .await?;
    assert_eq!(count(&list(json!({})).await?), Some(2));
    Ok(())
}
