//! Activities: created, described, deleted, and their tasks handed to workers.

use std::time::Duration;

use serde_json::{Value, json};

use super::StatesService;
use super::error::{internal, refusal, required};
use super::shapes::{is_name, page};
use crate::names;
use crate::pages::with_token;
use crate::service::ServiceError;
use crate::step_functions::activities::Activity;
use crate::step_functions::driver::now;

/// How long a worker's poll is held (AWS's limit).
const POLL: Duration = Duration::from_mins(1);

impl StatesService {
    /// The same name again is the same activity, whatever its tags.
    pub(super) fn create_activity(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let name = required(parameters, "Name")?;
        if !is_name(name) {
            return Err(refusal("InvalidName", &format!("Invalid Name: '{name}'")));
        }
        let activity = self.shared.activities.create(Activity {
            arn: names::activity_arn(name),
            name: name.to_owned(),
            creation_date: now().seconds(),
        });
        let activity = activity.map_err(|error| internal(&error.to_string()))?;
        Ok(json!({"ActivityArn": activity.arn, "CreationDate": activity.creation_date}))
    }

    pub(super) fn describe_activity(&self, parameters: &Value) -> Result<Value, ServiceError> {
        Ok(described(&self.activity(parameters)?))
    }

    pub(super) fn list_activities(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let (page, next) = page(self.shared.activities.list(), parameters)?;
        let items: Vec<Value> = page.iter().map(described).collect();
        Ok(with_token(json!({"Activities": items}), next))
    }

    /// One that is gone is deleted again without a word.
    pub(super) fn delete_activity(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = activity_arn(parameters)?;
        let deleted = self.shared.activities.delete(arn);
        deleted.map_err(|error| internal(&error.to_string()))?;
        Ok(json!({}))
    }

    pub(super) async fn get_activity_task(
        &self,
        parameters: &Value,
    ) -> Result<Value, ServiceError> {
        self.poll(parameters, POLL).await
    }

    /// Nothing within the time of a poll is a task without a token.
    pub(in crate::step_functions) async fn poll(
        &self,
        parameters: &Value,
        hold: Duration,
    ) -> Result<Value, ServiceError> {
        let arn = self.activity(parameters)?.arn;
        let worker = parameters.get("WorkerName").and_then(Value::as_str);
        let shared = &self.shared;
        let taken = shared.activities.take(&arn, worker, &shared.tokens);
        match tokio::time::timeout(hold, taken).await {
            Ok(Some(offer)) => Ok(json!({"TaskToken": offer.token, "Input": offer.input})),
            Ok(None) => Err(no_activity(&arn)),
            Err(_) => Ok(json!({"TaskToken": null, "Input": null})),
        }
    }

    fn activity(&self, parameters: &Value) -> Result<Activity, ServiceError> {
        let arn = activity_arn(parameters)?;
        let activity = self.shared.activities.find(arn);
        activity.ok_or_else(|| no_activity(arn))
    }
}

fn activity_arn(parameters: &Value) -> Result<&str, ServiceError> {
    let arn = required(parameters, "ActivityArn")?;
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "states", _, _, "activity", name] if !name.is_empty() => Ok(arn),
        _ => Err(refusal("InvalidArn", &format!("Invalid Arn: '{arn}'"))),
    }
}

fn no_activity(arn: &str) -> ServiceError {
    refusal(
        "ActivityDoesNotExist",
        &format!("Activity Does Not Exist: '{arn}'"),
    )
}

fn described(activity: &Activity) -> Value {
    json!({
        "ActivityArn": activity.arn,
        "Name": activity.name,
        "CreationDate": activity.creation_date,
    })
}
