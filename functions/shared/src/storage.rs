//! S3, with bounds: documents in and out, listings, copies, heads.

mod head;
mod range;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, MetadataDirective};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error as ServiceError, classify};
use crate::location::S3Uri;

pub use head::{Checksum, Head};

/// Largest document that a function reads whole: a four-hour transcript with word times has about 30 MB.
pub const DOCUMENT_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// Pages of 1000 keys that a listing follows: a job has a few thousand segments at most.
const LIST_PAGES_LIMIT: usize = 50;

/// Failure of S3 or `DynamoDB`, or of reading what is stored there. The names are what Retry and Catch see.
#[derive(
    Debug, Clone, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum Error {
    /// S3 or `DynamoDB` kept failing or throttling. Transient.
    #[error("{0}")]
    StorageFailed(String),
    /// S3 or `DynamoDB` refuses: access denied, no such bucket or table, invalid request. Final.
    #[error("{0}")]
    StorageRefused(String),
    /// What is stored is too large or not in the shape that VideoFlow writes. Final.
    #[error("{0}")]
    RecordUnreadable(String),
}

/// Lets `?` turn [`Error`] into the function's own variants of the same names.
#[macro_export]
macro_rules! from_storage_error {
    ($error:ty) => {
        impl From<$crate::storage::Error> for $error {
            fn from(error: $crate::storage::Error) -> Self {
                match error {
                    $crate::storage::Error::StorageFailed(message) => Self::StorageFailed(message),
                    $crate::storage::Error::StorageRefused(message) => {
                        Self::StorageRefused(message)
                    }
                    $crate::storage::Error::RecordUnreadable(message) => {
                        Self::RecordUnreadable(message)
                    }
                }
            }
        }
    };
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::ServiceThrottled(message) | ServiceError::ServiceFailed(message) => {
                Self::StorageFailed(message)
            }
            ServiceError::ServiceRefused(message) => Self::StorageRefused(message),
        }
    }
}

/// Classifies an SDK error of S3 or `DynamoDB`.
pub fn storage_error<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    classify(operation, error).into()
}

/// A listed object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Key.
    pub key: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// How an object is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serving<'a> {
    /// Content-Type.
    pub content_type: &'a str,
    /// Cache-Control, for what browsers fetch.
    pub cache_control: Option<&'a str>,
}

/// JSON that only VideoFlow reads.
pub const JSON: Serving<'static> = Serving {
    content_type: "application/json",
    cache_control: None,
};

/// The objects of S3. Every write is a whole object under a name that depends on the job only: repeating is harmless.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
}

impl Objects {
    /// Objects by way of `client`.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The bytes of an object; `None` when there is none.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::RecordUnreadable`] above `limit_bytes`.
    pub async fn get(&self, uri: &S3Uri, limit_bytes: u64) -> Result<Option<Vec<u8>>, Error> {
        let answer = match self
            .client
            .get_object()
            .bucket(&uri.bucket)
            .key(&uri.key)
            .send()
            .await
        {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(storage_error(&format!("GetObject {uri}"), &error)),
        };
        let size = answer
            .content_length()
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(0);
        if size > limit_bytes {
            return Err(Error::RecordUnreadable(format!(
                "{uri} has {size} bytes; the limit is {limit_bytes}"
            )));
        }
        let body = answer.body.collect().await;
        let body =
            body.map_err(|error| Error::StorageFailed(format!("GetObject {uri}: {error}")))?;
        Ok(Some(body.to_vec()))
    }

