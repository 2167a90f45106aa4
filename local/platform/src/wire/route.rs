//! Which service and protocol a request is meant for.

use http::{HeaderMap, Method, Uri, header};

use super::json::Version;
use super::rest::Rest;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To S3, whose protocol is its own.
    S3,
    /// To a service by one of the common protocols.
    Service(Protocol),
}

/// Protocol of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protocol {
    /// AWS-JSON: the operation is in the target.
    Json {
        service: &'static str,
        operation: String,
        version: Version,
    },
    /// Smithy RPC v2 with CBOR: the operation is in the path.
    Cbor {
        service: &'static str,
        operation: String,
    },
    /// Query: the operation is in the form of the body.
    Query { service: &'static str },
    /// REST-JSON: method and path are the operation.
    Rest(Rest),
}

/// Access key and service in the scope of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub access_key: &'a str,
    pub service: &'a str,
}

impl Route {
    /// The route of a request; none when no service here answers it.
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        if let Some(target) = headers.get("x-amz-target") {
            return json(target.to_str().ok()?, headers).map(Self::Service);
        }
        if headers
            .get("smithy-protocol")
            .is_some_and(|protocol| protocol == "rpc-v2-cbor")
        {
            return cbor(uri.path()).map(Self::Service);
        }
        // A presigned request has its scope in the query, and only S3's are presigned.
        match scope(headers).map_or("s3", |scope| scope.service) {
            "s3" => Some(Self::S3),
            "sns" => Some(Self::Service(Protocol::Query { service: "sns" })),
            service => Rest::of(service, method, uri)
                .map(Protocol::Rest)
                .map(Self::Service),
        }
    }
}

/// The scope of the signature in the headers:
/// `AWS4-HMAC-SHA256 Credential=<access key>/<date>/<region>/<service>/aws4_request, …`.
pub(super) fn scope(headers: &HeaderMap) -> Option<Scope<'_>> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let credential = credential.split(',').next()?.trim();
    let mut parts = credential.rsplitn(5, '/');
    let (_, service, _, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Scope {
        access_key: parts.next()?,
        service,
    })
}

/// The prefixes are those of the API models (`targetPrefix`).
fn json(target: &str, headers: &HeaderMap) -> Option<Protocol> {
    let (prefix, operation) = target.split_once('.')?;
    let service = match prefix {
        "DynamoDB_20120810" => "dynamodb",
        "AWSStepFunctions" => "states",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        "RekognitionService" => "rekognition",
        "Transcribe" | "com.amazonaws.transcribe.Transcribe" => "transcribe",
        "AmazonBedrockKeystoneRuntimeService" => "bedrock",
        _ => return None,
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_1_0 = content_type
        .is_some_and(|content_type| content_type.starts_with("application/x-amz-json-1.0"));
    Some(Protocol::Json {
        service,
        operation: operation.to_owned(),
        version: if is_1_0 { Version::V1_0 } else { Version::V1_1 },
    })
}

/// `/service/<service shape>/operation/<operation>`.
fn cbor(path: &str) -> Option<Protocol> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    match service {
        "Transcribe" => Some(Protocol::Cbor {
            service: "transcribe",
            operation: operation.to_owned(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, headers: &[(&str, &str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name of the test");
            map.insert(name, value.parse().expect("a value of the test"));
        }
        let method = method.parse().expect("a method of the test");
        let uri = path.parse().expect("a path of the test");
        let shown = Route::of(&method, &uri, &map).map(|route| match route {
            Route::S3 => "s3".to_owned(),
            Route::Service(Protocol::Json {
                service,
                operation,
                version,
            }) => {
                format!("{version:?} {service} {operation}")
            }
            Route::Service(Protocol::Cbor { service, operation }) => {
                format!("cbor {service} {operation}")
            }
            Route::Service(Protocol::Query { service }) => format!("query {service}"),
            Route::Service(Protocol::Rest(rest)) => {
                format!("rest {} {}", rest.service, rest.operation)
            }
        });
        assert_eq!(shown.as_deref(), expected, "{method} {path}");
    }

    fn signed(service: &str) -> (&'static str, String) {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=me/20260101/us-east-1/{service}/aws4_request, SignedHeaders=a"
        );
        ("authorization", credential)
    }

    #[test]
    fn routes_by_target_path_and_scope() {
        let json = "application/x-amz-json-1.0";
        check(
            "POST",
            "/",
            &[
                ("x-amz-target", "AmazonSQS.SendMessage"),
                ("content-type", json),
            ],
            Some("V1_0 sqs SendMessage"),
        );
        check(
            "POST",
            "/",
            &[("x-amz-target", "RekognitionService.GetLabelDetection")],
            Some("V1_1 rekognition GetLabelDetection"),
        );
        check("POST", "/", &[("x-amz-target", "Polly.Speak")], None);
        let cbor = [("smithy-protocol", "rpc-v2-cbor")];
        check(
            "POST",
            "/service/Transcribe/operation/GetTranscriptionJob",
            &cbor,
            Some("cbor transcribe GetTranscriptionJob"),
        );
        check("POST", "/service/Other/operation/A", &cbor, None);
        for (service, method, path, expected) in [
            ("s3", "GET", "/bucket/key", Some("s3")),
            ("sns", "POST", "/", Some("query sns")),
            (
                "mediaconvert",
                "POST",
                "/2017-08-29/jobs",
                Some("rest mediaconvert CreateJob"),
            ),
            (
                "mediaconvert",
                "DELETE",
                "/2017-08-29/jobs/1",
                Some("rest mediaconvert CancelJob"),
            ),
            ("mediaconvert", "GET", "/2017-08-29/presets", None),
            (
                "bedrock",
                "POST",
                "/model/us.model%3A1/converse",
                Some("rest bedrock Converse"),
            ),
            ("polly", "GET", "/", None),
        ] {
            let (name, value) = signed(service);
            check(method, path, &[(name, &value)], expected);
        }
        check("GET", "/bucket/key", &[], Some("s3"));
    }

    #[test]
    fn reads_the_principal_of_the_scope() {
        let mut headers = HeaderMap::new();
        let (name, value) = signed("sns");
        headers.insert(name, value.parse().expect("a header of the test"));
        assert_eq!(
            scope(&headers),
            Some(Scope {
                access_key: "me",
                service: "sns"
            })
        );
        headers.insert(name, "Bearer x".parse().expect("a header of the test"));
        assert_eq!(scope(&headers), None);
    }
}
