//! Putting, copying and deleting objects.

use serde_json::json;
use uuid::Uuid;

use super::Buckets;
use super::blobs::Blob;
use super::checksum::{self, Algorithm, Coverage, ObjectChecksum};
use super::error::Error;
use super::tagging::Tags;
use super::version::{Attributes, Content, Notifications, UNVERSIONED, Version, Versioning};
use crate::arn;
use crate::names::ACCOUNT;

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
        let (version, replaced, settings) = {
            let mut index = self.index();
            let (version, replaced) = index.add(bucket, key, Some(content), attributes, tags)?;
            (version, replaced, index.bucket(bucket)?)
        };
        if let Some(blob) = replaced {
            self.blobs().remove(&blob);
        }
        if settings.notifications == Notifications::EventBridge {
            self.tell(bucket, &version, content, reason);
        }
        Ok(version)
    }

    /// Emits the event of a new object.
    fn tell(&self, bucket: &str, version: &Version, content: &Content, reason: Reason) {
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
        let detail = json!({
            "version": "0",
            "bucket": {"name": bucket},
            "object": object,
            "request-id": Uuid::new_v4().simple().to_string(),
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
            "reason": reason,
        });
        self.inner.events.emit(
            "aws.s3",
            "Object Created",
            &[arn::s3(bucket, None)],
            &detail,
        );
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
                let (marker, _) =
                    index.add(bucket, key, None, &Attributes::default(), &Tags::new())?;
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
