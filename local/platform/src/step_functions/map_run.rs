//! Distributed Map: reading the items, writing the results.

use serde_json::{Value, json};
use videoflow_asl::items;
use videoflow_asl::results::ResultFile;

use super::integration::{Failure, Target, perform, refused_by_step_functions};
use crate::api_model::Integration;
use crate::service::{Call, Principal};
use crate::services::Services;

/// Pages of 1,000 objects that one reader reads: a library of a million videos.
const MAX_PAGES: usize = 1000;

/// A Distributed Map starts its children as executions of its own machine, with the rights of that.
pub(super) fn may_start_children(
    services: &Services,
    principal: &Principal,
    machine_arn: &str,
) -> Result<(), Failure> {
    let call = Call {
        principal: principal.clone(),
        operation: "StartExecution".to_owned(),
        parameters: json!({"StateMachineArn": machine_arn}),
    };
    services
        .made_within("states:DistributedMap", "states", &call)
        .map_err(|error| refused_by_step_functions(&call.operation, &error))
}

/// Reads the items of `resource`.
pub(super) async fn read_items(
    services: &Services,
    principal: &Principal,
    resource: &str,
    arguments: &Value,
    config: &Value,
) -> Result<Vec<Value>, Failure> {
    match resource {
        "arn:aws:states:::s3:listObjectsV2" => {}
        "arn:aws:states:::s3:getObject" => {
            return read_file(services, principal, arguments, config).await;
        }
        _ => {
            let cause = format!("the local platform cannot read items from {resource}");
            return Err(failed(cause));
        }
    }
    let limit = items::limit(config);
    let target = Target {
        service: "s3",
        operation: "ListObjectsV2".to_owned(),
        prefix: "S3",
        integration: Integration::Sdk,
    };
    let mut items = Vec::new();
    let mut parameters = arguments.clone();
    for _ in 0..MAX_PAGES {
        let mut page = perform(services, principal.clone(), &target, parameters.clone())
            .await
            .map_err(|failure| failed(format!("{}: {}", failure.error, failure.cause)))?;
        if let Some(Value::Array(contents)) = page.get_mut("Contents").map(Value::take) {
            items.extend(contents.iter().map(item));
        }
        let next = page
            .get("NextContinuationToken")
            .filter(|token| token.is_string())
            .cloned();
        let (Some(next), true) = (next, items.len() < limit) else {
            items.truncate(limit);
            return Ok(items);
        };
        if let Some(members) = parameters.as_object_mut() {
            members.insert("ContinuationToken".to_owned(), next);
        }
    }
    Err(failed(format!("more than {MAX_PAGES} pages of objects")))
}

/// Reads the items in an object.
async fn read_file(
    services: &Services,
    principal: &Principal,
    arguments: &Value,
    config: &Value,
) -> Result<Vec<Value>, Failure> {
    let target = Target {
        service: "s3",
        operation: "GetObject".to_owned(),
        prefix: "S3",
        integration: Integration::Sdk,
    };
    let object = perform(services, principal.clone(), &target, arguments.clone())
        .await
        .map_err(|failure| failed(format!("{}: {}", failure.error, failure.cause)))?;
    let body = object.get("Body").and_then(Value::as_str);
    items::read(body.unwrap_or_default(), config).map_err(|error| failed(error.to_string()))
}

/// Puts the files of a Map's results.
pub(super) async fn write_files(
    services: &Services,
    principal: &Principal,
    bucket: &str,
    files: Vec<ResultFile>,
) -> Result<(), Failure> {
    let target = Target {
        service: "s3",
        operation: "PutObject".to_owned(),
        prefix: "S3",
        integration: Integration::Sdk,
    };
    for file in files {
        let put = json!({
            "Bucket": bucket, "Key": file.key, "Body": file.body, "ContentType": "application/json"
        });
        perform(services, principal.clone(), &target, put)
            .await
            .map_err(|failure| Failure {
                error: "States.ResultWriterFailed".to_owned(),
                cause: format!("{}: {}", failure.error, failure.cause),
            })?;
    }
    Ok(())
}

/// An object as the reader hands it to the Map: `ETag` is spelt `Etag` there.
fn item(object: &Value) -> Value {
    let member = |name: &str| object.get(name).cloned().unwrap_or(Value::Null);
    json!({
        "Etag": member("ETag"),
        "Key": member("Key"),
        "LastModified": member("LastModified"),
        "Size": member("Size"),
        "StorageClass": object.get("StorageClass").cloned().unwrap_or_else(|| json!("STANDARD")),
    })
}

