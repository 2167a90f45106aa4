//! An alarm, and what is told of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Error, Kept};
use crate::arn;

/// What decides on the state of an alarm on AWS.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum Kind {
    /// A metric.
    #[strum(serialize = "MetricAlarm")]
    Metric,
    /// A rule over other alarms.
    #[strum(serialize = "CompositeAlarm")]
    Composite,
}

/// State of an alarm.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// All is well.
    Ok,
    /// The alarm is on.
    Alarm,
    /// Nothing is known yet.
    InsufficientData,
}

/// An alarm: its configuration as it was put, and its state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Alarm {
    pub kind: Kind,
    pub state: State,
    /// Members of its description.
    shown: Map<String, Value>,
}

/// A change of an alarm, as its history shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    pub alarm: String,
    pub kind: Kind,
    /// `ConfigurationUpdate` or `StateUpdate`.
    pub item: String,
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    summary: String,
    data: String,
}

impl Alarm {
    pub fn description(&self) -> Value {
        Value::Object(self.shown.clone())
    }

    /// Whether one of its actions begins so.
    pub fn has_action(&self, prefix: &str) -> bool {
        let lists = ["AlarmActions", "OKActions", "InsufficientDataActions"];
        let actions = lists
            .iter()
            .filter_map(|list| self.shown.get(*list)?.as_array());
        let mut actions = actions.flatten().filter_map(Value::as_str);
        actions.any(|action| action.starts_with(prefix))
    }
}

impl Change {
    pub fn description(&self) -> Value {
        let kind: &str = self.kind.into();
        json!({
            "AlarmName": self.alarm,
            "AlarmType": kind,
            "Timestamp": text(self.time),
            "HistoryItemType": self.item,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        })
    }
}

impl Kept {
    /// Makes an alarm, or gives one that exists this configuration; its state stays.
    pub fn put(&mut self, kind: Kind, name: &str, parameters: &Value) {
        let now = OffsetDateTime::now_utc();
        let mut shown = Map::from_iter([
            (
                "AlarmArn".to_owned(),
                json!(arn::regional("cloudwatch", &format!("alarm:{name}"))),
            ),
            ("ActionsEnabled".to_owned(), json!(true)),
            ("OKActions".to_owned(), json!([])),
            ("AlarmActions".to_owned(), json!([])),
            ("InsufficientDataActions".to_owned(), json!([])),
            (
                "AlarmConfigurationUpdatedTimestamp".to_owned(),
                json!(text(now)),
            ),
        ]);
        if kind == Kind::Metric {
            shown.insert("Dimensions".to_owned(), json!([]));
        }
        shown.extend(parameters.as_object().cloned().unwrap_or_default());
        shown.remove("Tags");
        let existing = self.alarms.remove(name).filter(|alarm| alarm.kind == kind);
        let state = existing
            .as_ref()
            .map_or(State::InsufficientData, |alarm| alarm.state);
        let summary = if let Some(alarm) = &existing {
            let members = alarm.shown.iter();
            let kept = members.filter(|(name, _)| name.starts_with("State"));
            shown.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
            format!("Alarm \"{name}\" updated")
        } else {
            let reason = "Unchecked: Initial alarm creation";
            shown.extend(state_members(state, reason, None, now));
            format!("Alarm \"{name}\" created")
        };
        self.note(name, kind, "ConfigurationUpdate", summary, parameters);
        self.alarms
            .insert(name.to_owned(), Alarm { kind, state, shown });
    }

    /// Sets an alarm's state.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn set_state(
        &mut self,
        name: &str,
        state: State,
        reason: &str,
        data: Option<&str>,
    ) -> Result<(), Error> {
        let missing = || Error::ResourceNotFound(name.to_owned());
        let alarm = self.alarms.get_mut(name).ok_or_else(missing)?;
        let (before, after): (&str, &str) = (alarm.state.into(), state.into());
        let changed = state_members(state, reason, data, OffsetDateTime::now_utc());
        alarm.shown.remove("StateReasonData");
        alarm.shown.extend(changed);
        alarm.state = state;
        let kind = alarm.kind;
        let summary = format!("Alarm updated from {before} to {after}");
        let data = json!({"version": "1.0", "oldState": {"stateValue": before}, "newState": {"stateValue": after, "stateReason": reason}});
        self.note(name, kind, "StateUpdate", summary, &data);
        Ok(())
    }

    /// Deletes an alarm.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn delete(&mut self, name: &str) -> Result<(), Error> {
        let missing = || Error::ResourceNotFound(name.to_owned());
        let alarm = self.alarms.remove(name).ok_or_else(missing)?;
        let summary = format!("Alarm \"{name}\" deleted");
        self.note(
            name,
            alarm.kind,
            "ConfigurationUpdate",
            summary,
            &json!({"type": "Delete"}),
        );
        Ok(())
    }

    /// Lets the actions of an alarm happen or not, as far as anything happens here.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn enable_actions(&mut self, name: &str, are_enabled: &Value) -> Result<(), Error> {
        let missing = || Error::ResourceNotFound(name.to_owned());
        let alarm = self.alarms.get_mut(name).ok_or_else(missing)?;
        alarm
            .shown
            .insert("ActionsEnabled".to_owned(), are_enabled.clone());
        Ok(())
    }

    fn note(&mut self, alarm: &str, kind: Kind, item: &str, summary: String, data: &Value) {
        self.changes.push(Change {
            alarm: alarm.to_owned(),
            kind,
            item: item.to_owned(),
            time: OffsetDateTime::now_utc(),
            summary,
            data: data.to_string(),
        });
    }
}

fn state_members(
    state: State,
    reason: &str,
    data: Option<&str>,
    now: OffsetDateTime,
) -> impl Iterator<Item = (String, Value)> {
    let value: &str = state.into();
    let members = [
        ("StateValue", json!(value)),
        ("StateReason", json!(reason)),
        ("StateUpdatedTimestamp", json!(text(now))),
        ("StateTransitionedTimestamp", json!(text(now))),
    ];
    let data = data.map(|data| ("StateReasonData", json!(data)));
    let members = members.into_iter().chain(data);
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<Vec<_>>()
        .into_iter()
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
