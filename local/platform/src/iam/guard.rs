//! Refuses calls that the policy of their principal does not allow.

use std::collections::BTreeMap;

use super::refusal::refusal;
use super::{Error, Need, Principal, Table, policies};
use crate::record::accesses;
use crate::s3::Buckets;
use crate::service::{Call, ServiceError};
use crate::services::Check;

/// The roles, and what their rights depend on.
pub struct Guard {
    principals: BTreeMap<String, Principal>,
    buckets: Buckets,
}

impl Guard {
    /// Guards with the policies of `table`; `buckets` tell which objects are there.
    ///
    /// # Errors
    /// [`Error`]: a policy cannot be rendered.
    pub fn new(table: &Table, buckets: Buckets) -> Result<Self, Error> {
        Ok(Self {
            principals: policies(table)?,
            buckets,
        })
    }

    /// Some rights are needed only when an object is missing.
    fn applies(&self, need: &Need, call: &Call) -> bool {
        if !need.when_missing {
            return true;
        }
        let text = |name: &str| {
            call.parameters
                .get(name)
                .and_then(serde_json::Value::as_str)
        };
        let (Some(bucket), Some(key)) = (text("Bucket"), text("Key")) else {
            return false;
        };
        !self.buckets.has_object(bucket, key, text("VersionId"))
    }
}

impl Check for Guard {
    fn check(&self, service: &str, call: &Call) -> Result<(), ServiceError> {
        let Some(principal) = self.principals.get(&call.principal.0) else {
            return Ok(());
        };
        let accesses = accesses(service, &call.operation, &call.parameters);
        let needs = accesses.iter().flat_map(|access| &access.needs);
        for need in needs {
            let decision = principal.policy.decide(need);
            if decision != super::Decision::Allowed && self.applies(need, call) {
                return Err(refusal(service, principal, need, decision));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::events::Events;
    use crate::service::Principal as Caller;
    use crate::sqs::Queues;

    fn guard() -> anyhow::Result<(tempfile::TempDir, Guard)> {
        let folder = tempfile::tempdir()?;
        let queues = Arc::new(Queues::open(None, "http://q")?);
        let events = Arc::new(Events::open(queues, "domain", None)?);
        let buckets = Buckets::open(folder.path(), events)?;
        let guard = Guard::new(&Table::committed()?, buckets)?;
        Ok((folder, guard))
    }

    fn ask(
        principal: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> anyhow::Result<Result<(), ServiceError>> {
        let (_folder, guard) = guard()?;
        let call = Call {
            principal: Caller(principal.to_owned()),
            operation: operation.to_owned(),
            parameters,
        };
        Ok(guard.check(service, &call))
    }

    #[test]
    fn a_role_has_the_rights_of_its_policy_and_others_all() -> anyhow::Result<()> {
        let check = |principal: &str, key: &str, expected: bool| {
            let object = json!({"Bucket": "videoflow-local-output", "Key": key});
            let answer = ask(principal, "s3", "PutObject", object)?;
            assert_eq!(answer.is_ok(), expected, "{principal} {key}");
            anyhow::Ok(())
        };
        check("align-streams", "work/a", true)?;
        check("align-streams", "media/a", false)?;
        check("sanitize-file", "work/a", false)?;
        check("AKIA", "media/a", true)?;
        check("videoflow-run", "media/a", true)
    }

    #[test]
    fn each_service_refuses_in_its_own_words() -> anyhow::Result<()> {
        let user = "User: arn:aws:sts::000000000000:assumed-role/videoflow-local-align-streams-lambda/videoflow-local-align-streams";
        let check = |service: &str,
                     operation: &str,
                     parameters: Value,
                     expected: (&str, u16, &str)| {
            let refused = ask("align-streams", service, operation, parameters)?;
            let error = refused.expect_err("no right of this function");
            let (code, status, lack) = expected;
            let action = lack.split(' ').next().unwrap_or_default();
            let message = format!(
                "{user} is not authorized to perform: {lack} because no identity-based policy allows the {action} action"
            );
            assert_eq!(
                (error.code.as_str(), error.status, error.message),
                (code, status, message)
            );
            anyhow::Ok(())
        };
        check(
            "s3",
            "PutObject",
            json!({"Bucket": "b", "Key": "k"}),
            (
                "AccessDenied",
                403,
                "s3:PutObject on resource: \"arn:aws:s3:::b/k\"",
            ),
        )?;
        check(
            "dynamodb",
            "PutItem",
            json!({"TableName": "t"}),
            (
                "AccessDeniedException",
                400,
                "dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/t",
            ),
        )?;
        check(
            "sqs",
            "SendMessage",
            json!({"QueueUrl": "http://h/0/q"}),
            (
                "AccessDenied",
                403,
                "sqs:sendmessage on resource: arn:aws:sqs:us-east-1:000000000000:q",
            ),
        )?;
        check(
            "sns",
            "Publish",
            json!({"TopicArn": "arn:t"}),
            ("AuthorizationError", 403, "SNS:Publish on resource: arn:t"),
        )?;
        check(
            "lambda",
            "Invoke",
            json!({"FunctionName": "arn:f:1"}),
            (
                "AccessDeniedException",
                403,
                "lambda:InvokeFunction on resource: arn:f:1",
            ),
        )?;
        check(
            "rekognition",
            "StartLabelDetection",
            json!({}),
            (
                "AccessDeniedException",
                400,
                "rekognition:StartLabelDetection",
            ),
        )?;
        check(
            "bedrock",
            "Converse",
            json!({"ModelId": "arn:m"}),
            (
                "AccessDeniedException",
                403,
                "bedrock:InvokeModel on resource: arn:m",
            ),
        )
    }

    #[test]
    fn who_may_not_list_a_bucket_learns_nothing_of_missing_objects() -> anyhow::Result<()> {
        let mut table: Value =
            serde_json::from_str(include_str!("../../../../terraform/permissions.json"))?;
        let statements = table["calls"]["s3:GetObject"]
            .as_array_mut()
            .expect("statements");
        statements.retain(|statement| statement["on"] != "bucket");
        let (_folder, guard) = guard()?;
        let forgetful = Guard::new(&Table::parse(&table.to_string())?, guard.buckets.clone())?;
        let call = Call {
            principal: Caller("align-streams".to_owned()),
            operation: "GetObject".to_owned(),
            parameters: json!({"Bucket": "videoflow-local-output", "Key": "work/none"}),
        };
        assert_eq!(guard.check("s3", &call), Ok(()));
        let refused = forgetful.check("s3", &call).expect_err("it may not list");
        assert!(
            refused.message.contains("perform: s3:ListBucket"),
            "{refused}"
        );
        Ok(())
    }
}
