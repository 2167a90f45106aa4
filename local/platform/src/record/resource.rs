//! Which resources a call acts on, by its parameters, and which rights it needs on each.

use serde_json::Value;

use crate::arn;
use crate::iam::{Need, needs};
use crate::names::REGION;

/// One thing that a call acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// ARN, or `*` for operations that have no resource.
    pub resource: String,
    /// What makes the same operation need other rights: `version` of an object, `source` of a copy, or what an item
    /// of a transaction does (`Update`).
    pub variant: Option<&'static str>,
    /// The rights that the call needs on it.
    pub needs: Vec<Need>,
}

/// All that a call acts on, each thing once.
pub fn accesses(service: &str, operation: &str, parameters: &Value) -> Vec<Access> {
    let access = |(resource, variant): (String, Option<&'static str>)| Access {
        needs: needs((service, operation), (&resource, variant), parameters),
        resource,
        variant,
    };
    let mut found = acted_on(service, operation, parameters);
    if found.is_empty() {
        // A request that names nothing is a call all the same.
        found.push((resource(service, operation, parameters), None));
    }
    found.into_iter().map(access).collect()
}

/// Resources and variants.
fn acted_on(
    service: &str,
    operation: &str,
    parameters: &Value,
) -> Vec<(String, Option<&'static str>)> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let one = || resource(service, operation, parameters);
    match (service, operation) {
        ("dynamodb", "TransactWriteItems" | "TransactGetItems") => transaction(parameters),
        ("dynamodb", "BatchGetItem" | "BatchWriteItem") => batch(parameters),
        ("events", "PutEvents") => buses(parameters),
        ("s3", "CopyObject" | "UploadPartCopy") => {
            let source = text("CopySource").and_then(|source| {
                let source = source.split_once('?').map_or(source, |(object, _)| object);
                let (bucket, key) = source.trim_start_matches('/').split_once('/')?;
                Some((arn::s3(bucket, Some(key)), Some("source")))
            });
            [(one(), None)].into_iter().chain(source).collect()
        }
        _ => {
            let version = text("VersionId").filter(|_| service == "s3");
            vec![(one(), version.map(|_| "version"))]
        }
    }
}

/// ARN of the resource that a call acts on, or `*` for operations that have none.
fn resource(service: &str, operation: &str, parameters: &Value) -> String {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let named = match service {
        "s3" => text("Bucket").map(|bucket| s3(operation, bucket, text("Key"))),
        "dynamodb" => dynamodb(parameters),
        "sqs" => text("QueueUrl")
            .or_else(|| text("QueueName"))
            .map(arn::last_part)
            .map(arn::queue),
        "sns" => text("TopicArn")
            .map(str::to_owned)
            .or_else(|| text("Name").map(arn::topic)),
        "events" => Some(events(operation, parameters)),
        "states" => first_text(
            parameters,
            &["ExecutionArn", "StateMachineArn", "StateMachineAliasArn"],
        )
        .map(|arn| unqualified(&arn)),
        "lambda" => text("FunctionName").map(|name| {
            let function = if name.starts_with("arn:") {
                name.to_owned()
            } else {
                arn::regional("lambda", &format!("function:{name}"))
            };
            match text("Qualifier") {
                Some(qualifier) => format!("{function}:{qualifier}"),
                None => function,
            }
        }),
        "logs" => text("LogGroupName").map(|group| {
            let stream = text("LogStreamName").map(|stream| format!(":log-stream:{stream}"));
            let stream = stream.unwrap_or_default();
            arn::regional("logs", &format!("log-group:{group}{stream}"))
        }),
        "mediaconvert" => mediaconvert(operation, parameters),
        "bedrock" => bedrock(parameters),
        // A job that is yet to be has no rights of its own.
        "transcribe" => text("TranscriptionJobName")
            .filter(|_| operation != "StartTranscriptionJob")
            .map(|name| arn::regional("transcribe", &format!("transcription-job/{name}"))),
        _ => None,
    };
    named.unwrap_or_else(|| "*".to_owned())
}

fn first_text(parameters: &Value, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| parameters.get(name).and_then(Value::as_str))
        .map(str::to_owned)
}

