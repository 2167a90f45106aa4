//! Tags of objects on the wire.

use s3s::S3Result;
use s3s::dto::{
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, GetObjectTaggingInput,
    GetObjectTaggingOutput, PutObjectTaggingInput, PutObjectTaggingOutput, Tag,
};

use crate::s3::Buckets;
use crate::s3::tagging::{Tags, tags};
use crate::s3::version::UNVERSIONED;

pub(super) fn put(
    buckets: &Buckets,
    input: PutObjectTaggingInput,
) -> S3Result<PutObjectTaggingOutput> {
    let pairs = input.tagging.tag_set.into_iter();
    let tags = tags(
        pairs
            .map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()))
            .collect(),
    )?;
    let version_id = buckets.set_tags(
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        &tags,
    )?;
    Ok(PutObjectTaggingOutput {
        version_id: shown(version_id),
    })
}

pub(super) fn get(
    buckets: &Buckets,
    input: &GetObjectTaggingInput,
) -> S3Result<GetObjectTaggingOutput> {
    let (tags, version_id) =
        buckets.tags(&input.bucket, &input.key, input.version_id.as_deref())?;
    let tag = |(key, value)| Tag {
        key: Some(key),
        value: Some(value),
    };
    Ok(GetObjectTaggingOutput {
        tag_set: tags.into_iter().map(tag).collect(),
        version_id: shown(version_id),
    })
}

pub(super) fn delete(
    buckets: &Buckets,
    input: &DeleteObjectTaggingInput,
) -> S3Result<DeleteObjectTaggingOutput> {
    let version_id = buckets.set_tags(
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        &Tags::new(),
    )?;
    Ok(DeleteObjectTaggingOutput {
        version_id: shown(version_id),
    })
}

fn shown(version_id: String) -> Option<String> {
    Some(version_id).filter(|id| id != UNVERSIONED)
}
