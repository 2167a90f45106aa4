//! State machines, their versions, aliases and tags, through the API.

use super::*;

const ROLE: &str = "arn:aws:iam::000000000000:role/videoflow-local-mine";

/// A definition that hands back `answer`.
fn answering(answer: &str) -> String {
    let pass = json!({"Type": "Pass", "Result": answer, "End": true});
    json!({"StartAt": "Answer", "States": {"Answer": pass}}).to_string()
}

fn creation(name: &str, answer: &str) -> Value {
    json!({"Name": name, "Definition": answering(answer), "RoleArn": ROLE})
}

fn arn(name: &str) -> String {
    names::machine_arn(name)
}

/// With further members.
fn and(mut parameters: Value, more: Value) -> Value {
    if let (Some(parameters), Value::Object(more)) = (parameters.as_object_mut(), more) {
        parameters.extend(more);
    }
    parameters
}

impl Bench {
    /// Holds the answer to a call to some of its members, or to an error's code and message.
    async fn check(&self, operation: &str, parameters: Value, expected: Result<Value, &str>) {
        let found = self.call(operation, parameters.clone()).await;
        let found = match (&found, &expected) {
            (Ok(Value::Object(found)), Ok(Value::Object(expected))) => {
                let members = expected.keys();
                let members = members.map(|name| (name.clone(), found.get(name).cloned()));
                Ok(members
                    .map(|(name, value)| (name, value.unwrap_or_default()))
                    .collect())
            }
            (found, _) => (*found).clone().map_err(|error| error.to_string()),
        };
        let expected = expected.map_err(str::to_owned);
        assert_eq!(found, expected, "{operation} {parameters}");
    }

    /// What an execution hands back that is started by an ARN, and the version and alias that it tells.
    async fn answer(&self, arn: &str) -> anyhow::Result<(String, Value, Value)> {
        let started = self.call("StartExecution", json!({"StateMachineArn": arn}));
        let started = started.await?;
        let execution = started["ExecutionArn"].as_str().unwrap_or_default();
        let output = self.end(execution).await?.output;
        let described = self.call("DescribeExecution", json!({"ExecutionArn": execution}));
        let mut described = described.await?;
        let mut member = |name: &str| described[name].take();
        Ok((
            output.unwrap_or_default(),
            member("StateMachineVersionArn"),
            member("StateMachineAliasArn"),
        ))
    }

    /// Members of the items of a list.
    async fn listed(&self, operation: &str, parameters: Value, member: &str) -> Vec<String> {
        let answer = self.call(operation, parameters).await.unwrap_or_default();
        let lists = answer
            .as_object()
            .into_iter()
            .flat_map(|list| list.values());
        let items = lists.filter_map(Value::as_array).flatten();
        items
            .filter_map(|item| item[member].as_str().map(str::to_owned))
            .collect()
    }
}

async fn bench() -> anyhow::Result<(tempfile::TempDir, Bench)> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    bench
        .call("CreateStateMachine", creation("m", "one"))
        .await?;
    Ok((folder, bench))
}

