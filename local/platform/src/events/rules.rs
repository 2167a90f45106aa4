//! Operations that list, switch and delete rules.

use serde_json::{Value, json};

use super::service::required;
use super::{DEFAULT_BUS, Error, Events, Pattern, Rule};
use crate::arn;
use crate::pages::{self, with_token};

/// Most rules or targets in one answer: EventBridge's own limit.
const MAX_LISTED: usize = 100;

impl Events {
    pub(super) fn list_rules(&self, parameters: &Value) -> Result<Value, Error> {
        let bus = self.bus(text(parameters, "EventBusName").unwrap_or(DEFAULT_BUS))?;
        let prefix = text(parameters, "NamePrefix").unwrap_or_default();
        let state = self.state();
        let rules = state.rules.iter();
        let rules = rules.filter(|(name, rule)| rule.bus == bus && name.starts_with(prefix));
        let (page, next) = page(rules, parameters)?;
        let rules: Vec<Value> = page
            .iter()
            .map(|(name, rule)| description(name, rule))
            .collect();
        Ok(with_token(json!({"Rules": rules}), next))
    }

    pub(super) fn list_rule_names_by_target(&self, parameters: &Value) -> Result<Value, Error> {
        let bus = self.bus(text(parameters, "EventBusName").unwrap_or(DEFAULT_BUS))?;
        let target = required(parameters, "TargetArn")?;
        let state = self.state();
        let rules = state.rules.iter().filter(|(_, rule)| {
            rule.bus == bus && rule.targets.iter().any(|known| known.arn == target)
        });
        let (page, next) = page(rules.map(|(name, _)| name), parameters)?;
        Ok(with_token(json!({"RuleNames": page}), next))
    }

    pub(super) fn list_targets_by_rule(&self, parameters: &Value) -> Result<Value, Error> {
        self.with_rule(required(parameters, "Rule")?, |_, rule| {
            let (page, next) = page(rule.targets.iter(), parameters)?;
            let targets = page
                .iter()
                .map(|target| json!({"Id": target.id, "Arn": target.arn}));
            let targets: Vec<Value> = targets.collect();
            Ok(with_token(json!({"Targets": targets}), next))
        })
    }

    pub(super) fn describe_rule(&self, parameters: &Value) -> Result<Value, Error> {
        self.with_rule(required(parameters, "Name")?, |name, rule| {
            Ok(description(name, rule))
        })
    }

    pub(super) fn list_event_buses(&self, parameters: &Value) -> Value {
        let prefix = text(parameters, "NamePrefix").unwrap_or_default();
        let buses = [DEFAULT_BUS, &self.domain_bus].into_iter();
        let buses = buses.filter(|bus| bus.starts_with(prefix)).map(bus);
        json!({"EventBuses": buses.collect::<Vec<_>>()})
    }

    pub(super) fn describe_event_bus(&self, parameters: &Value) -> Result<Value, Error> {
        self.bus(text(parameters, "Name").unwrap_or(DEFAULT_BUS))
            .map(|name| bus(&name))
    }

    pub(super) fn enable_rule(&self, parameters: &Value, is_enabled: bool) -> Result<Value, Error> {
        self.with_rule(required(parameters, "Name")?, |_, rule| {
            rule.is_enabled = is_enabled;
            Ok(json!({}))
        })
    }

    /// A rule that is not there is fine, one that has targets is not.
    pub(super) fn delete_rule(&self, parameters: &Value) -> Result<Value, Error> {
        let name = required(parameters, "Name")?;
        let mut state = self.state();
        if state
            .rules
            .get(name)
            .is_some_and(|rule| !rule.targets.is_empty())
        {
            let message = "Rule can't be deleted since it has targets.";
            return Err(Error::Validation(message.to_owned()));
        }
        state.rules.remove(name);
        Ok(json!({}))
    }

    pub(super) fn remove_targets(&self, parameters: &Value) -> Result<Value, Error> {
        let ids = parameters.get("Ids").and_then(Value::as_array);
        let ids: Vec<&str> = ids
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        self.with_rule(required(parameters, "Rule")?, |_, rule| {
            rule.targets
                .retain(|target| !ids.contains(&target.id.as_str()));
            Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
        })
    }

    fn with_rule(
        &self,
        name: &str,
        act: impl FnOnce(&str, &mut Rule) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        let mut state = self.state();
        match state.rules.get_mut(name) {
            Some(rule) => act(name, rule),
            None => Err(Error::ResourceNotFound(format!("the rule {name}"))),
        }
    }
}

pub(super) fn test_event_pattern(parameters: &Value) -> Result<Value, Error> {
    let pattern = Pattern::parse(required(parameters, "EventPattern")?)?;
    let event: Value = serde_json::from_str(required(parameters, "Event")?)
        .map_err(|error| Error::Validation(format!("Parameter Event is not valid: {error}")))?;
    Ok(json!({"Result": pattern.matches(&event)}))
}

pub(super) fn rule_arn(name: &str) -> String {
    arn::regional("events", &format!("rule/{name}"))
}

fn description(name: &str, rule: &Rule) -> Value {
    json!({
        "Name": name,
        "Arn": rule_arn(name),
        "EventBusName": rule.bus,
        "EventPattern": rule.text,
        "State": if rule.is_enabled { "ENABLED" } else { "DISABLED" },
    })
}

fn bus(name: &str) -> Value {
    json!({"Name": name, "Arn": arn::event_bus(name)})
}

/// One page; a token is the number of those before it.
fn page<T>(
    found: impl Iterator<Item = T>,
    parameters: &Value,
) -> Result<(Vec<T>, Option<String>), Error> {
    let wrong = |what: &str| Error::Validation(format!("{what} is not valid"));
    let skip = match text(parameters, "NextToken") {
        Some(token) => token.parse().map_err(|_| wrong("NextToken"))?,
        None => 0,
    };
    let count = parameters
        .get("Limit")
        .map_or(Some(MAX_LISTED as u64), Value::as_u64);
    let count = count
        .and_then(|count| usize::try_from(count).ok())
        .filter(|count| (1..=MAX_LISTED).contains(count))
        .ok_or_else(|| wrong("Limit"))?;
    Ok(pages::page(found, skip, count))
}

fn text<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}
