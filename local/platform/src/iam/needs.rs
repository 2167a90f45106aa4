//! Which rights a call needs: IAM actions on resources, by AWS's rules.
//!
//! An operation needs the action of its own name on what it acts on, in nearly every case; the exceptions are here, each
//! with its reason. Sources: AWS's service authorization reference; for keys the pages of S3, DynamoDB, SQS and SNS on
//! customer keys.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::targets::key;
use crate::arn;
use crate::names::PREFIX;

/// One right that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// IAM action: `s3:GetObject`.
    pub action: String,
    /// ARN, or `*` where the action knows no resource.
    pub resource: String,
    /// Condition keys of the request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, String>,
    /// Needed only when the object is not there: S3 tells those who may list the bucket that there is none, and all
    /// others that they may not know.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub when_missing: bool,
}

impl Need {
    /// The right to an action on a resource.
    pub fn new(action: &str, resource: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: BTreeMap::new(),
            when_missing: false,
        }
    }

    /// With a condition key of the request.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.context.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// What a call needs on one of the things that it acts on; `variant` as in [`Access`](crate::record::Access).
pub fn needs(
    (service, operation): (&str, &str),
    (resource, variant): (&str, Option<&str>),
    parameters: &Value,
) -> Vec<Need> {
    match service {
        "s3" => s3(operation, resource, variant, parameters),
        "dynamodb" => dynamodb(operation, resource, variant),
        "sqs" => sqs(operation, resource),
        "sns" => sns(operation, resource),
        "lambda" if operation == "Invoke" => vec![Need::new("lambda:InvokeFunction", resource)],
        "mediaconvert" => mediaconvert(operation, resource, parameters),
        "bedrock" => bedrock(operation, resource, parameters),
        "transcribe" => transcribe(operation, resource, parameters),
        // Nobody can be kept from asking who he is.
        "sts" if operation == "GetCallerIdentity" => Vec::new(),
        "monitoring" => vec![Need::new(&format!("cloudwatch:{operation}"), resource)],
        _ => vec![Need::new(&format!("{service}:{operation}"), resource)],
    }
}

/// `kms:` actions on the key of what is encrypted by it: everything of ours in S3, DynamoDB, SQS and SNS. State machines
/// and event buses lie under AWS's own keys.
fn encrypted<const N: usize>(resource: &str, actions: [&str; N]) -> impl Iterator<Item = Need> {
    let is_ours = resource.contains(PREFIX);
    let needs = actions.map(|action| Need::new(&format!("kms:{action}"), &key()));
    needs.into_iter().filter(move |_| is_ours)
}

fn s3(operation: &str, resource: &str, variant: Option<&str>, parameters: &Value) -> Vec<Need> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let is_version = variant == Some("version")
        || variant == Some("source")
            && text("CopySource").is_some_and(|it| it.contains("?versionId="));
    let of_version = |action: &str| {
        let version = if is_version { "Version" } else { "" };
        Need::new(&action.replace("{version}", version), resource)
    };
    let missing = || Need {
        when_missing: true,
        ..Need::new("s3:ListBucket", bucket_of(resource))
    };
    match operation {
        "CopyObject" | "UploadPartCopy" if variant == Some("source") => {
            let read = [of_version("s3:GetObject{version}"), missing()];
            read.into_iter()
                .chain(encrypted(resource, ["Decrypt"]))
                .collect()
        }
        "GetObject" => {
            let read = [of_version("s3:GetObject{version}"), missing()];
            read.into_iter()
                .chain(encrypted(resource, ["Decrypt"]))
                .collect()
        }
        // There is no action for it; the checksum of an encrypted object is encrypted as well.
        "HeadObject" => {
            let is_checksum_asked = text("ChecksumMode") == Some("ENABLED");
            let checksum = encrypted(resource, ["Decrypt"]).filter(|_| is_checksum_asked);
            let read = [of_version("s3:GetObject{version}"), missing()];
            read.into_iter().chain(checksum).collect()
        }
        "GetObjectAttributes" => {
            let attributes = of_version("s3:GetObject{version}Attributes");
            vec![of_version("s3:GetObject{version}"), attributes, missing()]
        }
        "PutObject" | "CopyObject" => {
            let tags = text("Tagging").map(|_| Need::new("s3:PutObjectTagging", resource));
            let write = [Need::new("s3:PutObject", resource)]
                .into_iter()
                .chain(tags);
            write
                .chain(encrypted(resource, ["GenerateDataKey"]))
                .collect()
        }
        // Parts are encrypted one by one, and read again when they become an object.
        "CreateMultipartUpload" | "UploadPart" | "UploadPartCopy" | "CompleteMultipartUpload" => {
            let write = [Need::new("s3:PutObject", resource)];
            let keys = encrypted(resource, ["Decrypt", "GenerateDataKey"]);
            write.into_iter().chain(keys).collect()
        }
        "GetObjectTagging" => vec![of_version("s3:GetObject{version}Tagging"), missing()],
        "PutObjectTagging" => vec![of_version("s3:PutObject{version}Tagging"), missing()],
        "DeleteObjectTagging" => vec![of_version("s3:DeleteObject{version}Tagging"), missing()],
        "DeleteObject" => vec![of_version("s3:DeleteObject{version}")],
        // Which of them are versions is in the body, which nobody has read yet.
        "DeleteObjects" => ["s3:DeleteObject", "s3:DeleteObjectVersion"]
            .map(|action| Need::new(action, resource))
            .into(),
        other => vec![Need::new(
            &format!("s3:{}", named_otherwise(other)),
            resource,
        )],
    }
}