#[tokio::test]
async fn the_same_machine_again_is_no_other() -> anyhow::Result<()> {
    let (_folder, bench) = bench().await?;
    let create = |more: Value| and(creation("m", "one"), more);
    let known = Ok(json!({"StateMachineArn": arn("m"), "StateMachineVersionArn": null}));
    let exists = "StateMachineAlreadyExists: State Machine Already Exists: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'";
    for (more, expected) in [
        (json!({}), known.clone()),
        (
            json!({"RoleArn": "arn:aws:iam::000000000000:role/other"}),
            known.clone(),
        ),
        (json!({"Tags": [{"Key": "a", "Value": "b"}]}), known),
        (json!({"Definition": answering("two")}), Err(exists)),
        (
            json!({"TracingConfiguration": {"Enabled": true}}),
            Err(exists),
        ),
        (json!({"Publish": true}), Err(exists)),
    ] {
        bench
            .check("CreateStateMachine", create(more), expected)
            .await;
    }
    let described = json!({"RoleArn": ROLE, "Type": "STANDARD", "Status": "ACTIVE", "RevisionId": null,
        "LoggingConfiguration": {"Level": "OFF", "IncludeExecutionData": false},
        "TracingConfiguration": {"Enabled": false}, "Definition": answering("one")});
    let machine = json!({"StateMachineArn": arn("m")});
    bench
        .check("DescribeStateMachine", machine, Ok(described))
        .await;
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_made_is_refused() -> anyhow::Result<()> {
    let (_folder, bench) = bench().await?;
    for (more, expected) in [
        (json!({"Name": "a b"}), "InvalidName: Invalid Name: 'a b'"),
        (json!({"RoleArn": "r"}), "InvalidArn: Invalid Role Arn: 'r'"),
        (
            json!({"Type": "EXPRESS"}),
            "StateMachineTypeNotSupported: The local platform runs state machines of type STANDARD only",
        ),
        (
            json!({"VersionDescription": "d"}),
            "ValidationException: Version description can only be set when publish is true",
        ),
        (
            json!({"Definition": r#"{"Comment": "c", "StartAt": "State_1"}"#}),
            "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
        ),
        (
            json!({"LoggingConfiguration": {"Level": "ALL"}}),
            "InvalidLoggingConfiguration: Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
    ] {
        let parameters = and(creation("n", "one"), more);
        bench
            .check("CreateStateMachine", parameters, Err(expected))
            .await;
    }
    let machines = bench.listed("ListStateMachines", json!({}), "Name").await;
    assert_eq!(
        machines,
        ["m", "videoflow-local-child", "videoflow-local-parent"]
    );
    Ok(())
}

#[tokio::test]
async fn an_update_is_a_revision_and_executions_keep_theirs() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let child = names::state_machine_arn("child");
    let execution = bench.start("child", &json!({})).await?;
    let token = bench.token().await;
    let update = json!({"StateMachineArn": child, "Definition": answering("new"), "RoleArn": ROLE});
    let updated = bench.call("UpdateStateMachine", update.clone()).await?;
    let revision = updated["RevisionId"].clone();
    assert!(revision.is_string(), "{updated}");
    let same = Ok(json!({"RevisionId": revision, "StateMachineVersionArn": null}));
    bench
        .check("UpdateStateMachine", update.clone(), same)
        .await;
    let published = json!({"RevisionId": revision, "StateMachineVersionArn": format!("{child}:2")});
    let publish = and(update, json!({"Publish": true}));
    bench
        .check("UpdateStateMachine", publish.clone(), Ok(published.clone()))
        .await;
    bench
        .check("UpdateStateMachine", publish, Ok(published))
        .await;

    let of = json!({"ExecutionArn": execution});
    let began = json!({"Definition": ASK, "RoleArn": names::role_arn("child"), "RevisionId": null,
        "StateMachineArn": child, "Name": "videoflow-local-child"});
    let operation = "DescribeStateMachineForExecution";
    bench.check(operation, of.clone(), Ok(began.clone())).await;
    bench.succeed(&token, "7").await?;
    assert_eq!(bench.end(&execution).await?.output.as_deref(), Some("7"));
    bench.check(operation, of.clone(), Ok(began)).await;
    let hidden = and(of, json!({"IncludedData": "METADATA_ONLY"}));
    bench
        .check(operation, hidden, Ok(json!({"Definition": "{}"})))
        .await;
    assert_eq!(bench.answer(&child).await?.0, "\"new\"");
    let started = json!({"ExecutionArn": bench.listed("ListExecutions", json!({"StateMachineArn": child}), "ExecutionArn").await.first()});
    let history = bench.call("GetExecutionHistory", started).await?;
    assert_eq!(
        history["Events"][0]["ExecutionStartedEventDetails"]["RoleArn"],
        json!(ROLE)
    );
    Ok(())
}

#[tokio::test]
async fn an_older_record_is_told_the_machine_of_now() -> anyhow::Result<()> {
    let (folder, bench) = bench().await?;
    let started = bench.call("StartExecution", json!({"StateMachineArn": arn("m")}));
    let execution = started.await?["ExecutionArn"].clone();
    let execution = execution.as_str().unwrap_or_default();
    bench.end(execution).await?;
    let path = Record::path(folder.path(), execution);
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    if let Some(members) = record.as_object_mut() {
        members.remove("blueprint");
    }
    std::fs::write(&path, record.to_string())?;
    let of = json!({"ExecutionArn": execution});
    let expected = json!({"Definition": answering("one"), "RoleArn": ROLE});
    bench
        .check("DescribeStateMachineForExecution", of, Ok(expected))
        .await;
    Ok(())
}

#[tokio::test]
async fn what_is_no_machine_cannot_be_changed() -> anyhow::Result<()> {
    let (_folder, bench) = bench().await?;
    let (m, none) = (arn("m"), arn("none"));
    bench
        .call("PublishStateMachineVersion", json!({"StateMachineArn": m}))
        .await?;
    let missing =
        |arn: &str| format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'");
    let version = format!("{m}:1");
    for (operation, parameters, expected) in [
        (
            "UpdateStateMachine",
            json!({"StateMachineArn": m}),
            "MissingRequiredParameter: Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified".to_owned(),
        ),
        ("UpdateStateMachine", json!({"StateMachineArn": none, "RoleArn": ROLE}), missing(&none)),
        ("UpdateStateMachine", json!({"StateMachineArn": version, "RoleArn": ROLE}), missing(&version)),
        ("PublishStateMachineVersion", json!({"StateMachineArn": none}), missing(&none)),
        ("DescribeStateMachine", json!({"StateMachineArn": none}), missing(&none)),
        ("DescribeStateMachine", json!({"StateMachineArn": format!("{m}:2")}), missing(&format!("{m}:2"))),
        ("StartExecution", json!({"StateMachineArn": format!("{m}:live")}), missing(&format!("{m}:live"))),
        ("ListExecutions", json!({"StateMachineArn": none}), missing(&none)),
        (
            "DescribeStateMachine",
            json!({"StateMachineArn": "m"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: m'".to_owned(),
        ),
        (
            "StartSyncExecution",
            json!({"StateMachineArn": m}),
            "StateMachineTypeNotSupported: This operation is not supported by this type of state machine".to_owned(),
        ),
    ] {
        bench.check(operation, parameters, Err(&expected)).await;
    }
    for (operation, member) in [
        ("DeleteStateMachine", "StateMachineArn"),
        ("DeleteStateMachineVersion", "StateMachineVersionArn"),
        ("DeleteStateMachineAlias", "StateMachineAliasArn"),
    ] {
        let gone = match member {
            "StateMachineArn" => none.clone(),
            "StateMachineVersionArn" => format!("{none}:1"),
            _ => format!("{none}:live"),
        };
        bench
            .check(operation, json!({ member: gone }), Ok(json!({})))
            .await;
    }
    Ok(())
}

#[tokio::test]
async fn versions_are_published_once_and_kept_while_an_alias_names_them() -> anyhow::Result<()> {
    let (_folder, bench) = bench().await?;
    let m = arn("m");
    let publish = |more: Value| and(json!({"StateMachineArn": m}), more);
    let version = |number: u32| Ok(json!({"StateMachineVersionArn": format!("{m}:{number}")}));
    let operation = "PublishStateMachineVersion";
    bench
        .check(
            operation,
            publish(json!({"RevisionId": "INITIAL", "Description": "d"})),
            version(1),
        )
        .await;
    bench.check(operation, publish(json!({})), version(1)).await;
    let update = json!({"StateMachineArn": m, "Definition": answering("two")});
    let revision = bench.call("UpdateStateMachine", update).await?["RevisionId"].clone();
    let conflict = format!(
        "ConflictException: Failed to publish the State Machine version for revision INITIAL. The current State Machine revision is {}.",
        revision.as_str().unwrap_or_default()
    );
    bench
        .check(
            operation,
            publish(json!({"RevisionId": "INITIAL"})),
            Err(&conflict),
        )
        .await;
    bench
        .check(
            operation,
            publish(json!({"RevisionId": revision})),
            version(2),
        )
        .await;
    let versions = bench
        .listed(
            "ListStateMachineVersions",
            json!({"StateMachineArn": m}),
            "StateMachineVersionArn",
        )
        .await;
    assert_eq!(versions, [format!("{m}:2"), format!("{m}:1")]);
    let first = json!({"Description": "d", "Definition": answering("one"), "StateMachineArn": format!("{m}:1")});
    bench
        .check(
            "DescribeStateMachine",
            json!({"StateMachineArn": format!("{m}:1")}),
            Ok(first),
        )
        .await;

    let route = json!([{"StateMachineVersionArn": format!("{m}:1"), "Weight": 100}]);
    bench
        .call(
            "CreateStateMachineAlias",
            json!({"Name": "live", "RoutingConfiguration": route}),
        )
        .await?;
    let delete = json!({"StateMachineVersionArn": format!("{m}:1")});
    let used = "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]";
    bench
        .check("DeleteStateMachineVersion", delete.clone(), Err(used))
        .await;
    bench
        .call(
            "DeleteStateMachineAlias",
            json!({"StateMachineAliasArn": format!("{m}:live")}),
        )
        .await?;
    bench
        .check("DeleteStateMachineVersion", delete, Ok(json!({})))
        .await;
    let versions = bench
        .listed(
            "ListStateMachineVersions",
            json!({"StateMachineArn": m}),
            "StateMachineVersionArn",
        )
        .await;
    assert_eq!(versions, [format!("{m}:2")]);
    Ok(())
}

/// A machine `m` with two versions, which answer "one" and "two".
async fn two_versions() -> anyhow::Result<(tempfile::TempDir, Bench)> {
    let (folder, bench) = bench().await?;
    let m = arn("m");
    bench
        .call("PublishStateMachineVersion", json!({"StateMachineArn": m}))
        .await?;
    let update = json!({"StateMachineArn": m, "Definition": answering("two"), "Publish": true});
    bench.call("UpdateStateMachine", update).await?;
    Ok((folder, bench))
}

fn routing(routes: &[(&str, u32)]) -> Value {
    let routes = routes.iter().map(|(qualifier, weight)| {
        json!({"StateMachineVersionArn": format!("{}{qualifier}", arn("m")), "Weight": weight})
    });
    routes.collect()
}

#[tokio::test]
async fn aliases_lead_to_versions_of_one_machine() -> anyhow::Result<()> {
    let (_folder, bench) = two_versions().await?;
    let m = arn("m");
    let alias = |name: &str, routes: &[(&str, u32)]| json!({"Name": name, "RoutingConfiguration": routing(routes)});
    let received =
        |what: &str| format!("ValidationException: Routing configuration must contain {what}");
    for (routes, expected) in [
        (
            vec![(":1", 50), (":1", 50)],
            received(&format!("distinct state machine version ARNs. Received: [{m}:1, {m}:1]")),
        ),
        (
            vec![("", 70), (":2", 30)],
            received(&format!("state machine version ARNs. Received: [{m}, {m}:2]")),
        ),
        (
            vec![(":1", 70), (":2", 29)],
            "ValidationException: Sum of routing configuration weights must equal 100. Received: [70, 29]".to_owned(),
        ),
        (
            vec![(":1", 70), (":3", 30)],
            "ResourceNotFound: Request references a resource that does not exist.".to_owned(),
        ),
    ] {
        bench.check("CreateStateMachineAlias", alias("a", &routes), Err(&expected)).await;
    }
    for name in ["123", "a b", "a@"] {
        let expected = format!(
            r"ValidationException: 1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
        );
        let parameters = alias(name, &[(":1", 100)]);
        bench
            .check("CreateStateMachineAlias", parameters, Err(&expected))
            .await;
    }
    let created = Ok(json!({"StateMachineAliasArn": format!("{m}:a")}));
    bench
        .check(
            "CreateStateMachineAlias",
            alias("a", &[(":1", 100)]),
            created.clone(),
        )
        .await;
    bench
        .check(
            "CreateStateMachineAlias",
            alias("a", &[(":1", 100)]),
            created,
        )
        .await;
    let differs = "ConflictException: Failed to create alias because an alias with the same name and a different routing configuration already exists.";
    bench
        .check(
            "CreateStateMachineAlias",
            alias("a", &[(":2", 100)]),
            Err(differs),
        )
        .await;
    bench
        .call("CreateStateMachineAlias", alias("b", &[(":2", 100)]))
        .await?;
    for (qualifier, expected) in [("", vec!["a", "b"]), (":1", vec!["a"]), (":2", vec!["b"])] {
        let of = json!({"StateMachineArn": format!("{m}{qualifier}")});
        let aliases = bench
            .listed("ListStateMachineAliases", of, "StateMachineAliasArn")
            .await;
        let expected: Vec<String> = expected.iter().map(|name| format!("{m}:{name}")).collect();
        assert_eq!(aliases, expected, "{qualifier}");
    }
    Ok(())
}

#[tokio::test]
async fn an_alias_starts_the_version_that_it_leads_to() -> anyhow::Result<()> {
    let (_folder, bench) = two_versions().await?;
    let m = arn("m");
    let alias_arn = format!("{m}:live");
    let route = json!({"Name": "live", "RoutingConfiguration": routing(&[(":1", 100)])});
    bench.call("CreateStateMachineAlias", route).await?;
    let (first, second) = (json!(format!("{m}:1")), json!(format!("{m}:2")));
    let alias = json!(alias_arn);
    let expected = ("\"one\"".to_owned(), first.clone(), alias.clone());
    assert_eq!(bench.answer(&alias_arn).await?, expected);
    let expected = ("\"two\"".to_owned(), second.clone(), Value::Null);
    assert_eq!(bench.answer(&format!("{m}:2")).await?, expected);
    let expected = ("\"two\"".to_owned(), Value::Null, Value::Null);
    assert_eq!(bench.answer(&m).await?, expected);

    let update = json!({"StateMachineAliasArn": alias_arn, "Description": "half",
        "RoutingConfiguration": routing(&[(":1", 0), (":2", 100)])});
    bench.call("UpdateStateMachineAlias", update).await?;
    let described = json!({"Description": "half", "Name": "live",
        "RoutingConfiguration": routing(&[(":1", 0), (":2", 100)])});
    let of = json!({"StateMachineAliasArn": alias_arn});
    bench
        .check("DescribeStateMachineAlias", of, Ok(described))
        .await;
    let expected = ("\"two\"".to_owned(), second, alias);
    assert_eq!(bench.answer(&alias_arn).await?, expected);
    for (arn, expected) in [
        (alias_arn, 2),
        (format!("{m}:1"), 1),
        (format!("{m}:2"), 2),
        (m, 4),
    ] {
        let of = json!({"StateMachineArn": arn});
        let found = bench.listed("ListExecutions", of, "ExecutionArn").await;
        assert_eq!(found.len(), expected, "{arn}");
    }
    let missing = "ResourceNotFound: Request references a resource that does not exist.";
    let none = json!({"StateMachineAliasArn": format!("{}:none", arn("m")), "Description": "d"});
    bench
        .check("UpdateStateMachineAlias", none.clone(), Err(missing))
        .await;
    bench
        .check("DescribeStateMachineAlias", none, Err(missing))
        .await;
    Ok(())
}

#[tokio::test]
async fn machines_survive_a_restart_with_all_that_they_have() -> anyhow::Result<()> {
    let (folder, bench) = two_versions().await?;
    let m = arn("m");
    let route = json!({"Name": "live", "RoutingConfiguration": routing(&[(":1", 100)])});
    bench.call("CreateStateMachineAlias", route).await?;
    let tags = json!([{"Key": "k", "Value": "v"}]);
    bench
        .call("TagResource", json!({"ResourceArn": m, "Tags": tags}))
        .await?;
    let restarted = bench.restarted(folder.path(), ADD)?;
    assert_eq!(restarted.answer(&format!("{m}:live")).await?.0, "\"one\"");
    assert_eq!(restarted.answer(&m).await?.0, "\"two\"");
    restarted
        .check(
            "ListTagsForResource",
            json!({"ResourceArn": m}),
            Ok(json!({"Tags": tags})),
        )
        .await;
    Ok(())
}

#[tokio::test]
async fn a_deleted_machine_stops_its_executions_and_is_gone() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ASK)?;
    let child = names::state_machine_arn("child");
    let execution = bench.start("child", &json!({})).await?;
    bench.token().await;
    let machine = json!({"StateMachineArn": child});
    bench.call("DeleteStateMachine", machine.clone()).await?;
    bench
        .check(
            "DescribeStateMachine",
            machine.clone(),
            Ok(json!({"Status": "DELETING"})),
        )
        .await;
    let deleting = format!("StateMachineDeleting: State Machine Deleting: '{child}'");
    bench
        .check("StartExecution", machine.clone(), Err(&deleting))
        .await;
    assert_eq!(bench.end(&execution).await?.status, "ABORTED");
    while bench
        .call("DescribeStateMachine", machine.clone())
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    let ended = json!({"Status": "ABORTED"});
    bench
        .check(
            "DescribeExecution",
            json!({"ExecutionArn": execution}),
            Ok(ended),
        )
        .await;
    let again = creation("videoflow-local-child", "new");
    bench.call("CreateStateMachine", again).await?;
    assert_eq!(bench.answer(&child).await?.0, "\"new\"");
    Ok(())
}

#[tokio::test]
async fn a_machine_whose_end_was_cut_short_ends_after_the_restart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path(), ADD)?;
    bench
        .call(
            "CreateStateMachine",
            and(creation("m", ""), json!({"Definition": ASK})),
        )
        .await?;
    let m = json!({"StateMachineArn": arn("m"), "Name": "e"});
    let started = bench.call("StartExecution", m.clone()).await?;
    bench.token().await;
    bench.step_functions.stop();
    bench.call("DeleteStateMachine", m.clone()).await?;
    let restarted = bench.restarted(folder.path(), ADD)?;
    let execution = started["ExecutionArn"].as_str().unwrap_or_default();
    assert_eq!(restarted.end(execution).await?.status, "ABORTED");
    while restarted
        .call("DescribeStateMachine", m.clone())
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn tags_are_set_replaced_and_taken_away() -> anyhow::Result<()> {
    let (_folder, bench) = two_versions().await?;
    let m = arn("m");
    let tags = |tags: &[(&str, &str)]| {
        let tags = tags.iter();
        tags.map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect::<Value>()
    };
    let tag = |tags: Value| json!({"ResourceArn": m, "Tags": tags});
    let of = json!({"ResourceArn": m});
    bench
        .call("TagResource", tag(tags(&[("a", "1"), ("b", "")])))
        .await?;
    bench.call("TagResource", tag(tags(&[("a", "2")]))).await?;
    let expected = json!({"Tags": tags(&[("a", "2"), ("b", "")])});
    bench
        .check("ListTagsForResource", of.clone(), Ok(expected))
        .await;
    let untag = json!({"ResourceArn": m, "TagKeys": ["a", "none"]});
    bench.call("UntagResource", untag).await?;
    let expected = json!({"Tags": tags(&[("b", "")])});
    bench.check("ListTagsForResource", of, Ok(expected)).await;

    let many: Value = (0..50)
        .map(|key| json!({"Key": format!("k{key}"), "Value": ""}))
        .collect();
    let too_many = "TooManyTags: A resource has at most 50 tags";
    bench.check("TagResource", tag(many), Err(too_many)).await;
    let invalid = "ValidationException: Invalid tag: 'a*'";
    bench
        .check("TagResource", tag(tags(&[("a*", "")])), Err(invalid))
        .await;
    for qualifier in [":1", "-none"] {
        let arn = format!("{m}{qualifier}");
        let missing = format!("ResourceNotFound: Resource not found: '{arn}'");
        bench
            .check(
                "ListTagsForResource",
                json!({"ResourceArn": arn}),
                Err(&missing),
            )
            .await;
    }
    Ok(())
}

#[tokio::test]
async fn parents_start_children_by_alias_and_by_version() -> anyhow::Result<()> {
    let (folder, bench) = two_versions().await?;
    let m = arn("m");
    let route = json!({"Name": "live", "RoutingConfiguration": routing(&[(":1", 100)])});
    bench.call("CreateStateMachineAlias", route).await?;
    for (qualifier, expected) in [
        (":live", "\"one\""),
        (":1", "\"one\""),
        (":2", "\"two\""),
        ("", "\"two\""),
    ] {
        let parent = PARENT.replace("${child_state_machine_arn}", &format!("{m}{qualifier}"));
        let parent = parent.replace(r#"{"n": "{% $states.input.n %}"}"#, "{}");
        let parent = parent.replace(
            "'child-of-parent-'",
            &format!("'child{}-'", qualifier.replace(':', "-")),
        );
        let name = format!("parent{}", qualifier.replace(':', "-"));
        let create = json!({"Name": name, "Definition": parent, "RoleArn": ROLE});
        bench.call("CreateStateMachine", create).await?;
        assert_eq!(bench.answer(&arn(&name)).await?.0, expected, "{qualifier}");
    }
    drop(folder);
    Ok(())
}
