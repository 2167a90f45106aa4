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
        service: String,
        operation: String,
        version: Version,
    },
    /// Smithy RPC v2 with CBOR: the operation is in the path.
    Cbor { service: String, operation: String },
    /// Query: the operation is in the form of the body.
    Query { service: String },
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
    /// The route of a request. One for a service that is not here has the protocol of its caller, for the answer.
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        // A presigned request has its scope in the query, and only S3's are presigned.
        let service = scope(headers).map_or("s3", |scope| scope.service);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(target) = text("x-amz-target") {
            return Self::Service(json(target, service, headers));
        }
        if text("smithy-protocol") == Some("rpc-v2-cbor") {
            return Self::Service(cbor(uri.path(), service));
        }
        if service == "s3" {
            return Self::S3;
        }
        let service = service.to_owned();
        let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        Self::Service(
            if content_type.starts_with("application/x-www-form-urlencoded") {
                Protocol::Query { service }
            } else {
                Protocol::Rest(Rest::of(service, method, uri, headers))
            },
        )
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

/// The prefixes are those of the API models (`targetPrefix`). `scope` is the service by the signature.
fn json(target: &str, scope: &str, headers: &HeaderMap) -> Protocol {
    let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
    let (prefix, operation) = match prefix {
        // Transcribe's has points of its own.
        "com" => target.rsplit_once('.').unwrap_or((target, "")),
        _ => (prefix, operation),
    };
    let service = match prefix {
        "DynamoDB_20120810" => "dynamodb",
        "AWSStepFunctions" => "states",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        "GraniteServiceVersion20100801" => "monitoring",
        "Logs_20140328" => "logs",
        "RekognitionService" => "rekognition",
        "Transcribe" | "com.amazonaws.transcribe.Transcribe" => "transcribe",
        "AmazonBedrockKeystoneRuntimeService" => "bedrock",
        _ => scope,
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_1_0 = content_type
        .is_some_and(|content_type| content_type.starts_with("application/x-amz-json-1.0"));
    Protocol::Json {
        service: service.to_owned(),
        operation: operation.to_owned(),
        version: if is_1_0 { Version::V1_0 } else { Version::V1_1 },
    }
}

/// `/service/<service shape>/operation/<operation>`. `scope` is the service by the signature.
fn cbor(path: &str, scope: &str) -> Protocol {
    let parts = path
        .strip_prefix("/service/")
        .and_then(|path| path.split_once("/operation/"));
    let (shape, operation) = parts.unwrap_or(("", path));
    let service = match shape {
        "Transcribe" => "transcribe",
        "GraniteServiceVersion20100801" => "monitoring",
        _ => scope,
    };
    Protocol::Cbor {
        service: service.to_owned(),
        operation: operation.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, headers: &[(&str, &str)], expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name of the test");
            map.insert(name, value.parse().expect("a value of the test"));
        }
        let method = method.parse().expect("a method of the test");
        let uri = path.parse().expect("a path of the test");
        let shown = match Route::of(&method, &uri, &map) {
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
        };
        assert_eq!(shown, expected, "{method} {path}");
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
            "V1_0 sqs SendMessage",
        );
        check(
            "POST",
            "/",
            &[("x-amz-target", "RekognitionService.GetLabelDetection")],
            "V1_1 rekognition GetLabelDetection",
        );
        let (name, value) = signed("logs");
        let target = ("x-amz-target", "Logs_20140328.DescribeLogGroups");
        check(
            "POST",
            "/",
            &[target, (name, &value)],
            "V1_1 logs DescribeLogGroups",
        );
        check(
            "POST",
            "/",
            &[("x-amz-target", "com.amazonaws.transcribe.Transcribe.A")],
            "V1_1 transcribe A",
        );
        let cbor = [("smithy-protocol", "rpc-v2-cbor")];
        check(
            "POST",
            "/service/Transcribe/operation/GetTranscriptionJob",
            &cbor,
            "cbor transcribe GetTranscriptionJob",
        );
        let (name, value) = signed("other");
        let signed_cbor = [cbor[0], (name, value.as_str())];
        check(
            "POST",
            "/service/Other/operation/A",
            &signed_cbor,
            "cbor other A",
        );
        let granite = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        check("POST", granite, &cbor, "cbor monitoring DescribeAlarms");
        for (service, expected) in [
            ("sns", "query sns"),
            ("monitoring", "query monitoring"),
            ("ec2", "query ec2"),
        ] {
            let form = (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            );
            let (name, value) = signed(service);
            check("POST", "/", &[form, (name, &value)], expected);
        }
        for (service, method, path, expected) in [
            ("s3", "GET", "/bucket/key", "s3"),
            (
                "mediaconvert",
                "POST",
                "/2017-08-29/jobs",
                "rest mediaconvert CreateJob",
            ),
            (
                "mediaconvert",
                "DELETE",
                "/2017-08-29/jobs/1",
                "rest mediaconvert CancelJob",
            ),
            (
                "mediaconvert",
                "GET",
                "/2017-08-29/presets",
                "rest mediaconvert GET /2017-08-29/presets",
            ),
            (
                "bedrock",
                "POST",
                "/model/us.model%3A1/converse",
                "rest bedrock Converse",
            ),
            ("polly", "GET", "/v1/voices", "rest polly GET /v1/voices"),
        ] {
            let (name, value) = signed(service);
            check(method, path, &[(name, &value)], expected);
        }
        check("GET", "/bucket/key", &[], "s3");
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
