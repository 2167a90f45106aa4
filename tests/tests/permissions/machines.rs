//! The roles of the machines against the Tasks of their definitions, both ways.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::table;
use crate::machines::tasks::{definitions, states};

/// Services by the names that integrations have for them, where they differ from the record's.
const RENAMED: [(&str, &str); 3] = [
    ("bedrockdataautomationruntime", "bedrock"),
    ("eventbridge", "events"),
    ("sfn", "states"),
];

/// Pattern of an integration that needs no other rights: the token reaches whoever answers by another way.
const TASK_TOKEN: &str = ".waitForTaskToken";

/// A machine's calls by its definition.
#[derive(Default)]
struct Calls(BTreeMap<String, BTreeSet<String>>);

impl Calls {
    fn add(&mut self, call: &str, target: &str) {
        self.0
            .entry(call.to_owned())
            .or_default()
            .insert(target.to_owned());
    }

    fn add_task(&mut self, state: &str, task: &Value) {
        let call = call(task["Resource"].as_str().expect("a Resource"));
        let arguments = &task["Arguments"];
        match call.as_str() {
            "dynamodb:TransactWriteItems" => {
                for item in arguments["TransactItems"].as_array().expect("items") {
                    for (kind, action) in item.as_object().expect("an item") {
                        self.add(
                            &format!("{call}.{kind}"),
                            &target(state, &action["TableName"]),
                        );
                    }
                }
            }
            "events:PutEvents" => {
                for entry in arguments["Entries"].as_array().expect("entries") {
                    self.add(&call, &target(state, &entry["EventBusName"]));
                }
            }
            "mediaconvert:Probe" => {
                self.add(&call, "media-convert");
                self.add(&format!("{call}.input"), "source");
            }
            _ => {
                let is_version = call.starts_with("s3:") && arguments.get("VersionId").is_some();
                let version = if is_version { ".version" } else { "" };
                let target = addressed(state, arguments)
                    .or_else(|| of_service(&call))
                    .unwrap_or_else(|| panic!("{state}: {call} has no target"));
                self.add(&format!("{call}{version}"), &target);
            }
        }
    }
}

/// `arn:aws:states:::aws-sdk:sfn:describeExecution` → `states:DescribeExecution`.
fn call(resource: &str) -> String {
    let path = resource.trim_start_matches("arn:aws:states:::");
    let path = path
        .trim_start_matches("aws-sdk:")
        .trim_end_matches(TASK_TOKEN);
    let (service, operation) = path.split_once(':').expect("service:operation");
    let renamed = RENAMED.iter().find(|(name, _)| *name == service);
    let service = renamed.map_or(service, |(_, name)| name);
    let (first, rest) = operation.split_at(1);
    format!("{service}:{}{rest}", first.to_uppercase())
}

/// What a Task names in one of its arguments.
fn addressed(state: &str, arguments: &Value) -> Option<String> {
    if arguments.get("ExecutionArn").is_some() {
        // Executions are known from the job table only, which has those of the main machine.
        return Some("process-video".to_owned());
    }
    let members = [
        "FunctionName",
        "StateMachineArn",
        "TableName",
        "QueueUrl",
        "TopicArn",
        "Bucket",
    ];
    let named = members.iter().find_map(|name| arguments.get(name))?;
    Some(target(state, named))
}

/// What a service's jobs and answers belong to.
fn of_service(call: &str) -> Option<String> {
    let target = match call.split(':').next()? {
        "bedrock" => "data-automation",
        "mediaconvert" => "media-convert",
        "rekognition" => "rekognition",
        "transcribe" => "transcribe",
        _ => return None,
    };
    Some(target.to_owned())
}

/// `${jobs_table_name}` → `jobs-table`.
fn target(state: &str, argument: &Value) -> String {
    let argument = argument.as_str().expect("a text");
    if ["{% $source.bucket %}", "{% $bucket %}"].contains(&argument) {
        return "source".to_owned();
    }
    let placeholder = argument
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    let placeholder =
        placeholder.unwrap_or_else(|| panic!("{state}: {argument} is no placeholder"));
    let (name, _) = placeholder.rsplit_once('_').expect("a kind");
    let name = name
        .trim_end_matches("_function")
        .trim_end_matches("_state_machine");
    name.replace('_', "-")
}

fn calls(machine: &str, definition: &Value) -> Calls {
    let mut calls = Calls::default();
    for (name, state) in states(definition) {
        if state["Type"] == "Task" {
            calls.add_task(name, state);
        }
        if let Some(reader) = state.get("ItemReader") {
            calls.add_task(name, reader);
        }
        if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED" {
            calls.add("states:DistributedMap", machine);
        }
    }
    calls
}

#[test]
fn a_role_has_the_calls_of_its_definition_and_no_others() {
    for (machine, definition) in definitions() {
        let role = &table().roles.machines[machine];
        assert_eq!(&calls(machine, &definition.json).0, role, "{machine}");
    }
}

#[test]
fn calls_are_named_as_the_record_names_them() {
    let check = |resource: &str, expected: &str| {
        assert_eq!(call(&format!("arn:aws:states:::{resource}")), expected);
    };
    check("lambda:invoke", "lambda:Invoke");
    check(
        "states:startExecution.sync:2",
        "states:StartExecution.sync:2",
    );
    check("aws-sdk:sfn:describeExecution", "states:DescribeExecution");
    check(
        "aws-sdk:dynamodb:updateItem.waitForTaskToken",
        "dynamodb:UpdateItem",
    );
    let status = "aws-sdk:bedrockdataautomationruntime:getDataAutomationStatus";
    check(status, "bedrock:GetDataAutomationStatus");
}
