//! STS: who calls. Credentials are not given out, because any will do.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::names::ACCOUNT;
use crate::service::{Call, Service, ServiceError};

/// The service `sts`.
pub struct Sts;

#[async_trait]
impl Service for Sts {
    fn name(&self) -> &'static str {
        "sts"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let caller = call.principal.0;
        match call.operation.as_str() {
            "GetCallerIdentity" => Ok(json!({
                "UserId": caller,
                "Account": ACCOUNT,
                "Arn": format!("arn:aws:iam::{ACCOUNT}:user/{caller}"),
            })),
            operation => Err(ServiceError::unknown_operation(operation)),
        }
    }
}
