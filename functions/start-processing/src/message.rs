//! The four kinds of messages in the ingest queue.

use serde::Deserialize;
use serde_json::Value;
use videoflow_shared::identity::JobId;

use crate::Error;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// S3 says that an object was created.
    Created(Object),
    /// reconcile-library found objects that no job knows.
    Missed {
        /// Their bucket.
        bucket: String,
        /// The objects.
        objects: Vec<MissedObject>,
    },
    /// record-failure says that a job failed: its duplicates are to be processed.
    Requeue(JobId),
    /// reconcile-library found a job that was recorded and never started.
    Start(JobId),
}

/// An object of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Bucket.
    pub bucket: String,
    /// Key, not encoded.
    pub key: String,
    /// Version, where the bucket is versioned.
    pub version_id: Option<String>,
}

/// An object that was missed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MissedObject {
    /// Key.
    pub key: String,
    /// Version.
    pub version_id: String,
}

/// Objects in one reconciliation: reconcile-library's batches are of this size.
const OBJECTS_LIMIT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reconciliation {
    reconcile: Missed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Missed {
    bucket: String,
    objects: Vec<MissedObject>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requeueing {
    requeue: Named,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Starting {
    start: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    job_id: JobId,
}

/// An AWS shape: unknown members are none of our business.
#[derive(Deserialize)]
struct Event {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
struct Detail {
    bucket: EventBucket,
    object: EventObject,
}

#[derive(Deserialize)]
struct EventBucket {
    name: String,
}

#[derive(Deserialize)]
struct EventObject {
    key: String,
    #[serde(rename = "version-id")]
    version_id: Option<String>,
}

/// Reads a message's body.
///
/// # Errors
/// [`Error::MessageUnreadable`].
pub fn parse(body: &str) -> Result<Message, Error> {
    let unreadable = |error: serde_json::Error| Error::MessageUnreadable(error.to_string());
    let value: Value = serde_json::from_str(body).map_err(unreadable)?;
    if value.get("reconcile").is_some() {
        let Missed { bucket, objects } = serde_json::from_value::<Reconciliation>(value)
            .map_err(unreadable)?
            .reconcile;
        if objects.len() > OBJECTS_LIMIT {
            return Err(Error::MessageUnreadable(format!(
                "more than {OBJECTS_LIMIT} objects"
            )));
        }
        return Ok(Message::Missed { bucket, objects });
    }
    if value.get("requeue").is_some() {
        let message: Requeueing = serde_json::from_value(value).map_err(unreadable)?;
        return Ok(Message::Requeue(message.requeue.job_id));
    }
    if value.get("start").is_some() {
        let message: Starting = serde_json::from_value(value).map_err(unreadable)?;
        return Ok(Message::Start(message.start.job_id));
    }
    let event: Event = serde_json::from_value(value).map_err(unreadable)?;
    if event.source != "aws.s3" || event.detail_type != "Object Created" {
        return Err(Error::MessageUnreadable(format!(
            "an event `{}` of {}",
            event.detail_type, event.source
        )));
    }
    let EventObject { key, version_id } = event.detail.object;
    Ok(Message::Created(Object {
        bucket: event.detail.bucket.name,
        key,
        version_id,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: &Value, expected: Option<&Message>) {
        assert_eq!(parse(&body.to_string()).ok().as_ref(), expected, "{body}");
    }

    fn event(detail_type: &str, object: &Value) -> Value {
        json!({"version": "0", "source": "aws.s3", "detail-type": detail_type, "account": "1", "detail":
            {"version": "0", "bucket": {"name": "b"}, "object": object, "reason": "PutObject"}})
    }

    #[test]
    fn reads_object_events() {
        let object = |version: Option<&str>| {
            Some(Message::Created(Object {
                bucket: "b".into(),
                key: "a b/ü+.MP4".into(),
                version_id: version.map(Into::into),
            }))
        };
        check(
            &event(
                "Object Created",
                &json!({"key": "a b/ü+.MP4", "version-id": "v", "size": 1, "etag": "e"}),
            ),
            object(Some("v")).as_ref(),
        );
        check(
            &event("Object Created", &json!({"key": "a b/ü+.MP4", "size": 1})),
            object(None).as_ref(),
        );
        check(&event("Object Deleted", &json!({"key": "k"})), None);
        check(&event("Object Created", &json!({"size": 1})), None);
    }

    #[test]
    fn reads_reconciliations() {
        let object = json!({"key": "k", "versionId": "1"});
        let missed = MissedObject {
            key: "k".into(),
            version_id: "1".into(),
        };
        let expected = |objects| {
            Some(Message::Missed {
                bucket: "b".into(),
                objects,
            })
        };
        check(
            &json!({"reconcile": {"bucket": "b", "objects": []}}),
            expected(vec![]).as_ref(),
        );
        check(
            &json!({"reconcile": {"bucket": "b", "objects": vec![object.clone(); 100]}}),
            expected(vec![missed; 100]).as_ref(),
        );
        check(
            &json!({"reconcile": {"bucket": "b", "objects": vec![object; 101]}}),
            None,
        );
        check(
            &json!({"reconcile": {"bucket": "b", "objects": [{"key": "k"}]}}),
            None,
        );
    }

    #[test]
    fn reads_requeues_and_starts() {
        let job = JobId::of("b", "k", "1", "default");
        check(
            &json!({"requeue": {"jobId": job}}),
            Some(&Message::Requeue(job.clone())),
        );
        check(
            &json!({"start": {"jobId": job}}),
            Some(&Message::Start(job.clone())),
        );
        check(&json!({"start": {}}), None);
        check(&json!({"requeue": {"jobId": "k"}}), None);
        check(&json!({"requeue": {"jobId": job}, "more": 1}), None);
    }

    #[test]
    fn refuses_anything_else() {
        check(&json!({}), None);
        check(&json!([]), None);
        check(&json!("text"), None);
        assert!(parse("no json").is_err());
    }
}
