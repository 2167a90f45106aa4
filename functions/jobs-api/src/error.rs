//! Why a request was not carried out.

/// The names are the ends of the problems' types.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
pub enum Error {
    /// 400: the request is not in the documented shape.
    #[error("{0}")]
    InvalidInput(String),
    /// 404: there is no such route.
    #[error("there is no {0}")]
    RouteNotFound(String),
    /// 404: there is no such job.
    #[error("there is no job {0}")]
    JobNotFound(String),
    /// 404: there is no such object in the source bucket.
    #[error("there is no object {0}")]
    SourceNotFound(String),
    /// 404: the brief is not there.
    #[error("there is no brief of {0}")]
    BriefNotFound(String),
    /// 404: nobody asked for a deletion.
    #[error("nobody asked for a deletion of {0}")]
    DeletionNotFound(String),
    /// 405: the route has other methods only.
    #[error("{method} is none of this route's methods: {allowed}")]
    MethodNotAllowed {
        /// What was tried.
        method: String,
        /// What there is, as the header `Allow` has it.
        allowed: String,
    },
    /// 406: none of the forms that there are is accepted.
    #[error("the answer has the form {0}, which `Accept` does not allow")]
    NotAcceptable(String),
    /// 409: the job, or another run of it, has not ended.
    #[error("job {0} still runs")]
    JobRunning(String),
    /// 409: the job is not published.
    #[error("job {job} is {status}: only what is published has outputs")]
    NotPublished {
        /// The job.
        job: String,
        /// Its status.
        status: String,
    },
    /// 409: the job does not wait for a decision, or not any more.
    #[error("job {0} does not wait for a decision")]
    ReviewNotAwaited(String),
    /// 409: a redrive is of no use to the job, or not possible.
    #[error("{0}")]
    NotRedrivable(String),
    /// 409: the first request with this key is being carried out.
    #[error("the first request with this Idempotency-Key is being carried out")]
    RequestOutstanding,
    /// 409: the job was forced too often.
    #[error("{0}")]
    TooManyRuns(String),
    /// 410: everything of the video was deleted, or is being deleted.
    #[error("job {0} was deleted")]
    JobDeleted(String),
    /// 413: the body is larger than any that is documented.
    #[error("a body has at most {0} bytes")]
    BodyTooLarge(usize),
    /// 415: the body is no JSON.
    #[error("a body is application/json, not {0}")]
    MediaTypeUnsupported(String),
    /// 422: another request came with this key.
    #[error("another request came with this Idempotency-Key")]
    KeyReused,
    /// 503: S3 or `DynamoDB` failed.
    #[error("{0}")]
    StorageFailed(String),
    /// 500: S3 or `DynamoDB` refused.
    #[error("{0}")]
    StorageRefused(String),
    /// 500: a job item is not in VideoFlow's shape.
    #[error("{0}")]
    RecordUnreadable(String),
    /// 503: a service is throttling.
    #[error("{0}")]
    ServiceThrottled(String),
    /// 503: a service failed.
    #[error("{0}")]
    ServiceFailed(String),
    /// 500: a service refused.
    #[error("{0}")]
    ServiceRefused(String),
}

videoflow_shared::from_intake_error!(Error);

impl Error {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidInput(_) => 400,
            Self::RouteNotFound(_)
            | Self::JobNotFound(_)
            | Self::SourceNotFound(_)
            | Self::BriefNotFound(_)
            | Self::DeletionNotFound(_) => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::NotAcceptable(_) => 406,
            Self::JobRunning(_)
            | Self::NotPublished { .. }
            | Self::ReviewNotAwaited(_)
            | Self::NotRedrivable(_)
            | Self::RequestOutstanding
            | Self::TooManyRuns(_) => 409,
            Self::JobDeleted(_) => 410,
            Self::BodyTooLarge(_) => 413,
            Self::MediaTypeUnsupported(_) => 415,
            Self::KeyReused => 422,
            Self::StorageFailed(_) | Self::ServiceThrottled(_) | Self::ServiceFailed(_) => 503,
            Self::StorageRefused(_) | Self::RecordUnreadable(_) | Self::ServiceRefused(_) => 500,
        }
    }
}
