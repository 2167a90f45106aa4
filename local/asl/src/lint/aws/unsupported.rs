//! Actions that exist and that Step Functions does not call.

/// Step Functions' guide, "Learning to use AWS service SDK integrations", unsupported operations; of Security Lake, which
/// renamed them, none.
const UNSUPPORTED: [(&str, &[&str]); 22] = [
    (
        "applicationdiscovery",
        &["describeExportConfigurations", "exportConfigurations"],
    ),
    (
        "bedrockagentruntime",
        &[
            "invokeAgent",
            "invokeFlow",
            "invokeInlineAgent",
            "optimizePrompt",
            "retrieveAndGenerateStream",
        ],
    ),
    (
        "bedrockruntime",
        &["converseStream", "invokeModelWithResponseStream"],
    ),
    ("cloudwatchlogs", &["startLiveTail"]),
    (
        "codedeploy",
        &[
            "batchGetDeploymentInstances",
            "getDeploymentInstance",
            "listDeploymentInstances",
            "skipWaitTimeForInstanceTermination",
        ],
    ),
    ("comprehendmedical", &["detectEntities"]),
    ("dataexchange", &["sendApiAsset"]),
    (
        "directconnect",
        &[
            "allocateConnectionOnInterconnect",
            "describeConnectionLoa",
            "describeConnectionsOnInterconnect",
            "describeInterconnectLoa",
        ],
    ),
    ("efs", &["createTags"]),
    ("emr", &["describeJobFlows"]),
    (
        "iot",
        &[
            "attachPrincipalPolicy",
            "detachPrincipalPolicy",
            "listPolicyPrincipals",
            "listPrincipalPolicies",
        ],
    ),
    ("iotdeviceadvisor", &["listTestCases"]),
    ("iotsitewise", &["invokeAssistant"]),
    ("kinesis", &["subscribeToShard"]),
    ("lambda", &["invokeAsync", "invokeWithResponseStream"]),
    ("lexruntimev2", &["startConversation"]),
    ("mediapackage", &["rotateChannelCredentials"]),
    ("qbusiness", &["chat"]),
    ("rdsdata", &["executeSql"]),
    ("s3", &["selectObjectContent"]),
    ("shield", &["deleteSubscription"]),
    (
        "sts",
        &[
            "assumeRole",
            "assumeRoleWithSAML",
            "assumeRoleWithWebIdentity",
        ],
    ),
];

/// Whether the guide lists the action as one that cannot be called.
pub(super) fn is_unsupported(service: &str, action: &str) -> bool {
    UNSUPPORTED
        .iter()
        .any(|(name, actions)| *name == service && actions.contains(&action))
}
