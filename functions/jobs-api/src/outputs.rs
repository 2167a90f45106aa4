//! What a published job has made: URLs by which it can be fetched for a time, and the brief itself.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use time::OffsetDateTime;
use videoflow_shared::clock;
use videoflow_shared::jobs::{Job, JobStatus};
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::storage::Objects;

use crate::Error;
use crate::answer::{Answer, JSON};

/// How long a URL works. It ends before that when the session of the role ends that signed it, which is renewed by
/// Lambda hours before.
const VALID_FOR: Duration = Duration::from_hours(1);
/// Largest document in an answer: Lambda takes 6 MB, and JSON's escapes come on top.
const DOCUMENT_LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// Files of a folder, such as the thumbnails, that are listed.
const FOLDER_LIMIT: usize = 500;
/// Members of `OutputLocations` that need more than one file: players fetch what they name.
const STREAMS: [&str; 2] = ["hls", "dash"];
/// Roots of what is ever served.
const SERVED: [&str; 2] = ["media/", "published/"];

/// Media types by ending.
const TYPES: [(&str, &str); 12] = [
    ("gif", "image/gif"),
    ("html", "text/html; charset=utf-8"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown; charset=utf-8"),
    ("mp4", "video/mp4"),
    ("mpd", "application/dash+xml"),
    ("png", "image/png"),
    ("srt", "application/x-subrip"),
    ("vtt", "text/vtt; charset=utf-8"),
];

/// One thing that `OutputLocations` names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    kind: String,
    uri: S3Uri,
}

/// The outputs of a job.
#[derive(Debug)]
pub struct Outputs<'a> {
    /// S3.
    pub objects: &'a Objects,
    /// Bucket of everything that VideoFlow writes.
    pub bucket: &'a str,
}

impl Outputs<'_> {
    /// Every file with its URL, and the streams with their paths.
    ///
    /// # Errors
    /// [`Error::NotPublished`], [`Error::JobDeleted`], the errors of S3.
    pub async fn list(&self, job: &Job) -> Result<Answer, Error> {
        check_published(job)?;
        let named = named(job, self.bucket);
        let (streams, files): (Vec<Named>, Vec<Named>) = named
            .into_iter()
            .partition(|one| STREAMS.contains(&one.kind.as_str()));
        let mut expanded = Vec::new();
        for one in files {
            if one.uri.file_name().contains('.') {
                expanded.push(one);
            } else {
                expanded.extend(self.below(&one).await?);
            }
        }
        let signed = try_join_all(expanded.iter().map(|one| self.output(one))).await?;
        let expires_at = clock::format(OffsetDateTime::now_utc() + VALID_FOR);
        let streams: Vec<Value> = streams.iter().map(stream).collect();
        Ok(Answer::json(
            200,
            &json!({"jobId": job.job_id, "expiresAt": expires_at, "outputs": signed, "streams": streams}),
        ))
    }

    /// The brief in a form; one that is too large for an answer by its URL.
    ///
    /// # Errors
    /// [`Error::NotPublished`], [`Error::JobDeleted`], [`Error::BriefNotFound`], the errors of S3.
    pub async fn brief(&self, job: &Job, form: &str) -> Result<Answer, Error> {
        check_published(job)?;
        let ending = TYPES.iter().find(|(_, kind)| media_type(kind) == form);
        let (ending, content_type) = ending.copied().unwrap_or(("json", JSON));
        let uri = Places::new(self.bucket, &job.job_id).published(&format!("brief.{ending}"));
        let missing = || Error::BriefNotFound(job.job_id.to_string());
        let head = self.objects.head(&uri, None).await?.ok_or_else(missing)?;
        if head.size_bytes > DOCUMENT_LIMIT_BYTES {
            let url = self.objects.signed_url(&uri, VALID_FOR).await?;
            let expires_at = clock::format(OffsetDateTime::now_utc() + VALID_FOR);
            let body = json!({"url": url, "expiresAt": expires_at});
            return Ok(Answer::json(303, &body).at(url));
        }
        let text = self.objects.get_text(&uri).await?.ok_or_else(missing)?;
        Ok(Answer::document(200, content_type, text))
    }

    /// The files that a place without ending stands for: their names begin with its own.
    async fn below(&self, place: &Named) -> Result<Vec<Named>, Error> {
        let listed = self.objects.list(&place.uri).await?;
        let files = listed.into_iter().take(FOLDER_LIMIT).map(|file| Named {
            kind: place.kind.clone(),
            uri: S3Uri::new(&place.uri.bucket, file.key),
        });
        Ok(files.collect())
    }

    async fn output(&self, one: &Named) -> Result<Value, Error> {
        let url = self.objects.signed_url(&one.uri, VALID_FOR).await?;
        Ok(
            json!({"kind": one.kind, "name": one.uri.file_name(), "contentType": content_type(&one.uri), "url": url}),
        )
    }
}

