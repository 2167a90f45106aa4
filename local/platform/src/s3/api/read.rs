//! Reading objects on the wire.

use http::StatusCode;
use s3s::dto::{
    ChecksumMode, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, StreamingBlob,
};
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result};

use super::Answer;
use super::conversion::{checksum_type, etag, set_checksum, size};
use crate::s3::Buckets;
use crate::s3::checksum::Algorithm;
use crate::s3::error::Error;
use crate::s3::version::Content;

/// Media type of an object put without one: S3's own default.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

pub(super) async fn get(buckets: &Buckets, input: GetObjectInput) -> Answer<GetObjectOutput> {
    let (version, content) =
        buckets
            .index()
            .object(&input.bucket, &input.key, input.version_id.as_deref())?;
    check_read_conditions(
        &content,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let range = match &input.range {
        Some(range) => range
            .check(content.size_bytes)
            .map_err(|_| Error::InvalidRange)?,
        None => 0..content.size_bytes,
    };
    let is_whole = range == (0..content.size_bytes);
    let body = buckets.blobs().read(&content.blob, range.clone()).await?;
    let attributes = version.attributes.clone();
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(StreamingBlob::wrap(body)),
        content_length: Some(size(range.end - range.start)),
        content_type: input
            .response_content_type
            .or(attributes.content_type)
            .or_else(|| Some(DEFAULT_CONTENT_TYPE.to_owned())),
        cache_control: input.response_cache_control.or(attributes.cache_control),
        content_disposition: input
            .response_content_disposition
            .or(attributes.content_disposition),
        content_encoding: input
            .response_content_encoding
            .or(attributes.content_encoding),
        content_language: input
            .response_content_language
            .or(attributes.content_language),
        metadata: Some(attributes.metadata.into_iter().collect()),
        e_tag: Some(etag(&content.etag)),
        last_modified: Some(version.modified.into()),
        tag_count: Some(version.tags.len())
            .filter(|count| *count > 0)
            .and_then(|count| i32::try_from(count).ok()),
        version_id: version.shown_id(),
        ..GetObjectOutput::default()
    };
    if input.range.is_some() {
        output.content_range = Some(format!(
            "bytes {}-{}/{}",
            range.start,
            range.end - 1,
            content.size_bytes
        ));
    }
    if is_asked(input.checksum_mode.as_ref()) && is_whole {
        output.checksum_type = Some(checksum_type(&content.checksum));
        set_checksum!(output, content.checksum.algorithm, content.checksum.value);
    }
    let status = if input.range.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    Ok(S3Response::with_status(output, status))
}

pub(super) fn head(buckets: &Buckets, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let (version, content) =
        buckets
            .index()
            .object(&input.bucket, &input.key, input.version_id.as_deref())?;
    check_read_conditions(
        &content,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let attributes = version.attributes.clone();
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: Some(size(content.size_bytes)),
        content_type: attributes
            .content_type
            .or_else(|| Some(DEFAULT_CONTENT_TYPE.to_owned())),
        cache_control: attributes.cache_control,
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        metadata: Some(attributes.metadata.into_iter().collect()),
        e_tag: Some(etag(&content.etag)),
        last_modified: Some(version.modified.into()),
        version_id: version.shown_id(),
        ..HeadObjectOutput::default()
    };
    if is_asked(input.checksum_mode.as_ref()) {
        output.checksum_type = Some(checksum_type(&content.checksum));
        set_checksum!(output, content.checksum.algorithm, content.checksum.value);
    }
    Ok(output)
}

fn check_read_conditions(
    content: &Content,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let holds = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == content.etag,
    };
    if if_match.is_some_and(|condition| !holds(condition)) {
        return Err(Error::PreconditionFailed.into());
    }
    if if_none_match.is_some_and(holds) {
        return Err(S3Error::new(S3ErrorCode::NotModified));
    }
    Ok(())
}

fn is_asked(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}
