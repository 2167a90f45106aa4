//! What is known of an object without reading it.

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::ChecksumType;

/// What `HeadObject` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Size in bytes.
    pub size_bytes: u64,
    /// ETag without quotes.
    pub etag: String,
    /// Version, where the bucket is versioned.
    pub version_id: Option<String>,
    /// Checksum of the whole object, where S3 has one.
    pub checksum: Option<Checksum>,
    /// Content type.
    pub content_type: Option<String>,
    /// Profile that the uploader named in the object's metadata (`x-amz-meta-videoflow-profile`).
    pub profile: Option<String>,
}

/// Name of the metadata entry that names a profile.
const PROFILE_METADATA: &str = "videoflow-profile";

/// A checksum over the whole object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// `SHA256`, `CRC64NVME`, …
    pub algorithm: &'static str,
    /// Value in base64.
    pub value: String,
}

impl Head {
    /// What an answer says.
    pub(super) fn from_answer(answer: &HeadObjectOutput) -> Self {
        let metadata = answer.metadata();
        Self {
            size_bytes: answer
                .content_length()
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or(0),
            etag: answer
                .e_tag()
                .unwrap_or_default()
                .trim_matches('"')
                .to_owned(),
            version_id: answer.version_id().map(str::to_owned),
            checksum: whole_checksum(answer),
            content_type: answer.content_type().map(str::to_owned),
            profile: metadata
                .and_then(|metadata| metadata.get(PROFILE_METADATA))
                .cloned(),
        }
    }
}

/// The checksum over the whole object; composite ones (over parts) say nothing about equal content.
fn whole_checksum(answer: &HeadObjectOutput) -> Option<Checksum> {
    if answer.checksum_type() != Some(&ChecksumType::FullObject) {
        return None;
    }
    let values = [
        ("SHA256", answer.checksum_sha256()),
        ("SHA1", answer.checksum_sha1()),
        ("CRC64NVME", answer.checksum_crc64_nvme()),
        ("CRC32C", answer.checksum_crc32_c()),
        ("CRC32", answer.checksum_crc32()),
    ];
    let found = values
        .into_iter()
        .find_map(|(algorithm, value)| value.map(|value| (algorithm, value)));
    found.map(|(algorithm, value)| Checksum {
        algorithm,
        value: value.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Option<ChecksumType>, expected: Option<&str>) {
        let answer = HeadObjectOutput::builder()
            .set_checksum_type(kind)
            .checksum_crc64_nvme("abc=")
            .e_tag("\"e\"")
            .metadata(PROFILE_METADATA, "lean")
            .build();
        let head = Head::from_answer(&answer);
        assert_eq!(head.checksum.map(|checksum| checksum.algorithm), expected);
        assert_eq!(
            (head.etag.as_str(), head.profile.as_deref()),
            ("e", Some("lean"))
        );
    }

    #[test]
    fn only_whole_checksums_count() {
        check(Some(ChecksumType::FullObject), Some("CRC64NVME"));
        check(Some(ChecksumType::Composite), None);
        check(None, None);
    }
}
