//! What a Task's resource calls: an AWS SDK integration, or one of the optimized ones.

/// A call of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call<'a> {
    /// `aws-sdk:<service>:<action>`.
    Sdk { service: &'a str, action: &'a str },
    /// `<service>:<action>`.
    Optimized { service: &'a str, action: &'a str },
}

/// The endings of resources.
pub(super) const ENDINGS: [&str; 3] = [".sync:2", ".sync", ".waitForTaskToken"];

/// The call of a resource and its ending, which may be empty; nothing for a function or an activity by ARN.
pub(super) fn parse(resource: &str) -> Option<(Call<'_>, &str)> {
    // arn:<partition>:states:::<rest>
    let rest = resource.strip_prefix("arn:")?.split_once(":states:::")?.1;
    let ending = ENDINGS
        .into_iter()
        .find(|ending| rest.ends_with(ending))
        .unwrap_or_default();
    let rest = rest.strip_suffix(ending)?;
    let (rest, is_sdk) = rest
        .strip_prefix("aws-sdk:")
        .map_or((rest, false), |rest| (rest, true));
    let (service, action) = rest.split_once(':')?;
    let call = if is_sdk {
        Call::Sdk { service, action }
    } else {
        Call::Optimized { service, action }
    };
    Some((call, ending))
}

/// An optimized integration of a service.
pub(super) struct Optimized {
    pub(super) name: &'static str,
    /// The service's name in the catalog.
    pub(super) model: &'static str,
    /// Its actions, each with its endings; none where any will do.
    pub(super) actions: &'static [(&'static str, &'static [&'static str])],
    pub(super) parameters: Parameters,
    /// Its error names, where they are known.
    pub(super) errors: Option<Errors>,
}

/// What may be passed.
pub(super) enum Parameters {
    /// Not known well enough.
    Unchecked,
    /// Those of the API in the SDK for Java 2's spelling.
    Sdk,
    /// Those of the API; some texts may be written as any JSON.
    Api { json: &'static [&'static str] },
}

/// Names of the SDK for Java 1.
pub(super) struct Errors {
    pub(super) prefix: &'static str,
    /// Those that the API model does not list.
    pub(super) unlisted: &'static [&'static str],
}

const ONCE: &[&str] = &[];
const JOB: &[&str] = &[".sync"];
const TOKEN: &[&str] = &[".waitForTaskToken"];

const fn unchecked(
    name: &'static str,
    actions: &'static [(&'static str, &'static [&'static str])],
) -> Optimized {
    Optimized {
        name,
        model: "",
        actions,
        parameters: Parameters::Unchecked,
        errors: None,
    }
}

