//! CloudWatch's operations with the parameters of its API model.

use std::str::FromStr;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::alarm::{Alarm, Change};
use super::{Alarms, Error, Kind, State};
use crate::pages::{self, with_token};
use crate::service::{Call, Service, ServiceError};

/// Most alarms or changes in one answer: CloudWatch's own limit.
const MAX_RECORDS: usize = 100;

/// Those in one answer that do not say how many: CloudWatch's own default.
const DEFAULT_RECORDS: usize = 50;

/// Most names in one request: CloudWatch's own limit.
const MAX_NAMES: usize = 100;

/// Longest name of an alarm: CloudWatch's own limit.
const MAX_NAME_CHARACTERS: usize = 255;

/// Members that are numbers. In the Query protocol everything is a text.
const NUMBERS: [&str; 6] = [
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "DatapointsToAlarm",
    "EvaluationPeriods",
    "Period",
    "Threshold",
];

#[async_trait]
impl Service for Alarms {
    fn name(&self) -> &'static str {
        "monitoring"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let each = |change: &dyn Fn(&mut super::Kept, &str) -> Result<(), Error>| {
            let names = names(parameters)?;
            self.change(|kept| names.iter().try_for_each(|name| change(kept, name)))
        };
        let answer = match call.operation.as_str() {
            "DescribeAlarms" => self.describe(parameters),
            "DescribeAlarmHistory" => self.history(parameters),
            "PutMetricAlarm" => self.put(Kind::Metric, parameters),
            "PutCompositeAlarm" => self.put(Kind::Composite, parameters),
            "SetAlarmState" => self.set_state(parameters),
            "DeleteAlarms" => each(&super::Kept::delete).map(|()| json!({})),
            "EnableAlarmActions" => {
                each(&|kept, name| kept.enable_actions(name, &json!(true))).map(|()| json!({}))
            }
            "DisableAlarmActions" => {
                each(&|kept, name| kept.enable_actions(name, &json!(false))).map(|()| json!({}))
            }
            operation => return Err(ServiceError::unknown_operation(operation)),
        };
        answer.map_err(ServiceError::from)
    }
}

impl Alarms {
    fn put(&self, kind: Kind, parameters: &Value) -> Result<Value, Error> {
        let name = required(parameters, "AlarmName")?;
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARACTERS {
            let message = format!("AlarmName is not 1 to {MAX_NAME_CHARACTERS} characters long");
            return Err(Error::InvalidParameterValue(message));
        }
        match kind {
            Kind::Composite => {
                required(parameters, "AlarmRule")?;
            }
            Kind::Metric => {
                let periods = parameters.get("EvaluationPeriods");
                periods.ok_or(Error::MissingParameter("EvaluationPeriods"))?;
                required(parameters, "ComparisonOperator")?;
            }
        }
        let parameters = typed(parameters)?;
        self.change(|kept| {
            kept.put(kind, name, &parameters);
            Ok(json!({}))
        })
    }

    fn set_state(&self, parameters: &Value) -> Result<Value, Error> {
        let name = required(parameters, "AlarmName")?;
        let state = required(parameters, "StateValue")?;
        let state = State::from_str(state).map_err(|_| {
            Error::InvalidParameterValue(format!(
                "StateValue {state} is not OK, ALARM or INSUFFICIENT_DATA"
            ))
        })?;
        let reason = required(parameters, "StateReason")?;
        let data = text(parameters, "StateReasonData");
        self.change(|kept| kept.set_state(name, state, reason, data))?;
        Ok(json!({}))
    }

    fn describe(&self, parameters: &Value) -> Result<Value, Error> {
        let (names, prefix) = (names(parameters)?, text(parameters, "AlarmNamePrefix"));
        if !names.is_empty() && prefix.is_some() {
            return Err(Error::InvalidParameterCombination(
                "AlarmNames and AlarmNamePrefix exclude each other",
            ));
        }
        let kinds = kinds(parameters)?;
        let state = text(parameters, "StateValue");
        let state = state.map(State::from_str).transpose().map_err(|_| {
            Error::InvalidParameterValue(
                "StateValue is not OK, ALARM or INSUFFICIENT_DATA".to_owned(),
            )
        })?;
        let action = text(parameters, "ActionPrefix");
        let is_meant = |name: &str, alarm: &Alarm| {
            (names.is_empty() || names.contains(&name))
                && prefix.is_none_or(|prefix| name.starts_with(prefix))
                && kinds.contains(&alarm.kind)
                && state.is_none_or(|state| state == alarm.state)
                && action.is_none_or(|action| alarm.has_action(action))
        };
        let kept = self.kept();
        let found = kept
            .alarms
            .iter()
            .filter(|(name, alarm)| is_meant(name, alarm));
        let (page, next) = page(found.map(|(_, alarm)| alarm), parameters)?;
        let of = |kind: Kind| {
            let alarms = page.iter().filter(|alarm| alarm.kind == kind);
            alarms.map(|alarm| alarm.description()).collect::<Vec<_>>()
        };
        let answer =
            json!({"MetricAlarms": of(Kind::Metric), "CompositeAlarms": of(Kind::Composite)});
        Ok(with_token(answer, next))
    }

