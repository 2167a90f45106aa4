//! Requests, parsed at the edge.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use videoflow_shared::identity::JobId;
use videoflow_shared::jobs::JobStatus;
use videoflow_shared::profiles;

use crate::Error;

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// A new job, or a new run of one.
    Create,
    /// Several jobs.
    List,
    /// One job.
    Show(JobId),
    /// A person's decision.
    Review(JobId),
}

/// Finds the route.
///
/// # Errors
/// [`Error::RouteNotFound`]; [`Error::JobNotFound`] for what is no job id.
pub fn route(method: &str, path: &str) -> Result<Route, Error> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let job = |text: &str| {
        text.parse::<JobId>()
            .map_err(|_| Error::JobNotFound(text.chars().take(80).collect()))
    };
    match (method, parts.as_slice()) {
        ("POST", ["jobs"]) => Ok(Route::Create),
        ("GET", ["jobs"]) => Ok(Route::List),
        ("GET", ["jobs", id]) => Ok(Route::Show(job(id)?)),
        ("POST", ["jobs", id, "review"]) => Ok(Route::Review(job(id)?)),
        _ => Err(Error::RouteNotFound(format!("{method} {path}"))),
    }
}

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

/// Longest key that S3 takes.
const KEY_LIMIT_BYTES: usize = 1024;

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
            if key.is_empty() || key.len() > KEY_LIMIT_BYTES {
                return invalid("a key has 1 to 1024 bytes");
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Publish.
    Approve,
    /// Do not publish.
    Reject,
}

/// A review.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Review {
    /// The decision.
    pub decision: Decision,
    /// Who decided.
    pub reviewer: String,
}

/// Longest name of a reviewer.
const REVIEWER_LIMIT: usize = 200;

/// Reads the body of a review.
///
/// # Errors
/// [`Error::InvalidInput`].
pub fn parse_review(body: &[u8]) -> Result<Review, Error> {
    let review: Review = from_json(body)?;
    let length = review.reviewer.trim().chars().count();
    if length == 0 || length > REVIEWER_LIMIT {
        return Err(Error::InvalidInput(format!(
            "a reviewer has 1 to {REVIEWER_LIMIT} characters"
        )));
    }
    Ok(review)
}

/// Which jobs are listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    /// Of which status; none: of any.
    pub status: Option<JobStatus>,
    /// How many.
    pub limit: u16,
}

/// Jobs of a listing that asks for no number.
const USUAL_LIMIT: u16 = 50;
/// Most jobs of a listing: an answer of 6 MB is Lambda's limit, and a summary has less than 2 KB.
const HIGHEST_LIMIT: u16 = 200;

impl Listing {
    /// Reads the query.
    ///
    /// # Errors
    /// [`Error::InvalidInput`].
    pub fn parse(status: Option<&str>, limit: Option<&str>) -> Result<Self, Error> {
        let parse_status = |text: &str| {
            let status = serde_json::from_value(serde_json::Value::String(text.to_owned()));
            status.map_err(|_| Error::InvalidInput(format!("there is no status `{text}`")))
        };
        let parse_limit = |text: &str| match text.parse() {
            Ok(limit @ 1..=HIGHEST_LIMIT) => Ok(limit),
            _ => Err(Error::InvalidInput(format!(
                "a limit is a number from 1 to {HIGHEST_LIMIT}"
            ))),
        };
        Ok(Self {
            status: status.map(parse_status).transpose()?,
            limit: limit.map_or(Ok(USUAL_LIMIT), parse_limit)?,
        })
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

    fn check_route(method: &str, path: &str, expected: &Result<Route, &str>) {
        let found = route(method, path).map_err(|error| <&str>::from(&error));
        assert_eq!(&found, expected, "{method} {path}");
    }

    fn check_body(body: &str, expected: Option<&NewJob>) {
        assert_eq!(parse(body.as_bytes()).ok().as_ref(), expected, "{body}");
    }

    #[test]
    fn finds_the_documented_routes_only() {
        let id = job();
        check_route("POST", "/jobs", &Ok(Route::Create));
        check_route("GET", "/jobs/", &Ok(Route::List));
        check_route("GET", &format!("/jobs/{id}"), &Ok(Route::Show(id.clone())));
        check_route(
            "POST",
            &format!("/jobs/{id}/review"),
            &Ok(Route::Review(id.clone())),
        );
        check_route("GET", "/jobs/x", &Err("JobNotFound"));
        check_route("DELETE", &format!("/jobs/{id}"), &Err("RouteNotFound"));
        check_route("GET", "/", &Err("RouteNotFound"));
        check_route(
            "POST",
            &format!("/jobs/{id}/review/x"),
            &Err("RouteNotFound"),
        );
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
        check_body(r#"{"key":""}"#, None);
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
    fn reads_reviews() {
        let decision = |body: &str| {
            parse_review(body.as_bytes())
                .ok()
                .map(|review| review.decision)
        };
        assert_eq!(
            decision(r#"{"decision":"approve","reviewer":"Ada"}"#),
            Some(Decision::Approve)
        );
        assert_eq!(
            decision(r#"{"decision":"reject","reviewer":"Ada"}"#),
            Some(Decision::Reject)
        );
        assert_eq!(decision(r#"{"decision":"reject","reviewer":" "}"#), None);
        assert_eq!(decision(r#"{"decision":"maybe","reviewer":"Ada"}"#), None);
    }

    #[test]
    fn reads_listings() {
        let listing = |status, limit| Listing::parse(status, limit).ok();
        assert_eq!(
            listing(None, None),
            Some(Listing {
                status: None,
                limit: 50
            })
        );
        assert_eq!(
            listing(Some("FAILED_QC"), Some("200")).map(|listing| listing.limit),
            Some(200)
        );
        assert_eq!(listing(Some("failed"), None), None);
        assert_eq!(listing(None, Some("0")), None);
        assert_eq!(listing(None, Some("201")), None);
    }
}
