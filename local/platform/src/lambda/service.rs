//! `Invoke` of the Lambda API.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::host::{Answer, Error, Host};
use crate::service::{Call, Service, ServiceError};

/// The service `lambda`.
pub struct LambdaService {
    host: Arc<Host>,
}

impl LambdaService {
    /// Answers calls by the functions of `host`.
    pub fn new(host: Arc<Host>) -> Self {
        Self { host }
    }
}

#[async_trait]
impl Service for LambdaService {
    fn name(&self) -> &'static str {
        "lambda"
    }

    /// `Payload` is a JSON value on both ways; a function that failed is an answer with `FunctionError`.
    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        if call.operation != "Invoke" {
            let message = format!("{} is not part of the local Lambda", call.operation);
            return Err(ServiceError {
                code: "UnknownOperationException".to_owned(),
                message,
                status: 400,
            });
        }
        let name = call
            .parameters
            .get("FunctionName")
            .and_then(Value::as_str)
            .ok_or_else(|| ServiceError {
                code: "InvalidParameterValueException".to_owned(),
                message: "FunctionName is required".to_owned(),
                status: 400,
            })?;
        let payload = call.parameters.get("Payload").unwrap_or(&Value::Null);
        self.host
            .invoke(name, payload)
            .await
            .map(|answer| shape(&answer))
            .map_err(|error| refuse(&error))
    }
}

fn shape(answer: &Answer) -> Value {
    let mut shaped = json!({"ExecutedVersion": "1", "Payload": answer.payload, "StatusCode": 200});
    if let (Some(error), Some(members)) = (answer.function_error, shaped.as_object_mut()) {
        members.insert("FunctionError".to_owned(), json!(error));
    }
    shaped
}

fn refuse(error: &Error) -> ServiceError {
    let (code, status) = match error {
        Error::FunctionNotFound(_) => ("ResourceNotFoundException", 404),
        Error::NotStarted { .. } => ("InvalidRuntimeException", 502),
        Error::ShuttingDown => ("ServiceException", 500),
    };
    ServiceError {
        code: code.to_owned(),
        message: error.to_string(),
        status,
    }
}
