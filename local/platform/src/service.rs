//! The one way in which the platform calls an AWS service, whether the call came over the wire from an SDK or
//! from a Task state: an operation with AWS's own parameters as JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;

use crate::token::Token;

/// Who calls: recorded with every call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal(pub String);

/// One call of one operation.
///
/// `parameters` and the answer have the members that AWS's API model gives them, in the model's own spelling
/// upper-cased at the first letter (`JobId`, `InvocationArn`), which is what Step Functions' SDK integrations show.
/// Times in an answer are RFC 3339 texts (as Step Functions shows them) or numbers of seconds since 1970; the wire
/// turns the texts into what its protocol has. Blobs are Base64 texts.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who calls.
    pub principal: Principal,
    /// Operation in the API model's spelling: `CreateJob`.
    pub operation: String,
    /// Members of the operation's input.
    pub parameters: Value,
}

/// An error answer of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// Name in the API model, with its ending: `BadRequestException`.
    pub code: String,
    /// Message for the caller.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

impl ServiceError {
    /// The error answer `code` with its HTTP status.
    pub fn new(code: &str, status: u16, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
        }
    }

    /// Answer to an operation that the local platform does not have, which AWS has.
    pub fn unknown_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            501,
            format!("the local platform does not answer {operation}"),
        )
    }
}

/// An error answer with the further members that its shape has in the API model, such as the
/// `CancellationReasons` of a cancelled transaction.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// The error itself.
    pub error: ServiceError,
    /// Members besides the message.
    pub members: Vec<(String, Value)>,
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self {
            error,
            members: Vec::new(),
        }
    }
}

/// A service that answers calls: one of the platform's own or a stand-in.
#[async_trait]
pub trait Service: Send + Sync {
    /// Name in the `SigV4` credential scope: `mediaconvert`, `rekognition`, `transcribe`, `bedrock`.
    fn name(&self) -> &'static str;

    /// Answers one call.
    ///
    /// # Errors
    /// The error answer that AWS would give.
    async fn call(&self, call: Call) -> Result<Value, ServiceError>;

    /// Like [`Service::call`], for callers that show the members of an error: the wire.
    ///
    /// # Errors
    /// The error answer that AWS would give, with its members.
    async fn answer(&self, call: Call) -> Result<Value, Failure> {
        self.call(call).await.map_err(Failure::from)
    }

    /// Like [`Service::answer`], once for each token: a repetition has no effect and gets the answer of the first.
    /// Services whose calls do no harm when they are repeated just answer.
    ///
    /// # Errors
    /// As [`Service::answer`].
    async fn answer_once(&self, call: Call, _token: &Token) -> Result<Value, Failure> {
        self.answer(call).await
    }
}

/// What S3 says of the latest version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Entity tag as `HeadObject` gives it, without the quotes.
    pub etag: String,
    /// Size.
    pub size_bytes: u64,
    /// When this version was written.
    pub last_modified: OffsetDateTime,
    /// Content type that the writer gave, if any.
    pub content_type: Option<String>,
}

/// What a service uses objects for, in the words of `permissions.json`: `transcribe:StartTranscriptionJob.input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// What it reads for.
    pub read: &'static str,
    /// What it writes for; empty where it writes nothing.
    pub write: &'static str,
}

/// Objects of the local S3 for services that work on files.
#[async_trait]
pub trait Objects: Send + Sync {
    /// The same objects with the rights of a principal: the caller, or a role that the caller handed over. What they do
    /// not allow is an `AccessDenied`.
    fn with_rights_of(&self, principal: &Principal, purpose: Purpose) -> Arc<dyn Objects>;

    /// Path of a file that holds the latest version of the object. It must only be read.
    ///
    /// # Errors
    /// `NoSuchKey`, `NoSuchBucket`, `AccessDenied`.
    async fn file(&self, bucket: &str, key: &str) -> Result<PathBuf, ServiceError>;

    /// What `HeadObject` says of the latest version of the object.
    ///
    /// # Errors
    /// `NoSuchKey`, `NoSuchBucket`, `AccessDenied`.
    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectHead, ServiceError>;

    /// Puts a copy of `file` as an object, the way `PutObject` does (version, checksum, event).
    ///
    /// # Errors
    /// `NoSuchBucket`, `AccessDenied`, or `InternalError` when the file cannot be read.
    async fn put(
        &self,
        bucket: &str,
        key: &str,
        file: &Path,
        content_type: &str,
    ) -> Result<(), ServiceError>;
}
