//! Any secret is as good as another: `s3s` checks every signature, so requests are signed anew with the secret that it
//! knows. Whoever reaches the platform may do everything there; a signature only says who it is.
//!
//! Bodies whose chunks are signed one by one stay as they are, so their clients (the SDK for Java without TLS) must use
//! [`SECRET`].

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue, Uri, header};
use s3s::HttpRequest;
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::SECRET;
use crate::names::REGION;

/// Where the digest of the body is, or why there is none.
const CONTENT: &str = "x-amz-content-sha256";

/// Parameters of a presigned request that its signature makes, in either version.
const MADE: [&str; 9] = [
    "AWSAccessKeyId",
    "Expires",
    "Signature",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];

/// Longest time for which a request can be presigned in version 4: S3's own limit, seven days.
const MAX_PRESIGNED: Duration = Duration::from_hours(168);

/// What a signature says besides that it is one.
struct Signed<'a> {
    access_key: &'a str,
    region: &'a str,
    time: SystemTime,
    /// For how long, if it is in the query.
    expires_in: Option<Duration>,
}

/// A new signature.
enum Renewed {
    /// The URI with it.
    Presigned(Uri),
    /// The headers of it.
    InHeaders(Vec<(HeaderName, HeaderValue)>),
}

/// Signs a signed request anew. One that is not signed, or not as AWS does, stays as it is and is refused for that.
pub(super) fn renew(mut request: HttpRequest) -> HttpRequest {
    match renewed(&request) {
        Some(Renewed::Presigned(uri)) => *request.uri_mut() = uri,
        Some(Renewed::InHeaders(headers)) => {
            for (name, value) in headers {
                request.headers_mut().insert(name, value);
            }
        }
        None => {}
    }
    request
}

fn renewed(request: &HttpRequest) -> Option<Renewed> {
    let text = |name: &str| request.headers().get(name)?.to_str().ok();
    let query = request.uri().query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    let content = text(CONTENT);
    if content.is_some_and(|content| content.starts_with("STREAMING-AWS4")) {
        return None;
    }
    let signed = match text(header::AUTHORIZATION.as_str()) {
        Some(authorization) => in_header(authorization, text("x-amz-date")?)?,
        None => in_query(&pairs)?,
    };
    let rest = pairs
        .iter()
        .filter(|(name, _)| !MADE.contains(&name.as_str()));
    let rest = serde_urlencoded::to_string(rest.collect::<Vec<_>>()).ok()?;
    let host = text(header::HOST.as_str())?;
    let path = canonical(request.uri().path());
    let headers = [("host", host)].into_iter();
    let headers = headers.chain(content.map(|content| (CONTENT, content)));
    let body = match content {
        Some(content) if signed.expires_in.is_none() => {
            SignableBody::Precomputed(content.to_owned())
        }
        _ => SignableBody::UnsignedPayload,
    };
    let uri = format!("http://{host}{path}?{rest}");
    let signable = SignableRequest::new(request.method().as_str(), uri, headers, body).ok()?;
    let identity = Credentials::new(signed.access_key, SECRET, None, None, "request").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(signed.region)
        .name("s3")
        .time(signed.time)
        .settings(settings(signed.expires_in))
        .build()
        .ok()?;
    let (instructions, _) = sign(signable, &parameters.into()).ok()?.into_parts();
    let (headers, made) = instructions.into_parts();
    if signed.expires_in.is_none() {
        let headers = headers.into_iter().map(|header| {
            let value = HeaderValue::from_str(header.value()).ok()?;
            Some((
                HeaderName::from_bytes(header.name().as_bytes()).ok()?,
                value,
            ))
        });
        return headers.collect::<Option<_>>().map(Renewed::InHeaders);
    }
    let made = serde_urlencoded::to_string(made).ok()?;
    let separator = if rest.is_empty() { "" } else { "&" };
    let uri = format!("{}?{rest}{separator}{made}", request.uri().path());
    uri.parse().ok().map(Renewed::Presigned)
}

fn settings(expires_in: Option<Duration>) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.expires_in = expires_in;
    if expires_in.is_some() {
        settings.signature_location = SignatureLocation::QueryParams;
    }
    settings
}

/// `AWS4-HMAC-SHA256 Credential=<access key>/<date>/<region>/s3/aws4_request, …`
fn in_header<'a>(authorization: &'a str, date: &str) -> Option<Signed<'a>> {
    let credential = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let (_, credential) = credential.split_once("Credential=")?;
    let (access_key, region) = scope(credential.split(',').next()?)?;
    Some(Signed {
        access_key,
        region,
        time: time_of(date)?,
        expires_in: None,
    })
}

fn in_query(pairs: &[(String, String)]) -> Option<Signed<'_>> {
    let text = |name: &str| {
        let pair = pairs.iter().find(|(of, _)| of == name)?;
        Some(pair.1.as_str())
    };
    if text("Signature").is_some() {
        return in_former_query(text("AWSAccessKeyId")?, text("Expires")?);
    }
    text("X-Amz-Signature")?;
    let (access_key, region) = scope(text("X-Amz-Credential")?)?;
    Some(Signed {
        access_key,
        region,
        time: time_of(text("X-Amz-Date")?)?,
        expires_in: Some(Duration::from_secs(text("X-Amz-Expires")?.parse().ok()?)),
    })
}

/// A request presigned as in version 2, which boto3 still does: it ends at a time. One that has ended stays as it is.
fn in_former_query<'a>(access_key: &'a str, end: &str) -> Option<Signed<'a>> {
    let now = SystemTime::now();
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end.parse().ok()?))?;
    let left = end.duration_since(now).ok()?;
    Some(Signed {
        access_key,
        region: REGION,
        time: now,
        expires_in: Some(left.min(MAX_PRESIGNED)),
    })
}

/// Access key and region of `<access key>/<date>/<region>/s3/aws4_request`.
fn scope(credential: &str) -> Option<(&str, &str)> {
    let mut parts = credential.trim().rsplitn(5, '/');
    let (_, service, region, _) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (service == "s3").then_some((parts.next()?, region))
}

/// A time as `20261121T201500Z`.
fn time_of(text: &str) -> Option<SystemTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(text, format).ok()?;
    Some(time.assume_utc().into())
}

/// A path as signatures have it, however the client encoded it.
fn canonical(path: &str) -> String {
    match crate::wire::decoded(path) {
        Some(decoded) => super::api::encoded(&decoded),
        None => path.to_owned(),
    }
}