/// A state machine's ARN without version or alias: rights are those on the machine.
fn unqualified(arn: &str) -> String {
    match arn.split_once(":stateMachine:") {
        Some((before, name)) => {
            let name = name.split(':').next().unwrap_or(name);
            format!("{before}:stateMachine:{name}")
        }
        None => arn.to_owned(),
    }
}

fn s3(operation: &str, bucket: &str, key: Option<&str>) -> String {
    match operation {
        "ListObjects" | "ListObjectsV2" | "ListObjectVersions" => arn::s3(bucket, None),
        // The keys are in the body, which nobody has read yet.
        "DeleteObjects" => arn::s3(bucket, Some("*")),
        _ => arn::s3(bucket, key.filter(|key| !key.is_empty())),
    }
}

fn dynamodb(parameters: &Value) -> Option<String> {
    let table = table(parameters.get("TableName")?.as_str()?);
    match parameters.get("IndexName").and_then(Value::as_str) {
        Some(index) => Some(format!("{table}/index/{index}")),
        None => Some(table),
    }
}

/// A table is called by its name or by its ARN.
fn table(name_or_arn: &str) -> String {
    if name_or_arn.starts_with("arn:") {
        name_or_arn.to_owned()
    } else {
        arn::table(name_or_arn)
    }
}

/// What the items of a transaction do, and to which tables.
fn transaction(parameters: &Value) -> Vec<(String, Option<&'static str>)> {
    let mut found = Vec::new();
    let items = parameters.get("TransactItems").and_then(Value::as_array);
    for item in items.into_iter().flatten() {
        for variant in ["ConditionCheck", "Delete", "Get", "Put", "Update"] {
            let name = item
                .get(variant)
                .and_then(|action| action.get("TableName")?.as_str());
            let access = name.map(|name| (table(name), Some(variant)));
            found.extend(access.filter(|access| !found.contains(access)));
        }
    }
    found
}

/// The tables of a batch.
fn batch(parameters: &Value) -> Vec<(String, Option<&'static str>)> {
    let items = parameters.get("RequestItems").and_then(Value::as_object);
    let tables = items.into_iter().flat_map(|items| items.keys());
    tables.map(|name| (table(name), None)).collect()
}

/// The buses that get events.
fn buses(parameters: &Value) -> Vec<(String, Option<&'static str>)> {
    let entries = parameters.get("Entries").and_then(Value::as_array);
    let mut found = Vec::new();
    for entry in entries.into_iter().flatten() {
        let access = (bus(entry), None);
        if !found.contains(&access) {
            found.push(access);
        }
    }
    found
}

fn bus(named: &Value) -> String {
    let name = named.get("EventBusName").and_then(Value::as_str);
    arn::event_bus(arn::last_part(name.unwrap_or("default")))
}

/// A rule on the default bus has no bus in its ARN.
fn events(operation: &str, parameters: &Value) -> String {
    let name = ["Rule", "Name"]
        .iter()
        .find_map(|name| parameters.get(name).and_then(Value::as_str));
    match name.filter(|_| operation.contains("Rule") || operation.contains("Target")) {
        Some(name) => {
            let bus = parameters.get("EventBusName").and_then(Value::as_str);
            let bus = bus.map(arn::last_part).filter(|bus| *bus != "default");
            let place = bus.map_or_else(String::new, |bus| format!("{bus}/"));
            arn::regional("events", &format!("rule/{place}{name}"))
        }
        None => bus(parameters),
    }
}

fn mediaconvert(operation: &str, parameters: &Value) -> Option<String> {
    if ["CreateJob", "SearchJobs"].contains(&operation) {
        let queue = parameters
            .get("Queue")
            .and_then(Value::as_str)
            .unwrap_or("Default");
        Some(arn::regional(
            "mediaconvert",
            &format!("queues/{}", arn::last_part(queue)),
        ))
    } else {
        let id = parameters.get("Id")?.as_str()?;
        Some(arn::regional("mediaconvert", &format!("jobs/{id}")))
    }
}

