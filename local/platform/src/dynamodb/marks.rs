//! Writes that happen once for each token: a mark goes into a table of its own, in the same transaction.
//!
//! A write that asks for what was there before, or for what it costs, is made without a mark: a transaction does not
//! tell. On AWS the SDK has this only for `TransactWriteItems` (its `ClientRequestToken`, for ten minutes).

use dynoxide::{Database, DynoxideError};
use serde_json::{Map, Value, json};

use super::{dispatch, run};
use crate::token::Token;

/// Table of the marks. No list of tables shows it.
pub(super) const TABLE: &str = "platform-marks";

/// A mark is of use only to an execution that goes on after a crash.
const MEMORY_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Most actions of a transaction, the mark among them: `DynamoDB`'s own limit.
const MAX_ACTIONS: usize = 100;

/// Members that a transaction's action has, too.
const MEMBERS: [&str; 8] = [
    "TableName",
    "Item",
    "Key",
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// Makes the table and forgets old marks.
pub(super) fn open(database: &Database) -> Result<(), DynoxideError> {
    let table = json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
    });
    match dispatch(database, "CreateTable", &table) {
        Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
        Err(error) => return Err(error),
    }
    let expiry = json!({
        "TableName": TABLE,
        "TimeToLiveSpecification": {"AttributeName": "Expires", "Enabled": true},
    });
    run(&expiry, |request| database.update_time_to_live(request))?;
    database.sweep_ttl().map(drop)
}

/// Carries out a write unless that has happened with this token. `None`: it was not made here, because it is none, or
/// refused; asked without a token the database gives its answer.
pub(super) fn write(
    database: &Database,
    operation: &str,
    parameters: &Value,
    token: &Token,
    now_seconds: i64,
) -> Option<Value> {
    let mut actions = actions(operation, parameters)?;
    let expires = (now_seconds + MEMORY_SECONDS).to_string();
    let mark = json!({"Put": {
        "TableName": TABLE,
        "Item": {"Id": {"S": token.id().to_string()}, "Expires": {"N": expires}},
        "ConditionExpression": "attribute_not_exists(Id)",
    }});
    actions.insert(0, mark);
    match dispatch(
        database,
        "TransactWriteItems",
        &json!({"TransactItems": actions}),
    ) {
        Ok(_) => Some(json!({})),
        Err(DynoxideError::TransactionCanceledException(_, reasons)) => {
            let is_marked = reasons.first()?.code == "ConditionalCheckFailed";
            is_marked.then(|| json!({}))
        }
        Err(_) => None,
    }
}

/// A write as the actions of a transaction.
fn actions(operation: &str, parameters: &Value) -> Option<Vec<Value>> {
    let members = parameters.as_object()?;
    if operation == "TransactWriteItems" {
        let actions = members.get("TransactItems")?.as_array()?;
        let is_plain = members
            .keys()
            .all(|name| matches!(name.as_str(), "TransactItems" | "ClientRequestToken"));
        return (is_plain && actions.len() < MAX_ACTIONS).then(|| actions.clone());
    }
    let (kind, needed) = match operation {
        "PutItem" => ("Put", "Item"),
        "UpdateItem" => ("Update", "UpdateExpression"),
        "DeleteItem" => ("Delete", "Key"),
        _ => return None,
    };
    let asks_nothing = |(name, value): (&String, &Value)| {
        MEMBERS.contains(&name.as_str()) || (name.starts_with("Return") && value == "NONE")
    };
    if !members.contains_key(needed) || !members.iter().all(asks_nothing) {
        return None;
    }
    let members: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| MEMBERS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(vec![json!({ kind: members })])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        let database = Database::memory().expect("memory");
        open(&database).expect("a table");
        open(&database).expect("a table that exists stays");
        let table = json!({
            "TableName": "table",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "K", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "K", "KeyType": "HASH"}],
        });
        dispatch(&database, "CreateTable", &table).expect("a table");
        database
    }

    fn count(database: &Database) -> Value {
        let item = json!({"TableName": "table", "Key": {"K": {"S": "a"}}});
        let found = dispatch(database, "GetItem", &item).expect("an answer");
        found.pointer("/Item/N/N").cloned().unwrap_or_default()
    }

    #[test]
    fn each_write_happens_once_for_a_token() {
        let add = json!({
            "TableName": "table", "Key": {"K": {"S": "a"}},
            "UpdateExpression": "ADD N :one", "ExpressionAttributeValues": {":one": {"N": "1"}},
        });
        let put = json!({
            "TableName": "table", "Item": {"K": {"S": "a"}, "N": {"N": "7"}},
            "ConditionExpression": "N < :seven", "ExpressionAttributeValues": {":seven": {"N": "7"}},
        });
        let delete = json!({
            "TableName": "table", "Key": {"K": {"S": "a"}}, "ConditionExpression": "attribute_exists(K)", "ReturnValues": "NONE",
        });
        let transaction = json!({"TransactItems": [{"Update": add}], "ClientRequestToken": "x"});
        let database = database();
        for (operation, parameters, after) in [
            ("UpdateItem", &add, json!("1")),
            ("TransactWriteItems", &transaction, json!("2")),
            ("PutItem", &put, json!("7")),
            ("DeleteItem", &delete, Value::Null),
        ] {
            for _ in 0..2 {
                let answer = write(&database, operation, parameters, &Token::new(operation), 0);
                assert_eq!(answer, Some(json!({})), "{operation}");
                assert_eq!(count(&database), after, "{operation}");
            }
        }
    }

    #[test]
    fn what_is_refused_or_asks_for_more_is_left_to_the_database() {
        let refused = json!({
            "TableName": "table", "Item": {"K": {"S": "a"}}, "ConditionExpression": "attribute_exists(K)",
        });
        let asks =
            json!({"TableName": "table", "Key": {"K": {"S": "a"}}, "ReturnValues": "ALL_OLD"});
        let many: Vec<Value> = (0..MAX_ACTIONS).map(|_| json!({})).collect();
        let database = database();
        for (operation, parameters) in [
            ("PutItem", refused),
            (
                "PutItem",
                json!({"TableName": "none", "Item": {"K": {"S": "a"}}}),
            ),
            ("DeleteItem", asks),
            (
                "UpdateItem",
                json!({"TableName": "table", "Key": {"K": {"S": "a"}}}),
            ),
            ("TransactWriteItems", json!({"TransactItems": many})),
            (
                "GetItem",
                json!({"TableName": "table", "Key": {"K": {"S": "a"}}}),
            ),
        ] {
            let answer = write(&database, operation, &parameters, &Token::new("t"), 0);
            assert_eq!(answer, None, "{operation} {parameters}");
            assert_eq!(count(&database), Value::Null);
        }
    }
}
