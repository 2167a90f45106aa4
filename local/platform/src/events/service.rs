//! EventBridge's operations with the parameters of its API model.

use async_trait::async_trait;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::rules::{rule_arn, test_event_pattern};
use super::{DEFAULT_BUS, Error, Events, MAX_EVENT_BYTES, Target, envelope};
use crate::service::{Call, Failure, Service, ServiceError};
use crate::token::Token;

/// Most entries of one `PutEvents`: EventBridge's own limit.
const MAX_ENTRIES: usize = 10;

#[async_trait]
impl Service for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        self.perform(&call, None)
    }

    async fn answer_once(&self, call: Call, token: &Token) -> Result<Value, Failure> {
        Ok(self.perform(&call, Some(token))?)
    }
}

impl Events {
    fn perform(&self, call: &Call, token: Option<&Token>) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let answer = match call.operation.as_str() {
            "PutEvents" => self.put_events(parameters, token),
            "PutRule" => self.put_rule_call(parameters),
            "PutTargets" => self.put_targets_call(parameters),
            "RemoveTargets" => self.remove_targets(parameters),
            "DescribeRule" => self.describe_rule(parameters),
            "EnableRule" => self.enable_rule(parameters, true),
            "DisableRule" => self.enable_rule(parameters, false),
            "DeleteRule" => self.delete_rule(parameters),
            "ListRules" => self.list_rules(parameters),
            "ListRuleNamesByTarget" => self.list_rule_names_by_target(parameters),
            "ListTargetsByRule" => self.list_targets_by_rule(parameters),
            "ListEventBuses" => Ok(self.list_event_buses(parameters)),
            "DescribeEventBus" => self.describe_event_bus(parameters),
            "TestEventPattern" => test_event_pattern(parameters),
            operation => return Err(ServiceError::unknown_operation(operation)),
        };
        answer.map_err(ServiceError::from)
    }

    fn put_events(&self, parameters: &Value, token: Option<&Token>) -> Result<Value, Error> {
        let entries = parameters
            .get("Entries")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            return Err(Error::Validation(format!(
                "PutEvents takes 1 to {MAX_ENTRIES} entries"
            )));
        }
        let size: usize = entries.iter().map(|entry| entry.to_string().len()).sum();
        if size > MAX_EVENT_BYTES {
            return Err(Error::Validation(format!(
                "the entries are longer than {MAX_EVENT_BYTES} bytes"
            )));
        }
        let answers = entries.iter().enumerate().map(|(index, entry)| {
            let token = token.map(|token| token.part(index));
            self.put_event(entry, token.as_ref())
        });
        let answers: Vec<Value> = answers.collect();
        let failed = answers
            .iter()
            .filter(|answer| answer.get("ErrorCode").is_some())
            .count();
        Ok(json!({"FailedEntryCount": failed, "Entries": answers}))
    }

    /// Answers one entry: its event id, or why it was refused.
    fn put_event(&self, entry: &Value, token: Option<&Token>) -> Value {
        let refuse =
            |code: &str, message: &str| json!({"ErrorCode": code, "ErrorMessage": message});
        let text = |name: &str| {
            entry
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let (Some(source), Some(detail_type), Some(detail)) =
            (text("Source"), text("DetailType"), entry.get("Detail"))
        else {
            return refuse(
                "InvalidArgument",
                "Source, DetailType and Detail are required",
            );
        };
        if source.starts_with("aws.") {
            return refuse(
                "NotAuthorizedForSourceException",
                "only AWS services put events of aws.*",
            );
        }
        // A text on the wire; Step Functions' own integration also takes the object itself.
        let detail: Option<Value> = match detail {
            Value::String(text) => serde_json::from_str(text).ok(),
            value => Some(value.clone()),
        };
        let Some(detail) = detail.filter(Value::is_object) else {
            return refuse("MalformedDetail", "Detail is malformed");
        };
        // PutEvents answers success for a bus that does not exist, and nobody gets the event.
        let id = Token::id_or_new(token).to_string();
        let Ok(bus) = self.bus(text("EventBusName").unwrap_or(DEFAULT_BUS)) else {
            return json!({"EventId": id});
        };
        let resources = entry.get("Resources").cloned().unwrap_or_else(|| json!([]));
        let kind = (source, detail_type);
        let event = envelope(&id, kind, &resources, &detail, entry_time(entry));
        match self.deliver(&bus, &event) {
            Ok(()) => json!({"EventId": id}),
            Err(error) => refuse("InternalFailure", &error.to_string()),
        }
    }

    fn put_rule_call(&self, parameters: &Value) -> Result<Value, Error> {
        let name = required(parameters, "Name")?;
        let bus = parameters
            .get("EventBusName")
            .and_then(Value::as_str)
            .unwrap_or(DEFAULT_BUS);
        let state = parameters.get("State").and_then(Value::as_str);
        let is_enabled = state != Some("DISABLED");
        self.put_rule(name, bus, required(parameters, "EventPattern")?, is_enabled)?;
        Ok(json!({"RuleArn": rule_arn(name)}))
    }

    fn put_targets_call(&self, parameters: &Value) -> Result<Value, Error> {
        let rule = required(parameters, "Rule")?;
        let targets = parameters
            .get("Targets")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let targets = targets.iter().map(|target| {
            Ok(Target {
                id: required(target, "Id")?.to_owned(),
                arn: queue_arn(required(target, "Arn")?)?,
            })
        });
        self.put_targets(rule, targets.collect::<Result<_, Error>>()?)?;
        Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::ResourceNotFound(_) => ("ResourceNotFoundException", 400),
            Error::InvalidEventPattern(_) => ("InvalidEventPatternException", 400),
            Error::Validation(_) => ("ValidationException", 400),
            Error::Unwritable(_) | Error::Undeliverable(_) => ("InternalException", 500),
        };
        Self::new(code, status, error.to_string())
    }
}

