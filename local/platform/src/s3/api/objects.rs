//! Objects and their tags on the wire.

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, MetadataDirective,
    PutObjectInput, PutObjectOutput, TaggingDirective,
};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};

use super::conversion::{
    Digests, check_write_conditions, checksum_type, etag, given_checksums, set_checksum,
};
use crate::s3::Buckets;
use crate::s3::checksum::Algorithm;
use crate::s3::error::Error;
use crate::s3::objects::{Reason, Source};
use crate::s3::tagging::tags_of_header;
use crate::s3::version::{Attributes, Content};

/// The attributes that a request gives an object.
macro_rules! attributes {
    ($input:expr) => {
        Attributes {
            content_type: $input.content_type.take(),
            cache_control: $input.cache_control.take(),
            content_disposition: $input.content_disposition.take(),
            content_encoding: $input.content_encoding.take(),
            content_language: $input.content_language.take(),
            metadata: $input
                .metadata
                .take()
                .unwrap_or_default()
                .into_iter()
                .collect(),
        }
    };
}

pub(super) use attributes;

pub(super) async fn put(
    buckets: &Buckets,
    mut request: S3Request<PutObjectInput>,
) -> S3Result<PutObjectOutput> {
    let input = &mut request.input;
    buckets.check_target(&input.bucket, &input.key)?;
    let existing = current_etag(buckets, &input.bucket, &input.key)?;
    check_write_conditions(
        existing.as_deref(),
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let attributes = attributes!(input);
    let tags = input
        .tagging
        .as_deref()
        .map(tags_of_header)
        .transpose()?
        .unwrap_or_default();
    let digests = Digests {
        md5: input.content_md5.take(),
        named: input.checksum_algorithm.take(),
        given: given_checksums!(input),
        trailers: request.trailing_headers,
    };
    let blob = digests
        .take(
            buckets.blobs(),
            input.body.take(),
            &request.headers,
            Algorithm::Crc64Nvme,
        )
        .await?;
    let content = Content::from(blob);
    let version = buckets.commit(
        &input.bucket,
        &input.key,
        &content,
        &attributes,
        &tags,
        Reason::PutObject,
    )?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&content.etag)),
        version_id: version.shown_id(),
        checksum_type: Some(checksum_type(&content.checksum)),
        ..PutObjectOutput::default()
    };
    set_checksum!(output, content.checksum.algorithm, content.checksum.value);
    Ok(output)
}

/// ETag of the object that a write would replace.
pub(super) fn current_etag(
    buckets: &Buckets,
    bucket: &str,
    key: &str,
) -> Result<Option<String>, Error> {
    match buckets.index().object(bucket, key, None) {
        Ok((_, content)) => Ok(Some(content.etag)),
        Err(Error::NoSuchKey) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn copy(
    buckets: &Buckets,
    mut input: CopyObjectInput,
) -> S3Result<CopyObjectOutput> {
    let CopySource::Bucket {
        bucket,
        key,
        version_id,
    } = &input.copy_source
    else {
        return Err(S3Error::new(S3ErrorCode::NotImplemented));
    };
    let source = Source {
        bucket,
        key,
        version_id: version_id.as_deref(),
    };
    let is_replace = |directive: Option<&str>| directive == Some("REPLACE");
    let attributes = is_replace(
        input
            .metadata_directive
            .as_ref()
            .map(MetadataDirective::as_str),
    );
    let attributes = attributes.then(|| attributes!(input));
    let tags = if is_replace(
        input
            .tagging_directive
            .as_ref()
            .map(TaggingDirective::as_str),
    ) {
        Some(tags_of_header(
            input.tagging.as_deref().unwrap_or_default(),
        )?)
    } else {
        None
    };
    let source_version = source.version_id.map(str::to_owned);
    let (version, content) = buckets
        .copy(source, &input.bucket, &input.key, attributes, tags)
        .await?;
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&content.etag)),
        last_modified: Some(version.modified.into()),
        checksum_type: Some(checksum_type(&content.checksum)),
        ..CopyObjectResult::default()
    };
    set_checksum!(result, content.checksum.algorithm, content.checksum.value);
    Ok(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: source_version,
        version_id: version.shown_id(),
        ..CopyObjectOutput::default()
    })
}

pub(super) fn delete(buckets: &Buckets, input: &DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    let deletion = buckets.delete(&input.bucket, &input.key, input.version_id.as_deref())?;
    Ok(DeleteObjectOutput {
        delete_marker: deletion.is_marker.then_some(true),
        version_id: deletion.version_id,
        ..DeleteObjectOutput::default()
    })
}

pub(super) fn delete_many(
    buckets: &Buckets,
    input: DeleteObjectsInput,
) -> S3Result<DeleteObjectsOutput> {
    let is_quiet = input.delete.quiet == Some(true);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        match buckets.delete(&input.bucket, &object.key, object.version_id.as_deref()) {
            Ok(deletion) => deleted.push(DeletedObject {
                key: Some(object.key),
                delete_marker: deletion.is_marker.then_some(true),
                delete_marker_version_id: deletion.version_id.filter(|_| deletion.is_marker),
                version_id: object.version_id,
            }),
            Err(error @ Error::NoSuchBucket) => return Err(error.into()),
            Err(error) => {
                let error = S3Error::from(error);
                errors.push(s3s::dto::Error {
                    key: Some(object.key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    version_id: object.version_id,
                });
            }
        }
    }
    Ok(DeleteObjectsOutput {
        deleted: Some(deleted).filter(|_| !is_quiet),
        errors: Some(errors).filter(|errors| !errors.is_empty()),
        ..DeleteObjectsOutput::default()
    })
}
