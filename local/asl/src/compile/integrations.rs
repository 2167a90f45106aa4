//! The services that Step Functions calls by integrations of their own, and how.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

use crate::effect::Pattern;

/// How one service is called.
struct Integration {
    service: &'static str,
    /// Actions that answer at once.
    calls: &'static str,
    /// Actions that `.sync` waits for, too.
    jobs: &'static str,
    has_token: bool,
}

const fn integration(
    service: &'static str,
    calls: &'static str,
    jobs: &'static str,
    has_token: bool,
) -> Integration {
    Integration {
        service,
        calls,
        jobs,
        has_token,
    }
}

const INTEGRATIONS: [Integration; 21] = [
    integration("apigateway", "invoke", "", true),
    integration(
        "athena",
        "stopQueryExecution getQueryExecution getQueryResults",
        "startQueryExecution",
        false,
    ),
    integration("batch", "", "submitJob", true),
    integration(
        "bedrock",
        "invokeModel",
        "createModelCustomizationJob",
        true,
    ),
    integration(
        "codebuild",
        "stopBuild batchDeleteBuilds batchGetReports stopBuildBatch deleteBuildBatch",
        "startBuild startBuildBatch retryBuildBatch",
        false,
    ),
    integration("databrew", "", "startJobRun", false),
    integration(
        "dynamodb",
        "getItem putItem updateItem deleteItem",
        "",
        false,
    ),
    integration("ecs", "", "runTask", true),
    integration(
        "eks",
        "call",
        "runJob createCluster createNodegroup deleteCluster deleteNodegroup createFargateProfile deleteFargateProfile",
        true,
    ),
    integration(
        "elasticmapreduce",
        "cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName",
        "createCluster terminateCluster addStep",
        false,
    ),
    integration(
        "emr-containers",
        "createVirtualCluster",
        "deleteVirtualCluster startJobRun",
        false,
    ),
    integration(
        "emr-serverless",
        "",
        "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun",
        false,
    ),
    integration("events", "putEvents", "", true),
    integration("glue", "", "startJobRun", false),
    integration("http", "invoke", "", false),
    integration("lambda", "invoke", "", true),
    integration("mediaconvert", "", "createJob", false),
    integration(
        "sagemaker",
        "createEndpoint createEndpointConfig createModel updateEndpoint",
        "createHyperParameterTuningJob createLabelingJob createProcessingJob createTrainingJob createTransformJob",
        false,
    ),
    integration("sns", "publish", "", true),
    integration("sqs", "sendMessage", "", true),
    integration("states", "", "startExecution", true),
];

/// Whether AWS has this integration: `TYPE` and `ACTION` of `arn:aws:states:::TYPE:ACTION`, called in this way. What the
/// SDK can call is not looked into.
pub(super) fn exists(service: &str, action: &str, pattern: Pattern) -> bool {
    if service.starts_with("aws-sdk:") {
        return matches!(pattern, Pattern::RequestResponse | Pattern::TaskToken);
    }
    let has = |actions: &str| actions.split(' ').any(|known| known == action);
    INTEGRATIONS.iter().any(|known| {
        known.service == service
            && match pattern {
                Pattern::RequestResponse => has(known.calls) || has(known.jobs),
                Pattern::RunJob => has(known.jobs),
                Pattern::RunJobV2 => has(known.jobs) && service == "states",
                Pattern::TaskToken => known.has_token && (has(known.calls) || has(known.jobs)),
            }
    })
}
