//! `TestState`: the engine runs the state, the platform makes its call, as the role that the caller names.
//!
//! AWS answers it at `sync-states.…`, and its SDKs put `sync-` before the host of any endpoint. For an endpoint without
//! that name they have to be told not to (`AWS_DISABLE_HOST_PREFIX_INJECTION=true` for boto3 and the AWS CLI).
//!
//! Mocked results of services that the platform does not have are held to no model. Nor are those of `.sync` and
//! `.waitForTaskToken`: what AWS holds them to is not known.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;
use videoflow_asl::test_state::{
    Call, Configuration, Error, ErrorOutput, Mock, Report, Request, Test,
};

use super::StatesService;
use super::error::{refusal, required};
use super::history::capitalise_members;
use crate::api_model::Strictness;
use crate::names;
use crate::service::{Principal, ServiceError};
use crate::step_functions::driver::now;
use crate::step_functions::integration::{Target, perform, target};

/// Longest test (AWS's limit).
const LONGEST: Duration = Duration::from_mins(5);

impl StatesService {
    pub(super) async fn test_state(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let role = text(parameters, "RoleArn");
        let region_and_account = format!("{}:{}", names::REGION, names::ACCOUNT);
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        let request = Request {
            definition: required(parameters, "Definition")?,
            state_name: text(parameters, "StateName"),
            input: input(parameters)?,
            variables: variables(parameters)?,
            context: text(parameters, "Context"),
            role_arn: role,
            mock: parameters.get("Mock").map(mock),
            configuration: configuration(parameters.get("StateConfiguration")),
            reveals_secrets: parameters.get("RevealSecrets") == Some(&Value::Bool(true)),
            region_and_account: &region_and_account,
            now: now(),
            seed,
        };
        let mut test = Test::begin(request).map_err(|error| match error {
            Error::Definition(message) => refusal("InvalidDefinition", &message),
            Error::Request(message) => refusal("ValidationException", &message),
        })?;
        if let (Some(resource), Some(mock)) = (test.resource(), parameters.get("Mock")) {
            self.check_mock(resource, mock)?;
        }
        if let Some(call) = test.call().cloned() {
            let answer = self.call_for_test(call, role.unwrap_or_default()).await;
            test.answer(answer);
        }
        let shows_data = !matches!(text(parameters, "InspectionLevel"), None | Some("INFO"));
        Ok(answer(test.report(), shows_data))
    }

    /// Holds a mocked result to the API model, where the platform has the service's.
    fn check_mock(&self, resource: &str, mock: &Value) -> Result<(), ServiceError> {
        let strictness = match text(mock, "FieldValidationMode") {
            Some("NONE") => return Ok(()),
            Some("PRESENT") => Strictness::Present,
            _ => Strictness::Strict,
        };
        let result = text(mock, "Result").and_then(|text| serde_json::from_str(text).ok());
        let (Some(target), Some(models), Some(result)) =
            (target(resource), self.shared.services.models(), result)
        else {
            return Ok(());
        };
        let Target {
            integration,
            service,
            operation,
            ..
        } = target;
        models
            .check_mock(integration, service, &operation, strictness, &result)
            .map_err(|message| refusal("ValidationException", &message))
    }

    /// Makes the call of a Task as the role.
    async fn call_for_test(&self, call: Call, role: &str) -> Result<Value, (String, String)> {
        let Some(target) = target(&call.resource) else {
            let cause = format!(
                "the local platform has no integration for {}",
                call.resource
            );
            return Err(("States.Runtime".to_owned(), cause));
        };
        let role = role.rsplit('/').next().unwrap_or_default();
        let principal = Principal(names::unprefixed(role).to_owned());
        let own = call.timeout_ms.and_then(|ms| u64::try_from(ms).ok());
        let limit = own.map_or(LONGEST, |ms| Duration::from_millis(ms).min(LONGEST));
        let made = perform(&self.shared.services, principal, &target, call.arguments);
        match tokio::time::timeout(limit, made).await {
            Ok(made) => made.map_err(|failure| (failure.error, failure.cause)),
            Err(_) => Err(("States.Timeout".to_owned(), String::new())),
        }
    }
}

fn text<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

fn input(parameters: &Value) -> Result<Value, ServiceError> {
    serde_json::from_str(text(parameters, "Input").unwrap_or("{}")).map_err(|error| {
        let message = format!("Invalid State Machine Execution Input: '{error}'");
        refusal("InvalidExecutionInput", &message)
    })
}

fn variables(parameters: &Value) -> Result<Map<String, Value>, ServiceError> {
    let variables =
        text(parameters, "Variables").map_or_else(|| Ok(json!({})), serde_json::from_str);
    match variables {
        Ok(Value::Object(variables)) => Ok(variables),
        _ => Err(refusal(
            "ValidationException",
            "Variables must be a JSON object",
        )),
    }
}

fn mock(mock: &Value) -> Mock {
    let owned = |parent: &Value, name: &str| text(parent, name).map(str::to_owned);
    let error_output = mock.get("ErrorOutput").filter(|output| output.is_object());
    Mock {
        result: owned(mock, "Result"),
        error_output: error_output.map(|output| ErrorOutput {
            error: owned(output, "Error"),
            cause: owned(output, "Cause"),
        }),
    }
}

fn configuration(given: Option<&Value>) -> Configuration {
    let member = |name: &str| given.and_then(|given| given.get(name));
    let number = |name: &str| {
        let number = member(name).and_then(Value::as_u64);
        number.and_then(|number| u32::try_from(number).ok())
    };
    let text = |name: &str| member(name).and_then(Value::as_str).map(str::to_owned);
    Configuration {
        retrier_retry_count: number("RetrierRetryCount").unwrap_or(0),
        error_caused_by_state: text("ErrorCausedByState"),
        map_iteration_failure_count: number("MapIterationFailureCount"),
        map_item_reader_data: text("MapItemReaderData"),
    }
}

fn answer(report: Report, shows_data: bool) -> Value {
    let inspection = shows_data.then(|| capitalise_members(Value::Object(report.inspection)));
    let members = [
        ("Status", json!(report.status)),
        (
            "Output",
            json!(report.output.map(|output| output.to_string())),
        ),
        ("Error", json!(report.error)),
        ("Cause", json!(report.cause)),
        ("NextState", json!(report.next_state)),
        ("InspectionData", json!(inspection)),
    ];
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
