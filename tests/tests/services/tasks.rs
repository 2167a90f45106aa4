//! Activities, task tokens, map runs, `TestState` and `ValidateStateMachineDefinition` by the SDK.

use aws_sdk_sfn::client::customize::CustomizableOperation;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::{
    HistoryEventType, InspectionLevel, MapRunStatus, MockErrorOutput, MockInput,
    TestExecutionStatus, TestStateConfiguration, ValidateStateMachineDefinitionResultCode,
    ValidateStateMachineDefinitionSeverity,
};
use serde_json::{Value, json};
use videoflow_platform::step_functions::{Definitions, Template};

use super::code;
use super::states::Scene;

const MACHINES: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:videoflow-local-";
const ROLE: &str = "arn:aws:iam::000000000000:role/tester";

const WORK: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Work", "States": {"Work": {"Type": "Task",
    "Resource": "arn:aws:states:us-east-1:000000000000:activity:work", "Arguments": {"n": 1}, "End": true}}}"#;

const EACH: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": {
    "Type": "Map", "Items": [1, 2, 3], "Label": "Item", "MaxConcurrency": 2, "ToleratedFailurePercentage": 40, "End": true,
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Judge",
        "States": {
            "Judge": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input = 2 %}", "Next": "Refuse"}], "Default": "Take"},
            "Take": {"Type": "Succeed"},
            "Refuse": {"Type": "Fail", "Error": "Two"}}}}}}"#;

const GET: &str = r#"{"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::dynamodb:getItem",
    "Arguments": {"TableName": "videoflow-local-jobs", "Key": {"JobId": {"S": "{% $states.input.id %}"}}},
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Rescue"}], "Next": "Done"}"#;

/// The platform with two machines besides its own.
async fn scene() -> Scene {
    let mut definitions = Definitions::embedded();
    for (name, source) in [("work", WORK), ("each", EACH)] {
        definitions.machines.push(Template {
            name: name.to_owned(),
            file: format!("{name}.asl.json"),
            source: source.to_owned(),
        });
    }
    Scene::with(definitions).await
}

/// Sends the call to the platform's own host: SDKs put `sync-` before it.
fn here<T, E, B>(call: CustomizableOperation<T, E, B>) -> CustomizableOperation<T, E, B> {
    call.mutate_request(|request| {
        let here = request.uri().replacen("sync-", "", 1);
        request.set_uri(here).expect("a URI");
    })
}

