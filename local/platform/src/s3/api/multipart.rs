//! Multipart uploads on the wire.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag, ListPartsInput, ListPartsOutput, Part, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Request, S3Result};

use super::conversion::{
    Digests, check_write_conditions, checksum_type, etag, given_checksums, set_checksum, size,
};
use super::objects::{attributes, current_etag};
use crate::s3::Buckets;
use crate::s3::checksum::{Algorithm, Coverage, encode};
use crate::s3::error::Error;
use crate::s3::multipart::{MAX_PART_NUMBER, Upload};
use crate::s3::tagging::tags_of_header;
use crate::s3::version::Attributes;

pub(super) fn create(
    buckets: &Buckets,
    mut input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let named = input
        .checksum_algorithm
        .as_ref()
        .and_then(|name| Algorithm::named(name.as_str()));
    let algorithm = named.unwrap_or(Algorithm::Crc64Nvme);
    let coverage = match input.checksum_type.as_ref().map(ChecksumType::as_str) {
        Some(ChecksumType::FULL_OBJECT) => Coverage::FullObject,
        Some(ChecksumType::COMPOSITE) => Coverage::Composite,
        _ => algorithm.default_coverage(),
    };
    let is_possible = match algorithm {
        Algorithm::Crc64Nvme => coverage == Coverage::FullObject,
        Algorithm::Sha1 | Algorithm::Sha256 => coverage == Coverage::Composite,
        Algorithm::Crc32 | Algorithm::Crc32c => true,
    };
    if !is_possible {
        let message = "The checksum type of the upload cannot be used with its checksum algorithm.";
        return Err(Error::InvalidRequest(message).into());
    }
    let upload = Upload {
        attributes: attributes!(input),
        tags: input
            .tagging
            .as_deref()
            .map(tags_of_header)
            .transpose()?
            .unwrap_or_default(),
        algorithm,
        coverage,
    };
    let id = buckets.begin_upload(&input.bucket, &input.key, &upload)?;
    Ok(CreateMultipartUploadOutput {
        upload_id: Some(id),
        checksum_algorithm: named.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: named.and(input.checksum_type),
        bucket: Some(input.bucket),
        key: Some(input.key),
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) async fn upload_part(
    buckets: &Buckets,
    mut request: S3Request<UploadPartInput>,
) -> S3Result<UploadPartOutput> {
    let input = &mut request.input;
    if !(1..=MAX_PART_NUMBER).contains(&input.part_number) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(Error::InvalidArgument(message.to_owned()).into());
    }
    let upload = buckets.upload(&input.bucket, &input.key, &input.upload_id)?;
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
            upload.algorithm,
        )
        .await?;
    if blob.algorithm != upload.algorithm && upload.coverage == Coverage::Composite {
        buckets.blobs().remove(&blob.name);
        return Err(
            Error::InvalidRequest("The part's checksum algorithm is not the upload's.").into(),
        );
    }
    let algorithm = blob.algorithm;
    let part = buckets.add_part(
        &input.bucket,
        &input.key,
        &input.upload_id,
        input.part_number,
        blob,
    )?;
    let mut output = UploadPartOutput {
        e_tag: Some(etag(&part.etag())),
        ..UploadPartOutput::default()
    };
    set_checksum!(output, algorithm, encode(&part.checksum));
    Ok(output)
}

pub(super) fn list_parts(buckets: &Buckets, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let parts = buckets.parts(&input.bucket, &input.key, &input.upload_id)?;
    let part = |part: crate::s3::multipart::Part| Part {
        part_number: Some(part.number),
        e_tag: Some(etag(&part.etag())),
        size: Some(size(part.size_bytes)),
        ..Part::default()
    };
    Ok(ListPartsOutput {
        parts: Some(parts.into_iter().map(part).collect()),
        is_truncated: Some(false),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        ..ListPartsOutput::default()
    })
}

pub(super) async fn complete(
    buckets: &Buckets,
    mut input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let existing = current_etag(buckets, &input.bucket, &input.key)?;
    check_write_conditions(
        existing.as_deref(),
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let parts = input
        .multipart_upload
        .take()
        .and_then(|upload| upload.parts)
        .unwrap_or_default();
    let named = parts.into_iter().map(|part| {
        let etag = part.e_tag.map(ETag::into_value).unwrap_or_default();
        (part.part_number.unwrap_or_default(), etag)
    });
    let named: Vec<(i32, String)> = named.collect();
    let (version, content) = buckets
        .complete_upload(&input.bucket, &input.key, &input.upload_id, &named)
        .await?;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(etag(&content.etag)),
        version_id: version.shown_id(),
        checksum_type: Some(checksum_type(&content.checksum)),
        ..CompleteMultipartUploadOutput::default()
    };
    set_checksum!(output, content.checksum.algorithm, content.checksum.value);
    Ok(output)
}

pub(super) fn abort(
    buckets: &Buckets,
    input: &AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    buckets.abort_upload(&input.bucket, &input.key, &input.upload_id)?;
    Ok(AbortMultipartUploadOutput::default())
}