fn bedrock(parameters: &Value) -> Option<String> {
    if let Some(model) = parameters.get("ModelId").and_then(Value::as_str) {
        return Some(if model.starts_with("arn:") {
            model.to_owned()
        } else {
            format!("arn:aws:bedrock:{REGION}::foundation-model/{model}")
        });
    }
    let configuration = parameters.get("DataAutomationConfiguration");
    configuration
        .and_then(|configuration| configuration.get("DataAutomationProjectArn")?.as_str())
        .or_else(|| parameters.get("InvocationArn").and_then(Value::as_str))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are easier to read without borrows"
    )]
    fn check(service: &str, operation: &str, parameters: Value, expected: &str) {
        let found = accesses(service, operation, &parameters);
        let found = found.iter().map(|access| match access.variant {
            Some(variant) => format!("{variant} {}", access.resource),
            None => access.resource.clone(),
        });
        assert_eq!(
            found.collect::<Vec<_>>().join(", "),
            expected,
            "{service}:{operation}"
        );
    }

    #[test]
    fn tells_apart_what_needs_other_rights() {
        check(
            "s3",
            "PutObject",
            json!({"Bucket": "b", "Key": "a/b c"}),
            "arn:aws:s3:::b/a/b c",
        );
        check(
            "s3",
            "HeadObject",
            json!({"Bucket": "b", "Key": "k", "VersionId": "1"}),
            "version arn:aws:s3:::b/k",
        );
        check(
            "s3",
            "CopyObject",
            json!({"Bucket": "b", "Key": "k", "CopySource": "/a/c/d"}),
            "arn:aws:s3:::b/k, source arn:aws:s3:::a/c/d",
        );
        check(
            "s3",
            "ListObjectsV2",
            json!({"Bucket": "b"}),
            "arn:aws:s3:::b",
        );
        check(
            "dynamodb",
            "Query",
            json!({"TableName": "t", "IndexName": "i"}),
            "arn:aws:dynamodb:us-east-1:000000000000:table/t/index/i",
        );
        check(
            "dynamodb",
            "TransactWriteItems",
            json!({"TransactItems": [{"Put": {"TableName": "b"}}, {"Update": {"TableName": "a"}}, {"Put": {"TableName": "b"}}]}),
            "Put arn:aws:dynamodb:us-east-1:000000000000:table/b, Update arn:aws:dynamodb:us-east-1:000000000000:table/a",
        );
    }

    #[test]
    fn names_the_resource_of_each_service() {
        check(
            "sqs",
            "SendMessage",
            json!({"QueueUrl": "http://127.0.0.1:1/000000000000/q"}),
            "arn:aws:sqs:us-east-1:000000000000:q",
        );
        check("sns", "Publish", json!({"TopicArn": "arn:t"}), "arn:t");
        check(
            "events",
            "PutEvents",
            json!({"Entries": [{"EventBusName": "domain"}]}),
            "arn:aws:events:us-east-1:000000000000:event-bus/domain",
        );
        check(
            "states",
            "StartExecution",
            json!({"StateMachineArn": "arn:m"}),
            "arn:m",
        );
        check(
            "states",
            "StartExecution",
            json!({"StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m:live"}),
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        );
        check(
            "transcribe",
            "StartTranscriptionJob",
            json!({"TranscriptionJobName": "j"}),
            "*",
        );
        check(
            "lambda",
            "Invoke",
            json!({"FunctionName": "f"}),
            "arn:aws:lambda:us-east-1:000000000000:function:f",
        );
        check(
            "mediaconvert",
            "CreateJob",
            json!({}),
            "arn:aws:mediaconvert:us-east-1:000000000000:queues/Default",
        );
        check(
            "mediaconvert",
            "GetJob",
            json!({"Id": "1"}),
            "arn:aws:mediaconvert:us-east-1:000000000000:jobs/1",
        );
        check(
            "bedrock",
            "Converse",
            json!({"ModelId": "m"}),
            "arn:aws:bedrock:us-east-1::foundation-model/m",
        );
        check(
            "bedrock",
            "GetDataAutomationStatus",
            json!({"InvocationArn": "arn:i"}),
            "arn:i",
        );
        check("mediaconvert", "Probe", json!({"InputFiles": []}), "*");
        check(
            "rekognition",
            "GetLabelDetection",
            json!({"JobId": "1"}),
            "*",
        );
    }
}
