//! S3's own answers to parameters that are not as its API says. Its model has no ranges of numbers and no lengths: those
//! are S3's documented ones.

use serde_json::Value;

use super::deviation::{Cause, Deviation};
use crate::service::ServiceError;

/// Longest key.
const MAX_KEY_BYTES: usize = 1024;

/// Parameters that are numbers within a range: name, least, most, and what S3 says of them.
const RANGES: [(&str, i64, i64, &str); 4] = [
    (
        "PartNumber",
        1,
        10_000,
        "Part number must be an integer between 1 and 10000, inclusive",
    ),
    (
        "MaxKeys",
        0,
        i32::MAX as i64,
        "Argument maxKeys must be an integer between 0 and 2147483647",
    ),
    (
        "MaxParts",
        0,
        i32::MAX as i64,
        "Argument max-parts must be an integer between 0 and 2147483647",
    ),
    (
        "MaxUploads",
        0,
        i32::MAX as i64,
        "Argument max-uploads must be an integer between 0 and 2147483647",
    ),
];

/// The answer to a deviation from the model.
pub(super) fn refusal(deviation: &Deviation) -> ServiceError {
    let name = deviation.at.member();
    let in_body = deviation.at.0.len() > 1;
    let range = RANGES.iter().find(|(ranged, ..)| *ranged == name);
    let (code, message) = match (&deviation.cause, name) {
        _ if in_body => (
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema"
                .to_owned(),
        ),
        (Cause::Missing, _) => (
            "InvalidRequest",
            format!("Missing required header for this request: {name}"),
        ),
        (Cause::Type { .. }, _) if let Some((_, _, _, message)) = range => {
            ("InvalidArgument", (*message).to_owned())
        }
        (Cause::Enum(_), "StorageClass") => (
            "InvalidStorageClass",
            "The storage class you specified is not valid".to_owned(),
        ),
        (Cause::Enum(_), "EncodingType") => (
            "InvalidArgument",
            "Invalid Encoding Method specified in Request".to_owned(),
        ),
        (Cause::Enum(_), "ServerSideEncryption") => (
            "InvalidArgument",
            "The encryption method specified is not supported".to_owned(),
        ),
        (Cause::Enum(_), "MetadataDirective") => {
            ("InvalidArgument", "Unknown metadata directive.".to_owned())
        }
        (Cause::Enum(_), "TaggingDirective") => {
            ("InvalidArgument", "Unknown tagging directive.".to_owned())
        }
        (Cause::Enum(_), "ChecksumAlgorithm") => (
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
             [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
                .to_owned(),
        ),
        _ => (
            "InvalidArgument",
            format!(
                "Invalid value for {name}: {}",
                deviation.value.as_deref().unwrap_or_default()
            ),
        ),
    };
    ServiceError::new(code, 400, message)
}

/// What S3 checks and its model does not say.
pub(super) fn beyond_model(parameters: &Value) -> Option<ServiceError> {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    if text("Key").is_some_and(|key| key.len() > MAX_KEY_BYTES) {
        return Some(ServiceError::new(
            "KeyTooLongError",
            400,
            "Your key is too long",
        ));
    }
    let broken = RANGES.iter().find(|(name, least, most, _)| {
        let number = parameters.get(*name).and_then(|value| match value {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_i64(),
        });
        number.is_some_and(|number: i64| number < *least || number > *most)
    });
    broken.map(|(.., message)| ServiceError::new("InvalidArgument", 400, *message))
}
