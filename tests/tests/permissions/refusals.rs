//! What a role gets to see that asks for more than its policy allows: AWS's codes, statuses and messages, on the wire.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_rekognition::types::{S3Object, Video};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_transcribe::types::{LanguageCode, Media};
use serde_json::json;

use crate::support::up::{SOURCE, Up};
use crate::support::{last_json, videoflow};

/// Code, status and message of a refused call.
fn refusal<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> (String, u16, String) {
    let Err(error) = answer else {
        panic!("it is allowed");
    };
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    let code = error.code().unwrap_or_default().to_owned();
    let message = error.message().unwrap_or_default().to_owned();
    (code, status.unwrap_or_default(), message)
}

/// Holds a refusal to what AWS says of a function's role.
fn check(found: &(String, u16, String), function: &str, expected: (&str, u16, &str)) {
    let (code, status, lack) = expected;
    let action = lack.split(' ').next().unwrap_or_default();
    let message = format!(
        "User: arn:aws:sts::000000000000:assumed-role/videoflow-local-{function}-lambda/videoflow-local-{function} \
         is not authorized to perform: {lack} because no identity-based policy allows the {action} action"
    );
    assert_eq!(found, &(code.to_owned(), status, message));
}

async fn check_services(config: &SdkConfig, up: &Up) {
    let function = "align-streams";
    let put = aws_sdk_dynamodb::Client::new(config)
        .put_item()
        .table_name("videoflow-local-jobs")
        .item("JobId", AttributeValue::S("j".to_owned()))
        .send();
    let table = "arn:aws:dynamodb:us-east-1:000000000000:table/videoflow-local-jobs";
    let lack = format!("dynamodb:PutItem on resource: {table}");
    check(
        &refusal(put.await),
        function,
        ("AccessDeniedException", 400, &lack),
    );
    let send = aws_sdk_sqs::Client::new(config)
        .send_message()
        .queue_url(up.queue_url("ingest"))
        .message_body("{}")
        .send();
    let lack =
        "sqs:sendmessage on resource: arn:aws:sqs:us-east-1:000000000000:videoflow-local-ingest";
    check(&refusal(send.await), function, ("AccessDenied", 403, lack));
    let topic = "arn:aws:sns:us-east-1:000000000000:videoflow-local-notices";
    let publish = aws_sdk_sns::Client::new(config)
        .publish()
        .topic_arn(topic)
        .message("m")
        .send();
    let lack = format!("SNS:Publish on resource: {topic}");
    check(
        &refusal(publish.await),
        function,
        ("AuthorizationError", 403, &lack),
    );
    let machine =
        "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-process-video";
    let alias = format!("{machine}:live");
    let start = aws_sdk_sfn::Client::new(config)
        .start_execution()
        .state_machine_arn(alias)
        .send();
    let lack = format!("states:StartExecution on resource: {machine}");
    check(
        &refusal(start.await),
        function,
        ("AccessDeniedException", 400, &lack),
    );
    let search = aws_sdk_mediaconvert::Client::new(config)
        .search_jobs()
        .send();
    let lack = "mediaconvert:SearchJobs on resource: arn:aws:mediaconvert:us-east-1:000000000000:queues/Default";
    check(
        &refusal(search.await),
        function,
        ("AccessDeniedException", 403, lack),
    );
    let labels = aws_sdk_rekognition::Client::new(config)
        .get_label_detection()
        .job_id("j")
        .send();
    let lack = "rekognition:GetLabelDetection";
    check(
        &refusal(labels.await),
        function,
        ("AccessDeniedException", 400, lack),
    );
    let job = aws_sdk_transcribe::Client::new(config)
        .get_transcription_job()
        .transcription_job_name("j")
        .send();
    let lack = "transcribe:GetTranscriptionJob on resource: arn:aws:transcribe:us-east-1:000000000000:transcription-job/j";
    check(
        &refusal(job.await),
        function,
        ("AccessDeniedException", 400, lack),
    );
    let converse = aws_sdk_bedrockruntime::Client::new(config)
        .converse()
        .model_id("m")
        .send();
    let lack = "bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/m";
    check(
        &refusal(converse.await),
        function,
        ("AccessDeniedException", 403, lack),
    );
}