    fn history(&self, parameters: &Value) -> Result<Value, Error> {
        let name = text(parameters, "AlarmName");
        let item = text(parameters, "HistoryItemType");
        let kinds = match parameters.get("AlarmTypes") {
            Some(_) => kinds(parameters)?,
            None => vec![Kind::Metric, Kind::Composite],
        };
        let (after, before) = (time(parameters, "StartDate")?, time(parameters, "EndDate")?);
        let is_meant = |change: &&Change| {
            name.is_none_or(|name| name == change.alarm)
                && item.is_none_or(|item| item == change.item)
                && kinds.contains(&change.kind)
                && after.is_none_or(|after| change.time >= after)
                && before.is_none_or(|before| change.time <= before)
        };
        let kept = self.kept();
        let mut found: Vec<&Change> = kept.changes.iter().filter(is_meant).collect();
        if text(parameters, "ScanBy") != Some("TimestampAscending") {
            found.reverse();
        }
        let (page, next) = page(found.into_iter(), parameters)?;
        let items: Vec<Value> = page.iter().map(|change| change.description()).collect();
        Ok(with_token(json!({"AlarmHistoryItems": items}), next))
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::ResourceNotFound(_) => ("ResourceNotFound", 404),
            Error::MissingParameter(_) => ("MissingRequiredParameterException", 400),
            Error::InvalidParameterValue(_) => ("InvalidParameterValueException", 400),
            Error::InvalidParameterCombination(_) => ("InvalidParameterCombinationException", 400),
            Error::InvalidNextToken => ("InvalidNextToken", 400),
            Error::Unusable(_) => ("InternalServiceFault", 500),
        };
        Self::new(code, status, error.to_string())
    }
}

/// One page; a token is the number of those before it.
fn page<T>(
    found: impl Iterator<Item = T>,
    parameters: &Value,
) -> Result<(Vec<T>, Option<String>), Error> {
    let skip = match text(parameters, "NextToken") {
        Some(token) => token.parse().map_err(|_| Error::InvalidNextToken)?,
        None => 0,
    };
    let count = match parameters.get("MaxRecords") {
        Some(count) => number(count)
            .and_then(|count| usize::try_from(count.as_u64()?).ok())
            .filter(|count| (1..=MAX_RECORDS).contains(count))
            .ok_or_else(|| {
                Error::InvalidParameterValue(format!("MaxRecords is not 1 to {MAX_RECORDS}"))
            })?,
        None => DEFAULT_RECORDS,
    };
    Ok(pages::page(found, skip, count))
}

fn kinds(parameters: &Value) -> Result<Vec<Kind>, Error> {
    let Some(kinds) = parameters.get("AlarmTypes").and_then(Value::as_array) else {
        return Ok(vec![Kind::Metric]);
    };
    let kinds = kinds
        .iter()
        .filter(|kind| kind.as_str() != Some("LogAlarm"));
    let kinds = kinds.map(|kind| {
        Kind::from_str(kind.as_str().unwrap_or_default())
            .map_err(|_| Error::InvalidParameterValue(format!("{kind} is no type of alarms")))
    });
    kinds.collect()
}

fn names(parameters: &Value) -> Result<Vec<&str>, Error> {
    let names = parameters.get("AlarmNames").and_then(Value::as_array);
    let names: Vec<&str> = names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if names.len() > MAX_NAMES {
        let message = format!("AlarmNames has more than {MAX_NAMES} members");
        return Err(Error::InvalidParameterValue(message));
    }
    Ok(names)
}

