//! Versions of objects, deleted for good.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use videoflow_shared::jobs::Job;
use videoflow_shared::storage::storage_error;

use crate::Error;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Versions, delete markers included.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The versions in S3.
#[derive(Debug)]
pub struct Versions {
    /// S3.
    pub client: Client,
    /// Bucket of everything that VideoFlow writes.
    pub output_bucket: String,
}

impl Versions {
    /// Deletes the first versions, at most a thousand, of what begins with `prefix`; none: there are no more.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn delete_page(&self, prefix: &str) -> Result<Deleted, Error> {
        let listed = self
            .client
            .list_object_versions()
            .bucket(&self.output_bucket)
            .prefix(prefix)
            .send()
            .await
            .map_err(|error| storage_error(&format!("ListObjectVersions {prefix}"), &error))?;
        let (versions, deleted) = identified(&listed)?;
        if versions.is_empty() {
            return Ok(deleted);
        }
        let delete = Delete::builder()
            .set_objects(Some(versions))
            .quiet(true)
            .build()
            .map_err(|error| incomplete(&error))?;
        let answer = self
            .client
            .delete_objects()
            .bucket(&self.output_bucket)
            .delete(delete)
            .send()
            .await
            .map_err(|error| storage_error(&format!("DeleteObjects {prefix}"), &error))?;
        match answer.errors().first() {
            None => Ok(deleted),
            Some(error) => {
                let text = format!(
                    "DeleteObjects: {}: {}: {}",
                    error.key().unwrap_or_default(),
                    error.code().unwrap_or_default(),
                    error.message().unwrap_or_default()
                );
                Err(if error.code() == Some("AccessDenied") {
                    Error::StorageRefused(text)
                } else {
                    Error::StorageFailed(text)
                })
            }
        }
    }

    /// Deletes the version that the video is.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn delete_source(&self, job: &Job) -> Result<(), Error> {
        let request = self
            .client
            .delete_object()
            .bucket(&job.source_bucket)
            .key(&job.source_key)
            .version_id(&job.source_version_id);
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| storage_error("DeleteObject of the source", &error).into())
    }
}

/// The versions of a listing, and how much they are.
fn identified(
    listed: &ListObjectVersionsOutput,
) -> Result<(Vec<ObjectIdentifier>, Deleted), Error> {
    let versions = listed.versions().iter();
    let versions = versions.map(|one| (one.key(), one.version_id(), one.size().unwrap_or(0)));
    let markers = listed.delete_markers().iter();
    let markers = markers.map(|one| (one.key(), one.version_id(), 0));
    let mut found = Vec::new();
    let mut deleted = Deleted::default();
    for (key, version, size) in versions.chain(markers) {
        let identifier = ObjectIdentifier::builder()
            .key(key.unwrap_or_default())
            .set_version_id(version.map(str::to_owned))
            .build();
        found.push(identifier.map_err(|error| incomplete(&error))?);
        deleted.objects += 1;
        deleted.bytes += u64::try_from(size).unwrap_or(0);
    }
    Ok((found, deleted))
}

/// The builders refuse only what lacks a member.
fn incomplete(error: &BuildError) -> Error {
    Error::StorageRefused(error.to_string())
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

    use super::*;

    #[test]
    fn delete_markers_are_versions_too() {
        let version = |id: &str, size| {
            ObjectVersion::builder()
                .key("k")
                .version_id(id)
                .size(size)
                .build()
        };
        let marker = DeleteMarkerEntry::builder()
            .key("k")
            .version_id("3")
            .build();
        let listed = ListObjectVersionsOutput::builder()
            .versions(version("1", 5))
            .versions(version("2", 7))
            .delete_markers(marker)
            .build();
        let (found, deleted) = identified(&listed).unwrap_or_else(|error| unreachable!("{error}"));
        let ids: Vec<_> = found.iter().filter_map(|one| one.version_id()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        assert_eq!(
            deleted,
            Deleted {
                objects: 3,
                bytes: 12
            }
        );
    }
}