async fn check_objects(up: &Up) {
    let s3 = up.s3_of("align-streams");
    let put = |key: &str| {
        let body = ByteStream::from_static(b"{}");
        s3.put_object()
            .bucket("videoflow-local-output")
            .key(key)
            .body(body)
            .send()
    };
    put("work/a").await.expect("its own place");
    let lack = "s3:PutObject on resource: \"arn:aws:s3:::videoflow-local-output/media/a\"";
    check(
        &refusal(put("media/a").await),
        "align-streams",
        ("AccessDenied", 403, lack),
    );
    let get = s3
        .get_object()
        .bucket("videoflow-local-output")
        .key("work/none")
        .send();
    assert_eq!(refusal(get.await).0, "NoSuchKey", "it may list the bucket");
    let head = s3.head_object().bucket(SOURCE).key("a").send();
    assert_eq!(refusal(head.await).1, 403, "an answer without a body");
}

/// What services read with the rights of whoever calls them.
async fn check_services_for_callers(up: &Up) {
    up.put("clip.mp4", &up.empty_file(), "lean").await;
    let object = S3Object::builder().bucket(SOURCE).name("clip.mp4").build();
    let start = aws_sdk_rekognition::Client::new(&up.config_of("start-labels"))
        .start_label_detection()
        .video(Video::builder().s3_object(object).build())
        .send();
    let message = "Unable to get object metadata from S3. Check object key, region and/or access permissions.";
    let expected = (
        "InvalidS3ObjectException".to_owned(),
        400,
        message.to_owned(),
    );
    assert_eq!(refusal(start.await), expected);
    let media = Media::builder()
        .media_file_uri(format!("s3://{SOURCE}/clip.mp4"))
        .build();
    let start = aws_sdk_transcribe::Client::new(&up.config_of("start-transcription"))
        .start_transcription_job()
        .transcription_job_name("j")
        .language_code(LanguageCode::EnUs)
        .media(media)
        .output_bucket_name("videoflow-local-output")
        .send();
    let (code, status, message) = refusal(start.await);
    assert_eq!((code.as_str(), status), ("BadRequestException", 400));
    assert!(message.contains("can't be accessed"), "{message}");
}

/// All in one, because the platform is what costs.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_refused_what_its_policy_does_not_allow() {
    let up = Up::start().await;
    check_objects(&up).await;
    check_services(&up.config_of("align-streams"), &up).await;
    check_services_for_callers(&up).await;

    let data = up.state("");
    let data = data.to_str().expect("a folder with a name in UTF-8");
    let output = videoflow(&["permissions", "--data", data, "--json"]);
    assert_eq!(output.status.code(), Some(1), "something was refused");
    let report = last_json(&output);
    let refused = report["refused"].as_array().expect("a list");
    let is_told = |principal: &str, call: &str, action: &str| {
        refused.iter().any(|one| {
            one["principal"] == principal && one["call"] == call && one["action"] == action
        })
    };
    for (principal, call, action) in [
        ("align-streams", "s3:PutObject", "s3:PutObject"),
        ("align-streams", "sns:Publish", "sns:Publish"),
        (
            "start-labels",
            "rekognition:StartLabelDetection.input",
            "s3:GetObject",
        ),
        (
            "start-transcription",
            "transcribe:StartTranscriptionJob.input",
            "s3:GetObject",
        ),
    ] {
        assert!(
            is_told(principal, call, action),
            "{principal} {call}: {report}"
        );
    }
    let unused = json!({"role": "align-streams", "call": "s3:GetObject", "target": "work"});
    let unused = report["unused"]
        .as_array()
        .map(|list| list.contains(&unused));
    assert_eq!(
        unused,
        Some(false),
        "a missing object was read with the right to read it"
    );
    let used = json!({"role": "align-streams", "call": "s3:PutObject", "target": "work"});
    let used = report["unused"].as_array().map(|list| list.contains(&used));
    assert_eq!(used, Some(false), "it was used: {report}");
}
