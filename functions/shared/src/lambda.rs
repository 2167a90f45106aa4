//! What every function's `main` does: logging, clients' configuration, the invocation loop.

use std::fmt;
use std::future::Future;
use std::sync::Once;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::SharedCredentialsProvider;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{Instrument, error, info, info_span};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::http;

/// Why a function could not start.
pub type StartError = lambda_runtime::Error;

/// Name of the error that every function answers to an input it cannot read.
pub const INVALID_INPUT: &str = "InvalidInput";

static LOGGING: Once = Once::new();

/// Starts JSON logging and reads the AWS configuration; the first thing a function does.
pub fn start() -> SdkConfig {
    LOGGING.call_once(|| {
        let format = tracing_subscriber::fmt::layer()
            .json()
            .with_target(false)
            .with_current_span(true)
            .with_span_list(false)
            .without_time();
        tracing_subscriber::registry()
            .with(format)
            .with(filter())
            .init();
    });
    config()
}

/// What Lambda gives every function by its environment. The SDK's chain of other places, which are not there on Lambda,
/// would only make every package larger.
fn config() -> SdkConfig {
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http::client());
    config.set_region(std::env::var("AWS_REGION").ok().map(Region::new));
    config.set_endpoint_url(std::env::var("AWS_ENDPOINT_URL").ok());
    config.build()
}

/// What is logged: by `RUST_LOG` (levels by module), else by the function's log level.
fn filter() -> Targets {
    let named = |name| std::env::var(name).ok()?.parse::<Targets>().ok();
    ["RUST_LOG", "AWS_LAMBDA_LOG_LEVEL"]
        .into_iter()
        .find_map(named)
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO))
}

/// Serves invocations: parses the input, calls `handle`, names its error.
///
/// An input that does not parse is the error `InvalidInput`. An error of `handle` has the name of its variant.
///
/// # Errors
/// The runtime API cannot be reached.
pub async fn run<I, O, E, F, A>(handle: F) -> Result<(), StartError>
where
    I: DeserializeOwned,
    O: Serialize,
    E: std::error::Error,
    for<'a> &'static str: From<&'a E>,
    F: Fn(I) -> A,
    A: Future<Output = Result<O, E>>,
{
    let handle = &handle;
    let service = service_fn(move |event: LambdaEvent<Value>| async move {
        let span = info_span!(
            "invocation",
            function = event.context.env_config.function_name,
            job = job_of(&event.payload),
            request = event.context.request_id,
        );
        answer(event.payload, handle).instrument(span).await
    });
    lambda_runtime::Runtime::new(service).run().await
}

/// One invocation, logged at its edge.
async fn answer<I, O, E, F, A>(payload: Value, handle: &F) -> Result<O, Diagnostic>
where
    I: DeserializeOwned,
    E: std::error::Error,
    for<'a> &'static str: From<&'a E>,
    F: Fn(I) -> A,
    A: Future<Output = Result<O, E>>,
{
    let result = match serde_json::from_value(payload) {
        // Boxed: the nested futures of the SDKs are deeper than the compiler's default recursion limit.
        Ok(input) => Box::pin(handle(input))
            .await
            .map_err(|error| diagnostic((&error).into(), &error)),
        Err(error) => Err(diagnostic(INVALID_INPUT, &error)),
    };
    match &result {
        Ok(_) => info!("done"),
        Err(diagnostic) => error!(
            error = diagnostic.error_type,
            "{}", diagnostic.error_message
        ),
    }
    result
}

/// An error by its name, as Step Functions will see it.
pub fn diagnostic(name: &str, error: &dyn fmt::Display) -> Diagnostic {
    Diagnostic {
        error_type: name.to_owned(),
        error_message: error.to_string(),
    }
}

/// The job that an input is about; events of queues are about several.
fn job_of(payload: &Value) -> &str {
    payload.get("jobId").and_then(Value::as_str).unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
    enum Failure {
        #[error("the cause")]
        OddNumber,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        number: u32,
    }

    async fn halve(input: Input) -> Result<u32, Failure> {
        if input.number.is_multiple_of(2) {
            Ok(input.number / 2)
        } else {
            Err(Failure::OddNumber)
        }
    }

    async fn check(payload: Value, expected: Result<u32, &str>) {
        let result = answer(payload, &halve)
            .await
            .map_err(|diagnostic| diagnostic.error_type);
        assert_eq!(
            result.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|name| *name)
        );
    }

    #[tokio::test]
    async fn names_errors_by_their_variant() {
        check(json!({"number": 4}), Ok(2)).await;
        check(json!({"number": 3}), Err("OddNumber")).await;
        check(json!({"number": 4, "other": 1}), Err("InvalidInput")).await;
        check(json!(null), Err("InvalidInput")).await;
    }
}
