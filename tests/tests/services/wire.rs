//! The protocols of the services that stand-ins answer: what a service gets and what the SDK reads back.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConversationRole, Message};
use aws_sdk_mediaconvert::operation::create_job::CreateJobError;
use aws_sdk_mediaconvert::types::{AudioSelector, Input, JobSettings, JobStatus, Order};
use aws_sdk_rekognition::types::{S3Object, Video};
use aws_sdk_s3::error::SdkError;
use aws_sdk_transcribe::operation::start_transcription_job::StartTranscriptionJobError;
use aws_sdk_transcribe::types::{Media, TranscriptionJobStatus};
use serde_json::{Value, json};
use videoflow_platform::service::{Call, Service, ServiceError};

use super::{Local, code};

/// A service that answers every call the same and remembers the last one.
struct Scripted {
    name: &'static str,
    answer: Result<Value, ServiceError>,
    call: Mutex<Option<Call>>,
}

#[async_trait]
impl Service for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        *self.call.lock().expect("one test") = Some(call);
        self.answer.clone()
    }
}

impl Scripted {
    fn add(local: &Local, name: &'static str, answer: Result<Value, ServiceError>) -> Arc<Self> {
        let call = Mutex::new(None);
        let service = Arc::new(Self { name, answer, call });
        local.services.add(Arc::clone(&service) as _);
        service
    }

    fn check(&self, operation: &str, parameters: &Value) {
        let call = self.call.lock().expect("one test").clone().expect("a call");
        assert_eq!(
            (call.operation.as_str(), &call.parameters),
            (operation, parameters)
        );
        assert_eq!(call.principal.0, "tester");
    }
}

#[tokio::test]
async fn mediaconvert_speaks_rest_json() {
    let local = Local::new().await;
    let settings = json!({"Inputs": [{"AudioSelectors": {"audio 1": {"Tracks": [1]}}, "FileInput": "s3://b/k"}]});
    let job = json!({"Job": {"Id": "1", "Role": "r", "Settings": settings, "Status": "COMPLETE",
        "Timing": {"FinishTime": "2026-01-01T00:00:00Z"}, "UserMetadata": {"jobId": "v"}}});
    let service = Scripted::add(&local, "mediaconvert", Ok(job));
    let client = aws_sdk_mediaconvert::Client::new(&local.client());
    let selector = AudioSelector::builder().tracks(1).build();
    let input = Input::builder()
        .file_input("s3://b/k")
        .audio_selectors("audio 1", selector)
        .build();
    let create = client
        .create_job()
        .role("r")
        .settings(JobSettings::builder().inputs(input).build());
    let create = create.client_request_token("t").user_metadata("jobId", "v");
    let created = create.send().await.expect("a job");
    let parameters = json!({"ClientRequestToken": "t", "Role": "r", "Settings": settings, "UserMetadata": {"jobId": "v"}});
    let sent = service
        .call
        .lock()
        .expect("one test")
        .clone()
        .expect("a call");
    assert_eq!(
        (sent.operation.as_str(), sent.parameters),
        ("CreateJob", parameters)
    );
    let job = created.job().expect("a job");
    let finished = job.timing().and_then(|timing| timing.finish_time());
    assert_eq!(
        finished.map(aws_sdk_s3::primitives::DateTime::secs),
        Some(1_767_225_600)
    );
    assert_eq!(
        job.user_metadata()
            .and_then(|metadata| metadata.get("jobId"))
            .map(String::as_str),
        Some("v")
    );

    let got = client.get_job().id("a/b").send().await.expect("a job");
    assert_eq!(
        got.job().and_then(|job| job.status()),
        Some(&JobStatus::Complete)
    );
    service.check("GetJob", &json!({"Id": "a/b"}));
}

#[tokio::test]
async fn mediaconvert_cancels_by_delete() {
    let local = Local::new().await;
    let service = Scripted::add(&local, "mediaconvert", Ok(json!({})));
    let client = aws_sdk_mediaconvert::Client::new(&local.client());
    client.cancel_job().id("1").send().await.expect("an answer");
    service.check("CancelJob", &json!({"Id": "1"}));
}

#[tokio::test]
async fn mediaconvert_searches_by_query() {
    let local = Local::new().await;
    let jobs = json!({"Jobs": [{"Id": "1", "Role": "r", "Settings": {}, "UserMetadata": {"token": "t"}}], "NextToken": "2"});
    let service = Scripted::add(&local, "mediaconvert", Ok(jobs));
    let client = aws_sdk_mediaconvert::Client::new(&local.client());
    let search = client.search_jobs().input_file("s3://b/a + ü.mp4");
    let search = search.order(Order::Descending).max_results(20);
    let found = search.send().await.expect("jobs");
    let parameters =
        json!({"InputFile": "s3://b/a + ü.mp4", "MaxResults": 20, "Order": "DESCENDING"});
    service.check("SearchJobs", &parameters);
    let ids: Vec<_> = found.jobs().iter().map(|job| job.id()).collect();
    assert_eq!((ids, found.next_token()), (vec![Some("1")], Some("2")));
}

#[tokio::test]
async fn mediaconvert_errors_are_typed() {
    let local = Local::new().await;
    let error = ServiceError::new("TooManyRequestsException", 429, "slower");
    Scripted::add(&local, "mediaconvert", Err(error));
    let client = aws_sdk_mediaconvert::Client::new(&local.client());
    let create = client
        .create_job()
        .role("r")
        .settings(JobSettings::builder().build())
        .send()
        .await;
    let error = create.map_err(SdkError::into_service_error);
    assert!(
        matches!(&error, Err(CreateJobError::TooManyRequestsException(error)) if error.message() == Some("slower")),
        "{error:?}"
    );
}