/// Only queues can be targets of local rules.
fn queue_arn(arn: &str) -> Result<String, Error> {
    if arn.starts_with("arn:aws:sqs:") {
        Ok(arn.to_owned())
    } else {
        Err(Error::Validation(format!(
            "{arn} is no queue, and only queues are targets here"
        )))
    }
}

/// `Time` of an entry: seconds since 1970 on the wire, a text from a Task state.
fn entry_time(entry: &Value) -> OffsetDateTime {
    let time = entry.get("Time");
    let seconds = time.and_then(Value::as_f64).and_then(|seconds| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole seconds are all that an event shows"
        )]
        let seconds = seconds as i64;
        OffsetDateTime::from_unix_timestamp(seconds).ok()
    });
    let text = || OffsetDateTime::parse(time?.as_str()?, &Rfc3339).ok();
    seconds
        .or_else(text)
        .unwrap_or_else(OffsetDateTime::now_utc)
}

pub(super) fn required<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, Error> {
    let text = parameters.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Error::Validation(format!("{name} is required")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::arn;
    use crate::service::Principal;
    use crate::sqs::{Attributes, Queues};

    async fn call(events: &Events, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        events.call(call).await.map_err(|error| error.code)
    }

    fn queues() -> Arc<Queues> {
        let queues = Queues::open(None, "http://127.0.0.1:1").expect("memory");
        queues
            .create("work", &Attributes::default())
            .expect("a new queue");
        Arc::new(queues)
    }

    async fn received(queues: &Queues) -> Vec<Value> {
        let messages = queues
            .poll("work", 10, Duration::ZERO)
            .await
            .expect("a queue");
        messages
            .iter()
            .map(|message| serde_json::from_str(&message.body).expect("an event"))
            .collect()
    }

    #[tokio::test]
    async fn delivers_what_matches_and_archives_the_domain_bus() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let archive = folder.path().join("archive.jsonl");
        let queues = queues();
        let events =
            Events::open(Arc::clone(&queues), "domain", Some(&archive)).expect("a new file");
        let rule = json!({"Name": "published", "EventBusName": "domain", "EventPattern": "{\"detail-type\":[\"VideoPublished\"]}"});
        assert!(call(&events, "PutRule", rule).await.is_ok());
        let targets =
            json!({"Rule": "published", "Targets": [{"Id": "1", "Arn": arn::queue("work")}]});
        assert!(call(&events, "PutTargets", targets).await.is_ok());

        let entries = json!({"Entries": [
            {"EventBusName": "domain", "Source": "videoflow", "DetailType": "VideoPublished", "Detail": "{\"jobId\":\"v\"}", "Time": 5},
            {"EventBusName": "domain", "Source": "videoflow", "DetailType": "VideoFailed", "Detail": {"jobId": "v"}},
            {"Source": "videoflow", "DetailType": "VideoPublished", "Detail": "{}"},
            {"Source": "videoflow", "DetailType": "VideoPublished", "Detail": "["},
        ]});
        let answer = call(&events, "PutEvents", entries)
            .await
            .expect("an answer");
        assert_eq!(answer.get("FailedEntryCount"), Some(&json!(1)));
        assert_eq!(
            answer.pointer("/Entries/3/ErrorCode"),
            Some(&json!("MalformedDetail"))
        );

        let received = received(&queues).await;
        assert_eq!(received.len(), 1);
        let event = received.first().expect("one event");
        assert_eq!(event.pointer("/detail/jobId"), Some(&json!("v")));
        assert_eq!(event.get("time"), Some(&json!("1970-01-01T00:00:05Z")));
        let archived = std::fs::read_to_string(&archive).expect("a written file");
        assert_eq!(archived.lines().count(), 2);
    }

    #[tokio::test]
    async fn entries_of_the_same_token_are_put_once_also_by_another_process() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let archive = folder.path().join("archive.jsonl");
        let queues = queues();
        let entry =
            json!({"EventBusName": "domain", "Source": "s", "DetailType": "d", "Detail": "{}"});
        let mut ids = Vec::new();
        for token in ["1", "1", "2"] {
            let events =
                Events::open(Arc::clone(&queues), "domain", Some(&archive)).expect("a file");
            events
                .put_queue_rule("r", "domain", "{\"source\":[\"s\"]}", &arn::queue("work"))
                .expect("a rule");
            let call = Call {
                principal: Principal("tester".into()),
                operation: "PutEvents".into(),
                parameters: json!({"Entries": [entry, entry]}),
            };
            let answer = events.answer_once(call, &Token::new(token)).await;
            ids.push(answer.expect("an answer"));
        }
        assert_eq!(ids.first(), ids.get(1));
        assert_ne!(ids.first(), ids.get(2));
        let archived = std::fs::read_to_string(&archive).expect("a written file");
        assert_eq!(archived.lines().count(), 4);
        assert_eq!(received(&queues).await.len(), 4);
    }

    #[tokio::test]
    async fn services_emit_once_on_the_default_bus() {
        let queues = queues();
        let events = Events::open(Arc::clone(&queues), "domain", None).expect("no file");
        let pattern = "{\"source\":[\"aws.s3\"]}";
        events
            .put_queue_rule("created", DEFAULT_BUS, pattern, &arn::queue("work"))
            .expect("a rule");
        let emit = |words: &str, source: &str| {
            let kind = (source, "Object Created");
            let resources = [arn::s3("b", None)];
            let emitted = events.emit_once(&Token::new(words), kind, &resources, &json!({"a": 1}));
            emitted.expect("a queue");
        };
        emit("1", "aws.s3");
        emit("1", "aws.s3");
        emit("2", "aws.states");
        let received = received(&queues).await;
        assert_eq!(received.len(), 1);
        let resources = received.first().and_then(|event| event.get("resources"));
        assert_eq!(resources, Some(&json!(["arn:aws:s3:::b"])));
    }

    #[tokio::test]
    async fn refuses_what_eventbridge_refuses() {
        let events = Events::open(queues(), "domain", None).expect("no file");
        let eleven: Vec<Value> = (0..11).map(|_| json!({})).collect();
        for (operation, parameters, expected) in [
            ("PutEvents", json!({"Entries": []}), "ValidationException"),
            (
                "PutEvents",
                json!({"Entries": eleven}),
                "ValidationException",
            ),
            (
                "PutRule",
                json!({"Name": "r", "EventPattern": "[]"}),
                "InvalidEventPatternException",
            ),
            (
                "PutRule",
                json!({"Name": "r", "EventPattern": "{}", "EventBusName": "none"}),
                "ResourceNotFoundException",
            ),
            (
                "PutTargets",
                json!({"Rule": "none", "Targets": []}),
                "ResourceNotFoundException",
            ),
            (
                "DescribeRule",
                json!({"Name": "none"}),
                "ResourceNotFoundException",
            ),
            ("CreateArchive", json!({}), "UnknownOperationException"),
        ] {
            let answer = call(&events, operation, parameters).await;
            assert_eq!(answer.err().as_deref(), Some(expected), "{operation}");
        }
        let reserved =
            json!({"Entries": [{"Source": "aws.s3", "DetailType": "d", "Detail": "{}"}]});
        let answer = call(&events, "PutEvents", reserved)
            .await
            .expect("an answer");
        assert_eq!(answer.get("FailedEntryCount"), Some(&json!(1)));
    }
}
