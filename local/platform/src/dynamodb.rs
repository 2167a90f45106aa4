//! DynamoDB: dynoxide on a file, called with the JSON form of the API that is the same on the wire and in Task states.

mod marks;

use std::path::Path;

use async_trait::async_trait;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::service::{Call, Failure, Service, ServiceError};
use crate::token::Token;

/// Cause why the tables cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database or a table cannot be opened or made.
    #[error("the tables cannot be opened: {0}")]
    Unusable(#[from] DynoxideError),
    /// The path of the database is not Unicode.
    #[error("the path of the tables is not Unicode")]
    PathNotUnicode,
}

/// The local DynamoDB.
#[derive(Clone)]
pub struct DynamoDb {
    database: Database,
}

impl DynamoDb {
    /// Opens the tables kept in `file`.
    ///
    /// # Errors
    /// `Unusable`, `PathNotUnicode`.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let path = file.to_str().ok_or(Error::PathNotUnicode)?;
        Ok(Self {
            database: Database::new(path)?,
        })
    }

    /// Tables in memory, for tests.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn in_memory() -> Result<Self, Error> {
        Ok(Self {
            database: Database::memory()?,
        })
    }

    /// Makes the tables of jobs and claims that are missing; `prefix` is that of the environment
    /// (`videoflow-local-`).
    ///
    /// # Errors
    /// `Unusable`.
    pub fn create_tables(&self, prefix: &str) -> Result<(), Error> {
        for table in tables(prefix) {
            match dispatch(&self.database, "CreateTable", &table) {
                Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(marks::open(&self.database)?)
    }

    /// The database blocks (a write to its file takes about a millisecond), so it works on the blocking pool.
    async fn work(&self, call: Call, token: Option<Token>) -> Result<Value, Failure> {
        let database = self.database.clone();
        let work = move || {
            let (operation, parameters) = (call.operation.as_str(), &call.parameters);
            let now = time::OffsetDateTime::now_utc().unix_timestamp();
            let written =
                token.and_then(|token| marks::write(&database, operation, parameters, &token, now));
            match written {
                Some(answer) => Ok(answer),
                None => dispatch(&database, operation, parameters).map_err(|error| failure(&error)),
            }
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer,
            Err(error) => {
                Err(ServiceError::new("InternalServerError", 500, error.to_string()).into())
            }
        }
    }
}

/// `CreateTable` requests of the two tables, as the design has them.
fn tables(prefix: &str) -> [Value; 2] {
    let jobs = json!({
        "TableName": format!("{prefix}jobs"),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "JobId", "AttributeType": "S"},
            {"AttributeName": "JobStatus", "AttributeType": "S"},
            {"AttributeName": "UpdatedAt", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "JobId", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "JobStatusUpdatedAt",
            "KeySchema": [
                {"AttributeName": "JobStatus", "KeyType": "HASH"},
                {"AttributeName": "UpdatedAt", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }],
    });
    let claims = json!({
        "TableName": format!("{prefix}claims"),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "ClaimId", "AttributeType": "S"},
            {"AttributeName": "ClaimStatus", "AttributeType": "S"},
            {"AttributeName": "UpdatedAt", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "ClaimId", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "ClaimStatusUpdatedAt",
            "KeySchema": [
                {"AttributeName": "ClaimStatus", "KeyType": "HASH"},
                {"AttributeName": "UpdatedAt", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }],
    });
    [jobs, claims]
}

#[async_trait]
impl Service for DynamoDb {
    fn name(&self) -> &'static str {
        "dynamodb"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        self.answer(call).await.map_err(|failure| failure.error)
    }

    async fn answer(&self, call: Call) -> Result<Value, Failure> {
        self.work(call, None).await
    }

    async fn answer_once(&self, call: Call, token: &Token) -> Result<Value, Failure> {
        self.work(call, Some(token.clone())).await
    }
}

