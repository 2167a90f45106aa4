//! Bodies and queries, parsed at the edge.

use lambda_http::aws_lambda_events::query_map::QueryMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::SourceFate;
use videoflow_shared::profiles;

use crate::Error;

/// Largest body: the longest key with everything escaped has some 6 KB.
pub const BODY_LIMIT_BYTES: usize = 16 * 1024;
/// Longest key that S3 takes.
pub const KEY_LIMIT_BYTES: usize = 1024;
/// Longest version id that S3 gives.
const VERSION_LIMIT: usize = 1024;
/// Longest name of a reviewer.
const REVIEWER_LIMIT: usize = 200;
/// Longest comment of a reviewer.
const COMMENT_LIMIT: usize = 1000;

/// A job that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum NewJob {
    /// An object of the source bucket.
    Upload {
        /// Key.
        key: String,
        /// Version; none: the latest.
        version_id: Option<String>,
        /// Profile; none: the one that the object names, or the default.
        profile: Option<String>,
    },
    /// Another run of a job.
    Forced {
        /// The job.
        job_id: JobId,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Creation {
    key: Option<String>,
    version_id: Option<String>,
    profile: Option<String>,
    job_id: Option<JobId>,
    force: Option<bool>,
}

/// Reads the body of a creation.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn parse(body: &[u8]) -> Result<NewJob, Error> {
    let invalid = |message: &str| Err(Error::InvalidInput(message.to_owned()));
    match from_json(body)? {
        Creation {
            key: Some(key),
            version_id,
            profile,
            job_id: None,
            force: None,
        } => {
            if key.is_empty() || key.len() > KEY_LIMIT_BYTES || key.contains('\0') {
                return invalid("a key has 1 to 1024 bytes in UTF-8, none of them zero");
            }
            let is_version = |id: &String| {
                (1..=VERSION_LIMIT).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
            };
            if !version_id.as_ref().is_none_or(is_version) {
                return invalid("a version id has 1 to 1024 printable characters of ASCII");
            }
            if let Some(unknown) = profile
                .as_deref()
                .filter(|name| profiles::find(name).is_none())
            {
                return invalid(&format!("there is no profile `{unknown}`"));
            }
            Ok(NewJob::Upload {
                key,
                version_id,
                profile,
            })
        }
        Creation {
            key: None,
            version_id: None,
            profile: None,
            job_id: Some(job_id),
            force: Some(true),
        } => Ok(NewJob::Forced { job_id }),
        _ => invalid(r#"either {"key", "versionId"?, "profile"?} or {"jobId", "force": true}"#),
    }
}

/// A person's decision.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    /// Who decided.
    pub reviewer: String,
    /// Why.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Reads the body of a decision.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn parse_review(body: &[u8]) -> Result<Review, Error> {
    let review: Review = from_json(body)?;
    let length = review.reviewer.chars().count();
    if review.reviewer.trim().is_empty() || length > REVIEWER_LIMIT {
        return Err(Error::InvalidInput(format!(
            "a reviewer has 1 to {REVIEWER_LIMIT} characters, not only white space"
        )));
    }
    if review
        .comment
        .as_ref()
        .is_some_and(|comment| comment.chars().count() > COMMENT_LIMIT)
    {
        return Err(Error::InvalidInput(format!(
            "a comment has at most {COMMENT_LIMIT} characters"
        )));
    }
    Ok(review)
}

/// Reads the query of a deletion.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn parse_deletion(query: &QueryMap) -> Result<SourceFate, Error> {
    only(query, &["source"])?;
    match parameter(query, "source")? {
        None | Some("delete") => Ok(SourceFate::Delete),
        Some("keep") => Ok(SourceFate::Keep),
        Some(other) => Err(Error::InvalidInput(format!(
            "source is delete or keep, not `{}`",
            other.chars().take(80).collect::<String>()
        ))),
    }
}

/// Refuses parameters that there are not: a misspelled one would be passed over, and more be listed or deleted than meant.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn only(query: &QueryMap, names: &[&str]) -> Result<(), Error> {
    match query.iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(NAME_LIMIT).collect();
            let known = names.join(", ");
            Err(Error::InvalidInput(format!(
                "there is no parameter `{name}`; there are {known}"
            )))
        }
    }
}

/// Characters of a parameter's name that an answer repeats.
const NAME_LIMIT: usize = 40;

/// A parameter of a query; API Gateway joins several of one name by commas.
///
/// # Errors
/// [`Error::InvalidInput`] when there are several.
pub fn parameter<'a>(query: &'a QueryMap, name: &str) -> Result<Option<&'a str>, Error> {
    match query.all(name).unwrap_or_default().as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Error::InvalidInput(format!("there are several `{name}`"))),
    }
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::InvalidInput(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> JobId {
        JobId::of("b", "k", "1", "default")
    }

    fn check_body(body: &str, expected: Option<&NewJob>) {
        assert_eq!(parse(body.as_bytes()).ok().as_ref(), expected, "{body}");
    }

    #[test]
    fn reads_creations() {
        let upload = |version_id: Option<&str>, profile: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Some(NewJob::Upload {
                key: "k".into(),
                version_id: owned(version_id),
                profile: owned(profile),
            })
        };
        check_body(r#"{"key":"k"}"#, upload(None, None).as_ref());
        check_body(
            r#"{"key":"k","versionId":"1","profile":"lean"}"#,
            upload(Some("1"), Some("lean")).as_ref(),
        );
        check_body(r#"{"key":"k","profile":"odd"}"#, None);
        check_body(r#"{"key":"k","versionId":""}"#, None);
        check_body(r#"{"key":"k","versionId":"ü"}"#, None);
        check_body(r#"{"key":""}"#, None);
        check_body(r#"{"key":"a\u0000"}"#, None);
        check_body(&format!(r#"{{"key":"{}"}}"#, "k".repeat(1025)), None);
        check_body(
            &format!(r#"{{"jobId":"{}","force":true}}"#, job()),
            Some(&NewJob::Forced { job_id: job() }),
        );
        check_body(&format!(r#"{{"jobId":"{}","force":false}}"#, job()), None);
        check_body(&format!(r#"{{"jobId":"{}","key":"k"}}"#, job()), None);
        check_body(r#"{"key":"k","more":1}"#, None);
        check_body("", None);
    }

    #[test]
    fn reads_decisions() {
        let check = |body: &str, is_valid: bool| {
            assert_eq!(parse_review(body.as_bytes()).is_ok(), is_valid, "{body}");
        };
        check(r#"{"reviewer":"Ada"}"#, true);
        check(r#"{"reviewer":"Ada","comment":"fine"}"#, true);
        check(r#"{"reviewer":" "}"#, false);
        check(r#"{"reviewer":"Ada","decision":"approve"}"#, false);
        check(&format!(r#"{{"reviewer":"{}"}}"#, "a".repeat(201)), false);
        let comment = "a".repeat(1001);
        check(
            &format!(r#"{{"reviewer":"Ada","comment":"{comment}"}}"#),
            false,
        );
        check("{}", false);
    }

    #[test]
    fn a_deletion_takes_the_source_unless_it_is_to_stay() {
        let check = |query: &str, expected| {
            let query: QueryMap = query.parse().unwrap_or_default();
            assert_eq!(parse_deletion(&query).ok(), expected, "{query:?}");
        };
        check("", Some(SourceFate::Delete));
        check("source=delete", Some(SourceFate::Delete));
        check("source=keep", Some(SourceFate::Keep));
        check("source=", None);
        check("source=keep&source=delete", None);
        check("sourc=keep", None);
    }
}