    /// A JSON document; `None` when there is none.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get_json<T: DeserializeOwned>(&self, uri: &S3Uri) -> Result<Option<T>, Error> {
        let Some(bytes) = self.get(uri, DOCUMENT_LIMIT_BYTES).await? else {
            return Ok(None);
        };
        let document = serde_json::from_slice(&bytes);
        document
            .map(Some)
            .map_err(|error| Error::RecordUnreadable(format!("{uri}: {error}")))
    }

    /// A text in UTF-8; `None` when there is none.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn get_text(&self, uri: &S3Uri) -> Result<Option<String>, Error> {
        let Some(bytes) = self.get(uri, DOCUMENT_LIMIT_BYTES).await? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes);
        text.map(Some)
            .map_err(|error| Error::RecordUnreadable(format!("{uri}: {error}")))
    }

    /// Writes an object.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn put(
        &self,
        uri: &S3Uri,
        bytes: Vec<u8>,
        serving: Serving<'_>,
    ) -> Result<(), Error> {
        let request = self.client.put_object().bucket(&uri.bucket).key(&uri.key);
        let request = request
            .content_type(serving.content_type)
            .set_cache_control(serving.cache_control.map(str::to_owned))
            .body(ByteStream::from(bytes));
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| storage_error(&format!("PutObject {uri}"), &error))
    }

    /// Writes a JSON document, indented: people read these when something is wrong.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::RecordUnreadable`] when the value cannot be JSON (a map with keys that are no text).
    pub async fn put_json<T: Serialize + Sync>(
        &self,
        uri: &S3Uri,
        document: &T,
    ) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(document);
        let bytes = bytes.map_err(|error| Error::RecordUnreadable(format!("{uri}: {error}")))?;
        self.put(uri, bytes, JSON).await
    }

    /// Copies an object of less than 5 GB, replacing how it is served.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`] (also when there is nothing to copy).
    pub async fn copy(&self, from: &S3Uri, to: &S3Uri, serving: Serving<'_>) -> Result<(), Error> {
        let request = self
            .client
            .copy_object()
            .bucket(&to.bucket)
            .key(&to.key)
            .copy_source(encoded(from));
        let request = request
            .metadata_directive(MetadataDirective::Replace)
            .content_type(serving.content_type)
            .set_cache_control(serving.cache_control.map(str::to_owned));
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| storage_error(&format!("CopyObject {from} to {to}"), &error))
    }

    /// The objects below a prefix, in the order of their keys.
    ///
    /// # Errors
    /// All of [`Error`]; [`Error::RecordUnreadable`] above 50,000 objects.
    pub async fn list(&self, prefix: &S3Uri) -> Result<Vec<Listed>, Error> {
        let mut objects = Vec::new();
        let mut token = None;
        for _ in 0..LIST_PAGES_LIMIT {
            let request = self
                .client
                .list_objects_v2()
                .bucket(&prefix.bucket)
                .prefix(&prefix.key);
            let answer = request.set_continuation_token(token).send().await;
            let page = answer
                .map_err(|error| storage_error(&format!("ListObjectsV2 {prefix}"), &error))?;
            objects.extend(page.contents().iter().filter_map(|object| {
                let size_bytes = u64::try_from(object.size().unwrap_or(0)).unwrap_or(0);
                object.key().map(|key| Listed {
                    key: key.to_owned(),
                    size_bytes,
                })
            }));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(objects);
            }
        }
        Err(Error::RecordUnreadable(format!(
            "more than {} objects below {prefix}",
            objects.len()
        )))
    }

    /// A URL by which whoever has it may read an object for a time, with the rights of this function's role. It is made
    /// without asking S3, so it is made of objects that are not there, too.
    ///
    /// # Errors
    /// [`Error::StorageRefused`].
    pub async fn signed_url(&self, uri: &S3Uri, valid_for: Duration) -> Result<String, Error> {
        let refused = |error: &dyn std::error::Error| {
            Error::StorageRefused(format!("a signed URL of {uri}: {error}"))
        };
        let valid_for = PresigningConfig::expires_in(valid_for).map_err(|error| refused(&error))?;
        let request = self.client.get_object().bucket(&uri.bucket).key(&uri.key);
        let signed = request.presigned(valid_for).await;
        let signed = signed.map_err(|error| refused(&error))?;
        Ok(signed.uri().to_owned())
    }

    /// What is known of an object (of one version, where given) without reading it; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn head(&self, uri: &S3Uri, version_id: Option<&str>) -> Result<Option<Head>, Error> {
        let request = self.client.head_object().bucket(&uri.bucket).key(&uri.key);
        let request = request
            .set_version_id(version_id.map(str::to_owned))
            .checksum_mode(ChecksumMode::Enabled);
        match request.send().await {
            Ok(answer) => Ok(Some(Head::from_answer(&answer))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(storage_error(&format!("HeadObject {uri}"), &error)),
        }
    }
}

/// Whether the answer says that the object, or this version of it, does not exist. A deleted version answers 405.
fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let SdkError::ServiceError(context) = error else {
        return false;
    };
    match context.err().code() {
        Some("NoSuchBucket" | "AccessDenied") => false,
        Some("NoSuchKey" | "NoSuchVersion" | "NotFound") => true,
        _ => matches!(context.raw().status().as_u16(), 404 | 405),
    }
}

/// `bucket/key` for `CopySource`, each byte outside the unreserved set percent-encoded.
fn encoded(uri: &S3Uri) -> String {
    use std::fmt::Write;
    let mut text = format!("{}/", uri.bucket);
    for byte in uri.key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_copy_sources() {
        assert_eq!(
            encoded(&S3Uri::new("b", "a b/ü+%.mp4")),
            "b/a%20b/%C3%BC%2B%25.mp4"
        );
    }

    #[test]
    fn storage_failures_tell_transient_from_final() {
        let name = |error: ServiceError| -> &'static str { (&Error::from(error)).into() };
        assert_eq!(
            name(ServiceError::ServiceThrottled(String::new())),
            "StorageFailed"
        );
        assert_eq!(
            name(ServiceError::ServiceFailed(String::new())),
            "StorageFailed"
        );
        assert_eq!(
            name(ServiceError::ServiceRefused(String::new())),
            "StorageRefused"
        );
    }
}
