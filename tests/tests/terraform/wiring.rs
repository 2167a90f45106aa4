//! The applied platform against the definitions, the functions and the rules of the house.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use videoflow_platform::lambda::deployments;

use super::offline::development;
use super::{Applied, Resource, unprefixed};
use crate::documents::anchors;
use crate::machines::tasks::definitions;
use crate::permissions::settings::{PATTERNS, pattern, used};
use crate::support::root;

/// A text with its placeholders filled in as the platform says.
fn filled(applied: &Applied, text: &str) -> String {
    let values = applied.outputs["placeholders"].as_object();
    let values = values.expect("placeholders").iter();
    values.fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), value.as_str().expect("a text"))
    })
}

#[test]
fn what_is_filled_in_is_what_definitions_and_functions_ask_for() {
    let Some((applied, _)) = development() else {
        return;
    };
    let given = applied.outputs["placeholders"].as_object();
    let given: BTreeSet<String> = given.expect("placeholders").keys().cloned().collect();
    assert_eq!(given, used());
}

#[test]
fn a_release_finds_all_that_it_needs_in_the_outputs() {
    let Some((applied, _)) = development() else {
        return;
    };
    let outputs = tempfile::NamedTempFile::new().expect("a file");
    // The offline provider publishes nothing.
    let mut platform = applied.outputs.clone();
    for machine in ["process_video", "reconcile_library"] {
        let version = format!("{}:1", platform[machine]["arn"].as_str().expect("an ARN"));
        platform[machine]["version_arn"] = version.into();
    }
    let document = serde_json::json!({"platform": {"value": platform}});
    std::fs::write(outputs.path(), document.to_string()).expect("a file");
    let program = Command::new(root().join(".github/scripts/run.sh"))
        .args(["smoke", "dev", "--videoflow", "/nowhere", "--outputs"])
        .arg(outputs.path())
        .env_remove("AWS_ENDPOINT_URL")
        .output();
    let said = program.expect("`make test` installs it").stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("refused: /nowhere is missing"), "{said}");
}

#[test]
fn each_machine_runs_the_committed_definition() {
    let Some((applied, _)) = development() else {
        return;
    };
    let machines = applied.by_name("aws_sfn_state_machine", "name");
    assert_eq!(
        machines.keys().copied().collect::<Vec<_>>(),
        definitions().keys().collect::<Vec<_>>()
    );
    for (name, machine) in machines {
        let expected = filled(applied, &definitions()[name].text);
        assert_eq!(machine.text("definition"), expected, "{name}");
    }
}

#[test]
fn each_function_is_deployed_as_its_table_says() {
    let Some((applied, _)) = development() else {
        return;
    };
    let deployed = applied.by_name("aws_lambda_function", "function_name");
    assert_eq!(
        deployed.keys().copied().collect::<BTreeSet<_>>(),
        deployments().keys().map(String::as_str).collect()
    );
    for (name, lambda) in deployed {
        let table = &deployments()[name];
        assert_eq!(lambda.values["architectures"][0], "arm64", "{name}");
        assert_eq!(lambda.text("runtime"), "provided.al2023", "{name}");
        assert_eq!(lambda.values["timeout"], table.timeout_seconds, "{name}");
        assert_eq!(lambda.values["memory_size"], table.memory_mb, "{name}");
        let settings = lambda.values["environment"][0]["variables"].as_object();
        let settings: BTreeSet<&str> = settings
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        let listed = table.environment.iter().map(String::as_str);
        assert_eq!(settings, listed.collect(), "{name}");
    }
}

#[test]
fn a_message_stays_hidden_for_six_times_its_functions_timeout() {
    let Some((applied, _)) = development() else {
        return;
    };
    let queues: BTreeMap<&str, &Resource> = applied
        .of_kind("aws_sqs_queue")
        .map(|queue| (queue.text("arn"), queue))
        .collect();
    let mut consumers = Vec::new();
    for mapping in applied.of_kind("aws_lambda_event_source_mapping") {
        let queue = queues[mapping.text("event_source_arn")];
        let function = unprefixed(mapping.text("function_name"))
            .split(':')
            .next()
            .unwrap_or_default();
        let timeout = u64::from(deployments()[function].timeout_seconds);
        let hidden = queue.values["visibility_timeout_seconds"].as_u64();
        assert!(hidden >= Some(6 * timeout), "{function}: {hidden:?}");
        assert_eq!(
            mapping.values["function_response_types"][0],
            "ReportBatchItemFailures"
        );
        assert!(
            mapping.values["scaling_config"][0]["maximum_concurrency"].is_u64(),
            "{function}"
        );
        consumers.push(function);
    }
    consumers.sort_unstable();
    assert_eq!(
        consumers,
        ["delete-video", "record-failure", "start-processing"]
    );
}

/// Alarms by the metric and the value of a dimension that they watch.
fn alarms(applied: &Applied) -> BTreeSet<(&str, String)> {
    let alarms = applied.of_kind("aws_cloudwatch_metric_alarm");
    alarms
        .flat_map(|alarm| {
            let values = alarm.values["dimensions"].as_object().into_iter().flatten();
            values.map(|(_, value)| {
                (
                    alarm.text("metric_name"),
                    value.as_str().unwrap_or_default().to_owned(),
                )
            })
        })
        .collect()
}