/// Actions of S3 on buckets and uploads that have another name than their operation.
fn named_otherwise(operation: &str) -> &str {
    match operation {
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListBuckets" => "ListAllMyBuckets",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "ListObjectVersions" => "ListBucketVersions",
        "ListParts" => "ListMultipartUploadParts",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        other => other,
    }
}

/// The bucket's ARN of an object's.
fn bucket_of(object: &str) -> &str {
    object.split('/').next().unwrap_or(object)
}

/// Whoever reads or writes items makes DynamoDB decrypt the table's key; the service takes no other right of the caller.
fn dynamodb(operation: &str, resource: &str, variant: Option<&str>) -> Vec<Need> {
    let action = match (operation, variant) {
        // A transaction has no action of its own: each item needs what it does.
        ("TransactWriteItems", Some("ConditionCheck")) => "ConditionCheckItem",
        ("TransactWriteItems", Some("Delete")) => "DeleteItem",
        ("TransactWriteItems", Some("Put")) => "PutItem",
        ("TransactWriteItems", Some("Update")) => "UpdateItem",
        ("TransactGetItems", _) => "GetItem",
        (operation, _) => operation,
    };
    let works_on_items =
        action.ends_with("Item") || ["BatchWriteItem", "Query", "Scan"].contains(&action);
    let keys = encrypted(resource, ["Decrypt"]).filter(|_| works_on_items);
    let action = Need::new(&format!("dynamodb:{action}"), resource);
    [action].into_iter().chain(keys).collect()
}

fn sqs(operation: &str, resource: &str) -> Vec<Need> {
    // Batches have no actions of their own.
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    let own = Need::new(&format!("sqs:{action}"), resource);
    let own = [own].into_iter();
    match action {
        "SendMessage" => own
            .chain(encrypted(resource, ["Decrypt", "GenerateDataKey"]))
            .collect(),
        "ReceiveMessage" => own.chain(encrypted(resource, ["Decrypt"])).collect(),
        _ => own.collect(),
    }
}

fn sns(operation: &str, resource: &str) -> Vec<Need> {
    match operation {
        "Publish" | "PublishBatch" => {
            let publish = [Need::new("sns:Publish", resource)];
            let keys = encrypted(resource, ["Decrypt", "GenerateDataKey"]);
            publish.into_iter().chain(keys).collect()
        }
        _ => vec![Need::new(&format!("sns:{operation}"), resource)],
    }
}

/// Whoever hands a role to a service must be allowed to.
fn mediaconvert(operation: &str, resource: &str, parameters: &Value) -> Vec<Need> {
    let role = parameters.get("Role").and_then(Value::as_str);
    let role = role.filter(|_| operation == "CreateJob");
    let pass = role.map(|role| {
        Need::new("iam:PassRole", role).with("iam:PassedToService", "mediaconvert.amazonaws.com")
    });
    let own = Need::new(&format!("mediaconvert:{operation}"), resource);
    [own].into_iter().chain(pass).collect()
}

