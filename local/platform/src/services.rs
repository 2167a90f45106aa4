//! All services by name, and the one place through which every call goes: it is recorded here, whether it came
//! over the wire or from a Task state.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use crate::api_model::ApiModels;
use crate::record::{Caller, Record, accesses};
use crate::service::{Call, Failure, Service, ServiceError};
use crate::token::Token;

/// Looks at every call before its service gets it.
pub trait Check: Send + Sync {
    /// Lets the call through, or answers in the place of `service`, which is named as in the `SigV4` scope.
    ///
    /// # Errors
    /// The error answer that AWS would give.
    fn check(&self, service: &str, call: &Call) -> Result<(), ServiceError>;
}

/// The services of the platform. Services may be added while it runs, because some of them call others through it.
pub struct Services {
    by_name: RwLock<HashMap<&'static str, Vec<Arc<dyn Service>>>>,
    models: Option<ApiModels>,
    checks: Vec<Box<dyn Check>>,
    record: Arc<Record>,
}

impl Services {
    /// No services yet; calls go into `record`.
    pub fn new(record: Arc<Record>) -> Self {
        Self::checked(record, Vec::new())
    }

    /// Like [`Services::new`]; every call goes through `checks`, one after the other.
    pub fn checked(record: Arc<Record>, checks: Vec<Box<dyn Check>>) -> Self {
        Self {
            by_name: RwLock::default(),
            models: None,
            checks,
            record,
        }
    }

    /// Holds every call, before the other checks, and every answer to AWS's API models.
    #[must_use]
    pub fn with_models(self, models: ApiModels) -> Self {
        Self {
            models: Some(models),
            ..self
        }
    }

    /// AWS's API models, where calls are held to them.
    pub(crate) fn models(&self) -> Option<&ApiModels> {
        self.models.as_ref()
    }

    /// Adds a service. Two may share a name, as Bedrock's Converse and Data Automation do: the second is asked
    /// when the first does not know the operation.
    pub fn add(&self, service: Arc<dyn Service>) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.entry(service.name()).or_default().push(service);
    }

    /// The record of the calls.
    pub fn record(&self) -> &Arc<Record> {
        &self.record
    }

    /// Lets a call of `service` through all checks. Only for protocols that reach their service on a way of their own.
    ///
    /// # Errors
    /// The answer of the first check that refuses.
    pub fn check(&self, service: &str, call: &Call) -> Result<(), ServiceError> {
        if let Some(models) = &self.models {
            models.check(service, call)?;
        }
        self.checks
            .iter()
            .try_for_each(|check| check.check(service, call))
    }

    /// Calls a service by its name in the `SigV4` scope or its Step Functions integration
    /// (`sfn`, `bedrockruntime`).
    ///
    /// # Errors
    /// The error answer of the service; `UnknownOperationException` when there is no such service.
    pub async fn call(&self, service: &str, call: Call) -> Result<Value, ServiceError> {
        self.answer(service, call)
            .await
            .map_err(|failure| failure.error)
    }

    /// Like [`Services::call`], with the members of an error.
    ///
    /// # Errors
    /// As [`Services::call`].
    pub async fn answer(&self, service: &str, call: Call) -> Result<Value, Failure> {
        self.pass(None, signing_name(service), call, None).await
    }

    /// Like [`Services::call`], for what a service calls with the rights of `call.principal` in the course of `within`,
    /// a call by its name in `permissions.json`.
    ///
    /// # Errors
    /// As [`Services::call`].
    pub async fn call_within(
        &self,
        within: &str,
        service: &str,
        call: Call,
    ) -> Result<Value, ServiceError> {
        let answer = self.pass(Some(within), signing_name(service), call, None);
        answer.await.map_err(|failure| failure.error)
    }

    /// Checks and records a call as [`Services::call_within`] does, and leaves it to the caller, who is the service itself
    /// or has another way to it.
    ///
    /// # Errors
    /// The answer of the first check that refuses.
    pub fn made_within(
        &self,
        within: &str,
        service: &str,
        call: &Call,
    ) -> Result<(), ServiceError> {
        // It may be told in part only: what it needs for its rights.
        let mut checks = self.checks.iter();
        let checked = checks.try_for_each(|check| check.check(service, call));
        let error = checked.as_ref().err().map(|error| error.code.as_str());
        let accesses = accesses(service, &call.operation, &call.parameters);
        let caller = Caller {
            principal: &call.principal.0,
            service,
            action: &call.operation,
            within: Some(within),
        };
        self.record.add(caller, accesses, error);
        checked
    }

    /// Like [`Services::call`], once for each token ([`Service::answer_once`]).
    ///
    /// # Errors
    /// As [`Services::call`].
    pub async fn call_once(
        &self,
        service: &str,
        call: Call,
        token: &Token,
    ) -> Result<Value, ServiceError> {
        self.pass(None, signing_name(service), call, Some(token))
            .await
            .map_err(|failure| failure.error)
    }

    async fn pass(
        &self,
        within: Option<&str>,
        name: &str,
        call: Call,
        token: Option<&Token>,
    ) -> Result<Value, Failure> {
        let accesses = accesses(name, &call.operation, &call.parameters);
        let principal = call.principal.0.clone();
        let operation = call.operation.clone();
        let answer = match self.check(name, &call) {
            Ok(()) => self.ask(name, call, token).await,
            Err(refused) => Err(refused.into()),
        };
        if let (Some(models), Ok(answer)) = (&self.models, &answer) {
            models.check_answer(name, &operation, answer);
        }
        let error = answer
            .as_ref()
            .err()
            .map(|failure| failure.error.code.as_str());
        let caller = Caller {
            principal: &principal,
            service: name,
            action: &operation,
            within,
        };
        self.record.add(caller, accesses, error);
        answer
    }

    async fn ask(&self, name: &str, call: Call, token: Option<&Token>) -> Result<Value, Failure> {
        let services = {
            let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
            by_name.get(name).cloned().unwrap_or_default()
        };
        let mut failure = Failure::from(ServiceError::unknown_operation(&format!(
            "{name}:{}",
            call.operation
        )));
        for service in services {
            let answer = match token {
                Some(token) => service.answer_once(call.clone(), token).await,
                None => service.answer(call.clone()).await,
            };
            match answer {
                Err(unknown) if unknown.error.code == "UnknownOperationException" => {
                    failure = unknown;
                }
                answer => return answer,
            }
        }
        Err(failure)
    }
}

