//! Bursts of equal failures: the first is told at once, the others of some minutes are counted and told together.
//!
//! A burst is one item of the claims table for each state and error. What is counted stands in it (a set, so that counting
//! twice changes nothing) until a notice has told of it, and before anything is counted a delayed message is on its way
//! that makes this function tell of it: nothing is lost by a crash, nor when no further failure comes. A notice may come
//! twice when a crash falls between telling and noting it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use videoflow_shared::attribute::from_item;
use videoflow_shared::clock;
use videoflow_shared::identity::hex;
use videoflow_shared::jobs::{ErrorDetails, Job};
use videoflow_shared::storage::storage_error;
use videoflow_shared::text::printable;

use crate::Error;

/// Failures that are counted before they are told all the same: with their keys 75 KB of an item's 400 KB.
const COUNT_LIMIT: usize = 500;
/// Bytes of a key in a counted failure.
const KEY_LIMIT_BYTES: usize = 100;
/// Characters of the first failure's cause that are kept.
const CAUSE_LIMIT: usize = 1000;
/// Hexadecimal digits of the SHA-256 that names a burst.
const DIGEST_DIGITS: usize = 40;
/// How long the message that ends a burst may be late before somebody else ends it: longer than it is hidden after a failure.
const PATIENCE_SECONDS: i64 = 900;

/// A failure that is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// The job.
    pub job: &'a Job,
    /// Redrive of it that failed.
    pub redrive_count: u32,
    /// State, error and cause.
    pub details: &'a ErrorDetails,
    /// What became of the job: `failed`.
    pub what: &'a str,
}

impl Failure<'_> {
    /// Key of the burst of failures like this one; no claim has it, for claims are on a checksum or a job.
    pub fn burst(&self) -> String {
        let mut digest = Sha256::new();
        for part in [self.what, &self.details.state, &self.details.error] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut digits = hex(&digest.finalize());
        digits.truncate(DIGEST_DIGITS);
        format!("failures-{digits}")
    }

    /// The failure in one line: job, redrive, the beginning of the key.
    fn line(&self) -> String {
        let Job {
            job_id, source_key, ..
        } = self.job;
        let mut key = printable(source_key, KEY_LIMIT_BYTES).replace(['\n', '\r', '\t'], " ");
        key.truncate(key.floor_char_boundary(KEY_LIMIT_BYTES));
        match self.redrive_count {
            0 => format!("{job_id}  {key}"),
            count => format!("{job_id}  {key} (redrive {count})"),
        }
    }
}

/// A burst that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Burst {
    /// Its key.
    #[serde(rename = "ClaimId")]
    pub key: String,
    /// What became of the jobs.
    pub what: String,
    /// The state that failed.
    pub failed_state: String,
    /// Its error.
    pub failed_error: String,
    /// Cause of the first failure.
    pub failed_cause: String,
    /// The failure that was told at once.
    pub told_at_once: String,
    /// When it began.
    pub opened_at: String,
    /// Second of its end.
    pub open_until: i64,
    /// Failures that were counted and not told.
    #[serde(default)]
    pub counted: Vec<String>,
    /// Whether the message that ends it is on its way.
    #[serde(default)]
    pub is_end_due: bool,
}

/// What is to be done with a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is the first of a burst.
    Open,
    /// It was the first: tell it again, for a crash may have come before.
    TellAgain,
    /// The message that ends the burst has to be sent, before anything is counted.
    CallEnd,
    /// It is counted.
    Count,
    /// What was counted has to be told first.
    TellCounted,
}

/// Decides by what is known of the burst.
pub fn next(burst: Option<&Burst>, line: &str, now: i64) -> Step {
    match burst {
        None => Step::Open,
        Some(burst) if burst.told_at_once == line && now < burst.open_until => Step::TellAgain,
        Some(burst) if !burst.is_end_due && now >= burst.open_until => Step::Open,
        Some(burst) if !burst.is_end_due => Step::CallEnd,
        Some(burst) if now >= burst.open_until + PATIENCE_SECONDS => Step::TellCounted,
        Some(burst) if burst.counted.len() >= COUNT_LIMIT => Step::TellCounted,
        Some(_) => Step::Count,
    }
}