fn bedrock(operation: &str, resource: &str, parameters: &Value) -> Vec<Need> {
    match operation {
        // Conversations have no actions of their own.
        "Converse" => vec![Need::new("bedrock:InvokeModel", resource)],
        "ConverseStream" => vec![Need::new("bedrock:InvokeModelWithResponseStream", resource)],
        // The invocation is authorised on the project and on the profile.
        "InvokeDataAutomationAsync" => {
            let profile = parameters
                .get("DataAutomationProfileArn")
                .and_then(Value::as_str);
            let resources = [Some(resource), profile].into_iter().flatten();
            let need = |resource| Need::new("bedrock:InvokeDataAutomationAsync", resource);
            resources.map(need).collect()
        }
        _ => vec![Need::new(&format!("bedrock:{operation}"), resource)],
    }
}

/// Transcribe encrypts what it writes by the key that the request names, with the caller's rights.
fn transcribe(operation: &str, resource: &str, parameters: &Value) -> Vec<Need> {
    let key = parameters
        .get("OutputEncryptionKMSKeyId")
        .and_then(Value::as_str);
    let key = key.filter(|_| operation == "StartTranscriptionJob");
    let encrypt = key.map(|key| {
        let arn = if key.starts_with("arn:") {
            key.to_owned()
        } else {
            arn::regional("kms", &format!("key/{key}"))
        };
        Need::new("kms:Encrypt", &arn)
    });
    let own = Need::new(&format!("transcribe:{operation}"), resource);
    [own].into_iter().chain(encrypt).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::accesses;

    /// Actions with the ends of their resources, `?` after what is needed only of a missing object.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are easier to read without borrows"
    )]
    fn check(service: &str, operation: &str, parameters: Value, expected: &[&str]) {
        let accesses = accesses(service, operation, &parameters);
        let needs = accesses.iter().flat_map(|access| &access.needs);
        let found = needs.map(|need| {
            let mark = if need.when_missing { "?" } else { "" };
            let end = need.resource.rsplit(':').next().unwrap_or_default();
            format!("{}{mark} {end}", need.action)
        });
        assert_eq!(
            found.collect::<Vec<_>>(),
            expected,
            "{service}:{operation} {parameters}"
        );
    }

    #[test]
    fn an_object_is_read_with_its_bucket_and_its_key() {
        let object = |bucket: &str| json!({"Bucket": bucket, "Key": "k/l"});
        let of = |members: Value| {
            let mut object = object("videoflow-local-output");
            if let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) {
                object.extend(members);
            }
            object
        };
        let (read, list) = (
            "s3:GetObject videoflow-local-output/k/l",
            "s3:ListBucket? videoflow-local-output",
        );
        let decrypt = "kms:Decrypt key/local";
        check(
            "s3",
            "GetObject",
            object("other"),
            &["s3:GetObject other/k/l", "s3:ListBucket? other"],
        );
        check("s3", "GetObject", of(json!({})), &[read, list, decrypt]);
        check("s3", "HeadObject", of(json!({})), &[read, list]);
        check(
            "s3",
            "HeadObject",
            of(json!({"ChecksumMode": "ENABLED"})),
            &[read, list, decrypt],
        );
        let version = "s3:GetObjectVersion videoflow-local-output/k/l";
        check(
            "s3",
            "HeadObject",
            of(json!({"VersionId": "1"})),
            &[version, list],
        );
        let write = "s3:PutObject videoflow-local-output/k/l";
        let encrypt = "kms:GenerateDataKey key/local";
        check("s3", "PutObject", of(json!({})), &[write, encrypt]);
        check(
            "s3",
            "PutObject",
            of(json!({"Tagging": "a=b"})),
            &[
                write,
                "s3:PutObjectTagging videoflow-local-output/k/l",
                encrypt,
            ],
        );
        check(
            "s3",
            "UploadPart",
            of(json!({})),
            &[write, decrypt, encrypt],
        );
        check(
            "s3",
            "CopyObject",
            of(json!({"CopySource": "/videoflow-local-output/k/m"})),
            &[
                write,
                encrypt,
                "s3:GetObject videoflow-local-output/k/m",
                list,
                decrypt,
            ],
        );
        let tag = "s3:PutObjectVersionTagging videoflow-local-output/k/l";
        check(
            "s3",
            "PutObjectTagging",
            of(json!({"VersionId": "1"})),
            &[tag, list],
        );
        check(
            "s3",
            "ListObjectsV2",
            json!({"Bucket": "b"}),
            &["s3:ListBucket b"],
        );
        check(
            "s3",
            "HeadBucket",
            json!({"Bucket": "b"}),
            &["s3:ListBucket b"],
        );
    }

    #[test]
    fn each_item_of_a_transaction_needs_what_it_does() {
        let items = json!({"TransactItems": [
            {"ConditionCheck": {"TableName": "videoflow-local-jobs"}}, {"Put": {"TableName": "t"}}]});
        let check_item = "dynamodb:ConditionCheckItem table/videoflow-local-jobs";
        check(
            "dynamodb",
            "TransactWriteItems",
            items,
            &[
                check_item,
                "kms:Decrypt key/local",
                "dynamodb:PutItem table/t",
            ],
        );
        let batch = json!({"RequestItems": {"t": [], "u": []}});
        check(
            "dynamodb",
            "BatchWriteItem",
            batch,
            &[
                "dynamodb:BatchWriteItem table/t",
                "dynamodb:BatchWriteItem table/u",
            ],
        );
        let query = json!({"TableName": "t", "IndexName": "i"});
        check(
            "dynamodb",
            "Query",
            query,
            &["dynamodb:Query table/t/index/i"],
        );
    }

    #[test]
    fn what_a_service_gets_from_the_caller_is_needed_too() {
        let job = json!({"Queue": "q", "Role": "arn:aws:iam::0:role/r"});
        check(
            "mediaconvert",
            "CreateJob",
            job,
            &["mediaconvert:CreateJob queues/q", "iam:PassRole role/r"],
        );
        let invocation = json!({"DataAutomationConfiguration": {"DataAutomationProjectArn": "arn:p"},
            "DataAutomationProfileArn": "arn:q"});
        check(
            "bedrock",
            "InvokeDataAutomationAsync",
            invocation,
            &[
                "bedrock:InvokeDataAutomationAsync p",
                "bedrock:InvokeDataAutomationAsync q",
            ],
        );
        let job = json!({"TranscriptionJobName": "j", "OutputEncryptionKMSKeyId": "k"});
        check(
            "transcribe",
            "StartTranscriptionJob",
            job,
            &["transcribe:StartTranscriptionJob *", "kms:Encrypt key/k"],
        );
        check(
            "bedrock",
            "Converse",
            json!({"ModelId": "m"}),
            &["bedrock:InvokeModel foundation-model/m"],
        );
    }

    #[test]
    fn batches_versions_and_aliases_are_authorised_as_what_they_are_of() {
        let url = json!({"QueueUrl": "http://127.0.0.1:1/0/videoflow-local-q"});
        let keys = ["kms:Decrypt key/local", "kms:GenerateDataKey key/local"];
        check(
            "sqs",
            "SendMessageBatch",
            url.clone(),
            &["sqs:SendMessage videoflow-local-q", keys[0], keys[1]],
        );
        check(
            "sqs",
            "ReceiveMessage",
            url,
            &["sqs:ReceiveMessage videoflow-local-q", keys[0]],
        );
        let topic = json!({"TopicArn": "arn:aws:sns:us-east-1:0:t"});
        check("sns", "PublishBatch", topic, &["sns:Publish t"]);
        let machine = json!({"StateMachineArn": "arn:aws:states:us-east-1:0:stateMachine:m:live"});
        check(
            "states",
            "StartExecution",
            machine,
            &["states:StartExecution m"],
        );
        let function = json!({"FunctionName": "arn:aws:lambda:us-east-1:0:function:f:1"});
        check("lambda", "Invoke", function, &["lambda:InvokeFunction 1"]);
        let function = json!({"FunctionName": "f", "Qualifier": "live"});
        check(
            "lambda",
            "Invoke",
            function,
            &["lambda:InvokeFunction live"],
        );
        check("sts", "GetCallerIdentity", json!({}), &[]);
    }
}