/// The parameters with numbers and truth values as such.
fn typed(parameters: &Value) -> Result<Value, Error> {
    let members = parameters.as_object().into_iter().flatten();
    let members = members.map(|(name, value)| {
        let value = match (name.as_str(), value.as_str()) {
            ("ActionsEnabled", Some(text)) => text.parse().ok().map(Value::Bool),
            (number_name, Some(_)) if NUMBERS.contains(&number_name) => number(value),
            _ => Some(value.clone()),
        };
        let refuse = || Error::InvalidParameterValue(format!("{name} has no value of its kind"));
        Ok((name.clone(), value.ok_or_else(refuse)?))
    });
    members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => {
            let integer = text.parse::<u64>().map(Value::from);
            integer
                .or_else(|_| text.parse::<f64>().map(Value::from))
                .ok()
        }
        Value::Number(_) => Some(value.clone()),
        _ => None,
    }
}

/// A time: seconds since 1970 or a text, by the protocol.
fn time(parameters: &Value, name: &str) -> Result<Option<OffsetDateTime>, Error> {
    let Some(value) = parameters.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().and_then(|seconds| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "parts of a nanosecond do not matter"
        )]
        let nanoseconds = (seconds * 1e9) as i128;
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
    });
    let text = || OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok();
    let refuse = || Error::InvalidParameterValue(format!("{name} is no time"));
    seconds.or_else(text).map(Some).ok_or_else(refuse)
}

fn text<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

fn required<'a>(parameters: &'a Value, name: &'static str) -> Result<&'a str, Error> {
    text(parameters, name).ok_or(Error::MissingParameter(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Principal;

    async fn call(alarms: &Alarms, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        alarms.call(call).await.map_err(|error| error.code)
    }

    async fn state(alarms: &Alarms, name: &str) -> Option<Value> {
        let asked = json!({"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]});
        let found = call(alarms, "DescribeAlarms", asked).await.ok()?;
        let alarm = found
            .pointer("/CompositeAlarms/0")
            .or(found.pointer("/MetricAlarms/0"))?;
        alarm.get("StateValue").cloned()
    }

    #[tokio::test]
    async fn keeps_states_across_restarts_and_new_configurations() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("alarms.json");
        let set = json!({"AlarmName": "unhealthy", "StateValue": "ALARM", "StateReason": "test"});
        {
            let alarms = Alarms::open(Some(&file)).expect("a new file");
            alarms
                .create("unhealthy", "", "FALSE")
                .expect("a new alarm");
            assert_eq!(state(&alarms, "unhealthy").await, Some(json!("OK")));
            assert_eq!(call(&alarms, "SetAlarmState", set).await, Ok(json!({})));
        }
        let alarms = Alarms::open(Some(&file)).expect("the same file");
        alarms.create("unhealthy", "", "FALSE").expect("it exists");
        assert_eq!(state(&alarms, "unhealthy").await, Some(json!("ALARM")));
        let put = json!({"AlarmName": "unhealthy", "AlarmRule": "TRUE"});
        assert_eq!(call(&alarms, "PutCompositeAlarm", put).await, Ok(json!({})));
        assert_eq!(state(&alarms, "unhealthy").await, Some(json!("ALARM")));
    }

    #[tokio::test]
    async fn refuses_what_cloudwatch_refuses() {
        let alarms = Alarms::open(None).expect("memory");
        for (operation, parameters, expected) in [
            (
                "SetAlarmState",
                json!({"AlarmName": "none", "StateValue": "OK", "StateReason": "r"}),
                "ResourceNotFound",
            ),
            (
                "SetAlarmState",
                json!({"AlarmName": "none", "StateValue": "ON", "StateReason": "r"}),
                "InvalidParameterValueException",
            ),
            (
                "DeleteAlarms",
                json!({"AlarmNames": ["none"]}),
                "ResourceNotFound",
            ),
            (
                "DescribeAlarms",
                json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a"}),
                "InvalidParameterCombinationException",
            ),
            (
                "DescribeAlarms",
                json!({"MaxRecords": 101}),
                "InvalidParameterValueException",
            ),
            (
                "DescribeAlarms",
                json!({"NextToken": "x"}),
                "InvalidNextToken",
            ),
            (
                "PutMetricAlarm",
                json!({"AlarmName": "a"}),
                "MissingRequiredParameterException",
            ),
            ("PutMetricData", json!({}), "UnknownOperationException"),
        ] {
            let answer = call(&alarms, operation, parameters).await;
            assert_eq!(answer.err().as_deref(), Some(expected), "{operation}");
        }
    }
}