fn failed(cause: String) -> Failure {
    Failure {
        error: "States.ItemReaderFailed".to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::*;
    use crate::record::Record;
    use crate::service::{Service, ServiceError};

    /// Three objects in pages of two.
    struct TwoPages;

    #[async_trait]
    impl Service for TwoPages {
        fn name(&self) -> &'static str {
            "s3"
        }

        async fn call(&self, call: Call) -> Result<Value, ServiceError> {
            let is_second = call.parameters.get("ContinuationToken").is_some();
            Ok(if is_second {
                json!({"Contents": [{"Key": "c", "Size": 3}]})
            } else {
                json!({"Contents": [{"Key": "a", "Size": 1}, {"Key": "b", "Size": 2}], "NextContinuationToken": "n"})
            })
        }
    }

    async fn check(config: Value, expected: &[&str]) {
        let services = Services::new(Arc::new(Record::in_memory()));
        services.add(Arc::new(TwoPages));
        let principal = Principal("m".to_owned());
        let items = read_items(
            &services,
            &principal,
            "arn:aws:states:::s3:listObjectsV2",
            &json!({"Bucket": "b"}),
            &config,
        )
        .await;
        let keys = items.map(|items| {
            items
                .iter()
                .map(|item| item["Key"].as_str().unwrap_or("").to_owned())
                .collect()
        });
        assert_eq!(
            keys,
            Ok(expected
                .iter()
                .map(|key| (*key).to_owned())
                .collect::<Vec<_>>())
        );
    }

    #[tokio::test]
    async fn follows_pages_up_to_max_items() {
        check(json!({}), &["a", "b", "c"]).await;
        check(json!({"MaxItems": 2}), &["a", "b"]).await;
        check(json!({"MaxItems": 1}), &["a"]).await;
    }

    /// Keeps what is put into the bucket `b`; there is no other.
    #[derive(Default)]
    struct OneBucket(std::sync::Mutex<Vec<Value>>);

    #[async_trait]
    impl Service for OneBucket {
        fn name(&self) -> &'static str {
            "s3"
        }

        async fn call(&self, call: Call) -> Result<Value, ServiceError> {
            if call.parameters["Bucket"] != "b" {
                return Err(ServiceError::new("NoSuchBucket", 404, "there is none"));
            }
            if call.operation == "GetObject" {
                return Ok(json!({"Body": "A,B\n1,2\n3,4\n"}));
            }
            self.0.lock().expect("the only user").push(call.parameters);
            Ok(json!({}))
        }
    }

    #[tokio::test]
    async fn writes_the_files_of_results() {
        let bucket = Arc::new(OneBucket::default());
        let services = Services::new(Arc::new(Record::in_memory()));
        services.add(Arc::clone(&bucket) as Arc<dyn Service>);
        let principal = Principal("m".to_owned());
        let file = ResultFile {
            key: "p/manifest.json".to_owned(),
            body: "{}".to_owned(),
        };
        let written = write_files(&services, &principal, "b", vec![file.clone()]).await;
        assert_eq!(written, Ok(()));
        let put = bucket.0.lock().expect("the only user").clone();
        assert_eq!(
            put,
            [
                json!({"Bucket": "b", "Key": "p/manifest.json", "Body": "{}", "ContentType": "application/json"})
            ]
        );
        let refused = write_files(&services, &principal, "none", vec![file]).await;
        let refused = refused.map_err(|failure| failure.error);
        assert_eq!(refused, Err("States.ResultWriterFailed".to_owned()));
    }

    #[tokio::test]
    async fn reads_the_items_in_a_file() {
        let services = Services::new(Arc::new(Record::in_memory()));
        services.add(Arc::new(OneBucket::default()));
        let principal = Principal("m".to_owned());
        let config = json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1});
        let read = async |resource: &str, bucket: &str| {
            let object = json!({"Bucket": bucket, "Key": "k"});
            let resource = format!("arn:aws:states:::s3:{resource}");
            let items = read_items(&services, &principal, &resource, &object, &config).await;
            items.map_err(|failure| failure.error)
        };
        let refused = Err("States.ItemReaderFailed".to_owned());
        assert_eq!(
            read("getObject", "b").await,
            Ok(vec![json!({"A": "1", "B": "2"})])
        );
        assert_eq!(read("getObject", "none").await, refused);
        assert_eq!(read("putObject", "b").await, refused);
    }
}