fn dispatch(
    database: &Database,
    operation: &str,
    parameters: &Value,
) -> Result<Value, DynoxideError> {
    match operation {
        "CreateTable" => run(parameters, |request| database.create_table(request)),
        "DeleteTable" => run(parameters, |request| database.delete_table(request)),
        "DescribeTable" => run(parameters, |request| database.describe_table(request)),
        "ListTables" => run(parameters, |request| database.list_tables(request)).map(shown),
        "PutItem" => run(parameters, |request| database.put_item(request)),
        "GetItem" => run(parameters, |request| database.get_item(request)),
        "DeleteItem" => run(parameters, |request| database.delete_item(request)),
        "UpdateItem" => run(parameters, |request| database.update_item(request)),
        "Query" => run(parameters, |request| database.query(request)),
        "Scan" => run(parameters, |request| database.scan(request)),
        "BatchGetItem" => run(parameters, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(parameters, |request| database.batch_write_item(request)),
        "TransactWriteItems" => run(parameters, |request| database.transact_write_items(request)),
        "TransactGetItems" => run(parameters, |request| database.transact_get_items(request)),
        _ => Err(DynoxideError::UnsupportedCapability(operation.to_owned())),
    }
}

/// A list of tables without that of the marks.
fn shown(mut list: Value) -> Value {
    if let Some(Value::Array(names)) = list.get_mut("TableNames") {
        names.retain(|name| name != marks::TABLE);
    }
    list
}

/// Reads the request, carries it out and writes the answer. The request goes through text because dynoxide reads
/// attribute values from text only as DynamoDB does.
fn run<Request, Response>(
    parameters: &Value,
    operation: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<Value, DynoxideError>
where
    Request: DeserializeOwned,
    Response: Serialize,
{
    let request =
        serde_json::from_str(&parameters.to_string()).map_err(|error| unreadable(&error))?;
    let response = operation(request)?;
    serde_json::to_value(response)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// DynamoDB calls a missing or null member a validation error and a wrong type a serialisation error. dynoxide marks
/// the class in front of its own messages.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    for marker in ["VALIDATION_REQUEST:", "VALIDATION:", "VALIDATION_AS_READ:"] {
        if let Some(rest) = message.strip_prefix(marker) {
            return DynoxideError::ValidationException(rest.to_owned());
        }
    }
    for marker in ["SERIALIZATION:", "SERIALIZATION_AS_READ:"] {
        if let Some(rest) = message.strip_prefix(marker) {
            return DynoxideError::SerializationException(rest.to_owned());
        }
    }
    if ["missing field", "unknown variant", "null", "AttributeValue"]
        .iter()
        .any(|part| message.contains(part))
    {
        DynoxideError::ValidationException(message.to_owned())
    } else {
        DynoxideError::SerializationException(message.to_owned())
    }
}

/// The error with the members of its shape: `CancellationReasons` of a transaction, `Item` of a refused condition.
fn failure(error: &DynoxideError) -> Failure {
    if let DynoxideError::UnsupportedCapability(operation) = error {
        return ServiceError::unknown_operation(operation).into();
    }
    let body: Map<String, Value> = serde_json::from_str(&error.to_json()).unwrap_or_default();
    let code = error.error_type();
    let code = code.rsplit('#').next().unwrap_or(code);
    let members = body.into_iter();
    Failure {
        error: ServiceError::new(code, error.status_code(), error.to_string()),
        members: members
            .filter(|(name, _)| !matches!(name.as_str(), "__type" | "message" | "Message"))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Principal;

    async fn answer(
        service: &DynamoDb,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, Failure> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        service.answer(call).await
    }

    fn code(answer: &Result<Value, Failure>) -> &str {
        answer
            .as_ref()
            .map_or_else(|failure| failure.error.code.as_str(), |_| "")
    }

    #[tokio::test]
    async fn answers_conditions_indexes_and_transactions() {
        let service = DynamoDb::in_memory().expect("memory");
        service
            .create_tables("videoflow-local-")
            .expect("new tables");
        service
            .create_tables("videoflow-local-")
            .expect("tables that exist stay");

        let put = json!({
            "TableName": "videoflow-local-jobs",
            "Item": {"JobId": {"S": "v-1"}, "JobStatus": {"S": "PROCESSING"}, "UpdatedAt": {"S": "2026-01-01"}},
            "ConditionExpression": "attribute_not_exists(JobId)",
        });
        assert_eq!(code(&answer(&service, "PutItem", put.clone()).await), "");
        assert_eq!(
            code(&answer(&service, "PutItem", put.clone()).await),
            "ConditionalCheckFailedException"
        );

        let query = json!({
            "TableName": "videoflow-local-jobs",
            "IndexName": "JobStatusUpdatedAt",
            "KeyConditionExpression": "JobStatus = :status",
            "ExpressionAttributeValues": {":status": {"S": "PROCESSING"}},
        });
        let found = answer(&service, "Query", query).await.expect("an answer");
        assert_eq!(found.get("Count"), Some(&json!(1)));

        let transaction = json!({"TransactItems": [{"Put": put}]});
        let refused = answer(&service, "TransactWriteItems", transaction)
            .await
            .expect_err("the item exists");
        assert_eq!(refused.error.code, "TransactionCanceledException");
        let reason = refused
            .members
            .first()
            .and_then(|(_, reasons)| reasons.get(0)?.get("Code"));
        assert_eq!(reason, Some(&json!("ConditionalCheckFailed")));
    }

    #[tokio::test]
    async fn refuses_as_dynamodb_does() {
        let service = DynamoDb::in_memory().expect("memory");
        for (operation, parameters, expected) in [
            (
                "GetItem",
                json!({"TableName": "none", "Key": {"A": {"S": "b"}}}),
                "ResourceNotFoundException",
            ),
            ("GetItem", json!({"TableName": 7}), "SerializationException"),
            (
                "PutItem",
                json!({"TableName": "none", "Item": {"A": {}}}),
                "ValidationException",
            ),
            (
                "ExportTableToPointInTime",
                json!({}),
                "UnknownOperationException",
            ),
        ] {
            let answer = answer(&service, operation, parameters).await;
            assert_eq!(code(&answer), expected, "{operation}");
        }
    }

    #[tokio::test]
    async fn keeps_items_across_restarts() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("tables.sqlite");
        let item = json!({"ClaimId": {"S": "c"}});
        {
            let service = DynamoDb::open(&file).expect("a new file");
            service.create_tables("p-").expect("new tables");
            let put = json!({"TableName": "p-claims", "Item": item});
            assert_eq!(code(&answer(&service, "PutItem", put).await), "");
        }
        let service = DynamoDb::open(&file).expect("the same file");
        service.create_tables("p-").expect("tables that exist stay");
        let get = json!({"TableName": "p-claims", "Key": item});
        let found = answer(&service, "GetItem", get).await.expect("an answer");
        assert_eq!(found.get("Item"), Some(&item));
    }
}
