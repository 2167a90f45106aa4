//! `Probe`: what a media file holds, by ffprobe, in `MediaConvert`'s words.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use videoflow_platform::service::{ObjectHead, Objects, ServiceError};

use super::error;
use super::vocabulary::{chroma_subsampling, codec, colours, field_order, format, mime_type};
use crate::ffmpeg;
use crate::location::Location;
use crate::media_file::{self, MediaFile, Ratio, Stream, TrackType};

/// Bytes that tell a container by its signature; Matroska's document type stands within the first few dozen.
const SIGNATURE_BYTES: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Request {
    input_files: Vec<InputFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InputFile {
    file_url: Location,
}

/// Answers a `Probe`.
///
/// # Errors
/// `BadRequestException`: not exactly one file, an empty file or no media file; `UnprocessableEntityException`: a media file that
/// is damaged; `NotFoundException`: no such object.
pub async fn probe(objects: &Arc<dyn Objects>, parameters: Value) -> Result<Value, ServiceError> {
    let request: Request = error::parse(parameters)?;
    let [InputFile { file_url }] = request.input_files.as_slice() else {
        return Err(error::bad_request(
            "InputFiles: one file is probed at a time",
        ));
    };
    let file = objects
        .file(&file_url.bucket, &file_url.key)
        .await
        .map_err(error::of_object)?;
    let head = objects
        .head(&file_url.bucket, &file_url.key)
        .await
        .map_err(error::of_object)?;
    let signature = read_signature(&file).await?;
    let media = read(&file, &signature).await?;
    Ok(json!({ "ProbeResults": [result(&media, &signature, &head)] }))
}

async fn read(file: &Path, signature: &[u8]) -> Result<MediaFile, ServiceError> {
    if signature.is_empty() {
        return Err(error::bad_request("the input file is empty"));
    }
    match MediaFile::read(file).await {
        Ok(media) => Ok(media),
        Err(media_file::Error::Unreadable(ffmpeg::Error::Failed { .. }))
            if is_container(signature) =>
        {
            Err(error::unprocessable(
                "the input file is a media container, but it cannot be read: it is cut off or damaged",
            ))
        }
        Err(media_file::Error::Unreadable(ffmpeg::Error::Failed { .. })) => Err(
            error::bad_request("the input file is in no container that can be read"),
        ),
        Err(cause) => Err(error::internal(&cause)),
    }
}

async fn read_signature(file: &Path) -> Result<Vec<u8>, ServiceError> {
    use tokio::io::AsyncReadExt;
    let file = tokio::fs::File::open(file)
        .await
        .map_err(|cause| error::internal(&cause))?;
    let mut signature = Vec::with_capacity(SIGNATURE_BYTES);
    let limit = u64::try_from(SIGNATURE_BYTES).unwrap_or(u64::MAX);
    file.take(limit)
        .read_to_end(&mut signature)
        .await
        .map_err(|cause| error::internal(&cause))?;
    Ok(signature)
}

/// Whether the file begins like one of the containers that are read.
fn is_container(signature: &[u8]) -> bool {
    const STARTS: [&[u8]; 8] = [
        b"\x1aE\xdf\xa3",
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"ID3",
        b"\x30\x26\xb2\x75",
        b"\0\0\x01\xba",
        b"\x06\x0e\x2b\x34",
    ];
    let is_mp4 = signature.get(4..8).is_some_and(|kind| {
        [b"ftyp", b"moov", b"mdat", b"wide"]
            .iter()
            .any(|k| kind == *k)
    });
    let is_transport_stream = signature.first() == Some(&0x47) && signature.get(188) == Some(&0x47);
    is_mp4 || is_transport_stream || STARTS.iter().any(|start| signature.starts_with(start))
}

fn result(media: &MediaFile, signature: &[u8], head: &ObjectHead) -> Value {
    let format = format(media, signature);
    let has_video = media.tracks(TrackType::Video).next().is_some();
    let indexes = |kind| {
        media
            .tracks(kind)
            .map(|stream| stream.index + 1)
            .collect::<Vec<_>>()
    };
    without_nulls(json!({
        "Container": {
            "BitRate": media.bit_rate(),
            "Duration": media.duration_seconds(),
            "Format": format,
            "Tracks": media.streams.iter().map(track).collect::<Vec<_>>(),
        },
        "Metadata": {
            "ETag": head.etag,
            "FileSize": head.size_bytes,
            "LastModified": super::answer::time(head.last_modified),
            "MimeType": format.map(|format| mime_type(format, has_video)),
        },
        "TrackMappings": [{
            "AudioTrackIndexes": indexes(TrackType::Audio),
            "DataTrackIndexes": indexes(TrackType::Data),
            "VideoTrackIndexes": indexes(TrackType::Video),
        }],
    }))
}

fn track(stream: &Stream) -> Value {
    let (kind, name) = match stream.track_type() {
        TrackType::Video => ("video", "VideoProperties"),
        TrackType::Audio => ("audio", "AudioProperties"),
        TrackType::Data => ("data", "DataProperties"),
    };
    let properties = match stream.track_type() {
        TrackType::Video => video_properties(stream),
        TrackType::Audio => json!({
            "BitDepth": stream.bit_depth(),
            "BitRate": stream.bit_rate(),
            "ChannelLayout": stream.channel_layout,
            "Channels": stream.channels,
            "LanguageCode": stream.language(),
            "SampleRate": stream.sample_rate(),
        }),
        TrackType::Data => json!({ "LanguageCode": stream.language() }),
    };
    json!({
        "Codec": codec(stream.codec_name.as_deref().unwrap_or_default()),
        "Duration": stream.duration_seconds(),
        "Index": stream.index + 1,
        "TrackType": kind,
        name: properties,
    })
}

fn video_properties(stream: &Stream) -> Value {
    let rotation = Some(stream.rotation()).filter(|degrees| *degrees != 0);
    let [primaries, transfer, matrix] = colours(stream);
    let sample_aspect = stream.sample_aspect().map(ratio);
    let display_aspect = stream.display_aspect().map(ratio);
    let frame_rate = stream.frame_rate().map(ratio);
    json!({
        "BitDepth": stream.bit_depth(),
        "BitRate": stream.bit_rate(),
        "CodecMetadata": {
            "BitDepth": stream.bit_depth(),
            "ChromaSubsampling": stream.pix_fmt.as_deref().and_then(chroma_subsampling),
            "CodedFrameRate": frame_rate,
            "ColorPrimaries": primaries,
            "FieldOrder": stream.field_order.as_deref().and_then(field_order),
            "Height": stream.height,
            "Level": stream.level.filter(|level| *level > 0).map(|level| level.to_string()),
            "MatrixCoefficients": matrix,
            "Profile": stream.profile,
            "ScanType": stream.field_order.as_deref().map(|order| if order == "progressive" { "progressive" } else { "interlaced" }),
            "TransferCharacteristics": transfer,
            "Width": stream.width,
        },
        "ColorPrimaries": primaries,
        "DisplayAspectRatio": display_aspect,
        "FrameRate": frame_rate,
        "Height": stream.height,
        "MatrixCoefficients": matrix,
        "Rotation": rotation,
        "SampleAspectRatio": sample_aspect,
        "TransferCharacteristics": transfer,
        "Width": stream.width,
    })
}

fn ratio(ratio: Ratio) -> Value {
    json!({ "Denominator": ratio.denominator, "Numerator": ratio.numerator })
}

/// AWS leaves out what it does not know.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
