//! S3 over HTTP: any access key with any secret is let in, and every call is recorded. Buckets are named in the path or,
//! below `localhost`, in the host.

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::host::{S3Host, VirtualHost};
use s3s::path::S3Path;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpRequest, HttpResponse, S3Error, S3ErrorCode, S3Result};
use serde_json::json;

use super::{Buckets, signature};
use crate::record::{Access, Caller, accesses};
use crate::service::{Call, Principal, ServiceError};
use crate::services::Services;

/// Secret of every access key, as far as signatures are checked: see [`super::signature`].
pub const SECRET: &str = "local";

/// Longest error body that is looked into for its code: `s3s` writes some hundred bytes.
const MAX_ERROR_BYTES: usize = 64 * 1024;

tokio::task_local! {
    /// What the access check found out about the call that this task answers.
    static SEEN: RefCell<Option<Seen>>;
}

/// Who asks for what.
struct Seen {
    principal: String,
    operation: String,
    accesses: Vec<Access>,
}

/// S3 as a service of HTTP requests.
#[derive(Clone)]
pub struct HttpService {
    service: S3Service,
    services: Arc<Services>,
}

impl HttpService {
    /// Serves `buckets`; calls go through the checks and into the record of `services`.
    pub fn new(buckets: &Buckets, services: Arc<Services>) -> Self {
        let mut builder = S3ServiceBuilder::new(buckets.clone());
        builder.set_auth(AnyKey);
        builder.set_host(Localhost);
        builder.set_access(Watch(Arc::clone(&services)));
        Self {
            service: builder.build(),
            services,
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When the answer cannot be written as HTTP.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = SEEN.scope(RefCell::new(None), async {
            let answer = self.service.call(signature::renew(request)).await;
            (answer, SEEN.with(RefCell::take))
        });
        let (answer, seen) = answer.await;
        let answer = answer?;
        if let Some(seen) = seen {
            let error = error_code(&answer);
            let caller = Caller {
                principal: &seen.principal,
                service: "s3",
                action: &seen.operation,
                within: None,
            };
            let record = self.services.record();
            record.add(caller, seen.accesses, error.as_deref());
        }
        Ok(answer)
    }
}

/// Code of an error answer: from its body, or by its status for answers without one (HEAD).
fn error_code(answer: &http::Response<Body>) -> Option<String> {
    if !answer.status().is_client_error() && !answer.status().is_server_error() {
        return None;
    }
    let body = answer
        .body()
        .bytes()
        .filter(|bytes| bytes.len() <= MAX_ERROR_BYTES)
        .unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let code = body
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    Some(code.map_or_else(
        || answer.status().as_str().to_owned(),
        |(code, _)| code.to_owned(),
    ))
}

/// Every access key is that of a principal of its name.
struct AnyKey;

#[async_trait]
impl S3Auth for AnyKey {
    async fn get_secret_key(&self, _access_key: &str) -> S3Result<SecretKey> {
        Ok(SecretKey::from(SECRET))
    }
}

/// Headers on which rights depend, and the members of the input that they are.
const MEMBERS: [(&str, &str); 3] = [
    ("x-amz-checksum-mode", "ChecksumMode"),
    ("x-amz-copy-source", "CopySource"),
    ("x-amz-tagging", "Tagging"),
];

/// `bucket.localhost:4566` names a bucket, any other name none.
struct Localhost;

impl S3Host for Localhost {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or_default();
        Ok(match name.strip_suffix(".localhost") {
            Some(bucket) => VirtualHost::new("localhost").with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

/// Lets every signed request in that the checks let through, and notes what it is.
struct Watch(Arc<Services>);

#[async_trait]
impl S3Access for Watch {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let principal = context
            .credentials()
            .map(|credentials| credentials.access_key.clone());
        let operation = context.s3_op().name().to_owned();
        let mut parameters = match context.s3_path() {
            S3Path::Root => json!({}),
            S3Path::Bucket { bucket } => json!({"Bucket": bucket}),
            S3Path::Object { bucket, key } => json!({"Bucket": bucket, "Key": key}),
        };
        let versions = context.uri().query().unwrap_or_default().split('&');
        let mut versions = versions.filter_map(|member| member.strip_prefix("versionId="));
        if let Some(version) = versions.next() {
            parameters["VersionId"] = json!(version);
        }
        for (header, member) in MEMBERS {
            let value = context.headers().get(header);
            if let Some(value) = value.and_then(|value| value.to_str().ok()) {
                parameters[member] = json!(value);
            }
        }
        if let (Some(models), Some(members)) = (self.0.models(), parameters.as_object_mut()) {
            let query = context.uri().query().unwrap_or_default();
            // What is no form has no parameters; `s3s` says so.
            let query: Vec<(String, String)> =
                serde_urlencoded::from_str(query).unwrap_or_default();
            members.extend(models.located("s3", &operation, &query, context.headers()));
        }
        let seen = Seen {
            principal: principal.clone().unwrap_or_else(|| "anonymous".to_owned()),
            accesses: accesses("s3", &operation, &parameters),
            operation: operation.clone(),
        };
        // Outside of `HttpService::call` nobody reads it.
        let _ = SEEN.try_with(|slot| slot.replace(Some(seen)));
        let Some(principal) = principal else {
            return Err(S3Error::with_message(
                S3ErrorCode::AccessDenied,
                "Access Denied",
            ));
        };
        let call = Call {
            principal: Principal(principal),
            operation,
            parameters,
        };
        self.0.check("s3", &call).map_err(|error| refusal(&error))
    }
}

fn refusal(error: &ServiceError) -> S3Error {
    let code = S3ErrorCode::from_bytes(error.code.as_bytes());
    let code = code.unwrap_or(S3ErrorCode::InvalidRequest);
    let mut refusal = S3Error::with_message(code, error.message.clone());
    if let Ok(status) = http::StatusCode::from_u16(error.status) {
        refusal.set_status_code(status);
    }
    refusal
}
