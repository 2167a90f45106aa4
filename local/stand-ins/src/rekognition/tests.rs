use super::*;
use crate::testing::{Bench, Failure, call, models, sample};

fn video(key: &str) -> Value {
    json!({"Video": {"S3Object": {"Bucket": "out", "Name": key}}, "ClientRequestToken": "t"})
}

async fn ended(
    service: &Rekognition,
    operation: &str,
    parameters: Value,
) -> Result<Value, ServiceError> {
    let id = parameters
        .get("JobId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    service.labels.ended(id).await;
    service.moderation.ended(id).await;
    call(service, operation, parameters).await
}

#[tokio::test]
async fn finds_labels_and_flags_nothing() -> Result<(), Failure> {
    let (bench, Some(models)) = (Bench::new()?, models()) else {
        return Ok(());
    };
    let service = Rekognition::new(&Config {
        models,
        ..bench.config()
    });
    std::fs::copy(sample(), bench.path("out", "a.mp4")?)?;
    let started = call(&service, "StartLabelDetection", video("a.mp4")).await?;
    assert_eq!(
        started,
        call(&service, "StartLabelDetection", video("a.mp4")).await?
    );
    let segments = json!({"JobId": started["JobId"], "AggregateBy": "SEGMENTS", "SortBy": "NAME"});
    let answer = ended(&service, "GetLabelDetection", segments).await?;
    assert_eq!(
        (&answer["JobStatus"], &answer["LabelModelVersion"]),
        (&json!("SUCCEEDED"), &json!(LABEL_MODEL))
    );
    assert_eq!(answer["VideoMetadata"]["FrameWidth"], 1920);
    let labels = answer["Labels"].as_array().cloned().unwrap_or_default();
    let cat = labels
        .iter()
        .find(|label| label["Label"]["Name"] == "Egyptian Cat")
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        (&cat["StartTimestampMillis"], &cat["EndTimestampMillis"]),
        (&json!(20_500), &json!(25_280))
    );
    assert_eq!(cat["Label"]["Parents"][0], json!({"Name": "Cat"}));
    let one = call(
        &service,
        "GetLabelDetection",
        json!({"JobId": started["JobId"], "MaxResults": 1}),
    )
    .await?;
    assert!(
        one["NextToken"].is_string()
            && one["Labels"].as_array().is_some_and(|page| page.len() == 1)
    );
    let started = call(&service, "StartContentModeration", video("a.mp4")).await?;
    let answer = ended(&service, "GetContentModeration", started).await?;
    assert_eq!(
        (&answer["ModerationLabels"], &answer["StatusMessage"]),
        (&json!([]), &json!(MODERATION_MESSAGE))
    );
    Ok(())
}

#[tokio::test]
async fn answers_errors_as_rekognition_does() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = Rekognition::new(&bench.config());
    bench
        .make(
            "out",
            "a.mp4",
            &["-f", "lavfi", "-i", "testsrc=d=1:s=64x64"],
        )
        .await?;
    let job = call(&service, "StartLabelDetection", video("a.mp4")).await?;
    let failed = ended(&service, "GetLabelDetection", job).await?;
    assert!(
        failed["StatusMessage"]
            .as_str()
            .is_some_and(|message| message.contains("make setup")),
        "{failed}"
    );
    let mut other = video("a.mp4");
    other["MinConfidence"] = json!(70);
    let mut wild = video("a.mp4");
    wild["MinConfidence"] = json!(101);
    let cases = [
        (
            "StartLabelDetection",
            other,
            "IdempotentParameterMismatchException",
        ),
        ("StartLabelDetection", wild, "InvalidParameterException"),
        (
            "StartLabelDetection",
            video("none.mp4"),
            "InvalidS3ObjectException",
        ),
        (
            "StartContentModeration",
            json!({}),
            "InvalidParameterException",
        ),
        (
            "GetLabelDetection",
            json!({"JobId": "none"}),
            "ResourceNotFoundException",
        ),
        (
            "GetLabelDetection",
            json!({"JobId": "none", "MaxResults": 0}),
            "InvalidParameterException",
        ),
        ("DetectFaces", json!({}), "UnknownOperationException"),
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
async fn refuses_the_twenty_first_job() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = Rekognition::new(&bench.config());
    bench
        .make(
            "out",
            "a.mp4",
            &["-f", "lavfi", "-i", "testsrc=d=1:s=64x64"],
        )
        .await?;
    for number in 0..=UNFINISHED_MAX {
        let mut parameters = video("a.mp4");
        parameters["ClientRequestToken"] = json!(number.to_string());
        // On this one thread no job runs before the test awaits something that is not ready.
        let error = call(&service, "StartContentModeration", parameters)
            .await
            .err()
            .map(|error| error.code);
        let expected = (number == UNFINISHED_MAX).then_some("LimitExceededException");
        assert_eq!(error.as_deref(), expected, "{number}");
    }
    Ok(())
}