/// Step Functions' guide, "Integrating optimized services with Step Functions", and its pages by service.
pub(super) const OPTIMIZED: [Optimized; 21] = [
    unchecked("apigateway", &[("invoke", TOKEN)]),
    unchecked(
        "athena",
        &[
            ("startQueryExecution", JOB),
            ("stopQueryExecution", ONCE),
            ("getQueryExecution", ONCE),
            ("getQueryResults", ONCE),
        ],
    ),
    unchecked("batch", &[("submitJob", JOB)]),
    unchecked(
        "bedrock",
        &[("invokeModel", TOKEN), ("createModelCustomizationJob", JOB)],
    ),
    unchecked(
        "codebuild",
        &[
            ("startBuild", JOB),
            ("stopBuild", ONCE),
            ("batchDeleteBuilds", ONCE),
            ("batchGetReports", ONCE),
            ("startBuildBatch", JOB),
            ("stopBuildBatch", ONCE),
            ("retryBuildBatch", JOB),
            ("deleteBuildBatch", ONCE),
        ],
    ),
    unchecked("databrew", &[("startJobRun", JOB)]),
    Optimized {
        name: "dynamodb",
        model: "dynamodb",
        actions: &[
            ("getItem", ONCE),
            ("putItem", ONCE),
            ("updateItem", ONCE),
            ("deleteItem", ONCE),
        ],
        parameters: Parameters::Api { json: &[] },
        errors: Some(Errors {
            prefix: "DynamoDB",
            unlisted: &["AmazonDynamoDBException"],
        }),
    },
    unchecked("ecs", &[("runTask", &[".sync", ".waitForTaskToken"])]),
    unchecked(
        "eks",
        &[
            ("call", ONCE),
            ("runJob", JOB),
            ("createCluster", JOB),
            ("deleteCluster", JOB),
            ("createNodegroup", JOB),
            ("deleteNodegroup", JOB),
            ("createFargateProfile", JOB),
            ("deleteFargateProfile", JOB),
        ],
    ),
    unchecked(
        "elasticmapreduce",
        &[
            ("createCluster", JOB),
            ("setClusterTerminationProtection", ONCE),
            ("terminateCluster", JOB),
            ("addStep", JOB),
            ("cancelStep", ONCE),
            ("modifyInstanceFleetByName", ONCE),
            ("modifyInstanceGroupByName", ONCE),
        ],
    ),
    unchecked(
        "emr-containers",
        &[
            ("createVirtualCluster", ONCE),
            ("deleteVirtualCluster", JOB),
            ("startJobRun", JOB),
        ],
    ),
    unchecked(
        "emr-serverless",
        &[
            ("createApplication", JOB),
            ("startApplication", JOB),
            ("stopApplication", JOB),
            ("deleteApplication", JOB),
            ("startJobRun", JOB),
            ("cancelJobRun", JOB),
        ],
    ),
    // An entry that was not taken is an error here, though the call succeeded.
    Optimized {
        name: "events",
        model: "eventbridge",
        actions: &[("putEvents", TOKEN)],
        parameters: Parameters::Api { json: &["Detail"] },
        errors: Some(Errors {
            prefix: "EventBridge",
            unlisted: &["AmazonEventBridgeException", "FailedEntry"],
        }),
    },
    unchecked("glue", &[("startJobRun", JOB)]),
    unchecked("http", &[("invoke", ONCE)]),
    Optimized {
        name: "lambda",
        model: "lambda",
        actions: &[("invoke", TOKEN)],
        parameters: Parameters::Api { json: &["Payload"] },
        errors: Some(Errors {
            prefix: "Lambda",
            unlisted: &[
                "AWSLambdaException",
                "ClientExecutionTimeoutException",
                "Unknown",
            ],
        }),
    },
    Optimized {
        name: "mediaconvert",
        model: "mediaconvert",
        actions: &[("createJob", JOB)],
        parameters: Parameters::Api { json: &[] },
        errors: None,
    },
    // It has more actions than the guide's tables agree on.
    unchecked("sagemaker", &[]),
    Optimized {
        name: "sns",
        model: "sns",
        actions: &[("publish", TOKEN)],
        parameters: Parameters::Api { json: &["Message"] },
        errors: Some(Errors {
            prefix: "SNS",
            unlisted: &["AmazonSNSException", "ThrottledException"],
        }),
    },
    Optimized {
        name: "sqs",
        model: "sqs",
        actions: &[("sendMessage", TOKEN)],
        parameters: Parameters::Api {
            json: &["MessageBody"],
        },
        errors: Some(Errors {
            prefix: "SQS",
            unlisted: &["AmazonSQSException"],
        }),
    },
    Optimized {
        name: "states",
        model: "sfn",
        actions: &[("startExecution", &[".sync", ".sync:2", ".waitForTaskToken"])],
        parameters: Parameters::Api { json: &["Input"] },
        errors: Some(Errors {
            prefix: "StepFunctions",
            unlisted: &["AWSStepFunctionsException", "ThrottlingException"],
        }),
    },
];

pub(super) fn optimized(service: &str) -> Option<&'static Optimized> {
    OPTIMIZED
        .iter()
        .find(|integration| integration.name == service)
}
