//! Environment variables of the functions: one name, read once at the start.

use std::fmt;

/// A variable that the deployment sets; its name is the placeholder's in upper case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::Display, strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Setting {
    /// Days that access logs of the buckets are kept.
    AccessLogRetentionDays,
    /// Model or inference profile that writes the brief.
    BedrockModelId,
    /// The function's own name; Lambda sets it.
    AwsLambdaFunctionName,
    /// Table of claims on content.
    ClaimsTableName,
    /// Options with which `videoflow` finds this environment: `--environment prod --region eu-central-1`.
    CommandOptions,
    /// Key that encrypts what is stored.
    DataKeyArn,
    /// Profile ARN of Data Automation.
    DataAutomationProfileArn,
    /// Project ARN of Data Automation.
    DataAutomationProjectArn,
    /// Queue of what delete-video cannot handle.
    DeletionsDeadLettersQueueUrl,
    /// Queue that delete-video reads.
    DeletionsQueueUrl,
    /// Bus of the project's own events.
    DomainEventBusName,
    /// Days that the archive of domain events keeps them.
    EventArchiveDays,
    /// Queue with the full context of failed videos.
    FailedVideosQueueUrl,
    /// Queue of what record-failure cannot handle.
    FailuresDeadLettersQueueUrl,
    /// Queue that record-failure reads.
    FailuresQueueUrl,
    /// Queue of what start-processing cannot handle.
    IngestDeadLettersQueueUrl,
    /// Queue that start-processing reads.
    IngestQueueUrl,
    /// Job table.
    JobsTableName,
    /// Days that logs are kept.
    LogRetentionDays,
    /// Videos that are worked on at once, at most.
    MaximumRunningJobs,
    /// Queue of the project's own transcodes.
    MediaConvertQueueArn,
    /// Role that `MediaConvert` takes on.
    MediaConvertRoleArn,
    /// Seconds for which equal failures are counted rather than told one by one.
    NoticeWindowSeconds,
    /// Topic of notices to people.
    NoticesTopicArn,
    /// Bucket of everything that VideoFlow writes.
    OutputBucketName,
    /// Alias `live` of the main machine.
    ProcessVideoStateMachineArn,
    /// Times that a queue hands a message out before it goes to the dead letters: `maxReceiveCount`.
    ReceiveLimit,
    /// Days that point-in-time recovery of the tables reaches back.
    RecoveryDays,
    /// Bucket of uploads.
    SourceBucketName,
}

/// A deployment that lacks a setting.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The variable is not set, is empty, or is no Unicode.
    #[error("environment variable {0} is missing or empty")]
    Missing(Setting),
    /// The variable is no whole number.
    #[error("environment variable {0} is no number")]
    NotANumber(Setting),
}

/// Like Display: this is what a function that cannot start prints.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Reads one variable.
///
/// # Errors
/// [`Error::Missing`].
pub fn read(setting: Setting) -> Result<String, Error> {
    let name: &str = setting.into();
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(Error::Missing(setting)),
    }
}

/// Reads one variable that is a number.
///
/// # Errors
/// All of [`Error`].
pub fn read_number(setting: Setting) -> Result<u32, Error> {
    read(setting)?
        .parse()
        .map_err(|_| Error::NotANumber(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_missing_variable() {
        // No test sets variables, and no machine has this one.
        assert_eq!(
            read(Setting::ClaimsTableName),
            Err(Error::Missing(Setting::ClaimsTableName))
        );
        assert_eq!(
            Error::Missing(Setting::ProcessVideoStateMachineArn).to_string(),
            "environment variable PROCESS_VIDEO_STATE_MACHINE_ARN is missing or empty"
        );
    }
}
