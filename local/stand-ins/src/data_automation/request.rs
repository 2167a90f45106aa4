//! Parameters of `InvokeDataAutomationAsync`.

use serde::Deserialize;
use serde_json::Value;
use videoflow_platform::service::ServiceError;

use super::invalid;
use crate::location::Location;

/// Longest idempotency token.
const TOKEN_CHARACTERS: usize = 256;

/// What is to be done.
#[derive(Debug)]
pub struct Request {
    /// Idempotency token.
    pub token: Option<String>,
    /// The video.
    pub input: Location,
    /// Where results go.
    pub output: Output,
}

/// A bucket and the beginning of keys, which may be empty.
#[derive(Debug)]
pub struct Output {
    bucket: String,
    prefix: String,
}

impl Output {
    /// The folder of an invocation: results lie below a folder of its own, never at the place that the caller named.
    pub fn folder(&self, id: &str) -> Location {
        let prefix = self.prefix.trim_end_matches('/');
        let key = if prefix.is_empty() {
            id.to_owned()
        } else {
            format!("{prefix}/{id}")
        };
        Location {
            bucket: self.bucket.clone(),
            key,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    client_token: Option<String>,
    input_configuration: InputConfiguration,
    output_configuration: OutputConfiguration,
    data_automation_configuration: Option<DataAutomationConfiguration>,
    data_automation_profile_arn: String,
    // Encryption and tags have no counterpart here.
    #[serde(rename = "EncryptionConfiguration")]
    _encryption: Option<Value>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InputConfiguration {
    s3_uri: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OutputConfiguration {
    s3_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DataAutomationConfiguration {
    data_automation_project_arn: String,
    // Projects have no versions here.
    #[serde(rename = "Stage")]
    _stage: Option<String>,
}

impl Request {
    /// Parses parameters. Blueprints, notifications and segments are not supported and refused by name.
    ///
    /// # Errors
    /// `ValidationException` with the path of what is wrong.
    pub fn parse(parameters: Value) -> Result<Self, ServiceError> {
        let parameters: Parameters = serde_path_to_error::deserialize(parameters)
            .map_err(|error| invalid(format!("{}: {}", error.path(), error.inner())))?;
        if let Some(token) = &parameters.client_token {
            let is_fine = token
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '-');
            if !is_fine
                || token.starts_with('-')
                || token.ends_with('-')
                || !(2..=TOKEN_CHARACTERS).contains(&token.len())
            {
                return Err(invalid(
                    "ClientToken: 2 to 256 letters, digits and inner hyphens",
                ));
            }
        }
        if !parameters
            .data_automation_profile_arn
            .contains(":data-automation-profile/")
        {
            return Err(invalid("DataAutomationProfileArn: is no ARN of a profile"));
        }
        let project = parameters
            .data_automation_configuration
            .map(|project| project.data_automation_project_arn);
        if project.is_some_and(|arn| !arn.contains(":data-automation-project/")) {
            return Err(invalid(
                "DataAutomationConfiguration.DataAutomationProjectArn: is no ARN of a project",
            ));
        }
        let output = parameters.output_configuration.s3_uri;
        let place = output
            .strip_prefix("s3://")
            .map(|place| place.split_once('/').unwrap_or((place, "")));
        let (bucket, prefix) = place
            .filter(|(bucket, _)| !bucket.is_empty())
            .ok_or_else(|| {
                invalid("OutputConfiguration.S3Uri: is not of the form s3://bucket/prefix")
            })?;
        Ok(Self {
            token: parameters.client_token,
            input: parameters.input_configuration.s3_uri,
            output: Output {
                bucket: bucket.to_owned(),
                prefix: prefix.to_owned(),
            },
        })
    }
}
