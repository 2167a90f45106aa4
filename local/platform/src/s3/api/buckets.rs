//! Buckets and lists of their objects on the wire.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::S3Result;
use s3s::dto::{
    Bucket, BucketVersioningStatus, ChecksumAlgorithm, CommonPrefix, CreateBucketInput,
    CreateBucketOutput, DeleteBucketInput, DeleteBucketOutput, EncodingType,
    GetBucketLocationInput, GetBucketLocationOutput, GetBucketVersioningInput,
    GetBucketVersioningOutput, HeadBucketInput, HeadBucketOutput, ListBucketsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass,
};
use time::OffsetDateTime;

use super::conversion::{checksum_type, etag, size};
use crate::names::REGION;
use crate::s3::Buckets;
use crate::s3::error::Error;
use crate::s3::listing::{MAX_KEYS, Page, Query};
use crate::s3::version::{Notifications, Settings, Versioning};

pub(super) fn create(buckets: &Buckets, input: &CreateBucketInput) -> S3Result<CreateBucketOutput> {
    if buckets.index().bucket(&input.bucket).is_ok() {
        return Err(Error::BucketAlreadyOwnedByYou.into());
    }
    let settings = Settings {
        versioning: Versioning::Off,
        notifications: Notifications::Off,
    };
    buckets.create_bucket(&input.bucket, settings)?;
    Ok(CreateBucketOutput {
        location: Some(format!("/{}", input.bucket)),
    })
}

pub(super) fn head(buckets: &Buckets, input: &HeadBucketInput) -> S3Result<HeadBucketOutput> {
    buckets.index().bucket(&input.bucket)?;
    Ok(HeadBucketOutput {
        bucket_region: Some(REGION.to_owned()),
        ..HeadBucketOutput::default()
    })
}

pub(super) fn list(buckets: &Buckets) -> S3Result<ListBucketsOutput> {
    let found = buckets.index().buckets()?;
    let bucket = |(name, created): (String, OffsetDateTime)| Bucket {
        creation_date: Some(created.into()),
        name: Some(name),
        ..Bucket::default()
    };
    Ok(ListBucketsOutput {
        buckets: Some(found.into_iter().map(bucket).collect()),
        ..ListBucketsOutput::default()
    })
}

pub(super) fn versioning(
    buckets: &Buckets,
    input: &GetBucketVersioningInput,
) -> S3Result<GetBucketVersioningOutput> {
    let settings = buckets.index().bucket(&input.bucket)?;
    let enabled = BucketVersioningStatus::from_static(BucketVersioningStatus::ENABLED);
    Ok(GetBucketVersioningOutput {
        status: (settings.versioning == Versioning::Enabled).then_some(enabled),
        ..GetBucketVersioningOutput::default()
    })
}

pub(super) fn list_objects(
    buckets: &Buckets,
    input: ListObjectsV2Input,
) -> S3Result<ListObjectsV2Output> {
    let max_keys = input
        .max_keys
        .map_or(Some(MAX_KEYS), |max_keys| usize::try_from(max_keys).ok());
    let max_keys =
        max_keys.ok_or_else(|| Error::InvalidArgument("max-keys is negative".to_owned()))?;
    let continued = input
        .continuation_token
        .as_deref()
        .map(key_of_token)
        .transpose()?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input
            .delimiter
            .as_deref()
            .filter(|delimiter| !delimiter.is_empty()),
        after: continued
            .as_deref()
            .or(input.start_after.as_deref())
            .unwrap_or_default(),
        max_keys,
    };
    let page = buckets.list(&input.bucket, &query)?;
    let is_encoded = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let shown = |text: String| if is_encoded { encoded(&text) } else { text };
    Ok(ListObjectsV2Output {
        key_count: i32::try_from(page.key_count()).ok(),
        is_truncated: Some(page.next_after.is_some()),
        next_continuation_token: page.next_after.as_deref().map(token_of_key),
        contents: Some(contents(&page, shown)),
        common_prefixes: Some(common_prefixes(page, shown)),
        name: Some(input.bucket),
        max_keys: i32::try_from(max_keys.min(MAX_KEYS)).ok(),
        prefix: input.prefix.map(shown),
        delimiter: input.delimiter.map(shown),
        start_after: input.start_after.map(shown),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    })
}

/// The former list, whose pages go on after a key instead of a token.
pub(super) fn list_objects_v1(
    buckets: &Buckets,
    input: ListObjectsInput,
) -> S3Result<ListObjectsOutput> {
    let is_encoded = input.encoding_type.is_some();
    let answer = list_objects(
        buckets,
        ListObjectsV2Input {
            bucket: input.bucket,
            prefix: input.prefix,
            delimiter: input.delimiter,
            start_after: input.marker.clone(),
            max_keys: input.max_keys,
            encoding_type: input.encoding_type,
            ..ListObjectsV2Input::default()
        },
    )?;
    let next = answer.next_continuation_token.as_deref().map(key_of_token);
    let shown = |key: String| if is_encoded { encoded(&key) } else { key };
    Ok(ListObjectsOutput {
        next_marker: next.transpose()?.map(shown),
        marker: Some(input.marker.map(shown).unwrap_or_default()),
        is_truncated: answer.is_truncated,
        contents: answer.contents,
        common_prefixes: answer.common_prefixes,
        name: answer.name,
        max_keys: answer.max_keys,
        prefix: answer.prefix,
        delimiter: answer.delimiter,
        encoding_type: answer.encoding_type,
        ..ListObjectsOutput::default()
    })
}

/// The region where buckets are without saying so has no name here.
pub(super) fn location(
    buckets: &Buckets,
    input: &GetBucketLocationInput,
) -> S3Result<GetBucketLocationOutput> {
    buckets.index().bucket(&input.bucket)?;
    Ok(GetBucketLocationOutput::default())
}

pub(super) fn delete(buckets: &Buckets, input: &DeleteBucketInput) -> S3Result<DeleteBucketOutput> {
    buckets.index().remove_bucket(&input.bucket)?;
    Ok(DeleteBucketOutput::default())
}

fn contents(page: &Page, shown: impl Fn(String) -> String) -> Vec<Object> {
    let objects = page.objects.iter().map(|(version, content)| Object {
        key: Some(shown(version.key.clone())),
        e_tag: Some(etag(&content.etag)),
        size: Some(size(content.size_bytes)),
        last_modified: Some(version.modified.into()),
        checksum_type: Some(checksum_type(&content.checksum)),
        checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(
            content.checksum.algorithm.name(),
        )]),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Object::default()
    });
    objects.collect()
}

fn common_prefixes(page: Page, shown: impl Fn(String) -> String) -> Vec<CommonPrefix> {
    let prefix = |prefix| CommonPrefix {
        prefix: Some(shown(prefix)),
    };
    page.common_prefixes.into_iter().map(prefix).collect()
}

/// The last key of a page as a token: keys may hold characters that have no place in XML.
pub(in crate::s3) fn token_of_key(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key of a token.
pub(in crate::s3) fn key_of_token(token: &str) -> Result<String, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| {
        Error::InvalidArgument("The continuation token provided is incorrect".to_owned())
    })
}

/// Percent-encoded as `encoding-type=url` has it: unreserved characters and `/` stay.
pub(in crate::s3) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(byte.into());
            }
            _ => {
                // Writing into a String cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_keys_and_tokens() {
        assert_eq!(encoded("a b/ü+"), "a%20b/%C3%BC%2B");
        assert_eq!(
            key_of_token(&token_of_key("a/\u{10ffff}")).ok().as_deref(),
            Some("a/\u{10ffff}")
        );
        assert!(key_of_token("%").is_err());
    }
}
