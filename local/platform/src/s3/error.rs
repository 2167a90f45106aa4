//! Why S3 refuses, once for the wire and once for Task states.

use std::io::ErrorKind;

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::service::ServiceError;

/// Cause of an error answer. The names are S3's own codes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such bucket.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// There is no such object, or its latest version is a delete marker.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// There is no such version.
    #[error("The specified version does not exist.")]
    NoSuchVersion,
    /// There is no such multipart upload.
    #[error("The specified multipart upload does not exist.")]
    NoSuchUpload,
    /// The version asked for is a delete marker.
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    /// The bucket exists already.
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    /// The bucket that is to be deleted has objects.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// The key is longer than 1024 bytes.
    #[error("Your key is too long")]
    KeyTooLong,
    /// A tag or the set of tags is not what S3 takes.
    #[error("The tag is not valid: {0}")]
    InvalidTag(String),
    /// A part is missing or has another ETag.
    #[error("One or more of the specified parts could not be found or has another ETag.")]
    InvalidPart,
    /// Parts are not in ascending order.
    #[error("The list of parts was not in ascending order.")]
    InvalidPartOrder,
    /// A part that is not the last is shorter than 5 MiB.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    /// The body is not what its digest or checksum says.
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadDigest(&'static str),
    /// A condition of the request does not hold.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// The range has nothing of the object.
    #[error("The requested range is not satisfiable")]
    InvalidRange,
    /// A parameter is missing or out of its range.
    #[error("{0}")]
    InvalidArgument(String),
    /// A request that makes no sense.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The body broke off or cannot be decoded.
    #[error("the body cannot be read: {0}")]
    IncompleteBody(String),
    /// The file of an object cannot be read or written.
    #[error("an object cannot be read or written: {0}")]
    Unusable(std::io::Error),
    /// There is no room for the object. S3 knows no such thing; clients that try 500 again leave 507 alone.
    #[error("the disk that holds the local platform's state is full")]
    DiskFull,
    /// The index of the objects cannot be read or written.
    #[error("the index of the objects cannot be read or written: {0}")]
    IndexUnusable(#[from] rusqlite::Error),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Unusable(error),
        }
    }
}

impl Error {
    fn code_and_status(&self) -> (S3ErrorCode, u16) {
        match self {
            Self::NoSuchBucket => (S3ErrorCode::NoSuchBucket, 404),
            Self::NoSuchKey => (S3ErrorCode::NoSuchKey, 404),
            Self::NoSuchVersion => (S3ErrorCode::NoSuchVersion, 404),
            Self::NoSuchUpload => (S3ErrorCode::NoSuchUpload, 404),
            Self::MethodNotAllowed => (S3ErrorCode::MethodNotAllowed, 405),
            Self::BucketAlreadyOwnedByYou => (S3ErrorCode::BucketAlreadyOwnedByYou, 409),
            Self::BucketNotEmpty => (S3ErrorCode::BucketNotEmpty, 409),
            Self::KeyTooLong => (S3ErrorCode::KeyTooLongError, 400),
            Self::InvalidTag(_) => (S3ErrorCode::InvalidTag, 400),
            Self::InvalidPart => (S3ErrorCode::InvalidPart, 400),
            Self::InvalidPartOrder => (S3ErrorCode::InvalidPartOrder, 400),
            Self::EntityTooSmall => (S3ErrorCode::EntityTooSmall, 400),
            Self::BadDigest(_) => (S3ErrorCode::BadDigest, 400),
            Self::PreconditionFailed => (S3ErrorCode::PreconditionFailed, 412),
            Self::InvalidRange => (S3ErrorCode::InvalidRange, 416),
            Self::InvalidArgument(_) => (S3ErrorCode::InvalidArgument, 400),
            Self::InvalidRequest(_) => (S3ErrorCode::InvalidRequest, 400),
            Self::IncompleteBody(_) => (S3ErrorCode::IncompleteBody, 400),
            Self::DiskFull => (S3ErrorCode::Custom("InsufficientStorage".into()), 507),
            Self::Unusable(_) | Self::IndexUnusable(_) => (S3ErrorCode::InternalError, 500),
        }
    }
}

impl From<Error> for S3Error {
    fn from(error: Error) -> Self {
        let (code, status) = error.code_and_status();
        let mut answer = Self::with_message(code, error.to_string());
        if let Ok(status) = StatusCode::from_u16(status) {
            answer.set_status_code(status);
        }
        answer
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (code, status) = error.code_and_status();
        Self::new(code.as_str(), status, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_such() {
        let error = Error::from(std::io::Error::from(ErrorKind::StorageFull));
        let answer = S3Error::from(error);
        assert_eq!(answer.code().as_str(), "InsufficientStorage");
        assert_eq!(
            answer.status_code().map(|status| status.as_u16()),
            Some(507)
        );
    }
}