async fn start(scene: &Scene, machine: &str) -> String {
    let start = scene.client.start_execution();
    let started = start.state_machine_arn(format!("{MACHINES}{machine}"));
    started.send().await.expect("it starts").execution_arn
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_polls_and_answers() {
    let scene = scene().await;
    let client = &scene.client;
    let created = client.create_activity().name("work").send().await;
    let activity = created.expect("an activity").activity_arn;
    let polling = tokio::spawn({
        let poll = client.get_activity_task().activity_arn(&activity);
        poll.worker_name("w1").send()
    });
    let arn = start(&scene, "work").await;
    let task = polling.await.expect("a poll").expect("a task");
    assert_eq!(task.input(), Some(r#"{"n":1}"#));
    let token = task.task_token().expect("a token");
    let beat = client.send_task_heartbeat().task_token(token).send().await;
    beat.expect("a heartbeat");
    let answer = || client.send_task_success().task_token(token);
    assert_eq!(code(answer().output("{").send().await), "InvalidOutput");
    answer().output("[2]").send().await.expect("an answer");
    assert_eq!(code(answer().output("[2]").send().await), "TaskTimedOut");
    let arn = scene.end(arn).await;
    let history = client.get_execution_history().execution_arn(&arn).send();
    let history = history.await.expect("a history");
    let mut events = history.events().iter();
    let started = events.find(|event| event.r#type == HistoryEventType::ActivityStarted);
    let details = started.and_then(|event| event.activity_started_event_details());
    assert_eq!(
        details.and_then(|details| details.worker_name()),
        Some("w1")
    );
    let odd = client.send_task_failure().task_token("odd").send().await;
    assert_eq!(code(odd), "InvalidToken");
    let deleted = client.delete_activity().activity_arn(&activity).send();
    deleted.await.expect("it is deleted");
    let described = client.describe_activity().activity_arn(&activity).send();
    assert_eq!(code(described.await), "ActivityDoesNotExist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_run_is_listed_and_described() {
    let scene = scene().await;
    let arn = scene.end(start(&scene, "each").await).await;
    let listed = scene
        .client
        .list_map_runs()
        .execution_arn(&arn)
        .send()
        .await;
    let listed = listed.expect("a list").map_runs;
    let [run] = listed.as_slice() else {
        panic!("one run: {listed:?}")
    };
    assert_eq!(run.execution_arn, arn);
    assert_eq!(run.state_machine_arn, format!("{MACHINES}each/Item"));
    let described = scene
        .client
        .describe_map_run()
        .map_run_arn(&run.map_run_arn);
    let described = described.send().await.expect("a description");
    assert_eq!(described.status, MapRunStatus::Succeeded);
    let counts = described.execution_counts().expect("counts");
    assert_eq!((counts.total, counts.succeeded, counts.failed), (3, 2, 1));
    assert_eq!(
        (counts.pending, counts.running, counts.results_written),
        (0, 0, 2)
    );
    assert_eq!(described.item_counts().map(|counts| counts.total), Some(3));
    assert_eq!(described.max_concurrency, 2);
    assert!((described.tolerated_failure_percentage - 40.0).abs() < f32::EPSILON);
    assert!(described.stop_date().is_some());
    let update = scene.client.update_map_run().map_run_arn(&run.map_run_arn);
    let update = update.max_concurrency(1).send().await;
    assert_eq!(code(update), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_tested_with_and_without_a_mock() {
    let scene = scene().await;
    let test = || {
        let test = scene.client.test_state().definition(GET);
        test.input(r#"{"id":"nobody"}"#)
    };
    let real = test()
        .role_arn(ROLE)
        .inspection_level(InspectionLevel::Debug);
    let real = here(real.customize()).send().await.expect("a test");
    assert_eq!(
        real.status(),
        Some(&TestExecutionStatus::Succeeded),
        "{real:?}"
    );
    assert_eq!(real.next_state(), Some("Done"));
    let data = real.inspection_data().expect("data");
    let arguments = data.after_arguments().map(serde_json::from_str::<Value>);
    let key = json!({"TableName": "videoflow-local-jobs", "Key": {"JobId": {"S": "nobody"}}});
    assert_eq!(arguments.and_then(Result::ok), Some(key));
    assert_eq!(data.result(), real.output());

    let failing = MockErrorOutput::builder()
        .error("Busy")
        .cause("later")
        .build();
    let failing = MockInput::builder().error_output(failing).build();
    let after = |retries: i32| {
        let configuration = TestStateConfiguration::builder().retrier_retry_count(retries);
        let test = test()
            .mock(failing.clone())
            .state_configuration(configuration.build());
        here(test.inspection_level(InspectionLevel::Trace).customize()).send()
    };
    let retried = after(2).await.expect("a test");
    assert_eq!(retried.status(), Some(&TestExecutionStatus::Retriable));
    let details = retried
        .inspection_data()
        .and_then(|data| data.error_details());
    let backoff = details.and_then(|details| details.retry_backoff_interval_seconds);
    assert_eq!(backoff, Some(8));
    let caught = after(3).await.expect("a test");
    assert_eq!(caught.status(), Some(&TestExecutionStatus::CaughtError));
    assert_eq!(
        (caught.next_state(), caught.error()),
        (Some("Rescue"), Some("Busy"))
    );

    let odd = MockInput::builder().result(r#"{"Item": [1]}"#).build();
    let odd = here(test().mock(odd).customize()).send().await;
    let odd = odd.expect_err("no item");
    assert_eq!(odd.code(), Some("ValidationException"));
    let message = "Mock result schema validation error: Field 'Item' must be an object";
    assert_eq!(odd.message(), Some(message));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_validated() {
    let scene = scene().await;
    let validate = |definition: &str| {
        let validate = scene.client.validate_state_machine_definition();
        let severity = ValidateStateMachineDefinitionSeverity::Warning;
        validate.definition(definition).severity(severity).send()
    };
    let fine = validate(EACH).await.expect("a verdict");
    assert_eq!(fine.result, ValidateStateMachineDefinitionResultCode::Ok);
    assert_eq!((fine.diagnostics.len(), fine.truncated), (0, Some(false)));
    let wrong = EACH.replace(r#""Next": "Refuse""#, r#""Next": "Nowhere""#);
    let wrong = validate(&wrong).await.expect("a verdict");
    assert_eq!(wrong.result, ValidateStateMachineDefinitionResultCode::Fail);
    let first = wrong.diagnostics.first().expect("a diagnostic");
    assert_eq!(first.code, "MISSING_TRANSITION_TARGET");
    let place = "/States/Each/ItemProcessor/States/Judge/Choices/0/Next";
    assert_eq!(first.location(), Some(place));
}
