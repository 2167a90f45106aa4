//! Between the types of `s3s` and our own.

use bytes::Bytes;
use http::HeaderMap;
use s3s::S3Result;
use s3s::dto::{ChecksumAlgorithm, ChecksumType, ETag, ETagCondition, StreamingBlob};
use s3s::{StdError, TrailingHeaders};

use crate::s3::blobs::{Blob, Blobs};
use crate::s3::checksum::{Algorithm, Coverage, ObjectChecksum, encode};
use crate::s3::error::Error;

/// Checksums of a request by algorithm, from its five fields.
macro_rules! given_checksums {
    ($input:expr) => {
        [
            (Algorithm::Crc32, $input.checksum_crc32.take()),
            (Algorithm::Crc32c, $input.checksum_crc32c.take()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.take()),
            (Algorithm::Sha1, $input.checksum_sha1.take()),
            (Algorithm::Sha256, $input.checksum_sha256.take()),
        ]
    };
}

/// Puts a checksum into the one of an answer's five fields that is its algorithm's.
macro_rules! set_checksum {
    ($output:expr, $algorithm:expr, $value:expr) => {{
        let value = Some($value);
        match $algorithm {
            Algorithm::Crc32 => $output.checksum_crc32 = value,
            Algorithm::Crc32c => $output.checksum_crc32c = value,
            Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
            Algorithm::Sha1 => $output.checksum_sha1 = value,
            Algorithm::Sha256 => $output.checksum_sha256 = value,
        }
    }};
}

pub(super) use {given_checksums, set_checksum};

/// What a client says about the digests of a body.
pub(super) struct Digests {
    /// `Content-MD5`.
    pub md5: Option<String>,
    /// Algorithm named, without a value.
    pub named: Option<ChecksumAlgorithm>,
    /// Checksums that came before the body.
    pub given: [(Algorithm, Option<String>); 5],
    /// Headers after the body.
    pub trailers: Option<TrailingHeaders>,
}

impl Digests {
    /// The one algorithm to compute: the client's, or the default where it has none.
    fn algorithm(&self, headers: &HeaderMap, default: Algorithm) -> Algorithm {
        let given = self
            .given
            .iter()
            .find(|(_, value)| value.is_some())
            .map(|(algorithm, _)| *algorithm);
        let trailer = || {
            let name = headers.get("x-amz-trailer")?.to_str().ok()?;
            Algorithm::named(name.trim().strip_prefix("x-amz-checksum-")?)
        };
        let named = || {
            self.named
                .as_ref()
                .and_then(|name| Algorithm::named(name.as_str()))
        };
        given.or_else(trailer).or_else(named).unwrap_or(default)
    }

    /// Takes a body as a blob and holds it against what the client said.
    pub async fn take(
        self,
        blobs: &Blobs,
        body: Option<StreamingBlob>,
        headers: &HeaderMap,
        default: Algorithm,
    ) -> Result<Blob, Error> {
        let algorithm = self.algorithm(headers, default);
        let blob = match body {
            Some(body) => blobs.write(body, algorithm).await?,
            None => {
                blobs
                    .write(
                        futures_util::stream::empty::<Result<Bytes, StdError>>(),
                        algorithm,
                    )
                    .await?
            }
        };
        let checked = self.check(&blob);
        if checked.is_err() {
            blobs.remove(&blob.name);
        }
        checked.map(|()| blob)
    }

    fn check(self, blob: &Blob) -> Result<(), Error> {
        if self.md5.is_some_and(|md5| md5 != encode(&blob.md5)) {
            return Err(Error::BadDigest("Content-MD5"));
        }
        let given = self
            .given
            .into_iter()
            .find(|(algorithm, _)| *algorithm == blob.algorithm);
        let given = given.and_then(|(_, value)| value);
        let trailer = || {
            let name = format!("x-amz-checksum-{}", blob.algorithm.name().to_lowercase());
            let trailers = self.trailers.as_ref()?.take()?;
            Some(trailers.get(name)?.to_str().ok()?.to_owned())
        };
        match given.or_else(trailer) {
            Some(value) if value != encode(&blob.checksum) => {
                Err(Error::BadDigest(blob.algorithm.name()))
            }
            _ => Ok(()),
        }
    }
}

/// What a checksum is over, in S3's words.
pub(super) fn checksum_type(checksum: &ObjectChecksum) -> ChecksumType {
    match checksum.coverage {
        Coverage::FullObject => ChecksumType::from_static(ChecksumType::FULL_OBJECT),
        Coverage::Composite => ChecksumType::from_static(ChecksumType::COMPOSITE),
    }
}

/// A number of bytes as answers have it.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Holds `If-Match` and `If-None-Match` of a write against the ETag of the object there.
pub(super) fn check_write_conditions(
    existing: Option<&str>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let holds = |condition: &ETagCondition| match condition {
        ETagCondition::Any => existing.is_some(),
        ETagCondition::ETag(etag) => existing == Some(etag.value()),
    };
    if if_match.is_none_or(holds) && !if_none_match.is_some_and(holds) {
        Ok(())
    } else {
        Err(Error::PreconditionFailed.into())
    }
}

/// A strong ETag.
pub(super) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}