#[tokio::test]
async fn transcribe_speaks_json() {
    let local = Local::new().await;
    let job = json!({"TranscriptionJob": {"TranscriptionJobName": "n", "TranscriptionJobStatus": "COMPLETED",
        "CreationTime": 1.5, "Transcript": {"TranscriptFileUri": "https://s3/b/k"}}});
    let service = Scripted::add(&local, "transcribe", Ok(job));
    let client = aws_sdk_transcribe::Client::new(&local.client());
    let got = client
        .get_transcription_job()
        .transcription_job_name("n")
        .send()
        .await
        .expect("a job");
    service.check("GetTranscriptionJob", &json!({"TranscriptionJobName": "n"}));
    let job = got.transcription_job().expect("a job");
    assert_eq!(
        job.transcription_job_status(),
        Some(&TranscriptionJobStatus::Completed)
    );
    assert_eq!(
        job.creation_time()
            .map(aws_sdk_s3::primitives::DateTime::as_secs_f64),
        Some(1.5)
    );
}

#[tokio::test]
async fn transcribe_errors_are_typed() {
    let local = Local::new().await;
    Scripted::add(
        &local,
        "transcribe",
        Err(ServiceError::new("ConflictException", 400, "used")),
    );
    let client = aws_sdk_transcribe::Client::new(&local.client());
    let media = Media::builder().media_file_uri("s3://b/k").build();
    let start = client
        .start_transcription_job()
        .transcription_job_name("n")
        .media(media)
        .send()
        .await;
    let error = start.map_err(SdkError::into_service_error);
    assert!(
        matches!(&error, Err(StartTranscriptionJobError::ConflictException(error)) if error.message() == Some("used")),
        "{error:?}"
    );
}

#[tokio::test]
async fn rekognition_speaks_json() {
    let local = Local::new().await;
    let service = Scripted::add(&local, "rekognition", Ok(json!({"JobId": "1"})));
    let client = aws_sdk_rekognition::Client::new(&local.client());
    let video = Video::builder()
        .s3_object(S3Object::builder().bucket("source").name("k").build())
        .build();
    let start = client
        .start_label_detection()
        .video(video)
        .min_confidence(50.0)
        .send()
        .await
        .expect("a job");
    assert_eq!(start.job_id(), Some("1"));
    let parameters =
        json!({"Video": {"S3Object": {"Bucket": "source", "Name": "k"}}, "MinConfidence": 50.0});
    service.check("StartLabelDetection", &parameters);
}

#[tokio::test]
async fn bedrock_converses() {
    let local = Local::new().await;
    let answer = json!({"Output": {"Message": {"Role": "assistant", "Content": [{"Text": "hello"}]}},
        "StopReason": "end_turn", "Usage": {"InputTokens": 1, "OutputTokens": 2, "TotalTokens": 3},
        "Metrics": {"LatencyMs": 4}});
    let service = Scripted::add(&local, "bedrock", Ok(answer));
    let client = aws_sdk_bedrockruntime::Client::new(&local.client());
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("hi".into()))
        .build();
    let converse = client
        .converse()
        .model_id("us.model:1")
        .messages(message.expect("a message"));
    let converse = converse.send().await.expect("an answer");
    let parameters = json!({"Messages": [{"Role": "user", "Content": [{"Text": "hi"}]}], "ModelId": "us.model:1"});
    service.check("Converse", &parameters);
    let output = converse
        .output()
        .and_then(|output| output.as_message().ok())
        .expect("a message");
    assert_eq!(
        output
            .content()
            .first()
            .and_then(|content| content.as_text().ok())
            .map(String::as_str),
        Some("hello")
    );
    assert_eq!(
        converse
            .usage()
            .map(aws_sdk_bedrockruntime::types::TokenUsage::total_tokens),
        Some(3)
    );
}

#[tokio::test]
async fn data_automation_speaks_json() {
    let local = Local::new().await;
    let error = ServiceError::new("ResourceNotFoundException", 404, "no such invocation");
    let service = Scripted::add(&local, "bedrock", Err(error));
    let client = aws_sdk_bedrockdataautomationruntime::Client::new(&local.client());
    let arn = "arn:aws:bedrock:us-east-1:000000000000:data-automation-invocation/00000000-0000-0000-0000-000000000000";
    let status = client
        .get_data_automation_status()
        .invocation_arn(arn)
        .send()
        .await;
    assert_eq!(code(status), "ResourceNotFoundException");
    service.check("GetDataAutomationStatus", &json!({"InvocationArn": arn}));
    let calls = local.services.record().calls();
    assert_eq!(calls.last().map(|call| call.resource.as_str()), Some(arn));
}

#[tokio::test]
async fn step_functions_speaks_json() {
    let local = Local::new().await;
    let answer = json!({"ExecutionArn": "arn:e", "StartDate": "2026-01-01T00:00:00.500Z"});
    let service = Scripted::add(&local, "states", Ok(answer));
    let client = aws_sdk_sfn::Client::new(&local.client());
    let start = client
        .start_execution()
        .state_machine_arn("arn:m")
        .name("v-1")
        .input("{\"jobId\":\"v-1\"}");
    let started = start.send().await.expect("an execution");
    let parameters =
        json!({"StateMachineArn": "arn:m", "Name": "v-1", "Input": "{\"jobId\":\"v-1\"}"});
    service.check("StartExecution", &parameters);
    assert!((started.start_date().as_secs_f64() - 1_767_225_600.5).abs() < 0.001);
}

#[tokio::test]
async fn an_unknown_operation_is_refused() {
    let local = Local::new().await;
    let client = aws_sdk_sfn::Client::new(&local.client());
    let list = client.list_activities().send().await;
    assert_eq!(code(list), "UnknownOperationException");
}
