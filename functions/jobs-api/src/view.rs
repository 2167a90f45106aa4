//! Jobs as the API shows them: the item's attributes in camelCase, without credentials.

use serde_json::{Map, Value, json};
use videoflow_shared::jobs::Job;

/// The whole job, and where it is.
pub fn job(job: &Job, stations: Value) -> Value {
    let members = match json!(job) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let shown = members
        .into_iter()
        .map(|(name, value)| (camel_case(&name), value));
    shown.chain([("stations".to_owned(), stations)]).collect()
}

/// A line of a listing.
pub fn summary(job: &Job) -> Value {
    json!({
        "jobId": job.job_id,
        "jobStatus": job.job_status,
        "sourceKey": job.source_key,
        "profile": job.profile,
        "createdAt": job.created_at,
        "updatedAt": job.updated_at,
        "error": job.error_details.as_ref().map(|details| &details.error),
        "originalJobId": job.original_job_id,
    })
}

fn camel_case(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    #[test]
    fn shows_attributes_but_no_credentials() {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": "AWAITING_REVIEW", "SourceBucket": "b", "SourceKey": "k",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "c", "UpdatedAt": "u", "ReviewToken": "secret"});
        let item: Job =
            serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}"));
        let shown = job(&item, json!([]));
        assert_eq!(shown["jobId"], json!(id));
        assert_eq!(shown["jobStatus"], "AWAITING_REVIEW");
        assert_eq!(shown["sourceVersionId"], "1");
        assert!(!shown.to_string().contains("secret"));
        assert_eq!(summary(&item)["updatedAt"], "u");
    }
}