/// A stream, by its path below the distribution and what has to be signed for its player.
fn stream(one: &Named) -> Value {
    let folder = one
        .uri
        .key
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    json!({
        "kind": one.kind,
        "contentType": content_type(&one.uri),
        "path": format!("/{}", one.uri.key),
        "cookiePath": format!("/{folder}/*"),
    })
}

/// What the job's item names in our bucket, below what is served.
fn named(job: &Job, bucket: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let locations = job.output_locations.as_ref().and_then(Value::as_object);
    for (kind, value) in locations.into_iter().flatten() {
        collect(kind, value, &mut found);
    }
    let is_served = |one: &Named| SERVED.iter().any(|root| one.uri.key.starts_with(root));
    found.retain(|one| one.uri.bucket == bucket && is_served(one));
    found
}

fn check_published(job: &Job) -> Result<(), Error> {
    match job.job_status {
        JobStatus::Published => Ok(()),
        JobStatus::Deleted => Err(Error::JobDeleted(job.job_id.to_string())),
        other => Err(Error::NotPublished {
            job: job.job_id.to_string(),
            status: other.to_string(),
        }),
    }
}

/// Every location in a value.
fn collect(kind: &str, value: &Value, found: &mut Vec<Named>) {
    match value {
        Value::String(text) => found.extend(text.parse().ok().map(|uri| Named {
            kind: kind.to_owned(),
            uri,
        })),
        Value::Array(values) => values.iter().for_each(|value| collect(kind, value, found)),
        Value::Object(members) => members
            .values()
            .for_each(|value| collect(kind, value, found)),
        _ => {}
    }
}

fn content_type(uri: &S3Uri) -> &'static str {
    let ending = uri.file_name().rsplit('.').next().unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| *known == ending);
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

/// A media type without its parameters.
fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn job(status: &str, locations: &Value) -> Job {
        serde_json::from_value(json!({"JobId": JobId::of("b", "k", "1", "default"), "JobStatus": status,
            "SourceBucket": "b", "SourceKey": "k", "SourceVersionId": "1", "Profile": "default", "CreatedAt": "t",
            "UpdatedAt": "t", "OutputLocations": locations}))
        .unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn kinds(locations: &Value) -> Vec<String> {
        let named = named(&job("PUBLISHED", locations), "out");
        named.into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn only_what_is_ever_served_is_signed() {
        let locations = json!({"briefJson": "s3://out/published/v/brief.json", "audio": null,
            "renditions": ["s3://out/media/v/720p.mp4"], "poster": {"uri": "s3://out/media/v/poster.jpg", "width": 1},
            "plan": "s3://out/work/v/plan.json", "other": "s3://elsewhere/media/v/1.mp4", "text": "media/v/1.mp4"});
        assert_eq!(kinds(&locations), ["briefJson", "renditions", "poster"]);
        assert_eq!(kinds(&json!(null)), [""; 0]);
    }

    #[test]
    fn only_published_jobs_have_outputs() {
        let check = |status: &str, expected: Option<&str>| {
            let found = check_published(&job(status, &json!(null)));
            assert_eq!(found.as_ref().err().map(<&str>::from), expected, "{status}");
        };
        check("PUBLISHED", None);
        check("DELETED", Some("JobDeleted"));
        for status in [
            "PROCESSING",
            "AWAITING_REVIEW",
            "REJECTED",
            "DUPLICATE",
            "FAILED_QC",
            "FAILED",
        ] {
            check(status, Some("NotPublished"));
        }
    }

    #[test]
    fn streams_say_which_cookie_their_player_needs() {
        let one = Named {
            kind: "hls".into(),
            uri: S3Uri::new("out", "media/v/stream/index.m3u8"),
        };
        let stream = stream(&one);
        assert_eq!(stream["path"], "/media/v/stream/index.m3u8");
        assert_eq!(stream["cookiePath"], "/media/v/stream/*");
        assert_eq!(stream["contentType"], "application/vnd.apple.mpegurl");
    }
}
