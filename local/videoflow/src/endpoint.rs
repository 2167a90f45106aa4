//! Clients of a local platform: any key will do, and names who calls.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sfn::config::Credentials;
use videoflow_platform::names;
use videoflow_shared::http;
use videoflow_shared::jobs::Jobs;

/// The configuration of clients of the platform at `url`, calling as `principal`.
pub async fn config(url: &str, principal: &'static str) -> SdkConfig {
    let credentials = Credentials::new(principal, "local", None, None, "local");
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(url)
        .http_client(http::client())
        .region(Region::from_static(names::REGION))
        .credentials_provider(credentials)
        .load()
        .await
}

/// Its S3.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Its job table.
pub fn jobs(config: &SdkConfig) -> Jobs {
    let client = aws_sdk_dynamodb::Client::new(config);
    Jobs::new(client, names::prefixed("jobs"))
}
