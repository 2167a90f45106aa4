//! Aliases of state machines.
//!
//! Messages and the order of a list, oldest first, are those recorded on AWS; its documentation says newest first.

use serde_json::{Value, json};

use super::StatesService;
use super::arns;
use super::error::{conflict, invalid, no_resource, quota_exceeded, required, text};
use super::shapes::{Pages, present};
use crate::pages::with_token;
use crate::service::ServiceError;
use crate::step_functions::driver::now;
use crate::step_functions::machines::{Alias, Machine, Route, WHOLE, number};

/// Most aliases of a machine (AWS's limit).
const MAX_ALIASES: usize = 100;

impl StatesService {
    pub(super) fn create_alias(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let name = required(parameters, "Name")?;
        check_name(name)?;
        let (arn, routes) = routes(parameters)?;
        let description = text(parameters, "Description").map(str::to_owned);
        let at = now();
        self.alter(&arn, |machine| {
            check_versions(machine, &routes)?;
            let wanted = Alias {
                description,
                routes,
                created: at,
                updated: at,
            };
            let count = machine.aliases.len();
            let created = match machine.aliases.get(name) {
                Some(known) if is_same(known, &wanted) => known.created,
                Some(_) => {
                    return Err(conflict(
                        "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
                    ));
                }
                None if count >= MAX_ALIASES => {
                    return Err(quota_exceeded(
                        "The maximum number of aliases of the state machine has been reached",
                    ));
                }
                None => {
                    machine.aliases.insert(name.to_owned(), wanted);
                    at
                }
            };
            Ok(json!({
                "StateMachineAliasArn": machine.qualified(name),
                "CreationDate": created.seconds(),
            }))
        })
    }

    pub(super) fn update_alias(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let (wanted, name) = arns::qualified(required(parameters, "StateMachineAliasArn")?)?;
        let description = text(parameters, "Description").map(str::to_owned);
        let routing = parameters.get("RoutingConfiguration");
        let routes = match routing.filter(|routing| !routing.is_null()) {
            Some(_) => Some(routes(parameters)?),
            None if description.is_some() => None,
            None => {
                return Err(invalid(
                    "Either the description or the RoutingConfiguration must be specified",
                ));
            }
        };
        let at = now();
        self.existing(wanted.unqualified, |machine| {
            if let Some((arn, routes)) = &routes {
                check_machine(&machine.arn(), arn)?;
                check_versions(machine, routes)?;
            }
            let alias = machine.aliases.get_mut(name).ok_or_else(no_resource)?;
            if let Some((_, routes)) = routes {
                alias.routes = routes;
            }
            if description.is_some() {
                alias.description = description;
            }
            alias.updated = at;
            Ok(json!({"UpdateDate": at.seconds()}))
        })
    }

    pub(super) fn describe_alias(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineAliasArn")?;
        let (wanted, name) = arns::qualified(arn)?;
        let machine = self.shared.machines.find(wanted.unqualified);
        let machine = machine.ok_or_else(no_resource)?;
        let alias = machine.aliases.get(name).ok_or_else(no_resource)?;
        let routes = alias.routes.iter().map(|route| {
            json!({
                "StateMachineVersionArn": machine.qualified(route.version),
                "Weight": route.weight,
            })
        });
        Ok(present(json!({
            "StateMachineAliasArn": arn,
            "Name": name,
            "Description": alias.description,
            "RoutingConfiguration": routes.collect::<Vec<_>>(),
            "CreationDate": alias.created.seconds(),
            "UpdateDate": alias.updated.seconds(),
        })))
    }

