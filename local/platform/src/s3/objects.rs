//! Putting, copying and deleting objects.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Buckets;
use super::blobs::Blob;
use super::checksum::{self, Algorithm, Coverage, ObjectChecksum};
use super::error::Error;
use super::tagging::Tags;
use super::version::{Attributes, Content, Notifications, UNVERSIONED, Version, Versioning};
use crate::arn;
use crate::names::ACCOUNT;
use crate::token::Token;

/// Longest key: S3's own limit.
const MAX_KEY_BYTES: usize = 1024;

/// Operation that made an object, as its event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    PutObject,
    CopyObject,
    CompleteMultipartUpload,
}

/// Where a copy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub version_id: Option<&'a str>,
}

/// What a deletion left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deletion {
    /// Version deleted or delete marker made; none in a bucket without versioning.
    pub version_id: Option<String>,
    /// Whether `version_id` is a delete marker.
    pub is_marker: bool,
}

impl From<Blob> for Content {
    fn from(blob: Blob) -> Self {
        Self {
            blob: blob.name,
            size_bytes: blob.size_bytes,
            etag: crate::hex(&blob.md5),
            checksum: ObjectChecksum {
                algorithm: blob.algorithm,
                value: checksum::encode(&blob.checksum),
                coverage: Coverage::FullObject,
            },
        }
    }
}

impl Version {
    /// The version id that answers show: none in a bucket without versioning.
    pub fn shown_id(&self) -> Option<String> {
        (self.version_id != UNVERSIONED).then(|| self.version_id.clone())
    }
}

impl Buckets {
    /// Whether an object can be put at `key`, asked before its bytes are taken.
    pub(super) fn check_target(&self, bucket: &str, key: &str) -> Result<(), Error> {
        if key.len() > MAX_KEY_BYTES {
            return Err(Error::KeyTooLong);
        }
        self.index().bucket(bucket).map(|_| ())
    }

    /// Makes content that has been written an object, and tells about it.
    pub(super) fn commit(
        &self,
        bucket: &str,
        key: &str,
        content: &Content,
        attributes: &Attributes,
        tags: &Tags,
        reason: Reason,
    ) -> Result<Version, Error> {
        let added = {
            let mut index = self.index();
            index.bucket(bucket).and_then(|settings| {
                let is_heard = settings.notifications == Notifications::EventBridge;
                let news =
                    |version: &Version| is_heard.then(|| news(bucket, version, content, reason));
                index.add(bucket, key, Some(content), attributes, tags, news)
            })
        };
        let (version, replaced) = added.inspect_err(|_| self.blobs().remove(&content.blob))?;
        if let Some(blob) = replaced {
            self.blobs().remove(&blob);
        }
        if let Err(error) = self.tell(Some(version.sequence)) {
            tracing::error!(bucket, key, %error, "the event of an object cannot be kept");
        }
        Ok(version)
    }

    /// Tells about a new object, or about all whose news may not have been told. Told again they reach nobody twice.
    /// What nobody can take in now is told again at the next start.
    pub(crate) fn tell(&self, sequence: Option<i64>) -> Result<(), Error> {
        let all = self.index().news(sequence)?;
        for news in all {
            let token = Token::new(format!("s3 {}", news.sequence));
            let resources = [arn::s3(&news.bucket, None)];
            let kind = ("aws.s3", "Object Created");
            let told = self
                .inner
                .events
                .emit_once(&token, kind, &resources, &news.detail);
            match told {
                Ok(()) => self.index().told(news.sequence)?,
                Err(error) => {
                    tracing::error!(bucket = news.bucket, %error, "an object's event cannot be delivered");
                }
            }
        }
        Ok(())
    }

    /// Copies an object. What is not given is taken over from the source.
    pub(super) async fn copy(
        &self,
        source: Source<'_>,
        bucket: &str,
        key: &str,
        attributes: Option<Attributes>,
        tags: Option<Tags>,
    ) -> Result<(Version, Content), Error> {
        self.check_target(bucket, key)?;
        let is_same = (source.bucket, source.key, source.version_id) == (bucket, key, None);
        if is_same && attributes.is_none() && tags.is_none() {
            let message = "This copy request is illegal because it is trying to copy an object to itself without \
                changing the object's metadata, storage class, website redirect location or encryption attributes.";
            return Err(Error::InvalidRequest(message));
        }
        let (original, content) =
            self.index()
                .object(source.bucket, source.key, source.version_id)?;
        let content = match content.checksum.coverage {
            Coverage::FullObject if !content.etag.contains('-') => Content {
                blob: self.blobs().link(&content.blob).await?,
                ..content
            },
            // The copy is one piece, so its ETag and checksum are over the whole.
            _ => {
                let path = self.blobs().path(&content.blob);
                self.blobs().copy(&path, Algorithm::Crc64Nvme).await?.into()
            }
        };
        let attributes = attributes.unwrap_or(original.attributes);
        let tags = tags.unwrap_or(original.tags);
        let version = self.commit(
            bucket,
            key,
            &content,
            &attributes,
            &tags,
            Reason::CopyObject,
        )?;
        Ok((version, content))
    }

