//! Operations of the Lambda API: functions are invoked and described; what they are is the deployment's.
//!
//! An asynchronous invocation is tried once, where AWS tries it three times, and has no queue of its own.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::function::Function;
use super::host::{Answer, Error, Host};
use crate::names;
use crate::service::{Call, Service, ServiceError};

/// The only version of every function.
const VERSION: &str = "1";

/// Name of the version that is not published yet, which is the same here.
const LATEST: &str = "$LATEST";

/// Functions in one answer of `ListFunctions`: Lambda's own limit.
const MAX_LISTED: usize = 50;

/// The service `lambda`.
pub struct LambdaService {
    host: Arc<Host>,
}

impl LambdaService {
    /// Answers calls by the functions of `host`.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }

    /// `Payload` is a JSON value on both ways; a function that failed is an answer with `FunctionError`.
    async fn invoke(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let (function, _) = self.function(parameters)?;
        let payload = parameters.get("Payload").unwrap_or(&Value::Null);
        match text("InvocationType") {
            None | Some("RequestResponse") => {
                let answer = self.host.invoke(&function.name, payload).await;
                let answer = answer.map_err(|error| refuse(&error))?;
                let mut shaped = shape(&answer);
                if text("LogType") == Some("Tail") {
                    let log = self.host.log_tail(&function.name, &answer.request_id).await;
                    shaped.insert("LogResult".to_owned(), json!(STANDARD.encode(log)));
                }
                Ok(Value::Object(shaped))
            }
            Some("Event") => {
                let (host, name, payload) = (
                    Arc::clone(&self.host),
                    function.name.clone(),
                    payload.clone(),
                );
                tokio::spawn(async move {
                    match host.invoke(&name, &payload).await {
                        Ok(answer) if answer.function_error.is_none() => {}
                        Ok(answer) => {
                            tracing::warn!(function = name, error = %answer.payload, "an asynchronous invocation failed");
                        }
                        Err(error) => tracing::warn!(%error, "an asynchronous invocation failed"),
                    }
                });
                Ok(json!({"StatusCode": 202}))
            }
            Some("DryRun") => Ok(json!({"StatusCode": 204})),
            Some(other) => Err(invalid(&format!("InvocationType {other} is none"))),
        }
    }

    /// The function that a call names, and by which version.
    fn function(&self, parameters: &Value) -> Result<(&Function, &'static str), ServiceError> {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let name = text("FunctionName").ok_or_else(|| invalid("FunctionName is required"))?;
        let function = self.host.function(name);
        let in_name = match name.strip_prefix("arn:aws:lambda:") {
            Some(rest) => rest.split(':').nth(4),
            None => name.split(':').nth(1),
        };
        let version = match text("Qualifier").or(in_name) {
            None | Some(LATEST) => Some(LATEST),
            Some(VERSION) => Some(VERSION),
            Some(_) => None,
        };
        function.zip(version).ok_or_else(|| {
            let qualifier = text("Qualifier").map(|qualifier| format!(":{qualifier}"));
            let named = format!("{name}{}", qualifier.unwrap_or_default());
            refuse(&Error::FunctionNotFound(named))
        })
    }

    fn list(&self, parameters: &Value) -> Value {
        let after = parameters.get("Marker").and_then(Value::as_str);
        let asked = parameters.get("MaxItems").and_then(Value::as_u64);
        let count = asked.map_or(MAX_LISTED, |count| {
            usize::try_from(count).map_or(MAX_LISTED, |count| count.clamp(1, MAX_LISTED))
        });
        let mut rest = self
            .host
            .functions()
            .filter(|function| after.is_none_or(|after| function.full_name.as_str() > after));
        let page: Vec<&Function> = rest.by_ref().take(count).collect();
        let marker = page.last().filter(|_| rest.next().is_some());
        let shown = page.iter().map(|function| configuration(function, LATEST));
        let mut answer = json!({"Functions": shown.collect::<Vec<_>>()});
        if let (Some(last), Some(answer)) = (marker, answer.as_object_mut()) {
            answer.insert("NextMarker".to_owned(), json!(last.full_name));
        }
        answer
    }
}

#[async_trait]
impl Service for LambdaService {
    fn name(&self) -> &'static str {
        "lambda"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let described = || {
            self.function(parameters)
                .map(|(function, version)| (configuration(function, version), function))
        };
        match call.operation.as_str() {
            "Invoke" => self.invoke(parameters).await,
            "ListFunctions" => Ok(self.list(parameters)),
            "GetFunctionConfiguration" => Ok(described()?.0),
            "GetFunction" => {
                let (configuration, function) = described()?;
                let code = json!({"RepositoryType": "S3", "Location": format!("file://{}", function.binary.display())});
                Ok(json!({"Configuration": configuration, "Code": code, "Tags": {}}))
            }
            "ListVersionsByFunction" => {
                let (_, function) = described()?;
                let versions = [LATEST, VERSION].map(|version| configuration(function, version));
                Ok(json!({"Versions": versions}))
            }
            operation => Err(ServiceError::unknown_operation(operation)),
        }
    }
}

/// What Lambda says of a function. Settings that the platform gives every function are not its own.
fn configuration(function: &Function, version: &str) -> Value {
    let file = std::fs::metadata(&function.binary).ok();
    let modified = file.as_ref().and_then(|file| file.modified().ok());
    let modified = OffsetDateTime::from(modified.unwrap_or(SystemTime::UNIX_EPOCH));
    let format = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+0000"
    );
    let settings: Map<String, Value> = function
        .environment
        .iter()
        .filter(|(name, _)| !name.starts_with("AWS_"))
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let unqualified = function.arn.trim_end_matches(VERSION).trim_end_matches(':');
    json!({
        "FunctionName": function.full_name,
        "FunctionArn": if version == LATEST { unqualified } else { &function.arn },
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": names::role_arn(&function.name),
        "CodeSize": file.map_or(0, |file| file.len()),
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mb,
        "LastModified": modified.format(format).unwrap_or_default(),
        "Version": version,
        "Environment": {"Variables": settings},
        "PackageType": "Zip",
        "Architectures": [if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }],
        "State": "Active",
        "LastUpdateStatus": "Successful",
    })
}

fn shape(answer: &Answer) -> Map<String, Value> {
    let members = [
        ("ExecutedVersion", json!(VERSION)),
        ("Payload", answer.payload.clone()),
        ("StatusCode", json!(200)),
    ];
    let error = answer
        .function_error
        .map(|error| ("FunctionError", json!(error)));
    members
        .into_iter()
        .chain(error)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new("InvalidParameterValueException", 400, message)
}

fn refuse(error: &Error) -> ServiceError {
    let (code, status) = match error {
        Error::FunctionNotFound(_) => ("ResourceNotFoundException", 404),
        Error::NotStarted { .. } => ("InvalidRuntimeException", 502),
        Error::ShuttingDown => ("ServiceException", 500),
    };
    ServiceError::new(code, status, error.to_string())
}