/// Name in the `SigV4` scope of a service that Step Functions' SDK integrations call otherwise.
fn signing_name(service: &str) -> &str {
    match service {
        "cloudwatch" => "monitoring",
        "sfn" => "states",
        "eventbridge" => "events",
        "bedrockruntime" | "bedrockdataautomationruntime" => "bedrock",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;

    use super::*;
    use crate::service::Principal;

    /// Answers one operation with its own parameters.
    struct Echo(&'static str, &'static str);

    #[async_trait]
    impl Service for Echo {
        fn name(&self) -> &'static str {
            self.0
        }

        async fn call(&self, call: Call) -> Result<Value, ServiceError> {
            if call.operation == self.1 {
                Ok(call.parameters)
            } else {
                Err(ServiceError::unknown_operation(&call.operation))
            }
        }
    }

    fn call(operation: &str) -> Call {
        Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters: json!({"Operation": operation}),
        }
    }

    /// Refuses one operation.
    struct Refuse(&'static str);

    impl Check for Refuse {
        fn check(&self, _: &str, call: &Call) -> Result<(), ServiceError> {
            if call.operation == self.0 {
                return Err(ServiceError::new("AccessDenied", 403, "no"));
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_refused_call_is_recorded_and_reaches_no_service() {
        let record = Arc::new(Record::in_memory());
        let services =
            Services::checked(record, vec![Box::new(Refuse("B")), Box::new(Refuse("C"))]);
        services.add(Arc::new(Echo("s3", "A")));
        for (operation, expected) in [
            ("A", None),
            ("B", Some("AccessDenied")),
            ("C", Some("AccessDenied")),
        ] {
            let answer = services.call("s3", call(operation)).await;
            let code = answer.err().map(|error| error.code);
            assert_eq!(code.as_deref(), expected, "{operation}");
            let calls = services.record().calls();
            let recorded = calls.last().and_then(|call| call.error.as_deref());
            assert_eq!(recorded, expected, "{operation}");
        }
    }

    #[tokio::test]
    async fn asks_each_service_of_a_name_and_records_every_call() {
        let services = Services::new(Arc::new(Record::in_memory()));
        services.add(Arc::new(Echo("bedrock", "Converse")));
        services.add(Arc::new(Echo("bedrock", "GetDataAutomationStatus")));

        for (service, operation, expected) in [
            ("bedrockruntime", "Converse", None),
            ("bedrock", "GetDataAutomationStatus", None),
            ("bedrock", "InvokeModel", Some("UnknownOperationException")),
            ("polly", "Speak", Some("UnknownOperationException")),
        ] {
            let answer = services.call(service, call(operation)).await;
            assert_eq!(
                answer.err().map(|error| error.code).as_deref(),
                expected,
                "{operation}"
            );
        }
        let calls = services.record().calls();
        assert_eq!(calls.len(), 4);
        assert!(calls.iter().take(3).all(|call| call.service == "bedrock"));
        assert_eq!(calls.iter().filter(|call| call.error.is_some()).count(), 2);
    }
}
