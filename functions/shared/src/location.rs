//! Where things lie in S3: `s3://bucket/key` locations and the places of a job in the output bucket.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::identity::{JobId, Stage};

/// Text that is no S3 location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not `s3://bucket/key`.
    #[error("`{0}` is not an S3 location (s3://bucket/key)")]
    Malformed(String),
}

/// Location of an object or of everything below a prefix; `s3://bucket/key` in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct S3Uri {
    /// Bucket, never empty.
    pub bucket: String,
    /// Key or prefix, never empty, not encoded.
    pub key: String,
}

impl S3Uri {
    /// Location of `key` in `bucket`.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
        }
    }

    /// Last part of the key.
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for S3Uri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
        {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                Ok(Self::new(bucket, key))
            }
            _ => Err(Error::Malformed(text.chars().take(200).collect())),
        }
    }
}

impl TryFrom<String> for S3Uri {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<S3Uri> for String {
    fn from(uri: S3Uri) -> Self {
        uri.to_string()
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Places of one job in the output bucket.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    bucket: &'a str,
    job: &'a JobId,
}

impl<'a> Places<'a> {
    /// Places of `job` in the output bucket `bucket`.
    pub fn new(bucket: &'a str, job: &'a JobId) -> Self {
        Self { bucket, job }
    }

    /// A document of the work itself, never served: `plan.json`, `transcript.json`, `parts/0.json`.
    pub fn work(&self, name: &str) -> S3Uri {
        self.below("work", name)
    }

    /// A media file: `720p.mp4`, `proxy.mp4`, `audio.m4a`, `stream/index.m3u8`, `thumbnails/`.
    pub fn media(&self, name: &str) -> S3Uri {
        self.below("media", name)
    }

    /// A published document: `brief.json`, `subtitles/en.vtt`.
    pub fn published(&self, name: &str) -> S3Uri {
        self.below("published", name)
    }

    /// The plan.
    pub fn plan(&self) -> S3Uri {
        self.work("plan.json")
    }

    /// Raw answer of a stage's service at one attempt: `work/<job>/<stage>/<attempt><ending>`.
    pub fn raw(&self, stage: Stage, attempt: u32, ending: &str) -> S3Uri {
        self.work(&format!("{stage}/{attempt}{ending}"))
    }

    fn below(&self, root: &str, name: &str) -> S3Uri {
        S3Uri::new(self.bucket, format!("{root}/{}/{name}", self.job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let parsed: Option<S3Uri> = text.parse().ok();
        assert_eq!(
            parsed
                .as_ref()
                .map(|uri| (uri.bucket.as_str(), uri.key.as_str())),
            expected,
            "{text}"
        );
        if let Some(uri) = parsed {
            assert_eq!(uri.to_string(), text);
        }
    }

    #[test]
    fn parses_what_it_prints() {
        check("s3://b/k", Some(("b", "k")));
        check(
            "s3://b/a folder/ü+%20.mp4",
            Some(("b", "a folder/ü+%20.mp4")),
        );
        check("s3://b//k", Some(("b", "/k")));
        check("s3://b/", None);
        check("s3:///k", None);
        check("s3://b", None);
        check("https://b/k", None);
        check("", None);
    }

    #[test]
    fn places_are_below_the_job() {
        let job = JobId::of("b", "k", "1", "default");
        let places = Places::new("out", &job);
        assert_eq!(
            places.plan().to_string(),
            format!("s3://out/work/{job}/plan.json")
        );
        assert_eq!(
            places.media("stream/index.m3u8").key,
            format!("media/{job}/stream/index.m3u8")
        );
        assert_eq!(
            places.raw(Stage::Transcription, 2, ".json").key,
            format!("work/{job}/transcription/2.json")
        );
        assert_eq!(places.published("brief.json").file_name(), "brief.json");
    }
}