#[test]
fn each_queue_has_dead_letters_and_each_of_both_an_alarm() {
    let Some((applied, _)) = development() else {
        return;
    };
    let alarms = alarms(applied);
    let mut queues = BTreeSet::new();
    for queue in applied.of_kind("aws_sqs_queue") {
        let name = queue.text("name");
        assert!(
            !queue.text("kms_master_key_id").is_empty(),
            "{name} is not encrypted by the key"
        );
        if name.ends_with("-dead-letters") {
            let watched = ("ApproximateNumberOfMessagesVisible", name.to_owned());
            assert!(alarms.contains(&watched), "{name} has no alarm");
            continue;
        }
        let watched = ("ApproximateAgeOfOldestMessage", name.to_owned());
        assert!(alarms.contains(&watched), "{name} has no alarm on age");
        let redriven = applied
            .of_kind("aws_sqs_queue_redrive_policy")
            .map(|policy| policy.text("redrive_policy"))
            .chain([queue.text("redrive_policy")])
            .any(|policy| policy.contains(&format!("{name}-dead-letters")));
        assert!(redriven, "{name} has no dead letters");
        queues.insert(unprefixed(name));
    }
    assert_eq!(
        queues,
        ["deletions", "failed-videos", "failures", "ingest"].into()
    );
    let undelivered = applied
        .of_kind("aws_scheduler_schedule")
        .chain(applied.of_kind("aws_cloudwatch_event_target"));
    for source in undelivered {
        let text = source.values.to_string();
        assert!(
            text.contains("-dead-letters\""),
            "{} has no dead letters",
            source.address
        );
    }
}

#[test]
fn each_machine_and_each_function_has_its_alarms() {
    let Some((applied, _)) = development() else {
        return;
    };
    let alarms = alarms(applied);
    for machine in applied.of_kind("aws_sfn_state_machine") {
        for metric in [
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionThrottled",
            "ExecutionsAborted",
        ] {
            let watched = (metric, machine.text("arn").to_owned());
            assert!(
                alarms.contains(&watched),
                "{}: no alarm on {metric}",
                machine.text("name")
            );
        }
    }
    for function in applied.of_kind("aws_lambda_function") {
        for metric in ["Errors", "Throttles", "Duration"] {
            let watched = (metric, function.text("function_name").to_owned());
            assert!(
                alarms.contains(&watched),
                "{}: no alarm on {metric}",
                watched.1
            );
        }
    }
    let topic = applied.outputs["alarm_topic_arn"]
        .as_str()
        .expect("the topic");
    for alarm in applied.of_kind("aws_cloudwatch_metric_alarm") {
        assert_eq!(alarm.values["alarm_actions"][0], topic, "{}", alarm.address);
    }
}

#[test]
fn each_log_group_has_a_retention_and_each_machine_function_and_api_a_log_group() {
    let Some((applied, _)) = development() else {
        return;
    };
    let groups = applied.by_name("aws_cloudwatch_log_group", "name");
    for (name, group) in &groups {
        assert_eq!(group.values["retention_in_days"], 14, "{name}");
        assert!(
            !group.text("kms_key_id").is_empty(),
            "{name} is not encrypted by the key"
        );
    }
    let machines = applied.by_name("aws_sfn_state_machine", "name");
    let lambdas = applied.by_name("aws_lambda_function", "function_name");
    for name in machines.keys().chain(lambdas.keys()) {
        assert!(groups.contains_key(name), "{name} has no log group");
    }
    assert_eq!(
        groups.len(),
        machines.len() + lambdas.len() + 1,
        "{:?}",
        groups.keys()
    );
    for (name, machine) in machines {
        let logging = &machine.values["logging_configuration"][0];
        assert_eq!(logging["include_execution_data"], true, "{name}");
        let destination = logging["log_destination"].as_str().unwrap_or_default();
        assert!(destination.ends_with(":*"), "{name}: {destination}");
        assert_eq!(
            machine.values["tracing_configuration"][0]["enabled"], true,
            "{name}"
        );
    }
    for (name, lambda) in lambdas {
        assert_eq!(
            lambda.values["tracing_config"][0]["mode"], "Active",
            "{name}"
        );
        assert_eq!(
            lambda.values["logging_config"][0]["log_format"], "JSON",
            "{name}"
        );
    }
}

#[test]
fn the_rules_match_what_the_local_platform_matches() {
    let Some((applied, _)) = development() else {
        return;
    };
    let rules = applied.by_name("aws_cloudwatch_event_rule", "name");
    assert_eq!(rules.keys().copied().collect::<Vec<_>>(), PATTERNS);
    for (name, rule) in rules {
        let expected = filled(applied, &pattern(name));
        assert_eq!(rule.text("event_pattern"), expected, "{name}");
    }
}

#[test]
fn every_alarm_leads_to_a_paragraph_that_exists() {
    let Some((applied, _)) = development() else {
        return;
    };
    let operations = std::fs::read_to_string(root().join("docs/operations.md"));
    let paragraphs = anchors(&operations.expect("docs/operations.md"));
    let mut named = BTreeSet::new();
    for kind in [
        "aws_cloudwatch_metric_alarm",
        "aws_cloudwatch_composite_alarm",
    ] {
        for alarm in applied.of_kind(kind) {
            let description = alarm.text("alarm_description");
            let (_, paragraph) = description
                .rsplit_once("See docs/operations.md#")
                .unwrap_or_else(|| panic!("{}: {description}", alarm.address));
            named.insert(paragraph.to_owned());
        }
    }
    assert!(named.len() > 10, "{named:?}");
    let missing: Vec<_> = named.difference(&paragraphs).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
