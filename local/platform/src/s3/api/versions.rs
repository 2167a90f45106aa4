//! Lists of versions on the wire.

use s3s::S3Result;
use s3s::dto::{
    DeleteMarkerEntry, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass,
};

use super::buckets::encoded;
use super::conversion::{checksum_type, etag, size};
use crate::s3::Buckets;
use crate::s3::error::Error;
use crate::s3::listing::MAX_KEYS;
use crate::s3::version::Version;

/// Versions are listed one by one: a delimiter is not looked at, as `ListObjectsV2` is there for folders.
pub(super) fn list(
    buckets: &Buckets,
    input: ListObjectVersionsInput,
) -> S3Result<ListObjectVersionsOutput> {
    if input
        .delimiter
        .as_deref()
        .is_some_and(|delimiter| !delimiter.is_empty())
    {
        return Err(s3s::s3_error!(
            NotImplemented,
            "the local platform lists versions without delimiter only"
        ));
    }
    let index = buckets.index();
    index.bucket(&input.bucket)?;
    let key = input.key_marker.as_deref().unwrap_or_default();
    let version_id = input
        .version_id_marker
        .as_deref()
        .filter(|id| !id.is_empty());
    let before = match version_id {
        Some(id) => index.version(&input.bucket, key, Some(id))?.sequence,
        // Without a version the list goes on after the key; no sequence is less than the first.
        None => 0,
    };
    let asked = input.max_keys.map_or(Ok(MAX_KEYS), usize::try_from);
    let count = asked
        .map_err(|_| Error::InvalidArgument("max-keys is negative".to_owned()))?
        .min(MAX_KEYS);
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let mut found = index.versions(&input.bucket, prefix, (key, before), count + 1)?;
    let is_truncated = found.len() > count;
    found.truncate(count);
    let last = found.last().filter(|_| is_truncated);
    let is_encoded = input.encoding_type.is_some();
    let shown = |key: &str| {
        if is_encoded {
            encoded(key)
        } else {
            key.to_owned()
        }
    };
    let next_key_marker = last.map(|(version, _)| shown(&version.key));
    let next_version_id_marker = last.map(|(version, _)| version.version_id.clone());
    let mut answer = ListObjectVersionsOutput {
        is_truncated: Some(is_truncated),
        next_key_marker,
        next_version_id_marker,
        max_keys: i32::try_from(count).ok(),
        prefix: Some(shown(prefix)),
        key_marker: Some(shown(key)),
        name: Some(input.bucket),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    };
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for (version, is_latest) in found {
        match object(&version, is_latest, shown(&version.key)) {
            Some(object) => versions.push(object),
            None => markers.push(DeleteMarkerEntry {
                key: Some(shown(&version.key)),
                version_id: Some(version.version_id),
                is_latest: Some(is_latest),
                last_modified: Some(version.modified.into()),
                ..DeleteMarkerEntry::default()
            }),
        }
    }
    answer.versions = Some(versions);
    answer.delete_markers = Some(markers);
    Ok(answer)
}

/// A version with content; none for a delete marker.
fn object(version: &Version, is_latest: bool, key: String) -> Option<ObjectVersion> {
    let content = version.content.as_ref()?;
    Some(ObjectVersion {
        key: Some(key),
        version_id: Some(version.version_id.clone()),
        is_latest: Some(is_latest),
        last_modified: Some(version.modified.into()),
        e_tag: Some(etag(&content.etag)),
        size: Some(size(content.size_bytes)),
        checksum_type: Some(checksum_type(&content.checksum)),
        storage_class: Some(ObjectVersionStorageClass::from_static(
            ObjectVersionStorageClass::STANDARD,
        )),
        ..ObjectVersion::default()
    })
}
