//! `ListExecutions`.
//!
//! Newest first as AWS has it: what runs by its start or redrive, what has ended by its end. All pages show the order of
//! the moment when the first was asked for, so that an execution which starts or ends in between is neither told twice
//! nor left out.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::{invalid, no_machine, text};
use super::shapes::{Pages, Place, present};
use super::{StatesService, arns};
use crate::pages::with_token;
use crate::service::{Call, Principal, Service, ServiceError};
use crate::step_functions::description::Description;

/// The shortest time between two dates.
const MOMENT: Duration = Duration::from_millis(1);

/// Of which machine, version, alias or Map Run the executions are.
enum Owner<'a> {
    Machine(&'a str),
    MapRun(&'a str),
}

impl StatesService {
    pub(super) async fn list_executions(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let owner = self.owner(parameters)?;
        let pages = Pages::of("ListExecutions", parameters)?;
        // Dates are whole milliseconds: what happens from here on must not bear the date of this moment.
        tokio::time::sleep(MOMENT).await;
        let status = text(parameters, "StatusFilter");
        let redrive = text(parameters, "RedriveFilter");
        let mut found = self.shared.store.descriptions();
        found.retain(|description| owner.has(description));
        if let (Owner::MapRun(arn), true) = (&owner, found.is_empty()) {
            self.check_map_run(arn).await?;
        }
        let found = found.into_iter().filter(|description| {
            let redriven = match description.redrive_count {
                0 => "NOT_REDRIVEN",
                _ => "REDRIVEN",
            };
            status.is_none_or(|status| status == description.status)
                && redrive.is_none_or(|wanted| wanted == redriven)
        });
        let found =
            found.filter_map(|description| Some((place(&description, pages.at)?, description)));
        let (page, next) = pages.take(found.collect());
        let items: Vec<Value> = page.iter().map(|found| item(found, &owner)).collect();
        Ok(with_token(json!({ "Executions": items }), next))
    }

    fn owner<'a>(&self, parameters: &'a Value) -> Result<Owner<'a>, ServiceError> {
        let machine = text(parameters, "StateMachineArn");
        match (machine, text(parameters, "MapRunArn")) {
            (Some(arn), None) => {
                // AWS has filters of redrives for the children of Map Runs only.
                if text(parameters, "RedriveFilter").is_some()
                    || text(parameters, "StatusFilter") == Some("PENDING_REDRIVE")
                {
                    return Err(invalid("Filters of redrives need a mapRunArn"));
                }
                let (machine, wanted) = self.machine(arn)?;
                match machine.choose(wanted.qualifier, 0) {
                    Some(_) => Ok(Owner::Machine(arn)),
                    None => Err(no_machine(arn)),
                }
            }
            (None, Some(arn)) => Ok(Owner::MapRun(arns::map_run(arn)?)),
            (None, None) => Err(invalid(
                "1 validation error detected: Must provide a StateMachine ARN or MapRun ARN",
            )),
            (Some(_), Some(_)) => Err(invalid(
                "Must provide either a StateMachine ARN or a MapRun ARN, not both",
            )),
        }
    }

    /// Refuses a Map Run that there never was.
    async fn check_map_run(&self, arn: &str) -> Result<(), ServiceError> {
        let call = Call {
            principal: Principal(String::new()),
            operation: "DescribeMapRun".to_owned(),
            parameters: json!({ "MapRunArn": arn }),
        };
        self.call(call).await.map(drop)
    }
}

impl Owner<'_> {
    fn has(&self, description: &Description) -> bool {
        match *self {
            Self::Machine(arn) => {
                let version = description.state_machine_version_arn.as_deref();
                let alias = description.state_machine_alias_arn.as_deref();
                description.state_machine_arn == arn || version == Some(arn) || alias == Some(arn)
            }
            Self::MapRun(arn) => description.map_run_arn.as_deref() == Some(arn),
        }
    }
}

/// Where an execution stood in the order at that time, milliseconds since 1970; nowhere, if it began later.
fn place(description: &Description, at: i64) -> Option<Place> {
    let known = |seconds: f64| Some(milliseconds(seconds)).filter(|time| *time <= at);
    let started = known(description.start_date)?;
    let time = description
        .stop_date
        .and_then(known)
        .or_else(|| description.redrive_date.and_then(known))
        .unwrap_or(started);
    Some((-time, description.execution_arn.clone()))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds of any real date fit i64"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

fn item(description: &Description, owner: &Owner<'_>) -> Value {
    let map_run = match owner {
        Owner::Machine(_) => None,
        Owner::MapRun(_) => description.map_run_arn.as_deref(),
    };
    present(json!({
        "ExecutionArn": description.execution_arn,
        "StateMachineArn": description.state_machine_arn,
        "StateMachineVersionArn": description.state_machine_version_arn,
        "StateMachineAliasArn": description.state_machine_alias_arn,
        "MapRunArn": map_run,
        "Name": description.name,
        "Status": description.status,
        "StartDate": description.start_date,
        "StopDate": description.stop_date,
        "RedriveCount": description.redrive_count,
        "RedriveDate": description.redrive_date,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step_functions::description::tests::description;

    #[test]
    fn the_order_is_that_of_a_moment() {
        let check = |redrive: Option<f64>, stop: Option<f64>, at: i64, expected: Option<i64>| {
            let mut description = description();
            description.redrive_date = redrive;
            description.stop_date = stop;
            let time = place(&description, at).map(|(time, _)| -time);
            assert_eq!(time, expected, "{redrive:?} {stop:?} {at}");
        };
        // It starts at 1.5 s.
        check(None, None, 1499, None);
        check(None, None, 1500, Some(1500));
        check(None, Some(2.25), 2249, Some(1500));
        check(None, Some(2.25), 2250, Some(2250));
        check(Some(3.0), None, 5000, Some(3000));
        check(Some(3.0), Some(4.0), 3999, Some(3000));
        check(Some(3.0), Some(4.0), 4000, Some(4000));
    }
}