/// The bursts of an environment.
#[derive(Debug)]
pub struct Bursts {
    /// `DynamoDB`.
    pub client: Client,
    /// Claims table.
    pub table: String,
    /// How long a burst is.
    pub seconds: u32,
}

impl Bursts {
    /// A burst; `None` when none has begun.
    pub async fn get(&self, key: &str) -> Result<Option<Burst>, Error> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request.key("ClaimId", text(key)).consistent_read(true);
        let answer = request.send().await;
        let answer = answer.map_err(|error| storage_error("GetItem of a burst", &error))?;
        let Some(item) = answer.item.filter(|item| item.contains_key("OpenUntil")) else {
            return Ok(None);
        };
        let burst = serde_json::from_value(Value::Object(from_item(&item)));
        burst.map_err(|error| Error::RecordUnreadable(format!("{key}: {error}")))
    }

    /// What is to be done with a failure, and its burst.
    pub async fn step(&self, failure: &Failure<'_>) -> Result<(Step, Option<Burst>), Error> {
        let burst = self.get(&failure.burst()).await?;
        let step = next(burst.as_ref(), &failure.line(), clock::now_seconds());
        Ok((step, burst))
    }

    /// Begins a burst, in place of one that is over. `false`: another failure was faster.
    pub async fn open(&self, failure: &Failure<'_>, over: Option<&Burst>) -> Result<bool, Error> {
        let until = clock::now_seconds() + i64::from(self.seconds);
        let ErrorDetails {
            state,
            error,
            cause,
            ..
        } = failure.details;
        let request = self
            .update(&failure.burst())
            .update_expression(
                "SET What = :what, FailedState = :state, FailedError = :error, FailedCause = :cause, \
                 ToldAtOnce = :line, OpenedAt = :now, OpenUntil = :until",
            )
            .expression_attribute_values(":what", text(failure.what))
            .expression_attribute_values(":state", text(state))
            .expression_attribute_values(":error", text(error))
            .expression_attribute_values(":cause", text(&printable(cause, CAUSE_LIMIT)))
            .expression_attribute_values(":line", text(&failure.line()))
            .expression_attribute_values(":now", text(&clock::now()))
            .expression_attribute_values(":until", number(until));
        let request = match over {
            None => request.condition_expression("attribute_not_exists(OpenUntil)"),
            Some(over) => request
                .condition_expression("OpenUntil = :over AND attribute_not_exists(IsEndDue)")
                .expression_attribute_values(":over", number(over.open_until)),
        };
        is_done(request).await
    }

    /// Counts a failure. `false`: the burst is another one by now.
    pub async fn count(&self, failure: &Failure<'_>, burst: &Burst) -> Result<bool, Error> {
        let line = AttributeValue::Ss(vec![failure.line()]);
        let request = self
            .of(burst)
            .update_expression("ADD Counted :line SET IsEndDue = :true")
            .expression_attribute_values(":line", line)
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .condition_expression("OpenUntil = :until");
        is_done(request).await
    }

    /// Notes that what was counted has been told.
    pub async fn note_told(&self, burst: &Burst) -> Result<(), Error> {
        if burst.counted.is_empty() {
            return Ok(());
        }
        let told = AttributeValue::Ss(burst.counted.clone());
        let request = self
            .of(burst)
            .update_expression("DELETE Counted :told")
            .expression_attribute_values(":told", told)
            .condition_expression("OpenUntil = :until");
        is_done(request).await.map(drop)
    }

    /// Ends a burst of which everything was told. `false`: something was counted in the meantime, or it was ended before.
    pub async fn close(&self, burst: &Burst) -> Result<bool, Error> {
        let request = self
            .of(burst)
            .update_expression(
                "REMOVE What, FailedState, FailedError, FailedCause, ToldAtOnce, OpenedAt, OpenUntil, IsEndDue",
            )
            .condition_expression("OpenUntil = :until AND attribute_not_exists(Counted)");
        is_done(request).await
    }

    fn of(&self, burst: &Burst) -> UpdateItemFluentBuilder {
        let request = self.update(&burst.key);
        request.expression_attribute_values(":until", number(burst.open_until))
    }

    fn update(&self, key: &str) -> UpdateItemFluentBuilder {
        let request = self.client.update_item().table_name(&self.table);
        request.key("ClaimId", text(key))
    }
}

