//! The jobs and claims tables: the platform's own, in memory.

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use videoflow_platform::dynamodb::DynamoDb;
use videoflow_platform::names;
use videoflow_platform::service::{Call, Principal, Service as _, ServiceError};

/// The tables.
pub struct Tables {
    database: DynamoDb,
    runtime: Runtime,
}

impl Tables {
    /// New tables.
    pub fn new() -> Self {
        let database = DynamoDb::in_memory().expect("a database");
        database.create_tables(names::PREFIX).expect("new tables");
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        Self { database, runtime }
    }

    /// Calls `DynamoDB`.
    pub fn call(&self, operation: &str, parameters: Value) -> Result<Value, ServiceError> {
        let call = Call {
            principal: Principal("load".to_owned()),
            operation: operation.to_owned(),
            parameters,
        };
        self.runtime.block_on(self.database.call(call))
    }

    /// Writes the item of a new job; false: it is there.
    pub fn begin(&self, job: &str) -> bool {
        let item = json!({
            "JobId": { "S": job }, "JobStatus": { "S": "PROCESSING" }, "UpdatedAt": { "S": "2026-01-01T00:00:00Z" }
        });
        let put = json!({
            "TableName": names::prefixed("jobs"), "Item": item, "ConditionExpression": "attribute_not_exists(JobId)"
        });
        match self.call("PutItem", put) {
            Ok(_) => true,
            Err(error) if error.code == "ConditionalCheckFailedException" => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Status of a job.
    pub fn job_status(&self, job: &str) -> Option<String> {
        let get = json!({ "TableName": names::prefixed("jobs"), "Key": { "JobId": { "S": job } } });
        let item = self.call("GetItem", get).expect("an answer");
        Some(item["Item"]["JobStatus"]["S"].as_str()?.to_owned())
    }

    /// Settles a job that failed, unless it has settled otherwise.
    pub fn fail(&self, job: &str) {
        let update = json!({
            "TableName": names::prefixed("jobs"),
            "Key": { "JobId": { "S": job } },
            "UpdateExpression": "SET JobStatus = :failed",
            "ConditionExpression": "JobStatus = :processing",
            "ExpressionAttributeValues": { ":failed": { "S": "FAILED" }, ":processing": { "S": "PROCESSING" } },
        });
        match self.call("UpdateItem", update) {
            Ok(_) => {}
            Err(error) if error.code == "ConditionalCheckFailedException" => {}
            Err(error) => panic!("{error}"),
        }
    }
}
