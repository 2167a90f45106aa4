//! State machines: told of.

use serde_json::{Value, json};

use super::StatesService;
use super::error::no_machine;
use super::shapes::{page, with_token};
use crate::names;
use crate::service::ServiceError;

impl StatesService {
    pub(super) fn list_machines(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let machines = self.shared.machines.iter().map(|machine| {
            json!({"Name": machine.name, "StateMachineArn": machine.arn, "Type": "STANDARD", "CreationDate": 0})
        });
        let (page, next) = page(machines.collect(), parameters)?;
        Ok(with_token(json!({"StateMachines": page}), next))
    }

    pub(super) fn describe_machine(&self, arn: &str) -> Result<Value, ServiceError> {
        let machine = self
            .shared
            .machines
            .find(arn)
            .ok_or_else(|| no_machine(arn))?;
        Ok(json!({
            "StateMachineArn": arn,
            "Name": machine.name,
            "Status": "ACTIVE",
            "Definition": machine.definition,
            "RoleArn": names::role_arn(names::unprefixed(&machine.name)),
            "Type": "STANDARD",
            "CreationDate": 0,
        }))
    }
}
