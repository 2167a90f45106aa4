//! Media and documents of published jobs, read from the output bucket for the page: what viewers may see, and no more.

use std::sync::Arc;

use anyhow::Context;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use videoflow_shared::jobs::JobStatus;
use videoflow_shared::location::Places;

use super::{Console, Problem, parse_job};

/// Types that are served, by the ending of the name: nothing that a browser would carry out.
const TYPES: [(&str, &str); 6] = [
    ("json", "application/json"),
    ("jpg", "image/jpeg"),
    ("m4a", "audio/mp4"),
    ("mp4", "video/mp4"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("md", "text/plain; charset=utf-8"),
];

/// An object, or the part of it that is asked for.
pub async fn object(
    State(console): State<Arc<Console>>,
    Path((job, root, name)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = parse_job(&job)?;
    let missing = || {
        Problem(
            StatusCode::NOT_FOUND,
            format!("{job} has no {root}/{name} that can be shown"),
        )
    };
    // S3 takes such a key as it is; what lies between might not.
    if name.split('/').any(|part| part == "..") {
        return Err(missing());
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let content_type = TYPES
        .iter()
        .find(|(known, _)| Some(*known) == ending)
        .ok_or_else(missing)?
        .1;
    let bucket = console.environment.bucket("output").await?;
    let places = Places::new(&bucket, &job);
    let place = match root.as_str() {
        "media" => places.media(&name),
        "published" => places.published(&name),
        _ => return Err(missing()),
    };
    let item = console
        .environment
        .jobs()
        .get(&job)
        .await
        .context("cannot read the job")?;
    if item.is_none_or(|item| item.job_status != JobStatus::Published) {
        return Err(missing());
    }
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let asked = console
        .environment
        .s3()
        .get_object()
        .bucket(&place.bucket)
        .key(&place.key)
        .set_range(range.map(str::to_owned))
        .send();
    let object = match asked.await {
        Ok(object) => object,
        Err(SdkError::ServiceError(error))
            if matches!(error.raw().status().as_u16(), 404 | 403) =>
        {
            return Err(missing());
        }
        Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 416 => {
            return Err(Problem(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("{name} is shorter"),
            ));
        }
        Err(error) => {
            let error = aws_sdk_s3::Error::from(error);
            return Err(anyhow::Error::from(error)
                .context(format!("cannot read {place}"))
                .into());
        }
    };
    let status = if object.content_range.is_some() {
        StatusCode::PARTIAL_CONTENT
    } else {
        StatusCode::OK
    };
    let mut response = (status, Body::from_stream(chunks(object.body))).into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let told = [
        (
            header::CONTENT_LENGTH,
            object.content_length.map(|length| length.to_string()),
        ),
        (header::CONTENT_RANGE, object.content_range),
    ];
    for (name, value) in told {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            answered.insert(name, value);
        }
    }
    Ok(response)
}

/// The bytes as they come.
fn chunks(
    body: ByteStream,
) -> impl futures_util::Stream<Item = Result<bytes::Bytes, aws_sdk_s3::primitives::ByteStreamError>>
{
    stream::unfold(body, async |mut body| {
        let chunk = body.next().await?;
        Some((chunk, body))
    })
}
