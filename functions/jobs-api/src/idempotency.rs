//! `Idempotency-Key`: a request that came before is answered as it was answered then, and not carried out again
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! A key is its caller's own. Its record lies in the job table for a day; `DynamoDB` deletes it some time after, so its age
//! counts, not its presence. Only what was done is kept: a request that was refused or that failed has changed nothing, and
//! is judged anew.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tracing::error;
use videoflow_shared::attribute::Item;
use videoflow_shared::identity::hex;
use videoflow_shared::jobs::Jobs;
use videoflow_shared::storage::storage_error;

use crate::Error;
use crate::answer::Answer;

/// Longest key.
const KEY_LIMIT: usize = 255;
/// Seconds that an answer is kept.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// Seconds after which a request that has not been answered never will be: the function's timeout, and some.
const LOCKED_SECONDS: i64 = 60;

/// A request with a key.
#[derive(Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Key of the record in the job table.
    id: String,
    /// Digest of the request.
    digest: String,
}

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is to be carried out, and its record is written.
    Nothing,
    /// It was answered.
    Answered(Answer),
}

/// The request by its key.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn keyed(
    key: &str,
    caller: Option<&str>,
    (method, path): (&str, &str),
    body: &[u8],
) -> Result<Keyed, Error> {
    let is_key = (1..=KEY_LIMIT).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if !is_key {
        return Err(Error::InvalidInput(format!(
            "an Idempotency-Key has 1 to {KEY_LIMIT} printable characters of ASCII"
        )));
    }
    let owned = Sha256::digest(json!([caller, key]).to_string());
    let mut request = Sha256::new();
    request.update(json!([method, path]).to_string());
    request.update(body);
    Ok(Keyed {
        id: format!("idempotency#{}", hex(&owned)),
        digest: hex(&request.finalize()),
    })
}

/// The records in the job table.
#[derive(Debug)]
pub struct Records<'a> {
    /// The job table.
    pub jobs: &'a Jobs,
}

impl Records<'_> {
    /// Takes a request on, unless it was before.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::RequestOutstanding`], the errors of `DynamoDB`.
    pub async fn begin(&self, keyed: &Keyed) -> Result<Known, Error> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let request = self.jobs.client().put_item().table_name(self.jobs.table());
        let answer = request
            .item("JobId", AttributeValue::S(keyed.id.clone()))
            .item("Digest", AttributeValue::S(keyed.digest.clone()))
            .item("LockedUntil", number(now + LOCKED_SECONDS))
            .item("ExpiresAt", number(now + KEPT_SECONDS))
            .condition_expression(
                "attribute_not_exists(JobId) OR ExpiresAt < :now \
                 OR (attribute_not_exists(Answer) AND LockedUntil < :now)",
            )
            .expression_attribute_values(":now", number(now))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Known::Nothing),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(PutItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                known(self.read(keyed).await?.as_ref(), keyed)
            }
            Err(error) => Err(storage_error("PutItem of a request", &error).into()),
        }
    }

    async fn read(&self, keyed: &Keyed) -> Result<Option<Item>, Error> {
        let request = self.jobs.client().get_item().table_name(self.jobs.table());
        let answer = request
            .key("JobId", AttributeValue::S(keyed.id.clone()))
            .consistent_read(true)
            .send()
            .await;
        let answer = answer.map_err(|error| storage_error("GetItem of a request", &error))?;
        Ok(answer.item)
    }

    /// Keeps what was done, or forgets the request that did nothing. That this fails is no failure of the request: it is
    /// outstanding for a minute then.
    pub async fn settle(&self, keyed: &Keyed, outcome: &Result<Answer, Error>) {
        let (update, value) = match outcome {
            Ok(answer) => (
                "SET Answer = :value",
                AttributeValue::S(json!(answer).to_string()),
            ),
            Err(_) => ("SET ExpiresAt = :value", number(0)),
        };
        let request = self
            .jobs
            .client()
            .update_item()
            .table_name(self.jobs.table());
        let written = request
            .key("JobId", AttributeValue::S(keyed.id.clone()))
            .update_expression(update)
            .condition_expression("Digest = :digest")
            .expression_attribute_values(":value", value)
            .expression_attribute_values(":digest", AttributeValue::S(keyed.digest.clone()))
            .send()
            .await;
        if let Err(failure) = written {
            let failure = storage_error("UpdateItem of a request", &failure);
            error!("the answer to a request with a key was not kept: {failure}");
        }
    }
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// What a record says to a request that has its key.
fn known(record: Option<&Item>, keyed: &Keyed) -> Result<Known, Error> {
    let text = |name: &str| record?.get(name)?.as_s().ok();
    // One that was forgotten in between is taken on by the next try.
    let digest = text("Digest").ok_or(Error::RequestOutstanding)?;
    if *digest != keyed.digest {
        return Err(Error::KeyReused);
    }
    let answer = text("Answer").ok_or(Error::RequestOutstanding)?;
    let answer: Answer = serde_json::from_str(answer)
        .map_err(|error| Error::RecordUnreadable(format!("{}: {error}", keyed.id)))?;
    Ok(Known::Answered(Answer {
        is_repeated: true,
        ..answer
    }))
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn request(key: &str, caller: Option<&str>, path: &str, body: &str) -> Keyed {
        keyed(key, caller, ("POST", path), body.as_bytes())
            .unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn keys_are_printable_and_bounded() {
        let check = |key: &str, is_valid| {
            let found = keyed(key, None, ("POST", "/jobs"), b"");
            assert_eq!(found.is_ok(), is_valid, "{key}");
        };
        check("8e03978e-40d5-43e8-bc93-6894a57f9324", true);
        check(r#""8e03978e""#, true);
        check(&"k".repeat(255), true);
        check(&"k".repeat(256), false);
        check("", false);
        check("a b", false);
        check("ü", false);
    }

    #[test]
    fn a_key_is_its_callers_own() {
        let mine = request("k", Some("me"), "/jobs", "{}");
        assert_eq!(mine, request("k", Some("me"), "/jobs", "{}"));
        assert_ne!(mine.id, request("k", Some("you"), "/jobs", "{}").id);
        let other = request("k", Some("me"), "/jobs/x/redrive", "{}");
        assert_eq!(mine.id, other.id);
        assert_ne!(mine.digest, other.digest);
        assert_ne!(mine.digest, request("k", Some("me"), "/jobs", "{ }").digest);
    }

    #[test]
    fn the_same_request_gets_the_same_answer() {
        let keyed = request("k", None, "/jobs", "{}");
        let answer = Answer::accepted(&JobId::of("b", "k", "1", "default"));
        let record = |digest: &str, answer: Option<&Answer>| -> Item {
            let text = |text: String| AttributeValue::S(text);
            let mut record = Item::from([("Digest".to_owned(), text(digest.to_owned()))]);
            record.extend(answer.map(|one| ("Answer".to_owned(), text(json!(one).to_string()))));
            record
        };
        let check = |record: Option<Item>, expected: Result<Known, &str>| {
            let found = known(record.as_ref(), &keyed).map_err(|error| <&str>::from(&error));
            assert_eq!(found, expected);
        };
        let repeated = Answer {
            is_repeated: true,
            ..answer.clone()
        };
        check(
            Some(record(&keyed.digest, Some(&answer))),
            Ok(Known::Answered(repeated)),
        );
        check(Some(record(&keyed.digest, None)), Err("RequestOutstanding"));
        check(Some(record("other", Some(&answer))), Err("KeyReused"));
        check(None, Err("RequestOutstanding"));
    }
}