    /// Deletes an object: one version for good, or, without a version id, the object itself or in a versioned bucket
    /// by a delete marker. One that is not there is fine.
    pub(super) fn delete(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Deletion, Error> {
        let mut index = self.index();
        let versioning = index.bucket(bucket)?.versioning;
        let version_id = match (version_id, versioning) {
            (Some(version_id), _) => version_id,
            (None, Versioning::Off) => UNVERSIONED,
            (None, Versioning::Enabled) => {
                let (attributes, tags) = (Attributes::default(), Tags::new());
                let (marker, _) = index.add(bucket, key, None, &attributes, &tags, |_| None)?;
                return Ok(Deletion {
                    version_id: marker.shown_id(),
                    is_marker: true,
                });
            }
        };
        let removed = index.remove(bucket, key, version_id)?;
        drop(index);
        let content = removed
            .as_ref()
            .and_then(|version| version.content.as_ref());
        if let Some(content) = content {
            self.blobs().remove(&content.blob);
        }
        Ok(Deletion {
            version_id: (version_id != UNVERSIONED).then(|| version_id.to_owned()),
            is_marker: removed.is_some_and(|version| version.content.is_none()),
        })
    }
}

/// Detail of the event of a new object.
fn news(bucket: &str, version: &Version, content: &Content, reason: Reason) -> Value {
    let mut object = json!({
        "key": version.key,
        "size": content.size_bytes,
        "etag": content.etag,
        "sequencer": format!("{:016X}", version.sequence),
    });
    if let (Some(id), Some(members)) = (version.shown_id(), object.as_object_mut()) {
        members.insert("version-id".to_owned(), json!(id));
    }
    let reason = match reason {
        Reason::PutObject => "PutObject",
        Reason::CopyObject => "CopyObject",
        Reason::CompleteMultipartUpload => "CompleteMultipartUpload",
    };
    json!({
        "version": "0",
        "bucket": {"name": bucket},
        "object": object,
        "request-id": Uuid::new_v4().simple().to_string(),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::events::Events;
    use crate::s3::Settings;
    use crate::sqs::{Attributes as Queue, Queues};

    #[tokio::test]
    async fn an_object_whose_news_were_not_told_is_told_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let queues = Arc::new(Queues::open(None, "http://127.0.0.1:1").expect("memory"));
        queues.create("work", &Queue::default()).expect("a queue");
        let open = || {
            let events = Events::open(Arc::clone(&queues), "domain", None).expect("no file");
            let pattern = "{\"source\":[\"aws.s3\"]}";
            let rule = events.put_queue_rule("r", "default", pattern, &arn::queue("work"));
            rule.expect("a rule");
            Buckets::open(folder.path(), Arc::new(events)).expect("a folder")
        };
        let settings = Settings {
            versioning: Versioning::Enabled,
            notifications: Notifications::EventBridge,
        };
        let put = |buckets: &Buckets| {
            let content = Content::from(Blob {
                name: "b".to_owned(),
                size_bytes: 0,
                md5: [0; 16],
                algorithm: Algorithm::Crc32,
                checksum: Vec::new(),
            });
            let tell =
                |version: &Version| Some(news("bucket", version, &content, Reason::PutObject));
            let (attributes, tags) = (Attributes::default(), Tags::new());
            let added =
                buckets
                    .index()
                    .add("bucket", "k", Some(&content), &attributes, &tags, tell);
            added.expect("a bucket").0.sequence
        };
        let buckets = open();
        buckets.create_bucket("bucket", settings).expect("a bucket");
        let sequence = put(&buckets);
        // The process was killed here, or after it told and before it knew.
        let buckets = open();
        let told = buckets.index().news(Some(sequence)).expect("news");
        buckets.tell(None).expect("a queue");
        assert_eq!(queues.visible_count("work").ok(), Some(1));
        let tell_again = |news: super::super::index::News| {
            let sql = "INSERT INTO news (sequence, bucket, detail) VALUES (?1, ?2, '{}')";
            let index = buckets.index();
            index
                .connection
                .execute(sql, rusqlite::params![news.sequence, news.bucket])
        };
        for news in told {
            tell_again(news).expect("a row");
        }
        buckets.tell(None).expect("a queue");
        assert_eq!(queues.visible_count("work").ok(), Some(1));
        assert!(buckets.index().news(None).is_ok_and(|news| news.is_empty()));
    }
}