    /// All aliases of a machine, or those that a version is a part of.
    pub(super) fn list_aliases(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = required(parameters, "StateMachineArn")?;
        let (machine, wanted) = self.machine(arn)?;
        let version = match wanted.qualifier.map(number) {
            None => None,
            Some(Some(number)) if machine.versions.contains_key(&number) => Some(number),
            Some(Some(_)) => return Err(no_resource()),
            Some(None) => return Err(arns::not_valid(arn)),
        };
        let is_wanted = |alias: &Alias| {
            let mut routes = alias.routes.iter();
            version.is_none_or(|version| routes.any(|route| route.version == version))
        };
        let aliases = machine.aliases.iter().filter(|(_, alias)| is_wanted(alias));
        let aliases = aliases.map(|(name, alias)| {
            let item = json!({
                "StateMachineAliasArn": machine.qualified(name),
                "CreationDate": alias.created.seconds(),
            });
            ((alias.created.0, name.clone()), item)
        });
        let pages = Pages::of("ListStateMachineAliases", parameters)?;
        let (page, next) = pages.take(aliases.collect());
        Ok(with_token(json!({ "StateMachineAliases": page }), next))
    }

    /// One that does not exist is as good as deleted.
    pub(super) fn delete_alias(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let (wanted, name) = arns::qualified(required(parameters, "StateMachineAliasArn")?)?;
        let deleted = self.existing(wanted.unqualified, |machine| {
            machine.aliases.remove(name);
            Ok(())
        });
        match deleted {
            Err(error) if error != no_resource() => Err(error),
            _ => Ok(json!({})),
        }
    }

    /// Changes the machine of an alias; to aliases, a machine that does not exist is one more missing resource.
    fn existing<T>(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Machine) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        match self.shared.machines.find(arn) {
            Some(_) => self.alter(arn, change),
            None => Err(no_resource()),
        }
    }
}

/// A name that is no version's: API models say so too, but a machine must not depend on their being there.
fn check_name(name: &str) -> Result<(), ServiceError> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let is_number = name.chars().all(|letter| letter.is_ascii_digit());
    if name.chars().all(is_allowed) && !is_number {
        return Ok(());
    }
    Err(invalid(&format!(
        r"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
    )))
}

/// The machine and the versions of a `routingConfiguration`.
fn routes(parameters: &Value) -> Result<(String, Vec<Route>), ServiceError> {
    let routing = parameters.get("RoutingConfiguration");
    let routing = routing.and_then(Value::as_array);
    let routing = routing.map(Vec::as_slice).unwrap_or_default();
    let arns = routing
        .iter()
        .map(|route| required(route, "StateMachineVersionArn"));
    let arns = arns.collect::<Result<Vec<&str>, _>>()?;
    let weights = routing.iter().map(|route| {
        let weight = route.get("Weight").and_then(Value::as_u64);
        weight.and_then(|weight| u32::try_from(weight).ok())
    });
    let weights: Vec<u32> = weights.map(|weight| weight.unwrap_or(u32::MAX)).collect();
    let received = || format!("Received: [{}]", arns.join(", "));
    if let [first, second] = arns.as_slice()
        && first == second
    {
        return Err(invalid(&format!(
            "Routing configuration must contain distinct state machine version ARNs. {}",
            received()
        )));
    }
    let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if sum != u64::from(WHOLE) {
        return Err(invalid(&format!(
            "Sum of routing configuration weights must equal 100. Received: {weights:?}"
        )));
    }
    let mut machine = None;
    let mut routes = Vec::new();
    for (arn, weight) in arns.iter().zip(weights) {
        let wanted = arns::machine(arn)?;
        let Some(version) = wanted.qualifier.and_then(number) else {
            return Err(invalid(&format!(
                "Routing configuration must contain state machine version ARNs. {}",
                received()
            )));
        };
        check_machine(
            machine.get_or_insert(wanted.unqualified),
            wanted.unqualified,
        )?;
        routes.push(Route { version, weight });
    }
    Ok((machine.unwrap_or_default().to_owned(), routes))
}

fn check_machine(expected: &str, arn: &str) -> Result<(), ServiceError> {
    if expected == arn {
        return Ok(());
    }
    Err(invalid(
        "Routing configuration must contain versions of one state machine",
    ))
}

fn check_versions(machine: &Machine, routes: &[Route]) -> Result<(), ServiceError> {
    let mut routes = routes.iter();
    if routes.all(|route| machine.versions.contains_key(&route.version)) {
        Ok(())
    } else {
        Err(no_resource())
    }
}

fn is_same(known: &Alias, wanted: &Alias) -> bool {
    (&known.description, &known.routes) == (&wanted.description, &wanted.routes)
}