/// Sends an update. `false`: its condition does not hold.
async fn is_done(request: UpdateItemFluentBuilder) -> Result<bool, Error> {
    match request.send().await {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(UpdateItemError::ConditionalCheckFailedException(_))
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(storage_error("UpdateItem of a burst", &error).into()),
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use videoflow_shared::identity::JobId;

    use super::*;

    fn burst(is_end_due: bool, counted: usize) -> Burst {
        Burst {
            key: "failures-1".into(),
            what: "failed".into(),
            failed_state: "S".into(),
            failed_error: "E".into(),
            failed_cause: "C".into(),
            told_at_once: "first".into(),
            opened_at: "t".into(),
            open_until: 1000,
            counted: (0..counted).map(|number| number.to_string()).collect(),
            is_end_due,
        }
    }

    #[track_caller]
    fn check(burst: Option<&Burst>, line: &str, now: i64, expected: Step) {
        assert_eq!(next(burst, line, now), expected);
    }

    #[test]
    fn the_first_is_told_at_once_and_again_after_a_crash() {
        check(None, "first", 0, Step::Open);
        check(Some(&burst(false, 0)), "first", 999, Step::TellAgain);
        check(Some(&burst(true, 3)), "first", 999, Step::TellAgain);
    }

    #[test]
    fn the_end_is_called_before_anything_is_counted() {
        check(Some(&burst(false, 0)), "another", 0, Step::CallEnd);
        check(Some(&burst(true, 1)), "another", 0, Step::Count);
    }

    #[test]
    fn a_burst_of_one_is_followed_by_a_new_one() {
        check(Some(&burst(false, 0)), "another", 1000, Step::Open);
        check(Some(&burst(false, 0)), "first", 1000, Step::Open);
    }

    #[test]
    fn what_was_counted_is_told_when_it_is_much_or_its_end_does_not_come() {
        check(
            Some(&burst(true, COUNT_LIMIT - 1)),
            "another",
            0,
            Step::Count,
        );
        check(
            Some(&burst(true, COUNT_LIMIT)),
            "another",
            0,
            Step::TellCounted,
        );
        let late = 1000 + PATIENCE_SECONDS;
        check(Some(&burst(true, 1)), "another", late - 1, Step::Count);
        check(Some(&burst(true, 1)), "another", late, Step::TellCounted);
    }

    fn job(key: &str) -> Job {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": "b", "SourceKey": key, "CreatedAt": "",
            "SourceVersionId": "1", "Profile": "default", "UpdatedAt": ""});
        serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn details(state: &str, error: &str) -> ErrorDetails {
        ErrorDetails {
            state: state.into(),
            error: error.into(),
            cause: String::new(),
            input: None,
            execution: String::new(),
        }
    }

    #[test]
    fn only_equal_failures_are_one_burst() {
        let job = job("k");
        let key = |state: &str, error: &str, what: &str| {
            let details = &details(state, error);
            let failure = Failure {
                job: &job,
                redrive_count: 0,
                details,
                what,
            };
            failure.burst()
        };
        let one = key("S", "E", "failed");
        assert_eq!(one, key("S", "E", "failed"));
        for other in [
            key("S", "F", "failed"),
            key("T", "E", "failed"),
            key("SE", "", "failed"),
            key("S", "E", "is"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_counted_failure_is_one_short_line() {
        let details = &details("S", "E");
        for key in ["a\nb", &"ü".repeat(500), ""] {
            let job = job(key);
            let failure = Failure {
                job: &job,
                redrive_count: 2,
                details,
                what: "failed",
            };
            let line = failure.line();
            assert!(line.len() < 170 && !line.contains('\n'), "{line}");
            assert!(line.ends_with(" (redrive 2)"), "{line}");
        }
    }
}
